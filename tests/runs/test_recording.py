"""Recording through the journal into the file: what is logged is what is read, and trouble never stops the user."""

from __future__ import annotations

import errno
import math
import mmap
import os
import sqlite3
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from nbtrack.base import journal
from nbtrack.base.config import Project
from nbtrack.base.errors import InvalidValue, NoActiveRun, StoreError
from nbtrack.runs import contract as c
from nbtrack.runs import current, intake, projects
from nbtrack.runs.active import ActiveRun
from nbtrack.runs.service import RunsService

ROOT = Path(__file__).resolve().parents[2]

SLOW = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def service(project: Project) -> RunsService:
    return RunsService(project)


@pytest.fixture
def run(project: Project) -> ActiveRun:
    return current.begin(project, name="tried")


def detail(service: RunsService, run: ActiveRun) -> c.RunDetail:
    return service.get(c.RunRequest(run.id))


def bits(values: Any) -> list[bytes]:
    """Floats as their bits; every NaN is one."""
    return [struct.pack("<d", value) if value == value else b"nan" for value in values]


# -- what goes in comes out


def test_all_that_a_run_takes_can_be_read_back(service: RunsService, run: ActiveRun, tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"weights")
    run.log({"loss": 0.5, "acc": 0.25}, step=3, time=12.5)
    run.set_params({"lr": 0.1, "opt": {"name": "adam", "betas": [0.9, 0.99]}, "big": 1 << 70, "half": "\ud800"})
    run.set_params({"lr": 0.2})
    run.set_tags({"best": True, "stage": "test"})
    run.set_note("a *note*\nof two lines")
    run.add_bytes("plots/roc.png", b"\x89PNG", "image/png", "figure")
    run.add_file(tmp_path / "model.bin", "model.bin")
    run.add_output("stdout", "text/plain", "hello\0 \ud800 there")
    run.add_output("result", "text/html", "<b>1</b>", plain="1")
    run.add_dataset("iris", "frame", info={"rows": 150})
    run.set_environment("e" * 64, {"python": "3.11"})
    run.set_git({"commit": "abc"})
    run.set_name("renamed")
    run.end("failed", "ValueError: no")

    found = detail(service, run)
    row = found.row
    assert (row.name, row.status, row.end_reason, row.note) == (
        *("renamed", "failed", "ValueError: no"),
        "a *note*\nof two lines",
    )
    assert row.tags == {"best": "True", "stage": "test"}
    assert {param.name: param.value for param in found.params} == {
        "lr": 0.2,
        "opt.name": "adam",
        "opt.betas": [0.9, 0.99],
        "big": 1 << 70,
        "half": "\ud800",
    }
    assert [param.earlier for param in found.params if param.name == "lr"] == [[0.1]]
    assert [(each.path, each.size) for each in found.artifacts] == [("model.bin", 7), ("plots/roc.png", 4)]
    assert service.artifact(run.id, "plots/roc.png")[1] == b"\x89PNG"
    assert service.artifact(run.id, "model.bin")[1] == b"weights"
    texts = [(output.kind, output.text) for output in service.outputs(c.RunRequest(run.id)).outputs]
    assert texts == [("stdout", "hello\0 ? there"), ("result", "<b>1</b>")]
    assert (found.environment, found.git) == ({"python": "3.11"}, {"commit": "abc"})
    assert found.datasets[0].info == {"rows": 150}
    points = service.history(run.id, "loss")
    assert (list(points.steps), list(points.times), list(points.values)) == ([3], [12.5], [0.5])


FLOATS = st.floats(allow_nan=True, allow_infinity=True)
STEPS = st.none() | st.integers(-(1 << 63), (1 << 63) - 302)  # 300 points may follow one another


@SLOW
@given(st.lists(st.tuples(STEPS, FLOATS), min_size=1, max_size=300), st.integers(1, 40))
def test_a_series_is_kept_bit_for_bit_in_its_order(
    project: Project, points: list[tuple[int | None, float]], every: int
) -> None:
    """Steps repeat, go back and jump; some batches are of one point, some of many."""
    run, expected, following = current.begin(project), [], 0
    for place, (step, value) in enumerate(points):
        run.log({"m": value}, step)
        expected.append(following if step is None else step)
        following = expected[-1] + 1
        if place % every == 0:
            run.flush()
    run.end()
    found = RunsService(project).history(run.id, "m")
    assert list(found.steps) == expected
    assert bits(found.values) == bits(value for _, value in points)


def exact_mean(values: Any) -> float:
    """The mean by fractions, which no sum on the way can overflow, as numpy's do."""
    endless = {float(value) for value in values if math.isinf(value)}
    return sum(endless) if endless else float(sum(map(Fraction, values.tolist())) / len(values))


@SLOW
@given(st.lists(st.lists(FLOATS, min_size=1, max_size=200), min_size=1, max_size=5))
@example([[1.7e308, 1.7e308, -math.inf]])
@example([[1.7e308, 1.7e308], [-math.inf, -1.7e308, -1.7e308]])
@example([[1.7e308] * 9 + [-1.7e308] * 9])
@example([[5e-324]] * 3)
def test_the_summary_is_what_exact_arithmetic_says(project: Project, batches: list[list[float]]) -> None:
    run = current.begin(project)
    for batch in batches:
        for value in batch:
            run.log({"m": value})
        run.flush()
    run.end()
    found = detail(RunsService(project), run).row.metrics["m"]
    everything = np.array([value for batch in batches for value in batch])
    valid = everything[~np.isnan(everything)]
    assert found.count == len(everything)
    assert bits([found.last + 0.0]) == bits([everything[-1] + 0.0])  # a summary makes no difference of −0.0
    if len(valid):
        assert (found.min, found.max) == (valid.min(), valid.max())
        near = 1e-12 * np.abs(valid).max() + 1e-307  # the smallest of all numbers have few digits
        assert found.mean == pytest.approx(exact_mean(valid), rel=1e-9, abs=near, nan_ok=True)
    else:
        assert all(map(math.isnan, (found.min, found.max, found.mean)))


def test_each_metric_counts_on_from_its_own_last_step(service: RunsService, run: ActiveRun) -> None:
    run.log({"a": 1.0})
    run.log({"a": 1.0})
    run.log({"b": 1.0})
    run.log({"a": 1.0}, step=10)
    run.log({"a": 1.0})
    run.log({"a": 1.0}, step=2)
    run.log({"a": 1.0})
    run.log({"a": 1.0, "b": 1.0})
    run.end()
    assert list(service.history(run.id, "a").steps) == [0, 1, 10, 11, 2, 3, 4]
    assert list(service.history(run.id, "b").steps) == [0, 4]


def test_steps_may_be_numpys_or_whole_floats(service: RunsService, run: ActiveRun) -> None:
    for step in (np.int64(3), 4.0, np.float32(5), True):
        run.log({"a": 1.0}, step)  # type: ignore[arg-type]
    run.end()
    assert list(service.history(run.id, "a").steps) == [3, 4, 5, 1]


def test_a_long_run_takes_some_24_bytes_a_point(service: RunsService, run: ActiveRun) -> None:
    for _ in range(60_000):
        run.log({"loss": 0.5})
    run.end()
    with_points = [service.history(run.id, "loss")]
    service.database.shrink()
    assert len(with_points[0].values) == 60_000
    assert service.database.path.stat().st_size < 60_000 * 40 + 300_000


def test_slow_points_do_not_become_a_row_each(service: RunsService, run: ActiveRun) -> None:
    for number in range(300):
        run.log({"loss": float(number)})
        run.flush()
    run.end()
    assert list(service.history(run.id, "loss").values) == [float(number) for number in range(300)]
    with service.database.read() as conn:
        assert conn.execute("SELECT count(*) FROM points").fetchone()[0] <= 4


def test_names_of_any_kind_are_kept(service: RunsService, run: ActiveRun) -> None:
    names = ["a.b", "a b", "'; DROP TABLE runs; --", "<img src=x onerror=alert(1)>", '"', "日本語 🎉", "%s {0}", "\\"]
    run.log({name: float(place) for place, name in enumerate(names)})
    run.set_params(dict.fromkeys(names, "x"))
    run.set_tags(dict.fromkeys(names, "y"))
    run.end()
    row = detail(service, run).row
    assert {name: summary.last for name, summary in row.metrics.items()} == {n: float(i) for i, n in enumerate(names)}
    assert row.params == dict.fromkeys(names, "x")
    assert row.tags == dict.fromkeys(names, "y")


# -- bad input


@pytest.mark.parametrize(
    "call",
    [
        lambda run: run.log({"good": 1.0, "bad": "x"}),
        lambda run: run.log({"good": 1.0, "": 1.0}),
        lambda run: run.log({"good": 1.0}, step="x"),
        lambda run: run.log({"good": 1.0}, step=1 << 63),
        lambda run: run.log({"good": 1.0}, step=0.5),
        lambda run: run.log({"good": 1.0}, step=math.nan),
        lambda run: run.log({"good": 1.0}, time=math.nan),
        lambda run: run.log({"good": 1.0}, time="noon"),
        lambda run: run.log([("good", 1.0)]),
        lambda run: run.log("good"),
        lambda run: run.log(None),
        lambda run: run.log(1.0),
        lambda run: run.set_params({"good": 1, "bad": object()}),
        lambda run: run.set_params({"good": 1, "huge": "x" * 10_000_000}),
        lambda run: run.set_params({"good": 1, "huge": 10**5000}),
        lambda run: run.set_params([1]),
        lambda run: run.set_tags({"good": "x", "bad": object()}),
        lambda run: run.set_tags({"good": "x", "bad": "nul\0"}),
        lambda run: run.set_note("x" * 10_000_000),
        lambda run: run.set_name(""),
        lambda run: run.add_bytes("../up", b""),
        lambda run: run.add_bytes("/up", b""),
        lambda run: run.add_bytes("a\\b", b""),
        lambda run: run.add_bytes("C:/up", b""),
        lambda run: run.add_bytes("a//b", b""),
        lambda run: run.add_bytes("", b""),
    ],
)
def test_a_call_with_a_mistake_stores_nothing_of_it(
    service: RunsService, run: ActiveRun, call: Callable[[Any], None]
) -> None:
    for _ in range(2):  # before and after the names are known
        with pytest.raises(InvalidValue):
            call(run)
        found = detail(service, run)
        row = found.row
        known = {name: summary.count for name, summary in row.metrics.items()}
        assert known in ({}, {"good": 1})
        assert (row.params, row.tags, row.note, row.name, found.artifacts) == ({}, {}, "", "tried", [])
        run.log({"good": 1.0}) if not known else None
    run.end()


def test_no_lock_is_held_while_code_of_the_users_runs(project: Project, service: RunsService, run: ActiveRun) -> None:
    """A value's own methods may take as long as they like: other kernels write meanwhile."""
    run.flush()
    free: list[str] = []

    def look(where: str, patience: float = 60.0) -> None:
        with closing(sqlite3.connect(project.database, timeout=patience, isolation_level=None)) as another:
            another.execute("BEGIN IMMEDIATE")
            another.execute("ROLLBACK")
        free.append(where)

    with pytest.raises(StoreError, match="locked"), service.database.write():
        look("where it is held", 0.1)

    class Number(float):
        def __float__(self) -> float:
            look("number")
            return 0.5

        def __array__(self, *given: Any, **named: Any) -> Any:
            look("array")
            return np.array(0.5)

    class Params(dict[str, Any]):
        def items(self) -> Any:
            look("params")
            return super().items()

    class Shown:
        def __repr__(self) -> str:
            look("repr")
            return "Shown()"

    run.log({"loss": Number(0.5)})
    run.set_params(Params(lr=0.1))
    with suppress(InvalidValue):
        run.set_params({"model": Shown()})
    leave = run.on_end

    def on_end(ended: ActiveRun) -> None:
        look("end")
        leave(ended)  # or it would stay the current run, of later tests too

    run.on_end = on_end
    run.end()
    assert {"params", "end"} < set(free), "and a value's own method"


def test_a_run_that_ended_takes_nothing_more(service: RunsService, run: ActiveRun) -> None:
    run.log({"a": 1.0})
    run.end()
    calls: tuple[Callable[[], None], ...] = (
        lambda: run.log({"a": 2.0}),
        lambda: run.log({"a": 2.0, "b": 1.0}),
        lambda: run.set_params({"p": 1}),
        lambda: run.set_tags({"t": "x"}),
        lambda: run.add_bytes("a", b""),
    )
    for call in calls:
        with pytest.raises(NoActiveRun, match="has ended"):
            call()
    run.end("failed")
    found = detail(service, run).row
    assert (found.status, found.metrics["a"].count, found.params, found.tags) == ("finished", 1, {}, {})


def test_a_record_that_does_not_fit_the_tables_keeps_none_behind_it_out(
    service: RunsService, run: ActiveRun, project: Project
) -> None:
    told: list[str] = []
    run.recorder.notify = told.append
    run.log({"a": 1.0})
    run.recorder.event({"e": "edit", "run": run.id, "field": "starred", "value": None})  # NOT NULL
    run.recorder.event({"e": "edit", "run": run.id, "field": "no such", "value": 1})
    run.recorder.event({"e": "end"})
    run.recorder.event({"e": "of tomorrow", "what": 1})
    run.log({"a": 2.0})
    run.log({"new": 3.0})
    run.end()
    assert list(service.history(run.id, "a").values) == [1.0, 2.0]
    assert list(service.history(run.id, "new").values) == [3.0]
    assert detail(service, run).row.status == "finished"
    assert any("could not be stored" in text for text in told)


def test_threads_that_log_to_one_run_lose_nothing(service: RunsService, run: ActiveRun) -> None:
    def work(number: int) -> None:
        for point in range(3000):
            run.log({"shared": float(number * 10_000 + point)})
            if point % 100 == 0:
                run.log({f"own{number}": float(point), "other": 1.0})

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run.end()
    assert sorted(service.history(run.id, "shared").values) == sorted(
        float(number * 10_000 + point) for number in range(6) for point in range(3000)
    )
    assert all(len(service.history(run.id, f"own{number}").values) == 30 for number in range(6))


def test_threads_that_begin_the_first_runs_at_once_do_not_wait_for_each_other_for_ever(project: Project) -> None:
    """Two locks taken in two orders would hang here now and then."""
    for _ in range(20):
        projects.forget_all()
        gate = threading.Barrier(6)

        def work(gate: threading.Barrier = gate) -> None:
            gate.wait()
            run = current.begin(project)
            run.log({"a": 1.0})
            run.end()

        threads = [threading.Thread(target=work, daemon=True) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=120.0)
        assert not any(thread.is_alive() for thread in threads)
        for recorder in projects.open_recorders():
            recorder.close()
    assert RunsService(project).page(c.PageRequest()).matched == 120


# -- trouble with the disk


@pytest.fixture
def told(run: ActiveRun) -> list[str]:
    found: list[str] = []
    run.recorder.notify = found.append
    return found


def no_room(path: Path, size: int) -> mmap.mmap:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_gives_one_notice_and_nothing_is_lost_when_there_is_room_again(
    service: RunsService, run: ActiveRun, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as full:
        full.setattr(journal, "allocate", no_room)
        for number in range(60_000):  # more than what is left of the segment
            run.log({"loss": float(number)})
        run.set_params({"lr": 0.1})
        assert len([text for text in told if "cannot record" in text]) == 1
    run.log({"loss": -1.0})
    run.end()
    assert list(service.history(run.id, "loss").values) == [*map(float, range(60_000)), -1.0]
    found = detail(service, run).row
    assert (found.params, found.status) == ({"lr": 0.1}, "finished")
    assert run.recorder._lost == 0


def test_ctrl_c_while_held_records_are_written_loses_none(
    service: RunsService, run: ActiveRun, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run.recorder._ingesting.acquire()  # only this thread writes them
    with monkeypatch.context() as full:
        full.setattr(journal, "allocate", no_room)
        for number in range(40_000):
            run.log({"loss": float(number)})
    held = len(run.recorder._held)
    put = journal.Journal.put
    calls = iter(range(1_000_000))

    def interrupted(self: journal.Journal, body: bytes) -> None:
        if next(calls) == held // 2:
            raise KeyboardInterrupt
        put(self, body)

    with monkeypatch.context() as patch:
        patch.setattr(journal.Journal, "put", interrupted)
        run.recorder._next_try = 0.0
        with pytest.raises(KeyboardInterrupt):
            run.log({"loss": -1.0})
    run.log({"loss": -2.0})
    run.recorder._ingesting.release()
    run.end()
    assert list(service.history(run.id, "loss").values) == [*map(float, range(40_000)), -2.0]


@pytest.fixture
def small_disk(project: Project) -> Iterator[Path]:
    """The project's folder on a file system of 24 MB."""
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "none", str(project.root)], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("mounting a small file system needs root")
    os.chdir(project.root)  # into what is mounted, not under it
    yield project.root
    for recorder in projects.open_recorders():
        recorder.close()
    projects.forget_all()
    os.chdir("/")
    subprocess.run(["umount", "-l", str(project.root)], check=True)


def test_a_disk_that_really_fills_up_stops_nobody_and_keeps_what_was_acknowledged(
    small_disk: Path, project: Project
) -> None:
    run = current.begin(project)
    told: list[str] = []
    run.recorder.notify = told.append
    ballast = small_disk / "ballast"
    for number in range(5_000):
        run.log({"loss": float(number)})
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4096):
                pass
        except OSError as error:
            assert error.errno == errno.ENOSPC  # noqa: PT017
    for number in range(5_000, 100_000):
        run.log({"loss": float(number)})
    run.add_bytes("small.txt", b"text")
    assert 1 <= len(told) <= 20, told  # not one a record: once a trouble, which may be over and come again meanwhile
    ballast.unlink()
    run.log({"loss": -1.0})
    run.end()
    service = RunsService(project)
    assert list(service.history(run.id, "loss").values) == [*map(float, range(100_000)), -1.0]
    assert detail(service, run).row.status == "finished"


def in_child(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NBTRACK_DIR": str(folder), "NBTRACK_PARENT": ""}
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command, env=environment, cwd=folder, capture_output=True, text=True, timeout=280, check=False
    )


def test_a_limit_on_file_sizes_stops_nobody(project: Project) -> None:
    """A quota by the system: each write beyond is refused."""
    code = """if True:
        import resource
        import nbtrack
        resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000))
        with nbtrack.start_run():
            for number in range(1000):
                nbtrack.log({"loss": float(number)})
        print("went on")
    """
    done = in_child(code, project.root)
    assert (done.returncode, done.stdout) == (0, "went on\n"), done.stderr
    assert done.stderr.count("cannot record now") == 1
    assert "Traceback" not in done.stderr


def test_a_folder_that_cannot_be_written_stops_nobody(project: Project) -> None:
    project.folder.touch()  # a file where the folder would be: so also for root
    code = """if True:
        import nbtrack
        with nbtrack.start_run():
            for number in range(1000):
                nbtrack.log({"loss": float(number)})
        print("went on")
    """
    done = in_child(code, project.root)
    assert (done.returncode, done.stdout) == (0, "went on\n"), done.stderr
    assert done.stderr.count("cannot record now") == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("what", ["the database", "the whole folder"])
def test_what_is_deleted_under_a_run_is_made_again_and_the_run_goes_on(
    service: RunsService, run: ActiveRun, project: Project, what: str
) -> None:
    run.log({"a": 1.0})
    run.flush()
    if what == "the database":
        for path in project.folder.glob("nbtrack.db*"):
            path.unlink(missing_ok=True)  # the log goes with its last connection
    else:
        while subprocess.run(["rm", "-rf", str(project.folder)], check=False).returncode:
            pass  # the thread that empties the journal put something there meanwhile
    run.log({"a": 2.0})
    run.log({"b": 3.0})
    assert list(service.history(run.id, "a").values) == [1.0, 2.0], "what the journal still has is taken again"
    assert list(service.history(run.id, "b").values) == [3.0]
    run.end()
    assert detail(service, run).row.status == "finished"
    assert [segment.path.name for segment in journal.segments(project.journal)]


def test_a_recorder_that_was_closed_can_be_used_again(service: RunsService, project: Project) -> None:
    for number in range(3):
        run = current.begin(project, name=f"run {number}")
        run.log({"a": float(number)})
        run.end()
        run.recorder.close()
    rows = service.page(c.PageRequest()).rows
    assert {row.name: row.metrics["a"].last for row in rows} == {"run 0": 0.0, "run 1": 1.0, "run 2": 2.0}
    assert not journal.segments(project.journal)


def test_a_clean_end_leaves_no_journal(run: ActiveRun, project: Project) -> None:
    run.log({"a": 1.0})
    run.end()
    run.recorder.close()
    assert list(project.journal.iterdir()) == []


def test_what_is_logged_while_the_database_is_locked_is_on_the_disk_within_a_second(
    run: ActiveRun, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A commit has the disk keep it, but there is none while another process writes: a power cut may come meanwhile."""
    run.log({"a": 1.0})
    run.flush()
    begun: list[float] = []
    sync_file = journal._sync_file

    def seen(path: Path, how: int) -> None:
        began = time.monotonic()
        sync_file(path, how)
        begun.append(began)

    monkeypatch.setattr(journal, "_sync_file", seen)
    with closing(sqlite3.connect(project.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for _ in range(3):
            logged = time.monotonic()
            run.log({"a": 2.0})
            deadline = logged + 120.0  # other tests have the machine too; it is there after half a second on a free one
            while not any(at > logged for at in begun):
                assert time.monotonic() < deadline
                time.sleep(0.01)
        other.rollback()
    clock = [time.monotonic()]  # as these steps set it: on a busy machine the thread that commits comes late
    monkeypatch.setattr(intake, "time", SimpleNamespace(monotonic=lambda: clock[0], time=time.time))
    run.flush()
    quiet = len(begun)
    for _ in range(10):
        clock[0] += 0.2
        run.log({"a": 3.0})
        run.flush()
    assert len(begun) == quiet, "commits are enough again"
    clock[0] += 0.4
    run.flush()
    assert len(begun) > quiet, "and where one came late, the disk was asked"
    run.end()
    run.end()
