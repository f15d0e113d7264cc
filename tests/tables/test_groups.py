"""Groups: each finds exactly its runs, and its spread is that of plain, exact arithmetic."""

from __future__ import annotations

import math
import statistics
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbtrack.base.errors import FilterError, InvalidOption
from nbtrack.base.wire import encode
from nbtrack.runs.contract import PageRequest, RunsRequest
from nbtrack.runs.editing import EditingService
from nbtrack.tables import contract as c
from nbtrack.tables import groups as groups_module
from nbtrack.tables.spread import spreads
from nbtrack.tables.store import groups as store

BYS = [
    *("params.lr", "params.odd", "params.long name 'x\"", "params.same", "params.few", "params.a.min"),
    *("tags.stage", "tags.to do", "experiment", "notebook", "status"),
]


def grouped(shelf: Any, by: str, **request: Any) -> list[c.Group]:
    answer = shelf.tables.groups(c.GroupsRequest(by=by, **request))
    if "limit" not in request:
        assert answer.total == len(answer.groups)
    return answer.groups


def names_of(shelf: Any, where: str, **selection: Any) -> set[str]:
    numbers = shelf.reads.numbers(PageRequest(**{**selection, "also": [*selection.get("also", []), where]}))
    return {row.name for row in shelf.reads.rows(numbers, [])}


@pytest.mark.parametrize("few", [5, 2000])
@pytest.mark.parametrize("selection", [{}, {"filter": "metrics.acc is not null", "also": ["digits"]}], ids=str)
@pytest.mark.parametrize("by", BYS)
def test_a_group_is_found_by_its_filter_and_no_run_is_in_two(
    shelf: Any, by: str, selection: dict[str, Any], few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "_FEW", few)
    shelf.some(120, seed=7)
    groups = grouped(shelf, by, **selection)
    together: list[str] = []
    for group in groups:
        names = names_of(shelf, group.where, **selection)
        assert len(names) == group.runs > 0, group
        together += names
    assert sorted(together) == sorted(names_of(shelf, "", **selection))


@pytest.mark.parametrize("by", ["params.lr", "params.odd", "tags.stage", "notebook", "params.long name 'x\""])
def test_runs_of_one_group_share_what_the_group_says(shelf: Any, by: str) -> None:
    shelf.some(120, seed=8)
    table, _, name = by.partition(".")
    runs = {run.name: run for run in shelf.kept}
    for group in grouped(shelf, by):
        for found in names_of(shelf, group.where):
            run = runs[found]
            value = run.notebook if by == "notebook" else getattr(run, table).get(name)
            if isinstance(group.value, str) and group.value.endswith("…"):
                assert str(value).startswith(group.value[:-1])
                assert len(str(value)) > 1000 or "\0" in str(value)
            elif value != value:
                assert group.value != group.value
            elif isinstance(value, int) and abs(value) > 2**63:
                assert group.value in (value, 1e30, -math.inf)  # those that share a float are told by it
            elif isinstance(value, str):
                assert group.value.replace("\ud800", "?") == value.replace("\ud800", "?")
            else:
                assert (type(group.value) is bool, group.value) == (type(value) is bool, value)


@pytest.mark.parametrize(
    ("values", "groups"),
    [
        ([1, 1.0, True], [(1, "params.x = 1 and params.x != true", 2), (True, "params.x = true", 1)]),
        ([0, False, -0.0], [(0, "params.x = 0 and params.x != false", 2), (False, "params.x = false", 1)]),
        ([True, True, False], [(False, "params.x = false", 1), (True, "params.x = true", 2)]),
        ([0, 1, 1], [(0, "params.x = 0", 1), (1, "params.x = 1", 2)]),
        ([None, "a", None], [("a", "params.x = 'a'", 1), (None, "params.x is null", 2)]),
        (["it's", 'a "b"', "a or b"], [('a "b"', "params.x = 'a \"b\"'", 1), ("a or b", "params.x = 'a or b'", 1),
                                       ("it's", "params.x = 'it''s'", 1)]),
        (["", "1", 1], [(1, "params.x = 1", 1), ("", "params.x = ''", 1), ("1", "params.x = '1'", 1)]),
        ([math.inf, -math.inf, 1e-5], [(-math.inf, "params.x = -inf", 1), (1e-5, "params.x = 1e-05", 1),
                                       (math.inf, "params.x = inf", 1)]),
        ([[1, "'"], {"a": None}, [1, "'"]], [([1, "'"], "params.x = '[1, \"''\"]'", 2),
                                            ({"a": None}, "params.x = '{\"a\": null}'", 1)]),
        ([10**30, 10**30], [(10**30, "params.x = 1e+30", 2)]),
        ([10**30, 10**30 + 1], [(1e30, "params.x = 1e+30", 2)]),
        ([2**53 + 1, 2.0**53], [(2.0**53, "params.x = 9007199254740992.0", 1),
                                (2**53 + 1, "params.x = 9007199254740993", 1)]),
        (["n\0a", "n\0b", "n", "na"], [("n", "params.x = 'n'", 1), ("n…", "params.x > 'n' and params.x < 'n\1'", 2),
                                       ("na", "params.x = 'na'", 1)]),
        (["\0"], [("…", "params.x > '' and params.x < '\1'", 1)]),
    ],
    ids=str,
)  # fmt: skip
def test_values_are_told_apart_as_far_as_the_search_language_does(
    shelf: Any, values: list[Any], groups: list[tuple[Any, str, int]]
) -> None:
    for value in values:
        shelf.put(params={"x": value})
    found = grouped(shelf, "params.x")
    assert [(group.value, group.where, group.runs) for group in found] == groups
    assert [type(group.value) for group in found] == [type(value) for value, _, _ in groups]


def test_nan_is_a_value_and_comes_after_the_others(shelf: Any) -> None:
    for value in (math.nan, "a", None, 2, math.nan, True):
        shelf.put(params={"x": value})
    shelf.put()
    for sort, order in (("value", "2 True a nan None"), ("-value", "a True 2 nan None")):
        assert [str(group.value) for group in grouped(shelf, "params.x", sort=sort)] == order.split()
    assert [group.runs for group in grouped(shelf, "params.x")] == [1, 1, 1, 2, 2]
    assert b'"NaN"' in encode(c.Groups(grouped(shelf, "params.x"), 0, 0))


@pytest.mark.parametrize("name", ["a b", 'say "x"', "`x`", "x'); DROP TABLE runs --", "<script>", "läng", "x" * 1000])
def test_any_name_can_be_grouped_by_and_found(shelf: Any, name: str) -> None:
    for value in ("'" * 2000, "x", 1):
        shelf.put(params={name: value}, tags={name: "t"})
    for by in (f"params.{name}", f"tags.{name}"):
        for group in grouped(shelf, by):
            assert len(names_of(shelf, group.where)) == group.runs


@pytest.mark.parametrize("metric", ["acc", "acc.min", "acc.max", "acc.mean", "loss.min", "loss.max"])
@pytest.mark.parametrize("few", [5, 2000])
def test_the_spread_is_over_the_runs_that_have_a_number(
    shelf: Any, metric: str, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "_FEW", few)
    shelf.some(100, seed=9)
    runs = {row.name: row for row in shelf.reads.page(PageRequest(limit=1000)).rows}
    name, part = (metric, "last") if metric in ("acc", "loss.min") else metric.split(".")
    for group in grouped(shelf, "status", metrics=[metric]):
        of_group = [runs[found].metrics.get(name) for found in names_of(shelf, group.where)]
        numbers = [number for summary in of_group if summary and not math.isnan(number := getattr(summary, part))]
        spread = group.metrics[metric]
        assert (spread.count, spread.low, spread.high) == (len(numbers), min(numbers), max(numbers))
        assert spread.low <= spread.mean <= spread.high or math.isnan(spread.mean)


def test_a_group_without_a_number_has_no_spread_and_comes_last(shelf: Any) -> None:
    for stage, series in {"a": [1.0], "b": [math.nan], "c": [3.0], "d": []}.items():
        shelf.put(tags={"stage": stage}, metrics={"acc": series} if series else {})
    shelf.put(tags={"stage": "e"}, metrics={"acc": [math.inf]})
    shelf.put(tags={"stage": "e"}, metrics={"acc": [-math.inf]})
    groups = {group.value: group for group in grouped(shelf, "tags.stage", metrics=["acc"])}
    assert {value for value, group in groups.items() if group.metrics} == {"a", "c", "e"}
    assert groups["a"].metrics["acc"] == c.Spread(1.0, 0.0, 1.0, 1.0, 1)
    assert math.isnan(groups["e"].metrics["acc"].mean)
    for sort, order in (("acc", "acebd"), ("-acc", "caebd")):
        assert "".join(group.value for group in grouped(shelf, "tags.stage", metrics=["acc"], sort=sort)) == order


def test_groups_are_sorted_and_cut(shelf: Any) -> None:
    for value in (1, 2, 2, 3, 3, 3, 4, 4):
        shelf.put(params={"x": value}, metrics={"acc": [10.0 - value]})
    orders = {
        "value": [1, 2, 3, 4],
        "-value": [4, 3, 2, 1],
        "runs": [1, 2, 4, 3],
        "-runs": [3, 2, 4, 1],
        "acc": [4, 3, 2, 1],
        "-acc": [1, 2, 3, 4],
    }
    for sort, order in orders.items():
        request = {"metrics": ["acc"], "sort": sort}
        assert [group.value for group in grouped(shelf, "params.x", **request)] == order
        answer = shelf.tables.groups(c.GroupsRequest(by="params.x", **request, offset=1, limit=2))
        assert ([group.value for group in answer.groups], answer.total) == (order[1:3], 4)
    assert shelf.tables.groups(c.GroupsRequest(by="params.x", offset=10**9)).groups == []


@pytest.mark.parametrize(
    ("request_", "message", "hint"),
    [
        ({"by": "params.lrr"}, "No run has a param 'lrr'", "Closest: params.lr."),
        ({"by": "tags.stag"}, "No run has a tag 'stag'", "tags.stage"),
        ({"by": "params." + "x" * 10_000}, "No run has a param", ""),
        ({"by": "metrics.acc"}, "cannot be grouped by a metric", "params"),
        ({"by": "expermint"}, "'expermint' is nothing to group by", "Closest: experiment"),
        ({"by": "name"}, "nothing to group by", ""),
        ({"by": ""}, "nothing to group by", ""),
        ({"by": "params"}, "nothing to group by", ""),
        ({"by": "lr"}, "nothing to group by", ""),
        ({"by": "<script>\0\ud800"}, "nothing to group by", ""),
        ({"by": "x" * 10_000}, "nothing to group by", ""),
        ({"metrics": ["ac"]}, "No run has a metric 'ac'", "Closest: acc."),
        ({"metrics": ["acc.count"]}, "No run has a metric", "acc"),
        ({"metrics": ["acc", "y" * 10_000]}, "No run has a metric", ""),
        ({"sort": "acc"}, "cannot be sorted by 'acc'", "value"),
        ({"sort": "rums", "metrics": ["acc"]}, "cannot be sorted by 'rums'", "Closest: runs"),
        ({"sort": "--runs"}, "cannot be sorted", ""),
        ({"sort": ""}, "cannot be sorted", ""),
        ({"offset": -1}, "offset -1", ""),
        ({"limit": -1}, "limit -1", ""),
        ({"limit": 10_001}, "limit 10001", ""),
        ({"offset": 10**30}, "offset", ""),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_cannot_be_grouped_is_refused_with_what_is_near(
    shelf: Any, request_: dict[str, Any], message: str, hint: str
) -> None:
    shelf.put(params={"lr": 1}, tags={"stage": "x"}, metrics={"acc": [1.0]})
    with pytest.raises(InvalidOption) as raised:
        shelf.tables.groups(c.GroupsRequest(**request_))
    assert message in raised.value.message
    assert hint in raised.value.hint
    assert len(raised.value.message) < 200


def test_a_mistake_in_a_filter_is_told(shelf: Any) -> None:
    shelf.put(params={"lr": 1})
    with pytest.raises(FilterError):
        grouped(shelf, "params.lr", filter="params.lr > >")


def test_a_selection_without_runs_has_no_groups(shelf: Any) -> None:
    assert shelf.tables.groups(c.GroupsRequest()) == c.Groups([], 0, 0)
    assert not shelf.project.folder.exists()
    shelf.put(params={"lr": 1}, metrics={"acc": [1.0]}, trashed=True)
    assert grouped(shelf, "params.lr", metrics=["acc"], sort="-acc") == []
    assert [group.value for group in grouped(shelf, "params.lr", trashed=True)] == [1]


@pytest.mark.parametrize("gone", [[], ["run0"], ["run2"], ["run1", "run3"], ["run4"]])
def test_runs_that_were_deleted_for_good_are_in_no_group(shelf: Any, gone: list[str]) -> None:
    for value in (1, 2, 2, 1, None):
        shelf.put(params={"x": value})
    shelf.put(params={"x": 2}, trashed=True)
    editing = EditingService(shelf.reads)
    if gone:
        editing.trash(RunsRequest(gone))
        editing.purge()
    names = {"run0", "run1", "run2", "run3", "run4"} - set(gone)
    groups = grouped(shelf, "params.x")
    assert sum(group.runs for group in groups) == len(names)
    for group in groups:
        assert len(names_of(shelf, group.where)) == group.runs


def test_groups_are_made_once_until_the_file_changes(shelf: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []
    real = groups_module.grouped
    monkeypatch.setattr(groups_module, "grouped", lambda *args: made.append(1) or real(*args))
    for value in (1, 2, 2):
        shelf.put(params={"x": value}, metrics={"acc": [1.0]})
    for request in ({}, {"sort": "-runs"}, {"offset": 1, "limit": 1}, {"sort": "-value"}):
        shelf.tables.groups(c.GroupsRequest(by="params.x", **request))
    assert len(made) == 1
    grouped(shelf, "params.x", metrics=["acc"])
    EditingService(shelf.reads).trash(RunsRequest(["run1"]))
    assert [group.runs for group in grouped(shelf, "params.x")] == [1, 1]
    assert len(made) == 3


# -- the arithmetic


def exact(numbers: list[float]) -> tuple[float, float]:
    """(mean, sample standard deviation) by fractions."""
    fractions = [Fraction(number) for number in numbers]
    mean = sum(fractions) / len(fractions)
    if len(numbers) == 1:
        return float(mean), 0.0
    return float(mean), statistics.stdev(fractions, mean)


finite = st.floats(allow_nan=False, allow_infinity=False)
near = st.sampled_from([1e308, 1e308, -1e308, 5e-324, 1e-320, 1e9 + 0.1, 1e9 + 0.2, 1e9 + 0.3, 0.1, 0.1, -0.0])


@settings(deadline=None, max_examples=300)
@given(st.lists(st.lists(finite, min_size=1) | st.lists(near, min_size=1, max_size=30), min_size=1, max_size=5))
def test_mean_and_deviation_keep_their_digits(parts: list[list[float]]) -> None:
    import numpy as np

    groups = np.array([at for at, part in enumerate(parts) for _ in part])
    mixed = np.random.default_rng(0).permutation(len(groups))
    values = np.array([number for part in parts for number in part])
    found = spreads(groups[mixed], values[mixed], len(parts) + 1)
    assert (found.numbers[-1], math.isnan(found.mean[-1])) == (0, True)
    for at, part in enumerate(parts):
        mean, sd = exact(part)
        largest = max(map(abs, part))
        assert found.mean[at] == pytest.approx(mean, rel=1e-12, abs=largest * 1e-13)
        assert found.sd[at] == pytest.approx(sd, rel=1e-9, abs=largest * 1e-13) or sd > 1.7e308
        assert (found.low[at], found.high[at], found.numbers[at]) == (min(part), max(part), len(part))
        assert found.low[at] <= found.mean[at] <= found.high[at]


@pytest.mark.parametrize(
    ("numbers", "mean", "sd"),
    [
        ([0.1] * 7, 0.1, 0.0),
        ([1e9, 1e9 + 1, 1e9 + 2], 1e9 + 1, 1.0),
        ([1.7e308, 1.7e308], 1.7e308, 0.0),
        ([math.inf], math.inf, 0.0),
        ([math.inf, 1.0], math.inf, math.nan),
        ([-math.inf, -math.inf], -math.inf, math.nan),
        ([math.inf, -math.inf], math.nan, math.nan),
        ([5e-324, 5e-324], 5e-324, 0.0),
    ],
)
def test_odd_numbers_have_a_mean_all_the_same(numbers: list[float], mean: float, sd: float) -> None:
    import numpy as np

    found = spreads(np.zeros(len(numbers), dtype=np.int64), np.array(numbers), 1)
    assert repr((float(found.mean[0]), float(found.sd[0]))) == repr((mean, sd))
