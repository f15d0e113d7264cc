"""Rows of experiments, with the numbers that MLflow knows them by.

MLflow's experiment 0, Default, is ours named "default". It has the row 0 where MLflow was the first to need it; else
it is known as 0 whatever its row is.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from nbtrack.transfer.mlflow import DEFAULT as _DEFAULT
from nbtrack.transfer.mlflow import NOTE

THEIR_DEFAULT, DEFAULT = _DEFAULT

CREATED = "CAST(round(created * 1000) AS INTEGER)"
UPDATED = f"coalesce(json_extract(about, '$.mlflow.updated'), {CREATED})"


class Experiment(NamedTuple):
    """An experiment. id and name: as MLflow knows it. about: what MLflow's door noted: tags, updated, location."""

    n: int
    id: int
    name: str
    note: str
    created: float
    trashed: float | None
    about: dict[str, Any]

    @property
    def tags(self) -> dict[str, str]:
        """Its tags; the note is one of them."""
        note = {NOTE: self.note} if self.note else {}
        return {**self.about.get("tags", {}), **note}


def default_number(conn: sqlite3.Connection) -> int | None:
    """The row of the default experiment, None if there is none yet."""
    row = conn.execute(
        "SELECT n FROM experiments WHERE n = 0 OR name = ? ORDER BY n != 0 LIMIT 1", (DEFAULT,)
    ).fetchone()
    return None if row is None else int(row[0])


def make_default(conn: sqlite3.Connection) -> None:
    """Make the default experiment."""
    conn.execute("INSERT OR IGNORE INTO experiments (n, name, created) VALUES (0, ?, ?)", (DEFAULT, time.time()))


def names(conn: sqlite3.Connection) -> tuple[str, str]:
    """SQL for the id and the name that MLflow knows an experiment by."""
    default = default_number(conn)
    if default is None:
        return "n", "name"
    named = f"CASE WHEN n = {default:d} AND name = '{DEFAULT}' THEN '{THEIR_DEFAULT}' ELSE name END"
    return f"CASE WHEN n = {default:d} THEN 0 ELSE n END", named


def select(
    conn: sqlite3.Connection,
    where: str = "1",
    args: Sequence[Any] = (),
    order: str = "",
    limit: int = -1,
    skip: int = 0,
) -> list[Experiment]:
    """Experiments for which a condition holds."""
    number, name = names(conn)
    rows = conn.execute(
        f"""SELECT n, {number}, {name}, note, created, trashed, about FROM experiments WHERE {where}
            {f"ORDER BY {order}" if order else ""} LIMIT ? OFFSET ?""",
        (*args, limit, skip),
    )
    return [Experiment._make([*row[:6], json.loads(row[6]).get("mlflow", {})]) for row in rows]


def by_id(conn: sqlite3.Connection, given: int) -> Experiment | None:
    """The experiment that MLflow knows by a number."""
    number = default_number(conn) if given == 0 else given
    found = [] if number is None else select(conn, "n = ?", (number,))
    return found[0] if found else None


def by_name(conn: sqlite3.Connection, name: str) -> Experiment | None:
    """The experiment of a name; Default is another name for ours."""
    found = select(conn, "name = ?", (name,))
    if not found and name == THEIR_DEFAULT:
        found = select(conn, "name = ?", (DEFAULT,))
    return found[0] if found else None


def numbers_by_id(conn: sqlite3.Connection, ids: Sequence[int]) -> list[int]:
    """The rows behind the numbers that MLflow knows experiments by."""
    default = default_number(conn)
    return [default if one == 0 and default is not None else one for one in ids]


def add(conn: sqlite3.Connection, name: str, created: float, about: dict[str, Any], note: str) -> int:
    """Store a new experiment; its row."""
    row = conn.execute(
        "INSERT INTO experiments (name, created, note, about) VALUES (?, ?, ?, ?) RETURNING n",
        (name, created, note, json.dumps({"mlflow": about})),
    ).fetchone()
    return int(row[0])


def note_about(conn: sqlite3.Connection, found: Experiment, **about: Any) -> None:
    """Store more of what MLflow's door notes of an experiment."""
    kept = json.loads(conn.execute("SELECT about FROM experiments WHERE n = ?", (found.n,)).fetchone()[0])
    kept["mlflow"] = {**found.about, **about}
    conn.execute("UPDATE experiments SET about = ? WHERE n = ?", (json.dumps(kept), found.n))


def set_note(conn: sqlite3.Connection, number: int, note: str) -> None:
    """Replace the note of an experiment."""
    conn.execute("UPDATE experiments SET note = ? WHERE n = ?", (note, number))


def set_trashed(conn: sqlite3.Connection, number: int, at: float | None) -> list[int]:
    """Put an experiment with all its runs into the trash, or take it and all of them out; those runs."""
    conn.execute("UPDATE experiments SET trashed = ? WHERE n = ?", (at, number))
    changed = "trashed IS NULL" if at is not None else "trashed IS NOT NULL"
    rows = conn.execute(f"UPDATE runs SET trashed = ? WHERE experiment = ? AND {changed} RETURNING n", (at, number))
    return [row[0] for row in rows]


def rename(conn: sqlite3.Connection, found: Experiment, name: str) -> None:
    """Give an experiment another name. The default one gets the row 0, so that MLflow goes on knowing it by that."""
    if found.id == 0 and found.n != 0:
        conn.execute("PRAGMA defer_foreign_keys = ON")
        conn.execute("UPDATE experiments SET n = 0 WHERE n = ?", (found.n,))
        for table in ("runs", "logged_models"):
            conn.execute(f"UPDATE {table} SET experiment = 0 WHERE experiment = ?", (found.n,))
        found = found._replace(n=0)
    conn.execute("UPDATE experiments SET name = ? WHERE n = ?", (name, found.n))


def delete(conn: sqlite3.Connection, number: int) -> list[int]:
    """Forget an experiment that has no runs; the runs that it still has."""
    left = [row[0] for row in conn.execute("SELECT n FROM runs WHERE experiment = ?", (number,))]
    if not left:
        conn.execute(
            "DELETE FROM model_metrics WHERE model IN (SELECT n FROM logged_models WHERE experiment = ?)", (number,)
        )
        conn.execute("DELETE FROM logged_models WHERE experiment = ?", (number,))
        conn.execute("DELETE FROM experiments WHERE n = ?", (number,))
    return left
