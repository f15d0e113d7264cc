"""What a sweep costs beside the code it runs: trivial combinations of a cell, and of a function."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from cells import shell
from child import folder, in_child
from table import Line, judge, median, milli, plain

SIDE = 10  # values of each of two params
CELL = "lr = 0\ndepth = 0\naccuracy = lr * depth"


def cells(place: str, side: int) -> dict[str, float]:
    """Inside a child: seconds of a sweep of a cell, in a shell with 300 names, and of the same when all is finished."""
    ip = shell()
    ip.run_line_magic("load_ext", "nbtrack")
    ip.run_cell("%%track\nwarm = 1", store_history=True)
    source = f"%%track grid --sweep lr=1:{side} --sweep depth=1:{side}\n{CELL}"
    found = {}
    for what in ("first", "again"):
        began, spent = time.perf_counter(), time.process_time()
        ip.run_cell(source, store_history=True).raise_error()
        found[what], found[f"{what}_cpu"] = time.perf_counter() - began, time.process_time() - spent
    return found


def calls(place: str, side: int) -> dict[str, float]:
    """Inside a child: the same of a function."""
    import nbtrack

    values: Any = {"lr": range(1, side + 1), "depth": range(1, side + 1)}
    nbtrack.sweep(lambda x: x, {"x": [1]})
    began, spent = time.perf_counter(), time.process_time()
    nbtrack.sweep(lambda lr, depth: {"accuracy": lr * depth}, values)
    return {"first": time.perf_counter() - began, "first_cpu": time.process_time() - spent}


def recorded(place: str) -> int:
    """Inside another child: how many trials are there finished, with params and metrics, under a sweep."""
    query = """SELECT count(*) FROM runs WHERE status = 'finished' AND n IN (SELECT run FROM params)
               AND n IN (SELECT run FROM metrics) AND parent IN (SELECT n FROM runs WHERE kind = 'sweep')"""
    with closing(sqlite3.connect(Path(place) / ".nbtrack" / "nbtrack.db")) as conn:
        return int(conn.execute(query).fetchone()[0])


def _once(kind: str, side: int) -> dict[str, float]:
    with folder() as place:
        found: dict[str, float] = in_child(f"sweep:{kind}", place, side=side)
        there, wanted = in_child("sweep:recorded", place), side * side + (kind == "calls")
        if there != wanted:
            raise RuntimeError(f"{there} of {wanted} trials were recorded: their time means nothing")
        return found


def lines(quick: bool, rivals: list[str]) -> list[Line]:
    """The lines of this part."""
    side, rounds = (3, 1) if quick else (SIDE, 5)
    cell = [_once("cells", side) for _ in range(rounds)]
    call = [_once("calls", side) for _ in range(rounds)]
    count = side * side
    wall, spent = median(one["first"] for one in cell), median(one["first_cpu"] for one in cell)
    note = f"Sweeps: {count} combinations of two params of a cell of three lines, in a shell with 300 names."
    why = (
        "each trial is a tracked cell of its own, one after the other: its literals are replaced, a run is begun, "
        f"captured and ended, and its end waits until the disk has it, {count} times over, while the background brings "
        "in the trials before."
    )
    return [
        Line(
            "sweep",
            f"a sweep of {count} trivial combinations of a cell",
            {"nbtrack": f"{plain(wall)} ({milli(wall / count)} each)"},
            "≤ 5 s",
            judge(wall <= 5, spent <= 5),
            note,
            {"nbtrack": wall, "cpu": spent},
            why=why,
        ),
        Line(
            "sweep",
            "the same once more: all finished before",
            {"nbtrack": plain(median(one["again"] for one in cell))},
        ),
        Line(
            "sweep",
            f"nbtrack.sweep over a function, {count} combinations",
            {"nbtrack": plain(median(one["first"] for one in call))},
        ),
    ]
