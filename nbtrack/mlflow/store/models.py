"""Logged models in SQL: their rows, metrics and files.

A row is a dict: n, id, experiment (its row), run (its row), name, status, created, updated, trashed (Unix seconds), and
``about``: type, location, source_run, message, tags and params.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from nbtrack.runs.store.params import marks

Row = dict[str, Any]

_COLUMNS = ("n", "id", "experiment", "run", "name", "status", "created", "updated", "trashed", "about")
_SELECT = f"SELECT {', '.join(f'm.{name}' for name in _COLUMNS)} FROM logged_models m"


def insert(conn: sqlite3.Connection, values: Row) -> int:
    """Store a new model; its row."""
    fields = [name for name in _COLUMNS if name not in ("n", "trashed")]
    given = {**values, "about": json.dumps(values["about"])}
    row = conn.execute(
        f"INSERT INTO logged_models ({', '.join(fields)}) VALUES ({marks(fields)}) RETURNING n",
        [given[name] for name in fields],
    ).fetchone()
    return int(row[0])


def find(conn: sqlite3.Connection, model_id: str) -> Row | None:
    """A model by its id, also a deleted one."""
    row = conn.execute(f"{_SELECT} WHERE m.id = ?", (model_id,)).fetchone()
    return _unpacked(row) if row else None


def number(conn: sqlite3.Connection, model_id: str) -> int | None:
    """The row of a model."""
    row = conn.execute("SELECT n FROM logged_models WHERE id = ?", (model_id,)).fetchone()
    return int(row[0]) if row else None


def update(conn: sqlite3.Connection, model: int, **values: Any) -> None:
    """Set columns of a model."""
    if "about" in values:
        values["about"] = json.dumps(values["about"])
    sets = ", ".join(f"{name} = ?" for name in values)
    conn.execute(f"UPDATE logged_models SET {sets} WHERE n = ?", (*values.values(), model))


def delete(conn: sqlite3.Connection, model: int) -> None:
    """Delete a model for good; the purge takes what only its files used."""
    for table in ("model_metrics", "model_files"):
        conn.execute(f"DELETE FROM {table} WHERE model = ?", (model,))
    conn.execute("DELETE FROM logged_models WHERE n = ?", (model,))


def deleted(conn: sqlite3.Connection, before: float) -> list[str]:
    """The ids of models that were deleted up to a time."""
    rows = conn.execute("SELECT id FROM logged_models WHERE trashed <= ? ORDER BY n", (before,))
    return [row[0] for row in rows]


def page(
    conn: sqlite3.Connection,
    where: Sequence[tuple[str, Sequence[Any]]],
    order: Sequence[tuple[str, Sequence[Any]]],
    limit: int,
    offset: int,
) -> list[Row]:
    """Models that fulfil all conditions, in an order; both as SQL on ``m`` with its values."""
    conditions = " AND ".join(f"({sql})" for sql, _ in where)
    orders = ", ".join(sql for sql, _ in order)
    given = [value for _, values in (*where, *order) for value in values]
    query = f"{_SELECT} WHERE {conditions} ORDER BY {orders} LIMIT ? OFFSET ?"
    return [_unpacked(row) for row in conn.execute(query, (*given, limit, offset))]


def _unpacked(row: Sequence[Any]) -> Row:
    found = dict(zip(_COLUMNS, row, strict=True))
    found["about"] = json.loads(found["about"])
    return found


# -- metrics


def save_metric(conn: sqlite3.Connection, model: int, run: int | None, point: Sequence[Any]) -> None:
    """Store a point of a model, once. point: key, value (NaN as None), time, step, name and digest of the data set."""
    conn.execute(
        """INSERT INTO model_metrics (model, run, key, value, time, step, dataset, digest)
           SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 WHERE NOT EXISTS (
               SELECT 1 FROM model_metrics WHERE model = ?1 AND key = ?3 AND run IS ?2 AND value IS ?4 AND time = ?5
               AND step = ?6 AND dataset IS ?7 AND digest IS ?8)""",
        (model, run, *point),
    )


def metrics_of(conn: sqlite3.Connection, models: Sequence[int]) -> dict[int, list[tuple[Any, ...]]]:
    """(key, value, time, step, data set's name, its digest, run's id) of each model, in the order they were stored."""
    found: dict[int, list[tuple[Any, ...]]] = {}
    for start in range(0, len(models), 500):
        part = list(models[start : start + 500])
        rows = conn.execute(
            f"""SELECT p.model, p.key, p.value, p.time, p.step, p.dataset, p.digest, r.id
                FROM model_metrics p LEFT JOIN runs r ON r.n = p.run
                WHERE p.model IN ({marks(part)}) ORDER BY p.rowid""",
            part,
        )
        for model, *point in rows:
            found.setdefault(model, []).append(tuple(point))
    return found


# -- the runs they come from


def ids_of_runs(conn: sqlite3.Connection, runs: Iterable[int]) -> dict[int, str]:
    """The ids of runs by their rows."""
    wanted = list(dict.fromkeys(runs))
    found: dict[int, str] = {}
    for start in range(0, len(wanted), 500):
        part = wanted[start : start + 500]
        found.update(conn.execute(f"SELECT n, id FROM runs WHERE n IN ({marks(part)})", part).fetchall())
    return found
