"""Pushes that are killed, in a process of its own: `python killed_push.py URI FOLDER=MOMENT …`.

A moment is METHOD:NUMBER:before or after, such as ``log_batch:2:after``: in the second call of that method the process
is killed. Each is then pushed again; what came of that is printed, a line of JSON each.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Any

from nbtrack.base.config import Project
from nbtrack.runs.service import RunsService
from nbtrack.transfer.sync.opening import opened
from nbtrack.transfer.sync.pushing import push


def kill_in(home: type, moment: str) -> None:
    """Have this process killed in one of a class's methods."""
    name, number, when = moment.split(":")
    real, lock, calls = getattr(home, name), threading.Lock(), [0]

    def deadly(*arguments: Any, **options: Any) -> Any:
        with lock:
            calls[0] += 1
            mine = calls[0] == int(number)
        if mine and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        answer = real(*arguments, **options)
        if mine:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    setattr(home, name, deadly)


def pushed(uri: str, folder: str, moment: str | None) -> None:
    """Push; print what came of it if that is lived to see."""
    from mlflow.store.artifact.mlflow_artifacts_repo import MlflowArtifactsRepository

    with opened(uri) as there:
        if moment is not None:
            kill_in(MlflowArtifactsRepository if "artifacts" in moment else type(there.store), moment)
        done = push(RunsService(Project(Path(folder), "given")), there)
    sys.stdout.write(json.dumps(asdict(done)) + "\n")
    sys.stdout.flush()


def main(uri: str, tasks: list[str]) -> None:
    """Each task twice, in children of this process, which has imported what they need."""
    import mlflow  # noqa: F401

    for task in tasks:
        folder, _, moment = task.rpartition("=")
        for when in (moment, None):
            child = os.fork()
            if child == 0:
                code = 1
                try:
                    pushed(uri, folder, when)
                    code = 0
                finally:
                    os._exit(code)
            _, status = os.waitpid(child, 0)
            expected = -signal.SIGKILL if when is not None else 0
            assert os.waitstatus_to_exitcode(status) == expected, (task, when, status)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
