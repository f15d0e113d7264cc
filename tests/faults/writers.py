"""Many writers at once: processes with a run each, workers of all kinds that log to the run of their parent."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from nbtrack.base.config import Project
from nbtrack.runs import contract as c
from nbtrack.runs import projects
from nbtrack.runs.service import RunsService
from tests.faults.conftest import Scripts
from tests.faults.kernels import OneKernel
from tests.faults.table import Row
from tests.faults.victims import PATIENCE, workplace

PROCESSES = 8
GOAL = 100_000  # points a second, all together

# Waits at the gate, so that all log at once, and says when it began and ended to log. At the end all wait for one
# another, on a slow machine longer than the end of a process may take: some would leave what is left to a reader.
OWN_RUN = """
    import json, sys, time
    from pathlib import Path
    import nbtrack
    from nbtrack.runs import recorder
    recorder._CLOSING = 100.0
    number, points, gate, canary = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]
    if canary:
        from tests.faults.acts import CANARIES
        CANARIES[canary]()
    with nbtrack.start_run(name=f"run {number}", params={"number": number}):
        gate.with_name(f"ready{number}").touch()
        while not gate.exists():
            time.sleep(0.001)
        began = time.monotonic()
        for point in range(points):
            nbtrack.log({"loss": float(point * number)})
        ended = time.monotonic()
    gate.with_name(f"times{number}").write_text(json.dumps([began, ended]))
"""

# Each logs `points` values of its own, begun at worker * 1,000,000, to the run of its parent. They end at once too.
HEAD = """
    import os, sys
    import nbtrack
    from nbtrack.runs import recorder
    recorder._CLOSING = 100.0

    def work(worker, points=None):
        recorder._CLOSING = 100.0  # here as well, for those that do not execute this file
        for point in range(points or int(sys.argv[1])):
            nbtrack.log({"loss": float(worker * 1_000_000 + point)})
        return worker

    def main():
        with nbtrack.start_run(name="parent"):
            go()

"""
FORK_POOL = """
    import multiprocessing
    def go():
        with multiprocessing.get_context("fork").Pool(8) as pool:
            pool.map(work, range(8), chunksize=1)
"""
SPAWN_POOL = """
    import multiprocessing
    def go():
        with multiprocessing.get_context("spawn").Pool(8) as pool:
            pool.starmap(work, [(number, int(sys.argv[1])) for number in range(8)], chunksize=1)
"""
LOKY = """
    def go():
        from joblib import Parallel, delayed
        Parallel(n_jobs=8, backend="loky")(delayed(work)(number, int(sys.argv[1])) for number in range(8))
"""
THREADS = """
    def go():
        from multiprocessing.pool import ThreadPool
        with ThreadPool(8) as pool:
            pool.map(work, range(8))
"""
RAW_FORK = """
    def go():
        children = []
        for number in range(8):
            child = os.fork()
            if not child:
                work(number)
                os._exit(0)
            children.append(child)
        for child in children:
            assert os.waitpid(child, 0)[1] == 0
"""
# The run object itself goes into the children, and they leave its `with` block as a script leaves it.
RUN_OBJECT = """
    def go():
        run = nbtrack.active_run()
        run.log({"before": 1.0})
        run.log({"loss": -1.0})
        children = []
        for number in range(8):
            child = os.fork()
            if not child:
                for point in range(int(sys.argv[1])):
                    run.log({"loss": float(number * 1_000_000 + point)})
                sys.exit(3)
            children.append(child)
        for child in children:
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
        run.log({"loss": -2.0})
"""
TAIL = """
    if __name__ == "__main__":
        main()
"""


LOADER = """
    import warnings
    warnings.simplefilter("ignore")
    def go():
        from torch.utils.data import DataLoader, Dataset
        class Data(Dataset):
            def __len__(self):
                return 8
            def __getitem__(self, number):
                return work(number)
        assert sum(len(batch) for batch in DataLoader(Data(), batch_size=1, num_workers=4)) == 8
"""
WAYS = {
    "a fork pool": FORK_POOL,
    "a spawn pool": SPAWN_POOL,
    "loky": LOKY,
    "threads": THREADS,
    "raw forks": RAW_FORK,
    "raw forks with the run object": RUN_OBJECT,
    "DataLoader workers": LOADER,
}
NOTEBOOK = (
    "%%track\nimport nbtrack\nfor i in range({points}):\n    nbtrack.log({{'loss': float({worker} * 1_000_000 + i)}})"
)


@dataclass
class Written:
    """What writers wrote: points given and found, whether each is in its place, what anybody complained of.

    speed: points a second from the first call of log() to the return of the last; readable: until all could be read.
    """

    given: int = 0
    lost: int = 0
    corrupt: list[str] = field(default_factory=list)
    errors: str = ""
    speed: float = 0.0
    readable: float = 0.0


@contextmanager
def a_project() -> Iterator[Scripts]:
    """A folder to start scripts in."""
    with tempfile.TemporaryDirectory(prefix="nbtrack-faults-", ignore_cleanup_errors=True) as folder:
        root = Path(folder) / "project"
        root.mkdir()
        scripts = Scripts(root)
        try:
            yield scripts
        finally:
            scripts.end()


def rows_of(folder: Path) -> tuple[RunsService, list[c.RunRow]]:
    """A fresh reader, and the runs that it finds."""
    service = RunsService(Project(folder))
    service.refresh(force=True)
    return service, service.page(c.PageRequest(limit=100)).rows


def unsound(service: RunsService) -> list[str]:
    """What is wrong with the store; also journals that nobody took in. The service is of no use afterwards."""
    with service.database.read() as conn:
        found = [f"{row}" for row in conn.execute("PRAGMA integrity_check").fetchall() if row != ("ok",)]
        found += [f"{row}" for row in conn.execute("PRAGMA foreign_key_check").fetchall()]
    found += [path.name for path in service.project.journal.glob("*") if path.suffix in (".nbj", ".bad", ".new")]
    projects.forget_all()
    return found


def runs_of_their_own(scripts: Scripts, points: int, canary: str = "") -> Written:
    """Processes with a run each, that log as fast as they can."""
    gate = scripts.folder.parent / "gate"
    numbers = range(1, PROCESSES + 1)
    started = [scripts.start(OWN_RUN, number, points, gate, canary) for number in numbers]
    _wait_for_all([gate.with_name(f"ready{number}") for number in numbers], started)
    gate.touch()
    found = Written(given=PROCESSES * points)
    for process in started:
        found.errors += process.communicate(timeout=PATIENCE * 3)[1].decode()
        found.errors += f"exit status {process.returncode}" if process.returncode else ""
    service, rows = rows_of(scripts.folder)
    times = [json.loads(gate.with_name(f"times{number}").read_text()) for number in numbers]
    began, ended = min(one[0] for one in times), max(one[1] for one in times)
    found.speed, found.readable = found.given / (ended - began), found.given / (time.monotonic() - began)
    if {row.name: row.status for row in rows} != {f"run {n}": "finished" for n in numbers}:
        found.corrupt.append(f"the runs are {[(row.name, row.status) for row in rows]}")
    for row in rows:
        series = service.history(row.id, "loss")
        kept = list(series.steps)
        found.lost += points - len(kept)
        number = row.params["number"]
        if list(series.values) != [float(step * number) for step in kept] or row.metrics["loss"].count != len(kept):
            found.corrupt.append(f"{row.name}: points out of order, doubled or bent")
    found.corrupt += unsound(service)
    return found


def _wait_for_all(places: list[Path], started: list[subprocess.Popen[bytes]]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not all(place.exists() for place in places):
        if time.monotonic() > deadline or any(process.poll() for process in started):
            raise TimeoutError("the writers did not begin")
        time.sleep(0.01)


def workers(scripts: Scripts, way: str, points: int) -> Written:
    """Workers that log so many points each to the run of their parent."""
    found = Written(given=PROCESSES * points)
    found.errors = scripts.run(HEAD + way + TAIL, points)
    service, rows = rows_of(scripts.folder)
    if [(row.name, row.status) for row in rows] != [("parent", "finished")]:
        found.corrupt.append(f"the runs are {[(row.name, row.status) for row in rows]}")
    values = list(service.history(rows[0].id, "loss").values)
    _in_order(found, values, points)
    others = [value for value in values if value < 0]
    if others != ([-1.0, -2.0] if way is RUN_OBJECT else []) or rows[0].metrics["loss"].count != len(values):
        found.corrupt.append("points that nobody logged")
    found.corrupt += unsound(service)
    return found


def _in_order(found: Written, values: list[float], points: int) -> None:
    for worker in range(PROCESSES):
        own = [value for value in values if worker * 1_000_000 <= value < (worker + 1) * 1_000_000]
        found.lost += points - len(own)
        if own != sorted(set(own)):
            found.corrupt.append(f"worker {worker}: points out of order or doubled")


def two_kernels(points: int) -> Written:
    """Two kernels on one notebook, which execute a tracked cell at the same time."""
    found = Written(given=2 * points)
    with workplace() as nursery:
        root = nursery.folder / "project"
        root.mkdir()
        with OneKernel(root) as one, OneKernel(root) as other:
            for kernel in (one, other):
                kernel.run("%load_ext nbtrack")
            kernels = [one, other]
            sent = [kernel.send(NOTEBOOK.format(points=points, worker=n)) for n, kernel in enumerate(kernels)]
            for kernel, message in zip(kernels, sent, strict=True):
                found.errors += str(kernel.wait(message).get("evalue", "")) + kernel.printed()
        service, rows = rows_of(root)
        if [(row.status, row.notebook) for row in rows] != [("finished", "work.ipynb")] * 2:
            found.corrupt.append(f"the runs are {[(row.name, row.status, row.notebook) for row in rows]}")
        _in_order(found, [value for row in rows for value in service.history(row.id, "loss").values], points)
        found.lost -= (PROCESSES - 2) * points  # there are two, not eight
        found.corrupt += unsound(service)
    return found


def _row(fault: str, found: Written, writers: int = PROCESSES, canary: str = "see the first row") -> Row:
    note = f"{found.given:,} points"
    note += "".join(f"; {one}" for one in [*found.corrupt[:1], found.errors[:200]] if one)
    unclear = int(bool(found.errors))
    good = not (found.lost or found.corrupt or unclear)
    return Row(fault, writers, found.lost, len(found.corrupt), unclear, canary, "0 lost, 0 errors", good, note)


def rows(long: bool) -> list[Row]:
    """The part of the table."""
    points = 100_000 if long else 20_000
    with a_project() as scripts:
        lossy = runs_of_their_own(scripts, 2_050, "in memory").lost
    with a_project() as scripts:
        found = runs_of_their_own(scripts, points)
    row = _row(f"{PROCESSES} processes × {points:,} points", found, canary=f"a journal kept in memory loses {lossy:,}")
    row.goal = f"0 lost, 0 'locked', ≥ {GOAL:,} points/s together"
    row.met = row.met and found.speed >= GOAL
    row.note = f"{found.speed:,.0f} points/s logged, {found.readable:,.0f} points/s until all can be read; {row.note}"
    row.values = {"points/s": found.speed, "readable points/s": found.readable}
    seen = [row]
    for name, way in WAYS.items():
        with a_project() as scripts:
            many = points if long or "fork" in name else points // 5
            seen.append(_row(f"{PROCESSES} workers: {name}", workers(scripts, way, many)))
    return [*seen, _row("two kernels on one notebook", two_kernels(points // 2), 2)]
