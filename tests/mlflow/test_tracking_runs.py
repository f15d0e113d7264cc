"""Runs through MLflow's door: their life, what is logged to them, and what nbtrack itself sees of them."""

from __future__ import annotations

import math
import threading
from typing import Any

import pytest

import nbtrack
from nbtrack.base.config import Project
from nbtrack.mlflow import live
from nbtrack.runs import contract as c
from nbtrack.runs.editing import EditingService
from nbtrack.runs.service import RunsService

pytest.importorskip("mlflow")

from mlflow.entities import Metric, Param, RunStatus, RunTag
from mlflow.exceptions import MlflowException

from nbtrack.mlflow.tracking import NbtrackStore

# MLflow's parser of filters brings in its SQL tables, which SQLAlchemy 2.1 finds old-fashioned.
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy")

NAME, NOTE, PARENT = "mlflow.runName", "mlflow.note.content", "mlflow.parentRunId"


@pytest.fixture
def store(project: Project) -> NbtrackStore:
    return NbtrackStore(f"nbtrack:{project.root}")


@pytest.fixture(params=["recorded here", "recorded elsewhere", "ended"])
def run(request: pytest.FixtureRequest, store: NbtrackStore, project: Project) -> str:
    """A run that takes what is logged through the journal, and two that take it in a transaction."""
    made: str = store.create_run("0", "me", 1000, [], "ours").info.run_id
    if request.param == "recorded elsewhere":
        live.forget(project, made)
    if request.param == "ended":
        store.update_run_info(made, RunStatus.FINISHED, 2000, None)
    assert (live.find(project, made) is not None) == (request.param == "recorded here")
    return made


def begin(store: NbtrackStore, name: str | None = "ours", *tags: tuple[str, str]) -> str:
    made: str = store.create_run("0", "me", 1000, [RunTag(*tag) for tag in tags], name).info.run_id
    return made


def points(store: NbtrackStore, run: str, key: str = "m") -> list[tuple[int, int, float]]:
    return [(metric.step, metric.timestamp, metric.value) for metric in store.get_metric_history(run, key)]


def test_a_run_is_there_as_soon_as_it_was_made(store: NbtrackStore, project: Project) -> None:
    made = store.create_run("0", "me", 1234567890123, [RunTag("a", "b")], "ours")
    assert made.data.tags == {"a": "b", NAME: "ours"}
    again = NbtrackStore(f"nbtrack:{project.root}").get_run(made.info.run_id)
    assert again.info == made.info
    info = made.info
    assert (info.status, info.user_id, info.start_time, info.end_time) == ("RUNNING", "me", 1234567890123, None)
    assert info.artifact_uri == f"nbtrack:{project.root}/.nbtrack/0/{info.run_id}/artifacts"


def test_two_names_for_one_run_are_refused_and_none_is_made_up(store: NbtrackStore) -> None:
    with pytest.raises(MlflowException, match=r"run_name='a', mlflow.runName='b'"):
        begin(store, "a", (NAME, "b"))
    assert store.get_run(begin(store, None, (NAME, "tagged"))).info.run_name == "tagged"
    assert store.get_run(begin(store, "")).info.run_name.count("-") == 2
    assert store.get_run(begin(store, "two\nlines")).info.run_name == "two lines"


@pytest.mark.parametrize(
    ("status", "ours"),
    [
        ("RUNNING", "running"),
        ("SCHEDULED", "running"),
        ("FINISHED", "finished"),
        ("FAILED", "failed"),
        ("KILLED", "interrupted"),
    ],
)
def test_a_run_gets_the_status_that_it_is_given(store: NbtrackStore, project: Project, status: str, ours: str) -> None:
    run = begin(store)
    info = store.update_run_info(run, RunStatus.from_string(status), 5000, None)
    assert (info.status, info.end_time) == (status, 5000)
    row = RunsService(project).get(c.RunRequest(run)).row
    assert (row.status, row.started, row.ended) == (ours, 1.0, 5.0)
    info = store.update_run_info(run, None, None, "renamed")
    assert (info.status, info.end_time, info.run_name) == (status, 5000, "renamed")


def test_a_run_that_has_ended_can_be_gone_on_with(store: NbtrackStore, project: Project) -> None:
    run = begin(store)
    store.log_metric(run, Metric("m", 1.0, 10, 0))
    store.log_param(run, Param("p", "1"))
    store.update_run_info(run, RunStatus.FINISHED, 5000, None)
    assert live.find(project, run) is None
    store.update_run_info(run, RunStatus.RUNNING, None, None)
    assert live.find(project, run) is not None
    store.log_metric(run, Metric("m", 2.0, 20, 1))
    with pytest.raises(MlflowException, match="Changing param values is not allowed"):
        store.log_param(run, Param("p", "2"))
    store.update_run_info(run, RunStatus.KILLED, 6000, None)
    assert points(store, run) == [(0, 10, 1.0), (1, 20, 2.0)]
    assert store.get_run(run).info.status == "KILLED"


def test_a_name_a_note_and_a_parent_are_what_they_are_and_tags_as_well(store: NbtrackStore, project: Project) -> None:
    parent = begin(store, "parent")
    run = begin(store, "child", (PARENT, parent), (NOTE, "why"))
    detail = RunsService(project).get(c.RunRequest(run))
    assert (detail.row.parent, detail.row.note, detail.row.tags) == (parent, "why", {})
    assert store.get_run(run).data.tags == {NAME: "child", NOTE: "why", PARENT: parent}
    EditingService(RunsService(project)).edit(c.EditRequest([run], name="renamed", note="because"))
    assert store.get_run(run).data.tags == {NAME: "renamed", NOTE: "because", PARENT: parent}
    for tag in (NAME, NOTE, PARENT):
        store.delete_tag(run, tag)
    assert (store.get_run(run).data.tags, store.get_run(run).info.run_name) == ({}, "renamed")
    store.set_tag(run, RunTag(NAME, "again"))
    store.set_tag(run, RunTag(PARENT, "of-another-project"))
    assert store.get_run(run).data.tags == {NAME: "again", PARENT: "of-another-project"}


def test_a_param_is_a_number_here_and_the_same_text_there(store: NbtrackStore, project: Project, run: str) -> None:
    texts = {"a": "0.1", "b": "007", "c": "1e5", "d": "True", "e": "true", "f": "None", "g": "-0", "h": "nan", "i": ""}
    store.log_batch(run, [], [Param(key, text) for key, text in texts.items()], [])
    assert store.get_run(run).data.params == texts
    found = {param.name: param.value for param in RunsService(project).get(c.RunRequest(run)).params}
    assert (found["a"], found["b"], found["c"], found["d"], found["e"]) == (0.1, "007", "1e5", True, "true")
    assert (found["f"], found["g"], math.isnan(found["h"])) == (None, "-0", True)
    for key, text in texts.items():
        store.log_param(run, Param(key, text))


def test_a_param_that_was_given_never_changes(store: NbtrackStore, run: str) -> None:
    store.log_param(run, Param("p", "1"))
    with pytest.raises(MlflowException, match=r"Param with key='p' was already logged with value='1'") as error:
        store.log_param(run, Param("p", "1.0"))
    assert error.value.error_code == "INVALID_PARAMETER_VALUE"
    with pytest.raises(MlflowException, match="Changing param values is not allowed"):
        store.log_batch(run, [Metric("m", 1.0, 1, 0)], [Param("q", "2"), Param("p", "3")], [RunTag("t", "v")])
    found = store.get_run(run).data
    assert (found.params, found.metrics, found.tags) == ({"p": "1"}, {}, {NAME: "ours"})


@pytest.mark.parametrize(
    "batch",
    [
        ([Metric(f"m{n}", 1.0, 1, 0) for n in range(1001)], [], []),
        ([], [Param(f"p{n}", "1") for n in range(101)], []),
        ([], [], [RunTag(f"t{n}", "1") for n in range(101)]),
        ([Metric("m", 1.0, 1, 0)], [Param("p", "1"), Param("p", "2")], []),
        ([Metric("m", None, 1, 0)], [Param("p", "1")], []),
        ([Metric("m", "one", 1, 0)], [Param("p", "1")], []),
        ([], [Param("p", "1"), Param("x" * 251, "1")], []),
        ([], [Param("p", "1"), Param("../p", "1")], []),
        ([], [Param("p", "1")], [RunTag("t", "nul\0")]),
    ],
)
def test_a_batch_that_is_refused_stores_nothing(store: NbtrackStore, run: str, batch: Any) -> None:
    with pytest.raises(MlflowException) as error:
        store.log_batch(run, *batch)
    assert error.value.error_code == "INVALID_PARAMETER_VALUE"
    found = store.get_run(run).data
    assert (found.params, found.metrics, found.tags) == ({}, {}, {NAME: "ours"})


def test_the_latest_point_is_the_one_of_the_largest_step_then_time_then_value(store: NbtrackStore, run: str) -> None:
    logged = [(0, 100, 1000.0), (3, 40, 100.0), (3, 50, 10.0), (3, 50, 20.0), (-3, 900, 900.0), (-1, 800, 800.0)]
    for step, at, value in [*reversed(logged), logged[3]]:
        store.log_metric(run, Metric("m", value, at, step))
    assert sorted(points(store, run)) == sorted(logged)
    store.log_batch(run, [Metric("n", value, at, step) for step, at, value in logged * 2], [], [])
    assert sorted(points(store, run, "n")) == sorted(logged)
    latest = {metric.key: metric for metric in store.get_run(run).data._metric_objs}
    assert {key: (one.step, one.timestamp, one.value) for key, one in latest.items()} == {
        "m": (3, 50, 20.0),
        "n": (3, 50, 20.0),
    }


def test_values_come_back_bit_for_bit(store: NbtrackStore, run: str) -> None:
    values = [math.nan, math.inf, -math.inf, 5e-324, 1.7976931348623157e308, 0.1 + 0.2, 3]
    for step, value in enumerate(values):
        store.log_metric(run, Metric("m", value, 1_700_000_000_123 + step, step))
        store.log_metric(run, Metric(f"m{step}", value, 1, 0))
    store.log_metric(run, Metric("m", math.nan, 1_700_000_000_123, 0))
    back = points(store, run)
    assert [repr(value) for _, _, value in back] == [repr(float(value)) for value in values]
    assert [at for _, at, _ in back] == [1_700_000_000_123 + step for step in range(len(values))]
    latest = store.get_run(run).data.metrics
    assert [repr(latest[f"m{step}"]) for step in range(len(values))] == [repr(float(value)) for value in values]


def test_the_history_of_a_metric_comes_in_pages_and_thinned(store: NbtrackStore, run: str) -> None:
    store.log_batch(run, [Metric("m", float(n), 5, n) for n in range(100)], [], [])
    first = store.get_metric_history(run, "m", max_results=60)
    rest = store.get_metric_history(run, "m", max_results=60, page_token=first.token)
    assert ([metric.step for metric in (*first, *rest)], rest.token) == (list(range(100)), None)
    thin = store.get_metric_history_bulk_interval([run], "m", 5, None, None)
    assert [metric.step for metric in thin] == [0, 25, 50, 74, 99]
    part = store.get_metric_history_bulk_interval([run], "m", 50, 20, 30)
    assert ([metric.step for metric in part], part[0].run_id) == (list(range(20, 31)), run)
    assert [m.step for m in store.get_metric_history_bulk_interval_from_steps(run, "m", [7, 3, 500], 10)] == [3, 7]
    assert len(store.get_metric_history_bulk([run], "m", 30)) == 30
    assert (store.get_max_step_for_metric(run, "m"), store.get_metric_history(run, "none")) == (99, [])
    with pytest.raises(MlflowException, match="must be specified together"):
        store.get_metric_history_bulk_interval([run], "m", 5, 1, None)


def test_a_run_in_the_trash_takes_nothing_until_it_is_restored(store: NbtrackStore, run: str) -> None:
    for _ in range(2):
        store.delete_run(run)
    assert store.get_run(run).info.lifecycle_stage == "deleted"
    assert store._get_deleted_runs() == [run]
    assert store._get_deleted_runs(older_than=3_600_000) == []
    for refused in (
        lambda: store.log_metric(run, Metric("m", 1.0, 1, 0)),
        lambda: store.log_param(run, Param("p", "1")),
        lambda: store.set_tag(run, RunTag("t", "v")),
        lambda: store.delete_tag(run, NAME),
        lambda: store.log_batch(run, [], [], []),
        lambda: store.update_run_info(run, RunStatus.FINISHED, 1, None),
    ):
        with pytest.raises(MlflowException, match=r"The run .+ must be in the 'active' state"):
            refused()
    for _ in range(2):
        store.restore_run(run)
    store.log_metric(run, Metric("m", 1.0, 1, 0))
    assert store.get_run(run).data.metrics == {"m": 1.0}
    store._hard_delete_run(run)
    with pytest.raises(MlflowException, match=f"Run with id={run} not found"):
        store.get_run(run)


def test_what_is_not_there_is_said_to_be_missing(store: NbtrackStore) -> None:
    for ask in (
        lambda: store.get_run("nothing"),
        lambda: store.log_batch("nothing", [], [], []),
        lambda: store.log_metric("nothing", Metric("m", 1.0, 1, 0)),
        lambda: store.update_run_info("nothing", RunStatus.FINISHED, 1, None),
        lambda: store.delete_run("nothing"),
        lambda: store.delete_tag("nothing", "t"),
    ):
        with pytest.raises(MlflowException, match="Run with id=nothing not found") as error:
            ask()
        assert error.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    with pytest.raises(MlflowException, match="No tag with name: t") as error:
        store.delete_tag(begin(store), "t")
    assert error.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_secrets_are_kept_out_as_everywhere(store: NbtrackStore, run: str) -> None:
    for _ in range(2):
        store.log_param(run, Param("api_key", "sk-abcdefghijklmnopqrstuvwxyz123456"))
    assert "abcdefgh" not in store.get_run(run).data.params["api_key"]


def test_a_run_of_nbtracks_own_is_one_of_mlflows(store: NbtrackStore) -> None:
    with nbtrack.start_run("mine", tags={"t": "v"}, note="why") as own:
        nbtrack.log_params({"lr": 0.1, "layers": [1, 2], "on": True})
        nbtrack.log({"loss": 0.5})
        store.log_metric(own.id, Metric("loss", 0.25, 1, 7))
        store.log_param(own.id, Param("lr", "0.1"))
        with pytest.raises(MlflowException, match="Changing param values is not allowed"):
            store.log_param(own.id, Param("lr", "0.2"))
        store.update_run_info(own.id, RunStatus.FAILED, 1, None)
        found = store.get_run(own.id)
        assert (found.info.status, found.data.metrics) == ("RUNNING", {"loss": 0.25})
    found = store.get_run(own.id)
    assert found.data.params == {"lr": "0.1", "layers": "[1, 2]", "on": "True"}
    assert found.data.tags == {"t": "v", NAME: "mine", NOTE: "why"}
    assert found.info.status == "FINISHED"


def test_a_run_that_died_is_failed_for_mlflow(store: NbtrackStore, project: Project) -> None:
    with nbtrack.start_run() as own:
        own.end("crashed")
    assert store.get_run(own.id).info.status == "FAILED"


def test_threads_log_to_the_same_runs_at_once(store: NbtrackStore) -> None:
    runs = [begin(store), begin(store)]
    store.update_run_info(runs[1], RunStatus.FINISHED, 1, None)

    def log(thread: int) -> None:
        for step in range(20):
            for run in runs:
                store.log_metric(run, Metric(f"m{thread}", step, step, step))
        store.log_batch(runs[0], [], [Param("same", "1"), Param(f"p{thread}", "1")], [RunTag("t", str(thread))])

    threads = [threading.Thread(target=log, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for run in runs:
        assert [len(points(store, run, f"m{number}")) for number in range(4)] == [20] * 4
    assert store.get_run(runs[0]).data.params == {"same": "1", **{f"p{number}": "1" for number in range(4)}}


def test_a_run_of_the_server_waits_for_whoever_has_its_id(
    store: NbtrackStore, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_MLFLOW_SERVER_FILE_STORE", "nbtrack:")
    run = begin(store)
    store.log_metric(run, Metric("m", 1.0, 1, 0))
    assert live.find(project, run) is None
    assert RunsService(project).get(c.RunRequest(run)).session == {}
    assert store.get_run(run).data.metrics == {"m": 1.0}


def test_metrics_of_files_from_before_have_their_last_point_as_the_latest(store: NbtrackStore) -> None:
    run = begin(store)
    store.log_metric(run, Metric("m", 1.0, 10, 5))
    store.get_run(run)
    with store.database.write() as conn:
        conn.execute("UPDATE metrics SET top = NULL, top_step = NULL, top_time = NULL")
    assert store.get_run(run).data.metrics == {"m": 1.0}
    store.log_metric(run, Metric("m", 2.0, 20, 4))
    assert store.get_run(run).data.metrics == {"m": 1.0}
    store.log_metric(run, Metric("m", math.nan, 20, 6))
    assert math.isnan(store.get_run(run).data.metrics["m"])
    store.log_metric(run, Metric("m", 3.0, 30, 6))
    assert store.get_run(run).data.metrics == {"m": 3.0}
