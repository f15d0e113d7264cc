"""A real kernel in a project folder, driven as a front end does, and what its cell was told in mapped memory."""

from __future__ import annotations

import os
import queue
import signal
import struct
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from jupyter_client import KernelManager

from tests.faults.victims import PATIENCE, environment

# Logs for a minute and notes how many calls returned where a SIGKILL leaves it.
LOGGING = """%%track victim
import mmap, time, nbtrack
with open("told", "w+b") as file:
    file.truncate(4096)
    told = mmap.mmap(file.fileno(), 4096)
print("going", flush=True)
until = time.monotonic() + 60
number = 0
while time.monotonic() < until:
    nbtrack.log({"loss": float(number)})
    number += 1
    told[:8] = number.to_bytes(8, "little")
    if number % 100 == 0:
        time.sleep(0.002)
"""


class OneKernel:
    """A kernel; it is gone when the block ends."""

    def __init__(self, root: Path, notebook: str = "work.ipynb", **env: str) -> None:
        self.root = root
        self.manager = KernelManager(kernel_name="python3")
        self._environment = {**environment(root), "JPY_SESSION_NAME": str(root / notebook), **env}
        self.replies: dict[str, dict[str, Any]] = {}
        self.errors: dict[str, str] = {}  # by message: the name of the exception that was shown

    def __enter__(self) -> OneKernel:
        self.manager.start_kernel(cwd=str(self.root), env=self._environment)
        try:
            self._connect()
        except BaseException:  # without it the kernel would go on
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        self.client.stop_channels()
        if self.manager.is_alive():
            self.manager.shutdown_kernel(now=True)
        self.manager.cleanup_resources()

    def _connect(self) -> None:
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=PATIENCE)

    def send(self, code: str) -> str:
        """Execute without waiting."""
        return str(self.client.execute(code, allow_stdin=False))

    def run(self, code: str) -> dict[str, Any]:
        """Execute, and the reply."""
        return self.wait(self.send(code))

    def wait(self, sent: str) -> dict[str, Any]:
        """The reply to an execution, once it is there."""
        deadline = time.monotonic() + PATIENCE
        while True:
            answer = self.client.get_shell_msg(timeout=max(0.1, deadline - time.monotonic()))
            if answer["parent_header"].get("msg_id") == sent:
                return dict(answer["content"])

    def wait_for(self, text: str) -> None:
        """Until a cell has printed this."""
        deadline, seen = time.monotonic() + PATIENCE, ""
        while text not in seen:
            try:
                message = self.client.get_iopub_msg(timeout=max(0.1, deadline - time.monotonic()))
            except queue.Empty:
                raise TimeoutError(f"waited for {text!r}, saw {seen!r}") from None
            seen += str(message["content"].get("text", ""))

    def printed(self) -> str:
        """What has come to standard error since somebody looked."""
        seen = ""
        while True:
            try:
                message = self.client.get_iopub_msg(timeout=0.2)
            except queue.Empty:
                return seen
            if message["msg_type"] == "stream" and message["content"]["name"] == "stderr":
                seen += message["content"]["text"]

    def told(self) -> int:
        """How many calls of log() had returned at least."""
        return int(struct.unpack_from("<q", (self.root / "told").read_bytes())[0])

    def wait_until_told(self) -> None:
        """Until one has."""
        deadline = time.monotonic() + PATIENCE
        while not self.told():
            if time.monotonic() > deadline:
                raise TimeoutError("no call of log() returned")
            time.sleep(0.01)

    def alive(self) -> bool:
        """Whether its process lives."""
        return bool(self.manager.is_alive())

    def replied(self) -> bool:
        """Whether a reply to an execution has come."""
        return bool(self.client.shell_channel.msg_ready())

    @property
    def pid(self) -> int:
        """The kernel's process."""
        return int(self.manager.provisioner.pid)

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        """Send it a signal."""
        os.kill(self.pid, how)

    def interrupt(self) -> None:
        """As the button does."""
        self.manager.interrupt_kernel()

    def restart(self) -> None:
        """As the button does while a cell runs."""
        self.client.stop_channels()
        self.manager.restart_kernel(now=True)
        self._connect()
