"""The database is another file than it was: named, left as it is, and recorded into once the right one is back."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from nbtrack.base import db
from nbtrack.base.db import Database
from nbtrack.base.sqlite import Schema
from tests.faults import swaps


def test_whatever_lies_in_the_databases_place_is_named_and_nothing_is_lost() -> None:
    (row,) = swaps.rows(long=False)
    assert row.injected == 2 * len(swaps.CASES)
    assert (row.lost, row.corrupt, row.unclear) == (0, 0, 0), row.note
    assert row.met, row.canary


def m001(schema: Schema) -> None:
    schema.execute("CREATE TABLE notes (n INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT")


def _made(path: Path, *texts: str) -> Database:
    path.parent.mkdir(exist_ok=True)
    made = Database(path, [m001])
    for text in texts:
        with made.write() as conn:
            conn.execute("INSERT INTO notes (text) VALUES (?)", (text,))
    return made


def _texts(database: Database) -> list[str]:
    with database.read() as conn:
        assert conn.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return [row[0] for row in conn.execute("SELECT text FROM notes ORDER BY n")]


def test_the_log_of_a_file_that_was_moved_goes_with_it_and_not_into_the_one_that_came(tmp_path: Path) -> None:
    database = _made(tmp_path / "here" / "a.db", "one", "two")
    other = _made(tmp_path / "there" / "a.db", "other")
    other.close()
    os.rename(database.path, tmp_path / "moved.db")
    subprocess.run(["cp", other.path, database.path], check=True)
    assert _texts(database) == ["other"]
    database.close()
    assert _texts(Database(tmp_path / "moved.db", [m001])) == ["one", "two"]


def test_a_log_that_cannot_be_brought_in_is_kept_under_another_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = _made(tmp_path / "here" / "a.db", "one")
    other = _made(tmp_path / "there" / "a.db", "other")
    other.close()
    os.rename(database.path, tmp_path / "moved.db")
    subprocess.run(["cp", other.path, database.path], check=True)
    monkeypatch.setattr(db, "settle", lambda connections: False)
    assert _texts(database) == ["other"]
    (kept,) = database.path.parent.glob("a.db-wal.*.old")
    database.close()
    os.rename(kept, tmp_path / "moved.db-wal")
    assert _texts(Database(tmp_path / "moved.db", [m001])) == ["one"]
