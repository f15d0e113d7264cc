"""Short lists of runs: what the sidebar shows, and what a cell gave before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbtrack.runs import contract as rc
from nbtrack.tables import contract as c

if TYPE_CHECKING:
    from nbtrack.runs.service import RunsService


class BrowseService:
    """Short lists of one project, on top of its reads."""

    def __init__(self, reads: RunsService) -> None:
        self._reads = reads

    def browse(self, request: c.BrowseRequest) -> c.BrowsePage:
        """A window of runs, the latest first, and those that go on now."""
        page = self._reads.page(
            rc.PageRequest(
                filter=request.filter,
                also=request.also,
                experiment=request.experiment,
                notebook=request.notebook,
                trashed=request.trashed,
                sort=request.sort,
                offset=request.offset,
                limit=request.limit,
            )
        )
        rows = [_brief(row) for row in page.rows]
        return c.BrowsePage(rows, [], page.matched, page.total, page.revision)

    def history(self, request: c.HistoryRequest) -> c.Histories:
        """The latest runs of the cells of a notebook."""
        return c.Histories([], 0)


def _brief(row: rc.RunRow) -> c.BriefRow:
    return c.BriefRow(**{name: getattr(row, name) for name in c.BriefRow.__struct_fields__ if hasattr(row, name)})
