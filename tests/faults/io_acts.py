"""What processes do while a system call of theirs fails: a parent that has nbtrack loaded forks one after the other.

    python -m tests.faults.io_acts [CANARY]

A line of JSON on standard input, `[act, project folder, file of what was told]`, is answered with the numbers of the
child's main thread and of its ingest thread. The child begins when a file "go" lies beside the project, and writes what
it was told, what it raised and what it said to the user into the file: with `writev`, which no fault is injected into.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nbtrack.base.config import Project
from nbtrack.base.errors import NbtrackError
from nbtrack.runs import contract as c
from nbtrack.runs import current, objects, projects, recorder, service
from nbtrack.runs.editing import EditingService
from nbtrack.runs.recorder import Recorder
from tests.faults.acts import let_trace

POINTS = 8


class Notes:
    """What the child was told: calls that returned, by name; errors that reached the user's code; what was shown."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)

    def add(self, kind: str, what: str, number: int = 0) -> None:
        """Note it, so that the death of this process does not take it."""
        os.writev(self._file, [json.dumps([kind, what, number]).encode() + b"\n"])

    def write(self, text: str) -> int:
        """Standard error of the child."""
        if text.strip():
            self.add("shown", text)
        return len(text)

    def flush(self) -> None:
        """Nothing is kept back."""

    def tried(self, what: str, call: Callable[[], Any], number: int = 0, again: int = 3) -> Any:
        """Call as a user does who tries again after an error; what it answered."""
        for _ in range(again):
            try:
                found = call()
            except NbtrackError as error:
                self.add("refused", f"{what}: {error}")
            except Exception as error:  # noqa: BLE001 (it is what is looked for)
                self.add("raised", f"{what}: {error!r}")
            else:
                self.add("told", what, number)
                return found
        return None


def record(project: Project, notes: Notes) -> None:
    """Two runs with points, params and artifacts, the second after the first is in the database."""
    source = project.root.parent / "source.bin"
    for name in ("one", "gone"):
        run = notes.tried(f"{name} begun", lambda name=name: current.begin(project, name=name))  # type: ignore[misc]
        if run is None:
            continue
        notes.tried(f"{name} params", lambda run=run: run.set_params({"lr": 0.5}))  # type: ignore[misc]
        for number in range(POINTS):
            notes.tried(f"{name} points", lambda run=run, at=number: run.log({"loss": float(at)}), number + 1)  # type: ignore[misc]
        notes.tried(f"{name} bytes", lambda run=run: run.add_bytes("b.bin", b"bytes of " + run.name.encode()))  # type: ignore[misc]
        notes.tried(f"{name} file", lambda run=run: run.add_file(source, "f.bin"))  # type: ignore[misc]
        time.sleep(0.05)  # the ingest thread has its turn
        notes.tried(f"{name} ended", run.end)


def migrate(project: Project, notes: Notes) -> None:
    """Read a project whose file is of an older version."""
    reading = service.RunsService(project)
    notes.tried("read", lambda: reading.page(c.PageRequest()))
    reading.database.close()


def purge(project: Project, notes: Notes) -> None:
    """One of three runs goes into the trash and is deleted for good."""
    objects._YOUNG = -1.0
    reading = service.RunsService(project)
    editing = EditingService(reading)
    rows = notes.tried("read", lambda: reading.page(c.PageRequest()).rows) or []
    for row in rows:
        if row.name == "gone":
            notes.tried("trashed", lambda row=row: editing.trash(c.RunsRequest([row.id])))  # type: ignore[misc]
            notes.tried("purged", editing.purge)


ACTS: dict[str, Callable[[Project, Notes], None]] = {"record": record, "migrate": migrate, "purge": purge}


def _canary() -> None:
    """A recorder that drops what it holds when something fails, as if nobody had thought of it."""

    def dropped(self: Recorder, body: bytes, error: Exception) -> None:
        self.tell("disk", repr(error))
        self.write = lambda body: None  # type: ignore[method-assign]

    Recorder._hold = dropped  # type: ignore[method-assign]


def _child(act: str, folder: Path, told: Path) -> None:
    let_trace()
    notes = Notes(told)
    sys.stderr = notes  # type: ignore[assignment]
    project = Project(folder)
    writing: Recorder | None = None
    if act == "record":
        recorder.PERIOD = 0.02
        writing = projects.recorder_of(project)
        writing.wake()
    ingest = writing._thread.native_id if writing is not None and writing._thread is not None else 0
    os.writev(1, [json.dumps([os.getpid(), ingest]).encode() + b"\n"])
    while not (folder.parent / "go").exists():
        time.sleep(0.001)
    ACTS[act](project, notes)
    if writing is not None:
        writing.close()
    projects.database_of(project).close()
    notes.add("told", "went on")


def main() -> None:
    """Answer lines until there are none."""
    with tempfile.TemporaryDirectory() as place:  # once before, so that no import comes in between
        (Path(place) / "source.bin").write_bytes(b"x" * 5000)
        (Path(place) / "p").mkdir()
        notes, project = Notes(Path(place) / "told"), Project(Path(place) / "p")
        record(project, notes)
        projects.recorder_of(project).close()
        purge(project, notes)
        migrate(project, notes)
        projects.forget_all()
    if sys.argv[1:] == ["canary"]:
        _canary()
    for line in sys.stdin:
        act, folder, told = json.loads(line)
        child = os.fork()
        if not child:
            try:
                _child(act, Path(folder), Path(told))
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        os.writev(1, [b"ended\n"])


if __name__ == "__main__":
    main()
