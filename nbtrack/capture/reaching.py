"""Which names functions of the notebook load when they are called: read from their compiled code, nothing is called."""

from __future__ import annotations

import dis
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache, partial
from types import CodeType, FunctionType, MethodType
from typing import Any, NamedTuple

_MOST = 400  # objects that are followed
_GLOBAL = ("LOAD_GLOBAL", "LOAD_NAME", "STORE_GLOBAL", "DELETE_GLOBAL")
_SEEDING = frozenset({"seed", "manual_seed", "seed_everything", "set_seed", "set_random_seed"})


class Reached(NamedTuple):
    """names: of the notebook's namespace that functions load or store; new: that they may bind and it has not.

    seeds: whether one of them may seed.
    """

    names: set[str]
    new: set[str]
    seeds: bool


def reached(values: Iterable[Any], namespace: Mapping[str, Any]) -> Reached:
    """What can be reached by calling these objects, as far as functions of this namespace call one another."""
    waiting, known, names, new, seeds = list(values), set[int](), set[str](), set[str](), False
    while waiting and len(known) < _MOST:
        value = waiting.pop()
        if id(value) in known:
            continue
        known.add(id(value))
        if type(value) is FunctionType:
            if value.__globals__ is not namespace:
                continue
            loads, stores, may_seed = globals_of(value.__code__)
            seeds |= may_seed
            new.update(name for name in stores if name not in namespace)
            for name in loads | stores:
                if name in namespace and name not in names:
                    names.add(name)
                    waiting.append(namespace[name])
            waiting += [held for cell in value.__closure__ or () if (held := _held(cell)) is not None]
        else:
            waiting += _parts(value, namespace.get("__name__"))
    return Reached(names, new, seeds)


def _held(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # empty
        return None


def _parts(value: Any, module: Any) -> Iterator[Any]:
    """What an object that is no function calls: a method's function, those of a class of the notebook."""
    kind = type(value)
    if kind is MethodType:
        yield value.__func__
        yield value.__self__
    elif kind is partial:
        yield value.func
    elif kind in (staticmethod, classmethod):
        yield value.__func__
    elif kind is property:
        yield from (one for one in (value.fget, value.fset) if one is not None)
    elif isinstance(value, type):
        if type.__getattribute__(value, "__module__") == module:
            for base in type.mro(value)[:-1]:
                if base.__module__ == module:
                    yield from list(vars(base).values())
    elif kind.__module__ == module:
        yield kind


@lru_cache(maxsize=4096)
def globals_of(code: CodeType) -> tuple[frozenset[str], frozenset[str], bool]:
    """(names that a function's code loads or deletes in its module, that it binds there, whether it says ``seed``)."""
    loads, stores = set[str](), set[str]()
    seeds = not _SEEDING.isdisjoint(code.co_names)
    for one in dis.get_instructions(code):
        if one.opname in _GLOBAL and isinstance(one.argval, str):
            (stores if one.opname == "STORE_GLOBAL" else loads).add(one.argval)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            inner_loads, inner_stores, may_seed = globals_of(constant)
            loads |= inner_loads
            stores |= inner_stores
            seeds |= may_seed
    return frozenset(loads), frozenset(stores), seeds
