"""The power goes: what is durable is there afterwards, and the file is sound."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest

from . import cuts, torn


@cache
def why_not() -> str:
    return cuts.cannot()


@pytest.fixture
def _with_a_disk() -> None:
    if why_not():
        pytest.skip(why_not())


@pytest.mark.usefixtures("_with_a_disk")
def test_a_power_cut_takes_no_ended_run_no_saved_artifact_and_leaves_the_file_sound() -> None:
    found = cuts.cuts(3)
    assert [(one.ends, one.files, one.corrupt, one.unclear) for one in found] == [(0, 0, [], [])] * 3
    assert all(one.told for one in found), "nothing was at stake"


@pytest.mark.usefixtures("_with_a_disk")
def test_the_same_look_sees_what_is_lost_when_nothing_is_synced() -> None:
    assert cuts.until("never synced", lambda one: one.ends or one.corrupt)


@pytest.mark.usefixtures("_with_a_disk")
def test_the_same_look_sees_an_end_that_is_left_to_the_next_ingest() -> None:
    assert cuts.until("ends not synced", lambda one: cuts.lost([one]))


@pytest.mark.usefixtures("_with_a_disk")
def test_the_same_look_sees_artifacts_that_were_named_before_they_were_synced() -> None:
    assert cuts.until("named before synced", lambda one: one.files)


@pytest.mark.parametrize(("mode", "synchronous", "less"), [("WAL", "FULL", "OFF"), ("DELETE", "EXTRA", "FULL")])
def test_torn_writes_take_no_commit_that_returned_and_are_seen_where_less_is_synced(
    tmp_path: Path, mode: str, synchronous: str, less: str
) -> None:
    traced = torn.statements(tmp_path, 2)
    found = torn.cuts(traced, mode, synchronous, 40)
    assert (found.injected, found.lost, found.corrupt) == (40, 0, 0)
    careless = torn.cuts(traced, mode, less, 40)
    assert careless.lost + careless.corrupt > 0


def test_what_is_cut_is_synced_as_the_product_has_it(tmp_path: Path) -> None:
    torn.statements(tmp_path, 1)
    asked = json.loads((tmp_path / "settings.json").read_text())
    assert [each for each in asked if "synchronous" in each][-1] == "PRAGMA synchronous = FULL"
    assert "PRAGMA journal_mode = WAL" in asked
