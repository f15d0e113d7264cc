"""A window of the runs table, as ``%track ls`` and a `Runs` object show it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nbtrack.base import words
from nbtrack.base.markup import html
from nbtrack.base.names import peoples
from nbtrack.charts import sign, sparkline
from nbtrack.runs import columns
from nbtrack.sdk.views.grid import cut, grid
from nbtrack.sdk.views.view import View

if TYPE_CHECKING:
    from nbtrack.runs.contract import RunPage, RunRow

Histories = Mapping[tuple[str, str], Sequence[float]]

_MOST_METRICS = 8
_MOST_PARAMS = 10
_EMPTY = "No runs yet. Put %%track on a cell, or use nbtrack.start_run()."


class RunsTable(View):
    """Runs as rows.

    page: what `RunsService.page` answered. histories: values by (run id, metric), for a small curve beside the
    number. filter: what was asked for, said when nothing matches. directions: "min" or "max" by metric, where the
    name does not say it. columns: "params.x", "metrics.y" or "tags.z" to show just these.
    """

    def __init__(
        self,
        page: RunPage,
        *,
        histories: Histories | None = None,
        filter: str = "",
        directions: columns.Directions | None = None,
        only: Sequence[str] | None = None,
        now: float | None = None,
    ) -> None:
        self.page = page
        self.filter = filter
        self._histories = histories or {}
        self._directions = directions
        self._now = now
        self._choose(only)

    def _choose(self, only: Sequence[str] | None) -> None:
        rows = self.page.rows
        differing, self.common = columns.split_params(rows, strict=False)
        metrics = columns.metric_names(rows)
        if only is not None:
            wanted = [name.partition(".")[::2] for name in only]
            differing = [name for kind, name in wanted if kind == "params"]
            metrics = [name for kind, name in wanted if kind == "metrics"]
            self.common = {}
        self.metrics, self.more_metrics = metrics[:_MOST_METRICS], metrics[_MOST_METRICS:]
        self.params, self.more_params = differing[:_MOST_PARAMS], differing[_MOST_PARAMS:]
        self.several_experiments = len({row.experiment for row in rows}) > 1
        self.several_notebooks = len({row.notebook for row in rows if row.notebook}) > 1
        self.tagged = any(peoples(row.tags) for row in rows)
        self.best = {
            name: columns.best(columns.last_values(rows, name), columns.direction(name, self._directions))
            for name in self.metrics
        }

    # -- words -----------------------------------------------------------------------------------------------------

    def count(self) -> str:
        """``20 of 1,312 runs``, and how many there are without the filter."""
        page = self.page
        shown = f"{len(page.rows):,} of " if len(page.rows) != page.matched else ""
        verb = "matches" if page.matched == 1 else "match"
        whole = f" {verb}, {page.total:,} in all" if self.filter and page.total != page.matched else ""
        return f"{shown}{words.plural(page.matched, 'run')}{whole}"

    def _nothing(self) -> str:
        if self.filter and self.page.total:
            return f"No run matches {words.one_line(self.filter)!r}; {words.plural(self.page.total, 'run')} in all."
        return "No runs here." if self.page.total or self.page.matched else _EMPTY

    def _rest(self) -> list[str]:
        lines = []
        if self.common:
            shared = ", ".join(f"{name}={words.value(given)}" for name, given in self.common.items())
            lines.append(f"same in all that have it: {words.one_line(shared, 400)}")
        for names, word in ((self.more_params, "param"), (self.more_metrics, "metric")):
            if names:
                lines.append(f"{words.plural(len(names), 'more ' + word)}: {words.one_line(', '.join(names), 200)}")
        return lines

    def _written(self) -> list[dict[str, str]]:
        """Each row's metrics in words."""
        styles = {
            name: words.column_of(one for one in columns.last_values(self.page.rows, name) if one is not None)
            for name in self.metrics
        }
        return [
            {name: styles[name](row.metrics[name].last) for name in self.metrics if name in row.metrics}
            for row in self.page.rows
        ]

    def _meta(self) -> list[str]:
        return [
            *(["experiment"] if self.several_experiments else []),
            *(["notebook"] if self.several_notebooks else []),
        ]

    # -- text --------------------------------------------------------------------------------------------------------

    def plain(self, width: int) -> str:
        """An aligned table, cut to the width, with the count below it."""
        if not self.page.rows:
            return self._nothing()
        head = ["run", "status", "started", "took", *self.metrics, *self.params, *self._meta()]
        head += ["tags"] if self.tagged else []
        body = [self._text_row(at, written) for at, written in enumerate(self._written())]
        table = grid(head, body, width, right=range(3, 4 + len(self.metrics)), keep=4)
        return "\n".join([table, self.count(), *(cut(line, width) for line in self._rest())])

    def _text_row(self, at: int, written: Mapping[str, str]) -> list[str]:
        row = self.page.rows[at]
        line = [("★ " if row.starred else "") + row.name, words.status(row.status), words.ago(row.started, self._now)]
        line.append(words.duration(row.duration))
        for name in self.metrics:
            mark = words.BEST + " " if at in self.best[name] else ""
            line.append(mark + written.get(name, words.MISSING))
        line += [words.value(row.params[name]) if name in row.params else words.MISSING for name in self.params]
        line += [getattr(row, name) or words.MISSING for name in self._meta()]
        if self.tagged:
            line.append(", ".join(f"{name}={text}" if text else name for name, text in peoples(row.tags).items()))
        return line

    # -- HTML --------------------------------------------------------------------------------------------------------

    def body(self) -> str:
        """The table in a box of its own, what all runs share below it."""
        if not self.page.rows:
            return html.tag("div", html.esc(self._nothing()), "foot")
        head = ["run", "status", "started", "took"]
        cells = [html.esc(name) for name in head]
        cells += [self._head("metric", name) for name in self.metrics]
        cells += [self._head("param", name) for name in self.params]
        cells += [html.esc(name) for name in (*self._meta(), *(["tags"] if self.tagged else []))]
        numeric = [3, *range(4, 4 + len(self.metrics))]
        numeric += [4 + len(self.metrics) + at for at, name in enumerate(self.params) if self._is_number(name)]
        rows = [self._html_row(at, written) for at, written in enumerate(self._written())]
        foot = [self.count() + (f" · {words.BEST} best of these" if any(self.best.values()) else ""), *self._rest()]
        lines = "".join(html.tag("div", html.esc(line), "foot") for line in foot)
        return html.table(cells, rows, numeric=numeric) + lines

    def _head(self, kind: str, name: str) -> str:
        which = columns.direction(name, self._directions) if kind == "metric" else None
        arrow = {"min": " ↓", "max": " ↑"}.get(which or "", "")
        hint = {"min": ", less is better", "max": ", more is better"}.get(which or "", "")
        return html.span(words.one_line(name, 40) + arrow, title=f"{kind} {name}{hint}")

    def _is_number(self, name: str) -> bool:
        given = [row.params[name] for row in self.page.rows if name in row.params]
        return all(isinstance(one, (int, float)) and not isinstance(one, bool) for one in given)

    def _html_row(self, at: int, written: Mapping[str, str]) -> list[str]:
        row = self.page.rows[at]
        line = [run_name(row), html.pill(row.status, row.end_reason or ""), html.moment(row.started)]
        line.append(html.esc(words.duration(row.duration)))
        line += [self._metric(at, name, written) for name in self.metrics]
        line += [param_cell(row, name) for name in self.params]
        line += [html.esc(words.one_line(getattr(row, name) or words.MISSING)) for name in self._meta()]
        if self.tagged:
            line.append(html.chips(peoples(row.tags)))
        return line

    def _metric(self, at: int, name: str, written: Mapping[str, str]) -> str:
        row = self.page.rows[at]
        if name not in written:
            return html.span(words.MISSING, "dim")
        curve = spark(self._histories.get((row.id, name)), name)
        summary = row.metrics[name]
        title = f"{summary.last!r} at step {summary.last_step}"
        if summary.count > 1:
            title += f"; {summary.count:,} points, {summary.min!r} to {summary.max!r}"
        if at in self.best[name]:
            return measured(curve, html.span(f"{words.BEST} {written[name]}", "best", title))
        return measured(curve, html.span(written[name], title=title))

    def to_dict(self) -> dict[str, Any]:
        """The page as the wire has it, and what the runs share."""
        from nbtrack.base.wire import to_plain

        plain: dict[str, Any] = to_plain(self.page)
        return plain


def run_name(row: RunRow) -> str:
    """A run's name beside the colour and shape it has in every chart."""
    look = sign(row.id)
    dot = f'<span style="color:{look.colour}" aria-hidden="true">{look.glyph}</span>'
    star = html.span("★", "star", "starred") + "&nbsp;" if row.starred else ""
    note = f"\n{row.note}" if row.note else ""
    return f"{dot}&nbsp;{star}{html.span(words.one_line(row.name, 60), title=f'{row.name} ({row.id}){note}')}"


def param_cell(row: RunRow, name: str) -> str:
    """A param's value, or a dash."""
    if name not in row.params:
        return html.span(words.MISSING, "dim")
    return html.span(words.value(row.params[name]))


def measured(curve: str, shown: str) -> str:
    """A number with its curve at the other edge of the cell, so that the curves of a column stand in line too."""
    return html.tag("span", f"{curve} {shown}", "m") if curve else shown


def spark(values: Sequence[float] | None, label: str) -> str:
    """A curve the size of a word where there is one."""
    if values is None or sum(math.isfinite(one) for one in values) < 2:
        return ""
    return html.tag("span", sparkline(values, 56, 16, label=words.clean(label)), "spark")
