"""What listens, and what goes out: only on this machine, only to who knows the secret, and only where one is asked.

That a whole session reaches nobody is seen in `test_secrets.py`; here the one door there is: a process that executes a
task takes the records of processes that the task starts, by way of the loopback.
"""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from nbtrack.runs import relay
from nbtrack.runs.relay import VARIABLE, Listener

from .watching import watched


class Door:
    """An open listener, and what it handed on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv(VARIABLE, raising=False)
        self.heard: list[tuple[str, list[bytes]]] = []
        with watched() as self.seen:
            self.listener = Listener("run", lambda writer, bodies: self.heard.append((writer, bodies)))
        _, port, self.secret, _ = os.environ[VARIABLE].split(":")
        self.port = int(port)

    def say(self, *frames: bytes) -> None:
        """Connect, say this, and wait until it was heard to its end."""
        with (
            suppress(ConnectionResetError, BrokenPipeError),  # it closed before all was read
            socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection,
        ):
            for frame in frames:
                connection.sendall(struct.pack("<I", len(frame)) + frame)
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(1) == b"", "it never answers"


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    """A listener, as while a task is executed."""
    made = Door(monkeypatch)
    yield made
    made.listener.close(0.1)


def test_it_listens_on_the_loopback_alone(door: Door) -> None:
    assert door.seen.listened == ["('127.0.0.1', 0)"]
    assert door.seen.reached == []


def test_who_does_not_know_the_secret_is_not_heard(door: Door) -> None:
    wrong = "0" * len(door.secret)
    for opening in (wrong.encode(), b"", door.secret[:-1].encode(), b"\xff" * 40):
        door.say(opening, b"writer", b"a record")
    door.say(b"x" * 65, b"writer", b"a record")  # longer than any secret
    assert door.heard == []
    door.say(door.secret.encode(), b"writer", b"a record")
    assert door.heard == [("writer", [b"a record"])]


def test_without_its_defence_everybody_is_heard(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay.hmac, "compare_digest", lambda *_: True)
    door.say(b"0" * 32, b"writer", b"a record")
    assert door.heard == [("writer", [b"a record"])]


def test_a_length_that_nobody_sends_is_not_made_room_for(door: Door) -> None:
    with socket.create_connection(("127.0.0.1", door.port), timeout=20) as connection:
        connection.sendall(struct.pack("<I", len(door.secret)) + door.secret.encode())
        connection.sendall(struct.pack("<I", 6) + b"writer" + struct.pack("<I", 0xFFFFFFFF))
        assert connection.recv(1) == b""
    assert door.heard == []


def test_the_secret_is_no_longer_told_when_the_door_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Door(monkeypatch)
    assert len(made.secret) == 32
    made.listener.close(0.1)
    assert VARIABLE not in os.environ
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", made.port), timeout=1).close()
        except OSError:
            return
    pytest.fail("it still listens")


def test_what_goes_out_is_heard() -> None:
    """The hook that the tests of sessions rely on hears an attempt, before anything is sent."""
    with watched() as heard, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.connect(("192.0.2.1", 9))  # of an address that is nobody's, and UDP: nothing is sent
        out.connect(("127.0.0.1", 9))
    assert heard.reached == ["socket.connect ('192.0.2.1', 9)"]
