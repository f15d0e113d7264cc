"""What the file says of itself."""

from __future__ import annotations

import sqlite3


def revision(conn: sqlite3.Connection) -> int:
    """A number that grows with every change to the file."""
    return int(conn.execute("SELECT value FROM meta WHERE key = 'revision'").fetchone()[0])


def columns_of(conn: sqlite3.Connection, table: str) -> frozenset[str]:
    """The columns a table has: a file of an older version that may not be written is read as it is."""
    return frozenset(row[1] for row in conn.execute(f"PRAGMA table_info({table})"))
