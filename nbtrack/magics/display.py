"""A view that is shown once and then kept up to date in its place, while a cell runs."""

from __future__ import annotations

import sys
import threading
from contextlib import suppress
from typing import Any

from nbtrack.base.ids import new_id
from nbtrack.sdk.views.view import View

_PERIOD = 0.25  # seconds between two pictures


class Display:
    """Shows a view while it is entered, and a last time at the end. In a terminal only the end is shown."""

    def __init__(self, ip: Any, view: View) -> None:
        self._pub = ip.display_pub
        self._live = hasattr(self._pub, "register_hook")  # a front end that can update what it shows
        self._view = view
        self._id = f"nbtrack-{new_id()}"
        self._shown: str | None = None
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._work, name="nbtrack-display", daemon=True)

    def __enter__(self) -> Display:
        if self._live:
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
                sys.stdout.write(f"{self._view!r}\n")

    def _work(self) -> None:
        while not self._done.wait(_PERIOD):
            with suppress(Exception):
                self._show()

    def _show(self) -> None:
        html = self._view._repr_html_()
        if html == self._shown:
            return
        data = {"text/plain": repr(self._view), "text/html": html}
        self._pub.publish(data, transient={"display_id": self._id}, update=self._shown is not None)
        self._shown = html
