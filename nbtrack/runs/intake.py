"""From the journal that this process writes into the database, by its ingest thread or whoever wants to read at once.

While another process keeps the database locked, nothing is read from the journal again and again: the lock comes first.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from nbtrack.base import journal
from nbtrack.base.config import Project
from nbtrack.base.db import Database
from nbtrack.base.errors import NbtrackError, StoreLocked
from nbtrack.runs.ingest import Batch, decode
from nbtrack.runs.store import sessions

_BEAT = 20.0  # seconds between two heartbeats
_SECURE = 0.3  # seconds of records that may be on no disk; a commit every 100 ms has them there sooner


class Intake:
    """How far one session's journal is in the database.

    tell: is told, once for each kind of trouble, what could not be taken.
    sync: has the disk keep what is in the journal. A commit does so too; but a power cut must not take what was written
    while another process had the database locked, or while there was much to bring in.
    locked: since when another process has kept the lock, in seconds of `time.monotonic`; 0 when it does not.
    """

    def __init__(
        self,
        project: Project,
        database: Database,
        session: str,
        tell: Callable[[str, str], None],
        sync: Callable[[], None],
    ) -> None:
        self.locked = 0.0
        self._sync = sync
        self._secured = time.monotonic()  # what was written before then is on the disk
        self._project = project
        self._database = database
        self._session = session
        self._tell = tell
        self._position = (0, 0)
        self._known: dict[int, tuple[str, list[str], str]] = {}
        self._last_beat = time.time()  # the session's own record is the first

    def take_all(self, writing: journal.Journal, timeout: float) -> None:
        """Bring in what was written until now.

        Raises:
            StoreError: the database cannot be written now, or another process kept it locked for so many seconds.
        """
        self._secure()
        began = time.monotonic()
        if not self._database.exists():
            self._project.create()  # somebody may have deleted the whole folder
        try:
            if self.locked:
                self.beat(timeout)
            self._take_all(writing, timeout)
            self.locked, self._secured = 0.0, max(self._secured, began)
        except StoreLocked:
            self.locked = self.locked or time.monotonic()
            raise

    def _secure(self) -> None:
        now = time.monotonic()
        if now - self._secured > _SECURE:
            self._sync()
            self._secured = now

    def _take_all(self, writing: journal.Journal, timeout: float) -> None:
        for _ in range(2):
            number, offset = self._position
            for segment, data, start in writing.pending(number, offset):
                self._secure()
                items, size = decode(data, 0)
                if size < len(data):
                    self._tell("journal", f"{len(data) - size} bytes of the journal cannot be read.")
                if not self._take(items, segment, start + size, timeout):
                    self._catch_up(writing)
                    break
            else:
                writing.release(self._position[0])
                return

    def _take(self, items: list[Any], segment: int, end: int, timeout: float) -> bool:
        """One batch; False if the database is not where it was left (replaced, deleted): take all there is again."""
        batch = Batch(self._project, self._session, self._known)
        batch.prepare(items)
        with self._database.write(timeout) as conn:
            at = sessions.position(conn, self._session)
            if at != self._position:
                self._position = at
                return False
            batch.apply(conn, items)
            sessions.set_position(conn, self._session, segment, end, time.time())
        for trouble in batch.troubles:
            self._tell(trouble, trouble)
        self._position = (segment, end)
        return True

    def _catch_up(self, writing: journal.Journal) -> None:
        """Another process took our journal in, believing us dead, or the database is another one: know all layouts."""
        for _, data, _ in writing.pending(0, 0):
            Batch(self._project, self._session, self._known).learn(decode(data, 0)[0])
        with suppress(OSError, NbtrackError):
            self._project.create()
            writing.renew()

    def beat_now_and_then(self, timeout: float) -> None:
        """Say every twenty seconds that the session lives."""
        if time.time() - self._last_beat > _BEAT:
            self.beat(timeout)

    def beat(self, timeout: float) -> None:
        """Say that the session lives."""
        now = time.time()
        with self._database.write(timeout) as conn:
            sessions.beat(conn, self._session, now)
        self._last_beat = now
