"""Runs of all kinds, written by MLflow itself: `python mlflow_made.py URI FOLDER`, in a process of its own."""

from __future__ import annotations

import atexit
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

NUMBERS = [0.5, math.nan, -0.0, 1e-320, 1.7976931348623157e308, 3.0]
ENVIRONMENT = {"MLFLOW_ALLOW_FILE_STORE": "true", "MLFLOW_DISABLE_TELEMETRY": "true", "PYTHONWARNINGS": "ignore"}


@cache
def empty_database() -> Path:
    """A database with MLflow's tables, made once: its many migrations take longer than the tests that need it."""
    folder = Path(tempfile.mkdtemp(prefix="nbtrack-mlflow-empty-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    _call([sys.executable, "-m", "mlflow", "db", "upgrade", f"sqlite:///{folder / 'mlflow.db'}"], folder)
    return folder / "mlflow.db"


def make(uri: str, folder: Path) -> dict[str, Any]:
    """Have another process write runs to a store; what it says of them."""
    found: dict[str, Any] = json.loads(_call([sys.executable, __file__, uri, str(folder)], folder).splitlines()[-1])
    return found


def _call(command: list[str], folder: Path) -> str:
    environment = {**os.environ, **ENVIRONMENT}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=folder, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def main(uri: str, folder: Path) -> None:
    """Write them."""
    from mlflow import MlflowClient
    from mlflow.data.code_dataset_source import CodeDatasetSource
    from mlflow.entities import Dataset, DatasetInput, InputTag, LoggedModelOutput, Metric, Param, RunTag

    client = MlflowClient(uri)
    note = {"mlflow.note.content": "all of it", "team": "blue"}
    churn = client.create_experiment("churn", artifact_location=(folder / "files" / "churn").as_uri(), tags=note)
    runs = {}

    def run(name: str, started: int, status: str | None = "FINISHED", experiment: str = churn, **tags: str) -> str:
        made = client.create_run(experiment, started, tags, name).info.run_id
        runs[name] = made
        if status is not None:
            client.set_terminated(made, status, started + 5_125)
        return made

    outer = run("outer", 1_700_000_000_001, None, **{"mlflow.note.content": "why *so*", "stage": "draft"})
    inner = run("inner", 1_700_000_001_002, "KILLED", **{"mlflow.parentRunId": outer, "mlflow.user": "ada"})
    run("broke", 1_700_000_002_000, "FAILED", experiment="0")
    run("goes-on", 1_700_000_003_000, None)
    gone = run("gone", 1_700_000_004_000)
    points = [Metric("loss", value, 1_700_000_000_100 + step, step) for step, value in enumerate(NUMBERS)]
    points += [Metric("deep/acc", 0.25, 1_700_000_000_500, -7), Metric("deep/acc", 0.75, 1_700_000_000_400, 3)]
    params = {
        "lr": "0.1",
        "depth": "4",
        "name": "ünï",
        "off": "None",
        "big": str(10**30),
        "zero": "007",
        "flag": "True",
    }
    client.log_batch(outer, points, [Param(key, text) for key, text in params.items()], [RunTag("k", "v" * 4000)])
    client.log_batch(inner, [Metric("many", step / 3, 1_700_000_001_002 + step, step) for step in range(900)])
    (folder / "note.txt").write_text("hello")
    client.log_artifact(outer, str(folder / "note.txt"), "deep/er")
    client.log_artifact(inner, str(folder / "note.txt"))
    source = CodeDatasetSource(tags={})
    data = Dataset("train", "abc123", source._get_source_type(), source.to_json(), '{"a": 1}', None)
    client.log_inputs(outer, [DatasetInput(data, [InputTag("mlflow.data.context", "training")])])
    model = client.create_logged_model(churn, "forest", outer, {"kind": "rf"}, {"trees": "10"})
    client.finalize_logged_model(model.model_id, "READY")
    client.log_outputs(outer, [LoggedModelOutput(model.model_id, 2)])
    client.create_registered_model("churn-model")
    client.create_model_version("churn-model", model.artifact_location, outer)
    client.set_registered_model_alias("churn-model", "champion", "1")
    client.set_terminated(outer, "FINISHED", 1_700_000_009_999)
    client.delete_run(gone)
    sys.stdout.write(json.dumps({"runs": runs, "model": model.model_id, "params": params}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
