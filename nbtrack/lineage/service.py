"""Use cases of lineage."""

from __future__ import annotations

from nbtrack.base.errors import InvalidOption
from nbtrack.lineage import contract as c
from nbtrack.lineage.graph import graph
from nbtrack.lineage.reasons import Side, reasons
from nbtrack.lineage.rewrite import rewrite
from nbtrack.lineage.store.before import before, nothing_before
from nbtrack.lineage.store.executed import executed
from nbtrack.runs.compare import changes
from nbtrack.runs.contract import RunRequest
from nbtrack.runs.service import RunsService


class LineageService:
    """Explanations of one project, on top of its reads."""

    def __init__(self, reads: RunsService) -> None:
        self._reads = reads

    def rewrite(self, request: c.RewriteRequest) -> c.Rewritten:
        """The text of a cell with the params of a run in it, by the rules of `nbtrack.lineage.rewrite`.

        Raises:
            NotFound, Ambiguous: the run. InvalidOption: the text is no Python; the message names the line.
        """
        run = self._reads.get(RunRequest(request.run))
        return rewrite(request.text, run.params, run.code)

    def graph(self, request: RunRequest) -> c.Lineage:
        """The cells and data that a run comes from, and what the notebook does not show of them.

        Raises:
            NotFound, Ambiguous: the run.
        """
        detail = self._reads.get(request)
        with self._reads.database.read() as conn:
            found = executed(conn, detail.row.id)
        return graph(detail, found, self._reads.project.root)

    def explain(self, request: c.ExplainRequest) -> c.Explanation:
        """What changed from another run to this one, the likeliest causes first; `reasons` says by which rule.

        Without ``against`` it is compared with the run before it: see `nbtrack.lineage.store.before`.

        Raises:
            NotFound, Ambiguous: one of the runs. InvalidOption: both are the same.
        """
        right = self._side(request.run)
        row = right.detail.row
        if request.against is None:
            with self._reads.database.read() as conn:
                found = before(conn, row.id)
            if found is None:
                return c.Explanation(row, None, nothing_before(row.cell is not None), [], [])
            left, chosen = self._side(found.run), found.chosen
        else:
            left, chosen = self._side(request.against), "the run you chose"
            if left.detail.row.id == row.id:
                raise InvalidOption(f"'{row.name}' is compared with itself.", "Choose another run.")
        differing = changes(left.detail, right.detail)
        outcome = [change for change in differing if change.what == "metric"]
        return c.Explanation(row, left.detail.row, chosen, reasons(left, right, differing), outcome)

    def _side(self, given: str) -> Side:
        detail = self._reads.get(RunRequest(given))
        with self._reads.database.read() as conn:
            found = executed(conn, detail.row.id)
        before = [one for one in found.executions if one.number < found.own]
        return Side(detail, before, next((one for one in found.executions if one.number == found.own), None))
