"""The n-th system call of a kind fails: for n = 1, 2, 3 … until none of that number is made.

strace is attached to one thread of a child that is ready to begin, and makes one call fail in the kernel's place, so
SQLite's calls are met as well as Python's, and no import is. Each thread and each kind of call has its own count.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbtrack.base.config import Project
from nbtrack.base.db import Database
from nbtrack.base.errors import NbtrackError
from nbtrack.runs import contract as c
from nbtrack.runs import migrations, objects, projects
from nbtrack.runs.service import RunsService
from tests.faults.conftest import PATIENCE, ROOT, environment
from tests.faults.io_acts import POINTS
from tests.faults.lab import unclear
from tests.faults.table import Row

# The names differ between processors; "?" lets strace pass over those that are not there.
CALLS = {
    "open": "?open,openat",
    "write": "write",
    "pwrite": "pwrite64",
    "read": "pread64",
    "fsync": "fsync",
    "fdatasync": "fdatasync",
    "truncate": "ftruncate",
    "allocate": "fallocate",
    "rename": "?rename,?renameat,?renameat2",
    "mkdir": "?mkdir,mkdirat",
    "unlink": "?unlink,unlinkat",
}
PLACES = (("record", "main"), ("record", "ingest"), ("migrate", "main"), ("purge", "main"))
_MOST = 400  # calls of a kind in one scenario: more means that it never ends


@dataclass
class Outcome:
    """What one fault did. why: in words, where something is wrong."""

    injected: int = 0
    lost: int = 0
    corrupt: int = 0
    unclear: int = 0
    why: list[str] = field(default_factory=list)


class Sweep:
    """Children that begin in prepared projects, and what is left of these."""

    def __init__(self, place: Path, how: str = "sound") -> None:
        self._place = place
        self._number = 0
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.io_acts", how],
            cwd=ROOT,
            env=environment(place),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        (place / "source.bin").write_bytes(b"x" * 5000)
        self._old = place / "old"
        self._full = place / "full"
        _make_old(Project(self._old))
        self.one("record", "main", "", "", 0, keep=self._full)

    def close(self) -> None:
        """End the parent of the children."""
        self._server.communicate(timeout=PATIENCE)

    def one(self, act: str, thread: str, calls: str, error: str, number: int, keep: Path | None = None) -> Outcome:
        """Let the ``number``-th of the calls fail in one thread of one child; without calls, none."""
        self._number += 1
        place = self._place / str(self._number)
        folder, told = place / "project", place / "told"
        place.mkdir()
        shutil.copy(self._place / "source.bin", place / "source.bin")
        if act == "record":
            folder.mkdir()
        else:
            shutil.copytree(self._full if act == "purge" else self._old, folder)
        injected = self._run(act, folder, told, thread, calls, error, number)
        notes = [json.loads(line) for line in told.read_text().splitlines()]
        found = _judged(act, Project(folder), notes)
        found.injected = injected
        if keep is not None:
            shutil.copytree(folder, keep)
        shutil.rmtree(place)
        return found

    def _run(self, act: str, folder: Path, told: Path, thread: str, calls: str, error: str, number: int) -> int:
        assert self._server.stdin is not None
        self._server.stdin.write(json.dumps([act, str(folder), str(told)]).encode() + b"\n")
        self._server.stdin.flush()
        main, ingest = json.loads(self._line())
        log = folder.parent / "strace"
        if not calls:
            (folder.parent / "go").touch()
            assert self._line() == b"ended\n"
            return 0
        with _traced(ingest if thread == "ingest" else main, calls, error, number, log):
            (folder.parent / "go").touch()
            try:
                assert self._line() == b"ended\n"
            except TimeoutError:
                with suppress(ProcessLookupError):
                    os.kill(main, 9)
                self._line()
        return log.read_text().count("(INJECTED)")

    def _line(self) -> bytes:
        assert self._server.stdout is not None
        if not select.select([self._server.stdout], [], [], PATIENCE)[0]:
            raise TimeoutError
        return self._server.stdout.readline()


@contextmanager
def _traced(thread: int, calls: str, error: str, number: int, log: Path) -> Iterator[None]:
    rule = f"inject={calls}:error={error}:when={number}"
    command = ["strace", "-o", str(log), "-p", str(thread), "-e", f"trace={calls}", "-e", rule]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as tracer:
        assert tracer.stderr is not None
        first = tracer.stderr.readline()
        if "attached" not in first:
            tracer.kill()
            raise PermissionError(first)
        try:
            yield
        finally:
            tracer.communicate(timeout=PATIENCE)


def tracing() -> str:
    """Why no call can be made to fail here; "" if one can."""
    if shutil.which("strace") is None:
        return "there is no strace here"
    tried = subprocess.run(
        ["strace", "-e", "inject=getcwd:error=EIO", "/bin/pwd"], capture_output=True, text=True, check=False
    )
    return "" if "INJECTED" in tried.stderr else f"strace may not trace here: {tried.stderr.strip()[:200]}"


def _make_old(project: Project) -> None:
    """A project whose file is of schema version 3, with a run in it."""
    project.create()
    old = Database(project.database, migrations.MIGRATIONS[:3], migrations.MIN_READER)
    with old.write() as conn:
        conn.execute("INSERT INTO experiments (n, name, created) VALUES (1, 'default', 1.0)")
        conn.execute(
            "INSERT INTO runs (n, id, name, experiment, status, started, ended, kind) "
            "VALUES (1, 'abcdefabcdef', 'one', 1, 'finished', 1.0, 2.0, 'script')"
        )
        conn.execute("INSERT INTO keys (n, kind, name) VALUES (1, 'tag', 'colour')")
        conn.execute("INSERT INTO tags (run, key, value) VALUES (1, 1, 'green')")
    old.close()


def _judged(act: str, project: Project, notes: list[list[Any]]) -> Outcome:
    """Hold what a reader finds against what the child was told."""
    told: dict[str, int] = {}
    found = Outcome()
    shown = []
    for kind, what, number in notes:
        if kind == "told":
            told[what] = max(told.get(what, 0), number, 1)
        elif kind == "shown":
            shown.append(what.strip())
        elif kind == "raised" or what.count(".") < 2:
            found.unclear += 1
            found.why.append(f"{kind} {what}")
    bad = unclear("\n".join(shown)) + max(0, len(shown) - 1)
    if bad:
        found.unclear += bad
        found.why += shown
    if "went on" not in told:
        found.unclear += 1
        found.why.append("the user's code did not go on")
    service = RunsService(project)
    try:
        _compare(act, service, told, shown, found)
        with service.database.read() as conn:
            damage = (
                conn.execute("PRAGMA integrity_check").fetchall() + conn.execute("PRAGMA foreign_key_check").fetchall()
            )
        if damage != [("ok",)]:
            found.corrupt = 1
            found.why.append(f"{damage[:2]}")
    except NbtrackError as error:
        found.corrupt = 1
        found.why.append(f"cannot be read afterwards: {error!r}")
    finally:
        service.database.close()
        projects.forget_all()
    return found


def _compare(act: str, service: RunsService, told: dict[str, int], shown: list[str], found: Outcome) -> None:
    service.refresh(force=True)
    rows = {row.name: row for row in service.page(c.PageRequest()).rows}
    for name in ("one", "gone"):
        lost = _missing(service, name, rows.get(name), told if act == "record" else _expected(act, name, told), shown)
        found.lost += len(lost)
        found.why += [f"lost: {name} {what}" for what in lost]
    if "purged" in told and "gone" in rows:
        found.lost += 1
        found.why.append("a run deleted for good is there")


def _expected(act: str, name: str, told: dict[str, int]) -> dict[str, int]:
    """What has to be there of a run that was there before."""
    if act == "migrate":
        return {f"{name} begun": 1, f"{name} tag": 1} if name == "one" else {}
    if name == "gone" and ("trashed" in told or "purged" in told):
        return {}
    return {f"{name} {what}": POINTS for what in ("begun", "points", "params", "bytes", "file", "ended")}


def _missing(service: RunsService, name: str, row: Any, told: dict[str, int], shown: list[str]) -> list[str]:
    asked = {what.split()[1]: count for what, count in told.items() if what.startswith(f"{name} ")}
    if row is None:
        return sorted(asked)
    lost = []
    points = list(service.history(row.id, "loss").values) if "loss" in row.metrics else []
    if points[: asked.get("points", 0)] != [float(number) for number in range(asked.get("points", 0))]:
        lost.append(f"points {points} of {asked['points']}")
    if "params" in asked and row.params != {"lr": 0.5}:
        lost.append("params")
    if "tag" in asked and row.tags != {"colour": "green"}:
        lost.append("tag")
    if "ended" in asked and row.status != "finished":
        lost.append(f"its end ({row.status})")
    held = {each.path: each.hash for each in service.get(c.RunRequest(row.id)).artifacts}
    for what, path in (("bytes", "b.bin"), ("file", "f.bin")):
        if what in asked and not any(f"'{path}' could not be stored" in text for text in shown):
            try:
                objects.read(service.project.objects, held[path])
            except (KeyError, NbtrackError):
                lost.append(path)
    return lost


def swept(sweep: Sweep, places: Any = PLACES, errors: Any = ("EIO", "ENOSPC"), step: int = 1) -> Outcome:
    """Every ``step``-th call of every kind, in every scenario and thread."""
    total = Outcome()
    for act, thread in places:
        for name, calls in CALLS.items():
            for error in errors:
                if name == "read" and error != "EIO":
                    continue
                for number in range(1, _MOST, step):
                    one = sweep.one(act, thread, calls, error, number)
                    if not one.injected:
                        break
                    _add(total, one, f"{act} {thread} {name} {error} {number}")
    return total


# A few of each kind for the tests, where a fault once did harm among them.
_SPREAD = (
    *(("record", "main", "open", number) for number in (4, 9, 12, 15, 22)),
    *(("record", "main", name, 1) for name in ("write", "fsync", "allocate", "rename", "mkdir", "unlink")),
    *(("record", "ingest", name, number) for name in ("open", "pwrite", "fsync") for number in (2, 4)),
    ("record", "ingest", "rename", 1),
    *(("migrate", "main", name, number) for name in ("open", "pwrite", "read", "fsync") for number in (2,)),
    *(("purge", "main", name, number) for name in ("pwrite", "fsync", "unlink") for number in (1,)),
)


def _spread(sweep: Sweep) -> Outcome:
    total = Outcome()
    for at, (act, thread, name, number) in enumerate(_SPREAD):
        _add(total, sweep.one(act, thread, CALLS[name], ("EIO", "ENOSPC")[at % 2], number), f"{act} {name} {number}")
    return total


def _add(total: Outcome, one: Outcome, where: str) -> None:
    total.injected += one.injected
    total.lost += one.lost
    total.corrupt += one.corrupt
    total.unclear += one.unclear
    total.why += [f"{where}: {each}" for each in one.why]


def rows(long: bool) -> list[Row]:
    """The row of the table. The canary is a recorder that drops what it cannot write at once."""
    row = Row("the n-th system call fails (EIO, ENOSPC): record, migrate, purge", goal="0 lost, 0 corrupt, 0 unclear")
    row.skipped = tracing()
    if row.skipped:
        return [row]
    with tempfile.TemporaryDirectory() as place:
        sweep = Sweep(Path(place))
        found = swept(sweep) if long else _spread(sweep)
        sweep.close()
    with tempfile.TemporaryDirectory() as place:
        sweep, careless = Sweep(Path(place), "canary"), Outcome()
        for name in ("open", "allocate", "rename"):
            for number in (1, 4) if name == "open" else (1,):
                _add(careless, sweep.one("record", "main", CALLS[name], "EIO", number), name)
        sweep.close()
    for name in ("injected", "lost", "corrupt", "unclear"):
        setattr(row, name, getattr(found, name))
    row.canary = f"a recorder that drops what it cannot write: {careless.lost} lost in {careless.injected} faults"
    row.met = found.injected >= 20 and not (found.lost or found.corrupt or found.unclear) and careless.lost > 0
    row.note = "; ".join(found.why[:5]) or "each thread and kind of call counted for itself, by strace."
    return [row]
