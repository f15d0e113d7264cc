"""Names and values: stored exactly, or refused with a sentence that helps."""

from __future__ import annotations

import datetime
import enum
import math
import pathlib
import sqlite3
import struct
from contextlib import closing
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nbtrack.base.errors import InvalidValue
from nbtrack.runs import values
from nbtrack.runs.values import check_name, check_text, decode, encode, flatten, metric_value, param_value

ANY_TEXT = st.text(st.characters(codec=None), max_size=50)  # with lone surrogates and NUL
PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT
NESTED = st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4))


def exactly(value: Any) -> Any:
    """A form in which NaN equals NaN, and −0.0 is not 0.0, nor True 1, nor 1.0 1."""
    if isinstance(value, float):
        return ("float", struct.pack("<d", value) if value == value else "nan")
    if isinstance(value, list):
        return [exactly(one) for one in value]
    if isinstance(value, dict):
        return [(key, exactly(one)) for key, one in value.items()]
    return (type(value), value)


def through_sqlite(value: Any) -> Any:
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.execute("CREATE TABLE params (type TEXT, value ANY, exact ANY) STRICT")
        conn.execute("INSERT INTO params VALUES (?, ?, ?)", encode(value))
        return decode(*conn.execute("SELECT type, value, exact FROM params").fetchone())


@given(PLAIN)
@example(math.nan)
@example(math.inf)
@example(-math.inf)
@example(-0.0)
@example(5e-324)
@example((1 << 63) - 1)
@example(1 << 63)
@example(-(1 << 63))
@example(-(1 << 63) - 1)
@example(1 << 5000)
@example("\ud800 half")
@example("nul \0 inside")
@example("")
@example(True)
def test_what_is_stored_comes_back_exactly(value: Any) -> None:
    assert exactly(through_sqlite(value)) == exactly(value)


@given(st.lists(NESTED, max_size=4) | st.dictionaries(ANY_TEXT, NESTED, max_size=4))
def test_lists_and_dicts_come_back_exactly(value: Any) -> None:
    try:
        plain = param_value("p", value)
    except InvalidValue:  # two halves of a character side by side
        return
    assert exactly(through_sqlite(plain)) == exactly(value)


@given(st.integers())
def test_integers_sort_as_numbers_also_beyond_64_bits(value: int) -> None:
    stored = encode(value)[1]
    assert stored == pytest.approx(value)


def test_an_integer_that_python_will_not_write_is_refused() -> None:
    with pytest.raises(InvalidValue, match="bits"):
        param_value("p", 10**5000)
    with pytest.raises(InvalidValue, match="'p'"):
        param_value("p", [10**5000])


def test_a_string_of_ten_megabytes_is_refused_with_the_way_out() -> None:
    with pytest.raises(InvalidValue, match=r"'p' has 10,000,000 characters.*log_text"):
        param_value("p", "x" * 10_000_000)
    with pytest.raises(InvalidValue, match="characters"):
        param_value("p", ["x" * 10_000_000])
    with pytest.raises(InvalidValue, match=r"10,000,000 characters.*log_text"):
        check_text("A note", "x" * 10_000_000)
    assert param_value("p", "x" * values.MAX_PARAM) == "x" * values.MAX_PARAM


def test_two_halves_of_a_character_side_by_side_are_refused() -> None:
    with pytest.raises(InvalidValue, match="two halves"):
        param_value("p", "\ud83d\ude00")
    with pytest.raises(InvalidValue, match="two halves"):
        param_value("p", ["\ud83d\ude00"])
    assert param_value("p", "\ude00\ud83d") == "\ude00\ud83d"


class Colour(enum.Enum):
    RED = "red"


@pytest.mark.parametrize(
    ("given_value", "plain"),
    [
        (np.float32(0.5), 0.5),
        (np.float64(-0.0), -0.0),
        (np.int64(7), 7),
        (np.uint64((1 << 64) - 1), (1 << 64) - 1),
        (np.bool_(True), True),
        (np.str_("a"), "a"),
        (np.array(3), 3),
        (np.array([3.5]), 3.5),
        ((1, 2), (1, 2)),
        ({3, 1, 2}, [1, 2, 3]),
        (Colour.RED, "red"),
        (pathlib.PurePosixPath("a/b"), "a/b"),
        (datetime.date(2024, 2, 29), "2024-02-29"),
        (math.sin, "sin"),
        (Colour, "Colour"),
    ],
)
def test_what_is_nearly_plain_becomes_plain(given_value: Any, plain: Any) -> None:
    assert exactly(param_value("p", given_value)) == exactly(plain)


@pytest.mark.parametrize("value", [object(), np.zeros((3, 3)), b"bytes", 1j, [object()], {1: {2}}])
def test_what_is_no_plain_value_is_refused(value: Any) -> None:
    with pytest.raises(InvalidValue, match="'p'"):
        param_value("p", value)


def test_a_list_that_holds_itself_is_refused() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(InvalidValue, match="'p'"):
        param_value("p", loop)


def test_a_value_whose_repr_raises_is_refused_all_the_same() -> None:
    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError

    with pytest.raises(InvalidValue, match="<Broken>"):
        param_value("p", Broken())


@given(st.floats() | st.booleans() | st.integers(-(1 << 53), 1 << 53))
def test_metrics_are_floats_bit_for_bit(value: Any) -> None:
    assert exactly(metric_value("m", value)) == exactly(float(value))


@given(st.integers((1 << 53) + 1) | st.integers(max_value=-(1 << 53) - 1))
def test_an_integer_metric_is_exact_or_refused(value: int) -> None:
    fits = abs(value) < 1 << 1023 and int(float(value)) == value
    if fits:
        assert int(metric_value("m", value)) == value
    else:
        with pytest.raises(InvalidValue, match="cannot hold exactly"):
            metric_value("m", value)


@pytest.mark.parametrize(
    "value", ["0.5", None, [0.5], np.zeros(2), 1j, object(), 10**400, (1 << 53) + 1, float, b"1", {"a": {}}]
)
def test_what_is_no_number_is_no_metric(value: Any) -> None:
    with pytest.raises(InvalidValue, match="'m'"):
        metric_value("m", value)


@pytest.mark.parametrize("value", [np.float16(0.5), np.float32(0.5), np.array([[0.5]])])
def test_numpy_scalars_are_metrics(value: Any) -> None:
    assert metric_value("m", value) == 0.5


@given(ANY_TEXT)
@example("a.b.c")
@example("'; DROP TABLE runs; --")
@example("<img src=x onerror=alert(1)>")
@example('"quoted" and `ticked`')
@example("日本語 🎉")
@example(" ")
@example("a\0b")
@example("tab\there")
@example("\ud800")
@example("\x7f")
def test_a_name_is_kept_as_it_is_or_refused(name: str) -> None:
    bad = not name.strip() or any(ord(c) < 32 or 0xD800 <= ord(c) <= 0xDFFF or ord(c) == 127 for c in name)
    if bad:
        with pytest.raises(InvalidValue, match="name of a metric"):
            check_name("metric", name)
    else:
        assert check_name("metric", name) == name


@pytest.mark.parametrize("name", [None, 3, b"bytes", "", "\n", "x" * 1001])
def test_what_is_no_name_is_refused(name: Any) -> None:
    with pytest.raises(InvalidValue, match="name of a run"):
        check_name("run", name)


@pytest.mark.parametrize("text", [None, b"bytes", ["a"], "a\0b", "\ud800"])
def test_what_is_no_text_is_refused(text: Any) -> None:
    with pytest.raises(InvalidValue, match="A note"):
        check_text("A note", text)


def test_nested_values_get_dotted_names_and_an_empty_mapping_stays_a_value() -> None:
    found = dict(flatten({"opt": {"lr": 1, "more": {"a": 2}}, "none": {}, 3: 4}))
    assert found == {"opt.lr": 1, "opt.more.a": 2, "none": {}, "3": 4}


def test_a_mapping_that_holds_itself_is_refused() -> None:
    loop: dict[str, Any] = {}
    loop["again"] = loop
    with pytest.raises(InvalidValue, match="hold itself"):
        list(flatten(loop))


def test_a_key_that_is_no_string_is_refused() -> None:
    with pytest.raises(InvalidValue, match="Keys must be strings"):
        list(flatten({("a", "b"): 1}))
