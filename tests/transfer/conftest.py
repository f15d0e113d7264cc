"""Fixtures of what goes out and comes in: further projects, and one that has everything a run can have."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from pathlib import Path

import pytest

from nbtrack.base.config import Project
from nbtrack.capture.environment import environment_hash
from nbtrack.runs import contract as c
from nbtrack.runs import current
from nbtrack.runs.editing import EditingService
from nbtrack.runs.service import RunsService
from nbtrack.transfer.landing import land
from nbtrack.transfer.records import ExperimentRecord, File, ModelMetric, ModelRecord, WholeModel

MakeProject = Callable[[str], Project]


@pytest.fixture
def another(tmp_path: Path, project: Project) -> MakeProject:
    """Makes further projects, closed at the end with the first."""

    def made(name: str) -> Project:
        (tmp_path / name).mkdir()
        return Project(tmp_path / name)

    return made


@pytest.fixture
def rich(filled: Project) -> Project:
    """The filled project, a run with everything there is, experiments with notes, a logged model with a file."""
    environment = {"python": "3.12.1", "packages": {"numpy": "2.0"}, "odd": math.inf}
    about = {"experiment": "digits", "notebook": "sub/a.ipynb", "cell": "c-1", "execution": 7, "number": 2}
    with current.begin(filled, name="whole", kind="cell", source="y = x\nlog(y)\n", **about) as run:
        run.add_execution({"number": 1, "execution": 6, "source": "x = 1\n", "status": "ok", "stored": ["x"]})
        run.add_execution({"number": 2, "execution": 7, "source": "y = x\nlog(y)\n", "facts": {"reads": ["x"]}})
        run.add_execution({"number": 3, "execution": 8, "source": "secret_of_later = 1\n"})
        run.set_environment(environment_hash(environment), environment)
        run.set_git({"commit": "0" * 40, "dirty": True})
        run.set_about(lineage={"hidden": [], "nan": math.nan})
        run.set_params({"lr": 0.1}, "captured")
        run.set_params({"lr": 0.2})
        run.set_params({"lr": -0.0})
        run.log({"loss": -0.0, "nan": math.nan}, step=-(1 << 63), time=12.5)
        run.log({"loss": 5e-324}, step=(1 << 63) - 1)
        for step in range(300):
            run.log({"loss": math.sin(step)}, step=step)
        run.add_bytes("plots/ä ö.png", bytes(range(256)) * 50, "image/png", "picture")
        run.add_bytes("empty", b"")
        run.add_output("display", "image/png", None, plain="<Figure>", artifact="plots/ä ö.png", dropped=3)
        run.add_output("stdout", "text/plain", "done\n\x1b[31mred\x1b[0m")
        run.add_dataset("train", "table", path="data/train.csv", hash="sha256-abc", info={"rows": 5, "seen": True})
        run.set_tags({"stage": "draft", "ünï": "<b>"})
        run.set_note("a *note*")
        run.end()  # of a cell's run, the end is the cell's
    service = RunsService(filled)
    service.refresh(force=True)
    EditingService(service).edit(c.EditRequest(["whole"], starred=True))
    metrics = [ModelMetric("acc", 0.5, 3.0, 1, run.id, "train", "d1"), ModelMetric("nan", math.nan, 4.0)]
    model = ModelRecord(
        "m-1", "forest", "digits", run.id, created=1.0, updated=2.0, about={"tags": {"a": "b"}}, metrics=metrics
    )
    experiments = [ExperimentRecord("digits", "a note of digits", 1.0, None, {"tags": {"team": "x"}})]
    files = [File("model.pkl", lambda: io.BytesIO(b"weights"), "application/x", created=4.0)]
    land(filled, [*experiments, WholeModel(model, lambda: files)], "mlflow")
    return filled
