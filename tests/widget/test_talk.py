"""What a panel's front end asks, and what it is answered."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nbtrack import __version__
from nbtrack.api import lanes
from nbtrack.api.dispatch import dispatch
from nbtrack.api.rooms import OPERATIONS
from nbtrack.base.config import Project
from nbtrack.runs import contract as c
from nbtrack.runs.service import RunsService
from nbtrack.widget import talk

from .conftest import PATIENCE, Front

Making = Callable[[Project], Front]


def test_an_operation_is_answered_as_everywhere_else(filled: Project, front: Making) -> None:
    payload = {"filter": "metrics.acc > 0.1", "sort": ["-metrics.acc"]}
    answer = front(filled).ask(7, op="runs.page", payload=payload)
    same = json.loads(dispatch(filled, "runs.page", payload))
    assert answer.pop("v") == 1
    assert answer.pop("id") == 7
    for rows in (answer["result"]["rows"], same["result"]["rows"]):
        assert [row["name"] for row in rows] == ["svm", "forest", "child"]
    assert answer == same


def test_every_answer_is_json_whatever_the_runs_hold(filled: Project, front: Making) -> None:
    answer = front(filled).ask(op="runs.get", payload={"run": "odd"})
    assert '"NaN"' in json.dumps(answer, allow_nan=False)


def test_a_request_without_a_payload_is_one_with_an_empty_payload(filled: Project, front: Making) -> None:
    assert front(filled).ask(op="runs.page")["result"]["matched"] == 4


@pytest.mark.parametrize(
    ("request_", "code", "says"),
    [
        ({"op": "runs.pages"}, "unknown_operation", "Closest: runs.page"),
        ({"op": ["runs.page"]}, "unknown_operation", "Closest: runs.page"),
        ({"op": None}, "unknown_operation", "There are"),
        ({"op": "runs.page", "payload": "{}"}, "invalid_request", "not a str"),
        ({"op": "runs.page", "payload": [1]}, "invalid_request", "not a list"),
        ({"op": "runs.page", "payload": {"limit": "many"}}, "invalid_request", "$.limit"),
        ({"op": "runs.page", "payload": {"filters": ""}}, "invalid_request", "filter"),
        ({"op": "runs.get", "payload": {"run": "nobody"}}, "not_found", "%track ls"),
        ({"asset": "plotly.min.js"}, "unknown_asset", "There are: "),
        ({"asset": "../built.py"}, "unknown_asset", "There are"),
        ({"asset": "panel.js"}, "unknown_asset", "There are"),
        ({"asset": {"a": 1}}, "unknown_asset", "There are"),
        ({}, "invalid_request", "'op', 'asset' or 'hello'"),
        ({"v": 2, "op": "runs.page"}, "protocol", "version 1"),
        ({"v": "1" * 10_000, "op": "runs.page"}, "protocol", "version 1"),
    ],
)
def test_what_cannot_be_done_is_answered_with_an_error(
    filled: Project, front: Making, request_: dict[str, Any], code: str, says: str
) -> None:
    answer = front(filled).ask(3, **request_)
    assert (answer["id"], answer["ok"], answer["error"]["code"]) == (3, False, code)
    assert set(answer["error"]) == {"code", "message", "hint", "column"}
    assert says in answer["error"]["message"] + answer["error"]["hint"]
    assert len(answer["error"]["message"]) < 1000


def test_a_mistake_in_a_filter_names_its_column(filled: Project, front: Making) -> None:
    answer = front(filled).ask(op="runs.page", payload={"filter": "metrics.acc >"})
    assert answer["error"]["column"] == 13


@pytest.mark.parametrize(
    "noise",
    [
        None,
        7,
        "runs.page",
        [],
        {},
        {"v": 1, "op": "runs.page"},
        {"id": "1", "op": "runs.page"},
        {"id": True, "op": "runs.page"},
        {"id": 1.5, "op": "runs.page"},
        {"id": 99, "cancel": True},
    ],
)
def test_what_is_no_request_is_passed_over(filled: Project, front: Making, noise: Any) -> None:
    end = front(filled)
    end.send(noise)
    assert end.ask(1, op="project.revision")["ok"]
    assert list(end.kept) == [1]
    assert end.said.empty()


def test_hello_says_the_version_and_what_can_be_asked(project: Project, front: Making) -> None:
    said = front(project).ask(hello={"version": "9.9"})["result"]
    assert said == {"version": __version__, "protocol": 1, "operations": sorted(OPERATIONS)}


def test_a_file_comes_as_bytes(project: Project, front: Making, static: Path) -> None:
    end = front(project)
    answer = end.ask(asset="plotly.js")
    assert (answer["asset"], answer["type"]) == ("plotly.js", "text/javascript")
    assert end.answer(1)[1] == [(static / "plotly.js").read_bytes()]


def test_a_file_that_was_not_built_is_an_error(project: Project, front: Making, static: Path) -> None:
    (static / "plotly.js").unlink()
    error = front(project).ask(asset="plotly.js")["error"]
    assert error["code"] == "not_built"
    assert "make ui" in error["hint"]


def test_a_fault_of_ours_is_answered_too(
    filled: Project, front: Making, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: Any) -> Any:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr(talk, "answer", fails)
    with caplog.at_level(logging.ERROR):
        answer = front(filled).ask(op="runs.page")
    assert answer["error"]["code"] == "internal"
    assert "ZeroDivisionError" in caplog.text


def test_an_answer_that_cannot_be_sent_is_told(filled: Project, caplog: pytest.LogCaptureFixture) -> None:
    sent: list[Any] = []
    done = threading.Event()

    def send(answer: dict[str, Any], buffers: Any) -> None:
        sent.append(answer)
        if answer["ok"]:
            raise ValueError("too large for the socket")
        done.set()

    with caplog.at_level(logging.ERROR):
        talk.Talk(filled, send, lambda *_: None).hear({"id": 4, "op": "runs.page"})
        assert done.wait(PATIENCE)
    assert [one["ok"] for one in sent] == [True, False]
    assert (sent[1]["id"], sent[1]["error"]["code"]) == (4, "internal")


class Gate:
    """Holds up the answers to one operation."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        self.opened, self.begun, self.asked = threading.Event(), threading.Semaphore(0), 0
        real = talk.answer

        def held(project: Project, op: str, payload: Any) -> Any:
            if op == name:
                self.asked += 1
                self.begun.release()
                assert self.opened.wait(PATIENCE)
            return real(project, op, payload)

        monkeypatch.setattr(talk, "answer", held)


def test_a_slow_answer_does_not_hold_up_the_others(
    filled: Project, front: Making, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, end = Gate(monkeypatch, "runs.keys"), front(filled)
    end.send({"id": 1, "op": "runs.keys"})
    assert gate.begun.acquire(timeout=PATIENCE)
    assert end.ask(2, op="project.revision")["ok"]
    assert end.ask(3, op="runs.edit", payload={"runs": ["svm"], "starred": True})["ok"]
    assert 1 not in end.kept
    gate.opened.set()
    assert end.answer(1)[0]["ok"]


def test_an_export_does_not_hold_up_a_click(filled: Project, front: Making, monkeypatch: pytest.MonkeyPatch) -> None:
    gate, end = Gate(monkeypatch, "transfer.export"), front(filled)
    end.send({"id": 1, "op": "transfer.export", "payload": {"format": "csv", "name": "mine"}})
    assert gate.begun.acquire(timeout=PATIENCE)
    assert end.ask(2, op="runs.edit", payload={"runs": ["svm"], "starred": True})["ok"]
    gate.opened.set()
    assert end.answer(1)[0]["result"]["path"] == "exports/mine.csv"
    assert (filled.root / "exports" / "mine.csv").is_file()


def test_what_nobody_wants_any_more_is_not_answered(
    filled: Project, front: Making, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, end = Gate(monkeypatch, "runs.keys"), front(filled)
    for number in (1, 2):
        end.send({"id": number, "op": "runs.keys"})
        assert gate.begun.acquire(timeout=PATIENCE)
    end.send({"id": 3, "op": "runs.keys"})  # waits: all threads are busy
    for number in (1, 3):
        end.send({"id": number, "cancel": True})
    gate.opened.set()
    assert end.ask(4, op="project.revision")["ok"]
    end.answer(2)
    assert sorted(end.kept) == [2, 4]
    assert gate.asked == 2, "a request was begun though nobody wanted its answer any more"


def test_an_edit_is_done_even_if_its_answer_is_not_wanted_any_more(
    filled: Project, front: Making, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, end = Gate(monkeypatch, "experiments.rename"), front(filled)
    end.send({"id": 1, "op": "experiments.rename", "payload": {"old": "old", "new": "older"}})
    end.send({"id": 2, "op": "runs.edit", "payload": {"runs": ["svm"], "note": "kept"}})
    end.send({"id": 2, "cancel": True})
    gate.opened.set()
    assert end.ask(3, op="runs.edit", payload={"runs": ["svm"], "starred": True})["ok"]
    assert sorted(end.kept) == [1, 3]
    assert RunsService(filled).get(c.RunRequest("svm")).row.note == "kept"


def test_edits_are_done_in_the_order_they_were_sent(filled: Project, front: Making) -> None:
    end = front(filled)
    for number in range(20):
        end.send({"id": number, "op": "runs.edit", "payload": {"runs": ["svm"], "note": str(number)}})
    for number in range(20):
        assert end.answer(number)[0]["ok"]
    assert [*end.kept] == list(range(20))
    assert RunsService(filled).get(c.RunRequest("svm")).row.note == "19"


def test_a_view_may_be_named_or_not(project: Project, front: Making) -> None:
    end = front(project)
    end.send({"v": 1, "view": "a", "shown": True})
    end.send({"shown": 1})
    end.send({"view": "a", "shown": False, "gone": True})
    assert end.views == [("a", True, False), ("", True, False), ("a", False, True)]


def test_threads_that_answer_end_when_there_is_nothing_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "_IDLE", 0.05)
    lane, done = lanes.Lane("test", 2), threading.Semaphore(0)

    def job() -> None:
        done.release()
        raise ZeroDivisionError

    for _ in range(3):
        lane.put(job)
    for _ in range(3):
        assert done.acquire(timeout=PATIENCE)
    for thread in threading.enumerate():
        if thread.name == "nbtrack-test":
            thread.join(PATIENCE)
            assert not thread.is_alive()
    lane.put(job)
    assert done.acquire(timeout=PATIENCE), "the lane did not begin again"
