"""Pages hear of changes by themselves: of edits elsewhere, of kernels that die, of notebooks that are renamed."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import websocket

from nbtrack.api.rooms import service
from nbtrack.base.config import Project
from nbtrack.runs import current
from nbtrack.runs.contract import EditRequest
from nbtrack.runs.editing import EditingService
from nbtrack.server.changes import LARGEST, MOST

from .conftest import PATIENCE, Server


class Page:
    """A websocket with what it heard."""

    def __init__(self, heard: Any) -> None:
        self.socket = heard

    def watch(self, *projects: str) -> None:
        """Say what is shown."""
        self.socket.send(json.dumps({"watch": projects}))

    def hear(self, timeout: float = PATIENCE) -> Any:
        """The next message."""
        self.socket.settimeout(timeout)
        return json.loads(self.socket.recv())

    def until(self, project: str, revision: int) -> None:
        """Wait for a revision of a project."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            said = self.hear()
            if said["project"] == project and said.get("revision", -1) >= revision:
                return
        raise AssertionError(f"revision {revision} of {project} was not told")

    def sent_away(self, messages: list[str]) -> bool:
        """Whether the server closes the socket over these messages; it is silent, or says what is wrong, else."""
        try:
            for message in messages:
                self.socket.send(message)
                self.socket.settimeout(PATIENCE)
                opcode, _ = self.socket.recv_data()
                if opcode == websocket.ABNF.OPCODE_CLOSE:
                    return True
        except (websocket.WebSocketConnectionClosedException, ConnectionError):
            return True
        return False

    def silent(self, seconds: float) -> bool:
        """Whether nothing is said for a while."""
        try:
            self.hear(seconds)
        except websocket.WebSocketTimeoutException:
            return True
        return False


@pytest.fixture
def pages(server: Server) -> Iterator[Any]:
    """Opens pages, which are closed at the end."""
    opened: list[Page] = []

    def open_page() -> Page:
        opened.append(Page(server.socket()))
        return opened[-1]

    yield open_page
    for page in opened:
        page.socket.close()
        page.socket.shutdown()  # also where the server was first


def edit(project: Project, note: str) -> int:
    """Change something in this process, which is not the server's; the revision then."""
    return EditingService(service(project)).edit(EditRequest(["svm"], note=note)).revision


def test_every_page_hears_the_revision_at_once_and_each_change(pages: Any, filled: Project, name: str) -> None:
    one, two = pages(), pages()
    now = service(filled).revision().revision
    for page in (one, two):
        page.watch(name)
        page.until(name, now)
    for note in ("a", "b"):
        revision = edit(filled, note)
        one.until(name, revision)
        two.until(name, revision)
    late = pages()
    late.watch(name)
    assert late.hear() == {"project": name, "revision": revision}


def test_a_page_that_watches_no_longer_hears_no_more(pages: Any, filled: Project, name: str) -> None:
    page, other = pages(), pages()
    for one in (page, other):
        one.watch(name)
        one.until(name, 1)
    page.watch()
    page.watch("")  # answered after it, so the first has been understood
    assert page.hear()["project"] == ""
    revision = edit(filled, "x")
    other.until(name, revision)
    assert page.silent(0.5)
    page.watch(name, "")
    page.until(name, revision)


def test_what_cannot_be_watched_is_said_and_the_rest_goes_on(pages: Any, filled: Project, name: str) -> None:
    page = pages()
    page.watch("..", "/etc", "none", name, "a\ud800".encode("utf-8", "replace").decode())
    said = [page.hear() for _ in range(5)]
    errors = {one["project"]: one["error"]["code"] for one in said if "error" in one}
    assert errors == {"..": "outside", "/etc": "outside", "none": "not_found", "a?": "not_found"}
    assert [one["project"] for one in said if "revision" in one] == [name]
    page.watch(name)
    page.until(name, edit(filled, "y"))


@pytest.mark.parametrize(
    "bad", ["", "{", "[]", "null", '{"watch": "x"}', '{"watch": [1]}', '{"other": []}', b"\xff\xfe", "[" * 9000]
)
def test_a_message_that_makes_no_sense_is_answered(pages: Any, filled: Project, name: str, bad: Any) -> None:
    page = pages()
    page.socket.send(bad, websocket.ABNF.OPCODE_BINARY if isinstance(bad, bytes) else websocket.ABNF.OPCODE_TEXT)
    said = page.hear()
    assert said["error"]["code"] == "invalid_request"
    assert "watch" in said["error"]["hint"]
    page.watch(name)
    page.until(name, 1)


def test_a_page_that_makes_no_sense_again_and_again_is_sent_away(pages: Any) -> None:
    page = pages()
    assert page.sent_away(["{"] * 30)


def test_messages_and_lists_have_a_limit(pages: Any, server: Server, filled: Project, name: str) -> None:
    page = pages()
    page.watch(name, *[f"none-{number}" for number in range(MOST + 5)])
    codes = [page.hear().get("error", {}).get("code") for _ in range(MOST + 6)]
    assert codes.count("not_found") == MOST - 1
    assert codes.count("invalid_option") == 6
    assert page.sent_away([" " * (LARGEST + 1)])
    assert not pages().sent_away([" " * LARGEST])
    assert server.read("project.revision", name).status == 200


def test_a_project_that_begins_is_told(pages: Any, project: Project, name: str) -> None:
    page = pages()
    page.watch(name)
    assert page.hear() == {"project": name, "revision": 0}
    with current.begin(project, name="first"):
        pass
    service(project).refresh(force=True)
    page.until(name, 1)


def test_many_changes_are_few_messages(pages: Any, filled: Project, name: str) -> None:
    page = pages()
    page.watch(name)
    page.until(name, 1)
    began = time.monotonic()
    for number in range(60):
        revision = edit(filled, str(number))
    count = 0
    while True:
        count += 1
        if page.hear()["revision"] >= revision:
            break
    assert count <= 2 + 10 * (time.monotonic() - began)


def test_a_page_that_vanishes_leaves_nothing_behind(pages: Any, server: Server, filled: Project, name: str) -> None:
    said = len(server.log())
    for _ in range(5):
        page = Page(server.socket())
        page.watch(name)
        page.until(name, 1)
        page.socket.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        page.socket.sock.close()  # a reset, not a goodbye
    page = pages()
    page.watch(name)
    page.until(name, edit(filled, "after"))
    assert "Traceback" not in server.log()[said:]


# -- dead processes

KERNEL = """
import sys, time
from nbtrack.base.config import Project
from nbtrack.runs import current
from pathlib import Path
run = current.begin(Project(Path(sys.argv[1])), name=sys.argv[2], notebook="a.ipynb")
run.log({"loss": 1.0})
run.flush()
print("going", flush=True)
time.sleep(600)
"""


@contextmanager
def training(project: Project, name: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process with a running run."""
    process = subprocess.Popen([sys.executable, "-c", KERNEL, str(project.root), name], stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == b"going\n"
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def status_in(project: Project, run: str) -> str:
    """What the file says, without anybody of us looking after dead processes."""
    import sqlite3

    conn = sqlite3.connect(project.database)
    try:
        found = conn.execute("SELECT status FROM runs WHERE name = ?", (run,)).fetchone()
        return found[0] if found else "not there"
    finally:
        conn.close()


def until_status(page: Page, project: Project, run: str, status: str) -> None:
    """Wait until the file says so; the page is told of every change of it."""
    end = time.monotonic() + PATIENCE
    while (found := status_in(project, run)) != status:
        assert time.monotonic() < end, f"{run} is {found}"
        page.hear()


def test_the_run_of_a_killed_process_is_settled_while_somebody_watches(pages: Any, project: Project, name: str) -> None:
    page = pages()
    with training(project, "lost") as process, training(project, "alive"):
        page.watch(name)
        page.until(name, 1)
        time.sleep(2.5)  # it is looked at again, and goes on
        assert status_in(project, "lost") == "running"
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        until_status(page, project, "lost", "crashed")
        assert status_in(project, "alive") == "running"


def test_a_killed_kernel_of_the_server_is_settled(pages: Any, server: Server, project: Project, name: str) -> None:
    (project.root / "a.ipynb").write_text(json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    about = {"path": f"{name}/a.ipynb", "name": "a.ipynb", "type": "notebook", "kernel": {"name": "python3"}}
    made = server.ask("POST", "api/sessions", body=json.dumps(about).encode()).json
    kernel = made["kernel"]["id"]
    url = f"ws://{server.host}/hub/user/x/api/kernels/{kernel}/channels"
    channels = websocket.create_connection(
        url, header=["Authorization: token a-token-for-the-tests"], suppress_origin=True, timeout=PATIENCE
    )
    code = "%load_ext nbtrack\nfrom nbtrack import start_run\nrun = start_run('lost'); run.log({'loss': 1.0})"
    header = {"msg_id": secrets.token_hex(8), "msg_type": "execute_request", "username": "", "session": "s",
              "date": "2026-01-01T00:00:00Z", "version": "5.3"}  # fmt: skip
    content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False}
    asked = {
        "header": header,
        "parent_header": {},
        "metadata": {},
        "content": content,
        "channel": "shell",
        "buffers": [],
    }
    channels.send(json.dumps(asked))
    while True:
        said = json.loads(channels.recv())
        if said["msg_type"] == "execute_reply":
            assert said["content"]["status"] == "ok", said["content"]
            break
    page = pages()
    page.watch(name)
    page.until(name, 1)
    until_status(page, project, "lost", "running")
    channels.send(json.dumps({**asked, "content": {**content, "code": "import os; os.kill(os.getpid(), 9)"}}))
    until_status(page, project, "lost", "crashed")
    channels.close()
    end = time.monotonic() + PATIENCE
    while server.ask("DELETE", f"api/sessions/{made['id']}").status == 500:  # its kernel is just being restarted
        assert time.monotonic() < end, "the session does not end"
        time.sleep(0.2)


def test_nobody_is_looked_after_where_nobody_watches(project: Project, server: Server, name: str) -> None:
    with training(project, "lost") as process:
        assert server.read("project.revision", name).status == 200
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        time.sleep(3)
        assert status_in(project, "lost") == "running"
        assert server.read("runs.get", name, {"run": "lost"}).result["row"]["status"] == "crashed", "whoever asks hears"


# -- renames


def rename(server: Server, old: str, new: str) -> None:
    """As a file browser does."""
    answer = server.ask("PATCH", f"api/contents/{old}", body=json.dumps({"path": new}).encode())
    assert answer.status == 200, answer.body


def notebooks(server: Server, name: str) -> dict[str, str | None]:
    """The notebook of each run."""
    rows = server.read("runs.page", name, {"sort": ["name"]}).result["rows"]
    return {row["name"]: row["notebook"] for row in rows}


def until_moved(server: Server, name: str, run: str, notebook: str) -> None:
    """Wait until a run has followed."""
    end = time.monotonic() + PATIENCE
    while notebooks(server, name)[run] != notebook:
        assert time.monotonic() < end, notebooks(server, name)
        time.sleep(0.05)


def test_runs_follow_a_notebook_that_is_renamed_or_moved(server: Server, filled: Project, name: str) -> None:
    for folder in ("sub", "b"):
        (filled.root / folder).mkdir()
    for file in ("a.ipynb", "b/c.ipynb"):
        (filled.root / file).write_text("{}")
    with current.begin(filled, name="nested", notebook="b/c.ipynb"):
        pass
    service(filled).refresh(force=True)
    rename(server, f"{name}/a.ipynb", f"{name}/ä b%.ipynb")
    until_moved(server, name, "svm", "ä b%.ipynb")
    rename(server, f"{name}/%C3%A4%20b%25.ipynb", f"{name}/sub/a.ipynb")
    until_moved(server, name, "svm", "sub/a.ipynb")
    rename(server, f"{name}/b", f"{name}/d")
    until_moved(server, name, "nested", "d/c.ipynb")
    assert notebooks(server, name)["forest"] == "sub/a.ipynb"


def test_runs_stay_where_they_are_when_a_notebook_leaves_the_project(
    server: Server, filled: Project, name: str
) -> None:
    other = server.folder / f"other-{name}"
    (other / ".nbtrack").mkdir(parents=True)
    (filled.root / "a.ipynb").write_text("{}")
    rename(server, f"{name}/a.ipynb", f"{other.name}/a.ipynb")
    (filled.root / "z.ipynb").write_text("{}")
    rename(server, f"{name}/z.ipynb", f"{name}/y.ipynb")  # one after the other: the first has been thought of
    end = time.monotonic() + PATIENCE
    while "it is in another project now" not in server.log() and time.monotonic() < end:
        time.sleep(0.05)
    assert "it is in another project now" in server.log()
    assert notebooks(server, name)["svm"] == "a.ipynb"
    assert not (other / ".nbtrack" / "nbtrack.db").exists()


def test_a_rename_where_there_are_no_runs_makes_nothing(server: Server, project: Project, name: str) -> None:
    (project.root / "a.ipynb").write_text("{}")
    rename(server, f"{name}/a.ipynb", f"{name}/b.ipynb")
    time.sleep(0.3)
    assert not project.folder.exists()
    assert (project.root / "b.ipynb").exists()
