"""Logged models: what MLflow's store says of them is what ours says."""

from __future__ import annotations

import json
import math
import os
import sqlite3
import time
from contextlib import closing
from typing import Any

import pytest

from nbtrack.base.config import Project
from nbtrack.runs import objects
from nbtrack.runs.contract import Rename
from nbtrack.runs.editing import EditingService
from nbtrack.runs.service import RunsService

pytest.importorskip("mlflow")

from mlflow.entities import LoggedModelParameter, LoggedModelStatus, LoggedModelTag, Metric
from mlflow.exceptions import MlflowException

from nbtrack.mlflow.artifacts import NbtrackArtifacts
from nbtrack.mlflow.tracking import NbtrackStore

# MLflow's parser of filters brings in its SQL tables, which SQLAlchemy 2.1 finds old-fashioned.
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy")


@pytest.fixture
def store(project: Project) -> NbtrackStore:
    return NbtrackStore(f"nbtrack:{project.root}")


@pytest.fixture
def experiment(store: NbtrackStore) -> str:
    return store.create_experiment("ours")


def begin(store: NbtrackStore, experiment: str) -> str:
    run: str = store.create_run(experiment, "user", 0, [], "run").info.run_id
    return run


def point(key: str, value: float, model: Any, at: int = 0, step: int = 0, **more: Any) -> Metric:
    return Metric(key, value, at, step, model_id=model.model_id, **more)


def names(models: Any) -> list[str]:
    return [model.name for model in models]


def several(store: NbtrackStore, experiment: str, count: int) -> list[Any]:
    made = []
    for number in range(count):
        made.append(store.create_logged_model(experiment, name=f"m{number}"))
        time.sleep(0.002)  # the order is by milliseconds
    return made


# -- one model


def test_a_model_begins_pending_with_what_was_said_of_it(store: NbtrackStore, experiment: str) -> None:
    run = begin(store, experiment)
    model = store.create_logged_model(
        experiment,
        name="forest",
        source_run_id=run,
        tags=[LoggedModelTag("team", "a")],
        params=[LoggedModelParameter("depth", "5")],
        model_type="agent",
    )
    assert model.experiment_id == experiment
    assert (model.name, model.source_run_id, model.model_type) == ("forest", run, "agent")
    assert (model.tags, model.params, model.metrics) == ({"team": "a"}, {"depth": "5"}, None)
    assert model.status == LoggedModelStatus.PENDING
    assert model.model_id.startswith("m-")
    assert model.model_uri == f"models:/{model.model_id}"
    assert model.artifact_location.endswith(f"/.nbtrack/{experiment}/models/{model.model_id}/artifacts")
    assert model.creation_timestamp == model.last_updated_timestamp
    assert store.get_logged_model(model.model_id).to_dictionary() == model.to_dictionary()


def test_a_model_without_a_name_gets_one_and_without_an_experiment_is_in_the_default(store: NbtrackStore) -> None:
    model = store.create_logged_model()
    assert model.name
    assert (model.experiment_id, model.source_run_id, model.tags, model.params) == ("0", None, {}, {})


@pytest.mark.parametrize("name", ["", "my/model", "my.model", "my:model", "my%model", "my'model", 'my"model'])
def test_a_name_that_no_uri_could_hold_is_refused(store: NbtrackStore, name: str) -> None:
    with pytest.raises(MlflowException, match="Invalid model name") as caught:
        store.create_logged_model("0", name=name)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


def test_a_model_needs_an_experiment_that_is_there_and_not_deleted(store: NbtrackStore, experiment: str) -> None:
    with pytest.raises(MlflowException) as caught:
        store.create_logged_model("123")
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    store.delete_experiment(experiment)
    with pytest.raises(MlflowException, match="must be in the 'active' state"):
        store.create_logged_model(experiment)


def test_params_and_tags_of_a_model_are_checked_as_those_of_runs(store: NbtrackStore) -> None:
    with pytest.raises(MlflowException, match="A key name must be provided"):
        store.create_logged_model(params=[LoggedModelParameter(None, "b")])
    with pytest.raises(MlflowException, match="exceeds the maximum length"):
        store.create_logged_model(params=[LoggedModelParameter("a" * 256, "b")])
    model = store.create_logged_model()
    with pytest.raises(MlflowException, match="Missing value for required parameter"):
        store.set_logged_model_tags(model.model_id, [LoggedModelTag(None, None)])
    with pytest.raises(MlflowException, match="Names may only contain alphanumerics"):
        store.set_logged_model_tags(model.model_id, [LoggedModelTag("a!b", "c")])
    assert store.get_logged_model(model.model_id).tags == {}
    assert len(store.search_logged_models(["0"])) == 1, "what was refused was not stored"


def test_tags_are_added_replaced_and_taken_off(store: NbtrackStore) -> None:
    its = store.create_logged_model().model_id
    store.set_logged_model_tags(its, [LoggedModelTag("a", "1"), LoggedModelTag("b", "2"), LoggedModelTag("a", "3")])
    store.set_logged_model_tags(its, [LoggedModelTag("b", "4"), LoggedModelTag("c", None), LoggedModelTag("d", 5)])
    assert store.get_logged_model(its).tags == {"a": "3", "b": "4", "c": "", "d": "5"}
    store.delete_logged_model_tag(its, "a")
    assert "a" not in store.get_logged_model(its).tags
    with pytest.raises(MlflowException, match=f"No tag with key 'a' found for model with ID '{its}'") as caught:
        store.delete_logged_model_tag(its, "a")
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_params_can_come_later(store: NbtrackStore) -> None:
    its = store.create_logged_model(params=[LoggedModelParameter("a", "1")]).model_id
    store.log_logged_model_params(its, [LoggedModelParameter("b", "2")])
    assert store.get_logged_model(its).params == {"a": "1", "b": "2"}


def test_a_model_is_finished_and_its_time_of_change_moves(store: NbtrackStore) -> None:
    model = store.create_logged_model()
    ready = store.finalize_logged_model(model.model_id, LoggedModelStatus.READY)
    assert ready.status == LoggedModelStatus.READY
    assert ready.last_updated_timestamp > model.last_updated_timestamp
    assert ready.creation_timestamp == model.creation_timestamp
    assert store.finalize_logged_model(model.model_id, LoggedModelStatus.FAILED).status == LoggedModelStatus.FAILED


def test_a_deleted_model_is_not_found_until_it_is_gone_for_good(store: NbtrackStore, experiment: str) -> None:
    run = begin(store, experiment)
    its = store.create_logged_model(experiment, source_run_id=run).model_id
    store.log_batch(run, [point("m", 1, store.get_logged_model(its))], [], [])
    assert store._get_deleted_logged_models() == []
    store.delete_logged_model(its)
    with pytest.raises(MlflowException, match="not found"):
        store.get_logged_model(its)
    assert store.get_logged_model(its, allow_deleted=True).model_id == its
    assert store.search_logged_models([experiment]) == []
    assert store._get_deleted_logged_models(older_than=1_000_000) == []
    assert store._get_deleted_logged_models() == [its]
    store._hard_delete_logged_model(its)
    with pytest.raises(MlflowException, match="not found"):
        store.get_logged_model(its, allow_deleted=True)


def test_a_model_outlives_its_run(store: NbtrackStore, experiment: str, project: Project) -> None:
    run = begin(store, experiment)
    its = store.create_logged_model(experiment, source_run_id=run).model_id
    store.delete_run(run)
    assert store.get_logged_model(its).source_run_id == run
    store._hard_delete_run(run)
    assert store.get_logged_model(its).source_run_id == run


@pytest.mark.parametrize(
    "ask",
    [
        lambda store: store.get_logged_model("none"),
        lambda store: store.finalize_logged_model("none", LoggedModelStatus.READY),
        lambda store: store.set_logged_model_tags("none", [LoggedModelTag("a", "b")]),
        lambda store: store.delete_logged_model_tag("none", "a"),
        lambda store: store.log_logged_model_params("none", [LoggedModelParameter("a", "b")]),
        lambda store: store.delete_logged_model("none"),
        lambda store: store._hard_delete_logged_model("none"),
    ],
)
def test_a_model_that_is_not_there_is_said_so(store: NbtrackStore, ask: Any) -> None:
    with pytest.raises(MlflowException, match="Logged model with ID 'none' not found") as caught:
        ask(store)
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"


# -- metrics


def test_metrics_of_a_run_that_name_a_model_are_the_models_too(store: NbtrackStore, experiment: str) -> None:
    run = begin(store, experiment)
    model = store.create_logged_model(experiment)
    first = point("acc", 0.5, model, 1000, 3, dataset_name="data", dataset_digest="d1", run_id=run)
    store.log_batch(run, [first], [], [])
    store.log_batch(run, [first], [], [])
    assert store.get_logged_model(model.model_id).metrics == [first], "an exact duplicate is dropped"
    store.log_batch(run, [point("acc", math.nan, model, 2000, 4), point("acc", math.inf, model, 2001, 5)], [], [])
    found = store.get_logged_model(model.model_id).metrics
    assert [(one.timestamp, one.step, one.run_id) for one in found] == [(1000, 3, run), (2000, 4, run), (2001, 5, run)]
    assert math.isnan(found[1].value)
    assert found[2].value == math.inf
    assert store.get_run(run).data.metrics["acc"] == math.inf


def test_a_batch_for_a_model_that_is_not_there_stores_nothing(store: NbtrackStore, experiment: str) -> None:
    run = begin(store, experiment)
    gone = Metric("acc", 1.0, 0, 0, model_id="m-none")
    with pytest.raises(MlflowException, match="not found"):
        store.log_batch(run, [Metric("loss", 1.0, 0, 0), gone], [], [])
    assert store.get_run(run).data.metrics == {}


def test_a_metric_alone_reaches_its_model(store: NbtrackStore, experiment: str) -> None:
    run = begin(store, experiment)
    model = store.create_logged_model(experiment)
    store.log_metric(run, point("acc", 0.25, model))
    assert [one.value for one in store.get_logged_model(model.model_id).metrics] == [0.25]


# -- search


def test_the_newest_models_come_first_and_only_of_the_experiments_asked_for(store: NbtrackStore) -> None:
    one, two = store.create_experiment("one"), store.create_experiment("two")
    made = several(store, one, 2)
    other = store.create_logged_model(two)
    assert names(store.search_logged_models([one])) == ["m1", "m0"]
    assert names(store.search_logged_models([one, two, "1234"])) == [other.name, "m1", "m0"]
    assert store.search_logged_models([]) == []
    assert made[0].experiment_id == one
    with pytest.raises(MlflowException, match="Experiment ID must be a valid integer") as caught:
        store.search_logged_models(["12abc"])
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


def test_models_are_found_by_what_they_are(store: NbtrackStore, experiment: str) -> None:
    run = begin(store, experiment)
    first = store.create_logged_model(experiment, name="Forest", model_type="test", source_run_id=run)
    time.sleep(0.003)
    second = store.create_logged_model(experiment, name="svm*1", tags=[LoggedModelTag("a tag", "x_y")])
    store.finalize_logged_model(second.model_id, LoggedModelStatus.READY)

    def found(text: str) -> list[str]:
        return sorted(names(store.search_logged_models([experiment], filter_string=text)))

    both = ["Forest", "svm*1"]
    assert found("name = 'Forest'") == found("attributes.name = 'Forest'") == ["Forest"]
    assert found("name != 'Forest'") == ["svm*1"]
    assert found("name LIKE 'For%'") == found("name ILIKE 'fOR%'") == found("name LIKE 'F_rest'") == ["Forest"]
    assert found("name LIKE 'for%'") == [], "LIKE takes letters as they are"
    assert found("name LIKE 'svm*%'") == ["svm*1"], "a star in a name is a star"
    assert found("name LIKE '*%'") == []
    assert found("name IN ('Forest')") == found("name IN ('Forest',)") == found("name IN ('Forest', 'x')") == ["Forest"]
    assert found("name NOT IN ('Forest')") == ["svm*1"]
    assert found(f"model_id = '{first.model_id}'") == found(f"model_id ILIKE '{first.model_id.upper()}'") == ["Forest"]
    assert (
        found("model_type = 'test'") == found("model_type LIKE 'te%'") == found("model_type ILIKE 'T%'") == ["Forest"]
    )
    assert found("model_type != 'test'") == [], "what has no type is not unequal to one"
    assert found("status = 'READY'") == found("status ILIKE 'ready'") == found("status != 'PENDING'") == ["svm*1"]
    assert found(f"source_run_id = '{run}'") == ["Forest"]
    assert found(f"creation_timestamp <= {first.creation_timestamp}") == ["Forest"]
    assert found(f"creation_timestamp > {first.creation_timestamp}") == ["svm*1"]
    assert found(f"last_updated_timestamp = {first.last_updated_timestamp}") == ["Forest"]
    assert found("creation_timestamp > 0") == both
    assert found("tags.`a tag` = 'x_y'") == found("tags.`a tag` ILIKE 'X%'") == ["svm*1"]
    assert found("tags.`a tag` != 'x_y'") == [], "nor is what has no such tag"
    assert found("name = 'Forest' AND model_type = 'test'") == ["Forest"]
    assert found("name = 'Forest' AND status = 'READY'") == []
    assert found("params.p = '1'") == []
    assert found("") == both


def test_models_are_found_by_their_metrics_on_data_sets(store: NbtrackStore, experiment: str) -> None:
    run = begin(store, experiment)
    one, two, three = several(store, experiment, 3)
    store.log_batch(
        run,
        [
            point("acc", 0.1, one, dataset_name="data", dataset_digest="d1"),
            point("acc", 0.3, one, 1, 1, dataset_name="data", dataset_digest="d1"),
            point("acc", 0.2, two, dataset_name="data", dataset_digest="d2"),
            point("loss", 0.1, three),
        ],
        [],
        [],
    )

    def found(text: str | None = None, *datasets: dict[str, str]) -> list[str]:
        return names(store.search_logged_models([experiment], filter_string=text, datasets=list(datasets) or None))

    assert found("metrics.acc >= 0.1") == ["m1", "m0"], "each once, however many points fit"
    assert found("metrics.acc > 0.25") == ["m0"]
    assert found("metrics.loss = 0.1") == ["m2"]
    assert found("metrics.acc >= 0.1", {"dataset_name": "data"}) == ["m1", "m0"]
    assert found("metrics.acc >= 0.1", {"dataset_name": "data", "dataset_digest": "d1"}) == ["m0"]
    assert found(None, {"dataset_name": "data"}) == ["m1", "m0"]
    assert found(None, {"dataset_name": "other"}, {"dataset_name": "data", "dataset_digest": "d2"}) == ["m1"]
    with pytest.raises(MlflowException, match="`dataset_name` in the `datasets` clause must be specified"):
        found(None, {})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Foo", "Invalid filter string"),
        ("name = 'foo' OR name = 'bar'", "Invalid filter string"),
        ("foo.bar = 'a'", "Invalid entity type"),
        ("name > 'foo'", "Invalid comparison operator"),
        ("metrics.foo LIKE 0", "Invalid comparison operator"),
        ("artifact_location = 'abc'", "Invalid attribute key 'artifact_location'"),
    ],
)
def test_a_filter_with_a_mistake_is_refused(store: NbtrackStore, text: str, message: str) -> None:
    with pytest.raises(MlflowException, match=message) as caught:
        store.search_logged_models(["0"], filter_string=text)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


def test_models_are_sorted_by_what_is_asked_for(store: NbtrackStore, experiment: str) -> None:
    a, b = several(store, experiment, 2)
    store.finalize_logged_model(a.model_id, LoggedModelStatus.READY)

    def order(field: str, ascending: bool = True) -> list[str]:
        asked = [{"field_name": field, "ascending": ascending}]
        return names(store.search_logged_models([experiment], order_by=asked))

    assert order("name") == order("creation_time") == order("creation_timestamp") == ["m0", "m1"]
    assert order("name", False) == ["m1", "m0"]
    assert order("status") == ["m1", "m0"]
    assert order("last_updated_timestamp", False) == ["m0", "m1"]
    assert order("model_type") == order("model_type", False) == ["m1", "m0"], "the newest first where all are equal"
    ids = sorted([a.model_id, b.model_id])
    asked = [{"field_name": "model_id"}]
    assert [one.model_id for one in store.search_logged_models([experiment], order_by=asked)] == ids


def test_models_are_sorted_by_the_latest_point_of_a_metric(store: NbtrackStore, experiment: str) -> None:
    run = begin(store, experiment)
    one, two = several(store, experiment, 2)
    store.log_batch(
        run,
        [
            point("acc", 0.1, one, 0, dataset_name="d1", dataset_digest="x"),
            point("acc", 0.9, one, 5, dataset_name="d2", dataset_digest="y"),
            point("acc", 0.2, two, 0, dataset_name="d1", dataset_digest="x"),
            point("acc", 0.1, two, 5, dataset_name="d2", dataset_digest="y"),
            point("only", math.nan, one),
            point("only", 1.0, two),
        ],
        [],
        [],
    )

    def order(metric: str, ascending: bool = True, **data: str) -> list[str]:
        asked = [{"field_name": f"metrics.{metric}", "ascending": ascending, **data}]
        return names(store.search_logged_models([experiment], order_by=asked))

    assert order("acc") == ["m1", "m0"]
    assert order("acc", False) == ["m0", "m1"]
    assert order("acc", dataset_name="") == ["m1", "m0"]
    assert order("acc", dataset_name="d1") == order("acc", dataset_digest="x") == ["m0", "m1"]
    assert order("acc", dataset_name="d2", dataset_digest="y") == ["m1", "m0"]
    assert order("acc", dataset_name="d3") == ["m1", "m0"], "none has it: the newest first"
    assert order("only") == order("only", False) == ["m1", "m0"], "what is no number comes last"


@pytest.mark.parametrize(
    ("order", "message"),
    [
        (["model_id"], "`order_by` must be a list of dictionaries"),
        ([{}], "`field_name` in the `order_by` clause must be specified"),
        ([{"field_name": "artifact_location"}], "Invalid order by field name: artifact_location"),
        ([{"field_name": "params.x"}], "Invalid order by field name: params"),
        ([{"field_name": "name", "ascending": "yes"}], "must be a boolean"),
    ],
)
def test_an_order_with_a_mistake_is_refused(store: NbtrackStore, order: Any, message: str) -> None:
    with pytest.raises(MlflowException, match=message):
        store.search_logged_models(["0"], order_by=order)


def test_pages_follow_one_another_and_belong_to_one_search(store: NbtrackStore, experiment: str) -> None:
    several(store, experiment, 3)
    first = store.search_logged_models([experiment], max_results=2)
    assert (names(first), first.token is not None) == (["m2", "m1"], True)
    second = store.search_logged_models([experiment], max_results=2, page_token=first.token)
    assert (names(second), second.token) == (["m0"], None)
    assert store.search_logged_models([experiment], max_results=3).token is None
    other = store.create_experiment("other")
    for asked, message in (
        ({"experiment_ids": [other]}, "Experiment IDs in the page token do not match"),
        ({"order_by": [{"field_name": "name"}]}, "Order by in the page token does not match"),
        ({"filter_string": "name = 'x'"}, "Filter string in the page token does not match"),
    ):
        with pytest.raises(MlflowException, match=message):
            store.search_logged_models(**{"experiment_ids": [experiment], "page_token": first.token, **asked})


# -- where they are kept


def test_the_purge_leaves_the_files_of_models_and_takes_those_of_models_that_are_gone(
    store: NbtrackStore, project: Project
) -> None:
    model = store.create_logged_model()
    source = project.root / "weights.bin"
    source.write_bytes(b"weights")
    NbtrackArtifacts(model.artifact_location).log_artifact(str(source))
    (name,) = objects.all_names(project.objects)
    editing = EditingService(RunsService(project))
    for left in ([name], []):
        os.utime(objects.path_of(project.objects, name), (0, 0))  # what was just written is left in any case
        editing.purge()
        assert list(objects.all_names(project.objects)) == left
        if left:
            store._hard_delete_logged_model(model.model_id)


def test_experiments_are_merged_with_their_models(store: NbtrackStore, experiment: str, project: Project) -> None:
    begin(store, experiment)
    store.create_logged_model(experiment, name="moved")
    EditingService(RunsService(project)).merge_experiments(Rename("ours", "theirs"))
    theirs = store.get_experiment_by_name("theirs")
    assert names(store.search_logged_models([theirs.experiment_id])) == ["moved"]


def test_what_is_known_of_a_model_is_plain_json(store: NbtrackStore, project: Project) -> None:
    model = store.create_logged_model(tags=[LoggedModelTag("a", "b")])
    with closing(sqlite3.connect(project.database)) as conn:
        (text,) = conn.execute("SELECT about FROM logged_models WHERE id = ?", (model.model_id,)).fetchone()
    assert json.loads(text)["tags"] == {"a": "b"}
