"""Runs as plain records of a few columns, for charts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nbtrack.base.errors import InvalidOption

if TYPE_CHECKING:
    from nbtrack.runs.contract import RunRow

PLAIN = ("name", "status", "experiment", "notebook", "kind", "started", "duration", "starred")
_PARTS = ("last", "min", "max", "mean", "count")


def records(rows: Sequence[RunRow], columns: Sequence[str]) -> list[dict[str, Any]]:
    """A dict of each run: its id, its name, and what it has in the columns, None where it has nothing.

    Raises:
        InvalidOption: a column that is none.
    """
    return [{"id": row.id, "name": row.name, **{one: value_of(row, one) for one in columns}} for row in rows]


def value_of(row: RunRow, column: str) -> Any:
    """What a run has in "params.lr", "metrics.loss.min", "tags.stage" or one of `PLAIN`.

    Raises:
        InvalidOption: a column that is none.
    """
    kind, _, name = column.partition(".")
    if kind == "params":
        return row.params.get(name)
    if kind == "tags":
        return row.tags.get(name)
    if kind == "metrics":
        return _metric(row, name)
    if column in PLAIN:
        return getattr(row, column)
    raise InvalidOption(
        f"'{column[:80]}' is no column.", f"Use params.x, metrics.x, tags.x or one of {', '.join(PLAIN)}."
    )


def _metric(row: RunRow, name: str) -> float | None:
    if name in row.metrics:
        return row.metrics[name].last
    base, _, part = name.rpartition(".")
    if base in row.metrics and part in _PARTS:
        return float(getattr(row.metrics[base], part))
    return None
