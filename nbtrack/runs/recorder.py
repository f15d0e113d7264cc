"""The recording side of one project in this process: its session, its journal, and the thread that empties it.

What a user logs is in the journal when the call returns. A background thread brings it into SQLite every 100 ms
while a run is active, and sleeps otherwise. A forked child gets a session and a journal of its own.
"""

from __future__ import annotations

import atexit
import json
import mmap
import os
import struct
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from weakref import WeakSet
from zlib import crc32

from nbtrack.base import journal
from nbtrack.base.config import Project
from nbtrack.base.db import Database
from nbtrack.base.errors import InvalidValue, NbtrackError
from nbtrack.base.ids import new_id, this_process
from nbtrack.runs.ingest import Batch, Event, decode
from nbtrack.runs.store import sessions

PERIOD = 0.1  # seconds between two ingests while a run is active
_BEAT = 20.0  # seconds between two heartbeats
_HELD_MAX = 64 << 20  # bytes kept in memory while the disk takes nothing
_NOW_SIZE = 64
NOW = struct.Struct("<12sI")  # the id of the current run, and its crc: a worker may look while it is written

_recorders: WeakSet[Recorder] = WeakSet()


def _notice(text: str) -> None:
    sys.stderr.write(f"nbtrack: {text}\n")


def pack_now(run: str) -> bytes:
    """What says to workers which run is current; none when empty."""
    name = run.encode().ljust(12, b"\0")
    return NOW.pack(name, crc32(name))


class Recorder:
    """Writes the journal of one project for this process.

    notify: how a user is told, once per trouble; standard error unless a host says otherwise.
    """

    def __init__(self, project: Project, database: Database, kind: str = "script", kernel_id: str = "") -> None:
        self.project = project
        self.database = database
        self.kind = kind
        self.kernel_id = kernel_id
        self.notify: Callable[[str], None] = _notice
        self.ticks: list[Callable[[], None]] = []  # what else is looked at, quickly, each period while a run is active
        self.parent = ""
        self.follows = False  # it writes for a run of another process
        self.forked_from = ""  # the session of the process that this one was forked from
        self.inherited_now: mmap.mmap | None = None  # of the parent, in a forked child
        self._inherited: list[Any] = []
        self._begin()
        _recorders.add(self)

    def _begin(self) -> None:
        self.session = new_id()
        self._started = time.time()
        self.opening: dict[str, Event] = {}  # of the active runs, so that each segment can be read alone
        self._layouts: dict[int, Event] = {}
        self._next_layout = 1
        self._journal: journal.Journal | None = None
        self._position = (0, 0)
        self._known: dict[int, tuple[str, list[str], str]] = {}
        # Writes a record: straight into the journal, or where there is none yet, or no room, with more care.
        self.write: Callable[[bytes], None] = self._write_slowly
        self._held: deque[bytes] = deque()
        self._next_try = 0.0  # when to look again whether there is room
        self._held_size = 0
        self._lost = 0
        self._told: set[str] = set()
        self._thread: threading.Thread | None = None
        self._wake = threading.Event()
        self._stop = False
        self._opening_lock = threading.RLock()
        self._ingesting = threading.RLock()
        self._now: mmap.mmap | None = None
        self._last_beat = 0.0

    # -- writing

    def event(self, event: Event) -> None:
        """Write an event.

        Raises:
            InvalidValue: it is larger than a record may be (64 MiB).
        """
        self.append_checked(journal.encode_event(json.dumps(event)))

    def append_checked(self, body: bytes) -> None:
        """Write a record whose size is not known to be small."""
        if len(body) > journal.MAX_RECORD - 4096:
            raise InvalidValue(
                f"{len(body) / 2**20:.0f} MiB are more than one record can hold (64 MiB).",
                "Write it to a file and use log_artifact().",
            )
        self.write(body)

    def layout(self, run: str, keys: list[str], source: str, attached: str) -> int:
        """Announce which run and metrics a point record is about; the number to put into such records."""
        with self._opening_lock:
            number, self._next_layout = self._next_layout, self._next_layout + 1
            event: Event = {"e": "layout", "no": number, "run": run, "keys": keys, "source": source}
            if attached:
                event |= {"attached": attached, "at": time.time()}
            self._layouts[number] = event
        self.event(event)
        return number

    def forget(self, run: str) -> None:
        """A run has ended: new segments need not speak of it."""
        with self._opening_lock:
            self.opening.pop(run, None)
            self._layouts = {n: event for n, event in self._layouts.items() if event["run"] != run}

    def _preamble(self) -> list[bytes]:
        about = {
            "e": "session",
            "id": self.session,
            "kind": self.kind,
            "kernel_id": self.kernel_id,
            "parent": self.parent,
            "started": self._started,
            "heartbeat": time.time(),
            **this_process().as_dict(),
        }
        with self._opening_lock:
            runs = [{**event, "again": True} for event in self.opening.values()]
            events = [about, *runs, *self._layouts.values()]
        return [journal.encode_event(json.dumps(event)) for event in events]

    def _write_slowly(self, body: bytes) -> None:
        """Where there is no room, records are held in memory, in their order; the user's code goes on."""
        with self._opening_lock:
            if self._held and time.monotonic() < self._next_try:
                self._keep(body)
                return
            try:
                writing = self._ready_journal()
            except (OSError, NbtrackError) as error:
                self._hold(body, error)
            else:
                writing.append(body)

    def _ready_journal(self) -> journal.Journal:
        """The journal, opened, with what was held written first."""
        if self._journal is None:
            self.project.create()
            self._journal = journal.Journal(
                self.project.journal, self.session, self._preamble, full=self._hold, lock=self._opening_lock
            )
        self.wake()
        while self._held:
            self._journal.put(self._held[0])
            self._held_size -= len(self._held.popleft())
        self.write = self._journal.append
        return self._journal

    def _hold(self, body: bytes, error: Exception) -> None:
        with self._opening_lock:
            self.write = self._write_slowly
            self._next_try = time.monotonic() + PERIOD
            self._keep(body)
        self.wake()
        self.tell(
            "disk",
            f"cannot record now: {error}. Your code goes on; records wait in memory and are written when there is "
            "room again.",
        )

    def _keep(self, body: bytes) -> None:
        if self._held_size + len(body) <= _HELD_MAX:
            self._held.append(body)
            self._held_size += len(body)
        else:
            self._lost += 1

    def tell(self, about: str, text: str) -> None:
        """Tell the user, once for each kind of trouble."""
        if about not in self._told:
            self._told.add(about)
            with suppress(Exception):
                self.notify(text)

    # -- what children of this process read

    def announce(self, run: str) -> None:
        """Say which run is current, where forked and spawned workers can read it without asking anyone."""
        with suppress(OSError, NbtrackError, ValueError):
            if self._now is None:
                self.project.create()
                self._now = journal.allocate(self.project.journal / f"{self.session}.now", _NOW_SIZE)
                os.environ["NBTRACK_PARENT"] = f"{self.session}:{self.project.root}"
            self._now[: NOW.size] = pack_now(run)

    # -- into the database

    def wake(self) -> None:
        """See to it that the ingest thread runs and looks now."""
        with self._opening_lock:
            if self._thread is None or not self._thread.is_alive():
                thread = threading.Thread(target=self._work, name="nbtrack-ingest", daemon=True)
                with suppress(RuntimeError):  # too many threads, or the interpreter is ending: `close` does the work
                    thread.start()
                    self._thread = thread
        self._wake.set()

    def flush(self, timeout: float = 10.0) -> None:
        """Bring everything written so far into the database.

        Raises:
            StoreError: it cannot be written now; nothing is lost, it stays in the journal.
        """
        with self._ingesting:
            if self._held:
                with self._opening_lock, suppress(OSError, NbtrackError):
                    self._ready_journal()
                    self._told.discard("disk")
            self._ingest(timeout)

    def _ingest(self, timeout: float) -> None:
        writing = self._journal
        if writing is None:
            return
        if not self.database.exists():
            self.project.create()  # somebody may have deleted the whole folder
        for _ in range(2):
            number, offset = self._position
            for segment, data, start in writing.pending(number, offset):
                items, size = decode(data, 0)
                if size < len(data):
                    self.tell("journal", f"{len(data) - size} bytes of the journal cannot be read.")
                if not self._take(items, segment, start + size, timeout):
                    self._catch_up(writing)
                    break
            else:
                writing.release(self._position[0])
                return

    def _take(self, items: list[Any], segment: int, end: int, timeout: float) -> bool:
        """One batch; False if the database is not where it was left (replaced, deleted): take all there is again."""
        batch = Batch(self.project, self.session, self._known)
        batch.prepare(items)
        with self.database.write(timeout) as conn:
            at = sessions.position(conn, self.session)
            if at != self._position:
                self._position = at
                return False
            batch.apply(conn, items)
            sessions.set_position(conn, self.session, segment, end, time.time())
        for trouble in batch.troubles:
            self.tell(trouble, trouble)
        self._position = (segment, end)
        return True

    def _catch_up(self, writing: journal.Journal) -> None:
        """Another process took our journal in, believing us dead, or the database is another one: know all layouts."""
        for _, data, _ in writing.pending(0, 0):
            Batch(self.project, self.session, self._known).learn(decode(data, 0)[0])
        with suppress(OSError, NbtrackError):
            self.project.create()
            writing.renew()

    def _work(self) -> None:
        while not self._stop:
            self._wake.wait(PERIOD if self.opening or self._held or self.follows else None)
            self._wake.clear()
            try:
                self.flush(timeout=60.0)
                self._told.discard("database")
                self._heartbeat()
                for tick in tuple(self.ticks):
                    tick()
            except NbtrackError as error:
                self.tell("database", f"{error} What you log is kept in the journal meanwhile.")
                time.sleep(PERIOD)
            except Exception as error:  # noqa: BLE001 (a fault of ours never reaches the user's code)
                self.tell(
                    "ingest",
                    f"could not bring records into the database ({error!r}); they stay in the journal.",
                )
                time.sleep(1.0)

    def _heartbeat(self) -> None:
        now = time.time()
        if (self.opening or self.follows) and now - self._last_beat > _BEAT:
            self._last_beat = now
            with self.database.write() as conn:
                sessions.beat(conn, self.session, now)

    def close(self) -> None:
        """Bring everything into the database and end the session; what cannot be brought in stays in the journal."""
        self._stop = True
        self._wake.set()
        if self._journal is None:
            return
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout=5.0)
        done = False
        with suppress(NbtrackError, OSError):
            self.event({"e": "close", "id": self.session, "at": time.time()})
            self.flush()
            done = not self._held
        with self._ingesting, self._opening_lock:
            if done:  # what other threads wrote meanwhile
                done = False
                with suppress(NbtrackError, OSError):
                    self._ingest(10.0)
                    done = not self._held
            self._tell_end(done)
            self._journal.close(remove=done)
            if self._now is not None:
                self._now.close()
                (self.project.journal / f"{self.session}.now").unlink(missing_ok=True)
            self._begin()  # used again, it is another session
        self.database.close()

    def _tell_end(self, done: bool) -> None:
        count = self._lost + len(self._held)
        if count:
            self.tell("end", f"{count} records could not be written; the rest is safe.")
        elif not done:
            self.tell("end", "the last records are kept in the journal; the next reader brings them in.")

    def after_fork(self) -> None:
        """In a forked child: leave everything of the parent's as it is, and begin anew under it."""
        kept, parent, now = (self._journal, self._now, self._thread), self.session, self._now
        self._begin()
        self._inherited.append(kept)  # never freed, so never unmapped or closed here
        self.forked_from = parent
        self.inherited_now = now or self.inherited_now
        self.kind, self.parent = "worker", parent if now else self.parent


def _after_fork() -> None:
    for recorder in list(_recorders):
        recorder.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


@atexit.register
def _close_all() -> None:
    for recorder in list(_recorders):
        with suppress(Exception):
            recorder.close()
