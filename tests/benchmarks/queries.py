"""Reading 100,000 runs × 20 params × 10 metrics: pages, counts and all of it as a DataFrame."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import peer_queries
from child import folder, in_child
from table import Line, judge, median, milli, plain

RUNS = 100_000
PAGES: list[tuple[str, dict[str, Any]]] = [
    (
        "page of 50: `metrics.acc > 0.9`, by -acc",
        {"filter": "metrics.acc > 0.9", "sort": ["-metrics.acc"]},
    ),
    (
        "page of 50: `params.lr < 0.01 and (metrics.acc > 0.9 or tags.stage = 'best')`, by loss",
        {"filter": "params.lr < 0.01 and (metrics.acc > 0.9 or tags.stage = 'best')", "sort": ["metrics.loss"]},
    ),
    (
        "page of 50: `params.optimizer = 'adam' and status = 'finished'`, by -val_acc",
        {"filter": "params.optimizer = 'adam' and status = 'finished'", "sort": ["-metrics.val_acc"]},
    ),
    ("page of 50: all runs, by loss", {"sort": ["metrics.loss"]}),
    ("page of 50: all runs, the latest first", {"sort": ["-started"]}),
    ("page of 50: all runs by -acc, from row 50,000", {"sort": ["-metrics.acc"], "offset": 50_000}),
]
COUNTS: list[tuple[str, dict[str, Any]]] = [
    ("count: `metrics.acc > 0.9`", {"filter": "metrics.acc > 0.9", "limit": 0}),
    (
        "count: `params.lr < 0.01 and metrics.acc > 0.9`",
        {"filter": "params.lr < 0.01 and metrics.acc > 0.9", "limit": 0},
    ),
]


_WHY_FILTER = (
    "nobody knows the keys before, so each value of a run is a row of its own, 3 million of them here. The first time "
    "a filter is asked, its count walks the index of the condition that fewest runs meet and looks the others up for "
    "each run of it, 20,000 look-ups of 2 µs where it is the longest; the page itself takes a tenth of that. Asked "
    "again the count is remembered. Tried: to collect the numbers of both conditions in Python (slower, for each row "
    "becomes an object), to walk both indexes (a tenth to a quarter faster, or half as slow again where the other "
    "condition is met by many), a page cache for all that is read (57 ms of CPU become 47). Not tried: a small wide "
    "table of the keys that are used most."
)
_WHY_ALL = (
    "a page in the middle passes every row before it, in the index of what it is sorted by. Tried: with a look at each "
    "run whether it is in the trash it took 77 ms of CPU, and takes 12 with one list of what is in there."
)
_WHY_FRAME = (
    "3 million values become objects of Python before they are columns, for SQLite gives no arrays. Each key is read "
    "from its own index, 20,000 rows at a time, flat into an array; making the rows is most of the time that is left."
)


def pages(place: str, rounds: int) -> list[dict[str, float]]:
    """Inside a child: median wall and CPU seconds of each request, taken in turns, and the first call's wall."""
    from nbtrack.base.config import Project
    from nbtrack.runs.contract import PageRequest
    from nbtrack.runs.service import RunsService

    project = Project(Path(place))
    wall: list[list[float]] = [[] for _ in (*PAGES, *COUNTS)]
    spent: list[list[float]] = [[] for _ in wall]
    for _ in range(rounds + 1):
        for number, (_, given) in enumerate((*PAGES, *COUNTS)):
            service = RunsService(project)  # a new one each time, so that no count is remembered
            took = _timed(partial(service.page, PageRequest(**given)))
            wall[number].append(took[0])
            spent[number].append(took[1])
    return [{"wall": median(w[1:]), "cpu": median(c[1:]), "first": w[0]} for w, c in zip(wall, spent, strict=True)]


def frame(place: str) -> dict[str, float]:
    """Inside a child: seconds of `runs().to_pandas()` of all runs, pandas imported before."""
    import pandas  # noqa: F401 (its import is not what is measured)

    import nbtrack

    kept: list[Any] = []
    wall, cpu = _timed(lambda: kept.append(nbtrack.runs().to_pandas()))
    rows, columns = kept[0].shape
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"wall": wall, "cpu": cpu, "rows": rows, "columns": columns, "mebibytes": peak}


def _timed(what: Callable[[], Any]) -> tuple[float, float]:
    began, spent = time.perf_counter(), time.process_time()
    what()
    return time.perf_counter() - began, time.process_time() - spent


def lines(quick: bool, rivals: list[str]) -> list[Line]:
    """The lines of this part."""
    runs = 300 if quick else RUNS
    with folder() as place:
        seconds = _seed(place, runs)
        found = in_child("queries:pages", place, rounds=1 if quick else 15)
        asked = zip((*PAGES, *COUNTS), found, strict=True)
        table = [_page(what, one, _WHY_FILTER if "filter" in given else _WHY_ALL) for (what, given), one in asked]
        frames = [in_child("queries:frame", place) for _ in range(1 if quick else 3)]
        size = sum(path.stat().st_size for path in Path(place).rglob("*.db*"))
    table[0].note = (
        f"Queries: {runs:,} runs × 20 params × 10 metrics, seeded in {seconds:.0f} s, {size / 2**20:,.0f} MiB; all "
        "columns of the 50 rows, with the matching and total counts, nothing remembered from before. Wall (CPU)."
    )
    return [*table, _frame(frames), *peer_queries.lines(quick, rivals)]


def _seed(place: str, runs: int) -> float:
    began = time.perf_counter()
    in_child("panel_table:seed", place, runs=runs, params=20, metrics=10)
    return time.perf_counter() - began


def _page(what: str, found: dict[str, float], why: str) -> Line:
    wall, cpu = found["wall"], found["cpu"]
    cells = {"nbtrack": f"{milli(wall)} ({milli(cpu)})"}
    return Line("queries", what, cells, "≤ 50 ms", judge(wall <= 0.05, cpu <= 0.05), values=found, why=why)


def _frame(found: list[dict[str, float]]) -> Line:
    wall, cpu = median(one["wall"] for one in found), median(one["cpu"] for one in found)
    rows, columns, peak = (int(found[0][what]) for what in ("rows", "columns", "mebibytes"))
    return Line(
        "queries",
        f"`runs().to_pandas()`: {rows:,} rows × {columns} columns, peak {peak:,} MiB",
        {"nbtrack": f"{plain(wall)} ({plain(cpu)})"},
        "≤ 6 s",
        judge(wall <= 6, cpu <= 6),
        values={"wall": wall, "cpu": cpu, "rows": float(rows)},
        why=_WHY_FRAME,
    )
