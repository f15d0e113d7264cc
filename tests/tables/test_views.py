"""How the panel was last arranged: kept whole or not at all, and never in the way of the runs."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nbtrack.api.dispatch import dispatch
from nbtrack.base.errors import InvalidOption, StoreReadOnly
from nbtrack.tables import contract as c
from nbtrack.tables import views

STATE = {
    "columns": ["params.lr", "é<script>"],
    "sort": [{"key": "metrics.acc", "down": True}],
    "width": 1.5,
    "n": None,
    "big": 2**53 + 1,
}


@pytest.fixture
def file(shelf: Any) -> Path:
    """Where the view of a project with one run is kept."""
    shelf.put(params={"lr": 1})
    return Path(shelf.project.folder / "views.json")


def others(file: Path) -> list[str]:
    return sorted(path.name for path in file.parent.iterdir() if path.name.startswith((".views", "views")))


def test_what_was_saved_is_what_is_there(shelf: Any, file: Path) -> None:
    assert shelf.tables.view() == c.View(None)
    assert shelf.tables.save(c.View(STATE)) == c.View(STATE)
    assert shelf.tables.view() == c.View(STATE)
    assert shelf.tables.save(c.View({})) == c.View({})
    assert shelf.tables.save(c.View(None)) == c.View(None)
    assert others(file) == []
    assert shelf.tables.save(c.View(None)) == c.View(None)


def test_only_its_owner_may_read_it_and_nothing_else_is_left(shelf: Any, file: Path) -> None:
    for _ in range(3):
        shelf.tables.save(c.View(STATE))
    assert others(file) == ["views.json"]
    assert file.stat().st_mode & 0o777 == 0o600


def test_the_revision_of_the_runs_stays(shelf: Any, file: Path) -> None:
    before = shelf.reads.revision()
    shelf.tables.save(c.View(STATE))
    assert shelf.reads.revision() == before


def test_nothing_is_made_for_a_project_without_runs(shelf: Any) -> None:
    assert shelf.tables.save(c.View(STATE)) == c.View(None)
    assert not shelf.project.folder.exists()


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[1]",
        b"null",
        b'"x"',
        b"\xff",
        b"[" * 100_000,
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
        b"\0" * 100,
        b'{"a":"' + b"x" * views.MAX_BYTES + b'"}',
    ],
    ids=lambda text: str(text)[:20],
)
def test_a_file_that_cannot_be_read_is_no_view(shelf: Any, file: Path, text: bytes) -> None:
    file.write_bytes(text)
    assert shelf.tables.view() == c.View(None)
    assert json.loads(dispatch(shelf.project, "tables.view")) == {"ok": True, "result": {"state": None}}
    shelf.tables.save(c.View(STATE))
    assert shelf.tables.view() == c.View(STATE)


def test_something_else_in_its_place_is_no_view_and_no_trouble(shelf: Any, file: Path) -> None:
    file.mkdir()
    assert shelf.tables.view() == c.View(None)
    with pytest.raises(StoreReadOnly, match=r"views\.json"):
        shelf.tables.save(c.View(STATE))
    assert others(file) == ["views.json"], "no half of a view is left"
    file.rmdir()
    os.mkfifo(file)
    assert shelf.tables.view() == c.View(None), "nobody waits for a writer of a pipe"


def test_a_link_is_replaced_and_what_it_led_to_stays(shelf: Any, file: Path, tmp_path: Path) -> None:
    target = tmp_path / "mine.json"
    target.write_text('{"mine": 1}')
    file.symlink_to(target)
    shelf.tables.save(c.View(STATE))
    assert target.read_text() == '{"mine": 1}'
    assert not file.is_symlink()


def test_the_largest_view_is_kept_and_a_larger_one_refused(shelf: Any, file: Path) -> None:
    fits = {"a": "x" * (views.MAX_BYTES - len('{"a":""}'))}
    assert shelf.tables.save(c.View(fits)) == c.View(fits)
    with pytest.raises(InvalidOption, match="bytes"):
        shelf.tables.save(c.View({"a": fits["a"] + "x"}))
    assert shelf.tables.view() == c.View(fits), "what was there stays"


@pytest.mark.parametrize("value", [object(), "\ud800", {1: 2j}], ids=["object", "surrogate", "complex"])
def test_what_has_no_json_is_refused(shelf: Any, file: Path, value: Any) -> None:
    with pytest.raises(InvalidOption, match="no JSON"):
        shelf.tables.save(c.View({"a": value}))
    assert others(file) == []


def test_a_write_that_fails_half_way_leaves_the_view_before(
    shelf: Any, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.tables.save(c.View(STATE))

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreReadOnly, match="No space left"):
        shelf.tables.save(c.View({"new": 1}))
    assert shelf.tables.view() == c.View(STATE)
    assert others(file) == ["views.json"]


@pytest.fixture
def frozen(file: Path) -> Iterator[Path]:
    """The project's folder, mounted read-only; where no mount is allowed, made so by its mode."""
    folder = file.parent
    if os.geteuid() != 0:
        folder.chmod(0o500)
    elif subprocess.run(["mount", "--bind", folder, folder], capture_output=True, check=False).returncode:
        pytest.skip("root may write everywhere, and here it may not mount")
    else:
        subprocess.run(["mount", "-o", "remount,ro,bind", folder], capture_output=True, check=True)
    yield file
    subprocess.run(["umount", "-l", folder], capture_output=True, check=False)
    folder.chmod(0o700)


def test_a_project_that_cannot_be_written_says_so(shelf: Any, frozen: Path) -> None:
    with pytest.raises(StoreReadOnly) as raised:
        shelf.tables.save(c.View(STATE))
    assert "writable" in raised.value.hint
    assert shelf.tables.view() == c.View(None)
    answer = json.loads(dispatch(shelf.project, "tables.save", {"state": STATE}))
    assert answer["error"]["code"] == "store_read_only"
