"""Answers that are kept."""

from __future__ import annotations

import time

from nbtrack.runs.memory import Kept, Patience


def test_a_quick_answer_is_made_each_time() -> None:
    patience, made = Patience(), iter(range(10))
    assert [patience.get("same", lambda: next(made)) for _ in range(3)] == [0, 1, 2]


def test_a_slow_answer_is_kept_until_it_is_about_something_else() -> None:
    patience, made = Patience(), iter(range(10))

    def slow() -> int:
        time.sleep(0.06)
        return next(made)

    assert [patience.get("one", slow) for _ in range(3)] == [0, 0, 0]
    assert patience.get("other", slow) == 1


def test_what_is_kept_is_the_latest_under_its_sign_and_the_oldest_half_falls_off() -> None:
    kept = Kept(4)
    for number in range(4):
        kept.put(number, f"value {number}")
    kept.put(0, "another")
    assert [kept.get(number) for number in range(5)] == ["another", "value 1", "value 2", "value 3", None]
    kept.put(4, "value 4")
    assert [kept.get(number) for number in range(5)] == ["another", None, None, "value 3", "value 4"]
