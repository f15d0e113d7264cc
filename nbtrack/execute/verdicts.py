"""Whether the second time gave what the first did.

The rule: metrics are compared point by point, of the run and of the runs inside it, which are paired by their order.
Points are put in the order of their steps, those of one step in the order of their values: workers that log at the
same time do so in another order each time. Two values are the same when both are equal or NaN, or differ by at most
``tolerance`` times the larger of the two. Metrics that measure time or the machine decide nothing, they are only shown:
``system/…``, and names whose last word is ``seconds``, ``time``, ``duration``, ``elapsed``, ``runtime``,
``throughput``, ``latency``, ``ms`` or the like. Of ``training_score``, which autologging takes after the first fit
only as time allows, the first point alone is compared.

    reproduced   every deciding metric is the same
    differs      at least one is not
    incomplete   one that was recorded did not come again, and none differs
    failed       a cell failed, or a name was missing
    ran          the cells ran, but there was no metric that decides
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import zip_longest
from typing import Any

from nbtrack.base.names import is_load, words

Points = tuple[Sequence[int], Sequence[float]]

TOLERANCE = 1e-6
_THINNED = "training_score"
_TIMES = frozenset({
    "seconds", "second", "secs", "sec", "time", "times", "duration", "elapsed", "runtime", "throughput", "latency",
    "ms", "minutes", "hours",
})  # fmt: skip


@dataclass
class Recorded:
    """The metrics of a run: steps and values of each, in the order they were logged."""

    name: str
    metrics: dict[str, tuple[Sequence[int], Sequence[float]]]


@dataclass
class Compared:
    """One metric then and now, at its last step.

    within: whether all points are the same; None where it did not come again. apart: how many points are not, of
    ``points``. decides: whether the verdict looks at it.
    """

    name: str
    then: float
    now: float | None
    within: bool | None
    decides: bool
    points: int = 0
    apart: int = 0


@dataclass
class Verdict:
    """What came of it. reasons: sentences, the likeliest first. of: the run's id. trace: of a cell that failed."""

    verdict: str
    of: str
    metrics: list[Compared] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    cells: int = 0
    tolerance: float = TOLERANCE
    environment: str = ""
    trace: str = field(default="", repr=False)

    def plain(self) -> dict[str, Any]:
        """As it is stored with its run."""
        about = asdict(self)
        del about["trace"]
        return about

    def judge(self, then: Sequence[Recorded], now: Sequence[Recorded]) -> None:
        """Compare a run and those inside it with those of the second time, in their order."""
        for number, run in enumerate(then):
            other = now[number].metrics if number < len(now) else {}
            for name, points in run.metrics.items():
                self._add(name if not number else f"{run.name}: {name}", points, other.get(name))
        self.missing = [one.name for one in self.metrics if one.now is None]
        if self.verdict == "failed":
            return
        deciding = [one for one in self.metrics if one.decides]
        if any(one.within is False for one in deciding):
            self.verdict = "differs"
        elif any(one.within is None for one in deciding):
            self.verdict = "incomplete"
        else:
            self.verdict = "reproduced" if deciding else "ran"

    def _add(self, name: str, then: Points, now: Points | None) -> None:
        before, after = _in_order(then), _in_order(now) if now is not None else []
        if name.rpartition(": ")[2].rpartition(".")[2] == _THINNED:
            before, after = before[:1], after[:1]
        made = Compared(name, before[-1][1], None, None, not is_time(name), max(len(before), len(after)))
        if after:
            pairs = zip_longest(before, after)
            made.apart = sum(not (one and other and self._same(one, other)) for one, other in pairs)
            made.now, made.within = after[-1][1], made.apart == 0
        self.metrics.append(made)

    def _same(self, one: tuple[int, float], other: tuple[int, float]) -> bool:
        return one[0] == other[0] and close(one[1], other[1], self.tolerance)


def _in_order(points: Points) -> list[tuple[int, float]]:
    """By step, then by value; NaN behind the others."""
    return sorted(zip(*points, strict=True), key=lambda one: (one[0], math.isnan(one[1]), one[1]))


def close(one: float, other: float, tolerance: float) -> bool:
    """Whether two values are the same within a tolerance, relative to the larger."""
    if one == other or (math.isnan(one) and math.isnan(other)):
        return True
    if not (math.isfinite(one) and math.isfinite(other)):
        return False
    return abs(one - other) <= tolerance * max(abs(one), abs(other))


def is_time(name: str) -> bool:
    """Whether a metric measures time or the machine, by its name."""
    last = name.rpartition(": ")[2]
    if is_load(last) or last.startswith("system."):
        return True
    parts = words(last.replace("/", "_").replace(".", "_"))
    return bool(parts) and (parts[-1] in _TIMES or "per" in parts[1:])
