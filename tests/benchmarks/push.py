"""Send runs to an MLflow server, and how fast the same server takes them from MLflow's own client in batches."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

from child import folder, in_child
from table import Line, judge, median, plain

RUNS, FEW, KEYS = 1_000, 200, 20
_PATIENCE = 120.0
_WHY = (
    "the server is the limit: a run is the same few requests from nbtrack as from MLflow's client (made, filled, "
    "ended), and its SQLite takes one write at a time. nbtrack sends four runs at once, and first looks for runs that "
    "a push before has left there."
)


@contextmanager
def served(place: str) -> Iterator[str]:
    """An MLflow server on SQLite."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--backend-store-uri", f"sqlite:///{place}/mlflow.db", "--artifacts-destination", f"{place}/files"]
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with Path(place, "server.log").open("wb") as log:
        server = subprocess.Popen(
            command, cwd=place, env={**os.environ, **quiet}, stdout=log, stderr=log, start_new_session=True
        )
    try:
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until and server.poll() is None:
            with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5):
                break
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        with suppress(ProcessLookupError):
            os.killpg(server.pid, 15)
        server.wait(60)


def bare(place: str, uri: str, runs: int, name: str) -> float:
    """Inside a child: seconds that the client takes for as many runs, a request each to make, fill and end them."""
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Param

    client = MlflowClient(uri)
    experiment = client.create_experiment(name)
    began = time.perf_counter()
    for number in range(runs):
        run = client.create_run(experiment, run_name=f"run-{number}").info.run_id
        params = [Param(f"param_{key}", str(number * 0.01 + key)) for key in range(KEYS)]
        client.log_batch(
            run, [Metric(f"metric_{key}", float(key), 1_700_000_000_000, 0) for key in range(KEYS)], params
        )
        client.set_terminated(run)
    return time.perf_counter() - began


def pushed(place: str, uri: str, runs: int, name: str) -> float:
    """Inside a child: seconds of a push of as many runs that this project has."""
    from nbtrack.base.config import Project
    from nbtrack.runs import current
    from nbtrack.runs.service import RunsService
    from nbtrack.transfer.sync.opening import opened
    from nbtrack.transfer.sync.pushing import push

    project = Project(Path(place), "given")
    for number in range(runs):
        with current.begin(project, name=f"run-{number}", kind="script", experiment=name) as run:
            run.set_params({f"param_{key}": number * 0.01 + key for key in range(KEYS)})
            run.log({f"metric_{key}": float(key) for key in range(KEYS)})
    service = RunsService(project)
    service.refresh(force=True)
    with opened(uri) as there:
        began = time.perf_counter()
        done = push(service, there)
        spent = time.perf_counter() - began
    if (done.new, done.points) != (runs, runs * KEYS):
        raise RuntimeError(f"{done.new} of {runs} runs were sent: their time means nothing")
    return spent


def lines(quick: bool, rivals: list[str]) -> list[Line]:
    """The lines of this part."""
    if find_spec("mlflow") is None:
        return []
    runs, few = (10, 5) if quick else (RUNS, FEW)
    client = []
    with folder() as place, folder() as project, served(place) as uri:
        client.append(in_child("push:bare", project, uri=uri, runs=few, name="before"))
        took = in_child("push:pushed", project, uri=uri, runs=runs, name="pushed")
        client.append(in_child("push:bare", project, uri=uri, runs=few, name="after"))
    rate, accepted = runs / took, few / median(client)
    said = f"{plain(took)}, {rate:.1f} runs/s (MLflow's client: ≈ {plain(runs / accepted)}, {accepted:.1f})"
    return [
        Line(
            "push",
            f"push of {runs:,} runs ({KEYS} params, {KEYS} metrics) to an MLflow server",
            {"nbtrack": said},
            "≥ half of what the server takes",
            judge(rate >= accepted / 2),
            "Push: the client makes, fills by log_batch and ends one run after the other on the same server, "
            f"{few} before the push and {few} after it, from which {runs:,} are extrapolated.",
            {"nbtrack": rate, "client": accepted},
            why=_WHY,
        )
    ]
