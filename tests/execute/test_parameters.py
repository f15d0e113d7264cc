"""Params put into notebooks: behind a tagged cell, in place of literals, and refused by name."""

from __future__ import annotations

from typing import Any

import nbformat
import pytest

from nbtrack.base.errors import InvalidOption
from nbtrack.execute.parameters import inject, read_param, settable


def code(source: str, *tags: str) -> Any:
    new: Any = nbformat.v4.new_code_cell
    return new(source, metadata={"tags": list(tags)})


def text(source: str) -> Any:
    new: Any = nbformat.v4.new_markdown_cell
    return new(source)


def sources(cells: list[Any]) -> list[str]:
    return [cell["source"] for cell in cells]


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ("lr=0.1", 0.1), ("n=3", 3), ("kind=rbf", "rbf"), ("kind='3'", "3"), ("on=True", True), ("none=None", None),
        ("sizes=[1, 2]", [1, 2]), ("eq=a=b", "a=b"), ("empty=", ""), ("deep=((((", "(((("),
    ],
)  # fmt: skip
def test_a_param_is_a_literal_or_else_a_text(given: str, value: Any) -> None:
    assert read_param(given) == (given.partition("=")[0], value)


@pytest.mark.parametrize("given", ["lr", "=3", " =3"])
def test_what_is_no_param_is_refused(given: str) -> None:
    with pytest.raises(InvalidOption, match=r"Write it like -p lr=0\.1"):
        read_param(given)


def test_a_cell_goes_behind_the_tagged_one_and_replaces_one_from_before() -> None:
    cells = [
        text("# hi"), code("lr = 0.01\nkind = 'a'", "parameters"), code("lr = 7", "injected-parameters"), code("lr")
    ]  # fmt: skip
    made = inject(cells, {"lr": 0.5, "kind": 'say "hi"'})
    assert sources(made) == ["# hi", "lr = 0.01\nkind = 'a'", "# Parameters\nlr = 0.5\nkind = 'say \"hi\"'", "lr"]
    assert made[2]["metadata"]["tags"] == ["injected-parameters"]
    assert len(cells) == 4
    assert settable(cells) == {"lr": 0.01, "kind": "a"}


def test_without_a_tagged_cell_literals_are_replaced_where_they_stand() -> None:
    cells = [code("%load_ext nbtrack\nlr = 0.01  # rate"), text("lr = 3"), code("%%track\ndepth = 2\nx = depth * lr")]
    made = inject(cells, {"depth": 9, "lr": 1.0})
    assert sources(made) == ["%load_ext nbtrack\nlr = 1.0  # rate", "lr = 3", "%%track\ndepth = 9\nx = depth * lr"]
    assert cells[2]["source"].startswith("%%track\ndepth = 2")
    assert settable(cells) == {"lr": 0.01, "depth": 2}


def test_a_name_that_nothing_sets_is_refused_with_those_that_can_be_set() -> None:
    with pytest.raises(InvalidOption, match=r"no param 'rate' to set.*In it can be set: lr=0\.01"):
        inject([code("lr = 0.01")], {"rate": 1})
    with pytest.raises(InvalidOption, match=r"cell tagged 'parameters' can be set: a=1"):
        inject([code("a = 1", "parameters"), code("b = 2")], {"b": 1})
    with pytest.raises(InvalidOption, match="Tag a cell that assigns it"):
        inject([code("lr = f()")], {"lr": 1})


def test_a_name_that_several_cells_set_is_refused_with_their_places() -> None:
    with pytest.raises(InvalidOption, match="'lr' is set in the cells 1, 3"):
        inject([code("lr = 1"), text("."), code("lr = 2")], {"lr": 3})


def test_cells_that_do_not_parse_or_are_of_another_language_are_passed_over() -> None:
    cells = [code("def ("), code("%%bash\nlr=3"), code("a = [1,\n     2]")]
    assert settable(cells) == {"a": [1, 2]}
    assert sources(inject(cells, {"a": [3, 4]}))[2] == "a = [3,\n     4]"
