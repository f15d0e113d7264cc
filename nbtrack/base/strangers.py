"""Other code of this process that opens the store's files, as a cell does that copies its whole folder.

POSIX takes all of a process's locks on a file away when the process closes any descriptor of it. Where a cell says
``shutil.copytree(".", "backup")``, SQLite would go on believing in locks that are gone, and another process take the
write-ahead log away under it: rows lost, the file corrupt. Python tells of each file before it opens it (an audit
event). Then the databases close their connections, after the transactions that are under way, and open them again
when no descriptor of a stranger's is left. What is logged meanwhile waits in the journal.

What opens files behind Python's back (C code such as another SQLite library) is not seen. Windows keeps locks by
descriptor and needs none of this.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol
from weakref import WeakSet

ENDS = ("", "-wal", "-shm")
_GRACE = 0.5  # seconds between the word that a file is about to be opened and its being open, on a busy machine

File = tuple[int, int]  # what tells one file from another, whatever its name: its device and number


class Watched(Protocol):
    """A database that leaves its file when another opens it."""

    path: Path

    def make_way(self) -> None:
        """Close all connections, and open none before the stranger has gone."""


_watched: WeakSet[Watched] = WeakSet()
_names: tuple[str, ...] = ()
_hooked = False


def watch(database: Watched) -> None:
    """See to it that a database makes way. An audit hook cannot be removed, so there is one for the process."""
    global _names, _hooked
    if os.name == "nt" or database in _watched:
        return
    _watched.add(database)
    _names = tuple({*_names, *(database.path.name + end for end in ENDS)})
    if not _hooked:
        _hooked = True
        sys.addaudithook(_hook)


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if event == "open":
        try:
            given = args[0]
            if type(given) is not str:
                if type(given) is int:
                    return
                given = os.fsdecode(given)
            if given.endswith(_names):
                _announce(given)
        except Exception:  # noqa: BLE001 (it would keep the user's file from being opened)
            return


def _announce(given: str) -> None:
    name = os.path.basename(given)
    somewhere = not os.path.isabs(given)  # it may be meant from a folder that only the caller knows
    for database in list(_watched):
        if name.startswith(database.path.name) and (somewhere or file_of(given) in _files(database.path)):
            database.make_way()


class Visit:
    """The time during which strangers have a file open.

    path: the database. known: the descriptors of it that are no strangers': of SQLite, for a connection of the user's.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._files = _files(path)
        self._known = _descriptors(self._files)
        self._announced: dict[int, float] = {}
        self.announce()

    def announce(self) -> None:
        """This thread is about to open one of the files."""
        self._files |= _files(self._path)
        self._announced[threading.get_ident()] = time.monotonic()

    def own(self) -> bool:
        """Whether it is this thread that opened them: it would wait for itself."""
        return threading.get_ident() in self._announced

    def lasts(self) -> bool:
        """Whether a stranger has, or is about to have, one of the files open."""
        me, since = threading.get_ident(), time.monotonic() - _GRACE
        # What this thread announced is open by now, or closed again.
        if any(at > since for thread, at in list(self._announced.items()) if thread != me):
            return True
        return bool(_descriptors(self._files) - self._known)


def leave_log(path: Path, log: File | None, settled: bool) -> None:
    """Take the log of a file that was replaced out of the way of the one that lies there now.

    SQLite would play it into that, as if it were its own. log: which file it is. settled: all of it is in the file it
    belongs to; else it is kept under another name.
    """
    if log is None or file_of(path) is None or file_of(f"{path}-wal") != log:
        return
    with suppress(OSError):
        if settled:
            os.unlink(f"{path}-wal")
        else:
            os.replace(f"{path}-wal", f"{path}-wal.{time.strftime('%Y%m%d-%H%M%S')}.old")
        os.unlink(f"{path}-shm")


def file_of(path: str | Path | int) -> File | None:
    """Which file lies there, or is open under a number; None if there is none.

    >>> file_of("no such file")
    """
    try:
        found = os.stat(path)
    except OSError:
        return None
    return (found.st_dev, found.st_ino)


def _files(path: Path) -> set[File]:
    found = (file_of(f"{path}{end}") for end in ENDS)
    return {file for file in found if file is not None}


def _descriptors(files: set[File]) -> set[int]:
    """This process's descriptors of the files."""
    try:
        numbers = [int(number) for number in os.listdir("/dev/fd")]
    except (OSError, ValueError):  # no such folder: then a stranger counts as gone after the grace
        return set()
    return {number for number in numbers if file_of(number) in files}
