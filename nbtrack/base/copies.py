"""Whole copies of a database as it is at one moment, whoever writes to it meanwhile.

Always through SQLite: a plain copy of the file would break the locks that this process has on it, and miss what stands
in the write-ahead log. A copy appears under its name only when all of it is on the disk.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack.base.errors import StoreError
from nbtrack.base.sqlite import Failure, plain

if TYPE_CHECKING:
    import sqlite3

KEPT = 3
_PAGES = 4096  # copied in one step; between two Ctrl-C is heard
_UNSYNCED = (errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)  # where folders are not synced
_SPARE = 4 << 20  # bytes that have to stay free


def back_up(path: Path, version: int) -> None:
    """Copy the file as it is before a migration that waits, under the write lock, for this; the last three are kept.

    Raises:
        StoreError: there is no room for it. Then nothing is to be migrated.
    """
    folder = path.parent / "backups"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        for left in folder.glob(".nbtrack-v*.tmp*"):  # of a process that was killed: the lock is ours, none is at it
            left.unlink(missing_ok=True)
        target = folder / f"nbtrack-v{version}-{time.strftime('%Y%m%d-%H%M%S')}.db"
        with closing(plain(path.as_posix())) as original:
            copy_whole(original, target)
    except (Failure, OSError) as error:
        raise StoreError(
            f"'{path}' was not brought up to date: the copy that is made of it before could not be written to "
            f"'{folder}' ({error}).",
            "Nothing was changed. Free some disk space, or make that folder writable, and try again.",
        ) from error
    for old in sorted(folder.glob("nbtrack-v*.db"), key=lambda each: each.stat().st_mtime)[:-KEPT]:
        old.unlink(missing_ok=True)


def copy_whole(original: sqlite3.Connection, target: Path, progress: Callable[[], None] = lambda: None) -> None:
    """Copy a database into a file that only its owner can read: one file, with no log beside it.

    original: may be inside a read transaction; the copy is of its moment then. progress: called now and then.

    Raises:
        OSError: no room; sqlite3.Error: as well, or the original cannot be read. Nothing is left under the name.
    """
    need = _size(original)
    free = shutil.disk_usage(target.parent).free
    if need + _SPARE > free:
        raise OSError(errno.ENOSPC, f"it needs {_mib(need)} MiB and {_mib(free)} are free")
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    try:
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with closing(plain(temporary.as_posix())) as copy:
            original.backup(copy, pages=_PAGES, progress=lambda *_: progress())
        leave_log(temporary)
        settle(temporary, target)
    finally:
        for end in ("", "-journal", "-wal", "-shm"):
            with suppress(OSError):
                os.unlink(f"{temporary}{end}")


def leave_log(path: Path) -> None:
    """Make one file of a database that nobody else has open; a copy says "wal" if its original does."""
    with closing(plain(path.as_posix())) as alone:
        alone.execute("PRAGMA locking_mode = EXCLUSIVE")  # needs no shared memory, which not every place has
        alone.execute("PRAGMA journal_mode = DELETE").fetchone()


def settle(temporary: Path, target: Path) -> None:
    """Give a file that is written its name, once all of it is on the disk."""
    handle = os.open(temporary, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    os.replace(temporary, target)
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """See to it that the names in a folder are on the disk, where the system can."""
    if os.name == "nt":
        return  # a folder cannot be opened there, and the rename is journalled
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _UNSYNCED:
            raise
    finally:
        os.close(handle)


def _size(original: sqlite3.Connection) -> int:
    pages, size = (original.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
    return int(pages) * int(size)


def _mib(size: int) -> str:
    return f"{size / 2**20:,.0f}"
