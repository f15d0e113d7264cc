"""Answers that are kept."""

from __future__ import annotations

import pytest

from nbtrack.runs.memory import Kept, Patience


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, in seconds, as these tests set it: no busy machine makes a quick answer a slow one."""
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    return now


@pytest.mark.usefixtures("clock")
def test_a_quick_answer_is_made_each_time() -> None:
    patience, made = Patience(), iter(range(10))
    assert [patience.get("same", lambda: next(made)) for _ in range(3)] == [0, 1, 2]


def test_a_slow_answer_is_kept_until_it_is_about_something_else_or_old(clock: list[float]) -> None:
    patience, made = Patience(), iter(range(10))

    def slow() -> int:
        clock[0] += 0.06
        return next(made)

    assert [patience.get("one", slow) for _ in range(3)] == [0, 0, 0]
    assert patience.get("other", slow) == 1
    clock[0] += 1.2  # twenty times what it took
    assert patience.get("other", slow) == 2


def test_what_is_kept_is_the_latest_under_its_sign_and_the_oldest_half_falls_off() -> None:
    kept = Kept(4)
    for number in range(4):
        kept.put(number, f"value {number}")
    kept.put(0, "another")
    assert [kept.get(number) for number in range(5)] == ["another", "value 1", "value 2", "value 3", None]
    kept.put(4, "value 4")
    assert [kept.get(number) for number in range(5)] == ["another", None, None, "value 3", "value 4"]
