"""Bytes as whatever a target needs: numbers, choices, texts, JSON. The same bytes always give the same.

Who makes the bytes does not matter: atheris, a random generator, a file of the corpus. Bytes that are missing are
zeros, so that every input is complete, and a shorter one is a simpler one.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from typing import Any, TypeVar

T = TypeVar("T")

ODD_NUMBERS: tuple[Any, ...] = (
    *(0, 1, -1, 2, 255, 256, -128, 1 << 31, -(1 << 31), (1 << 53) + 1, (1 << 63) - 1, -(1 << 63), 1 << 63, 10**40),
    *(0.0, -0.0, 0.5, 5e-324, 1e308, -1e308, math.nan, math.inf, -math.inf, 1e18, 253402300800.0, -62135596801.0),
)
ODD_TEXTS = (
    *("", " ", "a", "None", "0", "-0", "1e999", "\0", "\n", "\ud800", "\U0001f600", "\u202e", "'", '"', "`", "\\"),
    *("%", "_", "*", "[", "../x", "/etc/passwd", "..\\x", "a/b", ".", "..", "CON", "<b>", "</script>", "=1+1"),
    *("'; DROP TABLE runs; --", "a" * 300, "é" * 130, "x" * 70_000, "@1", "@999999999999999999999", "NaN", "[]"),
)


class Source:
    """Gives out bytes from the front."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def left(self) -> int:
        """How many bytes there are yet."""
        return max(0, len(self._data) - self._at)

    def bytes(self, count: int) -> bytes:
        """So many, or fewer at the end."""
        found = self._data[self._at : self._at + count]
        self._at += count
        return found

    def rest(self) -> bytes:
        """All that are left."""
        return self.bytes(self.left)

    def number(self, most: int) -> int:
        """From 0 to ``most``, inclusive."""
        if most <= 0:
            return 0
        count = (most.bit_length() + 7) // 8
        return int.from_bytes(self.bytes(count).ljust(count, b"\0"), "little") % (most + 1)

    def flag(self) -> bool:
        """Yes or no; no where nothing is left."""
        return bool(self.number(255) & 1)

    def one(self, of: Sequence[T]) -> T:
        """One of several, the first where nothing is left."""
        return of[self.number(len(of) - 1)]

    def text(self, most: int = 40) -> str:
        """A short text: one that is known for trouble, or any."""
        if self.number(3) == 1:
            return self.one(ODD_TEXTS)
        return as_text(self.bytes(self.number(most)))

    def scalar(self) -> Any:
        """A number, a text, true, false or nothing."""
        kind = self.number(6)
        if kind == 0:
            return None
        if kind == 1:
            return self.flag()
        if kind == 2:
            return self.one(ODD_NUMBERS)
        if kind == 3:
            return struct.unpack("<q", self.bytes(8).ljust(8, b"\0"))[0]
        if kind == 4:
            return struct.unpack("<d", self.bytes(8).ljust(8, b"\0"))[0]
        return self.text()

    def json(self, depth: int = 3) -> Any:
        """Plain data of any shape."""
        kind = self.number(7) if depth else 0
        if kind == 6:
            return [self.json(depth - 1) for _ in range(self.number(3))]
        if kind == 7:
            return {self.text(12): self.json(depth - 1) for _ in range(self.number(3))}
        return self.scalar()


def as_text(data: bytes) -> str:
    """Bytes as text of any characters; what is no UTF-8 becomes half characters, which must be withstood, too."""
    return data.decode("utf-8", "surrogateescape")
