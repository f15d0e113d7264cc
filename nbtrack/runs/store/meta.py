"""What the file says of itself."""

from __future__ import annotations

import sqlite3


def revision(conn: sqlite3.Connection) -> int:
    """A number that grows with every change to the file."""
    return int(conn.execute("SELECT value FROM meta WHERE key = 'revision'").fetchone()[0])
