"""The copy before a migration: whole or not there, its owner's alone, and without it nothing is migrated."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from nbtrack.base import copies
from nbtrack.base.db import Database, Schema, _open_databases
from nbtrack.base.errors import StoreError
from nbtrack.base.sqlite import plain


def first(schema: Schema) -> None:
    schema.execute("CREATE TABLE parents (n INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT")


def second(schema: Schema) -> None:
    schema.execute("CREATE TABLE more (n INTEGER PRIMARY KEY) STRICT")


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Path]:
    """A database of version 1 with two rows."""
    folder = tmp_path / ".nbtrack"
    folder.mkdir(mode=0o700)
    database = Database(folder / "nbtrack.db", [first])
    for name in ("a", "b"):
        with database.write() as conn:
            conn.execute("INSERT INTO parents (name) VALUES (?)", (name,))
    database.close()
    yield database.path
    for left_open in list(_open_databases):
        left_open.close()


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as conn:
        return int(conn.execute("PRAGMA user_version").fetchone()[0])


def names(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as conn:
        return [row[0] for row in conn.execute("SELECT name FROM parents ORDER BY n")]


def test_a_copy_is_one_file_that_says_nothing_of_a_log(old: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    with closing(plain(old.as_posix())) as conn:
        assert conn.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        copies.copy_whole(conn, target)
    assert target.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(target)) as copy:
        assert copy.execute("PRAGMA journal_mode").fetchone()[0] == "delete"
    assert names(target) == ["a", "b"]
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["copy.db"]


def test_a_copy_is_of_the_moment_of_the_transaction_it_is_made_in(old: Path, tmp_path: Path) -> None:
    with closing(plain(old.as_posix())) as reading, closing(plain(old.as_posix())) as writing:
        reading.execute("BEGIN")
        reading.execute("SELECT 1 FROM parents").fetchone()

        def meanwhile() -> None:
            writing.execute("INSERT INTO parents (name) VALUES ('later')")

        copies.copy_whole(reading, tmp_path / "copy.db", meanwhile)
    assert names(tmp_path / "copy.db") == ["a", "b"]
    assert "later" in names(old)


def no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1 << 20))


def full_in_the_midst(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    real = copies.copy_whole
    monkeypatch.setattr(copies, "copy_whole", lambda original, target: real(original, target, fails))


def full_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fails)


@pytest.mark.parametrize("fault", [no_room, full_in_the_midst, full_at_the_end])
def test_without_room_for_the_copy_nothing_is_migrated_and_the_error_says_so(
    old: Path, monkeypatch: pytest.MonkeyPatch, fault: Callable[[pytest.MonkeyPatch], None]
) -> None:
    with monkeypatch.context() as patch:
        fault(patch)
        with pytest.raises(StoreError, match="was not brought up to date: the copy") as found:
            Database(old, [first, second]).connection()
    assert "Free some disk space" in found.value.hint
    assert version(old) == 1
    assert names(old) == ["a", "b"]
    assert os.listdir(old.parent / "backups") == [], "no half of a copy is left"
    Database(old, [first, second]).connection()
    assert version(old) == 2, "with room it goes on"


def test_where_the_folder_of_copies_cannot_be_made_nothing_is_migrated(old: Path) -> None:
    (old.parent / "backups").write_text("no folder")
    with pytest.raises(StoreError, match="was not brought up to date"):
        Database(old, [first, second]).connection()
    assert version(old) == 1


def test_what_a_killed_process_left_of_a_copy_is_removed_by_the_next(old: Path) -> None:
    folder = old.parent / "backups"
    folder.mkdir()
    left = folder / ".nbtrack-v1-20260101-000000.db.0badcafe.tmp"
    left.write_bytes(b"half")
    (folder / "mine.txt").write_text("kept")
    Database(old, [first, second]).connection()
    found = sorted(path.name for path in folder.iterdir())
    assert len(found) == 2
    assert found[0] == "mine.txt"
    assert found[1].startswith("nbtrack-v1-")


def test_a_copy_has_its_name_only_when_all_of_it_is_on_the_disk(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    real: dict[str, Any] = {"fsync": os.fsync, "replace": os.replace}

    def fsync(handle: int) -> None:
        with suppress(OSError):
            done.append(f"fsync {Path(os.readlink(f'/dev/fd/{handle}')).name.partition('.db')[0]}")
        real["fsync"](handle)

    def replace(source: Path, target: Path) -> None:
        done.append("rename")
        real["replace"](source, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    copies.back_up(old, 1)
    assert [one.partition("-")[0] for one in done] == ["fsync .nbtrack", "rename", "fsync backups"]
