"""The runs that MLflow began in this process: what is logged to them goes into the journal, as nbtrack's own does.

They are known by project and id, for all stores of the process. A forked child goes on logging to those of its parent.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack.base.config import Project
from nbtrack.runs import current
from nbtrack.runs.active import ActiveRun
from nbtrack.runs.recorder import Recorder
from nbtrack.runs.relay import Relay
from nbtrack.transfer.mlflow import param_text

if TYPE_CHECKING:
    from nbtrack.runs.ingest import Event

# MLflow's own server sets it: a run that comes over the wire must not end with the server.
_SERVER = "_MLFLOW_SERVER_FILE_STORE"


@dataclass
class Live:
    """A run that this process records. known: its params as texts, which must not change."""

    run: ActiveRun
    known: dict[str, str] = field(default_factory=dict)
    own: bool = False  # begun by nbtrack, which also ends it
    lock: threading.Lock = field(default_factory=threading.Lock)

    def param(self, name: str) -> str | None:
        """A param that was given, as text; captured ones may be replaced."""
        if self.own and name in self.run.explicit:
            return param_text(self.run.params[name])
        return self.known.get(name)


_live: dict[tuple[Path, str], Live] = {}


def may_record(recorder: Recorder) -> bool:
    """Whether this process may be the one that a run ends with."""
    return _SERVER not in os.environ and not isinstance(recorder, Relay)


def begin(recorder: Recorder, event: Event, known: dict[str, str], attached: str = "") -> None:
    """Record a run that is in the database.

    event: the record of its beginning. known: its params as texts. attached: this session, if the run ends with
    another process.
    """
    run = ActiveRun(recorder, event["id"], event["name"], attached=attached)
    run.experiment, run.started = event["experiment"], event["started"]
    if not attached:
        recorder.opening[run.id] = event
    recorder.wake()
    _live[recorder.project.root, run.id] = Live(run, known)


def find(project: Project, run_id: str) -> Live | None:
    """The run, if this process records it."""
    found = _live.get((project.root, run_id))
    if found is not None:
        return found if found.run.status == "running" else None
    for run in current.stack():
        if run.id == run_id and run.recorder.project.root == project.root and not isinstance(run.recorder, Relay):
            return Live(run, own=True)
    return None


def forget(project: Project, run_id: str, status: str | None = None) -> None:
    """Record a run no longer. status: it has ended, which the database knows."""
    found = _live.pop((project.root, run_id), None)
    if found is not None:
        found.run.recorder.forget(run_id)
        found.run.status = status or found.run.status


def _after_fork() -> None:
    for found in _live.values():
        found.lock = threading.Lock()
        found.run.attach()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
