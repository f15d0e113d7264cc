"""Runs go with a notebook, or a folder of notebooks, that is renamed or moved through the server, by any front end.

jupyter-server tells of it by an event once the file has its new name: ``contents_service``, "rename", since 2.0.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from nbtrack.api.dispatch import dispatch
from nbtrack.base.errors import NbtrackError
from nbtrack.server.desk import Desk
from nbtrack.server.projects import Places

SCHEMA = "https://events.jupyter.org/jupyter_server/contents_service/v1"

_log = logging.getLogger("nbtrack.server")


def follower(places: Callable[[], Places], desk: Desk) -> Callable[..., Awaitable[None]]:
    """What listens to the events."""

    async def moved(logger: Any, schema_id: str, data: dict[str, Any]) -> None:
        if data.get("action") != "rename":
            return
        old, new = str(data.get("source_path", "")).strip("/"), str(data.get("path", "")).strip("/")
        if not old or not new or old == new:
            return
        try:
            await desk.do(desk.writes(""), lambda: follow(places(), old, new))
        except NbtrackError as error:
            _log.info("nbtrack: the runs of '%s' keep that name: %s", old, error)

    return moved


def follow(places: Places, old: str, new: str) -> bool:
    """Give the runs of a path the new one; whether there was a project to ask.

    Raises:
        NbtrackError: one of the paths is none that the pages may name.
    """
    before, after, was, now = places.moved(old, new)
    if before.root != after.root:
        if before.database.is_file():
            _log.info("nbtrack: '%s' has become '%s' in another project; its runs stay where they are", old, new)
        return False
    if not before.database.is_file():
        return False
    answer = msgspec.json.decode(dispatch(before, "runs.moved", {"old": was, "new": now}))
    if not answer["ok"]:
        _log.warning("nbtrack: the runs of '%s' keep that name: %s", old, answer["error"]["message"])
    return bool(answer["ok"])
