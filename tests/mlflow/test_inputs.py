"""What runs of MLflow's read and made: data sets and models."""

from __future__ import annotations

from typing import Any

import pytest

from nbtrack.base.config import Project

pytest.importorskip("mlflow")

from mlflow.entities import (
    Dataset,
    DatasetInput,
    InputTag,
    LoggedModelInput,
    LoggedModelOutput,
    Run,
    ViewType,
)
from mlflow.exceptions import MlflowException

from nbtrack.mlflow.tracking import NbtrackStore
from nbtrack.runs.service import RunsService
from nbtrack.sdk.tracking import start_run

CONTEXT = "mlflow.data.context"


@pytest.fixture
def store(project: Project) -> NbtrackStore:
    return NbtrackStore(f"nbtrack:{project.root}")


@pytest.fixture
def experiment(store: NbtrackStore) -> str:
    return store.create_experiment("ours")


def begin(store: NbtrackStore, experiment: str) -> str:
    run: str = store.create_run(experiment, "user", 0, [], "run").info.run_id
    return run


def data(name: str = "train", digest: str = "d1", **more: Any) -> Dataset:
    return Dataset(name, digest, **{"source_type": "local", "source": '{"uri": "a.csv"}', **more})


def given(dataset: Dataset, **tags: str) -> DatasetInput:
    return DatasetInput(dataset, [InputTag(key, value) for key, value in tags.items()])


def read(run: Run) -> list[tuple[dict[str, Any], dict[str, str]]]:
    return [(dict(one.dataset), {tag.key: tag.value for tag in one.tags}) for one in run.inputs.dataset_inputs]


def test_a_data_set_comes_back_as_it_was_logged(store: NbtrackStore, experiment: str, project: Project) -> None:
    run = begin(store, experiment)
    dataset = data(schema='{"a": 1}', profile='{"rows": 3}')
    store.log_inputs(run, [given(dataset, **{CONTEXT: "training", "other": "x"})])
    assert read(store.get_run(run)) == [(dict(dataset), {CONTEXT: "training", "other": "x"})]
    (found,) = RunsService(project).get(_request(run)).datasets
    assert (found.name, found.hash, found.path) == ("train", "mlflow-d1", "a.csv")


def _request(run: str) -> Any:
    from nbtrack.runs.contract import RunRequest

    return RunRequest(run)


def test_the_first_description_of_a_data_set_stays_true_in_its_experiment(store: NbtrackStore, experiment: str) -> None:
    one, two = begin(store, experiment), begin(store, experiment)
    first, other = data(source="first"), data(source="other", schema="s")
    store.log_inputs(one, [given(first, a="1")])
    store.log_inputs(one, [given(other, a="2", b="3")])
    assert read(store.get_run(one)) == [(dict(first), {"a": "1"})], "logged again, nothing changes"
    store.log_inputs(two, [given(other, a="2")])
    assert read(store.get_run(two)) == [(dict(first), {"a": "2"})], "another run has tags of its own"
    elsewhere = begin(store, store.create_experiment("elsewhere"))
    store.log_inputs(elsewhere, [given(other)])
    assert read(store.get_run(elsewhere)) == [(dict(other), {})]


def test_data_sets_of_one_name_and_several_digests_stand_beside_one_another(
    store: NbtrackStore, experiment: str
) -> None:
    run = begin(store, experiment)
    store.log_inputs(run, [given(data(digest="d1")), given(data(digest="d2")), given(data("test", "d1"))])
    store.log_inputs(run, [given(data(digest="d2"))])
    found = sorted((one["name"], one["digest"]) for one, _ in read(store.get_run(run)))
    assert found == [("test", "d1"), ("train", "d1"), ("train", "d2")]


@pytest.mark.parametrize(
    "bad",
    [
        data("n" * 501),
        data(digest="d" * 37),
        data(name=None),  # type: ignore[arg-type]
        data(digest=None),  # type: ignore[arg-type]
        data(source_type=None),
        data(source=None),
        data(schema="s" * (1_048_575 + 1)),
        data(profile="p" * (16_777_215 + 1)),
    ],
)
def test_what_mlflow_does_not_take_is_refused_and_nothing_of_the_call_stored(
    store: NbtrackStore, experiment: str, bad: Dataset
) -> None:
    run = begin(store, experiment)
    with pytest.raises(MlflowException) as caught:
        store.log_inputs(run, [given(data()), given(bad)])
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    assert read(store.get_run(run)) == []


def test_inputs_need_a_list_and_a_run_that_is_there_and_not_deleted(store: NbtrackStore, experiment: str) -> None:
    run = begin(store, experiment)
    with pytest.raises(TypeError, match="should be a list"):
        store.log_inputs(run, given(data()))  # type: ignore[arg-type]
    with pytest.raises(MlflowException) as caught:
        store.log_inputs("0123456789ab", [given(data())])
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    store.delete_run(run)
    with pytest.raises(MlflowException, match="must be in the 'active' state"):
        store.log_inputs(run, [given(data())])
    with pytest.raises(MlflowException, match="must be in the 'active' state"):
        store.log_outputs(run, [LoggedModelOutput("m-1", 0)])


def test_runs_are_found_by_their_data_sets(store: NbtrackStore, experiment: str) -> None:
    one, two, none = (begin(store, experiment) for _ in range(3))
    store.log_inputs(one, [given(data("train", "d1"), **{CONTEXT: "training"})])
    store.log_inputs(two, [given(data("train", "d2"), **{CONTEXT: "test"}), given(data("more", "d3"))])

    def found(text: str) -> set[str]:
        return {run.info.run_id for run in store.search_runs([experiment], text, ViewType.ALL)}

    assert found("dataset.name = 'train'") == found("datasets.name LIKE 'tr%'") == {one, two}
    assert found("dataset.name LIKE 'TR%'") == set()
    assert found("dataset.name ILIKE 'TR%'") == {one, two}
    assert found("dataset.digest = 'd1'") == found("dataset.context = 'training'") == {one}
    assert found("dataset.digest IN ('d2', 'd3')") == {two}
    assert found("dataset.name = 'train' AND dataset.context = 'test'") == {two}
    assert none not in found("dataset.name != 'x'")


def test_the_data_sets_of_experiments_are_listed_once_each(store: NbtrackStore, experiment: str) -> None:
    other = store.create_experiment("other")
    for run in (begin(store, experiment), begin(store, experiment)):
        store.log_inputs(run, [given(data(), **{CONTEXT: "training"})])
    store.log_inputs(begin(store, experiment), [given(data()), given(data("test", "d9"), **{CONTEXT: "test"})])
    store.log_inputs(begin(store, other), [given(data("far", "d7"))])
    found = {(one.name, one.digest, one.context) for one in store._search_datasets([experiment])}
    assert found == {("train", "d1", "training"), ("train", "d1", None), ("test", "d9", "test")}
    assert [(one.experiment_id, one.name) for one in store._search_datasets([other])] == [(other, "far")]
    assert store._search_datasets([]) == []


def test_models_that_a_run_read_and_made_are_listed_once_each(store: NbtrackStore, experiment: str) -> None:
    run = begin(store, experiment)
    made = store.create_logged_model(experiment, source_run_id=run).model_id
    store.log_outputs(run, [LoggedModelOutput(made, 3)])
    store.log_outputs(run, [LoggedModelOutput(made, 3), LoggedModelOutput("m-other", 4)])
    store.log_inputs(run, models=[LoggedModelInput("m-read"), LoggedModelInput("m-read")])
    found = store.get_run(run)
    assert [(one.model_id, one.step) for one in found.outputs.model_outputs] == [(made, 3), ("m-other", 4)]
    assert [one.model_id for one in found.inputs.model_inputs] == ["m-read"]
    (listed,) = store.search_runs([experiment], "", ViewType.ALL)
    assert [one.model_id for one in listed.outputs.model_outputs] == [made, "m-other"]


def test_what_nbtrack_itself_noted_of_data_is_shown_to_mlflow(store: NbtrackStore, project: Project) -> None:
    (project.root / "rows.csv").write_text("a,b\n1,2\n")
    with start_run() as run:
        run.add_dataset("rows", "file", path="rows.csv", hash="sha256-" + "0123456789abcdef" * 4)
    ((found, tags),) = read(store.get_run(run.id))
    assert (found["name"], found["source_type"], found["source"]) == ("rows", "local", '{"uri": "rows.csv"}')
    assert found["digest"] == ("0123456789abcdef" * 4)[:36]
    assert tags == {CONTEXT: "input"}
    assert [run.info.run_id for run in store.search_runs(["0"], "dataset.name = 'rows'", ViewType.ALL)] == [run.id]
