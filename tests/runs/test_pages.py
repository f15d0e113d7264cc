"""Pages of runs: order, what has no value, and that pages together are the whole."""

from __future__ import annotations

import math
import random
import sqlite3
from collections.abc import Iterator

import pytest

from nbtrack.base.db import Schema
from nbtrack.base.errors import FilterError
from nbtrack.base.sqlite import plain
from nbtrack.runs.migrations import MIGRATIONS
from nbtrack.runs.store import pages
from nbtrack.runs.store.filter import KeyLookup, compile_filter
from nbtrack.runs.store.keys import key_number
from nbtrack.runs.store.pages import Scope, count_runs, find, matching, page_runs, parse_sort
from nbtrack.runs.values import encode

EVERYTHING = 1 << 40
RUNS = 240


@pytest.fixture(scope="module")
def conn() -> Iterator[sqlite3.Connection]:
    """Runs whose values repeat often, are NaN at times, and are missing at times."""
    conn, chance = plain(":memory:"), random.Random(3)
    conn.execute("CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY) STRICT")
    for migration in MIGRATIONS:
        migration(Schema(conn))
    conn.execute("INSERT INTO experiments (n, name, created) VALUES (1, 'digits', 0), (2, 'churn', 0)")
    acc, lr, stage = (
        key_number(conn, "metric", "acc"),
        key_number(conn, "param", "lr"),
        key_number(conn, "tag", "stage"),
    )
    for n in range(1, RUNS + 1):
        conn.execute(
            """INSERT INTO runs (n, id, name, experiment, status, started, kind, notebook, trashed, execution)
               VALUES (?, ?, ?, ?, 'finished', ?, 'cell', ?, ?, ?)""",
            (n, f"id{n}", f"run{n % 7}", 1 + n % 2, float(chance.randrange(5)), f"nb{n % 3}.ipynb",
             1.0 if n % 20 == 0 else None, chance.choice([None, 1, 2])),
        )  # fmt: skip
        last = chance.choice([0.1, 0.2, 0.3, math.inf, -math.inf, math.nan, None])
        if last is not None:
            row = (n, acc, last, -last, last, chance.random())
            conn.execute(
                "INSERT INTO metrics VALUES (?, ?, 'explicit', 1, 1, ?, 0, 0, ?, ?, ?, NULL, NULL, NULL, NULL)", row
            )
        value = chance.choice([1, 2.5, "adam", "sgd", True, math.nan, "missing"])
        if value != "missing":
            conn.execute("INSERT INTO params VALUES (?, ?, ?, ?, ?, 'cell', 0, NULL)", (n, lr, *encode(value)))
        if chance.random() < 0.5:
            conn.execute("INSERT INTO tags VALUES (?, ?, ?, NULL)", (n, stage, chance.choice("xyz")))
    yield conn
    conn.close()


def pages_of(conn: sqlite3.Connection, text: str, sort: list[str], size: int, matched: int | None) -> list[int]:
    lookup = KeyLookup(conn)
    where, keys = compile_filter(text, lookup), [parse_sort(key, lookup) for key in sort]
    found: list[int] = []
    while True:
        page = page_runs(conn, where, keys, len(found), size, Scope(), matched)
        found += page
        if len(page) < size:
            return found


SORTS = [
    [],
    ["started"],
    ["-started"],
    ["-metrics.acc"],
    ["metrics.acc.min"],
    ["metrics.acc.mean"],
    ["params.lr"],
    ["-params.lr"],
    ["tags.stage"],
    ["-execution"],
    ["experiment", "-metrics.acc"],
    ["params.lr", "-tags.stage", "started"],
    ["duration"],
]


@pytest.mark.parametrize("sort", SORTS, ids=",".join)
@pytest.mark.parametrize(
    "text", ["", "params.lr is not null", "metrics.acc > 0 or tags.stage = 'x'", "execution = 1", "x", "churn run3"]
)
@pytest.mark.parametrize("matched", [0, 10**6], ids=["sorted", "walked"])
def test_the_pages_together_are_the_whole_list(
    conn: sqlite3.Connection, sort: list[str], text: str, matched: int
) -> None:
    lookup = KeyLookup(conn)
    where, keys = compile_filter(text, lookup), [parse_sort(key, lookup) for key in sort]
    whole = page_runs(conn, where, keys, 0, EVERYTHING, Scope(), matched=0)
    assert len(whole) == len(set(whole)) == count_runs(conn, where, Scope())
    assert pages_of(conn, text, sort, 7, matched) == whole


SCOPES = [Scope(), Scope(trashed=True), Scope(experiment="churn"), Scope(notebook="nb1.ipynb")]


@pytest.mark.parametrize("few", [10_000, 10, 0])
@pytest.mark.parametrize("scope", SCOPES, ids=str)
@pytest.mark.parametrize(
    "text", ["", "metrics.acc > 0", "execution = 1", "execution = 1 and tags.stage = 'x'", "x", "churn run3", "nothing"]
)
def test_what_was_found_finds_the_same_runs_again_in_every_order(
    conn: sqlite3.Connection, text: str, scope: Scope, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "_FEW", few)
    lookup = KeyLookup(conn)
    where = compile_filter(text, lookup)
    matched, again = find(conn, where, scope)
    assert matched == count_runs(conn, where, scope)
    assert sorted(matching(conn, again, scope)) == sorted(matching(conn, where, scope))
    for sort in SORTS:
        keys = [parse_sort(key, lookup) for key in sort]
        expected = page_runs(conn, where, keys, 3, 20, scope, matched=0)
        assert page_runs(conn, again, keys, 3, 20, scope, matched) == expected


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("matched", [0, 10**6])
def test_nan_comes_after_numbers_and_missing_values_last_in_both_directions(
    conn: sqlite3.Connection, sign: str, matched: int
) -> None:
    rows = conn.execute("SELECT run, last FROM metrics").fetchall()
    last = {run: math.nan if value is None else value for run, value in rows}
    order = [last.get(n) for n in pages_of(conn, "", [f"{sign}metrics.acc"], 50, matched)]
    numbers = [value for value in order if value is not None and not math.isnan(value)]
    nans = [value for value in order if value is not None and math.isnan(value)]
    assert numbers == sorted(numbers, reverse=sign == "-")
    assert math.inf in numbers
    assert nans
    assert [repr(value) for value in order] == [
        *map(repr, numbers), *["nan"] * len(nans), *["None"] * (len(order) - len(numbers) - len(nans))
    ]  # fmt: skip


def test_a_walk_along_the_starts_of_runs_sorts_nothing(conn: sqlite3.Connection) -> None:
    where = compile_filter("tags.stage = 'x'", KeyLookup(conn))
    asked: list[str] = []
    conn.set_trace_callback(asked.append)
    page_runs(conn, where, [], 0, 5, Scope(), matched=10**6)
    conn.set_trace_callback(None)
    plan = [row[3] for query in asked if "ORDER BY" in query for row in conn.execute(f"EXPLAIN QUERY PLAN {query}")]
    assert "runs_started" in plan[0]
    assert not any("ORDER BY" in step for step in plan)


def test_numbers_come_before_texts_when_a_param_has_both(conn: sqlite3.Connection) -> None:
    value = dict(conn.execute("SELECT run, value FROM params WHERE value IS NOT NULL").fetchall())
    order = [value[n] for n in pages_of(conn, "params.lr is not null", ["params.lr"], 50, 0) if n in value]
    assert [isinstance(one, str) for one in order] == sorted(isinstance(one, str) for one in order)


def test_the_newest_run_is_first_when_nothing_is_asked(conn: sqlite3.Connection) -> None:
    expected = conn.execute("SELECT n FROM runs WHERE trashed IS NULL ORDER BY started DESC, n DESC").fetchall()
    assert pages_of(conn, "", [], 50, None) == [row[0] for row in expected]


@pytest.mark.parametrize(
    ("scope", "condition"),
    [
        (Scope(), "trashed IS NULL"),
        (Scope(trashed=True), "trashed IS NOT NULL"),
        (Scope(experiment="churn"), "trashed IS NULL AND experiment = 2"),
        (Scope(notebook="nb1.ipynb"), "trashed IS NULL AND notebook = 'nb1.ipynb'"),
        (Scope(experiment="' OR 1=1 --"), "0"),
    ],
)
@pytest.mark.parametrize("sort", [[], ["-metrics.acc"]])
def test_a_scope_narrows_count_and_page_alike(
    conn: sqlite3.Connection, scope: Scope, condition: str, sort: list[str]
) -> None:
    lookup = KeyLookup(conn)
    where, keys = compile_filter("", lookup), [parse_sort(key, lookup) for key in sort]
    expected = sorted(row[0] for row in conn.execute(f"SELECT n FROM runs WHERE {condition}"))
    assert sorted(page_runs(conn, where, keys, 0, EVERYTHING, scope)) == expected
    assert count_runs(conn, where, scope) == len(expected)


@pytest.mark.parametrize("offset", [RUNS, 10**9])
def test_a_page_behind_the_end_is_empty(conn: sqlite3.Connection, offset: int) -> None:
    lookup = KeyLookup(conn)
    key = parse_sort("-metrics.acc", lookup)
    assert page_runs(conn, compile_filter("", lookup), [key], offset, 50, Scope()) == []


@pytest.mark.parametrize(
    ("text", "column", "descending"),
    [
        ("metrics.acc", "last", False),
        ("-metrics.acc.max", "max", True),
        ("metrics.acc DESC", "last", True),
        ("+params.lr", "value", False),
        (' params."lr" asc ', "value", False),
        ("-started", "r.started", True),
    ],
)
def test_a_sort_key_names_a_column_and_a_direction(
    conn: sqlite3.Connection, text: str, column: str, descending: bool
) -> None:
    key = parse_sort(text, KeyLookup(conn))
    assert (key.column, key.descending) == (column, descending)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "--lr",
        "nam",
        "metrics.ac",
        "name; DROP TABLE runs",
        "(SELECT 1)",
        "params.lr = 1",
        "r.n",
        "name desc desc",
    ],
)
def test_a_sort_key_that_names_nothing_is_refused(conn: sqlite3.Connection, text: str) -> None:
    with pytest.raises(FilterError):
        parse_sort(text, KeyLookup(conn))
