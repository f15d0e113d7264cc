"""What XGBoost and LightGBM have in common: one training, told iteration by iteration."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from nbtrack.capture.frameworks.models import ROWS, SHOWN, put_figure
from nbtrack.capture.frameworks.patches import Patches
from nbtrack.capture.frameworks.records import is_limited, put_metrics, put_params, put_table
from nbtrack.capture.frameworks.told import label_of, of, trainer
from nbtrack.runs.active import ActiveRun


class Training:
    """One training of a booster: what its metrics are called, and what is stored of it.

    Metrics of evaluation are named after the data and the metric, ``validation_0.logloss``; their step is the
    iteration.
    """

    def __init__(self, patches: Patches, run: ActiveRun, label: str) -> None:
        self.run = run
        self.label = label
        self._patches = patches
        self._wanted = patches.choices.metrics
        self._names: list[str] = []
        self._log = partial(put_metrics, run) if is_limited(run) else run.log

    def evaluated(self, keys: Callable[[], Iterable[tuple[str, ...]]], values: list[float], iteration: int) -> None:
        """Log the evaluations of an iteration.

        keys: ``(data, metric)`` or ``(data, metric, "mean")`` of each value; asked for only when their number has
        changed, as this is called in each iteration.
        """
        if not self._wanted or not values:
            return
        if len(values) != len(self._names):
            told = of(self.run)
            self._names = [told.metric(self.label, ".".join(key).replace(" ", "_")) for key in keys()]
        self._log(dict(zip(self._names, values)), iteration)  # noqa: B905 (they are as many, see above)

    def best(self, iteration: int | None, score: float | None) -> None:
        """Log where early stopping found the best."""
        found = {"best_iteration": iteration, "best_score": score}
        told = of(self.run)
        if self._patches.choices.metrics:
            metrics = {told.metric(self.label, name): value for name, value in found.items() if value is not None}
            if metrics:
                put_metrics(self.run, metrics)

    def importances(self, kinds: Mapping[str, Mapping[str, float]]) -> None:
        """Store what each feature gave, as a table and a figure; the largest of the first kind first."""
        first = next(iter(kinds))
        order = sorted(kinds[first], key=lambda name: -kinds[first][name])[:ROWS]
        if not order or not self._patches.choices.artifacts:
            return
        rows = ([name, *(repr(float(one.get(name, 0.0))) for one in kinds.values())] for name in order)
        of(self.run).boosted.add(self.label)
        folder = f"autolog/{self.label}"
        put_table(self.run, f"{folder}/importances.csv", ["feature", *kinds], rows)
        shown = order[:SHOWN][::-1]
        bars = {"type": "bar", "orientation": "h", "x": [float(kinds[first][name]) for name in shown], "y": shown}
        put_figure(self.run, f"{folder}/importances.json", [bars], f"Importances of {self.label} ({first})")

    def model(self, suffix: str, data: bytes) -> None:
        """Store the booster itself, if that is wanted."""
        if self._patches.choices.models:
            self.run.add_bytes(f"autolog/{self.label}/model.{suffix}", data, None, "model")


def begin(patches: Patches, run: ActiveRun | None, params: Any) -> Training | None:
    """A training begins with these params; None if it is not the user's own, or nobody records."""
    own, estimator = trainer(patches.package)
    if run is None or not own:
        return None
    if estimator is not None:
        label = label_of(run, estimator, patches.choices)
    elif patches.choices.params:
        label = put_params(run, patches.package, as_dict(params))
    else:
        label = patches.package
    if label is None:
        return None
    of(run).begin(label)
    return Training(patches, run, label)


def as_dict(params: Any) -> dict[str, Any]:
    """Params as a dict, in whichever of the forms that XGBoost takes."""
    pairs: Sequence[Any] = list(params.items()) if isinstance(params, Mapping) else list(params or ())
    return {str(pair[0]): pair[1] for pair in pairs if isinstance(pair, (tuple, list)) and len(pair) == 2}
