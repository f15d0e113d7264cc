"""Use cases of the runs table beside its rows."""

from __future__ import annotations

from nbtrack.base.errors import InvalidOption
from nbtrack.runs.selection import select
from nbtrack.runs.service import RunsService
from nbtrack.runs.store import meta
from nbtrack.tables import contract as c
from nbtrack.tables import groups, views
from nbtrack.tables.columns import Names
from nbtrack.tables.facts import column_facts

_MAX_LIMIT = 10_000  # groups
_MAX_OFFSET = 1 << 53


class TablesService:
    """Facts, groups and the remembered view of one project, on top of its reads."""

    def __init__(self, reads: RunsService) -> None:
        self._reads = reads

    def facts(self, request: c.FactsRequest) -> c.Facts:
        """What is in the columns of the runs that match, remembered until the file changes.

        A column that no run has ever had is told as one that 0 runs have.

        Raises:
            FilterError: a mistake in a filter. InvalidOption: a column that is neither param, tag nor metric.
        """
        if self._reads.nothing_yet():
            return c.Facts([], 0, 0, 0)
        with self._reads.database.read() as conn:
            chosen = select(conn, request)
            columns = Names(conn).columns(request.columns)
            revision = meta.revision(conn)

            def made() -> c.Facts:
                return c.Facts(*column_facts(conn, self._reads.narrowed(conn, chosen), columns), revision)

            question = ("facts", chosen.question, tuple(columns))
            return self._reads.answers.get(revision, question, made) if chosen.timeless else made()

    def groups(self, request: c.GroupsRequest) -> c.Groups:
        """The runs that match in groups that share a value; see `nbtrack.tables.where` for what is the same value.

        Raises:
            FilterError: a mistake in a filter. InvalidOption: nothing to group or sort by, a metric that no run has,
            a bad offset or limit.
        """
        if not 0 <= request.offset <= _MAX_OFFSET or not 0 <= request.limit <= _MAX_LIMIT:
            raise InvalidOption(
                f"offset {request.offset}, limit {request.limit}.", f"Ask for 0 to {_MAX_LIMIT:,} groups from 0 on."
            )
        if self._reads.nothing_yet():
            return c.Groups([], 0, 0)
        with self._reads.database.read() as conn:
            chosen, names = select(conn, request), Names(conn)
            by, metrics = groups.parse_by(request.by, names), groups.parse_metrics(request.metrics, names)
            sort = groups.parse_sort(request.sort, metrics)
            revision = meta.revision(conn)

            def made() -> groups.Grouped:
                return groups.grouped(conn, self._reads.narrowed(conn, chosen), by, metrics)

            question = ("groups", chosen.question, by, tuple(metrics.items()))
            found = self._reads.answers.get(revision, question, made) if chosen.timeless else made()
            part = groups.window(conn, found, by, sort, request.offset, request.limit)
            return c.Groups(part, len(found.shared), revision)

    def view(self) -> c.View:
        """How the panel was last arranged; nothing where that was never saved, or cannot be read any more."""
        return c.View(views.load(self._reads.project.folder))

    def save(self, request: c.View) -> c.View:
        """Remember how the panel is arranged, and what is remembered now.

        A project without a folder of its own has no runs whose table could be arranged: nothing is made for it, and
        nothing remembered.

        Raises:
            InvalidOption: the view is too large. StoreReadOnly: the project's folder cannot be written.
        """
        folder = self._reads.project.folder
        if folder.is_dir():
            views.save(folder, request.state)
        return self.view()
