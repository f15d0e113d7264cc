"""The figures of the panel, from the runs of a project."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nbtrack
from nbtrack.api.dispatch import answer
from nbtrack.base.config import Project
from nbtrack.charts import figure
from nbtrack.charts.bars import bars, contour, histogram
from nbtrack.charts.plots import where
from nbtrack.runs import contract as c
from nbtrack.runs.service import RunsService
from nbtrack.sdk.context import set_project

anything = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just([1, 2]))
AWKWARD = ("it's", 'a "b"', "<img src=x onerror=alert(1)>", "100%", "null", "a\nb", "ü ☃")
KINDS = {
    "parallel": ["params.lr", "params.opt", "metrics.acc"],
    "scatter": ["params.lr", "metrics.acc"],
    "bars": ["metrics.acc", "params.opt"],
    "histogram": ["metrics.acc"],
    "contour": ["params.lr", "params.depth", "metrics.acc"],
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    found = Project(tmp_path_factory.mktemp("plots"))
    set_project(found)
    try:
        for at in range(12):
            with nbtrack.start_run(name=f"run {at}"):
                nbtrack.log_params({"lr": 10.0 ** -(at % 4), "depth": at % 3, "opt": AWKWARD[at % len(AWKWARD)]})
                if at != 5:
                    nbtrack.log_params({"flag": at % 2 == 0})
                nbtrack.log({"acc": math.nan if at == 7 else 0.8 + at / 100})
    finally:
        set_project(None)
    return found


def ask(project: Project, **request: Any) -> dict[str, Any]:
    found = answer(project, "charts.figure", request)
    assert found["ok"], found
    result: dict[str, Any] = found["result"]
    return result


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("theme", ["any", "light", "dark"])
def test_every_kind_is_a_figure_that_plotly_takes(project: Project, kind: str, theme: str) -> None:
    found = ask(project, kind=kind, columns=KINDS[kind], theme=theme)
    figure({"data": found["data"], "layout": found["layout"]})
    assert found["data"]
    assert len(found["runs"]) == 12
    json.dumps(found, allow_nan=False)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.fixed_dictionaries({"x": anything, "y": anything, "z": anything}), max_size=8))
def test_any_values_make_a_valid_figure(rows: list[dict[str, Any]]) -> None:
    for data in (
        bars(rows, "x"),
        bars(rows, "x", "y"),
        histogram(rows, "x"),
        histogram(rows, "x", "y"),
        contour(rows, "x", "y", "z"),
    ):
        figure(data)
        json.dumps(data, allow_nan=False)


def test_a_bar_of_a_group_is_its_mean_with_its_sample_standard_deviation() -> None:
    rows = [
        {"id": str(n), "name": str(n), "y": y, "by": by} for n, (y, by) in enumerate([(1, "a"), (3, "a"), (5, "b")])
    ]
    (trace,) = bars(rows, "y", "by")["data"]
    assert (trace["x"], trace["y"], trace["customdata"]) == (["a", "b"], [2, 5], [2, 1])
    assert trace["error_y"]["array"] == pytest.approx([math.sqrt(2), 0])


def test_runs_of_one_name_have_bars_of_their_own() -> None:
    rows = [{"id": str(n), "name": "same", "y": n} for n in range(3)]
    (trace,) = bars(rows, "y")["data"]
    assert len(set(trace["x"])) == 3


def test_a_histogram_counts_every_number_once() -> None:
    rows = [{"x": math.sin(n)} for n in range(500)] + [{"x": math.nan}, {"x": None}]
    (trace,) = histogram(rows, "x")["data"]
    assert sum(trace["y"]) == 500


def test_a_histogram_of_texts_has_the_most_frequent_first() -> None:
    rows = [{"x": word} for word in "abbbcc"]
    (trace,) = histogram(rows, "x")["data"]
    assert dict(zip(trace["x"], trace["y"], strict=True)) == {"b": 3, "c": 2, "a": 1}


def test_a_contour_needs_an_area_and_shows_dots_without_one() -> None:
    line = [{"id": str(n), "name": "", "x": n, "y": 1, "z": n} for n in range(4)]
    assert [trace["type"] for trace in contour(line, "x", "y", "z")["data"]] == ["scatter"]
    area = [*line, {"id": "5", "name": "", "x": 2, "y": 3, "z": 7}]
    assert [trace["type"] for trace in contour(area, "x", "y", "z")["data"]] == ["contour", "scatter"]


@pytest.mark.parametrize("column", ["params.opt", "params.flag", "params.depth"])
def test_what_lies_at_a_place_of_an_axis_is_found_by_its_filter(project: Project, column: str) -> None:
    service = RunsService(project)
    rows = service.page(c.PageRequest(limit=50)).rows
    for value in {json.dumps(row.params.get(column[7:])) for row in rows}:
        given = json.loads(value)
        found = service.page(c.PageRequest(filter=where(column, given))).rows
        assert {row.id for row in found} == {row.id for row in rows if row.params.get(column[7:]) == given}


def test_the_places_of_a_categorical_axis_come_with_their_filters(project: Project) -> None:
    (axis,) = ask(project, kind="parallel", columns=["params.opt"])["axes"]
    assert axis["kind"] == "categorical"
    assert len(axis["places"]) == len(axis["wheres"]) == len(AWKWARD)
    for text in axis["wheres"]:
        assert answer(project, "runs.page", {"filter": text})["result"]["matched"] in (1, 2)


def test_script_in_a_value_stays_text(project: Project) -> None:
    for kind in ("bars", "scatter", "histogram"):
        columns = ["metrics.acc", "params.opt"] if kind == "bars" else KINDS[kind]
        assert "<img" not in json.dumps(ask(project, kind=kind, columns=columns, color="params.opt")["data"])


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"kind": "scatter", "columns": ["params.lr"]}, "columns"),
        ({"kind": "parallel", "columns": []}, "columns"),
        ({"kind": "bars", "columns": ["nothing"]}, "no column"),
        ({"kind": "bars", "columns": ["metrics.acc"], "limit": 0}, "limit"),
        ({"kind": "pie", "columns": ["metrics.acc"]}, "cannot be read"),
    ],
)
def test_what_cannot_be_drawn_is_said(project: Project, request_: dict[str, Any], words: str) -> None:
    found = answer(project, "charts.figure", request_)
    assert not found["ok"]
    assert words in found["error"]["message"]


def test_what_is_left_out_is_said(project: Project) -> None:
    assert ask(project, kind="bars", columns=["metrics.acc"], limit=5)["notice"] == "The first 5 of 12 runs."
    assert (
        "None of them has params.gone" in ask(project, kind="scatter", columns=["params.gone", "metrics.acc"])["notice"]
    )
    assert ask(project, kind="bars", columns=["metrics.acc"], filter="name = 'nobody'")["notice"] == "No run matches."


def test_a_project_without_runs_is_an_empty_figure(tmp_path: Path) -> None:
    assert ask(Project(tmp_path), kind="histogram", columns=["duration"])["data"] == []
