"""The tests' side of `tests.faults.acts`: processes to be killed, and the verdict on what they left."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from nbtrack.base.config import Project
from nbtrack.base.errors import NbtrackError
from nbtrack.runs import contract as c
from nbtrack.runs import projects
from nbtrack.runs.checks import check_project
from nbtrack.runs.service import RunsService
from tests.faults.acts import ARTIFACT, BEGUN, END, POINT, Told, content

ROOT = Path(__file__).resolve().parents[2]
WINDOW = 1.0  # seconds of points that a power cut may take
PATIENCE = 100.0  # seconds until something that hangs is an error


def environment(folder: Path) -> dict[str, str]:
    """The environment of a process that records into a folder and belongs to no run of the tests."""
    known = {name: value for name, value in os.environ.items() if not name.startswith("NBTRACK")}
    return {**known, "PYTHONPATH": str(ROOT), "NBTRACK_DIR": str(folder), "PYTHONUNBUFFERED": "1"}


@contextmanager
def workplace(canary: str = "") -> Iterator[Nursery]:
    """A folder and a parent of victims in it; both are gone at the end."""
    with tempfile.TemporaryDirectory(prefix="nbtrack-faults-", ignore_cleanup_errors=True) as folder:
        nursery = Nursery(Path(folder), canary)
        try:
            yield nursery
        finally:
            nursery.close()


@dataclass
class Victim:
    """A process that does an act until it is killed."""

    pid: int
    root: Path
    told: Told

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        """End it."""
        os.kill(self.pid, how)

    def wait_for(self, count: int) -> None:
        """Until it has been told so many things."""
        deadline = time.monotonic() + PATIENCE
        while self.told.count() < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"the act in '{self.root}' was told {self.told.count()} things, not {count}")
            time.sleep(0.0005)


class Nursery:
    """Starts victims. What they print to standard error is kept: they have nothing to complain of."""

    def __init__(self, folder: Path, canary: str = "") -> None:
        self.folder = folder
        self._count = 0
        self._living: set[int] = set()
        self._errors = (folder / "errors.txt").open("ab")
        command = [sys.executable, "-m", "tests.faults.acts", *([canary] if canary else [])]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": self._errors}
        self._parent = subprocess.Popen(command, cwd=ROOT, env=environment(folder), **pipes)  # type: ignore[call-overload]

    def begin(self, act: str, root: Path | None = None, go: bool = True, **options: object) -> Victim:
        """A process with an act, in a project folder of its own unless one is named. Without ``go`` it waits for it."""
        self._count += 1
        told = self.folder / f"told{self._count}"
        root = root or self.folder / f"project{self._count}"
        root.mkdir(exist_ok=True)
        notes = Told(told, make=True)
        victim = Victim(self._ask([act, str(root), str(told), options]), root, notes)
        self._living.add(victim.pid)
        if go:
            notes.go()
        return victim

    def reap(self, victim: Victim) -> int:
        """Wait until it is gone; its exit status, as `os.waitstatus_to_exitcode` gives it."""
        status = os.waitstatus_to_exitcode(self._ask(["reap", victim.pid]))
        self._living.discard(victim.pid)
        return status

    def wait_for(self, notice: str) -> None:
        """Until some victim has said this."""
        deadline = time.monotonic() + PATIENCE
        while notice not in self.errors():
            if time.monotonic() > deadline:
                raise TimeoutError(f"nobody said '{notice}', but: {self.errors()}")
            time.sleep(0.002)

    def errors(self) -> str:
        """What all victims printed to standard error."""
        return (self.folder / "errors.txt").read_text(errors="replace")

    def close(self) -> None:
        """End the parent, and the victims that nobody reaped, as where a test failed meanwhile."""
        if self._parent.poll() is None:  # else their numbers may be those of others by now
            for pid in self._living:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        self._parent.communicate(timeout=PATIENCE)
        self._errors.close()

    def _ask(self, question: list[object]) -> int:
        stdin, stdout = self._parent.stdin, self._parent.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps(question).encode() + b"\n")
        stdin.flush()
        answer = stdout.readline()
        if not answer:
            raise RuntimeError(f"the parent of the victims is gone: {self.errors()}")
        return int(answer)


@dataclass
class Verdict:
    """What a fresh reader finds. told: points whose log() had returned. lost: those of them that are not there.

    age: seconds from the oldest lost point to the power cut; old: lost ones that were logged more than a second before
    it. ends, files: ended runs and artifacts that were durable and
    are not there. corrupt: what is not sound. unclear: errors that do not say what to do.
    """

    told: int = 0
    lost: int = 0
    old: int = 0
    age: float = 0.0
    ends: int = 0
    files: int = 0
    corrupt: list[str] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)


def judge(root: Path, told: Told, moment: float | None = None) -> Verdict:
    """Read a project as anybody would after its process died.

    moment: when the power was cut, if it was; then artifacts are durable only before the last end of a run, and points
    may be missing in the midst.
    """
    found = Verdict()
    service = RunsService(Project(root))
    try:
        _read(service, told, moment, found)
    except NbtrackError as error:
        found.corrupt.append(f"{error}")
        if not error.hint:
            found.unclear.append(f"{error}")
    except Exception as error:  # noqa: BLE001 (whatever a reader falls over is what is looked for)
        found.corrupt.append(f"{type(error).__name__}: {error}")
        found.unclear.append(f"{type(error).__name__}: {error}")
    finally:
        projects.forget_all()
    return found


def _read(service: RunsService, told: Told, moment: float | None, found: Verdict) -> None:
    service.refresh(force=True)
    rows = {row.name: row for row in service.page(c.PageRequest(limit=10_000)).rows}
    notes = [note for note in told.notes() if moment is None or note[2] <= moment]
    points: dict[int, list[tuple[int, float]]] = {}
    for what, which, at in notes:
        if what == POINT:
            points.setdefault(which >> 32, []).append((which & 0xFFFFFFFF, at))
    found.told = sum(map(len, points.values()))
    for number, logged in points.items():
        row = rows.get(f"run {number}")
        kept = _points(service, row, moment is not None, found) if row else set()
        missing = [at for point, at in logged if point not in kept]
        found.lost += len(missing)
        if missing and moment is not None:
            found.age = max(found.age, moment - min(missing))
            found.old += sum(moment - at > WINDOW for at in missing)
    _runs(rows, notes, moment is not None, found)
    _artifacts(service, rows, notes, moment is not None, found)
    _store(service, moment is not None, found)


def _points(service: RunsService, row: c.RunRow, gaps: bool, found: Verdict) -> set[int]:
    """The steps that are there; each has its own value, and where no power was cut, all from the first on."""
    loss = service.history(row.id, "loss")
    steps = list(loss.steps)
    if list(loss.values) != [float(step) for step in steps] or sorted(set(steps)) != steps:
        found.corrupt.append(f"{row.name}: points out of order, doubled or bent")
    twice = service.history(row.id, "twice") if steps else loss
    if not gaps and steps:
        if steps != list(range(len(steps))):
            found.corrupt.append(f"{row.name}: a point is missing in the midst")
        if list(twice.values) != [2.0 * step for step in range(0, len(steps), 3)]:
            found.corrupt.append(f"{row.name}: half of a record")
    return set(steps)


def _runs(rows: dict[str, c.RunRow], notes: list[tuple[int, int, float]], cut: bool, found: Verdict) -> None:
    begun = {which for what, which, _ in notes if what == BEGUN}
    ended = {which for what, which, _ in notes if what == END}
    for number in sorted(begun | ended - {-1}):
        row = rows.get(f"run {number}")
        status = row.status if row else "missing"
        if number in ended and status != "finished":
            found.ends += 1
        elif row and status not in ("crashed", "finished"):
            found.corrupt.append(f"{row.name} is {status}, and its process is gone")
        if row and (number in ended or not cut) and row.params != {"lr": 0.1, "number": number}:
            found.corrupt.append(f"{row.name} has the params {row.params}")
        if not row and not cut:
            found.ends += 1


def _artifacts(
    service: RunsService, rows: dict[str, c.RunRow], notes: list[tuple[int, int, float]], cut: bool, found: Verdict
) -> None:
    last = max((place for place, (what, _, _) in enumerate(notes) if what == END), default=-1)
    for what, which, _ in notes[: last + 1] if cut else notes:
        if what != ARTIFACT:
            continue
        row = rows.get(f"run {which >> 32}")
        try:
            _, data = service.artifact(row.id if row else "none", f"file{which & 0xFFFFFFFF}")
            found.files += data != content(which >> 32, which & 0xFFFFFFFF)
        except NbtrackError:
            found.files += 1


def _store(service: RunsService, cut: bool, found: Verdict) -> None:
    project = service.project
    if service.database.exists():
        with service.database.read() as conn:
            for pragma in ("integrity_check", "foreign_key_check"):
                answer = conn.execute(f"PRAGMA {pragma}").fetchall()
                if answer not in ([("ok",)], []):
                    found.corrupt.append(f"{pragma}: {answer[:3]}")
    for check in check_project(service):
        if not check.ok and not (cut and check.name == "journals") and check.name != "disk":
            found.corrupt.append(f"doctor: {check.name}: {check.text}")
    for path in project.objects.glob("[0-9a-f][0-9a-f]/*"):
        if hashlib.sha256(path.read_bytes()).hexdigest() != path.parent.name + path.name:
            found.corrupt.append(f"the object {path.name[:8]} is not what its name says ({path.stat().st_size} bytes)")
