"""Flipped bits: the doctor finds every one that changes what a reader sees; SQLite's own check does not."""

from __future__ import annotations

import re
import sqlite3
import struct
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from nbtrack.base.config import Project
from nbtrack.runs.checks import Check, check_project
from nbtrack.runs.service import RunsService
from nbtrack.runs.store import deep, series_check

from . import flips


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBTRACK_PARENT", "")
    monkeypatch.delenv("NBTRACK_DIR", raising=False)


def test_every_flipped_bit_that_changes_data_is_found_and_quick_check_misses_some() -> None:
    database, mended, files = flips.rows(long=False)
    assert database.injected > 5, "too little was at stake"
    assert database.lost == 0, database.note
    assert database.values["quick_missed"] > 0, "the canary: SQLite alone must miss some"
    assert (files.injected, files.lost) == (50, 0), files.note
    assert mended.met, mended.note


def test_without_the_sums_of_rows_some_are_not_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The canary of the sums: what is left of the doctor without them. The bits are those of times of points."""
    original = flips.fill(tmp_path)
    data, second = flips.packed(original, 4096), struct.pack("<d", 1e9 + 1)
    places = [found.start() for found in re.finditer(re.escape(second), data)][:4]
    assert len(places) == 4
    for place in places:
        assert _found(original, tmp_path, flips.flip(data, place * 8 + 3))
    monkeypatch.setattr(deep, "summed_rows", lambda conn, table, known, strict: deep.Rows(0, [], 0))
    monkeypatch.setattr(series_check, "row_sum", lambda *values: _Any())
    for place in places:
        assert not _found(original, tmp_path, flips.flip(data, place * 8 + 3))


def test_a_repair_that_loses_without_a_word_or_leaves_damage_or_ends_in_an_error_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The canary of how repairs are judged: each does one thing wrong, and it is counted as that."""
    original = flips.fill(tmp_path)
    data, before = flips.packed(original, 1024), flips.read(RunsService(original))

    def change(statement: str) -> Callable[[RunsService], list[Check]]:
        def repair(service: RunsService) -> list[Check]:
            with closing(sqlite3.connect(service.project.database, isolation_level=None)) as conn:
                conn.execute(statement)
            return [Check("repair", True, "all is well")]

        return repair

    def judged(repair: Callable[[RunsService], list[Check]]) -> flips.Repairs:
        monkeypatch.setattr(flips, "repair_project", repair)
        found = flips.Repairs()
        with flips.bent_project(original, tmp_path, data) as bent:
            flips._repair(found, bent, before, "a test")
        return found

    seen = [judged(change(f"DELETE FROM {table} WHERE run = 1")) for table in ("tags", "params", "artifacts")]
    assert [(one.unsaid, one.unsound, one.unclear) for one in seen] == [(1, 0, 0)] * 3
    broken = judged(change("UPDATE tags SET run = 4000 WHERE run = 1"))
    assert (broken.unsaid, broken.unsound) == (1, 1)
    ended = judged(change("SELECT what_there_is_not FROM tags"))
    assert (ended.unsaid, ended.unsound, ended.unclear) == (0, 0, 1)
    well = judged(change("SELECT 1"))
    assert (well.whole, well.unsaid, well.unsound, well.unclear) == (1, 0, 0, 0)


def _found(original: Project, folder: Path, data: bytes) -> bool:
    with flips.bent_project(original, folder, data) as bent:
        return not all(check.ok for check in check_project(RunsService(bent), deep=True))


class _Any:
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]
