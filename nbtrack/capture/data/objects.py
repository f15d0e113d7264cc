"""The data among the names that a cell reads, hashed before it runs: afterwards they may be others."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from types import CodeType, FunctionType
from typing import Any

from nbtrack.capture.data.content import Content, content_of
from nbtrack.capture.data.kinds import describe, is_data, weight
from nbtrack.capture.data.sampling import level_for
from nbtrack.capture.syntax import CellSyntax

MOST = 100  # names of one cell
_PATIENCE = 0.15  # seconds; what could not be hashed by then has no hash
_FUNCTIONS = 200  # that are looked into

Found = dict[str, Any]  # name, kind, hash, info: as `ActiveRun.add_dataset` takes them


def data_read(syntax: CellSyntax, namespace: Mapping[str, Any]) -> list[Found]:
    """Every name of data that the cell reads itself, or through functions of the notebook that it uses."""
    began = time.perf_counter()
    names = [name for name in names_read(syntax.free, namespace) if _is_data(namespace[name])][:MOST]
    objects = {id(namespace[name]): namespace[name] for name in names}
    level = level_for(weight(value) for value in objects.values())
    known: dict[int, Content] = {}
    found: list[Found] = []
    for name in names:
        value = namespace[name]
        if id(value) not in known:
            late = time.perf_counter() - began > _PATIENCE
            known[id(value)] = Content(None) if late else content_of(value, level)
        with suppress(Exception):  # a user's class may raise over anything
            found.append(about(name, value, known[id(value)]))
    return found


def about(name: str, value: object, content: Content) -> Found:
    """What is stored of an object that a cell reads under a name."""
    return {
        "name": name,
        "kind": type(value).__name__,
        "hash": content.hash,
        "info": describe(value) | said(content) | {"seen": "name"},
    }


def said(content: Content) -> dict[str, Any]:
    """How far the hash goes."""
    info: dict[str, Any] = {}
    if content.sampled:
        info |= {"sampled": True, "read": content.read}
    if content.partly:
        info["partly"] = True
    return info


def names_read(free: Iterable[str], namespace: Mapping[str, Any]) -> list[str]:
    """The names there are among those that a cell loads, and what functions of the notebook among them load."""
    found: dict[str, None] = {}
    waiting = sorted(free, reverse=True)
    functions = 0
    while waiting:
        name = waiting.pop()
        if name in found or name not in namespace:
            continue
        found[name] = None
        value = namespace[name]
        if type(value) is FunctionType and value.__globals__ is namespace and functions < _FUNCTIONS:
            functions += 1
            waiting += sorted(_loaded(value.__code__), reverse=True)
    return list(found)


def _loaded(code: CodeType) -> set[str]:
    """The names that a function's code, and that of functions within it, may load from the notebook."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names |= _loaded(constant)
    return names


def _is_data(value: object) -> bool:
    try:
        return is_data(value)
    except Exception:  # noqa: BLE001 (a user's class may raise over anything)
        return False
