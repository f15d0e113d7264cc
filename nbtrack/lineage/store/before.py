"""The run that came before another."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple


class Before(NamedTuple):
    """A run's id, and what it shares with the one after it, in words."""

    run: str
    chosen: str


_BY_CELL = ("r.notebook IS x.notebook AND r.cell = x.cell", "the run of this cell before it")
_BY_CODE = (
    "r.notebook IS x.notebook AND r.experiment = x.experiment AND r.source = x.source",
    "the run of the same code before it",
)
_BY_NOTEBOOK = (
    "r.notebook = x.notebook AND r.experiment = x.experiment AND r.kind = x.kind",
    "the run before it in this notebook and experiment",
)
_BY_EXPERIMENT = (
    "r.notebook IS NULL AND r.experiment = x.experiment AND r.kind = x.kind",
    "the run before it in this experiment",
)


def before(conn: sqlite3.Connection, run_id: str) -> Before | None:
    """The latest earlier run that is most like a run: of its cell; of the same code; where the cell is not known, any.

    One that was begun inside another run is compared with such a one only. Runs in the trash do not count.
    """
    row = conn.execute("SELECT cell, notebook FROM runs WHERE id = ?", (run_id,)).fetchone()
    if row is None:
        return None
    cell, notebook = row
    any_run = _BY_NOTEBOOK if notebook is not None else _BY_EXPERIMENT
    for condition, chosen in (_BY_CELL, _BY_CODE) if cell is not None else (_BY_CODE, any_run):
        found = conn.execute(
            f"""SELECT r.id FROM runs x CROSS JOIN runs r
                WHERE x.id = ? AND {condition} AND +r.trashed IS NULL AND (r.parent IS NULL) = (x.parent IS NULL)
                AND (r.started, r.n) < (x.started, x.n) ORDER BY r.started DESC, r.n DESC LIMIT 1""",
            (run_id,),
        ).fetchone()
        if found is not None:
            return Before(found[0], chosen)
    return None


def nothing_before(known_cell: bool) -> str:
    """Why there is none, in words."""
    return "there is no earlier run of this cell" if known_cell else "there is no earlier run like it"
