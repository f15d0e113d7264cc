"""The doctor: what is wrong is found, what is well is not disturbed."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

import nbtrack
from nbtrack.base.config import Project
from nbtrack.runs import objects
from nbtrack.runs.checks import Check, check_project
from nbtrack.runs.service import RunsService


def wrong(project: Project) -> list[Check]:
    return [check for check in check_project(RunsService(project)) if not check.ok]


def test_a_project_in_order_has_nothing_wrong(filled: Project) -> None:
    found = check_project(RunsService(filled))
    assert all(check.ok for check in found)
    assert {check.name for check in found} == {
        *("SQLite", "project", "place", "database", "runs", "artifacts", "journals")
    }


def test_a_folder_without_a_project_is_in_order_and_stays_empty(project: Project) -> None:
    assert wrong(project) == []
    assert list(project.root.iterdir()) == []


def test_an_artifact_whose_file_is_gone_or_cut_short_is_named(filled: Project) -> None:
    (name,) = objects.all_names(filled.objects)
    path = objects.path_of(filled.objects, name)
    path.write_bytes(b"short")
    (found,) = wrong(filled)
    assert "of another size than stored: 'report.txt' of forest" in found.text
    path.unlink()
    (found,) = wrong(filled)
    assert "1 missing: 'report.txt' of forest" in found.text
    assert found.hint


def test_a_journal_that_was_set_aside_is_named(filled: Project) -> None:
    (filled.journal / "0123456789ab-000001.bad").write_bytes(b"?")
    (found,) = wrong(filled)
    assert "0123456789ab-000001.bad" in found.text


@pytest.mark.skipif(os.name == "nt", reason="folders have no such modes there")
def test_a_folder_that_others_can_read_is_named(filled: Project) -> None:
    filled.folder.chmod(0o755)
    (found,) = wrong(filled)
    assert "755" in found.text
    assert "chmod 700" in found.hint


def test_a_file_that_is_no_database_is_a_finding_and_stays_as_it_is(project: Project) -> None:
    project.create()
    project.database.write_bytes(b"no database " * 500)
    (found,) = wrong(project)
    assert found.name == "database"
    assert project.database.read_bytes() == b"no database " * 500


def test_damage_inside_the_file_is_found(filled: Project) -> None:
    from nbtrack.runs import projects

    for recorder in projects.open_recorders():
        recorder.close()
    projects.forget_all()
    data, chance = bytearray(filled.database.read_bytes()), random.Random(3)
    for page in range(4096, len(data), 4096):
        data[page : page + 64] = chance.randbytes(64)
    filled.database.write_bytes(data)
    assert [check.name for check in wrong(filled)] == ["database"]


def test_a_run_whose_process_was_killed_is_settled_and_said(project: Project) -> None:
    code = (
        "import os, signal; from nbtrack.base.config import find_project; from nbtrack.runs import current\n"
        "run = current.begin(find_project('.'), name='lost'); run.log({'acc': 1.0}); run.flush()\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(nbtrack.__file__).parent.parent)}
    subprocess.run([sys.executable, "-c", code], cwd=project.root, env=env, check=False, timeout=280)
    found = {check.name: check for check in check_project(RunsService(project))}
    assert found["runs"].ok
    assert "the process of lost was gone: settled as crashed" in found["runs"].text
    assert found["journals"].text == "nothing is waiting"
