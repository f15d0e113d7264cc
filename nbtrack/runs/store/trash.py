"""Deleting runs for good, in small transactions, and finding objects that nobody uses any more."""

from __future__ import annotations

import sqlite3

_STEP = 200  # chunk rows of up to 100 kB a transaction: another kernel is held up for milliseconds only
_TABLES = ("params", "param_history", "tags", "metrics", "outputs", "artifacts", "datasets")


def in_trash(conn: sqlite3.Connection, before: float | None = None) -> list[int]:
    """Runs in the trash, or only those put there before a time."""
    if before is None:
        return [row[0] for row in conn.execute("SELECT n FROM runs WHERE trashed IS NOT NULL")]
    return [row[0] for row in conn.execute("SELECT n FROM runs WHERE trashed < ?", (before,))]


def delete_some_points(conn: sqlite3.Connection, run: int) -> bool:
    """Delete a part of a run's points; True while there are more."""
    done = conn.execute("DELETE FROM points WHERE n IN (SELECT n FROM points WHERE run = ? LIMIT ?)", (run, _STEP))
    return done.rowcount == _STEP


def delete_run(conn: sqlite3.Connection, run: int) -> None:
    """Delete a run whose points are gone."""
    for table in _TABLES:
        conn.execute(f"DELETE FROM {table} WHERE run = ?", (run,))
    conn.execute("DELETE FROM runs WHERE n = ?", (run,))


def delete_unused(conn: sqlite3.Connection) -> list[str]:
    """Forget sources, environments, executions and objects that no run uses; the hashes of those objects."""
    conn.execute("DELETE FROM executions WHERE session NOT IN (SELECT session FROM runs WHERE session IS NOT NULL)")
    conn.execute(
        """DELETE FROM sources WHERE hash NOT IN (SELECT source FROM runs WHERE source IS NOT NULL)
           AND hash NOT IN (SELECT source FROM executions WHERE source IS NOT NULL)"""
    )
    conn.execute(
        """DELETE FROM environments WHERE hash NOT IN
           (SELECT environment FROM runs WHERE environment IS NOT NULL)"""
    )
    unused = conn.execute(
        """DELETE FROM objects WHERE hash NOT IN (SELECT hash FROM artifacts)
           AND hash NOT IN (SELECT hash FROM model_files) RETURNING hash"""
    )
    return [row[0] for row in unused]


def object_names(conn: sqlite3.Connection) -> set[str]:
    """The hashes of all objects that runs use."""
    return {row[0] for row in conn.execute("SELECT hash FROM objects")}
