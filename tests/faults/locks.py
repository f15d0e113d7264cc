"""Another process keeps the database locked: whoever records or reads meanwhile is not held up."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field

from nbtrack.base.config import Project
from nbtrack.base.errors import NbtrackError
from tests.faults.conftest import Scripts
from tests.faults.kernels import OneKernel
from tests.faults.table import Row
from tests.faults.victims import PATIENCE
from tests.faults.writers import a_project, rows_of, unsound

PER_CALL = 5.0  # ms that log() may take, but for one call in a thousand
HEARD = 0.5  # seconds until Ctrl-C is heard
LEFT = 5.0  # seconds that a front end waits for a kernel to end before it kills it

# Logs until it is told to stop; how long each call took. Then ends, with the lock or without it.
LOGGING = """
    import json, sys, time
    import nbtrack
    if sys.argv[2]:
        from tests.faults.locks import CANARIES
        CANARIES[sys.argv[2]]()
    run = nbtrack.start_run(name="victim")
    run.log({"loss": -1.0})
    if sys.argv[3] == "open":
        run.flush()
    print("ready", flush=True)
    sys.stdin.readline()
    took, heard, point, until = [], None, 0, time.monotonic() + float(sys.argv[1])
    try:
        print("under way", flush=True)
        while time.monotonic() < until or (point < 200 and not sys.argv[2]):
            began = time.perf_counter()
            nbtrack.log({"loss": float(point)})
            took.append(time.perf_counter() - began)
            point += 1
            time.sleep(0.001)
    except KeyboardInterrupt:
        heard = time.monotonic()
    began = time.monotonic()
    run.end()
    ended = time.monotonic()
    try:
        found = len(nbtrack.runs())
    except nbtrack.NbtrackError as error:
        found = f"{error}"
    print(json.dumps({"took": took, "heard": heard, "points": point, "end": ended - began,
                      "read": time.monotonic() - ended, "found": found}), flush=True)
    sys.stdin.readline()
"""
CELL = """%%track
import nbtrack
for point in range(1000):
    nbtrack.log({"loss": float(point)})
nbtrack.log_text("words", "note.txt")
"""
# "write": what a program does that writes for long. "all": nobody else may even read; it was there first.
HOLDER = """
    import sqlite3, sys
    conn = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
    if sys.argv[2] == "all":
        conn.execute("PRAGMA locking_mode = EXCLUSIVE")
    conn.execute("BEGIN EXCLUSIVE")
    conn.execute("UPDATE meta SET value = value + 1 WHERE key = 'revision'")
    print("held", flush=True)
    sys.stdin.readline()
    conn.execute("COMMIT")
"""


def _waits_for_the_lock() -> None:
    """Each call of log() is written to the database at once, as in trackers without a journal."""
    from nbtrack.runs.active import ActiveRun

    log = ActiveRun.log

    def patient(self: ActiveRun, *args: object, **kwargs: object) -> None:
        log(self, *args, **kwargs)  # type: ignore[arg-type]
        with suppress(NbtrackError):
            self.recorder.flush(2.0)

    ActiveRun.log = patient  # type: ignore[method-assign, assignment]


CANARIES = {"waits": _waits_for_the_lock}


@dataclass
class Held:
    """What a process felt of a lock that another one held all the time.

    took: ms of each call of log(), sorted. heard: seconds until Ctrl-C was heard, if it was sent. end, read, left:
    seconds that the end of the run, a reading of all runs and the end of the process took; found: how many runs it
    found, or the error. shown: what was printed to standard error.
    """

    took: list[float] = field(default_factory=list)
    heard: float | None = None
    end: float = 0.0
    read: float = 0.0
    found: int | str = 0
    left: float = 0.0
    lost: int = 0
    corrupt: list[str] = field(default_factory=list)
    shown: str = ""

    def quantile(self, share: float) -> float:
        """The time that this share of the calls did not exceed, in ms."""
        return self.took[min(len(self.took) - 1, int(share * len(self.took)))]


@contextmanager
def _holding(scripts: Scripts, mode: str) -> Iterator[None]:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    holder = scripts.start(HOLDER, Project(scripts.folder).database, mode, **pipes)
    assert holder.stdout is not None
    if holder.stdout.readline() != b"held\n":
        raise RuntimeError(f"the lock could not be taken: {holder.communicate()[1].decode()}")
    yield
    holder.communicate(b"\n", timeout=PATIENCE)


def held(
    seconds: float, mode: str = "write", *, interrupt: bool = False, leave: bool = False, canary: str = ""
) -> Held:
    """Log for some seconds while another process holds the lock.

    mode: "write" or "all", see `HOLDER`. interrupt: Ctrl-C comes in the middle. leave: the process ends while the lock
    is still held; otherwise after that.
    """
    with a_project() as scripts:
        scripts.run("import nbtrack\nnbtrack.start_run(name='earlier').end()")
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        with ExitStack() as lock:
            if mode == "all":
                lock.enter_context(_holding(scripts, mode))
            length = PATIENCE if interrupt else seconds  # however late Ctrl-C comes, it finds the loop
            victim = scripts.start(LOGGING, length, canary, "open" if mode == "write" else "", **pipes)
            _line(victim)
            if mode == "write":
                lock.enter_context(_holding(scripts, mode))
            found = _go(victim, seconds, interrupt)
            if leave:
                _leave(victim, found)
        if not leave:
            _leave(victim, found)
        _look(scripts, found)
    return found


@dataclass
class Cell:
    """A tracked cell while the lock is held.

    seconds: until it had ended; usual: without the lock. shown: what came to standard error. statuses: of all runs.
    """

    seconds: float
    usual: float
    shown: str
    statuses: list[str]


def tracked_cell(mode: str = "write") -> Cell:
    """Execute a tracked cell in a real kernel while another process holds the lock."""
    with a_project() as scripts, OneKernel(scripts.folder) as kernel:
        kernel.run("%load_ext nbtrack")
        kernel.run(CELL)
        times = []
        for lock in (False, True):
            with ExitStack() as stack:
                if lock:
                    stack.enter_context(_holding(scripts, mode))
                began = time.monotonic()
                kernel.run(CELL)
                times.append(time.monotonic() - began)
                shown = kernel.printed()
        service, rows = rows_of(scripts.folder)
        deadline = time.monotonic() + PATIENCE
        # The last run is in the kernel's journal until the lock is free: it comes after the other two, or running.
        while [row.status for row in rows] != ["finished"] * 3 and time.monotonic() < deadline:
            time.sleep(0.05)
            service, rows = rows_of(scripts.folder)
        unsound(service)
        return Cell(times[1], times[0], shown, [row.status for row in rows])


def _line(victim: subprocess.Popen[bytes]) -> bytes:
    assert victim.stdout is not None
    line = victim.stdout.readline()
    if not line:
        raise RuntimeError(f"the process that logs is gone: {victim.communicate()[1].decode()}")
    return line


def _go(victim: subprocess.Popen[bytes], seconds: float, interrupt: bool) -> Held:
    assert victim.stdin is not None
    victim.stdin.write(b"\n")
    victim.stdin.flush()
    if _line(victim) != b"under way\n":
        raise RuntimeError("the process logs before it is told to")
    sent = 0.0
    if interrupt:
        time.sleep(seconds / 2)
        sent = time.monotonic()
        victim.send_signal(signal.SIGINT)
    said = json.loads(_line(victim))
    found = Held(sorted(1000 * one for one in said["took"]), end=said["end"], read=said["read"], found=said["found"])
    found.lost = said["points"]
    if interrupt:
        found.heard = said["heard"] - sent if said["heard"] is not None else PATIENCE
    return found


def _leave(victim: subprocess.Popen[bytes], found: Held) -> None:
    began = time.monotonic()
    found.shown = victim.communicate(b"\n", timeout=PATIENCE)[1].decode()
    found.left = time.monotonic() - began
    if victim.returncode:
        found.corrupt.append(f"exit status {victim.returncode}")


def _look(scripts: Scripts, found: Held) -> None:
    service, rows = rows_of(scripts.folder)
    by_name = {row.name: row for row in rows}
    row = by_name.get("victim")
    if row is None or row.status != "finished":
        found.corrupt.append(f"the runs are {[(row.name, row.status) for row in rows]}")
    values = list(service.history(row.id, "loss").values) if row else []
    expected = [-1.0, *map(float, range(found.lost))]
    found.lost = len(set(expected) - set(values))
    if not found.lost and values[: len(expected)] != expected:
        found.corrupt.append("points out of order or doubled")
    found.corrupt += unsound(service)


def rows(long: bool) -> list[Row]:
    """The part of the table."""
    seconds = 60.0 if long else 3.0
    slow = held(2.0, canary="waits")
    first = _row(f"write lock held for {seconds:.0f} s", held(seconds))
    first.canary = f"log() that writes at once takes {slow.took[-1]:,.0f} ms"
    rest = [
        _interrupted_row("write", seconds),
        _row(f"exclusive lock held for {seconds:.0f} s: nobody reads", held(seconds, "all")),
        _interrupted_row("all", seconds),
    ]
    return [first, *rest, _cell_row()]


def _interrupted_row(mode: str, seconds: float) -> Row:
    """Ctrl-C several times, each in a process of its own; of each figure the worst."""
    many = [held(min(seconds, 10.0), mode, interrupt=True, leave=True) for _ in range(5 if seconds > 10.0 else 1)]
    worst = Held(sorted(each for one in many for each in one.took), max(one.heard or 0.0 for one in many))
    for name in ("end", "read", "left"):
        setattr(worst, name, max(getattr(one, name) for one in many))
    worst.lost = sum(one.lost for one in many)
    worst.corrupt = [each for one in many for each in one.corrupt]
    worst.shown, worst.found = "".join(one.shown for one in many), many[-1].found
    row = _row("the same, Ctrl-C, and the process ends", worst)
    row.injected = len(many)
    return row


def _cell_row() -> Row:
    found = tracked_cell()
    wrong = sum(status != "finished" for status in found.statuses)
    goal = f"finished, at most {HEARD} s longer, nothing shown"
    met = not wrong and not found.shown and found.seconds - found.usual <= HEARD
    note = f"{1000 * found.seconds:.0f} ms, without the lock {1000 * found.usual:.0f} ms; {found.shown}".rstrip("; ")
    values = {"cell s": found.seconds, "usual s": found.usual}
    unclear = int(bool(found.shown))
    return Row("a tracked cell under a write lock", 1, 0, wrong, unclear, "see above", goal, met, note, values=values)


def _row(fault: str, found: Held) -> Row:
    goal = f"0 lost, p99.9 ≤ {PER_CALL:.0f} ms"
    p50, late, worst = found.quantile(0.5), found.quantile(0.999), found.took[-1]
    note = (
        f"log() p50 {1000 * p50:.0f} µs, p99.9 {late:.2f} ms, max {worst:.1f} ms in {len(found.took):,} calls; the run "
    )
    note += (
        f"ended in {1000 * found.end:.0f} ms, all runs were read in {found.read:.1f} s ({found.found}), the process "
    )
    note += f"left after {found.left:.1f} s"
    good = not (found.lost or found.corrupt) and late <= PER_CALL
    values = {"p50 ms": p50, "p99.9 ms": late, "max ms": worst, "end s": found.end, "read s": found.read}
    if found.heard is not None:
        goal += f", Ctrl-C ≤ {HEARD} s, left ≤ {LEFT:.0f} s"
        note += f", Ctrl-C was heard after {1000 * found.heard:.0f} ms"
        values |= {"Ctrl-C s": found.heard, "left s": found.left}
        good = good and found.heard <= HEARD and found.left <= LEFT
    unclear = int(any(not line.startswith("nbtrack: ") for line in found.shown.splitlines()))
    note += "".join(f"; {one}" for one in found.corrupt)[:300]
    canary = "see the first row"
    return Row(
        fault, 1, found.lost, len(found.corrupt), unclear, canary, goal, good and not unclear, note, values=values
    )
