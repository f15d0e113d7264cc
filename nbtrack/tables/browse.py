"""Short lists of runs: what the sidebar shows, and what a cell gave before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbtrack.base.errors import InvalidOption
from nbtrack.runs.service import check_window
from nbtrack.runs.store import meta
from nbtrack.tables import contract as c
from nbtrack.tables.brief import brief_rows
from nbtrack.tables.store import brief

if TYPE_CHECKING:
    from nbtrack.runs.service import RunsService

_MAX_RUNNING = 20
_MAX_CELLS, _MAX_OF_CELL = 1000, 100


class BrowseService:
    """Short lists of one project, on top of its reads."""

    def __init__(self, reads: RunsService) -> None:
        self._reads = reads

    def browse(self, request: c.BrowseRequest) -> c.BrowsePage:
        """A window of runs, the latest first, and those that go on now; `nbtrack.tables.main_metric` says what of them.

        Raises:
            FilterError: a mistake in the filter or a sort key. InvalidOption: a bad offset or limit.
        """
        check_window(request.offset, request.limit)
        if self._reads.nothing_yet():
            return c.BrowsePage([], [], 0, 0, 0)
        with self._reads.database.read() as conn:
            window = self._reads.window(conn, request, request.sort, request.offset, request.limit)
            running = brief.running(conn, _MAX_RUNNING)
            rows = brief_rows(self._reads, conn, list(dict.fromkeys([*window.numbers, *running])), request.metric)
            return c.BrowsePage(
                rows=[rows[number] for number in window.numbers],
                running=[rows[number] for number in running],
                matched=window.matched,
                total=window.total,
                revision=meta.revision(conn),
            )

    def history(self, request: c.HistoryRequest) -> c.Histories:
        """The latest runs of the cells of a notebook, the newest first, for those cells that have any.

        A cell is found by its id, wherever in the notebook it stands now. Its runs are those recorded under the
        notebook's path, and those of the same cell id under a path where no file is any more: the notebook was renamed
        or moved without anyone telling us (``mv``, git). A copied notebook repeats the ids of its cells: as long as the
        file it was copied from is there, that file's runs are not this notebook's.

        Raises:
            InvalidOption: more than 1,000 cells, or a limit that is not from 1 to 100.
        """
        if len(request.cells) > _MAX_CELLS or not 1 <= request.limit <= _MAX_OF_CELL:
            raise InvalidOption(
                f"{len(request.cells):,} cells, limit {request.limit}.",
                f"Ask for at most {_MAX_CELLS:,} cells, and 1 to {_MAX_OF_CELL} runs of each.",
            )
        if self._reads.nothing_yet():
            return c.Histories([], 0)
        with self._reads.database.read() as conn:
            here = [request.notebook, *(path for path in brief.notebooks(conn) if self._gone(path))]
            cells = list(dict.fromkeys(request.cells))
            found = brief.latest_of_cells(conn, here, cells, request.limit)
            numbers = [number for runs, _ in found.values() for number in runs]
            rows = brief_rows(self._reads, conn, numbers, request.metric)
            histories = [
                c.CellHistory(cell, [rows[number] for number in found[cell][0]], found[cell][1])
                for cell in cells
                if cell in found
            ]
            return c.Histories(histories, meta.revision(conn))

    def _gone(self, notebook: str) -> bool:
        """Whether there is no file any more where a run's notebook was."""
        try:
            return not (self._reads.project.root / notebook).is_file()
        except (OSError, ValueError):
            return True
