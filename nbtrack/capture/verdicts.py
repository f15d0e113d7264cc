"""The companion that keeps with a run what is behind it: the verdict on hidden state, worked out in the background."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack.capture.hidden import judge
from nbtrack.capture.notebooks import read_notebook

if TYPE_CHECKING:
    from nbtrack.capture.cell import CellRun
    from nbtrack.capture.session import Session
    from nbtrack.runs.active import ActiveRun


class Verdicts:
    """Of one tracked cell: stores ``about["lineage"]`` = verdict, hidden, cells, unknown."""

    def __init__(self) -> None:
        self._notebook: Path | None = None

    def start(self, cell: CellRun, run: ActiveRun) -> None:
        """Where the notebook is saved."""
        if cell.notebook:
            self._notebook = cell.project.root / cell.notebook

    def finish(self, cell: CellRun, run: ActiveRun, error: BaseException | None) -> None:
        """Have it worked out."""
        session, number, path = cell.session, cell.execution.number, self._notebook
        session.later(lambda: _work_out(session, run, number, path))


def _work_out(session: Session, run: ActiveRun, own: int, path: Path | None) -> None:
    session.keep(run, own)
    if own not in session.history.steps:
        return
    found = session.history.slice(own)
    executions = [one for one in session.executions if one.number <= own]
    notebook = read_notebook(path) if path is not None else None
    verdict = judge(found, session.history, executions, own, notebook)
    run.set_about(lineage=verdict.plain(len(found.numbers)))
