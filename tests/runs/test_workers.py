"""How a worker process finds the run of the process that started it: by the environment that it inherits."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from nbtrack.base.config import Project
from nbtrack.base.errors import InvalidValue
from nbtrack.runs import contract as c
from nbtrack.runs import current
from nbtrack.runs.service import RunsService

ROOT = Path(__file__).resolve().parents[2]

WATCHED = """if True:
    import json, sys, threading
    said = []

    def watch(event, args):
        if event == "os.putenv" and args[0] == b"NBTRACK_PARENT":
            said.append([thread.name for thread in threading.enumerate()])

    sys.addaudithook(watch)
    import nbtrack
    for number in range(3):
        with nbtrack.start_run():
            nbtrack.log({"loss": 1.0})
    print(json.dumps(said))
"""
WORKER = """if True:
    import subprocess, sys
    import nbtrack
    nbtrack.log({"worker": 1.0})
    code = 'import nbtrack; nbtrack.log({"grandchild": 2.0})'
    sys.exit(subprocess.run([sys.executable, "-c", code]).returncode)
"""


def in_child(code: str, folder: Path) -> str:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NBTRACK_DIR": str(folder)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=280, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("parent", ["", "0123456789ab:/nowhere"])
def test_workers_are_told_of_their_parent_once_and_before_it_has_a_thread_of_ours(
    project: Project, parent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """C's setenv beside another thread's getenv may end the process."""
    monkeypatch.setenv("NBTRACK_PARENT", parent)
    assert json.loads(in_child(WATCHED, project.root)) == [["MainThread"]]


def test_a_worker_without_a_run_of_its_own_leads_its_own_workers_to_its_parent(project: Project) -> None:
    with current.begin(project, name="whole") as run:
        in_child(WORKER, project.root)
    service = RunsService(project)
    service.refresh(force=True)
    metrics = service.get(c.RunRequest(run.id)).row.metrics
    assert {name: one.last for name, one in metrics.items()} == {"worker": 1.0, "grandchild": 2.0}


def test_a_run_that_cannot_be_recorded_is_none_that_workers_could_log_to(project: Project) -> None:
    with pytest.raises(InvalidValue, match="more than one record can hold"):
        current.begin(project, name="large", source="x" * (65 << 20))
    assert current.current() is None
    assert in_child("import nbtrack; print(nbtrack.active_run())", project.root) == "None\n"


def test_of_several_projects_workers_find_that_of_the_current_run(project: Project, tmp_path: Path) -> None:
    other = Project(tmp_path / "other")
    other.root.mkdir()
    log = "import nbtrack; nbtrack.log({{'{}': 1.0}})"
    with current.begin(project, name="first"):
        in_child(log.format("before"), project.root)
        with current.begin(other, name="second"):
            in_child(log.format("inside"), project.root)
        in_child(log.format("behind"), project.root)
    with current.begin(other, name="third"):
        in_child(log.format("later"), project.root)
    found = {}
    for place in (project, other):
        service = RunsService(place)
        service.refresh(force=True)
        found |= {row.name: (place, set(row.metrics)) for row in service.page(c.PageRequest()).rows}
    assert found == {
        "first": (project, {"before", "behind"}),
        "second": (other, {"inside"}),
        "third": (other, {"later"}),
    }
