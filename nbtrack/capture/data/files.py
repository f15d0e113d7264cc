"""What files and folders hold: hashed up to a size, sampled beyond, and known by their state afterwards."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from nbtrack.capture.data.sampling import blocks
from nbtrack.runs.given import is_own

LIMIT = 64 << 20  # bytes that are read of a file, and of all files of a folder
_BLOCK = 1 << 20
_MOST_FILES = 1000  # of a folder, whose content is read
_MOST_LISTED = 10_000
# Of a database that this process may have open no file is ever opened: closing it would drop the locks on it.
_DATABASES = (".db", ".db3", ".sqlite", ".sqlite3", ".duckdb", ".gpkg", "-wal", "-shm", "-journal")


class State(NamedTuple):
    """By what a file is known to be the same."""

    size: int
    mtime_ns: int
    inode: int


class Held(NamedTuple):
    """What a file or folder holds. md5: of a file that was read in full, for what other tools say of it."""

    hash: str
    info: dict[str, Any]
    md5: str | None = None


def state_of(path: str) -> State | None:
    """The state of a file; None for what is none or cannot be seen."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return State(found.st_size, found.st_mtime_ns, found.st_ino) if stat.S_ISREG(found.st_mode) else None


class Files:
    """Hashes of files, kept for as long as the files stay as they are."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[State, Held]] = {}

    def file(self, path: str, full: bool = False) -> Held | None:
        """What a file holds; None if it cannot be read, or changes meanwhile. full: however large it is."""
        state = state_of(path)
        if state is None or is_own(Path(path)):
            return None
        known = self._known.get(path)
        if known is not None and known[0] == state and not (full and "sampled" in known[1].info):
            return known[1]
        try:
            held = _look(path, state) if path.endswith(_DATABASES) else _read(path, state, None if full else LIMIT)
        except OSError:
            return None
        if state_of(path) != state:
            return None
        self._known[path] = (state, held)
        return held

    def looked_at(self, path: str) -> Held | None:
        """What can be said of a database without opening it."""
        state = state_of(path)
        return None if state is None else _look(path, state)

    def folder(self, path: str, full: bool = False) -> Held | None:
        """What a folder holds, by its files; by their names, sizes and times if they are many or large."""
        files: list[tuple[str, State]] = []
        whole = True
        for name, state in _walk(path):
            if len(files) >= _MOST_LISTED and not full:
                whole = False
                break
            files.append((name, state))
        if not files and not os.path.isdir(path):
            return None
        size = sum(state.size for _, state in files)
        info: dict[str, Any] = {"files": len(files), "size": size}
        if files:
            info["mtime"] = max(state.mtime_ns for _, state in files) / 1e9
        if not whole:
            info |= {"sampled": True, "more": True}
        digest = hashlib.sha256(usedforsecurity=False)
        if full or (whole and size <= LIMIT and len(files) <= _MOST_FILES):
            for name, _ in files:
                held = self.file(os.path.join(path, name), full)
                digest.update(f"{name}\0{held.hash if held else ''}\n".encode("utf-8", "surrogateescape"))
            return Held(f"sha256.tree-{digest.hexdigest()}", info)
        for name, state in files:
            digest.update(f"{name}\0{state.size}\0{state.mtime_ns}\n".encode("utf-8", "surrogateescape"))
        return Held(f"sha256.list-{digest.hexdigest()}", info | {"sampled": True})


def _look(path: str, state: State) -> Held:
    digest = hashlib.sha256(f"{state.size} {state.mtime_ns}".encode(), usedforsecurity=False)
    return Held(f"sha256.time-{digest.hexdigest()}", _about(state) | {"read": 0, "sampled": True})


def _about(state: State) -> dict[str, Any]:
    return {"size": state.size, "mtime": state.mtime_ns / 1e9}


def _read(path: str, state: State, limit: int | None) -> Held:
    digest, md5 = hashlib.sha256(usedforsecurity=False), hashlib.md5(usedforsecurity=False)
    info = _about(state)
    with open(path, "rb", buffering=0) as file:
        if limit is None or state.size <= limit:
            while block := file.read(_BLOCK):
                digest.update(block)
                md5.update(block)
            return Held(f"sha256-{digest.hexdigest()}", info, md5.hexdigest())
        digest.update(f"{state.size}\0".encode())
        for part in blocks(state.size, limit, limit // _BLOCK):
            file.seek(part.start)
            digest.update(file.read(part.stop - part.start))
    return Held(f"sha256.64M-{digest.hexdigest()}", info | {"sampled": True, "read": limit})


def _walk(top: str) -> Iterator[tuple[str, State]]:
    """Files below a folder with their names in it, in order; hidden folders, links to folders and ours left out."""
    waiting = [""]
    while waiting:
        within = waiting.pop(0)
        entries: list[os.DirEntry[str]] = []
        with suppress(OSError), os.scandir(os.path.join(top, within)) as found:
            entries = sorted(found, key=lambda entry: entry.name)
        for entry in entries:
            name = f"{within}/{entry.name}" if within else entry.name
            with suppress(OSError):
                if entry.is_dir(follow_symlinks=False):
                    if not entry.name.startswith("."):
                        waiting.append(name)
                    continue
            state = state_of(entry.path)
            if state is not None:
                yield name, state
