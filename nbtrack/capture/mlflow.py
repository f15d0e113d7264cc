"""MLflow beside us, where it logs into a project: what is active around a tracked cell, and what it records itself.

A run of MLflow's that was begun before a cell and not ended would take what the cell logs; the cell's own run, that
MLflow went on with and did not end, what later cells log. So its stack of active runs is set aside while the cell runs.
What MLflow's autologging records of a framework is not recorded a second time. MLflow is never imported for this.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbtrack.capture.cell import CellRun
    from nbtrack.runs.active import ActiveRun

# package -> what MLflow calls its autologging
_INTEGRATIONS = {
    "sklearn": "sklearn",
    "xgboost": "xgboost",
    "lightgbm": "lightgbm",
    "lightning": "pytorch",
    "pytorch_lightning": "pytorch",
    "keras": "tensorflow",
    "transformers": "transformers",
}


class ActiveRuns:
    """Goes with a tracked cell: MLflow's active runs of the thread are set aside, and put back."""

    def __init__(self) -> None:
        self._before: list[Any] = []

    def start(self, cell: CellRun, run: ActiveRun) -> None:
        """Set aside what is active."""
        stack = _stack()
        if stack is not None:
            self._before = list(stack)
            stack.clear()

    def finish(self, cell: CellRun, run: ActiveRun, error: BaseException | None) -> None:
        """Put it back, with what the cell began and left open beside its own run."""
        stack = _stack()
        if stack is not None:
            left = [one for one in stack if one.info.run_id != run.id]
            stack[:] = [*self._before, *left]


def records(package: str) -> bool:
    """Whether MLflow's autologging records what this framework does, and into a project."""
    known = getattr(sys.modules.get("mlflow.utils.autologging_utils"), "AUTOLOGGING_INTEGRATIONS", None)
    if not known:
        return False
    found = known.get(_INTEGRATIONS.get(package))
    return type(found) is dict and found.get("disable", True) is False and _logs_here()


def _logs_here() -> bool:
    service: Any = sys.modules.get("mlflow.tracking._tracking_service.utils")
    try:
        return str(service.get_tracking_uri()).partition(":")[0] == "nbtrack"
    except Exception:  # noqa: BLE001 (no MLflow, or another one than we know)
        return False


def _stack() -> list[Any] | None:
    """The active runs of this thread; None where there is no MLflow, or it logs elsewhere."""
    fluent: Any = sys.modules.get("mlflow.tracking.fluent")
    if fluent is None or not _logs_here():
        return None
    try:
        stack = fluent._active_run_stack.get()
    except Exception:  # noqa: BLE001 (another MLflow than we know)
        return None
    return stack if isinstance(stack, list) else None
