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


class RewriteRequest(Struct):
    """The text of a cell, and the run whose params are to be put into it."""

    run: str
    text: str


class Rewritten(Struct):
    """The text with the run's params in place of its literals; it is never executed here.

    changed: params whose value in the text was another, with both. kept: those that had it already. missing: params of
    the run that the text does not set by a literal, such as those it reads from other cells.
    """

    text: str
    changed: list[Change] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    missing: list[Change] = field(default_factory=list)


OPERATIONS = (
    Op("lineage.rewrite", "GET", RewriteRequest, Rewritten, "The text of a cell with the params of a run in it."),
    Op("lineage.explain", "GET", ExplainRequest, Explanation, "What changed from one run to another, by likelihood."),
)
