"""Another process keeps the database locked: logging goes on, and nobody waits for as long as the lock is held."""

from __future__ import annotations

import pytest

from . import locks

HELD = 2.0
HUNG = 40.0  # seconds; before, the ingest thread kept its turn for sixty


def test_logging_goes_on_while_another_process_keeps_the_database_locked() -> None:
    found = locks.held(HELD)
    assert (found.lost, found.corrupt) == (0, [])
    assert len(found.took) > 100, "nothing was at stake"
    assert found.quantile(0.9) < 1000 * HELD / 10, (
        "nine of ten do not wait; the soak looks at one in a thousand and at milliseconds, which a busy machine takes"
    )
    assert found.found == 2, "what is in the file can be read meanwhile"
    assert found.shown.count("locked by another process") == 1, "who reads is told that it may be old"
    assert found.read < HUNG


@pytest.mark.parametrize("mode", ["write", "all"])
def test_ctrl_c_is_heard_and_the_process_ends_while_the_lock_is_held(mode: str) -> None:
    found = locks.held(HELD, mode, interrupt=True, leave=True)
    assert (found.lost, found.corrupt) == (0, [])
    assert found.heard is not None
    assert found.heard < HUNG
    assert found.end < HUNG
    assert found.left < HUNG
    assert all(line.startswith("nbtrack: ") for line in found.shown.splitlines())
    if mode == "all":
        assert "Try again" in str(found.found), "nobody can read: it is said why, and what to do"


def test_a_tracked_cell_is_not_held_up_and_nothing_is_shown() -> None:
    found = locks.tracked_cell()
    assert (found.statuses, found.shown) == (["finished"] * 3, "")
    assert found.seconds < HUNG


def test_the_same_look_sees_a_log_that_waits_for_the_lock() -> None:
    assert locks.held(HELD, canary="waits").took[-1] > 1000 * HELD / 2
