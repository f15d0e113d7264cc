"""What runs are grouped by, and the numbers of which groups have a mean: whole columns, in as few rows as possible."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

from nbtrack.runs.values import decode
from nbtrack.tables.store.means import means

ATTRIBUTES = {
    "experiment": "(SELECT e.name FROM experiments e WHERE e.n = r.experiment)",
    "notebook": "r.notebook",
    "status": "r.status",
}
_FEW = 2_000  # up to so many runs, their values are looked up; of more the whole index is read
_TABLES = {"param": "params", "tag": "tags"}


class Values(NamedTuple):
    """A column over those runs that have it: as SQLite holds them, true and false as 1 and 0, NaN as None."""

    runs: list[int]
    values: list[Any]


def numbered(conn: sqlite3.Connection) -> range | None:
    """The numbers of all runs, if none was ever deleted from between: then they need not be read."""
    many, first, last = conn.execute("SELECT count(*), min(n), max(n) FROM runs").fetchone()
    return range(first, last + 1) if many and last - first + 1 == many else None


def values(conn: sqlite3.Connection, kind: Literal["param", "tag"], key: int, runs: Sequence[int]) -> Values:
    """A param or tag of runs; of many runs, also of others. A param of None is left out."""
    table = _TABLES[kind]
    found = _columns(conn, f"SELECT run, value FROM {table} WHERE key = ?", key, runs)
    if kind == "param" and None in found.values:
        nones = set(_runs(conn, "SELECT run FROM params WHERE key = ? AND value IS NULL AND type = 'none'", key))
        kept = [(run, value) for run, value in zip(*found, strict=True) if run not in nones]
        return Values([run for run, _ in kept], [value for _, value in kept])
    return found


def truths(conn: sqlite3.Connection, key: int) -> set[int] | bool:
    """The runs in which a param is true or false; or True where each 0 and 1 of it is one, False where none is."""
    query = "SELECT run FROM params WHERE key = ? AND value IN (0, 1) AND type {} 'bool'"
    if conn.execute(f"{query.format('!=')} LIMIT 1", (key,)).fetchone() is None:
        return True
    if conn.execute(f"{query.format('=')} LIMIT 1", (key,)).fetchone() is None:
        return False
    return set(_runs(conn, query.format("="), key))


def attributes(conn: sqlite3.Connection, name: str, runs: Sequence[int]) -> Values:
    """An attribute of runs that have it; of many runs, also of others."""
    column = ATTRIBUTES[name]
    few = " AND r.n IN (SELECT value FROM json_each(?))" if len(runs) <= _FEW else ""
    query = f"SELECT r.n, {column} FROM runs r WHERE {column} IS NOT NULL{few}"
    found = conn.execute(query, [json.dumps(runs)] if few else []).fetchall()
    return Values([row[0] for row in found], [row[1] for row in found])


def numbers(conn: sqlite3.Connection, key: int, part: str, runs: Sequence[int]) -> Values:
    """One number of a metric's summary, NaN left out; of many runs, also of others."""
    if part == "mean" and len(runs) > _FEW:
        rows = means(conn, key).fetchall()
        return Values([row[0] for row in rows], [row[1] for row in rows])
    return _columns(conn, f"SELECT run, {part} FROM metrics WHERE key = ? AND {part} IS NOT NULL", key, runs)


def samples(conn: sqlite3.Connection, key: int, runs: Iterable[int]) -> dict[int, tuple[str, Any, Any]]:
    """(type, value, exact) of a param by run."""
    rows = conn.execute(
        """SELECT run, type, value, exact FROM params
           WHERE run IN (SELECT value FROM json_each(?)) AND key = ?""",
        (json.dumps(list(runs)), key),
    )
    return {run: (kind, value, exact) for run, kind, value, exact in rows}


def plain(conn: sqlite3.Connection, key: int, sample: tuple[str, Any, Any]) -> Any:
    """The value of a group by one of its runs.

    SQLite holds huge integers by their nearest float. A group in which several share one is told by that float.
    """
    kind, value, exact = sample
    if kind == "int" and exact is not None:
        several = "SELECT count(DISTINCT exact) FROM params WHERE key = ? AND value = ? AND type = 'int'"
        if conn.execute(several, (key, value)).fetchone()[0] > 1:
            return value
    return decode(kind, value, exact)


def _runs(conn: sqlite3.Connection, query: str, key: int) -> Iterable[int]:
    return (run for (run,) in conn.execute(query, (key,)))


def _columns(conn: sqlite3.Connection, query: str, key: int, runs: Sequence[int]) -> Values:
    if len(runs) <= _FEW:
        query = query.replace("key = ?", "key = ? AND run IN (SELECT value FROM json_each(?))")
        rows = conn.execute(query, (key, json.dumps(runs))).fetchall()
    else:
        rows = conn.execute(query, (key,)).fetchall()
    return Values([row[0] for row in rows], [row[1] for row in rows])
