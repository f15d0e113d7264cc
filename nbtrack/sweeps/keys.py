"""What tells one trial from another, so that those that were finished need not run again.

A trial is the same as an earlier one if the code is the same (but for the line of the magic), the settings that it
reads from the notebook have the same values, the functions and classes of the notebook that it uses have the same
code, the tables, arrays and tensors that it reads have the same hash (`nbtrack.capture.data`, sampled where they are
large), and the swept params have the same values. Files are not looked at: where they have changed, ``--again`` runs
all.
"""

from __future__ import annotations

import json
import types
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from hashlib import sha256
from typing import Any

from nbtrack.capture.data.objects import data_read
from nbtrack.capture.params import params_before
from nbtrack.capture.syntax import CellSyntax
from nbtrack.lineage.written import stored

_DEPTH = 4  # functions that functions call


def cell_key(code: str, syntax: CellSyntax, namespace: Mapping[str, Any], swept: Iterable[str]) -> str:
    """What stands for the code of a cell and what it reads; the ``swept`` names are no part of it."""
    left_out = {*swept, *syntax.stored}
    reads = {
        item.name: repr(item.value)
        for item in params_before(syntax, namespace)
        if item.name not in left_out and item.name.partition(".")[0] not in left_out
    }
    used = list(_definitions(sorted(syntax.free - left_out), namespace, set(), _DEPTH))
    lines = [line.rstrip() for line in code.strip().splitlines()]
    data: list[Any] = []
    with suppress(Exception):  # objects of any library
        data = sorted([one["name"], one["hash"]] for one in data_read(syntax, namespace) if one["name"] not in left_out)
    return _digest([lines, sorted(reads.items()), used, data])


def function_key(function: Any) -> str:
    """What stands for a function and the functions of its module that it calls."""
    inner = getattr(function, "__wrapped__", function)
    space = getattr(inner, "__globals__", {})
    name = f"{getattr(function, '__module__', '')}.{getattr(function, '__qualname__', repr(type(function)))}"
    code = getattr(inner, "__code__", None)
    if code is None:
        return _digest([name])
    used = list(_definitions(sorted(set(_names(code))), space, {id(inner)}, _DEPTH))
    return _digest([name, _code(code), repr(getattr(inner, "__defaults__", None)), used])


def trial_key(cell: str, values: Mapping[str, Any]) -> str:
    """What stands for a trial: the key of its cell, and its values."""
    return _digest([cell, sorted((name, repr(stored(value))) for name, value in values.items())])


def _definitions(
    names: Iterable[str], namespace: Mapping[str, Any], seen: set[int], depth: int
) -> Iterator[tuple[str, Any]]:
    """The code of the functions and classes that were defined in the notebook itself, and of those that they use."""
    home = namespace.get("__name__", "__main__")
    for name in names:
        value = namespace.get(name)
        if id(value) in seen or depth == 0:
            continue
        if type(value) is types.FunctionType and value.__module__ == home:
            seen.add(id(value))
            yield name, [_code(value.__code__), _defaults(value.__defaults__)]
            yield from _definitions(sorted(set(_names(value.__code__))), namespace, seen, depth - 1)
        elif type(value) is type and value.__module__ == home:
            seen.add(id(value))
            methods = {key: _code(one.__code__) for key, one in vars(value).items() if type(one) is types.FunctionType}
            yield name, sorted(methods.items())


def _defaults(values: Any) -> str:
    """Defaults of a function as far as they are plain; of anything else its type."""
    plain = (int, float, str, bool, type(None))
    return repr([one if type(one) in plain else type(one).__name__ for one in values or ()])


def _names(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)


def _code(code: types.CodeType) -> list[Any]:
    """A function's code without the places where it stands."""
    constants = [_code(one) if isinstance(one, types.CodeType) else _constant(one) for one in code.co_consts]
    return [code.co_code.hex(), list(code.co_names), list(code.co_varnames), constants]


def _constant(value: Any) -> str:
    return repr(sorted(map(repr, value)) if type(value) is frozenset else value)  # a set has no order to rely on


def _digest(what: Any) -> str:
    return sha256(json.dumps(what, default=repr).encode("utf-8", "backslashreplace")).hexdigest()[:24]
