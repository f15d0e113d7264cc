"""The host in jupyter-server: what JupyterLab's views ask, over HTTP. Installing nbtrack switches it on.

All routes stand under ``{base_url}nbtrack/``. Each needs the server's token or its signed-in user, and its authorizer's
leave for the resource "nbtrack": "write" for operations that change something, else "read". Who comes by cookie has to
be a page of this server: by ``X-XSRFToken`` with all that is sent by POST; to read, an own ``Referer`` or
``Sec-Fetch-Site`` will do. None counts as activity of the server.

``project`` is the folder of a project as the file browser writes it, "" for the server's own; it must lie inside the
server's folder, links followed. Nothing is made on the disk by asking. Answers are those of `nbtrack.api.dispatch`:
``{"ok": true, "result": …}``, or ``{"ok": false, "error": {"code", "message", "hint", "column"}}``. The status of
an error is 403 for what is outside, hidden, read-only or not allowed, 404 for what is not there, 405 for a change by
GET, 413 for a request of more than 8 MiB, 503 for what may be there later (locked, busy, not built), 500 for a fault
of ours, 400 for any other. They are ``no-store``, and compressed from 16 kB on for who takes gzip.

* ``api/{operation}?project=…``: GET with ``payload=`` (JSON) for what reads; POST with the payload as body for what
  changes something, and for questions too long for an address.
* ``projects?path=…``: which project a notebook or folder belongs to, one not yet saved too:
  ``{"project", "name", "exists", "inside"}``; ``inside`` is what its runs have as their notebook.
* ``complete?project=…&line=…``: what can stand at the end of a line, up to its cursor, that begins with ``%track`` or
  ``%%track``: ``{"words": […], "start": …}``; ``start`` is where the word begins that they replace, as JavaScript
  counts (UTF-16).
* ``static/{name}``: the built files of the panel; ``ETag`` and ``no-cache``, so 304 until they change.
* ``artifacts/{run}/{path}?project=…``: the content of an artifact, inert: ``Content-Security-Policy: sandbox;
  default-src 'none'``, ``nosniff``, ``Content-Disposition: attachment`` but for pictures, sound, film and plain text.
  GET and HEAD; ``ETag`` is its hash; ``Range``, ``If-Range`` and ``If-None-Match`` as in HTTP (206, 416, 304).
* ``changes``: a websocket. The page says ``{"watch": ["", "work/churn"]}``, each time all that it shows, at most 50;
  it hears ``{"project": …, "revision": …}`` at once (0: no runs yet) and whenever the project's file has changed, ten
  times a second at most, or ``{"project": …, "error": {"code", "message", "hint", "column"}}``. What makes no sense is
  answered ``{"error": …}``. While a project is watched, runs whose process is gone become "crashed" by themselves.

Beside the routes, the runs of a notebook follow it when it is renamed or moved through the server.
"""

from __future__ import annotations

from typing import Any


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    return [{"module": "nbtrack.server"}]


def _load_jupyter_server_extension(app: Any) -> None:
    from nbtrack.server.handlers import HUB, places_of
    from nbtrack.server.renames import SCHEMA, follower
    from nbtrack.server.routes import add_routes

    settings = app.web_app.settings
    add_routes(app.web_app, settings["base_url"])
    events = settings.get("event_logger") or getattr(app, "event_logger", None)
    if events is not None:
        follows = follower(lambda: places_of(settings), settings[HUB].desk, app.log)
        events.add_listener(schema_id=SCHEMA, listener=follows)
