"""Runs go with a notebook, or a folder of notebooks, that is renamed or moved through the server, by any front end.

jupyter-server tells of it by an event once the file has its new name: ``contents_service``, "rename", since 2.0.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from nbtrack.api.dispatch import dispatch
from nbtrack.base.errors import NbtrackError
from nbtrack.server.desk import Desk
from nbtrack.server.projects import Places

SCHEMA = "https://events.jupyter.org/jupyter_server/contents_service/v1"


def follower(places: Callable[[], Places], desk: Desk, log: Any) -> Callable[..., Awaitable[None]]:
    """What listens to the events. log: the server's."""

    async def moved(logger: Any, schema_id: str, data: dict[str, Any]) -> None:
        if data.get("action") != "rename":
            return
        old, new = str(data.get("source_path", "")).strip("/"), str(data.get("path", "")).strip("/")
        if not old or not new or old == new:
            return
        try:
            said = await desk.do(desk.writes(""), lambda: follow(places(), old, new))
        except NbtrackError as error:
            said = f"its runs keep its name: {error}"
        if said:
            log.info("nbtrack: '%s' has become '%s': %s", old, new, said)

    return moved


def follow(places: Places, old: str, new: str) -> str:
    """Give the runs of a path the new one; why they keep the old one, if they do.

    Raises:
        NbtrackError: one of the paths is none that the pages may name.
    """
    before, after, was, now = places.moved(old, new)
    if not before.database.is_file():
        return ""
    if before.root != after.root:
        return "it is in another project now; its runs stay where they are."
    answer = msgspec.json.decode(dispatch(before, "runs.moved", {"old": was, "new": now}))
    return "" if answer["ok"] else f"its runs keep its name: {answer['error']['message']}"
