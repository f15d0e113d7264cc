"""Facts about columns, against the same told by plain Python from what was stored."""

from __future__ import annotations

import math
from typing import Any

import pytest

from nbtrack.base.errors import FilterError, InvalidOption
from nbtrack.runs.contract import RunsRequest
from nbtrack.runs.editing import EditingService
from nbtrack.tables import contract as c
from nbtrack.tables import facts as facts_module

COLUMNS = [
    *("params.lr", "params.odd", "params.same", "params.few", "params.a.min", "params.long name 'x\"", "tags.stage"),
    *("metrics.acc", "metrics.acc.min", "metrics.acc.max", "metrics.acc.mean", "metrics.loss.min", "metrics.loss.max"),
]


def told(shelf: Any, **request: Any) -> dict[str, c.ColumnFact]:
    return {fact.column: fact for fact in shelf.tables.facts(c.FactsRequest(**request)).columns}


def value_of(run: Any, column: str) -> Any:
    """A column's value, None where there is none; of a metric as the summary has it."""
    table, _, name = column.partition(".")
    if table != "metrics":
        return getattr(run, table).get(name)
    part = "last"
    if name not in run.metrics and name != "loss.min":
        head, _, last = name.rpartition(".")
        name, part = (head, last) if last in ("min", "max", "mean") else (name, part)
    if name not in run.metrics:
        return None
    valid = [value for value in run.metrics[name] if value == value]
    if part == "last":
        return run.metrics[name][-1]
    if not valid:
        return math.nan
    return {"min": min(valid), "max": max(valid)}.get(part, "a mean")


def as_float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def identity(value: Any) -> Any:
    """Equal for values that a table shows alike: 1 and 1.0, but not True."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return repr(value)
    return "nan" if value != value else value


@pytest.mark.parametrize("looked_at", [3, 40, 2000])
@pytest.mark.parametrize("selection", [{}, {"filter": "metrics.acc is not null"}, {"trashed": True}], ids=str)
def test_facts_are_those_of_the_runs_that_match(
    shelf: Any, looked_at: int, selection: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facts_module, "LOOKED_AT", looked_at)
    shelf.some(150, seed=looked_at)
    runs = [run for run in shelf.runs if run.trashed == bool(selection.get("trashed"))]
    if "filter" in selection:
        runs = [run for run in runs if "acc" in run.metrics]
    latest = runs[::-1][:looked_at]
    answer = shelf.tables.facts(c.FactsRequest(**selection, columns=COLUMNS))
    assert (answer.looked_at, answer.matched) == (len(latest), len(runs))
    assert [fact.column for fact in answer.columns] == COLUMNS
    for fact in answer.columns:
        values = [value for run in latest if (value := value_of(run, fact.column)) is not None]
        assert fact.runs == len(values), fact
        if not fact.column.endswith(".mean"):
            one = len({identity(value) for value in values}) > 1
            assert fact.differs == (one or 0 < len(values) < len(latest)), fact
        numbers = [
            as_float(value)
            for run in runs
            if isinstance(value := value_of(run, fact.column), (int, float)) and not isinstance(value, bool)
        ]
        numbers = [number for number in numbers if number == number]
        if not fact.column.endswith(".mean"):
            assert (fact.low, fact.high) == (min(numbers, default=None), max(numbers, default=None)), fact


@pytest.mark.parametrize("looked_at", [1, 2000])
@pytest.mark.parametrize("many", [2, 20_000])
def test_the_mean_has_a_lowest_and_a_highest_too(
    shelf: Any, looked_at: int, many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nbtrack.tables.store import means

    monkeypatch.setattr(facts_module, "LOOKED_AT", looked_at)
    monkeypatch.setattr(means, "_MANY", many)
    for series in ([1.0, 3.0], [math.nan], [0.5], [7.0]):
        shelf.put(metrics={"acc": series}, trashed=series == [7.0])
    fact = told(shelf, columns=["metrics.acc.mean"])["metrics.acc.mean"]
    assert (fact.low, fact.high) == (0.5, 2.0)
    fact = told(shelf, columns=["metrics.acc.mean"], filter="metrics.acc > 1")["metrics.acc.mean"]
    assert (fact.low, fact.high, fact.runs) == (2.0, 2.0, 1)


@pytest.mark.parametrize("looked_at", [1, 2000])
@pytest.mark.parametrize(
    ("values", "low", "high"),
    [
        ([True, False], None, None),
        ([True, 1], 1, 1),
        ([False, 0, 0.5], 0, 0.5),
        ([True, False, 0.5, 2], 0.5, 2),
        ([0, 1, True], 0, 1),
        ([-1, True, 1], -1, 1),
        (["1", "2"], None, None),
        ([math.nan, None], None, None),
        ([math.inf, 3, math.nan, "x"], 3, math.inf),
        ([-math.inf, math.inf], -math.inf, math.inf),
        ([10**400, 0], 0, math.inf),
        ([2**63 - 1, -(2**63)], float(-(2**63)), float(2**63)),
        ([[5], {"a": 6}], None, None),
    ],
    ids=str,
)
def test_only_numbers_have_a_lowest_and_a_highest(
    shelf: Any, looked_at: int, values: list[Any], low: Any, high: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facts_module, "LOOKED_AT", looked_at)
    for value in values:
        shelf.put(params={"x": value})
        shelf.put(params={"x": 10**6, "y": value}, trashed=True)
    fact = told(shelf)["params.x"]
    assert (fact.low, fact.high) == (low, high)
    assert type(fact.low) in (float, type(None))


@pytest.mark.parametrize(
    ("values", "differs"),
    [
        ([1, 1.0], False),
        ([1, True], True),
        ([0, False], True),
        ([None, None], False),
        ([None, 1], True),
        ([math.nan, math.nan], False),
        ([math.nan, None], True),
        ([math.nan, 1.0], True),
        ([10**30, 10**30], False),
        ([10**30, 10**30 + 1], True),
        ([10**30, 1e30], True),
        (["a\ud800", "a\ud801"], True),
        (["a\ud800", "a?"], True),
        (["a", "a"], False),
        (["1", 1], True),
        ([[1], [1]], False),
        ([[1], [2]], True),
    ],
    ids=str,
)
def test_a_column_differs_where_two_values_do(shelf: Any, values: list[Any], differs: bool) -> None:
    for value in values:
        shelf.put(params={"x": value})
    assert told(shelf)["params.x"].differs == differs


def test_all_columns_are_told_if_none_is_named(shelf: Any) -> None:
    shelf.put(params={"b": 1, "a": 2}, tags={"t": "x"}, metrics={"m": [1.0], "*": [2.0]})
    assert list(told(shelf)) == ["params.a", "params.b", "tags.t", "metrics.*", "metrics.m"]
    assert list(told(shelf, columns=["tags.*", "params.*", "params.a"])) == ["tags.t", "params.a", "params.b"]
    assert list(told(shelf, columns=["metrics.*"])) == ["metrics.*"], "a metric of this name comes first"
    assert told(shelf, columns=[]) == {}


def test_a_column_that_no_run_ever_had_is_told_as_empty(shelf: Any) -> None:
    shelf.put(params={"lr": 1}, metrics={"acc": [1.0]})
    names = ["params.gone", "metrics.acc.count", "metrics.gone.min", "tags.", "params." + "x" * 10_000, "tags.<script>"]
    assert told(shelf, columns=names) == {name: c.ColumnFact(name, 0, False, None, None) for name in names}


@pytest.mark.parametrize(
    "name", ["", "name", "param.lr", "params", "runs.n", "metrics", "x" * 10_000, "\0", "\ud800.x"]
)
def test_a_column_of_no_kind_is_refused(shelf: Any, name: str) -> None:
    shelf.put(params={"lr": 1})
    with pytest.raises(InvalidOption, match="no column") as raised:
        told(shelf, columns=["params.lr", name])
    assert len(raised.value.message) < 200


def test_a_mistake_in_a_filter_is_told(shelf: Any) -> None:
    shelf.put(params={"lr": 1})
    with pytest.raises(FilterError):
        told(shelf, filter="params.lr > >")
    with pytest.raises(FilterError, match="further filter"):
        told(shelf, also=["params.lr > >"])


def test_further_filters_and_scopes_narrow_what_is_told(shelf: Any) -> None:
    shelf.put(params={"lr": 1}, experiment="digits")
    shelf.put(params={"lr": 2}, experiment="churn", notebook="a.ipynb")
    shelf.put(params={"lr": 3}, experiment="churn")
    assert told(shelf, also=["params.lr > 1", "params.lr < 3"])["params.lr"].high == 2
    assert told(shelf, experiment="churn")["params.lr"].low == 2
    assert told(shelf, notebook="a.ipynb")["params.lr"].high == 2
    assert told(shelf, experiment="' OR 1=1 --")["params.lr"].runs == 0


def test_facts_are_made_once_until_the_file_changes(shelf: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []
    real = facts_module.column_facts
    monkeypatch.setattr("nbtrack.tables.service.column_facts", lambda *args: made.append(1) or real(*args))
    shelf.put(params={"lr": 1})
    shelf.put(params={"lr": 2})
    for _ in range(3):
        assert told(shelf, columns=["params.lr"])["params.lr"].high == 2
    assert len(made) == 1
    assert told(shelf, columns=["params.lr"], filter="params.lr < 2")["params.lr"].high == 1
    EditingService(shelf.reads).trash(RunsRequest(["run1"]))
    assert told(shelf, columns=["params.lr"])["params.lr"].high == 1
    for _ in range(2):
        told(shelf, filter="started < '-1d'")
    assert len(made) == 5, "what the clock decides is asked for each time"


def test_a_project_without_runs_has_no_facts(shelf: Any) -> None:
    assert shelf.tables.facts(c.FactsRequest()) == c.Facts([], 0, 0, 0)
    assert not shelf.project.folder.exists()
    shelf.store([])
    answer = shelf.tables.facts(c.FactsRequest())
    assert (answer.columns, answer.looked_at, answer.matched) == ([], 0, 0)
