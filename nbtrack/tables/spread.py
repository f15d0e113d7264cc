"""Mean, standard deviation, lowest and highest of the numbers in each of many groups at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


class Spreads(NamedTuple):
    """Arrays with a place for each group; where there are 0 ``numbers`` the rest is NaN.

    sd: of a sample, 0 of one number.
    """

    mean: Floats
    sd: Floats
    low: Floats
    high: Floats
    numbers: Ints


def spreads(groups: Ints, values: Floats, size: int) -> Spreads:
    """The spreads of ``values`` (no NaN) in ``groups`` (0 … ``size`` - 1, one for each value).

    In two passes, over numbers brought to the size of 1 and counted from one of their own: neither huge numbers, nor
    tiny ones, nor many that lie close together far from 0 lose digits. Where some are infinite the mean is infinite
    too, or NaN if both infinities occur, and there is no deviation (NaN).
    """
    import numpy as np

    order = np.argsort(groups, kind="stable")
    own, x = groups[order], values[order]
    starts = np.flatnonzero(np.diff(own, prepend=-1))
    there, count = own[starts], np.diff(np.append(starts, len(own)))
    nothing = np.full(size, np.nan)
    found = Spreads(nothing, nothing.copy(), nothing.copy(), nothing.copy(), np.zeros(size, dtype=np.int64))
    if not len(x):
        return found
    low, high = np.minimum.reduceat(x, starts), np.maximum.reduceat(x, starts)
    mean, sd = _moments(x, starts, count)
    endless = np.isinf(low) | np.isinf(high)
    with np.errstate(invalid="ignore"):
        mean = np.where(endless, np.where(np.isinf(low), low, 0) + np.where(np.isinf(high), high, 0), mean)
    found.mean[there] = np.clip(mean, low, high)
    found.sd[there] = np.where(count == 1, 0.0, np.where(endless, np.nan, sd))
    found.low[there], found.high[there], found.numbers[there] = low, high, count
    return found


def _moments(x: Floats, starts: Ints, count: Ints) -> tuple[Floats, Floats]:
    """(mean, standard deviation) of each stretch of ``x``; infinite numbers are taken for 0."""
    import numpy as np

    x = np.where(np.isinf(x), 0.0, x)
    size = np.frexp(np.maximum.reduceat(np.abs(x), starts))[1]
    scaled = np.ldexp(x, -np.repeat(size, count))
    first = scaled[starts]
    mean = first + np.add.reduceat(scaled - np.repeat(first, count), starts) / count
    rest = scaled - np.repeat(mean, count)
    squares = np.add.reduceat(rest * rest, starts) - np.add.reduceat(rest, starts) ** 2 / count
    with np.errstate(over="ignore"):  # the deviation of −1.7e308 and 1.7e308 is beyond what a float holds
        return np.ldexp(mean, size), np.ldexp(np.sqrt(np.maximum(squares, 0.0) / np.maximum(count - 1, 1)), size)
