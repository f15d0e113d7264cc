"""What the view of a run says of the data that it read."""

from __future__ import annotations

from nbtrack.base.config import Project
from nbtrack.runs import current
from nbtrack.runs.contract import RunRequest
from nbtrack.runs.service import RunsService
from nbtrack.sdk.views.run import RunView


def test_data_that_changed_come_first_and_name_the_run_before(project: Project) -> None:
    for number in range(2):
        with current.begin(project, name=f"run{number}") as run:
            for name in range(20):
                run.add_dataset(f"same{name:02}.csv", "file", path=f"same{name:02}.csv", hash="sha256-aa")
            run.add_dataset("train.csv", "file", path="train.csv", hash=f"sha256-{number}")
    service = RunsService(project)
    service.refresh(force=True)
    text = " ".join(repr(RunView(service.get(RunRequest(run.id)))).split())
    assert "train.csv (changed since run0), same00.csv" in text
    assert "and 17 more" in text
