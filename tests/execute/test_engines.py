"""Tasks in worker processes of a real Dask cluster: what they log, what they give, what they lose."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import nbtrack
from nbtrack.base.config import Project
from nbtrack.base.errors import CannotRun, InvalidOption, InvalidValue
from nbtrack.execute.engines import Attempt, Done, Engine, Task, engine
from nbtrack.runs import contract as c
from nbtrack.runs import current
from nbtrack.runs.active import ActiveRun
from nbtrack.runs.service import RunsService

PATIENCE = 60.0  # seconds
WORKERS = 2
pytestmark = pytest.mark.filterwarnings("default")  # of the cluster's own processes and threads


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=WORKERS, threads_per_worker=1, processes=True, dashboard_address=None, scheduler_port=0
    ) as found:
        yield found


def wait_for_all_workers(cluster: Any) -> None:
    """Until each of them answers: of one that was killed, another has taken the place, and the scheduler knows."""
    from distributed import Client

    deadline = time.monotonic() + 2 * PATIENCE
    with Client(cluster.scheduler_address, set_as_default=False) as client:
        while True:
            said: Any = client.run(os.getpid, on_error="return")
            if len(said) == WORKERS and all(isinstance(one, int) for one in said.values()):
                return
            assert time.monotonic() < deadline, said
            cluster.scale(WORKERS)  # where Dask gave one up that began too slowly
            time.sleep(0.1)


def patient(cluster: Any, **options: Any) -> Any:
    """The engine, all its workers there, with patience for those that begin anew on a busy machine."""
    from nbtrack.execute.cluster import Dask

    wait_for_all_workers(cluster)
    return Dask(cluster.scheduler_address, **{"patience": 2 * PATIENCE, **options})


@pytest.fixture
def dask(cluster: Any, project: Project) -> Iterator[Engine]:
    with patient(cluster) as found:
        yield found


def beginning(project: Project, name: str) -> Callable[[Attempt], ActiveRun]:
    return lambda attempt: current.begin(project, name=f"{name}-{attempt.number}", kind="trial", enter=attempt.here)


def run_all(
    on: Engine, project: Project, *calls: Callable[..., Any], arguments: tuple[Any, ...] = (), first: int = 0
) -> list[Done]:
    """Submit calls, their numbers beginning at ``first``, and wait for all that was submitted."""
    for number, call in enumerate(calls, first):
        on.submit(Task(str(number), call, beginning(project, f"t{number}"), arguments))
    return sorted(on.as_completed(), key=lambda done: done.key)


def detail(project: Project, done: Done) -> c.RunDetail:
    assert done.run is not None
    done.run.flush()
    return RunsService(project).get(c.RunRequest(done.run.id))


def train(lr: float) -> float:
    nbtrack.log_params({"lr": lr})
    for step in range(5):
        nbtrack.log({"loss": lr * step, "acc": 1.0 - lr}, step=step)
    nbtrack.log({"odd": float("nan")})
    nbtrack.set_tag("kind", "far")
    nbtrack.log_text("a note\n" * 10, "notes/a.txt")
    return lr * 2


def test_a_task_logs_to_the_drivers_run_and_gives_its_value(dask: Engine, project: Project) -> None:
    done = run_all(dask, project, *(partial(train, lr) for lr in (0.1, 0.2, 0.3)))
    assert [(one.status, one.value, one.attempts) for one in done] == [
        ("finished", 0.2, 1), ("finished", 0.4, 1), ("finished", 0.6, 1)
    ]  # fmt: skip
    found = detail(project, done[2])
    assert {param.name: param.value for param in found.params} == {"lr": 0.3}
    assert found.row.metrics["loss"].count == 5
    assert found.row.metrics["loss"].last == pytest.approx(1.2)
    assert found.row.metrics["odd"].count == 1
    assert found.row.tags == {"kind": "far"}
    assert found.row.status == "finished"
    assert [artifact.path for artifact in found.artifacts] == ["notes/a.txt"]
    assert found.about["worker"]["pid"] != os.getpid()
    assert found.about["worker"]["nbtrack"] == nbtrack.__version__


def fails() -> None:
    nbtrack.log({"loss": 1.0})
    raise ZeroDivisionError("too small")


def ok() -> str:
    return "fine"


def test_a_task_that_fails_leaves_the_others_and_its_points(dask: Engine, project: Project) -> None:
    bad, good = run_all(dask, project, fails, ok)
    assert (good.status, good.value) == ("finished", "fine")
    assert (bad.status, bad.reason) == ("failed", "ZeroDivisionError: too small")
    assert "in fails" in bad.traceback
    found = detail(project, bad)
    assert (found.row.status, found.row.end_reason) == ("failed", "ZeroDivisionError: too small")
    assert found.row.metrics["loss"].last == 1.0


def known(folder: Path) -> Callable[[Any, int], None]:
    """Here: let the worker whose point has arrived know that it has."""

    def seen(values: Any, step: int) -> None:
        if "pid" in values:
            (folder / str(int(values["pid"]))).touch()

    return seen


def is_killed(folder: str) -> None:
    """On the worker: die as by the system, once what was logged until now has arrived; unless it is over before."""
    nbtrack.log({"pid": os.getpid()})
    deadline = time.monotonic() + PATIENCE
    while not (Path(folder) / str(os.getpid())).exists():
        if (Path(folder) / "over").exists():
            return
        assert time.monotonic() < deadline, "the point did not arrive"
        time.sleep(0.02)
    os.kill(os.getpid(), signal.SIGKILL)


def dies_once(folder: str) -> str:
    if not (Path(folder) / "mark").exists():
        (Path(folder) / "mark").touch()
        is_killed(folder)
    nbtrack.log({"after": 2.0})
    return "survived"


def test_the_task_of_a_worker_that_is_killed_is_done_again_in_a_run_of_its_own(
    dask: Engine, project: Project, tmp_path: Path
) -> None:
    others = [partial(train, lr) for lr in (0.1, 0.2, 0.3)]
    task = partial(dies_once, str(tmp_path))
    dask.submit(Task("0", task, beginning(project, "t0"), seen=known(tmp_path)))
    done = run_all(dask, project, *others, first=1)
    assert [one.status for one in done] == ["finished"] * 4
    assert (done[0].value, done[0].attempts) == ("survived", 2)
    found = detail(project, done[0])
    assert (found.row.name, found.row.status, set(found.row.metrics)) == ("t0-2", "finished", {"after"})
    assert found.about["worker"]["attempt"] == 2
    first = RunsService(project).get(c.RunRequest("t0-1")).row
    assert first.status == "crashed"
    assert "was lost" in str(first.end_reason)
    assert first.metrics["pid"].count == 1
    rows = RunsService(project).page(c.PageRequest()).rows
    assert len(rows) == 5


def test_a_task_that_kills_each_of_its_workers_has_crashed_in_the_end(
    cluster: Any, project: Project, tmp_path: Path
) -> None:
    with patient(cluster, retries=1) as dask:
        (good,) = run_all(dask, project, ok, first=1)  # beside it, its result might go with a worker too
        task = partial(is_killed, str(tmp_path))
        dask.submit(Task("0", task, beginning(project, "t0"), seen=known(tmp_path)))
        (bad,) = dask.as_completed()
        (tmp_path / "over").touch()  # the attempt that nobody waits for kills no worker of the next test
    assert (bad.status, bad.attempts) == ("crashed", 2)
    assert "lost its worker 2 times" in str(bad.reason)
    assert good.status == "finished"
    assert {row.status for row in RunsService(project).page(c.PageRequest(filter="name != 't1-1'")).rows} == {"crashed"}


def test_a_worker_that_dies_while_it_is_asked_for_its_version_is_waited_for(
    cluster: Any, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The scheduler learns of its death a moment later, and another takes its place; the rest may work already."""
    from distributed import Client
    from distributed.comm.core import CommClosedError

    from nbtrack.execute.cluster import Dask

    wait_for_all_workers(cluster)
    real, gone = Client.run, list[str]()

    def run(self: Any, *args: Any, on_error: str = "raise", **options: Any) -> Any:
        found = real(self, *args, on_error=on_error, **options)
        if len(gone) < 2:
            gone.append(next(iter(found)))
            if on_error == "raise":
                raise CommClosedError("in <TCP (closed) Scheduler Broadcast>")
            found[gone[-1]] = CommClosedError("in <TCP (closed) Scheduler Broadcast>")
        return found

    monkeypatch.setattr(Client, "run", run)
    with Dask(cluster.scheduler_address, patience=2 * PATIENCE) as dask:
        assert len(gone) == 2
        assert run_all(dask, project, ok)[0].value == "fine"
    gone.clear()
    with pytest.raises(CannotRun, match=r"The worker tcp://.* does not answer: CommClosedError"):
        Dask(cluster.scheduler_address, patience=0.0)


def sleeps() -> None:
    nbtrack.log({"began": 1.0})
    for _ in range(600):
        time.sleep(0.05)


def test_a_task_can_be_interrupted_and_ends_as_interrupted(dask: Engine, project: Project) -> None:
    heard: list[float] = []

    def seen(values: Any, step: int) -> None:
        heard.append(values["began"])
        dask.stop("slow")

    dask.submit(Task("slow", sleeps, beginning(project, "slow"), seen=seen))
    (done,) = dask.as_completed()
    assert (done.status, heard) == ("interrupted", [1.0])
    assert detail(project, done).row.status == "interrupted"


def test_cancelling_ends_what_runs_and_never_begins_what_waits(dask: Engine, project: Project) -> None:
    def seen(values: Any, step: int) -> None:
        raise KeyboardInterrupt

    for number in range(6):
        dask.submit(Task(str(number), sleeps, beginning(project, f"t{number}"), seen=seen))
    with pytest.raises(KeyboardInterrupt):
        list(dask.as_completed())
    assert list(dask.as_completed()) == []
    service = RunsService(project)
    service.refresh(force=True)
    rows = service.page(c.PageRequest()).rows
    assert 1 <= len(rows) <= 2
    assert {row.status for row in rows} == {"interrupted"}


def adds(numbers: list[int], more: int) -> int:
    numbers.append(more)
    return sum(numbers)


def test_what_is_shared_is_sent_once_and_each_task_has_a_copy(dask: Engine, project: Project) -> None:
    shared = dask.share(list(range(1000)))
    done = run_all(dask, project, adds, adds, adds, arguments=(shared, 5))
    assert [one.value for one in done] == [sum(range(1000)) + 5] * 3


def has_children(large: int) -> None:
    for number in range(2):
        with nbtrack.start_run(name=f"fold-{number}"):
            nbtrack.log({"score": number})
            nbtrack.log_params({"fold": number})
    Path("large.bin").write_bytes(os.urandom(large))
    nbtrack.log_artifact("large.bin")
    os.unlink("large.bin")
    nbtrack.log_text("x" * (5 << 20), "long.txt")


def test_children_and_large_files_of_a_worker_arrive_whole(dask: Engine, project: Project) -> None:
    (done,) = run_all(dask, project, partial(has_children, 40 << 20))
    assert (done.status, done.reason) == ("finished", None)
    found = detail(project, done)
    assert {one.path: one.size for one in found.artifacts} == {"large.bin": 40 << 20, "long.txt": 5 << 20}
    service = RunsService(project)
    assert service.artifact(found.row.id, "long.txt")[1] == b"x" * (5 << 20)
    children = [service.get(c.RunRequest(one)).row for one in found.children]
    assert {row.name: (row.params["fold"], row.metrics["score"].last) for row in children} == {
        "fold-0": (0, 0.0),
        "fold-1": (1, 1.0),
    }
    assert {row.status for row in children} == {"finished"}


def test_what_cannot_be_sent_is_refused_at_once(dask: Engine, project: Project) -> None:
    with pytest.raises(InvalidValue, match="cannot be sent to a worker"):
        dask.submit(Task("0", partial(print, iter(x for x in "ab")), beginning(project, "t")))


def test_workers_of_another_version_are_refused_by_name(project: Project) -> None:
    from distributed import LocalCluster

    with (
        LocalCluster(
            n_workers=1,
            processes=True,
            dashboard_address=None,
            preload=["import nbtrack; nbtrack.__version__ = '99.1'"],
        ) as odd,
        pytest.raises(CannotRun, match=r"has nbtrack 99\.1, .*here are nbtrack"),
    ):
        engine(odd.scheduler_address.replace("tcp", "dask"))


def test_a_worker_of_another_version_that_comes_later_fails_its_task_by_name(project: Project) -> None:
    from nbtrack.execute.worker import do

    outcome = do("0", b"", {"nbtrack": "99.1", "Python": "2.7"}, (), print, "tcp://far")
    assert outcome["status"] == "failed"
    assert "tcp://far has nbtrack" in outcome["reason"]
    assert "driver nbtrack 99.1, Python 2.7" in outcome["reason"]


def test_an_address_where_nobody_answers_and_unknown_engines_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nbtrack.execute.cluster._CONNECT", 1.0)
    with pytest.raises(CannotRun, match=r"No Dask scheduler answers at dask://127\.0\.0\.1:9"):
        engine("dask://127.0.0.1:9")
    with pytest.raises(InvalidOption, match="Ray is not supported"):
        engine("ray://head:10001")
    with pytest.raises(InvalidOption, match="is not understood"):
        engine("somewhere")


def test_here_tasks_run_one_after_the_other_with_their_run_current(project: Project) -> None:
    done = run_all(engine(None), project, partial(train, 0.5), fails)
    assert [(one.status, one.value) for one in done] == [("finished", 1.0), ("failed", None)]
    assert detail(project, done[0]).row.metrics["loss"].count == 5
    assert current.current() is None


def test_ctrl_c_here_ends_the_task_under_way_and_forgets_the_rest(project: Project) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    here = engine()
    here.submit(Task("a", interrupted, beginning(project, "a")))
    here.submit(Task("b", ok, beginning(project, "b")))
    with pytest.raises(KeyboardInterrupt):
        list(here.as_completed())
    assert list(here.as_completed()) == []
    RunsService(project).refresh(force=True)
    assert [row.status for row in RunsService(project).page(c.PageRequest()).rows] == ["interrupted"]
