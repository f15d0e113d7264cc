"""Every row has a checksum, whoever writes it and whatever is changed; a later change does not hide damage."""

from __future__ import annotations

import re
import shutil
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from nbtrack.base import sqlite
from nbtrack.base.config import Project
from nbtrack.runs import contract as c
from nbtrack.runs import current, deep
from nbtrack.runs.editing import EditingService
from nbtrack.runs.projects import database_of, forget_all
from nbtrack.runs.service import RunsService
from nbtrack.runs.store import metrics, runs, salvage
from nbtrack.runs.store.sums import SUMMED

KEPT = Path(__file__).parent / "schemas"
PACKAGE = Path(__file__).resolve().parents[2] / "nbtrack"
# Tables and columns that have no checksum, each with what finds a change of it, or why none need be found.
ELSEWHERE = {
    "meta": "the revision, the oldest reader, and whether rows may lack sums",
    "objects": "its hash is named by artifacts and model files; nothing reads the rest",
    "sources": "its hash is its checksum",
    "points.n": "a number that nothing names; chunks are in the order of their seq",
    "runs.revision": "says when a run was changed last",
    "artifacts.checksum": "is one",
}


@pytest.fixture
def filled(project: Project) -> Project:
    """A project with a run and its child, which nobody has open."""
    with current.begin(project, name="parent", experiment="e") as run:
        run.set_params({"lr": 0.1})
        run.log({"loss": 1.0}, step=1, time=1e9)
    with current.begin(project, name="child", parent=run, experiment="e"):
        pass
    RunsService(project).refresh(force=True)
    forget_all()
    return project


def wrong(project: Project) -> dict[str, list[str]]:
    return deep.look(database_of(project)).rows


def behind_our_back(project: Project, *statements: str) -> None:
    forget_all()
    with closing(sqlite3.connect(project.database, isolation_level=None)) as conn:
        for statement in statements:
            conn.execute(statement)


def test_every_column_of_every_table_is_in_a_checksum_or_named_with_the_reason_why_not(filled: Project) -> None:
    with database_of(filled).read() as conn:
        tables = [row[0] for row in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            if table in ELSEWHERE:
                assert table not in SUMMED
                continue
            about = {row[1]: row[2] for row in conn.execute(f"PRAGMA table_info({table})")}
            left = set(about) - set(SUMMED[table].columns) - {"sum"}
            assert {f"{table}.{name}" for name in left} <= set(ELSEWHERE)
            assert {name for name in SUMMED[table].columns if about[name] == "TEXT"} == set(SUMMED[table].texts)
            assert {name for name in SUMMED[table].columns if about[name] == "ANY"} == set(SUMMED[table].mixed)
    assert set(SUMMED) == set(tables) - set(ELSEWHERE)


def test_other_programs_can_write_to_the_file_and_the_doctor_says_what_they_changed(filled: Project) -> None:
    behind_our_back(
        filled,
        "UPDATE runs SET name = 'other' WHERE n = 1",
        "INSERT INTO experiments (name, created) VALUES ('theirs', 0.0)",
    )
    found = wrong(filled)
    assert {table: len(rows) for table, rows in found.items()} == {"runs": 1, "experiments": 1}
    assert found["runs"][0].startswith("other (")
    assert found["experiments"] == ["the experiment 'theirs'"]


def test_a_run_that_is_deleted_leaves_its_children_with_sums_that_fit(filled: Project) -> None:
    """SQLite itself takes the parent out of their rows."""
    editing = EditingService(RunsService(filled))
    editing.trash(c.RunsRequest(["parent"]))
    editing.purge()
    assert RunsService(filled).row("child").parent is None
    assert wrong(filled) == {}


@pytest.mark.parametrize("value", ["'other'", "CAST(x'c3' AS TEXT)"])
def test_what_was_damaged_is_not_hidden_by_a_later_change_and_hinders_none(filled: Project, value: str) -> None:
    behind_our_back(filled, f"UPDATE runs SET kind = {value} WHERE n = 1")
    with database_of(filled).write() as conn:
        runs.edit(conn, 1, "note", "written after")
        runs.end_run(conn, 1, "failed", 5.0, "late")
        runs.edit(conn, 2, "note", "another")
        assert conn.execute("SELECT note, status FROM runs WHERE n = 1").fetchone() == ("written after", "failed")
    assert {table: len(rows) for table, rows in wrong(filled).items()} == {"runs": 1}


def test_points_that_come_later_do_not_hide_that_those_before_were_damaged(filled: Project) -> None:
    behind_our_back(filled, "UPDATE points SET vals = zeroblob(8)", "UPDATE metrics SET last = 0, min = 0, max = 0")
    behind_our_back(filled, "UPDATE metrics SET mean = 0, top = 0")
    with database_of(filled).write() as conn:
        (key,) = conn.execute("SELECT key FROM metrics").fetchone()
        metrics.extend(conn, 1, key, "explicit", [2], [1e9], [3.0])
        assert list(metrics.series(conn, 1, key).values) == [0.0, 3.0]
    assert set(wrong(filled)) == {"points", "metrics"}


def test_a_transaction_that_is_taken_back_takes_no_sums_from_the_next(filled: Project) -> None:
    database = database_of(filled)

    def failing() -> None:
        with database.write() as conn:
            runs.edit(conn, 1, "note", "never")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    with database.write() as conn:
        runs.edit(conn, 1, "note", "kept")
    assert wrong(filled) == {}


def test_a_project_is_opened_in_one_place_alone_so_that_no_writer_is_without_the_triggers() -> None:
    """Salvage makes an empty file; what it puts in comes with the sums that it has."""
    opening = re.compile(r"\bDatabase\([^)]*MIGRATIONS")
    sources = {path.relative_to(PACKAGE).as_posix(): path.read_text("utf-8") for path in PACKAGE.rglob("*.py")}
    found = {name for name, text in sources.items() if opening.search(text)}
    assert found == {"runs/projects.py", "runs/store/salvage.py"}


def test_a_temporary_table_of_somebody_keeps_no_row_from_its_sum(filled: Project) -> None:
    database = database_of(filled)
    database.connection().execute("CREATE TEMP TABLE theirs (x)")
    with database.write() as conn:
        runs.edit(conn, 1, "note", "kept")
    assert wrong(filled) == {}


def test_a_number_that_became_a_text_is_a_damaged_row_and_not_taken_for_ctrl_c(filled: Project) -> None:
    """SQLite can hand no function a text that is no UTF-8: it says that the function raised."""
    change = "UPDATE sqlite_master SET sql = {} WHERE name = 'experiments'"
    behind_our_back(filled, "PRAGMA writable_schema = ON", change.format("replace(sql, ') STRICT', ')')"))
    behind_our_back(filled, "UPDATE experiments SET created = CAST(x'ff41' AS TEXT)")
    behind_our_back(filled, "PRAGMA writable_schema = ON", change.format("sql || ' STRICT'"))
    found = deep.look(database_of(filled))
    assert (list(found.rows), found.unread, found.schema) == (["experiments"], {}, [])


def interrupted(*values: object) -> int:
    signal.raise_signal(signal.SIGINT)
    return 0


def test_ctrl_c_while_rows_are_looked_at_is_ctrl_c_and_no_damage(
    filled: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`doctor --repair` would put another file in the place of one that it takes for damaged."""
    monkeypatch.setattr(sqlite, "row_sum", interrupted)
    with pytest.raises(KeyboardInterrupt):
        deep.look(database_of(filled))
    forget_all()


def test_ctrl_c_while_rows_are_saved_is_ctrl_c_and_no_row_that_cannot_be_read(
    filled: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "row_sum", interrupted)
    with pytest.raises(KeyboardInterrupt):
        salvage.salvage(Path(shutil.copyfile(filled.database, tmp_path / "old.db")), tmp_path / "new.db")


@pytest.mark.parametrize("version", range(1, 5))
def test_rows_of_an_older_file_have_no_sums_until_they_are_given_theirs_and_new_rows_have(
    version: int, project: Project
) -> None:
    project.create()
    shutil.copyfile(KEPT / f"v{version}.db", project.database)
    with database_of(project).read() as conn:
        for table in SUMMED:
            assert conn.execute(f"SELECT count(sum) FROM {table}").fetchone() == (0,)
        assert conn.execute("SELECT value FROM meta WHERE key = 'unsummed'").fetchone() == (1,)
    with current.begin(project, name="new", experiment="new") as run:
        run.set_params({"new": 1})
    EditingService(RunsService(project)).edit(c.EditRequest(["new", "tree"], note="noted"))
    with database_of(project).read() as conn:
        last = "SELECT sum IS NOT NULL FROM {} ORDER BY rowid DESC LIMIT 1"
        for table in ("runs", "experiments", "keys", "edits", "sessions"):
            assert conn.execute(last.format(table)).fetchone() == (1,)
        assert conn.execute("SELECT count(sum) FROM runs").fetchone() == (1,), "what was there before has none"
    assert wrong(project) == {}


def test_a_file_without_runs_can_have_rows_from_before_there_were_checksums(project: Project) -> None:
    from nbtrack.base.db import Database
    from nbtrack.runs.migrations import MIGRATIONS

    project.create()
    old = Database(project.database, MIGRATIONS[:4])
    with old.write() as conn:
        conn.execute("INSERT INTO experiments (name, created) VALUES ('Default', 0.0)")
    old.close()
    assert wrong(project) == {}
    forget_all()
    with database_of(project).write() as conn:
        conn.execute("INSERT OR REPLACE INTO meta VALUES ('unsummed', 0)")
    assert wrong(project) == {"experiments": ["the experiment 'Default'"]}
