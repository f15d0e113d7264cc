"""Artifact files, named by the sha256 of what they hold, each stored once.

A file appears under its name only when all of it is on the disk: written beside, synced, renamed, and both folders
synced. Without, a power cut leaves empty objects under valid names.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from nbtrack.base.copies import sync_folder as _sync
from nbtrack.base.errors import NotFound, StoreForeign

_NAME = re.compile(r"[0-9a-f]{64}")
_BLOCK = 1 << 20
_YOUNG = 60.0  # seconds: a file just written may be named by a record that is still in a journal


def put_bytes(folder: Path, data: bytes) -> str:
    """Store bytes; their hash."""
    name = hashlib.sha256(data).hexdigest()
    if not _known(folder, name):
        _write(folder, name, (data,))
    return name


def put_blocks(folder: Path, blocks: Iterable[bytes]) -> str:
    """Store what came in parts; their hash."""
    blocks, digest = list(blocks), hashlib.sha256()
    for block in blocks:
        digest.update(block)
    name = digest.hexdigest()
    if not _known(folder, name):
        _write(folder, name, blocks)
    return name


def put_file(folder: Path, source: Path) -> tuple[str, int]:
    """Store a copy of a file, read in blocks; (hash, size).

    Raises:
        OSError: the file cannot be read, or there is no room for the copy.
    """
    temporary = folder / f".{secrets.token_hex(8)}.tmp"
    digest, size = hashlib.sha256(), 0
    try:
        with source.open("rb") as reading, open(temporary, "xb", opener=_private) as writing:
            for block in iter(lambda: reading.read(_BLOCK), b""):
                digest.update(block)
                writing.write(block)
                size += len(block)
            name = digest.hexdigest()
            if _known(folder, name):
                return name, size
            writing.flush()
            os.fsync(writing.fileno())
        _settle(folder, temporary, name)
    finally:
        temporary.unlink(missing_ok=True)
    return name, size


def adopt(folder: Path, files: Mapping[str, Path]) -> None:
    """Make objects of files that are synced, lie on the same disk and have the hashes that are their keys.

    Each folder is synced once, so that many files cost little more than one.
    """
    changed = set()
    for name, source in files.items():
        if _known(folder, name):
            source.unlink(missing_ok=True)
            continue
        target = path_of(folder, name)
        target.parent.mkdir(mode=0o700, exist_ok=True)
        os.replace(source, target)
        changed.add(target.parent)
    for place in changed:
        _sync(place)
    if changed:
        _sync(folder)


def is_name(name: str) -> bool:
    """Whether an object may have this name: it comes from a database, which may be made to name any file there is."""
    return _NAME.fullmatch(name) is not None


def path_of(folder: Path, name: str) -> Path:
    """Where an object lies."""
    return folder / name[:2] / name[2:]


def read(folder: Path, name: str) -> bytes:
    """An object's bytes, checked against its name.

    Raises:
        NotFound: the file is gone. StoreForeign: its content is not what was stored, or no object has such a name.
    """
    if not is_name(name):
        raise StoreForeign("What the database says of this artifact's file makes no sense.", "It is not looked for.")
    place = path_of(folder, name)
    if not place.is_file():  # a link to a device would never end
        raise NotFound(f"The artifact's file {name[:12]}… is missing.", "`nbtrack doctor` lists what is.")
    data = place.read_bytes()
    if hashlib.sha256(data).hexdigest() != name:
        raise StoreForeign(f"The artifact's file {name[:12]}… was changed or damaged.", "It is left as it is.")
    return data


def blocks(folder: Path, name: str) -> Iterator[bytes]:
    """An object's bytes in blocks, for what is too large to be held; checked against its name after the last.

    Raises:
        NotFound, StoreForeign: as `read`.
    """
    if not is_name(name):
        raise StoreForeign("What the database says of this artifact's file makes no sense.", "It is not looked for.")
    place = path_of(folder, name)
    if not place.is_file():
        raise NotFound(f"The artifact's file {name[:12]}… is missing.", "`nbtrack doctor` lists what is.")
    digest = hashlib.sha256()
    with place.open("rb") as reading:
        for block in iter(lambda: reading.read(_BLOCK), b""):
            digest.update(block)
            yield block
    if digest.hexdigest() != name:
        raise StoreForeign(f"The artifact's file {name[:12]}… was changed or damaged.", "It is left as it is.")


def remove(folder: Path, names: Iterable[str]) -> int:
    """Delete objects, but none that was stored or used again within the last minute; the bytes freed."""
    freed = 0
    for name in filter(is_name, names):
        path = path_of(folder, name)
        try:
            found = path.stat()
            if time.time() - found.st_mtime > _YOUNG:
                path.unlink()
                freed += found.st_size
        except OSError:
            continue
    return freed


def all_names(folder: Path) -> Iterator[str]:
    """The names of all objects in the folder."""
    for place in folder.glob("[0-9a-f][0-9a-f]"):
        for path in place.iterdir():
            yield place.name + path.name


def _known(folder: Path, name: str) -> bool:
    try:
        os.utime(path_of(folder, name))  # it is young again, so that a purge leaves it
    except OSError:
        return False
    return True


def _write(folder: Path, name: str, blocks: Iterable[bytes]) -> None:
    temporary = folder / f".{secrets.token_hex(8)}.tmp"
    try:
        with open(temporary, "xb", opener=_private) as writing:
            for block in blocks:
                writing.write(block)
            writing.flush()
            os.fsync(writing.fileno())
        _settle(folder, temporary, name)
    finally:
        temporary.unlink(missing_ok=True)


def _settle(folder: Path, temporary: Path, name: str) -> None:
    target = path_of(folder, name)
    target.parent.mkdir(mode=0o700, exist_ok=True)
    os.replace(temporary, target)
    _sync(target.parent)
    _sync(folder)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
