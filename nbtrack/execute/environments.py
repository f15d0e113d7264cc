"""Environments made to execute in: those that a run recorded, or that a requirements file asks for.

An environment is made by uv where there is one, else by venv and pip, with the minor version of Python that is asked
for, and kept in ``.nbtrack/environments`` under a hash of what is in it, so that it is made once. Exactly the recorded
versions are installed, without asking what they depend on: that was recorded, too. What the machine has from a folder
(``pip install -e``) has no release to download: such packages, and nbtrack itself, are lent from where they lie, and
that is said. If this very environment has all that is asked for, it is used as it is.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from nbtrack.base.config import Project
from nbtrack.base.errors import CannotRun
from nbtrack.capture.environment import read_packages

FOLDER = "environments"
_DONE = "nbtrack.json"
_LEFT_OUT = frozenset({"nbtrack", "pip", "setuptools", "wheel", "uv"})
_LAST_LINES = 4
# What was recorded may be from elsewhere, and pip takes options and addresses where names and versions stand.
_PYTHON = re.compile(r"[0-9]{1,2}\.[0-9]{1,3}")
_PACKAGE = re.compile(r"[A-Za-z0-9](?:[\w.-]{0,200}[A-Za-z0-9])?", re.ASCII)
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.!+_-]{0,100}")


@dataclass
class Environment:
    """Where to execute: the Python, and in sentences what it is. made: not the one that we are in."""

    python: Path
    made: bool
    notes: list[str] = field(default_factory=list)


@dataclass
class _Plan:
    """What goes into an environment: requirements to install, and folders of packages that are lent."""

    version: str
    requirements: list[str]
    lent: dict[str, str]
    notes: list[str] = field(default_factory=list)
    dependencies: bool = False

    @property
    def name(self) -> str:
        text = json.dumps([self.version, sorted(self.requirements), sorted(self.lent.items()), self.dependencies])
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def from_requirements(project: Project, file: Path, tell: Callable[[str], None] = lambda _: None) -> Path:
    """The Python of an environment with what a requirements file asks for, and ipykernel.

    Raises:
        CannotRun: the file is not there, or the environment cannot be made.
    """
    if not file.is_file():
        raise CannotRun(f"There is no '{file}' to make an environment of.", "Write one requirement a line.")
    lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
    wanted = [line for line in lines if line and not line.startswith("#")]
    plan = _Plan(_minor(), ["ipykernel", *wanted], {"nbtrack": _root_of_nbtrack()}, dependencies=True)
    return _made(project, plan, tell)


def recorded(project: Project, body: Mapping[str, Any], tell: Callable[[str], None] = lambda _: None) -> Environment:
    """The environment that a run recorded.

    Raises:
        CannotRun: none was recorded, or it cannot be made: no such Python, no network, a version that is gone.
    """
    packages = body.get("packages")
    version = str(body.get("python") or "")
    if not isinstance(packages, Mapping) or not packages or not version:
        raise CannotRun("The run recorded no environment.", "Reproduce it without --env, in the one you are in.")
    wanted = {str(name): str(one) for name, one in packages.items() if name not in _LEFT_OUT}
    here = read_packages()
    if version.rpartition(".")[0] == _minor() and all(here.get(name) == one for name, one in wanted.items()):
        return Environment(Path(sys.executable), False, ["the environment we are in has all packages as recorded"])
    plan = _plan(wanted, version.rpartition(".")[0] or version)
    python = _made(project, plan, tell)
    return Environment(python, True, plan.notes)


def _plan(wanted: Mapping[str, str], version: str) -> _Plan:
    lent: dict[str, str] = {"nbtrack": _root_of_nbtrack()}
    if not _PYTHON.fullmatch(version):
        raise CannotRun(f"The run says it was made with Python {version[:60]!r}, which is none.", "Leave --env out.")
    plan = _Plan(version, [], lent)
    for name, one in sorted(wanted.items()):
        if not (_PACKAGE.fullmatch(name) and _VERSION.fullmatch(one)):
            plan.notes.append(f"{name[:60]!r} {one[:60]!r} is no package and version: it is left out")
            continue
        folder = _folder_of(name)
        if folder is None:
            plan.requirements.append(f"{name}=={one}")
            continue
        lent[name] = folder
        has = read_packages().get(name)
        changed = "" if has == one else f", now version {has} instead of {one}"
        plan.notes.append(f"{name} is lent from {folder}{changed}: it was not installed from a release")
    return plan


def _folder_of(name: str) -> str | None:
    """The folder that a package here is imported from, where it was installed from a folder."""
    with suppress(metadata.PackageNotFoundError, ValueError, OSError):
        found = metadata.distribution(name)
        text = found.read_text("direct_url.json")
        url = json.loads(text)["url"] if text else ""
        if url.startswith("file:"):
            folder = Path(url2pathname(unquote(urlsplit(url).path)))
            return str(folder / "src" if (folder / "src").is_dir() else folder) if folder.is_dir() else None
    return None


def _root_of_nbtrack() -> str:
    import nbtrack

    return str(Path(nbtrack.__file__).resolve().parent.parent)


def _minor() -> str:
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


# -- making one


def _made(project: Project, plan: _Plan, tell: Callable[[str], None]) -> Path:
    place = project.folder / FOLDER / plan.name
    python = place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if (place / _DONE).is_file() and python.exists():
        return python
    project.create()
    shutil.rmtree(place, ignore_errors=True)
    place.parent.mkdir(mode=0o700, exist_ok=True)
    tell(f"making an environment of {len(plan.requirements)} packages in {place}")
    try:
        _make(place, python, plan)
        _lend(python, plan)
        (place / _DONE).write_text(json.dumps(plan.requirements, indent=1), encoding="utf-8")
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise
    return python


def _make(place: Path, python: Path, plan: _Plan) -> None:
    listed = place.with_suffix(".txt")
    listed.write_text("\n".join(plan.requirements) + "\n", encoding="utf-8")
    only = [] if plan.dependencies else ["--no-deps"]
    uv = shutil.which("uv")
    try:
        if uv is not None:
            _call([uv, "venv", "--quiet", "--python", plan.version, str(place)], "make it")
            if plan.requirements:
                _call([uv, "pip", "install", "--quiet", "--python", str(python), *only, "-r", str(listed)], "fill it")
            return
        ours = find_spec("pip") is not None  # which spares the environment one of its own, and half a minute
        bare = ["--without-pip"] if ours else []
        _call([_python(plan.version), "-m", "venv", *bare, str(place)], "make it")
        if plan.requirements:
            pip = [sys.executable, "-m", "pip", "--python", str(python)] if ours else [str(python), "-m", "pip"]
            quiet = ["--quiet", "--disable-pip-version-check", "--no-input"]
            _call([*pip, "install", *quiet, *only, "-r", str(listed)], "fill it")
    finally:
        listed.unlink(missing_ok=True)


def _python(version: str) -> str:
    if version == _minor():
        return sys.executable
    found = shutil.which(f"python{version}")
    if found is None:
        raise CannotRun(f"The run was made with Python {version}, which is not here.", "Install it, or uv, which can.")
    return found


def _call(command: Sequence[str], what: str) -> None:
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    if done.returncode == 0:
        return
    lines = [line for line in done.stdout.decode("utf-8", "replace").splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"(?i)error|×|\s*╰", line)] or lines
    said = " ".join(line.strip() for line in errors[-_LAST_LINES:])
    raise CannotRun(
        f"The environment cannot be made: {Path(command[0]).name} could not {what}: {said[:600]}",
        "Is there a network? Without --env it is executed in the environment you are in.",
    )


def _lend(python: Path, plan: _Plan) -> None:
    """Let packages from folders be imported: by a ``.pth`` file, behind what is installed."""
    asked = subprocess.run(
        [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        stdout=subprocess.PIPE, check=True,
    )  # fmt: skip
    target = Path(asked.stdout.decode().strip()) / "nbtrack-lent.pth"
    target.write_text("\n".join(dict.fromkeys(plan.lent.values())) + "\n", encoding="utf-8")
