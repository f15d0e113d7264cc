"""The write-ahead log is taken over into the database under the write lock, by whoever holds it.

Left to itself SQLite checkpoints after a commit, in whichever process the log has grown too long, while others write.
Its versions 3.7.0 to 3.51.2 have a fault there: a log that is begun anew at just that moment can lose what it holds.
Nothing is written, and no log begun anew, while the write lock is held; so one connection holds it and a second one,
of the same process, checkpoints. (When the last connection to a file is closed nobody else is there to write.)
"""

from __future__ import annotations

import os
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack.base.sqlite import Failure, plain

if TYPE_CHECKING:
    import sqlite3

LONG = 4 << 20  # bytes of the log, as much as SQLite itself lets it grow
_KEPT = 1 << 20  # bytes of the file that stay when a log is begun anew
_PAUSE = 0.5  # seconds until it is tried again where a reader keeps the log from getting shorter

_tried: dict[Path, float] = {}


def leave_to_us(connection: sqlite3.Connection) -> None:
    """Have a connection leave the log alone, and cut its file when it begins it anew."""
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute(f"PRAGMA journal_size_limit = {_KEPT}")


def keep_short(connection: sqlite3.Connection, path: Path) -> None:
    """After a commit: take the log over if it is long. Where somebody else holds the lock, that one will."""
    try:
        if os.stat(f"{path}-wal").st_size < LONG:
            return
    except OSError:
        return  # no log
    now = time.monotonic()
    if now - _tried.get(path, -_PAUSE) >= _PAUSE:
        _tried[path] = now
        take_over(connection, path)


def take_over(connection: sqlite3.Connection, path: Path) -> None:
    """Bring what stands in the log into the database, as far as no reader still needs the old state.

    connection: of this thread, outside of a transaction.
    """
    with suppress(Failure):  # the next commit tries again
        connection.execute("BEGIN IMMEDIATE")
        try:
            with closing(plain(path.as_posix())) as second:
                second.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        finally:
            connection.rollback()
