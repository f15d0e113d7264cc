"""What files and folders hold, what DVC and git say of them, and which of them an execution opens."""

from __future__ import annotations

import hashlib
import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from nbtrack.capture.data import files as module
from nbtrack.capture.data import reading
from nbtrack.capture.data.files import Files
from nbtrack.capture.data.paths import inside
from nbtrack.capture.data.versions import dvc_state
from nbtrack.capture.git import file_states


def test_the_hash_of_a_file_is_its_sha256(tmp_path: Path) -> None:
    place = tmp_path / "a.csv"
    place.write_bytes(b"x" * 3_000_000)
    held = Files().file(str(place))
    assert held is not None
    assert held.hash == f"sha256-{hashlib.sha256(b'x' * 3_000_000).hexdigest()}"
    assert held.info["size"] == 3_000_000
    assert held.md5 == hashlib.md5(b"x" * 3_000_000, usedforsecurity=False).hexdigest()


def test_a_large_file_is_sampled_and_says_so_unless_all_of_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LIMIT", 4 << 20)
    place = tmp_path / "large.bin"
    place.write_bytes(os.urandom(6 << 20))
    files = Files()
    sampled = files.file(str(place))
    full = files.file(str(place), full=True)
    assert sampled is not None
    assert full is not None
    assert (sampled.info["sampled"], sampled.md5) == (True, None)
    assert sampled.hash.startswith("sha256.64M-")
    assert full.hash == f"sha256-{hashlib.sha256(place.read_bytes()).hexdigest()}"
    with place.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"!")
    again = files.file(str(place))
    assert again is not None
    assert again.hash != sampled.hash


def test_a_file_is_read_again_only_when_it_has_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place, files = tmp_path / "a.csv", Files()
    place.write_text("1")
    first = files.file(str(place))
    monkeypatch.setattr(module, "_read", lambda *_: pytest.fail("it was read again"))
    assert files.file(str(place)) is first
    monkeypatch.undo()
    place.write_text("2")
    os.utime(place, ns=(1, 1))
    assert files.file(str(place)) != first


def test_what_is_no_file_of_the_users_is_not_read(tmp_path: Path) -> None:
    own = tmp_path / ".nbtrack"
    own.mkdir()
    (own / "nbtrack.db").write_text("ours")
    (tmp_path / "link").symlink_to(own / "nbtrack.db")
    os.mkfifo(tmp_path / "pipe")
    for name in ("absent", "link", "pipe", ".nbtrack/nbtrack.db", "a\0b"):
        assert Files().file(str(tmp_path / name)) is None


def test_a_database_is_known_by_size_and_time_without_being_opened(tmp_path: Path) -> None:
    place = tmp_path / "x.sqlite"
    place.write_text("1")
    opened = reading.begin()
    held = Files().file(str(place))
    reading.end(opened)
    assert held is not None
    assert held.hash.startswith("sha256.time-")
    assert str(place) not in opened.read
    os.utime(place, ns=(5, 5))
    later = Files().file(str(place))
    assert later is not None
    assert later.hash != held.hash


def test_a_folder_is_known_by_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "data"
    (folder / "b").mkdir(parents=True)
    (folder / "a.txt").write_text("1")
    (folder / "b" / "c.txt").write_text("2")
    (folder / "round").symlink_to(folder)
    first = Files().folder(str(folder))
    assert first is not None
    assert (first.info["files"], first.info["size"]) == (2, 2)
    assert first.hash.startswith("sha256.tree-")
    os.utime(folder / "a.txt", ns=(1, 1))
    assert Files().folder(str(folder)).hash == first.hash  # type: ignore[union-attr]
    (folder / "b" / "c.txt").write_text("3")
    assert Files().folder(str(folder)).hash != first.hash  # type: ignore[union-attr]
    monkeypatch.setattr(module, "_MOST_FILES", 1)
    listed = Files().folder(str(folder))
    assert listed is not None
    assert (listed.hash.startswith("sha256.list-"), listed.info["sampled"]) == (True, True)
    monkeypatch.setattr(module, "_MOST_LISTED", 1)
    assert Files().folder(str(folder)).info["more"] is True  # type: ignore[union-attr]
    assert Files().folder(str(tmp_path / "absent")) is None


def test_a_path_is_told_by_the_project_or_by_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    root = tmp_path / "project"
    assert inside(str(root / "data" / "x.csv"), root) == "data/x.csv"
    assert inside(str(tmp_path / "home" / "x.csv"), root) == "~/x.csv"
    assert inside(str(tmp_path / "project2" / "x.csv"), root) == str(tmp_path / "project2" / "x.csv")


# -- DVC and git

POINTER = """\
outs:
- md5: {md5}
  size: 3
  hash: md5
  path: {path}
"""
LOCK = """\
schema: '2.0'
stages:
  prepare:
    cmd: python prepare.py "a: b"
    deps:
    - path: data/raw.csv
      hash: md5
      md5: 111
      size: 1
    outs:
    - path: data/clean
      hash: md5
      md5: 222.dir
      size: 2
      nfiles: 4
    - path: 'data/it''s.csv'
      md5: 333
"""


def test_the_pointer_beside_a_file_or_around_it_is_found(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (tmp_path / "data.dvc").write_text(POINTER.format(md5="abc.dir", path="data"))
    (data / "own.csv.dvc").write_text(POINTER.format(md5="def", path="own.csv"))
    own = dvc_state(str(data / "own.csv"), tmp_path, "def")
    assert own == {"pointer": "data/own.csv.dvc", "md5": "def", "same": True}
    assert dvc_state(str(data / "own.csv"), tmp_path, "xyz") == {**own, "same": False}
    assert dvc_state(str(data / "x.csv"), tmp_path, "def") == {"pointer": "data.dvc", "md5": "abc.dir"}
    assert dvc_state(str(tmp_path / "other.csv"), tmp_path) is None
    assert dvc_state("/elsewhere/x.csv", tmp_path) is None


def test_the_lock_of_a_pipeline_is_read(tmp_path: Path) -> None:
    (tmp_path / "dvc.lock").write_text(LOCK)
    raw = dvc_state(str(tmp_path / "data" / "raw.csv"), tmp_path, "111")
    assert raw == {"pointer": "dvc.lock", "md5": "111", "same": True}
    clean = dvc_state(str(tmp_path / "data" / "clean"), tmp_path)
    assert clean == {"pointer": "dvc.lock", "md5": "222.dir"}
    quoted = dvc_state(str(tmp_path / "data" / "it's.csv"), tmp_path, "333")
    assert quoted == {"pointer": "dvc.lock", "md5": "333"}  # before DVC 3: no md5 of the bytes


@pytest.mark.parametrize("text", ["", "outs:", "\0", "- - -\n- md5\n:::", "outs:\n- md5: 1\n", "<<<<<<< HEAD\nouts:\n"])
def test_a_pointer_that_is_none_says_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.csv.dvc").write_text(text)
    (tmp_path / "dvc.lock").write_bytes(b"\xff\xfe" + text.encode())
    assert dvc_state(str(tmp_path / "a.csv"), tmp_path) is None


def test_git_says_of_files_and_folders_how_they_stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nbtrack.capture.git._TIMEOUT", 60.0)
    project = tmp_path / "sub"  # a project within a repository
    (project / "data").mkdir(parents=True)
    (project / "out").mkdir()
    for name in ("kept.csv", "edited.csv", "new *.csv", "out/x.csv", "data/a.csv", "ä.csv"):
        (project / name).write_text("1")
    (tmp_path / ".gitignore").write_text("out/\n")

    def git(*words: str) -> None:
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *words], cwd=tmp_path, check=True)

    git("init", "-q")
    git("add", ".gitignore", "sub/kept.csv", "sub/edited.csv", "sub/data", "sub/ä.csv")
    git("commit", "-qm", "data")
    (project / "edited.csv").write_text("2")
    (project / "data" / "b.csv").write_text("3")
    asked = ["kept.csv", "edited.csv", "new *.csv", "out/x.csv", "data", "ä.csv"]
    states = ["tracked", "modified", "untracked", "ignored", "modified", "tracked"]
    assert file_states(project, asked) == dict(zip(asked, states, strict=True))
    assert file_states(project, []) == {}
    assert file_states(tmp_path.parent, ["x"]) == {}


# -- what is opened


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[reading.Opened]:
    monkeypatch.chdir(tmp_path)
    found = reading.begin()
    yield found
    reading.end(found)


def test_reading_and_writing_are_told_apart(opened: reading.Opened, tmp_path: Path) -> None:
    for name in ("r", "both", "moved"):
        (tmp_path / name).write_text("1")
    opened.written.clear()
    with open("r"), open("both", "r+"), open("w", "w"), open(b"bytes", "wb"):
        pass
    (tmp_path / "w").read_text()  # what it wrote itself is nothing that it took from elsewhere
    with open("part", "w"):
        pass
    os.replace("part", "whole")
    (tmp_path / "whole").read_text()
    os.close(os.open("r", os.O_RDONLY))
    names = [{os.path.relpath(path, tmp_path) for path in kind} for kind in (opened.read, opened.written)]
    assert names == [{"r", "both"}, {"both", "w", "bytes", "whole"}]


def test_folders_that_are_listed_are_seen_but_not_by_imports_nor_the_working_folder(
    opened: reading.Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "package_of_this_test").mkdir()
    (tmp_path / "package_of_this_test" / "__init__.py").write_text("from . import inner")
    (tmp_path / "package_of_this_test" / "inner.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    __import__("package_of_this_test")
    os.listdir(".")
    list(Path("images").iterdir())
    assert opened.read == {str(tmp_path / "images"): "folder"}


def test_python_the_system_and_our_own_store_are_none_of_the_users_data(opened: reading.Opened, tmp_path: Path) -> None:
    (tmp_path / ".nbtrack").mkdir()
    (tmp_path / ".nbtrack" / "journal").write_text("1")
    (tmp_path / "code.py").write_text("1")
    opened.written.clear()
    for path in (os.__file__, os.devnull, ".nbtrack/journal", "code.py", pytest.__file__):
        open(path).close()
    with reading.quietly():
        (tmp_path / "quiet").write_text("1")
    with pytest.raises(FileNotFoundError):
        open("absent").close()
    assert list(opened.written) == []
    assert set(opened.read) <= {str(tmp_path / "absent")}


def test_threads_are_seen_and_nothing_is_after_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x").write_text("1")
    outer = reading.begin()
    inner = reading.begin()
    thread = threading.Thread(target=lambda: open("x").close())
    thread.start()
    thread.join()
    reading.end(inner)
    reading.end(inner)
    reading.end(outer)
    (tmp_path / "y").write_text("1")
    open("y").close()
    assert list(outer.read) == list(inner.read) == [str(tmp_path / "x")]


def test_texts_of_the_cell_that_are_files_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.parquet", "it.csv", "code.py"):
        (tmp_path / name).write_text("1")
    source = "pl.read_parquet('a.parquet')\nx = \"it.csv\" + 'absent.csv' + f'{a}.csv' + 'http://a/c.csv' + 'code.py'"
    assert [os.path.basename(path) for path in reading.named(source)] == ["a.parquet", "it.csv"]
    assert reading.named("'" + "x" * 10_000 + "." + "'\0'a\0.b'" + "'.' '/' '..'") == []
