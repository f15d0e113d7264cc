"""A checksum over the values of one row.

SQLite's own checks look at the structure of a file, not at what its rows say: of 1,500 flipped bits ``quick_check``
found a third. A row that carries the checksum of its own values, its place among them (which run, which key), is found
when any of them changes, or when it is taken for another row. Which rows carry one, and how they get it, is said in
`nbtrack.runs.store.sums`.
"""

from __future__ import annotations

import struct
from zlib import crc32

Value = str | bytes | int | float | None  # what SQLite keeps

_int = struct.Struct("<cq").pack
_float = struct.Struct("<cd").pack


def row_sum(*values: Value) -> int:
    """The CRC-32 of values as SQLite stores them; ``row_sum(…)`` in the SQL of every connection of ours.

    Each value goes in with its type, and texts and blobs with their lengths, so that different rows never make the same
    bytes: NULL is not '', 1 is not 1.0, and −0.0 is not 0.0. NaN counts as NULL, which SQLite makes of it.

    A CRC-32 finds every change of one bit, and every change within 32 bits that follow one another, for its polynomial
    x³² + … + 1 divides no such error (W. W. Peterson, D. T. Brown, Cyclic Codes for Error Detection, Proc. IRE 49,
    1961). That holds where a text, a blob or a float changes in place; a flip that makes SQLite read another type or
    another length is missed once in 2³².
    """
    parts: list[bytes] = []
    add = parts.append
    for value in values:
        kind = type(value)  # compared by identity: this runs for every row that is written
        if kind is int:
            add(_int(b"i", value))
        elif kind is str:
            data = _bytes(value)  # type: ignore[arg-type]
            add(_int(b"s", len(data)))
            add(data)
        elif kind is float:
            add(_float(b"f", value) if value == value else b"n")
        elif value is None:
            add(b"n")
        elif kind is bytes:
            add(_int(b"b", len(value)))  # type: ignore[arg-type]
            add(value)  # type: ignore[arg-type]
        else:
            return row_sum(*(_exact(each) for each in values))
    return crc32(b"".join(parts))


def is_utf8(*values: bytes | None) -> bool:
    """Whether all of these are texts; ``is_utf8(…)`` in SQL, too."""
    try:
        return all(value is None or value.decode() is not None for value in values)
    except UnicodeDecodeError:
        return False


def _bytes(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:  # what was read of a damaged file
        return text.encode("utf-8", "surrogateescape")


def _exact(value: Value) -> Value:
    """The plain value of one whose class is a child of str, int or float: SQLite keeps no classes, and no bool."""
    for kind in (str, int, float, bytes):
        if isinstance(value, kind):
            return kind(value) if kind is not str else str.__str__(value)  # type: ignore[arg-type]
    if value is None:
        return None
    raise TypeError(f"no checksum of a {type(value).__name__}")
