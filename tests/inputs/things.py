"""Objects of users' making that raise, lie or never end, whatever is asked of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


class Raising:
    """Everything that can be asked of it raises."""

    def _raise(self, *_: object) -> Any:
        raise RuntimeError("asked")

    __repr__ = __str__ = __float__ = __int__ = __index__ = __bool__ = __len__ = __iter__ = __fspath__ = _raise
    __eq__ = __lt__ = __getattr__ = __format__ = __contains__ = __getitem__ = __call__ = __enter__ = _raise
    __hash__ = object.__hash__
    __class__ = property(_raise)  # type: ignore[assignment]


PATIENCE = 3_000_000


class NeverEnds(BaseException):
    """Somebody walks on through what does not end."""


def endless() -> Iterator[int]:
    """Numbers without end, as far as anybody with sense would ask."""
    yield from range(PATIENCE)
    raise NeverEnds


class Endless:
    """It can be walked through for ever."""

    def __iter__(self) -> Iterator[int]:
        return endless()

    def __repr__(self) -> str:
        return "Endless()"


class EndlessMapping(Mapping[str, int]):
    """A mapping whose names never end."""

    def __getitem__(self, name: str) -> int:
        return 1

    def __iter__(self) -> Iterator[str]:
        return (f"x{number}" for number in endless())

    def __len__(self) -> int:
        return 1

    def __repr__(self) -> str:
        return "EndlessMapping()"


class Liar:
    """What it says of itself is of the wrong type."""

    def __str__(self) -> Any:
        return 5  # noqa: PLE0307 (that is the lie)

    __repr__ = __fspath__ = __str__

    def __float__(self) -> Any:
        return "1"

    __index__ = __len__ = __float__


class Long:
    """Its repr has ten million characters."""

    def __repr__(self) -> str:
        return "long " * 2_000_000


class Unequal:
    """It cannot be compared nor put into a set."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        raise ValueError("no comparison")

    def __repr__(self) -> str:
        return "Unequal()"


FOREIGN: dict[str, type] = {
    "raising": Raising,
    "endless": Endless,
    "endless mapping": EndlessMapping,
    "lying": Liar,
    "long repr": Long,
    "no comparison": Unequal,
}
NO_TEXT: dict[str, Any] = {  # what stands where a text is wanted; made anew for each case
    "number": lambda: 5,
    "bytes": lambda: b"x",
    "list": lambda: [1],
    **{name: kind for name, kind in FOREIGN.items() if name in ("raising", "lying", "long repr")},
}
