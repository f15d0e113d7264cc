"""A front end without a browser: what is sent on comms is kept, and what a browser would say can be said."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import comm
import pytest
from comm.base_comm import BaseComm
from ipywidgets import Widget

from nbtrack.api import built
from nbtrack.api.watch import WATCHER
from nbtrack.base.config import Project
from nbtrack.widget.live import SHELF
from nbtrack.widget.talk import Talk

PATIENCE = 60.0  # seconds: another process tests at the same time

Answer = dict[str, Any]


@pytest.fixture(autouse=True)
def static(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Stand-ins for the built files: these tests are about Python."""
    folder = tmp_path / "static"
    folder.mkdir()
    (folder / "panel.js").write_text("export default { render() {} };\n", encoding="utf-8")
    (folder / "panel.css").write_text(".nbt-panel { }\n", encoding="utf-8")
    (folder / "plotly.js").write_bytes(b"export const plotly = '\xe2\x88\x9e';\n")
    monkeypatch.setattr(built, "STATIC", folder)
    built.text.cache_clear()
    yield folder
    built.text.cache_clear()


@dataclass
class Front:
    """The other end of a `Talk`."""

    talk: Talk
    said: queue.Queue[tuple[Answer, list[bytes]]]
    views: list[tuple[str, bool, bool]]
    kept: dict[int, tuple[Answer, list[bytes]]] = field(default_factory=dict)

    def send(self, message: Any) -> None:
        """Say something."""
        self.talk.hear(message)

    def answer(self, number: int) -> tuple[Answer, list[bytes]]:
        """The answer to a request, once it is there."""
        while number not in self.kept:
            answer, buffers = self.said.get(timeout=PATIENCE)
            assert answer["id"] not in self.kept, "a second answer to one request"
            self.kept[answer["id"]] = (answer, buffers)
        return self.kept[number]

    def ask(self, number: int = 1, **request: Any) -> Answer:
        """Ask and wait."""
        self.send({"v": 1, "id": number, **request})
        return self.answer(number)[0]


@pytest.fixture
def front() -> Callable[[Project], Front]:
    """Makes the other end of a talk about a project."""

    def make(project: Project) -> Front:
        said: queue.Queue[tuple[Answer, list[bytes]]] = queue.Queue()
        views: list[tuple[str, bool, bool]] = []
        talk = Talk(
            project, lambda answer, buffers: said.put((answer, buffers or [])), lambda *view: views.append(view)
        )
        return Front(talk, said, views)

    return make


class KeptComm(BaseComm):
    """A comm that keeps what is sent on it."""

    sent: ClassVar[list[tuple[str, str, Any, Any]]] = []  # (kind, comm, data, buffers), of all comms

    def publish_msg(self, msg_type: str, data: Any = None, metadata: Any = None, buffers: Any = None, **_: Any) -> None:
        """Keep it."""
        KeptComm.sent.append((msg_type, self.comm_id, data, buffers))


@dataclass
class Comms:
    """What was sent on all comms."""

    sent: list[tuple[str, str, Any, Any]]

    def opened(self) -> list[str]:
        """The comms that were opened and not closed since."""
        closed = {key for kind, key, *_ in self.sent if kind == "comm_close"}
        return [key for kind, key, *_ in self.sent if kind == "comm_open" and key not in closed]

    def messages(self, key: str) -> list[Any]:
        """The custom messages that were sent on one."""
        return [data["content"] for kind, one, data, _ in list(self.sent) if kind == "comm_msg" and one == key]


@pytest.fixture
def comms(monkeypatch: pytest.MonkeyPatch) -> Iterator[Comms]:
    """Comms that a test can look into, as if this process were a kernel."""
    from nbtrack.widget import where

    KeptComm.sent = []
    monkeypatch.setattr(comm, "create_comm", KeptComm)
    monkeypatch.setattr(where, "in_kernel", lambda: True)
    yield Comms(KeptComm.sent)
    for _, shown in list(SHELF._cells.values()):
        for live in list(shown):
            live.close()
    for live in list(SHELF._gone.values()):
        live.close()
    with WATCHER._lock:
        keys = [key for watched in WATCHER._watched.values() for key in watched.listeners]
    for key in keys:
        WATCHER.leave(key)
    Widget.close_all()
