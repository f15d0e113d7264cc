"""A view that is shown once and then kept up to date in its place, while a cell runs."""

from __future__ import annotations

import shutil
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from nbtrack.base.ids import new_id
from nbtrack.base.words import clean
from nbtrack.sdk.views.view import View

_PERIOD = 0.25  # seconds between two pictures
_CLEAR = "\r\x1b[K"  # what empties the line


class Display:
    """Shows a view while it is entered, and a last time at the end; in a terminal one ``line`` of it until then."""

    def __init__(self, ip: Any, view: View, line: Callable[[], str]) -> None:
        self._pub = ip.display_pub
        self._live = hasattr(self._pub, "register_hook")  # a front end that can update what it shows
        self._view = view
        self._line = line
        self._stream: Any = sys.stdout
        self._draws = self._live or bool(getattr(self._stream, "isatty", lambda: False)())
        self._id = f"nbtrack-{new_id()}"
        self._shown: str | None = None
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._work, name="nbtrack-display", daemon=True)

    def __enter__(self) -> Display:
        if self._draws:
            self._show()
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        if self._thread.is_alive():
            self._thread.join(5.0)
        with suppress(Exception):  # the runs are recorded whether they can be shown or not
            if self._live:
                self._show()
            else:
                self._write(f"{_CLEAR if self._draws else ''}{self._view!r}\n")

    def _work(self) -> None:
        while not self._done.wait(_PERIOD):
            with suppress(Exception):
                self._show()

    def _write(self, text: str) -> None:
        """Past whatever was put over the stream's own method meanwhile."""
        type(self._stream).write(self._stream, text)
        self._stream.flush()

    def _show(self) -> None:
        if not self._live:
            width = max(20, shutil.get_terminal_size((100, 24)).columns - 1)
            self._write(f"{_CLEAR}{clean(self._line())[:width]}")
            return
        html = self._view._repr_html_()
        if html == self._shown:
            return
        data = {"text/plain": repr(self._view), "text/html": html}
        self._pub.publish(data, transient={"display_id": self._id}, update=self._shown is not None)
        self._shown = html
