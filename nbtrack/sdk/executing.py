"""Executing from Python: `run_notebook` and `reproduce`, as ``nbtrack run`` and ``nbtrack reproduce`` do."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.base.config import Project, find_project
from nbtrack.base.errors import CannotRun, InvalidOption
from nbtrack.runs import given
from nbtrack.sdk import asked
from nbtrack.sdk.context import current_project, current_service, service
from nbtrack.sdk.run import Run

if TYPE_CHECKING:
    from nbtrack.execute.notebook import Executed, Order, Progress

__all__ = ["reproduce", "run_notebook"]


@asked.checked(
    notebook=asked.path,
    params=asked.mapping,
    entry=asked.text,
    name=asked.text,
    experiment=asked.text,
    kernel=asked.text,
    timeout=asked.whole(1),
    output=asked.path,
    on=asked.text,
    check=asked.flag,
    project=asked.project,
)
def run_notebook(
    notebook: str | os.PathLike[str] | None = None,
    params: Mapping[str, Any] | None = None,
    *,
    entry: str | None = None,
    name: str | None = None,
    experiment: str | None = None,
    kernel: str | None = None,
    timeout: int | None = None,
    output: str | os.PathLike[str] | None = None,
    on: str | None = None,
    check: bool = True,
    project: Project | str | os.PathLike[str] | None = None,
) -> Run:
    """Execute a notebook with params in a fresh kernel, as a run; its tracked cells become children of that run.

    params: what its cell tagged ``parameters`` sets, or, without such a cell, literals that it assigns. entry: an entry
    point of ``nbtrack.toml``, in place of the notebook. timeout: seconds a cell may take. output: where to write the
    executed notebook; it is an artifact of the run in any case. on: ``dask://HOST:PORT``. check: raise if it fails.

    Raises:
        NotFound: no such notebook. InvalidOption: a param cannot be set. CannotRun: no kernel; or a cell failed.

    >>> run = nbtrack.run_notebook("train.ipynb", {"lr": 0.1})           # doctest: +SKIP
    >>> run.children[0].metrics["accuracy"]                              # doctest: +SKIP
    """
    where = project if isinstance(project, Project) else find_project(project) if project else current_project()
    for key, value in (params or {}).items():
        given.checked_params({key: value})  # nothing in it raises when it is written as text
    words = {key: value if isinstance(value, str) else repr(value) for key, value in (params or {}).items()}
    order = ordered(
        where,
        given.local_path(notebook) if notebook is not None else None,
        dict(params or {}) if entry is None else words,
        entry=entry,
        name=name,
        experiment=experiment,
        kernel=kernel,
        timeout=timeout,
        output=given.local_path(output) if output is not None else None,
    )
    executed = executed_on(where, order, on)
    if check and executed.run.status != "finished":
        raise CannotRun(
            f"The notebook '{order.notebook}' {executed.run.status}: {executed.reason}.",
            f"The run is '{executed.run.name}'; its executed.ipynb has all output.",
        )
    reads = service(where)
    executed.run.flush()
    return Run(reads, reads.row(executed.run.id))


@asked.checked(
    run=asked.run,
    tolerance=asked.number(0),
    env=asked.flag,
    timeout=asked.whole(1),
    project=asked.project,
)
def reproduce(
    run: str | Run = "@1",
    *,
    tolerance: float = 1e-6,
    env: bool = False,
    timeout: int | None = None,
    project: Project | str | os.PathLike[str] | None = None,
) -> Run:
    """Execute the cells behind a run in a fresh kernel and compare the metrics with those recorded.

    run: id, beginning of an id, name, ``@1``, or a `Run`. tolerance: how far a metric may differ, relative to the
    larger value. env: in the environment that the run recorded, made by uv or pip. timeout: seconds a cell may take.
    The answer is a child of the run: ``answer.about["reproduced"]`` has the verdict, and the reasons for it.

    Raises:
        NotFound, Ambiguous: the run. CannotRun: a script, or nothing to execute it with.
    """
    from nbtrack.execute.reproduce import reproduce as again

    reads = current_service(project)
    made, _ = again(reads, run if isinstance(run, str) else run.id, tolerance=tolerance, env=env, timeout=timeout)
    made.flush()
    return Run(reads, reads.row(made.id))


def ordered(
    project: Project, notebook: Path | None, params: Mapping[str, Any], *, entry: str | None, **options: Any
) -> Order:
    """What to execute: a notebook, or an entry point with its texts of params read by its types.

    Raises:
        InvalidOption: neither or both, no such entry point, or a param that it does not take.
    """
    from nbtrack.execute.entries import entry as entry_of
    from nbtrack.execute.environments import from_requirements
    from nbtrack.execute.notebook import Order

    if entry is None:
        if notebook is None:
            raise InvalidOption("There is nothing to run.", "Name a notebook, or an entry point with --entry.")
        return Order(notebook, dict(params), **options)
    if notebook is not None:
        raise InvalidOption(f"'{notebook}' and --entry '{entry}' cannot both be run.", "Leave one of them out.")
    found = entry_of(project, entry)
    options["kernel"] = options.get("kernel") or found.kernel
    python = from_requirements(project, found.environment) if found.environment is not None else None
    return Order(found.notebook, found.values(params), entry=entry, python=python, **options)


def executed_on(project: Project, order: Order, on: str | None, progress: Progress | None = None) -> Executed:
    """Execute an order here, or where ``on`` says."""
    from nbtrack.execute.notebook import execute

    if on is None:
        return execute(project, order, progress)
    from nbtrack.execute.remote import execute_on

    return execute_on(project, order, on)
