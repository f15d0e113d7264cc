"""Torn pages of journals: what was synced is read, the rest is cut where it is torn, and the reader says so."""

from __future__ import annotations

from . import tears


def test_torn_pages_of_journals_take_nothing_that_was_synced_and_gaps_are_said() -> None:
    (row,) = tears.rows(long=False)
    assert (row.injected, row.lost, row.corrupt, row.unclear) == (tears.QUICK, 0, 0, 0), row.note
    assert row.values["gaps"] > 5, "too little was at stake"
    assert row.values["careless"] > 0, "the canary: what was never synced does get lost"
    assert row.values["blind"] > 0, "the canary: without checksums, torn records are read"
