"""A stream as a terminal would show it in the end: progress bars are one line, no colours, the tail kept."""

from __future__ import annotations

import re

# Rows at the end that a program may still move back to; nested progress bars need one each.
REACH = 48
_WIDEST = 4096  # columns that cursor movements may reach: "\x1b[999999999C" must not cost memory
_LONGEST_ESCAPE = 4096
_SLICE = 65_536  # characters interpreted at once: a row of them is a list, eight times their size

_ESCAPE = (
    r"\x1b\[(?P<arguments>[0-?]*)[ -/]*(?P<command>[@-~])"  # CSI: colours, cursor, erase (ECMA-48, 5.4)
    r"|\x1b[\]PX^_][^\x07\x1b]{0,4096}(?:\x07|\x1b\\)"  # OSC and other strings: titles, links
    r"|\x1b[ -/]*[0-Z\\`-~]"  # two-character escapes
)
_ESCAPES = re.compile(_ESCAPE)
_COLOURS = re.compile(r"\x1b\[[0-9;:]*m")
# What is left of the others shows nothing; "\t" and "\n" are text.
_INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_WIDTHLESS = re.compile(r"[\x00-\x07\x0b\x0c\x0e-\x1f\x7f]+")  # they take no column, whatever way the text goes
_TOKENS = re.compile(rf"(?P<text>[^\x00-\x08\x0a-\x1f\x7f]+)|{_ESCAPE}|(?P<control>[\x00-\x08\x0a-\x1f\x7f])")
# An escape whose end is in the next write.
_PARTIAL = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\x07\x1b]{0,4096}\x1b?|[ -/]*)?\Z")

_Row = str | list[str]


def byte_length(text: str) -> int:
    """Size of ``text`` in UTF-8; free for ASCII."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def strip_escapes(text: str) -> str:
    """``text`` without ANSI escape sequences and other control characters, tabs and line ends kept."""
    text = text.replace("\r\n", "\n")
    if _INVISIBLE.search(text) is None:
        return text
    return _INVISIBLE.sub("", _ESCAPES.sub("", text).replace("\r", "\n"))


class Screen:
    """What a terminal of endless height shows after ``write()``: about the last ``cap`` characters of it.

    Time is linear in the text, memory is bounded by ``cap`` whatever is written. ``dropped`` counts the bytes
    (UTF-8) that left at the front; what a carriage return overwrote was replaced, not dropped. Lines never
    wrap.
    """

    def __init__(self, cap: int) -> None:
        self.cap = cap
        self.dropped = 0
        self._head: list[str] = []  # pieces that scrolled out of reach
        self._head_size = 0
        self._rows: list[_Row] = [""]  # a list of characters once a cursor movement wrote into it
        self._row = 0
        self._column = 0
        self._rest = ""  # an escape that is not complete yet
        self._unchecked = 0  # characters since the size was last looked at

    def write(self, text: str) -> None:
        """Take ``text`` as a terminal does; any string is fine."""
        if len(text) > _SLICE and any(character in text for character in "\x1b\r\b"):
            for start in range(0, len(text), _SLICE):
                self.write(text[start : start + _SLICE])
            return
        if self._rest:
            text, self._rest = self._rest + text, ""
        if "\x1b" in text:
            text = self._without_colours(text)
        if "\r\n" in text:
            text = text.replace("\r\n", "\n")
        if "\x1b" in text or "\b" in text or self._row != len(self._rows) - 1:
            self._interpret(text)
        elif "\r" in text or self._column != len(self._rows[-1]):
            self._overwrite(_WIDTHLESS.sub("", text))
        else:
            self._append(_WIDTHLESS.sub("", text))
        self._unchecked += len(text)
        self._scroll()

    def text(self) -> str:
        """What is to be seen, without an end of line that was not written."""
        return _INVISIBLE.sub("", self._raw())

    @property
    def size(self) -> int:
        """Characters kept now."""
        return self._head_size + sum(map(len, self._rows)) + len(self._rows) - 1

    def trim(self, keep: int) -> None:
        """Drop all but the last ``keep`` characters."""
        text = self._raw()
        if len(text) <= keep:
            return
        cut = len(text) - max(0, keep)
        self.dropped += byte_length(text[:cut])
        column = self._column if self._row == len(self._rows) - 1 else len(self._rows[-1])
        behind = len(self._rows[-1]) - column
        self._reset()
        self._append(text[cut:])
        self._column = max(0, self._column - behind)  # a progress bar goes on where it was

    def _raw(self) -> str:
        return "".join(self._head) + "\n".join(map(_joined, self._rows))

    def _reset(self) -> None:
        # The cursor first, here and below: it must point at a row even if a KeyboardInterrupt comes between.
        self._row = self._column = 0
        self._head, self._head_size, self._rows = [], 0, [""]

    def _scroll(self) -> None:
        """Move rows beyond reach to the head, and cut what exceeds the cap, every ``cap`` characters."""
        surplus = len(self._rows) - REACH - 1
        if surplus > 0:
            piece = "\n".join(map(_joined, self._rows[:surplus])) + "\n"
            self._head.append(piece)
            self._head_size += len(piece)
            self._row = max(0, self._row - surplus)
            del self._rows[:surplus]
        if self._unchecked >= self.cap:
            self._unchecked = 0
            self.trim(self.cap)

    # ---- plain text and carriage returns: the common cases, in few string operations ----------------------

    def _append(self, text: str) -> None:
        excess = len(text) - 2 * self.cap
        if excess > 0:  # a giant write: what would be dropped at once is not even copied
            self.dropped += byte_length(self._raw()) + byte_length(text[:excess])
            self._reset()
            text = text[excess:]
        lines = text.rsplit("\n", REACH)
        self._rows[-1] = _joined(self._rows[-1]) + lines[0]
        self._rows += lines[1:]
        self._row = len(self._rows) - 1
        self._column = len(self._rows[-1])

    def _overwrite(self, text: str) -> None:
        """Take text without escapes and backspaces, with the cursor anywhere in the last row."""
        first, newline, rest = text.partition("\n")
        self._put_line(first)
        if not newline:
            return
        finished, newline, last = rest.rpartition("\n")
        if "\r" in finished:
            finished = "\n".join(_collapsed(line.split("\r")) for line in finished.split("\n"))
        self._append("\n" + finished + newline)
        self._put_line(last)

    def _put_line(self, line: str) -> None:
        row = _joined(self._rows[-1])
        first, *others = line.split("\r")
        if first:
            row = row[: self._column].ljust(self._column) + first + row[self._column + len(first) :]
        self._column = len(others[-1]) if others else self._column + len(first)
        self._rows[-1] = _collapsed([row, *others])

    def _without_colours(self, text: str) -> str:
        partial = _PARTIAL.search(text, max(0, len(text) - _LONGEST_ESCAPE))
        if partial:
            text, self._rest = text[: partial.start()], partial[0]
        plain = _COLOURS.sub("", text)
        return text if "\x1b" in plain else plain  # what stood around a colour must not become an escape

    # ---- control characters --------------------------------------------------------------------------------

    def _interpret(self, text: str) -> None:
        for token in _TOKENS.finditer(text):
            kind = token.lastgroup
            if kind == "text":
                self._put(token[0])
            elif kind == "control":
                self._control(token[0])
            elif kind == "command":
                self._command(token["command"], token["arguments"])

    def _put(self, text: str) -> None:
        row = self._writable()
        if self._column > len(row):
            row.extend(" " * (self._column - len(row)))
        row[self._column : self._column + len(text)] = text
        self._column += len(text)

    def _writable(self) -> list[str]:
        row = self._rows[self._row]
        if isinstance(row, str):
            row = self._rows[self._row] = list(row)
        return row

    def _control(self, character: str) -> None:
        if character == "\n":
            if self._row + 1 == len(self._rows):
                self._rows.append("")
            self._row += 1
            self._column = 0
            if len(self._rows) > 2 * REACH:
                self._scroll()
        elif character == "\r":
            self._column = 0
        elif character == "\b":
            self._column = max(0, self._column - 1)

    def _command(self, command: str, arguments: str) -> None:
        count = min(int(arguments[:9]), _WIDEST) if arguments.isdecimal() else 0
        steps = max(1, count)
        if command in "AF":
            # Never further than REACH, however many rows wait: where writes are split must not matter.
            self._row = max(0, min(self._row, len(self._rows) - 1 - REACH), self._row - steps)
        elif command in "BE":
            self._row = min(len(self._rows) - 1, self._row + steps)
        elif command == "C":
            self._column = min(self._column + steps, max(_WIDEST, len(self._rows[self._row])))
        elif command == "D":
            self._column = max(0, self._column - steps)
        elif command == "G":
            self._column = steps - 1
        elif command == "K":
            self._erase(count)
        if command in "EF":
            self._column = 0

    def _erase(self, what: int) -> None:
        """Erase in the line: 0 to its end, 1 to its start, 2 all of it; the cursor stays."""
        row = self._writable()
        if what == 0:
            del row[self._column :]
        elif what == 1:
            width = min(self._column + 1, len(row))
            row[:width] = " " * width
        elif what == 2:
            row.clear()


def _collapsed(versions: list[str]) -> str:
    """What is seen after each of ``versions`` was written over the one before; linear in their sum."""
    seen = versions[-1]
    for version in reversed(versions[:-1]):
        if len(version) > len(seen):
            seen += version[len(seen) :]
    return seen


def _joined(row: _Row) -> str:
    return row if isinstance(row, str) else "".join(row)
