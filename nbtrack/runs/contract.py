"""Shapes and operations of runs on the wire. REST routes, comm commands and TypeScript types are made from this."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, field

from nbtrack.base.wire import Nothing, Op
from nbtrack.runs.shapes import Experiment as Experiment
from nbtrack.runs.shapes import Experiments as Experiments
from nbtrack.runs.shapes import ProjectStatus as ProjectStatus
from nbtrack.runs.shapes import Revision as Revision

Status = Literal["running", "finished", "failed", "interrupted", "crashed"]
Value = Any  # None, bool, number, string, list or object


class Summary(Struct):
    """What a table shows of a metric: over all its points, NaN apart."""

    last: float
    min: float
    max: float
    mean: float
    count: int
    last_step: int
    source: str = "explicit"


class RunRow(Struct):
    """One run in a table. Times are Unix seconds; ``duration`` counts on while the run is running."""

    id: str
    name: str
    status: Status
    experiment: str
    started: float
    ended: float | None
    duration: float
    kind: str
    notebook: str | None
    cell: str | None
    execution: int | None
    parent: str | None
    note: str
    starred: bool
    trashed: float | None
    end_reason: str | None
    revision: int
    params: dict[str, Value] = field(default_factory=dict)
    metrics: dict[str, Summary] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)


class Selection(Struct):
    """Which runs: those that ``filter`` finds, that each filter of ``also`` finds too, outside or inside the trash."""

    filter: str = ""
    also: list[str] = field(default_factory=list)
    experiment: str | None = None
    notebook: str | None = None
    trashed: bool = False


class PageRequest(Selection):
    """A window of the runs table.

    sort: keys such as "-metrics.acc"; "-" is descending. columns: "params.lr", "metrics.loss", "tags.best" or
    "params.*"; all of them if not given.
    """

    sort: list[str] = field(default_factory=list)
    columns: list[str] | None = None
    offset: int = 0
    limit: int = 50


class RunPage(Struct):
    """The window, how many runs match, how many there are, and the revision it was read at."""

    rows: list[RunRow]
    matched: int
    total: int
    offset: int
    revision: int


class RunRequest(Struct):
    """One run, by id, beginning of an id, name or @1 (the latest)."""

    run: str


class RunsRequest(Struct):
    """Several runs."""

    runs: list[str]


class Param(Struct):
    """A param with where it came from, and the values it had before."""

    name: str
    value: Value
    source: str
    at: float
    earlier: list[Value] = field(default_factory=list)


class Artifact(Struct):
    """A file of a run; ``hash`` is the sha256 of its content, ``size`` in bytes."""

    path: str
    hash: str
    size: int
    mime: str | None
    kind: str
    created: float


class Output(Struct):
    """One thing the cell printed or displayed.

    text: in the format ``mime``; for a picture, which is an artifact, its plain text. plain: the plain text beside
    HTML, Markdown or LaTeX. dropped: bytes that were cut.
    """

    kind: str
    mime: str
    text: str | None
    plain: str | None
    artifact: str | None
    dropped: int = 0


class ArtifactRequest(Struct):
    """The content of an artifact, for a preview; at most ``limit`` bytes of it."""

    run: str
    path: str
    limit: int = 4_000_000


class Content(Struct):
    """An artifact with its bytes, base64 in JSON; ``cut`` says that there are more."""

    artifact: Artifact
    data: bytes
    cut: bool


class Dataset(Struct):
    """Data that a run read."""

    name: str
    role: str
    kind: str
    path: str | None
    hash: str | None
    info: dict[str, Any]


class RunDetail(Struct):
    """Everything of one run but its series and outputs. ``about``: what rooms know of it, by their names."""

    row: RunRow
    params: list[Param]
    artifacts: list[Artifact]
    datasets: list[Dataset]
    children: list[str]
    code: str | None
    environment: dict[str, Any]
    git: dict[str, Any] | None
    session: dict[str, Any]
    about: dict[str, Any] = field(default_factory=dict)


class Outputs(Struct):
    """The outputs of a run in their order."""

    outputs: list[Output]


class Code(Struct):
    """The text of a run's cell, secrets redacted; None where there was no cell."""

    run: str
    text: str | None


class Execution(Struct):
    """An earlier execution of the same kernel session. facts: what was seen beside its text, see `nbtrack.lineage`."""

    number: int
    execution: int | None
    cell: str | None
    source: str | None
    started: float | None
    ended: float | None
    status: str | None
    stored: list[str]
    loaded: list[str]
    facts: dict[str, Any] = field(default_factory=dict)


class Executions(Struct):
    """The executions before a run's, oldest first."""

    executions: list[Execution]


class DiffRequest(Struct):
    """Two runs: what changed from ``left`` to ``right``."""

    left: str
    right: str


class DiffLine(Struct):
    """A line of a code diff: "same", "left" (only there), "right" or "gap" (lines left out)."""

    kind: Literal["same", "left", "right", "gap"]
    text: str
    left: int | None = None
    right: int | None = None


class AgainstRequest(Struct):
    """A run, and a text that its code is held against: that of its cell as it is now."""

    run: str
    text: str


class CodeDiff(Struct):
    """What changed from the code of a run to a text; ``same`` when nothing did, the ``%%track`` line apart."""

    code: list[DiffLine]
    same: bool


class Change(Struct):
    """A param, metric, tag, package or attribute that differs; None where one side has none."""

    what: str
    name: str
    left: Value
    right: Value


class Diff(Struct):
    """Two runs side by side."""

    left: RunRow
    right: RunRow
    code: list[DiffLine]
    changes: list[Change]


class SeriesRequest(Struct):
    """Metric curves of several runs, thinned to ``width`` pixel columns with no extreme lost (M4).

    x: what the window and the columns are over; "metric" is the value of the metric ``x_key`` at the same step.
    window: (low, high) of x for a zoom.
    """

    runs: list[str]
    keys: list[str]
    width: int = 800
    x: Literal["step", "time", "relative", "metric"] = "step"
    x_key: str | None = None
    window: tuple[float, float] | None = None


class Series(Struct):
    """One curve, in the order it was logged; ``total`` points before it was thinned, ``xs`` where x is a metric."""

    run: str
    key: str
    steps: list[int]
    times: list[float]
    values: list[float]
    total: int
    xs: list[float] | None = None


class SeriesAnswer(Struct):
    """The curves that exist; a run without a metric has none. missing: runs that are gone."""

    series: list[Series]
    revision: int
    missing: list[str] = field(default_factory=list)


class Key(Struct):
    """A param, metric or tag name with how many runs have it and of which kinds its values are."""

    kind: Literal["param", "metric", "tag"]
    name: str
    runs: int
    types: list[str]
    better: Literal["min", "max"] | None = None


class Keys(Struct):
    """All keys of the project."""

    keys: list[Key]


class Rename(Struct):
    """An old and a new name."""

    old: str
    new: str


class EditRequest(Struct):
    """An edit of several runs. Fields that are None stay as they are; a tag set to None is taken off."""

    runs: list[str]
    name: str | None = None
    note: str | None = None
    starred: bool | None = None
    experiment: str | None = None
    tags: dict[str, str | None] = field(default_factory=dict)


class Done(Struct):
    """What was done, in words, to how many runs; ``undo`` says whether it can be taken back."""

    text: str
    count: int
    revision: int
    undo: bool = True


class CompleteRequest(Struct):
    """Completion of a filter at a position in its text."""

    text: str
    position: int


class Completions(Struct):
    """What could stand there."""

    words: list[str]


OPERATIONS = (
    Op("project.status", "GET", Nothing, ProjectStatus, "Where the runs are and how much there is."),
    Op("project.revision", "GET", Nothing, Revision, "The revision of the file, to see whether to ask again."),
    Op("experiments.list", "GET", Nothing, Experiments, "All experiments."),
    Op("experiments.rename", "POST", Rename, Done, "Give an experiment another name."),
    Op("experiments.merge", "POST", Rename, Done, "Move all runs of one experiment into another."),
    Op("runs.page", "GET", PageRequest, RunPage, "A window of the runs table, filtered and sorted."),
    Op("runs.get", "GET", RunRequest, RunDetail, "One run."),
    Op("runs.outputs", "GET", RunRequest, Outputs, "What a run's cell printed and displayed."),
    Op("runs.artifact", "GET", ArtifactRequest, Content, "The content of an artifact, checked against its hash."),
    Op("runs.code", "GET", RunRequest, Code, "The text of a run's cell."),
    Op("runs.executions", "GET", RunRequest, Executions, "What the kernel executed before a run."),
    Op("runs.diff", "GET", DiffRequest, Diff, "What changed from one run to another."),
    Op("runs.against", "GET", AgainstRequest, CodeDiff, "What changed from the code of a run to a text."),
    Op("runs.series", "GET", SeriesRequest, SeriesAnswer, "Metric curves of several runs."),
    Op("runs.keys", "GET", Nothing, Keys, "The names of params, metrics and tags, with their kinds."),
    Op("runs.complete", "GET", CompleteRequest, Completions, "What can be typed next in a filter."),
    Op("runs.edit", "POST", EditRequest, Done, "Rename, star, note, tag or move runs."),
    Op("runs.moved", "POST", Rename, Done, "A notebook, or a folder of notebooks, has another path now."),
    Op("runs.trash", "POST", RunsRequest, Done, "Put runs into the trash."),
    Op("runs.restore", "POST", RunsRequest, Done, "Take runs out of the trash."),
    Op("runs.purge", "POST", Nothing, Done, "Empty the trash and free its space."),
    Op("runs.undo", "POST", Nothing, Done, "Take the latest edit back."),
)
