"""Requests that are bad as HTTP, or whose bodies are: refused in words, and the server goes on."""

from __future__ import annotations

import gzip
import json
import socket
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from tests.inputs import judge

from .conftest import BASE, PATIENCE, TOKEN, Answer, Server

GOOD = b'{"limit": 1}'


@pytest.fixture(autouse=True)
def goes_on(server: Server, name: str) -> Iterator[None]:
    """The server answers afterwards and has written of no fault of its own."""
    said = len(server.log())
    yield
    assert server.read("runs.page", name).status == 200
    assert "Traceback" not in server.log()[said:]


def clear(answer: Answer, status: int, code: str) -> None:
    assert (answer.status, answer.error["code"]) == (status, code), answer.body[:300]
    assert judge.unclear(answer.error["message"], answer.error["hint"]) == []


def raw(server: Server, head: str, body: bytes = b"", path: str = "api/runs.page") -> int | None:
    """The status of an answer to what no client of HTTP would send; None if the server hung up instead."""
    lines = f"{BASE}nbtrack/{path} HTTP/1.1\r\nHost: {server.host}\r\nAuthorization: token {TOKEN}\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as connection:
        got = b""
        with suppress(ConnectionError):  # it may hang up before all is sent, and has answered then
            connection.sendall(f"POST {lines}{head}\r\n".encode("latin-1") + body)
        with suppress(ConnectionError):
            while b"\r\n" not in got and (more := connection.recv(4096)):
                got += more
    return int(got.split()[1]) if got else None


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
                                  "application/xml", "application/jsonp", "nonsense"])  # fmt: skip
def test_a_body_that_is_said_to_be_no_json_is_refused(server: Server, name: str, kind: str) -> None:
    clear(server.write("runs.page", name, GOOD, headers={"Content-Type": kind}), 415, "unsupported")


@pytest.mark.parametrize(
    "kind", ["application/json", "Application/JSON; charset=UTF-8", "application/json;charset=utf-8"]
)
def test_a_body_that_is_said_to_be_json_is_taken(server: Server, name: str, kind: str) -> None:
    assert server.write("runs.page", name, GOOD, headers={"Content-Type": kind}).status == 200


def test_a_compressed_body_is_refused(server: Server, name: str) -> None:
    packed = gzip.compress(GOOD)
    clear(server.write("runs.page", name, packed, headers={"Content-Encoding": "gzip"}), 415, "unsupported")
    clear(server.write("runs.page", name, packed), 400, "invalid_request")
    bomb = gzip.compress(b" " * (20 << 20))
    clear(server.write("runs.page", name, bomb, headers={"Content-Encoding": "gzip"}), 415, "unsupported")


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"filter":' * 100_000,
        b"\xff\xfe{}",
        b'{"filter": "\xc3\x28"}',
        b'{"filter": "\\ud800"}',
        b'{"limit": 1}}',
    ],
)
def test_a_body_that_is_no_json_is_refused(server: Server, name: str, body: bytes) -> None:
    clear(server.write("runs.page", name, body), 400, "invalid_request")


@pytest.mark.parametrize(
    "body", [b'{"limit": 1, "limit": 2}', b'{"limit": 1, "limit": 1}', b'{"limit": 1, "l\\u0069mit": 1}']
)
def test_a_name_that_stands_twice_in_a_body_is_refused(server: Server, name: str, body: bytes) -> None:
    answer = server.write("runs.page", name, body)
    clear(answer, 400, "invalid_request")
    assert "'limit'" in answer.error["message"]


def test_fifty_megabytes_are_refused_in_words(server: Server, name: str) -> None:
    clear(server.write("runs.page", name, GOOD + b" " * (50 << 20)), 413, "too_large")


def test_a_body_in_chunks_is_taken_and_one_without_end_refused(server: Server, name: str) -> None:
    where = f"api/runs.page?project={name}"
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (GOOD[:5], GOOD[5:])) + b"0\r\n\r\n"
    chunked = "Transfer-Encoding: chunked\r\n"
    assert raw(server, chunked, chunks, where) == 200
    large = b"".join([b"100000\r\n" + b" " * (1 << 20) + b"\r\n"] * 9) + b"0\r\n\r\n"
    assert raw(server, chunked, large, where) == 413
    assert raw(server, chunked, b"zz\r\n{}\r\n0\r\n\r\n", where) in (400, None)
    assert raw(server, chunked, b"5\r\n{}xxxxxxxx\r\n0\r\n\r\n", where) in (400, None)
    assert raw(server, f"{chunked}Content-Length: 5\r\n", chunks, where) == 400


@pytest.mark.parametrize("method", ["HEAD", "PUT", "PATCH", "DELETE"])
def test_another_method_is_refused_in_words(server: Server, name: str, method: str) -> None:
    for op in ("runs.page", "runs.rename", "runs.none"):
        answer = server.ask(method, f"nbtrack/api/{op}", {"project": name}, body=None if method == "HEAD" else GOOD)
        if method == "HEAD":
            assert (answer.status, answer.body) == (405, b"")
        else:
            clear(answer, 405, "method")


@pytest.mark.parametrize(
    "length", ["-1", "-99999999999999999999", "99999999999999999999", "5, 6", "five", "0x5", "1e3", ""]
)
def test_a_length_that_is_none_is_refused(server: Server, length: str) -> None:
    assert raw(server, f"Content-Length: {length}\r\n", GOOD) == 400


def test_a_header_that_is_too_long_is_refused(server: Server, name: str) -> None:
    where = f"api/runs.page?project={name}"
    assert raw(server, f"X: {'x' * 30_000}\r\nContent-Length: {len(GOOD)}\r\n", GOOD, where) == 200
    assert raw(server, f"X: {'x' * 65_536}\r\nContent-Length: {len(GOOD)}\r\n", GOOD, where) in (431, 400, None)
    assert raw(server, f"X: {'x' * 5_000_000}\r\nContent-Length: 0\r\n", b"", where) in (431, 400, None)


def test_what_it_takes_is_what_was_sent(server: Server, name: str) -> None:
    """The checks above see what is good."""
    answer: Any = server.write("runs.page", name, GOOD, headers={"Content-Type": "application/json"})
    assert json.loads(answer.body)["ok"] is True
