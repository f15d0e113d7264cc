"""The database is another file than it was: deleted, replaced, broken, newer, older, another program's, no file at all.

    python -m tests.faults.swaps [CANARY]

Each case is tried before a process begins to record and while it has the file open. One process prepares, forks the one
that records, and reads afterwards, once as the file is and once when the right one is back: a line of JSON for each.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from nbtrack.base import journal
from nbtrack.base.config import Project
from nbtrack.base.db import Database
from nbtrack.base.errors import NbtrackError
from nbtrack.runs import checks, current, migrations, projects
from nbtrack.runs.service import RunsService
from tests.faults.conftest import PATIENCE, ROOT, environment
from tests.faults.lab import found, missing, unclear
from tests.faults.table import Row

BEFORE, DURING = 50, 30
# What may be done with a file: it is refused, read but not written, or taken as the project's file.
REFUSED, READ, TAKEN = "refused", "read", "taken"


@dataclass
class Outcome:
    """One case. why: what was wrong, in words."""

    case: str
    injected: int = 1
    lost: int = 0
    corrupt: int = 0
    unclear: int = 0
    why: list[str] = field(default_factory=list)

    def wrong(self, kind: str, why: str, count: int = 1) -> None:
        """Count something that is wrong."""
        setattr(self, kind, getattr(self, kind) + count)
        self.why.append(why)


def _made(folder: Path, name: str) -> Path:
    """A project with a run that has 50 points, closed; its database."""
    folder.mkdir()
    project = Project(folder)
    child = os.fork()
    if not child:
        run = current.begin(project, name=name)
        for number in range(BEFORE):
            run.log({"loss": float(number)})
        run.end()
        run.recorder.close()
        os._exit(0)
    os.waitpid(child, 0)
    return project.database


def _other_program(path: Path) -> None:
    with sqlite3.connect(path) as conn:
        conn.execute("CREATE TABLE songs (title TEXT)")
    conn.close()


def _newer(good: Path, path: Path, min_reader: int) -> None:
    shutil.copy(good, path)
    with sqlite3.connect(path) as conn:
        conn.execute("UPDATE meta SET value = ? WHERE key = 'min_reader'", (min_reader,))
        conn.execute("PRAGMA user_version = 99")
    conn.close()


def _older(path: Path) -> None:
    old = Database(path, migrations.MIGRATIONS[:3], migrations.MIN_READER)
    old.connection()
    old.close()


def _bent(good: Path, path: Path, change: Callable[[bytearray], None]) -> None:
    data = bytearray(good.read_bytes())
    change(data)
    path.write_bytes(data)


def _zero_header(data: bytearray) -> None:
    data[:100] = bytes(100)


def _flip(data: bytearray) -> None:
    for at in range(100, 4000, 7):
        data[at] ^= 0xFF


def _cut(data: bytearray) -> None:
    del data[len(data) // 3 :]


# name: how the file is made from the good one and another project's; what becomes of it.
CASES: dict[str, tuple[Callable[[Path, Path, Path], None] | None, str]] = {
    "deleted": (None, TAKEN),
    "replaced by another project's": (lambda good, other, path: bool(shutil.copy(other, path)), TAKEN),  # type: ignore[dict-item, return-value]
    "of an older version": (lambda good, other, path: _older(path), TAKEN),
    "with a zeroed header": (lambda good, other, path: _bent(good, path, _zero_header), REFUSED),
    "with flipped bytes": (lambda good, other, path: _bent(good, path, _flip), REFUSED),
    "cut short": (lambda good, other, path: _bent(good, path, _cut), REFUSED),
    "text": (lambda good, other, path: bool(path.write_text("notes\n" * 500)), REFUSED),  # type: ignore[dict-item, return-value]
    "another program's": (lambda good, other, path: _other_program(path), REFUSED),
    "of a newer version that may not be read": (lambda good, other, path: _newer(good, path, 99), REFUSED),
    "of a newer version that may be read": (lambda good, other, path: _newer(good, path, 1), READ),
    "a directory": (lambda good, other, path: path.mkdir(), REFUSED),
    "a link to nothing": (lambda good, other, path: path.symlink_to(path.parent / "nowhere" / "x.db"), REFUSED),
}


def tried(place: Path, good: Path, other: Path, case: str, under: bool) -> Outcome:
    """One case, from the swap to the file that is right again."""
    outcome = Outcome(f"{case}, {'under an open connection' if under else 'before the process begins'}")
    make, fate = CASES[case]
    folder, bad, kept = place / "project", place / "bad", place / "kept.db"
    shutil.copytree(good.parent.parent, folder)
    project = Project(folder)
    if make is not None:
        make(good, other, bad)
    before = _digest(bad)
    notes = place / "notes"
    child = os.fork()
    if not child:
        try:
            _record(project, bad, kept, under, notes)
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    told, shown = json.loads(notes.read_text() or "[0, []]") if notes.exists() else (0, [])
    _judge_recording(outcome, project, fate, before, told, shown)
    if fate != TAKEN:
        _judge_doctor(outcome, project, fate)
        _remove(project.database)
        shutil.copy(kept if kept.exists() else good, project.database)
    _judge_reading(outcome, project, case, under, told)
    return outcome


def _record(project: Project, bad: Path, kept: Path, under: bool, notes: Path) -> None:
    """The process that records: what it was told and shown goes into the file."""
    shown: list[str] = []
    told = 0
    if not under:
        _swap(project, bad)
    projects.recorder_of(project).notify = shown.append
    run = current.begin(project, name="during")
    for number in range(DURING):
        run.log({"loss": float(number)})
        told += 1
        if under and number == 9:
            run.flush()
            _copy(project.database, kept)
            _swap(project, bad)
    time.sleep(0.15)
    run.end()
    run.recorder.close()
    notes.write_text(json.dumps([told, shown]))


def _copy(path: Path, target: Path) -> None:
    """As another process copies it: by SQLite."""
    code = "import sqlite3, sys; a, b = map(sqlite3.connect, sys.argv[1:]); a.backup(b); a.close(); b.close()"
    subprocess.run([sys.executable, "-S", "-c", code, str(path), str(target)], check=True)


def _swap(project: Project, bad: Path) -> None:
    """As another process does it: the file goes, another comes under its name, before anybody can make one there."""
    coming = project.database.with_name("coming")
    code = "import os, sys; os.unlink(sys.argv[1]); len(sys.argv) < 3 or os.rename(sys.argv[2], sys.argv[1])"
    if bad.exists() or bad.is_symlink():
        subprocess.run(["cp", "-RP", str(bad), str(coming)], check=True)
    there = [str(coming)] if os.path.lexists(coming) else []
    subprocess.run([sys.executable, "-S", "-c", code, str(project.database), *there], check=True)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    else:
        path.unlink(missing_ok=True)
    for end in ("-wal", "-shm"):
        Path(f"{path}{end}").unlink(missing_ok=True)


def _digest(path: Path) -> str:
    if path.is_symlink():
        return f"link to {os.readlink(path)}"
    if path.is_dir():
        return "directory"
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""


def _judge_recording(outcome: Outcome, project: Project, fate: str, before: str, told: int, shown: list[str]) -> None:
    if told != DURING:
        outcome.wrong("unclear", "the user's code did not go on")
    text = "\n".join(f"nbtrack: {line}" for line in shown)
    if unclear(text) or len(shown) > 1:
        outcome.wrong("unclear", f"shown: {shown}")
    if fate == TAKEN:
        if shown:
            outcome.wrong("unclear", f"shown without need: {shown}")
        return
    if len(shown) != 1 or str(project.database) not in shown[0]:
        outcome.wrong("unclear", f"the file is not named: {shown}")
    if _digest(project.database) != before:
        outcome.wrong("corrupt", "the strange file was changed")
    if not journal.segments(project.journal):
        outcome.wrong("lost", "no journal was kept")


def _judge_doctor(outcome: Outcome, project: Project, fate: str) -> None:
    """What the doctor says of it; a file of another version that may be read is no damage."""
    service = RunsService(project)
    said = checks.check_project(service)
    service.database.close()
    projects.forget_all()
    named = [one for one in said if not one.ok and str(project.database) in one.text and one.hint]
    read = any(one.name == "database" and "read-only" in one.text for one in said)
    if not (named or (fate == READ and read)):
        outcome.wrong("unclear", f"the doctor: {[(one.name, one.ok, one.text, one.hint) for one in said]}")


def _judge_reading(outcome: Outcome, project: Project, case: str, under: bool, told: int) -> None:
    try:
        left = found(project.root)
    except NbtrackError as error:
        outcome.wrong("corrupt", f"cannot be read in the end: {error!r}")
        return
    if left.damage:
        outcome.wrong("corrupt", f"{left.damage[:2]}")
    lost = missing(told, left.points.get("during", []))
    name = {"deleted": "", "of an older version": "", "replaced by another project's": "other"}.get(case, "good")
    lost += missing(BEFORE, left.points.get(name, [])) if name else 0
    if lost:
        outcome.wrong("lost", f"{ {name: len(values) for name, values in left.points.items()} }", lost)
    if left.status.get("during") != "finished":
        outcome.wrong("lost", f"the run is {left.status.get('during')}")


def _careless(database: Database) -> bool:
    """Whatever lies there is taken for the file that it was."""
    database._identity = None
    return False


def main() -> None:
    """All cases, a line of JSON each; without the defence, those that it is for."""
    cases = [(under, case) for under in (False, True) for case in CASES]
    if sys.argv[1:] == ["canary"]:
        Database._replaced = _careless  # type: ignore[method-assign]
        cases = [(True, case) for case, (_, fate) in CASES.items() if fate == TAKEN]
    with tempfile.TemporaryDirectory() as place:
        good, other = _made(Path(place) / "good", "good"), _made(Path(place) / "other", "other")
        for number, (under, case) in enumerate(cases):
            here = Path(place) / str(number)
            here.mkdir()
            os.writev(1, [json.dumps(asdict(tried(here, good, other, case, under))).encode() + b"\n"])


def outcomes(how: str) -> list[Outcome]:
    """All cases, in a process of their own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.swaps", how],
        cwd=ROOT,
        env=environment(ROOT),
        capture_output=True,
        text=True,
        timeout=3 * PATIENCE,
        check=False,
    )
    found = [Outcome(**json.loads(line)) for line in done.stdout.splitlines()]
    if done.returncode or not found:
        raise RuntimeError(done.stderr[-2000:])
    return found


def rows(long: bool) -> list[Row]:
    """The row of the table. The canary does not look whether the file is still the one that it opened."""
    del long  # there are as many cases as there are
    sound, careless = outcomes("sound"), outcomes("canary")
    row = Row(
        "the database deleted, replaced, broken, newer, older, no file; before and under an open connection",
        *(sum(getattr(each, name) for each in sound) for name in ("injected", "lost", "corrupt", "unclear")),
        canary=f"without a look at which file it is: {sum(each.lost for each in careless):,} lost",
        goal="0 lost, 0 corrupt, each named by the error and the doctor",
        note="; ".join(f"{each.case}: {why}" for each in sound for why in each.why)[:600],
    )
    row.met = not (row.lost or row.corrupt or row.unclear) and any(each.lost for each in careless)
    return [row]


if __name__ == "__main__":
    main()
