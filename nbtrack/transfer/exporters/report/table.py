"""The comparison: a row per run in the order of time, the best of each metric marked, differences to the first run."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from nbtrack.base import words
from nbtrack.base.markup.html import esc
from nbtrack.base.names import peoples
from nbtrack.charts import sign
from nbtrack.runs.columns import direction, last_values

if TYPE_CHECKING:
    from nbtrack.runs.contract import RunRow
    from nbtrack.transfer.exporters.report.reading import History

MOST_METRICS, MOST_PARAMS = 8, 10
_ARROWS = {"min": ("↓", "less is better"), "max": ("↑", "more is better")}


def comparison(history: History) -> str:
    """The table, and what is the same in all runs below it."""
    rows, metrics, params = history.rows, history.metrics[:MOST_METRICS], history.params[:MOST_PARAMS]
    several = len({row.experiment for row in rows}) > 1
    tagged = any(peoples(row.tags) for row in rows)
    head = [_head("", "#", number=True), _head("", "run"), _head("", "status"), _head("", "started")]
    head += [_head("", "took", number=True)]
    head += [_head("metric", name, number=True) for name in metrics]
    head += [_head("param", name, number=_all_numbers(rows, name)) for name in params]
    head += [_head("", "experiment")] * several + [_head("", "tags")] * tagged
    columns = [_Column(rows, name, history.best(name)) for name in metrics]
    body = []
    for at, row in enumerate(rows):
        cells = [_cell(str(at + 1), at + 1, "nbr-n nbr-dim"), _cell(name_of(row, at), row.name, "nbr-name")]
        cells += [_cell(status_of(row), row.status), _cell(esc(words.when(row.started)), row.started)]
        cells += [_cell(esc(words.duration(row.duration)), row.duration, "nbr-n")]
        cells += [column.cell(at) for column in columns]
        cells += [_param(row, name) for name in params]
        cells += [_cell(esc(words.one_line(row.experiment, 40)), row.experiment)] if several else []
        cells += [_cell(chips(row), " ".join(peoples(row.tags)))] if tagged else []
        body.append(f'<tr data-run="{at}">{"".join(cells)}</tr>')
    table = f"<table class='nbr-table'><thead><tr>{''.join(head)}</tr></thead><tbody>{''.join(body)}</tbody></table>"
    return f"<div class='nbr-scroll' tabindex='0' role='region' aria-label='Runs'>{table}</div>{_foot(history)}"


def _foot(history: History) -> str:
    lines = ["★ best · small numbers: difference to the first run that has the metric"]
    if history.common:
        lines.append(f"The same in all: {_shared(history.common)}")
    for names, most, what in ((history.metrics, MOST_METRICS, "metric"), (history.params, MOST_PARAMS, "param")):
        if len(names) > most:
            more = words.plural(len(names) - most, f"more {what}")
            lines.append(f"{more} with each run below: {words.one_line(', '.join(names[most:]), 300)}")
    return "".join(f'<p class="nbr-foot">{esc(line)}</p>' for line in lines)


def _shared(common: dict[str, Any]) -> str:
    return words.one_line(", ".join(f"{name} = {words.value(given)}" for name, given in common.items()), 600)


class _Column:
    """A metric: its values written alike, and how far each is from the first."""

    def __init__(self, rows: Sequence[RunRow], name: str, best: set[int]) -> None:
        self._values = last_values(rows, name)
        self._write = words.column_of(one for one in self._values if one is not None)
        self._best = best
        self._which = direction(name)
        self._base = next(
            (at for at, one in enumerate(self._values) if one is not None and math.isfinite(one)), len(rows)
        )

    def cell(self, at: int) -> str:
        value = self._values[at]
        if value is None:
            return _cell(f'<span class="nbr-dim">{words.MISSING}</span>', None, "nbr-n")
        text = esc(self._write(value))
        shown = f'<b class="nbr-best">★ {text}</b>' if at in self._best else text
        return _cell(shown + self._delta(at, value), value, "nbr-n")

    def _delta(self, at: int, value: float) -> str:
        base = self._values[self._base] if self._base < len(self._values) else None
        if at <= self._base or base is None or not math.isfinite(value):
            return ""
        difference = value - base
        if not math.isfinite(difference):
            return ""
        text = "=" if not difference else words.percent(value, base) or words.signed(difference, self._write)
        title = f"{words.signed(difference, self._write)} to run {self._base + 1}"
        return f'<small class="nbr-{judged(difference, self._which)}" title="{esc(title)}">{esc(text)}</small>'


def judged(difference: float, which: str | None) -> str:
    """Whether a difference is "good", "bad", or neither ("dim")."""
    if which is None or not difference:
        return "dim"
    return "good" if (difference > 0) == (which == "max") else "bad"


def _all_numbers(rows: Iterable[RunRow], name: str) -> bool:
    given = [row.params[name] for row in rows if name in row.params]
    return all(isinstance(one, (int, float)) and not isinstance(one, bool) for one in given)


def _param(row: RunRow, name: str) -> str:
    if name not in row.params:
        return _cell(f'<span class="nbr-dim">{words.MISSING}</span>', None)
    given = row.params[name]
    number = isinstance(given, (int, float)) and not isinstance(given, bool)
    text = words.value(given)
    return _cell(esc(words.one_line(text, 40)), given if number else text, "nbr-n" if number else "")


def _head(kind: str, name: str, number: bool = False) -> str:
    which = direction(name) if kind == "metric" else None
    arrow, hint = _ARROWS.get(which or "", ("", ""))
    title = f"{kind} {name}{', ' + hint if hint else ''}".strip()
    cls = ' class="nbr-n"' if number else ""
    mark = f' <i aria-hidden="true">{arrow}</i>' if arrow else ""
    return f'<th scope="col"{cls} title="{esc(title)}">{esc(words.one_line(name, 28))}{mark}</th>'


def _cell(body: str, value: Any, classes: str = "") -> str:
    """A cell with what it is sorted by."""
    named = f' class="{classes}"' if classes else ""
    if value is None:
        sort = ""
    elif isinstance(value, (int, float)):
        sort = f' data-v="{value!r}"' if abs(value) < 1e300 else f' data-v="{"-" if value < 0 else ""}1e300"'
    else:
        sort = f' data-t="{esc(words.one_line(str(value), 60))}"'
    return f"<td{named}{sort}>{body}</td>"


# -- pieces that other parts use too ---------------------------------------------------------------------------------


def mark_of(row: RunRow) -> str:
    """The colour and shape that a run has in every chart."""
    look = sign(row.id)
    return f'<span class="nbr-mark" style="color:{look.colour}" aria-hidden="true">{look.glyph}</span>'


def name_of(row: RunRow, at: int) -> str:
    """A run's name, leading to all of it."""
    star = '<span class="nbr-star" title="starred">★</span> ' if row.starred else ""
    hover = esc(f"{row.name} ({row.id})")
    return f'{mark_of(row)} {star}<a href="#run-{at + 1}" title="{hover}">{esc(words.one_line(row.name, 48))}</a>'


def status_of(row: RunRow) -> str:
    """Sign and word, with a colour beside them."""
    known = row.status if row.status in words.SIGNS else "other"
    reason = f' title="{esc(row.end_reason)}"' if row.end_reason else ""
    return f'<span class="nbr-s nbr-s-{known}"{reason}>{esc(words.status(row.status))}</span>'


def chips(row: RunRow) -> str:
    """Tags, each with a border around it."""
    return " ".join(
        f'<span class="nbr-chip" title="{esc(f"{name} = {text}")}">'
        f"{esc(words.one_line(f'{name}={text}' if text else name, 48))}</span>"
        for name, text in list(peoples(row.tags).items())[:20]
    )
