"""Use cases of lineage."""

from __future__ import annotations

from nbtrack.lineage import contract as c
from nbtrack.runs.contract import RunRequest
from nbtrack.runs.service import RunsService


class LineageService:
    """Explanations of one project, on top of its reads."""

    def __init__(self, reads: RunsService) -> None:
        self._reads = reads

    def explain(self, request: c.ExplainRequest) -> c.Explanation:
        """Stub."""
        return c.Explanation(self._reads.get(RunRequest(request.run)).row, None, "", [], [])
