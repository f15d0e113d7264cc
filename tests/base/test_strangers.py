"""Other code of the process that opens the store's files: connections make way for it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from nbtrack.base import db, strangers
from nbtrack.base.db import Database
from nbtrack.base.errors import StoreLocked
from nbtrack.base.sqlite import Schema


def m001(schema: Schema) -> None:
    schema.execute("CREATE TABLE notes (n INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT")


@pytest.fixture
def database(tmp_path: Path) -> Database:
    made = Database(tmp_path / "nbtrack.db", [m001])
    add(made, "first")
    return made


def add(database: Database, text: str) -> None:
    with database.write() as conn:
        conn.execute("INSERT INTO notes (text) VALUES (?)", (text,))


def notes(database: Database) -> list[str]:
    with database.read() as conn:
        return [row[0] for row in conn.execute("SELECT text FROM notes ORDER BY n")]


def locks_kept(path: Path) -> bool:
    """Whether another process sees that somebody has the database open."""
    code = """
        import fcntl, sys
        with open(sys.argv[1], "r+b") as file:
            try:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 510, 0x40000002)  # the bytes that readers share
            except OSError:
                sys.exit(7)
    """
    program = "\n".join(line[8:] for line in code.splitlines())
    return subprocess.run([sys.executable, "-c", program, str(path)], check=False).returncode == 7


def test_after_the_file_was_read_by_other_code_the_locks_are_there(database: Database) -> None:
    assert locks_kept(database.path)
    database.path.read_bytes()
    add(database, "second")
    assert locks_kept(database.path)


def test_without_making_way_they_are_gone(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strangers, "_names", ("nothing",))
    database.path.read_bytes()
    add(database, "second")
    assert not locks_kept(database.path)


@pytest.mark.parametrize("end", strangers.ENDS)
@pytest.mark.parametrize("way", ["text", "bytes", "path", "relative", "descriptor of the folder"])
def test_each_way_to_open_each_of_its_files_is_seen(
    database: Database, end: str, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(f"{database.path}{end}")
    if way == "relative":
        monkeypatch.chdir(path.parent)
        open(path.name, "rb").close()
    elif way == "descriptor of the folder":
        folder = os.open(path.parent, os.O_RDONLY)
        os.close(os.open(path.name, os.O_RDONLY, dir_fd=folder))
        os.close(folder)
    else:
        open({"text": str(path), "bytes": os.fsencode(path), "path": path}[way], "rb").close()
    assert not database._connections
    assert notes(database) == ["first"]


def test_a_copy_finds_all_files_that_it_saw_in_the_folder(database: Database, tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    inner = Database(tmp_path / "store" / "nbtrack.db", [m001])
    add(inner, "first")
    names = sorted(os.listdir(inner.path.parent))
    assert names == ["nbtrack.db", "nbtrack.db-shm", "nbtrack.db-wal"]
    shutil.copytree(inner.path.parent, tmp_path / "copy")
    assert sorted(os.listdir(tmp_path / "copy")) == names
    assert notes(Database(tmp_path / "copy" / "nbtrack.db", [m001])) == ["first"]


def test_another_file_of_the_same_name_disturbs_nobody(database: Database, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "nbtrack.db").write_bytes(b"x")
    (tmp_path / "other" / "nbtrack.db").read_bytes()
    assert database._connections


def test_what_a_user_keeps_open_is_named_and_writing_goes_on_when_it_is_closed(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "_VISIT_PATIENCE", 0.5)
    with open(database.path, "rb"), pytest.raises(StoreLocked, match=r"nbtrack\.db' is kept open .* Close that file"):
        add(database, "second")
    add(database, "second")
    assert notes(database) == ["first", "second"]


def test_a_transaction_under_way_in_another_thread_is_ended_first(database: Database) -> None:
    inside, opened = threading.Event(), threading.Event()
    seen: list[bool] = []

    def write() -> None:
        with database.write() as conn:
            inside.set()
            seen.append(opened.wait(0.3))
            conn.execute("INSERT INTO notes (text) VALUES ('second')")

    thread = threading.Thread(target=write)
    thread.start()
    inside.wait()
    with open(database.path, "rb"):
        opened.set()
    thread.join()
    assert seen == [False]
    assert notes(database) == ["first", "second"]


def test_another_thread_waits_for_a_file_that_is_about_to_be_opened(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strangers, "_GRACE", 60.0)  # seconds, which no thread takes to begin
    database.path.read_bytes()
    assert database._visit is not None
    waits: list[bool] = []
    thread = threading.Thread(target=lambda: waits.append(database._visit is not None and database._visit.lasts()))
    thread.start()
    thread.join()
    assert waits == [True]
    assert not database._visit.lasts()


def test_a_connection_of_the_users_own_is_no_stranger(database: Database) -> None:
    own = sqlite3.connect(database.path)
    own.execute("SELECT count(*) FROM notes").fetchone()
    database.path.read_bytes()
    add(database, "second")
    assert notes(database) == ["first", "second"]
    own.close()
