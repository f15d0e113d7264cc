"""The one thread that tells open panels that something has changed."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from nbtrack.base import journal
from nbtrack.base.config import Project
from nbtrack.runs.projects import database_of, known_recorder

QUICK, CALM, SLOW = 0.1, 0.5, 1.0  # seconds between two looks: something changes, did lately, did not for long
_LATELY = 2.0  # seconds after a change that are looked at quickly
_LONG = 20.0
_FORCED = 1.0  # seconds after which the file itself is asked, whatever its stamp says

Tell = Callable[[int], None]
Stir = Callable[[], None]

_log = logging.getLogger("nbtrack.api")


class _Watched:
    """One project's file."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.database = database_of(project)
        self.listeners: dict[str, Tell] = {}
        self.stirred: dict[str, Stir] = {}
        self.told: dict[str, int] = {}
        self.revision = -1
        self.changed = 0.0
        self._stamp: Any = None
        self._asked = 0.0
        self._journals: set[str] = set()

    def add(self, key: str, tell: Tell, stirred: Stir | None = None) -> None:
        """A listener more. It is told the revision at once: what it shows may be older than its first question."""
        self.listeners[key] = tell
        self.told.pop(key, None)
        self._stamp = None
        if stirred is not None:
            self.stirred[key] = stirred
            self._journals = set()

    def drop(self, key: str) -> None:
        """A listener less."""
        self.listeners.pop(key, None)
        self.told.pop(key, None)
        self.stirred.pop(key, None)

    def look(self, now: float) -> None:
        """Tell the revision to those who know another one.

        Most looks are two `stat`: a read transaction costs ten times as much and gives up the interpreter lock more
        often, which a training loop would notice.
        """
        if self.stirred:
            self._look_for_journals()
        stamp = _stamp(self.database.path)
        if stamp is None and self.revision <= 0:
            return  # there was nothing to be told, and there is nothing yet
        if stamp is not None and stamp == self._stamp and now - self._asked < _FORCED:
            return
        self._stamp, self._asked = stamp, now
        # Never through a service: that would write out what was just logged. Removed or moved away, it has none.
        revision = 0 if stamp is None else self.database.revision()
        if revision != self.revision:
            self.revision, self.changed = revision, now
        for key, tell in list(self.listeners.items()):
            if self.told.get(key) != revision:
                self.told[key] = revision
                with suppress(Exception):
                    tell(revision)

    def _look_for_journals(self) -> None:
        """By their names, not by the folder's time: two changes in one tick of the clock have the same."""
        there = {segment.path.name for segment in journal.segments(self.project.journal)}
        fresh, self._journals = there - self._journals, there
        if fresh:
            for stirred in list(self.stirred.values()):
                with suppress(Exception):
                    stirred()

    def pause(self, now: float) -> float:
        """Seconds until the next look."""
        recorder = known_recorder(self.project)
        if now - self.changed < _LATELY or (recorder is not None and recorder.opening):
            return QUICK
        return CALM if now - self.changed < _LONG else SLOW


class Watcher:
    """Looks at the files of the projects that are listened to; its thread lives as long as there is a listener."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Begin anew, as a forked child does: it has the parent's listeners and no thread."""
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._watched: dict[Path, _Watched] = {}
        self._thread: threading.Thread | None = None

    def listen(self, key: str, project: Project, tell: Tell, stirred: Stir | None = None) -> None:
        """Call ``tell`` with each new revision of a project, from another thread, until `leave`.

        stirred: is called at journals that were not there before. What is in them is in the file a moment later, unless
        their process dies first.
        """
        with self._lock:
            watched = self._watched.get(project.root)
            if watched is None:
                watched = self._watched[project.root] = _Watched(project)
            watched.add(key, tell, stirred)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="nbtrack-watch", daemon=True)
                self._thread.start()
        self._wake.set()

    def leave(self, key: str) -> None:
        """Stop that."""
        with self._lock:
            for root, watched in list(self._watched.items()):
                watched.drop(key)
                if not watched.listeners:
                    del self._watched[root]
        self._wake.set()

    def _work(self) -> None:
        while True:
            with self._lock:
                watched = list(self._watched.values())
                if not watched:
                    self._thread = None
                    return
            now = time.monotonic()
            for one in watched:
                try:
                    one.look(now)
                except Exception:  # noqa: BLE001 (locked, replaced, gone: the next look may find it well again)
                    _log.debug("nbtrack: could not look at %s", one.database.path, exc_info=True)
            self._wake.wait(min(one.pause(time.monotonic()) for one in watched))
            self._wake.clear()


def _stamp(path: Path) -> Any:
    """What changes when somebody writes; None where there is no file. Asking never makes one."""
    found: list[tuple[int, int, int] | None] = []
    for name in (str(path), f"{path}-wal"):
        try:
            about = os.stat(name)
            found.append((about.st_ino, about.st_size, about.st_mtime_ns))
        except OSError:
            found.append(None)
    return found if found[0] is not None else None


WATCHER = Watcher()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=WATCHER.clear)
