"""Deleting a run for good holds up no other process: the quick part of what `make soak` times."""

from __future__ import annotations

from . import stalls


def test_a_process_that_logs_while_a_run_is_deleted_loses_nothing() -> None:
    (row,) = stalls.rows(long=False)
    assert (row.injected, row.lost, row.corrupt, row.unclear) == (1, 0, 0, 0), row.note
    assert row.values["log() p99.9 ms"] > 0
    assert row.values["ingest ms"] > 0
