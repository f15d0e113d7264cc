"""What the pages of one server watch: a listener per project, and care for runs whose process is gone.

The file of a project is looked at by the one thread of `nbtrack.api.watch`; what it finds is handed to the event loop.
Nobody writes when a process dies. So while a project that is watched has runs that are said to be running, or journals
of other processes, whose runs may be in no database yet, the processes are looked for every two seconds; what is
settled raises the revision, and the pages hear of it as of any change. Where there is neither, or nobody watches,
nothing is looked for until the file changes or another journal is there.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Hashable
from pathlib import Path

from msgspec.structs import replace

from nbtrack.api import rooms
from nbtrack.api.watch import WATCHER
from nbtrack.base.config import Project
from nbtrack.base.errors import NbtrackError, StoreLocked
from nbtrack.runs.contract import PageRequest
from nbtrack.runs.projects import known_recorder
from nbtrack.runs.recovery import may_go_on
from nbtrack.server.desk import Desk

CARE_EVERY = 2.0  # seconds
_TIDY_EVERY = 60.0  # seconds after which files that nobody asks for are thought of

Tell = Callable[[int], None]

_log = logging.getLogger("nbtrack.server")


class _Watched:
    """A project that pages watch."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.listeners: dict[Hashable, Tell] = {}
        self.revision: int | None = None
        self.running = False  # as far as is known, or may be
        self.looking = False
        self.again = False  # it changed while it was looked at


class Hub:
    """Belongs to one server's event loop; every method is called there."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._watched: dict[Path, _Watched] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._care: asyncio.TimerHandle | None = None
        self._tidy: asyncio.TimerHandle | None = None

    def listen(self, key: Hashable, project: Project, tell: Tell) -> None:
        """Call ``tell`` with each revision of a project, and with the known one at once, until `leave`."""
        watched = self._watched.get(project.root)
        if watched is None:
            watched = self._watched[project.root] = _Watched(project)
            loop = asyncio.get_running_loop()
            WATCHER.listen(
                self._key(project.root),
                project,
                lambda revision: _hand_over(loop, lambda: self._told(project.root, revision)),
                lambda: _hand_over(loop, lambda: self._stirred(project.root)),
            )
            self._look(watched)  # a journal that a dead process left says nothing to who looks at the file
        watched.listeners[key] = tell
        if watched.revision is not None:
            tell(watched.revision)

    def leave(self, key: Hashable, root: Path) -> None:
        """Stop that."""
        watched = self._watched.get(root)
        if watched is None:
            return
        watched.listeners.pop(key, None)
        if not watched.listeners:
            del self._watched[root]
            WATCHER.leave(self._key(root))

    def tidy(self) -> None:
        """Something is asked for: have the files that are opened closed again, when nobody has for a while."""
        if self._tidy is None:
            self._tidy = asyncio.get_running_loop().call_later(_TIDY_EVERY, self._put_away)

    def _key(self, root: Path) -> str:
        return f"server-{id(self)}:{root}"

    def _told(self, root: Path, revision: int) -> None:
        watched = self._watched.get(root)
        if watched is None:
            return
        watched.revision = revision
        for tell in list(watched.listeners.values()):
            tell(revision)
        self._stirred(root)

    def _stirred(self, root: Path) -> None:
        watched = self._watched.get(root)
        if watched is not None and not watched.running:
            self._look(watched)

    # -- dead processes

    def _look(self, watched: _Watched) -> None:
        if watched.looking:
            watched.again = True
            return
        watched.looking = True
        task = asyncio.create_task(self._look_after(watched))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _look_after(self, watched: _Watched) -> None:
        self.desk.used(watched.project)
        self.tidy()
        try:
            watched.running = await self.desk.do(self.desk.cares, lambda: _settle(watched.project))
        except (StoreLocked, OSError):
            watched.running = True  # for all that is known: it is looked again
        except NbtrackError:  # of another program, of a newer nbtrack: the page is told when it asks
            watched.running = False
        except Exception:  # noqa: BLE001 (damaged in some way; the pages' own questions say what it is)
            watched.running = False
            _log.debug("nbtrack: could not look after %s", watched.project.root, exc_info=True)
        finally:
            watched.looking = False
        if watched.running and self._care is None:
            self._care = asyncio.get_running_loop().call_later(CARE_EVERY, self._take_care)
        if watched.again:
            watched.again = False
            if not watched.running:
                self._look(watched)

    def _take_care(self) -> None:
        self._care = None
        for watched in list(self._watched.values()):
            if watched.running:
                self._look(watched)

    # -- files

    def _put_away(self) -> None:
        self._tidy = None
        roots = set(self._watched)
        self.desk.cares.put(lambda: self.desk.done_with(roots))
        if self.desk.any_used:
            self._tidy = asyncio.get_running_loop().call_later(_TIDY_EVERY, self._put_away)


def _settle(project: Project) -> bool:
    """Whether the project has running runs or may get some, once those of dead processes have been settled."""
    service = rooms.service(project)
    service.refresh(force=True)
    database, recorder = service.database, known_recorder(project)
    if database.exists() and database.read_only:
        return False
    if may_go_on(database, project, recorder.session if recorder else None):
        return True
    if not database.exists():
        return False
    running = PageRequest(filter="status = 'running'", columns=[], limit=0)
    return any(service.page(one).matched for one in (running, replace(running, trashed=True)))


def _hand_over(loop: asyncio.AbstractEventLoop, job: Callable[[], None]) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(job)
