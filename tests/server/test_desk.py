"""Work beside the event loop."""

from __future__ import annotations

import asyncio
import threading

import pytest

from nbtrack.base.config import Project
from nbtrack.base.errors import InvalidOption
from nbtrack.runs.projects import database_of, open_recorders
from nbtrack.runs.service import RunsService
from nbtrack.server import desk as module
from nbtrack.server.desk import MOST, Asked, Busy, Desk, Unwanted

from .conftest import PATIENCE


def test_a_job_gives_its_result_or_its_error_from_another_thread() -> None:
    async def main() -> None:
        desk = Desk()
        assert await desk.do(desk.reads, threading.get_ident) != threading.get_ident()

        def breaks() -> None:
            raise InvalidOption("no")

        with pytest.raises(InvalidOption):
            await desk.do(desk.reads, breaks)

    asyncio.run(main())


def test_what_nobody_wants_any_more_is_not_begun() -> None:
    async def main() -> None:
        desk, done, go = Desk(), list[int](), threading.Event()
        first = asyncio.create_task(desk.do(desk.cares, lambda: go.wait(PATIENCE)))
        asked = Asked()
        read = asyncio.create_task(desk.do(desk.cares, lambda: done.append(1), asked))
        change = asyncio.create_task(desk.do(desk.cares, lambda: done.append(2)))
        await asyncio.sleep(0)
        asked.unwanted = True
        go.set()
        await first
        with pytest.raises(Unwanted):
            await read
        await change
        assert done == [2]

    asyncio.run(main())


def test_only_so_much_waits() -> None:
    async def main() -> None:
        desk, go = Desk(), threading.Event()
        held = [asyncio.create_task(desk.do(desk.cares, lambda: go.wait(PATIENCE))) for _ in range(MOST + 20)]
        await asyncio.sleep(0.05)
        go.set()
        refused = [error for error in await asyncio.gather(*held, return_exceptions=True) if error is not True]
        assert {type(error) for error in refused} == {Busy}
        assert 15 <= len(refused) <= 20

    asyncio.run(main())


def test_changes_of_a_project_keep_their_order_and_do_not_wait_for_another_project() -> None:
    async def main() -> None:
        desk, done, go = Desk(), list[int](), threading.Event()
        stuck = asyncio.create_task(desk.do(desk.writes("stuck"), lambda: go.wait(PATIENCE)))
        await asyncio.gather(
            *(desk.do(desk.writes("free"), lambda number=number: done.append(number)) for number in range(50))
        )
        assert done == list(range(50))
        assert not stuck.done()
        go.set()
        await stuck
        for number in range(2 * MOST):
            await desk.do(desk.writes(str(number)), lambda: None)
        assert len(desk._writes) <= MOST + 2

    asyncio.run(main())


def test_files_that_nobody_asks_for_are_closed(filled: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    for recorder in open_recorders():
        recorder.close()  # its thread may just be at the file
    desk, database = Desk(), database_of(filled)
    RunsService(filled).status()
    assert database._connections
    desk.used(filled)
    desk.done_with(set())
    assert database._connections, "it was asked for just now"
    monkeypatch.setattr(module, "_UNUSED", -1.0)
    desk.done_with({filled.root})
    assert database._connections, "somebody watches it"
    assert desk.any_used
    desk.done_with(set())
    assert not database._connections
    assert not desk.any_used
    assert RunsService(filled).status().runs == 4
