"""What is read of something large: its head, its tail and blocks at even distances, so many bytes in sum.

Where the blocks lie follows from the sizes alone, never from a clock: the same data have the same hash every time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

LEVELS = {  # bytes that are read of one object, and what the hash says of it
    "64M": 64 << 20,
    "16M": 16 << 20,
    "4M": 4 << 20,
    "1M": 1 << 20,
    "256k": 256 << 10,
    "64k": 64 << 10,
}
BUDGET = 16 << 20  # bytes of all that a cell reads: some 30 ms, as the cell waits for it
_BLOCKS = 128  # of one array
_ALL_BLOCKS = 2048  # of all that share the room: each is some calls
_FEWEST = 16


def level_for(weights: Iterable[int]) -> str:
    """How much may be read of each of these objects, so that all of them together stay within the budget."""
    weights = list(weights)
    for name, limit in LEVELS.items():
        if sum(min(weight, limit) for weight in weights) <= BUDGET:
            return name
    return "64k"


def blocks(total: int, room: int, most: int = _BLOCKS) -> list[slice]:
    """Which of ``total`` items are read if there is room for so many: all, or ``most`` blocks from first to last."""
    if total <= room:
        return [slice(0, total)] if total else []
    count = max(1, min(most, room))
    length = max(1, room // count)
    if count == 1:
        return [slice(0, length)]
    starts = (number * (total - length) // (count - 1) for number in range(count))
    return [slice(start, start + length) for start in starts]


class Digest:
    """A hash in the making. limit: bytes that may be read, None for all.

    sampled: something was passed over for its size. opaque: something has no content that can be read, so only its
    type is in the hash.
    """

    def __init__(self, limit: int | None) -> None:
        self.limit = limit
        self.sampled = False
        self.opaque = False
        self.read = 0
        self._sha = hashlib.sha256(usedforsecurity=False)

    def say(self, *words: object) -> None:
        """Take up what frames the content: kinds, shapes, names."""
        for word in words:
            text = str(word).encode("utf-8", "surrogatepass")
            self._sha.update(b"%d:" % len(text) + text)

    def take(self, data: Any) -> None:
        """Take up content: anything that gives its bytes as one block."""
        self._sha.update(data)
        self.read += memoryview(data).nbytes

    def parts(self, total: int, cost: int, most: int = _BLOCKS, share: int = 1) -> list[slice]:
        """Which of ``total`` items to take, at so many bytes each. share: how many ask for parts of the same room."""
        if self.limit is None:
            return blocks(total, total)
        room = max(1, self.limit // share // max(1, cost))
        self.sampled = self.sampled or total > room
        return blocks(total, room, min(most, max(_FEWEST, _ALL_BLOCKS // share)))

    def text(self, level: str) -> str:
        """The hash, with how it was made."""
        return f"sha256{f'.{level}' if self.sampled else ''}-{self._sha.hexdigest()}"
