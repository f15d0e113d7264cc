"""The search language at its edges: limits, odd characters, sorts of values, and patterns."""

from __future__ import annotations

import math
import re
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbtrack.base.db import Schema
from nbtrack.base.errors import FilterError
from nbtrack.base.sqlite import plain
from nbtrack.runs.migrations import MIGRATIONS
from nbtrack.runs.store import filter_parse
from nbtrack.runs.store.complete import completions
from nbtrack.runs.store.filter import ATTRIBUTES, STATUSES, KeyLookup, compile_filter
from nbtrack.runs.store.filter_parse import Junction, Not, Words, parse, tokens
from nbtrack.runs.store.keys import key_number
from nbtrack.runs.store.pages import Scope, count_runs, page_runs, parse_sort
from nbtrack.runs.values import encode

BIG = 1234567890123456789  # more digits than a float has
PARAMS: dict[int, dict[str, Any]] = {
    1: {"x": 5, "seed": BIG, "val-loss": 1},
    2: {"x": "5", "seed": BIG + 1},
    3: {"x": True},
    4: {"x": None, "file": "a[1]*.txt"},
    5: {"x": math.nan, "file": "A_1.TXT"},
    6: {"x": 15.0, "file": "50%\\n"},
    7: {"file": "Ärger", "x": 10**30},
}
TAGS = {1: "1.10", 2: "1.1", 3: "true", 4: "5m"}


@pytest.fixture(scope="module")
def conn() -> Iterator[sqlite3.Connection]:
    conn = plain(":memory:")
    conn.execute("CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY) STRICT")
    for migration in MIGRATIONS:
        migration(Schema(conn))
    conn.execute("INSERT INTO experiments (n, name, created) VALUES (1, 'digits', 0)")
    for n, params in PARAMS.items():
        conn.execute(
            """INSERT INTO runs (n, id, name, experiment, status, started, ended, kind, execution, starred)
               VALUES (?, ?, ?, 1, 'finished', 1e9, 1e9 + ?, 'cell', ?, ?)""",
            (n, f"id{n}", f"run {n}", n, n if n > 1 else None, n == 1),
        )
        for key, value in params.items():
            row = (n, key_number(conn, "param", key), *encode(value))
            conn.execute("INSERT INTO params VALUES (?, ?, ?, ?, ?, 'cell', 0, NULL)", row)
        row = (n, key_number(conn, "metric", "loss"), n / 10, n / 10, n / 10, n / 10)
        conn.execute(
            "INSERT INTO metrics VALUES (?, ?, 'explicit', 1, 1, ?, 0, 0, ?, ?, ?, NULL, NULL, NULL, NULL)", row
        )
    for n, value in TAGS.items():
        conn.execute("INSERT INTO tags VALUES (?, ?, ?, NULL)", (n, key_number(conn, "tag", "version"), value))
    yield conn
    conn.close()


def found(conn: sqlite3.Connection, text: str) -> list[int]:
    """The runs a filter finds, by each of its forms and through the queries that a page makes."""
    lookup = KeyLookup(conn)
    where, key = compile_filter(text, lookup), parse_sort("metrics.loss", lookup)
    by_sort = page_runs(conn, where, [key], 0, 1000, Scope(), matched=0)
    along_index = page_runs(conn, where, [key], 0, len(by_sort), Scope(), matched=1 << 40)
    assert along_index == by_sort
    assert count_runs(conn, where, Scope()) == len(by_sort)
    return sorted(by_sort)


def refused(conn: sqlite3.Connection, text: str) -> FilterError:
    with pytest.raises(FilterError) as caught:
        compile_filter(text, KeyLookup(conn))
    return caught.value


# -- sorts of values


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("params.x != true", [1, 2, 4, 5, 6, 7]),  # whatever is there and is not true
        ("params.x not in (true)", [1, 2, 4, 5, 6, 7]),
        ("params.x in (true, 15)", [3, 6]),
        ("params.x in (true, false, nan, '5')", [2, 3, 5]),
        ("params.x not in (true, nan)", [1, 2, 4, 6, 7]),
        ("params.x < true", []),
        ("params.x between 'a' and 9", []),
        ("params.x between 0 and 'z'", []),
        ("params.x < ''", []),
        ("params.x >= ''", [2]),
        ("params.x > 5", [6, 7]),
        ("params.x != 'nothing'", [1, 2, 3, 4, 5, 6, 7]),
        ("params.x < nan or params.x >= nan", []),
        ("params.x != nan", [1, 2, 3, 4, 6, 7]),
        (f"params.seed = {BIG}", [1]),
        (f"params.seed > {BIG}", [2]),
        (f"params.seed in ({BIG + 1}, -{2**63})", [2]),
        (f"params.x = 1{'0' * 30}", [7]),
        (f"params.x < 1{'0' * 400}", [1, 3, 6, 7]),
        ("tags.version = 1.10", [1]),
        ("tags.version = 1.1", [2]),
        ("tags.version in (1.10, true, 5m)", [1, 3, 4]),
        ("tags.version != true", [1, 2, 4]),
    ],
)
def test_values_of_different_sorts_differ_and_are_never_less_or_more(
    conn: sqlite3.Connection, text: str, runs: list[int]
) -> None:
    assert found(conn, text) == runs


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("params.x contains '5'", [2]),  # a number is no text
        ("params.x like '%'", [2]),
        ("params.x ilike '1%'", []),
        ("params.x not contains '5'", [1, 3, 4, 5, 6, 7]),
        ("params.file like 'a[1]*.txt'", [4]),
        ("params.file like 'a[1]%.___'", [4]),
        ("params.file like 'a?1]*.txt'", []),
        ("params.file like 'a%'", [4]),
        ("params.file ilike 'a%'", [4, 5]),
        ("params.file contains 'a_1'", [5]),
        ("params.file contains '[1]*'", [4]),
        ("params.file contains '*'", [4]),
        ("params.file contains '?'", []),
        ("params.file contains '%'", [6]),
        ("params.file contains '%\\'", [6]),
        ("params.file like '50_\\n'", [6]),
        ("params.file ilike '50%\\N'", [6]),
        ("params.file ilike 'ÄRG%'", [7]),
        ("params.file ilike 'är%'", []),  # only ASCII letters have two cases
        ("params.file like ''", []),
    ],
)
def test_patterns_take_only_their_own_wildcards(conn: sqlite3.Connection, text: str, runs: list[int]) -> None:
    assert found(conn, text) == runs


LETTERS = "aAbä%_*?[]\\^-5'"


@settings(max_examples=200, deadline=None)
@given(value=st.text(LETTERS, max_size=5), pattern=st.text(LETTERS, max_size=4))
def test_patterns_mean_what_a_regular_expression_says(conn: sqlite3.Connection, value: str, pattern: str) -> None:
    wild = "".join({"%": ".*", "_": "."}.get(char, re.escape(char)) for char in pattern)
    expected = {
        "like": re.fullmatch(wild, value, re.DOTALL),
        "ilike": re.fullmatch(wild, value, re.DOTALL | re.IGNORECASE | re.ASCII),
        "contains": re.search(re.escape(pattern), value, re.IGNORECASE | re.ASCII),
    }
    conn.execute("BEGIN")
    try:
        conn.execute("UPDATE params SET value = ? WHERE run = 4 AND type = 'str'", (value,))
        quoted = pattern.replace("'", "''")
        for operator, match in expected.items():
            assert (4 in found(conn, f"params.file {operator} '{quoted}'")) is (match is not None), operator
            assert (4 in found(conn, f"params.file not {operator} '{quoted}'")) is (match is None), operator
    finally:
        conn.execute("ROLLBACK")


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ("metrics.loss contains '5'", 0, "Metrics are numbers"),
        ("metrics.loss.min like '1%'", 0, "Metrics are numbers"),
        ('params."x".min = 1', 0, "A param has no 'min'"),
        ("tags.`version`.count = 1", 0, "A tag has no 'count'"),
        ("duration > true", 11, "'duration' is a number"),
        ("duration != nan", 12, "'duration' is a number"),
        ("started > true", 10, "is no time"),
        ("started < nan", 10, "'nan' is no time"),
        ("starred = 2", 10, "is true or false"),
        ("starred = nan", 10, "is true or false"),
        ("starred like 'true'", 0, "'like' does not fit"),
        ("name = true", 7, "'name' is a text"),
        ("duration contains 5", 0, "'contains' does not fit"),
        ("name like '%%%%%%%%%'", 10, "8 '%' at most"),
        ("params.val-loss = 1", 10, "'-' is not understood"),
        ("params.'val-loss' = 1", 6, "'.' is not understood"),
        ('params."val-loss = 1', 7, "This quote is not closed"),
        ("metrics.`val = 1", 8, "This quote is not closed"),
        ("name = 'a\0b'", 9, "NUL"),
        ("a\0b", 1, "NUL"),
        ("name = 'a\ud800b'", 9, "half a character"),
        ("half \udfff", 5, "half a character"),
        ("name = 'x' and starred == trashed", 26, "'trashed' is no value"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_at_its_place(
    conn: sqlite3.Connection, text: str, column: int, says: str
) -> None:
    error = refused(conn, text)
    assert says in error.message
    assert error.column == column
    str(error).encode()  # it can be printed


def test_hints_write_names_as_a_filter_has_them(conn: sqlite3.Connection) -> None:
    assert 'params."val-loss"' in refused(conn, "params.val_loss = 1").hint
    assert 'params."val-' in refused(conn, "params.val-loss = 1").hint
    assert refused(conn, "metrics.zzzzzz = 1").hint == "Near: metrics.loss."
    assert "duration" in refused(conn, "duraton > 5").hint
    assert "'1.10'" in refused(conn, "name = 1.10").hint


@pytest.mark.parametrize("text", ["{} = 1", "params.{} = 1", "name = {}", "status = '{}'", "started > '{}'"])
def test_a_mistake_of_10_000_characters_has_a_short_message(conn: sqlite3.Connection, text: str) -> None:
    error = refused(conn, text.format("x" * 9_900))
    assert len(str(error)) < 600


# -- limits


def test_brackets_and_nots_may_be_50_deep_and_no_deeper(conn: sqlite3.Connection) -> None:
    for opening, closing in (("(", ")"), ("not ", ""), ("not (", ")")):
        fits = 50 // len(opening.split("("))  # "not (" is two levels
        assert found(conn, opening * fits + "starred" + closing * fits) in ([1], [2, 3, 4, 5, 6, 7])
        assert "deeper than 50" in refused(conn, opening * 51 + "starred" + closing * 51).message


@pytest.mark.parametrize(
    "leaf", ["params.x in (5, true, nan)", "params.x != 'a'", "name not like 'a%'", "duration > 0"]
)
@pytest.mark.parametrize("first", [True, False])
def test_50_levels_of_and_and_or_are_no_trouble(conn: sqlite3.Connection, leaf: str, first: bool) -> None:
    text = leaf
    for level in range(50):
        word, other = ("and", "name != ''") if level % 2 else ("or", "name = ''")
        text = f"({text} {word} {other})" if first else f"({other} {word} {text})"
    assert found(conn, text) == found(conn, leaf)


def test_a_tree_of_conditions_as_bushy_as_10_000_characters_allow_is_no_trouble(conn: sqlite3.Connection) -> None:
    text, word = "id=''", "or"
    while len(text) < 4900:
        text, word = f"({text} {word} {text})", {"or": "and", "and": "or"}[word]
    assert found(conn, text) == []
    spine = "id=''"
    for level in range(45):  # beside each level a chain as deep as itself
        chain = "id=''"
        for _ in range(level):
            chain = f"(id='' {('and', 'or')[level % 2]} {chain})" if len(spine) + len(chain) < 200 * level else chain
        if len(spine) + len(chain) < 9_900:
            spine = f"({chain} {('or', 'and')[level % 2]} {spine})"
    assert found(conn, spine) == []


@pytest.mark.parametrize(
    ("piece", "joint"),
    [
        ("id=''", "or"),
        ("starred", "or"),
        ("starred", "and"),
        ("not starred", "and"),
        ("params.x=1", "or"),
        ("params.x!=1", "and"),
        ("metrics.loss=1", "or"),
    ],
)
def test_10_000_characters_of_conditions_are_no_trouble(conn: sqlite3.Connection, piece: str, joint: str) -> None:
    count = (10_000 + len(joint) + 2) // (len(piece) + len(joint) + 2)
    text = f" {joint} ".join([piece] * count)
    assert len(text) <= 10_000
    assert found(conn, text) == found(conn, piece)


@pytest.mark.parametrize("field", ["params.x", "metrics.loss", "tags.version", "execution"])
def test_a_list_may_have_as_many_values_as_fit(conn: sqlite3.Connection, field: str) -> None:
    text = f"{field} in ({','.join(['7'] * 4900)})"
    assert found(conn, text) == ([7] if field == "execution" else [])
    assert len(found(conn, text.replace(" in ", " not in "))) >= 4


def test_words_are_searched_once_each_and_50_at_most(conn: sqlite3.Connection) -> None:
    assert parse("b a b") == Words(("b", "a"))
    assert found(conn, "run " * 2500) == [1, 2, 3, 4, 5, 6, 7]
    assert found(conn, " ".join(map(str, range(50)))) == []
    assert refused(conn, " ".join(map(str, range(10, 61)))).column == 150


@pytest.mark.parametrize("text", ["a" * 10_001, "name = '" + "a" * 9_993 + "'", " " * 10_001])
def test_10_001_characters_are_refused_whatever_they_are(conn: sqlite3.Connection, text: str) -> None:
    assert len(text) == 10_001 or text.startswith("name")
    assert refused(conn, text.ljust(10_001)).column == 10_000


@pytest.mark.parametrize(
    "piece", ["'", '"', "`", "1", ".", "1.", "1e", ' ""', "a.b", "params.", 'params."', "'a' ", "_"]
)
def test_the_tokenizer_looks_at_each_place_a_few_times_only(monkeypatch: pytest.MonkeyPatch, piece: str) -> None:
    looked: list[int] = []

    class Counting:
        def match(self, text: str, at: int) -> re.Match[str] | None:
            looked.append(at)
            return token.match(text, at)

    token = filter_parse._TOKEN
    monkeypatch.setattr(filter_parse, "_TOKEN", Counting())
    text = (piece * 10_000)[:10_000]
    with suppress(FilterError):
        tokens(text)
    assert looked == sorted(set(looked))  # never back
    assert len(looked) <= len(text)


def test_a_long_text_of_any_kind_is_parsed_before_the_test_times_out() -> None:
    """Would take hours if any pattern went back over what it had read: no limit on the length holds here."""
    pieces = ["'", '"', "''", '""', "1", "1.1", ".", "1e1", "params.", 'params."', "metrics.a.min", "nan", "+", "ä"]
    for piece in (*pieces, " "):
        for end in ("", "'", '"', "x", "~", " ~"):
            try:
                tokens(piece * 60_000 + end)
            except FilterError as error:
                assert len(error.message) < 400  # noqa: PT017


def test_junctions_keep_the_order_of_and_before_or() -> None:
    tree = parse("starred or trashed and not starred")
    assert isinstance(tree, Junction)
    assert tree.operator == "or"
    inner = tree.parts[1]
    assert isinstance(inner, Junction)
    assert inner.operator == "and"
    assert isinstance(inner.parts[1], Not)


# -- what could stand next


@pytest.mark.parametrize(
    ("text", "some", "never"),
    [
        ("starred ", "and", "params.x"),
        ("not ", "params.x", "and"),
        ("(", "params.x", "and"),
        ("(starred) ", "and", "="),
        ("name = 'my run' ", "or", "="),
        ('name = "my run" ', "or", "="),
        ("params.x is ", "not null", "="),
        ("params.x is null ", "and", "="),
        ("params.x is not null ", "and", "="),
        ("params.x not ", "between", "="),
        ("params.x between 1 and 5 ", "and", "="),
        ("params.x in (1, 2) ", "and", "="),
        ("status in ('failed', ", "'finished'", "and"),
        ("status != ", "'failed'", "and"),
        ('params."val-loss" ', "<", "and"),
        ("params.x = 1 and (", "params.x", "and"),
        ("name is not null and st", "status", "name"),
    ],
)
def test_completions_follow_the_grammar(conn: sqlite3.Connection, text: str, some: str, never: str) -> None:
    offered = completions(f"{text} or behind the cursor", len(text), KeyLookup(conn))
    assert some in offered
    assert never not in offered


@pytest.mark.parametrize("text", ["name = 'a ", "name ~ ", "params.x in (1", "params.x between "])
def test_nothing_is_offered_inside_quotes_or_where_a_value_is_free(conn: sqlite3.Connection, text: str) -> None:
    assert completions(text, len(text), KeyLookup(conn)) == []


@pytest.mark.parametrize("position", [-5, 0, 10**9])
def test_a_position_outside_the_text_is_its_nearest_end(conn: sqlite3.Connection, position: int) -> None:
    assert completions("", position, KeyLookup(conn))[:3] == list(ATTRIBUTES)[:3]


def test_completions_of_a_very_long_text_end(conn: sqlite3.Connection) -> None:
    assert completions("a" * 300_000 + " ", 300_001, KeyLookup(conn)) == []
    assert completions("status = " * 100_000, 10**6, KeyLookup(conn)) is not None


def test_every_status_and_any_key_that_begins_so_is_offered(conn: sqlite3.Connection) -> None:
    assert completions("status = '", 10, KeyLookup(conn)) == [f"'{status}'" for status in STATUSES]
    conn.execute("BEGIN")
    conn.executemany("INSERT INTO keys (kind, name) VALUES ('tag', ?)", [(f"t{n:04}",) for n in range(2000)])
    assert completions("tags.t1999", 10, KeyLookup(conn)) == ["tags.t1999"]
    conn.execute("ROLLBACK")


# -- sort keys


@pytest.mark.parametrize(
    "text",
    ["name" + " " * 200_000 + "x", " " * 200_000, "-" * 200_000, "params." + "x" * 200_000, "x\0", "params.\ud800"],
)
def test_a_long_or_odd_sort_key_is_refused_in_few_words(conn: sqlite3.Connection, text: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse_sort(text, KeyLookup(conn))
    assert len(str(caught.value)) < 500
    str(caught.value).encode()


def test_a_sort_key_that_is_nearly_right_lists_near_ones(conn: sqlite3.Connection) -> None:
    with pytest.raises(FilterError) as caught:
        parse_sort("-duraton", KeyLookup(conn))
    assert "duration" in caught.value.hint


def test_a_repeated_sort_key_decides_nothing_and_more_than_16_are_refused(conn: sqlite3.Connection) -> None:
    """SQLite 3.40 does not refuse to sort a join by 64 terms, it crashes."""
    lookup = KeyLookup(conn)
    where = compile_filter("", lookup)
    again = [parse_sort(key, lookup) for key in ["-metrics.loss", "metrics.loss", "name"] * 40]
    assert page_runs(conn, where, again, 0, 50, Scope()) == [7, 6, 5, 4, 3, 2, 1]
    conn.execute("BEGIN")
    conn.executemany("INSERT INTO keys (kind, name) VALUES ('tag', ?)", [(f"t{n}",) for n in range(17)])
    many = [parse_sort(f"-tags.t{n}", lookup) for n in range(17)]
    assert page_runs(conn, where, many[:16], 0, 50, Scope()) == [7, 6, 5, 4, 3, 2, 1]
    with pytest.raises(FilterError, match="17 sort keys"):
        page_runs(conn, where, many, 0, 50, Scope())
    conn.execute("ROLLBACK")


@pytest.mark.parametrize("sort", [[], ["metrics.loss"], ["name"]])
@pytest.mark.parametrize("matched", [0, 1 << 40])
def test_offsets_and_limits_beyond_what_sqlite_counts_are_no_trouble(
    conn: sqlite3.Connection, sort: list[str], matched: int
) -> None:
    lookup = KeyLookup(conn)
    keys, where = [parse_sort(key, lookup) for key in sort], compile_filter("", lookup)
    assert len(page_runs(conn, where, keys, 0, 10**30, Scope(), matched)) == 7
    assert page_runs(conn, where, keys, 10**30, 5, Scope(), matched) == []
    assert page_runs(conn, where, keys, 0, 0, Scope(), matched) == []
