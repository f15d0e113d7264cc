"""MLflow's LIKE and ILIKE in a time that grows with the text and the pattern, and not with a power of them.

MLflow makes a regular expression of the pattern: on 400 equal letters ``%a%a%a%b`` takes five seconds, on 800 a minute
and a half, and whoever may search a server can have it busy for ever. Here all places of the pattern that the text so
far can have reached are bits of one number, so each letter of the text is looked at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from mlflow.utils.search_utils import SearchUtils

_FEW = 50_000  # steps that MLflow's own may take: for short texts it is faster


class _Table(NamedTuple):
    """Bits by place: of each letter, where it may stand; where any number of letters may; the end; open behind it."""

    letters: dict[str, int]
    stars: int
    end: int
    is_open: bool


def matching(comparator: str) -> Callable[[Any, str], bool]:
    """What says whether a text is LIKE or ILIKE a pattern."""
    own, folded = SearchUtils.get_comparison_func(comparator), comparator == "ILIKE"

    def matches(text: Any, pattern: str) -> bool:
        if text is None:
            return False
        text, wild = str(text_of(text)), pattern.count("%")
        if wild < 2 or (wild < 8 and len(text) ** wild < _FEW):
            return bool(own(text, pattern))
        return steps(text.lower() if folded else text, table_of(pattern.lower() if folded else pattern))

    return matches


def text_of(stored: Any) -> Any:
    """The text of a blob, as SQL gives texts to functions; of damaged ones what can be read. All else is left."""
    return stored.decode(errors="replace") if isinstance(stored, bytes) else stored


def steps(text: str, table: _Table) -> bool:
    """As MLflow's expression: from the start, ``%`` and ``_`` within a line, to the end or a last line break."""
    reached, last = 1, len(text) - 1
    for at, letter in enumerate(text):
        if reached & table.end and (table.is_open or (at == last and letter == "\n")):
            return True
        reached = (reached & table.letters[letter]) << 1 | (reached & table.stars if letter != "\n" else 0)
        if not reached:
            return False
    return bool(reached & table.end)


@lru_cache(maxsize=64)
def table_of(pattern: str) -> _Table:
    """What is looked up while a text goes by."""
    places = [place for place in pattern if place != "%"]
    stars = one = 0
    for place in pattern:
        if place == "%":
            stars |= 1 << one
        else:
            one += 1
    anything = sum(1 << at for at, place in enumerate(places) if place == "_")
    letters: dict[str, int] = defaultdict(lambda: anything, {"\n": 0})
    for at, place in enumerate(places):
        if place != "_":
            letters[place] |= 1 << at
    return _Table(letters, stars, 1 << len(places), pattern.endswith("%"))
