"""Many processes begin at the same moment: the quick part of what `make soak` counts."""

from __future__ import annotations

import os

import pytest

from . import starts


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the processes are forked, so that they begin at one moment")
def test_processes_that_open_a_new_project_at_the_same_moment_all_write_into_it() -> None:
    (row,) = starts.rows(long=False)
    assert row.injected == 40
    assert (row.lost, row.corrupt, row.unclear) == (0, 0, 0), row.note
    assert row.met, row.canary
