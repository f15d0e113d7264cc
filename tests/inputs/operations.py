"""What each operation may be asked wrongly, made from the table of operations: a new one is tried unnamed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from nbtrack.api.dispatch import MAX_PAYLOAD, dispatch
from nbtrack.api.rooms import OPERATIONS

from . import judge
from .ground import Case, Ground

DEEP = b'{"runs":' + b"[" * 100_000
WRONG: dict[type, Any] = {str: {"a": 1}, int: "x", float: "x", bool: "x", list: {"a": 1}, dict: [1], type(None): [[[]]]}


def _wrong(info: Any) -> Any:
    """A value that no field of this kind takes."""
    kinds = msgspec.inspect.type_info(info)
    types = kinds.types if isinstance(kinds, msgspec.inspect.UnionType) else (kinds,)
    names = {type(one).__name__ for one in types}
    for value, takes in (([[1]], "ListType"), ({"x": [1]}, "DictType"), (1e400, "FloatType"), (True, "BoolType")):
        if takes not in names and "AnyType" not in names:
            return value
    return None


def asked(ground: Ground, name: str, body: Any) -> bool:
    """Ask, and see that it was refused clearly; what was unclear is raised as AssertionError."""
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = json.loads(dispatch(ground.project, name, payload))
    assert answer["ok"] is False, f"taken: {str(answer)[:200]}"
    error = answer["error"]
    assert error["code"] not in ("internal", "store"), error
    faults = judge.unclear(error["message"], error["hint"])
    assert not faults, (faults, error)
    return True


def bodies(name: str) -> Iterator[tuple[str, Any]]:
    """What is wrong with each, and the body: bytes as they are sent, else what becomes JSON."""
    op = OPERATIONS[name]
    fields = msgspec.structs.fields(op.request)
    yield "no UTF-8", b'{"a": "\xff\xfe"}'
    yield "NaN", b'{"a": NaN}'
    yield "cut", b'{"a": '
    yield "a list", b"[]"
    yield "deep", DEEP
    yield "a field too many", {"no_such_field": 1}
    yield "too large", b" " * (MAX_PAYLOAD + 1)
    for field in fields:
        wrong = _wrong(field.type)
        if wrong is not None:
            yield f"{field.name} of a wrong type", {field.name: wrong}
        if field.required:
            yield f"without {field.name}", {one.name: "x" for one in fields if one.name != field.name and one.required}
    given = {field.name for field in fields}
    if "run" in given and len([one for one in fields if one.required]) == 1:
        for number, run in enumerate(("nobody-here", "", "x" * 100_000, "a\0b", "@0")):
            yield f"no run ({number})", {"run": run}
    if "filter" in given and all(not one.required or one.name == "filter" for one in fields):
        yield "a broken filter", {"filter": "metrics.loss >"}
    if "sort" in given and "runs" in name:
        yield "a broken sort key", {"sort": ["nothing at all"]}


def cases() -> Iterator[Case]:
    """All of them."""
    for name in OPERATIONS:
        for what, body in bodies(name):
            yield Case(
                "operation", f"{name}: {what}", lambda ground, n=name, b=body: asked(ground, n, b), kept=_only_refused
            )
    for number, name in enumerate(
        ("nothing", "", "runs", "runs.get.x", "RUNS.GET", "../runs.get", "x" * 100_000, "a\0b")
    ):
        yield Case("operation", f"none of this name ({number})",
                   lambda ground, n=name: asked(ground, n, {}), kept=_only_refused)  # fmt: skip


def _only_refused(ground: Ground, given: object) -> bool:
    return given is True
