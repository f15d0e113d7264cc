"""The REST routes: each attack is refused, and would succeed if its defence were not there.

Who is refused on which route is asked of the whole routing table in `tests/server/test_refusals.py`, what an artifact
is sent with in `tests/server/test_files.py`, which names lead out in `tests/server/test_operations.py`. Here the same
attacks are made on a server that leaves one defence out: they are real.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

import pytest

from nbtrack.base.config import Project
from nbtrack.runs import current
from nbtrack.runs.projects import database_of, recorder_of
from nbtrack.runs.service import RunsService
from nbtrack.server.files import disposition
from nbtrack.server.routes import routes_of
from tests.server.conftest import BASE, Answer, Server, running

HTML = b"<script>parent.pwned = 1</script>"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload='parent.pwned = 1'/>"
Attack = Callable[["Attacked", Mapping[str, str]], bool]


class Attacked:
    """A server, and a project in its folder and one beside it."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.cookies = server.cookies()
        self.cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def read(self, headers: Mapping[str, str], project: str = "inside", token: bool = False) -> Answer:
        """Ask for the runs of a project."""
        more = {} if token else {"token": None}
        return self.server.read("runs.page", project, headers=headers, **more)

    def write(self, headers: Mapping[str, str], note: str) -> bool:
        """Change a run; whether it was changed."""
        about = {"runs": ["svm"], "note": note}
        self.server.write("runs.edit", "inside", about, headers=headers, token=None)
        found = self.server.read("runs.get", "inside", {"run": "svm"}).result
        return bool(found["row"]["note"] == note)

    def artifact(self, path: str, headers: Mapping[str, str]) -> Answer:
        """Ask for an artifact."""
        return self.server.ask("GET", f"nbtrack/artifacts/svm/{quote(path)}", {"project": "inside"}, headers=headers)


@pytest.fixture(scope="session")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacked]:
    """The server with `weak_server` as its configuration."""
    home = tmp_path_factory.mktemp("weak")
    more = home / "more"
    more.mkdir()
    text = Path(__file__).with_name("weak_server.py").read_text(encoding="utf-8")
    (more / "jupyter_server_config.py").write_text(text, encoding="utf-8")
    (home / "root").mkdir()
    for place in (home / "root" / "inside", home / "outside"):
        place.mkdir()
        fill(Project(place))
    (home / "root" / "link").symlink_to(home / "outside")
    environment = {"JUPYTER_CONFIG_PATH": str(more), "NBTRACK_TEST_ROUTES": str(home / "routes.json")}
    for server in running(home / "root", home, **environment):
        yield Attacked(server)


def fill(project: Project) -> None:
    """A run with files."""
    with current.begin(project, name="svm") as run:
        run.log({"acc": 0.97})
        run.add_bytes("page.html", HTML, "text/html")
        run.add_bytes("drawing.svg", SVG, "image/svg+xml")
    RunsService(project).refresh(force=True)
    recorder_of(project).close()
    database_of(project).close()


def denied(attacked: Attacked, headers: Mapping[str, str]) -> bool:
    attacked.server.denied.write_text("read")
    try:
        return attacked.read(headers, token=True).status == 200
    finally:
        attacked.server.denied.unlink()


def shown(path: str, content: bytes) -> Attack:
    """Whether a file comes as a page of the server's own, which a browser shows and where script would run."""

    def attack(attacked: Attacked, headers: Mapping[str, str]) -> bool:
        answer = attacked.artifact(path, headers)
        assert (answer.status, answer.body) == (200, content)
        apart = "sandbox" in answer.headers.get("Content-Security-Policy", "")
        saved = answer.headers.get("Content-Disposition", "").startswith("attachment")
        return not apart and not saved

    return attack


# By name: which defence stands in its way, and the attack: whether it succeeded.
ATTACKS: dict[str, tuple[str, Attack]] = {
    "no token": ("login site", lambda on, headers: on.read(headers).status == 200),
    "a cookie alone reads": ("site", lambda on, headers: on.read({**headers, "Cookie": on.cookie}).status == 200),
    "a cookie alone writes": ("site", lambda on, headers: on.write({**headers, "Cookie": on.cookie}, "by cookie")),
    "no leave": ("leave", denied),
    "another host": (
        "host",
        lambda on, headers: on.read({**headers, "Host": "evil.example"}, token=True).status == 200,
    ),
    "another origin, with the token of XSRF": (
        "origin site",
        lambda on, headers: on.write(
            {**headers, "Cookie": on.cookie, "X-XSRFToken": on.cookies["_xsrf"], "Origin": "http://evil.example"},
            "from elsewhere",
        ),
    ),
    "a folder above": ("inside", lambda on, headers: on.read(headers, "../outside", token=True).status == 200),
    "a link that leads out": ("inside", lambda on, headers: on.read(headers, "link", token=True).status == 200),
    "HTML shown as a page": ("sandbox attachment", shown("page.html", HTML)),
    "SVG shown as a page": ("sandbox attachment", shown("drawing.svg", SVG)),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_refused_and_without_its_defence_it_succeeds(name: str, attacked: Attacked) -> None:
    defence, attack = ATTACKS[name]
    assert not attack(attacked, {})
    assert attack(attacked, {"X-Without": defence})


@pytest.mark.parametrize("one", ["sandbox", "attachment"])
@pytest.mark.parametrize("path", ["page.html", "drawing.svg"])
def test_either_defence_of_a_file_holds_without_the_other(path: str, one: str, attacked: Attacked) -> None:
    content = HTML if path == "page.html" else SVG
    assert not shown(path, content)(attacked, {"X-Without": one})
    assert attacked.artifact(path, {"X-Without": one}).headers["X-Content-Type-Options"] == "nosniff"


def test_the_routes_that_are_asked_everywhere_are_all_that_the_server_has_of_ours(attacked: Attacked) -> None:
    there = json.loads((attacked.server.home / "routes.json").read_text())
    assert {pattern.removesuffix("$") for pattern in there} == {pattern for pattern, *_ in routes_of(BASE)}


@pytest.mark.parametrize(
    "name", ["a\r\nX-Evil: 1.txt", 'a"; filename=b', "a\nSet-Cookie: x=1", "a\0b", "\u2028", "a\x85b"]
)
def test_no_name_of_a_file_ends_its_header(name: str) -> None:
    value = disposition(name, False)
    assert not set(value) & {chr(code) for code in (*range(32), 127)}
    assert value.count('"') == 2
