"""Ctrl-C while a sweep runs."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any


class Interrupt:
    """Notes that Ctrl-C came while it is entered, whoever swallows the KeyboardInterrupt then.

    raises: whether there is one, as there is while code of the user's runs. What we do in between is done to its end.
    """

    def __init__(self) -> None:
        self.came = False
        self.raises = False
        self._before: Any = None

    def __enter__(self) -> Interrupt:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.getsignal(signal.SIGINT)
            if callable(self._before):
                signal.signal(signal.SIGINT, self._noted)
        return self

    def __exit__(self, *_: object) -> None:
        if callable(self._before):
            signal.signal(signal.SIGINT, self._before)

    def _noted(self, number: int, frame: FrameType | None) -> None:
        self.came = True
        if self.raises:
            self._before(number, frame)
