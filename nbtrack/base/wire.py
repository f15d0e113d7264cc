"""The wire: one line per operation, and JSON that keeps every number.

JSON knows no NaN and no infinity, and JavaScript no integer beyond 2**53. They travel as the strings "NaN",
"Infinity", "-Infinity" and as decimal digits; the TypeScript types say so.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

_EXACT = 1 << 53


@dataclass(frozen=True)
class Op:
    """One operation: its name (``room.verb``), HTTP method, request and answer. ``doc`` is one sentence for people.

    slow: it may take long, so nothing else that changes something waits for it.
    """

    name: str
    method: str
    request: type[msgspec.Struct]
    answer: type[msgspec.Struct]
    doc: str
    slow: bool = False


class Nothing(msgspec.Struct, frozen=True):
    """An empty request."""


class ApiError(msgspec.Struct, frozen=True):
    """The one shape of an error, on every transport."""

    code: str
    message: str
    hint: str = ""
    column: int | None = None


def encode(value: Any) -> bytes:
    """JSON of a struct or plain data."""
    return msgspec.json.encode(to_plain(value))


def to_plain(value: Any) -> Any:
    """The same as plain dicts, lists and strings, with each number in a form that JSON keeps."""
    return _numbers(msgspec.to_builtins(value, enc_hook=_hook))


def _hook(value: Any) -> Any:
    if isinstance(value, Iterable):  # array.array and the like
        return list(value)
    raise TypeError(f"{type(value).__name__} has no form on the wire")


def _numbers(value: Any) -> Any:
    kind = type(value)
    if kind is float:
        return value if math.isfinite(value) else _word(value)
    if kind is int:
        return value if -_EXACT <= value <= _EXACT else _digits(value)
    if kind is dict:
        return {_text(key): _numbers(item) for key, item in value.items()}
    if kind is list:
        return value if all(map(_finite_float, value)) else [_numbers(item) for item in value]
    return _text(value)


def _text(value: Any) -> Any:
    if type(value) is str and not value.isascii():
        return value.encode("utf-8", "replace").decode()  # half a character has no form in JSON
    return value


def _digits(value: int) -> str:
    if value.bit_length() < 10_000:
        return str(value)
    from decimal import Decimal

    return f"{Decimal(value):f}"  # str() refuses integers of more than 4,300 digits


def _finite_float(value: Any) -> bool:
    return type(value) is float and math.isfinite(value)


def _word(value: float) -> str:
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
