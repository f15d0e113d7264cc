"""A trial of a cell on a worker: what it needs of the notebook is sent along, what it gives goes to its run.

The names that the cell reads travel by cloudpickle, all in one, so that functions of the notebook find there the names
that the cell assigns, as they do at home. Nothing comes back into the notebook but the run: params, metrics, what
frameworks tell, output, environment of the worker. A worker is no IPython: magics and shell commands do not work there.
"""

from __future__ import annotations

import ast
import asyncio
import io
import linecache
import os
import sys
import traceback
import types
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from inspect import CO_COROUTINE
from typing import TYPE_CHECKING, Any

from nbtrack.base.config import Settings
from nbtrack.base.errors import InvalidOption
from nbtrack.runs import current

if TYPE_CHECKING:
    from nbtrack.capture.cell import CellRun, Options
    from nbtrack.capture.outputs import OutputRecorder
    from nbtrack.capture.session import Session
    from nbtrack.capture.syntax import CellSyntax

_FILE = "<trial>"
_CAPTURED = frozenset({"params", "calls", "metrics", "outputs", "environment", "autolog", "system"})


@dataclass(frozen=True)
class Sent:
    """What all trials share: names of the notebook, and a function whose globals are the notebook's."""

    names: dict[str, Any]
    home: types.FunctionType


@dataclass(frozen=True)
class Cell:
    """One trial's code, as the user reads it and as Python, and how it is tracked."""

    source: str
    python: str
    options: Options
    settings: Settings


def check_python(python: str) -> None:
    """See that a worker can run the code.

    Raises:
        InvalidOption: it asks for IPython.
    """
    if "get_ipython()" in python:
        raise InvalidOption(
            "The cell has magics or shell commands (% or !), which workers do not have.",
            "Put them into another cell, or sweep here, without --on.",
        )


def sent(syntax: CellSyntax, namespace: dict[str, Any], left_out: tuple[str, ...]) -> Sent:
    """What the cell needs of the notebook.

    Raises:
        InvalidOption: something of it cannot be sent.
    """
    import cloudpickle

    names = {name: namespace[name] for name in sorted(syntax.free) if name in namespace and name not in left_out}
    home = types.FunctionType(_home.__code__, namespace, "_home")
    home.__module__ = "__main__"
    for name, value in names.items():
        try:
            cloudpickle.dumps(value)
        except Exception as error:  # noqa: BLE001 (whatever pickling it raises)
            raise InvalidOption(
                f"'{name}' ({type(value).__name__}) cannot be sent to workers: {type(error).__name__}: {error}.",
                "Make it inside of the cell, or sweep here, without --on.",
            ) from None
    return Sent(names, home)


def _home() -> None:
    """Stands for the notebook; never called."""


def run_cell(shared: Sent, cell: Cell) -> None:
    """Run a trial, on the worker; its run is the current one."""
    from nbtrack.capture.cell import CellRun
    from nbtrack.capture.session import Execution

    run = current.current()
    assert run is not None
    run.of_cell = True
    space = shared.home.__globals__
    space.update(shared.names)
    space["__name__"] = "__main__"
    settings = Settings(cell.settings.metrics, False, [one for one in cell.settings.capture if one in _CAPTURED])
    execution = Execution(1, cell.source, cell.python)
    tracked = CellRun(run.recorder.project, settings, _session(), execution, cell.options, space)
    tracked.join(run)
    result, error = None, None
    with _shown(tracked.outputs):
        try:
            result = _executed(cell.python, space, tracked)
        except BaseException as raised:  # noqa: BLE001 (also Ctrl-C: what there is gets recorded first)
            error = raised
            tracked.outputs.error(type(raised).__name__, _text(raised), _lines(raised))
    tracked.session.settle(2.0)
    tracked.finish(result, error, None)
    if error is not None:
        raise error


def _executed(python: str, space: dict[str, Any], tracked: CellRun) -> Any:
    """Run the code; the value of its last expression, which is shown, too."""
    linecache.cache[_FILE] = (len(python), None, python.splitlines(keepends=True), _FILE)
    tree = ast.parse(python, _FILE)
    last = tree.body[-1] if tree.body else None
    if isinstance(last, ast.Expr):
        tree.body.pop()
    _run(compile(tree, _FILE, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), space)
    if not isinstance(last, ast.Expr):
        return None
    code = compile(ast.Expression(last.value), _FILE, "eval", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    value = _run(code, space)
    if value is not None and not python.rstrip().endswith(";"):
        tracked.outputs.display(_bundle(value), kind="result")
    return value


def _run(code: types.CodeType, space: dict[str, Any]) -> Any:
    value = eval(code, space)
    return asyncio.run(value) if code.co_flags & CO_COROUTINE else value


def _bundle(value: Any) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    with suppress(Exception):  # a repr of the user's may raise
        found["text/plain"] = repr(value)
    with suppress(Exception):
        html = type(value)._repr_html_(value)
        if isinstance(html, str):
            found["text/html"] = html
    return found


@contextmanager
def _shown(outputs: OutputRecorder) -> Iterator[None]:
    """Take what is printed, and the figures that are open at the end."""
    os.environ.setdefault("MPLBACKEND", "Agg")
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _Writer(outputs, "stdout"), _Writer(outputs, "stderr")
    try:
        yield
        with suppress(Exception):
            _take_figures(outputs)
    finally:
        sys.stdout, sys.stderr = before


class _Writer(io.TextIOBase):
    def __init__(self, outputs: OutputRecorder, kind: Any) -> None:
        self._outputs = outputs
        self._kind = kind

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self._outputs.stream(self._kind, text)
        return len(text)


def _take_figures(outputs: OutputRecorder) -> None:
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None:
        return
    for number in pyplot.get_fignums():
        picture = io.BytesIO()
        pyplot.figure(number).savefig(picture, format="png", bbox_inches="tight")
        outputs.display({"image/png": picture.getvalue(), "text/plain": f"<Figure {number}>"})
    pyplot.close("all")


def _lines(error: BaseException) -> list[str]:
    """The traceback from the cell's own code on."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename != _FILE:
        trace = trace.tb_next
    try:
        return "".join(traceback.format_exception(type(error), error, trace)).splitlines()
    except Exception:  # noqa: BLE001 (a __str__ of the user's)
        return []


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 (a __str__ of the user's)
        return ""


_kept: Session | None = None


def _session() -> Session:
    """One for all trials of a worker, as it remembers the environment."""
    global _kept
    if _kept is None:
        from nbtrack.capture.session import Session

        _kept = Session()
    return _kept
