"""Use cases of the runs table beside its rows."""

from __future__ import annotations

from nbtrack.runs.service import RunsService
from nbtrack.tables import contract as c


class TablesService:
    """Facts, groups and the remembered view of one project, on top of its reads."""

    def __init__(self, reads: RunsService) -> None:
        self._reads = reads

    def facts(self, request: c.FactsRequest) -> c.Facts:
        """Stub."""
        return c.Facts([], 0, 0, 0)

    def groups(self, request: c.GroupsRequest) -> c.Groups:
        """Stub."""
        return c.Groups([], 0, 0)

    def view(self) -> c.View:
        """Stub."""
        return c.View(None)

    def save(self, request: c.View) -> c.View:
        """Stub."""
        return request
