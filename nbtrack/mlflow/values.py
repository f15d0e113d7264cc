"""Between MLflow's values and nbtrack's, where `nbtrack.transfer.mlflow` does not say it already."""

from __future__ import annotations

import re
from typing import Any

from mlflow.entities import RunStatus

_CONTROL = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_MAX_NAME = 1000


def status_word(status: Any) -> str:
    """MLflow's word for a status that is given as its number or word."""
    return status if isinstance(status, str) else str(RunStatus.to_string(status))


def plain_name(name: str) -> str:
    """A run's name as it can be kept here: on one line, and not endless."""
    return _CONTROL.sub(" ", name).strip()[:_MAX_NAME] or "run"
