"""A file of every schema version there was: brought up to date with nothing lost, also by a process that is killed."""

from __future__ import annotations

import math
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import nbtrack
from nbtrack.base.config import Project
from nbtrack.base.db import Database
from nbtrack.runs import contract as c
from nbtrack.runs import projects
from nbtrack.runs.checks import check_project
from nbtrack.runs.migrations import MIGRATIONS, MIN_READER
from nbtrack.runs.service import RunsService

KEPT = Path(__file__).parent / "schemas"
VERSIONS = range(1, len(MIGRATIONS) + 1)
PARAMS = {
    "lr": 0.2,
    "depth": 5,
    "name": "fôrest",
    "deep.a": [1, None],
    "yes": True,
    "no": None,
    "zero": -0.0,
    "nan": math.nan,
    "big": 10**30,
    "half": "a\ud800b",
    "up": math.inf,
}


def laid(project: Project, version: int) -> Path:
    project.create()
    shutil.copyfile(KEPT / f"v{version}.db", project.database)
    return project.database


def version_of(path: Path) -> int:
    with closing(sqlite3.connect(path)) as conn:
        return int(conn.execute("PRAGMA user_version").fetchone()[0])


def schema_of(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as conn:
        return sorted(text for (text,) in conn.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"))


def values(path: Path, like: Path | None = None) -> dict[str, list[str]]:
    """Every value of a file, by table; like: only the columns that this file has. As text, which tells −0.0 from 0."""
    found = {}
    with closing(sqlite3.connect(path)) as conn, closing(sqlite3.connect(like or path)) as model:
        for (table,) in model.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            columns = ", ".join(f'"{row[1]}"' for row in model.execute(f"PRAGMA table_info({table})"))
            where = " WHERE key = 'revision'" if table == "meta" else ""
            found[table] = sorted(map(repr, conn.execute(f"SELECT {columns} FROM {table}{where}")))
    return found


def test_a_file_of_every_version_is_kept_and_small() -> None:
    """A new migration comes with a file of its version: `python tests/runs/schemas/keep.py` makes it."""
    kept = {path.name: path for path in KEPT.glob("*.db")}
    assert sorted(kept) == [f"v{version}.db" for version in VERSIONS]
    for version in VERSIONS:
        assert version_of(kept[f"v{version}.db"]) == version
        assert kept[f"v{version}.db"].stat().st_size < 100_000


@pytest.mark.parametrize("version", VERSIONS)
def test_a_migration_that_has_landed_still_makes_what_it_made(version: int, tmp_path: Path) -> None:
    """A file that was made with it is never migrated again: what changes later needs a migration of its own."""
    made = Database(tmp_path / "nbtrack.db", MIGRATIONS[:version], MIN_READER)
    made.connection()
    made.close()
    assert schema_of(made.path) == schema_of(KEPT / f"v{version}.db")


@pytest.mark.parametrize("version", VERSIONS)
def test_every_value_of_an_older_file_is_there_after_it_was_brought_up_to_date(version: int, project: Project) -> None:
    database, old = laid(project, version), KEPT / f"v{version}.db"
    service = RunsService(project)
    with service.database.read():
        pass  # opened, that is brought up to date
    copies = list(project.backups.glob("nbtrack-v*.db"))
    assert len(copies) == (version < len(MIGRATIONS))
    for copy in copies:  # made before
        assert copy.name.startswith(f"nbtrack-v{version}-")
        assert (version_of(copy), values(copy)) == (version, values(old))
    assert version_of(database) == len(MIGRATIONS)
    before = values(old)
    assert sum(map(len, before.values())) > 50
    assert values(database, like=old) == before
    check_what_is_read(service, version)
    everything = values(database)
    service.database.close()
    projects.forget_all()
    again = RunsService(project)
    check_what_is_read(again, version)
    again.database.close()
    assert values(database) == everything
    assert list(project.backups.glob("nbtrack-v*.db")) == copies


def check_what_is_read(service: RunsService, version: int) -> None:
    row = service.row("forest")
    assert repr(dict(sorted(row.params.items()))) == repr(dict(sorted(PARAMS.items())))
    assert row.tags == {"stage": "done", "ünï": "é"}
    assert (row.experiment, row.notebook, row.status, row.starred) == ("digits", "a.ipynb", "finished", True)
    detail = service.get(c.RunRequest("forest"))
    assert (detail.code, row.note) == ("fit(lr=0.1)\n", "as *good* as it gets")
    assert {one.name: one.earlier for one in detail.params if one.earlier} == {"lr": [0.1]}
    assert detail.about == ({"lineage": {"cells": [1]}} if version > 2 else {})
    (file,) = detail.artifacts
    assert (file.path, file.size, file.mime) == ("report.txt", 14, "text/plain")
    loss, acc, odd = (service.history(row.id, name) for name in ("loss", "acc", "odd"))
    assert list(loss.values) == [1 / (step + 1) for step in range(300)]
    assert list(loss.steps) == list(range(300))
    assert list(loss.times) == [1e9 + step for step in range(300)]
    assert repr(list(acc.values)) == repr([math.nan if step == 7 else step / 300 for step in range(300)])
    assert repr(list(odd.values)) == "[inf, -0.0, -inf]"
    shown = {name: (one.last, one.min, one.max) for name, one in row.metrics.items()}
    assert shown["loss"] == (1 / 300, 1 / 300, 1.0)
    assert shown["odd"] == (-math.inf, -math.inf, math.inf)
    child = service.row("child")
    assert (child.status, child.end_reason, child.parent) == ("failed", "ValueError: no", row.id)
    (tree,) = service.page(c.PageRequest(trashed=True)).rows
    assert (tree.name, tree.params) == ("tree", {"lr": 1})


@pytest.mark.parametrize("version", VERSIONS)
def test_the_doctor_finds_nothing_but_what_was_never_there_in_a_file_of_any_version(
    version: int, project: Project
) -> None:
    laid(project, version)
    wrong = [check for check in check_project(RunsService(project), deep=True) if not check.ok]
    assert [check.name for check in wrong] == ["artifacts"]  # the file of version n comes without its objects
    assert "report.txt" in wrong[0].text


# A parent that forks children: each opens a file of version 1 and is killed at its n-th statement, or from outside.
KILLED = """
    import os, random, signal, sqlite3, sys, time
    from pathlib import Path
    from nbtrack.base.db import Database
    from nbtrack.runs.migrations import MIGRATIONS, MIN_READER

    connect = sqlite3.connect
    folder, most, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    chance = random.Random(seed)

    def child(number):
        done = 0
        def statement(text):
            nonlocal done
            done += 1
            if number == done:
                os.kill(os.getpid(), signal.SIGKILL)
        def traced(*args, **options):
            made = connect(*args, **options)
            made.set_trace_callback(statement)
            return made
        sqlite3.connect = traced
        Database(folder / str(number) / "nbtrack.db", MIGRATIONS, MIN_READER).connection()

    for number in range(-most, most):
        pid = os.fork()
        if not pid:
            try:
                child(number)
            finally:
                os._exit(0)
        if number < 0:  # at any moment, inside a statement too
            time.sleep(chance.random() * 0.04)
            os.kill(pid, signal.SIGKILL)
        sys.stdout.write(f"{number} {os.waitpid(pid, 0)[1]}\\n")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are killed as POSIX does it")
def test_a_migration_that_is_killed_leaves_the_old_version_whole_or_the_new_one(tmp_path: Path) -> None:
    most, old = 75, KEPT / "v1.db"
    for number in range(-most, most):
        place = tmp_path / str(number)
        place.mkdir()
        shutil.copyfile(old, place / "nbtrack.db")
    script = tmp_path / "killed.py"
    import textwrap

    script.write_text(textwrap.dedent(KILLED))
    env = {**os.environ, "PYTHONPATH": str(Path(nbtrack.__file__).parent.parent)}
    words = [sys.executable, str(script), str(tmp_path), str(most), "7"]
    said = subprocess.run(words, env=env, check=True, timeout=280, capture_output=True, text=True).stdout
    ends = {int(number): int(status) for number, status in map(str.split, said.splitlines())}
    before, seen = values(old), {1: 0, len(MIGRATIONS): 0}
    for number in ends:
        found = tmp_path / str(number) / "nbtrack.db"
        version = version_of(found)  # as SQLite recovers it
        if ends[number] == signal.SIGKILL:
            seen[version] += 1
        with closing(sqlite3.connect(found)) as conn:
            assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            tables: Any = conn.execute("SELECT count(*) FROM sqlite_master WHERE name = 'elsewhere'").fetchone()
        assert tables == (int(version > 1),), "neither old nor new"
        assert values(found, like=old) == before
    assert seen[1] > 20, "killed while it was under way"
    assert ends[most - 1] == 0, "every statement had its turn"
    assert version_of(tmp_path / str(most - 1) / "nbtrack.db") == len(MIGRATIONS)
