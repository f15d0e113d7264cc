"""Small views that only verbs need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nbtrack.base import words
from nbtrack.base.markup import html
from nbtrack.base.markup.code import source_block
from nbtrack.sdk.views.grid import cut, grid
from nbtrack.sdk.views.view import View

if TYPE_CHECKING:
    from nbtrack.runs.checks import Check


class Text(View):
    """Text with its line breaks. about: further plain data for ``--json``."""

    def __init__(self, text: str, **about: Any) -> None:
        self.words = text
        self.about = about

    def plain(self, width: int) -> str:
        """The text, whole."""
        return self.words

    def body(self) -> str:
        """The text; of several lines, in a box."""
        return html.pre(self.words) if "\n" in self.words else html.tag("div", html.esc(self.words))

    def to_dict(self) -> dict[str, Any]:
        """The text, and what came with it."""
        return {"text": self.words, **self.about}


class Data(View):
    """Text that is data, such as a CSV file: a program that reads it gets it as it is, a terminal never does."""

    def __init__(self, text: str, data: dict[str, Any]) -> None:
        self.words = text
        self.data = data

    def text(self, width: int = 100) -> str:
        """The text as it is."""
        return self.words.removesuffix("\n")

    def body(self) -> str:
        """The text in a box."""
        return html.pre(self.words)

    def __repr__(self) -> str:
        return words.clean(self.text())

    def to_dict(self) -> dict[str, Any]:
        """The same as plain data."""
        return self.data


class Listing(View):
    """A table of a few columns. data: what ``to_dict`` gives; empty: said where there are no rows."""

    def __init__(
        self,
        head: Sequence[str],
        rows: Sequence[Sequence[str]],
        data: dict[str, Any],
        *,
        right: Sequence[int] = (),
        empty: str = "",
    ) -> None:
        self.head, self.rows, self.data, self.right, self.empty = head, rows, data, right, empty

    def plain(self, width: int) -> str:
        """An aligned table."""
        return grid(self.head, self.rows, width, right=self.right) if self.rows else self.empty

    def body(self) -> str:
        """The table."""
        if not self.rows:
            return html.tag("div", html.esc(self.empty), "foot")
        rows = [[html.esc(words.one_line(cell, 400)) for cell in row] for row in self.rows]
        return html.table([html.esc(one) for one in self.head], rows, numeric=self.right)

    def to_dict(self) -> dict[str, Any]:
        """The rows as the wire has them."""
        return self.data


class Source(Data):
    """The code of a run as it was run, so that it can be piped into a file."""

    def body(self) -> str:
        """The code in colours."""
        return source_block(self.words)


class Findings(View):
    """What the doctor found. failed: something is wrong."""

    def __init__(self, checks: Sequence[Check]) -> None:
        self.checks = checks
        self.failed = any(not check.ok for check in checks)

    def _lines(self) -> list[tuple[str, str, str, str]]:
        return [("✓" if check.ok else "✗", check.name, check.text, check.hint) for check in self.checks]

    def _verdict(self) -> str:
        wrong = sum(not check.ok for check in self.checks)
        return f"{words.plural(wrong, 'thing is', 'things are')} wrong." if wrong else "All is well."

    def plain(self, width: int) -> str:
        """A line for each check, what to do below those that failed."""
        lines = []
        for sign, name, text, hint in self._lines():
            lines.append(cut(f"{sign} {name}: {words.one_line(text, 400)}", max(width, 400)))
            lines += [f"    {hint}"] if hint else []
        return "\n".join([*lines, self._verdict()])

    def body(self) -> str:
        """A table of the checks."""
        rows = [
            [html.span(sign, "good" if sign == "✓" else "bad"), html.esc(name), html.esc(f"{text} {hint}".strip())]
            for sign, name, text, hint in self._lines()
        ]
        return html.table(["", "", ""], rows, classes="pairs") + html.tag("div", self._verdict(), "foot")

    def to_dict(self) -> dict[str, Any]:
        """Whether all is well, and each check."""
        return {"ok": not self.failed, "checks": [vars(check) for check in self.checks]}
