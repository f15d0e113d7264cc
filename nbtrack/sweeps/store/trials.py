"""Trials of earlier sweeps."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from nbtrack.runs.store.meta import columns_of


def earlier(conn: sqlite3.Connection, notebook: str | None, cell: str) -> list[tuple[int, str, dict[str, Any]]]:
    """(row, status, what is known of the trial), oldest first: of sweeps over the same code in the same notebook.

    cell: what stands for the code, see `nbtrack.sweeps.keys`. Trials in the trash are none.
    """
    if "about" not in columns_of(conn, "runs"):
        return []
    rows = conn.execute(
        """SELECT r.n, r.status, r.about FROM runs p JOIN runs r ON r.parent = p.n
           WHERE p.kind = 'sweep' AND p.notebook IS ? AND instr(p.about, ?) AND r.trashed IS NULL ORDER BY r.n""",
        (notebook, cell),
    )
    found = []
    for number, status, about in rows:
        trial = json.loads(about).get("trial")
        if isinstance(trial, dict) and trial.get("cell") == cell:
            found.append((number, status, trial))
    return found
