"""How much a param changed, and whether it matters by its name."""

from __future__ import annotations

import math
from typing import Any

from nbtrack.base.names import words
from nbtrack.lineage.code import ABSENT


def is_seed(name: str) -> bool:
    """Whether a param starts a generator of random numbers."""
    parts = words(name.rpartition(".")[2])
    return "seed" in parts or "rng" in parts or parts[-2:] == ["random", "state"]


def size(left: Any, right: Any) -> float:
    """The change relative to the larger of two numbers, 0 to 2; 1 where one is no number."""
    if not (_is_number(left) and _is_number(right)):
        return 1.0
    one, other = _float(left), _float(right)
    if not (math.isfinite(one) and math.isfinite(other)):
        return 2.0
    largest = max(abs(one), abs(other))
    return abs(one / largest - other / largest) if largest else 0.0


def in_words(left: Any, right: Any) -> str:
    """How large a change is: "10 times smaller", "12 % larger"."""
    if left is ABSENT or right is ABSENT:
        return "set in one of the two runs only"
    if not (_is_number(left) and _is_number(right)):
        return "another value"
    one, other = _float(left), _float(right)
    if not (math.isfinite(one) and math.isfinite(other)) or not one or not other or (one < 0) != (other < 0):
        return "another number"
    word = "larger" if abs(other) > abs(one) else "smaller"
    part = min(abs(one), abs(other)) / max(abs(one), abs(other))
    if part <= 0.5:
        return f"{1 / part:.3g} times {word}" if part > 1e-300 else f"much {word}"
    share = abs(other / one - 1) * 100
    return f"{share:.2g} % {word}" if share >= 0.01 else f"hardly {word}"


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
