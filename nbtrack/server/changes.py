"""A websocket per page, on which it hears that projects have changed.

A websocket and not long polls: a browser has six connections to a server over HTTP/1.1, and each page with something
of ours would keep one or more of them busy, until JupyterLab itself could load nothing; for websockets it has hundreds,
and JupyterLab keeps some open anyway, through every proxy that it works behind.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import msgspec
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from tornado import web
from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from nbtrack.base.config import Project
from nbtrack.base.errors import InvalidOption, NbtrackError
from nbtrack.base.wire import ApiError
from nbtrack.server.handlers import HUB, RESOURCE, check_leave, places_of
from nbtrack.server.hub import Hub

MOST = 50  # projects that one page watches
LARGEST = 256 << 10  # bytes of a message: fifty long paths
EVERY = 0.1  # seconds between two messages about a project
_BAD = 10  # messages that make no sense, after which the page has to come again
_POLICY = 1008  # the code that closes a websocket for what was said on it


class _Wish(msgspec.Struct):
    """What a page says: all projects that something on it shows."""

    watch: list[str]


class Changes(WebSocketMixin, WebSocketHandler, JupyterHandler):
    """One page's socket. Pings, which tell a page that is gone, are jupyter-server's."""

    auth_resource = RESOURCE

    def initialize(self) -> None:
        """Nothing is watched yet."""
        self._wish: list[str] | None = None
        self._watched: dict[str, Path] = {}  # by the name that the page gives
        self._revisions: dict[str, int] = {}  # not yet told
        self._woken = asyncio.Event()
        self._work: asyncio.Task[None] | None = None
        self._bad = 0

    @property
    def hub(self) -> Hub:
        """What listens to the files."""
        return cast("Hub", self.settings[HUB])

    @property
    def max_message_size(self) -> int:
        """Bytes of a message; the socket is closed by a larger one."""
        return LARGEST

    def set_default_headers(self) -> None:
        """Those of pages make no sense here."""

    def get_compression_options(self) -> Any:
        """As the server is set."""
        return self.settings.get("websocket_compression_options", None)

    async def get(self, *args: Any, **kwargs: Any) -> None:
        """Open it, for who may read; with a cookie only for a page that says where it comes from, as browsers do."""
        if self.current_user is None:
            raise web.HTTPError(403)
        by_token = self.token_authenticated or self.settings.get("disable_check_xsrf", False)
        if self.get_origin() is None and not by_token:
            raise web.HTTPError(403)
        await check_leave(self, "read")
        await super().get(*args, **kwargs)

    def open(self, *args: Any, **kwargs: Any) -> None:
        """It is open."""
        super().open(*args, **kwargs)
        self._work = asyncio.create_task(self._go_on())

    def on_message(self, message: str | bytes) -> None:
        """The page says what it shows; what it said before no longer counts."""
        try:
            self._wish = msgspec.json.decode(message, type=_Wish).watch
            self._woken.set()
        except (msgspec.MsgspecError, UnicodeError) as error:
            self._bad += 1
            if self._bad >= _BAD:
                self.close(_POLICY, "no messages of nbtrack")
                return
            self._tell({"error": ApiError("invalid_request", f"{error}.", 'It is told as {"watch": ["work/churn"]}.')})

    def on_close(self) -> None:
        """The page is gone."""
        if self._work is not None:
            self._work.cancel()
        for project, root in self._watched.items():
            self.hub.leave((id(self), project), root)
        self._watched = {}
        super().on_close()

    async def _go_on(self) -> None:
        """One after the other, and what changed meanwhile once: no page can be told more than it takes."""
        with suppress(WebSocketClosedError, StreamClosedError):
            while True:
                await self._woken.wait()
                self._woken.clear()
                wish, self._wish = self._wish, None
                if wish is not None:
                    await self._watch(list(dict.fromkeys(wish)))
                told, self._revisions = self._revisions, {}
                for project, revision in told.items():
                    await self.write_message(msgspec.json.encode({"project": project, "revision": revision}).decode())
                await asyncio.sleep(EVERY)

    async def _watch(self, wish: list[str]) -> None:
        for project in set(self._watched).difference(wish[:MOST]):
            self.hub.leave((id(self), project), self._watched.pop(project))
            self._revisions.pop(project, None)
        for project in wish[:MOST]:
            if project not in self._watched:
                await self._begin(project)
        for project in wish[MOST : 2 * MOST]:
            error = InvalidOption(f"A page watches at most {MOST} projects.", "Close some of its tabs.")
            await self._refuse(project, error)

    async def _begin(self, project: str) -> None:
        places, desk = places_of(self.settings), self.hub.desk

        def look() -> tuple[Project, bool]:
            found = places.project(project)
            return found, found.database.is_file()

        try:
            found, exists = await desk.do(desk.reads, look)
        except NbtrackError as error:
            await self._refuse(project, error)
            return
        if self.ws_connection is None:
            return
        self._watched[project] = found.root
        if not exists:
            self._heard(project, 0)  # there is nothing yet that would be told of
        self.hub.listen((id(self), project), found, lambda revision: self._heard(project, revision))

    def _heard(self, project: str, revision: int) -> None:
        self._revisions[project] = revision
        self._woken.set()

    async def _refuse(self, project: str, error: NbtrackError) -> None:
        about = ApiError(error.code, error.message, error.hint)
        await self.write_message(msgspec.json.encode({"project": project, "error": about}).decode())

    def _tell(self, said: dict[str, Any]) -> None:
        with suppress(WebSocketClosedError):
            self.write_message(msgspec.json.encode(said).decode())


# What jupyter-server's own decorator says of a websocket that asks for a user; versions before 2.13 have none.
setattr(Changes.get, "__allow_unauthenticated", False)
