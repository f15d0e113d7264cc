"""A repair that is killed: the quick part of what `make soak` counts."""

from __future__ import annotations

import os

import pytest

from . import repairs

if not hasattr(os, "fork"):
    pytest.skip(
        "the process that dies is forked, so that it need not load everything each time", allow_module_level=True
    )


@pytest.mark.parametrize(("how", "share"), [("", 0.0), (repairs.STAYS, 0.5)])
def test_a_repair_that_is_killed_is_followed_by_one_that_ends_well_and_has_all(how: str, share: float) -> None:
    found = repairs.repairs(5, how, share)
    assert (found.killed, found.lost, found.corrupt, found.unclear) == (5, 0, 0, 0), found.notes
    assert found.old == 5


def test_a_log_that_is_moved_before_its_file_is_seen_to_be_lost() -> None:
    """The canary of the test above."""
    found = repairs.repairs(6, repairs.CANARY, 0.5)
    assert found.killed == 6
    assert found.lost > 0
