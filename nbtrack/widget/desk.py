"""Threads that answer what front ends ask, so that no question waits for a slow one before it.

Questions arrive in the kernel's main thread or in that of a subshell, one after the other. Answered there, a slow one
would hold up the others, the cell that comes next, and even the word that nobody wants its answer any more.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress

_IDLE = 20.0  # seconds after which a thread without work ends; its connection to the database goes with it

Job = Callable[[], None]


class Lane:
    """Jobs done in the order they came, by at most ``width`` threads that are there only while there is work."""

    def __init__(self, name: str, width: int) -> None:
        self.name = name
        self.width = width
        self.clear()

    def clear(self) -> None:
        """Begin anew: in a forked child the threads are gone, and a lock may have been held."""
        self._jobs: deque[Job] = deque()
        self._change = threading.Condition()
        self._threads = 0
        self._waiting = 0

    def put(self, job: Job) -> None:
        """Have it done soon. A job catches what it raises."""
        with self._change:
            self._jobs.append(job)
            if self._waiting >= len(self._jobs):
                self._change.notify()
            elif self._threads < self.width:
                self._threads += 1
                threading.Thread(target=self._work, name=f"nbtrack-{self.name}", daemon=True).start()

    def _work(self) -> None:
        while True:
            with self._change:
                if not self._jobs:
                    self._waiting += 1
                    self._change.wait(_IDLE)
                    self._waiting -= 1
                if not self._jobs:
                    self._threads -= 1
                    return
                job = self._jobs.popleft()
            with suppress(Exception):
                job()
            del job  # with what it holds: the thread may wait for long


READS = Lane("read", 2)
WRITES = Lane("write", 1)  # two clicks on a star must not overtake one another


def _after_fork() -> None:
    READS.clear()
    WRITES.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
