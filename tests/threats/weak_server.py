"""Jupyter's configuration of a server whose defences can be left out, one by one, by a header of the request.

``X-Without: site leave`` answers as a server would that asks for neither. It is only ever loaded by the tests, which
show with it that each attack would succeed if its defence were not there. It also writes down the routes there are.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from jupyter_server.auth import User

from nbtrack.base.config import Project
from nbtrack.server import changes, files, handlers, projects, routes

Handler: Any = handlers.Handler
Artifacts: Any = files.Artifacts


def without(handler: Any, what: str) -> bool:
    """Whether a request is to be answered without a defence."""
    return what in handler.request.headers.get("X-Without", "").split()


def weaken(owner: Any, name: str, what: str, instead: Any) -> None:
    """Put something in place of a method for requests that leave a defence out."""
    real = getattr(owner, name)
    setattr(owner, name, lambda self, *given, **more: (instead if without(self, what) else real)(self, *given, **more))


async def anybody(handler: Any, *_: Any, **__: Any) -> None:
    """Nobody has to sign in."""
    handler.current_user = User("anybody")


async def nothing(*_: Any, **__: Any) -> None:
    """Nothing is asked."""


class Anywhere(projects.Places):
    """Every folder may be named."""

    def project(self, name: str) -> Project:
        """The project of any folder."""
        return Project(Path(os.path.abspath(self.root / name)))


weaken(Handler, "prepare", "login", anybody)
weaken(Handler, "check_same_site", "site", lambda self: None)
weaken(Handler, "check_xsrf_cookie", "site", lambda self: None)
weaken(Handler, "check_host", "host", lambda self: True)
weaken(Handler, "check_origin", "origin", lambda self, *_: True)
weaken(Artifacts, "set_extra_headers", "attachment", lambda self, path: None)
for module in (handlers, changes):
    real_leave = handlers.check_leave if module is handlers else changes.check_leave

    def leave(handler: Any, action: str, real: Any = real_leave) -> Any:
        """Ask the authorizer, or not."""
        return nothing() if without(handler, "leave") else real(handler, action)

    module.check_leave = leave  # type: ignore[attr-defined]

real_places = Handler.places.fget
Handler.places = property(
    lambda self: Anywhere(real_places(self).root, True) if without(self, "inside") else real_places(self)
)
real_policy = Artifacts.content_security_policy.fget
Artifacts.content_security_policy = property(lambda self: "" if without(self, "sandbox") else real_policy(self))

real_add = routes.add_routes


def add_routes(app: Any, base_url: str) -> None:
    """Add ours, and write down what the whole server then has of ours."""
    real_add(app, base_url)
    found = [
        rule.matcher.regex.pattern
        for group in (app.wildcard_router, app.default_router)
        for rule in _rules(group)
        if getattr(rule.target, "__module__", "").startswith("nbtrack")
    ]
    Path(os.environ["NBTRACK_TEST_ROUTES"]).write_text(json.dumps(found), encoding="utf-8")


def _rules(router: Any) -> Any:
    for rule in getattr(router, "rules", []):
        if hasattr(rule.target, "rules"):
            yield from _rules(rule.target)
        else:
            yield rule


routes.add_routes = add_routes
