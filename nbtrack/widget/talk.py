"""One panel's side of the protocol that `nbtrack.widget` writes down. No Jupyter here: messages in, messages out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from nbtrack.api import built
from nbtrack.api.dispatch import answer
from nbtrack.api.rooms import OPERATIONS
from nbtrack.base.config import Project
from nbtrack.base.errors import NbtrackError
from nbtrack.base.wire import to_plain
from nbtrack.widget.desk import READS, SLOW, WRITES, Lane

PROTOCOL = 1

Send = Callable[[dict[str, Any], list[bytes] | None], None]
Seen = Callable[[str, bool, bool], None]

_log = logging.getLogger("nbtrack.widget")


class OtherProtocol(NbtrackError):
    """A message of a protocol that this nbtrack does not speak."""

    code = "protocol"


class BadRequest(NbtrackError):
    """A message that asks for nothing."""

    code = "invalid_request"


class _Asked:
    """A request that waits, or is being answered."""

    __slots__ = ("unwanted",)

    def __init__(self) -> None:
        self.unwanted = False


class Talk:
    """Answers one panel.

    send: sends a message with its buffers to the front end. seen: is told (view, shown, gone) of its views.
    """

    def __init__(self, project: Project, send: Send, seen: Seen) -> None:
        self._project = project
        self._send = send
        self._seen = seen
        self._open: dict[int, _Asked] = {}

    def hear(self, message: Any) -> None:
        """Take a message; the answer, if there is one, is sent by another thread. Never raises."""
        if not isinstance(message, Mapping):
            return
        number = message.get("id")
        if type(number) is not int:  # True is no id either
            if "shown" in message:
                self._view(message)
            return
        if message.get("cancel"):
            asked = self._open.get(number)
            if asked is not None:
                asked.unwanted = True
            return
        lane = _lane(message)
        asked = self._open[number] = _Asked()
        lane.put(lambda: self._do(number, dict(message), asked, lane is READS))

    def _view(self, message: Mapping[str, Any]) -> None:
        try:
            self._seen(str(message.get("view", ""))[:64], bool(message["shown"]), bool(message.get("gone")))
        except Exception:  # noqa: BLE001 (it is a message from outside; the log has the traceback)
            _log.exception("nbtrack: what the panel said of its views failed")

    def _do(self, number: int, message: dict[str, Any], asked: _Asked, may_skip: bool) -> None:
        try:
            if asked.unwanted and may_skip:  # what changes something is done all the same, once it was asked for
                return
            buffers: list[bytes] = []
            try:
                said = self._answer(message, buffers)
            except NbtrackError as error:
                said = _failure(error.code, error.message, error.hint)
            except Exception:  # noqa: BLE001 (there is always an answer; the log has the traceback)
                _log.exception("nbtrack: a request of the panel failed")
                said = _failure("internal", "nbtrack itself failed at this.", "The kernel's log has the details.")
            if not asked.unwanted:
                self._say(number, said, buffers)
        finally:
            if self._open.get(number) is asked:
                del self._open[number]

    def _answer(self, message: dict[str, Any], buffers: list[bytes]) -> dict[str, Any]:
        version = message.get("v", PROTOCOL)
        if version != PROTOCOL:
            raise OtherProtocol(
                f"This nbtrack speaks version {PROTOCOL} of the panel's protocol, not {str(version)[:20]}.",
                "Run the cell that shows the panel again; if that does not help, restart the kernel.",
            )
        if "hello" in message:
            return {"ok": True, "result": _about()}
        if "asset" in message:
            kind, content = built.asset(message["asset"])
            buffers.append(content)
            return {"ok": True, "asset": message["asset"], "type": kind}
        if "op" not in message:
            raise BadRequest("A request needs 'op', 'asset' or 'hello'.")
        payload = message.get("payload")
        if payload is not None and not isinstance(payload, dict):
            raise BadRequest(f"The payload of a request is an object, not a {type(payload).__name__}.")
        return answer(self._project, message["op"], payload)

    def _say(self, number: int, said: dict[str, Any], buffers: list[bytes]) -> None:
        try:
            self._send({"v": PROTOCOL, "id": number, **said}, buffers or None)
        except Exception:  # noqa: BLE001 (there is always an answer; the log has the traceback)
            _log.exception("nbtrack: an answer to the panel could not be sent")
            failed = _failure("internal", "The answer could not be sent.", "The kernel's log has the details.")
            try:
                self._send({"v": PROTOCOL, "id": number, **failed}, None)
            except Exception:  # noqa: BLE001 (the comm itself is gone: nobody is there to be told)
                return


def _lane(message: Mapping[str, Any]) -> Lane:
    name = message.get("op")
    op = OPERATIONS.get(name) if isinstance(name, str) else None
    if op is None or op.method == "GET":
        return READS
    return SLOW if op.slow else WRITES


def _about() -> dict[str, Any]:
    from nbtrack import __version__

    return {"version": __version__, "protocol": PROTOCOL, "operations": sorted(OPERATIONS)}


def _failure(code: str, message: str, hint: str = "") -> dict[str, Any]:
    error = {"code": code, "message": message, "hint": hint, "column": None}
    return {"ok": False, "error": to_plain(error)}  # the message may repeat half a character that was asked for
