"""The report as one page: its parts in their order, the policy that lets nothing in, and what it weighs."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbtrack
from nbtrack.base import words
from nbtrack.base.errors import CannotRun
from nbtrack.base.markup.html import esc
from nbtrack.charts.palette import signs
from nbtrack.charts.svg import RunCurve, small_chart
from nbtrack.runs.columns import direction, last_values
from nbtrack.transfer.exporters.report.data import as_json
from nbtrack.transfer.exporters.report.drawing import parallel, timeline
from nbtrack.transfer.exporters.report.one import article
from nbtrack.transfer.exporters.report.table import MOST_PARAMS, comparison, judged, mark_of

if TYPE_CHECKING:
    from nbtrack.runs.contract import RunRow
    from nbtrack.transfer.exporters.report.reading import History, Told

_BUILT = Path("widget", "static")
_AXES, _METRIC_AXES = 6, 3  # of parallel coordinates: params, metrics
_PACKAGES = 400  # of an environment that are named
_PARTS = {
    "table": "Runs",
    "curves": "Curves",
    "parallel": "Parallel coordinates",
    "runs": "Run by run",
    "environments": "Environments",
}


def render(history: History, title: str | None, static: bool) -> Iterator[str]:
    """The page in pieces.

    Raises:
        CannotRun: the style sheet or the script was not built.
    """
    style, script = _built("report.css"), "" if static else _built("report.js")
    environments = _Environments(history.runs)
    curves = _curves(history)
    parts = [
        _section("table", comparison(history)),
        _section("curves", curves) if curves else "",
        _section("parallel", drawn) if (drawn := _parallel(history)) else "",
        _section(
            "runs",
            "".join(article(history, at, environments.of.get(at)) for at in range(len(history.runs))),
        ),
        environments.section(),
    ]
    data = "" if static else f'<script type="application/json" id="nbr-data">{as_json(history)}</script>'
    code = f'<script type="module">{script}</script>' if script else ""
    name = words.one_line(title or history.project, 120)
    overview = _overview(history)
    weighs = _weighs(history, [*parts, overview], style + script, data)
    yield _head(name, style, script)
    yield f'<body class="nbt-ground nbr"{" data-static" if static else ""}>'
    yield _top(name, history, weighs, [bool(part) for part in parts])
    yield f"<main>{overview}"
    yield from parts
    yield f'</main><footer class="nbr-end"><p>{weighs}</p>{_notes(history)}</footer>{data}{code}</body></html>\n'


def _built(name: str) -> str:
    try:
        return (Path(nbtrack.__file__).parent / _BUILT / name).read_text(encoding="utf-8")
    except OSError as error:
        raise CannotRun(f"The report's {name} is missing: nbtrack was not built.", "Type: make ui") from error


def _head(name: str, style: str, script: str) -> str:
    """Nothing may be loaded; only the script of this hash may run, none without one."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    scripts = f"'sha256-{digest}'" if script else "'none'"
    policy = (
        f"default-src 'none'; script-src {scripts}; style-src 'unsafe-inline'; img-src data:; font-src data:;"
        " base-uri 'none'; form-action 'none'"
    )
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="referrer" content="no-referrer"><meta name="color-scheme" content="light dark">'
        f'<meta name="generator" content="nbtrack {nbtrack.__version__}">'
        f"<title>{esc(name)}: runs</title><style>{style}</style></head>"
    )


def _top(name: str, history: History, weighs: str, there: list[bool]) -> str:
    found = [one for one, is_there in zip(_PARTS.items(), there, strict=True) if is_there]
    links = "".join(f'<a href="#{to}">{text}</a>' for to, text in found)
    return (
        f'<header class="nbr-top"><div><h1>{esc(name)}</h1><p>{esc(_about(history))}</p></div>'
        f'<nav aria-label="Parts"><a href="#overview">Overview</a>{links}</nav></header>'
    )


def _about(history: History) -> str:
    """Whose runs these are, of when."""
    rows = history.rows
    notebooks = list(dict.fromkeys(row.notebook for row in rows if row.notebook))
    where = words.one_line(notebooks[0], 80) if len(notebooks) == 1 else ""
    where = where or (f"{len(notebooks)} notebooks" if notebooks else history.project)
    count = words.plural(len(rows), "run")
    if history.chosen > len(rows):
        count = f"{len(rows):,} of {words.plural(history.chosen, 'run')}"
    first, last = (words.when(row.started) for row in (rows[0], rows[-1])) if rows else ("", "")
    span = first if first == last else f"{first} – {last}"
    return f"{count} of {where} · {span} · written {words.when(time.time())}"


def _section(name: str, body: str) -> str:
    return f'<section id="{name}"><h2>{_PARTS[name]}</h2>{body}</section>'


# -- overview --------------------------------------------------------------------------------------------------------


def _overview(history: History) -> str:
    rows = history.rows
    cards = [_count_card(rows), *(_best_card(history, name) for name in _told(history)[:4])]
    drawn = ""
    which = direction(history.main) if history.main else None
    if history.main and which:
        picture = timeline(rows, history.main, which)
        caption = f"{words.one_line(history.main, 60)}, run after run; the line is the best so far"
        drawn = f"<figure><figcaption>{esc(caption)}</figcaption>{picture}</figure>" if picture else ""
    shown = "".join(card for card in cards if card)
    return f'<section id="overview"><h2>Overview</h2><div class="nbr-cards">{shown}</div>{drawn}</section>'


def _count_card(rows: list[RunRow]) -> str:
    statuses = Counter(row.status for row in rows)
    said = " ".join(
        f'<span class="nbr-s nbr-s-{status if status in words.SIGNS else "other"}">{count:,} {esc(status)}</span>'
        for status, count in statuses.items()
    )
    took = words.duration(sum(row.duration for row in rows))
    return _card("Runs", f"{len(rows):,}", f"{said} <span>· {esc(took)} in all</span>")


def _told(history: History) -> list[str]:
    """Metrics of which some value is best, the main one first."""
    names = [history.main, *history.metrics] if history.main else history.metrics
    return [name for name in dict.fromkeys(names) if history.best(name)]


def _best_card(history: History, name: str) -> str:
    rows, at = history.rows, min(history.best(name))
    values = last_values(rows, name)
    value, first = values[at] or 0.0, next((one for one in values if one is not None and one == one), None)
    more = ""
    if first is not None and first != value and math.isfinite(value - first):
        text = words.percent(value, first) or words.signed(value - first)
        more = f' <span class="nbr-{judged(value - first, direction(name))}">{esc(text)}</span> to the first'
    arrow = {"max": "highest", "min": "lowest"}.get(direction(name) or "", "best")
    link = f'{mark_of(rows[at])} <a href="#run-{at + 1}">{esc(words.one_line(rows[at].name, 40))}</a>'
    return _card(f"{arrow} {esc(words.one_line(name, 40))}", esc(words.number(value)), f"{link}{more}")


def _card(label: str, value: str, more: str) -> str:
    return f'<div class="nbr-card"><span>{label}</span><b>{value}</b><p>{more}</p></div>'


# -- charts ----------------------------------------------------------------------------------------------------------


def _curves(history: History) -> str:
    """A small chart of each metric. Many curves get fewer points: a picture says no more with them."""
    charts = []
    looks = signs(row.id for row in history.rows)
    most = max((len(series) for series in history.curves.values()), default=0)
    columns, error = (150, 0.2) if most <= 60 else (60, 0.5)
    for name, series in history.curves.items():
        lines = [RunCurve(one.run, one.steps, one.values) for one in series]
        arrow = {"min": " ↓", "max": " ↑"}.get(direction(name) or "", "")
        title = words.one_line(name, 60) + arrow
        if lines:
            charts.append(f"<div>{small_chart(title, lines, columns=columns, error=error, looks=looks)}</div>")
    if not charts:
        return ""
    return f'<div id="nbr-curves"><div class="nbr-charts">{"".join(charts)}</div></div>'


def _parallel(history: History) -> str:
    rows: list[Mapping[str, Any]] = [
        {f"params.{name}": value for name, value in row.params.items()}
        | {f"metrics.{name}": one.last for name, one in row.metrics.items()}
        for row in history.rows
    ]
    metrics = [name for name in _told(history) if name != history.main][: _METRIC_AXES - 1]
    metrics += [history.main] if history.main else []
    params = [name for name in history.params[:MOST_PARAMS] if _tells(history, name)][:_AXES]
    if not params or not metrics:
        return ""
    axes = [*(f"params.{name}" for name in params), *(f"metrics.{name}" for name in metrics)]
    picture = parallel(rows, axes, axes[-1])
    if not picture:
        return ""
    caption = f"A line per run through its params and metrics, coloured by {words.one_line(metrics[-1], 60)}"
    hint = '<span class="nbr-hint"> · drag along an axis to choose runs</span>'
    return f'<figure id="nbr-parallel"><figcaption>{esc(caption)}{hint}</figcaption>{picture}</figure>'


def _tells(history: History, name: str) -> bool:
    """Whether a param says something of more than one run each."""
    values = {repr(row.params.get(name)) for row in history.rows if name in row.params}
    return len(values) > 1 and not (len(values) > 12 and all(value.startswith(("'", '"')) for value in values))


# -- environments ----------------------------------------------------------------------------------------------------


class _Environments:
    """Those of the runs, each once: they are mostly the same. of: the number of a run's, by its place."""

    def __init__(self, runs: list[Told]) -> None:
        self.of: dict[int, int] = {}
        self._all: list[Mapping[str, Any]] = []
        numbers: dict[str, int] = {}
        for at, told in enumerate(runs):
            given = told.detail.environment
            if not given:
                continue
            text = json.dumps(given, sort_keys=True, default=repr)
            if text not in numbers:
                numbers[text] = len(numbers) + 1
                self._all.append(given)
            self.of[at] = numbers[text]

    def section(self) -> str:
        """All of them, folded."""
        shown = "".join(self._one(number, given) for number, given in enumerate(self._all, 1))
        return _section("environments", shown) if shown else ""

    def _one(self, number: int, given: Mapping[str, Any]) -> str:
        runs = [at + 1 for at, own in self.of.items() if own == number]
        packages = given.get("packages")
        names = packages if isinstance(packages, Mapping) else {}
        python = f"Python {given.get('python') or '?'}"
        listed = "\n".join(f"{name}=={version}" for name, version in list(names.items())[:_PACKAGES])
        more = len(names) - _PACKAGES
        listed += f"\n… and {more:,} more" if more > 0 else ""
        said = ", ".join(map(str, runs[:12])) + (f" and {len(runs) - 12:,} more" if len(runs) > 12 else "")
        about = esc(f"{python}, {words.plural(len(names), 'package')}; runs {said}")
        summary = f"<summary><b>environment {number}</b> <span class='nbr-dim'>{about}</span></summary>"
        body = "".join(f"<dt>{esc(name)}</dt><dd>{esc(text)}</dd>" for name, text in _facts(given))
        text = f'<pre class="nbr-text">{esc(listed)}</pre>' if listed else ""
        pairs = f'<dl class="nbr-pairs">{body}</dl>'
        return f'<details id="environment-{number}">{summary}{pairs}{text}</details>'


def _facts(given: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The plain parts of an environment in words; the folder of Python is nobody else's business."""
    cpu = given.get("cpu")
    cpu = cpu if isinstance(cpu, Mapping) else {}
    gpus = given.get("gpus")
    memory = given.get("memory")
    found = [
        ("Python", f"{given.get('python') or ''} {given.get('implementation') or ''}"),
        ("system", " ".join(str(given.get(one) or "") for one in ("system", "release", "machine"))),
        ("CPU", f"{cpu.get('model') or ''} × {cpu.get('count')}" if cpu.get("count") else ""),
        ("memory", words.size(memory) if isinstance(memory, (int, float)) else ""),
        (
            "GPU",
            ", ".join(str(one.get("name")) for one in gpus if isinstance(one, Mapping))
            if isinstance(gpus, list)
            else "",
        ),
    ]
    return [(name, words.one_line(text, 200)) for name, text in found if text.strip()]


# -- what it weighs --------------------------------------------------------------------------------------------------


def _weighs(history: History, parts: list[str], ours: str, data: str) -> str:
    """The size of the file and of its parts, in words."""
    pictures = sum(4 * -(-len(one) // 3) for told in history.runs for one in told.pictures.values())
    text = sum(len(part.encode("utf-8", "replace")) for part in parts) - pictures
    script = len(ours.encode())
    curves = len(data.encode())
    listed = [("text and charts", text), ("pictures of outputs", pictures), ("curves and values", curves)]
    said = ", ".join(f"{name} {words.size(size)}" for name, size in listed if size)
    whole = words.size(text + pictures + script + curves)
    return f"This file: {whole} ({said}, style and script {words.size(script)}). It loads nothing and sends nothing."


def _notes(history: History) -> str:
    notes = list(history.notes)
    if history.chosen > len(history.runs):
        shown = f"{len(history.runs):,} of the {history.chosen:,} runs that were chosen"
        notes.insert(0, f"In here are {shown}: a report is for reading. A filter chooses others.")
    files = [one.size for told in history.runs for one in told.detail.artifacts]
    if files:
        size = words.size(sum(files))
        notes.append(f"{words.plural(len(files), 'file')} of the runs ({size}) stay in the project.")
    notes.append(f"Written by nbtrack {nbtrack.__version__}.")
    return "".join(f"<p>{esc(note)}</p>" for note in notes)
