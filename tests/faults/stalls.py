"""A run of two million points is deleted for good: how long another process that logs meanwhile is held up."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nbtrack.base.config import Project
from nbtrack.runs import contract as c
from nbtrack.runs import current, projects
from nbtrack.runs.editing import EditingService
from nbtrack.runs.service import RunsService
from nbtrack.runs.store import trash
from tests.faults.table import Row
from tests.faults.victims import PATIENCE
from tests.faults.writers import a_project, rows_of, unsound

LONG, QUICK = 2_000_000, 20_000  # points of the run that is deleted
LOG_GOAL, INGEST_GOAL = 5.0, 1000.0  # milliseconds: 999 calls of log() in 1,000, the longest ingest

# Logs until it is told to end, and times each call and each time that its thread brings in what was logged.
LOGGING = """
    import json, sys, time
    from pathlib import Path
    import nbtrack
    from nbtrack.runs import intake
    gate, ingests, calls = Path(sys.argv[1]), [], []
    real = intake.Intake.take_all
    def take_all(*given):
        began = time.perf_counter()
        try:
            return real(*given)
        finally:
            ingests.append(time.perf_counter() - began)
    intake.Intake.take_all = take_all
    with nbtrack.start_run(name="goes on"):
        nbtrack.log({"loss": 0.0})
        gate.with_name("logging").touch()
        number, timing = 1, False
        while not (gate.with_name("end").exists() and calls and ingests):
            if not timing and gate.exists():
                timing = True
                ingests.clear()
            for _ in range(100):
                began = time.perf_counter()
                nbtrack.log({"loss": float(number)})
                if timing:
                    calls.append(time.perf_counter() - began)
                number += 1
            time.sleep(0.005)
        seen = max(ingests)
    calls.sort()
    found = {"count": number, "calls": len(calls), "ingests": len(ingests), "longest log": calls[-1],
             "log": calls[int(len(calls) * 0.999)], "ingest": seen}
    gate.with_name("found").write_text(json.dumps(found))
"""


@dataclass
class Held:
    """How long the process was held up, in milliseconds; lost: of its points; seconds: that the deleting took."""

    calls: int
    log: float
    longest_log: float
    ingest: float
    lost: int
    corrupt: list[str]
    seconds: float
    errors: str


def deleted(points: int) -> Held:
    """Delete a run of so many points, put into the trash before, while another process logs."""
    with a_project() as scripts:
        project, gate = Project(scripts.folder), scripts.folder.parent / "gate"
        with current.begin(project, name="large") as run:
            for point in range(points):
                run.log({"loss": float(point)})
        for recorder in projects.open_recorders():
            recorder.close()
        editing = EditingService(RunsService(project))
        editing.trash(c.RunsRequest(["large"]))
        process = scripts.start(LOGGING, gate)
        _wait_for(gate.with_name("logging"))
        time.sleep(0.5)
        gate.touch()
        time.sleep(0.2)
        began = time.monotonic()
        editing.purge()
        seconds = time.monotonic() - began
        time.sleep(0.3)
        gate.with_name("end").touch()
        errors = process.communicate(timeout=PATIENCE)[1].decode()
        found = json.loads(gate.with_name("found").read_text())
        service, rows = rows_of(scripts.folder)
        lost = found["count"] - len(service.history("goes on", "loss").values)
        corrupt = [] if [row.name for row in rows] == ["goes on"] else [f"the runs are {[row.name for row in rows]}"]
        corrupt += unsound(service)
        in_ms = (1000 * found[name] for name in ("log", "longest log", "ingest"))
        return Held(found["calls"], *in_ms, lost, corrupt, seconds, errors)


def _wait_for(place: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not place.exists():
        if time.monotonic() > deadline:
            raise TimeoutError("nobody logged")
        time.sleep(0.01)


@contextmanager
def in_one_transaction() -> Iterator[None]:
    """The canary: all points go at once."""
    step, trash._STEP = trash._STEP, 1 << 40
    try:
        yield
    finally:
        trash._STEP = step


def rows(long: bool) -> list[Row]:
    """The part of the table."""
    points = LONG if long else QUICK
    with in_one_transaction():
        at_once = deleted(points)
    found = deleted(points)
    row = Row(f"a run of {points:,} points is deleted beside a process that logs", 1, found.lost, len(found.corrupt))
    row.unclear = int(bool(found.errors))
    row.canary = f"in one transaction its longest ingest is {at_once.ingest:,.0f} ms"
    row.goal = f"0 lost, log() p99.9 ≤ {LOG_GOAL:.0f} ms, ingest ≤ {INGEST_GOAL / 1000:.0f} s"
    row.met = not (row.lost or row.corrupt or row.unclear) and found.log <= LOG_GOAL and found.ingest <= INGEST_GOAL
    row.note = (
        f"{found.calls:,} calls of log() in {found.seconds:.1f} s of deleting: p99.9 {found.log:.2f} ms, the longest "
        f"{found.longest_log:.1f} ms; the longest ingest {found.ingest:,.0f} ms"
    )
    row.note += "".join(f"; {one}" for one in [*found.corrupt[:1], found.errors[:200]] if one)
    row.values = {"log() p99.9 ms": found.log, "log() longest ms": found.longest_log, "ingest ms": found.ingest}
    return [row]
