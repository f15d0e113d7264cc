"""Unmodified MLflow code with the tracking URI ``nbtrack:``: the fluent functions, models, autologging, its server."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

from nbtrack.base.config import Project
from nbtrack.runs.contract import PageRequest
from nbtrack.runs.projects import forget_all
from nbtrack.runs.service import RunsService
from tests.ui.ports import free_port

pytest.importorskip("mlflow")

# MLflow, its server and three frameworks are imported anew: on a machine that others use, too, that takes its time.
pytestmark = pytest.mark.timeout(900)

QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "PYTHONWARNINGS": "ignore"}

SCRIPT = """
import json, os
import mlflow
import numpy as np
from sklearn.linear_model import LinearRegression

mlflow.set_tracking_uri("nbtrack:")
X = np.arange(20.0).reshape(10, 2)
y = X[:, 0]
with mlflow.start_run(run_name="outer") as outer:
    done = [mlflow.log_metric("later", i, step=i, synchronous=False) for i in range(50)]
    mlflow.log_params({"a": 1, "b": "x"}, synchronous=False).wait()
    mlflow.flush_async_logging()
    mlflow.log_dict({"a": [1, 2]}, "conf/a.json")
    mlflow.log_input(mlflow.data.from_numpy(X, name="x"), context="training")
    with mlflow.start_run(run_name="inner", nested=True):
        mlflow.log_metric("m", 1)
    info = mlflow.sklearn.log_model(LinearRegression().fit(X, y), name="line", pip_requirements=["scikit-learn"])
    mlflow.log_metric("rmse", 0.5, model_id=info.model_id)
client = mlflow.MlflowClient()
loaded = mlflow.pyfunc.load_model(info.model_uri)
(best,) = mlflow.search_logged_models(filter_string="metrics.rmse < 1", output_format="list")

mlflow.autolog(log_models=False, log_datasets=False, silent=True)
import lightgbm, xgboost
LinearRegression().fit(X, y)
xgboost.train({"max_depth": 2}, xgboost.DMatrix(X, y), 3)
lightgbm.train({"num_leaves": 3, "verbosity": -1}, lightgbm.Dataset(X, y), 3)

runs = mlflow.search_runs(output_format="list", order_by=["start_time ASC"])
print(json.dumps({
    "outer": outer.info.run_id,
    "history": [one.value for one in client.get_metric_history(outer.info.run_id, "later")],
    "dict": mlflow.artifacts.load_dict(outer.info.artifact_uri + "/conf/a.json"),
    "predicted": float(loaded.predict(X)[3]),
    "best": [best.name, best.source_run_id, str(best.status)],
    "same": best.model_id == info.model_id,
    "runs": [[run.info.run_name, run.info.status, run.data.params, sorted(run.data.metrics),
              run.data.tags.get("mlflow.autologging"), run.data.tags.get("mlflow.parentRunId")] for run in runs],
}))
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fluent")


@pytest.fixture(scope="module")
def done(root: Path) -> dict[str, Any]:
    """What the script printed at its end."""
    environment = {**os.environ, **QUIET}
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return found


def test_what_is_logged_without_waiting_is_there_after_the_flush(done: dict[str, Any]) -> None:
    assert done["history"] == [float(i) for i in range(50)]
    assert done["runs"][0][:3] == ["outer", "FINISHED", {"a": "1", "b": "x"}]


def test_nested_runs_files_and_models_are_found_again(done: dict[str, Any]) -> None:
    assert done["runs"][1][0] == "inner"
    assert done["runs"][1][5] == done["outer"]
    assert done["dict"] == {"a": [1, 2]}
    assert done["predicted"] == pytest.approx(6.0)
    assert (done["best"], done["same"]) == (["line", done["outer"], "READY"], True)


def test_autologging_records_a_run_for_each_training(done: dict[str, Any]) -> None:
    trained = {run[4]: run for run in done["runs"] if run[4]}
    assert set(trained) == {"sklearn", "xgboost", "lightgbm"}
    assert all(run[1] == "FINISHED" for run in trained.values())
    assert trained["sklearn"][2]["fit_intercept"] == "True"
    assert trained["xgboost"][2]["max_depth"] == "2"
    assert trained["lightgbm"][2]["num_leaves"] == "3"


def test_nbtrack_shows_the_same_runs(done: dict[str, Any], root: Path) -> None:
    service = RunsService(Project(root))
    rows = service.page(PageRequest(limit=100)).rows
    assert len(rows) == len(done["runs"])
    outer = next(row for row in rows if row.id == done["outer"])
    later = service.history(outer.id, "later")  # in the order in which MLflow's threads came
    assert {(step, value) for step, value in zip(later.steps, later.values, strict=True)} == {
        (i, float(i)) for i in range(50)
    }
    assert (outer.name, outer.status, outer.metrics["later"].max) == ("outer", "finished", 49.0)
    forget_all()


# -- MLflow's own server in front of the project


@pytest.fixture(scope="module")
def server(done: dict[str, Any], root: Path) -> Iterator[str]:
    port = free_port()
    command = [
        sys.executable, "-m", "mlflow", "server", "--backend-store-uri", f"nbtrack:{root}", "--port", str(port),
        "--workers", "1", "--artifacts-destination", f"nbtrack:{root}/.nbtrack",
    ]  # fmt: skip
    with (root / "server.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=root, env={**os.environ, **QUIET}, stdout=log, stderr=log, start_new_session=True
        )
        try:
            until = time.monotonic() + 600
            while not _answers(port):
                assert process.poll() is None, (root / "server.log").read_text()
                assert time.monotonic() < until, (root / "server.log").read_text()
                time.sleep(0.2)
            yield f"http://127.0.0.1:{port}"
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)  # its workers, too
            process.wait(timeout=120)


def _answers(port: int) -> bool:
    try:
        return bool(urlopen(f"http://127.0.0.1:{port}/health", timeout=5).status == 200)
    except (URLError, OSError):
        return False


def ask(url: str, body: dict[str, Any] | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    with urlopen(Request(url, data, {"Content-Type": "application/json"}), timeout=200) as answer:
        return json.loads(answer.read())


def test_mlflows_server_shows_what_is_in_the_project(server: str, done: dict[str, Any]) -> None:
    api = f"{server}/api/2.0/mlflow"
    (experiment,) = ask(f"{api}/experiments/search", {"max_results": 10})["experiments"]
    assert experiment["name"] == "Default"
    runs = ask(f"{api}/runs/search", {"experiment_ids": ["0"], "filter": "params.b = 'x'"})["runs"]
    assert [run["info"]["run_id"] for run in runs] == [done["outer"]]
    assert runs[0]["inputs"]["dataset_inputs"][0]["dataset"]["name"] == "x"
    models = ask(f"{api}/logged-models/search", {"experiment_ids": ["0"]})["models"]
    assert [model["info"]["name"] for model in models] == ["line"]
    assert ask(f"{api}/registered-models/search") == {}
    with urlopen(f"{server}/get-artifact?path=conf%2Fa.json&run_uuid={done['outer']}", timeout=200) as answer:
        assert json.loads(answer.read()) == {"a": [1, 2]}
    traces = ask(f"{server}/ajax-api/3.0/mlflow/traces/search", {"locations": [], "max_results": 5})
    assert not traces.get("traces")


def test_what_is_logged_to_mlflows_server_is_in_the_project(server: str, root: Path) -> None:
    api = f"{server}/api/2.0/mlflow"
    experiment = ask(f"{api}/experiments/create", {"name": "far"})["experiment_id"]
    run = ask(f"{api}/runs/create", {"experiment_id": experiment, "run_name": "remote"})["run"]["info"]["run_id"]
    ask(f"{api}/runs/log-metric", {"run_id": run, "key": "m", "value": 2.0, "timestamp": 1, "step": 0})
    ask(f"{api}/runs/update", {"run_id": run, "status": "FINISHED", "end_time": 5})
    place = f"{server}/api/2.0/mlflow-artifacts/artifacts/{experiment}/{run}/artifacts/a.txt"
    urlopen(Request(place, b"far", method="PUT"), timeout=200).close()
    service = RunsService(Project(root))
    row = service.row(run)
    assert (row.name, row.experiment, row.status, row.metrics["m"].last) == ("remote", "far", "finished", 2.0)
    assert service.artifact(run, "a.txt")[1] == b"far"
    forget_all()
