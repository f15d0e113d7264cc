"""A notebook executed by a worker of a cluster: its kernel starts there, its runs land here.

Where the notebook's folder exists on the worker, too (a shared file system, or this machine), the kernel works in it;
else in an empty one. Only the notebook travels, no data. What the kernel records goes by the worker's relay
(`nbtrack.runs.relay`) to the driver. A worker that is lost is replaced: the notebook is executed again, in another run.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from nbtrack.base.config import Project
from nbtrack.base.errors import CannotRun, InvalidOption
from nbtrack.execute.engines import Attempt, Task, engine
from nbtrack.execute.notebook import Executed, Order, begun, perform, prepared, write_output
from nbtrack.runs import current
from nbtrack.runs.active import ActiveRun


def execute_on(project: Project, order: Order, on: str) -> Executed:
    """Execute a notebook on a worker of the engine ``on``; otherwise as `nbtrack.execute.notebook.execute`.

    Raises:
        CannotRun: there is no such cluster, no kernel there, or no worker is left.
    """
    if order.python is not None:
        raise InvalidOption("An entry point with an environment of its own runs here only.", "Leave --on out.")
    notebook, params = prepared(order)

    def begin(attempt: Attempt) -> ActiveRun:
        return begun(project, order, notebook, params, enter=attempt.here)

    order = replace(order, notebook=order.notebook.absolute())
    call = partial(work, json.dumps(notebook), replace(order, output=None), str(project.root))
    with engine(on) as where:
        where.submit(Task("notebook", call, begin))
        (done,) = where.as_completed()
    if done.run is None:
        raise CannotRun(f"The notebook was not executed: {done.reason}.", f"Look at the cluster at {on}.")
    cells, trace, text = done.value or (0, done.traceback, None)
    if text is not None:
        write_output(order, json.loads(text))
    return Executed(done.run, cells, done.reason, trace)


def work(text: str, order: Order, root: str) -> tuple[int, str, str]:
    """On the worker: how many cells ran, the traceback of one that failed, and the executed notebook."""
    import nbformat

    from nbtrack.execute.kernels import Kernel

    reads: Any = nbformat.reads
    notebook = reads(text, as_version=4)
    run = current.current()
    assert run is not None, "a task has a run"
    with tempfile.TemporaryDirectory(prefix="nbtrack-") as empty:
        folder = order.notebook.parent
        if not folder.is_dir():
            folder = Path(empty)
        project = Project(Path(root) if Path(root).is_dir() else folder)
        kernel = Kernel(notebook, folder, order.kernel, None, order.timeout)
        executed = perform(run, project, order, kernel)
    return executed.cells, executed.trace, json.dumps(notebook)
