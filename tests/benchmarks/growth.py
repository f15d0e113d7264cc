"""How nbtrack grows: from 10 to 100,000 runs, and from a thousand to a hundred million points of one curve.

What a machine or an hour does not hold is extrapolated from the last size that was measured, and marked with ≈.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import memory
from child import cpu, folder, in_child
from table import Line, median, micro, milli

# From this size to that one, where a figure bends up ("+") or down ("-"): why.
Reasons = tuple[tuple[int, int, str, str], ...]

RUNS = (10, 100, 1_000, 10_000, 100_000)
POINTS = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
BEYOND = 100_000_000  # extrapolated from the last of POINTS
BEND = 1.5  # what is reported: a figure that grows so many times more, or less, than in the decade before
BY_RUNS, BY_POINTS = "nbtrack's growth with its runs", "nbtrack's growth with the points of a curve"


_FEW = "the fixed size of an empty database with its tables is shared by few"
_FULL = "a full page is 50 rows, however many runs there are."
_PAGE: Reasons = (
    (100, 100, "+", "10 rows are read of 10 runs, 50 of 100."),
    (1_000, 1_000, "-", _FULL),
    (1_000, 100_000, "+", "the count of all runs, which a page says too, walks an index and outweighs the 50 rows."),
)
_BEST: Reasons = (
    (100, 1_000, "+", "1 run of 10 matches, 10 of 100 and 100 of 1,000, of which 50 are read: the page fills."),
    (1_000, 10_000, "-", _FULL),
    (10_000, 100_000, "+", "the count of those that match walks a tenth of all runs and outweighs the 50 rows."),
)
_BESIDE = "the run before is still being brought in beside a start; its turns of the interpreter fall into {} starts."
_START: Reasons = ((100, 100_000, "+", _BESIDE.format("more")), (100, 100_000, "-", _BESIDE.format("fewer")))
_SIZE: Reasons = ((100, 1_000, "-", f"{_FEW} runs."),)
_EARLY = "the background reads the environment and the state of git when a run begins, in the same interpreter"
_LOG: Reasons = (
    (10_000, 10_000, "+", f"{_EARLY}: a shorter loop is over before its turn comes."),
    (10_000, 1_000_000, "-", f"{_EARLY}: a short loop runs beside that from its first point to its last."),
    (100_000, 1_000_000, "+", "the loop now outlasts 100 ms, and the ingest works beside it in the same interpreter."),
)
_CPU: Reasons = (
    (10_000, 1_000_000, "-", "the beginning and end of the run, its environment and git are shared by few points."),
)
_LEFT = (
    "it is one measurement: what the last ingest before the end left is anything from nothing to the points of 100 ms "
    "and more, and the end waits for the disk."
)
_INGEST: Reasons = (
    (10_000, 10_000, "+", "a loop shorter than the 100 ms between two ingests leaves all its points for the end."),
    (100_000, 10_000_000, "+", _LEFT),
    (10_000, 10_000_000, "-", _LEFT),
)
_CURVE: Reasons = (
    (10_000, 1_000_000, "+", "a request has a fixed cost; past some thousand points reading and thinning outweigh it."),
    (100_000, 100_000, "-", "the answer is full, four points a column; until then it grew with the curve."),
)
_BYTES: Reasons = ((10_000, 100_000, "-", f"{_FEW} points."),)


def fill(place: str, runs: int) -> None:
    """Inside a child: bring the project to so many runs."""
    import seed

    from nbtrack.base.config import Project
    from nbtrack.runs.service import RunsService

    project = Project(Path(place))
    there = RunsService(project).status().runs if (Path(place) / ".nbtrack").is_dir() else 0
    seed.fill(project, runs - there)


def look(place: str, rounds: int) -> dict[str, float]:
    """Inside a child: median seconds of a page, the 50 best and a new run in the project as it is."""
    import nbtrack
    from nbtrack.base.config import Project
    from nbtrack.runs.contract import PageRequest
    from nbtrack.runs.service import RunsService

    project = Project(Path(place))

    def page(**given: Any) -> float:
        service = RunsService(project)  # a new one each time, so that no count is remembered
        return _seconds(partial(service.page, PageRequest(**given)))

    def start() -> float:
        took = _seconds(partial(nbtrack.start_run, name="one more"))
        nbtrack.end_run()
        return took

    def of(what: Callable[[], float]) -> float:
        what()
        return median(what() for _ in range(rounds))

    best = {"filter": "metrics.acc > 0.9", "sort": ["-metrics.acc"]}
    return {"page": of(partial(page, sort=["-started"])), "best": of(partial(page, **best)), "start": of(start)}


def write(place: str, points: int) -> dict[str, float]:
    """Inside a child: seconds a `log`, seconds from the last one until all can be read, and CPU a point of both."""
    import nbtrack

    run = nbtrack.start_run(name="bench")
    log, spent, began = run.log, cpu(), time.perf_counter()
    for number in range(points):
        log({"loss": number * 0.5})
    logged = time.perf_counter()
    nbtrack.end_run()
    run.flush()
    ended = time.perf_counter()
    return {"log": (logged - began) / points, "ingest": ended - logged, "cpu": (cpu() - spent) / points}


def curve(place: str, points: int, rounds: int) -> float:
    """Inside a child: median seconds of the curve, thinned to 800 columns of pixels."""
    from nbtrack.base.config import Project
    from nbtrack.runs.contract import RunRequest, SeriesRequest
    from nbtrack.runs.service import RunsService

    service = RunsService(Project(Path(place)))
    given = SeriesRequest(runs=[service.get(RunRequest("bench")).row.id], keys=["loss"])
    found = service.series(given).series[0]
    if found.total != points:
        raise RuntimeError(f"the curve has {found.total:,} of {points:,} points: its time means nothing")
    return median(_seconds(partial(service.series, given)) for _ in range(rounds))


def _seconds(what: Callable[[], Any]) -> float:
    began = time.perf_counter()
    what()
    return time.perf_counter() - began


def lines(quick: bool, rivals: list[str]) -> list[Line]:
    """The lines of both tables."""
    return [*_by_runs(RUNS[:2] if quick else RUNS, 1 if quick else 9), *_by_points(POINTS[:1] if quick else POINTS)]


def _by_runs(sizes: Sequence[int], rounds: int) -> list[Line]:
    found: dict[int, dict[str, float]] = {}
    held: dict[int, dict[str, int]] = {}
    with folder() as place:
        for runs in sizes:
            in_child("growth:fill", place, runs=runs)
            found[runs] = {**in_child("growth:look", place, rounds=rounds), "size": _size(place)}
            if runs in sizes[-2:]:
                held[runs] = memory.held(place)
    rows: list[tuple[str, str, Callable[[float], str], Reasons]] = [
        ("page", "page of 50, the latest first, all columns", milli, _PAGE),
        ("best", "page of 50 best: `metrics.acc > 0.9`, by -acc", milli, _BEST),
        ("start", "start of a run", milli, _START),
        ("size", "size on disk, a run", partial(_each, "kB"), _SIZE),
    ]
    for runs, one in found.items():
        one["size"] /= runs
    table = [
        _line(BY_RUNS, what, found, key, unit, reason, flat=key in ("start", "size"))
        for key, what, unit, reason in rows
    ]
    return [*table, *memory.lines(held)]


def _by_points(sizes: Sequence[int]) -> list[Line]:
    found: dict[int, dict[str, float]] = {}
    for points in sizes:
        with folder() as place:
            took = in_child("growth:write", place, points=points)
            read = in_child("growth:curve", place, points=points, rounds=3)
            found[points] = {**took, "curve": read, "size": _size(place) / points}
    last = found[sizes[-1]]
    scale = BEYOND / sizes[-1]
    beyond = {**last, "ingest": last["ingest"], "curve": last["curve"] * scale}
    rows: list[tuple[str, str, Callable[[float], str], Reasons, bool]] = [
        ("log", "a `log` of one metric, wall", micro, _LOG, True),
        ("cpu", "CPU a point, with the work in the background", micro, _CPU, True),
        ("ingest", "from the last `log` until all can be read", milli, _INGEST, True),
        ("curve", "the curve, thinned to 800 columns", milli, _CURVE, False),
        ("size", "bytes a point on disk", partial(_each, "B"), _BYTES, True),
    ]
    table = [
        _line(BY_POINTS, what, found, key, unit, reason, flat=flat, beyond=beyond)
        for key, what, unit, reason, flat in rows
    ]
    gigabytes = last["size"] * BEYOND / 1e9
    said = f"≈: from {sizes[-1]:,} points, the curve in proportion; {BEYOND:,} points take {gigabytes:,.1f} GB of disk."
    table[-1].note = f"{table[-1].note} {said}".strip()
    return table


def _each(unit: str, size: float) -> str:
    return f"{size / (1000 if unit == 'kB' else 1):,.1f} {unit}"


def _size(place: str) -> float:
    return float(sum(path.stat().st_size for path in Path(place).rglob("*") if path.is_file()))


def _line(
    table: str,
    what: str,
    found: dict[int, dict[str, float]],
    key: str,
    unit: Callable[[float], str],
    reasons: Reasons,
    *,
    flat: bool,
    beyond: dict[str, float] | None = None,
) -> Line:
    """A row: the figure at each size, and below the table where it bends, and why."""
    values = {size: one[key] for size, one in found.items()}
    cells = {f"{size:,}": unit(value) for size, value in values.items()}
    if beyond:
        cells[f"{BEYOND:,}"] = f"≈ {unit(beyond[key])}"
    bends = [
        f"at {size:,} (×{by:.2g}): "
        + next(
            (why for first, last, way, why in reasons if first <= size <= last and way == sign), "not explained yet."
        )
        for size, by, sign in _bends(values, flat)
    ]
    note = f"{what} bends {' And '.join(bends)}" if bends else ""
    return Line("growth", what, cells, table=table, note=note, values={"nbtrack": 0.0})


def _bends(values: dict[int, float], flat: bool) -> list[tuple[int, float, str]]:
    """Where a figure grew clearly more ("+") or less ("-") than in the decade before: the size, and how it grew.

    flat: the figure would stay the same if nothing but the size changed, so that each change is one.
    """
    found, before = [], 1.0
    for left, right in pairwise(values):
        grew = values[right] / values[left] if values[left] else 1.0
        if not 1 / BEND <= grew / before <= BEND:
            found.append((right, grew, "+" if grew > before else "-"))
        before = 1.0 if flat else grew
    return found
