"""DataFrames of runs: types, exactness, MLflow's dialect."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest

import nbtrack
from nbtrack.base.config import Project
from nbtrack.base.errors import FilterError, InvalidOption
from nbtrack.runs.active import ActiveRun
from nbtrack.runs.current import begin
from nbtrack.runs.store import columns
from nbtrack.sdk.runs import runs, search_runs
from nbtrack.sdk.search import sort_key, translate

BIG = 2**70


def frame_of(project: Project, values: list[Any]) -> pd.DataFrame:
    for value in values:
        run = begin(project)
        if value is not ...:
            run.set_params({"x": value})
        run.end()
    return runs(sort="started").to_pandas()


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([1, 2, 2**62 + 1], "int64"),
        ([1, ..., 2**62 + 1], "Int64"),
        ([True, False], "bool"),
        ([True, ...], "boolean"),
        ([0.5, -0.0, math.inf], "float64"),
        ([0.5, ..., 3], "float64"),
        ([0.5, 2**53 + 1], "object"),
        ([BIG, 1], "object"),
        ([1, "a", True, 0.5, None, [1, 2]], "object"),
    ],
)
def test_a_param_has_the_narrowest_type_that_is_exact(project: Project, values: list[Any], dtype: str) -> None:
    column = frame_of(project, values)["params.x"]
    assert str(column.dtype) == dtype
    for given, found in zip(values, column, strict=True):
        if given is ... or given is None:
            assert pd.isna(found)
        else:
            assert found == given
            assert isinstance(given, bool) == isinstance(found, bool) or dtype in ("bool", "boolean")


def test_texts_keep_gaps_nan_stays_nan_and_half_characters_survive(project: Project) -> None:
    assert frame_of(project, ["adam", ..., "é"])["params.x"].tolist()[::2] == ["adam", "é"]
    assert "\ud800" in frame_of(project, ["\ud800"])["params.x"].tolist()
    assert any(isinstance(one, float) and math.isnan(one) for one in frame_of(project, [math.nan])["params.x"])


def test_few_runs_and_many_are_read_alike(
    project: Project, three: list[ActiveRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    for values in ({"x": True}, {"x": [1, {"a": None}]}, {"x": BIG, "lr": math.nan}):
        run = begin(project)
        run.set_params(values)
        run.log({"loss": math.nan, "acc": -math.inf})
        run.end()
    for summary in (False, True):
        few = runs().to_pandas(summary=summary)
        with monkeypatch.context() as patch:
            patch.setattr(columns, "_FEW", 0)
            patch.setattr(columns, "_CHUNK", 2)
            many = runs().to_pandas(summary=summary)
        pd.testing.assert_frame_equal(few, many)


def test_of_many_runs_none_need_be_among_the_rows_read_first(
    three: list[ActiveRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(columns, "_FEW", 0)
    monkeypatch.setattr(columns, "_CHUNK", 2)
    frame = runs("name = 'three'").to_pandas(summary=True)
    assert frame[["name", "params.lr", "metrics.acc.max"]].values.tolist() == [["three", 0.001, 0.9]]


def test_a_frame_has_attributes_params_metrics_and_tags(three: list[ActiveRun]) -> None:
    frame = runs(sort="-metrics.acc").to_pandas()
    assert frame["name"].tolist() == ["two", "three", "one"]
    assert frame["params.lr"].tolist() == [0.01, 0.001, 0.1]
    assert frame["params.batch"].tolist() == [64, 64, 64]
    assert frame["metrics.acc"].tolist() == [0.95, 0.9, 0.8]
    assert frame["tags.stage"].tolist() == ["draft"] * 3
    assert str(frame["started"].dtype) == "datetime64[us, UTC]"
    assert (frame["duration"] >= 0).all()
    assert "metrics.loss.min" not in frame
    full = runs("name = 'one'").to_pandas(summary=True)
    assert full[["metrics.loss.max", "metrics.loss.count"]].values.tolist() == [[1.1, 3]]


def test_a_running_run_has_no_end(project: Project) -> None:
    live = begin(project)
    frame = runs().to_pandas()
    assert frame["ended"].isna().all()
    assert frame["duration"].notna().all()
    live.end()


def test_search_runs_speaks_mlflow(three: list[ActiveRun]) -> None:
    assert nbtrack.search_runs is search_runs
    frame = search_runs("metrics.acc > 0.85 and attributes.status = 'FINISHED'", order_by=["metrics.acc DESC"])
    assert frame["run_id"].tolist() == [three[1].id, three[2].id]
    assert frame["status"].tolist() == ["FINISHED", "FINISHED"]
    assert {"run_name", "start_time", "end_time", "params.lr", "metrics.loss", "tags.stage"} <= set(frame)
    assert len(search_runs(max_results=1)) == 1
    assert search_runs(order_by=["start_time ASC"])["run_name"].tolist() == ["one", "two", "three"]
    assert len(search_runs(experiment_names=["digits", "it's"])) == 3
    assert len(search_runs("metrics.acc > 0", experiment_names=["it's"])) == 0
    assert len(search_runs(experiment_names=[])) == 0


def test_search_runs_refuses_what_it_cannot_do(three: list[ActiveRun]) -> None:
    with pytest.raises(InvalidOption):
        search_runs(max_results=-1)
    with pytest.raises(FilterError):
        search_runs(order_by=["params. DESC"])


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("attributes.run_name = 'attributes.run_name'", "name = 'attributes.run_name'"),
        ("metric.`a b` > 1 and run_id = 'x'", "metrics.`a b` > 1 and id = 'x'"),
        ("attribute.status = 'KILLED' and tags.x = 'FAILED'", "status = 'interrupted' and tags.x = 'FAILED'"),
    ],
)
def test_only_names_are_translated_and_nothing_that_is_quoted(theirs: str, ours: str) -> None:
    assert translate(theirs) == ours


def test_an_order_becomes_a_sort_key() -> None:
    assert [sort_key(one) for one in ("metrics.acc DESC", "start_time", "params.`a b` asc")] == [
        "-metrics.acc",
        "started",
        "params.`a b`",
    ]
