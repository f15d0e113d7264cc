"""System calls that fail one at a time; each mending found by the sweep has its test here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nbtrack.base import journal
from nbtrack.base.config import Project
from nbtrack.base.errors import StoreError, StoreReadOnly
from nbtrack.runs import contract as c
from nbtrack.runs import current, objects, projects
from nbtrack.runs.editing import EditingService
from nbtrack.runs.service import RunsService
from tests.faults import io_sweep


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    folder = tmp_path / "project"
    folder.mkdir()
    yield Project(folder)
    for recorder in projects.open_recorders():
        recorder.close()
    projects.forget_all()


def test_an_artifact_where_the_folder_cannot_be_made_leaves_the_users_code_alone(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model.bin").write_bytes(b"weights")
    run = current.begin(project)
    run.flush()  # the database is there, so that the ingest thread makes no folder meanwhile
    told: list[str] = []
    run.recorder.notify = told.append

    def refused(self: Project) -> None:
        raise StoreReadOnly(f"Runs cannot be kept in '{self.folder}': Input/output error.", "Make it writable.")

    monkeypatch.setattr(Project, "create", refused)
    run.add_file(tmp_path / "model.bin", "model.bin")
    assert ["could not be stored: Runs cannot be kept" in text for text in told] == [True]
    monkeypatch.undo()
    run.end()


def test_a_record_that_comes_while_the_journal_is_closed_goes_into_the_next(project: Project) -> None:
    run = current.begin(project, name="tried")
    recorder = run.recorder
    told: list[str] = []
    recorder.notify = told.append
    write = recorder.write
    run.end()
    recorder.close()
    write(journal.encode_event(f'{{"e": "tags", "run": "{run.id}", "items": [["late", "yes"]]}}'))
    recorder.flush()
    assert told == []
    (row,) = RunsService(project).page(c.PageRequest()).rows
    assert row.tags == {"late": "yes"}


def test_a_segment_that_cannot_be_deleted_keeps_nobody_from_ending(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = current.begin(project)
    told: list[str] = []
    run.recorder.notify = told.append
    run.end()

    def refused(self: Path, missing_ok: bool = False) -> None:
        raise OSError(5, "Input/output error", str(self))

    monkeypatch.setattr(Path, "unlink", refused)
    run.recorder.close()
    monkeypatch.undo()
    assert told == []
    assert [row.status for row in RunsService(project).page(c.PageRequest()).rows] == ["finished"]


def test_files_that_cannot_be_looked_through_are_said_to_be_left_when_the_trash_is_emptied(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = current.begin(project)
    run.end()
    service = RunsService(project)
    service.refresh(force=True)
    editing = EditingService(service)
    editing.trash(c.RunsRequest([run.id]))

    def refused(folder: Path) -> list[str]:
        raise OSError(5, "Input/output error", str(folder / "ab"))

    monkeypatch.setattr(objects, "all_names", refused)
    with pytest.raises(StoreError, match=r"but not all of their files: Input/output error.* Empty the trash"):
        editing.purge()
    monkeypatch.undo()
    assert editing.purge().count == 0


@pytest.mark.skipif(bool(io_sweep.tracing()), reason=f"system calls cannot be made to fail: {io_sweep.tracing()}")
def test_a_system_call_that_fails_loses_nothing_and_is_told_clearly() -> None:
    (row,) = io_sweep.rows(long=False)
    assert row.injected >= 20
    assert (row.lost, row.corrupt, row.unclear) == (0, 0, 0), row.note
    assert row.met, row.canary
