"""Tasks on the workers of a Dask cluster: how much quicker two workers are than one, and what a task costs itself."""

from __future__ import annotations

import os
import time
from functools import partial
from pathlib import Path
from typing import Any

from child import folder, in_child
from table import Line, judge, median, milli, times

SMALL = 100  # tasks that do next to nothing


def work(rounds: int) -> float:
    """Keeps one core busy with Python, and logs a curve as a training does."""
    import nbtrack

    total = 0.0
    for step in range(20):
        for number in range(rounds):
            total += (number * number) % 7
        nbtrack.log({"total": total}, step=step)
    return total


def _all(engine: Any, place: str, tasks: int, rounds: int) -> float:
    from nbtrack.base.config import Project
    from nbtrack.execute.engines import Attempt, Task
    from nbtrack.runs import current
    from nbtrack.runs.active import ActiveRun

    def begin(attempt: Attempt) -> ActiveRun:
        return current.begin(Project(Path(place)), kind="trial", enter=attempt.here)

    began = time.perf_counter()
    for number in range(tasks):
        engine.submit(Task(str(number), partial(work, rounds), begin))
    done = list(engine.as_completed())
    if [one.status for one in done] != ["finished"] * tasks:
        raise RuntimeError(f"not all tasks finished: {done}")
    return time.perf_counter() - began


def run(place: str, workers: int, tasks: int, rounds: int) -> dict[str, float]:
    """Inside a child: seconds for all tasks on so many workers, and for many tasks that do next to nothing.

    own: CPU seconds meanwhile of this process, in which the client, Dask's scheduler and nbtrack's ingest are.
    """
    from distributed import LocalCluster

    from nbtrack.execute.engines import engine

    options = {"threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with (
        LocalCluster(n_workers=workers, **options) as cluster,
        engine(cluster.scheduler_address.replace("tcp://", "dask://")) as dask,
    ):
        _all(dask, place, 2 * workers, 100)  # imports, and the project's file
        spent = time.process_time()
        took = _all(dask, place, tasks, rounds)
        own = time.process_time() - spent
        return {"work": took, "own": own, "small": _all(dask, place, SMALL, 1)}


def alone(place: str, processes: int, tasks: int, rounds: int) -> float:
    """Inside a child: seconds for the same work in plain processes without nbtrack: what the machine can give now."""
    from multiprocessing import get_context

    with get_context("spawn").Pool(processes) as pool:
        pool.map(plain, [100] * processes, 1)
        began = time.perf_counter()
        pool.map(plain, [rounds] * tasks, 1)
        return time.perf_counter() - began


def plain(rounds: int) -> float:
    """The work of `work`, and nothing logged."""
    total = 0.0
    for _ in range(20):
        for number in range(rounds):
            total += (number * number) % 7
    return total


def lines(quick: bool, rivals: list[str]) -> list[Line]:
    """The lines of this part."""
    tasks, rounds = (4, 2_000) if quick else (16, 300_000)
    found: dict[int, list[dict[str, float]]] = {1: [], 2: []}
    bare: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(1 if quick else 3):
        for workers in (1, 2):
            with folder() as place:
                found[workers].append(in_child("engines:run", place, workers=workers, tasks=tasks, rounds=rounds))
                bare[workers].append(in_child("engines:alone", place, processes=workers, tasks=tasks, rounds=rounds))
    gain = median(one["work"] for one in found[1]) / median(one["work"] for one in found[2])
    most = median(bare[1]) / median(bare[2])
    each = median(one["small"] for one in found[2]) / SMALL
    own = median(one["own"] / one["work"] for one in found[2])
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    note = (
        f"{tasks} tasks that each keep a core busy and log 20 points, each in a run of its own, on a cluster of worker "
        f"processes on this machine; plain processes without nbtrack gain {times(most)} here (load {load:.1f})."
    )
    why = (
        f"this machine gives two plain processes {times(most)}, and here the process with the client, Dask's scheduler "
        f"and nbtrack's ingest takes {own:.0%} of a core beside two workers that each want one, where there are "
        f"{os.cpu_count()}."
    )
    return [
        Line("engines", "2 workers against 1", {"nbtrack": times(gain)}, "≥ 1.6×", judge(gain >= 1.6), note, why=why),
        Line("engines", f"a task that does nothing, of {SMALL} on 2 workers", {"nbtrack": milli(each)}),
    ]
