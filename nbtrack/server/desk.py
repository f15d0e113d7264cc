"""Work that may wait for a disk or a lock, done by a few threads beside the event loop.

The threads are `Lane`s, as those of a panel in a kernel: a few for reads; for writes one per project, so that two
clicks do not overtake one another, and a project whose file is locked, or whose trash is being emptied, does not hold
up the others. Not asyncio's own pool: it is as wide as the machine has cores and more, is shared with whatever else
runs in the server, and each of its threads would keep a connection to every project that it ever answered for; and the
server would not end before a slow question has. A thread of a lane ends when it has been idle for a while, and
`Desk.done_with` closes the files of projects that nobody asked for lately.

What a client asked for and then went away from is not read any more; what it changes is done all the same, since a
page that is being closed has still clicked. More than `MOST` jobs do not wait: the answer is then to try again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from nbtrack.api.lanes import Lane
from nbtrack.base.config import Project
from nbtrack.base.errors import NbtrackError
from nbtrack.runs.projects import database_of

MOST = 200  # jobs that wait in a lane
_UNUSED = 300.0  # seconds after which the file of a project is closed

T = TypeVar("T")


class Busy(NbtrackError):
    """So much waits to be done that this is not taken on."""

    code = "busy"


class Unwanted(Exception):
    """The client went away before its question was begun."""


class Asked:
    """Whether a client still waits for the answer."""

    __slots__ = ("unwanted",)

    def __init__(self) -> None:
        self.unwanted = False


class Desk:
    """The lanes of one server, and when each project was last asked for."""

    def __init__(self) -> None:
        self.reads = Lane("server-read", 4)
        self.cares = Lane("server-care", 1)  # for what nobody waits for: dead processes, files to be closed
        self._writes: dict[str, Lane] = {}
        self._used: dict[Path, float] = {}

    def writes(self, project: str) -> Lane:
        """The lane of what changes a project, by the name that pages give it."""
        if len(self._writes) > MOST:
            self._writes = {name: lane for name, lane in self._writes.items() if not lane.idle}
        return self._writes.setdefault(project, Lane("server-write", 1))

    async def do(self, lane: Lane, job: Callable[[], T], asked: Asked | None = None) -> T:
        """The job's result, or what it raised.

        asked: with it, the job is left out if the client is gone before it begins.

        Raises:
            Busy: too much waits already. Unwanted: the job was left out.
        """
        if len(lane) >= MOST:
            raise Busy("The server has too much to do.", "It is asked again by itself.")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def work() -> None:
            try:
                if asked is not None and asked.unwanted:
                    raise Unwanted
                result = job()
            except BaseException as error:  # noqa: BLE001 (whatever it is, whoever waits has to hear of it)
                loop.call_soon_threadsafe(_settle, future, None, error)
            else:
                loop.call_soon_threadsafe(_settle, future, result, None)

        lane.put(work)
        return await future

    @property
    def any_used(self) -> bool:
        """Whether there is a file that may have to be closed."""
        return bool(self._used)

    def used(self, project: Project) -> None:
        """Note that a project was asked for."""
        self._used[project.root] = time.monotonic()

    def done_with(self, watched: set[Path]) -> None:
        """Close the files of projects that were not asked for lately and that nobody watches."""
        for root, when in list(self._used.items()):
            if root not in watched and time.monotonic() - when > _UNUSED:
                del self._used[root]
                database_of(Project(root)).close()


def _settle(future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
