"""Looking for damage. Nothing is changed by looking."""

from __future__ import annotations

import sqlite3


def library_version() -> str:
    """The version of the SQLite library."""
    return sqlite3.sqlite_version


def journal_mode(conn: sqlite3.Connection) -> str:
    """How the file takes changes back, in the words of SQLite, as "wal" or "delete"."""
    return str(conn.execute("PRAGMA journal_mode").fetchone()[0])


def damage(conn: sqlite3.Connection, most: int = 5) -> list[str]:
    """What SQLite's quick check finds wrong with the file, at most so many sentences; empty when it is sound."""
    try:
        found = [str(row[0]) for row in conn.execute(f"PRAGMA quick_check({int(most)})")]
    except sqlite3.DatabaseError as error:
        return [str(error)]
    return [] if found == ["ok"] else found


def running(conn: sqlite3.Connection) -> list[int]:
    """The runs that are said to be running."""
    return [row[0] for row in conn.execute("SELECT n FROM runs WHERE status = 'running'")]


def objects_used(conn: sqlite3.Connection) -> list[tuple[str, int, str, str]]:
    """(hash, size, name of a run, path) of every file that some run outside or inside the trash needs."""
    return conn.execute(
        """SELECT a.hash, a.size, r.name, a.path FROM artifacts a JOIN runs r ON r.n = a.run
           GROUP BY a.hash ORDER BY r.started DESC"""
    ).fetchall()
