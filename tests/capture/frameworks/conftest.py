"""One kernel for all tests of a module: frameworks take seconds to import."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from nbtrack.base.config import Project
from nbtrack.base.errors import NbtrackError
from nbtrack.runs import contract as c
from nbtrack.runs.service import RunsService
from tests.kernel.conftest import PATIENCE, Kernel, Reply


class Cells:
    """A kernel of a project, and what its cells recorded."""

    def __init__(self, project: Project) -> None:
        self.kernel = Kernel(project, NBTRACK_DIR=str(project.root))
        self.service = RunsService(project)
        self._number = 0

    def run(self, code: str) -> Reply:
        """Execute what is not tracked; it must not fail."""
        reply = self.kernel.run(code)
        assert reply.status == "ok", reply.traceback
        return reply

    def track(self, code: str, options: str = "", status: str = "finished") -> c.RunDetail:
        """Execute as a tracked cell: its run, once it has ended as it should."""
        self._number += 1
        name = f"cell{self._number}"
        reply = self.kernel.run(f"%%track {name} {options}\n{code}")
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                found = self.service.get(c.RunRequest(name))
            except NbtrackError:  # not in the file yet
                assert time.monotonic() < deadline, reply
                found = None
            if found is not None and found.row.status != "running":
                assert found.row.status == status, (reply.text, reply.traceback)
                return found
            assert time.monotonic() < deadline, reply
            time.sleep(0.05)

    def children(self, run: c.RunDetail) -> list[c.RunDetail]:
        """The runs inside of a run, the first begun first."""
        page = self.service.page(c.PageRequest(limit=1000))
        found = [self.service.get(c.RunRequest(row.id)) for row in page.rows if row.parent == run.row.id]
        return sorted(found, key=lambda child: child.row.started)

    def points(self, run: c.RunDetail, metric: str) -> list[tuple[int, float]]:
        """Steps and values of a metric."""
        found = self.service.history(run.row.id, metric)
        return list(zip(list(found.steps), list(found.values), strict=True))

    def text(self, run: c.RunDetail, path: str) -> str:
        """An artifact."""
        return self.service.artifact(run.row.id, path)[1].decode()

    def outputs(self, run: c.RunDetail) -> str:
        """What a cell printed."""
        return "".join(one.text or "" for one in self.service.outputs(c.RunRequest(run.row.id)).outputs)


def params(run: c.RunDetail) -> dict[str, Any]:
    """Names and values."""
    return {param.name: param.value for param in run.params}


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cells]:
    """The module's kernel."""
    found = Cells(Project(tmp_path_factory.mktemp("project")))
    yield found
    found.kernel.close()
