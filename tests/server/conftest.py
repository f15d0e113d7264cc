"""A real jupyter server in a process of its own, under an address as JupyterHub gives, asked by plain clients."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import websocket

from nbtrack.base.config import Project
from tests.ui.ports import KEEP_APART, free_port

BASE = "/hub/user/x/"
TOKEN = "a-token-for-the-tests"
PATIENCE = 60.0  # seconds
START = 200.0  # for a server on a busy machine

CONFIG = """
from pathlib import Path
from jupyter_server.auth import Authorizer

class Denying(Authorizer):
    '''Denies what stands in a file.'''
    def is_authorized(self, handler, user, action, resource):
        denied = Path({denied!r})
        return resource != "nbtrack" or not denied.exists() or action not in denied.read_text().split()

c.ServerApp.authorizer_class = Denying
"""


@dataclass
class Answer:
    """What the server said."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body read as JSON."""
        return json.loads(self.body)

    @property
    def result(self) -> Any:
        """What was asked for."""
        assert self.status == 200, (self.status, self.body[:500])
        assert self.json["ok"] is True
        return self.json["result"]

    @property
    def error(self) -> Any:
        """What was wrong."""
        assert self.status >= 400, self.status
        assert self.json["ok"] is False
        assert set(self.json["error"]) == {"code", "message", "hint", "column"}
        return self.json["error"]


class Server:
    """The server: its folder, and ways to ask it."""

    def __init__(self, folder: Path, home: Path, port: int) -> None:
        self.folder = folder
        self.home = home
        self.port = port
        self.host = f"127.0.0.1:{port}"
        self.denied = home / "denied.txt"
        self.process: subprocess.Popen[bytes] | None = None

    def ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        token: str | None = TOKEN,
    ) -> Answer:
        """A request to a path below the base address."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        given = {"Authorization": f"token {token}"} if token else {}
        try:
            where = f"{BASE}{path}" + (f"?{urlencode(query, quote_via=quote)}" if query else "")
            connection.request(method, where, body, {**given, **(headers or {})})
            response = connection.getresponse()
            return Answer(response.status, dict(response.headers), response.read())
        finally:
            connection.close()

    def get(self, path: str, query: Mapping[str, str] | None = None, **kwargs: Any) -> Answer:
        """Ask by GET."""
        return self.ask("GET", f"nbtrack/{path}", query, **kwargs)

    def read(self, op: str, project: str, payload: Any = None, **kwargs: Any) -> Answer:
        """An operation by GET."""
        return self.get(f"api/{op}", {"project": project, "payload": json.dumps(payload or {})}, **kwargs)

    def write(self, op: str, project: str, payload: Any = None, **kwargs: Any) -> Answer:
        """An operation by POST."""
        body = payload if isinstance(payload, bytes) else json.dumps(payload or {}).encode()
        return self.ask("POST", f"nbtrack/api/{op}", {"project": project}, body=body, **kwargs)

    def cookies(self) -> dict[str, str]:
        """What a browser has that is logged in: the user's cookie and the one against forged requests."""
        found: dict[str, str] = {}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        for path in ("login", f"login?token={TOKEN}"):
            cookie = "; ".join(f"{name}={value}" for name, value in found.items())
            connection.request("GET", BASE + path, headers={"Cookie": cookie} if cookie else {})
            response = connection.getresponse()
            response.read()
            for line in response.headers.get_all("Set-Cookie") or []:
                name, _, value = line.partition(";")[0].partition("=")
                found[name] = value
        connection.close()
        assert "_xsrf" in found, found
        assert len(found) == 2, found
        return found

    def socket(self, headers: Mapping[str, str] | None = None, token: str | None = TOKEN, **kwargs: Any) -> Any:
        """A websocket of changes."""
        given = {"Authorization": f"token {token}"} if token else {}
        lines = [f"{name}: {value}" for name, value in {**given, **(headers or {})}.items()]
        kwargs.setdefault("suppress_origin", "origin" not in kwargs)
        return websocket.create_connection(
            f"ws://{self.host}{BASE}nbtrack/changes", header=lines, timeout=PATIENCE, **kwargs
        )

    def log(self) -> str:
        """What the server wrote."""
        return (self.home / "log.txt").read_text(errors="replace")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for these tests; each has a folder of its own in the server's."""
    home = tmp_path_factory.mktemp("server")
    yield from running(home / "root", home)


def running(folder: Path, home: Path, **environment: str) -> Iterator[Server]:
    """A server on a folder, until it is no longer needed."""
    port = free_port()
    folder.mkdir(exist_ok=True)
    server = Server(folder, home, port)
    config = home / "config"
    config.mkdir()
    (config / "jupyter_server_config.py").write_text(
        CONFIG.format(denied=str(server.denied)) + KEEP_APART, encoding="utf-8"
    )
    command = [
        *(sys.executable, "-m", "jupyter_server", "--no-browser", "--ServerApp.ip=127.0.0.1", f"--port={port}"),
        *("--ServerApp.port_retries=0", f"--ServerApp.base_url={BASE}", f"--ServerApp.root_dir={folder}"),
        *(f"--IdentityProvider.token={TOKEN}", "--ServerApp.allow_unauthenticated_access=False", "--allow-root"),
        "--ServerApp.jpserver_extensions={'jupyterlab': False, 'jupyter_lsp': False, 'notebook_shim': False}",
    ]
    own = {
        "JUPYTER_CONFIG_DIR": str(config),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "IPYTHONDIR": str(home / "ipython"),
    }
    inherited = {name: value for name, value in os.environ.items() if name not in ("NBTRACK_DIR", "NBTRACK_PARENT")}
    with (home / "log.txt").open("wb") as log:
        variables = {**inherited, **own, **environment}
        server.process = subprocess.Popen(
            command, cwd=folder, env=variables, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        try:
            _wait(server)
            yield server
        finally:
            server.process.terminate()
            try:
                server.process.wait(20)
            except subprocess.TimeoutExpired:
                server.process.kill()
                server.process.wait()


def _wait(server: Server) -> None:
    end = time.monotonic() + START
    while time.monotonic() < end and server.process is not None and server.process.poll() is None:
        try:
            if server.ask("GET", "api/status").status == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"the server did not start:\n{server.log()[-3000:]}")


@pytest.fixture
def project_root(server: Server) -> Path:
    """Inside the server's folder."""
    return server.folder / f"project-{secrets.token_hex(4)}"


@pytest.fixture
def name(project: Project) -> str:
    """The project as a page names it."""
    return project.root.name
