"""A real kernel, driven as a front end does: execute, read what it shows, ask the project's file."""

from __future__ import annotations

import os
import queue
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from jupyter_client import KernelManager

from nbtrack.base.config import Project
from nbtrack.runs import contract as c
from nbtrack.runs.service import RunsService

PATIENCE = 120.0  # seconds
# In names of its own. `%track status` waits for the background too, but no longer than a user would.
_SETTLE = f"""
from nbtrack.capture import session
from nbtrack.runs import projects
for one in list(session._sessions):
    one.settle({PATIENCE})
for one in projects.open_recorders():
    one.flush({PATIENCE})
"""
# A cell that takes ten seconds, as any may on a busy machine, has metrics of the machine, which a test did not ask for.
_NO_LOAD = "from nbtrack.capture import system\nsystem.AFTER = 1e9"


@dataclass
class Reply:
    """What one execution gave."""

    status: str
    text: str = ""
    error: str = ""
    evalue: str = ""
    traceback: list[str] = field(default_factory=list)
    shown: list[dict[str, Any]] = field(default_factory=list)
    result: str | None = None


class Kernel:
    """One kernel in a project."""

    def __init__(self, project: Project, load: bool = True, **env: str) -> None:
        self.project = project
        self.manager = KernelManager(kernel_name="python3")
        environment = {**os.environ, "JPY_SESSION_NAME": str(project.root / "work.ipynb"), **env}
        environment.pop("NBTRACK_PARENT", None)
        self.manager.start_kernel(cwd=str(project.root), env=environment)
        self.client = self._connect()
        if load:
            assert self.run("%load_ext nbtrack").status == "ok"
            self.quietly(_NO_LOAD)

    def _connect(self) -> Any:
        client = self.manager.client()
        client.start_channels()
        client.wait_for_ready(timeout=PATIENCE)
        return client

    def send(self, code: str, cell: str | None = None) -> str:
        """Execute without waiting."""
        content = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
        }
        message = self.client.session.msg("execute_request", {**content, "stop_on_error": True})
        if cell is not None:
            message["metadata"]["cellId"] = cell
        self.client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def run(self, code: str, cell: str | None = None) -> Reply:
        """Execute and wait for the end."""
        return self.wait(self.send(code, cell))

    def wait(self, sent: str) -> Reply:
        """What an execution gave, once it is over."""
        reply = Reply("")
        deadline = time.monotonic() + PATIENCE
        while True:
            message = self.client.get_iopub_msg(timeout=max(0.1, deadline - time.monotonic()))
            if message["parent_header"].get("msg_id") != sent:
                continue
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                break
            _note(reply, message["msg_type"], message["content"])
        while True:
            answer = self.client.get_shell_msg(timeout=max(0.1, deadline - time.monotonic()))
            if answer["parent_header"].get("msg_id") == sent:
                reply.status = answer["content"]["status"]
                return reply

    def settle(self) -> None:
        """All that the kernel recorded so far is in the project's file, also what it stores in the background."""
        self.quietly(_SETTLE)

    def quietly(self, code: str) -> None:
        """Execute what no history has and no cell sees, its names its own."""
        content = {
            "code": f"exec({code!r}, {{}})",
            "silent": True,
            "store_history": False,
            "user_expressions": {},
            "allow_stdin": False,
        }
        message = self.client.session.msg("execute_request", content)
        self.client.shell_channel.send(message)
        assert self.wait(str(message["header"]["msg_id"])).status == "ok"

    def wait_for_text(self, text: str) -> None:
        """Until the running cell has printed this."""
        deadline = time.monotonic() + PATIENCE
        seen = ""
        while text not in seen:
            try:
                message = self.client.get_iopub_msg(timeout=max(0.1, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"waited for {text!r}, saw {seen!r}") from None
            seen += str(message["content"].get("text", ""))

    def restart(self) -> None:
        """Restart at once, as the button does while a cell runs."""
        self.client.stop_channels()
        self.manager.restart_kernel(now=True)
        self.client = self._connect()

    def close(self) -> None:
        """End it."""
        self.client.stop_channels()
        if self.manager.is_alive():
            self.manager.shutdown_kernel(now=False)
        self.manager.cleanup_resources()


def _note(reply: Reply, kind: str, content: dict[str, Any]) -> None:
    if kind == "stream":
        reply.text += content["text"]
    elif kind == "display_data":
        reply.shown.append(content["data"])
    elif kind == "execute_result":
        reply.result = content["data"]["text/plain"]
    elif kind == "error":
        reply.error, reply.evalue, reply.traceback = content["ename"], content["evalue"], content["traceback"]


@pytest.fixture
def kernel(project: Project) -> Iterator[Kernel]:
    """A kernel with nbtrack loaded."""
    found = Kernel(project)
    yield found
    found.close()


@pytest.fixture
def service(project: Project) -> RunsService:
    """The project's runs, read from another process than the kernel's."""
    return RunsService(project)


def latest(service: RunsService, status: str | None = None, name: str | None = None) -> c.RunDetail:
    """The latest run; with a status or a name, once it has it. What a kernel recorded is in the file within moments.

    Where there was a run with this status before, say which one is meant, or wait for `all_of` them: the file may not
    have the latest yet.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        page = service.page(c.PageRequest(limit=1))
        if page.rows and status in (None, page.rows[0].status) and name in (None, page.rows[0].name):
            return service.get(c.RunRequest(page.rows[0].id))
        assert time.monotonic() < deadline, f"waited for {name or 'a run'}, {status}; found {page.rows[:1]}"
        time.sleep(0.05)


def all_of(service: RunsService, count: int, status: str) -> list[c.RunRow]:
    """The runs that have this status, oldest first, once there are so many."""
    deadline = time.monotonic() + PATIENCE
    while True:
        page = service.page(c.PageRequest(filter=f"status = '{status}'", sort=["started"], limit=count))
        if page.matched >= count:
            return page.rows
        assert time.monotonic() < deadline, f"waited for {count} runs that are {status}, found {page.matched}"
        time.sleep(0.05)
