"""What is looked for, how often, and when not at all."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from nbtrack.api.watch import WATCHER
from nbtrack.base.config import Project
from nbtrack.base.errors import StoreLocked
from nbtrack.runs import current
from nbtrack.runs.projects import database_of
from nbtrack.server import hub as module
from nbtrack.server.desk import Desk
from nbtrack.server.hub import Hub
from tests.faults.conftest import environment

from .conftest import PATIENCE


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
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "it did not come to this"
        await asyncio.sleep(0.02)


async def quiet(looked: list[bool], seconds: float) -> None:
    """Until nobody has looked for so long: what the file's last changes gave rise to may come late."""
    end = time.monotonic() + PATIENCE
    while True:
        before = len(looked)
        await asyncio.sleep(seconds)
        if len(looked) == before:
            return
        assert time.monotonic() < end, "it is looked for again and again"


def test_it_is_looked_again_and_again_only_while_a_run_is_running(project: Project, looked: list[bool]) -> None:
    async def main() -> None:
        hub, told = Hub(Desk()), list[int]()
        with current.begin(project, name="running") as run:
            run.log({"loss": 1.0})
            hub.listen("page", project, told.append)
            await until(lambda: sum(looked) > 3)
        await until(lambda: looked[-1] is False)
        await quiet(looked, 1.0)
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
            await quiet(looked, 0.5)

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


# What is logged stays in the journal, as it does in the first tenth of a second, and while the database is locked.
KEPT_BACK = """
    import sys
    from pathlib import Path
    from nbtrack.base.config import Project
    from nbtrack.runs import current, intake
    intake.Intake.take_all = lambda *_: None
    run = current.begin(Project(Path.cwd()), name="never ingested")
    run.log({"loss": 1.0})
    sys.stdout.write("logged")
    sys.stdout.flush()
    sys.stdin.read()
"""


def statuses(project: Project) -> list[str]:
    """What the file says, as it lies there: a reader of ours would settle what it finds."""
    database = database_of(project)
    if not database.exists():
        return []
    with database.read() as conn:
        return [status for (status,) in conn.execute("SELECT status FROM runs WHERE name = 'never ingested'")]


@pytest.fixture
def begin() -> Iterator[Callable[[Project], subprocess.Popen[bytes]]]:
    """Starts such a process and waits until it has logged; gone at the end."""
    with ExitStack() as stack:

        def start(project: Project) -> subprocess.Popen[bytes]:
            words = [sys.executable, "-c", textwrap.dedent(KEPT_BACK)]
            pipe, place = subprocess.PIPE, environment(project.root)
            process = stack.enter_context(subprocess.Popen(words, cwd=project.root, env=place, stdin=pipe, stdout=pipe))
            stack.callback(process.kill)
            assert process.stdout is not None
            assert process.stdout.read(6) == b"logged"
            return process

        yield start


@pytest.mark.parametrize("filled_before", [True, False])
@pytest.mark.parametrize("when", ["before the page", "after the page"])
def test_a_process_that_is_killed_before_its_first_ingest_is_seen_by_a_page_that_asks_nothing(
    when: str,
    filled_before: bool,
    request: pytest.FixtureRequest,
    looked: list[bool],
    begin: Callable[[Project], subprocess.Popen[bytes]],
) -> None:
    project: Project = request.getfixturevalue("filled" if filled_before else "project")

    async def main() -> None:
        hub = Hub(Desk())
        if when == "before the page":
            process = await asyncio.to_thread(begin, project)
        hub.listen("page", project, lambda revision: None)
        await until(lambda: looked)
        if when == "after the page":
            await quiet(looked, 1.5)  # a folder without journals is looked at once
            process = await asyncio.to_thread(begin, project)
        await until(lambda: sum(looked) > 2)
        assert statuses(project) == []
        process.kill()
        process.wait()
        await until(lambda: statuses(project) == ["crashed"])
        await quiet(looked, 1.5)
        hub.leave("page", project.root)

    asyncio.run(main())
