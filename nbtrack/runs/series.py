"""Curves for the wire: placed on an axis, and thinned to what a screen shows."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from nbtrack.base.errors import InvalidOption
from nbtrack.runs import contract as c
from nbtrack.runs.downsample import downsample
from nbtrack.runs.store import keys, metrics, runs

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

MAX_WIDTH = 20_000  # pixel columns


def check(request: c.SeriesRequest) -> None:
    """Raise InvalidOption for a width that no screen has, or an axis that is not said."""
    if not 1 <= request.width <= MAX_WIDTH:
        raise InvalidOption(f"width {request.width}.", f"Ask for 1 to {MAX_WIDTH:,} pixel columns.")
    if request.x == "metric" and request.x_key is None:
        raise InvalidOption("x is a metric, but x_key does not say which.", "Name it, or ask for x = 'step'.")


def curves(conn: sqlite3.Connection, request: c.SeriesRequest) -> tuple[list[c.Series], list[str]]:
    """The curves that exist, and those of the runs asked for that do not."""
    known = {name: number for number, name in keys.key_names(conn, "metric").items()}
    found: list[c.Series] = []
    missing = []
    for given in request.runs:
        number = runs.find(conn, given)
        if number is None:
            missing.append(given)
            continue
        row = runs.rows(conn, [number])[0]
        axis = _of(conn, number, known.get(request.x_key or "")) if request.x == "metric" else None
        for key in request.keys:
            points = _of(conn, number, known.get(key))
            if points.values:
                found += _curve(row, key, points, request, axis)
    return found, missing


def _of(conn: sqlite3.Connection, run: int, key: int | None) -> metrics.Series:
    """A metric's points; none where there is no such metric."""
    return metrics.Series(array("q"), array("d"), array("d")) if key is None else metrics.series(conn, run, key)


def _curve(
    row: dict[str, Any], key: str, points: metrics.Series, request: c.SeriesRequest, axis: metrics.Series | None
) -> Iterator[c.Series]:
    """The curve; none where no point of it has a place on the axis."""
    xs = None
    if axis is None:
        x: Any = points.steps if request.x == "step" else points.times
        if request.x == "relative":
            x = array("d", (moment - row["started"] for moment in points.times))
        picked = downsample(x, points.values, request.width, request.window).tolist()
    else:
        places, values, placed = _placed(points, axis)
        if not len(places):
            return
        kept = downsample(placed, values, request.width, request.window)
        picked, xs = places[kept].tolist(), placed[kept].tolist()
    yield c.Series(
        run=row["id"],
        key=key,
        steps=[points.steps[i] for i in picked],
        times=[points.times[i] for i in picked],
        values=[points.values[i] for i in picked],
        total=len(points.values),
        xs=xs,
    )


def _placed(points: metrics.Series, axis: metrics.Series) -> tuple[Ints, Floats, Floats]:
    """(places, values, x) of the points at whose step the other metric has a finite value: the last logged there."""
    import numpy as np

    steps, values = np.asarray(points.steps), np.asarray(points.values)
    order = np.argsort(np.asarray(axis.steps), kind="stable")
    known, x = np.asarray(axis.steps)[order], np.asarray(axis.values)[order]
    last = np.searchsorted(known, steps, side="right") - 1
    there = np.zeros(len(steps), dtype=bool)
    there[last >= 0] = known[last[last >= 0]] == steps[last >= 0]
    there[there] = np.isfinite(x[last[there]])
    return np.flatnonzero(there), values[there], x[last[there]]
