"""Several processes at one store: forked, spawned, killed; MLflow's own client in each."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nbtrack.base.config import Project

pytest.importorskip("mlflow")

from mlflow.entities import Metric, RunStatus, ViewType

from nbtrack.mlflow.tracking import NbtrackStore

# MLflow's parser of filters brings in its SQL tables, which SQLAlchemy 2.1 finds old-fashioned.
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy")

BEGIN = """
import os, signal, subprocess, sys, mlflow
mlflow.set_tracking_uri("nbtrack:" + sys.argv[1])
client = mlflow.MlflowClient()
"""


def run_code(code: str, *args: str, died: bool = False) -> str:
    """What a script printed that found the store by its URI alone, as any user of MLflow does."""
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + code, *args], capture_output=True, text=True, timeout=280, check=False
    )
    assert (done.returncode == 0) != died, done.stderr
    return done.stdout.strip()


def test_a_script_logs_and_finds_by_the_uri_alone_and_may_leave_its_run_open(project: Project) -> None:
    found = run_code(
        """
run = mlflow.start_run(run_name="open")
mlflow.log_params({"lr": 0.1})
for step in range(5):
    mlflow.log_metric("m", step, step=step)
with mlflow.start_run(run_name="child", nested=True):
    mlflow.log_metric("m", 7)
futures = [mlflow.log_metric("later", step, step=step, synchronous=False) for step in range(50)]
mlflow.flush_async_logging()
table = mlflow.search_runs(order_by=["start_time ASC"])
print(list(table["tags.mlflow.runName"]), list(table["metrics.m"]), list(table["params.lr"])[0])
print(len(client.get_metric_history(run.info.run_id, "later")))
""",
        str(project.root),
    )
    assert found.splitlines() == ["['open', 'child'] [4.0, 7.0] 0.1", "50"]
    runs = NbtrackStore(f"nbtrack:{project.root}").search_runs(["0"], "", ViewType.ACTIVE_ONLY)
    assert [(run.info.run_name, run.info.status) for run in runs] == [("child", "FINISHED"), ("open", "FINISHED")]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_forked_and_spawned_workers_log_to_a_run_of_their_parent(tmp_path: Path) -> None:
    found = run_code(
        """
spawned = '''
import sys, mlflow
mlflow.set_tracking_uri("nbtrack:" + sys.argv[1])
with mlflow.start_run(run_id=sys.argv[2]):
    mlflow.log_metric("m", 2, step=2)
    mlflow.log_param("spawned", 1)
'''
with mlflow.start_run() as run:
    client.log_metric(run.info.run_id, "m", 0, step=0)
    child = os.fork()
    if not child:
        client.log_metric(run.info.run_id, "m", 1, step=1)
        client.log_param(run.info.run_id, "forked", 1)
        from nbtrack.runs.projects import open_recorders
        for recorder in open_recorders():
            recorder.close()
        os._exit(0)
    os.waitpid(child, 0)
    subprocess.run([sys.executable, "-c", spawned, sys.argv[1], run.info.run_id], check=True)
    print(client.get_run(run.info.run_id).info.status)
    mlflow.log_metric("m", 3, step=3)
found = client.get_run(run.info.run_id)
print([(point.step, point.value) for point in client.get_metric_history(run.info.run_id, "m")])
print(sorted(found.data.params), found.info.status)
""",
        str(tmp_path),
    )
    assert found.splitlines() == [
        "FINISHED",  # as MLflow's own stores say, too: the worker's block has ended
        "[(0, 0.0), (1, 1.0), (2, 2.0), (3, 3.0)]",
        "['forked', 'spawned'] FINISHED",
    ]


def test_a_killed_script_loses_nothing_and_its_run_is_failed(project: Project) -> None:
    run = run_code(
        """
run = mlflow.start_run()
print(run.info.run_id, flush=True)
for step in range(300):
    mlflow.log_metric("m", step, step=step)
os.kill(os.getpid(), signal.SIGKILL)
""",
        str(project.root),
        died=True,
    )
    store = NbtrackStore(f"nbtrack:{project.root}")
    found = store.get_run(run)
    assert (found.info.status, found.data.metrics) == ("FAILED", {"m": 299.0})
    assert len(store.get_metric_history(run, "m")) == 300
    store.update_run_info(run, RunStatus.RUNNING, None, None)
    store.log_metric(run, Metric("m", -1.0, 1, 300))
    store.update_run_info(run, RunStatus.FINISHED, 1, None)
    assert store.get_run(run).data.metrics == {"m": -1.0}
