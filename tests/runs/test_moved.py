"""Runs go with their notebook: those that are there, and those of a kernel that still says the old path."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

import pytest

from nbtrack.base.config import Project
from nbtrack.base.db import Database
from nbtrack.base.errors import InvalidOption, InvalidValue
from nbtrack.runs import contract as c
from nbtrack.runs import current
from nbtrack.runs.editing import EditingService
from nbtrack.runs.migrations import MIGRATIONS, MIN_READER
from nbtrack.runs.projects import database_of, forget_all, recorder_of
from nbtrack.runs.service import RunsService
from nbtrack.runs.store import cells, runs
from nbtrack.runs.store.sums import SUMMED


@pytest.fixture
def service(project: Project) -> RunsService:
    return RunsService(project)


def record(project: Project, notebook: str | None, told: float | None = None, name: str | None = None) -> str:
    """One run of a cell, recorded by this process; its id."""
    run = current.begin(project, notebook=notebook, told=told, name=name, kind="cell", experiment="kept")
    run.end()
    return run.id


def move(service: RunsService, old: str, new: str) -> c.Done:
    done = EditingService(service).moved(c.Rename(old, new))
    now = time.time()
    while time.time() <= now:  # what is told from now on is told later
        time.sleep(0.001)
    return done


def notebooks(service: RunsService) -> list[str | None]:
    """Where the runs are, in the order they were begun."""
    return [row.notebook for row in service.page(c.PageRequest(sort=["started"])).rows]


def test_all_runs_of_a_notebook_get_its_new_path_and_the_revision_grows(project: Project, service: RunsService) -> None:
    for path in ("a.ipynb", "b.ipynb", "a.ipynb", None):
        record(project, path)
    before = service.revision().revision
    done = move(service, "a.ipynb", "c.ipynb")
    assert (done.count, done.undo) == (2, False)
    assert done.text == "Moved 2 runs from 'a.ipynb' to 'c.ipynb'"
    assert done.revision == service.revision().revision > before
    page = service.page(c.PageRequest(sort=["started"]))
    assert [row.notebook for row in page.rows] == ["c.ipynb", "b.ipynb", "c.ipynb", None]
    assert [row.revision for row in page.rows if row.notebook == "c.ipynb"] == [done.revision] * 2
    assert {row.experiment for row in page.rows} == {"kept"}


PATHS = ["a b", "é", "50%_x", "a_b", "x'y", 'x"y', "a.b", "A", "日本/a b", "/abs/a", "a[1]", "*", "a\u2028b"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("slash", ["", "/"])
def test_a_folder_takes_its_notebooks_along_and_nothing_else(
    project: Project, service: RunsService, path: str, slash: str
) -> None:
    inside = [f"{path}/n.ipynb", f"{path}/deep/n.ipynb"]
    outside = [
        f"{path}x/n.ipynb",
        f"x{path}/n.ipynb",
        f"{path}0",
        f"{path}.ipynb",
        f"{path.swapcase()}!/n.ipynb",
        "50xyx/n",
    ]
    for each in (*inside, *outside):
        record(project, each)
    assert move(service, path + slash, "new %_é/place").count == 2
    assert notebooks(service) == ["new %_é/place/n.ipynb", "new %_é/place/deep/n.ipynb", *outside]
    assert record(project, inside[0], told=1.0)
    assert notebooks(service)[-1] == "new %_é/place/n.ipynb"


def test_only_the_case_of_a_name_may_change(project: Project, service: RunsService) -> None:
    record(project, "A.ipynb")
    record(project, "a.ipynb")
    assert move(service, "A.ipynb", "B.ipynb").count == 1
    assert notebooks(service) == ["B.ipynb", "a.ipynb"]


def test_a_folder_can_move_into_itself(project: Project, service: RunsService) -> None:
    record(project, "a/n.ipynb")
    assert move(service, "a", "a/b").count == 1
    assert notebooks(service) == ["a/b/n.ipynb"]


def test_runs_in_the_trash_go_along(project: Project, service: RunsService) -> None:
    run = record(project, "a.ipynb")
    EditingService(service).trash(c.RunsRequest([run]))
    assert move(service, "a.ipynb", "b.ipynb").count == 1
    assert service.row(run).notebook == "b.ipynb"


def test_nothing_is_made_where_there_are_no_runs(project: Project, service: RunsService) -> None:
    assert move(service, "a.ipynb", "b.ipynb").count == 0
    assert not project.folder.exists()


def test_a_move_to_the_same_place_changes_nothing(project: Project, service: RunsService) -> None:
    record(project, "a.ipynb")
    before = service.revision()
    assert move(service, "a.ipynb", "./a.ipynb").count == 0
    assert service.revision() == before


@pytest.mark.parametrize("path", ["", "/", "a\0b", "\ud800", "x" * (1 << 21)])
def test_what_is_no_path_is_refused(project: Project, service: RunsService, path: str) -> None:
    record(project, "a.ipynb")
    for old, new in ((path, "b.ipynb"), ("a.ipynb", path)):
        with pytest.raises((InvalidOption, InvalidValue)):
            move(service, old, new)
    assert notebooks(service) == ["a.ipynb"]


# -- kernels that know the old path


def test_a_kernel_started_before_goes_on_under_the_new_path_through_every_move(
    project: Project, service: RunsService
) -> None:
    started = time.time()
    record(project, "a.ipynb", told=started)
    move(service, "a.ipynb", "b.ipynb")
    record(project, "a.ipynb", told=started)
    move(service, "b.ipynb", "folder/c.ipynb")
    record(project, "a.ipynb", told=started)
    move(service, "folder", "other")
    record(project, "a.ipynb", told=started)
    assert notebooks(service) == ["other/c.ipynb"] * 4


def test_a_notebook_that_goes_back_is_where_it_was(project: Project, service: RunsService) -> None:
    started = time.time()
    record(project, "a.ipynb", told=started)
    move(service, "a.ipynb", "b.ipynb")
    move(service, "b.ipynb", "a.ipynb")
    record(project, "a.ipynb", told=started)
    assert notebooks(service) == ["a.ipynb"] * 2


def test_a_new_notebook_under_the_old_name_is_another(project: Project, service: RunsService) -> None:
    first = time.time()
    record(project, "a.ipynb", told=first)
    move(service, "a.ipynb", "b.ipynb")
    second = time.time()
    record(project, "a.ipynb", told=second)
    record(project, "a.ipynb", told=first)
    assert notebooks(service) == ["b.ipynb", "a.ipynb", "b.ipynb"]
    move(service, "a.ipynb", "c.ipynb")
    third = time.time()
    for told in (first, second, third):
        record(project, "a.ipynb", told=told)
    assert notebooks(service)[3:] == ["b.ipynb", "c.ipynb", "a.ipynb"]


def test_two_notebooks_that_change_names_keep_their_runs(project: Project, service: RunsService) -> None:
    started = time.time()
    for path in ("a.ipynb", "b.ipynb"):
        record(project, path, told=started)
    for old, new in (("a.ipynb", "t.ipynb"), ("b.ipynb", "a.ipynb"), ("t.ipynb", "b.ipynb")):
        move(service, old, new)
    for path in ("a.ipynb", "b.ipynb"):
        record(project, path, told=started)
    assert notebooks(service) == ["b.ipynb", "a.ipynb"] * 2


def test_without_a_word_on_when_the_path_was_told_the_session_s_start_counts(
    project: Project, service: RunsService
) -> None:
    record(project, "a.ipynb")
    move(service, "a.ipynb", "b.ipynb")
    record(project, "a.ipynb")
    assert notebooks(service) == ["b.ipynb"] * 2
    recorder_of(project).close()  # used again, it is another session
    record(project, "a.ipynb")
    assert notebooks(service) == ["b.ipynb", "b.ipynb", "a.ipynb"]


def test_what_a_dead_process_left_in_its_journal_goes_along(project: Project, service: RunsService) -> None:
    started = time.time()
    record(project, "a.ipynb", told=started, name="first")
    service.refresh(force=True)
    writing = current.begin(project, notebook="a.ipynb", told=started, kind="cell", name="second")
    move(service, "a.ipynb", "b.ipynb")
    assert service.row("second").notebook == "b.ipynb"
    assert service.row("second").status == "running"
    writing.end()


def test_only_the_latest_thousand_moves_are_kept(project: Project, service: RunsService) -> None:
    record(project, "a.ipynb")
    for number in range(3):
        move(service, "a.ipynb" if not number else f"{number}.ipynb", f"{number + 1}.ipynb")
    with database_of(project).write() as conn:
        conn.executemany("INSERT INTO moves (old, new, at) VALUES ('x', 'y', ?)", [(0.0,)] * 1200)
    move(service, "p.ipynb", "q.ipynb")
    with database_of(project).read() as conn:
        assert conn.execute("SELECT count(*), max(new) FROM moves").fetchone() == (1000, "y")


# -- the file of the first version


def back_to_version_1(conn: sqlite3.Connection) -> None:
    for table in SUMMED:
        conn.execute(f"ALTER TABLE {table} DROP COLUMN sum")
    conn.execute("DELETE FROM meta WHERE key = 'unsummed'")
    for table in ("model_files", "model_metrics", "logged_models", "elsewhere"):
        conn.execute(f"DROP TABLE {table}")
    for column in ("top", "top_step", "top_time"):
        conn.execute(f"ALTER TABLE metrics DROP COLUMN {column}")
    conn.execute("ALTER TABLE experiments DROP COLUMN about")
    conn.execute("ALTER TABLE experiments DROP COLUMN trashed")
    conn.execute("DROP INDEX datasets_by_name")
    conn.execute("DROP INDEX datasets_by_path")
    conn.execute("ALTER TABLE executions DROP COLUMN facts")
    conn.execute("ALTER TABLE runs DROP COLUMN about")
    conn.execute("DROP TABLE moves")
    conn.execute("PRAGMA user_version = 1")


def test_a_file_of_version_1_is_brought_up_to_date_and_its_notebooks_move(
    project: Project, service: RunsService, tmp_path: Path
) -> None:
    record(project, "a.ipynb")
    service.refresh(force=True)
    recorder_of(project).close()
    forget_all()
    old = sqlite3.connect(project.database)
    back_to_version_1(old)
    old.commit()
    old.close()
    again = RunsService(project)
    assert move(again, "a.ipynb", "b.ipynb").count == 1
    assert notebooks(again) == ["b.ipynb"]
    assert again.status().schema == len(MIGRATIONS)
    assert list((project.folder / "backups").glob("nbtrack-v1-*.db")), "a copy was made first"


def test_a_file_of_version_1_that_may_not_be_written_is_read_as_it_is(project: Project, service: RunsService) -> None:
    run = record(project, "a.ipynb")
    service.refresh(force=True)
    conn = sqlite3.connect(project.database)
    back_to_version_1(conn)
    assert runs.about(conn, runs.existing_number(conn, run)) == {}
    assert cells.executions_before(conn, 1, 100) == []
    conn.close()


def test_what_rooms_know_of_a_run_is_kept_by_key(project: Project, service: RunsService) -> None:
    run = current.begin(project, name="r")
    run.set_about(lineage={"cells": [1]})
    run.set_about(sweep={"trial": 3})
    run.set_about(lineage={"cells": [2]})
    run.end()
    assert service.get(c.RunRequest(run.id)).about == {"lineage": {"cells": [2]}, "sweep": {"trial": 3}}


def test_a_reader_of_version_1_still_reads_the_file(project: Project, service: RunsService) -> None:
    record(project, "a.ipynb")
    service.refresh(force=True)
    recorder_of(project).close()
    forget_all()
    before = Database(project.database, MIGRATIONS[:1], MIN_READER)
    with before.read() as conn:
        assert conn.execute("SELECT notebook FROM runs").fetchall() == [("a.ipynb",)]
    assert before.read_only
    before.close()
