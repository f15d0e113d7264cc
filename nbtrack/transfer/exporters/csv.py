"""Runs as CSV: a line a run, in UTF-8, safe to open in a spreadsheet.

Times are ISO 8601 in UTC, numbers as Python writes them (``nan``, ``inf``), lists and objects JSON. A text that a
spreadsheet would take for a formula (it begins with ``=``, ``+``, ``-``, ``@``, a tab or a carriage return) has an
apostrophe in front; a line of texts with a carriage return is in quotes, or what follows one would begin a cell.
"""

from __future__ import annotations

import csv
import io
from datetime import datetime, timezone
from typing import Any, BinaryIO

import nbtrack.base.wire as wire
from nbtrack.transfer.exporters import Order
from nbtrack.transfer.exporters.columns import NOTHING, Reader, asked, columns_of

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_PRINTED = 10_000  # bits: Python refuses to write whole numbers of more than 4,300 digits by itself
_TIMES = ("started", "ended", "trashed")


def write(order: Order, file: BinaryIO) -> None:
    """Write the runs."""
    columns = columns_of(order)
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text, lineterminator="\n")
    quoting = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)  # before 3.13 it is not by itself

    def put(cells: list[Any]) -> None:
        broken = any(isinstance(cell, str) and "\r" in cell for cell in cells)
        (quoting if broken else writer).writerow(cells)

    put([safe(column.name) for column in columns])
    readers = [_moment(column.reader()) if column.name in _TIMES else column.reader() for column in columns]
    for row in order.rows(asked(columns), "writing runs"):
        put([safe(read(row)) for read in readers])
    text.flush()
    text.detach()


def _moment(read: Reader) -> Reader:
    return lambda row: iso(read(row))


def iso(moment: float | None) -> str | None:
    """A Unix time in UTC, to the microsecond; what no calendar has stays a number."""
    if moment is None:
        return None
    try:
        return datetime.fromtimestamp(moment, timezone.utc).isoformat()
    except (OverflowError, OSError, ValueError):
        return str(moment)


def safe(value: Any) -> Any:
    """A cell that is a number, or a text that no spreadsheet takes for a formula; None where there is no value."""
    kind = type(value)
    if kind is float or kind is bool or value is NOTHING:
        return None if value is NOTHING else value
    if kind is int:
        return value if value.bit_length() < _PRINTED else wire.to_plain(value)
    if kind is list or kind is dict:
        value = wire.encode(value).decode()
    if isinstance(value, str):
        text = value if value.isascii() else str(wire.to_plain(value))
        return f"'{text}" if text.startswith(_FORMULA) else text
    return value
