"""Shapes and operations of the runs table on the wire."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, field

from nbtrack.base.wire import Nothing, Op
from nbtrack.runs.contract import Selection, Status, Value


class FactsRequest(Selection):
    """Facts about columns over all the runs that match.

    columns: "params.lr", "tags.stage", "metrics.loss" (its last value), "metrics.loss.min", ".max" or ".mean"; all
    params, tags and metrics if not given.
    """

    columns: list[str] | None = None


class ColumnFact(Struct):
    """One column: how many runs have it, whether it differs among those looked at, its lowest and highest number.

    low and high are exact over all runs that match, NaN apart; None for a column without numbers.
    """

    column: str
    runs: int
    differs: bool
    low: float | None
    high: float | None


class Facts(Struct):
    """``differs`` and ``runs`` are told from the first ``looked_at`` of the ``matched`` runs."""

    columns: list[ColumnFact]
    looked_at: int
    matched: int
    revision: int


class GroupsRequest(Selection):
    """Runs in groups that share a value.

    by: "params.lr", "tags.stage", "experiment", "notebook" or "status". metrics: "acc" (its last value), "acc.min",
    ".max" or ".mean". sort: "value", "runs" or one of ``metrics`` (its mean), "-" before it for descending.
    """

    by: str = "experiment"
    metrics: list[str] = field(default_factory=list)
    sort: str = "value"
    offset: int = 0
    limit: int = 100


class Spread(Struct):
    """Mean, sample standard deviation (0 of one run), lowest and highest over the ``count`` runs with a number."""

    mean: float
    sd: float
    low: float
    high: float
    count: int


class Group(Struct):
    """One group: the value its runs share (None: they have none), and the filter that finds its runs."""

    value: Value
    where: str
    runs: int
    metrics: dict[str, Spread] = field(default_factory=dict)


class Groups(Struct):
    """A window of the groups, and how many there are."""

    groups: list[Group]
    total: int
    revision: int


class View(Struct):
    """How a view of this project was last arranged; only the view itself knows what is in it."""

    state: dict[str, Any] | None


class MainMetric(Struct):
    """The metric a short list shows of a run: its last value, and its curve in at most 40 values for a sparkline."""

    name: str
    value: float
    better: Literal["min", "max"] | None
    spark: list[float] = field(default_factory=list)


class Progress(Struct):
    """How far a running run is: its latest step, counted from 1, of ``total`` where one of its params says how many."""

    step: int
    total: int | None = None


class BriefRow(Struct):
    """A run in a short list. Times are Unix seconds; ``duration`` counts on while the run is running."""

    id: str
    name: str
    status: Status
    experiment: str
    started: float
    ended: float | None
    duration: float
    notebook: str | None
    cell: str | None
    execution: int | None
    parent: str | None
    note: str
    starred: bool
    end_reason: str | None
    tags: dict[str, str] = field(default_factory=dict)
    metric: MainMetric | None = None
    progress: Progress | None = None


class BrowseRequest(Selection):
    """A window of a short list of runs, the latest first.

    metric: the one that is shown; if not given, or where a run lacks it, the one that says most. sort: as for
    ``runs.page``.
    """

    metric: str | None = None
    sort: list[str] = field(default_factory=list)
    offset: int = 0
    limit: int = 50


class BrowsePage(Struct):
    """The window; ``running`` are all of the project's runs that go on now, whatever was asked for, at most 20."""

    rows: list[BriefRow]
    running: list[BriefRow]
    matched: int
    total: int
    revision: int


class HistoryRequest(Struct):
    """What cells of a notebook gave before. notebook: its path in the project. cells: their ids, at most 1,000."""

    notebook: str
    cells: list[str]
    metric: str | None = None
    limit: int = 8


class CellHistory(Struct):
    """The latest runs of one cell, the newest first, and how many it has in all."""

    cell: str
    runs: list[BriefRow]
    total: int


class Histories(Struct):
    """The cells that have runs."""

    cells: list[CellHistory]
    revision: int


OPERATIONS = (
    Op("tables.browse", "GET", BrowseRequest, BrowsePage, "A short list of runs, with what goes on now."),
    Op("tables.history", "GET", HistoryRequest, Histories, "The latest runs of the cells of a notebook."),
    Op("tables.facts", "GET", FactsRequest, Facts, "What is in the columns of the runs that match."),
    Op("tables.groups", "GET", GroupsRequest, Groups, "Runs grouped by a value, with the mean and spread of metrics."),
    Op("tables.view", "GET", Nothing, View, "How the panel of this project was last arranged."),
    Op("tables.save", "POST", View, View, "Remember how the panel of this project is arranged."),
)
