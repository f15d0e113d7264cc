"""A fresh kernel: found by name or by its Python, started, fed with cells, interrupted and ended.

nbclient does the talking, so that outputs land in the notebook as they would in JupyterLab. Unlike nbclient alone,
each cell goes with its id, so that its runs are known to be of that cell; and Ctrl-C first interrupts the kernel, so
that what runs in it can end honestly, before the kernel is ended.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from nbtrack.base.errors import CannotRun
from nbtrack.capture.process import run_quiet

_STARTUP = 120  # seconds
_GRACE = 5.0  # seconds that an interrupted cell has to end by itself
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_ASK = "import sys,json,platform; print(json.dumps([platform.python_version(), sys.prefix, sys.path]))"


class Kernel:
    """A kernel that will execute the cells of one notebook.

    notebook: as nbformat has it; outputs are written into it. name: of a kernel that Jupyter knows. python: the program
    to start a kernel with instead. timeout: seconds that a cell may take.
    """

    def __init__(
        self,
        notebook: Any,
        folder: Path,
        name: str | None = None,
        python: Path | None = None,
        timeout: int | None = None,
    ) -> None:
        try:
            from nbclient import NotebookClient
        except ImportError:
            raise CannotRun("nbclient is not installed.", "pip install 'nbtrack[run]'") from None
        self.notebook = notebook
        self.folder = folder
        self.name, self.spec = _given(python) if python is not None else _found(name, notebook)
        options = {"kernel_manager_class": _manager(self.spec)} if python is not None else {"kernel_name": self.name}
        self._client: Any = NotebookClient(
            notebook,
            timeout=timeout,
            startup_timeout=_STARTUP,
            resources={"metadata": {"path": str(folder)}},
            store_widget_state=False,
            allow_errors=False,
            **options,
        )
        self._cell: Any = None

    @contextmanager
    def running(self, environment: Mapping[str, str]) -> Iterator[Kernel]:
        """The kernel runs while the block does, with these variables on top of ours.

        Raises:
            CannotRun: it does not start.
        """
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the libraries that talk to it
            with self._started({**os.environ, **environment}):
                self._send_ids()
                try:
                    yield self
                except KeyboardInterrupt:
                    self._interrupt()
                    raise

    @contextmanager
    def _started(self, environment: Mapping[str, str]) -> Iterator[None]:
        started = False
        with tempfile.TemporaryFile() as said:  # what the kernel's program says, which is noise if it starts
            try:
                with self._client.setup_kernel(env=dict(environment), stderr=said):
                    started = True
                    yield
            except (RuntimeError, OSError) as error:
                if started:
                    raise
                said.seek(0)
                last = said.read().decode("utf-8", "replace").strip().rpartition("\n")[2]
                raise CannotRun(
                    f"The kernel '{self.name}' does not start: {last or error}.",
                    "`jupyter kernelspec list` shows how it is started.",
                ) from error

    def execute(self, index: int) -> None:
        """Execute the cell at an index; its outputs are in the notebook then.

        Raises:
            CellFailed: an error that the cell is not tagged to raise, too long a time, or the death of the kernel.
        """
        from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

        self._cell = self.notebook.cells[index]
        try:
            self._client.execute_cell(self._cell, index)
        except CellExecutionError as error:
            raise CellFailed(self._cell, index, f"{error.ename}: {error.evalue}", _shown(self._cell)) from error
        except CellTimeoutError as error:
            raise CellFailed(self._cell, index, f"it took longer than {self._client.timeout} s", "") from error
        except DeadKernelError as error:
            raise CellFailed(self._cell, index, "the kernel died", "") from error

    def _send_ids(self) -> None:
        session = self._client.kc.session
        plain = session.msg

        def msg(kind: str, *arguments: Any, **options: Any) -> Any:
            made = plain(kind, *arguments, **options)
            if kind == "execute_request" and self._cell is not None:
                made["metadata"]["cellId"] = self._cell.get("id")
            return made

        session.msg = msg

    def _interrupt(self) -> None:
        """Interrupt the cell and wait until the kernel answers again, as far as it does."""
        from jupyter_core.utils import run_sync

        with suppress(Exception):  # it is ended in any case
            run_sync(self._client.km.interrupt_kernel)()
            run_sync(self._client.kc.wait_for_ready)(timeout=_GRACE)

    def environment(self) -> dict[str, object]:
        """What the kernel runs in, as `nbtrack.capture.environment` describes it."""
        import json

        from nbtrack.capture.environment import read_environment, read_packages

        body = read_environment()
        python = self.spec.argv[0] if self.spec.argv else sys.executable
        if not Path(python).is_absolute() or Path(python) == Path(sys.executable):
            return body
        answer = run_quiet([python, "-c", _ASK], timeout=10.0)
        if answer is None or answer.code:
            return {**body, "python": None, "prefix": None, "packages": {}}  # a kernel of another language
        version, prefix, paths = json.loads(answer.kept)
        return {**body, "python": version, "prefix": Path(prefix).name, "packages": read_packages(paths)}


class CellFailed(Exception):
    """A cell that ended what was executed: ``place`` in words, ``reason`` in one line, ``trace`` as it was shown."""

    def __init__(self, cell: Any, index: int, reason: str, trace: str) -> None:
        count = cell.get("execution_count")
        self.index = index
        self.place = f"cell {index + 1}" + (f" (In[{count}])" if count else "")
        self.reason = reason
        self.trace = trace
        super().__init__(f"{self.place}: {reason}")


def _shown(cell: Any) -> str:
    """The traceback as the cell showed it, without colours."""
    traces = [one.get("traceback", []) for one in cell.outputs if one.output_type == "error"]
    return _COLOUR.sub("", "\n".join(traces[-1])) if traces else ""


def _found(name: str | None, notebook: Any) -> tuple[str, Any]:
    """The kernel to use: as named, else as the notebook says, else this Python for a Python notebook."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    specs = KernelSpecManager()
    said = notebook.metadata.get("kernelspec", {})
    wanted = name or said.get("name") or "python3"
    try:
        return wanted, specs.get_kernel_spec(wanted)
    except NoSuchKernel:
        known = sorted(specs.find_kernel_specs())
    if name is None and "python3" in known and said.get("language", "python") == "python":
        return "python3", specs.get_kernel_spec("python3")
    there = f"There are: {', '.join(known)}." if known else "pip install ipykernel"
    raise CannotRun(f"There is no kernel '{wanted}'.", f"{there} Choose one with --kernel.")


def _given(python: Path) -> tuple[str, Any]:
    from jupyter_client.kernelspec import KernelSpec

    argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    return python.parent.parent.name, KernelSpec(argv=argv, display_name=str(python), language="python")


def _manager(spec: Any) -> Any:
    from jupyter_client.manager import AsyncKernelManager

    class Manager(AsyncKernelManager):
        """Starts what it was given, whatever Jupyter knows."""

        @property
        def kernel_spec(self) -> Any:
            return spec

    return Manager
