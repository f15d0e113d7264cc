"""The recording side of one project in this process: its session, its journal, and the thread that empties it.

What a user logs is in the journal when the call returns. A background thread brings it into SQLite every 100 ms
while a run is active, and sleeps otherwise. A forked child gets a session and a journal of its own.
"""

from __future__ import annotations

import atexit
import json
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

from nbtrack.base import journal, places
from nbtrack.base.config import Project
from nbtrack.base.db import Database
from nbtrack.base.errors import InvalidValue, NbtrackError, StoreLocked
from nbtrack.base.ids import new_id, this_process
from nbtrack.base.reasons import reason
from nbtrack.base.secrets import MARK, taken_out
from nbtrack.base.sqlite import locked
from nbtrack.runs.ingest import Event
from nbtrack.runs.intake import Intake

PERIOD = 0.1  # seconds between two ingests while a run is active
_STEP = 0.4  # seconds for which the ingest thread waits for a lock; readers, and the end, can take its turn then
_LONG = 90.0  # seconds after which a lock is worth a word
_CLOSING = 2.5  # seconds that the end of the process waits for one: front ends kill a kernel that takes more than five
_HELD_MAX = 64 << 20  # bytes kept in memory while the disk takes nothing
_NOW_SIZE = 64
_MARK = json.dumps(MARK)[1:-1]
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
        self.inherited_now: journal.Mapped | None = None  # of the parent, in a forked child
        self._inherited: list[Any] = []
        self._redacted: set[str] | None = set()  # the runs without some secret, "" if it was in none; None once told
        self._begin()
        _recorders.add(self)

    def _begin(self) -> None:
        self.session = new_id()
        self._started = time.time()
        self.opening: dict[str, Event] = {}  # of the active runs, so that each segment can be read alone
        self._layouts: dict[int, Event] = {}
        self._next_layout = 1
        self._journal: journal.Journal | None = None
        self._intake = Intake(self.project, self.database, self.session, self.tell, self.sync)
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
        self._now: journal.Mapped | None = None

    # -- writing

    def event(self, event: Event) -> None:
        """Write an event.

        Raises:
            InvalidValue: it is larger than a record may be (64 MiB).
        """
        text = json.dumps(event)
        redacted = self._redacted
        if redacted is not None and taken_out() and _MARK in text:
            redacted.add(event["id"] if event["e"] == "run" else event.get("run") or "")
        self.append_checked(journal.encode_event(text))

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

    def about(self) -> Event:
        """The session's own record: this process, and when it was last heard of."""
        return {
            "e": "session",
            "id": self.session,
            "kind": self.kind,
            "kernel_id": self.kernel_id,
            "parent": self.parent,
            "started": self._started,
            "heartbeat": time.time(),
            **this_process().as_dict(),
        }

    def _preamble(self) -> list[bytes]:
        with self._opening_lock:
            runs = [{**event, "again": True} for event in self.opening.values()]
            events = [self.about(), *runs, *self._layouts.values()]
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

    def sync(self) -> None:
        """Have the disk keep what was written until now. It waits for the disk, but for no lock on the database."""
        writing = self._journal
        if writing is not None:
            try:
                writing.sync()
                self._told.discard("sync")
            except OSError as error:
                why = reason(error, self.project.journal)
                self._tell_disk("sync", f"the disk did not confirm what was recorded: {why} A power cut may take it.")

    def _hold(self, body: bytes, error: Exception) -> None:
        with self._opening_lock:
            self.write = self._write_slowly
            if isinstance(error, journal.Closed):  # by another thread, meanwhile: this goes into the next one
                self._write_slowly(body)
                return
            self._next_try = time.monotonic() + PERIOD
            self._keep(body)
        self.wake()
        self._tell_disk(
            "disk",
            f"cannot record now: {reason(error, self.project.journal)} Your code goes on; records wait in memory and "
            "are written when there is room again.",
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

    def tell_redacted(self, run: str) -> None:
        """A run has ended: say, once in a process, that it, or what was written outside of runs, had a secret."""
        redacted = self._redacted
        if redacted is not None and not redacted.isdisjoint((run, "")):
            self._redacted = None
            self.tell("secrets", f"what looks like a password, a token or a key is kept as {MARK}.")

    def _tell_disk(self, about: str, text: str) -> None:
        """One fault of a disk shows itself in many places: it is told of once until it is over."""
        if not self._told & {"disk", "database", "sync"}:
            self.tell(about, text)

    # -- what children of this process read

    def address(self) -> str:
        """What leads a process that this one starts to what `announce` says; "" if that cannot be written."""
        with suppress(OSError, NbtrackError):
            if self._now is None:
                self.project.create()
                self._now = journal.allocate(self.project.journal / f"{self.session}.now", _NOW_SIZE)
            return f"{self.session}:{self.project.root}"
        return ""

    def announce(self, run: str) -> None:
        """Say which run is current, where forked and spawned workers can read it without asking anyone."""
        with suppress(ValueError):
            if self.address() and self._now is not None:
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
        if self.kind != "worker":
            self._tell_place()

    def _tell_place(self) -> None:
        """Say once that the project lies where it cannot be fast; asked for only where the file was opened."""
        notice = places.notice_of(self.project.folder)
        if notice:
            self.tell("place", notice)

    def _ingest(self, timeout: float) -> None:
        if self._journal is not None:
            self._intake.take_all(self._journal, timeout)

    def _work(self) -> None:
        while not self._stop:
            self._wake.wait(PERIOD if self.opening or self._held or self.follows else None)
            self._wake.clear()
            try:
                self.flush(_STEP)
                self._told.discard("database")
                if self.opening or self.follows:
                    self._intake.beat_now_and_then(_STEP)
                for tick in tuple(self.ticks):
                    tick()
            except StoreLocked:
                waited = time.monotonic() - self._intake.locked
                if self._intake.locked and waited > _LONG:
                    self.tell("database", f"{locked(waited)} What you log is kept in the journal meanwhile.")
                time.sleep(PERIOD)
            except (NbtrackError, OSError) as error:
                why = reason(error, self.project.folder)
                self._tell_disk("database", f"{why} What you log is kept meanwhile, in the journal or in memory.")
                time.sleep(PERIOD)
            except Exception as error:  # noqa: BLE001 (a fault of ours never reaches the user's code)
                self.tell("ingest", f"could not bring records into the database ({error!r}); they stay in the journal.")
                time.sleep(1.0)

    def close(self) -> None:
        """Bring everything into the database and end the session; what cannot be brought in stays in the journal."""
        self._stop = True
        self._wake.set()
        if self._journal is None:
            return
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout=5.0)
        done, why = False, ""
        try:
            self.event({"e": "close", "id": self.session, "at": time.time()})
            self.flush(_CLOSING)
            done = not self._held
        except (NbtrackError, OSError) as error:
            why = f"{reason(error, self.project.folder)} "
        with self._ingesting, self._opening_lock:
            if done:  # what other threads wrote meanwhile
                done = False
                try:
                    self._ingest(_CLOSING)
                    done = not self._held
                except (NbtrackError, OSError) as error:
                    why = f"{reason(error, self.project.folder)} "
            self._tell_end(done, why)
            self._journal.close(remove=done)
            if self._now is not None:
                self._now.close()
                with suppress(OSError):
                    (self.project.journal / f"{self.session}.now").unlink(missing_ok=True)
            self._begin()  # used again, it is another session
        self.database.close()

    def _tell_end(self, done: bool, why: str) -> None:
        count = self._lost + len(self._held)
        if count:
            self.tell(
                "end", f"{why}{count} records could not be written to '{self.project.journal}'; the rest is safe."
            )
        elif not done:
            self._tell_disk("end", f"{why}The last records are kept in the journal; the next reader brings them in.")

    def after_fork(self) -> None:
        """In a forked child: leave everything of the parent's as it is, and begin anew under it."""
        kept, parent, now = (self._journal, self._now, self._thread), self.session, self._now
        self._begin()
        self._redacted = None if self._redacted is None else set()  # what it had itself, the parent says
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
