"""The second half of an import: what waits in the spool goes into the file."""

from __future__ import annotations

import json
import time
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec

from nbtrack.base.errors import StoreError
from nbtrack.runs import objects
from nbtrack.runs.store import cells, experiments, metrics, params, runs
from nbtrack.transfer.ready import EDITABLE, Ready, among, short
from nbtrack.transfer.records import ExperimentRecord, ModelRecord
from nbtrack.transfer.store import writing

if TYPE_CHECKING:
    import sqlite3

    from nbtrack.base.config import Project
    from nbtrack.base.db import Database
    from nbtrack.transfer.spool import Spool

Progress = Callable[[Iterable[Any], str, int], Iterable[Any]]

_BATCH = 4 << 20  # bytes of records in one transaction: another process is held up for a few hundred milliseconds
_RUNS = 200
_ROW = 4000  # what a run costs beside its points, in bytes of points
_HUGE = 2_000_000  # points from which a run takes several transactions
_STEP = 100  # records of points in one of them
_PATIENCE = 60.0  # seconds to wait for another writer


@dataclass(slots=True)
class Entry:
    """A run in the spool: its points lie from ``began`` up to ``at``, where the run itself stands, up to ``end``."""

    id: str
    parent: str | None
    began: int
    at: int
    end: int
    points: int
    hashes: tuple[str, ...]  # of its files


@dataclass
class Plan:
    """What is to be stored. inside: (row, parent's id) of runs that are here already.

    environments and sessions: see `nbtrack.transfer.preparing.Preparing`. hashes: of all files of the entries.
    """

    entries: list[Entry] = field(default_factory=list)
    experiments: list[ExperimentRecord] = field(default_factory=list)
    models: list[int] = field(default_factory=list)
    inside: list[tuple[int, str]] = field(default_factory=list)
    environments: dict[str, int] = field(default_factory=dict)
    sessions: dict[str, tuple[list[int], set[int]]] = field(default_factory=dict)
    hashes: set[str] = field(default_factory=set)


def store(project: Project, database: Database, place: str, spool: Spool, plan: Plan, progress: Progress) -> None:
    """Store everything, parents first.

    Raises:
        StoreError: the file cannot be written; what was stored until then are whole runs.
    """
    storing = _Storing(project, database, place, spool, plan)
    if plan.experiments:
        with database.write(_PATIENCE) as conn:
            for one in plan.experiments:
                writing.put_experiment(conn, one)
    for entry in progress(plan.entries, "storing runs", len(plan.entries)):
        storing.add(entry)
    storing.flush()
    storing.link()


class _Storing:
    def __init__(self, project: Project, database: Database, place: str, spool: Spool, plan: Plan) -> None:
        self._project = project
        self._database = database
        self._place = place
        self._spool = spool
        self._plan = plan
        self._keys = writing.Keys()
        self._experiments: dict[str, int] = {}
        self._sessions: dict[str, int] = {}
        self._environments: set[str] = set()
        self._numbers: dict[str, int] = {}  # the rows of runs that were stored, by the ids that they came under
        self._filled: set[int] = set()  # runs of very many points that have them already
        self._waiting: list[Entry] = []
        self._weight = 0

    def add(self, entry: Entry) -> None:
        """Store a run, with others soon."""
        self._waiting.append(entry)
        self._weight += entry.end - entry.began + _ROW
        if entry.points > _HUGE:
            self._waiting.pop()
            self.flush()
            self._in_parts(entry)
        elif self._weight > _BATCH or len(self._waiting) >= _RUNS:
            self.flush()

    def flush(self) -> None:
        """Store those that wait, in one transaction."""
        waiting, self._waiting, self._weight = self._waiting, [], 0
        if not waiting:
            return
        self._fetch(name for entry in waiting for name in entry.hashes)
        with self._database.write(_PATIENCE) as conn:
            runs.touch(conn, [self._put(conn, entry) for entry in waiting])

    def link(self) -> None:
        """Give runs that were here their parents, and store what refers to runs."""
        if self._plan.inside:
            with self._database.write(_PATIENCE) as conn:
                for run, parent in self._plan.inside:
                    writing.set_parent(conn, run, parent)
        for at in self._plan.models:
            model, files = self._spool.read(at)
            self._fetch([row[1] for row in files])
            with self._database.write(_PATIENCE) as conn:
                writing.put_model(conn, msgspec.convert(model, ModelRecord), files)

    def _fetch(self, names: Iterable[str]) -> None:
        """Make objects of files."""
        files = {}
        for name in set(names):
            kept = self._spool.kept(name)
            if kept is not None:
                files[name] = kept
            elif not objects.path_of(self._project.objects, name).exists():
                raise StoreError(f"The file {name[:12]}… went away while it was imported.", "Import once more.")
        objects.adopt(self._project.objects, files)

    # -- one run

    def _put(self, conn: sqlite3.Connection, entry: Entry) -> int:
        """Store a run whole, or change it; its row."""
        ready = msgspec.convert(self._spool.read(entry.at), Ready)
        known = writing.known(conn, self._place, ready.foreign, ready.id)
        landed = known.state.get("landed") if known is not None and known.state is not None else None
        if known is not None and (landed is None or landed.get("digest") == ready.digest):
            self._numbers[entry.id] = known.run  # another import was faster
            return known.run
        columns = self._columns(conn, ready)
        if known is None:
            run = writing.put_run(conn, None, ready.id, columns)
            self._points(conn, entry, run)
        else:
            run = known.run
            kept = self._kept(conn, run, ready, landed or {})
            writing.put_run(conn, run, ready.id, {name: value for name, value in columns.items() if name not in kept})
            if run not in self._filled:
                self._tidy(conn, run, ready, landed or {})
                self._grown(conn, entry, run)
        self._rows(conn, run, known.id if known is not None else ready.id, ready, (landed or {}).get("tags", {}))
        told: dict[str, Any] = next(
            (json.loads(state) for place, _, state in ready.elsewhere if place == self._place), {}
        )
        writing.remember(conn, self._place, ready.foreign, run, ready.brought(), told)
        self._numbers[entry.id] = run
        return run

    def _columns(self, conn: sqlite3.Connection, ready: Ready) -> dict[str, Any]:
        parent = self._numbers.get(ready.parent) if ready.parent else None
        if parent is None and ready.parent:
            known = writing.known(conn, self._place, ready.parent, ready.parent)
            parent = known.run if known is not None else None
        return {
            **ready.columns,
            "experiment": self._experiment(conn, ready.experiment),
            "source": cells.save_source(conn, ready.code) if ready.code is not None else None,
            "environment": self._environment(conn, ready.environment),
            "session": self._session(conn, ready.session),
            "parent": parent,
        }

    def _experiment(self, conn: sqlite3.Connection, name: str) -> int:
        found = self._experiments.get(name)
        if found is None:
            found = self._experiments[name] = experiments.experiment_number(conn, name)
        return found

    def _environment(self, conn: sqlite3.Connection, name: str | None) -> str | None:
        if name is not None and name not in self._environments:
            writing.put_environment(conn, name, self._spool.read(self._plan.environments[name]))
            self._environments.add(name)
        return name

    def _session(self, conn: sqlite3.Connection, session: str | None) -> int | None:
        if session is None:
            return None
        found = self._sessions.get(session)
        if found is None:
            about, *others = self._plan.sessions[session][0]
            found = self._sessions[session] = writing.put_session(conn, session, self._spool.read(about))
            for at in others:
                writing.put_executions(conn, found, self._spool.read(at))
        return found

    def _rows(self, conn: sqlite3.Connection, run: int, run_id: str, ready: Ready, base: Mapping[str, str]) -> None:
        writing.put_params(conn, run, self._keys, ready.params, ready.history)
        mine, theirs = (params.tags_of(conn, run) if base else {}), dict(ready.tags)
        untouched = {name for name in {*base, *theirs} if base.get(name) == _short(mine, name)}
        writing.put_tags(conn, run, self._keys, [one for one in ready.tags if one[0] in untouched])
        writing.remove_tags(conn, run, self._keys, untouched - theirs.keys())
        writing.put_datasets(conn, run, ready.datasets)
        writing.put_outputs(conn, run, ready.outputs)
        writing.put_files(conn, run, run_id, ready.files)
        writing.remember_others(conn, run, [row for row in ready.elsewhere if row[0] != self._place])

    # -- a run that has changed

    @staticmethod
    def _kept(conn: sqlite3.Connection, run: int, ready: Ready, landed: Mapping[str, Any]) -> set[str]:
        """What the user has edited since it came."""
        before, now = landed.get("fields", {}), writing.current(conn, run)
        return {name for name in EDITABLE if name in before and before[name] != short(now[name])}

    def _tidy(self, conn: sqlite3.Connection, run: int, ready: Ready, landed: Mapping[str, Any]) -> None:
        """Take away what the run had brought and the source has no more."""
        new = {
            "params": {row[0] for row in ready.params},
            "metrics": set(ready.metrics),
            "datasets": {row[0] for row in ready.datasets},
            "artifacts": {row[0] for row in ready.files},
        }
        for table, names in writing.names_of(conn, run).items():
            brought = landed.get("names", {}).get(table, "")
            for name in names:
                if name not in new[table] and among(brought, name):
                    writing.remove(conn, run, self._keys, table, name)

    def _grown(self, conn: sqlite3.Connection, entry: Entry, run: int) -> None:
        """Bring series up to date: where what is here is how the new one begins, only the rest is written."""
        growing: dict[str, _Growing] = {}
        for key, source, *columns in self._spool.records(entry.began, entry.at):
            found = growing.get(key)
            if found is None:
                found = growing[key] = _Growing(conn, run, self._keys.number(conn, "metric", key), source)
            found.add(conn, _arrays(columns))
        for found in growing.values():
            found.finish(conn)

    # -- points

    def _points(self, conn: sqlite3.Connection, entry: Entry, run: int) -> None:
        for record in self._spool.records(entry.began, entry.at):
            self._extend(conn, run, record)

    def _extend(self, conn: sqlite3.Connection, run: int, record: Sequence[Any]) -> None:
        key, source, *columns = record
        metrics.extend(conn, run, self._keys.number(conn, "metric", key), source, *_arrays(columns))

    def _in_parts(self, entry: Entry) -> None:
        """Store a run of very many points: it lies in the trash, as one that is coming, until it is whole."""
        ready = msgspec.convert(self._spool.read(entry.at), Ready)
        with self._database.write(_PATIENCE) as conn:
            known = writing.known(conn, self._place, ready.foreign, ready.id)
            half = known is not None and bool((known.state or {}).get("landed", {}).get("half"))
            if known is None:
                columns = {**self._columns(conn, ready), "trashed": time.time()}
                run = writing.put_run(conn, None, ready.id, columns)
                writing.remember(conn, self._place, ready.foreign, run, {"half": True}, {})
            else:
                run = known.run
        if known is None or half:
            more = half
            while more:
                with self._database.write(_PATIENCE) as conn:
                    more = writing.empty_metrics(conn, run)
            self._all_points(entry, run)
            self._filled.add(run)
        self._waiting.append(entry)
        self.flush()

    def _all_points(self, entry: Entry, run: int) -> None:
        records = self._spool.records(entry.began, entry.at)
        while True:
            part = list(islice(records, _STEP))
            if not part:
                return
            with self._database.write(_PATIENCE) as conn:
                if not writing.is_there(conn, run):
                    raise StoreError(f"Run '{entry.id}' was deleted for good while it came in.", "Import once more.")
                for record in part:
                    self._extend(conn, run, record)


class _Growing:
    """A series that is here and one that comes in, held against one another from the beginning."""

    def __init__(self, conn: sqlite3.Connection, run: int, key: int, source: str) -> None:
        self._run, self._key, self._source = run, key, source
        self._here = writing.series_of(conn, run, key)
        self._same = 0  # points from the beginning that were compared and are the same
        self._apart = False

    def add(self, conn: sqlite3.Connection, points: Sequence[array[Any]]) -> None:
        """Compare the next points, or write them where there is nothing to compare them with."""
        both = 0 if self._apart else min(len(points[0]), len(self._here.steps) - self._same)
        if both:
            cut = slice(self._same, self._same + both)
            here: tuple[array[Any], ...] = self._here
            if all(a[cut].tobytes() == b[:both].tobytes() for a, b in zip(here, points, strict=True)):
                self._same += both
            else:
                self._part(conn)
                both = 0
        if len(points[0]) > both:
            steps, times, values = (column[both:] for column in points)
            metrics.extend(conn, self._run, self._key, self._source, steps, times, values)

    def finish(self, conn: sqlite3.Connection) -> None:
        """Nothing more comes."""
        if not self._apart and self._same < len(self._here.steps):
            self._part(conn)
        writing.set_metric_source(conn, self._run, self._key, self._source)

    def _part(self, conn: sqlite3.Connection) -> None:
        """They differ from here on: what is the same is written anew."""
        self._apart = True
        writing.empty_series(conn, self._run, self._key)
        if self._same:
            steps, times, values = self._here
            cut = slice(self._same)
            metrics.extend(conn, self._run, self._key, self._source, steps[cut], times[cut], values[cut])


def _arrays(columns: Sequence[bytes]) -> tuple[array[int], array[float], array[float]]:
    found: tuple[array[int], array[float], array[float]] = array("q"), array("d"), array("d")
    made: tuple[array[Any], ...] = found
    for column, blob in zip(made, columns, strict=True):
        column.frombytes(blob)
    return found


def _short(tags: Mapping[str, str], name: str) -> str | None:
    return short(tags[name]) if name in tags else None
