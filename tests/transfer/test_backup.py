"""`nbtrack backup`: everything of a project at one moment, in one file, whoever writes meanwhile."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import textwrap
import tracemalloc
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import nbtrack
from nbtrack.base.config import Project
from nbtrack.base.errors import InvalidOption, NbtrackError, StoreError
from nbtrack.cli import main
from nbtrack.runs import contract as c
from nbtrack.runs import current, objects
from nbtrack.runs.service import RunsService
from nbtrack.transfer import backing_up, backup
from nbtrack.transfer.backing_up import make

ROOT = Path(__file__).resolve().parents[2]


def manifest(path: Path) -> dict[str, Any]:
    with zipfile.ZipFile(path) as archive:
        found: dict[str, Any] = json.loads(archive.read("manifest.json"))
    return found


def rows(path: Path, query: str, folder: Path) -> list[tuple[Any, ...]]:
    """What the database in a backup answers."""
    with zipfile.ZipFile(path) as archive:
        archive.extract("nbtrack.db", folder)
    with closing(sqlite3.connect(folder / "nbtrack.db")) as conn:
        return conn.execute(query).fetchall()


def test_a_backup_has_the_database_every_file_and_what_the_user_chose(filled: Project, tmp_path: Path) -> None:
    (filled.folder / "settings.json").write_text('{"auto": true}')
    (filled.folder / "views.json").write_text("{}")
    (filled.folder / "sync.log").write_text("can be made again")
    (filled.folder / "environments").mkdir()
    (filled.journal / "0123456789ab-000001.bad").write_bytes(b"set aside")
    made = make(RunsService(filled), tmp_path / "all.zip")
    with zipfile.ZipFile(made.path) as archive:
        assert archive.testzip() is None
        contents = {info.filename: archive.read(info) for info in archive.infolist()}
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
    (name,) = objects.all_names(filled.objects)
    assert set(contents) == {
        *("nbtrack.db", "settings.json", "views.json", "manifest.json"),
        *(f"objects/{name}", "journal/0123456789ab-000001.bad"),
    }
    about = json.loads(contents.pop("manifest.json"))
    assert about["members"] == {
        name: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in contents.items()
    }
    assert (about["format"], about["version"]) == ("nbtrack backup", 1)
    assert about["made_by"] == f"nbtrack {nbtrack.__version__}"
    assert about["schema"] == RunsService(filled).database.version
    assert (about["runs"], about["experiments"], about["objects"], about["missing"]) == (5, 2, 1, {})
    assert made.troubles == []
    assert rows(made.path, "SELECT count(*) FROM runs", tmp_path) == [(5,)]
    assert rows(made.path, "PRAGMA integrity_check", tmp_path) == [("ok",)]


def test_a_backup_is_its_owners_alone_and_nothing_else_is_left(filled: Project) -> None:
    path = nbtrack.backup()
    assert path.parent == filled.backups
    assert path.stat().st_mode & 0o777 == 0o600
    assert filled.backups.stat().st_mode & 0o777 == 0o700
    assert os.listdir(filled.folder / "incoming") == []
    assert nbtrack.backup() != path, "two of one second do not replace one another"


def test_files_of_models_are_taken_along(filled: Project, tmp_path: Path) -> None:
    service = RunsService(filled)
    name = objects.put_bytes(filled.objects, b"weights")
    with service.database.write() as conn:
        conn.execute("INSERT INTO objects VALUES (?, 7, 0)", (name,))
        conn.execute(
            """INSERT INTO logged_models (n, id, experiment, name, status, created, updated)
               VALUES (1, 'm-1', 1, 'forest', 'READY', 0, 0)"""
        )
        conn.execute(
            "INSERT INTO model_files (model, path, hash, size, kind, created) VALUES (1, 'a.bin', ?, 7, 'file', 0)",
            (name,),
        )
    found = manifest(make(service, tmp_path / "x.zip").path)["members"]
    assert f"objects/{name}" in found
    objects.path_of(filled.objects, name).unlink()
    made = make(service, tmp_path / "y.zip")
    assert "'a.bin' of forest" in made.troubles[0]


def test_a_missing_and_a_damaged_file_are_named_and_the_rest_is_there(filled: Project, tmp_path: Path) -> None:
    with current.begin(filled, name="two") as run:
        run.add_bytes("gone.txt", b"gone", "text/plain")
        run.add_bytes("odd.txt", b"odd", "text/plain")
    RunsService(filled).refresh(force=True)
    gone, odd = (hashlib.sha256(data).hexdigest() for data in (b"gone", b"odd"))
    objects.path_of(filled.objects, gone).unlink()
    objects.path_of(filled.objects, odd).write_bytes(b"ODD")
    code = main(["backup", str(tmp_path / "x.zip"), "--project", str(filled.root)])
    assert code == 1
    about = manifest(tmp_path / "x.zip")
    assert set(about["missing"]) == {gone, odd}
    assert about["objects"] == 1
    assert f"objects/{gone}" not in about["members"]
    assert about["members"][f"objects/{odd}"]["sha256"] == hashlib.sha256(b"ODD").hexdigest(), "what there is, is kept"
    with pytest.warns(UserWarning, match=r"'(gone|odd).txt' of two is not in the backup as it should be"):
        nbtrack.backup(tmp_path / "y.zip")


def test_the_command_says_what_it_wrote_and_lists_the_newest_first(
    filled: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["backup", "--list"]) == 0
    assert "No backups" in capsys.readouterr().out
    assert main(["backup"]) == 0
    said = capsys.readouterr().out
    assert "5 runs" in said
    assert "1 file" in said
    old = filled.backups / "nbtrack-v1-20200101-000000.db"
    old.write_bytes(b"x" * 100)
    os.utime(old, (1e9, 1e9))
    assert main(["backup", "--list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["backups"]
    assert [(one["what"], one["size"]) for one in listed][1:] == [("database", 100)]
    assert listed[0]["what"] == "project"
    assert listed[0]["made"] > listed[1]["made"] == 1e9
    assert main(["backup", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "the whole project" in lines[2]
    assert "2001-09-0" in lines[3]
    assert main(["backup", "x.zip", "--list"]) == 2


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("there.zip", "is there already"),
        ("x.db", "ends in .zip"),
        ("nowhere/x.zip", "no folder"),
        (".nbtrack/x.zip", "own store"),
        (".nbtrack/objects/x.zip", "own store"),
        (".nbtrack/nbtrack.db", "ends in .zip"),
    ],
)
def test_a_backup_replaces_nothing_and_goes_nowhere_odd(filled: Project, name: str, why: str) -> None:
    (filled.root / "there.zip").write_text("mine")
    before = {path: path.stat().st_size for path in filled.folder.rglob("*") if path.is_file()}
    with pytest.raises(InvalidOption, match=why):
        make(RunsService(filled), filled.root / name)
    assert (filled.root / "there.zip").read_text() == "mine"
    assert {path: path.stat().st_size for path in filled.folder.rglob("*") if path.is_file()} == before


def test_without_runs_there_is_nothing_to_back_up(project: Project) -> None:
    with pytest.raises(StoreError, match="nothing to back up"):
        make(RunsService(project))
    assert not project.folder.exists()


def test_without_room_nothing_is_left(filled: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")
    with monkeypatch.context() as patch:
        patch.setattr(backing_up.shutil, "disk_usage", lambda path: usage._replace(free=4 << 20))
        with pytest.raises(StoreError, match=r"(needs|room|full)"):
            make(RunsService(filled), tmp_path / "x.zip")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(zipfile.ZipFile, "writestr", full)
        with pytest.raises(InvalidOption, match="No space left"):
            make(RunsService(filled), tmp_path / "x.zip")
    assert [path.name for path in tmp_path.iterdir() if path.name != "project"] == []
    assert os.listdir(filled.folder / "incoming") == []


def test_a_damaged_database_is_kept_as_it_is_and_said_to_be(
    filled: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backing_up.whole, "damage", lambda database: ["row 3 missing from index runs_started"])
    made = make(RunsService(filled), tmp_path / "x.zip")
    assert "row 3 missing" in made.troubles[0]
    assert "nbtrack.db" in manifest(made.path)["members"]


def test_a_large_file_is_copied_in_blocks(filled: Project, tmp_path: Path) -> None:
    source = tmp_path / "large.bin"
    with source.open("wb") as file:
        for number in range(64):
            file.write(bytes([number]) * (1 << 20))
    name, size = objects.put_file(filled.objects, source)
    with RunsService(filled).database.write() as conn:
        conn.execute("INSERT INTO objects VALUES (?, ?, 0)", (name, size))
        conn.execute(
            """INSERT INTO artifacts (run, path, hash, size, kind, created, checksum)
               VALUES (1, 'large.bin', ?, ?, 'file', 0, '')""",
            (name, size),
        )
    tracemalloc.start()
    made = make(RunsService(filled), tmp_path / "x.zip")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert made.size > size
    assert peak < 16 << 20


def test_a_purge_by_another_process_leaves_what_is_being_copied(
    filled: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run is deleted for good after the database was copied, and before its file is."""
    (name,) = objects.all_names(filled.objects)
    path = objects.path_of(filled.objects, name)
    os.utime(path, (1e9, 1e9))
    real = backing_up.whole.copy_now

    def copied(*given: Any) -> None:
        real(*given)
        objects.remove(filled.objects, [name])

    monkeypatch.setattr(backing_up.whole, "copy_now", copied)
    made = make(RunsService(filled), tmp_path / "x.zip")
    assert made.troubles == []
    assert path.exists()


# -- while others write

WRITER = """
    import itertools, os, select, sys, time
    import nbtrack
    with nbtrack.start_run("writer"):
        for number in itertools.count():
            nbtrack.log({"n": float(number)})
            os.write(1, b".")
            if number % 500 == 250:
                nbtrack.log_text(str(number), f"{number}.txt")
            if number % 50 == 0:
                time.sleep(0.01)
                if select.select([0], [], [], 0)[0]:
                    break
"""


def test_while_a_process_records_a_backup_has_all_it_was_told_of_and_takes_nothing_from_it(
    project: Project, tmp_path: Path
) -> None:
    project.create()
    known = {name: value for name, value in os.environ.items() if not name.startswith("NBTRACK")}
    about = {**known, "NBTRACK_DIR": str(project.root), "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WRITER)],
        env=about,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as writer:
        assert writer.stdout is not None
        told = 0
        for number in range(4):
            while told < 500 * number + 300:
                told += len(os.read(writer.stdout.fileno(), 1 << 16))
            made = make(RunsService(project), tmp_path / f"{number}.zip")
            values = rows(made.path, "SELECT vals FROM points ORDER BY seq", tmp_path)
            points = sum(len(row[0]) // 8 for row in values)
            assert points >= told, "all that was acknowledged before it began, journal or not"
            assert rows(made.path, "SELECT count FROM metrics", tmp_path) == [(points,)], "of one moment"
            assert made.troubles == []
            files = rows(made.path, "SELECT hash FROM artifacts", tmp_path)
            held = {name for name in manifest(made.path)["members"] if name.startswith("objects/")}
            assert held == {f"objects/{row[0]}" for row in files}
        out, errors = writer.communicate(timeout=100)
        assert (writer.returncode, errors) == (0, b"")
        told += len(out)
    service = RunsService(project)
    service.refresh(force=True)
    row = service.page(c.PageRequest()).rows[0]
    assert list(service.history(row.id, "n").values) == [float(number) for number in range(told)]


def test_without_a_look_at_the_journals_a_backup_would_miss_what_was_told(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The canary of the test above: the recorder has written, but nothing came into the database yet."""
    from nbtrack.runs import recorder

    monkeypatch.setattr(recorder.Recorder, "wake", lambda self: None)
    monkeypatch.setattr(recorder.Recorder, "flush", lambda self, timeout=1.0: None)
    service = RunsService(project)
    project.create()
    service.database.connection()
    run = current.begin(project, name="live")
    run.log({"n": 1.0})
    with_them = make(service, tmp_path / "with.zip")
    monkeypatch.setattr(backing_up.journal, "segments", lambda folder: [])
    without = make(service, tmp_path / "without.zip")
    assert (manifest(with_them.path)["points"], manifest(without.path)["points"]) == (1, 0)
    monkeypatch.undo()
    run.end()
    assert backup.kept(project) == []


def test_what_comes_into_a_backup_from_a_journal_has_its_checksums(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those rows are written into the copy alone: no doctor may call them damaged once they were brought back."""
    from nbtrack.runs import deep, recorder
    from nbtrack.runs.projects import database_at

    monkeypatch.setattr(recorder.Recorder, "wake", lambda self: None)
    monkeypatch.setattr(recorder.Recorder, "flush", lambda self, timeout=1.0: None)
    service = RunsService(project)
    project.create()
    service.database.connection()
    run = current.begin(project, name="live")
    run.set_params({"lr": 0.1})
    run.log({"n": 1.0})
    made = make(service, tmp_path / "live.zip")
    with service.database.read() as conn:
        assert conn.execute("SELECT count(*) FROM runs").fetchone() == (0,), "it stands in the journal alone"
    monkeypatch.undo()
    run.end()
    assert rows(made.path, "SELECT name FROM runs", tmp_path) == [("live",)]
    database = database_at(tmp_path / "nbtrack.db")
    try:
        found = deep.look(database)
    finally:
        database.close()
    assert (found.rows, found.unsummed) == ({}, 0)


def test_errors_are_ours(filled: Project, tmp_path: Path) -> None:
    with pytest.raises(NbtrackError):
        nbtrack.backup(tmp_path / "a" / "b.zip")
