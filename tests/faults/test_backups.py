"""A restore or a backup that is killed: the quick part of what `make soak` counts."""

from __future__ import annotations

import os

import pytest

from . import backups

if not hasattr(os, "fork"):
    pytest.skip(
        "the process that dies is forked, so that it need not load everything each time", allow_module_level=True
    )


def test_a_restore_that_is_killed_leaves_the_old_project_or_the_new_and_can_be_done_again() -> None:
    found = backups.restores(5)
    assert (found.killed, found.lost, found.corrupt, found.unclear) == (5, 0, 0, 0), found.notes
    assert found.old + found.new == 5


def test_a_restore_that_writes_over_the_file_in_use_is_seen_to_leave_neither() -> None:
    """The canary of the test above."""
    found = backups.restores(4, "canary")
    assert found.killed == 4
    assert found.corrupt + found.lost > 0


def test_a_restore_over_a_damaged_database_that_is_killed_loses_nothing() -> None:
    found = backups.restores(3, damaged=True)
    assert (found.killed, found.lost, found.corrupt, found.unclear) == (3, 0, 0, 0), found.notes


def test_a_backup_that_is_killed_is_not_there_or_whole() -> None:
    found = backups.backups(3)
    assert (found.killed, found.lost, found.corrupt) == (3, 0, 0)
