"""Which run first saw that data had changed."""

from __future__ import annotations

from typing import Any

import pytest

from nbtrack.base.config import Project
from nbtrack.runs import current, hashes
from nbtrack.runs.contract import RunRequest, RunsRequest
from nbtrack.runs.editing import EditingService
from nbtrack.runs.service import RunsService

ONE, TWO, SAMPLED = "sha256-aa", "sha256-bb", "sha256.1M-cc"


class Recorded:
    """Runs that read data."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.service = RunsService(project)

    def __call__(self, run: str, about: dict[str, Any] | None = None, cell: str = "c", **where: Any) -> Any:
        """What is said of the change on a new run that read this."""
        place = {"notebook": "a.ipynb", "cell": cell, **where}
        with current.begin(self.project, name=run, **place) as made:
            made.add_dataset("X", "ndarray", **(about or {}))
        self.service.refresh(force=True)
        (data,) = self.service.get(RunRequest(made.id)).datasets
        return data.info.get("changed")


@pytest.fixture
def recorded(project: Project) -> Recorded:
    return Recorded(project)


def test_a_change_is_told_by_the_run_that_saw_it_and_by_no_other(recorded: Recorded) -> None:
    assert recorded("first", {"hash": ONE}) is None
    assert recorded("same", {"hash": ONE}) is None
    told = recorded("other", {"hash": TWO})
    assert (told["name"], told["hash"]) == ("same", ONE)
    assert told["at"] > 0
    assert recorded("after", {"hash": TWO}) is None


def test_a_path_counts_across_cells_and_notebooks_a_name_only_in_its_own_cell(recorded: Recorded) -> None:
    recorded("first", {"hash": ONE, "path": "data/x.csv"})
    told = recorded("second", {"hash": TWO, "path": "data/x.csv"}, cell="d", notebook="b.ipynb")
    assert told["name"] == "first"
    assert recorded("third", {"hash": ONE}) is None  # an array of the same name is no file
    assert recorded("fourth", {"hash": TWO}, cell="d") is None
    assert recorded("fifth", {"hash": TWO}, notebook="b.ipynb") is None
    assert recorded("sixth", {"hash": TWO})["name"] == "third"


def test_hashes_made_in_another_way_tell_nothing(recorded: Recorded) -> None:
    recorded("first", {"hash": ONE})
    assert recorded("sampled", {"hash": SAMPLED}) is None
    assert recorded("without") is None
    assert recorded("other", {"hash": TWO})["name"] == "first"


def test_a_run_in_the_trash_is_not_compared_with(recorded: Recorded) -> None:
    recorded("first", {"hash": ONE})
    EditingService(recorded.service).trash(RunsRequest(["first"]))
    assert recorded("other", {"hash": TWO}) is None


def test_what_was_found_never_takes_the_place_of_what_was_logged(project: Project) -> None:
    for order in ((True, False), (False, True)):
        with current.begin(project, name=f"run{order}") as run:
            for found in order:
                run.add_dataset("X", "ndarray", hash=ONE if found else TWO, info={"seen": "name"} if found else {})
        service = RunsService(project)
        service.refresh(force=True)
        (data,) = service.get(RunRequest(run.id)).datasets
        assert data.hash == TWO


def test_only_hashes_of_one_kind_can_be_compared() -> None:
    assert hashes.differ(ONE, TWO) is True
    assert hashes.differ(ONE, ONE) is False
    assert hashes.differ(ONE, SAMPLED) is None
    assert hashes.differ(ONE, None) is None
    assert hashes.differ("old", "older") is True
    assert (hashes.short(SAMPLED), hashes.short("sha256-0123456789")) == ("cc", "01234567")
