"""Where notebooks went: a kernel goes on saying the path that it was told when it was started."""

from __future__ import annotations

import sqlite3

from nbtrack.runs.store.meta import revision

_KEPT = 1000


def move_runs(conn: sqlite3.Connection, old: str, new: str) -> list[int]:
    """Give the runs of a notebook, or of all notebooks in a folder, its new path; which these were."""
    rows = conn.execute(
        """UPDATE runs SET notebook = ?1 || substr(notebook, length(?2) + 1), revision = ?3
           WHERE notebook = ?2 OR (notebook > ?2 || '/' AND notebook < ?2 || '0')  -- '0' comes after '/'
           RETURNING n""",
        (new, old, revision(conn)),
    )
    return [row[0] for row in rows.fetchall()]


def remember(conn: sqlite3.Connection, old: str, new: str, at: float) -> None:
    """Note a move, for the runs that a kernel still records under the old path; the oldest fall off."""
    number = conn.execute("INSERT INTO moves (old, new, at) VALUES (?, ?, ?) RETURNING n", (old, new, at)).fetchone()[0]
    conn.execute("DELETE FROM moves WHERE n <= ?", (number - _KEPT,))


def followed(conn: sqlite3.Connection, path: str, told: float) -> str:
    """Where the notebook is now of which a kernel was told at a time that it is at ``path``.

    Only what was moved after that counts, in its order: another notebook may have been at the same path before, and
    another may be there now.
    """
    for old, new in conn.execute("SELECT old, new FROM moves WHERE at >= ? ORDER BY n", (told,)).fetchall():
        if path == old or path.startswith(f"{old}/"):
            path = new + path[len(old) :]
    return path
