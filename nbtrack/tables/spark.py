"""A curve in so few values that they fit into a line of a list, with its highest and lowest among them."""

from __future__ import annotations

import math
from collections.abc import Sequence

MOST = 40  # values
_BINS = (MOST - 2) // 2


def thinned(values: Sequence[float]) -> list[float]:
    """At most `MOST` values, evenly spaced: the first, the lowest and highest of equal stretches between, the last.

    Up to `MOST` values are left as they are. In a longer curve, what is not finite shows only where a whole stretch is
    so: a gap in the line.
    """
    count = len(values)
    if count <= MOST:
        return list(values)
    found = [values[0]]
    for place in range(_BINS):
        start = 1 + place * (count - 2) // _BINS
        found += _ends(values[start : 1 + (place + 1) * (count - 2) // _BINS])
    return [*found, values[count - 1]]


def _ends(part: Sequence[float]) -> list[float]:
    """The lowest and the highest value of a stretch, in the order they came."""
    if not math.isfinite(sum(part)):  # also where finite ones add up to more than a float holds
        part = [value for value in part if math.isfinite(value)]
    if not part:
        return [math.nan, math.nan]
    low, high = min(part), max(part)
    return [low, high] if part.index(low) <= part.index(high) else [high, low]


def stretched(values: list[float], low: float, high: float) -> list[float]:
    """A thinned sample of a curve whose lowest and highest value are known: the sample's own take their place."""
    finite = [value for value in values if math.isfinite(value)]
    if not finite or not math.isfinite(low) or not math.isfinite(high):
        return values
    lowest, highest = min(finite), max(finite)
    inner = values[1:-1] or values
    if low < lowest and lowest in inner:
        values[values.index(lowest, int(len(values) > 2))] = low
    if high > highest and highest in inner:
        values[values.index(highest, int(len(values) > 2))] = high
    return values
