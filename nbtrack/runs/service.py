"""Use cases that read: tables of runs, one run, curves, differences. No SQL and no HTTP here.

Each answer is of one moment of the file. Before reading, what this process wrote is brought in, and what processes
that died left behind is settled (at most once a second).
"""

from __future__ import annotations

import time
from array import array
from typing import TYPE_CHECKING, Any, NamedTuple

from nbtrack.base.errors import InvalidOption, StoreError, StoreLocked, StoreReadOnly
from nbtrack.base.names import better
from nbtrack.runs import contract as c
from nbtrack.runs import objects, series
from nbtrack.runs.compare import against, changes, diff_lines
from nbtrack.runs.memory import Kept, Memory, Patience
from nbtrack.runs.projects import database_of, known_recorder
from nbtrack.runs.recovery import recover
from nbtrack.runs.selection import Selected, select
from nbtrack.runs.store import (
    artifacts,
    cells,
    experiments,
    keys,
    meta,
    metrics,
    pages,
    params,
    runs,
    sizes,
)
from nbtrack.runs.store.complete import completions
from nbtrack.runs.store.filter_keys import KeyLookup

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from nbtrack.base.config import Project

_SETTLE_EVERY = 1.0  # seconds
_PATIENCE = 2.0  # seconds that a reader waits for who keeps the file locked; then it reads what is in it
_MAX_LIMIT = 10_000
_MAX_OFFSET = 1 << 53
_COUNTS = 64  # selections whose count is remembered
_ANSWERS = 8
_CURVES = 10_000  # of at most 40 values
_MAX_CONTENT = 16 << 20  # bytes of an artifact in one answer


class Window(NamedTuple):
    """Rows of the ``runs`` table in their order, how many runs match, and how many there are without a filter."""

    numbers: list[int]
    matched: int
    total: int


def check_window(offset: int, limit: int) -> None:
    """Raise InvalidOption for a window that no table has."""
    if not 0 <= offset <= _MAX_OFFSET or not 0 <= limit <= _MAX_LIMIT:
        raise InvalidOption(f"offset {offset}, limit {limit}.", f"Ask for 0 to {_MAX_LIMIT:,} rows from 0 on.")


class RunsService:
    """Reads of one project."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.database = database_of(project)
        self._settled = 0.0
        self._counts = Memory(_COUNTS)
        self._keys = Patience()
        self.answers = Memory(_ANSWERS)  # larger ones, of the services on top of this
        self.curves = Kept(_CURVES)  # thinned, for lists

    def refresh(self, force: bool = False) -> None:
        """Bring in what is still in journals; a file that cannot be written is read as it is."""
        recorder = known_recorder(self.project)
        try:
            if recorder is not None:
                try:
                    recorder.flush(_PATIENCE)
                except (StoreLocked, OSError) as error:  # what is in the file can be read all the same
                    recorder.tell("database", f"{error} What was logged last is kept in the journal meanwhile.")
                    if isinstance(error, StoreLocked):
                        return
            now = time.monotonic()
            if (force or now - self._settled > _SETTLE_EVERY) and self.project.folder.is_dir():
                self._settled = now
                own = recorder.session if recorder else None
                for trouble in recover(self.database, self.project, own, _PATIENCE):
                    if recorder is not None:
                        recorder.tell(trouble, f"{trouble}.")
        except (StoreReadOnly, StoreLocked):
            return

    def connection(self) -> sqlite3.Connection:
        """The connection to read from, everything settled.

        Raises:
            StoreError: there is no project here yet, or its file cannot be read.
        """
        self.refresh()
        if not self.database.exists():
            raise StoreError(
                f"No runs are kept in '{self.project.root}' yet.",
                "Put `%%track` on a cell, or use start_run().",
            )
        return self.database.connection()

    # -- tables

    def page(self, request: c.PageRequest) -> c.RunPage:
        """A window of the runs table.

        Raises:
            FilterError: a mistake in the filter or a sort key. InvalidOption: a bad offset or limit.
        """
        check_window(request.offset, request.limit)
        if self.nothing_yet():
            return c.RunPage([], 0, 0, request.offset, 0)
        with self.database.read() as conn:
            found = self.window(conn, request, request.sort, request.offset, request.limit)
            rows = self._rows(conn, found.numbers, request.columns)
            return c.RunPage(rows, found.matched, found.total, request.offset, meta.revision(conn))

    def window(
        self, conn: sqlite3.Connection, which: c.Selection, sort: Sequence[str], offset: int, limit: int
    ) -> Window:
        """The runs in a window of those that match."""
        chosen = select(conn, which)
        order = [pages.parse_sort(key, chosen.lookup) for key in sort]
        matched, where = self.find(conn, chosen)
        numbers = pages.page_runs(conn, where, order, offset, limit, chosen.scope, matched=matched)
        return Window(numbers, matched, self.find(conn, chosen.whole()).matched if chosen.texts else matched)

    def find(self, conn: sqlite3.Connection, chosen: Selected) -> pages.Found:
        """How many runs match and what finds them again, remembered until the file changes."""

        def made() -> pages.Found:
            return pages.find(conn, chosen.where, chosen.scope)

        return self._counts.get(meta.revision(conn), chosen.question, made) if chosen.timeless else made()

    def narrowed(self, conn: sqlite3.Connection, chosen: Selected) -> Selected:
        """The same selection, not searched for once more if it is known to be of few runs."""
        return chosen._replace(where=self.find(conn, chosen).where) if chosen.where.searched else chosen

    def numbers(self, request: c.PageRequest) -> list[int]:
        """All rows that match, in order, for a caller that streams them."""
        if self.nothing_yet():
            return []
        with self.database.read() as conn:
            chosen = select(conn, request)
            order = [pages.parse_sort(key, chosen.lookup) for key in request.sort]
            # All of them: none of an index's short cuts pays, which is what "few match" says.
            return pages.page_runs(conn, chosen.where, order, request.offset, 1 << 60, chosen.scope, matched=0)

    def rows(self, numbers: Sequence[int], columns: list[str] | None = None) -> list[c.RunRow]:
        """Runs by what `numbers` answered; those that were deleted meanwhile are left out."""
        if not numbers or self.nothing_yet():
            return []
        with self.database.read() as conn:
            return self._rows(conn, numbers, columns)

    def keys(self) -> c.Keys:
        """The names of params, metrics and tags; how many runs have them, a large project counts now and then only."""
        if self.nothing_yet():
            return c.Keys([])
        with self.database.read() as conn:
            return self._keys.get(keys.known(conn), lambda: c.Keys([_key(*one) for one in keys.usage(conn)]))

    def complete(self, request: c.CompleteRequest) -> c.Completions:
        """What could stand at a position of a filter."""
        if self.nothing_yet():
            return c.Completions([])
        with self.database.read() as conn:
            return c.Completions(completions(request.text, request.position, KeyLookup(conn)))

    def experiments(self) -> c.Experiments:
        """All experiments, the latest used first."""
        if self.nothing_yet():
            return c.Experiments([])
        with self.database.read() as conn:
            return c.Experiments([c.Experiment(*row) for row in experiments.list_experiments(conn)])

    # -- one run

    def row(self, given: str) -> c.RunRow:
        """A run's row by id, beginning of an id, name or @1.

        Raises:
            NotFound, Ambiguous: see `nbtrack.runs.store.runs.resolve`.
        """
        self.connection()
        with self.database.read() as conn:
            return self._rows(conn, [runs.resolve(conn, given)], None)[0]

    def get(self, request: c.RunRequest) -> c.RunDetail:
        """Everything of one run but its series and outputs."""
        self.connection()
        with self.database.read() as conn:
            number = runs.resolve(conn, request.run)
            plain = runs.rows(conn, [number])[0]
            return c.RunDetail(
                row=self._rows(conn, [number], None)[0],
                params=_params(conn, number),
                artifacts=[_artifact(row) for row in artifacts.artifacts_of(conn, number)],
                datasets=[c.Dataset(**row) for row in artifacts.datasets_of(conn, number)],
                children=runs.children(conn, number),
                code=cells.source(conn, plain["source"]),
                environment=cells.environment(conn, plain["environment"]),
                git=runs.unpacked(plain["git"]),
                session=runs.session_of(conn, number),
                about=runs.about(conn, number),
            )

    def outputs(self, request: c.RunRequest) -> c.Outputs:
        """What a run's cell printed and displayed."""
        self.connection()
        with self.database.read() as conn:
            rows = artifacts.outputs_of(conn, runs.resolve(conn, request.run))
        return c.Outputs([c.Output(**row) for row in rows])

    def code(self, request: c.RunRequest) -> c.Code:
        """The text of a run's cell."""
        self.connection()
        with self.database.read() as conn:
            row = runs.rows(conn, [runs.resolve(conn, request.run)])[0]
            return c.Code(row["id"], cells.source(conn, row["source"]))

    def executions(self, request: c.RunRequest) -> c.Executions:
        """What the kernel executed before a run."""
        self.connection()
        with self.database.read() as conn:
            row = runs.rows(conn, [runs.resolve(conn, request.run)])[0]
            if row["session"] is None or row["number"] is None:
                return c.Executions([])
            found = cells.executions_before(conn, row["session"], row["number"])
        return c.Executions([c.Execution(**item) for item in found])

    def artifact(self, given: str, path: str) -> tuple[c.Artifact, bytes]:
        """An artifact and its bytes, checked against their hash.

        Raises:
            NotFound: the run has no such artifact, or its file is gone. StoreForeign: the file was damaged.
        """
        self.connection()
        with self.database.read() as conn:
            row = artifacts.artifact_of(conn, runs.resolve(conn, given), path)
        return _artifact(row), objects.read(self.project.objects, row["hash"])

    def content(self, request: c.ArtifactRequest) -> c.Content:
        """An artifact's bytes as far as a preview needs them; see `artifact` for what is raised."""
        if not 0 < request.limit <= _MAX_CONTENT:
            raise InvalidOption(f"limit {request.limit}.", f"Ask for 1 to {_MAX_CONTENT:,} bytes.")
        artifact, data = self.artifact(request.run, request.path)
        return c.Content(artifact, data[: request.limit], len(data) > request.limit)

    # -- several runs

    def against(self, request: c.AgainstRequest) -> c.CodeDiff:
        """What changed from the code of a run to a text; see `nbtrack.runs.compare.against`."""
        return against(self.code(c.RunRequest(request.run)).text or "", request.text)

    def series(self, request: c.SeriesRequest) -> c.SeriesAnswer:
        """Metric curves, each thinned to ``width`` pixel columns with no extreme lost; runs that are gone by name.

        Raises:
            InvalidOption: a bad width, or an axis that is not said. Ambiguous: the beginning of several runs' ids.
        """
        series.check(request)
        self.connection()
        with self.database.read() as conn:
            found, missing = series.curves(conn, request)
            return c.SeriesAnswer(found, meta.revision(conn), missing)

    def history(self, given: str, key: str) -> metrics.Series:
        """All points of a metric of a run, exact, in the order they were logged; empty if it has none."""
        self.connection()
        with self.database.read() as conn:
            number = runs.resolve(conn, given)
            known = {name: key_number for key_number, name in keys.key_names(conn, "metric").items()}
            if key not in known:
                return metrics.Series(array("q"), array("d"), array("d"))
            return metrics.series(conn, number, known[key])

    def diff(self, request: c.DiffRequest) -> c.Diff:
        """What changed from one run to another: code lines, params, metrics, tags, environment, git."""
        left = self.get(c.RunRequest(request.left))
        right = self.get(c.RunRequest(request.right))
        return c.Diff(left.row, right.row, diff_lines(left.code or "", right.code or ""), changes(left, right))

    # -- the project

    def revision(self) -> c.Revision:
        """The revision of the file; 0 where there is none yet."""
        return c.Revision(0 if self.nothing_yet() else self.database.revision())

    def status(self) -> c.ProjectStatus:
        """Where the runs are and how much there is."""
        exists = not self.nothing_yet()
        counts = {"runs": 0, "running": 0, "trashed": 0, "experiments": 0, "points": 0}
        revision = 0
        if exists:
            with self.database.read() as conn:
                counts, revision = sizes.counts(conn), meta.revision(conn)
        return c.ProjectStatus(
            root=str(self.project.root),
            found_by=self.project.found_by,
            database=str(self.project.database),
            exists=exists,
            read_only=self.database.read_only,
            schema=self.database.version,
            database_bytes=sizes.file_bytes(self.project.folder.glob("nbtrack.db*")),
            artifact_bytes=sizes.file_bytes(self.project.objects.rglob("*")),
            journal_bytes=sizes.file_bytes(self.project.journal.glob("*")),
            revision=revision,
            **counts,
        )

    # -- parts

    def nothing_yet(self) -> bool:
        """Whether the project has no file; what this process wrote has been brought in."""
        self.refresh()
        return not self.database.exists()

    def _rows(self, conn: sqlite3.Connection, numbers: Sequence[int], columns: list[str] | None) -> list[c.RunRow]:
        found = runs.rows(conn, numbers)
        values = pages.values_of(conn, [row["n"] for row in found], columns)
        return [_row(row, *values.of(row["n"])) for row in found]


def _row(row: dict[str, Any], its_params: Any, its_metrics: Any, its_tags: Any) -> c.RunRow:
    end = row["ended"] if row["ended"] is not None else time.time()
    return c.RunRow(
        **{name: row[name] for name in _PLAIN},
        starred=bool(row["starred"]),
        duration=max(0.0, end - row["started"]),
        params=its_params,
        metrics={name: c.Summary(*summary) for name, summary in its_metrics.items()},
        tags=its_tags,
    )


def _key(kind: Any, name: str, count: int, types: list[str]) -> c.Key:
    return c.Key(kind, name, count, types, better(name) if kind == "metric" else None)


_PLAIN = (
    *(
        "id",
        "name",
        "status",
        "experiment",
        "started",
        "ended",
        "kind",
        "notebook",
        "cell",
        "execution",
        "parent",
    ),
    *("note", "trashed", "end_reason", "revision"),
)


def _params(conn: sqlite3.Connection, number: int) -> list[c.Param]:
    earlier: dict[str, list[Any]] = {}
    for name, value, _, _ in params.history_of(conn, number):
        earlier.setdefault(name, []).append(value)
    return [c.Param(*row, earlier.get(row[0], [])) for row in params.params_of(conn, number)]


def _artifact(row: dict[str, Any]) -> c.Artifact:
    return c.Artifact(**{name: row[name] for name in ("path", "hash", "size", "mime", "kind", "created")})
