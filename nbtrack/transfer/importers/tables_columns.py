"""The rows and columns of a table: what they hold, and what each column is where nobody says it.

A column is what its name says (``run_id``, ``Status``, ``created_at``, ``epoch``, ``params.lr``, ``config/lr``). Else
it is a metric if it has numbers and the table has steps, or its name is one of a metric (loss, accuracy and so on, see
`nbtrack.base.names.better`), and a param if not.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from nbtrack.base import names
from nbtrack.transfer.importers import parts
from nbtrack.transfer.importers.parts import broken, reading

FIELDS = ("id", "name", "experiment", "status", "started", "ended", "note", "tags", "step", "time", "run", "-")
_NAMES = {
    "id": "id run_id runid trial_id",
    "name": "name run_name runname display_name",
    "run": "run",
    "experiment": "experiment experiment_name project project_name",
    "status": "status state",
    "started": "started start_time started_at created created_at start date",
    "ended": "ended end_time ended_at finished_at end",
    "note": "note notes description comment",
    "tags": "tags",
    "step": "step steps epoch iteration iter global_step _step trainer/global_step",
    "time": "time timestamp _timestamp wall_time",
}
_KNOWN = {name: field for field, words in _NAMES.items() for name in words.split()}
_PREFIXES = {
    "params.": "params", "param.": "params", "params/": "params", "config.": "params", "config/": "params",
    "hparams.": "params", "hparams/": "params", "hyperparameters.": "params", "parameters.": "params",
    "parameters/": "params", "metrics.": "metrics", "metric.": "metrics", "metrics/": "metrics",
    "summary.": "metrics", "summary/": "metrics", "tags.": "tags", "tag.": "tags", "tags/": "tags",
}  # fmt: skip
_INTEGER = re.compile(r"[+-]?(0|[1-9]\d{0,4000})")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(nan|inf|infinity)", re.IGNORECASE)
_UNDECODED = re.compile("[\udc80-\udcff]")  # what "surrogateescape" makes of bytes that are no UTF-8
_BOOLS = {"true": True, "false": False}
_ORDER = ("empty", "bool", "int", "float", "str")  # of two kinds in one column it is the later


@dataclass
class Table:
    """A table. kinds: what each column holds. rows: (number, values by column). called, first: how rows are counted."""

    kinds: dict[str, str]
    rows: Callable[[], Iterator[tuple[int, dict[str, Any]]]]
    called: str
    first: int


def opened(path: Path) -> Table:
    """A table, its columns looked at once.

    Raises:
        BadSource: it is broken; the line is named. CannotRun: pyarrow is missing.
    """
    return _parquet(path) if path.suffix.lower() in (".parquet", ".pq") else _text(path)


def fields_of(kinds: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """What each column is."""
    found = dict(given)
    taken = set(given.values())
    for column in kinds:
        field = _KNOWN.get(column.strip().lower().replace(" ", "_"))
        if column in found or field is None or field in taken:
            continue
        if field == "step" and kinds[column] != "int":
            continue
        found[column] = field
        taken.add(field)
    if "run" in taken and "step" not in taken and "id" not in taken:
        found = {column: "id" if field == "run" else field for column, field in found.items()}
    for column, kind in kinds.items():
        if column not in found:
            found[column] = _guess(column.strip(), kind, "step" in taken)
    return {column: found[column] for column in kinds}


def _guess(column: str, kind: str, has_steps: bool) -> str:
    for prefix, field in _PREFIXES.items():
        if column.lower().startswith(prefix) and len(column) > len(prefix):
            if field != "metrics" or kind in ("int", "float", "empty"):
                return f"{field}.{column[len(prefix) :]}"
            return f"params.{column[len(prefix) :]}"
    if not column or kind == "empty":
        return "-"
    is_number = kind in ("int", "float")
    return f"metrics.{column}" if is_number and (has_steps or names.better(column)) else f"params.{column}"


# -- CSV


def _text(path: Path) -> Table:
    with reading(path, "line 1"):
        delimiter, columns = _head(path)
    if len(set(columns)) != len(columns):
        twice = sorted({name for name in columns if columns.count(name) > 1})
        raise broken(path, f"the column {twice[0]!r} is there twice", "line 1", "Give each a name of its own.")
    kinds = dict.fromkeys(columns, "empty")
    for _, row in _cells(path, delimiter, columns):
        for name, cell in row.items():
            if kinds[name] != "str" and cell.strip():
                kinds[name] = max(kinds[name], _kind(cell), key=_ORDER.index)

    def rows() -> Iterator[tuple[int, dict[str, Any]]]:
        for line, row in _cells(path, delimiter, columns):
            yield line, {name: _value(cell, kinds[name]) for name, cell in row.items()}

    return Table(kinds, rows, "line", 2)


def _head(path: Path) -> tuple[str, list[str]]:
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        first = file.readline(1 << 20)
        if not first.strip():
            raise broken(path, "it has no line with the names of columns", "line 1")
        delimiter = "\t" if path.suffix.lower() == ".tsv" else max(",;\t", key=first.count)
        file.seek(0)
        columns = next(csv.reader(file, delimiter=delimiter))
        if any(_UNDECODED.search(name) for name in columns):
            raise broken(path, "it is not in UTF-8", "line 1", "Save it as UTF-8.")
        return delimiter, columns


def _cells(path: Path, delimiter: str, columns: list[str]) -> Iterator[tuple[int, dict[str, str]]]:
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        table = csv.reader(file, delimiter=delimiter, strict=True)
        next(table)
        while True:
            line = table.line_num + 1
            with reading(path, f"line {line}"):
                row = next(table, None)
            if row is None:
                return
            if not any(cell.strip() for cell in row):
                continue
            if any(not cell.isascii() and _UNDECODED.search(cell) for cell in row):
                raise broken(path, "it is not in UTF-8", f"line {line}", "Save it as UTF-8.")
            if len(row) != len(columns):
                raise broken(path, f"it has {len(row)} fields, and line 1 has {len(columns)}", f"line {line}")
            yield line, dict(zip(columns, row, strict=True))


def _kind(cell: str) -> str:
    text = cell.strip()
    if text.lower() in _BOOLS:
        return "bool"
    if _INTEGER.fullmatch(text):
        return "int"
    return "float" if _NUMBER.fullmatch(text) else "str"


def _value(cell: str, kind: str) -> Any:
    text = cell.strip()
    if not text:
        return None
    if kind == "str":
        return cell
    if text.lower() in _BOOLS:  # beside numbers it is one
        return _BOOLS[text.lower()] if kind == "bool" else float(_BOOLS[text.lower()])
    return int(text) if kind == "int" else float(text)


# -- Parquet


def _parquet(path: Path) -> Table:
    arrow = parts.need("pyarrow.parquet", "Parquet files", "parquet")
    with reading(path), arrow.ParquetFile(path) as file:
        schema = file.schema_arrow
    types = parts.need("pyarrow.types", "Parquet files", "parquet")
    kinds = {name: _kind_of(types, schema.field(name).type) for name in schema.names}
    kinds.pop("__index_level_0__", None)  # pandas' index

    def rows() -> Iterator[tuple[int, dict[str, Any]]]:
        number = 0
        with reading(path), arrow.ParquetFile(path) as file:
            batches = file.iter_batches(batch_size=1000, columns=list(kinds))
            while True:
                with reading(path, f"the rows from {number + 1}"):
                    batch = next(batches, None)
                    found = [] if batch is None else batch.to_pylist()
                if batch is None:
                    return
                for row in found:
                    number += 1
                    yield number, {name: _plain(value) for name, value in row.items()}

    return Table(kinds, rows, "row", 1)


def _kind_of(types: Any, found: Any) -> str:
    if types.is_boolean(found):
        return "bool"
    if types.is_integer(found):
        return "int"
    if types.is_floating(found) or types.is_decimal(found):
        return "float"
    return "empty" if types.is_null(found) else "str"


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    return value.hex() if isinstance(value, bytes) else value
