"""What could stand next in a filter that is being typed."""

from __future__ import annotations

import itertools
import re

from nbtrack.base.errors import FilterError
from nbtrack.runs.store.filter import ATTRIBUTES, STATUSES
from nbtrack.runs.store.filter_keys import KeyLookup, quoted
from nbtrack.runs.store.filter_parse import MAX_LENGTH, Token, tokens

_FLAGS = ("starred", "trashed")
_MOST = 50
_OPERATORS = ["<", "<=", "=", "!=", ">=", ">", "in", "like", "is null", "is not null", "contains"]
_JOINTS = ["and", "or"]
_UNFINISHED = re.compile(r"[\w./:#'\"`-]")


def completions(text: str, position: int, lookup: KeyLookup) -> list[str]:
    """What could stand at a position of a filter: fields, then operators, then values or ``and``.

    position: counted in characters from 0. A word that is being typed there narrows the answer to what begins with it.
    """
    before = text[: max(0, position)][:MAX_LENGTH]
    typed = "".join(itertools.takewhile(_UNFINISHED.match, reversed(before)))[::-1]
    try:
        found = tokens(before[: len(before) - len(typed)])[:-1]
    except FilterError:
        return []  # inside quotes, or after a mistake
    return [word for word in _next(found, lookup) if word.lower().startswith(typed.lower())][:_MOST]


def _next(before: list[Token], lookup: KeyLookup) -> list[str]:
    field, state = "", "field"  # a new condition may begin
    for token in before:
        word = token.text.lower()
        if state in ("field", "joint") and word in ("and", "or", "not", "(", ")"):
            state = "joint" if word == ")" else "field"
        elif state == "field":
            field, state = word, "operator"
        elif state == "operator" and field in _FLAGS and word in ("and", "or", ")"):
            state = "joint" if word == ")" else "field"
        elif state == "operator":
            state = {"is": "is", "not": "not", "in": "list", "between": "between"}.get(word, "value")
        elif state == "not":
            state = {"in": "list", "between": "between"}.get(word, "value")
        elif state in ("list", "between"):  # the values follow until the bracket closes, or `and`
            state = {")": "joint", "and": "value"}.get(word, state)
        elif state == "value" or (state == "is" and word == "null"):
            state = "joint"
    return _offers(state, field, lookup)


def _offers(state: str, field: str, lookup: KeyLookup) -> list[str]:
    if state == "field":
        return _fields(lookup)
    if state == "operator":
        return [*_JOINTS, *_OPERATORS] if field in _FLAGS else _OPERATORS
    if state in ("value", "list"):
        return [f"'{status}'" for status in STATUSES] if field == "status" else []
    return {"joint": _JOINTS, "is": ["null", "not null"], "not": ["in", "like", "ilike", "contains", "between"]}.get(
        state, []
    )


def _fields(lookup: KeyLookup) -> list[str]:
    found = list(ATTRIBUTES)
    for kind in ("metric", "param", "tag"):
        found += [f"{kind}s.{quoted(name)}" for name in lookup.names(kind)]
    return found
