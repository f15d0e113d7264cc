"""The schema of a damaged database, written again as it should be: SQLite opens the file then and reads its tables."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from nbtrack.base.sqlite import plain
from nbtrack.runs.migrations import MIGRATIONS
from nbtrack.runs.store.deep import lenient

_HEADER = 100  # bytes
_MALFORMED = re.compile(r"malformed database schema \((.*?)\)")


def mended(damaged: Path, like: Path) -> bool:
    """Make the schema of a database readable again, as far as its parts are known; whether there is one.

    like: a sound database of today. Nobody has either open.
    """
    for graft in (False, True):
        if graft:  # the first bytes are the same in every file of ours
            head = bytearray(like.read_bytes()[:_HEADER])
            size = int.from_bytes(head[16:18], "big")
            head[28:32] = (damaged.stat().st_size // size).to_bytes(4, "big")
            head[32:40] = bytes(8)  # no list of free pages
            with damaged.open("r+b") as file:
                file.write(head)
        with suppress(sqlite3.Error), closing(plain(damaged.as_posix())) as conn, lenient(conn):
            conn.execute("PRAGMA writable_schema = ON")
            if conn.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                _mend_schema(conn, like)
                _leave_out_malformed(conn)
                return True
    return False


def _mend_schema(conn: sqlite3.Connection, like: Path) -> None:
    """Write the text of each table and index as it should be. One of an older version is left, if it can be read."""
    readable = True
    try:
        with closing(plain(conn.execute("PRAGMA database_list").fetchone()[2])) as other:
            other.execute("SELECT count(*) FROM runs")
    except sqlite3.Error:
        readable = False
    if readable and conn.execute("PRAGMA user_version").fetchone()[0] != len(MIGRATIONS):
        return
    with closing(plain(like.as_posix())) as model:
        wanted = model.execute("SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
        own = set(model.execute("SELECT name, tbl_name FROM sqlite_master WHERE sql IS NULL"))
    for kind, name, table, text in wanted:
        conn.execute(
            "UPDATE sqlite_master SET type = ?1, name = ?2, tbl_name = ?3, sql = ?4 WHERE name = ?2 OR sql = ?4",
            (kind, name, table, text),
        )
    _mend_own_indexes(conn, own)
    if not readable:  # what is not of ours, or not any more, must not stand in the way of the others
        known = [name for _, name, _, _ in wanted]
        conn.execute(
            f"DELETE FROM sqlite_master WHERE sql IS NOT NULL AND name NOT IN ({', '.join('?' * len(known))})", known
        )


def _leave_out_malformed(conn: sqlite3.Connection) -> None:
    """Take out of a schema, one after the other, what keeps SQLite from opening the file: a page that there is not."""
    path = conn.execute("PRAGMA database_list").fetchone()[2]
    while True:
        try:
            with closing(plain(path)) as other:
                other.execute("SELECT count(*) FROM sqlite_master")
        except sqlite3.DatabaseError as error:
            name = _MALFORMED.search(str(error))
            if not name or not conn.execute("DELETE FROM sqlite_master WHERE name = ?", name.groups()).rowcount:
                raise
        else:
            return


def _mend_own_indexes(conn: sqlite3.Connection, wanted: set[tuple[str, str]]) -> None:
    """Name SQLite's own indexes, which have no text, as they should be: by their name or table, whichever is left."""
    rows = conn.execute("SELECT rowid, name, tbl_name FROM sqlite_master WHERE sql IS NULL").fetchall()
    missing = wanted - {(name, table) for _, name, table in rows}
    for number, name, table in rows:
        if (name, table) in wanted:
            continue
        alike = [one for one in sorted(missing) if name == one[0] or table == one[1]]
        if alike:
            missing.discard(alike[0])
            conn.execute(
                "UPDATE sqlite_master SET type = 'index', name = ?, tbl_name = ? WHERE rowid = ?", (*alike[0], number)
            )
