"""A cell as Python, every character where it was: what only IPython understands is blanked out.

IPython's own translation moves what follows; here nothing moves, so that a place in the syntax tree is a place in the
cell. A line such as ``%cd x``, ``!ls`` or ``fit?`` becomes a name on its own, and so does what stands behind ``=`` in
``files = !ls``: it is no literal.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from nbtrack.base.cells import MAGIC, PASS_THROUGH

_STRING = re.compile(r"\"\"\"|'''|\"|'")
_ESCAPES = "%!?,;/"  # what a line of IPython's begins with
_ASSIGNED = re.compile(r"=[ \t]*(?=[%!][ \t]*[^\s=])")
_NAME = "_"


class Masked(NamedTuple):
    """The Python of a cell, and of each line how many characters of indentation were taken off."""

    python: str
    taken: list[int]


def masked(cell: str) -> Masked | None:
    """The Python of a cell; None for a cell of another language (``%%bash``)."""
    lines = cell.split("\n")
    first = _after_magics(lines)
    if first is None:
        return None
    lines[:first] = [""] * first
    taken = _dedent(lines, first)
    _Lexer(lines).run()
    return Masked("\n".join(lines), taken)


def _after_magics(lines: list[str]) -> int | None:
    """The number of the first line behind ``%%track`` and the like; None where the cell is no Python."""
    first = 0
    passing: tuple[str, ...] = (MAGIC, *PASS_THROUGH)
    for number, line in enumerate(lines):
        words = line.split()
        if not words:
            continue
        if not words[0].startswith("%%"):
            break
        if words[0] not in passing:
            return None
        first, passing = number + 1, PASS_THROUGH
    return first


def _dedent(lines: list[str], first: int) -> list[int]:
    """Take off the indentation that a cell has as a whole, and what stands on empty lines, as IPython does."""
    start = next((line for line in lines[first:] if line.strip()), "")
    indent = start[: len(start) - len(start.lstrip())]
    taken = [len(indent) if indent and line.startswith(indent) else 0 for line in lines]
    lines[:] = [line[count:] if line.strip() else "" for line, count in zip(lines, taken, strict=True)]
    return taken


class _Lexer:
    """One walk over the lines, which knows strings, brackets and continued lines, and no more of Python."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.quote = ""
        self.depth = 0
        self.began = 0  # the line at which the statement began

    def run(self) -> None:
        number = 0
        while number < len(self.lines):
            inside = bool(self.quote) or self.depth > 0 or (number > 0 and self._continues(number - 1))
            if not inside:
                self.began = number
                if self.lines[number].lstrip()[:1] in tuple(_ESCAPES):
                    number = self._blank(number, 0)
                    continue
            number = self._line(number)

    def _line(self, number: int) -> int:
        """Walk over one line; the number of the one to go on with."""
        line, at = self.lines[number], 0
        while at < len(line):
            if self.quote:
                at = self._string(line, at)
                continue
            char = line[at]
            if char == "#":
                break
            found = _STRING.match(line, at)
            if found:
                self.quote = found[0]
                at = found.end()
                continue
            if char == "?":
                return self._blank(self.began, 0, number)
            if char == "=" and self.depth == 0 and (assigned := _ASSIGNED.match(line, at)):
                return self._blank(number, assigned.end())
            self.depth = max(0, self.depth + (char in "([{") - (char in ")]}"))
            at += 1
        if len(self.quote) == 1 and not line.endswith("\\"):
            self.quote = ""  # not closed: a mistake, which Python itself explains
        return number + 1

    def _string(self, line: str, at: int) -> int:
        """Where the string ends, or the line."""
        while at < len(line):
            if line[at] == "\\":
                at += 2
            elif line.startswith(self.quote, at):
                at += len(self.quote)
                self.quote = ""
                return at
            else:
                at += 1
        return at

    def _continues(self, number: int) -> bool:
        return self.lines[number].endswith("\\") and "#" not in self.lines[number]

    def _blank(self, number: int, start: int, last: int = 0) -> int:
        """A name in place of the rest of a line, of those up to ``last`` and of those that continue it.

        The answer is the number of the next line.
        """
        line = self.lines[number]
        start = max(start, len(line) - len(line.lstrip()))
        last = max(last, number)
        while self.lines[last].endswith("\\") and last + 1 < len(self.lines):
            last += 1
        self.lines[number] = line[:start] + _NAME
        self.lines[number + 1 : last + 1] = [""] * (last - number)
        self.quote, self.depth = "", 0
        return last + 1
