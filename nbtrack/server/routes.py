"""The routes, made from the table of operations."""

from __future__ import annotations

import asyncio
import mimetypes
from pathlib import Path
from typing import Any

import msgspec
from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado import web

from nbtrack.api import built
from nbtrack.api.dispatch import dispatch
from nbtrack.api.rooms import OPERATIONS
from nbtrack.base.errors import NbtrackError
from nbtrack.base.wire import Op
from nbtrack.server import projects

RESOURCE = "nbtrack"


class Handler(APIHandler):
    """What all routes share."""

    auth_resource = RESOURCE
    _track_activity = False

    @property
    def root(self) -> Path:
        """The server's folder."""
        return Path(self.settings["server_root_dir"]).expanduser()

    def answer(self, body: bytes) -> None:
        """Send it, as JSON."""
        self.set_header("Content-Type", "application/json")
        self.finish(body)

    def fail(self, error: NbtrackError) -> None:
        """The one shape of an error."""
        self.set_status(400)
        about = {"code": error.code, "message": error.message, "hint": error.hint, "column": None}
        self.answer(msgspec.json.encode({"ok": False, "error": about}))


class Operation(Handler):
    """One operation."""

    op: Op

    @web.authenticated
    @authorized("read")
    async def get(self) -> None:
        """What reads."""
        await self.run(self.get_query_argument("payload", "{}"))

    @web.authenticated
    @authorized("write")
    async def post(self) -> None:
        """What changes something, or asks for more than an address holds."""
        await self.run(self.request.body)

    async def run(self, payload: str | bytes) -> None:
        """Answer off the event loop."""
        try:
            project = projects.project_at(self.root, self.get_query_argument("project", ""))
        except NbtrackError as error:
            self.fail(error)
            return
        self.answer(await asyncio.to_thread(dispatch, project, self.op.name, payload))


class Projects(Handler):
    """Which project a notebook or folder belongs to."""

    @web.authenticated
    @authorized("read")
    async def get(self) -> None:
        """Answer by the path given."""
        try:
            result = await asyncio.to_thread(projects.found, self.root, self.get_query_argument("path", ""))
        except NbtrackError as error:
            self.fail(error)
            return
        self.answer(msgspec.json.encode({"ok": True, "result": result}))


class Static(Handler):
    """The built files."""

    @web.authenticated
    @authorized("read")
    async def get(self, name: str) -> None:
        """One of them."""
        if name not in (built.MODULE, built.STYLE, *built.ASSETS):
            raise web.HTTPError(404)
        self.set_header("Content-Type", mimetypes.guess_type(name)[0] or "text/plain")
        self.finish((built.STATIC / name).read_bytes())


def add_routes(app: Any, base_url: str) -> None:
    """Put them into a server."""
    at = url_path_join(base_url, RESOURCE)
    routes: list[tuple[str, type[Handler]]] = [
        (url_path_join(at, "api", name.replace(".", r"\.")), type("Answer", (Operation,), {"op": op}))
        for name, op in OPERATIONS.items()
    ]
    routes += [(url_path_join(at, "projects"), Projects), (url_path_join(at, r"static/([\w.]+)"), Static)]
    app.add_handlers(".*$", routes)
