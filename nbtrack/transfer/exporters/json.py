"""Runs as JSON: a list of objects, one a run; docs/export.md says what is in them."""

from __future__ import annotations

from typing import Any, BinaryIO

import nbtrack.base.wire as wire
from nbtrack.runs.contract import RunRow
from nbtrack.transfer.exporters import Order
from nbtrack.transfer.exporters.columns import Column, asked, columns_of
from nbtrack.transfer.exporters.points import points_of

_EXACT = 1 << 53


def write(order: Order, file: BinaryIO) -> None:
    """Write the runs; with the option ``points``, with all points of all metrics."""
    columns = columns_of(order) if order.options.columns is not None else None
    wanted = asked(columns) if columns is not None else None
    between = b"["
    for window in order.windows("writing runs"):
        rows = order.service.rows(window, wanted)
        points = points_of(order.service, window) if order.options.points else {}
        for row in rows:
            plain = _plain(row, columns)
            if order.options.points:
                plain["points"] = points.get(row.id, {})
            file.write(between + b"\n" + wire.encode(plain))
            between = b","
    file.write(b"[]\n" if between == b"[" else b"\n]\n")


def _plain(row: RunRow, columns: list[Column] | None) -> dict[str, Any]:
    """A run as on the wire. types: of params whose number is a text here, what it is."""
    plain: dict[str, Any] = {name: getattr(row, name) for name in row.__struct_fields__}
    plain["types"] = {name: type(value).__name__ for name, value in row.params.items() if _is_text_in_json(value)}
    if columns is None:
        return plain
    kept = {column.key for column in columns if column.kind == "attribute"}
    return {name: value for name, value in plain.items() if name in kept or name in _GROUPS}


_GROUPS = ("id", "params", "metrics", "tags", "types")


def _is_text_in_json(value: Any) -> bool:
    if type(value) is float:
        return value != value or value in (float("inf"), float("-inf"))
    return type(value) is int and not -_EXACT <= value <= _EXACT
