"""Answers that hold until the file changes, and what holds as long as who put it there says."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")


class Memory:
    """The latest answers of one revision of a file: a view that scrolls or sorts asks for the same again and again."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: tuple[int, dict[Hashable, Any]] = (-1, {})

    def get(self, revision: int, question: Hashable, make: Callable[[], T]) -> T:
        """The answer to ``question`` at a revision, made when it is first asked for."""
        at, kept = self._kept
        if at != revision or len(kept) >= self._most:
            kept = {name: kept[name] for name in list(kept)[self._most // 2 :]} if at == revision else {}
            self._kept = (revision, kept)
        if question in kept:
            found: T = kept[question]
            return found
        made = kept[question] = make()
        return made


class Patience:
    """One answer that may be a little old if it is slow: a twentieth of the time at most goes into making it.

    One that takes less than 50 ms, or is asked for with another ``sign``, is always made anew.
    """

    _SHARE, _QUICK = 20, 0.05

    def __init__(self) -> None:
        self._kept: tuple[Hashable, Any] | None = None
        self._until = 0.0

    def get(self, sign: Hashable, make: Callable[[], T]) -> T:
        """The answer, made when there is none for ``sign`` or when it is old."""
        now = time.monotonic()
        if self._kept is not None and self._kept[0] == sign and now < self._until:
            found: T = self._kept[1]
            return found
        made = make()
        took = time.monotonic() - now
        self._kept, self._until = (sign, made), now + (took * self._SHARE if took > self._QUICK else 0.0)
        return made


class Kept:
    """The latest under each sign, until another is put there; the oldest half falls off when there are too many."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: dict[Hashable, Any] = {}

    def get(self, sign: Hashable) -> Any:
        """What was put under a sign, None if nothing is."""
        return self._kept.get(sign)

    def put(self, sign: Hashable, value: Any) -> None:
        """Keep a value."""
        self._kept.pop(sign, None)  # put anew, it is the newest
        if len(self._kept) >= self._most:
            self._kept = dict(list(self._kept.items())[self._most // 2 :])
        self._kept[sign] = value
