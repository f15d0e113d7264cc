"""Recording where the project's file cannot be reached: records go out as messages, and somebody else writes them.

A `Relay` stands where a recorder stands, so a run on another machine takes params, metrics, outputs and artifacts by
the same calls, in the same records (`nbtrack.base.journal`) as a run here. Its ``send`` gets them in batches; what
takes them in is `nbtrack.execute.messages`. Records that were not sent when the process dies are lost with it.

Processes that are started from there, such as a kernel, find their way by the variable ``NBTRACK_RELAY``: a `Listener`
in the process that began it takes their records on the loopback, from those that know its secret, and hands them on.
"""

from __future__ import annotations

import hmac
import os
import secrets
import socket
import struct
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from nbtrack.base.config import Project
from nbtrack.base.db import Database
from nbtrack.base.errors import InvalidValue
from nbtrack.base.journal import MAX_RECORD
from nbtrack.runs import given, values
from nbtrack.runs.active import ActiveRun
from nbtrack.runs.ingest import Event, blob_body
from nbtrack.runs.recorder import PERIOD, Recorder

Send = Callable[[list[bytes]], None]

VARIABLE = "NBTRACK_RELAY"
_LENGTH = struct.Struct("<I")
PART = 4 << 20  # bytes of a file that go into one record
_FULL = 256 << 10  # bytes that are not kept back for the next batch


class Relay(Recorder):
    """A recorder whose records are sent. There is no file behind it: its project is a name only.

    send: takes the bodies of records in their order; called from one thread at a time. What it raises is told once,
    and the records of that call are lost. at_once: each record is sent when it is written, so that it is safe when the
    process is killed; else several go together.
    """

    def __init__(self, send: Send, kind: str = "worker", at_once: bool = False) -> None:
        self._at_once = at_once
        self._send: Send | None = send
        self._buffer: list[bytes] = []
        self._size = 0
        self._sending = threading.Lock()
        project = Project(Path(tempfile.gettempdir()) / f"nbtrack-{secrets.token_hex(6)}", "the driver's")
        super().__init__(project, Database(project.database, (), 0), kind)

    def _write_slowly(self, body: bytes) -> None:
        with self._opening_lock:
            self._buffer.append(body)
            self._size += len(body)
            full, first = self._at_once or self._size > _FULL, len(self._buffer) == 1
        if full:
            self.flush()
        elif first:
            self.wake()

    def wake(self) -> None:
        """See to it that what was written is sent soon."""
        with self._opening_lock:
            if self._thread is None and not self._stop:
                thread = threading.Thread(target=self._work, name="nbtrack-relay", daemon=True)
                with suppress(RuntimeError):  # too many threads, or the interpreter is ending: `close` sends it
                    thread.start()
                    self._thread = thread
        self._wake.set()

    def _work(self) -> None:
        while not self._stop:
            self._wake.wait()
            self._wake.clear()
            time.sleep(PERIOD)  # what comes meanwhile goes along
            self.flush()

    def flush(self, timeout: float = 10.0) -> None:
        """Send what was written so far."""
        with self._sending:
            with self._opening_lock:
                bodies, self._buffer, self._size = self._buffer, [], 0
            if not bodies or self._send is None:
                return
            try:
                self._send(bodies)
            except Exception as error:  # noqa: BLE001 (the way is cut: the user's code goes on)
                self.tell("relay", f"{len(bodies)} records could not be sent to the driver: {error!r}")

    def address(self) -> str:
        """None: processes started from here find no file to look at."""
        return ""

    def close(self) -> None:
        """Send what is left."""
        self._stop = True
        self._wake.set()
        self.flush()

    def after_fork(self) -> None:
        """In a forked child: what was to be sent is the parent's, and so is the way."""
        super().after_fork()
        self._buffer, self._size, self._sending, self._send = [], 0, threading.Lock(), None


class Listener:
    """Takes the records of processes that are started while it is open, for the run ``run``.

    hand_on: gets the writer's id and bodies of records; called from several threads.
    """

    def __init__(self, run: str, hand_on: Callable[[str, list[bytes]], None]) -> None:
        self._secret = secrets.token_hex(16)
        self._hand_on = hand_on
        self._server = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self._before = os.environ.get(VARIABLE)
        os.environ[VARIABLE] = f"{os.getpid()}:{self._server.getsockname()[1]}:{self._secret}:{run}"
        self._thread = threading.Thread(target=self._accept, name="nbtrack-listener", daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:  # it was closed
                return
            thread = threading.Thread(target=self._read, args=(connection,), name="nbtrack-listener", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _read(self, connection: socket.socket) -> None:
        with suppress(OSError, EOFError, ValueError), connection, connection.makefile("rb") as stream:
            if not hmac.compare_digest(_frame(stream, 64), self._secret.encode()):
                return
            writer = _frame(stream, 64).decode("ascii")
            while True:
                self._hand_on(writer, [_frame(stream)])

    def close(self, patience: float = 5.0) -> None:
        """Wait until those that have ended are read to the end, and take no more."""
        if self._before is None:
            os.environ.pop(VARIABLE, None)
        else:
            os.environ[VARIABLE] = self._before
        deadline = time.monotonic() + patience
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()


def _frame(stream: BinaryIO, most: int = MAX_RECORD) -> bytes:
    """What stands behind its length. Raises EOFError at the end, ValueError if it is too long."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    (size,) = _LENGTH.unpack(head)
    if size > most:
        raise ValueError(f"{size} bytes")
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data


_far: Relay | None = None
_far_pid = 0


def far() -> tuple[Relay, str] | None:
    """The relay to the process that started this one, and the id of the run that it works for; None without one."""
    global _far, _far_pid
    pid, _, rest = os.environ.get(VARIABLE, "").partition(":")
    port, _, rest = rest.partition(":")
    secret, _, run = rest.partition(":")
    if not run or pid == str(os.getpid()):
        return None
    if _far is None or _far_pid != os.getpid():
        try:
            connection = socket.create_connection(("127.0.0.1", int(port)), timeout=5.0)
        except (OSError, ValueError):
            return None  # it is gone
        connection.settimeout(None)

        def send(bodies: list[bytes]) -> None:
            connection.sendall(b"".join(_LENGTH.pack(len(body)) + body for body in bodies))

        _far, _far_pid = Relay(send, at_once=True), os.getpid()
        send([secret.encode(), _far.session.encode()])
    return _far, run


class RemoteRun(ActiveRun):
    """A run of another process, on the far side of a relay: the same methods, but large files go in parts."""

    def add_bytes(self, path: str, data: bytes, mime: str | None = None, kind: str = "file") -> None:
        """Store bytes as an artifact; see `ActiveRun.add_bytes`."""
        if not values.is_a(data, bytes, bytearray) or len(data) <= PART:
            super().add_bytes(path, data, mime, kind)
            return
        self._check_open()
        blocks = (bytes(data[at : at + PART]) for at in range(0, len(data), PART))
        self._parts(self._artifact(path, mime, kind), blocks, -(-len(data) // PART))

    def add_file(self, source: Path, path: str, mime: str | None = None, kind: str = "file") -> None:
        """Store a copy of a file as an artifact; see `ActiveRun.add_file`."""
        self._check_open()
        event = self._artifact(path, mime, kind)
        given.check_source(source, self.recorder.project.database)
        try:
            total = max(1, -(-source.stat().st_size // PART))
            with source.open("rb") as file:
                self._parts(event, (file.read(PART) for _ in range(total)), total)
        except OSError as error:
            raise InvalidValue(f"'{source}' cannot be read: {error.strerror}.", "Give a file you may read.") from error

    def _artifact(self, path: str, mime: str | None, kind: str) -> Event:
        return {"e": "artifact", "run": self.id, "path": given.artifact_path(path), "mime": mime, "kind": kind}

    def _parts(self, event: Event, blocks: Iterable[bytes], total: int) -> None:
        event["created"], name = time.time(), secrets.token_hex(6)
        for number, block in enumerate(blocks):
            about: dict[str, Any] = {**event, "part": [name, number, total]}
            self.recorder.append_checked(blob_body(about, block))
