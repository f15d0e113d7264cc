"""What a sweep is to do, checked as a whole."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from nbtrack.base.errors import InvalidOption
from nbtrack.base.secrets import redact_value
from nbtrack.lineage.written import stored
from nbtrack.sweeps.values import MOST, Axis, Choices
from nbtrack.sweeps.words import SEARCHES

TRIALS = 20  # of a search, unless it is said how many
_UNITS = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}

Direction = Literal["min", "max"]


@dataclass(frozen=True)
class Spec:
    """A grid over ``axes``, or a search in them.

    search: how Optuna looks; None for a grid. trials: of a search, those that ended before counted. objective: the
    metric that decides, direction: which way. timeout: seconds after which no trial begins any more. again: run what
    was finished before, too. on: where trials run; None is here.
    """

    axes: Mapping[str, Axis]
    search: str | None = None
    trials: int = TRIALS
    objective: str | None = None
    direction: Direction | None = None
    timeout: float | None = None
    seed: int | None = None
    again: bool = False
    on: str | None = None

    def combinations(self) -> Iterator[dict[str, Any]]:
        """All of a grid, the last axis the fastest."""
        lists = [axis.listed(name) for name, axis in self.axes.items()]
        for values in itertools.product(*lists):
            yield dict(zip(self.axes, values, strict=True))

    def count(self) -> int:
        """How many trials it asks for."""
        if self.search:
            return self.trials
        return math.prod(len(axis.listed(name)) for name, axis in self.axes.items())

    def about(self) -> dict[str, Any]:
        """The same as plain JSON, for the run of the sweep."""
        return {
            "axes": {name: redact_value(name, _about_axis(axis))[0] for name, axis in self.axes.items()},
            "search": self.search,
            "trials": self.count(),
            "objective": self.objective,
            "direction": self.direction,
            "timeout": self.timeout,
            "seed": self.seed,
            "on": self.on,
        }


def checked(
    axes: Mapping[str, Axis],
    *,
    search: str | None = None,
    trials: int | None = None,
    maximize: str | None = None,
    minimize: str | None = None,
    timeout: float | None = None,
    seed: int | None = None,
    again: bool = False,
    on: str | None = None,
) -> Spec:
    """The whole of it.

    Raises:
        InvalidOption: what does not go together, or too much.
    """
    if not axes:
        raise InvalidOption("A sweep needs values for at least one param.", "Write --sweep lr=0.1,0.01.")
    if maximize is not None and minimize is not None:
        raise InvalidOption("Both --maximize and --minimize are given.", "One metric decides: give one of them.")
    if search is None and (trials is not None or seed is not None):
        word = "--trials" if trials is not None else "--seed"
        raise InvalidOption(f"{word} is for a search.", "Add --search tpe, or leave it out: a grid runs all.")
    if search is not None:
        search = search.lower()
        if search not in SEARCHES:
            raise InvalidOption(f"--search {search} is not known.", f"Use one of {', '.join(SEARCHES)}.")
        if maximize is None and minimize is None:
            raise InvalidOption(
                f"--search {search} does not know which metric decides.",
                "Add --maximize accuracy or --minimize loss, with a metric that the cell gives.",
            )
    if trials is not None and not 1 <= trials <= MOST:
        raise InvalidOption(f"--trials {trials}.", f"Give 1 to {MOST:,}.")
    if timeout is not None and not timeout > 0:
        raise InvalidOption(f"--timeout {timeout:g}.", "Give seconds above 0.")
    direction: Direction | None = "max" if maximize is not None else "min" if minimize is not None else None
    objective = maximize if maximize is not None else minimize
    spec = Spec(dict(axes), search, trials or TRIALS, objective, direction, timeout, seed, again, on)
    if search is None and spec.count() > MOST:
        raise InvalidOption(
            f"These are {spec.count():,} combinations; at most {MOST:,} can be run.",
            "Take fewer values, or look for good ones with --search tpe --trials 100.",
        )
    return spec


def seconds(text: str) -> float:
    """``90``, ``90s``, ``10m`` or ``2h`` in seconds.

    Raises:
        InvalidOption: it is no time.
    """
    number = text.strip().rstrip("minhs").strip()
    unit = text.strip()[len(number) :].strip() or "s"
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    if unit not in _UNITS or not 0 < value * _UNITS.get(unit, 1.0) < math.inf:
        raise InvalidOption(f"--timeout {text} is no time.", "Write 90 for seconds, 10m or 2h.")
    return value * _UNITS[unit]


def plain(value: Any) -> Any:
    """A value as strict JSON has it: NaN and infinity as words, tuples as lists."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return stored(value) if isinstance(value, int | float | str | bool | None) else repr(value)


def without_secrets(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of params as they may be stored, as plain JSON."""
    return {name: redact_value(name, plain(value))[0] for name, value in values.items()}


def _about_axis(axis: Axis) -> Any:
    if isinstance(axis, Choices):
        return [plain(value) for value in axis.values]
    return {"low": axis.low, "high": axis.high, "step": axis.step, "log": axis.log, "count": axis.count}
