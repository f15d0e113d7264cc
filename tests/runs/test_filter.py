"""The search language: what it finds, where it says a mistake is, and that text stays text."""

from __future__ import annotations

import datetime
import math
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from nbtrack.base.db import Schema
from nbtrack.base.errors import FilterError
from nbtrack.base.sqlite import plain
from nbtrack.runs.migrations import MIGRATIONS
from nbtrack.runs.store.filter import KeyLookup, compile_filter
from nbtrack.runs.store.keys import key_number
from nbtrack.runs.values import encode

NOON = datetime.datetime(2026, 11, 10, 12, 0).astimezone().timestamp()

# number: (name, status, hours after noon, seconds it took, params, {metric: (last, min, max)}, tags)
RUNS: dict[int, tuple[str, str, int, int | None, dict[str, Any], dict[str, tuple[float, ...]], dict[str, str]]] = {
    1: ("forest-a", "finished", 0, 30, {"lr": 0.001, "depth": 5, "opt": "adam"}, {"acc": (0.95, 0.1, 0.97)},
        {"best": "yes"}),
    2: ("forest-b", "failed", 24, 600, {"lr": 0.1, "depth": None, "opt": "Adam"}, {"acc": (0.5, 0.2, 0.6)}, {}),
    3: ("svm", "finished", 48, 7200, {"lr": math.nan, "flag": True}, {"acc": (math.nan, 0.3, 0.4)}, {"best": "no"}),
    4: ("50%_done", "running", 72, None, {"lr": "auto", "flag": False}, {"loss.min": (7.0, 7.0, 7.0)},
        {"learning rate": "x"}),
    5: ("it's", "crashed", 96, 1, {"lr": 5, "learning rate": 1, 'say "hi"': 2}, {"loss": (3.0, 1.0, 9.0)},
        {"a.b": "c"}),
}  # fmt: skip


def empty_store() -> sqlite3.Connection:
    conn = plain(":memory:")
    conn.execute("CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY) STRICT")
    for migration in MIGRATIONS:
        migration(Schema(conn))
    conn.execute("INSERT INTO experiments (n, name, created) VALUES (1, 'digits', 0), (2, 'churn', 0)")
    return conn


@pytest.fixture(scope="module")
def conn() -> Iterator[sqlite3.Connection]:
    conn = empty_store()
    for n, (name, status, hours, took, params, metrics, tags) in RUNS.items():
        began = NOON + hours * 3600
        conn.execute(
            """INSERT INTO runs
               (n, id, name, experiment, status, started, ended, kind, notebook, note, starred, trashed)
               VALUES (?, ?, ?, ?, ?, ?, ?, 'cell', ?, ?, ?, ?)""",
            (n, f"id{n}", name, 1 + n % 2, status, began, began + took if took else None,
             "train.ipynb" if n < 3 else None, "tree of life" if n == 3 else "", int(n == 1), NOON if n == 5 else None),
        )  # fmt: skip
        for key, value in params.items():
            row = (n, key_number(conn, "param", key), *encode(value))
            conn.execute("INSERT INTO params VALUES (?, ?, ?, ?, ?, 'cell', 0, NULL)", row)
        for key, (last, low, high) in metrics.items():
            numbers = (n, key_number(conn, "metric", key), last, low, high)
            conn.execute(
                "INSERT INTO metrics VALUES (?, ?, 'explicit', 4, 4, ?, 3, 0, ?, ?, 2.0, NULL, NULL, NULL, NULL)",
                numbers,
            )
        for key, value in tags.items():
            conn.execute("INSERT INTO tags VALUES (?, ?, ?, NULL)", (n, key_number(conn, "tag", key), value))
    yield conn
    conn.close()


def found(conn: sqlite3.Connection, text: str) -> list[int]:
    """The runs a filter finds; both of its forms must agree."""
    where = compile_filter(text, KeyLookup(conn))
    forms = [
        [row[0] for row in conn.execute(f"SELECT r.n FROM runs r WHERE {sql} ORDER BY r.n", where.args)]
        for sql in (where.sql, where.correlated)
    ]
    assert forms[0] == forms[1]
    return forms[0]


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("", [1, 2, 3, 4, 5]),
        ("  \n ", [1, 2, 3, 4, 5]),
        ("params.lr < 0.01", [1]),
        ("PARAMS.lr<0.01", [1]),
        ("param.lr > .01", [2, 5]),
        ("params.lr >= 5", [5]),
        ("params.lr == 1e-3", [1]),
        ("params.lr <> 5", [1, 2, 3, 4]),
        ("params.depth > -inf", [1]),
        ("params.lr = 'auto'", [4]),
        ("params.lr > 'a'", [4]),
        ("params.lr < 'b'", [4]),
        ("params.lr = nan", [3]),
        ("params.lr is null", []),
        ("params.depth is null", [2, 3, 4, 5]),
        ("params.depth is not null", [1]),
        ("params.lr in (5, 'auto', nan)", [3, 4, 5]),
        ("params.lr not in (5, 'auto')", [1, 2, 3]),
        ("params.lr between 0.001 and 0.1", [1, 2]),
        ("params.lr not between 0.001 and 0.1", [3, 4, 5]),
        ("params.flag = true", [3]),
        ("params.flag = FALSE", [4]),
        ("params.opt = 'adam'", [1]),
        ("params.opt like 'a%'", [1]),
        ("params.opt ilike 'a%'", [1, 2]),
        ("params.opt not like 'a%'", [2]),
        ("params.opt contains 'DA'", [1, 2]),
        ('params."learning rate" = 1', [5]),
        ("params.`learning rate` = 1", [5]),
        ('params."say ""hi""" = 2', [5]),
        ("metrics.acc > 0.4", [1, 2]),
        ("metrics.acc = nan", [3]),
        ("metrics.acc.min < 0.25", [1, 2]),
        ("metrics.acc.max > 0.9 or metrics.acc.count < 4", [1]),
        ("metrics.acc.mean = 2", [1, 2, 3]),
        ("metrics.acc is null", [4, 5]),
        ("metrics.loss.min = 7", [4]),  # a metric of exactly this name wins over the least loss
        ("metrics.loss.max = 9", [5]),
        ('metrics."loss".min = 1', [5]),
        ('metrics."loss.min" = 7', [4]),
        ('tags."a.b" = "c"', [5]),
        ("tags.best = 'yes'", [1]),
        ("tags.best != 'yes'", [3]),  # a run without the tag is not found …
        ("not tags.best = 'yes'", [2, 3, 4, 5]),  # … unless the whole is turned around
        ("not not starred", [1]),
        ("starred", [1]),
        ("trashed", [5]),
        ("starred = false and not trashed", [2, 3, 4]),
        ("status = 'failed' OR status = 'crashed'", [2, 5]),
        ("status not in ('failed', 'crashed')", [1, 3, 4]),
        ("name = 'it''s'", [5]),
        ('name = "it\'s"', [5]),
        ("name like '50%'", [4]),
        ("name contains '%'", [4]),
        ("name contains '_'", [4]),
        ("name like 'forest__'", [1, 2]),
        ("id in ('id1', 'id4')", [1, 4]),
        ("experiment = 'churn'", [1, 3, 5]),
        ("notebook is null", [3, 4, 5]),
        ("notebook != 'other.ipynb'", [1, 2]),
        ("note is null", [1, 2, 4, 5]),
        ("duration < 1m and duration > 10s", [1]),
        ("duration between 5m and 2h", [2, 3]),
        ("ended is null", [4]),
        ("started < '2026-11-11'", [1]),
        ("started >= '2026-11-11 12:00' and started < '2026-11-13'", [2, 3]),
        ("params.lr < 0.01 and metrics.acc > 0.9 or tags.best = 'no'", [1, 3]),
        ("params.lr < 0.01 and (metrics.acc > 2 or tags.best = 'yes')", [1]),
        ("forest", [1, 2]),
        ("FOREST digits", [2]),
        ("tree life", [3]),
        ("50%_", [4]),
        ("train.ipynb -b", [2]),
    ],
)
def test_a_filter_finds_the_runs_it_describes(conn: sqlite3.Connection, text: str, runs: list[int]) -> None:
    assert found(conn, text) == runs


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("params.lr <", 11),
        ("params.lr < 0.1 and", 19),
        ("params.lr < 0.1 metrics.acc > 1", 16),
        ("(params.lr < 0.1", 16),
        ("params.lr < 0.1)", 15),
        ("params.lrr < 0.1", 0),
        ("starred and metrics.ac > 1", 12),
        ("status = 'finishd'", 9),
        ("status = finished", 9),
        ("nam = 'x'", 0),
        ("starred and lr < 1", 12),
        ("name = 'open", 7),
        ("name ~ 'x'", 5),
        ("name = 5", 7),
        ("duration > 'long'", 11),
        ("started > 'yesterday-ish'", 10),
        ("metrics.acc = 'high'", 14),
        ("params.lr in 5", 13),
        ("params.lr in ()", 14),
        ("params.lr in (1,", 16),
        ("params.lr not < 5", 14),
        ("params.lr is 5", 13),
        ("params.lr between 1 or 2", 20),
        ("params.lr like 5", 15),
        ("0.1 < params.lr", 0),
        ("params.lr < metrics.acc", 12),
        ("and starred", 0),
        ("not", 3),
        ("name = 'a'; DROP TABLE runs", 10),
        ("name = 'a' -- and more", 11),
        ("lower(name) = 'a'", 5),
    ],
)
def test_a_mistake_is_shown_at_its_column(conn: sqlite3.Connection, text: str, column: int) -> None:
    with pytest.raises(FilterError) as caught:
        found(conn, text)
    assert caught.value.column == column
    line, caret = caught.value.message.rstrip("\n").split("\n")[-2:]
    shown = (text + " ")[column]
    assert (line + " ")[caret.index("^")] == shown


def test_an_unknown_key_lists_near_ones_and_a_rare_one_is_no_mistake(conn: sqlite3.Connection) -> None:
    with pytest.raises(FilterError, match=r"No run has a param 'lrr'") as caught:
        found(conn, "params.lrr < 1")
    assert "params.lr" in caught.value.hint
    assert found(conn, "status = 'failed' and metrics.loss > 0") == []


def test_an_unknown_status_and_a_forgotten_prefix_say_what_to_write(conn: sqlite3.Connection) -> None:
    with pytest.raises(FilterError) as status:
        found(conn, "status = 'done'")
    assert "finished" in status.value.hint
    with pytest.raises(FilterError) as attribute:
        found(conn, "lr < 1")
    assert "params.lr" in attribute.value.hint


ATTACKS = ("' OR 1=1 --", "'; DROP TABLE runs; --", "%' OR '1'='1", 'x" OR ""="', "1) UNION SELECT 1 --", "?1", ":a")


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("place", ["name = {}", "tags.best in ({})", "params.opt like {}", "note contains {}"])
def test_sql_in_a_text_is_only_a_text(conn: sqlite3.Connection, attack: str, place: str) -> None:
    text = place.format("'" + attack.replace("'", "''") + "'")
    where = compile_filter(text, KeyLookup(conn))
    assert "DROP" not in where.sql
    assert "UNION" not in where.sql
    assert found(conn, text) == []
    assert conn.execute("SELECT count(*) FROM runs").fetchone() == (5,)


@pytest.mark.parametrize("attack", ATTACKS)
def test_sql_in_the_name_of_a_key_is_only_a_name(conn: sqlite3.Connection, attack: str) -> None:
    with pytest.raises(FilterError, match="No run has a metric"):
        found(conn, f'metrics."{attack.replace(chr(34), chr(34) * 2)}" > 1')
    assert conn.execute("SELECT count(*) FROM runs").fetchone() == (5,)


@pytest.mark.parametrize(
    "name", ["a b", 'q"q', "q'q", "a`b", "ü.ß", "1", "and", "x.min", "; --", "𝛼", "a/b:c#d", "100%"]
)
def test_any_name_of_a_key_can_be_written_in_quotes(name: str) -> None:
    conn = empty_store()
    conn.execute(
        "INSERT INTO runs (n, id, name, experiment, status, started, kind) VALUES (1, 'a', 'a', 1, 'failed', 0, 'cell')"
    )
    conn.execute(
        "INSERT INTO params VALUES (1, ?, 'int', 3, NULL, 'cell', 0, NULL)", (key_number(conn, "param", name),)
    )
    doubled = name.replace('"', '""')
    assert found(conn, f'params."{doubled}" = 3') == [1]
    conn.close()


@pytest.mark.parametrize("text", ["(" * 60 + "starred" + ")" * 60, "not " * 60 + "starred", "(" * 9999, "not " * 2400])
def test_nesting_beyond_the_limit_is_refused(conn: sqlite3.Connection, text: str) -> None:
    with pytest.raises(FilterError, match="deeper than 50"):
        found(conn, text)


def test_brackets_may_be_49_deep(conn: sqlite3.Connection) -> None:
    assert found(conn, "(" * 49 + "starred" + ")" * 49) == [1]


def test_a_filter_may_have_10_000_characters_and_no_more(conn: sqlite3.Connection) -> None:
    text = "name = '" + "x" * 9991 + "'"
    assert len(text) == 10_000
    assert found(conn, text) == []
    with pytest.raises(FilterError, match="10,001 characters"):
        found(conn, text + " ")


@pytest.mark.parametrize("piece", ["'", '"', "`", "<", "(", ")", "1", "a.", "params.", "%", "\\", " ", "-", "1e", "''"])
def test_a_long_run_of_anything_ends_in_an_answer_or_a_filter_error(conn: sqlite3.Connection, piece: str) -> None:
    with suppress(FilterError):
        found(conn, (piece * 10_000)[:10_000])
