"""What is looked for, how often, and when not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from nbtrack.api.watch import WATCHER
from nbtrack.base.config import Project
from nbtrack.base.errors import StoreLocked
from nbtrack.runs import current
from nbtrack.server import hub as module
from nbtrack.server.desk import Desk
from nbtrack.server.hub import Hub

PATIENCE = 20.0


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bool]]:
    """What each look after dead processes found; there are many more of them than in earnest."""
    found: list[bool] = []
    real = module._settle

    def settle(project: Project) -> bool:
        found.append(real(project))
        return found[-1]

    monkeypatch.setattr(module, "_settle", settle)
    monkeypatch.setattr(module, "CARE_EVERY", 0.05)
    yield found
    thread = WATCHER._thread
    if thread is not None:
        thread.join(PATIENCE)
    assert not WATCHER._watched, "a project is watched that nobody watches any more"


async def until(holds: Callable[[], Any]) -> None:
    for _ in range(int(PATIENCE / 0.02)):
        if holds():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come to this")


def test_it_is_looked_again_and_again_only_while_a_run_is_running(project: Project, looked: list[bool]) -> None:
    async def main() -> None:
        hub, told = Hub(Desk()), list[int]()
        with current.begin(project, name="running") as run:
            run.log({"loss": 1.0})
            hub.listen("page", project, told.append)
            await until(lambda: sum(looked) > 3)
        await until(lambda: looked[-1] is False)
        await asyncio.sleep(0.5)  # what the file's last changes gave rise to
        before = len(looked)
        await asyncio.sleep(1.0)
        assert len(looked) == before, "nothing runs, and still it was looked for"
        assert told == sorted(told)
        hub.leave("page", project.root)

    asyncio.run(main())


def test_nothing_is_looked_for_once_nobody_watches(project: Project, looked: list[bool]) -> None:
    async def main() -> None:
        hub = Hub(Desk())
        with current.begin(project, name="running") as run:
            run.log({"loss": 1.0})
            for key in ("one", "two"):
                hub.listen(key, project, lambda revision: None)
            await until(lambda: sum(looked) > 2)
            hub.leave("one", project.root)
            count = len(looked)
            await until(lambda: len(looked) > count)
            hub.leave("two", project.root)
            hub.leave("two", project.root)
            await asyncio.sleep(0.3)
            before = len(looked)
            await asyncio.sleep(0.5)
            assert len(looked) == before

    asyncio.run(main())


def test_who_comes_later_is_told_what_is_known_at_once(filled: Project, looked: list[bool]) -> None:
    async def main() -> None:
        hub, first, second = Hub(Desk()), list[int](), list[int]()
        hub.listen("one", filled, first.append)
        await until(lambda: first)
        hub.listen("two", filled, second.append)
        assert second == first[-1:]
        for key in ("one", "two"):
            hub.leave(key, filled.root)

    asyncio.run(main())


def test_a_file_that_is_locked_for_a_while_is_looked_after_later(
    project: Project, looked: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    real, troubles = module._settle, [OSError("disk"), StoreLocked("busy")]  # nothing is written meanwhile

    def settle(project: Project) -> bool:
        if troubles:
            raise troubles.pop()
        return real(project)

    monkeypatch.setattr(module, "_settle", settle)

    async def main() -> None:
        hub = Hub(Desk())
        hub.listen("page", project, lambda revision: None)
        await until(lambda: not troubles and looked)
        hub.leave("page", project.root)
        await until(lambda: not hub._tasks)

    asyncio.run(main())
