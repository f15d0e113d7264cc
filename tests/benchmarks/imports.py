"""What importing costs over bare Python, and loading the extension into a started IPython."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from child import environment, folder, in_child
from subjects import SUBJECTS
from table import Line, judge, median, milli

FIRST = {"tensorboard": "from tensorboard.summary import Writer"}  # `import tensorboard` alone loads nothing
_WHY_LOAD = (
    "what is loaded are the hooks, the magics with the table of their verbs, and the completer, file after file of "
    "Python; what captures and stores comes with the next cell. Files that lie in no cache yet, and a core that others "
    "use, are in the time by the clock."
)


def first(subject: str, place: str) -> None:
    """Inside a child: from nothing to the first metric stored."""
    tracker = SUBJECTS[subject](place)
    tracker.begin("bench", {}, {})
    tracker.log({"loss": 1.0})
    tracker.end()
    tracker.close()


def load_extension(place: str) -> dict[str, float]:
    """Inside a child: seconds of ``%load_ext nbtrack`` in a started shell."""
    from cells import shell

    ip = shell()
    ip.run_cell("x = 1")
    began, spent = time.perf_counter(), time.process_time()
    ip.run_line_magic("load_ext", "nbtrack")
    return {"wall": time.perf_counter() - began, "cpu": time.process_time() - spent}


def _python(code: str, place: str) -> tuple[float, float]:
    """Wall and CPU seconds of a Python that runs ``code``."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        env=environment(place),
        cwd=place,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"python -c {code!r} failed")
    return time.perf_counter() - began, usage.ru_utime + usage.ru_stime


def lines(quick: bool, rivals: list[str]) -> list[Line]:
    """The lines of this part."""
    codes = {"bare": "pass", "nbtrack": "import nbtrack", "log": "from nbtrack import log"}
    codes |= {rival: FIRST.get(rival, f"import {rival}") for rival in rivals} | {"sqlite3": "import sqlite3"}
    with folder() as place:
        for code in codes.values():
            _python(code, place)  # compiles and warms the page cache
        found: dict[str, list[float]] = {name: [] for name in codes}
        for _ in range(1 if quick else 11):
            for name, code in codes.items():
                found[name].append(_python(code, place)[1])
        loads = [in_child("imports:load_extension", place) for _ in range(1 if quick else 7)]
    over = {name: median(found[name]) - median(found["bare"]) for name in codes}
    names = ("nbtrack", "sqlite3", *rivals)
    cells = {name: milli(over[name]) for name in names}
    begins = _first_metric(names, 1 if quick else 5)
    wall, cpu = median(one["wall"] for one in loads), median(one["cpu"] for one in loads)
    note = f"Imports: CPU over bare Python, which takes {milli(median(found['bare']))}."
    verdict = judge(over["nbtrack"] <= 0.08)
    what = "`from nbtrack import log`: all that recording needs, CPU over bare Python"
    return [
        Line(
            "imports",
            "`import`, CPU over bare Python",
            cells,
            "≤ 80 ms",
            verdict,
            note,
            values={name: over[name] for name in names},
            better="low",
            why="sqlite3 is one module of C; nbtrack's names load what they need when they are first used, so what is "
            "left is a table of names in Python.",
        ),
        Line("imports", what, {"nbtrack": milli(over["log"])}),
        *begins,
        Line(
            "imports",
            "`%load_ext nbtrack` in a started IPython, wall (CPU)",
            {"nbtrack": f"{milli(wall)} ({milli(cpu)})"},
            "≤ 0.3 s",
            judge(wall <= 0.3, cpu <= 0.3),
            why=_WHY_LOAD,
        ),
    ]


def _first_metric(names: tuple[str, ...], rounds: int) -> list[Line]:
    """A Python that starts, imports, begins a run in a new place, logs one metric and ends: all of it."""
    walls: dict[str, list[float]] = {name: [] for name in names}
    cpus: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            with folder() as place:
                began, before = time.perf_counter(), os.times()
                in_child("imports:first", place, subject=name)
                after = os.times()
                walls[name].append(time.perf_counter() - began)
                spent = (after.children_user + after.children_system) - (before.children_user + before.children_system)
                cpus[name].append(spent)
    wall = {name: median(found) for name, found in walls.items()}
    cpu = {name: median(found) for name, found in cpus.items()}
    note = (
        "First metric: a new Python imports the tracker, begins a run in an empty folder, logs a metric and ends both; "
        "the store is made on the way. CPU with that of processes it started, where they ended before it did."
    )
    why = (
        "nbtrack makes a database with all its tables and indexes, a journal and a record of the session, and notes "
        "the environment and git state, and its end waits until the disk has it; by hand it is five statements, and "
        "TensorBoard's writer makes a file."
    )
    return [
        Line(
            "imports",
            "from nothing to the first metric stored, wall (CPU)",
            {name: f"{milli(wall[name])} ({milli(cpu[name])})" for name in names},
            note=note,
            values=wall,
            better="low",
            why=why,
        )
    ]
