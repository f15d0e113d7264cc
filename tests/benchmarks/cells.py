"""What a cell costs on top of its own time: the same cell in a shell without nbtrack, with it, and tracked."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from child import folder, in_child
from table import Line, judge, median, milli

PAUSE = 0.12  # seconds between two cells: a person's pause is longer, so background work of one misses the next
CELL = """\
import math
lr, epochs, batch = 0.01, 3, 32
options = {"depth": 4, "kind": "small", "rates": {"drop": 0.1}}
loss = 1.0
for epoch in range(epochs):
    loss = loss * (1 - lr) + math.sin(epoch) * 1e-3
    print("epoch", epoch, "loss", loss)
accuracy = 1 - loss
"""
KINDS = {"bare": CELL, "loaded": CELL, "tracked": "%%track\n" + CELL}
_WHY = {
    "loaded": "every execution is looked at for the tracked ones that may come: its text is parsed once, the names it "
    "speaks of are looked at before and after it, each look taking 1.5 ms of the thread at most, and files that it "
    "opens are noted. Little of that is done where the setting `capture` has neither lineage nor data.",
    "tracked": "what the cell waits for: its text parsed, its params, metrics and outputs taken, its names and data "
    "looked at, autolog put on and taken off, the line below it, and in the end the disk, which has the run before the "
    "cell ends. The disk is time by the clock alone.",
}


def shell() -> Any:
    """A started IPython with the names a notebook has by the afternoon."""
    import numpy
    from IPython.core.interactiveshell import InteractiveShell

    ip = InteractiveShell.instance()
    ip.user_ns.update({f"name_{number}": number * 0.5 for number in range(200)})
    ip.user_ns.update({f"text_{number}": "value" * number for number in range(50)})
    ip.user_ns.update({f"array_{number}": numpy.zeros((100, 100)) for number in range(50)})
    return ip


def run(kind: str, place: str, count: int) -> dict[str, Any]:
    """Inside a child: wall and CPU seconds of each cell in the main thread, and CPU of all threads a cell."""
    ip = shell()
    if kind != "bare":
        ip.run_line_magic("load_ext", "nbtrack")
    wall, cpu, source = [], [], KINDS[kind]
    everything = time.process_time()
    for number in range(count + 1):
        if number == 1:
            everything = time.process_time()
        began, spent = time.perf_counter(), time.thread_time()
        result = ip.run_cell(source, store_history=True)
        wall.append(time.perf_counter() - began)
        cpu.append(time.thread_time() - spent)
        result.raise_error()
        time.sleep(PAUSE)
    all_threads = (time.process_time() - everything) / count
    return {"wall": wall[1:], "cpu": cpu[1:], "first": wall[0], "all": all_threads}


def recorded(place: str) -> int:
    """Inside another child: how many runs are there finished, with params, metrics and output."""
    query = """SELECT count(*) FROM runs WHERE status = 'finished' AND n IN (SELECT run FROM params)
               AND n IN (SELECT run FROM metrics) AND n IN (SELECT run FROM outputs)"""
    with closing(sqlite3.connect(Path(place) / ".nbtrack" / "nbtrack.db")) as conn:
        return int(conn.execute(query).fetchone()[0])


def _once(kind: str, count: int) -> dict[str, Any]:
    with folder() as place:
        result: dict[str, Any] = in_child("cells:run", place, kind=kind, count=count)
        if kind == "tracked":
            found = in_child("cells:recorded", place)
            if found != count + 1:  # a hook that fails is quick too
                raise RuntimeError(f"{found} of {count + 1} tracked cells became runs: their time means nothing")
        return result


def lines(quick: bool, rivals: list[str]) -> list[Line]:
    """The lines of this part."""
    found: dict[str, list[dict[str, Any]]] = {kind: [] for kind in KINDS}
    for _ in range(1 if quick else 5):
        for kind in KINDS:
            found[kind].append(_once(kind, 3 if quick else 40))
    wall = {kind: median(t for one in rounds for t in one["wall"]) for kind, rounds in found.items()}
    cpu = {kind: median(t for one in rounds for t in one["cpu"]) for kind, rounds in found.items()}
    every = {kind: median(one["all"] for one in rounds) for kind, rounds in found.items()}
    first = median(one["first"] for one in found["tracked"]) - median(one["first"] for one in found["bare"])
    note = (
        f"Cells: eight lines with three prints in IPython's shell, 300 names in its namespace; bare it takes "
        f"{milli(wall['bare'])}. Medians; on top of the bare cell. Wall (CPU of the main thread)."
    )
    return [
        _line("an untracked cell, on top of its own time", "loaded", 0.001, wall, cpu, note),
        _line("a tracked cell, on top of its own time", "tracked", 0.015, wall, cpu),
        Line(
            "cells",
            "a tracked cell, CPU of all threads on top",
            {"nbtrack": milli(every["tracked"] - every["bare"])},
        ),
        Line("cells", "the first tracked cell of a kernel, wall on top", {"nbtrack": milli(first)}),
    ]


def _line(what: str, kind: str, goal: float, wall: dict[str, float], cpu: dict[str, float], note: str = "") -> Line:
    more, spent = wall[kind] - wall["bare"], cpu[kind] - cpu["bare"]
    cells = {"nbtrack": f"{milli(more)} ({milli(spent)})"}
    verdict = judge(more <= goal, spent <= goal)
    return Line("cells", what, cells, f"≤ {goal * 1e3:.0f} ms", verdict, note, why=_WHY[kind])
