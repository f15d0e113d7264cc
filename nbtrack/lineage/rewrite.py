"""The text of a cell with the params of a run in place of its literals. Nothing is executed.

A literal is what capture takes for one (`nbtrack.lineage.places`); all else stays byte for byte: comments, formats,
magics. A literal that has the run's value already stays as it is written.

Which value goes there: that of the param, with two exceptions. Where the run's own code has a literal for the name and
yet its param became another value (it was logged by hand), the literal of then is what gave that run. And where
something else in the text changes the name, too (``lr *= 2``, an ``if``), only a run whose code did so as well says
what its literal was.

What was written is read again: a param that would not be captured with the run's value counts as missing, and its
literal stays.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nbtrack.base.errors import InvalidOption
from nbtrack.base.secrets import MARK
from nbtrack.capture.literals import Place
from nbtrack.lineage import contract as c
from nbtrack.lineage.places import Places, places
from nbtrack.lineage.written import alike, stored, written
from nbtrack.runs.contract import Change, Param


@dataclass(frozen=True)
class _Edit:
    """Bytes ``start`` to ``end`` of the text become ``text``."""

    start: int
    end: int
    text: bytes


@dataclass
class _Plan:
    """One param of the run and where it goes."""

    param: Param
    want: Any
    places: list[Place]

    @property
    def group(self) -> str:
        """The calls that are numbered together, or the name."""
        return self.param.name.partition(".")[0].partition("#")[0]

    @property
    def stands(self) -> bool:
        """Whether the text has the value already."""
        return all(alike(place.value, self.want) for place in self.places)


def rewrite(text: str, params: list[Param], code: str | None) -> c.Rewritten:
    """The text with the params of a run whose own code was ``code``.

    Raises:
        InvalidOption: the text is no Python that can be read; the message names the line.
    """
    here, then = places(text), _places_or_none(code)
    plans = _at_peace([plan for param in params if (plan := _plan(param, here, then)) is not None])
    result = text
    while True:
        result = _edited(text, here, [edit for plan in plans if not plan.stands for edit in _edits(text, here, plan)])
        wrong = _wrong(result, plans)
        if not wrong:
            break
        groups = {plan.group for plan in wrong if not plan.stands} or {plan.group for plan in wrong}
        left = [plan for plan in plans if plan.group not in groups or (plan.stands and plan not in wrong)]
        plans = left if len(left) < len(plans) else [plan for plan in plans if plan not in wrong]
    set_here = {plan.param.name for plan in plans}
    return c.Rewritten(
        text=result,
        changed=[
            Change("param", plan.param.name, stored(plan.places[0].value), stored(plan.want))
            for plan in plans
            if not plan.stands
        ],
        kept=[plan.param.name for plan in plans if plan.stands],
        missing=[Change("param", one.name, None, one.value) for one in params if one.name not in set_here],
    )


def replaced(text: str, here: Places, values: Mapping[str, Any]) -> str:
    """The text, whose literals are ``here``, with these values in their place.

    Raises:
        InvalidOption: a name has no literal, or what was written would not be read as its value.
    """
    for name in values:
        if name not in here.found:
            raise InvalidOption(f"The cell has no literal for '{name}'.", f"It has {', '.join(here.found) or 'none'}.")
    plans = [_Plan(Param(name, value, "cell", 0.0), value, here.found[name]) for name, value in values.items()]
    result = _edited(text, here, [edit for plan in plans if not plan.stands for edit in _edits(text, here, plan)])
    wrong = _wrong(result, plans)
    if wrong:
        name, value = wrong[0].param.name, written(wrong[0].want)
        raise InvalidOption(f"'{name}' cannot be set to {value[:80]} in this cell.", "Write it on a line of its own.")
    return result


def _places_or_none(code: str | None) -> Places:
    try:
        return places(code or "")
    except InvalidOption:
        return Places()


def _plan(param: Param, here: Places, then: Places) -> _Plan | None:
    """What to do for a param; None where the text does not set it by a literal, or the run does not say to what."""
    found = here.found.get(param.name)
    if not found:
        return None
    before = then.found.get(param.name)
    want = param.value
    if here.is_unsure(param.name):
        if before is None or not then.is_unsure(param.name):
            return None
        want = before[0].value
    elif before is not None and not then.is_unsure(param.name):
        want = before[0].value
    if not alike(want, param.value) and _is_beyond(want):
        return None  # capture reads no infinities, so the value is that of another place of the same name
    if MARK in repr(want) or MARK in repr(param.value):
        return None  # a secret that was never stored
    if any(id(place.node) in here.quoted and not alike(place.value, want) for place in found):
        return None
    if isinstance(want, list) and isinstance(found[0].value, tuple):
        want = tuple(want)
    return _Plan(param, want, found)


def _is_beyond(value: Any) -> bool:
    """Whether a literal has NaN or an infinity in it."""
    items = value if isinstance(value, list | tuple) else [value]
    return any(isinstance(one, float) and not math.isfinite(one) for one in items)


def _at_peace(plans: list[_Plan]) -> list[_Plan]:
    """Without those that want different values at one place: ``a = b = 1``."""
    wants: dict[int, set[str]] = {}
    for plan in plans:
        for place in plan.places:
            wants.setdefault(id(place.node), set()).add(written(plan.want))
    return [plan for plan in plans if all(len(wants[id(place.node)]) == 1 for place in plan.places)]


# -- edits


def _edits(text: str, here: Places, plan: _Plan) -> Iterator[_Edit]:
    offsets = _offsets(text, here)
    for place in plan.places:
        if not alike(place.value, plan.want):
            yield from _edits_of(place.node, place.value, plan.want, text.encode(), offsets)


def _edits_of(node: ast.expr, value: Any, want: Any, data: bytes, offset: Callable[[int, int], int]) -> Iterator[_Edit]:
    """Of a list that stays as long, only the items that differ, so that lines and comments between them stay."""
    if (
        isinstance(node, ast.List | ast.Tuple)
        and isinstance(want, list | tuple)
        and isinstance(value, list | tuple)
        and len(want) == len(value)
    ):
        for item, had, wanted in zip(node.elts, value, want, strict=True):
            if not alike(had, wanted):
                yield from _edits_of(item, had, wanted, data, offset)
        return
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    start, end = offset(node.lineno, node.col_offset), offset(node.end_lineno, node.end_col_offset)
    like = '"' if b'"' in data[start:end] or (b"'" not in data[start:end] and _doubles(data)) else "'"
    yield _Edit(start, end, written(want, like).encode("utf-8"))


def _doubles(data: bytes) -> bool:
    """Whether the text rather has double quotes."""
    return data.count(b'"') > data.count(b"'")


def _offsets(text: str, here: Places) -> Callable[[int, int], int]:
    """From a line (from 1) and a column of the tree, in bytes, to a byte of the text."""
    lines = text.split("\n")
    starts, at = [], 0
    for line, taken in zip(lines, here.masked.taken, strict=True):
        starts.append(at + taken)
        at += len(line.encode()) + 1
    return lambda line, column: starts[line - 1] + column


def _edited(text: str, here: Places, edits: list[_Edit]) -> str:
    data = text.encode() if edits else b""
    if not edits:
        return text
    for edit in sorted(set(edits), key=lambda one: one.start, reverse=True):
        data = data[: edit.start] + edit.text + data[edit.end :]
    return data.decode()


def _wrong(text: str, plans: list[_Plan]) -> list[_Plan]:
    """The params that the text would not give as they were wanted."""
    try:
        found = places(text).found
    except InvalidOption:
        return [plan for plan in plans if not plan.stands]
    return [
        plan
        for plan in plans
        if plan.param.name not in found or not all(alike(place.value, plan.want) for place in found[plan.param.name])
    ]
