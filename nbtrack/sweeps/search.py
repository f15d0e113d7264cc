"""Values that Optuna chooses, learning from the trials before, and trials that it stops early.

Trials that ended before, also those of a grid, count and are learnt from. With pruning, a trial that logs the metric
step by step is stopped when it is worse than the median of the earlier ones at the same step.
"""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from nbtrack.base.errors import InvalidOption
from nbtrack.lineage.written import alike
from nbtrack.sweeps.keys import trial_key
from nbtrack.sweeps.spec import Spec
from nbtrack.sweeps.trial import Prunes, Result, Trial
from nbtrack.sweeps.values import Axis, Choices

_STARTUP = 4  # trials that end by themselves before others are held against them
_NEEDS = {"cmaes": ("cmaes",), "gp": ("scipy", "torch"), "qmc": ("scipy",)}


class Search:
    """A search over the axes of a sweep.

    Raises:
        InvalidOption: Optuna, or what its way of searching needs, is not installed.
    """

    def __init__(self, spec: Spec, cell: str, earlier: Iterable[Result] = ()) -> None:
        self._optuna = load(spec.search or "tpe")
        self._spec = spec
        self._cell = cell
        fitting = [result for result in earlier if self._fits(result)][: spec.trials]
        self.earlier: list[Result] = fitting
        self.left = spec.trials - len(fitting)
        self._asked = 0
        self._distributions = {name: self._distribution(axis) for name, axis in spec.axes.items()}
        with self._quiet():
            self._study = self._optuna.create_study(
                direction="maximize" if spec.direction == "max" else "minimize",
                sampler=self._sampler(len(fitting)),
                pruner=self._optuna.pruners.MedianPruner(n_startup_trials=_STARTUP),
            )
            for number, result in enumerate(fitting, 1):
                result.number = number
                self._learn(result)

    def ask(self) -> Trial | None:
        """The next trial."""
        if self._asked >= self.left:
            return None
        self._asked += 1
        with self._quiet():
            handle = self._study.ask(self._distributions)
        values = {name: _chosen(axis, handle.params[name]) for name, axis in self._spec.axes.items()}
        number = len(self.earlier) + self._asked
        return Trial(number, values, self._cell, trial_key(self._cell, values), self._prunes(handle), handle)

    def tell(self, trial: Trial, result: Result, value: float | None) -> None:
        """What a trial gave. One that failed, or gave no number, teaches nothing."""
        state = self._optuna.trial.TrialState
        with self._quiet():
            if result.pruned:
                self._study.tell(trial.handle, state=state.PRUNED)
            elif result.good and value is not None and value == value:
                self._study.tell(trial.handle, value)
            else:
                self._study.tell(trial.handle, state=state.FAIL)

    def _prunes(self, handle: Any) -> Prunes:
        reported = 0

        def prunes(value: float, step: int) -> bool:
            nonlocal reported
            if step < 0:
                return False
            handle.report(value, step)
            reported += 1
            return reported > 1 and bool(handle.should_prune())  # one alone may be the result of a trial that is done

        return prunes

    def _fits(self, result: Result) -> bool:
        """Whether the search could have chosen it, and it tells something."""
        axes, given = self._spec.axes, result.values
        if set(given) != set(axes) or not all(axis.holds(given[name]) for name, axis in axes.items()):
            return False
        return result.pruned or self._spec.objective in result.metrics

    def _learn(self, result: Result) -> None:
        state, value = self._optuna.trial.TrialState, result.metrics.get(self._spec.objective or "")
        if value is None or value != value:
            return
        params = {name: _index(axis, result.values[name]) for name, axis in self._spec.axes.items()}
        self._study.add_trial(
            self._optuna.trial.create_trial(
                state=state.PRUNED if result.pruned else state.COMPLETE,
                params=params,
                distributions=self._distributions,
                value=value,
                intermediate_values={0: value} if result.pruned else None,
            )
        )

    def _distribution(self, axis: Axis) -> Any:
        made = self._optuna.distributions
        if isinstance(axis, Choices):
            return made.CategoricalDistribution(list(range(len(axis.listed("")))))
        if axis.whole:
            step = 1 if axis.log else int(axis.step or 1)
            return made.IntDistribution(int(axis.low), int(axis.high), log=axis.log, step=step)
        grid = None if axis.log or axis.step is None else float(axis.step)
        return made.FloatDistribution(float(axis.low), float(axis.high), log=axis.log, step=grid)

    def _sampler(self, before: int) -> Any:
        samplers, seed = self._optuna.samplers, self._spec.seed
        seed = None if seed is None else seed + before  # gone on with, it does not begin with the same values again
        match self._spec.search:
            case "random":
                return samplers.RandomSampler(seed=seed)
            case "cmaes":
                return samplers.CmaEsSampler(seed=seed, warn_independent_sampling=False)
            case "gp":
                return samplers.GPSampler(seed=seed)
            case "qmc":
                return samplers.QMCSampler(seed=seed, scramble=True, warn_independent_sampling=False)
            case _:
                return samplers.TPESampler(seed=seed)

    @contextmanager
    def _quiet(self) -> Iterator[None]:
        """Without Optuna's messages: the sweep has a display of its own."""
        logging = self._optuna.logging
        before = logging.get_verbosity()
        logging.set_verbosity(logging.ERROR)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield
        finally:
            logging.set_verbosity(before)


def load(search: str) -> Any:
    """Optuna, with what a way of searching needs.

    Raises:
        InvalidOption: something is not installed.
    """
    try:
        import optuna
    except ImportError as error:
        raise InvalidOption(
            f"--search {search} needs Optuna, which cannot be imported ({error}).",
            "Run: pip install 'nbtrack[sweep]', or leave --search out for a grid.",
        ) from None
    missing = [name for name in _NEEDS.get(search, ()) if importlib.util.find_spec(name) is None]
    if missing:
        raise InvalidOption(
            f"--search {search} needs {' and '.join(missing)}, not installed here.",
            f"Run: pip install {' '.join(missing)}, or use --search tpe.",
        )
    return optuna


def _chosen(axis: Axis, value: Any) -> Any:
    if isinstance(axis, Choices):
        return axis.listed("")[value]
    if axis.whole:
        return value
    return min(max(float(f"{value:.6g}"), axis.low), axis.high)  # so that the code of a trial reads well


def _index(axis: Axis, value: Any) -> Any:
    if isinstance(axis, Choices):
        return next(at for at, one in enumerate(axis.listed("")) if alike(one, value))
    return value if axis.whole else float(value)
