"""Panels that are open in a front end: which there are, which cell shows them, and when they can be closed."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

from nbtrack.api.watch import WATCHER
from nbtrack.widget.parents import PARENTS
from nbtrack.widget.talk import PROTOCOL, Talk

if TYPE_CHECKING:
    from nbtrack.base.config import Project
    from nbtrack.widget.models import PanelModel

KEPT = 8  # panels whose output was removed that stay open: somebody may undo the deletion of a cell


class Live:
    """One panel in the front end: its two models, what is said on them, and its views.

    Raises:
        NbtrackError: the panel was not built, or widgets do not work here.
    """

    def __init__(self, project: Project, spec: dict[str, Any]) -> None:
        from nbtrack.widget import models

        self._project = project
        self._views: set[str] = set()
        self.closed = False
        _log_into_the_kernel()
        PARENTS.follow()
        self._push = models.Push()  # first: the panel's own announcement names it
        try:
            self.model: PanelModel = models.PanelModel(spec, self._push)
        except BaseException:
            models.close(self._push)
            raise
        models.direct(self.model)
        self.key: str = self.model.model_id
        talk = Talk(project, self.model.send, self.seen)
        self.model.on_msg(lambda _, content, buffers: talk.hear(content))
        self.model.comm.on_close(lambda _: self.close())  # by the front end

    def seen(self, view: str, shown: bool, gone: bool) -> None:
        """The front end says that a view of it was made or went."""
        if shown:
            self._views.add(view)
        else:
            self._views.discard(view)
        if self.closed:
            return
        if self._views:
            WATCHER.listen(self.key, self._project, self._tell)
        else:
            WATCHER.leave(self.key)
        SHELF.mark(self, gone and not self._views)

    def _tell(self, revision: int) -> None:
        # A message of its own, not a trait: the state of a widget is not made to be set by another thread.
        self._push.send({"v": PROTOCOL, "revision": revision})

    def close(self) -> None:
        """Take it away from the front end."""
        from nbtrack.widget import models

        if self.closed:
            return
        self.closed = True
        WATCHER.leave(self.key)
        SHELF.forget(self)
        models.close(self.model, self._push)


class Shelf:
    """All panels that are open, and what closes them: their cell showing another, or their outputs being removed."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._cells: dict[str, tuple[str, list[Live]]] = {}  # cell id → which execution of it, and what that showed
        self._gone: dict[str, Live] = {}  # those whose output was removed, the longest ago first

    def shown(self, live: Live, cell: str | None, execution: str) -> None:
        """A cell shows a panel. What an earlier execution of the same cell showed is not on the page any more."""
        if cell is None:
            return
        with self._lock:
            before, lives = self._cells.get(cell, ("", []))
            if before != execution:
                self._cells[cell] = (execution, [live])
                elsewhere = {id(one) for _, others in self._cells.values() for one in others}
                old = [one for one in lives if id(one) not in elsewhere]
            else:
                if live not in lives:
                    lives.append(live)
                old = []
        for one in old:
            one.close()

    def mark(self, live: Live, gone: bool) -> None:
        """The last view of a panel went with its output, or not."""
        with self._lock:
            self._gone.pop(live.key, None)
            if gone:
                self._gone[live.key] = live
            old = list(self._gone.values())[:-KEPT]
        for one in old:
            one.close()

    def forget(self, live: Live) -> None:
        """A panel is closed."""
        with self._lock:
            self._gone.pop(live.key, None)
            for cell, (execution, lives) in list(self._cells.items()):
                left = [one for one in lives if one is not live]
                if left:
                    self._cells[cell] = (execution, left)
                else:
                    del self._cells[cell]


SHELF = Shelf()
_logging = False


def _log_into_the_kernel() -> None:
    global _logging
    if not _logging:
        from nbtrack.widget.models import KernelLog

        _logging = True
        logging.getLogger("nbtrack").addHandler(KernelLog())
