"""Figures of runs: curves, parallel coordinates and scatter, as plotly figures."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from nbtrack.base.errors import InvalidOption
from nbtrack.charts import Curve, figure, metric_curves, parallel_coordinates, scatter
from nbtrack.charts.records import PLAIN, records, value_of
from nbtrack.runs import contract as c
from nbtrack.runs.columns import metric_names, split_params
from nbtrack.runs.values import is_a
from nbtrack.sdk import asked
from nbtrack.sdk.collection import Runs
from nbtrack.sdk.context import current_service
from nbtrack.sdk.run import Run
from nbtrack.sdk.runs import selected

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from nbtrack.base.config import Project
    from nbtrack.runs.service import RunsService

    Given = Runs | Run | str | Iterable[Run | str] | None

_MOST_CURVES = 200
_MOST_RUNS = 5_000  # in one parallel-coordinates or scatter plot
_KEYS = 6  # metrics plotted when none is named
_AXES = 8


@asked.checked(
    keys=asked.names,
    x=asked.text,
    smoothing=asked.number(),
    log_x=asked.flag,
    log_y=asked.flag,
    group_by=asked.text,
    width=asked.whole(1, 100_000),
    project=asked.project,
)
def plot_metrics(
    runs: Given = None,
    keys: str | Sequence[str] | None = None,
    *,
    x: str = "step",
    smoothing: float = 0.0,
    log_x: bool = False,
    log_y: bool = False,
    group_by: str | None = None,
    width: int = 1000,
    project: Project | str | os.PathLike[str] | None = None,
) -> go.Figure:
    """Metric curves, one plot per metric, one colour per run.

    runs: a filter, `Runs`, runs or their ids; all if not given, the latest 200 curves then. keys: metrics; those with
    a history if not given. x: "step", "time" (of day), "relative_time", or another metric. smoothing: 0 to below 1,
    the raw line stays faint behind. group_by: "params.model", "tags.stage" or "experiment": the mean and spread of
    each group instead of its runs. width: pixels drawn for; no extreme is lost.

    Raises:
        FilterError, NotFound: see `runs`. InvalidOption: a bad x, smoothing or group_by.
    """
    service = current_service(project)
    rows, matched = _rows(service, runs, _MOST_CURVES)
    if group_by is not None and rows and all(_group(row, group_by) is None for row in rows):
        raise InvalidOption(f"None of the {len(rows):,} runs has '{group_by}' to group by.", _known(rows))
    names = _curve_keys(rows, keys)
    wanted = [*names, x] if x not in ("step", "time", "relative_time") and x not in names else names
    found = [(row, key) for row in rows for key in wanted if key in row.metrics]
    shown = found[:_MOST_CURVES]
    curves = [_curve(service, row, key, group_by) for row, key in shown]
    several = len(found) > len(shown) or matched > len(rows)
    title = f"The first {len({row.id for row, _ in shown}):,} of {matched:,} runs" if several else ""
    data = metric_curves(
        curves,
        x=x,
        log_x=log_x,
        log_y=log_y,
        smoothing=smoothing,
        group=group_by is not None,
        title=title,
        width=width,
    )
    return figure(data if curves else _note(data, "No metric with more than one point here."))


@asked.checked(params=asked.names, metric=asked.text, project=asked.project)
def plot_parallel(
    runs: Given = None,
    params: str | Sequence[str] | None = None,
    metric: str | None = None,
    *,
    project: Project | str | os.PathLike[str] | None = None,
) -> go.Figure:
    """Parallel coordinates: an axis per param and one for the metric, a line per run; drag along an axis to select.

    runs: as for `plot_metrics`. params: names; those that differ if not given. metric: the last axis and the colour;
    the one most runs have if not given.

    Raises:
        FilterError, NotFound: see `runs`.
    """
    service = current_service(project)
    rows, matched = _rows(service, runs, _MOST_RUNS)
    chosen = _listed(params) if params is not None else split_params(rows)[0][:_AXES]
    measured = metric or next(iter(metric_names(rows)), None)
    axes = [_prefixed("params", name) for name in chosen]
    axes += [_prefixed("metrics", measured)] if measured is not None else []
    data = parallel_coordinates(records(rows, axes), axes, title=_cut(rows, matched))
    return figure(data if rows and axes else _note(data, "No runs with params here."))


@asked.checked(x=asked.text, y=asked.text, color=asked.text, project=asked.project)
def plot_scatter(
    runs: Given = None,
    x: str = "params.lr",
    y: str = "metrics.acc",
    color: str | None = None,
    *,
    project: Project | str | os.PathLike[str] | None = None,
) -> go.Figure:
    """A point per run. x, y, color: "params.lr", "metrics.acc", "metrics.loss.min", "tags.stage", "duration" ….

    Raises:
        FilterError, NotFound: see `runs`. InvalidOption: no run has the x or y asked for.
    """
    service = current_service(project)
    rows, matched = _rows(service, runs, _MOST_RUNS)
    x, y = _named(rows, x), _named(rows, y)
    color = color if color is None else _named(rows, color)
    axes = [one for one in (x, y, color) if one is not None]
    found = records(rows, axes)
    for key in axes:
        if found and all(record[key] is None for record in found):
            raise InvalidOption(f"None of the {len(rows):,} runs has '{key}'.", _known(rows))
    data = scatter(found, x, y, color, title=_cut(rows, matched))
    return figure(data if rows else _note(data, "No runs here."))


def _rows(service: RunsService, given: Given, most: int) -> tuple[list[c.RunRow], int]:
    """(rows, at most so many; how many were meant)."""
    if given is None or is_a(given, str):
        given = Runs(service, c.PageRequest(filter=given or ""))  # type: ignore[arg-type]
    if type(given) is Runs:
        return given.rows(most), len(given)
    rows = selected(service, [given])
    return rows[:most], len(rows)


def _listed(given: str | Sequence[str]) -> list[str]:
    return [given] if isinstance(given, str) else list(given)


def _curve_keys(rows: Sequence[c.RunRow], keys: str | Sequence[str] | None) -> list[str]:
    if keys is not None:
        names = [name.removeprefix("metrics.") for name in _listed(keys)]
        missing = [name for name in names if rows and not any(name in row.metrics for row in rows)]
        if missing:
            raise InvalidOption(f"None of the {len(rows):,} runs has the metric '{missing[0]}'.", _known(rows))
        return names
    names = metric_names(rows)
    curved = [name for name in names if any(name in row.metrics and row.metrics[name].count > 1 for row in rows)]
    return (curved or names)[:_KEYS]


def _known(rows: Sequence[c.RunRow]) -> str:
    params = dict.fromkeys(f"params.{name}" for row in rows for name in row.params)
    names = [*(f"metrics.{name}" for name in metric_names(rows)), *params]
    return f"There are: {', '.join(names[:20])}." if names else "These runs have no params and no metrics."


def _curve(service: RunsService, row: c.RunRow, key: str, group_by: str | None) -> Curve:
    points = service.history(row.id, key)
    group = None if group_by is None else _group(row, group_by)
    return Curve(row.id, row.name, key, points.steps, points.times, points.values, group)


def _group(row: c.RunRow, key: str) -> str | None:
    from nbtrack.base.words import value

    found = value_of(row, _prefixed("params", key))
    return None if found is None else value(found) if not isinstance(found, str) else found


def _prefixed(kind: str, name: str) -> str:
    return name if name.startswith(("params.", "metrics.", "tags.")) or name in PLAIN else f"{kind}.{name}"


def _named(rows: Sequence[c.RunRow], name: str) -> str:
    """A bare name as the param or metric of that name."""
    if any(name in row.params for row in rows):
        return f"params.{name}"
    return f"metrics.{name}" if any(name in row.metrics for row in rows) else name


def _cut(rows: Sequence[c.RunRow], matched: int) -> str:
    return f"The first {len(rows):,} of {matched:,} runs" if matched > len(rows) else ""


def _note(data: dict[str, Any], text: str) -> dict[str, Any]:
    """An empty figure that says why it is empty."""
    note = {"text": text, "showarrow": False, "xref": "paper", "yref": "paper", "x": 0.5, "y": 0.5}
    data["layout"]["annotations"] = [note]
    return data
