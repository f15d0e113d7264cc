"""One tracked execution of a cell, from before its first line to after its last: it becomes a run.

Knows no IPython: the host says what the cell's text is, gives the namespace, and feeds what it prints and shows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from nbtrack.base.config import Project, Settings
from nbtrack.base.errors import InvalidValue
from nbtrack.base.secrets import redact
from nbtrack.capture import metrics, params
from nbtrack.capture.frameworks.records import contradicted
from nbtrack.capture.outputs import Output, OutputRecorder
from nbtrack.capture.session import Execution, Session
from nbtrack.capture.syntax import CellSyntax, read_cell
from nbtrack.capture.watching import companions, each
from nbtrack.runs import active, current

_TEXTUAL = ("text/", "image/svg+xml", "application/json", "application/vnd.")


@dataclass(frozen=True)
class Options:
    """What stands behind ``%%track``. ``params`` and ``metrics``: None is all, an empty set none.

    autolog: whether frameworks tell what they do, see `nbtrack.capture.frameworks`.
    """

    name: str | None = None
    experiment: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    note: str | None = None
    params: frozenset[str] | None = None
    metrics: frozenset[str] | None = None
    autolog: bool = True


class CellRun:
    """A cell being tracked. Make it, then `start` before the cell runs and `finish` after it."""

    def __init__(
        self,
        project: Project,
        settings: Settings,
        session: Session,
        execution: Execution,
        options: Options,
        namespace: Mapping[str, Any],
        report: Callable[[BaseException], None] = lambda _: None,
    ) -> None:
        self.outputs = OutputRecorder()
        self.run: active.ActiveRun | None = None
        self.notices: list[str] = []
        self.project = project
        self.session = session
        self.execution = execution
        self.options = options
        self.namespace = namespace
        self.notebook: str | None = None  # its path in the project, from `start` on
        self.syntax: CellSyntax = read_cell(execution.python)
        self._settings = settings
        self.report = report
        self._companions = companions(settings.capture)
        self._marks = metrics.watch(self.syntax, namespace)

    def start(self, notebook: str | None, kind: str = "cell", told: float | None = None) -> active.ActiveRun:
        """Begin the run. A cell that is tracked while another run is active becomes its child.

        told: when this process was told the notebook's path, which may have changed since.
        """
        options = self.options
        self.notebook = notebook
        run = current.begin(
            self.project,
            name=options.name,
            experiment=options.experiment or self._default_experiment(notebook),
            kind=kind,
            parent=current.current(),
            notebook=notebook,
            told=told,
            cell=self.execution.cell,
            number=self.execution.number,
            source=clean(self.execution.source),
        )
        if options.tags:
            run.set_tags(options.tags)
        if options.note:
            run.set_note(options.note)
        self.join(run, self.execution.number - 1)
        return run

    def join(self, run: active.ActiveRun, before: int | None = None) -> None:
        """Be the cell of a run that has begun, also in another process. before: the executions up to this number."""
        self.run = run
        self.session.describe(run, self.project.root, self._settings.capture, before)
        if "params" in self._settings.capture:
            self._store(params.params_before(self.syntax, self.namespace, self.options.params))
        each([partial(one.start, self, run) for one in self._companions], self.report)

    def finish(self, result: Any, error: BaseException | None, execution: int | None) -> active.ActiveRun | None:
        """Store what the cell assigned, returned and showed, and end the run with its true status."""
        run = self.run
        if run is None or run.status != "running":
            return run
        try:
            if execution is not None:
                run.set_execution(execution)
            each([partial(one.finish, self, run, error) for one in reversed(self._companions)], self.report)
            self._store_values(run, result, error is None)
            if "outputs" in self._settings.capture:
                for number, record in enumerate(self.outputs.records(), 1):
                    _store_output(run, record, number)
        finally:
            run.end(*active.status_of(error))
        return run

    def _store_values(self, run: active.ActiveRun, result: Any, finished: bool) -> None:
        options, found = self.options, []
        if "metrics" in self._settings.capture:
            found = metrics.metrics_after(
                self.syntax,
                self.namespace,
                result,
                wanted=options.metrics,
                extra_names=self._settings.metrics,
                skip=tuple(run.last),
                before=self._marks,
                finished=finished,
            )
            for source in {metric.source for metric in found}:
                values = {metric.name: metric.value for metric in found if metric.source == source}
                _each_that_can(run.log_captured, values, source)
            if options.metrics:
                for name in metrics.missing(options.metrics - set(run.last), found):
                    self.notices.append(f"the metric '{name}' was asked for but the cell gave no number of this name")
        if "params" in self._settings.capture:
            claimed = metrics.claimed(found)
            found_params = params.params_after(
                self.syntax, self.namespace, options.params, exclude=claimed, finished=finished
            )
            self._store(found_params)

    def _store(self, captured: list[params.Captured]) -> None:
        assert self.run is not None
        wanted = [item for item in captured if item.source != "call" or self._is_told(self.run, item.name)]
        for source in ("notebook", "cell", "call"):
            values = {item.name: item.value for item in wanted if item.source == source}
            known = self.run.explicit
            new = {name: value for name, value in values.items() if name not in known}
            _each_that_can(self.run.set_params, new, source)

    def _is_told(self, run: active.ActiveRun, name: str) -> bool:
        """Whether a keyword argument in the code is kept: not what a framework told as it really was."""
        return "calls" in self._settings.capture and not contradicted(run, name)

    def _default_experiment(self, notebook: str | None) -> str:
        if not notebook:
            return "default"
        return notebook.rpartition("/")[2].removesuffix(".ipynb") or "default"


def _each_that_can(store: Callable[[Mapping[str, Any], str], None], found: Mapping[str, Any], source: str) -> None:
    """Store what was found. What cannot be stored is left out: nobody asked for it."""
    try:
        store(found, source)
    except InvalidValue:
        for name, value in found.items():
            with suppress(InvalidValue):
                store({name: value}, source)


def _store_output(run: active.ActiveRun, record: Output, number: int) -> None:
    about: dict[str, Any] = {"dropped": record.dropped}
    if record.plain is not None:
        about["plain"] = clean(record.plain)
    text = None if record.text is None else clean(record.text)
    if record.data is not None:
        data = record.data
        if record.mime.startswith(_TEXTUAL):
            data = clean(data.decode("utf-8", "replace")).encode()
        about["artifact"] = f"outputs/{number}{record.suffix}"
        run.add_bytes(about["artifact"], data, record.mime, "output")
    run.add_output(record.kind, record.mime, text, **about)


def clean(text: str) -> str:
    """A text without secrets, and without what no text column can hold."""
    text = redact(text)[0]
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")
