"""Threads that answer what front ends ask, so that no question waits for a slow one before it."""

from __future__ import annotations

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

    def __len__(self) -> int:
        """How many jobs wait for a thread."""
        return len(self._jobs)

    @property
    def idle(self) -> bool:
        """Whether nothing waits and nothing is being done."""
        with self._change:
            return not self._jobs and self._threads == self._waiting

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
