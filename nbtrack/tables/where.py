"""What the runs of a group share, and the filter that finds exactly them.

Runs are in one group if the search language cannot tell their values apart: 1 and 1.0 are one group, true is another;
huge integers with the same nearest float are one. A list or object is compared by its JSON. Of a text of more than
1,000 characters, or with a NUL, which a filter cannot hold, only the beginning counts: such texts are in one group if
their first 1,000 characters, or those before the NUL, are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

TEXT = 1_000  # characters of a text that tell its group

NUMBER, TRUTH, TEXTS, BEGINNING, NAN, NONE = range(6)


class Shared(NamedTuple):
    """What the runs of a group share. kind: one of the numbers above, in the order of groups by value."""

    kind: int
    value: Any = None


def in_order(owns: Sequence[Shared]) -> list[int]:
    """The places of what groups share, in the order of the values; the beginning of texts comes after the same text."""
    if not any(own.kind == BEGINNING for own in owns):
        return sorted(range(len(owns)), key=owns.__getitem__)

    def key(place: int) -> tuple[int, Any, int]:
        kind, value = owns[place]
        return (TEXTS, value, 1) if kind == BEGINNING else (kind, value, 0)

    return sorted(range(len(owns)), key=key)


def shared(value: Any) -> Shared:
    """What a value as SQLite holds it (so no truth value) counts as; None is NaN."""
    if value is None:
        return Shared(NAN)
    if not isinstance(value, str):
        return Shared(NUMBER, value)
    beginning = value.partition("\0")[0][:TEXT]
    return Shared(TEXTS if beginning == value else BEGINNING, beginning)


def where(field: str, own: Shared, truths: bool) -> str:
    """The filter that finds the runs of a group. truths: among the values are true and false too."""
    if own.kind == NONE:
        return f"{field} is null"
    if own.kind == NAN:
        return f"{field} = nan"
    if own.kind == TRUTH:
        return f"{field} = {'true' if own.value else 'false'}"
    if own.kind == NUMBER:
        other = f" and {field} != {'true' if own.value else 'false'}" if truths and own.value in (0, 1) else ""
        return f"{field} = {own.value!r}{other}"  # the filter takes 1 for true as well
    if own.kind == TEXTS:
        return f"{field} = {_quoted(own.value)}"
    beyond = _next(own.value) if len(own.value) == TEXT else own.value + "\1"
    least = f"{field} > {_quoted(own.value)}"
    return least if beyond is None else f"{least} and {field} < {_quoted(beyond)}"


def _quoted(text: str) -> str:
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


def _next(text: str) -> str | None:
    """The first text after all that begin with this one, if there is any; SQLite compares texts by code points."""
    kept = text.rstrip("\U0010ffff")
    if not kept:
        return None
    last = ord(kept[-1]) + 1
    return kept[:-1] + chr(0xE000 if 0xD800 <= last <= 0xDFFF else last)
