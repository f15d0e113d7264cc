"""Outputs of threads stay with their cell while a panel asks questions.

What a thread of the user's prints, and what C code and child processes write, goes to the cell that ipykernel was last
given a request of. In ipykernel 7 a question of a panel is such a request: a cell that trains in a thread while a panel
follows it would lose all it prints (tried with 7.4.0: 40 lines of 40). So with each question the kernel is told again
which cell it was. The cell's own thread is not concerned: each thread that handles requests has its own parent.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from contextvars import ContextVar, copy_context
from typing import Any

from nbtrack.widget.where import kernel_shell


class Parents:
    """Which request runs the cell, or ran the last one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shell: Any = None
        self._request: tuple[Any, Any] | None = None

    def follow(self) -> None:
        """Begin to follow the cells of this kernel, within one of them; again: no change."""
        shell = kernel_shell()
        if shell is None or shell is self._shell:
            return
        # Before version 7 there is one parent for all, and it must stay that of the question until that is dealt with.
        if not isinstance(getattr(shell.kernel, "_shell_parent", None), ContextVar):
            return
        self._shell = shell
        shell.events.register("pre_run_cell", self._cell_begins)
        self._cell_begins()

    def keep(self) -> None:
        """Undo what the message that is being handled has done to the outputs of threads."""
        with self._lock, suppress(Exception):
            if self._request is not None:
                # In a copy of the context: this thread goes on answering under the parent that it has.
                copy_context().run(self._shell.kernel.set_parent, *self._request)

    def _cell_begins(self, *_: Any) -> None:
        with suppress(Exception):
            kernel = self._shell.kernel
            request = kernel._parent_ident["shell"], kernel.get_parent("shell")
            if request[1]["header"]["msg_type"] != "execute_request":
                return  # a cell run by a callback
            with self._lock:
                self._request = request
                kernel.set_parent(*request)  # a message that was handled meanwhile may have put the old one back


PARENTS = Parents()
