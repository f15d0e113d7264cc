"""Runs found with MLflow's grammar: the same runs in the same order as MLflow's own store finds them."""

from __future__ import annotations

from typing import Any

import pytest

import nbtrack
from nbtrack.base.config import Project

pytest.importorskip("mlflow")

from mlflow.entities import Metric, Param, RunStatus, RunTag, ViewType
from mlflow.exceptions import MlflowException

from nbtrack.mlflow.tracking import NbtrackStore

# MLflow's parser of filters brings in its SQL tables, which SQLAlchemy 2.1 finds old-fashioned.
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy")


@pytest.fixture
def store(project: Project) -> NbtrackStore:
    return NbtrackStore(f"nbtrack:{project.root}")


def add(store: NbtrackStore, name: str, **more: Any) -> str:
    """A run with metrics, params and tags by name; start: milliseconds."""
    tags = [RunTag(key, value) for key, value in more.get("tags", {}).items()]
    run: str = store.create_run("0", "me", more.get("start", 1), tags, name).info.run_id
    metrics = [Metric(key, float(value), 1, 0) for key, value in more.get("metrics", {}).items()]
    store.log_batch(run, metrics, [Param(key, value) for key, value in more.get("params", {}).items()], [])
    return run


def names(store: NbtrackStore, text: str = "", *order: str, **more: Any) -> list[str]:
    found = store.search_runs(["0"], text, more.pop("stage", ViewType.ACTIVE_ONLY), order_by=list(order), **more)
    return [run.info.run_name for run in found]


@pytest.fixture
def three(store: NbtrackStore) -> NbtrackStore:
    add(store, "a", start=1, metrics={"m": "0.5", "only": "1"}, params={"lr": "0.1", "kind": "abc"}, tags={"t": "Yes"})
    add(store, "b", start=2, metrics={"m": "nan"}, params={"lr": "0.10", "kind": "ABC"}, tags={"t": "yes", "u x": "1"})
    add(store, "c", start=3, metrics={"m": "inf"}, params={"lr": "1e-1"})
    return store


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "cba"),
        ("params.lr = '0.1'", "a"),
        ("params.lr != '0.1'", "cb"),
        ("params.lr LIKE '%1'", "ca"),
        ("params.kind LIKE 'a%'", "a"),
        ("params.kind ILIKE 'a%'", "ba"),
        ("params.kind IS NULL", "c"),
        ("params.kind IS NOT NULL", "ba"),
        ("params.none = '1'", ""),
        ("metrics.m > 0.1", "ca"),
        ("metrics.m != 0.5", "cb"),
        ("metrics.m <= 0.5", "a"),
        ("metrics.only = 1", "a"),
        ("tags.t = 'yes'", "b"),
        ("tags.t ILIKE 'YES' AND tags.`u x` = '1'", "b"),
        ("tags.\"u x\" != '2'", "b"),
        ("tags.`mlflow.runName` = 'c'", "c"),
        ("tags.`mlflow.note.content` IS NULL", "cba"),
        ("attributes.run_name LIKE '%b%'", "b"),
        ("attributes.`Run name` != 'b'", "ca"),
        ("attributes.status = 'RUNNING'", "cba"),
        ("attributes.status != 'FAILED' AND attributes.start_time >= 2", "cb"),
        ("attributes.Created < 2", "a"),
        ("attributes.end_time > 0", ""),
        ("attributes.user_id = 'me' and metrics.m >= 0.5 and params.lr = '0.1'", "a"),
    ],
)
def test_runs_are_found_by_what_they_have(three: NbtrackStore, text: str, expected: str) -> None:
    assert "".join(names(three, text)) == expected


@pytest.mark.parametrize(
    "text",
    ["params.lr > '0.1'", "metrics.m LIKE '1'", "attributes.lifecycle_stage = 'active'", "nonsense", "metrics.m = 'x'"],
)
def test_a_filter_that_mlflow_does_not_know_is_refused(three: NbtrackStore, text: str) -> None:
    with pytest.raises(MlflowException) as error:
        names(three, text)
    assert error.value.error_code == "INVALID_PARAMETER_VALUE"


def test_runs_are_found_by_ids_and_by_where_their_files_are(store: NbtrackStore) -> None:
    a, b = add(store, "a"), add(store, "b")
    assert names(store, f"attributes.run_id = '{a}'") == ["a"]
    assert names(store, f"run_id NOT IN ('{a}', 'other')") == ["b"]
    assert names(store, f"attributes.run_id IN ('{a}', '{b}')", "run_name") == ["a", "b"]
    assert names(store, f"attributes.artifact_uri LIKE '%/{a}/%'") == ["a"]
    assert names(store, f"attributes.artifact_uri = '{store.get_run(b).info.artifact_uri}'") == ["b"]


def test_nan_and_what_is_missing_come_last_whichever_way_runs_are_sorted(store: NbtrackStore) -> None:
    for start, value in enumerate(["none", "nan", "inf", "-inf", "-1000", "0", "1000"]):
        add(store, value, start=start, metrics={} if value == "none" else {"x": value}, params={"p": str(start % 2)})
    up = ["-inf", "-1000", "0", "1000", "inf"]
    assert names(store, "", "metrics.x") == [*up, "nan", "none"]
    assert names(store, "", "metrics.x DESC") == [*up[::-1], "nan", "none"]
    assert names(store, "", "params.p", "metrics.x ASC") == ["-1000", "1000", "inf", "none", "-inf", "0", "nan"]
    assert names(store, "", "tags.nothing", "start_time")[:2] == ["none", "nan"]
    with pytest.raises(MlflowException, match="duplicate fields"):
        names(store, "", "metrics.x", "metrics.x DESC")


def test_runs_are_sorted_by_their_own_fields(store: NbtrackStore) -> None:
    for start, end in enumerate([234, None, 456, -123]):
        run = add(store, str(end), start=start)
        store.update_run_info(run, RunStatus.FINISHED, end, None)
    assert names(store, "", "attributes.end_time") == ["-123", "234", "456", "None"]
    assert names(store, "", "attribute.end_time DESC") == ["456", "234", "-123", "None"]
    assert names(store, "", "tags.`mlflow.runName` DESC")[0] == "None"


def test_pages_are_cut_from_one_order_and_the_last_has_no_token(store: NbtrackStore) -> None:
    runs = sorted(add(store, str(number)) for number in range(8))
    first = store.search_runs(["0"], None, ViewType.ALL, max_results=4)
    last = store.search_runs(["0"], None, ViewType.ALL, max_results=4, page_token=first.token)
    assert ([run.info.run_id for run in (*first, *last)], last.token) == (runs, None)
    assert len(store.search_runs(["0"], None, ViewType.ALL, max_results=None)) == 8
    assert store.search_runs([], None, ViewType.ALL) == store.search_runs(["77"], None, ViewType.ALL) == []
    for wrong in (0, 50_001):
        with pytest.raises(MlflowException, match=f"Invalid value {wrong} for parameter 'max_results'"):
            store.search_runs(["0"], None, ViewType.ALL, max_results=wrong)
    with pytest.raises(MlflowException, match="Invalid page token"):
        store.search_runs(["0"], None, ViewType.ALL, page_token="nonsense")


def test_runs_in_the_trash_are_found_apart(store: NbtrackStore) -> None:
    add(store, "kept", start=1)
    store.delete_run(add(store, "gone", start=2))
    assert names(store) == ["kept"]
    assert names(store, stage=ViewType.DELETED_ONLY) == ["gone"]
    assert names(store, stage=ViewType.ALL) == ["gone", "kept"]


def test_children_are_found_by_their_parent(store: NbtrackStore) -> None:
    parent = add(store, "parent")
    add(store, "child", tags={"mlflow.parentRunId": parent})
    add(store, "orphan", tags={"mlflow.parentRunId": "of another project"})
    assert names(store, f"tags.`mlflow.parentRunId` = '{parent}'") == ["child"]
    assert sorted(names(store, "tags.mlflow.parentRunId IS NOT NULL")) == ["child", "orphan"]


def test_nbtracks_own_params_are_found_as_mlflow_would_have_logged_them(store: NbtrackStore) -> None:
    with nbtrack.start_run("own"):
        nbtrack.log_params({"lr": 1e-5, "layers": [1, 2], "on": True, "big": 10**30, "name": "x"})
    for text in ("params.lr = '1e-05'", "params.layers = '[1, 2]'", "params.on = 'True'", f"params.big = '{10**30}'"):
        assert names(store, text) == ["own"], text
    assert names(store, "", "params.lr") == ["own"]


def test_a_filter_cannot_leave_its_quotes(three: NbtrackStore) -> None:
    for text in ("tags.`a') OR 1=1 --` = 'x'", 'params.lr = "\' OR 1=1 --"', 'metrics.`m" OR 1` > 0'):
        assert names(three, text) == []
    assert names(three, "", "params.`lr') DESC; DROP TABLE runs; --`") == ["c", "b", "a"]


@pytest.mark.parametrize("text", ["params.kind LIKE 'a%'", "params.list = '[1]'", "tags.t ILIKE 'y%'"])
def test_a_text_that_was_damaged_on_the_disk_hinders_no_search_for_others(store: NbtrackStore, text: str) -> None:
    add(store, "whole", params={"kind": "abc", "list": "[1]"}, tags={"t": "Yes"})
    add(store, "damaged", params={"kind": "abd", "list": "[2]"}, tags={"t": "y"})
    assert len(names(store)) == 2  # what was logged is in the file now
    with store.database.write() as conn:
        of_damaged = "run = (SELECT n FROM runs WHERE name = 'damaged')"
        for table in ("params", "tags"):
            conn.execute(f"UPDATE {table} SET value = CAST(x'7aff' AS TEXT) WHERE {of_damaged}")
        conn.execute("UPDATE params SET type = 'json' WHERE key = (SELECT n FROM keys WHERE name = 'list')")
    assert names(store, text) == ["whole"]
