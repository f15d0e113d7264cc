"""From the file: whole runs as records, one after the other, in little memory.

No transaction is held while a record is worked on. A run that is being recorded is taken as it was when its record was
made: its series end with the points that it had then.
"""

from __future__ import annotations

import json
import math
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

from nbtrack.base.errors import BadSource, NotFound
from nbtrack.runs import objects
from nbtrack.runs.store import artifacts, cells, params
from nbtrack.transfer.records import (
    OWN,
    DatasetRecord,
    ElsewhereRecord,
    ExecutionRecord,
    ExperimentRecord,
    File,
    ModelMetric,
    ModelRecord,
    OutputRecord,
    ParamRecord,
    Points,
    RunRecord,
    SessionRecord,
    Whole,
    WholeModel,
)
from nbtrack.transfer.store import reading

if TYPE_CHECKING:
    import sqlite3

    from nbtrack.base.db import Database
    from nbtrack.runs.service import RunsService

_KEPT = 32  # sessions and environments: runs that lie together mostly share them
_SWAP = sys.byteorder == "big"
_PLAIN = (
    *("id", "name", "experiment", "status", "started", "ended", "kind", "notebook", "cell", "execution", "number"),
    *("code", "parent", "note", "trashed", "end_reason"),
)
_Kept = TypeVar("_Kept")


def take(service: RunsService, numbers: Iterable[int]) -> Iterator[Whole]:
    """Runs of a project, by their rows in ``runs``, in that order; those that are gone are left out.

    All of a run goes: also what is in the trash with it, the executions behind it, and what it is in other places.
    """
    service.refresh(force=True)
    return taken(service.database, [service.project.objects], list(numbers))


def taken(database: Database, folders: Sequence[Path], numbers: Sequence[int]) -> Iterator[Whole]:
    """The same of any file of nbtrack's; folders: where its artifacts lie, looked through in their order."""
    if not numbers:
        return
    with database.read() as conn:
        behind = reading.behind(conn, numbers)
    sessions: OrderedDict[int, SessionRecord] = OrderedDict()
    environments: OrderedDict[str, dict[str, Any]] = OrderedDict()
    for number in numbers:
        with database.read() as conn:
            row = reading.run_row(conn, number)
            if row is None:
                continue
            try:
                record = _record(conn, row)
                if row["session"] is not None:
                    made = partial(_session, conn, row["session"], behind.get(row["session"], 0))
                    record.session = _kept(sessions, row["session"], made)
                if row["environment"] is not None:
                    body = partial(cells.environment, conn, row["environment"])
                    record.environment = _kept(environments, row["environment"], body)
                metrics, files = reading.metric_rows(conn, number), artifacts.artifacts_of(conn, number)
            except (ValueError, TypeError, LookupError) as error:  # a file made by others may hold anything
                raise BadSource(f"Run '{row['id']}' of '{database.path}' cannot be read: {error}.") from error
        series = partial(_series, database, number, record.id, metrics)
        yield Whole(record, series, partial(_files, folders, f"run '{record.id}'", files))


def take_experiments(database: Database, numbers: Sequence[int] | None = None) -> list[ExperimentRecord]:
    """The experiments that runs are in, by their rows; all there are without."""
    with database.read() as conn:
        used = None if numbers is None else reading.used_experiments(conn, numbers)
        rows = reading.experiment_rows(conn)
    return [ExperimentRecord(**row) for row in rows if used is None or row["name"] in used]


def take_models(
    database: Database, folders: Sequence[Path], numbers: Sequence[int] | None = None
) -> Iterator[WholeModel]:
    """The logged models that runs made, by the runs' rows; all there are without."""
    with database.read() as conn:
        found = reading.models_of(conn, numbers)
    for model in found:
        with database.read() as conn:
            row = reading.model_row(conn, model)
            files = reading.model_files(conn, model)
        if row is not None:
            del row["n"]
            row["metrics"] = [ModelMetric(**{**one, "value": _nan(one["value"])}) for one in row["metrics"]]
            yield WholeModel(ModelRecord(**row), partial(_files, folders, f"model '{row['id']}'", files))


def _nan(value: float | None) -> float:
    return math.nan if value is None else value


def _kept(kept: OrderedDict[Any, _Kept], key: Any, made: Callable[[], _Kept]) -> _Kept:
    found = kept.pop(key, None)
    kept[key] = found = made() if found is None else found
    if len(kept) > _KEPT:
        kept.popitem(last=False)
    return found


def _record(conn: sqlite3.Connection, row: dict[str, Any]) -> RunRecord:
    number = row["n"]
    earlier: dict[str, list[tuple[Any, str, float]]] = {}
    for name, *before in params.history_of(conn, number):
        earlier.setdefault(name, []).append((before[0], before[1], before[2]))
    there = reading.elsewhere_of(conn, number)
    return RunRecord(
        **{name: row[name] for name in _PLAIN},
        starred=bool(row["starred"]),
        git=json.loads(row["git"]) if row["git"] else None,
        about=reading.known(row["about"]),
        params=[ParamRecord(*one, earlier.get(one[0], [])) for one in params.params_of(conn, number)],
        tags=params.tags_of(conn, number),
        datasets=[DatasetRecord(**one) for one in artifacts.datasets_of(conn, number)],
        outputs=[OutputRecord(**one) for one in artifacts.outputs_of(conn, number)],
        elsewhere={place: ElsewhereRecord(**one) for place, one in there.items() if place != OWN},
    )


def _session(conn: sqlite3.Connection, session: int, last: int) -> SessionRecord:
    about = reading.session_row(conn, session)
    executed = [ExecutionRecord(**one) for one in reading.executions(conn, session, last)]
    return SessionRecord(about.pop("id"), about, executed)


def _series(database: Database, run: int, run_id: str, metrics: list[reading.MetricRow]) -> Iterator[Points]:
    for metric in metrics:
        left, seq = metric.total, -1
        while left > 0:
            with database.read() as conn:
                chunks = reading.chunks(conn, run, metric.key, seq)
            if not chunks:
                raise BadSource(
                    f"Metric '{metric.name}' of run '{run_id}' ends {left:,} points before it should.",
                    "Was the run deleted for good meanwhile?",
                )
            for chunk in chunks:
                seq = chunk.seq
                points = _points(run_id, metric, chunk)
                if left < chunk.length:  # the last chunk of a run that is being recorded has grown since
                    points = Points(
                        points.key, points.steps[:left], points.times[:left], points.values[:left], points.source
                    )
                left -= len(points.steps)
                if points.steps:
                    yield points
                if left <= 0:
                    break


def _points(run_id: str, metric: reading.MetricRow, chunk: reading.Chunk) -> Points:
    points = Points(metric.name, source=metric.source)
    for column, blob in ((points.steps, chunk.steps), (points.times, chunk.times), (points.values, chunk.values)):
        if len(blob) != 8 * chunk.length:
            raise BadSource(f"Metric '{metric.name}' of run '{run_id}' is damaged.", "`nbtrack doctor` looks for more.")
        column.frombytes(blob)
        if _SWAP:
            column.byteswap()
    return points


def _files(folders: Sequence[Path], whose: str, rows: list[dict[str, Any]]) -> Iterator[File]:
    for row in rows:
        if not objects.is_name(row["hash"]):
            raise BadSource(f"What is said of the file '{row['path']}' of {whose} makes no sense.")
        yield File(
            row["path"],
            partial(opened, folders, row["hash"]),
            row["mime"],
            row["kind"],
            row["created"],
            row["hash"],
            row["size"],
        )


def opened(folders: Sequence[Path], name: str) -> BinaryIO:
    """An artifact's content, open.

    Raises:
        NotFound: it lies in none of the folders.
    """
    for folder in folders:
        place = objects.path_of(folder, name)
        if place.is_file():  # a link to a device would never end
            return place.open("rb")
    raise NotFound(f"The artifact's file {name[:12]}… is missing.", "`nbtrack doctor` lists what is.")
