"""The clock is set while a run records, and values at the edge go through another process."""

from __future__ import annotations

from tests.faults import clocks


def test_the_clock_may_be_set_and_each_value_is_exact_or_refused() -> None:
    clock, values = clocks.rows(long=False)
    if not clock.skipped:
        assert (clock.injected, clock.lost, clock.corrupt, clock.unclear) == (2, 0, 0, 0), clock.note
        assert clock.met, clock.canary
    assert (values.lost, values.unclear) == (0, 0), values.note
    assert values.met
    assert values.injected > 90


def test_a_changed_bit_is_seen() -> None:
    assert not clocks.same(-0.0, 0.0)
    assert not clocks.same([1, float("nan")], [1, 0.0])
    assert not clocks.same(1, True)
    assert clocks.same([float("nan"), -0.0], [float("nan"), -0.0])
