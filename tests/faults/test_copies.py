"""Copies of the whole project from inside a process that records: nothing is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

import nbtrack
from nbtrack.base import strangers
from nbtrack.base.config import Project
from nbtrack.base.errors import InvalidValue
from nbtrack.runs import contract as c
from nbtrack.runs import projects
from nbtrack.runs.service import RunsService
from tests.faults import copies


def test_copies_of_the_project_inside_a_recording_process_lose_nothing_and_without_the_defence_they_do() -> None:
    (row,) = copies.rows(long=False)
    assert row.injected >= 12
    assert (row.lost, row.corrupt, row.unclear) == (0, 0, 0)
    assert row.met, row.canary


def test_our_own_walks_through_the_project_open_no_file_of_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NBTRACK_DIR", str(tmp_path))
    (tmp_path / "data.csv").write_text("a,b\n1,2\n")
    project = Project(tmp_path)
    opened: list[str] = []
    monkeypatch.setattr(strangers, "_announce", opened.append)
    with nbtrack.start_run() as run:
        run.flush()
        opened.clear()  # of the file that was made
        nbtrack.log_artifacts(tmp_path)
        nbtrack.log_input(tmp_path, "all")
        with pytest.raises(InvalidValue, match="nbtrack's own store"):
            nbtrack.log_artifact(project.database)
    service = RunsService(project)
    assert [each.path for each in service.get(c.RunRequest(run.id)).artifacts] == ["data.csv"]
    assert opened == []
    project.database.read_bytes()
    assert opened == [str(project.database)], "the test sees who opens it"
    projects.forget_all()
