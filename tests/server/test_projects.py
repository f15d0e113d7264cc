"""Which project a path belongs to: the one that a kernel there would choose, if the server may show it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from nbtrack.base.config import Project, find_project
from nbtrack.base.errors import NbtrackError
from nbtrack.server.projects import Places


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("NBTRACK_DIR", raising=False)
    folder = tmp_path / "home" / "root"
    folder.mkdir(parents=True)
    return folder


def found(root: Path, path: str) -> Any:
    return Places(root).found(path)


def refused(root: Path, path: str) -> tuple[str, str]:
    with pytest.raises(NbtrackError) as raised:
        Places(root).found(path)
    assert raised.value.hint
    return raised.value.code, str(raised.value)


def test_a_notebook_belongs_to_the_project_around_it(root: Path) -> None:
    (root / "work" / ".nbtrack").mkdir(parents=True)
    (root / "work" / "deep" / "er").mkdir(parents=True)
    (root / "work" / "deep" / "a.ipynb").touch()
    about = {"project": "work", "name": "work", "exists": False}
    assert found(root, "work/deep/a.ipynb") == {**about, "inside": "deep/a.ipynb"}
    assert found(root, "work/deep/er") == {**about, "inside": "deep/er"}
    assert found(root, "work") == found(root, "work/") == {**about, "inside": ""}
    assert found(root, "work/not/yet/saved.ipynb") == {**about, "inside": "not/yet/saved.ipynb"}
    (root / "work" / ".nbtrack" / "nbtrack.db").touch()
    assert found(root, "work")["exists"] is True


def test_a_notebook_of_no_project_has_its_folder_as_one(root: Path) -> None:
    (root / "a").mkdir()
    assert found(root, "a/x.ipynb") == {"project": "a", "name": "a", "exists": False, "inside": "x.ipynb"}
    assert found(root, "x.ipynb") == {"project": "", "name": "root", "exists": False, "inside": "x.ipynb"}
    assert found(root, "") == {"project": "", "name": "root", "exists": False, "inside": ""}
    assert list(root.rglob("*")) == [root / "a"], "something was made by asking"


@pytest.mark.parametrize("sign", [".nbtrack", ".git"])
def test_a_project_above_the_servers_folder_is_not_shown(root: Path, sign: str) -> None:
    (root.parent / sign).mkdir()
    code, text = refused(root, "x.ipynb")
    assert code == "outside"
    assert str(root.parent) in text
    assert "%track init" in text


def test_the_environment_names_the_project_as_it_does_for_kernels(
    root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (root / "books").mkdir()
    (root / "runs").mkdir()
    for given in (str(root / "runs"), str(root / "runs" / ".nbtrack"), "../runs"):
        monkeypatch.setenv("NBTRACK_DIR", given)
        monkeypatch.chdir(root / "books")  # where a kernel is started
        assert found(root, "books/a.ipynb")["project"] == "runs"
        assert Path(os.path.realpath(find_project().root)) == root / "runs"
        assert found(root, "books/a.ipynb")["inside"] == str(root / "books" / "a.ipynb")
        assert found(root, "runs/a.ipynb")["project"] == "runs"
    monkeypatch.setenv("NBTRACK_DIR", str(tmp_path / "elsewhere"))
    code, text = refused(root, "books/a.ipynb")
    assert (code, "NBTRACK_DIR" in text) == ("outside", True)


def test_the_path_inside_is_what_a_kernel_says_also_through_links(root: Path) -> None:
    real = root / "real"
    (real / "sub").mkdir(parents=True)
    (real / ".nbtrack").mkdir()
    (root / "link").symlink_to(real)
    assert found(root, "link/sub/a.ipynb") == {
        "project": "real",
        "name": "real",
        "exists": False,
        "inside": "sub/a.ipynb",
    }
    other = root.parent / "root-link"
    other.symlink_to(root)
    assert found(other, "link/sub/a.ipynb") == found(root, "link/sub/a.ipynb")
    assert Places(other).project("link") == Project(real)


def test_hidden_folders_are_named_only_where_the_server_shows_them(root: Path) -> None:
    (root / ".secret" / "deep").mkdir(parents=True)
    (root / "link").symlink_to(root / ".secret")
    for path in (".secret", ".secret/deep", ".secret/a.ipynb", "link", "work/.nbtrack"):
        assert refused(root, path)[0] == "outside"
        with pytest.raises(NbtrackError):
            Places(root).project(path)
    assert Places(root, hidden=True).project(".secret/deep") == Project(root / ".secret" / "deep")
    hidden = root / ".secret"
    assert found(hidden, "deep/a.ipynb")["project"] == "deep", "the server's own folder may be hidden"


def test_what_cannot_be_looked_at_is_an_error_in_words(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "file.txt").touch()
    (root / "a").symlink_to(root / "b")
    (root / "b").symlink_to(root / "a")
    for path in ("file.txt", "file.txt/deeper", "none", "a", "\ud800", "x/\ud800"):
        with pytest.raises(NbtrackError) as raised:
            Places(root).project(path)
        assert raised.value.hint

    def barred(self: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "is_dir", barred)
    for ask in (Places(root).project, Places(root).found):
        with pytest.raises(NbtrackError, match="Permission denied"):
            ask("none")


def test_a_rename_is_about_the_project_around_both_paths(root: Path) -> None:
    for folder in ("one/.nbtrack", "one/new", "two/.nbtrack", "one/inner/.nbtrack"):
        (root / folder).mkdir(parents=True)
    places, one = Places(root), Project(root / "one")
    before, after, was, now = places.moved("one/a.ipynb", "one/new/b.ipynb")
    assert (before.root, after.root, was, now) == (one.root, one.root, "a.ipynb", "new/b.ipynb")
    before, after, was, now = places.moved("one/old", "one/inner")
    assert (before.root, after.root, was, now) == (one.root, one.root, "old", "inner"), "a folder that is a project"
    before, after, _, _ = places.moved("one/a.ipynb", "two/a.ipynb")
    assert (before.root, after.root) == (one.root, root / "two")
    for path in ("../x", "/etc", "one/.hidden/a.ipynb"):
        with pytest.raises(NbtrackError):
            places.moved("one/a.ipynb", path)
