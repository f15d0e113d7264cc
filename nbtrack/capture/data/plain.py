"""Python's own values as bytes, for hashing: no method of a user's class is called, and no generator consumed."""

from __future__ import annotations

import datetime
import decimal
import fractions
import pathlib
import struct
import uuid
from array import array
from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from nbtrack.capture.data.sampling import Digest
from nbtrack.runs.values import is_a

COST = 1024  # one value costs as much as so many bytes of an array
_NUMBER = 32  # and one of many numbers
_DEEPEST = 12
_DOUBLE = struct.Struct("<d").pack
_WRITTEN = (datetime.datetime, datetime.date, datetime.time)
_OF_PANDAS = ("Timestamp", "Timedelta", "NaTType", "NAType")
_SAID = (datetime.timedelta, decimal.Decimal, fractions.Fraction, uuid.UUID, range, slice, complex)


Leaf = Callable[[Any], bytes | None]  # of something that is no value of Python's own, such as an array


def take_values(digest: Digest, values: Any, share: int = 1, leaf: Leaf | None = None) -> None:
    """Take up a list or tuple, or its sample."""
    kind: Any = list if is_a(values, list) else tuple
    total = kind.__len__(values)
    digest.say("values", total)
    writer = _Writer(digest, leaf)
    cost = COST if _packed(kind.__getitem__(values, slice(0, 100))) is None else _NUMBER
    for part in digest.parts(total, cost, share=share):
        chunk = kind.__getitem__(values, part)
        packed = _packed(chunk)
        digest.take(b"".join(writer.each(chunk)) if packed is None else packed)


def take_value(digest: Digest, value: Any, leaf: Leaf | None = None) -> None:
    """Take up one value, with what is in it as far as there is room."""
    digest.take(b"".join(_Writer(digest, leaf).write(value)))


def _packed(chunk: Any) -> bytes | None:
    """Numbers of one kind, quickly; None for anything else."""
    kinds = set(map(type, chunk))
    try:
        if kinds == {float}:
            return b"d" + array("d", chunk).tobytes()
        if kinds == {int}:
            return b"q" + array("q", chunk).tobytes()
    except OverflowError:
        pass
    return None


class _Writer:
    def __init__(self, digest: Digest, leaf: Leaf | None) -> None:
        self._digest = digest
        self._leaf = leaf
        self._left = None if digest.limit is None else max(1, digest.limit // COST)
        self._path: list[int] = []  # the containers around the value, to know a circle

    def each(self, values: Any) -> Iterator[bytes]:
        for value in values:
            yield from self.write(value)

    def write(self, value: Any) -> Iterator[bytes]:
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                self._digest.sampled = True
                return
        kind = type(value)
        plain = _plain(kind, value)
        if plain is not None:
            yield b"%d:" % len(plain) + plain
        elif id(value) in self._path:
            yield b"circle;"
        elif len(self._path) >= _DEEPEST:
            self._digest.opaque = True
            yield b"deep;"
        else:
            self._path.append(id(value))
            yield from self._within(kind, value)
            self._path.pop()

    def _within(self, kind: type, value: Any) -> Iterator[bytes]:
        base: Any
        for base, mark in ((list, b"["), (tuple, b"("), (deque, b"<")):
            if issubclass(kind, base):
                yield mark + b"%d;" % base.__len__(value)
                yield from self.each(base.__iter__(value))
                return
        if issubclass(kind, dict):
            yield b"{%d;" % dict.__len__(value)
            pairs = list(islice(dict.items(value), self._left))
            self._digest.sampled = self._digest.sampled or len(pairs) < dict.__len__(value)
            yield from sorted(b"".join(self.each(pair)) for pair in pairs)
        elif issubclass(kind, (set, frozenset)):
            base = set if issubclass(kind, set) else frozenset
            size: int = base.__len__(value)
            yield b"s%d;" % size
            if self._left is not None and size > self._left:
                self._digest.sampled = True  # it has no order to sample by: its size stands for it
            else:
                yield from sorted(b"".join(self.write(one)) for one in base.__iter__(value))
        elif self._leaf is not None and (found := self._leaf(value)) is not None:
            yield b"l" + found
        else:
            self._digest.opaque = True
            yield f"o{kind.__module__}.{kind.__qualname__};".encode("utf-8", "replace")


def _plain(kind: type, value: Any) -> bytes | None:
    """The bytes of a scalar; None for what is none. Subclasses count as what they are made of."""
    if issubclass(kind, str):
        return b"t" + str.encode(value, "utf-8", "surrogatepass")
    if issubclass(kind, float):
        return b"f" + _DOUBLE(float.__pos__(value))
    if kind is bool or value is None:
        return b"b%d" % bool(value) if value is not None else b"n"
    if issubclass(kind, int):
        return b"i" + int.to_bytes(value, int.bit_length(value) // 8 + 1, "little", signed=True)
    if issubclass(kind, (bytes, bytearray)):
        return b"y" + bytes(memoryview(value))
    if kind in _WRITTEN or (kind.__name__ in _OF_PANDAS and kind.__module__.startswith("pandas.")):
        written = getattr(value, "isoformat", None)
        return f"d{kind.__name__}{written() if written else ''}".encode()
    if kind in _SAID:
        return f"r{value!r}".encode()
    if issubclass(kind, pathlib.PurePath) and kind.__module__.startswith("pathlib"):
        return b"p" + bytes(value)
    if kind.__module__ == "numpy" and getattr(value, "shape", None) == () and not value.dtype.hasobject:
        return b"u" + str(value.dtype.str).encode() + bytes(value.tobytes())
    return None
