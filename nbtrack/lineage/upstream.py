"""Which other cells a run's cell took names from, and what these names held."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from nbtrack.capture.effects import read_effects
from nbtrack.capture.slices import RANDOM, History, make_step, step_of
from nbtrack.runs.contract import Execution

_INNER = (*RANDOM.values(),)


class Took(NamedTuple):
    """A name that a cell took: a digest of what it held, and that in a few words where it is known."""

    digest: str
    held: str


def defining(text: str | None, before: Sequence[Execution], own: Execution | None = None) -> dict[str, str]:
    """The texts of the cells behind the names that a cell loads, and behind those that these load, by name.

    They are those that bound the name and changed it in place. own: the execution that the cell was, if it is known.
    """
    number = own.number if own is not None else max((one.number for one in before), default=0) + 1
    step = make_step(number, None, read_effects(text or ""), None, own.facts if own is not None else {})
    history = History([*(step_of(one) for one in before if one.number < number), step])
    texts = {one.number: one.source for one in before}
    givers: dict[str, tuple[int, list[int]]] = {}  # name → (nearest cell that needs it, those that gave it)
    for (source, target), names in sorted(history.slice(number).gifts.items(), key=lambda one: -one[0][1]):
        for name in names.difference(_INNER):
            nearest, found = givers.setdefault(name, (target, []))
            if nearest == target:
                found.append(source)
    found_texts = {name: [texts.get(one) for one in sorted(found)] for name, (_, found) in givers.items()}
    return {
        name: "\n".join(dict.fromkeys(one for one in several if one is not None and one != text))
        for name, several in found_texts.items()
        if any(one is not None and one != text for one in several)
    }


def unlike(left: Mapping[str, str], right: Mapping[str, str]) -> dict[tuple[str, str], list[str]]:
    """Names that come from different texts on both sides, by the two texts."""
    found: dict[tuple[str, str], list[str]] = {}
    for name in sorted(left.keys() & right.keys()):
        if left[name] != right[name]:
            found.setdefault((left[name], right[name]), []).append(name)
    return found


def took(own: Execution | None, before: Sequence[Execution]) -> dict[str, Took]:
    """What the names held that a cell took."""
    if own is None:
        return {}
    held: dict[str, str] = {}
    for one in before:
        gives = one.facts.get("gives")
        held.update(gives if isinstance(gives, Mapping) else {})
    takes = own.facts.get("takes")
    given = takes if isinstance(takes, Mapping) else {}
    return {str(name): Took(str(digest), str(held.get(name, ""))) for name, digest in given.items()}


def others(left: Mapping[str, Took], right: Mapping[str, Took]) -> Iterator[tuple[str, Took, Took]]:
    """Names that both took, with another content."""
    for name in sorted(left.keys() & right.keys()):
        if left[name].digest != right[name].digest:
            yield name, left[name], right[name]
