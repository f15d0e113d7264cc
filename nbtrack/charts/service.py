"""Use cases of charts: curves that grow, means of groups, and which params tell about a metric. No SQL here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbtrack.base.errors import InvalidOption
from nbtrack.charts import contract as c
from nbtrack.charts.bands import allowance, mean_band, placed
from nbtrack.charts.importance import importance
from nbtrack.charts.param_table import read_table
from nbtrack.charts.plots import plot
from nbtrack.charts.series import Curve, Line
from nbtrack.runs.contract import Series, SeriesAnswer
from nbtrack.runs.downsample import downsample
from nbtrack.runs.store import metrics, runs
from nbtrack.runs.store.filter_keys import KeyLookup

if TYPE_CHECKING:
    import sqlite3

    from nbtrack.runs.service import RunsService

_MAX_WIDTH = 20_000


class ChartsService:
    """Curves and statistics of one project, on top of its reads."""

    def __init__(self, reads: RunsService) -> None:
        self._reads = reads

    def tail(self, request: c.TailRequest) -> SeriesAnswer:
        """The points of each curve from its ``after``-th on, thinned (M4 over steps) where they are many.

        ``Series.total`` counts all points of the curve: the ``after`` to ask with next time. A curve with nothing new
        is left out. What is read and sent depends on what is new, not on how long the history is. ``run`` is a full
        id; those that are gone are in ``missing``.

        Raises:
            InvalidOption: a bad width, or an ``after`` below 0. StoreError: there is no project here yet.
        """
        _check_width(request.width)
        for curve in request.curves:
            if curve.after < 0:
                raise InvalidOption(f"after {curve.after}.", "Ask from 0 on: it is the number of points known.")
        self._reads.connection()
        found: list[Series] = []
        missing: dict[str, None] = {}
        with self._reads.database.read() as conn:
            lookup = KeyLookup(conn)
            known = {name: lookup.number("metric", name) for name in {curve.key for curve in request.curves}}
            numbers = _numbers(conn, [curve.run for curve in request.curves])
            for curve in request.curves:
                number, key = numbers.get(curve.run), known[curve.key]
                if number is None:
                    missing[curve.run] = None
                elif key is not None:
                    points, total = metrics.tail(conn, number, key, curve.after)
                    if points.values:
                        found.append(_thinned(curve, points, total, request.width))
            return SeriesAnswer(found, self._reads.database.revision(), list(missing))

    def bands(self, request: c.BandsRequest) -> c.Bands:
        """Mean ± one sample standard deviation of a metric over the runs of each group, from full histories.

        Each run is smoothed first, see ``series.smooth``; how runs are aligned says ``series.band``. "time" is Unix
        seconds, "relative" seconds since each run's start. Where no run of a group has a value, there is NaN. Groups
        without the metric are left out, runs that are gone passed over. Of groups with more than two million points,
        each run counts with its M4 outline.

        Raises:
            InvalidOption: a bad width or smoothing. StoreError: there is no project here yet.
        """
        _check_width(request.width)
        if not 0 <= request.smoothing < 1:
            raise InvalidOption(
                f"A smoothing of {request.smoothing}.", "Pass a number from 0 (none) to just below 1, such as 0.6."
            )
        self._reads.connection()
        found = []
        with self._reads.database.read() as conn:
            key = KeyLookup(conn).number("metric", request.key)
            for name, members in request.groups.items():
                lines = [] if key is None else self._lines(conn, members, key, request)
                one = mean_band(name, lines, request.width) if lines else None
                if one is not None:
                    found.append(one)
            return c.Bands(found, self._reads.database.revision())

    def importance(self, request: c.ImportanceRequest) -> c.Importance:
        """How much each param tells about a metric, over the latest 5,000 matching runs that have it.

        How it is computed, and what it cannot tell, says ``nbtrack.charts.importance``.

        Raises:
            FilterError: a mistake in the filter. InvalidOption: no metric was named. NotFound: no run has it.
        """
        table = read_table(self._reads, request)
        return importance(table)

    def figure(self, request: c.FigureRequest) -> c.Figure:
        """A plotly figure of the first runs that match; see ``nbtrack.charts.plots`` for what each kind shows.

        Raises:
            FilterError: a mistake in a filter or sort key. InvalidOption: too few columns, a bad one, a bad limit.
        """
        return plot(self._reads, request)

    @staticmethod
    def _lines(conn: sqlite3.Connection, members: list[str], key: int, request: c.BandsRequest) -> list[Line]:
        numbers = _numbers(conn, members)
        starts = {row["n"]: row["started"] for row in runs.rows(conn, list(numbers.values()))}
        most, found = allowance(len(numbers)), []
        for run, number in numbers.items():
            points = metrics.series(conn, number, key)
            if points.values:
                curve = Curve(run, "", request.key, *points)
                found.append(placed(curve, request.x, starts[number], request.smoothing, most))
        return found


def _check_width(width: int) -> None:
    if not 1 <= width <= _MAX_WIDTH:
        raise InvalidOption(f"width {width}.", f"Ask for 1 to {_MAX_WIDTH:,} pixel columns.")


def _numbers(conn: sqlite3.Connection, ids: list[str]) -> dict[str, int]:
    """The rows of the runs that exist, by id."""
    found = {run: runs.number_or_none(conn, run) for run in dict.fromkeys(ids)}
    return {run: number for run, number in found.items() if number is not None}


def _thinned(curve: c.CurveTail, points: metrics.Series, total: int, width: int) -> Series:
    few = len(points.values) <= 4 * width  # what `downsample` would leave as it is, without numpy
    picked = list(range(len(points.values)) if few else map(int, downsample(points.steps, points.values, width)))
    return Series(
        run=curve.run,
        key=curve.key,
        steps=[points.steps[at] for at in picked],
        times=[points.times[at] for at in picked],
        values=[points.values[at] for at in picked],
        total=total,
    )
