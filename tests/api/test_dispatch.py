"""Every operation by name: one shape of success, one shape of error, whatever is sent."""

from __future__ import annotations

import base64
import json
import logging
import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nbtrack.api import rooms
from nbtrack.api.dispatch import MAX_PAYLOAD, answer, dispatch, query_payload
from nbtrack.base.config import Project
from nbtrack.base.wire import encode, to_plain

# A request of each operation that the filled project can answer.
GOOD: dict[str, dict[str, Any]] = {
    "project.status": {},
    "project.revision": {},
    "experiments.list": {},
    "experiments.rename": {"old": "digits", "new": "numbers"},
    "experiments.merge": {"old": "digits", "new": "old"},
    "runs.page": {"filter": "metrics.acc > 0.1", "sort": ["-metrics.acc"], "limit": 10},
    "runs.get": {"run": "forest"},
    "runs.outputs": {"run": "forest"},
    "runs.artifact": {"run": "forest", "path": "report.txt"},
    "runs.code": {"run": "forest"},
    "runs.executions": {"run": "forest"},
    "runs.diff": {"left": "forest", "right": "svm"},
    "runs.against": {"run": "forest", "text": "model.fit(X, y)"},
    "runs.moved": {"old": "a.ipynb", "new": "b/c.ipynb"},
    "runs.series": {"runs": ["forest", "svm"], "keys": ["acc", "loss"], "width": 5},
    "runs.keys": {},
    "runs.complete": {"text": "metrics.", "position": 8},
    "runs.edit": {"runs": ["svm"], "note": "n", "tags": {"stage": None, "new": "x"}},
    "runs.trash": {"runs": ["svm"]},
    "runs.restore": {"runs": ["tree"]},
    "runs.purge": {},
    "runs.undo": {},
    "tables.browse": {"filter": "metrics.acc > 0.1", "metric": "loss", "limit": 2},
    "tables.history": {"notebook": "a.ipynb", "cells": ["c1"]},
    "tables.facts": {"filter": "metrics.acc > 0.1", "columns": ["params.lr", "metrics.acc", "metrics.acc.min"]},
    "tables.groups": {"by": "params.lr", "metrics": ["acc"], "sort": "-acc"},
    "tables.view": {},
    "tables.save": {"state": {"columns": ["params.lr"]}},
    "charts.tail": {"curves": [{"run": "forest", "key": "acc", "after": 5}]},
    "charts.bands": {"groups": {"both": ["forest", "svm"]}, "key": "acc"},
    "charts.figure": {"kind": "scatter", "columns": ["params.lr", "metrics.acc"]},
    "charts.importance": {"metric": "acc"},
    "lineage.explain": {"run": "svm", "against": "forest"},
    "lineage.graph": {"run": "forest"},
    "lineage.rewrite": {"run": "forest", "text": "lr = 0.5\ndepth = 5\n"},
    "transfer.export": {"format": "csv", "filter": "metrics.acc > 0.1"},
    "transfer.formats": {},
}
each_operation = pytest.mark.parametrize("name", rooms.OPERATIONS)


def call(project: Project, name: str, payload: Any = None, **how: Any) -> Any:
    """Dispatch, checked: valid JSON of one of the two shapes, and nothing of Python's or of ours in an error."""
    sent = dispatch(project, name, payload, **how)
    found = json.loads(sent, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    if found["ok"] is True:
        assert set(found) == {"ok", "result"}
        assert isinstance(found["result"], dict)
        return found["result"]
    assert set(found) == {"ok", "error"}
    error = found["error"]
    assert set(error) == {"code", "message", "hint", "column"}
    assert error["code"]
    assert error["message"]
    assert error["column"] is None or isinstance(error["column"], int)
    assert "Traceback" not in sent.decode()
    assert ".py" not in sent.decode()
    return error


def test_the_requests_here_are_of_every_operation() -> None:
    assert set(GOOD) == set(rooms.OPERATIONS)


@each_operation
def test_an_operation_answers_in_its_shape(name: str, filled: Project) -> None:
    import msgspec

    found = call(filled, name, json.dumps(GOOD[name]).encode())
    fields = msgspec.structs.fields(rooms.OPERATIONS[name].answer)
    assert set(found) == {field.encode_name for field in fields}


@each_operation
def test_an_operation_on_a_project_without_runs_answers_or_says_so(name: str, project: Project) -> None:
    found = call(project, name, GOOD[name])
    assert found.get("code", "store") in ("store", "invalid_option")  # nothing to export is the latter
    assert not project.folder.exists(), "nothing is made by looking"


@each_operation
def test_what_is_asked_with_get_changes_nothing(name: str, filled: Project) -> None:
    if rooms.OPERATIONS[name].method == "GET":
        before = call(filled, "project.revision"), sorted(path.name for path in filled.folder.iterdir())
        call(filled, name, GOOD[name])
        assert (call(filled, "project.revision"), sorted(path.name for path in filled.folder.iterdir())) == before


def test_a_view_that_was_saved_is_answered_and_raises_no_revision(filled: Project) -> None:
    before = call(filled, "project.revision")
    state = {"columns": ["<b>"], "half": 0.5, "big": 2**53 + 1}
    told = {**state, "big": str(2**53 + 1)}
    assert call(filled, "tables.save", {"state": state}) == {"state": told}
    assert call(filled, "tables.view") == {"state": told}
    assert call(filled, "project.revision") == before
    assert call(filled, "tables.save", {"state": {"a": "x" * 300_000}})["code"] == "invalid_option"
    assert call(filled, "tables.save", {"state": [1]})["code"] == "invalid_request"
    assert call(filled, "tables.save", {})["code"] == "invalid_request"


def test_an_error_of_a_further_filter_names_it_and_has_no_column(filled: Project) -> None:
    for name in ("runs.page", "tables.facts", "tables.groups"):
        error = call(filled, name, {"filter": "metrics.acc > 0", "also": ["params.lr >"]})
        assert (error["code"], error["column"]) == ("filter", None)
        assert "params.lr >" in error["message"]


def test_runs_that_are_gone_are_said_beside_the_curves_of_the_others(filled: Project) -> None:
    found = call(filled, "runs.series", {"runs": ["forest", "gone"], "keys": ["acc"], "x": "metric", "x_key": "loss"})
    assert found["missing"] == ["gone"]
    assert found["series"][0]["xs"][0] == 1.0
    assert call(filled, "runs.series", {"runs": [], "keys": [], "x": "metric"})["code"] == "invalid_option"


@each_operation
def test_plain_data_and_json_are_answered_alike(name: str, filled: Project) -> None:
    if rooms.OPERATIONS[name].method == "GET":
        plain = answer(filled, name, GOOD[name])
        assert json.loads(dispatch(filled, name, json.dumps(GOOD[name]))) == json.loads(json.dumps(plain))


@each_operation
def test_a_field_that_does_not_exist_is_refused(name: str, filled: Project) -> None:
    error = call(filled, name, {**GOOD[name], "filtre": "x"})
    assert error["code"] == "invalid_request"
    assert "'filtre'" in error["message"]
    if name == "runs.page":
        assert "Closest: 'filter'." in error["hint"]


def test_an_unknown_operation_names_near_ones(project: Project) -> None:
    error = call(project, "runs.pages", b"{}")
    assert error["code"] == "unknown_operation"
    assert "runs.page" in error["hint"]
    assert call(project, "\ud800" * 1000)["code"] == "unknown_operation"
    assert call(project, None)["code"] == "unknown_operation"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "payload",
    [
        b"{",
        b"[]",
        b"null x",
        b"NaN",
        b'"text"',
        b"\xff\xfe",
        b"{}{}",
        b"[" * 100_000,
        b'{"limit": "5"}',
        b'{"limit": 5.5}',
        b'{"limit": 1e400}',
        b'{"limit": null}',
        b'{"limit": true}',
        b'{"sort": "name"}',
        b'{"sort": [1]}',
        b'{"filter": ["x"]}',
        b'{"filter": "\\ud800"}',
        b'{"limit": 1' + b"0" * 5000 + b"}",
        {"limit": "5"},
        {1: 2},
        {"filter": "\ud800"},
        {"filter\ud800": ""},
        {"filter": object()},
    ],
    ids=lambda payload: str(payload)[:30],
)
def test_a_request_that_cannot_be_read_is_refused_with_what_it_takes(payload: Any, filled: Project) -> None:
    error = call(filled, "runs.page", payload)
    assert error["code"] == "invalid_request"
    assert "filter, also, " in error["hint"]


@pytest.mark.parametrize("number", [10**30, -(10**30), 2**63, -1, 2**31])
@pytest.mark.parametrize("field", ["offset", "limit"])
def test_numbers_out_of_range_are_an_error_or_an_empty_page(field: str, number: int, filled: Project) -> None:
    found = call(filled, "runs.page", {field: number})
    assert found.get("rows") == [] or found["code"] in ("invalid_option", "invalid_request")


def test_a_request_too_large_is_refused_before_it_is_read(project: Project) -> None:
    error = call(project, "runs.page", b" " * (MAX_PAYLOAD + 1))
    assert error["code"] == "too_large"


def test_an_error_of_a_filter_says_its_column(filled: Project) -> None:
    error = call(filled, "runs.page", {"filter": "metrics.acc > > 1"})
    assert (error["code"], error["column"]) == ("filter", 14)


def test_errors_keep_their_code_and_hint(filled: Project) -> None:
    error = call(filled, "runs.get", {"run": "forrest"})
    assert error["code"] == "not_found"
    assert "forest" in error["hint"]
    assert call(filled, "runs.edit", {"runs": ["svm"], "name": ""})["code"] == "invalid_value"
    assert call(filled, "runs.series", {"runs": [], "keys": [], "width": 0})["code"] == "invalid_option"


def test_a_fault_of_ours_is_logged_and_gives_nothing_away(
    filled: Project, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> Any:
        raise OSError("/secret/path")

    monkeypatch.setitem(rooms.READS, "runs.keys", broken)
    with caplog.at_level(logging.ERROR, "nbtrack.api"):
        error = call(filled, "runs.keys")
    assert error["code"] == "internal"
    assert "/secret/path" not in json.dumps(error)
    assert "/secret/path" in caplog.text


def test_an_answer_without_json_is_a_fault_of_ours(filled: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(rooms.READS, "runs.keys", lambda _: object())
    assert call(filled, "runs.keys")["code"] == "internal"


def test_numbers_that_json_does_not_have_survive(filled: Project) -> None:
    row = call(filled, "runs.get", {"run": "odd"})["row"]
    assert row["params"]["big"] == str(10**30)
    assert row["params"]["huge"] == "1" + "0" * 4000
    assert row["params"]["nan"] == "NaN"
    assert row["params"]["deep"] == [{"x": ["Infinity"]}]
    assert row["params"]["true"] is True
    assert row["params"]["none"] is None
    assert {name: row["metrics"][name]["last"] for name in ("nan", "up", "down")} == {
        "nan": "NaN",
        "up": "Infinity",
        "down": "-Infinity",
    }
    found = call(filled, "runs.series", {"runs": ["odd"], "keys": ["nan", "up", "down"]})["series"]
    assert [one["values"] for one in found] == [["NaN"], ["Infinity"], ["-Infinity"]]


def test_half_a_character_becomes_a_question_mark(filled: Project) -> None:
    assert call(filled, "runs.get", {"run": "odd"})["row"]["params"]["half"] == "a?b"
    assert json.loads(encode({"\ud800": ["\udfff", {"é\ud800": 1}]})) == {"?": ["?", {"é?": 1}]}


def test_integers_keep_every_digit() -> None:
    for number in (2**53, -(2**53), 0, 5):
        assert to_plain(number) == number
    for number in (2**53 + 1, -(2**53) - 1, 10**4000):
        assert to_plain(number) == str(number)
    assert to_plain(10**6000) == "1" + "0" * 6000


def test_an_artifact_comes_as_base64_and_says_when_it_is_cut(filled: Project) -> None:
    whole = call(filled, "runs.artifact", {"run": "forest", "path": "report.txt"})
    assert (base64.b64decode(whole["data"]), whole["cut"]) == (b"precision 0.9\n", False)
    part = call(filled, "runs.artifact", {"run": "forest", "path": "report.txt", "limit": 9})
    assert (base64.b64decode(part["data"]), part["cut"]) == (b"precision", True)


def test_negative_zero_and_extremes_survive() -> None:
    kept = json.loads(encode([-0.0, 1e308, 5e-324, 0.1]))
    assert math.copysign(1, kept[0]) == -1
    assert kept[1:] == [1e308, 5e-324, 0.1]


def test_a_query_string_says_a_request(filled: Project) -> None:
    pairs = [
        ("filter", "metrics.acc > 0.1"),
        ("sort", "name"),
        ("sort", "-started"),
        ("limit", "2"),
        ("trashed", "false"),
    ]
    payload = query_payload("runs.page", pairs)
    assert payload["sort"] == ["name", "-started"]
    assert len(call(filled, "runs.page", payload, texts=True)["rows"]) == 2
    pairs = [("runs", "forest"), ("keys", "acc"), ("window", "2"), ("window", "4.5"), ("x", "step")]
    found = call(filled, "runs.series", query_payload("runs.series", pairs), texts=True)["series"]
    assert set(found[0]["steps"]) >= {2, 3, 4}
    assert call(filled, "runs.page", {"limit": "many"}, texts=True)["code"] == "invalid_request"
    assert query_payload("nothing", [("a", "b")]) == {"a": "b"}


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["forest", "@1", "acc", "step"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, Any]:
    """An operation with a payload that is right in most parts."""
    name = draw(st.sampled_from([*rooms.OPERATIONS]))
    payload = dict(GOOD[name])
    for field in draw(st.lists(st.sampled_from([*GOOD[name], "limit", "offset", "runs", "text"]), max_size=2)):
        payload[field] = draw(json_values)
    return name, payload


fuzz = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@fuzz
@given(request=requests())
def test_whatever_is_asked_is_answered(request: tuple[str, Any], filled: Project) -> None:
    name, payload = request
    found = call(filled, name, payload)
    assert found.get("code") != "internal", (name, payload)


@fuzz
@given(name=st.sampled_from([*rooms.OPERATIONS]) | st.text(), payload=st.binary() | st.text())
def test_whatever_bytes_are_sent_are_answered(name: str, payload: bytes | str, project: Project) -> None:
    assert call(project, name, payload).get("code") != "internal"


@fuzz
@given(value=json_values)
def test_whatever_is_stored_can_be_sent(value: Any) -> None:
    json.loads(encode({"value": value}), parse_constant=pytest.fail)
