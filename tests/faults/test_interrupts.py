"""Ctrl-C, SIGTERM, os._exit, a restart, no memory: a cell's run says what is true and keeps its points."""

from __future__ import annotations

import pytest

from nbtrack.base.config import Project
from nbtrack.runs import contract as c
from nbtrack.runs import current
from nbtrack.runs.service import RunsService

from . import interrupts


@pytest.mark.parametrize("again", [False, True], ids=["once", "twice"])
def test_ctrl_c_in_a_cell_is_the_users_own_and_keeps_the_points(again: bool) -> None:
    found = interrupts.interrupted(3, again)
    assert [(one.status, one.error, one.printed) for one in found] == [("interrupted", "KeyboardInterrupt", "")] * 3
    assert [one.lost for one in found] == [0, 0, 0]
    assert all(one.kept >= 0 for one in found), "out of order, doubled or bent"


@pytest.mark.parametrize("where", interrupts.CUTS)
def test_one_more_ctrl_c_at_a_cells_end_leaves_no_run_running(where: str) -> None:
    found = interrupts.cut_short(where)
    assert (found.status, found.kept) == ("interrupted", 1)


def test_an_end_that_ctrl_c_cut_short_is_written_when_the_run_is_ended_again(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = current.begin(project, name="victim")

    def cut(event: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(run.recorder, "event", cut)
        with pytest.raises(KeyboardInterrupt):
            run.end("interrupted")
    run.end("finished")
    run.end("failed")
    service = RunsService(project)
    service.refresh(force=True)
    assert [row.status for row in service.page(c.PageRequest()).rows] == ["interrupted"]
    assert current.current() is None


@pytest.mark.parametrize("way", interrupts.WAYS)
def test_a_cell_that_is_ended_keeps_its_points_and_its_run_says_how(way: str) -> None:
    found, unsound = interrupts.ended(way)
    assert found.told > 0, "nothing was at stake"
    assert (found.lost, unsound) == (0, [])
    assert found.status in interrupts.WAYS[way][2]


def test_the_same_look_sees_what_a_journal_kept_in_memory_loses() -> None:
    found, _ = interrupts.ended("os._exit in the cell", "in memory")
    assert found.lost > 0
