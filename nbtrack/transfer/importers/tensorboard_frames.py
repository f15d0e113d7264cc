"""The frames of TensorBoard's event files (TFRecord): a length and bytes, each with a masked CRC-32C behind it.

TensorBoard's own reader computes these checksums a byte at a time in Python, which is most of its 20 µs a record. Here
those of many records of one length are computed together. What a record says is read by TensorBoard's own protocol
buffers, see `nbtrack.transfer.importers.tensorboard`.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from nbtrack.transfer.importers.parts import Notes, broken

_HEAD = struct.Struct("<QI")
_FOOT = struct.Struct("<I")
_BLOCK = 4 << 20  # bytes that are read at once
_LARGEST = 1 << 30  # bytes of one record
_MANY = 64  # records of one length that are worth an array
_EVENTS = re.compile(r"tfevents")


def is_events(path: Path) -> bool:
    """Whether a file is called as TensorBoard's are, and is one."""
    return _EVENTS.search(path.name) is not None and not path.name.endswith(".profile-empty") and path.is_file()


def records(path: Path, notes: Notes) -> Iterator[bytes]:
    """The records of a file, each with a checksum that fits.

    A file that is still written to, or whose writer was killed, ends in the middle of a record: what came before is
    read, and a note says so.

    Raises:
        BadSource: it is damaged before its end; the message names the record.
    """
    count, rest = 0, b""
    with path.open("rb") as file:
        while True:
            block = file.read(max(_BLOCK, _wanted(rest)))
            data = rest + block
            spans = _spans(data)
            bad = _first_bad(data, spans)
            for start, length in spans[:bad]:
                yield data[start : start + length]
            count += len(spans[:bad])
            if bad is not None:
                raise broken(path, "the checksum does not fit", f"record {count + 1}")
            rest = data[spans[-1][0] + spans[-1][1] + _FOOT.size :] if spans else data
            if len(rest) >= _HEAD.size and not _sound_head(rest) and any(rest):
                raise broken(path, "the checksum of a length does not fit", f"record {count + 1}")
            if not block:
                break
            if _wanted(rest) > _LARGEST:
                raise broken(path, f"it has {_wanted(rest):,} bytes", f"record {count + 1}")
    if rest:
        notes.add(
            f"'{path.name}' ends in the middle of record {count + 1}, as one that is being written: what came before "
            "is here."
        )


def _wanted(rest: bytes) -> int:
    """Bytes of the record that begins here and is not there as a whole."""
    if len(rest) < _HEAD.size or not _sound_head(rest):
        return 0
    return int(_HEAD.unpack_from(rest)[0]) + _HEAD.size + _FOOT.size


def _spans(data: bytes) -> list[tuple[int, int]]:
    """(place, length) of the records that are there as a whole, as their lengths say."""
    found, at, end, unpack = [], 0, len(data) - _HEAD.size, _HEAD.unpack_from
    while at <= end:
        length = unpack(data, at)[0]
        after = at + _HEAD.size + length + _FOOT.size
        if after > len(data):
            break
        found.append((at + _HEAD.size, length))
        at = after
    return found


def _first_bad(data: bytes, spans: list[tuple[int, int]]) -> int | None:
    """Which record is the first whose checksums do not fit."""
    import numpy as np

    if not spans:
        return None
    array = np.frombuffer(data, np.uint8)
    starts = np.array([start for start, _ in spans], np.int64)
    lengths = np.array([length for _, length in spans], np.int64)
    good = _checksums(array, starts - _HEAD.size, 8) == _stored(array, starts - 4)
    for length in np.unique(lengths):
        these = np.flatnonzero(lengths == length)
        good[these] &= _checksums(array, starts[these], int(length)) == _stored(array, starts[these] + length)
    bad = np.flatnonzero(~good)
    return int(bad[0]) if len(bad) else None


def _stored(array: Any, places: Any) -> Any:
    import numpy as np

    return array[places[:, None] + np.arange(4)].copy().view("<u4")[:, 0]


def _checksums(array: Any, places: Any, length: int) -> Any:
    """The masked checksums of as many pieces of one length."""
    import numpy as np

    table = _table()
    if len(places) < _MANY:
        plain = table.tolist()
        return np.array([_masked(_crc(array[at : at + length].tobytes(), plain)) for at in places], np.uint32)
    sums = np.full(len(places), 0xFFFFFFFF, np.uint32)
    for offset in range(length):
        sums = table[(sums ^ array[places + offset]) & 0xFF] ^ (sums >> np.uint32(8))
    return _masked(sums ^ np.uint32(0xFFFFFFFF))


def _crc(data: bytes, table: list[int]) -> int:
    found = 0xFFFFFFFF
    for byte in data:
        found = table[(found ^ byte) & 0xFF] ^ (found >> 8)
    return found ^ 0xFFFFFFFF


def _masked(found: Any) -> Any:
    if type(found) is int:
        return ((found >> 15 | found << 17) + 0xA282EAD8) & 0xFFFFFFFF
    import numpy as np

    return (found >> np.uint32(15) | found << np.uint32(17)) + np.uint32(0xA282EAD8)


def _sound_head(data: bytes) -> bool:
    stored = _HEAD.unpack_from(data)[1]
    return bool(_masked(_crc(data[:8], _table().tolist())) == stored)


@cache
def _table() -> Any:
    """CRC-32C of each byte."""
    import numpy as np

    found = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        found = np.where(found & 1, found >> 1 ^ np.uint32(0x82F63B78), found >> 1).astype(np.uint32)
    return found
