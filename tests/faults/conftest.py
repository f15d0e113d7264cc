"""Processes of their own, that the tests of faults start, kill and read after."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 100.0  # seconds until a process that hangs fails the test


def environment(folder: Path) -> dict[str, str]:
    """The environment of a process that records into a folder and belongs to no run of the tests."""
    known = {name: value for name, value in os.environ.items() if not name.startswith("NBTRACK")}
    return {**known, "PYTHONPATH": str(ROOT), "NBTRACK_DIR": str(folder), "PYTHONUNBUFFERED": "1"}


class Scripts:
    """Starts scripts in one project folder; all that still live are killed at the end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._started: list[subprocess.Popen[bytes]] = []
        self._count = 0

    def start(self, code: str, *args: object, **options: Any) -> subprocess.Popen[bytes]:
        """Python code, in a file of its own so that `spawn` can import it."""
        self._count += 1
        script = self.folder.parent / f"script{self._count}.py"
        script.write_text(textwrap.dedent(code))
        # Python 3.12 and newer warn of every fork of a process with threads, as each kernel is one.
        about = {**environment(self.folder), "PYTHONWARNINGS": "ignore:This process:DeprecationWarning"}
        options = {"cwd": self.folder, "env": about, "stderr": subprocess.PIPE, **options}
        process = subprocess.Popen([sys.executable, str(script), *map(str, args)], **options)
        self._started.append(process)
        return process

    def run(self, code: str, *args: object, **options: Any) -> str:
        """Run to the end, which must be a good one; what it printed to standard error."""
        process = self.start(code, *args, **options)
        errors = process.communicate(timeout=PATIENCE * 3)[1].decode()
        assert process.returncode == 0, errors
        return errors

    def end(self) -> None:
        for process in self._started:
            if process.poll() is None:
                process.kill()
            process.communicate()


@pytest.fixture
def scripts(tmp_path: Path) -> Iterator[Scripts]:
    """A starter of scripts in a fresh project folder."""
    folder = tmp_path / "project"
    folder.mkdir()
    starter = Scripts(folder)
    yield starter
    starter.end()
