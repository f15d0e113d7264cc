"""LightGBM: a callback of ours is among those of each training, native or behind LightGBM's scikit-learn classes.

Per iteration the evaluations (``valid_0.binary_logloss``), at the end ``best_iteration`` and ``best_score`` where early
stopping found one, and importances by gain and split. A native training has its params as ``lightgbm.num_leaves``; an
estimator's are told as scikit-learn's are.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from typing import Any

from nbtrack.capture.frameworks.boosting import Training, as_dict, begin
from nbtrack.capture.frameworks.patches import Call, Patches

_FIRST = -1_000_000


def install(patches: Patches) -> None:
    """Give each training our callback, before early stopping: that ends it by an exception."""
    from lightgbm import engine

    places = [sys.modules[name] for name in ("lightgbm.engine", "lightgbm", "lightgbm.sklearn") if name in sys.modules]
    at = {
        name: list(inspect.signature(getattr(engine, name)).parameters).index("callbacks") for name in ("train", "cv")
    }
    for name in ("train", "cv"):
        looks = _Looks(patches, at[name])
        patches.wrap_functions([name], places, before=looks.before, after=looks.after)


class _Looks:
    """The looks at ``train`` or ``cv``; ``at`` is the place of ``callbacks`` among its parameters."""

    def __init__(self, patches: Patches, at: int) -> None:
        self._patches = patches
        self._at = at

    def before(self, call: Call) -> None:
        """A training begins."""
        given = as_dict(call.kwargs.get("params", call.args[0] if call.args else None))
        rounds = call.kwargs.get("num_boost_round", call.args[2] if len(call.args) > 2 else 100)
        training = begin(self._patches, call.run, {"num_boost_round": rounds, **given})
        if training is None:
            return
        call.notes["training"] = training
        ours = _Callback(self._patches, training)
        if len(call.args) > self._at:
            args = list(call.args)
            args[self._at] = [ours, *(args[self._at] or ())]
            call.args = tuple(args)
        else:
            call.kwargs = {**call.kwargs, "callbacks": [ours, *(call.kwargs.get("callbacks") or ())]}

    def after(self, call: Call) -> None:
        """It has ended."""
        training: Training | None = call.notes.get("training")
        booster = call.result
        if training is None or call.error is not None or not hasattr(booster, "feature_importance"):
            return
        if booster.best_iteration > 0 and len(booster.best_score):
            training.best(int(booster.best_iteration), _first(booster.best_score))
        if self._patches.choices.artifacts:
            names = [str(name) for name in booster.feature_name()]
            kinds = {}
            for kind in ("gain", "split"):
                values = booster.feature_importance(importance_type=kind)
                kinds[kind] = {name: float(one) for name, one in zip(names, values, strict=False) if one}
            training.importances(kinds)
        if self._patches.choices.models:
            training.model("txt", booster.model_to_string().encode())


class _Callback:
    """Tells the iterations of one training. First of all callbacks: others end a training by an exception."""

    before_iteration = False

    def __init__(self, patches: Patches, training: Training) -> None:
        self.order = _FIRST  # of the object: LightGBM gives one to those that have none of their own
        self._patches = patches
        self._training = training

    def __call__(self, env: Any) -> None:
        found = env.evaluation_result_list
        if not found:
            return
        try:
            values: list[float] = []
            for item in found:
                values.append(item[2])
                if len(item) > 4 and item[4] is not None:  # of lightgbm.cv: the standard deviation
                    values.append(item[4])
            self._training.evaluated(lambda: _keys(found), values, env.iteration)
        except Exception as error:  # noqa: BLE001 (a fault of ours never reaches the user's training)
            self._patches.report("the evaluation of an iteration", error)


def _keys(found: Any) -> Iterator[tuple[str, ...]]:
    for item in found:
        data, metric = str(item[0]), str(item[1])
        if len(item) > 4 and item[4] is not None:
            if data == "cv_agg":
                data, _, metric = metric.partition(" ")  # as it was until version 4.6
            yield data, metric, "mean"
            yield data, metric, "std"
        else:
            yield data, metric


def _first(scores: Any) -> float | None:
    """The score that early stopping looked at: the first metric of the first data."""
    for metrics in scores.values():
        for value in metrics.values():
            return float(value)
    return None
