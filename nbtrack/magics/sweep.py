"""``%%track --sweep``: the cell run once for each combination, one after the other, as if by hand.

Each trial is the cell with its literals replaced, executed by the shell in the user's namespace, so afterwards its
names hold what the last trial left there; a name that the cell only reads from the notebook gets its own value back.
What a trial prints and shows goes to its run; under the cell stand the progress and then the table of trials.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from nbtrack.base.cells import MAGIC
from nbtrack.base.errors import Stopped
from nbtrack.capture.cell import clean
from nbtrack.magics.display import Display
from nbtrack.magics.options import of_each, read_options, read_sweep
from nbtrack.runs import current
from nbtrack.runs.active import ActiveRun, status_of
from nbtrack.sdk.context import service
from nbtrack.sdk.views.sweep import SweepView
from nbtrack.sweeps import keys
from nbtrack.sweeps.driver import Sweep
from nbtrack.sweeps.earlier import earlier
from nbtrack.sweeps.grid import Grid
from nbtrack.sweeps.interrupt import Interrupt
from nbtrack.sweeps.remote import Cell, Sent, check_python, run_cell, sent
from nbtrack.sweeps.rewriting import Template
from nbtrack.sweeps.spec import Spec
from nbtrack.sweeps.tasks import Tasks
from nbtrack.sweeps.trial import Executor, Result, Trial, result_of, stop_early

if TYPE_CHECKING:
    from nbtrack.capture.cell import CellRun
    from nbtrack.execute.engines import Attempt, Engine
    from nbtrack.magics.host import Host

_NOTHING = object()


def run_sweep(host: Host, line: str, cell: str) -> None:
    """Run a cell with all values that its ``%%track`` line gives.

    Raises:
        InvalidOption: the line is not understood, or does not fit the cell; then nothing was run.
        AllFailed: no trial finished. KeyboardInterrupt: the user had enough.
    """
    spec = read_sweep(line)
    assert spec is not None
    spec = replace(spec, on=None) if spec.on == "local" else spec
    template = Template(cell, spec.axes, host.python(cell))
    template.check(spec)
    cell_key = keys.cell_key(cell, template.syntax, host.ip.user_ns, spec.axes)
    known = earlier(service(host.project()), spec, host.notebook(), cell_key)
    source = _source(spec, cell_key, known)
    with ExitStack() as stack:
        there = stack.enter_context(_there(host, spec, template, line)) if spec.on is not None else None
        parent = _begin(host, line, cell)
        assert parent.run is not None
        interrupt = Interrupt()
        error: BaseException | None = None
        executor: Executor = _Cells(host, spec, parent.run, template, line, interrupt)
        if there is not None:
            executor = there.executor(spec, parent.run, interrupt)
        try:
            sweep = Sweep(spec, parent.run, source, executor, cell=cell_key, earlier=source.earlier, left=source.left)
            view = SweepView(sweep)
            with Display(host.ip, view, view.head), _own_values(host.ip.user_ns, template.injected), interrupt:
                sweep.go()
        except KeyboardInterrupt as raised:
            error = raised
            raise _Interrupted from None
        except BaseException as raised:
            error = raised
            raise
        finally:
            parent.finish(None, error, host.count())


def _source(spec: Spec, cell: str, known: list[Result]) -> Any:
    if spec.search is None:
        return Grid(spec, cell, known)
    from nbtrack.sweeps.search import Search

    return Search(spec, cell, known)


@contextmanager
def _there(host: Host, spec: Spec, template: Template, line: str) -> Iterator[_There]:
    """The workers that ``--on`` names, with what they need of this kernel."""
    from nbtrack.execute.engines import engine

    check_python(host.python(template.cell))
    shared = sent(template.syntax, host.ip.user_ns, template.injected)
    with engine(spec.on) as workers:
        yield _There(host, template, line, workers, shared)


def _begin(host: Host, line: str, cell: str) -> CellRun:
    """The run of the sweep itself: it has the code, the environment and the state of git, and nothing of a trial."""
    from nbtrack.capture.cell import CellRun
    from nbtrack.magics.kernel import path_told

    settings = host.settings()
    settings = replace(settings, capture=[one for one in settings.capture if one in ("environment", "git")])
    execution = replace(host.execution(), source=f"{MAGIC} {line}\n{cell}", python="")
    run = CellRun(host.project(), settings, host.session(), execution, read_options(line), host.ip.user_ns, host.report)
    run.start(host.notebook(), kind="sweep", told=path_told())
    return run


class _Cells:
    """Runs trials as cells of this shell, one after the other."""

    width: Final = 1

    def __init__(
        self, host: Host, spec: Spec, parent: ActiveRun, template: Template, line: str, interrupt: Interrupt
    ) -> None:
        self._host = host
        self._spec = spec
        self._parent = parent
        self._template = template
        self._line = line
        self._interrupt = interrupt
        self._next: tuple[Trial, str] | None = None

    def start(self, trial: Trial) -> None:
        """Write the trial's code."""
        if self._interrupt.came:
            raise KeyboardInterrupt
        line = of_each(self._line, f"{self._parent.name}-{trial.number}")
        self._next = trial, f"{MAGIC} {line}\n{self._template.text(trial.values)}"

    def wait(self) -> list[tuple[Trial, Result]]:
        """Run the code."""
        assert self._next is not None
        (trial, text), self._next = self._next, None
        host, guest = self._host, _Guest(trial, self._spec, self._interrupt)
        host.trial = guest
        try:
            with _runs_await(host.ip):
                host.ip.run_cell(text, store_history=False, cell_id=host.execution().cell)
        except KeyboardInterrupt:  # it came between the code and us
            self._interrupt.came = True
        finally:
            host.trial, self._interrupt.raises = None, False
        return [(trial, guest.result())]

    def cancel(self) -> list[tuple[Trial, Result]]:
        """Nothing is under way when this is asked."""
        return []


class _There:
    """What trials on other machines need of this kernel."""

    def __init__(self, host: Host, template: Template, line: str, workers: Engine, shared: Sent) -> None:
        self._host = host
        self._template = template
        self._line = line
        self._workers = workers
        self._shared = workers.share(shared)
        self._execution = host.execution()
        self._parent: ActiveRun | None = None

    def executor(self, spec: Spec, parent: ActiveRun, interrupt: Interrupt) -> Executor:
        """What runs the trials of a sweep."""
        self._parent = parent
        return Tasks(self._workers, spec, self.begin, self.work, interrupt)

    def begin(self, trial: Trial, attempt: Attempt) -> ActiveRun:
        """Begin the run of a trial."""
        host, before, cell = self._host, self._execution.number, self._cell(trial)
        run = current.begin(
            host.project(),
            name=cell.options.name,
            experiment=self._parent.experiment if self._parent else "default",
            kind="cell",
            parent=self._parent,
            notebook=host.notebook(),
            cell=self._execution.cell,
            number=before,
            source=clean(cell.source),
            enter=attempt.here,
        )
        run.set_tags(cell.options.tags)
        wanted = cell.options.params
        if "params" in cell.settings.capture:  # the worker stores them when it has ended: it may never do
            run.set_params(
                {name: one for name, one in trial.values.items() if wanted is None or name in wanted}, "cell"
            )
        host.session().describe(run, host.project().root, ["git"], before - 1)
        return run

    def work(self, trial: Trial) -> tuple[Any, tuple[Any, ...]]:
        """What a worker calls, and with what."""
        return run_cell, (self._shared, self._cell(trial))

    def _cell(self, trial: Trial) -> Cell:
        name = f"{self._parent.name if self._parent else 'trial'}-{trial.number}"
        line, text = of_each(self._line, name), self._template.text(trial.values)
        return Cell(f"{MAGIC} {line}\n{text}", self._host.python(text), read_options(line), self._host.settings())


class _Guest:
    """Goes with one trial through the hooks around its cell."""

    def __init__(self, trial: Trial, spec: Spec, interrupt: Interrupt) -> None:
        self._trial = trial
        self._spec = spec
        self._interrupt = interrupt
        self._error: BaseException | None = None

    def made(self, run: ActiveRun) -> None:
        """Say in its run which trial it is, and let it be stopped early where the search wants that."""
        trial = self._trial
        trial.run = run
        run.set_about(trial=trial.about())
        if trial.prunes is not None and self._spec.objective is not None:
            stop_early(run, self._spec.objective, trial.prunes)

    def begins(self) -> None:
        """From here on Ctrl-C is the code's."""
        self._interrupt.raises = True

    def ended(self, error: BaseException | None) -> BaseException | None:
        """Code that swallowed Ctrl-C (a trainer that stops gracefully) was interrupted, too: it is not whole."""
        self._interrupt.raises = False
        if error is None and self._interrupt.came:
            error = KeyboardInterrupt()
        self._error = error
        if isinstance(error, Stopped) and self._trial.run is not None:
            self._trial.run.set_about(trial=self._trial.about("pruned"))
        return error

    def result(self) -> Result:
        """What the trial gave."""
        trial, run = self._trial, self._trial.run
        if run is None:
            status, reason = ("interrupted", None) if self._interrupt.came else ("failed", "it could not be tracked")
            return Result(trial.number, trial.values, trial.key, status, reason=reason)
        if run.status == "running":  # Ctrl-C came while its end was being recorded
            run.end("interrupted" if self._interrupt.came else "failed")
        return result_of(trial, run, status_of(self._error)[1], isinstance(self._error, Stopped))


class _Interrupted(KeyboardInterrupt):
    """Ctrl-C ended a sweep: the table says what there is to say, no traceback through our code."""

    def _render_traceback_(self) -> list[str]:
        return ["KeyboardInterrupt"]


_Interrupted.__name__ = "KeyboardInterrupt"  # as which a front end shows it


@contextmanager
def _own_values(space: dict[str, Any], names: tuple[str, ...]) -> Iterator[None]:
    """Afterwards the names have the values they have now."""
    before = {name: space.get(name, _NOTHING) for name in names}
    try:
        yield
    finally:
        for name, value in before.items():
            if value is _NOTHING:
                space.pop(name, None)
            else:
                space[name] = value


@contextmanager
def _runs_await(ip: Any) -> Iterator[None]:
    """Let a cell with a top-level await run inside of another, on an event loop of its own."""
    before = ip.loop_runner
    ip.loop_runner = _on_own_loop
    try:
        yield
    finally:
        ip.loop_runner = before


def _on_own_loop(code: Coroutine[Any, Any, Any]) -> Any:
    outer = asyncio._get_running_loop()
    task = asyncio.current_task(outer) if outer is not None else None
    if outer is not None and task is not None:
        asyncio.tasks._leave_task(outer, task)
    asyncio._set_running_loop(None)
    inner = asyncio.new_event_loop()
    try:
        return inner.run_until_complete(code)
    finally:
        inner.run_until_complete(inner.shutdown_asyncgens())
        inner.close()
        asyncio._set_running_loop(outer)
        if outer is not None and task is not None:
            asyncio.tasks._enter_task(outer, task)
