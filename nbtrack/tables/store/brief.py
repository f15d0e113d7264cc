"""What short lists of runs read: which runs, their metrics and curves, what says how long a run goes on."""

from __future__ import annotations

import math
import sqlite3
import sys
from array import array
from collections.abc import Collection, Iterator, Sequence

from nbtrack.runs.store.keys import key_names
from nbtrack.runs.store.params import marks
from nbtrack.runs.values import decode
from nbtrack.tables.main_metric import Metric

_AT_ONCE = 500  # runs asked for in one statement
_VOTERS, _VOTES = 200, 20_000  # the latest runs, and their metrics, that decide which metric is shown
_METRIC = "m.run, m.key, m.source, m.count, m.last, m.last_step"


def running(conn: sqlite3.Connection, most: int) -> list[int]:
    """The runs that go on now, the newest first."""
    rows = conn.execute(  # the pluses keep SQLite to the index of those that run
        "SELECT n FROM runs WHERE status = 'running' AND +trashed IS NULL ORDER BY +started DESC, n DESC LIMIT ?",
        (most,),
    )
    return [row[0] for row in rows]


def voters(conn: sqlite3.Connection) -> list[dict[str, Metric]]:
    """The metrics of the latest runs."""
    rows = conn.execute(
        f"""SELECT {_METRIC} FROM (SELECT n FROM runs WHERE trashed IS NULL ORDER BY started DESC LIMIT ?) r
            CROSS JOIN metrics m ON m.run = r.n LIMIT ?""",
        (_VOTERS, _VOTES),
    )
    return list(_by_run(conn, rows).values())


def metrics_of(conn: sqlite3.Connection, runs: Sequence[int]) -> dict[int, dict[str, Metric]]:
    """All metrics of some runs, by run and name."""
    found: dict[int, dict[str, Metric]] = {}
    for part in _parts(runs):
        rows = conn.execute(f"SELECT {_METRIC} FROM metrics m WHERE m.run IN ({marks(part)})", part)
        found |= _by_run(conn, rows)
    return found


def _by_run(conn: sqlite3.Connection, rows: sqlite3.Cursor) -> dict[int, dict[str, Metric]]:
    names = key_names(conn, "metric")
    found: dict[int, dict[str, Metric]] = {}
    for run, key, source, count, last, step in rows:
        name = names[key]
        metric = Metric(name, key, source, count, math.nan if last is None else last, step)
        found.setdefault(run, {})[name] = metric
    return found


def tags_of(conn: sqlite3.Connection, runs: Sequence[int]) -> dict[int, dict[str, str]]:
    """The tags of some runs by name, in the order of their names."""
    names = key_names(conn, "tag")
    found: dict[int, dict[str, str]] = {}
    for part in _parts(runs):
        rows = conn.execute(f"SELECT run, key, value FROM tags WHERE run IN ({marks(part)})", part)
        for name, run, value in sorted((names[key], run, value) for run, key, value in rows):
            found.setdefault(run, {})[name] = value
    return found


def whole_curves(conn: sqlite3.Connection, key: int, runs: Sequence[int]) -> Iterator[tuple[int, array[float]]]:
    """(run, all values of a metric) of those of some runs that have it."""
    for part in _parts(runs):
        current, values = None, array("d")
        rows = conn.execute(
            f"SELECT run, vals FROM points WHERE key = ? AND run IN ({marks(part)}) ORDER BY run, seq", (key, *part)
        )
        for run, blob in rows:
            if run != current and current is not None:
                yield current, _swapped(values)
                values = array("d")
            current = run
            values.frombytes(blob)
        if current is not None:
            yield current, _swapped(values)


def sampled_curve(
    conn: sqlite3.Connection, key: int, run: int, chunks: int, each: int
) -> tuple[array[float], float, float]:
    """(values, lowest, highest) of a long curve: ``each`` values of some of its chunks, the first and the last too."""
    rows = conn.execute("SELECT n FROM points WHERE run = ? AND key = ? ORDER BY seq", (run, key)).fetchall()
    last = len(rows) - 1
    places = sorted({round(place * last / max(1, chunks - 1)) for place in range(chunks)}) if rows else []
    values = array("d")
    for place in places:
        cut = "substr(vals, 1, ?)" if place < last else "substr(vals, -?)"
        values.frombytes(
            conn.execute(f"SELECT {cut} FROM points WHERE n = ?", (each * 8, rows[place][0])).fetchone()[0]
        )
    low, high = conn.execute("SELECT min, max FROM metrics WHERE run = ? AND key = ?", (run, key)).fetchone()
    return _swapped(values), math.nan if low is None else low, math.nan if high is None else high


def _swapped(values: array[float]) -> array[float]:
    if sys.byteorder == "big":
        values.byteswap()
    return values


def first_step(conn: sqlite3.Connection, run: int, key: int) -> int:
    """The step of the first point of a metric."""
    row = conn.execute("SELECT substr(steps, 1, 8) FROM points WHERE run = ? AND key = ? AND seq = 0", (run, key))
    found = row.fetchone()
    return int.from_bytes(found[0], "little", signed=True) if found else 0


def whole_numbers(conn: sqlite3.Connection, run: int) -> dict[str, int]:
    """The params of a run that are whole numbers above 0."""
    names = key_names(conn, "param")
    rows = conn.execute("SELECT key, type, value, exact FROM params WHERE run = ? AND type = 'int'", (run,))
    numbers = {names[key]: decode(kind, value, exact) for key, kind, value, exact in rows}
    return {name: number for name, number in numbers.items() if number > 0}


def notebooks(conn: sqlite3.Connection) -> list[str]:
    """The notebooks that have runs: along the index from one to the next, however many runs each has."""
    rows = conn.execute(
        """WITH RECURSIVE found (notebook) AS (
               SELECT min(notebook) FROM runs
               UNION ALL SELECT (SELECT min(notebook) FROM runs WHERE notebook > found.notebook)
               FROM found WHERE found.notebook IS NOT NULL)
           SELECT notebook FROM found WHERE notebook IS NOT NULL"""
    )
    return [row[0] for row in rows]


def latest_of_cells(
    conn: sqlite3.Connection, notebooks: Sequence[str], cells: Collection[str], most: int
) -> dict[str, tuple[list[int], int]]:
    """(the latest runs, the newest first, how many there are) of the cells that have runs, in one statement."""
    rows = conn.execute(
        f"""SELECT cell, n, total FROM (
                SELECT cell, n, count(*) OVER (PARTITION BY cell) AS total,
                       row_number() OVER (PARTITION BY cell ORDER BY started DESC, n DESC) AS place
                FROM runs WHERE notebook IN ({marks(notebooks)}) AND cell IN ({marks(list(cells))})
                AND +trashed IS NULL)  -- the plus keeps SQLite to the index of notebooks
            WHERE place <= ? ORDER BY cell, place""",
        (*notebooks, *cells, most),
    )
    found: dict[str, tuple[list[int], int]] = {}
    for cell, run, total in rows:
        found.setdefault(cell, ([], total))[0].append(run)
    return found


def _parts(runs: Sequence[int]) -> Iterator[list[int]]:
    for start in range(0, len(runs), _AT_ONCE):
        yield list(runs[start : start + _AT_ONCE])
