"""A sweep on the workers of a Dask cluster: how much quicker two workers are than one, and what a trial costs."""

from __future__ import annotations

import inspect
import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from cells import shell
from child import folder, in_child
from table import Line, judge, median, milli, times

SMALL = 100  # trials that do next to nothing
STEPS = 20
TRIAL = f"""\
import nbtrack
seed = 0
total = 0.0
for step in range({STEPS}):
    total += busy(rounds)
    nbtrack.log({{"total": total}}, step=step)
"""


def busy(rounds: int) -> float:
    """Keeps one core busy with Python."""
    total = 0.0
    for number in range(rounds):
        total += (number * number) % 7
    return total


def sweep(place: str, workers: int, trials: int, rounds: int) -> dict[str, float]:
    """Inside a child: seconds of a sweep of a cell on so many workers, and of one whose trials do next to nothing.

    own: CPU seconds meanwhile of this process, in which the notebook, Dask's scheduler and nbtrack's ingest are.
    """
    from distributed import LocalCluster

    options: dict[str, Any] = {"threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with LocalCluster(n_workers=workers, **options) as cluster:
        there = cluster.scheduler_address.replace("tcp://", "dask://")
        ip = shell()
        ip.run_line_magic("load_ext", "nbtrack")
        ip.run_cell(inspect.getsource(busy), store_history=True).raise_error()

        def took(count: int, cell: str) -> float:
            began = time.perf_counter()
            source = f"%%track --sweep seed=1:{count} --on {there}\n{cell}"
            ip.run_cell(source, store_history=True).raise_error()
            return time.perf_counter() - began

        took(2 * workers, "seed = 0\nbusy(seed)")  # imports, and the project's file
        ip.user_ns["rounds"] = rounds
        spent = time.process_time()
        work = took(trials, TRIAL)
        own = time.process_time() - spent
        return {"work": work, "own": own, "small": took(SMALL, "seed = 0\nresult = seed")}


def recorded(place: str) -> list[int]:
    """Inside another child: how many trials are there finished, and how many points they have."""
    query = """SELECT count(*), (SELECT sum(count) FROM metrics WHERE source = 'explicit') FROM runs
               WHERE status = 'finished' AND parent IN (SELECT n FROM runs WHERE kind = 'sweep')"""
    with closing(sqlite3.connect(Path(place) / ".nbtrack" / "nbtrack.db")) as conn:
        return list(conn.execute(query).fetchone())


def alone(place: str, processes: int, tasks: int, rounds: int) -> float:
    """Inside a child: seconds for the same work in plain processes without nbtrack: what the machine can give now."""
    from multiprocessing import get_context

    with get_context("spawn").Pool(processes) as pool:
        pool.map(plain, [100] * processes, 1)
        began = time.perf_counter()
        pool.map(plain, [rounds] * tasks, 1)
        return time.perf_counter() - began


def plain(rounds: int) -> float:
    """The work of a trial, and nothing logged."""
    return sum(busy(rounds) for _ in range(STEPS))


def _once(workers: int, trials: int, rounds: int) -> dict[str, float]:
    with folder() as place:
        found: dict[str, float] = in_child("engines:sweep", place, workers=workers, trials=trials, rounds=rounds)
        there, wanted = in_child("engines:recorded", place), [trials + SMALL + 2 * workers, trials * STEPS]
        if there != wanted:
            raise RuntimeError(f"{there} of {wanted} trials and points were recorded: their time means nothing")
        return {**found, "alone": in_child("engines:alone", place, processes=workers, tasks=trials, rounds=rounds)}


def lines(quick: bool, rivals: list[str]) -> list[Line]:
    """The lines of this part."""
    trials, rounds = (4, 2_000) if quick else (16, 300_000)
    found: dict[int, list[dict[str, float]]] = {1: [], 2: []}
    for _ in range(1 if quick else 3):
        for workers, taken in found.items():
            taken.append(_once(workers, trials, rounds))
    took = {workers: {key: median(one[key] for one in taken) for key in taken[0]} for workers, taken in found.items()}
    gain, most = (took[1][key] / took[2][key] for key in ("work", "alone"))
    own = median(one["own"] / one["work"] for one in found[2])
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    note = (
        f"A sweep on workers: a cell of IPython with `%%track --sweep seed=1:{trials} --on dask://…` that keeps a core "
        f"busy and logs {STEPS} points a trial, on a cluster of worker processes on this machine; the same work in "
        f"plain processes without nbtrack gains {times(most)} here (load {load:.1f})."
    )
    why = (
        f"this machine gives two plain processes {times(most)}, and here the process with the notebook, Dask's "
        f"scheduler and nbtrack's ingest takes {own:.0%} of a core beside two workers that each want one, where there "
        f"are {os.cpu_count()}."
    )
    return [
        Line(
            "engines",
            f"a sweep of {trials} on a cluster, 2 workers against 1",
            {"nbtrack": f"{times(gain)} (plain processes: {times(most)})"},
            "≥ 1.6×",
            judge(gain >= 1.6),
            note,
            {"nbtrack": gain, "plain": most},
            why=why,
        ),
        Line(
            "engines",
            f"a trial that does nothing, in a sweep of {SMALL} on 2 workers",
            {"nbtrack": milli(took[2]["small"] / SMALL)},
        ),
    ]
