"""What processes do until they are killed: a parent that has nbtrack loaded forks one after the other.

    python -m tests.faults.acts [CANARY]

A line of JSON on standard input, `[act, project folder, file of what was told, {options}]`, is answered with the number
of the process that begins it; `["reap", number]` with its exit status. What an act was told, a call that returned, it
notes in mapped memory: the noting survives SIGKILL and is no system call, so calls can be counted and aimed at.
"""

from __future__ import annotations

import ctypes
import json
import mmap
import os
import signal
import sqlite3
import struct
import sys
import time
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Any

from nbtrack.base import journal, places
from nbtrack.base.config import Project
from nbtrack.runs import active, current, objects, service
from nbtrack.runs.projects import open_recorders, recorder_of

POINT, END, ARTIFACT, BEGUN = 1, 2, 3, 4
NOTE = struct.Struct("<qqd")  # what, which, when (time.monotonic, which all processes share)
HEAD = struct.Struct("<qq")  # whether to go, how many notes there are
ROOM = 2_000_000  # notes; the file is a hole where there are none


class Told:
    """What returned, in order, in memory that outlives the process."""

    def __init__(self, path: Path, make: bool = False) -> None:
        if make:
            with path.open("wb") as file:
                file.truncate(HEAD.size + NOTE.size * ROOM)
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), 0)
        self._path = path
        self._count = 0

    def note(self, what: int, which: int) -> None:
        """Something returned just now."""
        at = HEAD.size + self._count * NOTE.size
        NOTE.pack_into(self._memory, at, what, which, time.monotonic())
        self._count += 1
        self._memory[8:16] = self._count.to_bytes(8, "little")

    def go(self) -> None:
        """Let the act begin."""
        self._memory[:8] = b"\1" + bytes(7)

    def wait(self) -> None:
        """Until it may. No system call that anybody would count."""
        while not self._memory[0]:
            time.sleep(0.001)

    def count(self) -> int:
        """How many notes there are."""
        return int(HEAD.unpack_from(self._memory)[1])

    def notes(self, begin: int = 0) -> list[tuple[int, int, float]]:
        """They, from one on."""
        found = self._memory[HEAD.size + begin * NOTE.size : HEAD.size + self.count() * NOTE.size]
        return list(NOTE.iter_unpack(found))

    def remove(self) -> None:
        """Unmap it and delete the file."""
        self._memory.close()
        self._path.unlink()


def content(run: int, number: int) -> bytes:
    """What an artifact of a run holds: small ones go through the journal, every third is several blocks long."""
    return b"%d of run %d\n" % (number, run) * (20_000 if number % 3 == 2 else 10)


def record(
    root: Path, told: Told, points: int = 1 << 40, pause: float = 0.0, runs: int = 1 << 40, files: int = 0
) -> None:
    """Runs one after the other, of so many points and artifacts each."""
    source = told_file(root)
    for number in range(runs):
        run = current.begin(Project(root), name=f"run {number}")
        run.set_params({"lr": 0.1, "number": number})
        told.note(BEGUN, number)
        for point in range(points):
            run.log({"loss": float(point), "twice": 2.0 * point} if point % 3 == 0 else {"loss": float(point)})
            told.note(POINT, number << 32 | point)
            if pause and point % 50 == 49:
                time.sleep(pause)
        for file in range(files):
            if file % 2:
                run.add_bytes(f"file{file}", content(number, file))
            else:
                source.write_bytes(content(number, file))
                run.add_file(source, f"file{file}")
            told.note(ARTIFACT, number << 32 | file)
        run.end()
        told.note(END, number)


def told_file(root: Path) -> Path:
    """Where an act puts a file of its user's."""
    return root / "source.bin"


def scenario(root: Path, told: Told) -> None:
    """A short session with everything in it, its calls aimed at: two runs, segments, artifacts, ingests, the end."""
    for number in range(2):
        record_one(root, told, number)
    for recorder in open_recorders():
        recorder.close()
    told.note(END, -1)


def record_one(root: Path, told: Told, number: int) -> None:
    """A run of two segments, with artifacts, brought into the database on the way."""
    run = current.begin(Project(root), name=f"run {number}")
    run.set_params({"lr": 0.1, "number": number})
    told.note(BEGUN, number)
    for point in range(600):
        run.log({"loss": float(point), "twice": 2.0 * point} if point % 3 == 0 else {"loss": float(point)})
        told.note(POINT, number << 32 | point)
        if point % 300 == 299:
            run.flush()
    for file in range(3):
        if file % 2:
            run.add_bytes(f"file{file}", content(number, file))
        else:
            told_file(root).write_bytes(content(number, file))
            run.add_file(told_file(root), f"file{file}")
        told.note(ARTIFACT, number << 32 | file)
    run.end()
    told.note(END, number)
    run.flush()


def traced(root: Path, told: Told, folder: str, runs: int) -> None:
    """Runs brought in by this thread alone; what the database was told to do goes into a file in the folder."""
    connect, found = sqlite3.connect, list[str]()

    def connected(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        made = connect(*args, **kwargs)
        made.set_trace_callback(found.append)
        return made

    sqlite3.connect = connected  # type: ignore[assignment]
    recorder_of(Project(root))._ingesting.acquire()
    for number in range(runs):
        record_one(root, told, number)
    (Path(folder) / "settings.json").write_text(json.dumps([each for each in found if each.startswith("PRAGMA")]))
    told_once = [each for each, _ in groupby(found)]  # a statement is told again for each trigger that it sets off
    asked = [each for each in told_once if not each.startswith(("SELECT", "PRAGMA", "--"))]
    begin = asked.index("BEGIN IMMEDIATE")
    (Path(folder) / "statements.json").write_text(json.dumps(asked[begin:]))


def migrate(root: Path, told: Told) -> None:
    """Bring a file of the first version up to date."""
    found = service.RunsService(Project(root))
    found.refresh(force=True)
    found.revision()
    told.note(END, -1)


ACTS: dict[str, Callable[..., None]] = {"record": record, "scenario": scenario, "migrate": migrate, "traced": traced}


# -- canaries: what other trackers do, so that the tests are seen to see it


def _in_memory() -> None:
    """A journal that keeps what it is given for a while."""
    append = journal.Journal.append

    def lossy(self: Any, body: bytes) -> None:
        kept = self.__dict__.setdefault("kept_back", [])
        kept.append(body)
        if len(kept) >= 200:
            for each in kept:
                append(self, each)
            kept.clear()

    journal.Journal.append = lossy  # type: ignore[method-assign]


def _never_synced() -> None:
    """Nobody asks the disk to keep anything."""
    connect = sqlite3.connect

    class Careless(sqlite3.Connection):
        def execute(self, sql: str, *args: Any) -> Any:  # type: ignore[override]
            return super().execute("PRAGMA synchronous = OFF" if "synchronous" in sql else sql, *args)

    sqlite3.connect = lambda *args, **kwargs: connect(*args, **{**kwargs, "factory": Careless})  # type: ignore[assignment]
    os.fsync = lambda handle: None
    journal.Journal.sync = lambda self: None  # type: ignore[attr-defined]


def _ends_not_synced() -> None:
    """The end of a run is left to the next ingest, and that is late."""
    journal.Journal.sync = lambda self: None  # type: ignore[attr-defined]
    end = active.ActiveRun.end

    def held_up(self: active.ActiveRun, *given: Any) -> None:
        self.flush()  # all but the end
        self.recorder._ingesting.acquire()
        end(self, *given)

    active.ActiveRun.end = held_up  # type: ignore[method-assign]


def _named_before_synced() -> None:
    """Objects get their names before their bytes are on the disk."""
    objects._sync = lambda folder: None
    fsync = os.fsync
    os.fsync = lambda handle: None if os.readlink(f"/proc/self/fd/{handle}").endswith(".tmp") else fsync(handle)


def _on_a_network() -> None:
    """No canary: the project lies on a network file system, as far as nbtrack can tell."""
    places.kind_of = lambda folder: "nfs4"


def _in_memory_there() -> None:
    _on_a_network()
    _in_memory()


CANARIES: dict[str, Callable[[], None]] = {
    "in memory": _in_memory,
    "never synced": _never_synced,
    "ends not synced": _ends_not_synced,
    "named before synced": _named_before_synced,
    "on a network": _on_a_network,
    "in memory there": _in_memory_there,
}


def let_trace() -> None:
    """Whoever wants may trace this process."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(0x59616D61, ctypes.c_ulong(-1))


def _begin(act: str, root: str, told: str, options: dict[str, Any]) -> None:
    os.setpgid(0, 0)
    let_trace()
    notes = Told(Path(told))
    notes.wait()
    ACTS[act](Path(root), notes, **options)


def _answer(line: str) -> int:
    act, *about = json.loads(line)
    if act == "reap":
        return int(os.waitpid(about[0], 0)[1])
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        _begin(act, *about)
        status = 0
    except BaseException as error:  # noqa: BLE001 (the parent's loop must not go on in the child)
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
    os._exit(status)


def main() -> None:
    """Answer until there are no more lines."""
    if len(sys.argv) > 1:
        CANARIES[sys.argv[1]]()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for line in sys.stdin:
        os.write(1, b"%d\n" % _answer(line))


if __name__ == "__main__":
    main()
