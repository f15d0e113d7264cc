"""Small things that `nbtrack.base.db` asks of SQLite: connecting, waiting for a lock, explaining an error, copying."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from json import JSONDecodeError
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.base.errors import StoreError, StoreForeign, StoreLocked, StoreReadOnly, StoreTooNew
from nbtrack.base.reasons import reason
from nbtrack.base.sums import is_utf8, row_sum

if TYPE_CHECKING:
    import sqlite_utils

_LOCK_STEP = 0.05  # seconds inside SQLite, where signals are not heard
PAUSE = 0.005  # seconds between two tries
_VACUUM_STEP = 500  # pages given back in one transaction: other writers wait for milliseconds

_raised: dict[int, BaseException] = {}  # in a function that SQL called, by thread

Failure = sqlite3.DatabaseError  # for those who may not import sqlite3
UNREADABLE = (sqlite3.DatabaseError, JSONDecodeError)  # what reading a damaged file raises

# What storing a record raises when the record does not fit its tables, and not the file is at fault.
UNFIT = (
    *(ValueError, TypeError, LookupError, OverflowError),
    *(sqlite3.IntegrityError, sqlite3.DataError, sqlite3.InterfaceError, sqlite3.ProgrammingError),
)


class Schema:
    """What a migration works with: plain SQL, and sqlite-utils (`utils`) for changing tables that exist.

    The first schema is plain SQL, because sqlite-utils imports pandas: 0.5 s of processor time in a user's first cell.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.execute = connection.execute
        self._connection = connection

    @cached_property
    def utils(self) -> sqlite_utils.Database:
        """sqlite-utils on the same connection, inside the same transaction."""
        import sqlite_utils

        return sqlite_utils.Database(self._connection)


Migration = Callable[[Schema], None]
Ready = Callable[[sqlite3.Connection], None] | None


class Connection(sqlite3.Connection):
    """One whose errors are SQLite's, also where they quote a damaged file."""

    def execute(self, *statement: Any) -> sqlite3.Cursor:
        """As sqlite3's, which raises a UnicodeDecodeError where the message is no UTF-8."""
        try:
            return super().execute(*statement)
        except UnicodeDecodeError as error:
            raise sqlite3.DatabaseError(str(error.object, "utf-8", "backslashreplace")) from error


def plain(address: str, uri: bool = False) -> sqlite3.Connection:
    """A connection without a transaction, that waits for locks in short steps only."""
    # check_same_thread is off so that close() may come from any thread; use stays with one.
    made = sqlite3.connect(
        address, uri=uri, timeout=_LOCK_STEP, isolation_level=None, check_same_thread=False, factory=Connection
    )
    add_function(made, "row_sum", -1, row_sum)
    add_function(made, "is_utf8", -1, is_utf8)
    return made


def add_function(connection: sqlite3.Connection, name: str, arguments: int, function: Callable[..., Any]) -> None:
    """Let SQL call a function; arguments: how many it takes, −1 for any number.

    SQLite forgets what is raised in there and says only that something was. That may be Ctrl-C, which Python delivers
    inside whatever runs. So it is kept here, and `explain` raises it again.

    It must be given texts as blobs: one that is no UTF-8 any more fails before the function begins, and that cannot be
    told from a Ctrl-C that came then.
    """

    def called(*values: Any) -> Any:
        try:
            return function(*values)
        except BaseException as error:
            _raised[threading.get_ident()] = error
            raise

    connection.create_function(name, arguments, called, deterministic=True)


def opened_to_read(path: Path) -> sqlite3.Connection:
    """A connection to a file that cannot be written, or lies in a folder that cannot.

    Raises:
        StoreReadOnly: there are changes in its log that cannot be read there.
    """
    address = path.absolute().as_uri() + "?mode=ro"
    connection = plain(address, uri=True)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError as error:
        connection.close()
        waiting = Path(f"{path}-wal")
        if waiting.exists() and waiting.stat().st_size:
            raise StoreReadOnly(
                f"'{path}' lies in a read-only folder and has changes in '{waiting.name}' that cannot be read there.",
                "Copy the whole .nbtrack folder to a place that can be written.",
            ) from error
        # A WAL database can be read in a read-only folder only when it is declared unchanging.
        connection = plain(address + "&immutable=1", uri=True)
    return connection


def held_open(path: Path) -> sqlite3.Connection | None:
    """A connection that, closed as the last of all, leaves the log beside the file: it may not write. None without."""
    try:
        connection = plain(path.absolute().as_uri() + "?mode=ro", uri=True)
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error:
        return None
    return connection


def settle(connections: list[sqlite3.Connection]) -> bool:
    """Bring the whole log into the file that one of the connections has open, wherever that lies; False if not all."""
    for connection in connections:
        with suppress(sqlite3.Error):
            return not connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    return False


def shrink(connection: sqlite3.Connection) -> int:
    """Give free pages back to the file system, a few at a time so that no writer waits long; the bytes freed."""
    size = int(connection.execute("PRAGMA page_size").fetchone()[0])
    free = before = int(connection.execute("PRAGMA freelist_count").fetchone()[0])
    while free:
        patient(connection, "BEGIN IMMEDIATE", 10.0)
        try:
            for _ in range(
                min(free, _VACUUM_STEP)
            ):  # one page each: Python goes no further in it, whatever number is said
                connection.execute("PRAGMA incremental_vacuum(1)")
            patient(connection, "COMMIT", 10.0)
        finally:
            if connection.in_transaction:
                connection.rollback()
        left = int(connection.execute("PRAGMA freelist_count").fetchone()[0])
        if left >= free:
            break  # a file made without auto_vacuum
        free = left
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return (before - free) * size


def writable(path: Path) -> bool:
    """Whether the file and its folder can be written."""
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


def has_tables(connection: sqlite3.Connection) -> bool:
    """Whether there is a table at all."""
    return bool(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])


def is_busy(error: sqlite3.OperationalError) -> bool:
    """Whether another process holds the lock."""
    return "locked" in str(error) or "busy" in str(error)


def patient(connection: sqlite3.Connection, statement: str, timeout: float) -> sqlite3.Cursor:
    """Execute, trying again while another process holds the lock; between tries Python sees signals."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            return connection.execute(statement)
        except sqlite3.OperationalError as error:
            if not is_busy(error):
                raise
            if time.monotonic() > deadline:
                raise locked(timeout) from error
            time.sleep(PAUSE)


def begun(connection: sqlite3.Connection, deadline: float, timeout: float) -> bool:
    """Begin to write; False if another process is writing.

    Raises:
        StoreLocked: it is past the deadline, after so many seconds.
    """
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if not is_busy(error):
            raise
        if time.monotonic() > deadline:
            raise locked(timeout) from error
        return False
    return True


def precreate(path: Path) -> None:
    """Make an empty file that only its owner can read; SQLite gives ``-wal`` and ``-shm`` the same mode.

    Raises:
        StoreReadOnly: it cannot be made.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        pass
    except OSError as error:
        raise StoreReadOnly(
            f"'{path}' cannot be made: {error.strerror or error}.",
            "Make the folder writable, or set NBTRACK_DIR to one that is.",
        ) from error


def refused(path: Path, newer: int) -> StoreReadOnly:
    """The error for a file that may not be written. newer: its version, where that is the reason; else 0."""
    if newer:
        return StoreReadOnly(
            f"'{path}' has schema version {newer}: this nbtrack may read, but not write it.",
            "Install the newer nbtrack to record or edit runs.",
        )
    return StoreReadOnly(f"'{path}' is read-only.", "Make its folder writable to record or edit runs.")


def replaced(path: Path) -> StoreLocked:
    """The error for a file in whose place another was put while it could not be left."""
    return StoreLocked(f"'{path}' was replaced while it is in use.", "Try again.")


def of_another(path: Path) -> StoreForeign:
    """The error for a file that is none of ours."""
    return StoreForeign(
        f"'{path}' is a database of another program.", "Nothing was changed. Move it aside or rename it."
    )


def too_new(path: Path, version: int, known: int, needed: int) -> StoreTooNew:
    """The error for a file that we cannot read. needed: the version that its reader must know."""
    return StoreTooNew(
        f"'{path}' has schema version {version}; this nbtrack knows {known}.",
        f"Install an nbtrack that reads schema version {needed} or newer.",
    )


def locked(timeout: float) -> StoreLocked:
    """The error for a lock that was waited for too long."""
    return StoreLocked(
        f"The runs' file was locked by another process for {timeout:.0f} s.",
        "Try again; if it stays, look for a program that has nbtrack.db open.",
    )


def raise_signal(error: Exception) -> None:
    """Raise Ctrl-C again where it came while SQLite called a function of ours: that is no fault of the file.

    Raises:
        KeyboardInterrupt: it did, or what else a signal raises.
    """
    if "user-defined function raised" in str(error):
        raised = _raised.pop(threading.get_ident(), None)
        if raised is None and threading.current_thread() is threading.main_thread():
            raised = KeyboardInterrupt()  # before the function had begun: by itself none raises there
        if raised is not None and not isinstance(raised, Exception):
            raise raised from error


def explain(error: sqlite3.DatabaseError | OSError | JSONDecodeError, path: Path) -> StoreError:
    """The error of ours for one of SQLite's, or for a text in the file that is no JSON any more, with what to do.

    Raises:
        KeyboardInterrupt: it was Ctrl-C, or what else a signal raises, while SQLite called a function of ours.
    """
    raise_signal(error)
    text = str(error)
    if isinstance(error, JSONDecodeError):
        return StoreForeign(
            f"'{path}' is damaged: {error.doc[:60]!r} is no JSON.",
            "`nbtrack doctor --deep` says where, and what can be done.",
        )
    if isinstance(error, sqlite3.OperationalError) and ("readonly" in text or "unable to open" in text):
        return StoreReadOnly(f"'{path}' cannot be written: {text}.", "Make the file and its folder writable.")
    if "disk I/O" in text:
        return StoreError(
            f"'{path}' cannot be read or written: {text}.", "See whether the disk is full or fails, and try again."
        )
    if "full" in text or isinstance(error, OSError):
        return StoreError(
            f"'{path}' cannot be written: {reason(error)}", "Free some disk space; recording goes on then."
        )
    if "not a database" in text or "malformed" in text:
        return StoreForeign(
            f"'{path}' is damaged or no SQLite database: {text}.",
            "Nothing was changed. Copies from before each migration are in the 'backups' folder beside it.",
        )
    if "decode to UTF-8" in text:
        return StoreForeign(
            f"'{path}' is damaged: {text}.",
            "`nbtrack doctor --deep` says where; `nbtrack doctor --repair` makes it readable.",
        )
    return StoreError(f"'{path}': {text}.", "Run `nbtrack doctor` for what can be done.")
