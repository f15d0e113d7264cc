"""Code in data: nothing that comes with a project, a bundle or a table is unpickled, evaluated or executed.

What would do so is looked for in all of our source, and each place has to say why it is none of that. A project with
pickles that do something is then opened, shown, exported, sent over HTTP and imported, and nothing of them is heard.
"""

from __future__ import annotations

import ast
import os
import pickle
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import nbtrack
from nbtrack.api.dispatch import dispatch
from nbtrack.api.rooms import OPERATIONS
from nbtrack.base.config import Project
from nbtrack.runs import contract as c
from nbtrack.runs import current
from nbtrack.runs.service import RunsService
from nbtrack.sdk.parts import Artifacts

from .watching import watched

ROOT = Path(nbtrack.__file__).parent

# What runs what it is given, or trusts it with more than data: the module, or the function whatever it belongs to.
MODULES = {"pickle", "cloudpickle", "joblib", "dill", "marshal", "shelve", "code", "tarfile", "telnetlib", "xmlrpc"}
CALLS = {
    "eval", "exec", "compile", "__import__", "read_pickle", "unsafe_load", "full_load", "load_all", "system", "popen",
    "mktemp", "extract", "extractall", "unpack_archive", "loadtxt", "HDFStore", "read_hdf", "Unpickler",
}  # fmt: skip
ARGUMENTS = {"shell", "allow_pickle", "weights_only", "verify"}  # which make something else of a call

# Every place that there is, and why it is no danger. A new one fails the test until somebody says why.
REASONS = {
    ("execute/worker.py", "cloudpickle"): "a task of the user's own, from the cluster that they named with `engine`",
    ("execute/cluster.py", "cloudpickle"): "the value of a task, from the cluster that the user named with `engine`",
    ("execute/cluster.py", "__import__"): "a constant text, which asks a cluster's worker for its versions",
    ("sweeps/remote.py", "cloudpickle"): "written only: the names that a cell of a sweep reads",
    ("sweeps/remote.py", "compile"): "the cell of a sweep, which the user executed",
    ("sweeps/remote.py", "eval"): "the last line of the cell of a sweep, which the user executed",
    ("capture/frameworks/models.py", "pickle"): "written only: a model that the user asks to keep",
    ("transfer/exporters/script.py", "compile"): "compiled and never executed: whether a script has a mistake",
    ("transfer/exporters/script.py", "shell="): "text of the script that is written, where the notebook had `!command`",
    ("runs/store/filter.py", "compile"): "a method of ours: it makes SQL of a parsed filter",
}


@cache
def modules() -> dict[str, ast.Module]:
    """All of our source, parsed, by its place."""
    return {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(ROOT.rglob("*.py"))
    }


def used() -> Iterator[tuple[str, str, int]]:
    """(file, what, line) of everything in our source that may run what it is given."""
    for where, tree in modules().items():
        yield from ((where, what, line) for what, line in dangers(tree))


def dangers(tree: ast.AST) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names]
            yield from ((name.split(".")[0], node.lineno) for name in names if name.split(".")[0] in MODULES)
        elif isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            owner = getattr(getattr(node.func, "value", None), "id", "")
            ours = (name == "compile" and owner == "re") or (name == "system" and owner != "os")
            if (name in CALLS and not ours) or (name == "load" and owner in ("yaml", "torch", "np", "numpy")):
                yield name, node.lineno
            yield from ((f"{one.arg}=", node.lineno) for one in node.keywords if one.arg in ARGUMENTS)
            if name == "import_module" and node.args and MODULES & {getattr(node.args[0], "value", None)}:
                yield str(getattr(node.args[0], "value", "")), node.lineno
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from ((word, node.lineno) for word in ("__import__", "shell=") if f"{word}" in node.value)


def test_each_place_that_could_run_what_it_is_given_says_why_it_does_not() -> None:
    found = list(used())
    unknown = [f"{where}:{line} {what}" for where, what, line in found if (where, what) not in REASONS]
    assert not unknown, f"say in REASONS why these are no danger: {unknown}"
    stale = REASONS.keys() - {(where, what) for where, what, _ in found}
    assert not stale, f"these are no longer there: {stale}"


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from joblib import load",
        "import_module('dill')",
        "x.extractall('.')",
        "yaml.load(text)",
        "np.load(path)",
        "np.load(path, allow_pickle=True)",
        "eval(text)",
        "subprocess.run(text, shell=True)",
        "pd.read_pickle(path)",
        "torch.load(path)",
    ],
)
def test_the_search_finds(source: str) -> None:
    assert list(dangers(ast.parse(source)))


def test_only_what_a_cluster_sends_is_ever_unpickled() -> None:
    loads = [
        where
        for where, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in ("load", "loads") and isinstance(node.value, ast.Name)
        and node.value.id in ("pickle", "cloudpickle")
    ]  # fmt: skip
    assert set(loads) == {"execute/worker.py", "execute/cluster.py"}


# -- a project with pickles in it


class Bomb:
    """What does something when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("exploded",)


NAMES = {
    "model.pkl": "application/octet-stream", "model.joblib": "application/x-joblib", "frame.parquet": "text/html",
    "array.npy": "application/x-npy", "net.pt": "application/json", "text.pkl": "text/plain", "x.pickle": None,
    "picture.png": "image/png", "drawing.svg": "image/svg+xml", "table.csv": "text/csv",
}  # fmt: skip


@pytest.fixture
def armed(project: Project) -> Project:
    """A project whose every artifact and output is a pickle that does something."""
    data = pickle.dumps(Bomb())
    with current.begin(project, name="armed", kind="cell", source="x = 1\n") as run:
        for name, mime in NAMES.items():
            run.add_bytes(name, data, mime)
        run.set_params({"x": data.hex(), "repr": "__import__('os').mkdir('exploded')"})
        run.add_output("display", "application/x-python-pickle", data.hex(), plain="x", artifact="model.pkl")
        run.log({"loss": 1.0})
        run.end()
    RunsService(project).refresh(force=True)
    return project


def look_everywhere(project: Project, other: Project) -> int:
    """Open, show, export and import all that there is; how many answers were had."""
    service, answers = RunsService(project), 0
    detail = service.get(c.RunRequest("armed"))
    for artifact in Artifacts(service, detail.row.id, detail.artifacts).values():
        assert artifact.bytes()
        answers += len(repr(artifact)) + len(artifact._repr_html_()) > 0
    for run in nbtrack.runs():
        answers += len(repr(run)) + len(run._repr_html_()) > 0
    for op in OPERATIONS.values():
        if op.method == "GET":
            for payload in (
                b"{}",
                b'{"run": "armed"}',
                *(b'{"run":"armed","path":"%b"}' % name.encode() for name in NAMES),
            ):
                answers += len(dispatch(project, op.name, payload)) > 0
    for suffix in ("html", "md", "tex", "csv", "json", "nbtrack.zip"):
        answers += Path(nbtrack.export(f"x.{suffix}", runs=["armed"], project=project)).exists()
    nbtrack.import_runs("x.nbtrack.zip", project=other.root)
    nbtrack.import_runs(str(project.root), project=other.root)
    return answers


def test_a_project_of_pickles_is_looked_at_and_nothing_is_unpickled(armed: Project, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with watched() as heard:
        answers = look_everywhere(armed, Project(tmp_path / "other"))
    assert answers > 50
    assert not [name for name in heard.unpickled if "mkdir" in name]
    assert heard.unpickled == []
    assert not Path("exploded").exists()
    assert RunsService(Project(tmp_path / "other")).row("armed").name == "armed"


def test_without_its_defence_a_preview_that_unpickles_is_heard_and_explodes(armed: Project) -> None:
    data = RunsService(armed).artifact("armed", "model.pkl")[1]
    with watched() as heard:
        pickle.loads(data)
    assert Path("exploded").is_dir()
    assert heard.unpickled == ["posix.mkdir"]
