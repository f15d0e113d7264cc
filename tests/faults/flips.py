"""Single flipped bits, as a worn disk or bad memory makes them: `nbtrack doctor --deep` finds each that matters.

A database with rows in every table is copied, one bit of the copy is flipped, and what a reader sees is compared with
before. Where that differs, the doctor must have said that something is wrong. The canary is SQLite's own quick check on
the same flips. What the doctor finds is then repaired: the file is sound, and what is not as before is said.
"""

from __future__ import annotations

import math
import os
import random
import re
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbtrack.base.config import Project
from nbtrack.base.errors import NbtrackError
from nbtrack.runs import contract as c
from nbtrack.runs import current, deep, objects, projects
from nbtrack.runs.checks import check_project
from nbtrack.runs.editing import EditingService
from nbtrack.runs.repair import repair_project
from nbtrack.runs.service import RunsService
from nbtrack.runs.store.sums import SUMMED
from nbtrack.transfer.records import ModelMetric, ModelRecord
from nbtrack.transfer.store import writing
from tests.faults.table import Row

LONG, QUICK = 3000, 100
_COUNTED = ("tried", "unread", "whole", "unsaid", "unsound", "unclear")
_RUNS = 8
_OF_LOSS = re.compile("could not be read|put in its place|rows that named|make no character")
_SHOWN = ("params", "metrics", "points", "tags", "artifacts", "code")  # as a user is shown them, with their names
_ROWS = tuple(sorted(set(SUMMED) - {*_SHOWN, "keys"}))  # by SQL, for nothing shows all of them


@dataclass
class Repairs:
    """What repairs did.

    unread: could not be read before; whole: reads as before again. unsaid: what is not as before was not said. unsound:
    the file is not. unclear: errors that are not ours.
    """

    tried: int = 0
    unread: int = 0
    whole: int = 0
    unsaid: int = 0
    unsound: int = 0
    unclear: int = 0
    examples: list[str] = field(default_factory=list)


@dataclass
class Flips:
    """What flips did. by_kind: of those that changed something, what it was."""

    flips: int = 0
    changed: int = 0
    missed: int = 0
    quick_missed: int = 0
    by_kind: dict[str, int] = field(default_factory=dict)
    examples: list[str] = field(default_factory=list)
    repairs: Repairs = field(default_factory=Repairs)


def fill(root: Path) -> Project:
    """A project with a little of everything; nobody has its database open afterwards."""
    project = Project(root)
    for number in range(_RUNS):
        with current.begin(project, name=f"run {number}", experiment=f"e{number % 3}", source=f"x = {number}\n") as run:
            run.set_params({"lr": 0.1 / (number + 1), "depth": number, "model": f"forest {number % 4}", "on": True})
            run.set_params({"big": 10**30 + number, "nan": math.nan, "layers": [number, {"units": 64}], "none": None})
            run.set_params({"lr": 0.2 / (number + 1), "text": "wörds " * (400 if number == 3 else 3)})
            for step in range(60 if number % 5 == 0 else 4):
                run.log({"loss": 1 / (step + number + 1), "val.acc": step / 60}, step=step, time=1e9 + step)
            run.log({"last": -math.inf}, step=3, time=2e9)
            run.set_tags({"stage": "draft" if number % 2 else "done", "owner": f"person {number}"})
            run.add_bytes("report.txt", f"precision 0.{number}\n".encode(), "text/plain")
            run.add_bytes("model.bin", bytes(range(256)) * (number + 1))
            run.add_output("stdout", "text/plain", f"fitting {number}\n")
            run.add_dataset("train", "csv", path=f"data/{number % 3}.csv", hash=f"sha256:{number}")
            run.add_execution({"number": number, "source": f"y = {number}\n", "stored": ["y"], "loaded": ["x"]})
            run.set_environment(f"{number % 3:064}", {"python": f"3.1{number % 3}", "packages": {"numpy": "2.0"}})
            run.set_git({"commit": "0123abcd", "dirty": bool(number % 2)})
            run.set_about(lineage={"cells": [number]})
    service = RunsService(project)
    service.refresh(force=True)
    _fill_by_hand(service)
    leave()
    return project


def _fill_by_hand(service: RunsService) -> None:
    """What no run brings: edits, moves, models, and what runs are in other trackers."""
    editing = EditingService(service)
    for number in range(_RUNS):
        editing.edit(c.EditRequest([f"run {number}"], note=f"a note on {number}", starred=bool(number % 2)))
    editing.trash(c.RunsRequest(["run 6"]))
    editing.undo()
    editing.moved(c.Rename("a.ipynb", "b.ipynb"))
    first = service.row("run 1").id
    measured = [ModelMetric("loss", 0.5 / step, 1e9 + step, step, first, "train", "0f") for step in range(1, 5)]
    content = b"precision 0.2\n"  # that of a run's file too
    file = ("MLmodel", objects.put_bytes(service.project.objects, content), len(content), "text/plain", "file", 1e9)
    with service.database.write() as conn:
        for number in range(3):
            model = ModelRecord(
                f"m-{number}", f"model {number}", run=first, about={"tags": {"a": "b"}}, metrics=measured
            )
            writing.put_model(conn, model, [file])
        for number in range(1, _RUNS + 1):
            writing.remember(conn, "http://there", f"run-{number}", number, {"name": f"run {number}"}, {})


def leave() -> None:
    """Close all that this process has open: a file must not be opened beside SQLite."""
    for recorder in projects.open_recorders():
        recorder.close()
    projects.forget_all()


def read(service: RunsService) -> dict[str, Any]:
    """All that a reader sees, by kind and run, as texts that tell −0.0 from 0.0."""
    found: dict[str, dict[str, str]] = {kind: {} for kind in _SHOWN}
    for row in service.page(c.PageRequest(limit=1000)).rows:
        detail = service.get(c.RunRequest(row.id))
        found["params"][row.id] = repr(sorted(detail.params, key=lambda one: one.name))
        found["metrics"][row.id] = repr(sorted(row.metrics.items()))
        found["tags"][row.id] = repr(sorted(row.tags.items()))
        found["artifacts"][row.id] = repr(detail.artifacts)
        curves = {key: service.history(row.id, key) for key in sorted(row.metrics)}
        found["points"][row.id] = repr({key: tuple(map(list, one)) for key, one in curves.items()})
        found["code"][row.id] = repr(detail.code)
    with service.database.read() as conn:
        for table in _ROWS:
            rows = sorted(map(repr, conn.execute(f"SELECT {', '.join(SUMMED[table].columns)} FROM {table}")))
            found[table] = dict.fromkeys(("all",), repr(rows)) if rows else {}
    return found


def differing(before: dict[str, Any], after: dict[str, Any] | None) -> list[str]:
    """The kinds of what a reader sees otherwise; all if nothing can be read."""
    return [kind for kind in before if after is None or before[kind] != after[kind]]


def flip(data: bytes, bit: int) -> bytes:
    """The data with one bit turned over."""
    bent = bytearray(data)
    bent[bit // 8] ^= 1 << bit % 8
    return bytes(bent)


@contextmanager
def bent_project(original: Project, folder: Path, data: bytes) -> Iterator[Project]:
    """A copy of a project with another database, gone afterwards."""
    root = folder / "bent"  # always the same: what kind of file system it is on is found out once
    root.mkdir()
    project = Project(root)
    project.create()
    project.objects.rmdir()
    project.objects.symlink_to(original.objects)
    beside = project.folder / "copied"
    beside.write_bytes(data)
    beside.rename(project.database)
    try:
        yield project
    finally:
        projects.forget_all()
        shutil.rmtree(root)


def look(project: Project) -> tuple[bool, dict[str, Any] | None]:
    """(whether the deep doctor finds something wrong, what a reader sees; None if it gets an error)."""
    wrong = [check for check in check_project(RunsService(project), deep=True) if not check.ok]
    projects.forget_all()
    try:
        return bool(wrong), read(RunsService(project))
    except Exception:  # noqa: BLE001 (what a damaged file does to a reader is what is asked)
        return bool(wrong), None


def quick_check_finds(path: Path) -> bool:
    """Whether SQLite's quick check sees anything."""
    try:
        with closing(sqlite3.connect(path)) as conn:
            return bool(conn.execute("PRAGMA quick_check").fetchall() != [("ok",)])
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        return True


def packed(original: Project, page_size: int) -> bytes:
    """A project's database without a log and without what was left in it when it was written in several pieces."""
    with closing(sqlite3.connect(original.database, isolation_level=None)) as conn:
        for statement in ("journal_mode = DELETE", f"page_size = {page_size}"):
            conn.execute(f"PRAGMA {statement}")
        conn.execute("VACUUM")
    return original.database.read_bytes()


def run(folder: Path, count: int, seed: int, page_size: int) -> Flips:
    """Flip bits of a database's file, one at a time."""
    chance, found = random.Random(seed), Flips()
    root = folder / f"original{page_size}"
    root.mkdir()
    original = fill(root)
    data = packed(original, page_size)
    with bent_project(original, folder, data) as same:
        wrong, before = look(same)
        assert not wrong
        assert before is not None
        assert all(len(before[kind]) == _RUNS for kind in _SHOWN)
        assert all(before.values())
    for _ in range(count):
        found.flips += 1
        bit = chance.randrange(len(data) * 8)
        with bent_project(original, folder, flip(data, bit)) as bent:
            quick = quick_check_finds(bent.database)
            seen, after = look(bent)
            what = f"bit {bit} at a page size of {page_size}, seed {seed}"
            _judge(found, differing(before, after), seen, quick, what)
            if seen:
                found.repairs.unread += after is None
                _repair(found.repairs, bent, before, what)
    return found


def _repair(found: Repairs, bent: Project, before: dict[str, Any], what: str) -> None:
    """Repair a damaged project, and see what came of it."""
    found.tried += 1
    try:
        checks = repair_project(RunsService(bent))
        projects.forget_all()
        after = _read_again(bent)
        with closing(sqlite3.connect(bent.database)) as conn:
            sound = conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            sound = sound and not conn.execute("PRAGMA foreign_key_check").fetchall()
    except Exception as error:  # noqa: BLE001 (whatever comes: it is counted)
        found.unclear += 1
        found.examples.append(f"{what}: {error!r}")
        return
    told = [check.text for check in checks if not check.ok or _OF_LOSS.search(check.text)]
    kinds = differing(before, after)
    found.whole += not kinds
    found.unsaid += bool(kinds and not told)
    found.unsound += not sound
    if not sound or (kinds and not told):
        found.examples.append(f"{what}: repaired, and {', '.join(kinds)} are not as before")


def _read_again(project: Project) -> dict[str, Any] | None:
    """What a reader sees; None where it is refused in words of ours."""
    try:
        return read(RunsService(project))
    except NbtrackError:
        return None
    finally:
        leave()


def _judge(found: Flips, kinds: list[str], seen: bool, quick: bool, what: str) -> None:
    for kind in kinds:
        found.by_kind[kind] = found.by_kind.get(kind, 0) + 1
    if kinds:
        found.changed += 1
        found.quick_missed += not quick
        if not seen:
            found.missed += 1
            found.examples.append(f"{what}: {', '.join(kinds)}")


def flip_objects(folder: Path, count: int, seed: int) -> Flips:
    """Flip bits of artifacts' files, one at a time."""
    chance, found = random.Random(seed), Flips()
    root = folder / "objects"
    root.mkdir()
    project = fill(root)
    database = RunsService(project).database
    names = sorted(objects.all_names(project.objects))
    clean = deep.look_at_files(project, database)
    assert (clean.looked_at, clean.missing, clean.changed, clean.bent) == (len(names), [], [], [])
    for _ in range(count):
        name = chance.choice(names)
        path = objects.path_of(project.objects, name)
        data = path.read_bytes()
        bit = chance.randrange(len(data) * 8)
        path.write_bytes(flip(data, bit))
        seen = deep.look_at_files(project, database)
        path.write_bytes(data)
        found.flips += 1
        found.changed += 1
        found.quick_missed += 1  # the quick doctor looks at sizes
        if seen.bent != [name] or not seen.changed:
            found.missed += 1
            found.examples.append(f"bit {bit} of {name}, seed {seed}")
    leave()
    return found


def rows(long: bool) -> list[Row]:
    """The rows of the table."""
    seed = random.SystemRandom().randrange(1 << 32) if long else 7  # a test tries the same each time
    sys.stderr.write(f"flips: seed {seed}\n")
    os.environ["NBTRACK_PARENT"] = ""
    count = LONG if long else QUICK
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sizes = (1024, 4096) if long else (1024,)
        parts = [run(folder, count // len(sizes), seed, size) for size in sizes]
        files = flip_objects(folder, 500 if long else 50, seed)
    total = {
        what: sum(getattr(part, what) for part in parts) for what in ("flips", "changed", "missed", "quick_missed")
    }
    counts = {kind: sum(part.by_kind.get(kind, 0) for part in parts) for kind in (*_SHOWN, *_ROWS)}
    kinds = ", ".join(f"{kind} {count:,}" for kind, count in counts.items() if count)
    examples = [text for part in (*parts, files) for text in part.examples]
    mended = Repairs(*(sum(getattr(part.repairs, name) for part in parts) for name in _COUNTED))
    failed = "; ".join(text for part in parts for text in part.repairs.examples[:5])
    return [
        Row(
            "one bit of the database",
            total["changed"],
            total["missed"],
            canary=f"quick_check alone misses {total['quick_missed']:,}",
            goal="each that changes data is found",
            met=total["missed"] == 0 < total["changed"],
            note=f"{total['flips']:,} flips; what they changed: {kinds}. {'; '.join(examples)}".strip(),
            values=total,
        ),
        Row(
            "one bit of the database, then `doctor --repair`",
            mended.tried,
            mended.unsaid,
            mended.unsound,
            mended.unclear,
            canary=f"before it {mended.unread:,} cannot be read",
            goal="the file is sound, and what is not as before is said",
            met=mended.unsaid + mended.unsound + mended.unclear == 0 < mended.unread,
            note=f"{mended.whole:,} read as before the flip. {failed}".strip(),
        ),
        Row(
            "one bit of an artifact's file",
            files.changed,
            files.missed,
            canary=f"sizes alone miss {files.quick_missed:,}",
            goal="each is found",
            met=files.missed == 0 < files.changed,
        ),
    ]
