"""MLflow inside tracked cells, and its autologging: in a shell of its own, as a user has it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mlflow")

# MLflow is imported anew in each shell: on a machine that others use, too, that takes its time.
pytestmark = pytest.mark.timeout(900)

# The cells are run one after the other; what comes of them is looked at by MLflow's own client.
SHELL = """
import json, os, sys, warnings
os.environ["MLFLOW_DISABLE_TELEMETRY"] = os.environ["DO_NOT_TRACK"] = "true"
warnings.simplefilter("ignore")
from IPython.core.interactiveshell import InteractiveShell

shell = InteractiveShell.instance()
for source in json.loads(sys.argv[1]):
    done = shell.run_cell(source, store_history=True)
    if "raise" not in source:
        done.raise_error()

import mlflow
found = {}
for run in mlflow.search_runs(search_all_experiments=True, output_format="list"):
    tags = run.data.tags
    found[tags["mlflow.runName"]] = {
        "status": run.info.status,
        "experiment": mlflow.get_experiment(run.info.experiment_id).name,
        "params": run.data.params,
        "metrics": run.data.metrics,
        "parent": tags.get("mlflow.parentRunId"),
        "id": run.info.run_id,
        "tags": sorted(tags),
        "files": [one.path for one in mlflow.artifacts.list_artifacts(run_id=run.info.run_id)],
        "inputs": [one.dataset.name for one in run.inputs.dataset_inputs],
        "sources": [one.dataset.source for one in run.inputs.dataset_inputs],
        "models": len(run.outputs.model_outputs),
    }
print("\\n" + json.dumps({"runs": found, "active": mlflow.active_run() is not None}))
"""
NBTRACK = "%load_ext nbtrack"
MLFLOW = "import mlflow\nmlflow.set_tracking_uri('nbtrack:')"

CELLS = [
    "%%track plain\nlr = 0.1\nmlflow.log_metric('loss', 0.5)\nmlflow.log_param('lr', lr)\n"
    "mlflow.log_text('hi', 'a.txt')",
    "assert mlflow.active_run() is None",
    "%%track cell\nwith mlflow.start_run(run_name='mine', tags={'a': 'b'}):\n    mlflow.log_metric('m', 1)\n"
    "    with mlflow.start_run(nested=True, run_name='child'):\n        mlflow.log_metric('c', 2)\n"
    "mlflow.log_metric('late', 3)",
    "%%track loop\nfor i in range(3):\n    with mlflow.start_run(run_name=f'r{i}'):\n        mlflow.log_param('i', i)",
    "%%track search\nfor i in range(2):\n    with mlflow.start_run(run_name=f'n{i}', nested=True):\n"
    "        mlflow.log_param('i', i)",
    "mlflow.set_experiment('chosen')\noutside = mlflow.start_run(run_name='outside')",
    "%%track broken\nmlflow.log_metric('before', 1)\nraise ValueError('no')",
    "mlflow.log_metric('after', 1)\nmlflow.end_run()",
    "%%track data\nimport pandas as pd\n"
    "mlflow.log_input(mlflow.data.from_pandas(pd.DataFrame({'a': [1]}), name='rows'))",
    "mlflow.MlflowClient().create_run('0', run_name='by the client')",
]

# A regression, of which MLflow draws no pictures.
TRAINING = [
    "import numpy as np\nfrom sklearn.linear_model import Ridge\nX = np.arange(40.0).reshape(20, 2)\ny = X[:, 0]",
    "%%track alone\nRidge(alpha=2.0).fit(X, y)",
    "mlflow.sklearn.autolog(log_models=False, log_datasets=False, silent=True)",
    "%%track both\nRidge(alpha=2.0).fit(X, y)",
    "mlflow.sklearn.autolog(disable=True)",
    "%%track again\nRidge(alpha=2.0).fit(X, y)",
]


def run(project: Path, cells: list[str]) -> dict[str, Any]:
    command = [sys.executable, "-c", SHELL, json.dumps(cells)]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The runs that the cells made, nbtrack loaded first."""
    found = run(tmp_path_factory.mktemp("cells"), [NBTRACK, MLFLOW, *CELLS])
    assert not found["active"]
    runs: dict[str, Any] = found["runs"]
    return runs


def test_what_mlflow_logs_in_a_tracked_cell_is_of_the_cells_run(cells: dict[str, Any]) -> None:
    plain = cells["plain"]
    assert (plain["status"], plain["parent"]) == ("FINISHED", None)
    assert plain["metrics"]["loss"] == 0.5
    assert plain["params"]["lr"] == "0.1"
    assert plain["files"] == ["a.txt"]


def test_the_cells_run_takes_the_name_and_tags_of_mlflows_and_lives_on_to_the_cells_end(cells: dict[str, Any]) -> None:
    mine = cells["mine"]
    assert "cell" not in cells
    assert mine["metrics"]["m"] == 1
    assert "a" in mine["tags"]
    assert "nbtrack.cell" not in mine["tags"]
    assert (cells["child"]["parent"], cells["child"]["metrics"]) == (mine["id"], {"c": 2})
    assert mine["metrics"]["late"] == 3, "after MLflow's run has ended, the cell's is still the one that is logged to"


def test_of_several_runs_in_a_cell_the_first_is_the_cells_and_the_others_are_its_children(
    cells: dict[str, Any],
) -> None:
    assert cells["r0"]["parent"] is None
    assert cells["r1"]["parent"] == cells["r2"]["parent"] == cells["r0"]["id"]
    assert [cells[f"r{i}"]["params"]["i"] for i in range(3)] == ["0", "1", "2"]


def test_nested_runs_are_children_of_the_cells_run_from_the_first_on(cells: dict[str, Any]) -> None:
    assert cells["n0"]["parent"] == cells["n1"]["parent"] == cells["search"]["id"]


def test_a_run_that_was_open_before_the_cell_gets_nothing_of_the_cell(cells: dict[str, Any]) -> None:
    assert (cells["broken"]["status"], cells["broken"]["metrics"]["before"]) == ("FAILED", 1)
    assert cells["broken"]["experiment"] == "chosen"
    assert (cells["outside"]["status"], cells["outside"]["metrics"]) == ("FINISHED", {"after": 1})


def test_data_keep_a_source_that_says_nothing_of_the_cell(cells: dict[str, Any]) -> None:
    at = cells["data"]["inputs"].index("rows")
    assert "nbtrack" not in cells["data"]["sources"][at]
    assert "parentRunId" not in cells["data"]["sources"][at]


def test_a_client_that_begins_a_run_gets_one_of_its_own(cells: dict[str, Any]) -> None:
    assert (cells["by the client"]["parent"], cells["by the client"]["experiment"]) == (None, "Default")


def test_a_training_is_recorded_once_by_mlflow_where_its_autologging_is_on_else_by_nbtrack(tmp_path: Path) -> None:
    found = run(tmp_path, [MLFLOW, NBTRACK, *CELLS[:1], *TRAINING])["runs"]
    assert list(found) == ["again", "both", "alone", "plain"]
    assert found["plain"]["metrics"]["loss"] == 0.5, "also where MLflow was imported first"
    for name in ("alone", "again"):
        assert found[name]["params"]["Ridge.alpha"] == "2.0"
        assert "alpha" not in found[name]["params"]
        assert "Ridge.max_iter" in found[name]["params"]
    both = found["both"]["params"]
    assert (both["alpha"], both["fit_intercept"]) == ("2.0", "True")
    assert "Ridge.max_iter" not in both
    assert "mlflow.autologging" in found["both"]["tags"]
