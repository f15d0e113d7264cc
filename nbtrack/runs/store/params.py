"""Params and tags. A param that changes keeps what it was before."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from nbtrack.base.sums import Value
from nbtrack.runs.store.keys import key_number
from nbtrack.runs.values import decode, encode

ParamRow = tuple[int, int, str, Value, Value, str, float]  # run, key, type, value, exact, source, at


def set_param(conn: sqlite3.Connection, run: int, name: str, value: Any, source: str, at: float) -> None:
    """Store a param. An explicit one is never replaced by a captured one; a replaced value goes to the history."""
    key, stored = key_number(conn, "param", name), encode(value)
    row = conn.execute(
        "SELECT type, value, exact, source, at FROM params WHERE run = ? AND key = ?", (run, key)
    ).fetchone()
    if row is not None:
        if row[3] == "explicit" and source != "explicit":
            return
        if _same(row[:3], stored):
            conn.execute("UPDATE params SET source = ? WHERE run = ? AND key = ?", (source, run, key))
            return
        if "explicit" in (row[3], source):  # what a cell read and then assigned has changed no setting of the run
            put_history(conn, [(run, key, *row)])
    put_params(conn, [(run, key, *stored, source, at)])


def put_params(conn: sqlite3.Connection, rows: Iterable[ParamRow]) -> None:
    """Store params as they are, in place of those of the same keys."""
    conn.executemany(
        "INSERT OR REPLACE INTO params (run, key, type, value, exact, source, at) VALUES (?, ?, ?, ?, ?, ?, ?)", rows
    )


def put_history(conn: sqlite3.Connection, rows: Iterable[ParamRow]) -> None:
    """Store what params were before."""
    conn.executemany(
        "INSERT INTO param_history (run, key, type, value, exact, source, at) VALUES (?, ?, ?, ?, ?, ?, ?)", rows
    )


def _same(old: Sequence[Any], new: Sequence[Any]) -> bool:
    # repr tells −0.0 from 0.0, and int from float, where == does not.
    return [repr(x) for x in old] == [repr(x) for x in new]


def params_of(conn: sqlite3.Connection, run: int) -> list[tuple[str, Any, str, float]]:
    """(name, value, source, time) of every param of a run, in the order they were first stored."""
    rows = conn.execute(
        """SELECT k.name, p.type, p.value, p.exact, p.source, p.at FROM params p JOIN keys k ON k.n = p.key
           WHERE p.run = ? ORDER BY p.at, k.name""",
        (run,),
    )
    return [(name, decode(kind, value, exact), source, at) for name, kind, value, exact, source, at in rows]


def history_of(conn: sqlite3.Connection, run: int) -> list[tuple[str, Any, str, float]]:
    """(name, earlier value, source, time) of params that were changed, oldest first."""
    rows = conn.execute(
        """SELECT k.name, p.type, p.value, p.exact, p.source, p.at FROM param_history p JOIN keys k ON k.n = p.key
           WHERE p.run = ? ORDER BY p.n""",
        (run,),
    )
    return [(name, decode(kind, value, exact), source, at) for name, kind, value, exact, source, at in rows]


def param_columns(conn: sqlite3.Connection, runs: Iterable[int], keys: Iterable[int]) -> dict[tuple[int, int], Any]:
    """Values by (run, key), for a table of a few runs."""
    run_list, key_list = list(runs), list(keys)
    rows = conn.execute(
        f"""SELECT run, key, type, value, exact FROM params
            WHERE run IN ({marks(run_list)}) AND key IN ({marks(key_list)})""",
        (*run_list, *key_list),
    )
    return {(run, key): decode(kind, value, exact) for run, key, kind, value, exact in rows}


def set_tag(conn: sqlite3.Connection, run: int, name: str, value: str) -> None:
    """Store or replace a tag."""
    put_tags(conn, [(run, key_number(conn, "tag", name), value)])


def put_tags(conn: sqlite3.Connection, rows: Iterable[tuple[int, int, str]]) -> None:
    """Store tags as they are, in place of those of the same keys."""
    conn.executemany("INSERT OR REPLACE INTO tags (run, key, value) VALUES (?, ?, ?)", rows)


def remove_tag(conn: sqlite3.Connection, run: int, name: str) -> None:
    """Take a tag off, if it is there."""
    conn.execute("DELETE FROM tags WHERE run = ? AND key = ?", (run, key_number(conn, "tag", name)))


def tags_of(conn: sqlite3.Connection, run: int) -> dict[str, str]:
    """A run's tags by name."""
    rows = conn.execute(
        "SELECT k.name, t.value FROM tags t JOIN keys k ON k.n = t.key WHERE t.run = ? ORDER BY k.name",
        (run,),
    )
    return dict(rows.fetchall())


def marks(values: Sequence[Any]) -> str:
    """``?, ?, ?`` for as many values."""
    return ", ".join("?" * len(values))
