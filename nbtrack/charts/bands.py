"""The mean of a metric over the runs of a group: what is drawn of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from nbtrack.charts.contract import MeanBand
from nbtrack.charts.series import Band, Curve, Line, band, smooth

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

Axis = Literal["step", "time", "relative"]

_POINTS = 2_000_000  # of all runs of a group that are worked on as they are
_FEWEST = 400  # of one run that always are


def allowance(runs: int) -> int:
    """How many points of a run count where a group has so many runs; of a longer one, its M4 outline does."""
    return max(_FEWEST, _POINTS // max(runs, 1))


def placed(curve: Curve, x: Axis, start: float, smoothing: float, most: int) -> Line:
    """A run smoothed and on its axis, without its history: what `band` needs of it.

    start: Unix seconds that "relative" counts from. smoothing: see ``series.smooth``; done over the full history.
    most: points kept, see `allowance`.
    """
    import numpy as np

    from nbtrack.runs.downsample import downsample

    places = np.asarray(curve.steps if x == "step" else curve.times, dtype=np.float64)
    if x == "relative":
        places = places - start
    raw = np.asarray(curve.values, dtype=np.float64)
    values = smooth(raw, smoothing) if smoothing else raw
    if len(values) > most:
        at = downsample(places, values, most // 4)
        places, values, raw = places[at], values[at], raw[at]
    return Line(Curve(curve.run_id, curve.name, curve.key, (), (), ()), places, values, raw)


def mean_band(group: str, members: Sequence[Line], width: int) -> MeanBand | None:
    """Mean and mean ± one sample standard deviation of a group, thinned to ``width`` pixel columns; None if empty.

    Every place that is kept has its exact values; the extremes of all three lines survive.
    """
    found = band(members)
    at = shape(found, width)
    if len(at) == 0:
        return None
    return MeanBand(
        group=group,
        xs=found.x[at].tolist(),
        mean=found.mean[at].tolist(),
        low=found.low[at].tolist(),
        high=found.high[at].tolist(),
        runs=found.runs,
    )


def shape(found: Band, width: int) -> Ints:
    """Indices that draw the same band: what M4 keeps of the mean, and in each column the lowest low and highest high.

    At most 4 a column for the mean (see `nbtrack.runs.downsample`) and 2 for the band.
    """
    import numpy as np

    from nbtrack.runs.downsample import downsample, pixel_columns

    kept = downsample(found.x, found.mean, width)
    if len(kept) == len(found.x):
        return kept
    columns = pixel_columns(found.x, width)
    starts = np.flatnonzero(np.diff(columns, prepend=-1))  # x ascends, so a column is one stretch
    edges = [_first_of_least(found.low, starts), _first_of_least(-found.high, starts)]
    return np.unique(np.concatenate([kept, *edges]))


def _first_of_least(values: Floats, starts: Ints) -> Ints:
    """The place of the least finite value of each stretch; none of a stretch that has no finite value."""
    import numpy as np

    known = np.where(np.isfinite(values), values, np.inf)
    least = np.minimum.reduceat(known, starts)
    lengths = np.diff(np.append(starts, len(values)))
    hits = np.flatnonzero((known == np.repeat(least, lengths)) & np.isfinite(known))
    stretch = np.searchsorted(starts, hits, side="right")
    first: Ints = hits[np.unique(stretch, return_index=True)[1]]
    return first
