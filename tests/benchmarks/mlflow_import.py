"""Bring in what MLflow's SQLite store holds: 1,000 runs of 20 params and 20 metrics, through MLflow's own reader."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

from child import cpu, folder, in_child
from table import Line, judge, median, plain

RUNS, KEYS, STEPS = 1000, 20, 10
_RUN = """INSERT INTO runs (run_uuid, name, status, start_time, end_time, lifecycle_stage, artifact_uri, experiment_id,
    source_type, source_name, user_id) VALUES (?, ?, 'FINISHED', ?, ?, 'active', ?, 1, 'LOCAL', 'bench', 'bench')"""
_WHY = (
    "MLflow's own reader gives runs and points, an object each; all of it is checked and put into a spool first, so "
    "that a broken source leaves nothing here, and stored then, each row with its checksum. A metric is asked for 100 "
    "runs at once, which is as many as MLflow takes."
)
_POINT = "INSERT INTO {} (run_uuid, key, value, timestamp, step, is_nan) VALUES (?, ?, ?, ?, ?, 0)"


def write(place: str, runs: int) -> None:
    """Inside a child: MLflow's tables, made by MLflow and filled by SQL (its client takes minutes for it)."""
    file = Path(place) / "mlflow.db"
    command = [sys.executable, "-m", "mlflow", "db", "upgrade", f"sqlite:///{file}"]
    subprocess.run(command, check=True, capture_output=True)
    with closing(sqlite3.connect(file)) as conn:
        conn.execute("""INSERT INTO experiments (experiment_id, name, lifecycle_stage, artifact_location, creation_time,
                        last_update_time) VALUES (1, 'bench', 'active', 'files', 0, 0)""")
        for number in range(runs):
            run, moment = f"{number:032x}", 1_700_000_000_000 + number
            conn.execute(_RUN, (run, f"run-{number}", moment, moment + 9, f"{place}/files/{run}"))
            params = [(f"param_{key}", str(number * 0.01 + key), run) for key in range(KEYS)]
            conn.executemany("INSERT INTO params (key, value, run_uuid) VALUES (?, ?, ?)", params)
            points = [(run, f"metric_{key}", key + step, moment, step) for key in range(KEYS) for step in range(STEPS)]
            conn.executemany(_POINT.format("metrics"), points)
            conn.executemany(_POINT.format("latest_metrics"), points[STEPS - 1 :: STEPS])
        conn.commit()


def measure(place: str, source: str) -> dict[str, float]:
    """Inside another child: seconds of importing it, MLflow's own import apart, and what came."""
    from nbtrack.base.config import Project
    from nbtrack.transfer.importers.mlflow import Mlflow
    from nbtrack.transfer.landing import land
    from nbtrack.transfer.sync.opening import need_mlflow

    need_mlflow()
    spent, began = cpu(), time.perf_counter()
    landed = land(Project(Path(place), "given"), Mlflow().read(source, {}), Mlflow().place(source))
    return {"cpu": cpu() - spent, "wall": time.perf_counter() - began, "runs": landed.new, "points": landed.points}


def lines(quick: bool, rivals: list[str]) -> list[Line]:
    """The lines of this part."""
    if find_spec("mlflow") is None:
        return []
    runs, rounds = (20, 1) if quick else (RUNS, 3)
    found = []
    with folder() as place:
        in_child("mlflow_import:write", place, runs=runs)
        for _ in range(rounds):
            with folder() as project:
                found.append(in_child("mlflow_import:measure", project, source=f"{place}/mlflow.db"))
    for one in found:
        if (one["runs"], one["points"]) != (runs, runs * KEYS * STEPS):
            raise RuntimeError(f"{one['runs']:.0f} of {runs} runs came: their time means nothing")
    wall, spent = median(one["wall"] for one in found), median(one["cpu"] for one in found)
    return [
        Line(
            "mlflow_import",
            f"import of {runs:,} MLflow runs (SQLite): {KEYS} params, {KEYS} metrics of {STEPS} points",
            {"nbtrack": f"{plain(wall)} ({plain(spent)} CPU)"},
            "≤ 20 s",
            judge(wall <= 20, spent <= 20),
            "MLflow's own import, about 3 s, is not in it.",
            {"nbtrack": wall, "cpu": spent},
            why=_WHY,
        )
    ]
