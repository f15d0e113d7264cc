"""The thread that says when something has changed."""

from __future__ import annotations

import os
import queue
import sqlite3
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from nbtrack.api import watch
from nbtrack.api.watch import CALM, QUICK, SLOW, Watcher
from nbtrack.base.config import Project
from nbtrack.base.db import Database
from nbtrack.base.errors import StoreLocked
from nbtrack.runs import current
from nbtrack.runs.contract import EditRequest
from nbtrack.runs.editing import EditingService
from nbtrack.runs.projects import database_of, recorder_of
from nbtrack.runs.recorder import Recorder
from nbtrack.runs.service import RunsService

PATIENCE = 60.0  # seconds

Told = queue.Queue[int]


@pytest.fixture
def watcher() -> Iterator[Watcher]:
    made = Watcher()
    yield made
    for key in "ab":
        made.leave(key)
    gone(made)


def gone(watcher: Watcher) -> None:
    """Wait for the end of its thread."""
    thread = watcher._thread
    if thread is not None:
        thread.join(PATIENCE)
    assert watcher._thread is None, "the thread outlives its last listener"


def edit(project: Project, note: str) -> int:
    """Change something; the revision then."""
    return EditingService(RunsService(project)).edit(EditRequest(["svm"], note=note)).revision


def until(told: Told, revision: int) -> None:
    """Wait until this has been told."""
    while told.get(timeout=PATIENCE) < revision:
        pass


def test_a_listener_is_told_the_revision_at_once_and_each_change_after(filled: Project, watcher: Watcher) -> None:
    told: Told = queue.Queue()
    watcher.listen("a", filled, told.put)
    until(told, RunsService(filled).revision().revision)
    until(told, edit(filled, "one"))
    until(told, edit(filled, "two"))
    late: Told = queue.Queue()
    watcher.listen("b", filled, late.put)
    until(late, RunsService(filled).revision().revision)
    watcher.leave("a")
    while not told.empty():
        told.get()
    until(late, edit(filled, "three"))
    assert told.empty(), "it was told though it had left"


def test_a_change_by_another_process_is_seen(filled: Project, watcher: Watcher) -> None:
    told: Told = queue.Queue()
    watcher.listen("a", filled, told.put)
    told.get(timeout=PATIENCE)
    other = Database(filled.database, database_of(filled)._migrations)  # its own connections, as another process has
    with other.write() as conn:
        conn.execute("UPDATE runs SET note = 'from elsewhere'")
    until(told, other.revision())
    other.close()


def test_a_project_that_begins_is_told_and_watching_makes_no_file(project: Project, watcher: Watcher) -> None:
    told: Told = queue.Queue()
    watcher.listen("a", project, told.put)
    assert not project.folder.exists()
    with current.begin(project, name="first") as run:
        run.log({"loss": 1.0})
    assert told.get(timeout=PATIENCE) > 0


def test_a_project_that_is_moved_away_is_told_and_so_is_its_return(filled: Project, watcher: Watcher) -> None:
    told: Told = queue.Queue()
    watcher.listen("a", filled, told.put)
    revision = told.get(timeout=PATIENCE)
    assert revision > 0
    away = filled.root.with_name("away")
    filled.root.rename(away)
    while told.get(timeout=PATIENCE) != 0:
        pass
    assert not filled.root.exists()
    away.rename(filled.root)
    until(told, revision)


def test_watching_never_writes_out_what_was_just_logged(
    project: Project, watcher: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[str] = []
    real = Recorder.flush

    def flush(self: Recorder, timeout: float = 10.0) -> None:
        flushed.append(threading.current_thread().name)
        real(self, timeout)

    monkeypatch.setattr(Recorder, "flush", flush)
    told: Told = queue.Queue()
    watcher.listen("a", project, told.put)
    with current.begin(project, name="first") as run:
        for step in range(3):
            run.log({"loss": 1.0}, step=step)
            told.get(timeout=PATIENCE)
    assert "nbtrack-ingest" in flushed
    assert "nbtrack-watch" not in flushed


def test_trouble_with_the_file_or_a_listener_does_not_end_it(
    filled: Project, watcher: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, troubles = Database.revision, [StoreLocked("busy"), sqlite3.OperationalError("disk"), ZeroDivisionError()]

    def revision(self: Database) -> int:
        if troubles and threading.current_thread().name == "nbtrack-watch":
            raise troubles.pop()
        return real(self)

    def breaks(_: int) -> None:
        raise ConnectionError("the front end is gone")

    monkeypatch.setattr(watch, "_FORCED", 0.0)
    monkeypatch.setattr(Database, "revision", revision)
    told: Told = queue.Queue()
    watcher.listen("a", filled, breaks)
    watcher.listen("b", filled, told.put)
    until(told, edit(filled, "x"))
    assert not troubles


def test_the_thread_is_one_and_ends_with_its_last_listener(filled: Project, watcher: Watcher) -> None:
    told: Told = queue.Queue()
    before = set(threading.enumerate())  # of other tests, too
    watcher.listen("a", filled, told.put)
    watcher.listen("b", filled, told.put)
    assert sum(thread.name == "nbtrack-watch" for thread in set(threading.enumerate()) - before) == 1
    watcher.leave("a")
    assert watcher._thread is not None
    watcher.leave("b")
    gone(watcher)
    watcher.listen("a", filled, told.put)
    until(told, edit(filled, "again"))


def test_the_file_is_asked_only_when_it_looks_different_and_once_a_second(filled: Project) -> None:
    watched, told = watch._Watched(filled), []
    watched.add("a", told.append)
    asked = 0
    real = watched.database.revision

    def revision() -> int:
        nonlocal asked
        asked += 1
        return real()

    watched.database.revision = revision  # type: ignore[method-assign]
    try:
        watched.look(100.0)
        for tenth in range(1, 10):
            watched.look(100.0 + tenth / 10)
        assert (asked, len(told)) == (1, 1), "a file that nobody wrote to was asked again within the second"
        watched.look(101.1)
        assert (asked, len(told)) == (2, 1)
        edit(filled, "other")
        watched.look(101.2)
        assert (asked, len(told)) == (3, 2)
    finally:
        del watched.database.revision  # type: ignore[method-assign]


def test_who_asks_for_it_is_told_of_each_journal_once_also_where_there_is_no_file(project: Project) -> None:
    project.create()
    watched, told, stirred = watch._Watched(project), list[int](), list[bool]()
    watched.add("a", told.append, lambda: stirred.append(True))
    watched.add("b", told.append)
    counts = []
    for name in (None, "0123456789ab-000001.nbj", None, "other.now", "0123456789ab-000002.nbj"):
        if name:
            (project.journal / name).write_bytes(b"")
        watched.look(100.0)
        counts.append(len(stirred))
    assert (counts, told) == ([0, 1, 1, 1, 2], [])
    watched.drop("a")
    (project.journal / "0123456789ab-000003.nbj").write_bytes(b"")
    watched.look(101.0)
    assert len(stirred) == 2


def test_it_looks_less_and_less_often_when_nothing_happens(filled: Project) -> None:
    watched = watch._Watched(filled)
    watched.look(1000.0)
    assert [watched.pause(1000.0 + later) for later in (0.5, 5.0, 60.0)] == [QUICK, CALM, SLOW]
    with current.begin(filled, name="active"):
        assert recorder_of(filled).opening
        assert watched.pause(1060.0) == QUICK
    assert watched.pause(1060.0) == SLOW


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_watches_nothing_and_can_begin_to(filled: Project) -> None:
    told: Told = queue.Queue()
    watch.WATCHER.listen("a", filled, told.put)
    told.get(timeout=PATIENCE)
    watch.WATCHER._lock.acquire()  # as another thread may have it when the fork comes
    child = os.fork()
    if child == 0:
        good = False
        try:
            mine: Any = queue.Queue()
            good = watch.WATCHER._thread is None and not watch.WATCHER._watched
            watch.WATCHER.listen("b", filled, mine.put)
            good = good and mine.get(timeout=PATIENCE) > 0
        finally:
            os._exit(0 if good else 1)
    watch.WATCHER._lock.release()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    until(told, edit(filled, "after the fork"))
    watch.WATCHER.leave("a")
    gone(watch.WATCHER)
