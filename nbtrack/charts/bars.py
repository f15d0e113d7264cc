"""Bars, histograms and contours of runs."""

from __future__ import annotations

import math
import statistics
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from nbtrack.charts.dimensions import plain
from nbtrack.charts.figure import (
    INK,
    SCALE,
    FigureData,
    Theme,
    as_float,
    axis,
    escape,
    is_number,
    layout,
    log_axis,
    run_id,
    run_name,
    short_names,
    wants_log,
)
from nbtrack.charts.palette import COLOURS, colour, faint, in_order

Row = Mapping[str, Any]
_MOST_BARS = 200
_MOST_BINS = 60
_MOST_CELLS = 80  # along a side of a contour


def bars(rows: Sequence[Row], y: str, by: str | None = None, *, theme: Theme = "any") -> FigureData:
    """A bar of ``y`` for each run, in the order given; with ``by`` the mean of each of its values and the spread.

    The spread is one sample standard deviation (none of a single run). At most 200 bars. Rows whose ``y`` is not a
    finite number have no bar.
    """
    labels = short_names([key for key in (y, by) if key is not None])
    look = layout(height=360, theme=theme)
    look["yaxis"] = axis(labels[y])
    look["xaxis"] = axis(labels[by] if by else "run", type="category")
    placed = [row for row in rows if _finite(row.get(y)) is not None]
    trace = _of_runs(placed, y) if by is None else _of_groups(placed, y, by)
    if len(trace["x"]) > 24:
        look["xaxis"]["showticklabels"] = by is not None
    return {"data": [trace] if trace["x"] else [], "layout": look}


def _of_runs(rows: Sequence[Row], y: str) -> dict[str, Any]:
    shown = rows[:_MOST_BARS]
    return {
        "type": "bar",
        "x": [
            escape(run_name(row)) + "\u200b" * at for at, row in enumerate(shown)
        ],  # names may be alike: bars are not
        "y": [_finite(row[y]) for row in shown],
        "marker": {"color": [colour(run_id(row)) for row in shown]},
        "hovertemplate": "<b>%{x}</b><br>%{y}<extra></extra>",
    }


def _of_groups(rows: Sequence[Row], y: str, by: str) -> dict[str, Any]:
    groups: dict[str, list[float]] = {}
    for name in _ordered(rows, by):
        groups[name] = []
    for row in rows:
        groups[_name(row.get(by))].append(_finite(row[y]) or 0.0)
    shown = dict(list(groups.items())[:_MOST_BARS])
    return {
        "type": "bar",
        "x": [escape(name) for name in shown],
        "y": [statistics.fmean(values) for values in shown.values()],
        "customdata": [len(values) for values in shown.values()],
        "error_y": {
            "type": "data",
            "array": [statistics.stdev(values) if len(values) > 1 else 0.0 for values in shown.values()],
            "thickness": 1.2,
            "width": 4,
        },
        "marker": {"color": faint(COLOURS[0], 0.75)},
        "hovertemplate": "<b>%{x}</b><br>%{y} ± %{error_y.array:.3g}<br>%{customdata} runs<extra></extra>",
    }


def _ordered(rows: Sequence[Row], by: str) -> list[str]:
    """The values of a column as texts, numbers by size before texts."""
    values = {_name(row.get(by)): plain(row.get(by)) for row in rows}

    def key(item: tuple[str, Any]) -> tuple[bool, float, str]:
        number = _finite(item[1])
        return number is None, number or 0.0, item[0]

    return [name for name, _ in sorted(values.items(), key=key)]


def _name(value: Any) -> str:
    text = "missing" if value is None else str(plain(value))
    return text if len(text) <= 60 else f"{text[:59]}…"


def _finite(value: Any) -> float | None:
    own = plain(value)
    if not is_number(own):
        return None
    number = as_float(own)
    return number if math.isfinite(number) else None


def histogram(rows: Sequence[Row], x: str, color: str | None = None, *, theme: Theme = "any") -> FigureData:
    """How many runs have which value of ``x``: bins of numbers, else a bar per text. color: stacked by its values."""
    labels = short_names([x])
    look = layout(height=360, theme=theme, barmode="stack", bargap=0.04)
    look["yaxis"] = axis("runs")
    values = [_finite(row.get(x)) for row in rows]
    numeric = [value for value in values if value is not None]
    look["xaxis"] = axis(labels[x])
    groups = _ordered(rows, color) if color else [""]
    shades = in_order(groups)
    traces = []
    edges = _edges(numeric) if len(numeric) > len(rows) / 2 else None
    if edges is None:
        look["xaxis"].update(type="category", categoryorder="total descending")
    for group in groups:
        own = [row for row in rows if not color or _name(row.get(color)) == group]
        trace = _counts(own, x, edges)
        trace["marker"] = {"color": shades[group].colour if color else faint(COLOURS[0], 0.75)}
        trace["name"] = escape(group)
        traces.append(trace)
    look["showlegend"] = color is not None
    return {"data": traces if rows else [], "layout": look}


def _edges(values: Sequence[float]) -> list[float]:
    low, high = min(values), max(values)
    if low == high:
        return [low - max(0.5, abs(low) / 100), high + max(0.5, abs(low) / 100)]
    ordered = sorted(values)
    quarter, three = ordered[len(ordered) // 4], ordered[3 * len(ordered) // 4]
    width = 2 * (three - quarter) / len(ordered) ** (1 / 3)
    span = high - low
    if not math.isfinite(span):
        return [low, high]
    count = max(5, min(_MOST_BINS, math.ceil(span / width))) if width > 0 else min(_MOST_BINS, 20)
    return [low + span * at / count for at in range(count)] + [high]


def _counts(rows: Sequence[Row], x: str, edges: list[float] | None) -> dict[str, Any]:
    if edges is None:
        counts: dict[str, int] = {}
        for row in rows:
            counts[_name(row.get(x))] = counts.get(_name(row.get(x)), 0) + 1
        shown = dict(sorted(counts.items(), key=lambda item: -item[1])[:_MOST_BARS])
        return {
            "type": "bar",
            "x": [escape(name) for name in shown],
            "y": list(shown.values()),
            "hovertemplate": "<b>%{x}</b><br>%{y} runs<extra></extra>",
        }
    bins = [0] * (len(edges) - 1)
    for row in rows:
        value = _finite(row.get(x))
        if value is not None:
            bins[min(len(bins) - 1, bisect_right(edges, value) - 1)] += 1
    return {
        "type": "bar",
        "x": [(left + right) / 2 for left, right in pairwise(edges)],
        "width": edges[1] - edges[0],
        "y": bins,
        "customdata": [f"{left:.4g} to {right:.4g}" for left, right in pairwise(edges)],
        "hovertemplate": "%{customdata}<br>%{y} runs<extra></extra>",
    }


def contour(rows: Sequence[Row], x: str, y: str, z: str, *, theme: Theme = "any") -> FigureData:
    """The mean of ``z`` over the values of ``x`` and ``y``, as lines of equal height, a dot for each run.

    Only runs with three finite numbers have a place (of a log axis, positive ones).
    """
    labels = short_names([x, y, z])
    placed = [row for row in rows if all(_finite(row.get(key)) is not None for key in (x, y, z))]
    log = {key: wants_log([_finite(row[key]) or 0.0 for row in placed]) for key in (x, y)}
    placed = [row for row in placed if all(not log[key] or row[key] > 0 for key in (x, y))]
    look = layout(height=400, theme=theme)
    for key, name in ((x, "xaxis"), (y, "yaxis")):
        look[name] = axis(f"{labels[key]} (log)" if log[key] else labels[key])
        if log[key]:
            look[name].update(log_axis([row[key] for row in placed]))
    if not placed:
        return {"data": [], "layout": look}
    columns, lines = _steps([row[x] for row in placed]), _steps([row[y] for row in placed])
    cells: dict[tuple[int, int], list[float]] = {}
    for row in placed:
        place = (_nearest(columns, row[x]), _nearest(lines, row[y]))
        cells.setdefault(place, []).append(float(row[z]))
    heights = [
        [statistics.fmean(cells[at, line]) if (at, line) in cells else None for at in range(len(columns))]
        for line in range(len(lines))
    ]
    scale = [list(stop) for stop in SCALE]
    bar = {"title": {"text": escape(labels[z]), "side": "right"}, "thickness": 10, "outlinewidth": 0}
    area = {
        "type": "contour",
        "x": columns,
        "y": lines,
        "z": heights,
        "connectgaps": True,
        "colorscale": scale,
        "colorbar": bar,
        "contours": {"coloring": "heatmap"},
        "line": {"width": 0.6, "color": INK[theme]},
        "hoverinfo": "skip",
    }
    dots = {
        "type": "scatter",
        "mode": "markers",
        "x": [row[x] for row in placed],
        "y": [row[y] for row in placed],
        "text": [escape(run_name(row)) for row in placed],
        "customdata": [row[z] for row in placed],
        "marker": {"size": 6, "color": "#ffffff", "line": {"width": 1.2, "color": "#333333"}},
        "hovertemplate": f"<b>%{{text}}</b><br>{escape(labels[z])} %{{customdata}}<extra></extra>",
        "showlegend": False,
    }
    wide = len(columns) > 1 and len(lines) > 1  # lines of equal height need an area
    return {"data": [area, dots] if wide else [dots], "layout": look}


def _steps(values: Sequence[float]) -> list[float]:
    """The places along a side: the values themselves, or evenly spread ones where they are very many."""
    own = sorted({float(value) for value in values})
    if len(own) <= _MOST_CELLS:
        return own
    return [own[round(at * (len(own) - 1) / (_MOST_CELLS - 1))] for at in range(_MOST_CELLS)]


def _nearest(places: Sequence[float], value: float) -> int:
    return min(range(len(places)), key=lambda at: abs(places[at] - value))
