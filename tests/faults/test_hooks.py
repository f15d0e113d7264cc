"""Our hooks break, or IPython calls them otherwise: the cells run as if we were not there."""

from __future__ import annotations

from tests.faults import hooks


def test_a_cell_runs_as_if_we_were_not_there_when_a_hook_of_ours_breaks() -> None:
    (row,) = hooks.rows(long=False)
    assert row.injected >= len(hooks.QUICK)
    assert (row.lost, row.unclear) == (0, 0), row.note
    assert row.met, row.canary
