"""The host in jupyter-server: what JupyterLab's views ask, over HTTP. Installing nbtrack switches it on.

All routes stand under ``{base_url}nbtrack/``, need the server's token or its signed-in user, and its authorizer's leave
for the resource "nbtrack": "read", or "write" for operations that change something. None counts as activity of the
server. ``project`` is the folder of a project as the file browser writes it, "" for the server's own.

* ``api/{operation}?project=…``: GET with ``payload=`` (JSON) for what reads; POST with the payload as body for what
  changes something, and for questions too long for an address. The answer is that of `nbtrack.api.dispatch`; its
  status is 200, or 4xx/5xx for an error.
* ``projects?path=…``: which project a notebook or folder belongs to:
  ``{"ok": true, "result": {"project", "name", "exists", "inside"}}``.
* ``complete?project=…&line=…``: what can stand at the end of a line that begins with ``%track`` or ``%%track``:
  ``{"ok": true, "result": {"words": […], "start": …}}``; ``start`` is where the word begins that they replace.
* ``static/{name}``: the built files of the panel. ``artifacts/{run}/{path}?project=…``: the content of an artifact, inert.
* ``changes``: a websocket. The page says ``{"watch": ["", "work/churn"]}``, each time all that it shows; it hears
  ``{"project": …, "revision": …}`` at once and whenever a project's file has changed.
"""

from __future__ import annotations

from typing import Any


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    return [{"module": "nbtrack.server"}]


def _load_jupyter_server_extension(app: Any) -> None:
    from nbtrack.server.routes import add_routes

    add_routes(app.web_app, app.web_app.settings["base_url"])
