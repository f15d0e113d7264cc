"""What all routes share: who may ask, the one shape of an answer and of an error, and work off the event loop."""

from __future__ import annotations

import gzip
from collections.abc import Awaitable, Callable
from functools import wraps
from http.client import responses
from inspect import isawaitable
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec
from jupyter_server.base.handlers import APIHandler, JupyterHandler
from tornado import web

from nbtrack.base.errors import NbtrackError
from nbtrack.base.wire import ApiError, encode
from nbtrack.server.desk import Asked, Desk, Unwanted
from nbtrack.server.hub import Hub
from nbtrack.server.projects import Places

RESOURCE = "nbtrack"
HUB = "nbtrack_hub"  # where the application has it
_WORTH = 16_384  # bytes of an answer from which on it is compressed for who takes that
_STATUS = {
    "not_found": 404,
    "unknown_operation": 404,
    "unknown_asset": 404,
    "outside": 403,
    "store_read_only": 403,
    "method": 405,
    "too_large": 413,
    "unsupported": 415,
    "internal": 500,
    "busy": 503,
    "store_locked": 503,
    "not_built": 503,
}
# What is said of a refusal by the server itself: code, message, hint.
_REFUSED = {
    400: ("invalid_request", "The request cannot be read.", ""),
    403: ("forbidden", "The server does not allow this.", "Reload the page; log in again if you are asked to."),
    404: ("not_found", "The server has nothing there.", "Reload the page."),
    405: ("method", "This is not asked in that way.", "What changes something is sent by POST."),
}

T = TypeVar("T")
Method = TypeVar("Method", bound=Callable[..., Awaitable[None]])


def guarded(method: Method) -> Method:
    """What each method of a handler wears: a user who is signed in, from a page of this server, with leave to do it."""

    @wraps(method)
    async def inner(self: Handler, *args: Any, **kwargs: Any) -> None:
        self.check_same_site()
        await check_leave(self, self.action())
        self.hub.tidy()
        await method(self, *args, **kwargs)

    return cast("Method", web.authenticated(inner))


async def check_leave(handler: JupyterHandler, action: str) -> None:
    """Ask the server's authorizer.

    Raises:
        HTTPError: it denies that.
    """
    allowed: Any = handler.authorizer.is_authorized(handler, handler.current_user, action, RESOURCE)
    if isawaitable(allowed):
        allowed = await allowed
    if not allowed:
        raise web.HTTPError(403, f"no leave to {action} {RESOURCE}")


class Handler(APIHandler):
    """A route."""

    auth_resource = RESOURCE
    _track_activity = False  # pages ask by themselves: a hub would take a forgotten one for somebody at work
    _asked: Asked | None = None

    def action(self) -> str:
        """What the authorizer is asked for."""
        return "read"

    def check_same_site(self) -> None:
        """A cookie alone is not enough to read either, as jupyter-server has it for its files.

        Beside the token of XSRF and an own Referer, a browser's word that the page is of this server will do: it
        stands also where a page sends no Referer, and no page can forge it.
        """
        if self.request.headers.get("Sec-Fetch-Site") not in ("same-origin", "none"):
            self.check_xsrf_cookie()

    # -- what is asked

    @property
    def hub(self) -> Hub:
        """What the pages watch, and the threads that answer them."""
        return cast("Hub", self.settings[HUB])

    @property
    def desk(self) -> Desk:
        """The server's threads."""
        return self.hub.desk

    @property
    def places(self) -> Places:
        """What may be named."""
        return places_of(self.settings)

    def query(self, name: str, default: str = "") -> str:
        """A value of the query string exactly as it was sent; the last, if there are several."""
        values = self.request.query_arguments.get(name)
        try:
            return values[-1].decode() if values else default
        except UnicodeDecodeError:
            raise web.HTTPError(400, f"'{name}' is not UTF-8") from None

    def on_connection_close(self) -> None:
        """The client is gone: what it asked for and has not been begun is left."""
        if self._asked is not None:
            self._asked.unwanted = True
        super().on_connection_close()

    async def off_loop(self, job: Callable[[], T]) -> T:
        """The result of a read, from another thread; see `Desk.do`."""
        self._asked = self._asked or Asked()
        return await self.desk.do(self.desk.reads, job, self._asked)

    # -- what is answered

    async def result(self, job: Callable[[], object]) -> None:
        """Answer with what a read finds."""
        await self.answer_by(lambda: encode({"ok": True, "result": job()}))

    async def answer_by(self, job: Callable[[], bytes]) -> None:
        """Answer with the JSON that a read gives."""
        try:
            await self.answer(await self.off_loop(job))
        except NbtrackError as error:
            self.fail(error)
        except Unwanted:
            return

    async def answer(self, body: bytes) -> None:
        """Send an answer as `nbtrack.api.dispatch` gives it."""
        if not body.startswith(b'{"ok":true'):
            self.set_status(_status(msgspec.json.decode(body)["error"]["code"]))
        self.set_header("Cache-Control", "no-store")
        if len(body) > _WORTH and "gzip" in self.request.headers.get("Accept-Encoding", ""):
            self.set_header("Content-Encoding", "gzip")
            self.set_header("Vary", "Accept-Encoding")
            body = await self.off_loop(lambda: gzip.compress(body, 1))
        self.finish(body)

    def fail(self, error: NbtrackError) -> None:
        """Send an error."""
        self._refuse(_status(error.code), ApiError(error.code, error.message, error.hint))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """What the server itself refuses has the same shape."""
        code, message, hint = _REFUSED.get(
            status_code, ("internal" if status_code >= 500 else "http", f"{responses.get(status_code, 'Error')}.", "")
        )
        self._refuse(status_code, ApiError(code, message, hint))

    def _refuse(self, status: int, error: ApiError) -> None:
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.set_header("Cache-Control", "no-store")
        self.finish(encode({"ok": False, "error": error}))

    def finish(self, *args: Any, **kwargs: Any) -> Any:
        """End the answer; what has a type of its own keeps it."""
        own = self._headers.get("Content-Type", "")
        if own and own != "text/html; charset=UTF-8":  # which is what tornado says where nothing was said
            kwargs.setdefault("set_content_type", own)
        return super().finish(*args, **kwargs)

    def compute_etag(self) -> str | None:
        """Answers are of one moment and are not kept: hashing them would be for nothing."""
        return None


def places_of(settings: dict[str, Any]) -> Places:
    """What the pages of a server may name: the folder of its file browser."""
    contents = settings.get("contents_manager")
    root = getattr(contents, "root_dir", "") or settings["server_root_dir"]
    return Places(Path(root).expanduser().absolute(), bool(getattr(contents, "allow_hidden", False)))


def _status(code: str) -> int:
    return _STATUS.get(code, 400)
