"""Every run of the manual comes out again in a fresh kernel, as `nbtrack reproduce` promises."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import nbtrack
from nbtrack.base.config import Project
from nbtrack.execute.reproduce import reproduce
from nbtrack.runs import contract as c
from nbtrack.runs.service import RunsService

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb"))
pytestmark = [
    pytest.mark.filterwarnings("default"),  # of nbclient and jupyter_client
    pytest.mark.timeout(1200),  # a kernel for each run
]


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def executed(request: pytest.FixtureRequest, project: Project) -> Iterator[RunsService]:
    """The runs of one notebook, executed as a user would: from top to bottom, in its own kernel."""
    copy = project.root / request.param.name
    copy.write_bytes(request.param.read_bytes())
    made = nbtrack.run_notebook(copy, project=project, name="whole")
    assert made.status == "finished"
    yield RunsService(project)
    os.chdir(project.root)


def test_every_run_of_the_manual_comes_out_again(executed: RunsService) -> None:
    found = executed.page(c.PageRequest(filter="kind = 'cell'", sort=["started"], limit=200)).rows
    whole = executed.row("whole").id
    rows = [row for row in found if row.parent == whole and row.status == "finished"]
    assert rows
    verdicts = {row.name: reproduce(executed, row.id)[1] for row in rows}
    apart = {name: (one.verdict, one.reasons, one.trace[-300:]) for name, one in verdicts.items()
             if one.verdict not in ("reproduced", "ran")}  # fmt: skip
    assert not apart
    again = [row.id for row in executed.page(c.PageRequest(filter="kind = 'reproduction'", limit=200)).rows]
    kept = [executed.get(c.RunRequest(one)).about["reproduced"]["verdict"] for one in again]
    assert len(kept) >= len(rows)
    assert set(kept) <= {"reproduced", "ran"}, "also those that the notebook itself asked for"
    assert any(one.verdict == "reproduced" for one in verdicts.values())
