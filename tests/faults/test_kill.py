"""SIGKILL: every point whose `log` had returned is readable afterwards, and the run says that it crashed."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from nbtrack.base.config import Project
from nbtrack.runs import contract as c
from nbtrack.runs import projects
from nbtrack.runs.service import RunsService

from . import kills
from .conftest import Scripts

KILLS = 50


@cache
def why_not() -> str:
    return kills.cannot_trace()


def test_fifty_kills_at_random_moments_lose_no_acknowledged_point(
    record_property: Callable[[str, object], None],
) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")  # noqa: T201 (shown when the test fails)
    row = kills.at_random(KILLS, seed=seed).row("kills", "")
    record_property("points", row.values["points"])
    assert row.injected == KILLS
    assert row.values["points"] > 10_000, "nothing was at stake"
    assert (row.lost, row.corrupt, row.unclear) == (0, 0, 0), row.note


def test_the_same_test_sees_what_a_journal_kept_in_memory_loses() -> None:
    assert kills.at_random(5, "in memory", seed=1).row("kills", "").lost > 0


def test_kills_on_a_network_file_system_lose_no_acknowledged_point() -> None:
    """Without a write-ahead log, and with a journal that is written instead of mapped; that it is so was said."""
    found, said = kills.on_a_network(6, seed=3)
    row = found.row("kills", "")
    assert row.injected == 6
    assert row.values["points"] > 100, "nothing was at stake"
    assert (row.lost, row.corrupt, row.unclear) == (0, 0, 0), row.note
    assert 0 < said <= 6
    assert kills.on_a_network(3, "in memory there", seed=1)[0].row("kills", "").lost > 0


@pytest.mark.parametrize(("call", "times"), [("pwrite64", 3), ("rename", 2)])
def test_a_kill_before_an_exact_system_call_loses_nothing(call: str, times: int) -> None:
    """Of renames the act makes six or seven, as the background has a segment of the journal ready or not."""
    if why_not():
        pytest.skip(why_not())
    row = kills.at_calls("scenario", [call], times).row(call, "")
    assert row.injected == times
    assert (row.lost, row.corrupt, row.unclear) == (0, 0, 0), row.note


def test_a_migration_that_is_killed_is_made_again_by_the_next_reader() -> None:
    if why_not():
        pytest.skip(why_not())
    row = kills.migrations(["pwrite64", "fdatasync"], 2).row("migration", "")
    assert row.injected == 4
    assert (row.lost, row.corrupt, row.unclear) == (0, 0, 0), row.note


def test_the_same_look_at_a_migration_sees_one_that_stopped_half_way(tmp_path: Path) -> None:
    kills.first_version(tmp_path)
    assert kills.migrated(tmp_path) == []
    database = projects.database_of(Project(tmp_path))
    with database.write() as conn:
        conn.execute("DELETE FROM runs")
    projects.forget_all()
    assert kills.migrated(tmp_path) != []


def test_a_kernel_killed_in_a_cell_is_seen_to_have_crashed_by_who_watches_and_asks_nothing() -> None:
    (killed,) = kills.kernels(1)
    assert killed.told > 0
    assert killed.kept >= killed.told
    assert killed.status == "crashed"  # after how many seconds, `make soak` asks


def test_it_is_the_servers_care_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    from nbtrack.server import hub

    monkeypatch.setattr(hub, "_settle", lambda project: True)
    monkeypatch.setattr(kills, "PATIENCE", 5.0)
    (killed,) = kills.kernels(1)
    assert killed.status == "running"


def test_a_reader_that_is_killed_while_it_takes_a_journal_in_is_followed_by_one_that_finishes(
    scripts: Scripts,
) -> None:
    writer = """
        import os
        from pathlib import Path
        from nbtrack.base.config import Project
        from nbtrack.runs import current
        import threading
        run = current.begin(Project(Path.cwd()), name="victim")
        run.recorder._ingesting.acquire()  # all stays in the journal
        for number in range(100_000):
            run.log({"loss": float(number)})
        os._exit(0)
    """
    scripts.run(writer)
    reader = """
        import sys
        from pathlib import Path
        from nbtrack.base.config import Project
        from nbtrack.runs.service import RunsService
        sys.stdout.write("go")
        sys.stdout.flush()
        RunsService(Project(Path.cwd())).refresh(force=True)
    """
    for moment in (0.0, 0.03, 0.08, 0.15):
        process = scripts.start(reader, stdout=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stdout.read(2) == b"go"
        time.sleep(moment)
        process.kill()
        process.wait()
    service = RunsService(Project(scripts.folder))
    (row,) = service.page(c.PageRequest()).rows
    assert row.status == "crashed"
    assert list(service.history(row.id, "loss").values) == [float(number) for number in range(100_000)]
    projects.forget_all()
