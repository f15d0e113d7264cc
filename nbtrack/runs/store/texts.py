"""Texts that are no UTF-8 any more. Python refuses to read one, and with it all that is read at once: a whole run."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from nbtrack.base.sqlite import add_function

_NEVER = -1  # a checksum that no row has


def any_torn(conn: sqlite3.Connection) -> bool:
    """Whether there is one."""
    return any(
        conn.execute(f"SELECT 1 FROM {table} WHERE {torn} LIMIT 1").fetchone() for table, _, torn, _ in _columns(conn)
    )


def mend(conn: sqlite3.Connection) -> int:
    """Put � in the place of bytes that make no character; in how many texts.

    Their rows are still told as damaged: a checksum goes on not to fit, and who has none gets one that never fits.
    Inside a transaction, whose end checks what the texts refer to.
    """
    add_function(conn, "readable", 1, lambda data: data.decode("utf-8", "replace"))
    conn.execute("PRAGMA defer_foreign_keys = ON")
    count = 0
    for table, column, torn, summed in _columns(conn):
        sums = f", sum = coalesce(sum, {_NEVER})" if summed else ""
        # Ignored where two would become the same that must differ: such a one stays as it is.
        count += conn.execute(
            f"UPDATE OR IGNORE {table} SET {column} = readable(CAST({column} AS BLOB)){sums} WHERE {torn}"
        ).rowcount
    return count


def _columns(conn: sqlite3.Connection) -> Iterator[tuple[str, str, str, bool]]:
    """(table, column, what a row is in which it is torn, whether rows have checksums) of each that may hold texts."""
    tables = conn.execute("SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    for (table,) in tables.fetchall():
        types = {row[1]: row[2] for row in conn.execute(f"PRAGMA main.table_info({table})")}
        for column, kind in types.items():
            if kind in ("TEXT", "ANY"):
                torn = f"typeof({column}) = 'text' AND NOT is_utf8(CAST({column} AS BLOB))"
                yield table, column, torn, "sum" in types
