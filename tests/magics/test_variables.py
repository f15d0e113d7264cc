"""The variables in a magic's line are those that IPython itself would put in."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from IPython.utils.text import DollarFormatter

from nbtrack.magics.variables import expanded
from nbtrack.sdk.verbs.parsing import LONGEST

NAMES: dict[str, Any] = {"lr": 0.1, "name": "forest", "deep": [{"x": 5}], "a": "one two"}
PIECES = ("{lr}", "$lr", "$$lr", "{{", "}}", "{", "}", "$", "'", '"', "$a", "{deep[0]['x']}", "{a!r}", "{name[1:3]}",
          " ", "x", ".", "$name.upper", "{nobody}", "$nobody", "{1/0}", "{lr:.3f}", "\\", "é", "$5")  # fmt: skip


def of_ipython(line: str) -> str:
    """What IPython makes of it."""
    try:
        return DollarFormatter().vformat(line, [], dict(NAMES))
    except Exception:  # noqa: BLE001 (as its var_expand does)
        return line


@settings(max_examples=150)
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_a_line_is_expanded_as_ipython_does(line: str) -> None:
    assert expanded(line, NAMES) == of_ipython(line)


@pytest.mark.parametrize(
    ("line", "made"),
    [
        ("--name {name} $lr", "--name forest 0.1"),
        ("costs $$5", "costs $5"),
        ("it's '$lr' $lr", "it's '$lr' 0.1"),
        ("'$lr' $lr", "'$lr' 0.1"),
        ("{{lr}}", "{lr}"),
        ("{name} {nobody}", "{name} {nobody}"),
        ("}", "}"),
    ],
)
def test_what_stands_for_what(line: str, made: str) -> None:
    assert expanded(line, NAMES) == made == of_ipython(line)


def test_the_names_of_a_function_go_before_those_of_the_notebook() -> None:
    assert expanded("{lr} $a", NAMES, {"lr": 2}) == "2 one two"


@pytest.mark.parametrize("line", ["$lr'", "x", "$$x ", "$", "{{"])
def test_the_longest_line_that_is_read_is_expanded_in_no_time(line: str) -> None:
    text = line * (LONGEST // len(line))  # IPython takes minutes for it
    assert len(expanded(text, NAMES)) <= len(text)
    assert expanded(text + "{lr}" * 10, NAMES).count("{lr}") >= 10, "a longer one stays as it is"
