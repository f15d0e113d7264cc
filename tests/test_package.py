"""The package as others get it: what is in the archives, what an import costs, and whether it works alone."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

import nbtrack

ROOT = Path(__file__).resolve().parent.parent
STATIC = "nbtrack/widget/static"
LARGEST = {
    "panel.js": 250_000,
    "panel.css": 100_000,
    "curves.js": 150_000,
    "run.js": 150_000,
    "plotly.js": 2_000_000,
}  # bytes
RUNTIME = ("IPython", "anywidget", "ipywidgets", "msgspec", "numpy", "pandas", "plotly", "rich", "sqlite_utils")


def run(*command: str | Path, cwd: Path = ROOT, **env: str) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command} failed:\n{done.stdout}{done.stderr}"
    return done.stdout.strip()


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sdist")
    run(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", out)
    (found,) = out.glob("*.tar.gz")
    return found


@pytest.fixture(scope="module")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made from the sdist, not from the clone: what is missing in the one would be missing in the other.

    And made without Node: neither on PATH nor, as no network is used, from a package.
    """
    out = tmp_path_factory.mktemp("wheel")
    with tarfile.open(sdist) as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", None)  # Python 3.10 and 3.11 may lack it
        archive.extractall(out)
    source = out / sdist.name.removesuffix(".tar.gz")
    pip = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation")
    run(*pip, "-w", out, source, cwd=out, PATH=str(out))
    assert not (source / "js" / "node_modules").exists(), "the panel was built again, though the sdist carries it"
    (found,) = out.glob("*.whl")
    return found


def test_the_sdist_carries_the_pages_the_manual_and_the_tests(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {"LICENSE", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "Makefile", "install.json", "pyproject.toml"}
    wanted |= {"hatch_build.py", "js/.npmrc", "js/build.mjs", "js/package-lock.json", "js/ui/src/contract.ts"}
    wanted |= {f"{STATIC}/{name}" for name in LARGEST}
    wanted |= {"nbtrack/__init__.py", "nbtrack/py.typed", "tests/test_package.py", "tests/nbval_sanitize.cfg"}
    assert wanted <= names, sorted(wanted - names)
    assert not {name for name in names if ".nbtrack" in Path(name).parts}, "somebody's runs are in the sdist"
    assert not {name for name in names if "node_modules" in Path(name).parts}, "what npm installed is in the sdist"


def test_the_wheel_carries_the_package_its_types_and_its_licence_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "nbtrack").rglob("*.py")}
    info = f"nbtrack-{nbtrack.__version__}.dist-info"
    assert {*modules, "nbtrack/py.typed", f"{info}/licenses/LICENSE", f"{info}/entry_points.txt"} <= names
    assert {name.partition("/")[0] for name in names} == {"nbtrack", info}


def test_the_wheel_carries_the_panel_and_not_what_it_was_built_from(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        panel = {file.filename: file.file_size for file in archive.infolist() if file.filename.startswith(STATIC)}
    assert set(panel) == {f"{STATIC}/{name}" for name in LARGEST}
    sizes = {Path(name).name: size for name, size in panel.items()}
    too_large = {name: size for name, size in sizes.items() if not 0 < size <= LARGEST[name]}
    assert not too_large, f"`cd js && node build.mjs --report` says what takes the room: {too_large}"


def test_the_metadata_has_the_version_of_the_package_and_its_extras(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        metadata = archive.read(f"nbtrack-{nbtrack.__version__}.dist-info/METADATA").decode()
    lines = set(metadata.splitlines())
    assert {f"Version: {nbtrack.__version__}", "License-Expression: BSD-3-Clause", "Requires-Python: >=3.10"} <= lines
    assert {"Provides-Extra: lab", "Provides-Extra: test", "Provides-Extra: bench"} <= lines


def test_the_wheel_imports_in_an_environment_that_has_nothing_else(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "bare", with_pip=False)
    python = tmp_path / "bare" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    pip = (sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check")
    run(*pip, "install", "--quiet", "--no-deps", "--no-index", wheel)
    said = run(
        python, "-I", "-c", "import nbtrack; print(nbtrack.__version__, len(nbtrack.__all__) > 20)", cwd=tmp_path
    )
    assert said == f"{nbtrack.__version__} True"


def test_importing_nbtrack_imports_nothing_heavy() -> None:
    code = f"import sys, nbtrack; print(*[name for name in {RUNTIME!r} if name in sys.modules])"
    assert run(sys.executable, "-c", code) == ""


def test_asking_for_what_nbtrack_does_not_have_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        getattr(nbtrack, "no_such_name")  # noqa: B009


@pytest.mark.parametrize("name", nbtrack.__all__)
def test_a_public_name_is_there(name: str) -> None:
    assert getattr(nbtrack, name) is not None
    assert name in dir(nbtrack)
