"""The search language against a plain evaluator in Python, on made-up stores and filters."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nbtrack.base.db import Schema
from nbtrack.base.sqlite import plain
from nbtrack.runs.migrations import MIGRATIONS
from nbtrack.runs.store.filter import STATUSES, KeyLookup, compile_filter
from nbtrack.runs.store.keys import key_number
from nbtrack.runs.values import encode

MISSING = object()
KEYS = ("a", "b c", "val.loss")
numbers = st.one_of(st.integers(-3, 3), st.sampled_from([0.5, -0.5, 1e300, math.inf, -math.inf, math.nan]))
texts = st.sampled_from(["", "a", "A", "b", "1", "it's", "é", "%", "nan"])
params = st.one_of(numbers, texts, st.booleans())
runs = st.fixed_dictionaries(
    {
        "status": st.sampled_from(STATUSES),
        "execution": st.one_of(st.none(), st.integers(1, 4)),
        "params": st.dictionaries(st.sampled_from(KEYS), params),
        "metrics": st.dictionaries(st.sampled_from(KEYS), numbers.map(float)),
        "tags": st.dictionaries(st.sampled_from(KEYS), texts),
    }
)
Run = dict[str, Any]
Filter = tuple[str, Callable[[Run], bool]]  # how it is written, and what it means


def written(value: Any) -> str:
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value).lower()


def sort_of(value: Any) -> str:
    if value is None or value is MISSING:
        return "nothing"
    return "text" if isinstance(value, str) else "number"


def equal(left: Any, right: Any) -> bool:
    if isinstance(left, float) and isinstance(right, float) and math.isnan(left) and math.isnan(right):
        return True
    return sort_of(left) == sort_of(right) and bool(left == right)


def compare(operator: str, left: Any, right: Any) -> bool:
    if operator == "=":
        return equal(left, right)
    if operator == "!=":
        return left is not MISSING and not equal(left, right)
    if sort_of(left) != sort_of(right):
        return False
    return bool({"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[operator])


@st.composite
def fields(draw: st.DrawFn) -> tuple[str, Callable[[Run], Any], st.SearchStrategy[Any]]:
    """How a field is written, how it is read, and the literals that fit it."""
    kind = draw(st.sampled_from(["params", "metrics", "tags"]))
    key = draw(st.sampled_from(KEYS))
    literals = {"params": st.one_of(numbers, texts), "metrics": numbers, "tags": texts}[kind]
    return f'{kind}."{key}"', lambda run: run[kind].get(key, MISSING), literals


@st.composite
def comparisons(draw: st.DrawFn) -> Filter:
    field, read, literals = draw(fields())
    form = draw(st.sampled_from(["compare", "in", "not in", "between", "not between", "null", "not null"]))
    one, two = draw(literals), draw(literals)
    if form == "compare":
        operator = draw(st.sampled_from(["=", "!=", "<", "<=", ">", ">="]))
        return f"{field} {operator} {written(one)}", lambda run: compare(operator, read(run), one)
    if form in ("null", "not null"):
        wanted = form == "null"
        return f"{field} is {form}", lambda run: (sort_of(read(run)) == "nothing") is wanted
    positive = not form.startswith("not")
    if form.endswith("in"):
        text = f"{field} {form} ({written(one)}, {written(two)})"
        inside: Callable[[Any], bool] = lambda value: equal(value, one) or equal(value, two)  # noqa: E731
    else:
        text = f"{field} {form} {written(one)} and {written(two)}"
        inside = lambda value: compare(">=", value, one) and compare("<=", value, two)  # noqa: E731
    return text, lambda run: read(run) is not MISSING and inside(read(run)) is positive


@st.composite
def attributes(draw: st.DrawFn) -> Filter:
    if draw(st.booleans()):
        status = draw(st.sampled_from(STATUSES))
        return f"status = '{status}'", lambda run: bool(run["status"] == status)
    operator, number = draw(st.sampled_from(["=", "!=", "<", "<=", ">", ">="])), draw(st.integers(1, 4))
    return (
        f"execution {operator} {number}",
        lambda run: run["execution"] is not None and compare(operator, run["execution"], number),
    )


def joined(parts: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    def pair(word: str, left: Filter, right: Filter) -> Filter:
        both: Callable[[bool, bool], bool] = (lambda a, b: a and b) if word == "and" else (lambda a, b: a or b)
        return f"({left[0]}) {word} ({right[0]})", lambda run: both(left[1](run), right[1](run))

    negated = parts.map(lambda part: (f"not ({part[0]})", lambda run: not part[1](run)))
    return st.one_of(negated, st.builds(pair, st.sampled_from(["and", "or"]), parts, parts))


filters = st.recursive(st.one_of(comparisons(), attributes()), joined, max_leaves=6)


@pytest.fixture(scope="module")
def conn() -> Iterator[sqlite3.Connection]:
    conn = plain(":memory:")
    conn.execute("CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY) STRICT")
    for migration in MIGRATIONS:
        migration(Schema(conn))
    conn.execute("INSERT INTO experiments (n, name, created) VALUES (1, 'e', 0)")
    for kind in ("param", "metric", "tag"):
        for key in KEYS:
            key_number(conn, kind, key)
    yield conn
    conn.close()


def store(conn: sqlite3.Connection, made: list[Run]) -> None:
    for n, run in enumerate(made):
        conn.execute(
            """INSERT INTO runs (n, id, name, experiment, status, started, kind, execution)
               VALUES (?, ?, 'r', 1, ?, 0, 'cell', ?)""",
            (n, f"id{n}", run["status"], run["execution"]),
        )
        for key, value in run["params"].items():
            row = (n, key_number(conn, "param", key), *encode(value))
            conn.execute("INSERT INTO params VALUES (?, ?, ?, ?, ?, 'cell', 0, NULL)", row)
        for key, value in run["metrics"].items():
            numbers = (n, key_number(conn, "metric", key), value, value, value, value)
            conn.execute(
                "INSERT INTO metrics VALUES (?, ?, 'explicit', 1, 1, ?, 0, 0, ?, ?, ?, NULL, NULL, NULL, NULL)", numbers
            )
        for key, value in run["tags"].items():
            conn.execute("INSERT INTO tags VALUES (?, ?, ?, NULL)", (n, key_number(conn, "tag", key), value))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(made=st.lists(runs, max_size=6), asked=filters)
def test_sql_finds_what_a_plain_evaluator_finds(conn: sqlite3.Connection, made: list[Run], asked: Filter) -> None:
    text, meaning = asked
    conn.execute("BEGIN")
    try:
        store(conn, made)
        where = compile_filter(text, KeyLookup(conn))
        expected = [n for n, run in enumerate(made) if meaning(run)]
        for sql in (where.sql, where.correlated):
            rows = conn.execute(f"SELECT r.n FROM runs r WHERE {sql} ORDER BY r.n", where.args)
            assert [row[0] for row in rows] == expected, text
    finally:
        conn.execute("ROLLBACK")
