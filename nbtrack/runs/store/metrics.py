"""Metrics: each series in chunks of packed arrays, and a summary per run and key.

A chunk is three blobs of little-endian 8-byte numbers (steps, times, values), which keeps NaN, ±inf and −0.0 exact at
24 bytes a point. A slow series fills its last chunk up to `_SMALL` points before a new one begins, so that a long run
does not become one row a point.
"""

from __future__ import annotations

import math
import sqlite3
import sys
from array import array
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from nbtrack.base.sums import Value, row_sum

_SMALL = 128
_CHUNK = 4096
_SWAP = sys.byteorder == "big"


class Series(NamedTuple):
    """A metric's history in the order it was logged."""

    steps: array[int]
    times: array[float]
    values: array[float]


def extend(
    conn: sqlite3.Connection,
    run: int,
    key: int,
    source: str,
    steps: Sequence[int],
    times: Sequence[float],
    values: Sequence[float],
) -> None:
    """Append points to a series and bring its summary up to date."""
    summarise(conn, run, key, source, steps, times, values)
    columns = (_blob("q", steps), _blob("d", times), _blob("d", values))
    tail = conn.execute(
        "SELECT n, seq, count FROM points WHERE run = ? AND key = ? ORDER BY seq DESC LIMIT 1", (run, key)
    ).fetchone()
    count, seq = len(values), 0
    if tail is not None:
        if tail[2] + count <= _SMALL:
            conn.execute(_APPEND, (count, *columns, tail[0]))
            return
        seq = tail[1] + 1
    for part, start in enumerate(range(0, count, _CHUNK)):
        cut = slice(start * 8, (start + _CHUNK) * 8)
        chunk: list[Value] = [run, key, seq + part, min(_CHUNK, count - start), *(column[cut] for column in columns)]
        conn.execute(
            "INSERT INTO points (run, key, seq, count, steps, times, vals, sum) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (*chunk, row_sum(*chunk)),
        )


_APPEND = """UPDATE points SET count = count + ?, steps = CAST(steps || ? AS BLOB),
    times = CAST(times || ? AS BLOB), vals = CAST(vals || ? AS BLOB) WHERE n = ?"""


def summarise(
    conn: sqlite3.Connection,
    run: int,
    key: int,
    source: str,
    steps: Sequence[int],
    times: Sequence[float],
    values: Sequence[float],
) -> None:
    """NaN takes no part in min, max and mean; ``valid`` counts the rest. The mean of several batches is weighted.

    A summary is for sorting and showing: SQLite's columns of reals keep −0.0 as 0.0. The series keeps it as it is.
    """
    valid = values
    total = sum(values)
    if total != total:  # there is a NaN, or +inf and −inf
        valid = [value for value in values if value == value]
        total = sum(valid)
    mean = total / len(valid) if valid else None
    if mean is not None and not math.isfinite(mean):
        endless = set(filter(math.isinf, valid))  # else the sum of huge values overflowed, their mean does not
        mean = sum(endless) if endless else sum(value / len(valid) for value in valid)
    low, high = min(valid, default=None), max(valid, default=None)
    latest = (values[-1], steps[-1], times[-1])
    top_step, top_time, top = _top(steps, times, values)
    conn.execute(
        f"""INSERT INTO metrics (run, key, source, count, valid, last, last_step, last_time, min, max, mean,
                                 top, top_step, top_time)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (run, key) DO UPDATE SET
             count = count + excluded.count, valid = valid + excluded.valid, last = excluded.last,
             last_step = excluded.last_step, last_time = excluded.last_time,
             min = min(coalesce(min, excluded.min), coalesce(excluded.min, min)),
             max = max(coalesce(max, excluded.max), coalesce(excluded.max, max)),
             mean = CASE WHEN valid = 0 THEN excluded.mean WHEN excluded.valid = 0 THEN mean
                    ELSE mean * (1.0 * valid / (valid + excluded.valid))
                         + excluded.mean * (1.0 * excluded.valid / (valid + excluded.valid)) END,
             top_step = CASE WHEN {_NEWER} THEN excluded.top_step ELSE coalesce(top_step, last_step) END,
             top_time = CASE WHEN {_NEWER} THEN excluded.top_time ELSE coalesce(top_time, last_time) END,
             top = CASE WHEN {_NEWER} THEN excluded.top WHEN top_step IS NULL THEN last ELSE top END""",
        (run, key, source, len(values), len(valid), *latest, low, high, mean, top, top_step, top_time),
    )


# Whether a batch has a later point than all before, by step, time and value; NaN counts as 0 then.
_NEWER = """(excluded.top_step, excluded.top_time, coalesce(excluded.top, 0)) >
    (coalesce(top_step, last_step), coalesce(top_time, last_time),
     coalesce(CASE WHEN top_step IS NULL THEN last ELSE top END, 0))"""


def _top(steps: Sequence[int], times: Sequence[float], values: Sequence[float]) -> tuple[int, float, float]:
    """(step, time, value) of the point with the largest step, of several the one with the largest time, then value."""
    most = max(steps)
    if steps[-1] == most and (len(steps) == 1 or steps[-2] < most):
        at = steps.index(most)
        if at == len(steps) - 1:
            return most, times[-1], values[-1]
    return max(
        (point for point in zip(steps, times, values, strict=True) if point[0] == most),
        key=lambda point: (point[1], point[2] if point[2] == point[2] else 0.0),
    )


def _blob(kind: str, values: Sequence[float]) -> bytes:
    packed = array(kind, values)
    if _SWAP:
        packed.byteswap()
    return packed.tobytes()


def series(conn: sqlite3.Connection, run: int, key: int) -> Series:
    """All points of a metric of a run, in the order they were logged."""
    rows = conn.execute("SELECT steps, times, vals FROM points WHERE run = ? AND key = ? ORDER BY seq", (run, key))
    return unpacked(rows)


def unpacked(chunks: Iterable[Sequence[bytes]]) -> Series:
    """The points of chunks (steps, times, values) that follow one another."""
    found = Series(array("q"), array("d"), array("d"))
    columns: tuple[array[Any], ...] = found
    for chunk in chunks:
        for column, blob in zip(columns, chunk, strict=True):
            column.frombytes(blob)
    if _SWAP:
        for column in columns:
            column.byteswap()
    return found


def tail(conn: sqlite3.Connection, run: int, key: int, after: int) -> tuple[Series, int]:
    """(the points from the ``after``-th on, how many there are in all), reading no chunk that ends before.

    Points only ever come to the end, so one who has the first ``after`` of them has everything with these.
    """
    row = conn.execute("SELECT count FROM metrics WHERE run = ? AND key = ?", (run, key)).fetchone()
    total = int(row[0]) if row else 0
    parts, first = [], total
    chunks = conn.execute(
        "SELECT count, steps, times, vals FROM points WHERE run = ? AND key = ? ORDER BY seq DESC", (run, key)
    )
    while first > after and (chunk := chunks.fetchone()) is not None:
        first -= chunk[0]
        parts.append(chunk[1:])
    chunks.close()
    steps, times, values = unpacked(reversed(parts))
    skip = max(0, after - first)
    return Series(steps[skip:], times[skip:], values[skip:]), total


def summaries(conn: sqlite3.Connection, run: int) -> list[tuple[Any, ...]]:
    """(name, source, count, valid, last, last_step, last_time, min, max, mean) of a run's metrics, NaN as NaN."""
    rows = conn.execute(
        """SELECT k.name, m.source, m.count, m.valid, m.last, m.last_step, m.last_time, m.min, m.max, m.mean
           FROM metrics m JOIN keys k ON k.n = m.key WHERE m.run = ? ORDER BY k.name""",
        (run,),
    )
    return [(*row[:4], _nan(row[4]), row[5], row[6], *map(_nan, row[7:])) for row in rows]


def _nan(value: float | None) -> float:
    return math.nan if value is None else value
