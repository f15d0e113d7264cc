"""Which browser the tests drive, and what is done and said where there is none."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from . import browser as browsers
from .browser import NoBrowser


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The one folder that is on PATH; nothing was downloaded and nobody named a browser."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("NBTRACK_BROWSER", raising=False)
    monkeypatch.setattr(browsers, "downloaded", lambda: str(tmp_path / "downloaded"))
    return folder


def program(path: Path, script: str = "exit 0") -> str:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_a_browser_on_path_is_used_and_one_that_does_not_start_is_passed_over(path: Path) -> None:
    program(path / "chromium-browser", "echo 'comes as a snap' >&2; exit 1")
    assert browsers.find() is None
    chrome = program(path / "google-chrome")
    assert browsers.find() == chrome


def test_the_browser_that_is_named_is_used_or_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(path / "chromium")
    monkeypatch.setenv("NBTRACK_BROWSER", program(path.parent / "mine"))
    assert browsers.find() == str(path.parent / "mine")
    monkeypatch.setenv("NBTRACK_BROWSER", str(path.parent / "gone"))
    with pytest.raises(NoBrowser, match="gone' does not start"):
        browsers.find()


def test_the_chromium_that_playwright_downloaded_is_the_last_choice(path: Path) -> None:
    own = program(path.parent / "downloaded")
    assert browsers.find() == own
    on_path = program(path / "chromium")
    assert browsers.find() == on_path


def test_where_there_is_none_one_way_after_the_other_is_tried(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fails = program(path.parent / "fails", "echo 'E: no such package'; echo more; exit 3")
    works = program(path.parent / "works", f"echo '#!/bin/sh' >{path}/chromium; /bin/chmod +x {path}/chromium")
    monkeypatch.setattr(browsers, "ways", lambda: [("one", [(fails,)]), ("other", [(works,)])])
    assert browsers.bring() == str(path / "chromium")


def test_where_none_can_be_had_all_that_was_tried_is_said(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fails = program(path.parent / "fails", "echo 'E: no such package'; echo more; exit 3")
    works = program(path.parent / "works")
    monkeypatch.setattr(browsers, "ways", lambda: [("one", [(works,), (fails, "-x")]), ("other", [(works,)])])
    with pytest.raises(NoBrowser) as raised:
        browsers.bring()
    said = str(raised.value)
    assert f"{fails} -x: status 3: E: no such package" in said
    assert f"{works}: ended well, but its Chromium does not start" in said
    assert "NBTRACK_BROWSER=" in said


@pytest.mark.parametrize(("user", "expected"), [(0, ["apt", "playwright"]), (1000, ["playwright"])])
def test_apt_is_asked_only_by_root(path: Path, monkeypatch: pytest.MonkeyPatch, user: int, expected: list[str]) -> None:
    program(path / "apt-get")
    monkeypatch.setattr(browsers.os, "geteuid", lambda: user, raising=False)
    assert [way for way, _ in browsers.ways()] == expected
