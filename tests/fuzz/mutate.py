"""Other bytes from given ones: where there is no atheris, for the short run in the tests, and for files of sources."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Callable, Sequence

from tests.fuzz.source import ODD_NUMBERS, Source

_ODD_BYTES = (
    b"\0",
    b"\xff",
    b"\x7f",
    b"\x80",
    b"\n",
    b'"',
    b"{",
    b"[",
    b"\0\0\0\0",
    b"\xff\xff\xff\xff",
    b"\x80\0\0\0",
)
_LARGEST = 1 << 16


def mutated(rng: random.Random, pool: Sequence[bytes], words: Sequence[bytes] = ()) -> bytes:
    """One of the pool, changed in one to six places; at times two of them in one, or nothing but chance."""
    if rng.random() < 0.05:
        return rng.randbytes(rng.randrange(64))
    data = bytearray(rng.choice(pool) if pool else b"")
    if rng.random() < 0.1 and pool:
        other = rng.choice(pool)
        data = data[: rng.randint(0, len(data))] + other[rng.randint(0, len(other)) :]
    for _ in range(rng.randint(1, 6)):
        at = rng.randint(0, len(data))
        size = min(len(data) - at, 1 << rng.randrange(7))
        kind = rng.randrange(7)
        if kind == 0 and data:
            data[at % len(data)] ^= 1 << rng.randrange(8)
        elif kind == 1 and data:
            data[at % len(data)] = rng.randrange(256)
        elif kind == 2:
            del data[at : at + size]
        elif kind == 3:
            data[at:at] = data[at : at + size]
        elif kind == 4:
            data[at : at + rng.randint(0, 4)] = rng.choice(_ODD_BYTES)
        elif kind == 5 and words:
            data[at:at] = rng.choice(words)
        else:
            data[at:at] = rng.randbytes(rng.randint(1, 8))
    return bytes(data[:_LARGEST])


def smaller(data: bytes, still: Callable[[bytes], bool], tries: int = 400) -> bytes:
    """The same fault in fewer bytes, by leaving out ever smaller parts and then making zeros of what is left."""
    size = max(1, len(data) // 2)
    while tries > 0:
        at, before = 0, len(data)
        while at < len(data) and tries > 0:
            tries -= 1
            shorter = data[:at] + data[at + size :]
            if shorter != data and still(shorter):
                data = shorter
            else:
                at += size
        if size == 1 and len(data) == before:
            break
        size = max(1, min(size, len(data)) // 2)
    return data


# -- files, changed as the bytes of an input say


def edited(source: Source, files: dict[str, bytes], most: int = 6) -> dict[str, bytes]:
    """Files with a few changes: bytes, texts and numbers in them; some gone, doubled, or under another name."""
    found = dict(files)
    for _ in range(1 + source.number(most - 1)):
        if not found:
            break
        name = source.one(sorted(found))
        kind = source.number(11)
        if kind == 10 and len(found) > 1:
            del found[name]
        elif kind == 11:
            found[name] = found[source.one(sorted(found))]
        else:
            found[name] = _changed(source, found[name], kind)
    return found


def _changed(source: Source, data: bytes, kind: int) -> bytes:
    at = source.number(len(data))
    if kind in (0, 1, 2):
        new = source.bytes(1 + source.number(3)) or b"\0"
        return data[:at] + new + data[at + len(new) :]
    if kind == 3:
        return data[:at] + data[at + 1 + source.number(63) :]
    if kind == 4:
        return data[:at] + source.bytes(source.number(31)) + data[at:]
    if kind == 5:
        return data[:at]
    if kind == 6:
        return data[:at] + data[at : at + 1 + source.number(255)] + data[at:]
    if kind == 7:  # a number in a text
        return _number_changed(source, data, at)
    if kind == 8:
        shape, value = source.one(
            (("<I", 0xFFFFFFFF), ("<Q", (1 << 64) - 1), ("<H", 0xFFFF), ("<i", -1), ("<d", 1e308))
        )
        new = struct.pack(shape, value)
        return data[:at] + new + data[at + len(new) :]
    return data[:at] + source.one(_ODD_BYTES) + data[at + 1 :]


def _number_changed(source: Source, data: bytes, at: int) -> bytes:
    digits = b"0123456789"
    start = next((n for n in range(at, min(len(data), at + 4096)) if data[n] in digits), None)
    if start is None:
        return data
    end = start
    while end < len(data) and data[end] in b"0123456789.eE":
        end += 1
    return data[:start] + str(source.one(ODD_NUMBERS)).encode() + data[end:]


# -- checksums, made right again, so that a change is looked at and not only refused


def mended_tensorboard(data: bytes, crc: Callable[[bytes], int]) -> bytes:
    """Records of an event file, with checksums that fit."""
    found, at = bytearray(data), 0
    while at + 16 <= len(found):
        size = int.from_bytes(found[at : at + 8], "little")
        end = at + 12 + size
        if end + 4 > len(found):
            break
        found[at + 8 : at + 12] = struct.pack("<I", crc(bytes(found[at : at + 8])))
        found[end : end + 4] = struct.pack("<I", crc(bytes(found[at + 12 : end])))
        at = end + 4
    return bytes(found)


def mended_wandb(data: bytes) -> bytes:
    """Pieces of a W&B file, with checksums that fit."""
    found, at = bytearray(data), 7
    while at + 7 <= len(found):
        if 32768 - at % 32768 < 7:
            at += 32768 - at % 32768
            continue
        length, kind = struct.unpack_from("<HB", found, at + 4)
        end = at + 7 + length
        if end > len(found):
            break
        checksum = zlib.crc32(bytes(found[at + 7 : end]), zlib.crc32(bytes((kind,))))
        found[at : at + 4] = struct.pack("<I", checksum)
        at = end
    return bytes(found)
