"""Run one function of one module in a process of its own, so that no subject feels another.

The answer comes back through a file: subjects print what they like.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from peers import STORE

# Settings of the person who measures. Where bytecode may not be written, each import would compile nbtrack anew, but
# not what pip installed.
_THEIRS = ("NBTRACK_", "WANDB_", "TRACKIO_", "MLFLOW_", "AIM_", "__AIM_", "PYTHONDONTWRITEBYTECODE")
_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
# What most children of a small run import: the process that they are forked from then has it.
_IMPORTED = (
    "numpy", "nbtrack.runs.service", "nbtrack.sdk.tracking", "nbtrack.magics", "nbtrack.api.dispatch", "subjects",
    "readers", "seed",
)  # fmt: skip


@contextmanager
def folder() -> Iterator[str]:
    """A new folder for one measurement."""
    # ignore_cleanup_errors: a service of a subject that outlives it by a moment may still write there
    with tempfile.TemporaryDirectory(prefix="nbtrack-bench-", ignore_cleanup_errors=True) as made:
        yield made


def environment(place: str) -> dict[str, str]:
    """The environment of a child: every subject keeps its things in ``place`` and asks nobody on the network."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_THEIRS)}
    ours = {
        "NBTRACK_DIR": place,
        "TRACKIO_DIR": place,
        "WANDB_DIR": place,
        "WANDB_MODE": "offline",
        "WANDB_SILENT": "true",
        "WANDB_CONSOLE": "off",
        "WANDB_CACHE_DIR": f"{place}/wandb-cache",
        "WANDB_DATA_DIR": f"{place}/wandb-data",
        "MLFLOW_TRACKING_URI": f"sqlite:///{place}/{STORE}",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
        "HF_HUB_OFFLINE": "1",
        "IPYTHONDIR": place,
    }
    return {**kept, **ours}


def command(function: str, answer: str, arguments: dict[str, Any]) -> list[str]:
    """The command line of a child."""
    return [sys.executable, str(Path(__file__).resolve()), function, answer, json.dumps(arguments)]


def in_child(function: str, place: str, **arguments: Any) -> Any:
    """Call ``module:function(place=…, **arguments)`` in a process of its own, with ``place`` as its folder.

    Raises:
        RuntimeError: it failed; the end of what it printed is the message.
    """
    with tempfile.NamedTemporaryFile(suffix=".json") as answer, tempfile.NamedTemporaryFile("r+") as said:
        words, own = command(function, answer.name, {"place": place, **arguments}), environment(place)
        if Warm.one:
            failed = Warm.one.run(words[2:], own, place, said.name)
        else:
            failed = subprocess.run(words, env=own, cwd=place, stdout=said, stderr=said, check=False).returncode
        if failed:
            raise RuntimeError(f"{function} {arguments} failed:\n{said.read()[-2000:]}")
        return json.loads(Path(answer.name).read_text(encoding="utf-8"))


class Warm:
    """A process that has imported what the children need, and is forked for each: for `--quick`, which times nothing.

    A child is a process of its own here too, with its own environment, folder and end; only its imports are done. Most
    of a small measurement are its imports.
    """

    one: Warm | None = None

    def __init__(self) -> None:
        words = [sys.executable, str(Path(__file__).resolve()), "--warm"]
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, arguments: list[str], own: dict[str, str], place: str, said: str) -> int:
        """The status with which a child for these arguments ends; what it prints goes into the file ``said``."""
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps([arguments, own, place, said]) + "\n")
        process.stdin.flush()
        return int(process.stdout.readline() or 1)

    @classmethod
    @contextmanager
    def started(cls) -> Iterator[None]:
        """Fork the children meanwhile, where processes can be forked."""
        if not hasattr(os, "fork"):
            yield
            return
        cls.one = cls()
        try:
            yield
        finally:
            cls.one._process.communicate()
            cls.one = None


def warm() -> None:
    """Inside the process that is forked: one line of standard input a child, one of standard output for its status.

    A part's ``IMPORTED`` names what only its own children need.
    """
    for name in _IMPORTED:
        import_module(name)
    for line in sys.stdin:
        arguments, own, place, said = json.loads(line)
        for name in getattr(import_module(arguments[0].partition(":")[0]), "IMPORTED", ()):
            import_module(name)
        child = os.fork()
        if not child:
            _as_a_child(arguments, own, place, said)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def _as_a_child(arguments: list[str], own: dict[str, str], place: str, said: str) -> None:
    """What is left of the process, up to its end."""
    status = 1
    try:
        out = os.open(said, os.O_WRONLY | os.O_APPEND)
        os.dup2(out, 1)
        os.dup2(out, 2)
        os.environ.clear()
        os.environ.update(own)
        os.chdir(place)
        sys.argv[1:] = arguments
        main()
        status = 0
    except BaseException:  # noqa: BLE001 (it is told, as an interpreter would)
        traceback.print_exc()
    finally:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def cpu() -> float:
    """CPU seconds of this process and of its living descendants (W&B works in a process of its own)."""
    return time.process_time() + sum(_descendants())


def _descendants() -> Iterator[float]:
    found: dict[int, tuple[int, float]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        found[int(path.parent.name)] = (int(fields[1]), (int(fields[11]) + int(fields[12])) / _TICKS)
    ours = {os.getpid()}
    for _ in range(4):  # generations
        ours |= {process for process, (parent, _) in found.items() if parent in ours}
    return (spent for process, (_, spent) in found.items() if process in ours and process != os.getpid())


def main() -> None:
    """Inside the child."""
    function, answer, arguments = sys.argv[1:4]
    module, _, name = function.partition(":")
    result = getattr(import_module(module), name)(**json.loads(arguments))
    Path(answer).write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    warm() if sys.argv[1:] == ["--warm"] else main()
