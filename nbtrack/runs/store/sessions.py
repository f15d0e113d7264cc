"""Sessions: the processes that wrote runs, and how far their journals are in the database."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

_FIELDS = (
    "kind",
    "kernel_id",
    "parent",
    "host",
    "boot_id",
    "pid_namespace",
    "pid",
    "process_started",
    "started",
    "heartbeat",
)


def session_number(conn: sqlite3.Connection, session: str) -> int:
    """The row of a session; a session known by its id only gets an empty row, filled when its own record comes."""
    conn.execute("INSERT INTO sessions (id) VALUES (?) ON CONFLICT (id) DO NOTHING", (session,))
    return int(conn.execute("SELECT n FROM sessions WHERE id = ?", (session,)).fetchone()[0])


def save_session(conn: sqlite3.Connection, session: str, values: Mapping[str, Any]) -> int:
    """Store what is known of a session."""
    number = session_number(conn, session)
    sets = ", ".join(f"{field} = ?" for field in _FIELDS)
    conn.execute(f"UPDATE sessions SET {sets} WHERE n = ?", (*(values.get(field) for field in _FIELDS), number))
    return number


def position(conn: sqlite3.Connection, session: str) -> tuple[int, int]:
    """(segment, offset) up to which the session's journal is in the database."""
    row = conn.execute("SELECT segment, offset FROM sessions WHERE id = ?", (session,)).fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)


def set_position(conn: sqlite3.Connection, session: str, segment: int, offset: int, now: float) -> None:
    """Note how far the journal was taken; in the same transaction as what was taken."""
    session_number(conn, session)
    conn.execute(
        "UPDATE sessions SET segment = ?, offset = ?, heartbeat = ? WHERE id = ?",
        (segment, offset, now, session),
    )


def started(conn: sqlite3.Connection, number: int) -> float | None:
    """When a session began, None if its own record has not come."""
    found: float | None = conn.execute("SELECT started FROM sessions WHERE n = ?", (number,)).fetchone()[0]
    return found


def end_session(conn: sqlite3.Connection, session: str, at: float) -> None:
    """The process said that it ends."""
    conn.execute("UPDATE sessions SET ended = ? WHERE id = ?", (at, session))


def beat(conn: sqlite3.Connection, session: str, now: float) -> None:
    """Say that the session lives; read only where its process cannot be looked up, such as from another host."""
    conn.execute("UPDATE sessions SET heartbeat = ? WHERE id = ?", (now, session))


def heartbeat(conn: sqlite3.Connection, session: str) -> float:
    """When something was last heard of a session; 0 if never."""
    row = conn.execute("SELECT heartbeat FROM sessions WHERE id = ?", (session,)).fetchone()
    return float(row[0] or 0.0) if row else 0.0


def with_running_runs(conn: sqlite3.Connection) -> list[dict[str, Any]]:
    """The sessions that have a running run."""
    cursor = conn.execute(
        """SELECT DISTINCT s.* FROM runs r JOIN sessions s ON s.n = r.session WHERE r.status = 'running'"""
    )
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]
