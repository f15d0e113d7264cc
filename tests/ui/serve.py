"""The panel in a plain page over HTTP, against a real project: for tests of the panel alone and to look at it.

python tests/ui/serve.py FOLDER --port 8123
"""

from __future__ import annotations

import argparse
import mimetypes
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from nbtrack.api.dispatch import dispatch
from nbtrack.base.config import Project

STATIC = Path(__file__).resolve().parents[2] / "nbtrack" / "widget" / "static"
# The colours that JupyterLab's own themes give; without a theme the panel has to look right by its fallbacks.
THEMES = {
    "light": "--jp-layout-color0:#fff;--jp-layout-color1:#fff;--jp-layout-color2:#eee;"
    "--jp-ui-font-color0:rgba(0,0,0,1);--jp-ui-font-color1:rgba(0,0,0,.87);--jp-brand-color1:#1976d2;--jp-success-color1:#388e3c;"
    "--jp-error-color1:#d32f2f;--jp-warn-color1:#f57c00;color-scheme:light;background:#fff",
    "dark": "--jp-layout-color0:#111;--jp-layout-color1:#212121;--jp-layout-color2:#424242;"
    "--jp-ui-font-color0:rgba(255,255,255,1);--jp-ui-font-color1:rgba(255,255,255,.87);--jp-brand-color1:#2196f3;"
    "--jp-success-color1:#4caf50;--jp-error-color1:#f44336;--jp-warn-color1:#ff9800;--jp-ui-inverse-font-color0:#000;"
    "color-scheme:dark;background:#111",
    "plain": "color-scheme:light dark",
}
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>nbtrack</title>
<link rel="stylesheet" href="/static/panel.css"></head>
<body style="margin:16px;{theme}"><main id="panel"></main>
<script type="module">
import {{ mount, RestTransport }} from "/static/panel.js";
const transport = new RestTransport({{ base: "/api", assets: "/static", every: 100 }});
window.panel = {{ transport, end: mount(document.getElementById("panel"), transport, {spec}) }};
</script></body></html>"""


class Handler(BaseHTTPRequestHandler):
    """One page, the built files, and every operation."""

    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two packets: the second would wait 40 ms for a receipt
    project: Project

    def do_GET(self) -> None:
        """The page, a built file, or an operation that reads."""
        url = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        if url.path == "/":
            page = PAGE.format(theme=THEMES[query.get("theme", "light")], spec=query.get("spec", "{}"))
            self.answer(page.encode(), "text/html; charset=utf-8")
        elif url.path.startswith("/api/"):
            self.operation(query.get("payload", "{}").encode())
        else:
            file = STATIC / Path(url.path).name
            if file.is_file():
                self.answer(file.read_bytes(), mimetypes.guess_type(file.name)[0] or "text/plain")
            else:
                self.answer(b"", "text/plain", HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        """An operation that changes something."""
        self.operation(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def operation(self, payload: bytes) -> None:
        """Answer by the one dispatch."""
        with self.server.answering() as open_:
            if not open_:
                self.close_connection = True
                return
            answer = dispatch(self.project, urlsplit(self.path).path.removeprefix("/api/"), payload)
        self.answer(answer, "application/json")

    def answer(self, body: bytes, kind: str, status: HTTPStatus = HTTPStatus.OK) -> None:
        """Send it."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the tests print enough."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], handler: type[Handler]) -> None:
        super().__init__(address, handler)
        self._now, self._fewer, self._open = 0, threading.Condition(), True

    @contextmanager
    def answering(self) -> Iterator[bool]:
        """While an operation is carried out; False where none is any more."""
        with self._fewer:
            self._now += 1
        try:
            yield self._open
        finally:
            with self._fewer:
                self._now -= 1
                self._fewer.notify_all()

    def rest(self) -> None:
        """Wait for the operations under way: one of them may save the view into what the next test has cleared.

        And take on no other: a page that is still open asks on by the connections that it has.
        """
        with self._fewer:
            self._open = False
            self._fewer.wait_for(lambda: self._now == 0, 30)

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that leaves in the middle of an answer is no fault."""


@contextmanager
def serving(project: Project, port: int = 0) -> Iterator[str]:
    """The address of a server that runs meanwhile."""
    handler = type("Handler", (Handler,), {"project": project})
    server = _Server(("127.0.0.1", port), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        server.rest()


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, default=8123)
    given = parser.parse_args()
    with serving(Project(given.folder.absolute()), given.port) as address:
        sys.stdout.write(f"{address}\n")
        sys.stdout.flush()
        threading.Event().wait()


if __name__ == "__main__":
    main()
