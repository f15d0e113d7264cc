"""A gate between transactions and forks.

SQLite keeps its POSIX locks in tables of the process. A child inherits the tables but not the locks: a connection that
it opens to the same file believes that it holds what it does not hold, and another process may take the write-ahead
log away under it. So before a fork every thread leaves the file and all connections are closed; the next use opens
them again, in parent and child.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Gate:
    """Threads pass through it to use a file; shut, it keeps them out."""

    def __init__(self) -> None:
        self._free = threading.Condition()
        self._closing = False
        self._inside: dict[int, int] = {}  # how deep each thread is inside

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Be inside. A thread may enter again while it is."""
        me, entered = threading.get_ident(), False
        try:
            with self._free:
                while self._closing and me not in self._inside:
                    self._free.wait()
                deeper = self._inside.get(me, 0) + 1
                self._inside[me] = deeper
                entered = True  # at once: Ctrl-C may come with the next call
            yield
        finally:
            if entered:
                self._leave(me)

    def holds(self, thread: int) -> bool:
        """Whether a thread is inside."""
        return thread in self._inside

    def _leave(self, me: int) -> None:
        with self._free:
            self._inside[me] -= 1
            if not self._inside[me]:
                del self._inside[me]
                self._free.notify_all()

    def shut(self, patience: float) -> bool:
        """Wait until nobody is inside and keep everybody out until `open`; False, and open, when it takes too long."""
        deadline = time.monotonic() + patience
        try:
            self._free.acquire()
            self._closing = True  # nobody enters any more, or those who take turns would never all be out
            while self._inside:
                left = deadline - time.monotonic()
                if left <= 0 or threading.get_ident() in self._inside:
                    self.open()
                    return False
                self._free.wait(left)
        except BaseException:  # Ctrl-C while it waits: who shut it does not know that, and would never open it
            with suppress(RuntimeError):  # the lock was not had yet
                self.open()
            raise
        return True

    def open(self) -> None:
        """Let threads in again. Only the one that shut the gate may."""
        self._closing = False
        self._free.notify_all()
        self._free.release()
