"""The write-ahead log is taken over under the write lock alone and stays short; nothing is lost by it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from nbtrack.base import checkpoints
from nbtrack.base.db import Database, Schema

ROOT = Path(__file__).resolve().parents[2]


def first(schema: Schema) -> None:
    schema.execute("CREATE TABLE things (n INTEGER PRIMARY KEY, body BLOB) STRICT")


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    monkeypatch.setattr(checkpoints, "_PAUSE", 0.0)
    made = Database(tmp_path / "nbtrack.db", [first])
    yield made
    made.close()


def add(database: Database, size: int) -> None:
    with database.write() as conn:
        conn.execute("INSERT INTO things (body) VALUES (?)", (os.urandom(size),))


def log_size(database: Database) -> int:
    return Path(f"{database.path}-wal").stat().st_size


def lacks_rows(path: Path) -> bool:
    """Whether the file alone, without its log, has fewer rows than with it."""
    counts = []
    for address in (f"file:{path}?immutable=1", f"file:{path}"):
        with closing(sqlite3.connect(address, uri=True)) as conn:
            try:
                counts.append(conn.execute("SELECT count(*) FROM things").fetchone()[0])
            except sqlite3.OperationalError:  # the table itself stands in the log
                counts.append(-1)
    return bool(counts[0] < counts[1])


def test_sqlite_itself_never_takes_the_log_over(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "LONG", 1 << 40)
    for _ in range(30):
        add(database, 1 << 18)
    assert log_size(database) > 7 << 20
    assert lacks_rows(database.path)
    with database.read() as conn:
        assert conn.execute("PRAGMA wal_autocheckpoint").fetchone()[0] == 0


def test_a_long_log_is_taken_over_and_begun_anew(database: Database) -> None:
    sizes = []
    for _ in range(60):
        add(database, 1 << 18)
        sizes.append(log_size(database))
    assert max(sizes) < checkpoints.LONG + (1 << 20)
    assert min(sizes[20:]) < 2 << 20, "its file is cut when it begins anew"
    with database.read() as conn:
        assert conn.execute("SELECT count(*) FROM things").fetchone()[0] == 60
        assert conn.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


def test_nobody_can_write_while_the_log_is_taken_over(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    held = []
    real = checkpoints.plain

    class Watched:
        def __init__(self, path: str) -> None:
            self.real = real(path)

        def execute(self, statement: str) -> Any:
            if "checkpoint" in statement:
                with closing(sqlite3.connect(database.path, timeout=0)) as other:
                    try:
                        other.execute("BEGIN IMMEDIATE")
                        held.append(False)
                    except sqlite3.OperationalError as error:
                        held.append("locked" in str(error))
            return self.real.execute(statement)

        def close(self) -> None:
            self.real.close()

    monkeypatch.setattr(checkpoints, "plain", Watched)
    for _ in range(20):
        add(database, 1 << 18)
    assert held == [True] * len(held)
    assert held


def test_where_another_holds_the_lock_the_log_is_left_alone(database: Database) -> None:
    add(database, 1 << 10)
    with closing(sqlite3.connect(database.path, timeout=0)) as other:
        other.execute("PRAGMA wal_autocheckpoint = 0")
        other.execute("BEGIN IMMEDIATE")
        other.execute("INSERT INTO things (body) VALUES (x'00')")
        checkpoints.take_over(database.connection(), database.path)
        assert lacks_rows(database.path)
        other.rollback()
    assert not database.connection().in_transaction
    checkpoints.take_over(database.connection(), database.path)
    assert not lacks_rows(database.path)


def test_a_reader_keeps_its_state_and_the_log_gets_shorter_once_it_is_done(database: Database) -> None:
    add(database, 1 << 10)
    with closing(sqlite3.connect(database.path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM things").fetchone() == (1,)
        for _ in range(30):
            add(database, 1 << 18)
        assert reader.execute("SELECT count(*) FROM things").fetchone() == (1,)
        assert log_size(database) > checkpoints.LONG
        reader.execute("COMMIT")
    for _ in range(2):
        add(database, 1 << 10)
    assert log_size(database) < checkpoints.LONG


def test_several_processes_lose_nothing_and_keep_the_log_short(database: Database) -> None:
    code = """
        import os, sys
        from pathlib import Path
        from nbtrack.base.db import Database
        database = Database(Path(sys.argv[1]), [lambda schema: None])
        for _ in range(120):
            with database.write(250.0) as conn:
                conn.execute("INSERT INTO things (body) VALUES (?)", (os.urandom(1 << 16),))
    """
    add(database, 10)
    command = [sys.executable, "-c", textwrap.dedent(code), str(database.path)]
    about = {**os.environ, "PYTHONPATH": str(ROOT)}
    writing = [subprocess.Popen(command, env=about, stderr=subprocess.PIPE) for _ in range(3)]
    assert [process.communicate(timeout=280)[1] for process in writing] == [b""] * 3
    assert log_size(database) < 6 * checkpoints.LONG, "45 MiB were written"
    with database.read() as conn:
        assert conn.execute("SELECT count(*) FROM things").fetchone()[0] == 361
        assert conn.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
