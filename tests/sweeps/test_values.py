"""The values that a sweep gives to a param, and what a sweep as a whole is asked to do."""

from __future__ import annotations

import math
from typing import Any

import pytest

from nbtrack.base.errors import InvalidOption
from nbtrack.sweeps.spec import checked, seconds
from nbtrack.sweeps.values import Choices, Range, axis_of, read_axis


@pytest.mark.parametrize(
    ("text", "name", "values"),
    [
        ("lr=0.1,0.01", "lr", [0.1, 0.01]),
        ("lr=0.1", "lr", [0.1]),
        ("depth=2:6", "depth", [2, 3, 4, 5, 6]),
        ("depth=2:10:4", "depth", [2, 6, 10]),
        ("depth=2:9:4", "depth", [2, 6]),
        ("x=0:1:0.25", "x", [0.0, 0.25, 0.5, 0.75, 1.0]),
        ("x=0.1:0.3:0.1", "x", [0.1, 0.2, 0.3]),
        ("x=-1:1", "x", [-1, 0, 1]),
        ("lr=1e-4:1e-1:log", "lr", [0.0001, 0.001, 0.01, 0.1]),
        ("lr=1e-2:1:log5", "lr", [0.01, 0.0316228, 0.1, 0.316228, 1.0]),
        ("n=1:1000:log", "n", [1, 10, 100, 1000]),
        ("opt=adam,sgd", "opt", ["adam", "sgd"]),
        ("opt='a,b',c", "opt", ["a,b", "c"]),
        ("layers=[64],[64, 32]", "layers", [[64], [64, 32]]),
        ("flag=True,False,None", "flag", [True, False, None]),
        ("x=1/4,2**3", "x", [0.25, 8]),
        ("x=1,1.0,True,1", "x", [1, 1.0, True]),
        ("x=inf,-inf", "x", [math.inf, -math.inf]),
        ("x=1,2,", "x", [1, 2]),
        ("Model.max_iter = 100, 200", "Model.max_iter", [100, 200]),
        ("host=db:80a", "host", ["db:80a"]),
        ("model=org/name,other", "model", ["org/name", "other"]),
    ],
)
def test_values_are_literals_words_and_ranges(text: str, name: str, values: list[Any]) -> None:
    found, axis = read_axis(text)
    assert (found, repr(axis.listed(found))) == (name, repr(values))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lr", "gives no values"),
        ("=1", "gives no values"),
        ("lr=", "gives no values"),
        ("lr=1,,2", "nothing between two commas"),
        ("lr=[1,2", "not closed"),
        ("lr={'a': 1}", "no value of a param"),
        ("lr=f(x)", "is no value"),
        ("x=6:2", "goes from 6 to 2"),
        ("x=1:5:0", "the step is 0"),
        ("x=1:5:fast", "is no step"),
        ("x=0:1:log", "has no logarithm"),
        ("x=1:10:logx", "says no count"),
    ],
)
def test_what_is_no_value_is_said(text: str, said: str) -> None:
    with pytest.raises(InvalidOption, match=said):
        read_axis(text)


@pytest.mark.parametrize(("text", "said"), [("x=0.1:0.5", "does not say which"), ("x=1:100000", "at most 10,000")])
def test_a_grid_needs_to_know_which_and_not_too_many(text: str, said: str) -> None:
    name, axis = read_axis(text)
    with pytest.raises(InvalidOption, match=said):
        axis.listed(name)


def test_a_call_gives_lists_or_the_text_of_a_line() -> None:
    assert axis_of("x", [1, 2]).listed("x") == [1, 2]
    assert axis_of("x", range(3)).listed("x") == [0, 1, 2]
    assert axis_of("x", "2:4") == Range(2, 4)
    for odd in ({"a": 1}, 5, [], None):
        with pytest.raises(InvalidOption, match="x"):
            axis_of("x", odd)


def test_an_endless_generator_is_not_consumed_for_ever() -> None:
    import itertools

    with pytest.raises(InvalidOption, match="at most"):
        axis_of("x", itertools.count())


def test_a_grid_is_every_combination_the_last_the_fastest() -> None:
    spec = checked({"a": Choices((1, 2)), "b": Range(1, 2)})
    assert list(spec.combinations()) == [{"a": 1, "b": 1}, {"a": 1, "b": 2}, {"a": 2, "b": 1}, {"a": 2, "b": 2}]
    assert spec.count() == 4


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"maximize": "a", "minimize": "b"}, "Both"),
        ({"trials": 5}, "is for a search"),
        ({"seed": 5}, "is for a search"),
        ({"search": "magic", "maximize": "a"}, "Use one of tpe"),
        ({"search": "tpe"}, "which metric decides"),
        ({"search": "tpe", "maximize": "a", "trials": 0}, "--trials 0"),
        ({"timeout": 0.0}, "--timeout 0"),
    ],
)
def test_what_does_not_go_together_is_said(options: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidOption, match=said):
        checked({"x": Choices((1,))}, **options)


def test_a_million_combinations_are_refused_with_another_way() -> None:
    with pytest.raises(InvalidOption, match=r"1,000,000 combinations.*--search"):
        checked({name: Range(1, 100) for name in "abc"})


@pytest.mark.parametrize(("text", "value"), [("90", 90.0), ("90s", 90.0), ("10m", 600.0), ("1.5 h", 5400.0)])
def test_a_time_has_a_unit_or_is_seconds(text: str, value: float) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["", "soon", "-5", "5 days", "nan", "inf"])
def test_another_time_is_refused(text: str) -> None:
    with pytest.raises(InvalidOption, match="is no time"):
        seconds(text)


def test_what_is_stored_of_a_sweep_is_strict_json_without_secrets() -> None:
    import json

    token = "ghp_" + "a1B2c3D4e5" * 3 + "f6G7h8"
    spec = checked({"x": Choices((math.inf, math.nan)), "key": Choices((token,)), "t": Choices(((1, 2),))})
    text = json.dumps(spec.about(), allow_nan=False)
    assert token not in text
    assert json.loads(text)["axes"]["t"] == [[1, 2]]
