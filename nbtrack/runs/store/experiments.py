"""Experiments: names that group runs."""

from __future__ import annotations

import sqlite3
import time

from nbtrack.base.errors import InvalidOption, NotFound


def experiment_number(conn: sqlite3.Connection, name: str) -> int:
    """The row of an experiment, made when it is new; one in the trash comes back, as runs come into it."""
    row = conn.execute("SELECT n, trashed FROM experiments WHERE name = ?", (name,)).fetchone()
    if row is not None and row[1] is not None:
        conn.execute("UPDATE experiments SET trashed = NULL WHERE n = ?", (row[0],))
    if row is None:
        row = conn.execute(
            "INSERT INTO experiments (name, created) VALUES (?, ?) RETURNING n", (name, time.time())
        ).fetchone()
    return int(row[0])


def list_experiments(conn: sqlite3.Connection) -> list[tuple[str, str, float, int, float | None]]:
    """(name, note, created, runs outside the trash, start of the latest run), the latest first."""
    return conn.execute(
        """SELECT e.name, e.note, e.created, count(r.n), max(r.started) FROM experiments e
           LEFT JOIN runs r ON r.experiment = e.n AND r.trashed IS NULL
           GROUP BY e.n ORDER BY max(r.started) DESC NULLS LAST, e.n"""
    ).fetchall()


def existing(conn: sqlite3.Connection, name: str) -> int:
    """The row of an experiment that must exist.

    Raises:
        NotFound: there is none of this name.
    """
    row = conn.execute("SELECT n FROM experiments WHERE name = ?", (name,)).fetchone()
    if row is None:
        names = [row[0] for row in conn.execute("SELECT name FROM experiments ORDER BY name LIMIT 10")]
        raise NotFound(f"No experiment '{name}'.", f"There are: {', '.join(names) or 'none yet'}.")
    return int(row[0])


def rename_experiment(conn: sqlite3.Connection, old: str, new: str) -> None:
    """Give an experiment another name.

    Raises:
        NotFound: there is none of the old name.
        InvalidOption: the new name is taken.
    """
    number = existing(conn, old)
    if conn.execute("SELECT 1 FROM experiments WHERE name = ? AND n != ?", (new, number)).fetchone():
        raise InvalidOption(f"There is an experiment '{new}' already.", "Merge the two instead.")
    conn.execute("UPDATE experiments SET name = ? WHERE n = ?", (new, number))


def merge_experiments(conn: sqlite3.Connection, source: str, target: str) -> list[int]:
    """Move all runs of one experiment into another and remove the first; the runs that moved."""
    old, new = existing(conn, source), experiment_number(conn, target)
    if old == new:
        return []
    moved = [row[0] for row in conn.execute("SELECT n FROM runs WHERE experiment = ?", (old,))]
    for table in ("runs", "logged_models"):
        conn.execute(f"UPDATE {table} SET experiment = ? WHERE experiment = ?", (new, old))
    conn.execute("DELETE FROM experiments WHERE n = ?", (old,))
    return moved


def exists(conn: sqlite3.Connection, name: str) -> bool:
    """Whether there is an experiment of this name."""
    return conn.execute("SELECT 1 FROM experiments WHERE name = ?", (name,)).fetchone() is not None


def name_of(conn: sqlite3.Connection, number: int) -> str:
    """The name of an experiment by its row."""
    return str(conn.execute("SELECT name FROM experiments WHERE n = ?", (number,)).fetchone()[0])


def about(conn: sqlite3.Connection, name: str) -> tuple[str, float]:
    """(note, created) of an experiment.

    Raises:
        NotFound: there is none of this name.
    """
    row = conn.execute("SELECT note, created FROM experiments WHERE n = ?", (existing(conn, name),)).fetchone()
    return str(row[0]), float(row[1])


def restore(conn: sqlite3.Connection, name: str, note: str, created: float) -> None:
    """Make an experiment as it was."""
    conn.execute(
        "INSERT INTO experiments (name, note, created) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING",
        (name, note, created),
    )


def drop_empty(conn: sqlite3.Connection, name: str) -> None:
    """Remove an experiment that has neither runs nor models."""
    conn.execute(
        """DELETE FROM experiments WHERE name = ? AND n NOT IN (SELECT experiment FROM runs)
           AND n NOT IN (SELECT experiment FROM logged_models)""",
        (name,),
    )
