"""What changed from one run to another: lines of code, values, packages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from nbtrack.base import words
from nbtrack.base.markup import html
from nbtrack.base.markup.diff import SIGNS, code_table
from nbtrack.sdk.views.grid import cut, grid
from nbtrack.sdk.views.table import run_name
from nbtrack.sdk.views.view import View

if TYPE_CHECKING:
    from nbtrack.runs.contract import Change, Diff, DiffLine

_VALUES = ("metric", "param", "tag", "run", "git")
_FOLDED = {"environment": "Environment", "package": "Packages"}
_ORDER = (*_VALUES, *_FOLDED)
_NOTHING = "Nothing differs: the same code, params, metrics, tags and environment."


class DiffView(View):
    """Two runs, what differs between them first."""

    def __init__(self, diff: Diff) -> None:
        self.diff = diff

    def _title(self) -> str:
        return f"{self.diff.left.name} → {self.diff.right.name}"

    def _changes(self, *kinds: str) -> list[Change]:
        """What differs, by kind; how long it took always differs and stands in the title."""
        return [
            change
            for what in kinds
            for change in self.diff.changes
            if change.what == what and (what, change.name) != ("run", "duration")
        ]

    def _took(self) -> str:
        left, right = self.diff.left.duration, self.diff.right.duration
        return f"took {words.duration(left)} → {words.duration(right)}"

    def _is_empty(self) -> bool:
        return not self._changes(*_ORDER) and not self.diff.code

    # -- text --------------------------------------------------------------------------------------------------------

    def plain(self, width: int) -> str:
        """The changed values in a table, then the code's lines with ``-`` and ``+``."""
        parts = [f"{self._title()}  ({self._took()})"]
        if self._is_empty():
            parts.append(_NOTHING)
        rows = [
            [change.what, change.name, _shown(change, change.left), _shown(change, change.right), _difference(change)]
            for change in self._changes(*_ORDER)
        ]
        if rows:
            parts.append(grid(["", "", self.diff.left.name, self.diff.right.name, "difference"], rows, width))
        if self.diff.code:
            parts.append("\n".join(["code", *(cut(_text_line(line), width) for line in self.diff.code)]))
        elif rows:
            parts.append("The code is the same.")
        return "\n\n".join(parts)

    # -- HTML --------------------------------------------------------------------------------------------------------

    def body(self) -> str:
        """Values that changed in tables by kind, the code's lines with signs, numbers and colours."""
        title = f"{run_name(self.diff.left)} → {run_name(self.diff.right)} &nbsp;{html.span(self._took(), 'foot')}"
        parts = [html.tag("div", title, "head")]
        if self._is_empty():
            parts.append(html.tag("div", html.esc(_NOTHING), "foot"))
        values = self._changes(*_VALUES)
        if values:
            parts.append(self._table(values))
        if self.diff.code:
            added = sum(line.kind == "right" for line in self.diff.code)
            removed = sum(line.kind == "left" for line in self.diff.code)
            parts.append(html.section("Code", code_table(self.diff.code), count=f"+{added} −{removed}"))
        elif not self._is_empty():
            parts.append(html.tag("div", "The code is the same.", "foot"))
        for what, name in _FOLDED.items():
            changes = self._changes(what)
            if changes:
                parts.append(html.section(name, self._table(changes), opened=False, count=str(len(changes))))
        return "".join(parts)

    def _table(self, changes: Iterable[Change]) -> str:
        head = ["", "", html.esc(self.diff.left.name), html.esc(self.diff.right.name), ""]
        rows = [
            [
                html.span(change.what, "dim"),
                html.span(words.one_line(change.name, 60), title=change.name),
                _cell(change, change.left),
                _cell(change, change.right),
                html.span(_difference(change), "dim"),
            ]
            for change in changes
        ]
        return html.table(head, rows, numeric=[4])

    def to_dict(self) -> dict[str, Any]:
        """The diff as the wire has it."""
        from nbtrack.base.wire import to_plain

        plain: dict[str, Any] = to_plain(self.diff)
        return plain


def _shown(change: Change, given: Any) -> str:
    if given is None:
        return words.MISSING
    if change.what == "metric":
        return words.number(given)
    return str(given)[:12] if (change.what, change.name) == ("git", "commit") else words.value(given)


def _cell(change: Change, given: Any) -> str:
    hover = repr(given) if change.what == "metric" else ""
    return html.span(_shown(change, given), "dim" if given is None else "", hover)


def _difference(change: Change) -> str:
    left, right = change.left, change.right
    if any(isinstance(one, bool) or not isinstance(one, (int, float)) for one in (left, right)):
        return "added" if left is None else "removed" if right is None else ""
    try:
        part = words.percent(right, left) if change.what == "metric" else ""
        return words.signed(float(right - left)) + (f" ({part})" if part else "")
    except OverflowError:
        return ""


def _text_line(line: DiffLine) -> str:
    if line.kind == "gap":
        return "      ⋯"
    number = line.right if line.kind == "right" else line.left
    return f"{number or '':>5} {SIGNS[line.kind]} {words.clean(line.text)}"
