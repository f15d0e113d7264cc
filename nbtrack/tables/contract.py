"""Shapes and operations of the runs table on the wire."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from nbtrack.base.wire import Nothing, Op
from nbtrack.runs.contract import Selection, Value


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


OPERATIONS = (
    Op("tables.facts", "GET", FactsRequest, Facts, "What is in the columns of the runs that match."),
    Op("tables.groups", "GET", GroupsRequest, Groups, "Runs grouped by a value, with the mean and spread of metrics."),
    Op("tables.view", "GET", Nothing, View, "How the panel of this project was last arranged."),
    Op("tables.save", "POST", View, View, "Remember how the panel of this project is arranged."),
)
