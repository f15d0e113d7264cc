"""The file that W&B writes while a run goes on (``run-ID.wandb``): records in LevelDB's log format.

Newer versions of wandb read it in a program of their own and give Python no reader, so the frames are read here, as
LevelDB's documentation tells: blocks of 32 KiB, in which pieces of records stand behind a checksum (here zlib's
CRC-32), a length and a kind. What a record says is read by wandb's own protocol buffers.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from nbtrack.transfer.importers.parts import Notes, broken

_HEAD = struct.Struct("<4sHB")
_IDENT, _MAGIC, _VERSION = b":W&B", 0xBEE1, 0
_BLOCK = 32768
_PIECE = struct.Struct("<IHB")
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
_LARGEST = 1 << 30  # bytes of one record


class _Damage(Exception):
    """What is wrong at a place in the file."""


def is_log(path: Path) -> bool:
    """Whether a file begins as W&B's do."""
    try:
        with path.open("rb") as file:
            return file.read(4) == _IDENT
    except OSError:
        return False


def bodies(path: Path, notes: Notes) -> Iterator[tuple[int, bytes]]:
    """The records of a file, as (number from 1, bytes).

    A run that was killed leaves a last block that is not whole: what is sound is read, and a note says so, as
    ``wandb sync`` does. Damage before that is an error.

    Raises:
        BadSource: it is no such file, or damaged; the message names the record.
    """
    count = 0
    with path.open("rb") as file:
        size = path.stat().st_size
        _check_head(path, file.read(_HEAD.size))
        pieces: list[bytes] = []
        held = 0
        try:
            for kind, piece in _pieces(file):
                if (kind in (_FULL, _FIRST)) == bool(pieces) or not _FULL <= kind <= _LAST:
                    raise _Damage("a piece of a record is missing")
                pieces.append(piece)
                held += len(piece)
                if held > _LARGEST:
                    raise broken(path, f"it has more than {_LARGEST:,} bytes", f"record {count + 1}")
                if kind in (_FULL, _LAST):
                    count += 1
                    yield count, pieces[0] if len(pieces) == 1 else b"".join(pieces)
                    pieces, held = [], 0
            if pieces:
                raise _Damage("it ends in the middle of a record")
        except _Damage as damage:
            last = (size - 1) // _BLOCK * _BLOCK  # where the last block begins
            if file.tell() < min(size, last + 1):
                raise broken(path, str(damage), f"record {count + 1}") from None
            notes.add(f"The file is cut at record {count + 1} ({damage}), as after a crash: what came before is here.")


def _check_head(path: Path, head: bytes) -> None:
    if len(head) < _HEAD.size or _HEAD.unpack(head)[:2] != (_IDENT, _MAGIC):
        raise broken(path, "it does not begin as W&B's files do")
    if _HEAD.unpack(head)[2] != _VERSION:
        raise broken(
            path, f"it is of version {_HEAD.unpack(head)[2]}; version {_VERSION} is known", hint="Update nbtrack."
        )


def _pieces(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """(kind, bytes) of each piece. The head of the file is part of the first block."""
    at = _HEAD.size
    while block := file.read(_BLOCK - at % _BLOCK):
        place, end = 0, len(block)
        whole = (at + end) % _BLOCK == 0
        while end - place >= _PIECE.size:
            checksum, length, kind = _PIECE.unpack_from(block, place)
            if not (checksum or length or kind) and not any(block[place:]):
                break  # room that was set aside and never used
            body = block[place + _PIECE.size : place + _PIECE.size + length]
            if len(body) < length:
                raise _Damage("a record is longer than its block" if whole else "it ends in the middle of a record")
            if zlib.crc32(body, zlib.crc32(bytes((kind,)))) != checksum:
                raise _Damage("the checksum does not fit")
            place += _PIECE.size + length
            yield kind, body
        if not whole and end - place and any(block[place:]):
            raise _Damage("it ends in the middle of a record")
        at += end
