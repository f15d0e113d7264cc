"""A million points from `log` to where another process can read them: CPU, wall and bytes on disk."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from child import cpu, folder, in_child
from subjects import SUBJECTS, connect, finish
from table import Line, judge, median, plain, times

KEYS = [f"metric_{number}" for number in range(10)]
STEPS = {"nbtrack": 100_000, "sqlite3": 100_000, "trackio": 5_000, "wandb": 2_000}
STEPS |= {"mlflow": 150, "mlflow_batch": 1_000, "aim": 2_000, "tensorboard": 5_000}

_WHY = (
    "100,000 calls of `log` are made one by one, and each point passes a journal that survives SIGKILL before it is "
    "in SQLite, with a summary of its metric and a checksum of its chunk; `executemany` of rows that are already there "
    "has none of that. By the clock it is also the disk, which each commit, some ten a second, waits for; by hand "
    "there is one commit."
)
_WHY_SIZE = (
    "a point is 24 bytes, eight each for its step, time and value, exact and not packed, so that a history is read by "
    "copying it: that is the limit, and who packs goes below it. The rest is the empty database, shared by the points."
)


def measure(subject: str, place: str, steps: int) -> dict[str, float]:
    """Inside a child: CPU and wall seconds from the first `log` until all can be read."""
    if subject == "sqlite3":
        return _by_hand(place, steps)
    tracker = SUBJECTS[subject](place)
    tracker.begin("bench", {}, {})
    spent, began, log = cpu(), time.perf_counter(), tracker.log
    for step in range(steps):
        log(dict.fromkeys(KEYS, step * 0.37))
    tracker.end()
    finish(tracker)
    return {"cpu": cpu() - spent, "wall": time.perf_counter() - began}


def _by_hand(place: str, steps: int) -> dict[str, float]:
    conn = connect(place)
    spent, began, now = cpu(), time.perf_counter(), time.time
    rows = ((1, key, step, now(), step * 0.37) for step in range(steps) for key in KEYS)
    conn.executemany("INSERT INTO points VALUES (?, ?, ?, ?, ?)", rows)
    conn.commit()
    conn.close()
    return {"cpu": cpu() - spent, "wall": time.perf_counter() - began}


def lines(quick: bool, rivals: list[str]) -> list[Line]:
    """The lines of this part."""
    names = ["nbtrack", "sqlite3", *rivals, *(["mlflow_batch"] if "mlflow" in rivals else [])]
    results: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for _ in range(1 if quick else 3):
        for name in names:
            results[name].append(_once(name, max(10, STEPS[name] // (100 if quick else 1))))
    million = {
        name: {what: median(result[what] for result in found) for what in found[0]} for name, found in results.items()
    }
    return _table(million)


def _once(name: str, steps: int) -> dict[str, float]:
    with folder() as place:
        result: dict[str, Any] = in_child("ingest:measure", place, subject=name, steps=steps)
        points = steps * len(KEYS)
        found = in_child("readers:count", place, subject=name)
        if found != points:
            raise RuntimeError(f"{name} stored {found:,} of {points:,} points: its speed means nothing")
        size = sum(path.stat().st_size for path in Path(place).rglob("*") if path.is_file())
        scale = 1_000_000 / points
        return {"cpu": result["cpu"] * scale, "wall": result["wall"] * scale, "bytes": size / points}


def _table(million: dict[str, dict[str, float]]) -> list[Line]:
    base = million["sqlite3"]["cpu"]
    ratio = million["nbtrack"]["cpu"] / base
    batch = million.pop("mlflow_batch", None)
    cpu_cells = {name: f"{plain(found['cpu'])} ({times(found['cpu'] / base)})" for name, found in million.items()}
    wall_cells = {name: plain(found["wall"]) for name, found in million.items()}
    if batch:
        million["mlflow"]["bytes"] = batch["bytes"]  # of more points, so less of it is the empty store
        cpu_cells["mlflow"] += f"; in batches {plain(batch['cpu'])}"
        wall_cells["mlflow"] += f"; in batches {plain(batch['wall'])}"
    size = million["nbtrack"]["bytes"]
    smaller = [f"{name} from {STEPS[name] * len(KEYS):,} points" for name in million if STEPS[name] < 100_000]
    note = (
        "A million points: 10 metrics × 100,000 steps, `log` of ten at a time; sqlite3 is one `executemany`. Another "
        "process counted afterwards that all had arrived (W&B's in its file, which only a sync reads). MLflow is "
        "`log_metrics` of ten; in batches: `MlflowClient.log_batch` of 1,000. TensorBoard stores four bytes a value. "
        "Aim's time has that of its index, without which it reads nothing."
    )
    if smaller:
        note += f" Extrapolated: {', '.join(smaller)}."
    return [
        Line(
            "ingest",
            "1 M points to readable, CPU (ratio to `executemany`)",
            cpu_cells,
            "≤ 3×",
            judge(ratio <= 3),
            note,
            values={name: found["cpu"] for name, found in million.items()},
            better="low",
            why=_WHY,
        ),
        Line(
            "ingest",
            "the same, wall",
            wall_cells,
            values={name: found["wall"] for name, found in million.items()},
            better="low",
            why=_WHY,
        ),
        Line(
            "ingest",
            "bytes a point on disk, once finished",
            {name: f"{found['bytes']:.0f}" for name, found in million.items()},
            "≤ 40",
            judge(size <= 40),
            values={name: found["bytes"] for name, found in million.items()},
            better="low",
            why=_WHY_SIZE,
        ),
    ]
