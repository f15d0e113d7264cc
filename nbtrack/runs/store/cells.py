"""Cell sources by content, the executions of a kernel session, and environments."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from nbtrack.runs.store.meta import columns_of


def save_source(conn: sqlite3.Connection, text: str) -> str:
    """Store a cell's text once; its hash."""
    name = hashlib.sha256(text.encode("utf-8")).hexdigest()
    conn.execute("INSERT INTO sources (hash, text) VALUES (?, ?) ON CONFLICT (hash) DO NOTHING", (name, text))
    return name


def source(conn: sqlite3.Connection, name: str | None) -> str | None:
    """A cell's text by its hash."""
    row = conn.execute("SELECT text FROM sources WHERE hash = ?", (name,)).fetchone()
    return row[0] if row else None


def save_environment(conn: sqlite3.Connection, name: str, body: Mapping[str, Any] | None) -> None:
    """Store an environment once, under the hash it was given."""
    if body is not None:
        conn.execute(
            "INSERT INTO environments (hash, body) VALUES (?, ?) ON CONFLICT (hash) DO NOTHING",
            (name, json.dumps(body)),
        )


def environment(conn: sqlite3.Connection, name: str | None) -> dict[str, Any]:
    """What is known of an environment; empty when none was recorded."""
    row = conn.execute("SELECT body FROM environments WHERE hash = ?", (name,)).fetchone()
    return json.loads(row[0]) if row else {}


def save_execution(conn: sqlite3.Connection, session: int, values: Mapping[str, Any]) -> None:
    """Store one execution of the session's kernel."""
    text = values.get("source")
    conn.execute(
        """INSERT OR REPLACE INTO executions
           (session, number, execution, cell, source, started, ended, status, stored, loaded, facts)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            session,
            values["number"],
            values.get("execution"),
            values.get("cell"),
            save_source(conn, text) if text is not None else None,
            values.get("started"),
            values.get("ended"),
            values.get("status"),
            json.dumps(values.get("stored", [])),
            json.dumps(values.get("loaded", [])),
            json.dumps(values.get("facts", {})),
        ),
    )


def executions_before(conn: sqlite3.Connection, session: int, number: int) -> list[dict[str, Any]]:
    """The session's executions up to one, in order, with their text and the names they stored and loaded."""
    facts = "x.facts" if "facts" in columns_of(conn, "executions") else "'{}'"
    cursor = conn.execute(
        f"""SELECT x.number, x.execution, x.cell, s.text, x.started, x.ended, x.status, x.stored, x.loaded, {facts}
           FROM executions x LEFT JOIN sources s ON s.hash = x.source
           WHERE x.session = ? AND x.number < ? ORDER BY x.number""",
        (session, number),
    )
    names = ("number", "execution", "cell", "source", "started", "ended", "status", "stored", "loaded", "facts")
    found = [dict(zip(names, row, strict=True)) for row in cursor]
    for row in found:
        row["stored"], row["loaded"] = json.loads(row["stored"] or "[]"), json.loads(row["loaded"] or "[]")
        row["facts"] = json.loads(row["facts"])
    return found
