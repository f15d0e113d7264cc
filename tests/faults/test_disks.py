"""Disks that take nothing for a while: user code goes on, one notice, nothing acknowledged is lost."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nbtrack.base.config import Project
from nbtrack.base.db import Database
from nbtrack.base.errors import StoreReadOnly
from nbtrack.runs import contract as c
from nbtrack.runs import current, projects
from nbtrack.runs.migrations import MIGRATIONS
from nbtrack.runs.service import RunsService
from tests.faults import disks


def test_a_run_goes_on_through_a_disk_that_takes_nothing() -> None:
    for row in disks.rows(long=False):
        if row.skipped:
            continue  # the limit on file sizes can be set by anybody: one row is always tried
        assert row.injected == 1, row.fault
        assert (row.lost, row.corrupt, row.unclear) == (0, 0, 0), (row.fault, row.note)
        assert row.met, (row.fault, row.canary)


def test_a_file_that_was_read_only_when_it_was_opened_is_written_once_it_may_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(tmp_path / "nbtrack.db", MIGRATIONS)
    database.connection()
    database.close()
    allowed = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK and allowed(path, mode))
    with pytest.raises(StoreReadOnly, match="Make its folder writable"), database.write():
        pass
    monkeypatch.undo()
    with database.write() as conn:
        conn.execute("INSERT INTO keys (kind, name) VALUES ('tag', 'colour')")
    assert not database.read_only
    database.close()


def test_of_a_newer_file_that_may_be_read_it_is_said_which_version_it_has(tmp_path: Path) -> None:
    newer = Database(tmp_path / "nbtrack.db", [*MIGRATIONS, lambda schema: None], min_reader=1)
    newer.connection()
    newer.close()
    version = len(MIGRATIONS) + 1
    with (
        pytest.raises(StoreReadOnly, match=f"has schema version {version}.* Install the newer nbtrack"),
        Database(tmp_path / "nbtrack.db", MIGRATIONS).write(),
    ):
        pass


def test_one_fault_of_the_disk_is_told_of_once_until_it_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = projects.recorder_of(Project(tmp_path))
    told: list[str] = []
    recorder.notify = told.append  # nothing is recorded yet: no thread finds all well and forgets what was told
    for about in ("database", "disk", "sync", "database"):
        recorder._tell_disk(about, f"{about} fails")
    assert told == ["database fails"]
    recorder._told.discard("database")
    recorder._tell_disk("disk", "disk fails again")
    assert told == ["database fails", "disk fails again"]
    recorder._told.clear()
    current.begin(Project(tmp_path)).end()
    assert [row.status for row in RunsService(Project(tmp_path)).page(c.PageRequest()).rows] == ["finished"]
    projects.forget_all()
