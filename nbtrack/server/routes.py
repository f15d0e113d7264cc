"""The routes: one per operation, made from the table, and the few beside them."""

from __future__ import annotations

from typing import Any

from jupyter_server.utils import url_path_join
from tornado import web

from nbtrack.api import rooms
from nbtrack.api.dispatch import MAX_PAYLOAD, dispatch
from nbtrack.api.rooms import OPERATIONS
from nbtrack.base.errors import NbtrackError
from nbtrack.base.wire import Op
from nbtrack.sdk.lines import complete_line
from nbtrack.server.changes import Changes
from nbtrack.server.desk import Desk
from nbtrack.server.files import Artifacts, Static
from nbtrack.server.handlers import HUB, RESOURCE, Handler, guarded
from nbtrack.server.hub import Hub

_LONGEST_LINE = 10_000  # characters
_JSON = "application/json"


class ByPost(NbtrackError):
    """A change that was asked for by GET."""

    code = "method"


class NoJson(NbtrackError):
    """A body that is said to be something else than JSON as it is."""

    code = "unsupported"


@web.stream_request_body
class Operation(Handler):
    """One operation. What is too large is read to its end, so that the client hears why, but not kept."""

    def initialize(self, op: Op | None = None) -> None:
        """op: which one; None for a name that no operation has."""
        self.op = op
        self._chunks: list[bytes] = []
        self._size = 0

    def action(self) -> str:
        """The authorizer is asked by what the operation does, not by how it was sent: long questions come by POST."""
        return "read" if self.op is None or self.op.method == "GET" else "write"

    def data_received(self, chunk: bytes) -> None:
        """A piece of the body."""
        self._size += len(chunk)
        if self._size <= MAX_PAYLOAD:
            self._chunks.append(chunk)
        elif self._chunks:
            self._chunks = [b" " * (MAX_PAYLOAD + 1)]  # what says that it is too large

    @guarded
    async def get(self, name: str = "") -> None:
        """What reads."""
        if self.op is not None and self.op.method != "GET":
            self.set_header("Allow", "POST")
            self.fail(ByPost(f"'{self.op.name}' changes something.", "It is asked by POST."))
            return
        await self.run(name, self.query("payload", "{}"))

    @guarded
    async def post(self, name: str = "") -> None:
        """What changes something, or asks for more than an address holds."""
        said = self.request.headers.get("Content-Type", _JSON)
        packed = self.request.headers.get("Content-Encoding", "identity")
        if said.partition(";")[0].strip().lower() != _JSON or packed.strip().lower() != "identity":
            self.fail(NoJson("The request's body is not sent as plain JSON.", f"Send it uncompressed, as {_JSON}."))
            return
        await self.run(name, b"".join(self._chunks))

    async def run(self, name: str, payload: str | bytes) -> None:
        """Answer off the event loop, changes of a project in the order they came."""
        given = self.query("project")
        name = name if self.op is None else self.op.name

        def job() -> bytes:
            project = self.places.project(given)
            self.desk.used(project)
            return dispatch(project, name, payload)

        if self.action() == "read":
            await self.answer_by(job)
            return
        try:
            slow = self.op is not None and self.op.slow
            lane = self.desk.writes(f"{given}\0slow" if slow else given)
            await self.answer(await self.desk.do(lane, job))
        except NbtrackError as error:
            self.fail(error)


class Projects(Handler):
    """Which project a notebook or folder belongs to."""

    @guarded
    async def get(self) -> None:
        """Answer by the path given."""
        path = self.query("path")
        await self.result(lambda: self.places.found(path))


class Complete(Handler):
    """What can stand at the end of a line of the magics."""

    @guarded
    async def get(self) -> None:
        """Answer for a line up to its cursor."""
        given, line = self.query("project"), self.query("line")[-_LONGEST_LINE:]

        def job() -> dict[str, object]:
            words, start = complete_line(line, rooms.service(self.places.project(given)))
            return {"words": words, "start": len(line[:start].encode("utf-16-le")) // 2}

        await self.result(job)


def routes_of(base_url: str) -> list[tuple[Any, ...]]:
    """All routes under an address, as tornado takes them."""
    at = url_path_join(base_url, RESOURCE)
    made: list[tuple[Any, ...]] = [
        (url_path_join(at, "api", name.replace(".", r"\.")), Operation, {"op": op}) for name, op in OPERATIONS.items()
    ]
    return [
        *made,
        (url_path_join(at, r"api/([^/]+)"), Operation),
        (url_path_join(at, "projects"), Projects),
        (url_path_join(at, "complete"), Complete),
        (url_path_join(at, r"static/([^/]+)"), Static),
        (url_path_join(at, r"artifacts/([^/]+)/(.+)"), Artifacts),
        (url_path_join(at, "changes"), Changes),
    ]


def add_routes(app: Any, base_url: str) -> None:
    """Put them into a server's application, with what they share."""
    app.settings[HUB] = Hub(Desk())
    app.add_handlers(".*$", routes_of(base_url))
