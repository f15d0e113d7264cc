"""Columns of a table of runs: attributes, ``params.x``, ``metrics.x`` (its last value) and ``tags.x``."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, Final, NamedTuple

from nbtrack.base.errors import InvalidOption
from nbtrack.runs.contract import RunRow
from nbtrack.transfer.exporters import Order
from nbtrack.transfer.store.tables import names_in

ATTRIBUTES = (
    *("id", "name", "status", "experiment", "started", "ended", "duration", "notebook", "parent", "starred", "note"),
    *("kind", "cell", "execution", "end_reason", "trashed"),
)
USUAL = ATTRIBUTES[:11]
_KINDS = {"params": "param", "metrics": "metric", "tags": "tag"}
_PARTS = ("last", "min", "max", "mean", "count")
Reader = Callable[[RunRow], Any]
NOTHING: Final = object()  # where a run has no value: None is one


class Column(NamedTuple):
    """kind: "attribute", "params", "metrics" or "tags". part: of a metric, what of it."""

    name: str
    kind: str
    key: str
    part: str = "last"

    def of(self, row: RunRow) -> Any:
        """The value of a run; `NOTHING` where it has none."""
        return self.reader()(row)

    def reader(self) -> Reader:
        """A function that gives the value of a run: of many runs, it is made once."""
        key, part = self.key, attrgetter(self.part)
        if self.kind == "params":
            return lambda row: row.params.get(key, NOTHING)
        if self.kind == "tags":
            return lambda row: row.tags.get(key, NOTHING)
        if self.kind == "metrics":
            return lambda row: NOTHING if (found := row.metrics.get(key)) is None else part(found)
        return attrgetter(key)


def columns_of(order: Order, usual: Sequence[str] = USUAL) -> list[Column]:
    """The columns of an order: those that were chosen; without a choice, all.

    usual: the attributes that come first where none is among those chosen.

    Raises:
        InvalidOption: a column that no run here has.
    """
    chosen = order.options.columns
    known = {kind: names(order, kind) for kind in _KINDS} if _needs_names(chosen) else {}
    found: dict[str, Column] = {}
    for name in ("params.*", "metrics.*", "tags.*") if chosen is None else chosen:
        for column in _columns(name.strip(), known):
            found[column.name] = column
    if not any(column.kind == "attribute" for column in found.values()):
        found = {**{name: Column(name, "attribute", name) for name in usual}, **found}
    return list(found.values())


def names(order: Order, kind: str) -> list[str]:
    """The names of "params", "metrics" or "tags" that some of the runs have."""
    reads = order.service
    if not order.numbers or reads.nothing_yet():
        return []
    with reads.database.read() as conn:
        return names_in(conn, _KINDS[kind], order.numbers)


def asked(columns: Sequence[Column]) -> list[str]:
    """What has to be read for the columns, as `RunsService.rows` takes it."""
    return list(dict.fromkeys(f"{one.kind}.{one.key}" for one in columns if one.kind != "attribute"))


def _needs_names(chosen: Sequence[str] | None) -> bool:
    return chosen is None or any("." in name for name in chosen)


def _columns(name: str, known: dict[str, list[str]]) -> list[Column]:
    kind, dot, key = name.partition(".")
    if not dot and name in ATTRIBUTES:
        return [Column(name, "attribute", name)]
    there = known.get(kind)
    if there is None:
        raise _unknown(name, ATTRIBUTES, "It is no attribute")
    if key == "*":
        return [Column(f"{kind}.{one}", kind, one) for one in there]
    if key in there:
        return [Column(name, kind, key)]
    front, _, part = key.rpartition(".")
    if kind == "metrics" and front in there and part in _PARTS:
        return [Column(name, kind, front, part)]
    raise _unknown(name, [f"{kind}.{one}" for one in there], "No run here has it")


def _unknown(name: str, there: Sequence[str], why: str) -> InvalidOption:
    near = difflib.get_close_matches(name, there, 3, 0.5) or there[:5]
    return InvalidOption(
        f"There is no column '{name[:100]}'. {why}.",
        f"Closest: {', '.join(near)}." if near else "Columns are name, status …, params.lr, metrics.acc, tags.stage.",
    )
