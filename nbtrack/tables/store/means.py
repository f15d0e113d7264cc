"""Means of metrics, which have no index."""

from __future__ import annotations

import sqlite3

_MANY = 20_000  # values from which on reading a table through costs less than looking each of them up


def means(conn: sqlite3.Connection, key: int) -> sqlite3.Cursor:
    """(run, mean) of every run that has one, NaN left out."""
    count = f"SELECT count(*) FROM (SELECT 1 FROM metrics WHERE key = ? LIMIT {_MANY})"
    by = "+key" if conn.execute(count, (key,)).fetchone()[0] == _MANY else "key"
    return conn.execute(f"SELECT run, mean FROM metrics WHERE {by} = ? AND mean IS NOT NULL", (key,))
