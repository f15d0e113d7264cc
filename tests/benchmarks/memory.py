"""The memory that exports, a page and a DataFrame of all runs take, beside that of a tenth of the runs.

It is measured where the runs are there already: growth.py asks at its two largest sizes.
"""

from __future__ import annotations

import resource
import sys
from contextlib import suppress
from pathlib import Path

from child import in_child
from table import Line, judge

CACHE = 64 << 20  # what SQLite keeps of the file at most, see nbtrack.base.db; a small project is smaller than that
FORMATS = ("csv", "json", "parquet")
_WHAT = {
    **{name: f"an export of {{}} runs as {name}" for name in FORMATS},
    "page": "a page of 50 of {} runs, by a metric",
    "frame": "`runs().to_pandas()` of {} runs",
}
_ONE = "name = 'run-1'"
_WHY = (
    "what is read of the file stays in SQLite's cache until that is full; Parquet keeps a group of 20,000 runs as "
    "columns, too, and Arrow what it has freed of them; the numbers of all runs are a list, 36 bytes a run."
)


def peak() -> int:
    """The most bytes this process has held. Linux counts what its parent held into ``ru_maxrss``, so not that there."""
    with suppress(OSError):
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM:"))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def grown(place: str, what: str) -> int:
    """Inside a child: bytes that one of `_WHAT` takes of all runs, on top of what the same of one run took."""
    _do(place, what, _ONE)
    before = peak()
    _do(place, what, "")
    return peak() - before


def _do(place: str, what: str, wanted: str) -> None:
    import nbtrack
    from nbtrack.base.config import Project
    from nbtrack.runs.contract import PageRequest
    from nbtrack.runs.service import RunsService

    if what == "page":
        RunsService(Project(Path(place))).page(PageRequest(filter=wanted, sort=["-metrics.acc"]))
    elif what == "frame":
        nbtrack.runs(wanted).to_pandas()
    else:
        nbtrack.export(Path(place, f"out.{what}"), project=place, filter=wanted)
        for path in Path(place).glob("out*"):
            path.unlink()


def held(place: str) -> dict[str, int]:
    """Bytes for each of `_WHAT` in the project as it is."""
    return {what: in_child("memory:grown", place, what=what) for what in _WHAT}


def lines(found: dict[int, dict[str, int]]) -> list[Line]:
    """The lines, from what was held with fewer and with more runs."""
    (few, less), (many, more) = sorted(found.items())
    note = (
        f"Memory: the most that a process held (its peak RSS), on top of what the same of one run had taken; 20 params "
        f"and 10 metrics a run. SQLite keeps {_mega(CACHE)} of the file at most, which {few:,} runs do not fill."
    )
    return [_line(what, many, less[what], more[what], note) for what in _WHAT]


def _line(what: str, runs: int, less: int, more: int, note: str) -> Line:
    goal = what != "frame"  # which has all values in memory, as it is asked to
    return Line(
        "growth",
        f"memory for {_WHAT[what].format(f'{runs:,}')}",
        {"nbtrack": f"{_mega(more)} (a tenth of them: {_mega(less)})"},
        f"≤ that of a tenth + {_mega(CACHE)}" if goal else "",
        judge(more <= less + CACHE) if goal else "",
        note,
        {"nbtrack": more, "tenth": less},
        why=_WHY if goal else "",
    )


def _mega(count: float) -> str:
    return f"{count / 1e6:,.0f} MB"
