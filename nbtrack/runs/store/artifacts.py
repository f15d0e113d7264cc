"""Outputs, artifacts and data sets of a run. The files themselves lie in `nbtrack.runs.objects`."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from nbtrack.base.errors import NotFound
from nbtrack.runs import hashes
from nbtrack.runs.values import brief


def save_output(conn: sqlite3.Connection, run: int, values: Mapping[str, Any]) -> None:
    """Store one output of a run's cell at its position."""
    conn.execute(
        """INSERT OR REPLACE INTO outputs (run, position, kind, mime, text, plain, artifact, dropped)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            run,
            values["position"],
            values["kind"],
            values["mime"],
            values.get("text"),
            values.get("plain"),
            values.get("artifact"),
            values.get("dropped", 0),
        ),
    )


def outputs_of(conn: sqlite3.Connection, run: int) -> list[dict[str, Any]]:
    """A run's outputs in the order they appeared."""
    rows = conn.execute(
        "SELECT kind, mime, text, plain, artifact, dropped FROM outputs WHERE run = ? ORDER BY position",
        (run,),
    )
    return [dict(zip(("kind", "mime", "text", "plain", "artifact", "dropped"), row, strict=True)) for row in rows]


def save_artifact(conn: sqlite3.Connection, run: int, run_id: str, values: Mapping[str, Any]) -> None:
    """Store that a run has an artifact; one of the same path is replaced."""
    conn.execute(
        "INSERT INTO objects (hash, size, created) VALUES (?, ?, ?) ON CONFLICT (hash) DO NOTHING",
        (values["hash"], values["size"], values["created"]),
    )
    about = (values["path"], values["hash"], values["size"])
    row = (run, *about, values.get("mime"), values.get("kind", "file"), values["created"])
    conn.execute(
        """INSERT OR REPLACE INTO artifacts (run, path, hash, size, mime, kind, created, checksum)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
        (*row, row_checksum(run_id, *about)),
    )


def row_checksum(run_id: str, path: str, content: str, size: int) -> str:
    """A checksum over what an artifact's row says, since SQLite's own checks miss most single flipped bits."""
    return hashlib.sha256(f"{run_id}\0{path}\0{content}\0{size}".encode()).hexdigest()[:16]


def artifacts_of(conn: sqlite3.Connection, run: int) -> list[dict[str, Any]]:
    """A run's artifacts by path."""
    rows = conn.execute(
        "SELECT path, hash, size, mime, kind, created, checksum FROM artifacts WHERE run = ? ORDER BY path",
        (run,),
    )
    names = ("path", "hash", "size", "mime", "kind", "created", "checksum")
    return [dict(zip(names, row, strict=True)) for row in rows]


def save_dataset(conn: sqlite3.Connection, run: int, values: Mapping[str, Any]) -> None:
    """Store that a run read a data set. One that was found never takes the place of one that the user logged."""
    info = dict(values.get("info", {}))
    if "seen" in info:
        query = "SELECT info FROM datasets WHERE run = ? AND name = ?"
        known = conn.execute(query, (run, values["name"])).fetchone()
        if known is not None and "seen" not in json.loads(known[0]):
            return
    changed = _changed(conn, run, values)
    if changed is not None:
        info["changed"] = changed
    conn.execute(
        "INSERT OR REPLACE INTO datasets (run, name, role, kind, path, hash, info) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            run,
            values["name"],
            values.get("role", "input"),
            values["kind"],
            values.get("path"),
            values.get("hash"),
            json.dumps(info),
        ),
    )


_SAME_PATH = """SELECT runs.id, runs.name, datasets.hash, runs.started FROM datasets JOIN runs ON runs.n = datasets.run
    WHERE datasets.path = ? AND datasets.run < ? AND runs.trashed IS NULL
    ORDER BY datasets.run DESC LIMIT ?"""
_SAME_NAME = """SELECT before.id, before.name, datasets.hash, before.started
    FROM (SELECT earlier.n, earlier.id, earlier.name, earlier.started FROM runs AS earlier, runs AS own
          WHERE own.n = ? AND earlier.notebook = own.notebook AND earlier.cell IS own.cell AND earlier.n < own.n
                AND earlier.trashed IS NULL
          ORDER BY earlier.n DESC LIMIT ?) AS before
    JOIN datasets ON datasets.run = before.n AND datasets.name = ? AND datasets.path IS NULL
    ORDER BY before.n DESC LIMIT ?"""
_BACK = 100  # runs of the cell that are looked through


def _changed(conn: sqlite3.Connection, run: int, values: Mapping[str, Any]) -> dict[str, Any] | None:
    """The latest run before that read the same data, if their content was another then; None if not.

    The same data are those of the same path; without one, those of the same name in the same cell. Hashes that were
    made in another way tell nothing: the run before those is asked.
    """
    now, path = values.get("hash"), values.get("path")
    if not now:
        return None
    if path:
        rows = conn.execute(_SAME_PATH, (path, run, _BACK))
    else:
        rows = conn.execute(_SAME_NAME, (run, _BACK, values["name"], _BACK))
    for run_id, name, before, at in rows:
        if hashes.differ(before, now) is not None:
            return {"run": run_id, "name": name, "hash": before, "at": at} if before != now else None
    return None


def datasets_of(conn: sqlite3.Connection, run: int) -> list[dict[str, Any]]:
    """The data sets a run read."""
    rows = conn.execute("SELECT name, role, kind, path, hash, info FROM datasets WHERE run = ? ORDER BY name", (run,))
    found = [dict(zip(("name", "role", "kind", "path", "hash", "info"), row, strict=True)) for row in rows]
    for row in found:
        row["info"] = json.loads(row["info"])
    return found


def artifact_of(conn: sqlite3.Connection, run: int, path: str) -> dict[str, Any]:
    """One artifact of a run.

    Raises:
        NotFound: the run has none of this path; those it has are listed.
    """
    found = artifacts_of(conn, run)
    for row in found:
        if row["path"] == path:
            return row
    raise NotFound(
        f"No artifact {brief(path)} in this run.",
        f"There are: {', '.join(row['path'] for row in found[:10]) or 'none'}.",
    )
