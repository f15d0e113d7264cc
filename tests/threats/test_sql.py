"""The filter language, and every name that goes to SQLite: parsed, never evaluated; texts are parameters, not SQL.

What the filter parses and refuses is tested in `tests/runs/test_filter*.py`. Here: whatever stands in the names of
runs, params, metrics, tags and columns, none of it is in the text of a statement, of which there are few; and the work
of a pattern grows with the text's length, not with a power of it.
"""

from __future__ import annotations

import random
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import msgspec
import pytest

import nbtrack
from nbtrack.api.dispatch import dispatch
from nbtrack.api.rooms import OPERATIONS
from nbtrack.base.config import Project
from nbtrack.base.errors import NbtrackError
from nbtrack.runs import contract as c
from nbtrack.runs import current, projects
from nbtrack.runs.service import RunsService

# What ends a text, a name or a comment in SQL, one way or another; {} is a word that stands nowhere else.
SHAPES = (
    "{}", "{}' OR '1'='1", "{}' OR 1=1 --", '{}" OR 1=1 --', "{}`; DROP TABLE runs; --", "{}]; DELETE FROM runs; --",
    "{}\\' OR 1=1 --", "{}/*", "*/{}", "{};", "{}%_?", "?{}", ":{}", "@{}", "${}", "{}\n--", "(SELECT '{}')", "{})",
    "{}.last", "params.{}", "metrics.{}.max", "{}\u2019 OR 1=1", "{}'' OR ''", "x'{}'", "{}||char(39)||", "\uff07{}",
)  # fmt: skip


class Heard(sqlite3.Connection):
    """A connection that keeps the texts of what it executes."""

    texts: list[str] = []  # noqa: RUF012 (shared by all connections of a test)

    def execute(self, sql: str, *given: Any) -> sqlite3.Cursor:
        self.texts.append(sql)
        return super().execute(sql, *given)

    def executemany(self, sql: str, *given: Any) -> sqlite3.Cursor:
        self.texts.append(sql)
        return super().executemany(sql, *given)

    def executescript(self, sql: str) -> sqlite3.Cursor:
        self.texts.append(sql)
        return super().executescript(sql)

    def cursor(self, *given: Any, **more: Any) -> Any:
        raise AssertionError("statements go through the connection, where they are heard")


class Naive(sqlite3.Connection):
    """A connection as of a program that puts texts into its SQL by itself."""

    attack = ""

    def execute(self, sql: str, given: Any = ()) -> sqlite3.Cursor:
        if self.attack and isinstance(given, (list, tuple)) and self.attack in given:
            parts = sql.split("?")
            texts = [f"'{one}'" if isinstance(one, str) else repr(one) for one in given]
            sql, given = "".join(part + text for part, text in zip(parts, [*texts, ""], strict=True)), ()
        return super().execute(sql, given)


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Have connections be of another class."""
    real = sqlite3.connect

    def made(kind: type[sqlite3.Connection]) -> type[sqlite3.Connection]:
        projects.forget_all()
        monkeypatch.setattr(sqlite3, "connect", lambda *given, **more: real(*given, **{**more, "factory": kind}))
        return kind

    return made


def values_for(kind: Any, name: str) -> Any:
    """A value of a type, with a name wherever there is a text."""
    info = msgspec.inspect
    if isinstance(kind, info.UnionType):
        return values_for(next(one for one in kind.types if not isinstance(one, info.NoneType)), name)
    if isinstance(kind, info.StrType):
        return name
    if isinstance(kind, (info.ListType, info.CollectionType)):
        return [values_for(kind.item_type, name)]
    if isinstance(kind, info.DictType):
        return {name: values_for(kind.value_type, name)}
    if isinstance(kind, info.LiteralType):
        return kind.values[0]
    if isinstance(kind, info.StructType):
        return {field.encode_name: values_for(field.type, name) for field in kind.fields}
    if isinstance(kind, info.TupleType):
        return [values_for(one, name) for one in kind.item_types]
    if isinstance(kind, info.BoolType):
        return True
    return name if isinstance(kind, (info.AnyType, info.RawType)) else 1


def quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def payloads(op: Any, name: str) -> Iterator[dict[str, Any]]:
    """Requests of an operation with a name in each of its fields: alone, and where a field has a grammar, in that."""
    whole = values_for(msgspec.inspect.type_info(op.request), name)
    if not isinstance(whole, dict):
        return
    texts = (name, f"params.{quoted(name)}", f"metrics.{quoted(name)}", f"-tags.{quoted(name)}")
    for field in whole:
        yield {field: whole[field]}
    if "filter" in whole:
        text = "'" + name.replace("'", "''") + "'"
        for wanted in (f"name = {text}", f"params.{quoted(name)} = {text}", f"tags.{quoted(name)} like {text}", name):
            yield {"filter": wanted}
    for field in ("sort", "columns", "keys", "params", "metrics", "by", "x", "y"):
        if field in whole:
            yield from ({field: [text] if isinstance(whole[field], list) else text} for text in texts)
    for about in ("run", "runs", "experiment", "notebook"):
        if about in whole:
            yield {**whole, about: ["zero"] if about == "runs" else "zero"}


def everything(project: Project, word: str) -> None:
    """Store names of all shapes, and ask by them in every operation, export and search there is."""
    for number, shape in enumerate(SHAPES):
        name = shape.replace("{}", word)
        with suppress(NbtrackError), current.begin(project, name="zero", experiment=name[:80]) as run:
            for call, given in ((run.set_params, {name: name}), (run.set_tags, {name: name}), (run.log, {name: 1.0})):
                with suppress(NbtrackError):
                    call(given)  # type: ignore[operator]
            with suppress(NbtrackError):
                run.add_bytes(f"{number}/{name}".replace("/*", "*"), b"x")
            run.add_dataset(name, name, path=name, info={name: name})
    RunsService(project).refresh(force=True)
    for shape in SHAPES[1::4]:
        name = shape.replace("{}", word)
        for op in OPERATIONS.values():
            if op.name.startswith(("exports.", "transfer.", "sync.")):
                continue
            for payload in payloads(op, name):
                dispatch(project, op.name, msgspec.json.encode(payload))
        with suppress(NbtrackError):
            nbtrack.export(format="csv", columns=[f"params.{name}"], sort=f"params.{quoted(name)}")
        with suppress(NbtrackError):
            nbtrack.export(format="md", mean_over=[name])


def spoken(project: Project, word: str) -> set[str]:
    """The statements, lists of any length made alike."""
    Heard.texts.clear()
    everything(project, word)
    assert not [text for text in Heard.texts if word in text.lower()]
    return {re.sub(r"\s+", " ", re.sub(r"\?(, ?\?)+", "?", re.sub(r"\b\d+\b", "N", text))) for text in Heard.texts}


def test_no_name_is_ever_in_the_text_of_a_statement_and_there_are_few_of_them(project: Project, connected: Any) -> None:
    connected(Heard)
    first = spoken(project, "zqxj")
    assert len(Heard.texts) > 2_000
    assert 50 < len(first) < 600


def test_this_test_would_hear_a_name(project: Project, connected: Any) -> None:
    connected(Heard)
    project.create()
    with current.begin(project, name="zero") as run:
        run.log({"loss": 1.0})
    service = RunsService(project)
    service.refresh(force=True)
    Heard.texts.clear()
    service.connection().execute("SELECT 1 AS zqxj")
    assert [text for text in Heard.texts if "zqxj" in text]


def test_without_its_defence_a_text_in_a_filter_is_sql(project: Project, connected: Any) -> None:
    for name in ("a", "b", "c"):
        with current.begin(project, name=name) as run:
            run.log({"loss": 1.0})
    RunsService(project).refresh(force=True)
    attack = "x' OR 'a'='a"
    request = c.PageRequest(filter="name = 'x'' OR ''a''=''a'")
    assert RunsService(project).page(request).matched == 0
    naive = connected(Naive)
    naive.attack = attack
    assert RunsService(project).page(request).matched == 3


# -- patterns


def like(comparator: str = "LIKE") -> Any:
    pytest.importorskip("mlflow", reason="patterns of MLflow's searches are matched only where MLflow is")
    from nbtrack.mlflow.store.like import matching

    return matching(comparator)


def test_patterns_of_mlflows_searches_match_what_mlflows_do() -> None:
    like()
    from mlflow.utils.search_utils import SearchUtils

    from nbtrack.mlflow.store.like import steps, table_of

    own, draw, matched = SearchUtils.get_comparison_func("LIKE"), random.Random(1), 0
    for _ in range(2_000):
        text = "".join(draw.choices("ab\n", k=draw.randint(0, 7)))
        pattern = "".join(draw.choices("ab%_\n", k=draw.randint(0, 6)))
        assert steps(text, table_of(pattern)) == bool(own(text, pattern)), (text, pattern)
        matched += bool(own(text, pattern))
    assert matched > 200
    assert like("ILIKE")("A" * 2000 + "B", "%a%A%a%a%b")
    assert not like("LIKE")("A" * 2000 + "B", "%a%A%a%a%b")


PATTERNS = ("%a%a%a%a%a%b", "%%%%%%%%%%%%b", "%_%_%_%_%_b", "%a_%a_%a_%a_b", "(a+)+$%%%")


@pytest.mark.parametrize("pattern", PATTERNS)
def test_the_work_of_a_pattern_grows_with_the_text_alone(pattern: str) -> None:
    like()
    from nbtrack.mlflow.store.like import steps, table_of

    class Counted(str):
        """A text that counts how often it is looked at."""

        looks = 0

        def __iter__(self) -> Iterator[str]:
            for letter in str.__iter__(self):
                Counted.looks += 1
                yield letter

    counts = []
    for length in (1_000, 2_000, 4_000):
        Counted.looks = 0
        assert not steps(Counted("a" * length), table_of(pattern))
        counts.append(Counted.looks)
        assert not like()("a" * length, pattern)  # and by the way that a search takes
    assert counts[2] <= 2 * counts[1] <= 4 * counts[0] <= 4_000


def test_without_its_defence_twice_the_text_takes_sixteen_times_as_long() -> None:
    like()
    from mlflow.utils.search_utils import SearchUtils

    own = SearchUtils.get_comparison_func("LIKE")

    def taken(length: int) -> float:
        began = time.process_time()
        own("a" * length, "%a%a%a%b")
        return time.process_time() - began

    long, short = (min(taken(length) for _ in range(5)) for length in (120, 60))  # what else runs here only adds to it
    assert long > 4 * short, "it grows with the fourth power; so much that no busy machine hides it"


@pytest.mark.parametrize("operator", ["like", "ilike", "contains"])
def test_a_pattern_in_a_filter_is_cheap_on_a_long_text(operator: str, project: Project) -> None:
    """SQLite's own matching stops where it cannot succeed any more; as an expression of Python's it would take days."""
    with current.begin(project, name="long") as run:
        run.set_tags({"t": "a" * 4_000})
    service = RunsService(project)
    service.refresh(force=True)
    for pattern in ("%a%a%a%b", "%_%_%_%b", "a" * 3_000 + "%b"):
        with suppress(NbtrackError):
            assert service.page(c.PageRequest(filter=f"tags.t {operator} '{pattern}'")).matched == 0
