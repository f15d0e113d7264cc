"""One SQLite file: connections, the one way to write, and migrations.

Every write goes through `Database.write`, which begins IMMEDIATE and waits for a lock in short steps, so that
Ctrl-C is heard while it waits. A connection belongs to one thread of one process: before a fork all are closed (see
`nbtrack.base.gate`); where that could not be, the child neither uses nor closes what it inherits.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from weakref import WeakSet

from nbtrack.base import checkpoints, places, strangers
from nbtrack.base.copies import back_up
from nbtrack.base.errors import StoreLocked, StoreReadOnly, StoreTooOld
from nbtrack.base.gate import Gate
from nbtrack.base.sqlite import (
    PAUSE,
    UNREADABLE,
    Ready,
    begun,
    explain,
    has_tables,
    held_open,
    of_another,
    opened_to_read,
    patient,
    precreate,
    refused,
    replaced,
    settle,
    shrink,
    too_new,
    writable,
)
from nbtrack.base.sqlite import Migration as Migration
from nbtrack.base.sqlite import Schema as Schema

APPLICATION_ID = 0x6E627472  # "nbtr"
_OLDEST_SQLITE = (3, 37, 0)  # STRICT tables
_OPENING = 2.0  # seconds that we wait to open a file that another process keeps for itself
_CLOSE_PATIENCE = 5.0
_FORK_PATIENCE = 5.0  # seconds that a fork waits for other threads' transactions
_WAY_PATIENCE = 60.0  # seconds that other code waits with opening our file, for the transactions of other threads
_VISIT_PATIENCE = 10.0  # seconds that we wait for it to be closed again

_open_databases: WeakSet[Database] = WeakSet()
_inherited: list[sqlite3.Connection] = []  # of a parent process: kept, so that they are never closed
_shut: list[Gate] = []  # by the fork that is under way


def _before_fork() -> None:
    for database in list(_open_databases):
        if database._gate.shut(_FORK_PATIENCE):
            _shut.append(database._gate)
            database._close_all()


def _after_fork_in_parent() -> None:
    while _shut:
        _shut.pop().open()


def _after_fork_in_child() -> None:
    _shut.clear()
    for database in list(_open_databases):
        database._forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)


class Database:
    """The project's file.

    path: where it is, or will be made on the first write.
    migrations: the schema, in order; the number of them is the schema's version.
    min_reader: the oldest version that may still read a file of this version.
    ready: called at the beginning of each write transaction.
    """

    def __init__(self, path: Path, migrations: Sequence[Migration], min_reader: int = 1, ready: Ready = None) -> None:
        if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
            raise StoreTooOld(
                f"nbtrack needs SQLite 3.37 or newer; this Python has {sqlite3.sqlite_version}.",
                "Use a newer Python build (conda and python.org builds carry a newer SQLite).",
            )
        self.path = path
        self.read_only, self.newer = False, 0  # newer: the file's version, where it is one that we may only read
        self._migrations, self._min_reader, self._ready = migrations, min_reader, ready
        self._connections: dict[int, sqlite3.Connection] = {}  # by thread
        self._identity: strangers.File | None = None  # of the file that they have open
        self._log: strangers.File | None = None  # and of its write-ahead log
        self._guard = threading.RLock()
        self._gate = Gate()
        self._barred = False  # in a child that was forked while the file was in use
        self._visit: strangers.Visit | None = None  # by code of this process that opens the file as any other
        _open_databases.add(self)

    @property
    def version(self) -> int:
        """The schema version this nbtrack writes."""
        return len(self._migrations)

    def exists(self) -> bool:
        """Whether the file is there. Nothing is made by asking."""
        return self.path.exists()

    def connection(self) -> sqlite3.Connection:
        """This thread's connection, opened and migrated when first used.

        Raises:
            StoreError: the file is not ours, damaged, too new, locked or not to be opened.
        """
        with self._using() as connection:
            return connection

    @contextmanager
    def _using(self) -> Iterator[sqlite3.Connection]:
        """This thread's connection, which no fork and no other thread takes away while it is used."""
        if self._barred:
            raise StoreLocked(
                f"'{self.path}' was in use when this process was forked.",
                "What is logged here can be read once this process has ended.",
            )
        deadline, within = 0.0, self._gate.holds(threading.get_ident())
        while True:
            if not within and self._replaced():
                self._leave_file()
            with self._gate.passing():
                if within or not (self._replaced() or self._visited()):
                    connection = self._connected()
                    if connection is not None:
                        yield connection
                        return
                    if within:
                        raise replaced(self.path)
            deadline = self._wait(deadline)

    def _visited(self) -> bool:
        """Whether other code of this process has the file open. Asked inside the gate, so that none comes meanwhile."""
        if self._visit is not None and not self._visit.lasts():
            self._visit = None
        return self._visit is not None

    def _wait(self, deadline: float) -> float:
        visit, now = self._visit, time.monotonic()
        if visit is not None:
            deadline = deadline or now + _VISIT_PATIENCE * (0.1 if visit.own() else 1.0)
            if now > deadline:
                raise StoreLocked(
                    f"'{self.path}' is kept open by other code of this process, which would take its locks away.",
                    "Close that file; what is logged meanwhile is kept in the journal.",
                )
            time.sleep(PAUSE)
        return deadline

    def make_way(self) -> None:
        """Close all connections, before other code of this process opens the file; see `nbtrack.base.strangers`."""
        if not self._gate.holds(threading.get_ident()) and self._gate.shut(_WAY_PATIENCE):
            try:
                if self._visit is None:
                    log = held_open(self.path) if self._connections else None
                    self._close_all()
                    if log is not None:
                        log.close()
                    self._visit = strangers.Visit(self.path)
                self._visit.announce()
            finally:
                self._gate.open()

    def _connected(self) -> sqlite3.Connection | None:
        me = threading.get_ident()
        found = self._connections.get(me)
        if found is None:
            with self._guard:
                self._prune()
                found = self._open()
                if found is not None:
                    self._connections[me] = found
        return found

    def _leave_file(self) -> None:
        """Close all before anybody opens the file that lies there now.

        A connection closed while another thread is inside it is a segmentation fault; one left open on the old file
        shares the ``-shm`` with those of the new one, which cut it short under it.
        """
        if not self._gate.shut(_CLOSE_PATIENCE):
            raise replaced(self.path)
        try:
            if self._replaced():
                log, settled = self._log, settle(list(self._connections.values()))
                self._close_all()
                strangers.leave_log(self.path, log, settled)
        finally:
            self._gate.open()

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A short read transaction: everything read inside is of one moment.

        Raises:
            StoreError: the file is damaged, or cannot be read.
        """
        with self._using() as connection:
            if connection.in_transaction:
                yield connection
                return
            try:
                patient(connection, "BEGIN", 10.0)
                yield connection
            except UNREADABLE as error:
                raise explain(error, self.path) from error
            finally:
                with suppress(sqlite3.Error):
                    connection.rollback()

    @contextmanager
    def write(self, timeout: float = 10.0) -> Iterator[sqlite3.Connection]:
        """A write transaction, committed at the end, rolled back by an exception. It advances the revision.

        timeout: seconds to wait for another writer.

        Raises:
            StoreLocked: another process kept the lock for longer.
            StoreReadOnly: the file or its folder cannot be written.
        """
        deadline = time.monotonic() + timeout
        if self.read_only and writable(self.path) and not self._gate.holds(threading.get_ident()):
            self.close()  # it could not be written when it was opened: look again
        while True:
            with self._using() as connection:  # left between two tries, so that a fork need not wait for the lock
                if self.read_only:
                    raise refused(self.path, self.newer)
                if connection.in_transaction:
                    raise RuntimeError("a write transaction inside another transaction")
                try:
                    if begun(connection, deadline, timeout):
                        if self._ready is not None:
                            self._ready(connection)
                        connection.execute("UPDATE meta SET value = value + 1 WHERE key = 'revision'")
                        yield connection
                        patient(connection, "COMMIT", timeout)
                        checkpoints.keep_short(connection, self.path)
                        return
                except sqlite3.DatabaseError as error:
                    raise explain(error, self.path) from error
                finally:  # also when Ctrl-C comes while SQLite begins: the lock must not stay
                    if connection.in_transaction:
                        with suppress(sqlite3.Error):
                            connection.rollback()
            time.sleep(PAUSE)

    def revision(self) -> int:
        """A number that grows with every change to the file."""
        with self.read() as connection:
            row = connection.execute("SELECT value FROM meta WHERE key = 'revision'").fetchone()
            return int(row[0])

    def shrink(self) -> int:
        """Give free pages back to the file system, a few at a time so that no writer waits long; the bytes freed."""
        with self._using() as connection:
            try:
                return shrink(connection)
            except sqlite3.DatabaseError as error:
                raise explain(error, self.path) from error

    def close(self) -> None:
        """Close every connection of this process, or this thread's alone if others go on using theirs."""
        if self._gate.shut(_CLOSE_PATIENCE):
            try:
                self._close_all()
            finally:
                self._gate.open()
        else:
            self._drop(threading.get_ident())

    def _close_all(self) -> None:
        for thread in list(self._connections):
            self._drop(thread)
        self._identity = self._log = None

    def _drop(self, thread: int) -> None:
        with self._guard:
            connection = self._connections.pop(thread, None)
            if connection is not None:
                with suppress(sqlite3.Error):
                    connection.close()

    def _forget(self) -> None:
        self._barred = self._barred or bool(self._connections)
        _inherited.extend(self._connections.values())
        self._connections, self._identity, self._log, self._visit = {}, None, None, None
        self._guard = threading.RLock()
        self._gate = Gate()

    def _prune(self) -> None:
        living = {thread.ident for thread in threading.enumerate()}
        for thread in list(self._connections):
            if thread not in living and not self._gate.holds(thread):  # a thread of C code is not among the living
                self._drop(thread)

    def _replaced(self) -> bool:
        """Whether another file lies where ours was: SQLite would go on writing into the deleted one."""
        if self._identity is None:
            return False
        return strangers.file_of(self.path) != self._identity

    def _open(self) -> sqlite3.Connection | None:
        """A connection; None where another file lies there by now. SQLite opens ``-shm`` only when it first reads."""
        if self._identity is None and not self.path.exists():
            precreate(self.path)
        there = strangers.file_of(self.path)
        if self._identity is not None and there != self._identity:
            return None
        try:
            self.read_only = not writable(self.path)
            connection = opened_to_read(self.path) if self.read_only else places.opened(self.path)
        except sqlite3.DatabaseError as error:
            raise explain(error, self.path) from error
        found = strangers.file_of(self.path)
        if found is None or found != (there or found):
            connection.close()
            return None
        self._identity = found
        try:
            self._prepare(connection)
        except (sqlite3.DatabaseError, OSError) as error:  # OSError: no room for the backup before a migration
            connection.close()
            raise explain(error, self.path) from error
        except BaseException:
            connection.close()
            raise
        strangers.watch(self)
        self._log = self._log or strangers.file_of(f"{self.path}-wal")
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        version = self._check(connection)
        if not self.read_only:
            if not version:
                patient(connection, "PRAGMA auto_vacuum = INCREMENTAL", 10.0)  # only before the first page is written
            places.set_mode(connection, self.path)
        for pragma in ("foreign_keys = ON", "trusted_schema = OFF", "cache_size = -65536", "temp_store = MEMORY"):
            connection.execute(f"PRAGMA {pragma}")
        if version < self.version and not self.read_only:
            self._migrate(connection, version)
        elif version < self.version:
            raise StoreReadOnly(
                f"'{self.path}' has schema version {version}, is read-only and needs version {self.version}.",
                "Make it writable once, so that it can be brought up to date.",
            )

    def _check(self, connection: sqlite3.Connection) -> int:
        """The file's schema version, once it is sure that the file is ours."""
        patient(connection, "BEGIN", _OPENING)  # of one moment: another process may be making the schema just now
        try:
            owner = patient(connection, "PRAGMA application_id", _OPENING).fetchone()[0]
            version = int(connection.execute("PRAGMA user_version").fetchone()[0])
            foreign = owner != APPLICATION_ID and (owner or version or has_tables(connection))
        finally:
            connection.rollback()
        if foreign:
            raise of_another(self.path)
        if version > self.version:
            row = connection.execute("SELECT value FROM meta WHERE key = 'min_reader'").fetchone()
            needed = int(row[0]) if row else version
            if needed > self.version:
                raise too_new(self.path, version, self.version, needed)
            self.read_only, self.newer = True, version
        return version

    def _migrate(self, connection: sqlite3.Connection, version: int) -> None:
        patient(connection, "BEGIN IMMEDIATE", 60.0)
        try:
            version = int(connection.execute("PRAGMA user_version").fetchone()[0])  # another may have been first
            if version < self.version:
                if version:
                    back_up(self.path, version)
                else:
                    connection.execute("CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY) STRICT")
                    connection.execute("INSERT INTO meta VALUES ('revision', 0)")
                schema = Schema(connection)
                for migration in self._migrations[version:]:
                    migration(schema)
                connection.execute("INSERT OR REPLACE INTO meta VALUES ('min_reader', ?)", (self._min_reader,))
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version = {self.version}")
            patient(connection, "COMMIT", 60.0)
        except BaseException:
            connection.rollback()
            raise
