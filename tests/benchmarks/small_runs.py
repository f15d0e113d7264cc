"""Many small runs: 20 params, 5 metrics × 10 steps, 3 tags each."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from child import cpu, folder, in_child
from subjects import SUBJECTS, connect, finish, save_run
from table import Line, judge, median, plain, times

RUNS = {"nbtrack": 1000, "sqlite3": 1000, "trackio": 40, "wandb": 10, "mlflow": 30, "aim": 30, "tensorboard": 100}
METRICS = [f"metric_{number}" for number in range(5)]
STEPS = 10
_WHY = (
    "a run of nbtrack is more than its rows: it is there from its first moment, with environment and git state, each "
    "row gets a checksum that SQLite asks Python for, and its end waits until the disk has it, which is the limit: a "
    "sync a run. sqlite3 by hand writes the rows in one transaction (synchronous=NORMAL), and TensorBoard's writer a "
    "file: neither waits for the disk."
)


def _params(run: int) -> dict[str, float | str]:
    numbers: dict[str, float | str] = {f"param_{number}": run * 0.01 + number for number in range(15)}
    return {**numbers, **{f"choice_{number}": f"value {(run + number) % 7}" for number in range(5)}}


def _tags(run: int) -> dict[str, str]:
    return {"stage": "bench", "fold": str(run % 5), "host": "here"}


def measure(subject: str, place: str, runs: int) -> dict[str, float]:
    """Inside a child: seconds from the first run until all can be read."""
    if subject == "sqlite3":
        return _by_hand(place, runs)
    tracker = SUBJECTS[subject](place)
    spent, began = cpu(), time.perf_counter()
    for run in range(runs):
        tracker.begin(f"run-{run}", _params(run), _tags(run))
        for step in range(STEPS):
            tracker.log(dict.fromkeys(METRICS, step * 0.1))
        tracker.end()
    finish(tracker)
    return {"cpu": cpu() - spent, "wall": time.perf_counter() - began}


def _by_hand(place: str, runs: int) -> dict[str, float]:
    conn = connect(place)
    spent, began = cpu(), time.perf_counter()
    for run in range(runs):
        now = time.time()
        points = [(run, key, step, now, step * 0.1) for step in range(STEPS) for key in METRICS]
        save_run(conn, run, f"run-{run}", _params(run), _tags(run), points)
        conn.commit()
    conn.close()
    return {"cpu": cpu() - spent, "wall": time.perf_counter() - began}


def stored(place: str) -> list[int]:
    """Inside another child: how many runs, params, tags and points SQL finds of nbtrack's."""
    counts = ("count(*) FROM runs", "count(*) FROM params", "count(*) FROM tags", "sum(count) FROM points")
    with closing(sqlite3.connect(Path(place) / ".nbtrack" / "nbtrack.db")) as conn:
        return [int(conn.execute(f"SELECT {count}").fetchone()[0]) for count in counts]


def _once(name: str, runs: int) -> dict[str, float]:
    with folder() as place:
        found: dict[str, float] = in_child("small_runs:measure", place, subject=name, runs=runs)
        if in_child("readers:count", place, subject=name) != runs * STEPS * len(METRICS):
            raise RuntimeError(f"{name} did not store every point of {runs} runs: its time means nothing")
        if name == "nbtrack":
            there, given = in_child("small_runs:stored", place), [runs, 20 * runs, 3 * runs, 50 * runs]
            if there != given:
                raise RuntimeError(f"runs, params, tags and points: {there} of {given}; the time means nothing")
    return {what: value * 1000 / runs for what, value in found.items()}


def lines(quick: bool, rivals: list[str]) -> list[Line]:
    """The lines of this part."""
    names = ["nbtrack", "sqlite3", *rivals]
    counts = {name: max(3, RUNS[name] // (50 if quick else 1)) for name in names}
    results: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for _ in range(1 if quick else 3):
        for name in names:
            results[name].append(_once(name, counts[name]))
    wall = {name: median(result["wall"] for result in found) for name, found in results.items()}
    spent = {name: median(result["cpu"] for result in found) for name, found in results.items()}
    smaller = [f"{name} from {count} runs" for name, count in counts.items() if count < 1000]
    note = (
        "1,000 runs: sqlite3 makes one transaction a run; trackio and TensorBoard know no tags: params take them."
        + (f" Extrapolated: {', '.join(smaller)}." if smaller else "")
    )
    verdict = judge(wall["nbtrack"] <= 5, spent["nbtrack"] <= 5)
    what = "1,000 runs × (20 params, 5 metrics × 10 steps, 3 tags)"
    return [
        Line("small_runs", what, _cells(wall), "≤ 5 s", verdict, note, values=wall, better="low", why=_WHY),
        Line("small_runs", "the same, CPU", _cells(spent), values=spent, better="low", why=_WHY),
    ]


def _cells(seconds: dict[str, float]) -> dict[str, str]:
    ours = seconds["nbtrack"]
    return {
        name: plain(value) + (f" ({times(value / ours)})" if name != "nbtrack" else "")
        for name, value in seconds.items()
    }
