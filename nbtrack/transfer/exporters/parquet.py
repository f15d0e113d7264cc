"""Runs as Parquet: three files side by side, exact in values and types, written in groups of rows.

``NAME.parquet`` has a row a run: attributes, ``params.x``, ``metrics.x`` (the last value) and ``tags.x``. A column of
a param has its type where all its values have one (whole numbers with fractions are fractions); else it is text: JSON.
``NAME.params.parquet`` has a row a param, with its type, and each value exactly. ``NAME.metrics.parquet`` has a row a
point: run, name, step, time (Unix seconds), value. ``id`` and ``run`` join them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, BinaryIO

import nbtrack.base.wire as wire
from nbtrack.runs.contract import RunRow
from nbtrack.runs.store import runs
from nbtrack.runs.store.keys import key_names
from nbtrack.transfer.exporters import Order
from nbtrack.transfer.exporters.columns import ATTRIBUTES, NOTHING, Column, asked, columns_of
from nbtrack.transfer.store.tables import ParamKind, chunks, param_kinds

if TYPE_CHECKING:
    import pyarrow as pa

_WINDOW = 2_000  # runs that are read at a time
_GROUP = 20_000  # rows of the runs in one group
_POINTS = 1 << 20  # points in one group
_EXACT = 1 << 53
_INT64 = 1 << 63
_TYPES = {type(None): "none", bool: "bool", int: "int", float: "float", str: "str"}
_TIMES = ("started", "ended", "trashed")


def write(order: Order, file: BinaryIO) -> None:
    """Write the three files."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = columns_of(order, ATTRIBUTES)
    kinds = _kinds(order)
    forms = {name: _form(kind) for name, kind in kinds.items()}
    wide, long, points = _wide_schema(columns, forms), _long_schema(), _points_schema()
    wanted = asked(columns)
    with (
        pq.ParquetWriter(file, wide, compression="zstd") as to_runs,
        pq.ParquetWriter(order.beside("params"), long, compression="zstd") as to_params,
        pq.ParquetWriter(order.beside("metrics"), points, compression="zstd") as to_points,
    ):
        starts = range(0, len(order.numbers), _WINDOW)
        waiting: list[pa.Table] = []
        for start in order.progress(starts, "writing runs", len(starts)):
            window = order.numbers[start : start + _WINDOW]
            rows = order.service.rows(window, wanted)
            waiting.append(_wide(rows, columns, forms, wide))
            to_params.write_table(_long(rows, long))
            for table in _points(order, window, points):
                to_points.write_table(table)
            if len(waiting) * _WINDOW >= _GROUP:
                to_runs.write_table(pa.concat_tables(waiting))
                waiting = []
        if waiting:
            to_runs.write_table(pa.concat_tables(waiting))


def _kinds(order: Order) -> dict[str, list[ParamKind]]:
    if order.service.nothing_yet():
        return {}
    with order.service.database.read() as conn:
        return param_kinds(conn, order.numbers)


# -- a row a run


def _form(kinds: Sequence[ParamKind]) -> str:
    """Of which type the column of a param is: one that holds all its values exactly, "json" where none does."""
    types = {kind.type for kind in kinds} - {"none"}
    if any(kind.exact for kind in kinds):
        return "json"
    if len(types) == 1:
        return types.pop()
    if types == {"int", "float"} and all(-_EXACT <= kind.low <= kind.high <= _EXACT for kind in kinds):
        return "float"
    return "json"


def _wide_schema(columns: Sequence[Column], forms: dict[str, str]) -> pa.Schema:
    import pyarrow as pa

    fields = []
    for column in columns:
        about = {"nbtrack.form": forms[column.key]} if column.kind == "params" else None
        fields.append(pa.field(wire.to_plain(column.name), _type(column, forms), metadata=about))
    return pa.schema(fields)


def _type(column: Column, forms: dict[str, str]) -> pa.DataType:
    import pyarrow as pa

    kinds: dict[str, Any]
    if column.kind == "metrics":
        return pa.int64() if column.part == "count" else pa.float64()
    if column.kind == "params":
        kinds = {"bool": pa.bool_(), "int": pa.int64(), "float": pa.float64()}
        return kinds.get(forms[column.key], pa.string())
    kinds = dict.fromkeys(_TIMES, pa.timestamp("us", "UTC"))
    kinds |= {"duration": pa.float64(), "starred": pa.bool_(), "execution": pa.int64()}
    return kinds.get(column.key, pa.string()) if column.kind == "attribute" else pa.string()


def _wide(rows: Sequence[RunRow], columns: Sequence[Column], forms: dict[str, str], schema: pa.Schema) -> pa.Table:
    import pyarrow as pa

    arrays = []
    for column, field in zip(columns, schema, strict=True):
        values = [None if value is NOTHING else value for value in map(column.reader(), rows)]
        if column.kind == "attribute" and column.key in _TIMES:
            values = [None if value is None else _moment(value) for value in values]
        elif column.kind == "params" and forms[column.key] == "json":
            values = [None if value is None else wire.encode(value).decode() for value in values]
        elif field.type == pa.float64():
            values = [None if value is None else float(value) for value in values]
        elif field.type == pa.string():
            values = [_utf8(value) for value in values]
        arrays.append(pa.array(values, field.type, from_pandas=False))
    return pa.table(arrays, schema=schema)


def _moment(value: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(value, timezone.utc)
    except (OverflowError, OSError, ValueError):
        return None  # a clock that no calendar has


def _utf8(value: Any) -> Any:
    """Half a character has no form in UTF-8; the params' own file has it exactly."""
    return value.encode("utf-8", "replace").decode() if type(value) is str and not value.isascii() else value


# -- a row a param


def _long_schema() -> pa.Schema:
    """Each value is in the column of its type; what none of them holds is in ``bytes``, see `_exact`."""
    import pyarrow as pa

    return pa.schema([
        ("run", pa.string()), ("name", pa.string()), ("type", pa.string()), ("bool", pa.bool_()), ("int", pa.int64()),
        ("float", pa.float64()), ("text", pa.string()), ("bytes", pa.binary()),
    ])  # fmt: skip


def _long(rows: Sequence[RunRow], schema: pa.Schema) -> pa.Table:
    import pyarrow as pa

    values = [value for row in rows for value in row.params.values()]
    types = [_TYPES.get(type(value), "json") for value in values]
    known = {name: _utf8(name) for row in rows for name in row.params}
    found: dict[str, list[Any]] = {
        "run": [row.id for row in rows for _ in row.params],
        "name": [known[name] for row in rows for name in row.params],
        "type": types,
        "bool": [value if kind == "bool" else None for value, kind in zip(values, types, strict=True)],
        "int": [value if kind == "int" and _fits(value) else None for value, kind in zip(values, types, strict=True)],
        "float": [value if kind == "float" else None for value, kind in zip(values, types, strict=True)],
        "text": [
            _text(value, kind) if kind in ("str", "json") else None for value, kind in zip(values, types, strict=True)
        ],
        "bytes": [
            _exact(value, kind) if kind in ("str", "int") else None for value, kind in zip(values, types, strict=True)
        ],
    }
    return pa.table(found, schema=schema)


def _fits(value: int) -> bool:
    return -_INT64 <= value < _INT64


def _text(value: Any, kind: str) -> str:
    return str(_utf8(value)) if kind == "str" else wire.encode(value).decode()


def _exact(value: Any, kind: str) -> bytes | None:
    """A whole number beyond 64 bits as two's complement, high bytes first; a text with half a character as UTF-8."""
    if kind == "int":
        return None if _fits(value) else int(value).to_bytes(value.bit_length() // 8 + 1, "big", signed=True)
    return None if value.isascii() or _utf8(value) == value else value.encode("utf-8", "surrogatepass")


# -- a row a point


def _points_schema() -> pa.Schema:
    import pyarrow as pa

    text = pa.dictionary(pa.int32(), pa.string())
    return pa.schema([
        ("run", text), ("name", text), ("step", pa.int64()), ("time", pa.float64()), ("value", pa.float64())
    ])  # fmt: skip


def _points(order: Order, window: Sequence[int], schema: pa.Schema) -> Iterator[pa.Table]:
    """The points of some runs, about a million at a time."""
    taken: list[tuple[int, int, int]] = []
    blobs: tuple[list[bytes], list[bytes], list[bytes]] = ([], [], [])
    count = 0
    with order.service.database.read() as conn:
        ids = {row["n"]: row["id"] for row in runs.rows(conn, window)}
        names = {number: _utf8(name) for number, name in key_names(conn, "metric").items()}
        for chunk in chunks(conn, window):
            taken.append((chunk.run, chunk.key, chunk.points))
            for column, blob in zip(blobs, (chunk.steps, chunk.times, chunk.values), strict=True):
                column.append(blob)
            count += chunk.points
            if count >= _POINTS:
                yield _table(taken, blobs, ids, names, schema)
                taken, blobs, count = [], ([], [], []), 0
    if taken:
        yield _table(taken, blobs, ids, names, schema)


def _table(
    taken: Sequence[tuple[int, int, int]],
    blobs: tuple[list[bytes], list[bytes], list[bytes]],
    ids: dict[int, str],
    names: dict[int, str],
    schema: pa.Schema,
) -> pa.Table:
    import numpy as np
    import pyarrow as pa

    counts = [count for _, _, count in taken]
    arrays = []
    for numbers, texts in (([run for run, _, _ in taken], ids), ([key for _, key, _ in taken], names)):
        place = {number: at for at, number in enumerate(dict.fromkeys(numbers))}
        indices = np.repeat(np.array([place[number] for number in numbers], dtype=np.int32), counts)
        arrays.append(pa.DictionaryArray.from_arrays(indices, pa.array([texts[number] for number in place])))
    for kind, parts in zip(("<i8", "<f8", "<f8"), blobs, strict=True):
        arrays.append(pa.array(np.frombuffer(b"".join(parts), dtype=kind)))
    return pa.table(arrays, schema=schema)
