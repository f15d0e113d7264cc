"""What runs read and made, in SQL: data sets as MLflow describes them, and logged models.

A data set is a row of ``datasets``; what MLflow said of it stands in ``info``: see `nbtrack.transfer.mlflow`.
Which models a run read and made stands in its ``about``, under ``models``: ``inputs``, a list of ids, and ``outputs``,
a list of (id, step).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from nbtrack.runs.store.params import marks
from nbtrack.runs.store.runs import about, set_about
from nbtrack.transfer.records import DatasetRecord

# As expressions on ``d``, a row of datasets: what `nbtrack.transfer.mlflow.dataset_out` says of it.
NAME = "coalesce(json_extract(d.info, '$.mlflow.name'), substr(d.name, 1, 500))"
DIGEST = """coalesce(json_extract(d.info, '$.mlflow.digest'),
    nullif(substr(d.hash, instr(d.hash, '-') + 1, 36), ''), 'unknown')"""
CONTEXT = """CASE WHEN json_extract(d.info, '$.mlflow') IS NULL THEN d.role
    ELSE json_extract(d.info, '$.tags."mlflow.data.context"') END"""

_FIELDS = "d.name, d.role, d.kind, d.path, d.hash, d.info"


def save(conn: sqlite3.Connection, run: int, record: DatasetRecord) -> None:
    """Store that a run read a data set, unless it is stored already; one of the same name beside it."""
    given = record.info["mlflow"]
    name, digest = given["name"], given["digest"]
    if conn.execute(
        f"SELECT 1 FROM datasets d WHERE d.run = ? AND {NAME} = ? AND {DIGEST} = ?", (run, name, digest)
    ).fetchone():
        return
    taken = conn.execute("SELECT 1 FROM datasets WHERE run = ? AND name = ?", (run, record.name)).fetchone()
    own = f"{record.name} ({digest})" if taken else record.name
    conn.execute(
        "INSERT OR REPLACE INTO datasets (run, name, role, kind, path, hash, info) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (run, own, record.role, record.kind, record.path, record.hash, json.dumps(record.info)),
    )


def known(conn: sqlite3.Connection, run: int, name: str, digest: str) -> dict[str, Any] | None:
    """What MLflow first said of a data set, where a run of the same experiment has it already."""
    row = conn.execute(
        """SELECT json_extract(d.info, '$.mlflow') FROM datasets d JOIN runs r ON r.n = d.run
           WHERE d.name IN (?1, ?2) AND json_extract(d.info, '$.mlflow.name') = ?3
               AND json_extract(d.info, '$.mlflow.digest') = ?4
               AND r.experiment = (SELECT experiment FROM runs WHERE n = ?5)
           ORDER BY d.run LIMIT 1""",
        (name, f"{name} ({digest})", name, digest, run),
    ).fetchone()
    return json.loads(row[0]) if row and row[0] else None


def datasets_of(conn: sqlite3.Connection, runs: Sequence[int]) -> dict[int, list[DatasetRecord]]:
    """The data sets that runs read, by the rows of the runs."""
    found: dict[int, list[DatasetRecord]] = {}
    for start in range(0, len(runs), 500):
        part = list(runs[start : start + 500])
        rows = conn.execute(
            f"SELECT d.run, {_FIELDS} FROM datasets d WHERE d.run IN ({marks(part)}) ORDER BY d.run, d.name", part
        )
        for run, name, role, kind, path, content, info in rows:
            record = DatasetRecord(name, role, kind, path, content, json.loads(info))
            found.setdefault(run, []).append(record)
    return found


def summaries(conn: sqlite3.Connection, experiments: Sequence[int], limit: int) -> list[tuple[int, str, str, Any]]:
    """(experiment's row, name, digest, context) of the data sets of experiments, each once."""
    return conn.execute(
        f"""SELECT DISTINCT r.experiment, {NAME}, {DIGEST}, {CONTEXT}
            FROM datasets d JOIN runs r ON r.n = d.run
            WHERE r.experiment IN ({marks(experiments)}) LIMIT ?""",
        (*experiments, limit),
    ).fetchall()


# -- models


def add_models(
    conn: sqlite3.Connection, run: int, inputs: Sequence[str] = (), outputs: Sequence[tuple[str, int]] = ()
) -> None:
    """Store that a run read and made models, each once."""
    before = about(conn, run).get("models") or {}
    read, made = list(before.get("inputs", [])), [tuple(one) for one in before.get("outputs", [])]
    now = {
        "inputs": list(dict.fromkeys([*read, *inputs])),
        "outputs": list(dict.fromkeys([*made, *outputs])),
    }
    set_about(conn, run, {"models": now})


def models_of(conn: sqlite3.Connection, runs: Sequence[int]) -> dict[int, dict[str, Any]]:
    """The models that runs read and made, by the rows of those runs that have any."""
    found: dict[int, dict[str, Any]] = {}
    for start in range(0, len(runs), 500):
        part = list(runs[start : start + 500])
        rows = conn.execute(
            f"""SELECT n, json_extract(about, '$.models') FROM runs
                WHERE n IN ({marks(part)}) AND json_extract(about, '$.models') IS NOT NULL""",
            part,
        )
        found.update({run: json.loads(text) for run, text in rows})
    return found
