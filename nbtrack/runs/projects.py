"""One database and one recorder per project in a process, made when first asked for."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from nbtrack.base.config import Project
from nbtrack.base.db import Database
from nbtrack.runs.migrations import MIGRATIONS, MIN_READER
from nbtrack.runs.recorder import Recorder
from nbtrack.runs.relay import VARIABLE, far
from nbtrack.runs.store import sums

_lock = threading.Lock()
_databases: dict[Path, Database] = {}
_recorders: dict[Path, Recorder] = {}


def database_of(project: Project) -> Database:
    """The project's database; opening it is left to its first use."""
    with _lock:
        found = _databases.get(project.root)
        if found is None:
            found = _databases[project.root] = database_at(project.database)
        return found


def database_at(path: Path) -> Database:
    """A database of ours that nobody else in this process has, such as a copy; whoever asked closes it.

    Like the project's own it gives each row that is written its checksum.
    """
    return Database(path, MIGRATIONS, MIN_READER, sums.keep)


def recorder_of(project: Project) -> Recorder:
    """The project's recorder; where this process works for a run of another machine, the relay to it."""
    if VARIABLE in os.environ:
        relayed = far()
        if relayed is not None:
            return relayed[0]
    database = database_of(project)
    with _lock:
        found = _recorders.get(project.root)
        if found is None:
            found = _recorders[project.root] = Recorder(project, database)
        return found


def known_recorder(project: Project) -> Recorder | None:
    """The project's recorder, if this process has one."""
    return _recorders.get(project.root)


def open_recorders() -> list[Recorder]:
    """All recorders of this process, the newest first."""
    return list(reversed(_recorders.values()))


def forget_all() -> None:
    """Close every database and forget every recorder, for tests that use many projects in one process."""
    with _lock:
        for database in _databases.values():
            database.close()
        _databases.clear()
        _recorders.clear()


def _after_fork() -> None:
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
