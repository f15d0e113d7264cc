"""The engine that hands tasks to the workers of a Dask cluster.

As many tasks are under way as there are worker processes. Dask gives the task of a worker that was lost to another;
here that shows as a second attempt that begins: the run of the first has then crashed, and the second gets one of its
own, so that points of both are never mixed. A task that loses its worker more often than ``retries`` times has failed.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from nbtrack.base.errors import CannotRun, InvalidValue, NbtrackError
from nbtrack.base.ids import new_id
from nbtrack.execute.engines import Attempt, Done, Task
from nbtrack.execute.messages import Inbox, Message
from nbtrack.execute.worker import Slot, differing, interrupt, versions, work

_CONNECT = 10.0  # seconds
_TICK = 0.5  # seconds between two looks at the cluster while nothing comes
_LATE = 5.0  # seconds that messages may come behind their result
_GRACE = 3.0  # seconds in which cancelled tasks may end themselves

# Evaluated on the workers as text: a function of ours could not be read by one that has no nbtrack, or another Python.
_VERSIONS = (
    "{'nbtrack': __import__('nbtrack').__version__ if __import__('importlib.util').util.find_spec('nbtrack') else '',"
    " 'Python': '%d.%d' % __import__('sys').version_info[:2]}"
)


@dataclass
class _Trial:
    """A task on its way."""

    task: Task
    future: Any = None
    attempt: str = ""  # the one that is listened to
    earlier: set[str] = field(default_factory=set)
    number: int = 0  # of attempts that began
    inbox: Inbox | None = None
    worker: str = ""
    received: int = 0
    outcome: dict[str, Any] | None = None
    since: float = 0.0  # when the outcome came
    stopped: bool = False


@dataclass(frozen=True)
class _Shared:
    """What `Dask.share` gave."""

    number: int


class Dask:
    """The workers of a Dask cluster.

    address: of its scheduler. retries: how often a task may lose its worker. patience: seconds to wait for a worker
    where there is none.

    Raises:
        CannotRun: nobody answers at the address, there are no workers, or one of them has another nbtrack or Python.
    """

    def __init__(self, address: str, retries: int = 2, patience: float = 30.0) -> None:
        self.name = address.replace("tcp://", "dask://")
        self._retries, self._patience = retries, patience
        self._topic = f"nbtrack-{new_id()}"
        self._queue: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self._waiting: deque[Task] = deque()
        self._trials: dict[str, _Trial] = {}
        self._shared: list[tuple[bytes, Any]] = []
        self._wanted = versions()
        self._client = self._connect(address)
        self._seen_workers = time.monotonic()
        try:
            self._size = self._check_workers()
        except BaseException:
            self._client.close()
            raise
        self._client.subscribe_topic(self._topic, lambda event: self._queue.put(("message", event[1])))

    def _connect(self, address: str) -> Any:
        try:
            from distributed import Client

            connect: Any = Client
        except ImportError:
            raise CannotRun("Dask is not installed here.", "pip install 'nbtrack[dask]'") from None
        try:
            return connect(address, timeout=_CONNECT, set_as_default=False, name="nbtrack")
        except ValueError as error:  # a port that is no number
            raise CannotRun(f"'{self.name}' is no address of a Dask scheduler.", "Write dask://HOST:PORT.") from error
        except (OSError, TimeoutError) as error:
            raise CannotRun(f"No Dask scheduler answers at {self.name}: {error}.", "Is it running there?") from error

    def _check_workers(self) -> int:
        found = self._answers()
        for worker, theirs in found.items():
            if differing(theirs) is not None:
                has = ", ".join(f"{name} {value or 'not installed'}" for name, value in theirs.items())
                want = ", ".join(f"{name} {value}" for name, value in self._wanted.items())
                raise CannotRun(f"The worker {worker} has {has}; here are {want}.", "Install the same on all workers.")
        return len(found)

    def _answers(self) -> dict[str, Any]:
        """What each worker says of its versions. One may die just now: until the scheduler knows, it is still asked."""
        deadline = time.monotonic() + self._patience
        while True:
            found: dict[str, Any] = self._client.run(eval, _VERSIONS, on_error="return")
            errors = {worker: said for worker, said in found.items() if isinstance(said, BaseException)}
            if found and not errors:
                return found
            late = time.monotonic() > deadline
            for worker, error in errors.items():
                if late or not isinstance(error, OSError):
                    raise CannotRun(f"The worker {worker} does not answer: {error!r}.", "Does it run?") from error
            if late:
                raise CannotRun(f"The cluster at {self.name} has no workers.", f"Start: dask worker {self.name[7:]}")
            time.sleep(_TICK)

    # -- what an engine does

    def workers(self) -> int:
        """How many worker processes there were when last looked."""
        return self._size

    def share(self, value: Any) -> Any:
        """Copy a value to every worker; in a task's arguments the answer stands for it."""
        data = _pickled(value)
        self._shared.append((data, self._scattered(data)))
        return _Shared(len(self._shared) - 1)

    def _scattered(self, data: bytes) -> Any:
        return self._client.scatter(data, broadcast=True, hash=False)

    def submit(self, task: Task) -> None:
        """Have a task executed as soon as a worker is free."""
        self._waiting.append(task)
        self._fill()

    def _fill(self) -> None:
        while self._waiting and len(self._trials) < max(1, self._size):
            task = self._waiting.popleft()
            trial = self._trials[task.key] = _Trial(task)
            try:
                self._send(trial)
            except BaseException:
                del self._trials[task.key]
                raise

    def _send(self, trial: _Trial) -> None:
        futures: list[Any] = []
        arguments: list[Any] = []
        for one in trial.task.arguments:
            if isinstance(one, _Shared):
                arguments.append(Slot(len(futures)))
                futures.append(self._shared[one.number][1])
            else:
                arguments.append(one)
        payload = _pickled((trial.task.call, arguments))
        name = f"{self._topic}-{new_id()}"
        future = self._client.submit(
            work, self._topic, trial.task.key, payload, self._wanted, *futures, key=name, pure=False
        )
        trial.future = future
        future.add_done_callback(lambda done: self._queue.put(("future", (trial.task.key, done))))

    def as_completed(self) -> Iterator[Done]:
        """Each task as it ends.

        Raises:
            KeyboardInterrupt: Ctrl-C; all tasks were ended first.
        """
        try:
            while self._trials or self._waiting:
                self._fill()
                try:
                    kind, content = self._queue.get(timeout=_TICK)
                except queue.Empty:
                    yield from self._look()
                    continue
                done = self._message(content) if kind == "message" else self._ended(*content)
                if done is not None:
                    yield done
        except KeyboardInterrupt:
            self.cancel()
            raise

    def stop(self, key: str) -> None:
        """Interrupt one task, or forget it if it waits."""
        self._waiting = deque(task for task in self._waiting if task.key != key)
        trial = self._trials.get(key)
        if trial is not None:
            trial.stopped = True
            self._interrupt([trial])

    def cancel(self) -> None:
        """End all tasks; those that do not end by themselves within seconds are left to their workers."""
        self._waiting.clear()
        for trial in self._trials.values():
            trial.stopped = True
        self._interrupt(list(self._trials.values()))
        deadline = time.monotonic() + _GRACE
        try:
            while self._trials and (left := deadline - time.monotonic()) > 0:
                with suppress(queue.Empty):
                    kind, content = self._queue.get(timeout=left)
                    if kind == "message":
                        self._message(content)
                    else:
                        self._ended(*content)
        finally:
            for trial in list(self._trials.values()):
                self._finish(trial, "interrupted", "KeyboardInterrupt")

    def close(self) -> None:
        """Cancel what is left and disconnect; the workers stay."""
        if self._client.status == "closed":
            return
        try:
            if self._trials or self._waiting:
                self.cancel()
        finally:
            self._shared.clear()
            with suppress(Exception):  # the scheduler may be gone
                self._client.unsubscribe_topic(self._topic)
            with suppress(Exception):
                self._client.close(timeout=_GRACE)

    def __enter__(self) -> Dask:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    # -- what comes from the cluster

    def _message(self, message: Message) -> Done | None:
        trial = self._trials.get(message["task"])
        if trial is None or message["attempt"] in trial.earlier:
            return None  # of a worker that was given up
        if message["what"] == "began":
            if trial.number > self._retries:
                reason = f"it lost its worker {trial.number} times; the last was {trial.worker}"
                return self._finish(trial, "crashed", reason)
            self._began(trial, message)
        if message["attempt"] != trial.attempt or trial.inbox is None:
            return None
        trial.received = message["number"]
        if message["what"] == "records":
            for body in message["bodies"]:
                trial.inbox.take(body, message["writer"])
        return self._ripe(trial)

    def _began(self, trial: _Trial, message: Message) -> None:
        if trial.inbox is not None:
            trial.inbox.close("crashed", f"its worker {trial.worker} was lost; another was given its task")
            trial.earlier.add(trial.attempt)
            trial.inbox = None
        trial.number += 1
        trial.attempt, trial.received = message["attempt"], 0
        trial.worker = message["about"]["worker"]
        run = trial.task.begin(Attempt(trial.number, trial.worker, False))
        run.set_about(worker={**message["about"], "attempt": trial.number})
        trial.inbox = Inbox(run, trial.attempt, trial.task.seen)
        if trial.stopped:
            self._interrupt([trial])

    def _ended(self, key: str, future: Any) -> Done | None:
        trial = self._trials.get(key)
        if trial is None or future is not trial.future:
            return None
        if future.status == "finished":
            try:
                trial.outcome, trial.since = future.result(), time.monotonic()
            except Exception as error:  # noqa: BLE001 (whatever Dask raises when the result is lost)
                return self._lost(trial, error)
            if not trial.outcome["sent"]:
                return self._ready(trial)  # it never began
            return self._ripe(trial)
        return self._lost(trial, future.exception() if future.status == "error" else None)

    def _ripe(self, trial: _Trial) -> Done | None:
        """Ended, and every message is here."""
        outcome = trial.outcome
        if outcome is None or outcome["attempt"] != trial.attempt or trial.received < outcome["sent"]:
            return None
        return self._ready(trial)

    def _ready(self, trial: _Trial) -> Done:
        outcome = trial.outcome
        assert outcome is not None
        if trial.inbox is not None:
            for body in outcome["late"]:
                trial.inbox.take(body, outcome["attempt"])
            missing = outcome["sent"] - trial.received
            if missing > 0:
                trial.inbox.run.recorder.tell("late", f"{missing} messages of the worker {trial.worker} were lost.")
        value, trace = None, outcome["traceback"]
        said = trial.inbox.ended if trial.inbox is not None else None  # it may have ended its run by itself
        status, reason = said or (outcome["status"], outcome["reason"])
        if outcome["value"]:
            try:
                value = _unpickled(outcome["value"])
            except Exception as error:  # noqa: BLE001 (of a class that only the worker knows)
                status, reason = "failed", f"its result cannot be read here: {type(error).__name__}: {error}"
        return self._finish(trial, status, reason, value, trace)

    def _lost(self, trial: _Trial, error: BaseException | None) -> Done | None:
        """The task itself is lost: it goes again, unless that was wanted, or it is the task's own doing."""
        if trial.stopped:
            return self._finish(trial, "interrupted", "KeyboardInterrupt")
        if type(error).__name__ == "KilledWorker":
            count = max(trial.number, 1)
            return self._finish(trial, "crashed", f"it lost its worker {count} times; the last was {trial.worker}")
        if error is not None:
            return self._finish(trial, "failed", f"the worker could not do it: {type(error).__name__}: {error}")
        if trial.number > self._retries or self._client.status != "running":
            return self._finish(trial, "crashed", f"the cluster at {self.name} lost it")
        with suppress(Exception):  # no worker to copy to: it is looked for one below
            self._shared = [(data, self._scattered(data)) for data, _ in self._shared]
        self._send(trial)
        return None

    def _look(self) -> Iterator[Done]:
        """Nothing came for a while: see whether anybody is there, and whether messages may still come."""
        now = time.monotonic()
        for trial in list(self._trials.values()):
            if trial.outcome is not None and now - trial.since > _LATE:
                yield self._ready(trial)
        with suppress(Exception):  # between two connections
            self._size = len(self._client.nthreads())
            if self._size:
                self._seen_workers = now
        if now - self._seen_workers > self._patience:
            self._waiting, left = deque(), list(self._waiting)
            for task in left:
                yield Done(task.key, "crashed", f"no worker is left at {self.name}", attempts=0)
            for trial in list(self._trials.values()):
                yield self._finish(trial, "crashed", f"no worker is left at {self.name}")

    def _finish(self, trial: _Trial, status: str, reason: str | None, value: Any = None, trace: str = "") -> Done:
        run = trial.inbox.run if trial.inbox is not None else None
        if trial.inbox is not None:
            trial.inbox.close(status, reason)
        self._trials.pop(trial.task.key, None)
        if trial.future is not None and trial.outcome is None:
            with suppress(Exception):
                trial.future.cancel()
        return Done(trial.task.key, status, reason, value, run, trial.number, trial.worker, trace)

    def _interrupt(self, trials: list[_Trial]) -> None:
        """Without waiting: a worker that computes in C answers late."""
        begun = [trial for trial in trials if trial.inbox is not None]
        for trial in trials:
            if trial.inbox is None and trial.future is not None:
                with suppress(Exception):
                    trial.future.cancel()
        if not begun:
            return
        attempts, places = [trial.attempt for trial in begun], sorted({trial.worker for trial in begun})

        def ask() -> None:
            with suppress(Exception):  # a worker that is gone runs nothing any more
                self._client.run(interrupt, attempts, workers=places, on_error="ignore")

        threading.Thread(target=ask, name="nbtrack-interrupt", daemon=True).start()


def _pickled(value: Any) -> bytes:
    """What can be sent.

    Raises:
        InvalidValue: it cannot be.
    """
    import cloudpickle

    try:
        return bytes(cloudpickle.dumps(value))
    except NbtrackError:
        raise
    except Exception as error:
        raise InvalidValue(
            f"This cannot be sent to a worker: {type(error).__name__}: {error}.",
            "Open files, connections, locks and generators stay where they were made.",
        ) from error


def _unpickled(data: bytes) -> Any:
    import cloudpickle

    return cloudpickle.loads(data)
