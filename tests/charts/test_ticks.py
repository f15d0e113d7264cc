"""Ticks of an axis."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbtrack.charts.ticks import bounds, linear_ticks, log_ticks, short

finite = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(finite, min_size=1), st.integers(1, 9), st.booleans())
def test_ticks_of_any_values_lie_between_them_and_read_differently(values: list[float], most: int, whole: bool) -> None:
    low, high = bounds(values)
    assert low < high
    assert all(low <= value <= high for value in values)
    ticks = linear_ticks(low, high, most, whole)
    assert len(ticks) <= most + 1
    slack = 1e-6 * (high / 2 - low / 2)
    assert all(low - slack <= at <= high + slack for at, _ in ticks)
    assert all(before < after for (before, _), (after, _) in pairwise(ticks))
    assert len({text for _, text in ticks}) == len(ticks)
    assert all(float(text.replace(",", "")) == pytest.approx(at, rel=1e-6, abs=slack) for at, text in ticks)


@given(st.integers(-300, 300), st.integers(1, 300), st.integers(1, 9))
def test_log_ticks_are_powers_of_ten(low: int, decades: int, most: int) -> None:
    high = min(low + decades, 307)
    ticks = log_ticks(10.0**low, 10.0**high, most)
    assert 1 <= len(ticks) <= most + 1
    assert all(float(text) == pytest.approx(at) for at, text in ticks)
    assert all(math.log10(at) == pytest.approx(round(math.log10(at))) for at, _ in ticks)


def test_ticks_are_round_and_short() -> None:
    assert [text for _, text in linear_ticks(0, 1, 5)] == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]
    assert [text for _, text in linear_ticks(0, 12_000, 5)] == ["0", "5,000", "10,000"]
    assert [text for _, text in linear_ticks(0, 2e6, 4)] == ["0", "5e5", "1e6", "1.5e6", "2e6"]
    assert [text for _, text in linear_ticks(-2e-5, 2e-5, 4)] == ["-2e-5", "-1e-5", "0", "1e-5", "2e-5"]
    assert [text for _, text in linear_ticks(0, 2, 5, whole=True)] == ["0", "1", "2"]
    assert [text for _, text in log_ticks(0.002, 300, 5)] == ["0.01", "0.1", "1", "10", "100"]


def test_what_cannot_be_divided_has_no_ticks() -> None:
    assert linear_ticks(1.0, 1.0, 5) == []
    assert linear_ticks(-1.7e308, 1.7e308, 5) == []
    assert linear_ticks(0.0, 5e-324, 5) == []


@pytest.mark.parametrize(("value", "text"), [(0.123456, "0.123"), (-0.0, "0"), (1.5e6, "1.5e6"), (2e-7, "2e-7")])
def test_a_number_is_short(value: float, text: str) -> None:
    assert short(value) == text
