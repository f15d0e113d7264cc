"""Experiments through MLflow's door: its ids and names, what is in the trash, and what nbtrack itself sees of them."""

from __future__ import annotations

import time
from typing import Any

import pytest

import nbtrack
from nbtrack.base.config import Project
from nbtrack.runs import contract as c
from nbtrack.runs.editing import EditingService
from nbtrack.runs.service import RunsService

pytest.importorskip("mlflow")

from mlflow.entities import ExperimentTag, ViewType
from mlflow.exceptions import MlflowException

from nbtrack.mlflow.tracking import NbtrackStore

# MLflow's parser of filters brings in its SQL tables, which SQLAlchemy 2.1 finds old-fashioned.
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy")


@pytest.fixture
def store(project: Project) -> NbtrackStore:
    return NbtrackStore(f"nbtrack:{project.root}")


def apart(store: NbtrackStore, *names: str, **more: Any) -> list[str]:
    """Experiments that were made in different milliseconds."""
    made = []
    for name in names:
        time.sleep(0.002)
        made.append(store.create_experiment(name, **more))
    return made


def names(found: Any) -> list[str]:
    return [one.name for one in found]


def code(error: pytest.ExceptionInfo[MlflowException]) -> str:
    return str(error.value.error_code)


def test_a_new_store_has_the_default_experiment_with_the_id_0(store: NbtrackStore) -> None:
    (only,) = store.search_experiments()
    assert (only.experiment_id, only.name, only.lifecycle_stage) == ("0", "Default", "active")
    assert store.get_experiment("0").creation_time == only.last_update_time
    assert store.create_experiment("first") == "1"


def test_the_default_experiment_of_a_project_with_runs_is_nbtracks_default(project: Project) -> None:
    with nbtrack.start_run(experiment="earlier"):
        pass
    with nbtrack.start_run("mine") as run:
        run.flush()
    store = NbtrackStore("nbtrack:")
    assert (store.get_experiment("0").name, store.get_experiment("2").experiment_id) == ("Default", "0")
    assert store.get_experiment_by_name("default").experiment_id == "0"
    assert [found.info.run_name for found in store.search_runs(["0"], None, ViewType.ALL)] == ["mine"]
    assert store.get_run(run.id).info.experiment_id == "0"
    with pytest.raises(MlflowException) as error:
        store.create_experiment("Default")
    assert code(error) == "RESOURCE_ALREADY_EXISTS"


def test_the_default_experiment_keeps_its_id_under_another_name(project: Project) -> None:
    with nbtrack.start_run(experiment="earlier"):
        pass
    with nbtrack.start_run() as run:
        run.flush()
    store = NbtrackStore("nbtrack:")
    store.rename_experiment("0", "main")
    assert store.get_experiment("0").name == "main"
    assert store.get_run(run.id).info.experiment_id == "0"
    assert [row.experiment for row in RunsService(project).page(c.PageRequest()).rows] == ["main", "earlier"]
    store.rename_experiment("0", "Default")
    assert store.get_experiment_by_name("Default").experiment_id == "0"
    assert {row.experiment for row in RunsService(project).page(c.PageRequest()).rows} == {"default", "earlier"}


def test_a_name_is_taken_by_an_experiment_in_the_trash_too(store: NbtrackStore) -> None:
    (made,) = apart(store, "once")
    store.delete_experiment(made)
    with pytest.raises(MlflowException, match=r"Experiment\(name=once\) already exists") as error:
        store.create_experiment("once")
    assert code(error) == "RESOURCE_ALREADY_EXISTS"
    assert store.get_experiment_by_name("once").lifecycle_stage == "deleted"
    assert store.get_experiment_by_name("never") is None


@pytest.mark.parametrize("name", [None, "", 12, "x" * 501, "tab\there"])
def test_an_experiment_needs_a_name_that_can_be_kept(store: NbtrackStore, name: Any) -> None:
    with pytest.raises(MlflowException) as error:
        store.create_experiment(name)
    assert code(error) == "INVALID_PARAMETER_VALUE"
    assert len(store.search_experiments(ViewType.ALL)) == 1


@pytest.mark.parametrize(("given", "expected"), [("7", "RESOURCE_DOES_NOT_EXIST"), ("x", "INVALID_PARAMETER_VALUE")])
def test_an_experiment_that_is_not_there_is_said_to_be_missing(store: NbtrackStore, given: str, expected: str) -> None:
    for ask in (store.get_experiment, store.delete_experiment, store.restore_experiment):
        with pytest.raises(MlflowException) as error:
            ask(given)
        assert code(error) == expected


def test_the_runs_of_an_experiment_go_into_the_trash_and_come_back_with_it(
    store: NbtrackStore, project: Project
) -> None:
    (made,) = apart(store, "ours")
    runs = [store.create_run(made, "me", 1, [], None).info.run_id for _ in range(3)]
    store.delete_run(runs[0])
    before = store.get_experiment(made)
    time.sleep(0.002)
    store.delete_experiment(made)
    assert store.get_experiment(made).last_update_time > before.last_update_time
    assert {run.info.lifecycle_stage for run in store.search_runs([made], None, ViewType.ALL)} == {"deleted"}
    assert RunsService(project).page(c.PageRequest(trashed=True)).matched == 3
    with pytest.raises(MlflowException, match="must be in the 'active' state"):
        store.create_run(made, "me", 1, [], None)
    with pytest.raises(MlflowException, match="Cannot rename a non-active experiment"):
        store.rename_experiment(made, "other")
    with pytest.raises(MlflowException, match="must be in the 'active' state"):
        store.set_experiment_tag(made, ExperimentTag("a", "b"))
    store.restore_experiment(made)
    assert len(store.search_runs([made], None, ViewType.ACTIVE_ONLY)) == 3


def test_an_experiment_in_the_trash_comes_back_when_nbtrack_begins_a_run_in_it(store: NbtrackStore) -> None:
    (made,) = apart(store, "ours")
    store.delete_experiment(made)
    with nbtrack.start_run(experiment="ours") as run:
        run.flush()
    assert store.get_experiment(made).lifecycle_stage == "active"


def test_the_note_of_an_experiment_is_its_description_for_mlflow(store: NbtrackStore, project: Project) -> None:
    made = store.create_experiment("ours", tags=[ExperimentTag("mlflow.note.content", "why"), ExperimentTag("k", "v")])
    assert store.get_experiment(made).tags == {"k": "v", "mlflow.note.content": "why"}
    listed = {one.name: one for one in RunsService(project).experiments().experiments}
    assert listed["ours"].note == "why"
    store.delete_experiment_tag(made, "mlflow.note.content")
    store.set_experiment_tag(made, ExperimentTag("k", "line\nline"))
    assert store.get_experiment(made).tags == {"k": "line\nline"}
    with pytest.raises(MlflowException, match="No tag with name: gone") as error:
        store.delete_experiment_tag(made, "gone")
    assert code(error) == "RESOURCE_DOES_NOT_EXIST"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name = 'ab'", ["ab"]),
        ("name LIKE 'a%'", ["ab", "a"]),
        ("name ILIKE 'A%' AND tags.`two words` = 'x'", ["Ac"]),
        ("tags.k != 'X'", ["Ac", "ab", "a"]),
        ("tags.k IS NULL", ["Default"]),
        ("attribute.experiment_id IN ('1', '2')", ["ab", "a"]),
        ("experiment_id = '0'", ["Default"]),
        ("creation_time > 0 AND name != 'Default'", ["Ac", "ab", "a"]),
    ],
)
def test_experiments_are_found_by_names_tags_and_times(store: NbtrackStore, text: str, expected: list[str]) -> None:
    apart(store, "a", "ab", tags=[ExperimentTag("k", "x")])
    apart(store, "Ac", tags=[ExperimentTag("k", "x"), ExperimentTag("two words", "x")])
    assert names(store.search_experiments(filter_string=text)) == expected


@pytest.mark.parametrize("text", ["name > 'a'", "creation_time LIKE 'x'", "experiment_id < '3'", "tags.k > '1'"])
def test_a_comparison_that_makes_no_sense_for_experiments_is_refused(store: NbtrackStore, text: str) -> None:
    with pytest.raises(MlflowException) as error:
        store.search_experiments(filter_string=text)
    assert code(error) == "INVALID_PARAMETER_VALUE"


def test_experiments_come_in_pages_and_orders(store: NbtrackStore) -> None:
    apart(store, *"dbca")
    assert names(store.search_experiments(order_by=["name DESC"])) == ["d", "c", "b", "a", "Default"]
    first = store.search_experiments(max_results=3)
    rest = store.search_experiments(max_results=3, page_token=first.token)
    assert (names(first), names(rest), rest.token) == (["a", "c", "b"], ["d", "Default"], None)
    store.rename_experiment("1", "e")
    assert names(store.search_experiments(order_by=["last_update_time DESC"], max_results=1)) == ["e"]
    for wrong in (None, 0, 50_001):
        with pytest.raises(MlflowException, match=f"Invalid value {wrong} for parameter 'max_results'"):
            store.search_experiments(max_results=wrong)


def test_runs_of_an_experiment_with_a_place_of_its_own_keep_their_files_there(store: NbtrackStore) -> None:
    made = store.create_experiment("away", artifact_location="s3://bucket/top?key=1")
    run = store.create_run(made, "me", 1, [], None).info
    assert store.get_experiment(made).artifact_location == "s3://bucket/top?key=1"
    assert run.artifact_uri == f"s3://bucket/top/{run.run_id}/artifacts?key=1"


def test_an_experiment_is_deleted_for_good_with_its_runs(store: NbtrackStore, project: Project) -> None:
    (made,) = apart(store, "ours")
    run = store.create_run(made, "me", 1, [], None).info.run_id
    with pytest.raises(MlflowException):
        store._hard_delete_experiment(made)
    store.delete_experiment(made)
    store._hard_delete_experiment(made)
    assert names(store.search_experiments(ViewType.ALL)) == ["Default"]
    with pytest.raises(MlflowException):
        store.get_run(run)
    assert EditingService(RunsService(project)).purge().count == 0
