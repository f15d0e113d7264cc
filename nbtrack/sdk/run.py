"""One run as an object: read its parts, edit what a user may edit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from nbtrack.runs import contract as c
from nbtrack.runs.values import check_name
from nbtrack.sdk import asked
from nbtrack.sdk.histories import histories_of
from nbtrack.sdk.parts import Artifacts, Metrics, RunOutput
from nbtrack.sdk.views import RunView

if TYPE_CHECKING:
    from nbtrack.runs.service import RunsService


class Run:
    """A run. What is read is of now: a run that is still running changes under your hands.

    >>> run = nbtrack.run("@1")                      # doctest: +SKIP
    >>> run.params["lr"], run.metrics["loss"]        # doctest: +SKIP
    (0.01, 0.35)
    >>> run.metrics("loss")                          # doctest: +SKIP
    """

    def __init__(self, service: RunsService, row: c.RunRow) -> None:
        self._service = service
        self._row = row
        self._detail: c.RunDetail | None = None
        self._revision = -1

    def _fresh(self) -> c.RunDetail:
        """Everything of the run, read again only after the file has changed."""
        revision = self._service.revision().revision
        if self._detail is None or revision != self._revision:
            self._detail = self._service.get(c.RunRequest(self._row.id))
            self._row, self._revision = self._detail.row, revision
        return self._detail

    # -- what it is --------------------------------------------------------------------------------------------------

    @property
    def id(self) -> str:
        """Its id, which never changes."""
        return self._row.id

    @property
    def row(self) -> c.RunRow:
        """The run as a row of the table."""
        return self._fresh().row

    @property
    def name(self) -> str:
        """Its name; names need not be unique."""
        return self.row.name

    @property
    def status(self) -> str:
        """running, finished, failed, interrupted or crashed."""
        return self.row.status

    @property
    def end_reason(self) -> str | None:
        """Why it ended as it did, for instance the exception in one line."""
        return self.row.end_reason

    @property
    def experiment(self) -> str:
        """The experiment it belongs to."""
        return self.row.experiment

    @property
    def notebook(self) -> str | None:
        """The notebook it ran in."""
        return self.row.notebook

    @property
    def started(self) -> datetime:
        """When it began, in UTC."""
        return datetime.fromtimestamp(self.row.started, timezone.utc)

    @property
    def ended(self) -> datetime | None:
        """When it ended, in UTC; None while it is running."""
        ended = self.row.ended
        return None if ended is None else datetime.fromtimestamp(ended, timezone.utc)

    @property
    def duration(self) -> float:
        """Seconds it took, or has taken so far."""
        return self.row.duration

    @property
    def note(self) -> str:
        """Its note."""
        return self.row.note

    @property
    def starred(self) -> bool:
        """Whether it has a star."""
        return self.row.starred

    @property
    def trashed(self) -> bool:
        """Whether it is in the trash."""
        return self.row.trashed is not None

    @property
    def tags(self) -> dict[str, str]:
        """Its tags."""
        return dict(self.row.tags)

    # -- what it holds -----------------------------------------------------------------------------------------------

    @property
    def params(self) -> dict[str, Any]:
        """Its params, in the types they were given."""
        return {param.name: param.value for param in self._fresh().params}

    @property
    def earlier_params(self) -> dict[str, list[Any]]:
        """The values that params had before they changed, oldest first; only of those that did."""
        return {param.name: list(param.earlier) for param in self._fresh().params if param.earlier}

    @property
    def metrics(self) -> Metrics:
        """Its metrics: ``run.metrics["loss"]`` is the last value, ``run.metrics("loss")`` all points as a DataFrame."""
        return Metrics(self._service, self.row)

    @property
    def code(self) -> str | None:
        """Its cell as typed, secrets redacted; None where there was no cell."""
        return self._fresh().code

    @property
    def output(self) -> RunOutput:
        """What its cell printed and displayed."""
        detail = self._fresh()
        return RunOutput(self._service, detail, self._service.outputs(c.RunRequest(self.id)).outputs)

    @property
    def artifacts(self) -> Artifacts:
        """Its files by path."""
        return Artifacts(self._service, self.id, self._fresh().artifacts)

    @property
    def datasets(self) -> list[c.Dataset]:
        """The data it read."""
        return self._fresh().datasets

    @property
    def environment(self) -> dict[str, Any]:
        """Python, machine and installed packages; empty where it was not recorded."""
        return self._fresh().environment

    @property
    def git(self) -> dict[str, Any] | None:
        """Commit, branch and changes of the repository around it; None where there was none."""
        return self._fresh().git

    @property
    def executions(self) -> list[c.Execution]:
        """What the kernel executed before it, oldest first."""
        return self._service.executions(c.RunRequest(self.id)).executions

    @property
    def parent(self) -> Run | None:
        """The run it was begun in."""
        above = self.row.parent
        return None if above is None else Run(self._service, self._service.row(above))

    @property
    def children(self) -> list[Run]:
        """The runs begun in it."""
        return [Run(self._service, self._service.row(child)) for child in self._fresh().children]

    # -- edits -------------------------------------------------------------------------------------------------------

    def _edit(self, **fields: Any) -> Run:
        from nbtrack.sdk.context import editing

        editing(self._service.project).edit(c.EditRequest([self.id], **fields))
        return self

    def tag(self, tags: Mapping[str, Any] | None = None, /, **more: Any) -> Run:
        """Set tags: ``run.tag(stage="draft")`` or ``run.tag({"any name": "x"})``; itself, as after each edit.

        Raises:
            InvalidValue: a name or value that cannot be stored.
        """
        return self._edit(tags=asked.tags(tags, more))

    def untag(self, *names: str) -> Run:
        """Take tags off."""
        return self._edit(tags=dict.fromkeys([check_name("tag", name) for name in names]))

    def rename(self, name: str) -> Run:
        """Give it another name."""
        return self._edit(name=check_name("run", name))

    def set_note(self, text: str) -> Run:
        """Replace its note."""
        return self._edit(note=asked.text("set_note", "note", text))

    def star(self) -> Run:
        """Give it a star."""
        return self._edit(starred=True)

    def unstar(self) -> Run:
        """Take its star away."""
        return self._edit(starred=False)

    def move(self, experiment: str) -> Run:
        """Move it to another experiment, which is made if it does not exist."""
        return self._edit(experiment=check_name("experiment", experiment))

    def trash(self) -> Run:
        """Put it into the trash, where it stays until that is emptied."""
        from nbtrack.sdk.context import editing

        editing(self._service.project).trash(c.RunsRequest([self.id]))
        return self

    def restore(self) -> Run:
        """Take it out of the trash."""
        from nbtrack.sdk.context import editing

        editing(self._service.project).restore(c.RunsRequest([self.id]))
        return self

    # -- how it looks ------------------------------------------------------------------------------------------------

    def view(self) -> RunView:
        """The run as something to look at."""
        detail, output = self._fresh(), self.output
        curves = histories_of(self._service, [detail.row], list(detail.row.metrics))
        names = {run: self._service.row(run).name for run in [*detail.children[:20], detail.row.parent] if run}
        return RunView(
            detail,
            output.outputs,
            histories={key: values for (_, key), values in curves.items()},
            pictures=output.pictures(),
            names=names,
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Run) and (self.id, self._service.project) == (other.id, other._service.project)

    def __hash__(self) -> int:
        return hash(self._row.id)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        view = self.view()
        return {"text/plain": repr(self), "text/html": view._repr_html_()}

    def _repr_html_(self) -> str:
        return self.view()._repr_html_()

    def __repr__(self) -> str:
        from nbtrack.base.words import clean, duration, number

        row = self.row
        values = ", ".join(f"{name}={number(one.last)}" for name, one in list(row.metrics.items())[:4])
        return clean(f"<Run {row.name!r} ({row.id}), {row.status}, {duration(row.duration)}{values and ', ' + values}>")
