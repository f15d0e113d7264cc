"""The files of runs and of logged models in SQL. Their content lies in `nbtrack.runs.objects`.

Where they are kept is one of two tables, see `Keeper`. A row of ``kind`` "folder" is a folder without files.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nbtrack.runs.store.artifacts import save_artifact
from nbtrack.runs.store.runs import touch

FOLDER = "folder"


@dataclass(frozen=True)
class Keeper:
    """Whose files: of a run or of a model, by its row and id."""

    kind: str  # run or model
    row: int
    id: str

    @property
    def table(self) -> str:
        """Where they stand, by ``run`` or ``model``."""
        return "artifacts" if self.kind == "run" else "model_files"


def keeper(conn: sqlite3.Connection, kind: str, its_id: str) -> Keeper | None:
    """A run or model by its id. kind: run or model."""
    table = "runs" if kind == "run" else "logged_models"
    row = conn.execute(f"SELECT n FROM {table} WHERE id = ?", (its_id,)).fetchone()
    return Keeper(kind, int(row[0]), its_id) if row else None


def save(conn: sqlite3.Connection, owner: Keeper, files: Sequence[dict[str, Any]]) -> None:
    """Store that there are files: path, hash, size, mime, kind and created of each; those of the same path go."""
    for file in files:
        for folder in _parents(file["path"]):  # it is empty no longer
            conn.execute(
                f"DELETE FROM {owner.table} WHERE {owner.kind} = ? AND path = ? AND kind = ?",
                (owner.row, folder, FOLDER),
            )
        if owner.kind == "run":
            save_artifact(conn, owner.row, owner.id, file)
            continue
        conn.execute(
            "INSERT INTO objects (hash, size, created) VALUES (?, ?, ?) ON CONFLICT (hash) DO NOTHING",
            (file["hash"], file["size"], file["created"]),
        )
        conn.execute(
            """INSERT OR REPLACE INTO model_files (model, path, hash, size, mime, kind, created)
               VALUES (?, ?, ?, ?, ?, ?, ?)""",
            (owner.row, *(file[name] for name in ("path", "hash", "size", "mime", "kind", "created"))),
        )
    _touch(conn, owner)


def _parents(path: str) -> list[str]:
    parts = path.split("/")[:-1]
    return ["/".join(parts[: end + 1]) for end in range(len(parts))]


def find(conn: sqlite3.Connection, owner: Keeper, path: str) -> tuple[str, int, str] | None:
    """(hash, size, kind) of the file at a path."""
    query = f"SELECT hash, size, kind FROM {owner.table} WHERE {owner.kind} = ? AND path = ?"
    row = conn.execute(query, (owner.row, path)).fetchone()
    return tuple(row) if row else None


def inside(conn: sqlite3.Connection, owner: Keeper, folder: str) -> list[tuple[str, int, str]]:
    """(path, size, kind) of everything below a folder, by path; of all there is for an empty one."""
    query = f"SELECT path, size, kind FROM {owner.table} WHERE {owner.kind} = ?"
    given: list[Any] = [owner.row]
    if folder:
        query += " AND path > ? AND path < ?"  # what begins with "folder/": "0" comes next after "/"
        given += [f"{folder}/", f"{folder}0"]
    return conn.execute(f"{query} ORDER BY path", given).fetchall()


def remove(conn: sqlite3.Connection, owner: Keeper, path: str) -> None:
    """Forget a file, or a folder with all below it; the purge takes what nobody else uses."""
    query = f"DELETE FROM {owner.table} WHERE {owner.kind} = ?"
    if path:
        given = (owner.row, path, f"{path}/", f"{path}0")
        conn.execute(f"{query} AND (path = ? OR (path > ? AND path < ?))", given)
    else:
        conn.execute(query, (owner.row,))
    _touch(conn, owner)


def _touch(conn: sqlite3.Connection, owner: Keeper) -> None:
    if owner.kind == "run":
        touch(conn, [owner.row])
