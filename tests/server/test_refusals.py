"""Who is refused. Made from the routing table, so that no route is forgotten."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
import websocket
from tornado.web import RequestHandler
from tornado.websocket import WebSocketHandler

from nbtrack.api.rooms import OPERATIONS
from nbtrack.base.config import Project
from nbtrack.server.routes import routes_of

from .conftest import BASE, Answer, Server

# A path of each route that is not an operation; a new route needs one.
PATHS = {
    r"nbtrack/api/([^/]+)": "nbtrack/api/runs.none",
    "nbtrack/projects": "nbtrack/projects",
    "nbtrack/complete": "nbtrack/complete",
    r"nbtrack/static/([^/]+)": "nbtrack/static/panel.css",
    r"nbtrack/artifacts/([^/]+)/(.+)": "nbtrack/artifacts/svm/report.txt",
    "nbtrack/changes": "nbtrack/changes",
}
PATHS |= {f"nbtrack/api/{re.escape(name)}": f"nbtrack/api/{name}" for name in OPERATIONS}
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH")  # OPTIONS tells nothing but what may be asked


def has(handler: type[RequestHandler], method: str) -> bool:
    return getattr(handler, method.lower()) is not RequestHandler._unimplemented_method


ROUTES = [(PATHS.get(pattern.removeprefix(BASE), ""), pattern, handler) for pattern, handler, *_ in routes_of(BASE)]
ASKED = [(method, path) for path, _, handler in ROUTES for method in METHODS if has(handler, method)]
OVER_HTTP = [(method, path) for method, path in ASKED if path != "nbtrack/changes"]


def refused(answer: Answer) -> bool:
    """Whether nothing was told but that."""
    told_nothing = not answer.body or answer.json["error"]["code"] in ("forbidden", "not_found")
    return answer.status in (403, 404) and told_nothing


@pytest.fixture
def denied(server: Server) -> Iterator[Any]:
    """Have the authorizer deny what is said."""
    yield server.denied.write_text
    server.denied.unlink(missing_ok=True)


def test_every_route_is_covered_here() -> None:
    missing = [pattern for path, pattern, _ in ROUTES if not path]
    assert not missing, f"give these routes a path in PATHS: {missing}"
    assert all(re.fullmatch(pattern, BASE + path) for path, pattern, _ in ROUTES)
    assert set(OPERATIONS) <= {path.rpartition("/")[2] for path, _, _ in ROUTES}
    assert sum(issubclass(handler, WebSocketHandler) for _, _, handler in ROUTES) == 1


def test_with_a_token_every_route_answers(server: Server, filled: Project) -> None:
    query = {"project": filled.root.name}
    for method, path in OVER_HTTP:
        answer = server.ask(method, path, query, body=b"{}" if method == "POST" else None)
        if path in ("nbtrack/projects", "nbtrack/complete") or path.startswith("nbtrack/static/"):
            assert answer.status == 200, (method, path)
        assert answer.status != 403, (method, path, answer.body)


@pytest.mark.parametrize("token", [None, "wrong", TOKEN_BEGIN := "a-token-for-the-test"])
def test_no_route_answers_without_the_token(server: Server, token: str | None) -> None:
    open_to_all = [
        asked for asked in OVER_HTTP if not refused(server.ask(*asked, body=b"{}", token=token, query={"project": ""}))
    ]
    assert not open_to_all
    if token:
        by_address = {"token": token, "project": ""}
        assert not [asked for asked in OVER_HTTP if not refused(server.ask(*asked, by_address, token=None))]


def test_no_route_answers_a_cookie_alone(server: Server) -> None:
    cookie = {"Cookie": "; ".join(f"{name}={value}" for name, value in server.cookies().items())}
    answered = [asked for asked in OVER_HTTP if not refused(server.ask(*asked, body=b"{}", token=None, headers=cookie))]
    assert not answered


def test_a_cookie_with_what_only_a_page_of_the_server_has_is_enough(server: Server, filled: Project) -> None:
    cookies = server.cookies()
    cookie = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
    forged = {**cookie, "X-XSRFToken": cookies["_xsrf"]}
    about = {"runs": ["svm"], "starred": True}
    assert server.write("runs.edit", filled.root.name, about, headers=forged, token=None).result["count"] == 1
    own = {**cookie, "Referer": f"http://{server.host}{BASE}lab"}
    assert server.read("runs.page", filled.root.name, headers=own, token=None).result["matched"] == 4
    assert server.write("runs.edit", filled.root.name, about, headers=own, token=None).status == 403
    by_browser = {**cookie, "Sec-Fetch-Site": "same-origin"}
    assert server.read("runs.page", filled.root.name, headers=by_browser, token=None).status == 200
    assert server.write("runs.edit", filled.root.name, about, headers=by_browser, token=None).status == 403
    for site in ("cross-site", "same-site"):
        elsewhere = {**cookie, "Sec-Fetch-Site": site}
        assert server.read("runs.page", filled.root.name, headers=elsewhere, token=None).status == 403


@pytest.mark.parametrize("elsewhere", ["Origin", "Referer"])
def test_no_route_answers_a_page_of_another_site(server: Server, elsewhere: str) -> None:
    cookies = server.cookies()
    cookie = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
    headers = {**cookie, elsewhere: "http://evil.example/lab"}
    if elsewhere == "Origin":  # even if it had got hold of the token of XSRF
        headers["X-XSRFToken"] = cookies["_xsrf"]
    answered = [
        asked for asked in OVER_HTTP if not refused(server.ask(*asked, body=b"{}", token=None, headers=headers))
    ]
    assert not answered


def test_no_route_answers_to_another_name_of_the_host(server: Server) -> None:
    headers = {"Host": f"evil.example:{server.port}"}
    assert not [asked for asked in OVER_HTTP if not refused(server.ask(*asked, body=b"{}", headers=headers))]


def test_the_socket_opens_for_the_same_people_only(server: Server, denied: Any) -> None:
    cookies = server.cookies()
    cookie = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
    own = f"http://{server.host}"
    server.socket().close()
    server.socket(cookie, token=None, origin=own).close()
    refusals: list[dict[str, Any]] = [
        {"token": None},
        {"token": "wrong"},
        {"token": None, "headers": cookie},
        {"token": None, "headers": cookie, "origin": "http://evil.example"},
        {"token": None, "headers": cookie, "origin": "null"},
        {"host": f"evil.example:{server.port}"},
    ]
    for given in refusals:
        with pytest.raises(websocket.WebSocketBadStatusException) as raised:
            server.socket(**given)
        assert raised.value.status_code == 403, given
    denied("read")
    with pytest.raises(websocket.WebSocketBadStatusException):
        server.socket()
    denied("write")
    server.socket().close()


def test_the_authorizer_is_asked_for_reading_and_for_writing(server: Server, filled: Project, denied: Any) -> None:
    name, edit = filled.root.name, {"runs": ["svm"], "note": "x"}
    denied("write")
    assert server.write("runs.edit", name, edit).status == 403
    assert server.read("runs.page", name).status == 200
    assert server.write("runs.page", name).status == 200, "a long question by POST changes nothing"
    for op in OPERATIONS.values():
        if op.method == "POST":
            assert server.write(op.name, name).error["code"] == "forbidden", op.name
    denied("read")
    for method, path in OVER_HTTP:
        reads = path.rpartition("/")[2] not in OPERATIONS or OPERATIONS[path.rpartition("/")[2]].method == "GET"
        status = server.ask(method, path, {"project": name}, body=b"{}" if method == "POST" else None).status
        assert (status == 403) == reads, (method, path)
    assert server.read("runs.get", name, {"run": "svm"}).status == 403
    denied("")
    assert server.read("runs.get", name, {"run": "svm"}).result["row"]["note"] == "=HYPERLINK()"


def test_what_changes_something_is_refused_by_get(server: Server, filled: Project) -> None:
    for op in OPERATIONS.values():
        if op.method == "POST":
            answer = server.read(op.name, filled.root.name, {})
            assert (answer.status, answer.headers.get("Allow")) == (405, "POST"), op.name
            assert answer.error["code"] == "method"


def test_asking_is_no_activity(server: Server, filled: Project) -> None:
    def latest() -> str:
        return server.ask("GET", "api/status").json["last_activity"]

    server.ask("GET", "api/contents")
    before = latest()
    time.sleep(0.01)
    query = {"project": filled.root.name}
    heard = server.socket()
    heard.send(json.dumps({"watch": [filled.root.name]}))
    heard.recv()
    for method, path in OVER_HTTP:
        server.ask(method, path, query, body=b"{}" if method == "POST" else None)
    assert latest() == before
    heard.close()
    server.ask("GET", "api/contents")
    assert latest() != before, "this test would not see activity"
