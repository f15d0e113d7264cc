"""Where this process shows things: a kernel with a front end, or a terminal. Asks IPython only if it is there."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any


def in_kernel() -> bool:
    """Whether outputs go to a front end."""
    return kernel_shell() is not None


def kernel_shell() -> Any:
    """The shell of this process' kernel; None where there is none."""
    shell = _shell()
    return shell if getattr(shell, "kernel", None) is not None else None


def execution() -> tuple[str | None, str]:
    """(the id of the cell that runs, if its front end says so; the id of the request that runs it)."""
    with suppress(Exception):
        parent = _shell().get_parent()
        cell = parent.get("metadata", {}).get("cellId")
        return (cell if isinstance(cell, str) and cell else None), str(parent["header"]["msg_id"])
    return None, ""


def notebook_folder() -> Path:
    """The folder of the notebook, as far as the kernel was told; else the current one, where kernels are started."""
    with suppress(Exception):
        for found in (_shell().user_ns.get("__vsc_ipynb_file__"), os.environ.get("JPY_SESSION_NAME")):
            if isinstance(found, str) and os.path.isabs(found):
                return Path(found).parent
    return Path.cwd()


def _shell() -> Any:
    ipython = sys.modules.get("IPython")
    return None if ipython is None else ipython.get_ipython()
