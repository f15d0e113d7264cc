"""What dead processes left behind is brought in and settled by whoever reads next."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nbtrack.base import journal
from nbtrack.base.config import Project
from nbtrack.base.ids import Process, new_id, this_process
from nbtrack.runs import contract as c
from nbtrack.runs import current, recovery
from nbtrack.runs.recovery import recover
from nbtrack.runs.service import RunsService

ROOT = Path(__file__).resolve().parents[2]
POINTS = 1000

WRITER = """if True:
    import os, sys
    from pathlib import Path
    from nbtrack.base.config import Project
    from nbtrack.runs import current
    run = current.begin(Project(Path.cwd()), name="victim")
    run.recorder._ingesting.acquire()  # all stays in the journal
    run.set_params({"lr": 0.1})
    for number in range(int(sys.argv[1])):
        run.log({"loss": float(number)}, time=1000.0 + number)
    if sys.argv[2] == "end":
        run.end("failed", "said so")
    os._exit(0)
"""


@pytest.fixture
def service(project: Project) -> RunsService:
    return RunsService(project)


def left_behind(project: Project, points: int = POINTS, how: str = "die") -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NBTRACK_PARENT": ""}
    subprocess.run(
        [sys.executable, "-c", WRITER, str(points), how], cwd=project.root, env=environment, check=True, timeout=280
    )


def only(service: RunsService) -> c.RunRow:
    (row,) = service.page(c.PageRequest()).rows
    return row


def test_a_process_that_died_has_crashed_at_its_last_write_and_lost_nothing(
    service: RunsService, project: Project
) -> None:
    before = time.time()
    left_behind(project)
    row = only(service)
    assert (row.status, row.params) == ("crashed", {"lr": 0.1})
    assert row.ended is not None
    assert before - 1 <= row.ended <= time.time(), "the points have older times; the param was written last"
    assert row.end_reason == "the process ended before the run did"
    assert list(service.history(row.id, "loss").values) == [float(number) for number in range(POINTS)]
    assert not journal.segments(project.journal)
    assert not list(project.journal.glob("*.now"))


def test_a_process_that_said_how_its_run_ended_is_believed(service: RunsService, project: Project) -> None:
    left_behind(project, how="end")
    row = only(service)
    assert (row.status, row.end_reason) == ("failed", "said so")


def test_a_run_is_not_settled_before_what_its_process_wrote_is_in(
    service: RunsService, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process dies between the look at its journal and the look at its runs."""
    run = current.begin(project)
    run.flush()
    monkeypatch.setattr(Process, "alive", lambda self: False)
    monkeypatch.setattr(recovery, "_writer_alive", lambda database, segment, known: True)
    recover(service.database, project)
    with service.database.read() as conn:
        assert conn.execute("SELECT status FROM runs").fetchone()[0] == "running"
    run.end()


def test_many_readers_at_once_take_a_journal_in_once(service: RunsService, project: Project) -> None:
    left_behind(project, 60_000)
    code = """if True:
        from pathlib import Path
        from nbtrack.base.config import Project
        from nbtrack.runs.service import RunsService
        import sys
        print("ready", flush=True)
        sys.stdin.read()
        RunsService(Project(Path.cwd())).refresh(force=True)
    """
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NBTRACK_PARENT": ""}
    command = [sys.executable, "-c", code]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    readers = [subprocess.Popen(command, cwd=project.root, env=environment, **pipes) for _ in range(4)]  # type: ignore[call-overload]
    for reader in readers:
        assert reader.stdout.readline() == b"ready\n"
    results = [threading.Thread(target=reader.communicate) for reader in readers]
    for thread in results:
        thread.start()
    service.refresh(force=True)
    for thread in results:
        thread.join()
    assert [reader.returncode for reader in readers] == [0] * 4
    row = only(service)
    assert list(service.history(row.id, "loss").values) == [float(number) for number in range(60_000)]
    assert row.metrics["loss"].count == 60_000
    assert not list(project.journal.glob("*.bad"))


def test_a_journal_damaged_in_its_middle_gives_what_is_sound_and_is_set_aside(
    service: RunsService, project: Project
) -> None:
    left_behind(project)
    (segment,) = journal.segments(project.journal)
    whole = bytearray(segment.path.read_bytes())
    stops = [stop for stop, _ in journal.records(bytes(whole), journal.HEADER_SIZE)]
    whole[stops[500] + 10] ^= 1
    segment.path.write_bytes(whole)
    troubles = recover(service.database, project)
    assert len(troubles) == 1
    assert "damaged" in troubles[0]
    assert [path.suffix for path in project.journal.iterdir() if path.suffix != ".now"] == [".bad"]
    assert recover(service.database, project) == []
    row = only(service)
    values = list(service.history(row.id, "loss").values)
    assert 490 < len(values) < 501
    assert values == [float(number) for number in range(len(values))]
    assert row.status == "crashed"


def test_a_torn_last_record_is_no_damage(service: RunsService, project: Project) -> None:
    left_behind(project)
    (segment,) = journal.segments(project.journal)
    whole = bytearray(segment.path.read_bytes())
    stops = [stop for stop, _ in journal.records(bytes(whole), journal.HEADER_SIZE)]
    whole[stops[-2] + 20 :] = bytes(len(whole) - stops[-2] - 20)
    segment.path.write_bytes(whole)
    assert recover(service.database, project) == []
    assert list(service.history(only(service).id, "loss").values) == [float(n) for n in range(POINTS - 1)]


def test_a_file_that_is_no_journal_is_set_aside_and_other_names_are_left_alone(
    service: RunsService, project: Project
) -> None:
    project.create()
    (project.journal / f"{'a' * 12}-000001.nbj").write_bytes(b"rubbish" * 100)
    (project.journal / "notes.txt").write_text("mine")
    (troubles,) = recover(service.database, project)
    assert "aaaaaaaaaaaa-000001" in troubles
    assert sorted(path.name for path in project.journal.iterdir()) == [f"{'a' * 12}-000001.bad", "notes.txt"]


def test_an_empty_segment_of_a_process_killed_while_it_was_made_is_removed(
    service: RunsService, project: Project
) -> None:
    project.create()
    (project.journal / f"{'a' * 12}-000001.nbj").write_bytes(bytes(4096))
    assert recover(service.database, project) == []
    assert not list(project.journal.iterdir())


# -- processes that cannot be looked up


def write_as(project: Project, who: Process, **more: Any) -> tuple[journal.Journal, str]:
    """A journal as another process would write it, with a run and a point."""
    session, run = new_id(), new_id()
    about = {"e": "session", "id": session, "kind": "kernel", "started": time.time(), **who.as_dict(), **more}
    began = {"e": "run", "id": run, "name": "far", "experiment": "default", "kind": "script", "started": time.time()}
    layout = {"e": "layout", "no": 1, "run": run, "keys": ["loss"], "source": "explicit"}
    project.create()
    writing = journal.Journal(
        project.journal, session, lambda: [journal.encode_event(json.dumps(event)) for event in (about, began, layout)]
    )
    point(writing, 1.0)
    return writing, run


def point(writing: journal.Journal, value: float) -> None:
    writing.append(journal.points_struct(1).pack(journal.POINTS, 1, 0, time.time(), value))


FAR = replace(this_process(), host="far away")


def test_the_journal_of_another_host_is_left_alone_while_it_is_written(service: RunsService, project: Project) -> None:
    writing, _ = write_as(project, FAR)
    recover(service.database, project)
    assert service.page(c.PageRequest()).rows == []
    assert len(journal.segments(project.journal)) == 1
    writing.close(remove=False)


def test_the_journal_of_another_host_that_fell_silent_is_read_but_kept_for_a_writer_that_only_slept(
    service: RunsService, project: Project
) -> None:
    writing, run = write_as(project, FAR)
    (segment,) = journal.segments(project.journal)
    long_ago = time.time() - 3600
    os.utime(segment.path, (long_ago, long_ago))
    recover(service.database, project)
    assert only(service).status == "crashed"
    assert list(service.history(run, "loss").values) == [1.0]
    assert segment.path.exists(), "it may only have slept"
    point(writing, 2.0)
    os.utime(segment.path, (long_ago, long_ago))
    with service.database.write() as conn:
        conn.execute("UPDATE sessions SET heartbeat = ?", (long_ago,))
    recover(service.database, project)
    assert list(service.history(run, "loss").values) == [1.0, 2.0]
    writing.close(remove=False)


def test_a_heartbeat_in_the_database_keeps_a_silent_journal_of_another_host_alive(
    service: RunsService, project: Project
) -> None:
    writing, _ = write_as(project, FAR)
    (segment,) = journal.segments(project.journal)
    long_ago = time.time() - 3600
    os.utime(segment.path, (long_ago, long_ago))
    with service.database.write() as conn:
        conn.execute("INSERT INTO sessions (id, heartbeat) VALUES (?, ?)", (segment.writer, time.time()))
    recover(service.database, project)
    assert service.page(c.PageRequest()).rows == []
    writing.close(remove=False)


def test_a_writer_taken_for_dead_goes_on_and_loses_nothing(
    service: RunsService, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process took its journal in, layouts and all, and deleted the file under it."""
    run = current.begin(project)
    run.recorder._ingesting.acquire()
    for number in range(100):
        run.log({"loss": float(number)})
    with monkeypatch.context() as patch:
        patch.setattr(Process, "alive", lambda self: False)
        recover(service.database, project)
    assert not journal.segments(project.journal)
    for number in range(100, 200):
        run.log({"loss": float(number)})
    run.recorder._ingesting.release()
    run.flush()
    assert list(service.history(run.id, "loss").values) == [float(number) for number in range(200)]
    assert journal.segments(project.journal), "and what it logs from now on is in a file again"
    run.end()
    assert service.row(run.id).status == "finished"


def test_what_a_worker_logs_before_its_parents_record_comes_waits_for_it(
    service: RunsService, project: Project
) -> None:
    parent, run = write_as(project, this_process())
    session = parent.writer
    (segment,) = journal.segments(project.journal)
    hidden = segment.path.rename(segment.path.with_suffix(".hidden"))  # not yet taken in
    worker = new_id()
    about = {"e": "session", "id": worker, "kind": "worker", "started": 1.0, **this_process().as_dict()}
    layout = {"e": "layout", "no": 1, "run": run, "keys": ["loss"], "source": "explicit"}
    writing = journal.Journal(project.journal, worker)
    for event in (about, {**layout, "attached": session, "at": time.time()}):
        writing.append(journal.encode_event(json.dumps(event)))
    point(writing, 2.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Process, "alive", lambda self: False)
        recover(service.database, project)
    hidden.rename(segment.path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Process, "alive", lambda self: False)
        recover(service.database, project)
    row = only(service)
    assert (row.id, row.name, row.kind) == (run, "far", "script")
    assert sorted(service.history(run, "loss").values) == [1.0, 2.0]
    assert row.status == "crashed"
    parent.close(remove=False)
    writing.close(remove=False)


def test_a_session_that_said_goodbye_leaves_no_run_running(service: RunsService, project: Project) -> None:
    """Its process lives on, as a kernel does after `%reload_ext`."""
    run = current.begin(project)
    run.log({"a": 1.0})
    run.recorder.close()
    service.refresh(force=True)
    assert only(service).status == "crashed"
    run.end()
