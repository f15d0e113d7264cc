"""Where an axis has its ticks, and how its numbers read."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence

Tick = tuple[float, str]
_TINY, _HUGE = 1e-290, 1e300  # a range shorter, or values larger than this have no steps that floats can say


def linear_ticks(low: float, high: float, most: int, whole: bool = False) -> list[Tick]:
    """At most ``most`` + 1 round numbers within [low, high], a step of 1, 2 or 5 times a power of ten apart.

    whole: no fractions. Empty where the range is too short or too long for floats to be divided.
    """
    span, largest = high - low, max(abs(low), abs(high))
    if not (span > _TINY and largest < _HUGE and span > 1e-12 * largest):
        return []
    rough = span / max(most, 1)
    power = math.floor(math.log10(rough))
    step = next(times * 10.0**power for times in (1, 2, 5, 10, 20) if times * 10.0**power >= rough * (1 - 1e-9))
    if whole:
        step = max(step, 1.0)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    slack = 1e-9 * span
    places = [place * step for place in range(first, last + 1) if low - slack <= place * step <= high + slack]
    return [(place, _label(place, step, largest)) for place in places]


def log_ticks(low: float, high: float, most: int) -> list[Tick]:
    """Powers of ten within [low, high] (both positive), at most ``most`` + 1 of them."""
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    skip = max(1, -(-(last - first + 1) // max(most, 1)))
    return [(10.0**power, _power(power)) for power in range(first, last + 1) if power % skip == 0]


def _power(power: int) -> str:
    return f"1e{power}" if abs(power) > 3 else f"{10.0**power:g}"


def _label(value: float, step: float, largest: float) -> str:
    """With as many digits as tell it from its neighbours."""
    if 1e-3 <= largest < 1e6:
        return f"{value + 0.0:,.{max(0, -math.floor(math.log10(step) + 1e-9))}f}"  # + 0.0: there is no −0
    digits = math.floor(math.log10(largest)) - math.floor(math.log10(step) + 1e-9) + 1
    return _plain(f"{value + 0.0:.{max(1, min(digits, 12))}g}") if abs(value) > step / 2 else "0"


def short(value: float) -> str:
    """A number in three significant digits."""
    return _plain(f"{value + 0.0:.3g}")


def _plain(text: str) -> str:
    """``1.5e6`` for ``1.5e+06``."""
    base, e, power = text.partition("e")
    return f"{base}e{int(power)}" if e else text


def bounds(values: Sequence[float]) -> tuple[float, float]:
    """The least and the greatest, apart from one another by enough to be drawn between. All must be finite."""
    low, high = min(values), max(values)
    if high / 2 - low / 2 > max(_TINY, 1e-9 * max(abs(low), abs(high))):
        return low, high
    half = max(abs(low) * 0.05, _TINY * 10) if low or high else 0.5
    most = sys.float_info.max
    return max(low - half, -most), min(high + half, most)
