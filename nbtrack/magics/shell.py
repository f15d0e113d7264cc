"""The parts of an IPython shell that a cell's output passes through, tapped while a tracked cell runs.

Each tap sees what passes and hands it on; whatever goes wrong in ours is reported and never reaches the user's code.
Taps are instance attributes put over the methods of one shell and taken off again: hooks of the streams are
thread-local in ipykernel 7 and absent in ipykernel 6 and plain IPython, while a logging handler keeps the very stream
object, so its ``write`` is the one place that all text passes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbtrack.capture.outputs import OutputRecorder

Report = Callable[[BaseException], None]
_SHOWS = ("display_data", "update_display_data")


class Taps:
    """Taps on one shell, from `open` to `close`. silent: nothing is handed on, the recorder alone has it."""

    def __init__(self, ip: Any, outputs: OutputRecorder, report: Report, silent: bool = False) -> None:
        self._ip = ip
        self._outputs = outputs
        self._report = report
        self._silent = silent
        self._shows_result = False
        self._undo: list[Callable[[], None]] = []

    def open(self) -> None:
        """Begin to listen."""
        ip, outputs = self._ip, self._outputs
        self._tap(sys.stdout, "write", self._printed, answer=_length)
        self._tap(sys.stderr, "write", lambda text, *_: outputs.stream("stderr", text), answer=_length)
        self._tap(ip.displayhook, "start_displayhook", lambda *_: self._show_result(True), passes=True)
        self._tap(ip.displayhook, "write_format_data", self._result)
        self._tap(ip.displayhook, "finish_displayhook", lambda *_: self._show_result(False), passes=True)
        self._tap(ip, "_showtraceback", self._error)
        self._tap(ip.display_pub, "clear_output", lambda wait=False, *_: outputs.clear(wait))
        register = getattr(ip.display_pub, "register_hook", None)
        if register is not None:
            register(self._message)
            self._undo.append(lambda: ip.display_pub.unregister_hook(self._message))

    def close(self) -> None:
        """Leave the shell as it was."""
        while self._undo:
            with suppress(Exception):
                self._undo.pop()()

    def _tap(
        self,
        thing: Any,
        name: str,
        ours: Callable[..., object],
        passes: bool = False,
        answer: Callable[..., Any] = lambda *_, **__: None,
    ) -> None:
        """Put a tap on a method. passes: it is called also where all is silent; else ``answer`` stands for it."""
        original = getattr(thing, name, None)
        if original is None:
            return
        before = vars(thing).get(name)

        def tapped(*args: Any, **kwargs: Any) -> Any:
            try:
                ours(*args, **kwargs)
            except Exception as error:  # noqa: BLE001 (a fault of ours never reaches the user's code)
                self._report(error)
            return original(*args, **kwargs) if passes or not self._silent else answer(*args, **kwargs)

        def undo() -> None:
            if vars(thing).get(name) is not tapped:
                return  # somebody put a tap of their own over ours: taking it off is theirs
            if before is None:
                delattr(thing, name)
            else:
                setattr(thing, name, before)

        with suppress(AttributeError, TypeError):  # a stream of another kind that takes no attributes
            setattr(thing, name, tapped)
            self._undo.append(undo)

    def _message(self, message: Any) -> Any:
        try:
            self._display(message)
        except Exception as error:  # noqa: BLE001 (a fault of ours never reaches the user's code)
            self._report(error)
        return None if self._silent and message["header"]["msg_type"] in _SHOWS else message

    def _display(self, message: Any) -> None:
        kind, content = message["header"]["msg_type"], message["content"]
        shown = (content.get("transient") or {}).get("display_id")
        if kind == "update_display_data" and shown:
            self._outputs.update(shown, content["data"])
        elif kind == "display_data":
            self._outputs.display(content["data"], content.get("metadata"), display_id=shown)

    def _printed(self, text: Any, *_: Any) -> None:
        if not self._shows_result:  # a terminal prints the result, which we have
            self._outputs.stream("stdout", text)

    def _show_result(self, now: bool) -> None:
        self._shows_result = now

    def _result(self, format_dict: Any, *_: Any, **__: Any) -> None:
        self._outputs.display(format_dict, kind="result")

    def _error(self, etype: Any, evalue: Any, stb: Any, *_: Any) -> None:
        self._shows_result = False
        self._outputs.error(getattr(etype, "__name__", str(etype)), str(evalue), stb)


def _length(text: Any, *_: Any) -> int:
    return len(text) if isinstance(text, str) else 0
