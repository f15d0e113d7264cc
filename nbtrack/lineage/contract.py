"""Shapes and operations of lineage on the wire."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from nbtrack.base.wire import Op
from nbtrack.runs.contract import Change, DiffLine, RunRow, Value


class ExplainRequest(Struct):
    """Why a run differs. against: another run; without, the run of the same cell before it."""

    run: str
    against: str | None = None


class Reason(Struct):
    """One thing that changed. rank: 1 is the likeliest cause. text: what changed, in words. why: why it ranks there."""

    rank: int
    what: Literal["code", "param", "environment", "git", "data", "status", "other"]
    name: str
    text: str
    why: str
    left: Value = None
    right: Value = None
    lines: list[DiffLine] = field(default_factory=list)


class Explanation(Struct):
    """What changed from ``left`` to ``right``, the likeliest causes first, and what came out differently.

    left: None where there is no run to compare with. chosen: how it was chosen, in words. outcome: metrics that differ.
    """

    right: RunRow
    left: RunRow | None
    chosen: str
    reasons: list[Reason]
    outcome: list[Change]


OPERATIONS = (
    Op("lineage.explain", "GET", ExplainRequest, Explanation, "What changed from one run to another, by likelihood."),
)
