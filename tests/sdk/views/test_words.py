"""How numbers, times and sizes read."""

from __future__ import annotations

import math

import pytest

from nbtrack.base import words
from nbtrack.sdk.views.grid import cells, cut, grid


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 ms"),
        (0.0002, "< 1 ms"),
        (0.34, "340 ms"),
        (0.9996, "1.0 s"),
        (1.24, "1.2 s"),
        (59.96, "1 min"),
        (184, "3 min 4 s"),
        (3599.7, "1 h"),
        (7500, "2 h 5 min"),
        (86400 * 2 + 3600, "2 d 1 h"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert words.duration(seconds) == text


def test_times_are_told_as_people_do_and_never_fail() -> None:
    assert words.ago(1000.0, 1003.0) == "just now"
    assert words.ago(1000.0, 1200.0) == "3 min ago"
    assert words.ago(1000.0, 1000.0 + 3 * 3600) == "3 h ago"
    assert "1970" in words.ago(1000.0, 1.7e9)
    assert words.when(1e300) == words.MISSING
    assert words.when(math.nan) == words.MISSING


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.97341, "0.9734"),
        (12345.0, "12,345"),
        (3.0, "3"),
        (1.5e-7, "1.5e-07"),
        (math.nan, "nan"),
        (-math.inf, "-inf"),
        (1e300, "1e+300"),
    ],
)
def test_numbers_have_four_digits(value: float, text: str) -> None:
    assert words.number(value) == text


def test_the_numbers_of_a_column_share_their_decimals() -> None:
    write = words.column_of([0.97, 0.8, math.nan])
    assert [write(one) for one in (0.97, 0.8, math.nan, -0.5)] == ["0.9700", "0.8000", "nan", "-0.5000"]
    assert words.column_of([1e-6, 1.0])(1e-6) == "1e-06"
    assert words.column_of([3.0, 1200.0])(1200.0) == "1,200"
    assert words.column_of([])(0.5) == "0.5"


def test_differences_have_a_sign_and_a_percentage_where_that_says_something() -> None:
    assert words.signed(0.5) == "+0.5"
    assert words.signed(-0.5) == "−0.5"
    assert words.percent(1.5, 1.0) == "+50.0%"
    assert words.percent(1.5, 0.0) == ""
    assert words.percent(math.inf, 1.0) == ""
    assert words.percent(1e308, 1e-308) == ""


def test_values_are_written_as_one_would_type_them() -> None:
    shown = [words.value(one) for one in (0.001, 3, True, None, "adam", "", " ", [1, "a"], 10**5000)]
    assert shown[:8] == ["0.001", "3", "True", "None", "adam", "''", "' '", '[1, "a"]']
    assert "bits" in shown[8]
    assert len(words.value("x" * 10_000)) <= 200


def test_sizes() -> None:
    assert [words.size(one) for one in (0, 999, 1000, 123_456_789)] == ["0 B", "999 B", "1.0 kB", "123 MB"]


def test_wide_characters_count_twice() -> None:
    assert cells("模型") == 4
    assert cut("模型模型", 5) == "模型…"
    assert cells("e\u0301") == 1


def test_a_grid_never_grows_wider_than_it_may() -> None:
    head = [f"column {place}" for place in range(12)]
    rows = [["模型" * 20, *("value" * 9 for _ in range(11))] for _ in range(3)]
    for width in (20, 40, 80, 200):
        text = grid(head, rows, width, keep=2)
        assert max(cells(line) for line in text.splitlines()) <= width
        assert len(text.splitlines()) == 5
