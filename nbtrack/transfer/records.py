"""A whole run as a record: what exporters write and importers make, whatever the other side's format is.

A run is its `RunRecord`, its points in chunks, and its files. Points and files are asked for when they are needed, so
that a run of any size goes through in little memory.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from msgspec import Struct
from msgspec import field as of


class ParamRecord(Struct):
    """A param. earlier: the values it had before, as (value, source, Unix seconds)."""

    name: str
    value: Any
    source: str = "imported"
    at: float = 0.0
    earlier: list[tuple[Any, str, float]] = of(default_factory=list)


class DatasetRecord(Struct):
    """Data that the run read or wrote; the fields are those of `nbtrack.runs.contract.Dataset`."""

    name: str
    role: str = "input"
    kind: str = "data"
    path: str | None = None
    hash: str | None = None
    info: dict[str, Any] = of(default_factory=dict)


class OutputRecord(Struct):
    """One output of the cell; the fields are those of `nbtrack.runs.contract.Output`."""

    kind: str
    mime: str
    text: str | None = None
    plain: str | None = None
    artifact: str | None = None
    dropped: int = 0


class ExecutionRecord(Struct):
    """An execution of the kernel; the fields are those of `nbtrack.runs.contract.Execution`."""

    number: int
    execution: int | None = None
    cell: str | None = None
    source: str | None = None
    started: float | None = None
    ended: float | None = None
    status: str | None = None
    stored: list[str] = of(default_factory=list)
    loaded: list[str] = of(default_factory=list)
    facts: dict[str, Any] = of(default_factory=dict)


class SessionRecord(Struct):
    """The kernel or process that a run was of, with the executions behind the run. about: host, pid and so on."""

    id: str
    about: dict[str, Any] = of(default_factory=dict)
    executions: list[ExecutionRecord] = of(default_factory=list)


class ElsewhereRecord(Struct):
    """What a run is in another place: its id there, and how far both agree."""

    id: str
    state: dict[str, Any] = of(default_factory=dict)


class RunRecord(Struct):
    """A run but for its points and files. Times are Unix seconds; status is one of nbtrack's.

    id: 12 hexadecimal characters, see `made_id`. parent: the id of another run. about: what rooms know of it; what has
    no place of its own here goes into ``about["origin"]`` (tool, id, where from, and the rest under its own names); its
    "notes" are sentences on what was mended or left out. elsewhere: what the run is in other places, by place; the
    place that it is imported from is among them where its id there is to be remembered, as for a sync.
    """

    id: str
    name: str
    experiment: str = "default"
    status: str = "finished"
    started: float = 0.0
    ended: float | None = None
    kind: str = "import"
    notebook: str | None = None
    cell: str | None = None
    execution: int | None = None
    number: int | None = None
    code: str | None = None
    parent: str | None = None
    note: str = ""
    starred: bool = False
    trashed: float | None = None
    end_reason: str | None = None
    params: list[ParamRecord] = of(default_factory=list)
    tags: dict[str, str] = of(default_factory=dict)
    datasets: list[DatasetRecord] = of(default_factory=list)
    outputs: list[OutputRecord] = of(default_factory=list)
    environment: dict[str, Any] | None = None
    git: dict[str, Any] | None = None
    session: SessionRecord | None = None
    about: dict[str, Any] = of(default_factory=dict)
    elsewhere: dict[str, ElsewhereRecord] = of(default_factory=dict)


class ExperimentRecord(Struct):
    """An experiment. An importer gives it before its runs, where more is known of it than its name."""

    name: str
    note: str = ""
    created: float | None = None
    trashed: float | None = None
    about: dict[str, Any] = of(default_factory=dict)


class ModelMetric(Struct):
    """A metric of a logged model. run: the id of the run that measured it; dataset and digest: on what."""

    key: str
    value: float
    time: float
    step: int = 0
    run: str | None = None
    dataset: str | None = None
    digest: str | None = None


class ModelRecord(Struct):
    """A logged model of MLflow's kind, by its own id. run: the id of the run that made it."""

    id: str
    name: str
    experiment: str = "default"
    run: str | None = None
    status: str = "READY"
    created: float = 0.0
    updated: float = 0.0
    trashed: float | None = None
    about: dict[str, Any] = of(default_factory=dict)
    metrics: list[ModelMetric] = of(default_factory=list)


@dataclass
class Points:
    """Some points of one metric, in the order they were logged: int64 steps, float64 Unix seconds and values."""

    key: str
    steps: array[int] = field(default_factory=lambda: array("q"))
    times: array[float] = field(default_factory=lambda: array("d"))
    values: array[float] = field(default_factory=lambda: array("d"))
    source: str = "explicit"


@dataclass
class File:
    """A file of a run. content: where it lies, or a function that opens it; it is asked once."""

    path: str
    content: Path | Callable[[], BinaryIO]
    mime: str | None = None
    kind: str = "file"
    created: float = 0.0
    hash: str | None = None
    size: int | None = None


def _none() -> Iterator[Any]:
    return iter(())


@dataclass
class Whole:
    """A run with what is read when it is needed. The chunks of one metric come in its order."""

    run: RunRecord
    points: Callable[[], Iterable[Points]] = _none
    files: Callable[[], Iterable[File]] = _none


@dataclass
class WholeModel:
    """A logged model, with its files."""

    model: ModelRecord
    files: Callable[[], Iterable[File]] = _none


class Note(Struct):
    """What an importer has to say that is of no single run: a sentence."""

    text: str


Item = Whole | ExperimentRecord | WholeModel | Note  # what an importer gives; experiments come before their runs
OWN = "nbtrack"  # the place of runs that come from another project


def made_id(place: str, foreign: str) -> str:
    """The id of an imported run: 12 hexadecimal characters, the same whenever it comes from the same place.

    place: the tracker's server, file or folder, as in the table ``elsewhere``. foreign: what the run is called there.
    """
    return hashlib.sha256(f"{place}\0{foreign}".encode("utf-8", "backslashreplace")).hexdigest()[:12]
