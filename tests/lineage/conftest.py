"""Runs of cells, as a notebook would leave them."""

from __future__ import annotations

from typing import Any

import pytest

from nbtrack.base.config import Project
from nbtrack.capture.syntax import read_cell
from nbtrack.lineage import contract as c
from nbtrack.lineage.service import LineageService
from nbtrack.runs import current
from nbtrack.runs.projects import database_of
from nbtrack.runs.service import RunsService
from nbtrack.runs.store import cells


class Notebook:
    """A project whose cells are run one after the other."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.reads = RunsService(project)
        self.lineage = LineageService(self.reads)
        self.executed = 0

    def run(self, name: str, source: str | None = "fit()\n", *, end: tuple[Any, ...] = (), **about: Any) -> Any:
        """One ended run of cell "c1" of a.ipynb in "digits".

        about: explicit, captured (params), metrics, data, environment, git, before (texts of cells run before it), and
        what the ``runs`` table takes.
        """
        parts = ("explicit", "captured", "metrics", "data", "environment", "git", "before")
        own = {part: about.pop(part, None) for part in parts}
        about = {"kind": "cell", "experiment": "digits", "notebook": "a.ipynb", "cell": "c1", **about}
        before = own["before"] or []
        self.executed += len(before) + 1
        run = current.begin(self.project, name=name, source=source, number=self.executed, **about)
        run.set_params(own["explicit"] or {})
        run.set_params(own["captured"] or {}, "cell")
        run.log(own["metrics"] or {})
        for each in own["data"] or ():
            run.add_dataset(**each)
        if own["environment"] is not None:
            run.set_environment(f"of {name}", own["environment"])
        if own["git"] is not None:
            run.set_git(own["git"])
        run.end(*end)
        self.reads.refresh(force=True)
        self._store(before, self.executed - len(before))
        return run

    def _store(self, texts: list[str], first: int) -> None:
        """Let the kernel have executed these cells."""
        with database_of(self.project).write() as conn:
            (session,) = conn.execute("SELECT max(n) FROM sessions").fetchone()
            for number, text in enumerate(texts, first):
                syntax = read_cell(text)
                names = {"stored": sorted(syntax.stored), "loaded": sorted(syntax.loaded)}
                cells.save_execution(conn, session, {"number": number, "source": text, **names})

    def explain(self, run: str, against: str | None = None) -> c.Explanation:
        """Why a run differs."""
        return self.lineage.explain(c.ExplainRequest(run, against))

    def texts(self, run: str = "@1", against: str | None = None) -> list[str]:
        """What is said of the reasons, in their order."""
        found = self.explain(run, against).reasons
        assert [one.rank for one in found] == list(range(1, len(found) + 1))
        assert all(one.text and one.why and one.name for one in found)
        return [one.text for one in found]


@pytest.fixture
def notebook(project: Project) -> Notebook:
    """A project without runs."""
    return Notebook(project)
