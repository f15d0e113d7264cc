"""What targets have in common; the planted ones have nothing more, and start quickly."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


class Base:
    """What targets have in common."""

    name = ""
    words: Sequence[bytes] = ()
    opens: frozenset[str] = frozenset()

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.writes: Sequence[Path] = [folder]

    def seeds(self) -> list[bytes]:
        """Inputs to begin with."""
        return [b""]

    def warm(self) -> None:
        """Load what is loaded at first use, where that takes longer than any input may."""

    def check(self) -> None:
        """Nothing is kept."""

    def close(self) -> None:
        """Nothing is open."""
