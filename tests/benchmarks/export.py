"""10,000 runs × 20 params × 10 metrics, with a curve of 100 points each, written as CSV, Parquet and more."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

from child import folder, in_child
from memory import peak
from table import Line, judge, median, plain

RUNS = 10_000
POINTS = 100
FORMATS = (("csv", 5.0), ("parquet", 5.0), ("json", 0.0), ("md", 0.0))
_WHY = {
    "csv": "each run is read as an object with its params, metrics and tags by name, some hundreds at a time so that "
    "memory stays bounded, and each of its cells, over 40 a run, is looked at for what a spreadsheet would take for a "
    "formula.",
    "parquet": "three files are written: runs are read as objects and turned into columns, their params once more with "
    "their types, and a row for each point of the curves, all of it compressed.",
}


def seeded(place: str, runs: int) -> None:
    """Inside a child: fill the project."""
    from seed import fill

    from nbtrack.base.config import Project
    from nbtrack.runs.projects import database_of
    from nbtrack.runs.store import keys, metrics

    project, chance = Project(Path(place)), random.Random(7)
    fill(project, runs)
    database = database_of(project)
    with database.write() as conn:
        key = keys.key_number(conn, "metric", "curve")
        for (number,) in conn.execute("SELECT n FROM runs").fetchall():
            values = [chance.random() for _ in range(POINTS)]
            metrics.extend(conn, number, key, "explicit", range(POINTS), [1.7e9] * POINTS, values)
    database.close()


def written(place: str, name: str, rounds: int) -> dict[str, float]:
    """Inside a child: median wall and CPU seconds of an export, its bytes, and the most memory that was held."""
    import nbtrack

    wall, spent = [], []
    target = Path(place, f"out.{name}")
    for _ in range(rounds):
        began, used = time.perf_counter(), time.process_time()
        nbtrack.export(target, project=place)
        wall.append(time.perf_counter() - began)
        spent.append(time.process_time() - used)
    size = sum(path.stat().st_size for path in target.parent.glob("out*"))
    return {"wall": median(wall), "cpu": median(spent), "bytes": size, "held": peak()}


def lines(quick: bool, rivals: list[str]) -> list[Line]:
    """The lines of this part."""
    runs, rounds = (200, 1) if quick else (RUNS, 3)
    made = []
    with folder() as place:
        in_child("export:seeded", place, runs=runs)
        for name, goal in FORMATS:
            found: dict[str, Any] = in_child("export:written", place, name=name, rounds=rounds if goal else 1)
            for path in Path(place).glob("out*"):
                path.unlink()
            cell = f"{plain(found['wall'])} ({found['bytes'] / 1e6:.1f} MB; {found['held'] / 1e6:.0f} MB held)"
            made.append(
                Line(
                    "export",
                    f"export of {runs:,} runs as {name}",
                    {"nbtrack": cell},
                    f"≤ {goal:g} s" if goal else "",
                    judge(found["wall"] <= goal, found["cpu"] <= goal) if goal else "",
                    f"20 params and 10 metrics a run, and a curve of {POINTS} points; Parquet writes the curves, too.",
                    {"nbtrack": found["wall"], "cpu": found["cpu"]},
                    why=_WHY.get(name, ""),
                )
            )
    return made
