"""Shapes and operations of lineage on the wire."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from nbtrack.base.wire import Op
from nbtrack.runs.contract import Change, DiffLine, RunRequest, RunRow, Value


class ExplainRequest(Struct):
    """Why a run differs. against: another run; without, the run of the same cell before it."""

    run: str
    against: str | None = None


class Reason(Struct):
    """One thing that changed. rank: 1 is the likeliest cause. text: what changed, in words. why: why it ranks there.

    what: "variable" is a name that the cell took with another content, "hidden" what the notebook does not show of one
    of the two runs.
    """

    rank: int
    what: Literal["code", "param", "environment", "git", "data", "variable", "hidden", "status", "other"]
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


class Hidden(Struct):
    """Something that the notebook does not show although the run depends on it.

    what: "edited", "deleted" (the cell behind it, since it ran), "order" (it ran after a cell below it, or again
    since), "undefined" (no cell of the notebook defines the name), "unseeded" (random numbers without a seed), "data"
    (read data changed under its path). name: the variable, generator or data set. number: of the execution behind it.
    text: one sentence. severity: "warning", or "note" where it need not matter.
    """

    what: Literal["edited", "deleted", "order", "undefined", "unseeded", "data"]
    name: str
    text: str
    number: int | None = None
    severity: Literal["warning", "note"] = "warning"


class LineageCell(Struct):
    """One execution in the history of a run, the run's own included.

    number: counts the executions of the kernel; execution: ``In[n]``. position: of the cell in the notebook, from 1,
    None if it is not there now. run: the tracked run that the execution was, whose outputs can be asked for.
    gives: the names that later cells here take from it, with what they held ("DataFrame 569 × 30"). data: what it read.
    """

    number: int
    execution: int | None
    cell: str | None
    position: int | None
    source: str | None
    status: str | None
    started: float | None
    run: str | None
    gives: dict[str, str] = field(default_factory=dict)
    data: list[str] = field(default_factory=list)
    hidden: list[Hidden] = field(default_factory=list)


class LineageEdge(Struct):
    """Cell ``source`` gave ``names`` to cell ``target``; both are numbers of executions."""

    source: int
    target: int
    names: list[str]


class Lineage(Struct):
    """The backward slice of a run: the executions whose names it needs, transitively, oldest first, its own last.

    hidden: of the whole slice, the gravest first: as recorded when it ran (``then``) and as the notebook is now.
    unknown: what could not be told, a sentence each ("cell 4 imports * from helpers"). verdict: a few words, such as
    "reproducible as far as seen" or "hidden state: 2 cells edited since". now: whether the notebook could be read.
    """

    run: str
    cells: list[LineageCell]
    edges: list[LineageEdge]
    hidden: list[Hidden]
    then: list[Hidden]
    unknown: list[str]
    verdict: str
    now: bool


OPERATIONS = (
    Op("lineage.graph", "GET", RunRequest, Lineage, "The cells and data that a run comes from, and hidden state."),
    Op("lineage.rewrite", "GET", RewriteRequest, Rewritten, "The text of a cell with the params of a run in it."),
    Op("lineage.explain", "GET", ExplainRequest, Explanation, "What changed from one run to another, by likelihood."),
)
