"""Tables in plain text: aligned, cut to the width, right also for wide characters."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from nbtrack.base.words import clean, one_line

_GAP = "  "
_READABLE = 18  # a column is cut to this before another is left out …
_NARROWEST = 6  # … and to this where none can be left out


def cells(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF") for c in text)


def cut(text: str, width: int) -> str:
    """Text cut to a width, with an ellipsis where something is missing."""
    if cells(text) <= width:
        return text
    kept, used = [], 1
    for character in text:
        used += cells(character)
        if used > width:
            break
        kept.append(character)
    return "".join(kept) + "…" if width > 0 else ""


def flat(text: str) -> str:
    """Text on one line, its spaces as they are."""
    return clean(text[:1000]).replace("\n", " ").replace("\t", " ")


def pad(text: str, width: int, right: bool = False) -> str:
    """Text cut or filled to exactly a width."""
    text = cut(text, width)
    fill = " " * (width - cells(text))
    return fill + text if right else text + fill


def grid(
    head: Sequence[str], rows: Sequence[Sequence[str]], width: int, *, right: Sequence[int] = (), keep: int = 1
) -> str:
    """A table of one line a row. Where it is wider than ``width``, long columns are cut, then the last ones go.

    right: the columns that are numbers. keep: how many of the first columns are never left out.
    """
    lines = [[flat(text) for text in row] for row in (head, *rows)]
    widths = [max(cells(line[at]) for line in lines) for at in range(len(head))]
    shown = _fit(widths, width, keep)
    body = [
        _GAP.join(pad(line[at], widths[at], at in right) for at in range(shown)).rstrip()
        + (" …" if shown < len(widths) and not place else "")
        for place, line in enumerate(lines)
    ]
    body.insert(1, _GAP.join("─" * widths[at] for at in range(shown)))
    return "\n".join(body)


def _fit(widths: list[int], width: int, keep: int) -> int:
    """Narrow the columns in place; how many of them are shown."""

    def too_wide(count: int) -> int:
        return sum(widths[:count]) + len(_GAP) * (count - 1) + 2 * (count < len(widths)) - width

    shown = len(widths)
    for least in (_READABLE, _NARROWEST):
        while too_wide(shown) > 0 and max(widths[:shown]) > least:
            widths[widths.index(max(widths[:shown]))] -= 1
        while too_wide(shown) > 0 and shown > keep:
            shown -= 1
    return shown


def pairs(items: Sequence[tuple[str, str]], width: int, indent: int = 2) -> str:
    """Lines of ``name  value``, the values under one another."""
    longest = min(max((cells(name) for name, _ in items), default=0), width // 3)
    room = max(10, width - indent - longest - len(_GAP))
    return "\n".join(
        f"{' ' * indent}{pad(one_line(name), longest)}{_GAP}{cut(one_line(text, 400), room)}".rstrip()
        for name, text in items
    )
