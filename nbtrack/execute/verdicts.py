"""Whether the second time gave what the first did.

The rule: the last value of each metric is compared, of the run and of the runs inside it, which are paired by their
order. It is within when both are equal or NaN, or differ by at most ``tolerance`` times the larger of the two. Metrics
that measure time or the machine decide nothing, they are only shown: ``system/…``, and names whose last word is
``seconds``, ``time``, ``duration``, ``elapsed``, ``runtime``, ``throughput``, ``latency``, ``ms`` or the like.

    reproduced   every deciding metric is within
    differs      at least one is not
    incomplete   one that was recorded did not come again, and none differs
    failed       a cell failed, or a name was missing
    ran          the cells ran, but there was no metric that decides
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from nbtrack.base.names import words
from nbtrack.runs.contract import RunRow

TOLERANCE = 1e-6
_TIMES = frozenset({
    "seconds", "second", "secs", "sec", "time", "times", "duration", "elapsed", "runtime", "throughput", "latency",
    "ms", "minutes", "hours",
})  # fmt: skip


@dataclass
class Compared:
    """One metric then and now. within: None where it did not come again. decides: whether the verdict looks at it."""

    name: str
    then: float
    now: float | None
    within: bool | None
    decides: bool


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

    def judge(self, then: Iterable[RunRow], now: Iterable[RunRow]) -> None:
        """Compare a run and those inside it with those of the second time, in their order."""
        again = list(now)
        for number, row in enumerate(then):
            other = again[number] if number < len(again) else None
            for name, summary in row.metrics.items():
                known = other.metrics.get(name) if other is not None else None
                self._add(name if not number else f"{row.name}: {name}", summary.last, known.last if known else None)
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

    def _add(self, name: str, then: float, now: float | None) -> None:
        within = None if now is None else close(then, now, self.tolerance)
        self.metrics.append(Compared(name, then, now, within, not is_time(name)))


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
    if last.startswith(("system/", "system.")):
        return True
    parts = words(last.replace("/", "_").replace(".", "_"))
    return bool(parts) and (parts[-1] in _TIMES or "per" in parts[1:])
