"""A notebook executed with params, as a run of kind ``notebook``; what its cells track become the run's children.

The kernel is told by the environment which run it works for (``NBTRACK_PARENT``, as any process that a run starts), so
that its tracked cells are children, and what other cells log goes to the run itself. The file that is executed stays as
it is: the executed notebook is an artifact of the run, and written elsewhere when asked.
"""

from __future__ import annotations

import copy
import json
import time
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbtrack.base.config import Project, load_settings
from nbtrack.base.errors import InvalidOption, NotFound
from nbtrack.base.secrets import redact
from nbtrack.base.words import why
from nbtrack.capture.environment import environment_hash
from nbtrack.capture.git import read_git
from nbtrack.execute.kernels import CellFailed, Kernel
from nbtrack.execute.parameters import TAG, inject, settable
from nbtrack.runs import current
from nbtrack.runs.active import ActiveRun, status_of

Progress = Callable[[Iterable[Any], str, int], Iterable[Any]]

EXECUTED = "executed.ipynb"
_MIME = "application/x-ipynb+json"
_BINARY = ("image/png", "image/jpeg", "application/pdf")


@dataclass(frozen=True)
class Order:
    """What is to be executed, and how.

    params: by name. entry: the entry point it came from. kernel: of those that Jupyter knows; python: a program
    instead. timeout: seconds a cell. output: where to write the executed notebook, too.
    """

    notebook: Path
    params: Mapping[str, Any] = field(default_factory=dict)
    name: str | None = None
    experiment: str | None = None
    entry: str | None = None
    kernel: str | None = None
    python: Path | None = None
    timeout: int | None = None
    output: Path | None = None


@dataclass
class Executed:
    """How it went. cells: how many ran. reason: why it failed, and in which cell. trace: what that cell showed."""

    run: ActiveRun
    cells: int
    reason: str | None = None
    trace: str = ""


def execute(project: Project, order: Order, progress: Progress | None = None) -> Executed:
    """Execute a notebook. A cell that fails ends it: the run has failed then, and nothing is raised.

    Raises:
        NotFound: there is no such notebook. InvalidOption: it is none, or a param cannot be set.
        CannotRun: the kernel does not start; a run that failed says so.
        KeyboardInterrupt: Ctrl-C; the run was interrupted, and the kernel is gone.
    """
    notebook, params = prepared(order)
    kernel = Kernel(notebook, order.notebook.absolute().parent, order.kernel, order.python, order.timeout)
    run = begun(project, order, notebook, params)
    executed = perform(run, project, order, kernel, progress)
    write_output(order, notebook)
    return executed


def prepared(order: Order) -> tuple[Any, dict[str, Any]]:
    """The notebook with its params in it, and those that its tagged cell sets besides.

    Raises:
        NotFound: there is no such notebook. InvalidOption: it is none, or a param cannot be set.
    """
    notebook = read_notebook(order.notebook)
    known = settable(notebook.cells)
    notebook.cells = inject(notebook.cells, order.params)
    tagged = any(TAG in cell.metadata.get("tags", []) for cell in notebook.cells)
    return notebook, {name: value for name, value in known.items() if tagged and name not in order.params}


def perform(
    run: ActiveRun, project: Project, order: Order, kernel: Kernel, progress: Progress | None = None
) -> Executed:
    """Execute the notebook of a kernel for a run that has begun, keep it with the run, and end that."""
    executed = Executed(run, 0)
    error: BaseException | None = None
    try:
        _describe(run, project, kernel)
        with kernel.running(surroundings(project, order.notebook.absolute())):
            _cells(kernel, executed, progress)
    except CellFailed as failed:
        executed.trace, error = failed.trace, failed
    except BaseException as raised:
        error = raised
        raise
    finally:
        _finish(executed, order, kernel.notebook, error)
    return executed


def write_output(order: Order, notebook: Any) -> None:
    """Write the executed notebook where it is wanted."""
    if order.output is not None:
        order.output.parent.mkdir(parents=True, exist_ok=True)
        order.output.write_bytes(json.dumps(notebook, indent=1, ensure_ascii=False).encode("utf-8", "backslashreplace"))


def read_notebook(path: Path) -> Any:
    """A notebook in the newest format, each cell with an id.

    Raises:
        NotFound: there is no such file. InvalidOption: it is no notebook.
    """
    import nbformat

    if not path.is_file():
        raise NotFound(f"There is no notebook '{path}'.", "Give the path of a file that ends in .ipynb.")
    try:
        reads: Any = nbformat.reads
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # cells without ids get them below
            notebook = reads(path.read_text(encoding="utf-8"), as_version=4)
        if notebook.get("nbformat_minor", 0) < 5:
            for number, cell in enumerate(notebook.cells):
                cell.setdefault("id", f"cell-{number + 1}")
            notebook.nbformat_minor = 5
        nbformat.validate(notebook)
    except Exception as error:  # the library has many, of json and of jsonschema among them
        raise InvalidOption(f"'{path}' is no notebook: {why(error)}.", "Open it in JupyterLab to see.") from error
    return notebook


def surroundings(project: Project, notebook: Path) -> dict[str, str]:
    """Variables of the environment that tell a kernel which notebook it executes, and for which project."""
    return {"JPY_SESSION_NAME": str(notebook), "NBTRACK_DIR": str(project.root)}


def place_in(project: Project, path: Path) -> str:
    """A path as it is stored: inside the project, else its name alone."""
    path = path.absolute()
    return path.relative_to(project.root).as_posix() if path.is_relative_to(project.root) else path.name


def begun(project: Project, order: Order, notebook: Any, params: Mapping[str, Any], enter: bool = True) -> ActiveRun:
    """The run of a notebook that is about to be executed."""
    run = current.begin(
        project,
        name=order.name,
        experiment=order.experiment or order.notebook.stem,
        kind="notebook",
        parent=current.current(),
        enter=enter,
        notebook=place_in(project, order.notebook),
        told=time.time(),
        source=redact(script(notebook))[0],
    )
    run.set_about(notebook={"entry": order.entry, "cells": _codes(notebook)})
    run.set_params(params, "notebook")
    run.set_params(order.params)
    return run


def script(notebook: Any) -> str:
    """The code of a notebook as one text, so that two executions can be compared."""
    codes = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    return "\n\n".join(f"# %% [{number}]\n{cell.source}" for number, cell in enumerate(codes, 1))


def _describe(run: ActiveRun, project: Project, kernel: Kernel) -> None:
    captured = load_settings(project).capture
    if "environment" in captured:
        body = {**kernel.environment(), "kernel": kernel.name}
        run.set_environment(environment_hash(body), body)
    if "git" in captured:
        state = read_git(project.root, redact=lambda text: redact(text)[0])
        if state is not None:
            run.set_git(state)


def _cells(kernel: Kernel, executed: Executed, progress: Progress | None) -> None:
    codes = [number for number, cell in enumerate(kernel.notebook.cells) if cell.cell_type == "code"]
    for index in codes if progress is None else progress(codes, "running cells", len(codes)):
        kernel.execute(index)
        executed.cells += 1


def _finish(executed: Executed, order: Order, notebook: Any, error: BaseException | None) -> None:
    """Keep the executed notebook and end the run with its status, whatever happened."""
    run = executed.run
    status, reason = status_of(error)
    if isinstance(error, CellFailed):
        reason = str(error)
    run.set_about(notebook={"entry": order.entry, "cells": _codes(notebook), "ran": executed.cells})
    data = json.dumps(_clean(notebook), indent=1, ensure_ascii=False).encode("utf-8", "backslashreplace")
    run.add_bytes(EXECUTED, data, _MIME, "notebook")
    executed.reason = redact(reason)[0][:500] if reason else None
    run.end(status, executed.reason)


def _codes(notebook: Any) -> int:
    return sum(cell.cell_type == "code" for cell in notebook.cells)


def _clean(value: Any, key: str = "") -> Any:
    """A notebook without the secrets in its code and its outputs."""
    if isinstance(value, str):
        return value if key in _BINARY else redact(value)[0]
    if isinstance(value, Mapping):
        return {name: _clean(one, name) for name, one in value.items()}
    return [_clean(one, key) for one in value] if isinstance(value, list) else copy.copy(value)
