"""What the tests of faults found, as a table: how often a fault was really injected stands beside what it did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

_HEAD = ("fault", "injected", "lost", "corrupt", "unclear errors", "canary", "goal", "")


@dataclass
class Row:
    """One fault.

    fault: what was done. injected: how often it really happened, each time with something at stake. lost: how many
    acknowledged things were not there afterwards. corrupt: how many stores were not sound. unclear: how many errors did
    not say what was asked, what was found and what to do. canary: what the same injection finds where the defence is
    taken out, in words. goal: in words; met: whether it was. note: what a reader must know to believe it.
    skipped: why this could not be tried here; the numbers mean nothing then.
    """

    fault: str
    injected: int = 0
    lost: int = 0
    corrupt: int = 0
    unclear: int = 0
    canary: str = ""
    goal: str = "0 lost, 0 corrupt"
    met: bool = False
    note: str = ""
    skipped: str = ""
    values: dict[str, float] = field(default_factory=dict)


def markdown(rows: Sequence[Row]) -> str:
    """The table, and its notes below it."""
    lines = [_line(_HEAD), _line(["---"] * len(_HEAD)), *map(_cells, rows)]
    notes = [f"* {row.fault}: {row.skipped or row.note}" for row in rows if row.skipped or row.note]
    return "\n".join([*lines, *([""] if notes else []), *notes])


def _cells(row: Row) -> str:
    if row.skipped:
        return _line([row.fault, *["–"] * 5, row.goal, "not tried here"])
    counts = [f"{count:,}" for count in (row.injected, row.lost, row.corrupt, row.unclear)]
    return _line([row.fault, *counts, row.canary or "–", row.goal, "met" if row.met else "missed"])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
