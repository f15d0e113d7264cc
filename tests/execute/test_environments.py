"""Environments made for what is executed again: with real venvs and pip, and nothing from the network."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from nbtrack.base.config import Project
from nbtrack.base.errors import CannotRun
from nbtrack.capture.environment import read_environment
from nbtrack.execute.environments import from_requirements, recorded

MINOR = f"{sys.version_info[0]}.{sys.version_info[1]}"


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels, the only place that pip looks at: ``tinything`` 1.0 and an empty ``ipykernel``."""
    made = tmp_path / "shelf"
    made.mkdir()
    wheel(made, "tinything", "1.0", "value = 41 + 1\n")
    wheel(made, "ipykernel", "9.0", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(made))
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_FIND_LINKS", str(made))
    return made


def wheel(folder: Path, name: str, version: str, code: str) -> None:
    about = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as file:
        file.writestr(f"{name}.py", code)
        file.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        file.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{about}/RECORD", f"{name}.py,,\n{about}/METADATA,,\n{about}/WHEEL,,\n{about}/RECORD,,\n")


def says(python: Path, code: str) -> str:
    return subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_the_recorded_versions_are_installed_once_and_nbtrack_is_lent(project: Project, shelf: Path) -> None:
    told: list[str] = []
    body = {"python": f"{MINOR}.1", "packages": {"tinything": "1.0", "nbtrack": "0.1.0", "pip": "1"}}
    made = recorded(project, body, told.append)
    assert made.made
    assert made.python.is_relative_to(project.folder / "environments")
    assert says(made.python, "import tinything, nbtrack; print(tinything.value, nbtrack.__version__)").startswith("42 ")
    assert len(told) == 1
    shelf.rename(shelf.with_name("gone"))
    assert recorded(project, body, told.append).python == made.python
    assert len(told) == 1


def test_a_version_that_cannot_be_had_is_named_and_leaves_nothing(project: Project, shelf: Path) -> None:
    body = {"python": f"{MINOR}.1", "packages": {"tinything": "2.0"}}
    with pytest.raises(CannotRun, match=r"cannot be made: .*tinything.*2\.0.*Is there a network"):
        recorded(project, body)
    assert list((project.folder / "environments").iterdir()) == []


def test_a_python_that_is_not_here_is_named(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nbtrack.execute.environments.shutil.which", lambda name: None)
    with pytest.raises(CannotRun, match=r"made with Python 3\.5, which is not here"):
        recorded(project, {"python": "3.5.1", "packages": {"tinything": "1.0"}})


def test_a_run_without_an_environment_says_so(project: Project) -> None:
    for body in ({}, {"python": "3.11.1", "packages": {}}, {"packages": {"a": "1"}}):
        with pytest.raises(CannotRun, match="recorded no environment"):
            recorded(project, body)


def test_this_environment_is_used_where_it_is_the_same(project: Project) -> None:
    made = recorded(project, read_environment())
    assert (made.made, made.python) == (False, Path(sys.executable))
    assert not project.folder.exists()


def test_a_requirements_file_makes_one_with_a_kernel(project: Project, shelf: Path) -> None:
    file = project.root / "requirements.txt"
    with pytest.raises(CannotRun, match=r"There is no '.*requirements\.txt'"):
        from_requirements(project, file)
    file.write_text("# mine\n\ntinything>=1\n")
    python = from_requirements(project, file)
    assert says(python, "import ipykernel, tinything; print(tinything.value)") == "42"
