"""Which other cells a run's cell took names from: those that last stored them in the same kernel before it ran."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nbtrack.capture.syntax import read_cell
from nbtrack.lineage.code import python_of
from nbtrack.runs.contract import Execution

_MOST = 1_000  # names that are followed


def defining(text: str | None, before: Sequence[Execution]) -> dict[str, str]:
    """The texts of the cells behind the names that a cell loads, and behind those that these load, by name."""
    last: dict[str, Execution] = {name: one for one in before for name in one.stored}
    syntax = read_cell(python_of(text or ""))
    waiting = sorted(syntax.free)
    found: dict[str, str] = {}
    while waiting and len(found) < _MOST:
        name = waiting.pop()
        one = last.get(name)
        if one is not None and one.source is not None and name not in found:
            found[name] = one.source
            waiting += one.loaded
    return found


def unlike(left: Mapping[str, str], right: Mapping[str, str]) -> dict[tuple[str, str], list[str]]:
    """Names that come from different texts on both sides, by the two texts."""
    found: dict[tuple[str, str], list[str]] = {}
    for name in sorted(left.keys() & right.keys()):
        if left[name] != right[name]:
            found.setdefault((left[name], right[name]), []).append(name)
    return found
