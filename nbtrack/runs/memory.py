"""Answers that hold until the file changes."""

from __future__ import annotations

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
