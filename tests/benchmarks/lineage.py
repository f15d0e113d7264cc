"""What lineage adds to a tracked cell late in a long session: with it and without it, all else captured alike."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from child import folder, in_child
from table import Line, judge, median, milli

PAUSE = 0.12  # seconds between two cells, as in cells.py
EACH = 10  # names that an earlier execution binds
_WHY = (
    "the names that the cell reaches are looked at before and after it, each look taking 1.5 ms of the thread at most; "
    "by the clock it is the interpreter's lock too, of which the background takes its turns while it works out the "
    "slice and the verdict. Tried: all executions were weighed for each run; now each is weighed once, and data "
    "capture asks the same history: 4.6 ms where it was 13.7, 3.3 of them the thread's own, on a quiet machine."
)
SETUP = """\
import numpy as np
import pandas as pd
table = pd.DataFrame(np.random.default_rng(0).random((20_000, 30)))
image = np.zeros((1000, 1000))
options = {"depth": 4, "rates": {"drop": 0.1}}
words = ["word"] * 100_000
def score(part, scale=2):
    return float(np.mean(part)) * scale + name_5
"""
CELL = """\
part = table[3]
image[5, 5] = 1.0
loss = 1.0
for name in (name_11, name_23, name_42, name_108):
    loss += score(part) * options["depth"] + len(words) + (name if isinstance(name, float) else 0)
accuracy = 1 / loss
"""


def earlier(number: int) -> str:
    """The text of an earlier execution: it uses what was there and binds ten names."""
    first = number * EACH
    lines = [f"name_{one} = {one} * 0.5" for one in range(first, first + EACH - 4)]
    lines += [f"name_{first + EACH - 4} = np.arange(1000.0)", f"name_{first + EACH - 3} = [{number}] * 50"]
    lines += [f"name_{first + EACH - 2} = {{'a': name_{max(0, first - EACH)}}}", f"name_{first + EACH - 1} = options"]
    return "\n".join(lines)


def run(kind: str, place: str, executions: int, count: int) -> dict[str, Any]:
    """Inside a child: wall and CPU seconds of the main thread of each tracked cell."""
    from IPython.core.interactiveshell import InteractiveShell

    from nbtrack.base.config import CAPTURED

    captured = [word for word in CAPTURED if word != "lineage" or kind == "with"]
    settings = Path(place) / ".nbtrack" / "settings.json"
    settings.parent.mkdir(exist_ok=True)
    settings.write_text(json.dumps({"capture": captured}), encoding="utf-8")
    ip = InteractiveShell.instance()
    ip.run_line_magic("load_ext", "nbtrack")
    for source in (SETUP, *(earlier(number) for number in range(executions))):
        ip.run_cell(source, store_history=True).raise_error()
    wall, cpu = [], []
    for _ in range(count + 1):
        time.sleep(PAUSE)
        began, spent = time.perf_counter(), time.thread_time()
        result = ip.run_cell(f"%%track\n{CELL}", store_history=True)
        wall.append(time.perf_counter() - began)
        cpu.append(time.thread_time() - spent)
        result.raise_error()
    return {"wall": wall[1:], "cpu": cpu[1:], "names": len(ip.user_ns)}


def verdicts(place: str) -> int:
    """Inside another child: how many runs have their verdict."""
    from nbtrack.base.config import Project
    from nbtrack.runs import contract as c
    from nbtrack.runs.service import RunsService

    reads = RunsService(Project(Path(place)))
    return sum("lineage" in reads.get(c.RunRequest(row.id)).about for row in reads.page(c.PageRequest(limit=500)).rows)


def _once(kind: str, executions: int, count: int) -> dict[str, Any]:
    with folder() as place:
        result: dict[str, Any] = in_child("lineage:run", place, kind=kind, executions=executions, count=count)
        found = in_child("lineage:verdicts", place)
        if found != (count + 1 if kind == "with" else 0):
            raise RuntimeError(f"{found} runs have a verdict where capture was {kind} lineage: the time means nothing")
        return result


def lines(quick: bool, rivals: list[str]) -> list[Line]:
    """The lines of this part."""
    executions, count, rounds = (20, 3, 1) if quick else (500, 30, 3)
    found: dict[str, list[dict[str, Any]]] = {"without": [], "with": []}
    for _ in range(rounds):
        for kind, results in found.items():
            results.append(_once(kind, executions, count))
    wall = {kind: median(t for one in results for t in one["wall"]) for kind, results in found.items()}
    cpu = {kind: median(t for one in results for t in one["cpu"]) for kind, results in found.items()}
    more, spent = wall["with"] - wall["without"], cpu["with"] - cpu["without"]
    note = (
        f"Lineage: a tracked cell after {executions} executions with {found['with'][0]['names']:,} names; without "
        f"lineage it takes {milli(wall['without'])}. Medians. Wall (CPU of the main thread)."
    )
    what = f"lineage, on top of a tracked cell after {executions} executions"
    cells = {"nbtrack": f"{milli(more)} ({milli(spent)})"}
    return [Line("lineage", what, cells, "≤ 5 ms", judge(more <= 0.005, spent <= 0.005), note, why=_WHY)]
