"""What a kernel session knows beside its runs: the executions so far, its environment, the state of git.

All of it is read and stored by one background thread, so that a cell never waits for it.
"""

from __future__ import annotations

import atexit
import queue
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from weakref import WeakSet

from nbtrack.base.secrets import redact
from nbtrack.capture.effects import read_effects
from nbtrack.capture.environment import environment_hash, read_environment
from nbtrack.capture.forks import follow_forks
from nbtrack.capture.git import read_git
from nbtrack.capture.slices import History, step_of
from nbtrack.capture.watching import Watcher, each
from nbtrack.runs.active import ActiveRun

_GIT_FRESH = 5.0  # seconds for which the state of git is believed
_MAX_EXECUTIONS = 5000  # kept in memory of one session

_sessions: WeakSet[Session] = WeakSet()


@dataclass
class Execution:
    """One execution of the kernel. ``python`` is its source with IPython's syntax translated.

    facts: what watchers saw, stored as JSON with it.
    """

    number: int
    source: str
    python: str
    cell: str | None = None
    execution: int | None = None
    started: float = field(default_factory=time.time)
    ended: float | None = None
    status: str | None = None
    stored: bool = False
    facts: dict[str, Any] = field(default_factory=dict)

    def failed(self, error: BaseException, namespace: Mapping[str, Any]) -> None:
        """Note where it failed: "at line 3 (ValueError)", the line of the cell itself."""
        line, trace = None, error.__traceback__
        while trace is not None:
            frame = trace.tb_frame
            if frame.f_globals is namespace and frame.f_code.co_name == "<module>":
                line = trace.tb_lineno
            trace = trace.tb_next
        self.facts["failed"] = f"{f'at line {line} ' if line else ''}({type(error).__name__})"


class Session:
    """The memory of one kernel (or script). watchers look at each execution; a script has none."""

    def __init__(self, watchers: list[Watcher] | None = None) -> None:
        self.executions: list[Execution] = []
        self.watchers = watchers or []
        self._history = History()  # of the executions that have ended; only the background looks at it
        self._number = 0
        self._begin()
        follow_forks(self)
        _sessions.add(self)

    def _begin(self) -> None:
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._environment: tuple[str, dict[str, object]] | None = None
        self._sent: set[str] = set()  # writers that have stored the environment
        self._git: tuple[float, Path, dict[str, object] | None] | None = None

    def after_fork(self) -> None:
        """In a forked child: the thread does not exist there."""
        self._begin()

    def note(self, source: str, python: str, cell: str | None) -> Execution:
        """Remember an execution that begins now."""
        self._number += 1
        execution = Execution(self._number, source, python, cell)
        self.executions.append(execution)
        del self.executions[:-_MAX_EXECUTIONS]
        return execution

    def recall(self, sources: Iterable[str], latest: str = "") -> None:
        """Take what the kernel executed before this session began to look: the texts of ``In[1]``, ``In[2]`` and so on.

        Nobody knows what became of them, nor of which cells they are. latest: the text that was executed last, which
        is not among them where whoever executes cells stores no history.
        """
        known = list(sources)
        numbered: list[tuple[int | None, str]] = [*enumerate(known, 1)]
        for count, source in [*numbered, *([] if latest in known else [(None, latest)])]:
            if source.strip():
                execution = self.note(source, source, None)
                execution.execution, execution.started, execution.ended = count, 0.0, time.time()

    def before(
        self, execution: Execution, namespace: Mapping[str, Any], report: Callable[[BaseException], None]
    ) -> None:
        """An execution is about to begin: let the watchers see it."""
        each([partial(one.before, execution, namespace) for one in self.watchers], report)

    def after(
        self, execution: Execution, namespace: Mapping[str, Any], report: Callable[[BaseException], None]
    ) -> None:
        """It has ended."""
        each([partial(one.after, execution, namespace) for one in self.watchers], report)

    def describe(self, run: ActiveRun, folder: Path, captured: list[str], before: int | None) -> None:
        """Store in the background what a run ran in, and the executions up to number ``before``."""
        if "environment" in captured:
            self.later(lambda: self._store_environment(run))
        if "git" in captured:
            self.later(lambda: self._store_git(run, folder))
        if before is not None:
            self.later(lambda: self._store_executions(run, before))

    def settle(self, timeout: float = 5.0) -> None:
        """Wait until what was asked of the background so far is done."""
        if self._thread is None or not self._thread.is_alive():
            return
        done = threading.Event()
        self._jobs.put(done.set)
        done.wait(timeout)

    def keep(self, run: ActiveRun, upto: int) -> History:
        """In the background: store the executions up to a number. Gives `past` of them."""
        self._store_executions(run, upto)
        return self.past(upto)

    def past(self, upto: int) -> History:
        """In the background: what is known of the executions up to a number, and perhaps of later ones."""
        for execution in list(self.executions):
            known = execution.number in self._history.steps  # weighed once, as a session may have thousands
            if not known and execution.number <= upto and execution.ended is not None:
                self._history.add(step_of(execution))
        return self._history

    def later(self, job: Callable[[], None]) -> None:
        """Have something done in the background, after what was asked before. What it raises is passed over."""
        self._jobs.put(job)
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._work, name="nbtrack-session", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            if job is None:
                return
            with suppress(Exception):  # what cannot be described is left out, the run stands without it
                job()

    def _store_environment(self, run: ActiveRun) -> None:
        if self._environment is None:
            body = read_environment()
            self._environment = (environment_hash(body), body)
        name, body = self._environment
        writer = run.recorder.session
        run.set_environment(name, None if writer in self._sent else body)
        self._sent.add(writer)

    def _store_git(self, run: ActiveRun, folder: Path) -> None:
        now = time.monotonic()
        if self._git is None or now - self._git[0] > _GIT_FRESH or self._git[1] != folder:
            self._git = (now, folder, read_git(folder, redact=lambda text: redact(text)[0]))
        if self._git[2] is not None:
            run.set_git(self._git[2])
        run.recorder.wake()  # a short cell has ended, nothing else would bring it in

    def _store_executions(self, run: ActiveRun, before: int) -> None:
        for execution in list(self.executions):
            if execution.number <= before and not execution.stored:
                run.add_execution(_as_event(execution))
                execution.stored = execution.ended is not None


def _as_event(execution: Execution) -> dict[str, Any]:
    effects = read_effects(execution.source)
    return {
        "number": execution.number,
        "execution": execution.execution,
        "cell": execution.cell,
        "source": redact(execution.source)[0],
        "started": execution.started or None,
        "ended": execution.ended,
        "status": execution.status,
        "stored": sorted(effects.stored),
        "loaded": sorted(effects.loaded),
        "facts": execution.facts,
    }


@atexit.register
def _settle_all() -> None:
    for session in list(_sessions):
        session.settle(2.0)
