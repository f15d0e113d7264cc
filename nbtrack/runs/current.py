"""Which run is current, and how runs begin.

The runs begun in the main thread are the process's: every thread without a run of its own logs to the latest of them.
A run begun in another thread is that thread's. A worker (forked, or spawned with our environment variable) without a
run of its own logs to the current run of the process that started it.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from zlib import crc32

from nbtrack.base import journal
from nbtrack.base.config import Project
from nbtrack.base.errors import NoActiveRun
from nbtrack.base.ids import new_id, new_name
from nbtrack.runs import values
from nbtrack.runs.active import ActiveRun, status_of
from nbtrack.runs.projects import recorder_of
from nbtrack.runs.recorder import NOW, Recorder
from nbtrack.runs.relay import VARIABLE, Relay, RemoteRun, far

PARENT_VARIABLE = "NBTRACK_PARENT"  # of the environment: the address of the recorder of who started this process


def begin(
    project: Project,
    *,
    name: str | None = None,
    experiment: str = "default",
    kind: str = "script",
    parent: ActiveRun | str | None = None,
    recorder: Recorder | None = None,
    enter: bool = True,
    **about: Any,
) -> ActiveRun:
    """Begin a run and make it current; not current without ``enter``, for what another process executes.

    parent: its run, recorded in the same place; of one that has ended, the id.
    about: notebook, cell, execution, number, source: see the ``runs`` table.

    Raises:
        InvalidValue: a name that cannot be stored.
    """
    recorder = recorder or (parent.recorder if isinstance(parent, RemoteRun) else recorder_of(project))
    name = values.check_name("run", name) if name is not None else new_name()
    made = RemoteRun if isinstance(recorder, Relay) else ActiveRun
    run = made(recorder, new_id(), name, of_cell=kind == "cell")
    run.experiment = values.check_name("experiment", experiment)
    event = {
        "e": "run",
        "id": run.id,
        "name": run.name,
        "experiment": run.experiment,
        "kind": kind,
        "started": run.started,
        "parent": parent.id if isinstance(parent, ActiveRun) else parent,
        **about,
    }
    if enter and _is_main(run):
        _lead_workers_to(recorder)
    recorder.event(event)
    recorder.opening[run.id] = event
    recorder.wake()
    if enter:
        run.on_end = _leave
        _enter(run)
    return run


def adopt(run: ActiveRun) -> None:
    """Make a run current that another process began: until it ends, for this thread and those without one."""
    run.on_end = _leave
    _thread_runs.setdefault(run.thread, []).append(run)
    if not _process_runs:
        _process_runs.append(run)


_process_runs: list[ActiveRun] = []
_thread_runs: dict[int, list[ActiveRun]] = {}
_main_thread = threading.main_thread().ident


class _Parent:
    """The process that started this worker: its session, and the memory where it says what its current run is."""

    def __init__(self, session: str, project: Project, now: journal.Mapped) -> None:
        self.session = session
        self.project = project
        self.now = now
        self.seen = b""
        self.run: ActiveRun | None = None

    def current(self) -> ActiveRun | None:
        found = self.now[: NOW.size]
        if found != self.seen:
            run, checksum = NOW.unpack(found)
            if crc32(run) != checksum and any(found):
                return self.run  # it is being written just now
            self.seen = found
            name = run.strip(b"\0").decode()
            self.run = ActiveRun(recorder_of(self.project), name, name, attached=self.session) if name else None
        return self.run


class _FarParent(_Parent):
    """The run of a process elsewhere that this one works for, by way of a relay."""

    def __init__(self, relay: Relay, run: str) -> None:
        self.session = run
        self.project = relay.project
        self.run = RemoteRun(relay, run, run, attached=run)

    def current(self) -> ActiveRun | None:
        return self.run


_parent: _Parent | None = None
_looked = False


def current() -> ActiveRun | None:
    """The run that logging goes to now, if any."""
    if _thread_runs:
        own = _thread_runs.get(threading.get_ident())
        if own:
            return own[-1]
    if _process_runs:
        return _process_runs[-1]
    if not _looked:
        _find_parent()
    return _parent.current() if _parent is not None else None


def must(doing: str = "log") -> ActiveRun:
    """The current run, where there has to be one. doing: what it is needed for, in the hint.

    Raises:
        NoActiveRun: there is none.
    """
    run = current()
    if run is None:
        raise NoActiveRun(
            "No run is active.", f"Put %%track on the cell, or {doing} inside `with nbtrack.start_run():`."
        )
    return run


def stack() -> Iterable[ActiveRun]:
    """The runs begun in this process that have not ended, innermost last."""
    return [*_process_runs, *(run for runs in _thread_runs.values() for run in runs)]


def _is_main(run: ActiveRun) -> bool:
    return run.thread in (_main_thread, threading.main_thread().ident)


def _lead_workers_to(recorder: Recorder) -> None:
    """Say in the environment whose current run is that of processes which are started from now on.

    That is said before the first record starts the recorder's thread: the environment must not be changed while
    another thread looks into it. Who started this process is found out first, for that stood there.
    """
    if not _looked:
        _find_parent()
    address = recorder.address()
    if address and os.environ.get(PARENT_VARIABLE) != address:
        os.environ[PARENT_VARIABLE] = address


def _enter(run: ActiveRun) -> None:
    if _is_main(run):
        _process_runs.append(run)
        run.recorder.announce(run.id)
    else:
        _thread_runs.setdefault(run.thread, []).append(run)


def _leave(run: ActiveRun) -> None:
    if run in _process_runs:
        _process_runs.remove(run)
        latest = _process_runs[-1] if _process_runs else None
        run.recorder.announce(latest.id if latest is not None and latest.recorder is run.recorder else "")
        if latest is not None:
            _lead_workers_to(latest.recorder)
    own = _thread_runs.get(run.thread, [])
    if run in own:
        own.remove(run)
        if not own:
            _thread_runs.pop(run.thread, None)


def _find_parent() -> None:
    """A spawned worker finds its parent through the environment."""
    global _parent, _looked
    _looked = True
    found = far()
    if found is not None:
        _parent = _FarParent(*found)
        return
    session, _, root = os.environ.get(PARENT_VARIABLE, "").partition(":")
    if not session or not root:
        return
    project = Project(Path(root))
    try:
        _parent = _Parent(session, project, journal.shared(project.journal / f"{session}.now"))
    except (OSError, ValueError):
        return  # the parent is gone


def _after_fork() -> None:
    """A forked worker knows its parent from what it inherited."""
    global _parent, _looked, _main_thread
    inherited = [run for run in _process_runs if not run.attached]
    for run in stack():
        run.attach()
    _process_runs.clear()
    _thread_runs.clear()
    _main_thread = threading.get_ident()
    if VARIABLE in os.environ:
        _looked, _parent = False, None  # it has to find a way of its own
    elif inherited or _parent is None:
        _looked = True
        _parent = _from_inherited(inherited[-1].recorder) if inherited else _newest_recorder()
    elif _parent is not None:
        _parent = _Parent(_parent.session, _parent.project, _parent.now)


def _from_inherited(recorder: Recorder) -> _Parent | None:
    now = recorder.inherited_now
    return _Parent(recorder.parent, recorder.project, now) if now is not None else None


def _newest_recorder() -> _Parent | None:
    """Forked while no run was active: the parent's recorder, if it has one, says later which run is current."""
    from nbtrack.runs.projects import open_recorders

    for recorder in open_recorders():
        found = _from_inherited(recorder)
        if found is not None:
            return found
    return None


@atexit.register
def _end_what_was_left_open() -> None:
    """A run that nobody ended ends with its process: failed if the script died of an error, else finished.

    A kernel remembers the last error of any cell, which says nothing about a run, so there it is finished.
    """
    error = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
    for run in reversed(list(stack())):
        run.end(*status_of(None if run.recorder.kind == "kernel" else error))


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
