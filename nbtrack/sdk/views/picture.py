"""A picture of a panel, for those who open the notebook where neither a kernel nor our extension is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nbtrack.base import words
from nbtrack.base.errors import NbtrackError
from nbtrack.base.markup import html
from nbtrack.charts.palette import signs
from nbtrack.charts.svg import RunCurve, small_chart
from nbtrack.runs import contract as c
from nbtrack.runs.columns import direction, metric_names
from nbtrack.sdk.views.brief import briefly
from nbtrack.sdk.views.page import page as styled
from nbtrack.sdk.views.table import RunsTable
from nbtrack.sdk.views.view import View

if TYPE_CHECKING:
    from nbtrack.runs.service import RunsService

Chart = tuple[str, list[RunCurve]]  # a metric, and its curve for each run that has one

LARGEST = 50_000  # bytes that the HTML takes in the notebook's file, its style included
_ROWS = (12, 8, 4, 2, 1)
_CHARTS = 4
_COLUMNS = 150  # that curves are read in
# (columns that curves are thinned to, px that lines may be off), coarser and coarser until all fits
_GRAINS = (
    *((150, 0.3), (130, 0.5), (110, 0.7), (90, 0.8), (64, 1.0)),
    *((45, 1.0), (32, 1.2), (24, 1.2), (18, 1.4), (13, 1.6)),
)
_MOST_POINTS = 1_000_000  # read from the file for one picture: about 0.2 s


class _SlimTable(RunsTable):
    """A table without what is only said on hover of a number: half of its bytes. more: what was left out before."""

    more: Sequence[str] = ()

    def _metric(self, at: int, name: str, written: Mapping[str, str]) -> str:
        if name not in written:
            return html.span(words.MISSING, "dim")
        if at in self.best[name]:
            return html.span(f"{words.BEST} {written[name]}", "best")
        return html.esc(written[name])

    def _rest(self) -> list[str]:
        return [*super()._rest(), *([f"and {', '.join(self.more)}"] if self.more else [])]


class PanelPicture(View):
    """The first runs of a panel as a table, and the curves of their main metrics; at most 50 kB of HTML.

    spec: what the panel shows, each key optional: ``filter``, ``also`` (more filters), ``sort``, ``columns``
    ("params.lr", "metrics.*"), ``metrics`` (names of those whose curves are wanted; a panel's own spec calls them
    ``charts``), ``experiment``, ``notebook``. The project is read when the HTML is asked for, not for the text. What
    is wrong with a spec by then (a metric that is gone) is said in the picture. error: said above it.
    """

    def __init__(self, service: RunsService, spec: Mapping[str, Any], error: NbtrackError | None = None) -> None:
        self.spec = dict(spec)
        self._service = service
        self._error = error
        self._columns: list[str] | None = spec.get("columns")
        self._wanted: list[str] = list(spec.get("metrics") or spec.get("charts") or ())

    # -- text --------------------------------------------------------------------------------------------------------

    def plain(self, width: int) -> str:
        """What the panel shows, in one line of any width: the same whatever the runs are, for tests of notebooks."""
        spec = self.spec
        which = "chosen runs" if spec.get("also") else "runs"
        parts = [f"of {kind} {words.one_line(spec[kind], 80)}" for kind in ("experiment", "notebook") if spec.get(kind)]
        if spec.get("filter"):
            parts.append(f"where {words.one_line(spec['filter'])}")
        said = " ".join([which, *parts]) if parts or spec.get("also") else "all runs of this project"
        order = f", sorted by {words.one_line(', '.join(spec['sort']))}" if spec.get("sort") else ""
        return f"nbtrack panel: {said}{order}"

    # -- HTML --------------------------------------------------------------------------------------------------------

    def table(self, rows: int = _ROWS[0]) -> RunsTable:
        """The first runs, as ``%track ls`` shows them.

        Raises:
            FilterError: a filter or sort key that has become wrong. StoreError: the project cannot be read.
        """
        return self._table(self._page(rows))

    def body(self) -> str:
        """The table, the curves below it, and how to see it live."""
        head = html.tag("div", html.esc(words.one_line(str(self._error), 400)), "bad") if self._error else ""
        try:
            page = self._page(_ROWS[0])
            return head + self._fitted(page, LARGEST - _size(styled(head)))
        except NbtrackError as error:
            return head + html.tag("div", html.esc(words.one_line(str(error), 400)), "foot") + _note(0)

    def to_dict(self) -> dict[str, Any]:
        """The spec, the text and the runs."""
        from nbtrack.base.wire import to_plain

        plain: dict[str, Any] = to_plain({"text": self.text(), "spec": self.spec, "page": self._page(_ROWS[0])})
        return plain

    def _page(self, rows: int) -> c.RunPage:
        asked = {name: self.spec[name] for name in _ASKED if self.spec.get(name)}
        return self._service.page(c.PageRequest(limit=rows, **asked))

    def _table(self, page: c.RunPage) -> RunsTable:
        brief = briefly(page.rows, self._columns)
        shown = c.RunPage(brief.rows, page.matched, page.total, page.offset, page.revision)
        table = _SlimTable(shown, filter=self.spec.get("filter") or "", only=brief.only)
        table.more = brief.more
        return table

    def _fitted(self, page: c.RunPage, room: int) -> str:
        """As much as fits: coarser curves first, then fewer charts, then fewer rows."""
        charts = self._charts(page.rows)
        table, note = self._table(page).body(), _note(len(page.rows))
        for count in range(len(charts), 0, -1):
            drawn = _finest(charts[:count], page.rows, room - _size(table + note))
            if drawn:
                return table + drawn + note
        for rows in _ROWS:
            part = c.RunPage(page.rows[:rows], page.matched, page.total, page.offset, page.revision)
            if _size(whole := self._table(part).body() + _note(len(part.rows))) <= room:
                return whole
        return _note(len(page.rows))

    # -- curves ------------------------------------------------------------------------------------------------------

    def _charts(self, rows: Sequence[c.RunRow]) -> list[Chart]:
        """(metric, a curve per run that has one) of the main metrics; none of one that would take too long to read."""
        curves: dict[str, list[RunCurve]] = {}
        left = _MOST_POINTS
        for name in self._main(rows):
            cost = sum(row.metrics[name].count for row in rows if _is_curve(row, name))
            if 0 < cost <= left:
                left -= cost
                curves[name] = []
        for row in rows:
            own = [name for name in curves if _is_curve(row, name)]
            if own:
                for one in self._service.series(c.SeriesRequest([row.id], own, _COLUMNS)).series:
                    curves[one.key].append(RunCurve(one.run, one.steps, one.values))
        return [(name, found) for name, found in curves.items() if found]

    def _main(self, rows: Sequence[c.RunRow]) -> list[str]:
        """Those asked for; else those with curves: sorted by, then told better or worse by name, then the others."""
        if self._wanted:
            return [name.removeprefix("metrics.") for name in self._wanted][:_CHARTS]
        names = [name for name in metric_names(rows) if any(_is_curve(row, name) for row in rows)]
        sorts = [key.lstrip("+- ").removeprefix("metrics.") for key in self.spec.get("sort") or ()]
        first = [name for name in names if any(key == name or key.startswith(f"{name}.") for key in sorts)]
        told = [name for name in names if direction(name)]
        return list(dict.fromkeys([*first, *told, *names]))[:_CHARTS]


# Two charts beside one another, a little smaller where there is less room; one below the other without styles.
_GRID = (
    "display:grid;grid-template-columns:repeat(auto-fit,minmax(min(280px,100%),1fr));gap:14px 24px;max-width:750px;"
    "margin:10px 0"
)
_ASKED = ("filter", "sort", "also", "experiment", "notebook")


def _is_curve(row: c.RunRow, name: str) -> bool:
    return name in row.metrics and row.metrics[name].count > 1


def _finest(charts: Sequence[Chart], rows: Sequence[c.RunRow], room: int) -> str:
    """The charts as fine as fits into so many bytes; empty where the coarsest do not."""
    best, low, high = "", 0, len(_GRAINS)
    while low < high:
        middle = (low + high) // 2 if best else high - 1
        drawn = _drawn(charts, rows, *_GRAINS[middle])
        if _size(drawn) <= room:
            best, high = drawn, middle
        elif best:
            low = middle + 1
        else:
            return ""
    return best


def _drawn(charts: Sequence[Chart], rows: Sequence[c.RunRow], columns: int, error: float) -> str:
    looks = signs(row.id for row in rows)
    arrows = {"min": " ↓", "max": " ↑"}
    drawn = [
        small_chart(
            words.one_line(name, 80) + arrows.get(direction(name) or "", ""),
            own,
            columns=columns,
            error=error,
            looks=looks,
        )
        for name, own in charts
    ]
    return f'<div style="{_GRID}">{"".join(html.tag("div", one) for one in drawn)}</div>'


def _note(runs: int) -> str:
    what = f"A picture of {words.plural(runs, 'run')}." if runs else "A picture."
    return html.tag("div", html.esc(f"{what} To use it live: %track panel"), "foot")


def _size(markup: str) -> int:
    """Bytes that HTML takes as a text in a notebook's JSON."""
    return len(json.dumps(markup, ensure_ascii=False).encode("utf-8", "surrogatepass"))
