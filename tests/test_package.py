"""The package as others get it: what is in the archives, what an import costs, and whether it works alone."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

import nbtrack

ROOT = Path(__file__).resolve().parent.parent
STATIC = "nbtrack/widget/static"
LAB = "js/lab/labextension"  # where it is built; pip puts it where JupyterLab looks:
LAB_INSTALLED = "share/jupyter/labextensions/nbtrack"
SERVER_INSTALLED = "etc/jupyter/jupyter_server_config.d/nbtrack.json"
LAB_FILES = {"package.json", "install.json", "schemas/nbtrack/plugin.json"}
LAB_ON_START = 60_000  # bytes
LARGEST = {
    "panel.js": 250_000,
    "panel.css": 100_000,
    "curves.js": 150_000,
    "run.js": 150_000,
    "plotly.js": 2_000_000,
    "report.js": 200_000,
    "report.css": 40_000,
}  # bytes
DATA = f"nbtrack-{nbtrack.__version__}.data"
RUNTIME = ("IPython", "anywidget", "ipywidgets", "msgspec", "numpy", "pandas", "plotly", "rich", "sqlite_utils")


def run(*command: str | Path, cwd: Path = ROOT, said_anywhere: bool = False, **env: str) -> str:
    """What a command says: on standard output, or on standard error as well."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if said_anywhere else subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command} failed:\n{done.stdout}{done.stderr or ''}"
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
    wanted = {"LICENSE", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "Makefile", "pyproject.toml"}
    wanted |= {"hatch_build.py", "js/.npmrc", "js/build.mjs", "js/package-lock.json", "js/ui/src/contract.ts"}
    wanted |= {"js/lab/package.json", "js/lab/install.json", "js/lab/src/index.ts", "js/lab/schema/plugin.json"}
    wanted |= {f"{STATIC}/{name}" for name in LARGEST} | {f"{LAB}/{name}" for name in LAB_FILES}
    wanted |= {"nbtrack/__init__.py", "nbtrack/py.typed", "tests/test_package.py", "tests/nbval_sanitize.cfg"}
    assert wanted <= names, sorted(wanted - names)
    assert not {name for name in names if ".nbtrack" in Path(name).parts}, "somebody's runs are in the sdist"
    assert not {name for name in names if "node_modules" in Path(name).parts}, "what npm installed is in the sdist"
    assert not {name for name in names if name.startswith("js/lab/built/")}, (
        "what only the packer needs is in the sdist"
    )


def test_the_wheel_carries_the_package_its_types_and_its_licence_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "nbtrack").rglob("*.py")}
    info = f"nbtrack-{nbtrack.__version__}.dist-info"
    assert {*modules, "nbtrack/py.typed", f"{info}/licenses/LICENSE", f"{info}/entry_points.txt"} <= names
    assert {name.partition("/")[0] for name in names} == {"nbtrack", info, DATA}


def test_the_wheel_carries_jupyterlab_s_extension_once_and_what_switches_the_server_s_on(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        data = [name.removeprefix(f"{DATA}/data/") for name in names if name.startswith(DATA)]
        package = json.loads(archive.read(f"{DATA}/data/{LAB_INSTALLED}/package.json"))
        enables = json.loads(archive.read(f"{DATA}/data/{SERVER_INSTALLED}"))
    assert enables == {"ServerApp": {"jpserver_extensions": {"nbtrack.server": True}}}
    assert len(set(names)) == len(names)
    entry = package["jupyterlab"]["_build"]["load"]
    lab = {name.removeprefix(f"{LAB_INSTALLED}/") for name in data if name.startswith(f"{LAB_INSTALLED}/")}
    assert LAB_FILES | {entry} <= lab, sorted((LAB_FILES | {entry}) - lab)
    assert {name.partition("/")[0] for name in lab} == {"package.json", "install.json", "schemas", "static"}
    assert [name for name in lab if "remoteEntry" in name] == [entry], "of an earlier build"
    assert set(data) - {f"{LAB_INSTALLED}/{name}" for name in lab} == {SERVER_INSTALLED}
    # In the package itself there is nothing of it; package.json.orig tells JupyterLab the version of the settings.
    elsewhere = {
        name for name in names if "labextension" in name and not name.startswith(f"{DATA}/data/{LAB_INSTALLED}/")
    }
    assert not elsewhere


def loaded_on_start(extension: Path) -> dict[str, int]:
    """Bytes of each file that JupyterLab loads when it starts: the container, and what its extension waits for."""
    package = json.loads((extension / "package.json").read_text(encoding="utf-8"))
    entry = extension / package["jupyterlab"]["_build"]["load"]
    asked = re.search(r'"\./extension":\(\)=>(.*?)\.then', entry.read_text(encoding="utf-8"))
    assert asked, "the packer writes it another way now"
    chunks = re.findall(r'\.e\("?(\w+)"?\)', asked[1])
    assert chunks
    files = [entry, *(path for number in chunks for path in entry.parent.glob(f"{number}.*.js"))]
    assert len(files) == len(chunks) + 1
    return {path.name: path.stat().st_size for path in files}


def test_jupyterlab_loads_little_of_the_extension_when_it_starts() -> None:
    sizes = loaded_on_start(ROOT / LAB)
    assert sum(sizes.values()) <= LAB_ON_START, f"`cd js && node build.mjs --report` says what takes the room: {sizes}"


def test_what_is_large_in_the_extension_is_loaded_when_it_is_needed() -> None:
    sizes = loaded_on_start(ROOT / LAB)
    chunks = {path.name for path in (ROOT / LAB / "static").glob("*.????????????????.js")}
    assert chunks - set(sizes), "there is no part that is loaded later"


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


@pytest.fixture
def clean(wheel: Path, tmp_path: Path) -> Callable[..., str]:
    """Runs a module in a new environment that has the wheel, JupyterLab, and no Node.

    JupyterLab and what it needs are not downloaded again: the environment sees this one's packages after its own. This
    one's nbtrack it does not see: an editable install works by a .pth file, which counts only in an environment's own
    folder. Settings and extensions are looked for in the new environment alone.
    """
    venv.create(tmp_path / "clean", with_pip=False)
    programs = tmp_path / "clean" / ("Scripts" if sys.platform == "win32" else "bin")
    python = programs / "python"
    pip = (sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check")
    run(*pip, "install", "--quiet", "--no-deps", "--no-index", wheel)
    own = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))")
    (Path(own) / "after.pth").write_text(sysconfig.get_path("purelib"))
    homes = {name: str(tmp_path / name) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "HOME")}
    env = {**homes, "PATH": str(programs), "JUPYTER_PREFER_ENV_PATH": "1", "PYTHONPATH": ""}

    def module(*words: str) -> str:
        return run(python, "-m", *words, cwd=tmp_path, said_anywhere=True, **env)

    return module


def test_the_wheel_is_what_the_clean_environment_has(clean: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "where.py").write_text(
        "import shutil, nbtrack\nprint(nbtrack.__file__)\nprint(shutil.which('node'), shutil.which('npm'))"
    )
    where, node = clean("where").splitlines()
    assert Path(where).is_relative_to(tmp_path)
    assert node == "None None"


def test_with_the_wheel_both_extensions_are_switched_on_where_there_is_no_node(clean: Callable[..., str]) -> None:
    said = clean("jupyterlab.labextensions", "list")
    version = re.escape(nbtrack.__version__)
    assert re.search(rf"\bnbtrack v{version} .*enabled.* .*OK.* \(python, nbtrack\)", said), said
    said = clean("jupyter_server.extension.serverextension", "list")
    assert re.search(r"\bnbtrack\.server .*enabled", said), said
    assert re.search(r"\bnbtrack\.server .*OK", said), said


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
