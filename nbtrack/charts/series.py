"""The arithmetic of curves: where points lie on the x axis, smoothing, the mean of a group and its spread."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbtrack.base.errors import InvalidOption

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

UNITS = (("s", 1.0), ("min", 60.0), ("h", 3600.0), ("days", 86400.0))
_CELLS = 2_000_000  # runs × places of one band: about 0.1 s and 80 MB


@dataclass(frozen=True)
class Curve:
    """One metric of one run: ``steps``, ``times`` (unix seconds) and ``values``, in the order logged.

    All three have one length. ``name`` is the run's; ``group``: the runs to take the mean over.
    """

    run_id: str
    name: str
    key: str
    steps: ArrayLike
    times: ArrayLike
    values: ArrayLike
    group: str | None = None


@dataclass(frozen=True)
class Line:
    """A curve with its place on the x axis: arrays ``x`` and ``y`` of equal length, and ``raw`` before smoothing."""

    curve: Curve
    x: Floats
    y: Floats
    raw: Floats


@dataclass(frozen=True)
class Band:
    """Mean and mean ± one standard deviation of a group on the grid ``x``; NaN where no run has a value."""

    x: Floats
    mean: Floats
    low: Floats
    high: Floats
    runs: int


def lines(curves: Sequence[Curve], x: str, smoothing: float) -> tuple[list[Line], str]:
    """The curves placed on the axis ``x``, and its title. Raises InvalidOption for an axis nobody has."""
    import numpy as np

    arrays = [np.asarray(curve.values, dtype=np.float64) for curve in curves]
    places, title = _places(curves, x)
    found = []
    for curve, place, raw in zip(curves, places, arrays, strict=True):
        if place is not None:
            found.append(Line(curve, place, smooth(raw, smoothing) if smoothing else raw, raw))
    return found, title


def _places(curves: Sequence[Curve], x: str) -> tuple[list[Floats | None], str]:
    import numpy as np

    if x == "step":
        return [np.asarray(curve.steps, dtype=np.float64) for curve in curves], "step"
    if x == "time":
        return [np.asarray(curve.times, dtype=np.float64) for curve in curves], "time"
    if x == "relative_time":
        return _since_start(curves)
    keys = sorted({curve.key for curve in curves})
    if x not in keys:
        raise InvalidOption(
            f"No metric {x!r} to use as the x axis.",
            f"Use step, relative_time, time, or one of: {', '.join(keys) or '(no metric was passed)'}.",
        )
    other = {curve.run_id: curve for curve in curves if curve.key == x}
    return [_of_metric(curve, other.get(curve.run_id), x) for curve in curves], x


def _since_start(curves: Sequence[Curve]) -> tuple[list[Floats | None], str]:
    """Time since the first point of the run (of any key passed), in the unit that suits the longest of them."""
    import numpy as np

    times = [np.asarray(curve.times, dtype=np.float64) for curve in curves]
    starts: dict[str, float] = {}
    for curve, when in zip(curves, times, strict=True):
        first = min((t for t in when.tolist() if math.isfinite(t)), default=math.inf)
        starts[curve.run_id] = min(first, starts.get(curve.run_id, math.inf))
    since = [
        when - starts[curve.run_id] if math.isfinite(starts[curve.run_id]) else np.full(len(when), np.nan)
        for curve, when in zip(curves, times, strict=True)
    ]
    longest = max((float(np.nanmax(one)) for one in since if np.isfinite(one).any()), default=0.0)
    unit, seconds = next(((u, s) for u, s in reversed(UNITS) if longest >= 2 * s), UNITS[0])
    return [one / seconds for one in since], f"time since start ({unit})"


def _of_metric(curve: Curve, other: Curve | None, x: str) -> Floats | None:
    """The other metric's value at each of the curve's steps: the last one logged there, else NaN."""
    import numpy as np

    if other is None or curve.key == x:
        return None
    at = dict(zip(np.asarray(other.steps).tolist(), np.asarray(other.values).tolist(), strict=True))
    return np.array([at.get(step, math.nan) for step in np.asarray(curve.steps).tolist()], dtype=np.float64)


def smooth(values: ArrayLike, weight: float) -> Floats:
    """Exponential moving average without the bias of its start, as TensorBoard's.

    With s_0 = 0, s_n = weight * s_(n-1) + (1 - weight) * v_n, and the result s_n / (1 - weight ** n). Values
    that are not finite stay as they are and do not count. ``weight`` in [0, 1). Source: TensorBoard,
    ``line-chart.ts`` (``resmoothDataset``); the correction is that of Kingma and Ba, "Adam", ICLR 2015,
    section 3.
    """
    import numpy as np

    result = np.array(values, dtype=np.float64)
    state, remains = 0.0, 1.0
    for index, value in enumerate(result.tolist()):
        if math.isfinite(value):
            state = weight * state + (1 - weight) * value
            remains *= weight
            result[index] = state / (1 - remains)
    return result


def band(members: Sequence[Line]) -> Band:
    """Mean ± one sample standard deviation (n - 1; 0 where one run is alone) over the runs of a group.

    Aligned on the union of all x of the group. Each run is interpolated linearly between its own neighbouring
    points; not beyond its first and last, nor across its gaps: there it does not count. Of points of one run
    at the same x the last one logged counts. Where that union is too long for the number of runs (long runs over
    time share no x), it is thinned evenly: what is left is exact.
    """
    import numpy as np

    own = [_function(line) for line in members]
    grid = np.unique(np.concatenate([x for x, _ in own])) if own else np.empty(0)
    most = max(2, _CELLS // max(len(own), 1))
    if len(grid) > most:
        grid = grid[np.linspace(0, len(grid) - 1, most).round().astype(np.int64)]
    rows = np.array([_interpolate(grid, x, y) for x, y in own]).reshape(len(own), len(grid))
    there = np.isfinite(rows)
    with np.errstate(over="ignore", invalid="ignore"):  # a sum beyond 1.8e308 is infinite, and so a gap
        count = there.sum(axis=0)
        some = np.maximum(count, 1)
        mean = np.where(count > 0, np.where(there, rows, 0.0).sum(axis=0) / some, np.nan)
        square = np.where(there, rows - mean, 0.0) ** 2
        spread = np.sqrt(square.sum(axis=0) / np.maximum(count - 1, 1))
        return Band(grid, mean, mean - spread, mean + spread, len({line.curve.run_id for line in members}))


def _function(line: Line) -> tuple[Floats, Floats]:
    """The line as a function of x: sorted, one (the last) value for each finite x."""
    import numpy as np

    placed = np.isfinite(line.x)
    x, y = line.x[placed][::-1], line.y[placed][::-1]
    unique, first = np.unique(x, return_index=True)  # reversed, so the first is the last one logged
    return unique, np.where(np.isfinite(y[first]), y[first], np.nan)


def _interpolate(grid: Floats, x: Floats, y: Floats) -> Floats:
    import numpy as np

    if len(x) == 0:
        return np.full(len(grid), np.nan)
    return np.interp(grid, x, y, left=np.nan, right=np.nan)


def percentiles(values: Iterable[Floats], low: float = 5, high: float = 95) -> tuple[float, float] | None:
    """The given percentiles of all finite values together; None without any, or when they coincide."""
    import numpy as np

    parts = [one[np.isfinite(one)] for one in values]
    together = np.concatenate(parts) if parts else np.empty(0)
    if len(together) == 0:
        return None
    bottom, top = (float(p) for p in np.percentile(together, (low, high)))
    return (bottom, top) if bottom < top else None
