"""Where tasks are executed: here, one after the other, or by the workers of a Dask cluster, many at a time.

>>> with engine("dask://localhost:8786") as dask:             # doctest: +SKIP
...     for number in range(10):
...         dask.submit(Task(str(number), partial(train, number), begin))
...     for done in dask.as_completed():
...         print(done.key, done.status, done.value)

A task is a function without arguments of its own, or with those of ``shared``. What it logs by nbtrack goes to the run
that ``begin`` began in the driver's project: on a worker by messages over the engine, see `nbtrack.execute.messages`.

Ray is left out. Its client does fit (remote functions, cloudpickle), but it has no channel from a task to the driver
beside its object store: messages would need an actor that the driver polls, or Ray's own pub/sub, which is private;
and its client asks for the very same patch version of Python and Ray on both sides. Dask's events do the same job on
every release since 2022. `Engine` is the whole of what another one would have to do.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Protocol

from nbtrack.base.errors import InvalidOption
from nbtrack.execute.messages import Seen
from nbtrack.runs.active import ActiveRun, status_of


@dataclass(frozen=True)
class Attempt:
    """One try of a task: the first is 1. here: in this process, so that its run has to be the current one."""

    number: int
    worker: str
    here: bool


Begin = Callable[[Attempt], ActiveRun]


@dataclass
class Task:
    """Something to execute.

    key: unique in its engine. call: gets ``arguments``, of which those that `Engine.share` gave arrive as what was
    shared. begin: begins the run of an attempt, when the attempt does: ``current.begin(…, enter=attempt.here)``.
    seen: told of the points that come in, by name, and their step, while it runs elsewhere.
    """

    key: str
    call: Callable[..., Any]
    begin: Begin
    arguments: tuple[Any, ...] = ()
    seen: Seen | None = None


@dataclass
class Done:
    """How a task ended. run: that of its last attempt, ended; None if none began. traceback: as text, of a failure."""

    key: str
    status: str
    reason: str | None = None
    value: Any = None
    run: ActiveRun | None = None
    attempts: int = 1
    worker: str = ""
    traceback: str = field(default="", repr=False)


class Engine(Protocol):
    """Executes tasks. As a context manager it cancels what is left and lets go of its workers."""

    name: str

    def workers(self) -> int:
        """How many tasks it executes at a time."""

    def share(self, value: Any) -> Any:
        """A stand-in for something large that many tasks have among their arguments: it is sent once."""

    def submit(self, task: Task) -> None:
        """Have a task executed; more may be submitted while the first are under way."""

    def as_completed(self) -> Iterator[Done]:
        """Each task that was submitted, as it ends, until none is left; KeyboardInterrupt ends them all first."""

    def stop(self, key: str) -> None:
        """Interrupt one task: it ends as interrupted, unless it was quicker."""

    def cancel(self) -> None:
        """End all tasks: those under way as interrupted, those that wait are never begun."""

    def close(self) -> None:
        """Cancel, and let go of the workers."""

    def __enter__(self) -> Engine: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Local:
    """This process, one task after the other."""

    name = "here"

    def __init__(self) -> None:
        self._waiting: deque[Task] = deque()

    def workers(self) -> int:
        """One."""
        return 1

    def share(self, value: Any) -> Any:
        """The value itself."""
        return value

    def submit(self, task: Task) -> None:
        """Put it behind the others."""
        self._waiting.append(task)

    def as_completed(self) -> Iterator[Done]:
        """Execute and give one after the other.

        Raises:
            KeyboardInterrupt: Ctrl-C; the run under way has ended as interrupted.
        """
        while self._waiting:
            yield self._do(self._waiting.popleft())

    def _do(self, task: Task) -> Done:
        import traceback

        run = task.begin(Attempt(1, "", True))
        value, error = None, None
        try:
            value = task.call(*task.arguments)
        except (KeyboardInterrupt, GeneratorExit) as raised:
            run.end(*status_of(raised))
            self.cancel()
            raise
        except BaseException as raised:  # noqa: BLE001 (a task that fails, or leaves by SystemExit, is one of many)
            error = raised
        status, reason = status_of(error)
        run.end(status, reason)
        trace = "".join(traceback.format_exception(error)) if error is not None else ""
        return Done(task.key, run.status, reason, value, run, traceback=trace)

    def stop(self, key: str) -> None:
        """Take it out of those that wait: the one under way is in the caller's own hands."""
        self._waiting = deque(task for task in self._waiting if task.key != key)

    def cancel(self) -> None:
        """Forget those that wait."""
        self._waiting.clear()

    def close(self) -> None:
        """Forget those that wait."""
        self.cancel()

    def __enter__(self) -> Local:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def engine(on: str | None = None) -> Engine:
    """The engine that ``--on`` names: none or ``local`` is this process, ``dask://HOST:PORT`` a Dask scheduler.

    Raises:
        InvalidOption: another word. CannotRun: there is no such cluster, or its workers do not fit.
    """
    if on is None or on in ("", "local"):
        return Local()
    kind, separator, place = on.partition("://")
    if separator and place and kind in ("dask", "dask+tls"):
        from nbtrack.execute.cluster import Dask

        return Dask(f"{'tls' if kind == 'dask+tls' else 'tcp'}://{place}")
    if kind == "ray":
        raise InvalidOption("Ray is not supported.", "Use --on dask://HOST:PORT; see nbtrack.execute.engines for why.")
    raise InvalidOption(f"--on '{on}' is not understood.", "Write dask://HOST:PORT, the address of a Dask scheduler.")
