"""``nbtrack.sweep``: a function called with many values of its arguments, a run for each call."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from nbtrack.base.config import load_settings
from nbtrack.base.secrets import redact
from nbtrack.execute.engines import Attempt, Engine, engine
from nbtrack.runs import given
from nbtrack.runs.active import ActiveRun, status_of
from nbtrack.runs.current import begin, current
from nbtrack.sdk import asked
from nbtrack.sdk.context import service
from nbtrack.sdk.views.sweep import SweepView
from nbtrack.sweeps import functions, keys
from nbtrack.sweeps.driver import Sweep
from nbtrack.sweeps.earlier import earlier
from nbtrack.sweeps.grid import Grid
from nbtrack.sweeps.interrupt import Interrupt
from nbtrack.sweeps.spec import Spec, checked
from nbtrack.sweeps.tasks import Tasks
from nbtrack.sweeps.trial import Trial
from nbtrack.sweeps.values import axis_of

if TYPE_CHECKING:
    import os

    from nbtrack.base.config import Project

_PERIOD = 0.2  # seconds between two lines of progress


@asked.checked(
    search=asked.text,
    trials=asked.whole(),
    maximize=asked.text,
    minimize=asked.text,
    timeout=asked.number(0, above=True),
    seed=asked.whole(-(1 << 63), 1 << 64),
    again=asked.flag,
    on=asked.text,
    project=asked.project,
)
def sweep(
    function: Callable[..., Any],
    values: Mapping[str, Any],
    *,
    search: str | None = None,
    trials: int | None = None,
    maximize: str | None = None,
    minimize: str | None = None,
    timeout: float | None = None,
    seed: int | None = None,
    again: bool = False,
    on: str | None = None,
    name: str | None = None,
    experiment: str | None = None,
    tags: Mapping[str, Any] | None = None,
    project: Project | str | os.PathLike[str] | None = None,
) -> SweepView:
    """Call a function with each combination of values; each call is a run, under one of kind "sweep".

    values: by argument a list, or a text such as ``"2:6"`` or ``"1e-4:1e-1:log"``. What the function logs, and the
    numbers that it returns (one, or a dict of them), are the run's metrics. search, trials, maximize, minimize,
    timeout (seconds), seed, again and on are those of ``%%track --sweep``. Calls that were finished before with the
    same code are not made again.

    Raises:
        InvalidOption: what does not go together, or does not fit the function; nothing was called then.
        AllFailed: every call failed. KeyboardInterrupt: Ctrl-C; what was finished is kept.

    >>> import nbtrack
    >>> nbtrack.sweep(lambda x: {"loss": (x - 3) ** 2}, {"x": range(6)})          # doctest: +SKIP
    """
    held = asked.mapping("sweep", "values", values)
    axes = {key: axis_of(key, one) for key, one in ((asked.text("sweep", "values", key), held[key]) for key in held)}
    options = {"maximize": maximize, "minimize": minimize, "timeout": timeout, "seed": seed, "again": again, "on": on}
    spec = checked(axes, search=search, trials=trials, **options)  # type: ignore[arg-type]
    functions.check(function, axes)
    if tags is not None:
        given.checked_tags(tags)
    if spec.search is None:
        for key, axis in axes.items():
            for value in axis.listed(key):
                given.checked_params({key: value})
    with engine(spec.on) as workers:
        shared = workers.share(function)
        parent = _begin(function, name, experiment, tags, project)
        error: BaseException | None = None
        try:
            return SweepView(_run(function, spec, parent, workers, shared))
        except BaseException as raised:
            error = raised
            raise
        finally:
            parent.end(*status_of(error))


def _begin(function: Any, name: Any, experiment: Any, tags: Any, project: Any) -> ActiveRun:
    from nbtrack.sdk import tracking

    around = current()
    where = tracking.project_of(project, around)
    about = {**tracking.script_of(), "kind": "sweep", "source": _source(function)}
    if experiment is None:
        experiment = around.experiment if around else "default"
    run = begin(where, name=name, experiment=experiment, parent=around, **about)
    if tags is not None:
        run.set_tags(tags)
    captured = [one for one in load_settings(where).capture if one in ("environment", "git")]
    tracking.surroundings().describe(run, where.root, captured, None)
    return run


def _source(function: Any) -> str | None:
    text = functions.source_of(function)
    return None if text is None else redact(text)[0].encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


def _run(function: Any, spec: Spec, parent: ActiveRun, workers: Engine, shared: Any) -> Sweep:
    from nbtrack.capture.system import follow
    from nbtrack.sdk import tracking

    where, notebook = parent.recorder.project, tracking.script_of()["notebook"]
    cell = keys.function_key(function)
    known = earlier(service(where), spec, notebook, cell)
    source: Any = None
    if spec.search is None:
        source = Grid(spec, cell, known)
    else:
        from nbtrack.sweeps.search import Search

        source = Search(spec, cell, known)
    interrupt, captured = Interrupt(), load_settings(where).capture
    text = _source(function)

    def begun(trial: Trial, attempt: Attempt) -> ActiveRun:
        run = begin(
            where,
            name=f"{parent.name}-{trial.number}",
            experiment=parent.experiment,
            kind="function",
            parent=parent,
            notebook=notebook,
            source=text,
            enter=attempt.here,
        )
        run.set_params(trial.values)
        if attempt.here and "system" in captured:
            follow(run)
        return run

    def work(trial: Trial) -> tuple[Any, tuple[Any, ...]]:
        given.checked_params(trial.values)
        return functions.called, (shared, trial.values, spec.objective)

    line = _Line()
    executor = Tasks(workers, spec, begun, work, interrupt)
    found = Sweep(spec, parent, source, executor, cell=cell, earlier=source.earlier, left=source.left, listen=line.show)
    try:
        with interrupt:
            found.go()
    finally:
        line.end()
    return found


class _Line:
    """Progress on one line of a terminal; nothing where standard error is none."""

    def __init__(self) -> None:
        self._on = bool(getattr(sys.stderr, "isatty", lambda: False)())
        self._width = 0
        self._at = 0.0

    def show(self, sweep: Sweep) -> None:
        """Draw it anew, five times a second at most."""
        now = time.monotonic()
        if self._on and (now - self._at > _PERIOD or sweep.took is not None):
            self._at = now
            text = SweepView(sweep).head()[:200]
            sys.stderr.write(f"\r{text.ljust(self._width)}")
            sys.stderr.flush()
            self._width = len(text)

    def end(self) -> None:
        """Leave it."""
        if self._width:
            sys.stderr.write("\n")
