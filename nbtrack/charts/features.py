"""Params as columns of numbers, for a model that knows nothing else."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbtrack.charts.figure import as_float, is_number

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_MOST_CATEGORIES = 10


@dataclass(frozen=True)
class Feature:
    """One param: its ``columns``, none of them constant, each a number per run.

    numbers: its values, NaN where a run has none; None for what is no number. runs: how many runs have it.
    """

    param: str
    columns: list[Floats]
    numbers: Floats | None
    runs: int


def features(rows: Sequence[dict[str, Any]]) -> list[Feature]:
    """The params that differ between runs, by name. A param that is None counts as missing, a NaN too.

    * Numbers (and booleans, false as 0 and true as 1): one column of their ranks. For a tree the rank says all that
      the value does, and a rank is never too large or too fine for its 32-bit floats. A missing one has the median,
      and another column tells that it is missing.
    * Everything else by category: a column of 0 and 1 for each of the ten most frequent values, and one for all
      others together. A value counts as rare below two runs or one in fifty; missing is a value.
    """
    names = sorted({name for row in rows for name in row})
    found = [_feature(name, [row.get(name) for row in rows]) for name in names]
    return [one for one in found if one.columns]


def _feature(name: str, values: list[Any]) -> Feature:
    import numpy as np

    there = [value for value in values if value is not None]
    if all(is_number(value) for value in there) or all(isinstance(value, bool) for value in there):
        numbers = np.array([math.nan if value is None else as_float(value) for value in values], dtype=np.float64)
        return Feature(name, _differing(_ranked(numbers)), numbers, int((~np.isnan(numbers)).sum()))
    texts = [None if value is None else value if isinstance(value, str) else repr(value)[:1000] for value in values]
    return Feature(name, _differing(_categories(texts)), None, len(there))


def _ranked(numbers: Floats) -> list[Floats]:
    import numpy as np

    missing = np.isnan(numbers)
    if missing.all():
        return []
    ranks = np.zeros(len(numbers))
    ranks[~missing] = np.unique(numbers[~missing], return_inverse=True)[1]
    ranks[missing] = np.median(ranks[~missing])
    return [ranks, missing.astype(np.float64)]


def _categories(texts: Sequence[str | None]) -> list[Floats]:
    import numpy as np

    few = max(2, len(texts) // 50)
    kept = [text for text, count in Counter(texts).most_common(_MOST_CATEGORIES) if count >= few]
    place = {text: at for at, text in enumerate(kept)}
    codes = np.array([place.get(text, len(kept)) for text in texts])
    columns = [(codes == code).astype(np.float64) for code in range(len(kept) + 1)]
    shown = _differing(columns)
    return shown[:1] if len(shown) == 2 else shown  # of two that cover all, one says it


def _differing(columns: list[Floats]) -> list[Floats]:
    return [column for column in columns if (column != column[0]).any()]


def spearman(left: Floats, right: Floats) -> float | None:
    """Spearman's rank correlation, −1 to 1, over the places where both are numbers; ties share their mean rank.

    None for fewer than three such places, or where one side is all the same. Source: Spearman, "The Proof and
    Measurement of Association between Two Things", American Journal of Psychology 15(1), 1904.
    """
    import numpy as np

    both = ~(np.isnan(left) | np.isnan(right))
    if both.sum() < 3:
        return None
    one, other = (_mean_ranks(side[both]) for side in (left, right))
    one, other = one - one.mean(), other - other.mean()
    size = math.sqrt(float((one**2).sum()) * float((other**2).sum()))
    return max(-1.0, min(1.0, float((one * other).sum()) / size)) if size else None


def _mean_ranks(values: Floats) -> Floats:
    import numpy as np

    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    last: Floats = np.cumsum(count).astype(np.float64)
    ranks: Floats = (last - (count - 1) / 2)[place]
    return ranks
