"""The shape of the code: rooms, sizes, docstrings and what is imported when."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "nbtrack"
MODULES = sorted(PACKAGE.rglob("*.py"))
MAX_MODULE = 400
MAX_FUNCTION = 60

# Each costs 0.1 s or more to import, so a module names them only inside the function that needs them.
HEAVY = {
    "aim", "anywidget", "dask", "distributed", "dvclive", "IPython", "ipywidgets", "jupyter_server", "keras",
    "lightgbm", "lightning", "matplotlib", "mlflow", "nbclient", "nbformat", "numpy", "optuna", "pandas", "plotly",
    "polars", "psutil", "pyarrow", "pynvml", "rich", "ruamel", "sklearn", "sqlite_utils", "tensorboard", "torch",
    "tornado", "trackio", "transformers", "wandb", "xgboost",
}  # fmt: skip
# The magics are loaded by IPython itself, so it costs nothing there; the command line always prints through rich; the
# models of the panel are imported when one is shown (a test in tests/widget sees to that); the server's extension is
# loaded by a server that runs already; MLflow loads its plugin when it is there itself.
HOSTS = {
    "magics": {"IPython"},
    "cli": {"rich"},
    "widget": {"anywidget", "ipywidgets"},
    "server": {"jupyter_server", "tornado"},
    "mlflow": {"mlflow"},
}
# msgspec costs less and is welcome on the wire, but not on the way of a logged value.
WITHOUT_MSGSPEC = ("base/", "capture/", "runs/recorder.py")
WIRE = "base/wire.py"

# Tests of no single room: whole notebooks through a real kernel, the panel in a real browser, what `make bench` runs.
BESIDE = {Path("kernel"), Path("ui"), Path("benchmarks"), Path("faults"), Path("fuzz"), Path("inputs"), Path("threats")}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


each_module = pytest.mark.parametrize("path", MODULES, ids=name_of)


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def functions(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def layout() -> dict[str, int]:
    """Paths that the tree in CONTRIBUTING.md names, with the line each is on."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    found: dict[str, int] = {}
    parents: list[str] = []
    before, fence, rest = text.partition("```\nnbtrack/\n")
    assert fence, "the tree in CONTRIBUTING.md was not found"
    tree = "nbtrack/\n" + rest.partition("```")[0]
    for number, line in enumerate(tree.splitlines(), start=before.count("\n") + 2):
        entry = re.match(r"^((?:  )*)([\w./]+)(?:\s|$)", line)
        if entry is None:
            continue
        depth = len(entry[1]) // 2
        parents[depth:] = [entry[2]]
        found["".join(parents)] = number
    return found


def test_the_layout_in_contributing_names_only_what_exists() -> None:
    paths = layout()
    gone = [f"{path} (line {line})" for path, line in paths.items() if not (ROOT / path).exists()]
    assert not gone, f"CONTRIBUTING.md names what does not exist: {gone}"


def test_every_room_of_the_package_is_in_the_layout() -> None:
    rooms = {f"nbtrack/{path.parent.name}/" for path in PACKAGE.glob("*/*.py")}
    missing = rooms - set(layout())
    assert not missing, f"say in CONTRIBUTING.md what these rooms are for: {sorted(missing)}"


def test_every_folder_of_tests_mirrors_a_folder_of_the_package() -> None:
    folders = {path.parent.relative_to(ROOT / "tests") for path in (ROOT / "tests").rglob("test_*.py")}
    strays = [str(folder) for folder in folders - BESIDE if not (PACKAGE / folder).is_dir()]
    assert not strays, f"tests/ mirrors nbtrack/, which has no {strays}"


@each_module
def test_a_module_fits_on_a_few_screens(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= MAX_MODULE, f"{name_of(path)} has {lines} lines; split it by noun"


@each_module
def test_a_function_fits_on_one_screen(path: Path) -> None:
    sizes = {f.name: (f.end_lineno or f.lineno) - f.lineno + 1 for f in functions(parse(path))}
    long = {name: size for name, size in sizes.items() if size > MAX_FUNCTION}
    assert not long, f"{name_of(path)} has functions of more than {MAX_FUNCTION} lines: {long}"


def public(body: list[ast.stmt]) -> Iterator[Function | ast.ClassDef]:
    for node in body:
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_"):
            yield node


@each_module
def test_what_is_public_says_what_it_is(path: Path) -> None:
    tree = parse(path)
    silent = [] if ast.get_docstring(tree) else ["the module itself"]
    silent += [node.name for node in public(tree.body) if not ast.get_docstring(node)]
    assert not silent, f"{name_of(path)}: no docstring on {silent}"


def decorators(node: Function) -> set[str]:
    return {ast.unparse(one).rpartition(".")[2] for one in node.decorator_list}


def is_stub(node: Function) -> bool:
    body = node.body[1:] if ast.get_docstring(node) else node.body
    words = [ast.unparse(statement) for statement in body]
    return bool(words) and (
        all(word in {"pass", "..."} for word in words) or words[0].startswith("raise NotImplementedError")
    )


def protocol_methods(tree: ast.Module) -> set[Function]:
    """Methods of Protocol classes: they say a shape and have no body by nature."""
    return {
        method
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and any("Protocol" in ast.unparse(base) for base in node.bases)
        for method in functions(node)
    }


@each_module
def test_no_function_is_left_for_later(path: Path) -> None:
    tree = parse(path)
    shapes = protocol_methods(tree)
    stubs = [
        node.name
        for node in functions(tree)
        if node not in shapes and not decorators(node) & {"overload", "abstractmethod"} and is_stub(node)
    ]
    assert not stubs, f"{name_of(path)}: {stubs} have no body"


def imported_at_once(tree: ast.Module) -> set[str]:
    """Top-level packages that importing the module imports: nothing under TYPE_CHECKING or inside a function."""
    found: set[str] = set()
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            found.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add((node.module or "").partition(".")[0])
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting.extend(node.orelse)
        elif not isinstance(node, Function):
            waiting.extend(ast.iter_child_nodes(node))
    return found


@each_module
def test_heavy_packages_are_imported_where_they_are_needed(path: Path) -> None:
    inside = path.relative_to(PACKAGE)
    allowed = HOSTS.get(inside.parts[0], set())
    forbidden = HEAVY - allowed
    if inside.as_posix().startswith(WITHOUT_MSGSPEC) and inside.as_posix() != WIRE:
        forbidden = forbidden | {"msgspec"}
    early = imported_at_once(parse(path)) & forbidden
    assert not early, f"{name_of(path)} imports {sorted(early)} at its top; move it into the function"
