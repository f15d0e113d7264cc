"""Ports for the servers and kernels that tests start: a range of its own for each process of pytest.

Jupyter looks for a free port, lets it go, and hands its number to a kernel that takes it a second later. Two processes
that do so at once are given the same number now and then, and one of the kernels dies.
"""

from __future__ import annotations

import os
import random
import socket
from collections import deque
from contextlib import suppress

FIRST, LAST = 20_000, 32_000  # below those that Linux, macOS and Windows give to whoever asks for any

KEEP_APART = f"import runpy\nrunpy.run_path({__file__!r})['keep_apart']()\n"  # in the settings of a Jupyter server

_given: deque[int] = deque(maxlen=500)  # by this process, the last ones; their kernels may still be starting


def ours() -> range:
    """The ports of this process of pytest, and of what it starts."""
    count = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % count  # a replaced one counts on
    size = (LAST - FIRST) // count
    return range(FIRST + worker * size, FIRST + (worker + 1) * size)


def free_port() -> int:
    """A port of ours that nobody listens at."""
    while True:
        port = random.SystemRandom().choice(ours())  # tests seed `random`
        if port not in _given:
            with suppress(OSError), socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
                _given.append(port)
                return port


def keep_apart() -> None:
    """Let Jupyter choose the ports of kernels that this process starts among ours, if pytest runs in several."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        from jupyter_client.connect import LocalPortCache

        LocalPortCache.find_available_port = lambda self, ip: free_port()  # type: ignore[method-assign]
