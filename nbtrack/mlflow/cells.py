"""MLflow inside a tracked cell: its first run is the cell's run, those after it are children of the cell's.

MLflow asks everybody who registered a run-context provider which tags a new run gets, from ``start_run`` and from its
autologging, and only from there. `CellContext` answers with the cell's run; the store takes the tag off again, and
instead of beginning a run it goes on with the cell's. Nothing of MLflow's is replaced, so it does not matter who was
imported first. The run ends with its cell, also where MLflow ends it before; a run begun with ``nested=True`` is always
a child; what is logged while no run of MLflow's is active is always of the cell's. What MLflow's own stack of active
runs holds around a cell: see `nbtrack.capture.mlflow`.
"""

from __future__ import annotations

import sys
import threading
from types import FrameType
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

if TYPE_CHECKING:
    from nbtrack.base.config import Project
    from nbtrack.runs.active import ActiveRun

TAG = "nbtrack.cell"  # on its way from the provider to the store only
_AGAIN = "+"  # also where MLflow went on with it before
_BY_ITSELF = "_get_or_start_run"  # of mlflow.tracking.fluent: something is logged while no run is active
_ASKING = "mlflow.tracking.context.registry"
# They ask for the tags, too, to note where data or a trace came from.
_NOT_RUNS = ("mlflow.data", "mlflow.tracing", "mlflow.tracking._tracking_service")

_joined: WeakSet[ActiveRun] = WeakSet()  # the cells' runs that MLflow has gone on with


class CellContext:
    """The tags that a run gets which MLflow begins inside a tracked cell: a run-context provider in its form.

    MLflow makes it whenever it is imported: nothing of MLflow, and little of nbtrack, is imported for that.
    """

    def in_context(self) -> bool:
        """Whether a tracked cell is under way in this thread, and MLflow logs into a project."""
        return _cell() is not None and _logs_here()

    def tags(self) -> dict[str, str]:
        """That the run is the cell's; of one after the first, that the cell's is its parent."""
        from nbtrack.transfer.mlflow import PARENT

        run, caller = _cell(), _caller()
        if run is None or (caller is not None and str(caller.f_globals.get("__name__")).startswith(_NOT_RUNS)):
            return {}
        if caller is not None and caller.f_code.co_name == "start_run":
            if caller.f_locals.get("nested"):
                return {PARENT: run.id}
            if caller.f_back is not None and caller.f_back.f_code.co_name == _BY_ITSELF:
                return {TAG: run.id + _AGAIN}
        return {PARENT: run.id} if run in _joined else {TAG: run.id}


def join(project: Project, tags: dict[str, str]) -> ActiveRun | None:
    """The cell's run that a new run is, by its tags; None for a run of its own. The tag that says so is taken off."""
    from nbtrack.runs.current import stack
    from nbtrack.transfer.mlflow import PARENT

    wanted = tags.pop(TAG, None)
    if wanted is None or PARENT in tags:
        return None
    its_id, again, _ = wanted.partition(_AGAIN)
    for run in stack():
        if run.id == its_id and run.status == "running" and run.recorder.project.root == project.root:
            if run in _joined and not again:  # two were begun at once, in two threads of the autologging
                tags[PARENT] = run.id
                return None
            _joined.add(run)
            return run
    return None


def _cell() -> ActiveRun | None:
    """The run of the innermost tracked cell under way in this thread."""
    current: Any = sys.modules.get("nbtrack.runs.current")
    if current is None:
        return None
    here = threading.get_ident()
    for run in reversed(list(current.stack())):
        if run.of_cell and run.thread == here and run.status == "running":
            found: ActiveRun = run
            return found
    return None


def _logs_here() -> bool:
    from mlflow.tracking import get_tracking_uri

    return str(get_tracking_uri()).partition(":")[0] == "nbtrack"


def _caller() -> FrameType | None:
    """Who asks MLflow for the tags."""
    frame: FrameType | None = sys._getframe(1)
    asked = False
    while frame is not None:
        inside = frame.f_globals.get("__name__") == _ASKING
        if asked and not inside:
            return frame
        asked = asked or inside
        frame = frame.f_back
    return None
