"""What the view of a run says of the data that it read, and how it folds what nobody set."""

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


def test_settings_that_nobody_set_stand_behind_the_others_in_one_line(project: Project) -> None:
    with current.begin(project, name="forest") as run:
        run.set_params({"Forest.depth": 2}, "autolog")
        run.set_params({f"Forest.rest{number:02}": number for number in range(30)}, "default")
    service = RunsService(project)
    service.refresh(force=True)
    view = RunView(service.get(RunRequest(run.id)))
    lines = repr(view).splitlines()
    assert [line.split()[0] for line in lines if "Forest." in line] == ["Forest.depth", "as"]
    assert "as by default: Forest.rest00 = 0, Forest.rest01 = 1" in repr(view)
    assert "As by default" in view._repr_html_()
    assert "Forest.rest29 = 29" in view._repr_html_()
