"""One run in a report: what came out, what it was given, its code against the run before, output, origin."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nbtrack.base import words
from nbtrack.base.markup.code import highlight
from nbtrack.base.markup.diff import with_marks
from nbtrack.base.markup.html import esc
from nbtrack.base.markup.pictures import picture, sealed
from nbtrack.base.names import is_load
from nbtrack.runs.columns import direction, same
from nbtrack.runs.compare import against
from nbtrack.transfer.exporters.report.table import chips, judged, mark_of, status_of

if TYPE_CHECKING:
    from nbtrack.runs.contract import Artifact, DiffLine, Output, Summary
    from nbtrack.transfer.exporters.report.reading import History, Told

_ANSI = re.compile(r"\x1b(?:\[[0-9;:?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_TEXT = 12_000  # characters of one output
_CODE = 30_000  # characters of a cell
_ALIKE = 0.4  # of the lines: with fewer the same, a difference says less than the code
_PARAMS, _METRICS, _FILES, _DATA = 60, 40, 40, 20
_SOURCES = {"explicit": "logged", "call": "call", "cell": "cell", "notebook": "notebook"}
_DEFAULT = "default"  # the source of a setting that nobody set


def article(history: History, at: int, environment: int | None) -> str:
    """The run at a place. environment: the number of its environment among those of the report."""
    told = history.runs[at]
    parts = [_metrics(history, at), _params(history, at)]
    halves = "".join(f'<div class="nbr-half">{part}</div>' for part in parts if part)
    body = [f'<div class="nbr-halves">{halves}</div>' if halves else ""]
    body += [_code(history, at), _outputs(told), _files(told), _origin(told, environment)]
    return f'<article class="nbr-run" id="run-{at + 1}" data-run="{at}">{_header(told, at)}{"".join(body)}</article>'


def _header(told: Told, at: int) -> str:
    row = told.row
    where = " · ".join(
        one
        for one in (
            words.one_line(row.notebook, 80) if row.notebook else "",
            f"In [{row.execution}]" if row.execution else "",
            row.experiment if row.experiment != "default" else "",
        )
        if one
    )
    note = f'<p class="nbr-note">{esc(row.note[:4000])}</p>' if row.note else ""
    reason = f'<p class="nbr-reason">{esc(words.one_line(row.end_reason, 400))}</p>' if row.end_reason else ""
    star = '<span class="nbr-star" title="starred">★</span> ' if row.starred else ""
    name = f'<h3><span class="nbr-no">{at + 1}</span> {mark_of(row)} {star}{esc(words.one_line(row.name, 80))}</h3>'
    when = " · ".join(one for one in (words.when(row.started), words.duration(row.duration), where) if one)
    when = f'<span class="nbr-when">{esc(when)} · <code>{esc(words.one_line(row.id, 40))}</code></span>'
    return f"<header>{name}{status_of(row)} {chips(row)}{when}</header>{note}{reason}"


# -- values ----------------------------------------------------------------------------------------------------------


def _metrics(history: History, at: int) -> str:
    row, before = history.runs[at].row, _last_before(history, at)
    if not row.metrics:
        return ""
    names = [name for name in history.metrics if name in row.metrics]
    names += [name for name in row.metrics if name not in names and not is_load(name)]
    if not names:
        return ""
    several = any(row.metrics[name].count > 1 for name in names)
    lines = []
    for name in names[:_METRICS]:
        summary = row.metrics[name]
        star = "★ " if at in history.best(name) else ""
        extra = f"<td class='nbr-n'>{_range(summary)}</td><td class='nbr-n'>{summary.count:,}</td>" if several else ""
        lines.append(
            f'<tr><th scope="row" title="{esc(name)}">{esc(words.one_line(name, 40))}</th>'
            f'<td class="nbr-n" title="{esc(repr(summary.last))}">'
            f"{f'<b class=nbr-best>{star}</b>' if star else ''}{esc(words.number(summary.last))}</td>"
            f"<td class='nbr-n'>{_moved(name, summary.last, before.get(name))}</td>{extra}</tr>"
        )
    head = "<th>metric</th><th class='nbr-n'>last</th>"
    head += "<th class='nbr-n'>to the run before</th>" if before else "<td></td>"
    head += "<th class='nbr-n'>min to max</th><th class='nbr-n'>points</th>" if several else ""
    return _values(head, lines, len(names) - _METRICS, "metric")


def _range(one: Summary) -> str:
    return esc(f"{words.number(one.min)} to {words.number(one.max)}") if one.count > 1 else ""


def _last_before(history: History, at: int) -> Mapping[str, float]:
    place = history.runs[at].before
    place = at - 1 if place is None else place
    return {} if place < 0 else {name: one.last for name, one in history.runs[place].row.metrics.items()}


def _moved(name: str, value: float, before: float | None) -> str:
    if before is None or not (math.isfinite(value) and math.isfinite(before)):
        return ""
    difference = value - before
    if not math.isfinite(difference):
        return ""
    text = "=" if not difference else words.percent(value, before) or words.signed(difference)
    return f'<span class="nbr-{judged(difference, direction(name))}">{esc(text)}</span>'


def _params(history: History, at: int) -> str:
    told = history.runs[at]
    if not told.detail.params:
        return ""
    place = told.before if told.before is not None else at - 1
    old = history.runs[place].row.params if place >= 0 else None
    lines, usual = [], []
    for param in told.detail.params:
        if param.source == _DEFAULT:  # they would hide the others
            usual.append(f"{param.name} = {words.value(param.value)}")
            continue
        changed = ""
        if old is not None and param.name not in old:
            changed = '<span class="nbr-new">new</span>'
        elif old is not None and not same(old[param.name], param.value):
            changed = f'<span class="nbr-was">was {esc(words.one_line(words.value(old[param.name]), 40))}</span>'
        value = words.value(param.value)
        lines.append(
            f'<tr><th scope="row" title="{esc(param.name)}">{esc(words.one_line(param.name, 40))}</th>'
            f'<td title="{esc(value)}">{esc(words.one_line(value, 60))}</td><td>{changed}</td>'
            f'<td class="nbr-dim">{esc(_SOURCES.get(param.source, param.source))}</td></tr>'
        )
    head = "<th>param</th><th>value</th><td></td><th>from</th>"
    rest = ""
    if usual:
        shown = "<br>".join(map(esc, usual[:_PARAMS]))
        rest = _folding("As by default", f"{len(usual):,}", f'<div class="nbr-usual">{shown}</div>')
    return _values(head, lines[:_PARAMS], len(lines) - _PARAMS, "param") + rest if lines else rest


def _values(head: str, lines: Sequence[str], more: int, what: str) -> str:
    rest = f'<p class="nbr-foot">and {words.plural(more, f"more {what}")}</p>' if more > 0 else ""
    table = f"<table class='nbr-values'><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"
    return f'<div class="nbr-scroll">{table}</div>{rest}'


# -- code ------------------------------------------------------------------------------------------------------------


def _code(history: History, at: int) -> str:
    told = history.runs[at]
    code = told.detail.code
    if not code:
        return ""
    if told.before is None:
        return _folding("Code", words.plural(code.count("\n") + 1, "line"), _source(code), opened=True)
    old = f"run {told.before + 1}"
    name = words.one_line(history.runs[told.before].row.name, 60)
    link = f'<p class="nbr-foot">{old}: <a href="#run-{told.before + 1}">{esc(name)}</a></p>'
    found = against(history.runs[told.before].detail.code or "", code[:_CODE])
    new, gone, kept = (sum(line.kind == kind for line in found.code) for kind in ("right", "left", "same"))
    if new and kept < _ALIKE * (new + kept) and not _same_cell(history, at):
        return _folding("Code", f"another cell than of {old}", _source(code), opened=True)
    if not new and not gone:
        return _folding("Code", f"the same as of {old}", link + _source(code))
    count = f'<span class="nbr-good">+{new}</span> <span class="nbr-bad">−{gone}</span> since {old}'
    drawn = f'{link}<pre class="nbr-code nbr-diff">{_diff(found.code)}</pre>'
    return _folding("Code", "", drawn, opened=True, markup=count)


def _same_cell(history: History, at: int) -> bool:
    own, place = history.runs[at].row, history.runs[at].before
    return own.cell is not None and place is not None and own.cell == history.runs[place].row.cell


def _source(code: str) -> str:
    return f'<pre class="nbr-code">{highlight(code[:_CODE])}</pre>{_cut(code, _CODE)}'


def _diff(lines: Sequence[DiffLine]) -> str:
    """A line each: its sign and text; numbers of lines would be half of the file."""
    kinds = {"left": ("del", "−"), "right": ("ins", "+"), "gap": ("i", "⋯")}
    found = []
    for line, marked in with_marks(list(lines)):
        element, mark = kinds.get(line.kind, ("", " "))
        text = f"{mark} {'' if line.kind == 'gap' else marked}"
        found.append(f"<{element}>{text}</{element}>" if element else f"{text}\n")
    return "".join(found)


def _cut(text: str, most: int) -> str:
    return f'<p class="nbr-foot">{len(text) - most:,} more characters are not shown</p>' if len(text) > most else ""


# -- what it printed, and its files ----------------------------------------------------------------------------------


def _outputs(told: Told) -> str:
    shown = [part for part in (_output(one, told) for one in told.outputs) if part]
    if not shown:
        return ""
    opened = len(told.outputs) <= 12 and sum(len(one.text or "") for one in told.outputs) < 4000
    return _folding("Output", words.plural(len(shown), "part"), "".join(shown), opened=opened)


def _output(output: Output, told: Told) -> str:
    if output.artifact in told.pictures:
        mimes = {one.path: one.mime for one in told.detail.artifacts}
        found = picture(mimes.get(output.artifact or ""), told.pictures[output.artifact or ""], output.artifact or "")
        if found:
            return f'<div class="nbr-picture">{found}</div>'
    if output.mime == "text/html" and output.text and not output.artifact:
        plain = f"<details><summary>as text</summary>{_printed(output.plain)}</details>" if output.plain else ""
        return f'<div class="nbr-frame">{sealed(output.text, "HTML output")}</div>{plain}'
    if output.artifact:
        text = output.text or f"[{output.mime}: {output.artifact}]"
    else:
        text = output.plain or output.text or ""
    dropped = f'<p class="nbr-foot">{words.size(output.dropped)} were cut when it ran</p>' if output.dropped else ""
    loud = " nbr-loud" if output.kind in ("stderr", "error") else ""
    return f"{dropped}{_printed(text, loud)}" if text.strip() else dropped


def _printed(text: str, classes: str = "") -> str:
    text = _ANSI.sub("", text).rstrip("\n")
    return f'<pre class="nbr-text{classes}">{esc(text[-_TEXT:])}</pre>{_cut(text, _TEXT)}'


def _files(told: Told) -> str:
    files = told.detail.artifacts
    if not files:
        return ""
    lines = [_file(one) for one in files[:_FILES]]
    rest = f'<p class="nbr-foot">and {len(files) - _FILES:,} more</p>' if len(files) > _FILES else ""
    head = "<th>file</th><th class='nbr-n'>size</th><th>type</th><th>sha256</th>"
    table = f"<table class='nbr-values'><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"
    count = f"{len(files):,}, {words.size(sum(one.size for one in files))}; kept in the project, not in this file"
    return _folding("Files", count, f'<div class="nbr-scroll">{table}</div>{rest}')


def _file(one: Artifact) -> str:
    return (
        f'<tr><td title="{esc(one.path)}">{esc(words.one_line(one.path, 80))}</td>'
        f'<td class="nbr-n">{esc(words.size(one.size))}</td>'
        f'<td class="nbr-dim">{esc(words.one_line(one.mime or "", 40))}</td>'
        f'<td class="nbr-dim"><code>{esc(one.hash[:12])}</code></td></tr>'
    )


# -- where it comes from ---------------------------------------------------------------------------------------------


def _origin(told: Told, environment: int | None) -> str:
    detail = told.detail
    lines: list[tuple[str, str]] = []
    if told.verdict:
        lines.append(("cells behind it", esc(words.one_line(told.verdict, 200))))
    lines += [("", esc(words.one_line(text, 300))) for text in told.hidden[:12]]
    lines += [("data", _data(one)) for one in detail.datasets[:_DATA]]
    git = detail.git or {}
    if git.get("commit"):
        state = ", with uncommitted changes" if git.get("dirty") else ""
        branch = f" on {git['branch']}" if git.get("branch") else ""
        lines.append(("git", f"<code>{esc(str(git['commit'])[:12])}</code>{esc(words.one_line(branch + state, 200))}"))
    if environment is not None:
        lines.append(("environment", f'<a href="#environment-{environment}">environment {environment}</a>'))
    if not lines:
        return ""
    body = "".join(f"<dt>{name}</dt><dd>{text}</dd>" for name, text in lines)
    return _folding("Origin", words.one_line(told.verdict, 80), f'<dl class="nbr-pairs">{body}</dl>')


def _data(one: Any) -> str:
    facts = [one.role, one.kind, *(f"{name} {words.value(given)}" for name, given in list(one.info.items())[:4])]
    path = f" <code>{esc(words.one_line(one.path, 80))}</code>" if one.path and one.path != one.name else ""
    hashed = f" <code>{esc(one.hash[:12])}</code>" if one.hash else ""
    return f"<b>{esc(words.one_line(one.name, 80))}</b>{path}{hashed} {esc(words.one_line(', '.join(facts), 160))}"


def _folding(title: str, count: str, body: str, *, opened: bool = False, markup: str = "") -> str:
    """A part that folds; ``details`` needs no script."""
    more = f' <span class="nbr-dim">{markup or esc(count)}</span>' if markup or count else ""
    return f"<details{' open' if opened else ''}><summary><b>{title}</b>{more}</summary>{body}</details>"
