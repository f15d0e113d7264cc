"""Loops that log now one metric, now several: stored as quickly as those that log the same each time, and in order."""

from __future__ import annotations

from typing import Any

import pytest

from nbtrack.base.config import Project
from nbtrack.runs import contract as c
from nbtrack.runs import current
from nbtrack.runs.service import RunsService
from nbtrack.runs.store import metrics

STEPS = 600


def test_points_of_a_loop_that_logs_now_one_metric_now_two_are_stored_together_and_in_order(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    extended: list[int] = []
    extend = metrics.extend

    def counted(conn: Any, run: int, key: int, source: str, steps: Any, *columns: Any) -> None:
        extended.append(len(steps))
        extend(conn, run, key, source, steps, *columns)

    monkeypatch.setattr(metrics, "extend", counted)
    run = current.begin(project)
    with run.recorder._ingesting:  # all of it is brought in at once
        for step in range(STEPS):
            run.log({"loss": step * 0.5, "accuracy": -step * 1.0} if step % 3 == 0 else {"loss": step * 0.5})
    run.end()
    run.recorder.flush()
    assert sum(extended) == STEPS + STEPS // 3
    assert len(extended) <= 8, "a write a point and metric would take a hundred times as long"
    service = RunsService(project)
    loss, accuracy = service.history(run.id, "loss"), service.history(run.id, "accuracy")
    assert (list(loss.steps), list(loss.values)) == (list(range(STEPS)), [step * 0.5 for step in range(STEPS)])
    assert list(accuracy.values) == [-step * 1.0 for step in range(0, STEPS, 3)]
    (row,) = service.page(c.PageRequest()).rows
    assert (row.metrics["loss"].count, row.metrics["loss"].last) == (STEPS, (STEPS - 1) * 0.5)


def test_points_that_were_captured_between_those_that_were_logged_stay_between_them(project: Project) -> None:
    run = current.begin(project)
    with run.recorder._ingesting:
        for number in range(6):
            if number % 2:
                run.log_captured({"loss": float(number)}, "printed")
            else:
                run.log({"loss": float(number)})
    run.end()
    run.recorder.flush()
    assert list(RunsService(project).history(run.id, "loss").values) == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
