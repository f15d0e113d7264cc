"""The companion that keeps with a run what is behind it: the verdict on hidden state, worked out in the background."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.base.errors import NbtrackError
from nbtrack.capture.hidden import changed_data, judge
from nbtrack.capture.notebooks import read_notebook
from nbtrack.runs.projects import database_of
from nbtrack.runs.store.artifacts import datasets_of

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
    history = session.keep(run, own)
    if own not in history.steps:
        return
    found = history.slice(own)
    executions = [one for one in session.executions if one.number <= own]
    notebook = read_notebook(path) if path is not None else None
    verdict = judge(found, history, executions, own, notebook)
    verdict.add(changed_data(_datasets(run)))
    run.set_about(lineage=verdict.plain(len(found.numbers)))
    run.recorder.wake()  # the run has ended: nothing else would bring it in


def _datasets(run: ActiveRun) -> list[dict[str, Any]]:
    """The run's data as the file has them: with what became of them since an earlier run."""
    with suppress(NbtrackError):
        run.flush()
        with database_of(run.recorder.project).read() as conn:
            row = conn.execute("SELECT n FROM runs WHERE id = ?", (run.id,)).fetchone()
            return datasets_of(conn, row[0]) if row else []
    return []
