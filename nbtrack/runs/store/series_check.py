"""Points and the summaries that are kept of them: whether each chunk is whole, and whether the summary fits."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Sequence
from typing import Any, NamedTuple

from nbtrack.base.sums import is_utf8, row_sum
from nbtrack.runs.store import metrics
from nbtrack.runs.store.deep import is_torn
from nbtrack.runs.store.params import marks
from nbtrack.runs.store.sums import SUMMED

_METRICS, _POINTS = SUMMED["metrics"].terms(), SUMMED["points"].terms()
_TEXTS = slice(1 + len(SUMMED["metrics"].values), None)  # of a row of `metrics`; a chunk has none there
_CLOSE = 1e-9  # of the largest value: the mean of batches is weighted, and rounds in another order


class Faults(NamedTuple):
    """Of some runs, by (run, key): chunks that are not what was written, summaries that are not, or do not fit.

    unsummed: how many rows are from before there were checksums.
    """

    points: list[tuple[int, int]]
    summaries: list[tuple[int, int]]
    unsummed: int


def check_runs(conn: sqlite3.Connection, runs: Sequence[int], strict: bool) -> Faults:
    """Look at the series of some runs; inside `nbtrack.runs.store.deep.lenient`."""
    wrong_points, wrong_rows, unsummed = [], [], 0
    given = f"IN ({marks(runs)})"
    chunks: dict[tuple[int, int], list[Any]] = {}
    for row in conn.execute(f"SELECT sum, {_POINTS} FROM points WHERE run {given} ORDER BY run, key, seq", runs):
        chunks.setdefault((row[1], row[2]), []).append(row)
    rows = {row[1:3]: row for row in conn.execute(f"SELECT sum, {_METRICS} FROM metrics WHERE run {given}", runs)}
    for place in sorted({*chunks, *rows}):
        series = chunks.get(place, [])
        unsummed += sum(chunk[0] is None for chunk in series)
        sound = all(_sound(chunk, number, strict) for number, chunk in enumerate(series))
        if not sound:
            wrong_points.append(place)
        row = rows.get(place)
        if row is None or not _written(row, strict) or (sound and not fits(row[3:], series)):
            wrong_rows.append(place)
        elif row[0] is None:
            unsummed += 1
    return Faults(wrong_points, wrong_rows, unsummed)


def _written(row: Sequence[Any], strict: bool) -> bool:
    if row[0] is None and not strict:
        return is_utf8(*row[_TEXTS])
    return bool(row_sum(*row[1:]) == row[0])


def _sound(chunk: Sequence[Any], number: int, strict: bool) -> bool:
    _, _, _, seq, count, *blobs = chunk
    whole = seq == number and all(isinstance(blob, bytes) and len(blob) == 8 * count for blob in blobs)
    return whole and _written(chunk, strict)


def fits(row: Sequence[Any], chunks: Sequence[Sequence[Any]]) -> bool:
    """Whether a summary is that of these chunks. row: from ``count`` on."""
    count, valid, last, last_step, last_time, low, high, mean, *_ = row
    found = metrics.unpacked(chunk[5:] for chunk in chunks)
    if count != len(found.values) or not count:
        return bool(count == len(found.values))
    good = [value for value in found.values if value == value]
    if valid != len(good) or (last_step, last_time) != (found.steps[-1], found.times[-1]):
        return False
    if not (
        _same(last, found.values[-1]) and _same(low, min(good, default=None)) and _same(high, max(good, default=None))
    ):
        return False
    return _near(mean, good)


def _same(stored: float | None, found: float | None) -> bool:
    if found is None or found != found:
        return stored is None
    return stored == found


def _near(mean: float | None, values: Sequence[float]) -> bool:
    if not values or any(map(math.isinf, values)):
        return mean is None or not math.isfinite(mean)
    if not isinstance(mean, float):
        return False
    exact, largest = math.fsum(value / len(values) for value in values), max(map(abs, values))
    return abs(mean / 2 - exact / 2) <= largest * _CLOSE


def sources(conn: sqlite3.Connection) -> list[str]:
    """Where metrics come from, the most frequent first: what a damaged one may have been."""
    rows = conn.execute("SELECT source, count(*) FROM metrics GROUP BY 1 HAVING count(*) > 1 ORDER BY 2 DESC")
    return [source for source, _ in rows if isinstance(source, str) and not is_torn(source)]


def rebuild(conn: sqlite3.Connection, run: int, key: int, known: Sequence[str]) -> bool:
    """Make the summary of a metric again from its points; False if there are none.

    known: what its source may be. The checksum of the row that goes tells which, where nothing else of it was wrong
    that cannot be made again.
    """
    series = metrics.series(conn, run, key)
    row = conn.execute("SELECT source, sum FROM metrics WHERE run = ? AND key = ?", (run, key)).fetchone()
    if not series.values:
        return False
    there, wanted = row or (None, None)
    own = [str(there)] if isinstance(there, str) and not is_torn(there) else []
    trusted = own if wanted is None or there in known else []
    for source in (*own, *known, (*trusted, *known, "explicit")[0]):
        conn.execute("DELETE FROM metrics WHERE run = ? AND key = ?", (run, key))
        metrics.summarise(conn, run, key, source, series.steps, series.times, series.values)
        found = conn.execute("SELECT sum FROM metrics WHERE run = ? AND key = ?", (run, key)).fetchone()
        if found == (wanted,):
            break
    return True
