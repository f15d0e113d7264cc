"""A line diff as HTML: numbers of both sides, signs, and within a changed line the characters that changed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from typing import TYPE_CHECKING

from nbtrack.base.markup import html

if TYPE_CHECKING:
    from nbtrack.runs.contract import DiffLine

SIGNS = {"same": " ", "left": "-", "right": "+", "gap": "…"}
_LONG = 2_000  # characters of a line whose words are compared


def code_table(lines: Iterable[DiffLine]) -> str:
    """A diff with line numbers of both sides; within a changed line, the characters that changed are marked."""
    rows = []
    for line, marked in with_marks(list(lines)):
        if line.kind == "gap":
            rows.append(["", "", "", html.tag("pre", "⋯", "line dim")])
            continue
        style = {"left": "del", "right": "add"}.get(line.kind, "")
        numbers = [html.span(line.left or "", "dim"), html.span(line.right or "", "dim")]
        rows.append([*numbers, html.esc(SIGNS[line.kind]), html.tag("pre", marked or " ", f"line {style}")])
    return html.table(["", "", "", ""], rows, numeric=[0, 1], classes="code")


def with_marks(lines: list[DiffLine]) -> Iterator[tuple[DiffLine, str]]:
    """Each line with its HTML; a removed line is compared with the one added in its place."""
    at = 0
    while at < len(lines):
        start = at
        while at < len(lines) and lines[at].kind == "left":
            at += 1
        middle = at
        while at < len(lines) and lines[at].kind == "right":
            at += 1
        if start == at:
            yield lines[at], html.esc(lines[at].text)
            at += 1
            continue
        old, new = lines[start:middle], lines[middle:at]
        marked = [_marked(a.text if a else None, b.text if b else None) for a, b in zip_longest(old, new)]
        yield from ((line, marked[place][0]) for place, line in enumerate(old))
        yield from ((line, marked[place][1]) for place, line in enumerate(new))


def _marked(old: str | None, new: str | None) -> tuple[str, str]:
    if old is None or new is None or len(old) + len(new) > _LONG:
        return html.esc(old or ""), html.esc(new or "")
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    if matcher.ratio() < 0.5:
        return html.esc(old), html.esc(new)
    sides: tuple[list[str], list[str]] = ([], [])
    for kind, i1, i2, j1, j2 in matcher.get_opcodes():
        for side, text in zip(sides, (old[i1:i2], new[j1:j2]), strict=True):
            side.append(html.esc(text) if kind == "equal" or not text else f"<b>{html.esc(text)}</b>")
    return "".join(sides[0]), "".join(sides[1])
