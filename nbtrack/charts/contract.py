"""Shapes and operations of charts on the wire."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, field

from nbtrack.base.wire import Op
from nbtrack.runs.contract import Selection, SeriesAnswer


class CurveTail(Struct):
    """One curve of which the first ``after`` points are known."""

    run: str
    key: str
    after: int


class TailRequest(Struct):
    """What was logged since: the points of each curve from the ``after``-th on, thinned to ``width`` columns."""

    curves: list[CurveTail]
    width: int = 400


class BandsRequest(Struct):
    """The mean of a metric over the runs of each group, and its spread.

    groups: name → run ids. x: what the runs are aligned on. smoothing: weight of an exponential moving average of each
    run before the mean is taken, 0 to less than 1.
    """

    groups: dict[str, list[str]]
    key: str
    x: Literal["step", "time", "relative"] = "step"
    width: int = 400
    smoothing: float = 0.0


class MeanBand(Struct):
    """Mean and mean ± one sample standard deviation of one group, over ``runs`` runs; all lists have one length."""

    group: str
    xs: list[float]
    mean: list[float]
    low: list[float]
    high: list[float]
    runs: int


class Bands(Struct):
    """The bands of the groups that have the metric."""

    bands: list[MeanBand]
    revision: int


class ImportanceRequest(Selection):
    """How much each param tells about a metric, over the runs that match. metric: "acc", "acc.min", ".max", ".mean"."""

    metric: str = ""


class ParamImportance(Struct):
    """importance: its share of what a random forest explains, 0 to 1. correlation: Spearman's, −1 to 1, of a number."""

    param: str
    importance: float
    correlation: float | None
    runs: int


class Importance(Struct):
    """Params, the most telling first. score: R² out of bag. notice: what is missing or to be read with care."""

    params: list[ParamImportance]
    runs: int
    score: float | None
    notice: str
    revision: int = 0


class FigureRequest(Selection):
    """A plotly figure of the runs that match, the first ``limit`` in the order of ``sort``.

    columns: "params.lr", "metrics.loss.min", "tags.stage", "duration" …: the axes of "parallel"; x and y of "scatter";
    x, y and what is shown as height of "contour"; what the bars are of, and per what, of "bars"; what is counted of
    "histogram". color: the column that colours.
    """

    kind: Literal["parallel", "scatter", "bars", "histogram", "contour"] = "parallel"
    columns: list[str] = field(default_factory=list)
    color: str | None = None
    theme: Literal["any", "light", "dark"] = "any"
    sort: list[str] = field(default_factory=list)
    limit: int = 1000


class FigureAxis(Struct):
    """How places on an axis of "parallel" read as values: a log axis has powers of ten, a categorical one places.

    wheres: the filter that finds the runs at each of ``places``, "" where the search language has none.
    """

    column: str
    kind: Literal["linear", "log", "categorical"]
    places: list[float] = field(default_factory=list)
    wheres: list[str] = field(default_factory=list)


class Figure(Struct):
    """``data`` and ``layout`` for plotly. runs: ids in the order drawn. notice: what is left out, in words."""

    data: list[dict[str, Any]]
    layout: dict[str, Any]
    axes: list[FigureAxis]
    runs: list[str]
    notice: str
    revision: int = 0


OPERATIONS = (
    Op("charts.tail", "GET", TailRequest, SeriesAnswer, "What was logged to curves since they were last asked for."),
    Op("charts.bands", "GET", BandsRequest, Bands, "Mean and spread of a metric over groups of runs."),
    Op("charts.figure", "GET", FigureRequest, Figure, "Parallel coordinates, scatter, bars, histogram or contour."),
    Op("charts.importance", "GET", ImportanceRequest, Importance, "Which params tell most about a metric."),
)
