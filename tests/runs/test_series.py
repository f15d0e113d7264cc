"""Curves: their end alone, another metric as the x axis, runs that are gone."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest

from nbtrack.base.config import Project
from nbtrack.base.db import Schema
from nbtrack.base.errors import InvalidOption, NotFound
from nbtrack.base.sqlite import plain
from nbtrack.runs import contract as c
from nbtrack.runs import current
from nbtrack.runs.editing import EditingService
from nbtrack.runs.migrations import MIGRATIONS
from nbtrack.runs.service import RunsService
from nbtrack.runs.store import metrics
from nbtrack.runs.store.keys import key_number


@pytest.fixture
def conn() -> Iterator[sqlite3.Connection]:
    """A file with one run and one metric, number 1, without points."""
    conn = plain(":memory:")
    conn.execute("CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY) STRICT")
    for migration in MIGRATIONS:
        migration(Schema(conn))
    conn.execute("INSERT INTO experiments (n, name, created) VALUES (1, 'digits', 0)")
    conn.execute(
        """INSERT INTO runs (n, id, name, experiment, status, started, kind)
           VALUES (1, 'id1', 'one', 1, 'running', 0, 'cell')"""
    )
    assert key_number(conn, "metric", "loss") == 1
    yield conn
    conn.close()


def extend(conn: sqlite3.Connection, *sizes: int) -> int:
    """Batches of points numbered on: step k, time 10 k, value −k. How many there are."""
    total = 0
    for size in sizes:
        steps = range(total, total + size)
        metrics.extend(conn, 1, 1, "explicit", steps, [10.0 * k for k in steps], [-float(k) for k in steps])
        total += size
    return total


@pytest.mark.parametrize("sizes", [(1,), (5, 5, 5), (4096,), (4097, 1, 200, 3), (100, 100, 9000)], ids=str)
def test_what_is_known_and_the_tail_are_the_whole_series(conn: sqlite3.Connection, sizes: tuple[int, ...]) -> None:
    total = extend(conn, *sizes)
    whole = metrics.series(conn, 1, 1)
    for after in {0, 1, 4, total // 2, total - 1, total, *sizes}:
        found, count = metrics.tail(conn, 1, 1, after)
        assert count == total
        assert [list(column) for column in found] == [list(column)[after:] for column in whole]


@pytest.mark.parametrize("after", [-1, -(10**30), 11, 10**30])
def test_a_place_outside_the_series_is_its_start_or_its_end(conn: sqlite3.Connection, after: int) -> None:
    total = extend(conn, 10)
    found, count = metrics.tail(conn, 1, 1, after)
    assert (len(found.steps), count) == (10 if after < 0 else 0, total)


def test_a_metric_that_a_run_does_not_have_has_no_tail(conn: sqlite3.Connection) -> None:
    found, count = metrics.tail(conn, 1, 7, 0)
    assert (len(found.values), count) == (0, 0)


def test_only_the_chunks_of_the_tail_are_read(conn: sqlite3.Connection) -> None:
    total = extend(conn, 3 * 4096)
    conn.execute("UPDATE points SET steps = x'00' WHERE seq < 2")  # no array can be made of this
    with pytest.raises(ValueError, match="bytes"):
        metrics.series(conn, 1, 1)
    assert list(metrics.tail(conn, 1, 1, total - 4096)[0].steps) == list(range(total - 4096, total))
    with pytest.raises(ValueError, match="bytes"):
        metrics.tail(conn, 1, 1, total - 4097)


# -- curves through the service


@pytest.fixture
def service(project: Project) -> RunsService:
    """One run, "one": loss at steps 0 … 9, epoch at every second of them, acc once more at step 4."""
    with current.begin(project, name="one") as run:
        for step in range(10):
            run.log({"loss": 10.0 - step}, step=step)
        for step in range(0, 10, 2):
            run.log({"epoch": step / 2}, step=step)
        run.log({"nan": math.nan, "down": 9.0, "acc": 0.5}, step=4)
        run.log({"nan": 1.0, "down": -9.0}, step=4)
        run.log({"nan": math.inf}, step=2)
    return RunsService(project)


def curve(service: RunsService, **request: Any) -> c.Series:
    (found,) = service.series(c.SeriesRequest(**{"runs": ["one"], "keys": ["loss"], **request})).series
    return found


def test_another_metric_is_the_axis_where_it_was_logged_at_the_same_step(service: RunsService) -> None:
    found = curve(service, x="metric", x_key="epoch")
    assert found.xs == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert (found.steps, found.values, found.total) == ([0, 2, 4, 6, 8], [10.0, 8.0, 6.0, 4.0, 2.0], 10)
    assert len(found.times) == 5
    found = curve(service, keys=["epoch"], x="metric", x_key="loss")
    assert (found.xs, found.values) == ([10.0, 8.0, 6.0, 4.0, 2.0], [0.0, 1.0, 2.0, 3.0, 4.0])


def test_the_value_logged_last_at_a_step_is_its_place(service: RunsService) -> None:
    assert curve(service, x="metric", x_key="down").xs == [-9.0]


def test_a_value_that_is_not_finite_is_no_place(service: RunsService) -> None:
    found = curve(service, x="metric", x_key="nan")
    assert (found.xs, found.steps) == ([1.0], [4])


def test_a_window_is_one_of_the_axis_that_was_asked_for(service: RunsService) -> None:
    assert curve(service, x="metric", x_key="epoch", window=(1.5, 2.5)).xs == [1.0, 2.0, 3.0], (
        "and a neighbour each side"
    )


def test_a_curve_over_a_metric_is_thinned_with_no_extreme_lost(project: Project) -> None:
    with current.begin(project, name="one") as run:
        for step in range(5000):
            run.log({"loss": 100.0 if step == 3210 else math.sin(step), "x": step / 1000}, step=step)
    found = curve(RunsService(project), x="metric", x_key="x", width=50)
    assert len(found.values) <= 200
    assert (found.total, max(found.values)) == (5000, 100.0)
    assert found.xs is not None
    assert found.xs == [step / 1000 for step in found.steps]


@pytest.mark.parametrize("key", ["acc", "gone", "", "x" * 10_000, "\ud800", "'; DROP TABLE runs"])
def test_a_curve_without_a_place_is_none(service: RunsService, key: str) -> None:
    request = c.SeriesRequest(["one"], ["epoch" if key == "acc" else "loss", "gone"], x="metric", x_key=key)
    found = service.series(request).series
    assert [one.xs for one in found] == ([[0.5]] if key == "acc" else [])


def test_without_the_name_of_a_metric_there_is_no_axis(service: RunsService) -> None:
    with pytest.raises(InvalidOption, match="x_key"):
        curve(service, x="metric")
    assert curve(service, x_key="epoch").xs is None
    assert curve(service, x="relative").xs is None


def test_runs_that_are_gone_are_named_and_the_others_drawn(service: RunsService) -> None:
    gone = ["two", "@7", "", "0123456789ab", "x" * 10_000, "<script>"]
    answer = service.series(c.SeriesRequest([*gone[:3], "one", *gone[3:]], ["loss"]))
    assert answer.missing == gone
    assert [one.key for one in answer.series] == ["loss"]
    assert service.series(c.SeriesRequest([], ["loss"])).missing == []


def test_a_run_in_the_trash_is_not_gone_and_a_purged_one_is(service: RunsService) -> None:
    editing = EditingService(service)
    editing.trash(c.RunsRequest(["one"]))
    assert service.series(c.SeriesRequest(["one"], ["loss"])).missing == []
    editing.purge()
    answer = service.series(c.SeriesRequest(["one"], ["loss"]))
    assert (answer.series, answer.missing) == ([], ["one"])


def test_what_has_to_be_there_is_still_not_found_by_name(service: RunsService) -> None:
    for call in (service.row, lambda name: service.history(name, "loss"), lambda name: service.get(c.RunRequest(name))):
        with pytest.raises(NotFound, match="No run 'onee'") as raised:
            call("onee")
        assert "'one'" in raised.value.hint
