"""Artifacts come whole, in ranges and inert; built files come once."""

from __future__ import annotations

import gzip
import hashlib
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, unquote

import pytest

from nbtrack.api import built
from nbtrack.api.rooms import service
from nbtrack.base.config import Project
from nbtrack.runs import current, objects
from nbtrack.server.files import disposition

from .conftest import Answer, Server

FILM = bytes(range(256)) * 8192  # 2 MiB
HTML = b"<script>document.title = 'run'</script>"
FILES = {
    "film.mp4": (FILM, "video/mp4"),
    "notes.txt": (b"ein Text\n", "text/plain"),
    "plot.png": (b"\x89PNG\r\n", "image/png"),
    "page.html": (HTML, "text/html"),
    "drawing.svg": (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "image/svg+xml"),
    "data.xml": (b"<?xml version='1.0'?><a/>", "application/xml"),
    "paper.pdf": (b"%PDF-1.4", "application/pdf"),
    "odd": (HTML, "text/html\r\nX-Evil: 1"),
    "odder": (HTML, "image/png; charset=utf-7"),
    "untyped.bin": (b"\0\1", None),
    'deep/er/ünï "q".txt': (b"deep", "text/plain"),
    "empty.txt": (b"", "text/plain"),
}


@pytest.fixture
def kept(project: Project) -> Project:
    """A project with a run that has artifacts."""
    with current.begin(project, name="kept") as run:
        for path, (content, mime) in FILES.items():
            run.add_bytes(path, content, mime)
    service(project).refresh(force=True)
    return project


@pytest.fixture
def ask(server: Server, kept: Project) -> Callable[..., Answer]:
    """Ask for an artifact of the run."""

    def asking(path: str, method: str = "GET", run: str = "kept", **headers: str) -> Answer:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        where = f"nbtrack/artifacts/{quote(run, safe='')}/{quote(path)}"
        return server.ask(method, where, {"project": kept.root.name}, headers=given)

    return asking


def test_an_artifact_comes_whole_with_what_makes_it_inert(ask) -> None:
    for path, (content, _) in FILES.items():
        answer = ask(path)
        assert (answer.status, answer.body) == (200, content), path
        assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Length"] == str(len(content))
        assert answer.headers["Cache-Control"] == "private, no-cache"
        assert "Last-Modified" not in answer.headers
        assert "X-Evil" not in answer.headers
        head = ask(path, "HEAD")
        assert (head.status, head.body) == (200, b"")
        own = ("Content-Length", "Etag", "Content-Type", "Content-Disposition")
        assert [head.headers[name] for name in own] == [answer.headers[name] for name in own]


def test_only_pictures_sound_film_and_plain_text_are_shown_at_once(ask) -> None:
    shown = {path for path in FILES if ask(path).headers["Content-Disposition"].startswith("inline;")}
    assert shown == {"film.mp4", "notes.txt", "plot.png", "empty.txt", 'deep/er/ünï "q".txt'}
    for path in set(FILES) - shown:
        assert ask(path).headers["Content-Disposition"].startswith("attachment;"), path
    types = {path: ask(path).headers["Content-Type"] for path in FILES}
    assert types["notes.txt"] == "text/plain; charset=utf-8"
    assert types["drawing.svg"] == "image/svg+xml"
    assert types["odd"] == types["odder"] == types["untyped.bin"] == "application/octet-stream"


@pytest.mark.parametrize(
    ("given", "status", "about", "part"),
    [
        ("bytes=0-99", 206, "bytes 0-99/2097152", FILM[:100]),
        ("bytes=100-", 206, "bytes 100-2097151/2097152", FILM[100:]),
        ("bytes=-5", 206, "bytes 2097147-2097151/2097152", FILM[-5:]),
        ("bytes=2097151-9999999", 206, "bytes 2097151-2097151/2097152", FILM[-1:]),
        ("bytes=0-", 200, None, FILM),
        ("bytes=2097152-", 416, "bytes */2097152", b""),
        ("bytes=9-3", 416, "bytes */2097152", b""),
        ("nonsense", 200, None, FILM),
        ("bytes=a-b", 200, None, FILM),
    ],
)
def test_a_range_is_that_part(ask, given: str, status: int, about: str | None, part: bytes) -> None:
    answer = ask("film.mp4", Range=given)
    assert (answer.status, answer.headers.get("Content-Range"), answer.body) == (status, about, part)
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"


def test_what_the_browser_has_is_not_sent_again(ask) -> None:
    etag = ask("film.mp4").headers["Etag"]
    assert etag == f'"{hashlib.sha256(FILM).hexdigest()}"'
    again = ask("film.mp4", If_None_Match=etag)
    assert (again.status, again.body) == (304, b"")
    assert ask("film.mp4", If_None_Match='"other"').status == 200
    assert ask("film.mp4", If_Modified_Since="Wed, 21 Oct 2099 07:28:00 GMT").status == 200, "dates say nothing here"
    assert ask("film.mp4", Range="bytes=0-9", If_Range=etag).body == FILM[:10]
    changed = ask("film.mp4", Range="bytes=0-9", If_Range='"other"')
    assert (changed.status, changed.body) == (200, FILM), "a part of another content must not be joined to this one"
    assert ask("film.mp4", Range="bytes=0-9", If_Range="Wed, 21 Oct 2015 07:28:00 GMT").status == 200


def test_nothing_but_artifacts_is_sent(ask, kept: Project) -> None:
    (kept.root / "secret.txt").write_text("secret")
    for path in (
        "../secret.txt",
        "../../secret.txt",
        "/etc/passwd",
        "secret.txt",
        "..",
        "%2e%2e/secret.txt",
        "a\0b",
        "é",
    ):
        answer = ask(path)
        assert (answer.status, answer.error["code"]) == (404, "not_found"), path
    for run in ("..", "../..", "nobody", "%2e%2e", "a\0", "*"):
        assert ask("notes.txt", run=run).status == 404, run


def test_a_damaged_file_is_not_sent(ask, kept: Project) -> None:
    name = hashlib.sha256(FILM).hexdigest()
    place = objects.path_of(kept.objects, name)
    assert ask("film.mp4", Range="bytes=0-9").status == 206
    place.chmod(0o600)
    place.write_bytes(FILM[:-1] + b"x")
    answer = ask("film.mp4", Range="bytes=0-9")
    assert answer.error["code"] == "store_foreign"
    assert "changed or damaged" in answer.error["message"]
    assert answer.headers["Content-Type"] == "application/json"
    place.write_bytes(FILM[:-1])
    assert ask("film.mp4").error["code"] == "store_foreign"
    place.unlink()
    assert (ask("film.mp4").status, ask("film.mp4").error["code"]) == (404, "not_found")
    place.symlink_to("/etc/hostname")
    assert "link" in ask("film.mp4").error["message"]
    place.unlink()
    place.mkdir()
    assert ask("film.mp4").status == 404


def test_a_database_that_names_a_file_elsewhere_is_not_believed(ask, server: Server, kept: Project) -> None:
    secret = kept.root / "secret.txt"
    secret.write_text("secret")
    conn = sqlite3.connect(kept.database)
    conn.execute("PRAGMA foreign_keys = OFF")
    for number, hashed in enumerate(("../../../secret.txt", f"..{secret}", "..//../../dev/zero", "zz" * 32)):
        conn.execute("UPDATE artifacts SET hash = ?, size = 6 WHERE path = 'notes.txt'", (hashed,))
        conn.commit()
        assert ask("notes.txt").error["code"] == "store_foreign", number
        read = server.read("runs.artifact", kept.root.name, {"run": "kept", "path": "notes.txt"})
        assert read.error["code"] in ("store_foreign", "not_found")
    conn.close()


@pytest.mark.parametrize(
    "name",
    [
        "a.txt",
        "ünï.txt",
        'a"b.txt',
        "a\r\nX-Evil: 1.txt",
        "a\\b",
        "",
        "..",
        "a%41.txt",
        "a;b=c",
        "日本語",
        "\ud800x",
        "\0",
    ],
)
def test_any_name_is_one_that_can_be_saved(name: str) -> None:
    for inline in (True, False):
        value = disposition(name, inline)
        assert value.isascii()
        assert value.isprintable()
        head, plain, full = value.split("; ")[0], value.split('"')[1], value.rpartition("''")[2]
        assert head == ("inline" if inline else "attachment")
        assert plain
        assert not set('"\\/') & set(plain)
        assert unquote(full)
    assert unquote(disposition("日本語", True).rpartition("''")[2]) == "日本語"


def test_a_large_artifact_is_not_held_in_memory(server: Server, project: Project, tmp_path: Path) -> None:
    large = tmp_path / "large.bin"
    with large.open("wb") as writing:
        writing.truncate(48 << 20)
    with current.begin(project, name="large") as run:
        run.add_file(large, "large.bin")
    service(project).refresh(force=True)

    def most() -> int:
        text = Path(f"/proc/{server.process.pid}/status").read_text() if os.path.exists("/proc/self/status") else ""
        return next((int(line.split()[1]) for line in text.splitlines() if line.startswith("VmHWM")), 0)

    before = most()
    path = "nbtrack/artifacts/large/large.bin"
    assert server.ask("GET", path, {"project": project.root.name}).headers["Content-Length"] == str(48 << 20)
    assert most() - before < 24_000, "kB more at its largest"


# -- built files


def test_built_files_come_with_their_type_and_once(server: Server) -> None:
    for name, kind in ((built.MODULE, "text/javascript"), (built.STYLE, "text/css"), *built.ASSETS.items()):
        answer = server.get(f"static/{name}")
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith(kind)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-cache"
        assert answer.body == (built.STATIC / name).read_bytes()
        packed = server.get(f"static/{name}", headers={"Accept-Encoding": "gzip"})
        assert gzip.decompress(packed.body) == answer.body
        assert server.get(f"static/{name}", headers={"If-None-Match": answer.headers["Etag"]}).status == 304
    for name in ("nothing.js", "..", "%2e%2e%2froutes.py", "panel.js.map"):
        assert server.get(f"static/{name}").status == 404
