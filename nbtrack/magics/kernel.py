"""What the kernel that we are in knows of itself."""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any


def kernel_id() -> str:
    """The kernel's id as Jupyter knows it: the middle of its connection file's name; empty outside of a kernel."""
    with suppress(Exception):
        return _connection_file().stem.removeprefix("kernel-")
    return ""


def text_under_way(ip: Any) -> str:
    """The text that a front end has sent and that is executed now; empty outside of a kernel."""
    with suppress(Exception):
        return str(ip.get_parent()["content"]["code"])
    return ""


@cache
def path_told() -> float | None:
    """When this kernel was told its notebook's path, in Unix seconds; None outside of a kernel.

    The path stands in the environment, and in the connection file, which is written once. A kernel that is restarted
    inherits the environment of its first start, so a path that stands in both is as old as that file. Newer servers
    tell the path anew where it has changed: then it is as old as this process.
    """
    with suppress(Exception):
        file = _connection_file()
        if json.loads(file.read_bytes()).get("jupyter_session") == os.environ.get("JPY_SESSION_NAME"):
            return file.stat().st_mtime
        return _process_started()
    return None


def _process_started() -> float:
    """When this process began; psutil knows it to the second only on Linux, where the clock since booting is exact."""
    if sys.platform == "linux":
        ticks = int(Path("/proc/self/stat").read_bytes().rpartition(b")")[2].split()[19])
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
        return time.time() - age
    import psutil  # part of every ipykernel installation

    return float(psutil.Process().create_time())


def _connection_file() -> Path:
    from ipykernel.connect import get_connection_file

    return Path(get_connection_file())
