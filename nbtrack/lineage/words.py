"""Values and changes in words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from nbtrack.lineage.code import ABSENT
from nbtrack.runs.contract import DiffLine
from nbtrack.runs.values import brief

_FILE = re.compile(r"^diff --git a/(.*) b/", re.MULTILINE)
_NAMED = 3


def change(name: str, left: Any, right: Any) -> str:
    """``name: 0.1 → 0.01``."""
    return f"{name}: {value(left)} → {value(right)}"


def versions(name: str, left: Any, right: Any) -> str:
    """The same of a part of the environment, where None says that it is not there and texts need no quotes."""
    sides = (
        "not there" if side is None else side[:60] if isinstance(side, str) else value(side) for side in (left, right)
    )
    return f"{name}: {' → '.join(sides)}"


def value(given: Any) -> str:
    """A value, not long."""
    if given is ABSENT:
        return "not set"
    return brief(given)


def lines(found: Iterable[DiffLine]) -> str:
    """How many lines of a diff came and went."""
    kinds = [line.kind for line in found]
    new, gone = kinds.count("right"), kinds.count("left")
    parts = [f"{count} {what}" for count, what in ((new, "added"), (gone, "removed")) if count]
    return f"{' and '.join(parts)} line{'s' * (new + gone != 1)}"


def some(names: list[str]) -> str:
    """The first few of several names."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"


def files(left: str, right: str) -> list[str]:
    """The files whose parts differ between two diffs of git."""
    one, other = _parts(left), _parts(right)
    return sorted(name for name in {*one, *other} if one.get(name) != other.get(name))


def _parts(diff: str) -> dict[str, str]:
    pieces = _FILE.split(diff)
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))
