"""Curves: their end alone, another metric as the x axis, runs that are gone."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from nbtrack.base.db import Schema
from nbtrack.runs.migrations import MIGRATIONS
from nbtrack.runs.store import metrics
from nbtrack.runs.store.keys import key_number


@pytest.fixture
def conn() -> Iterator[sqlite3.Connection]:
    """A file with one run and one metric, number 1, without points."""
    conn = sqlite3.connect(":memory:", isolation_level=None)
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
