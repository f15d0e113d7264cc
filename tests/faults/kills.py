"""SIGKILL: at random moments, before exact system calls, and of real kernels in the midst of a tracked cell."""

from __future__ import annotations

import asyncio
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

from nbtrack.base.config import Project
from nbtrack.base.db import Database
from nbtrack.base.errors import StoreLocked
from nbtrack.runs import projects
from nbtrack.runs.migrations import MIGRATIONS, MIN_READER
from nbtrack.runs.service import RunsService
from nbtrack.server.desk import Desk
from nbtrack.server.hub import Hub
from tests.faults.kernels import LOGGING, OneKernel
from tests.faults.table import Row
from tests.faults.victims import PATIENCE, Nursery, Verdict, Victim, judge, workplace

WITHIN = 10.0  # seconds until a killed run says so
# What a recording process asks of the system when it makes files, writes, has them on the disk, and names them.
CALLS = ("pwrite64", "write", "fdatasync", "fsync", "ftruncate", "fallocate", "rename", "unlink", "mkdir", "openat")
_PER_CALL = 40  # of one system call; where there are more, every second or third
_SOME, _MANY = 200, 2500  # things that a process was told


@dataclass
class Found:
    """What several faults did: a verdict each, and what the victims complained of."""

    verdicts: list[Verdict] = field(default_factory=list)
    errors: str = ""

    def row(self, fault: str, canary: str, **about: str) -> Row:
        """As a row of the table. Lost are points, ends of runs and artifacts together."""
        all_of = self.verdicts
        lost = sum(one.lost + one.ends + one.files for one in all_of)
        corrupt = sum(bool(one.corrupt) for one in all_of)
        unclear = sum(len(one.unclear) for one in all_of) + bool(self.errors)
        told = sum(one.told for one in all_of)
        note = f"{told:,} acknowledged points{about.get('note', '')}"
        first = next((one.corrupt[0] for one in all_of if one.corrupt), self.errors)
        note += f"; {first}" if first else ""
        good = not (lost or corrupt or unclear)
        values = {"points": float(told)}
        return Row(fault, len(all_of), lost, corrupt, unclear, canary, "0 lost, 0 corrupt", good, note, values=values)


def at_random(count: int, canary: str = "", seed: int | None = None, notice: str = "") -> Found:
    """Kills of processes that record: within their first points, while a segment is filled, between two ingests.

    notice: what the first of them says to its user before its time runs.
    """
    chance, found = random.Random(seed), Found()
    with workplace(canary) as nursery:
        for number in range(count):
            points = chance.choice([1 << 40, 1 << 40, 2000, 60])  # one run until the end, or one after the other
            pause, files = chance.choice([0.0, 0.0005, 0.001]), chance.choice([0, 0, 1, 3])
            victim = nursery.begin("record", points=points, pause=pause, files=files)
            victim.wait_for(_MANY if number % 10 == 9 else 1)  # else a slow machine would have little at stake
            if notice and not number:
                victim.wait_for(_SOME)
                nursery.wait_for(notice)
            time.sleep(chance.choice([0.0, 0.02, 0.1, 0.4]) * chance.random())
            victim.kill()
            nursery.reap(victim)
            found.verdicts.append(judge(victim.root, victim.told))
            _clean(victim)
        found.errors = nursery.errors()
    return found


def on_a_network(count: int, canary: str = "on a network", seed: int | None = None) -> tuple[Found, int]:
    """The same where the database has no write-ahead log and the journal is not mapped; how many said so."""
    found = at_random(count, canary, seed, "nfs4")
    lines = found.errors.splitlines()
    notices = [line for line in lines if line.startswith("nbtrack: ") and "nfs4" in line and "NBTRACK_DIR" in line]
    found.errors = "\n".join(line for line in lines if line not in notices)
    return found, len(notices)


def _clean(victim: Victim) -> None:
    victim.told.remove()
    shutil.rmtree(victim.root, ignore_errors=True)


# -- at exact system calls


def cannot_trace() -> str:
    """Why system calls cannot be aimed at here; empty if they can."""
    if not shutil.which("strace"):
        return "needs strace, which is not installed"
    with workplace() as nursery:
        victim = nursery.begin("scenario", go=False)
        try:
            with _tracing(victim, "fsync", 1000):
                victim.kill()
        except RuntimeError as error:
            return f"strace may not trace here: {error}"
        finally:
            victim.kill()
            nursery.reap(victim)
            victim.told.remove()
    return ""


@contextmanager
def _tracing(victim: Victim, call: str, number: int) -> Iterator[None]:
    aim = ["-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={number}"]
    command = ["strace", "-f", "-o", "/dev/null", *aim, "-p", str(victim.pid)]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as tracer:
        try:
            assert tracer.stderr is not None
            said = tracer.stderr.readline().decode()
            if "attached" not in said:
                raise RuntimeError(said.strip() or f"strace ended with {tracer.wait()}")
            yield
            tracer.communicate(timeout=PATIENCE)
        finally:
            if tracer.poll() is None:
                tracer.terminate()


def kill_at(nursery: Nursery, act: str, call: str, number: int, root: Path | None = None) -> Verdict | None:
    """A process is killed as it is about to make the n-th such call; None if there were fewer."""
    victim = nursery.begin(act, root, go=False)
    with _tracing(victim, call, number):
        victim.told.go()
        status = nursery.reap(victim)
    killed = status == -signal.SIGKILL
    verdict = judge(victim.root, victim.told) if killed else None
    _clean(victim)
    return verdict


def at_calls(act: str, calls: Sequence[str], most: int, prepare: Callable[[Path], None] | None = None) -> Found:
    """Kill an act before each call of each kind; where there are more than ``most`` of a kind, before every so many."""
    found = Found()
    with workplace() as nursery:
        for call in calls:
            number, step, killed = 1, 1, 0
            while True:
                root = nursery.folder / f"{call}{number}"
                if prepare:
                    root.mkdir()
                    prepare(root)
                verdict = kill_at(nursery, act, call, number, root)
                if verdict is None:
                    break
                found.verdicts.append(verdict)
                killed += 1
                if killed % max(1, most // 3) == 0:
                    step *= 2
                if killed >= most:
                    break
                number += step
        found.errors = nursery.errors()
    return found


def first_version(root: Path) -> None:
    """A project whose file is of the first version, with a run in it."""
    project = Project(root)
    project.create()
    old = Database(project.database, MIGRATIONS[:1], MIN_READER)
    with old.write() as conn:
        conn.execute("INSERT INTO experiments (name, created) VALUES ('default', 1.0)")
        row = ("id", "run 0", 1, "finished", 1.0, 2.0, "script")
        conn.execute(
            "INSERT INTO runs (id, name, experiment, status, started, ended, kind) VALUES (?,?,?,?,?,?,?)", row
        )
    old.close()


def migrated(root: Path) -> list[str]:
    """What is not as it should be with a project that `first_version` made and a killed migration left."""
    service = RunsService(Project(root))
    try:
        service.refresh(force=True)
        with service.database.read() as conn:
            version = conn.execute("PRAGMA user_version").fetchone()[0]
            names = conn.execute("SELECT name, status FROM runs").fetchall()
            sound = conn.execute("PRAGMA integrity_check").fetchall()
    finally:
        projects.forget_all()
    expected = (len(MIGRATIONS), [("run 0", "finished")], [("ok",)])
    return [] if (version, names, sound) == expected else [f"after a migration: {version}, {names}, {sound}"]


def migrations(calls: Sequence[str], most: int) -> Found:
    """Kill the process that brings a file of the first version up to date, before each of its calls."""
    found = Found()
    with workplace() as nursery:
        for call in calls:
            for number in range(1, most + 1):
                root = nursery.folder / f"{call}{number}"
                root.mkdir()
                first_version(root)
                victim = nursery.begin("migrate", root, go=False)
                with _tracing(victim, call, number):
                    victim.told.go()
                    status = nursery.reap(victim)
                if status != -signal.SIGKILL:
                    break
                found.verdicts.append(Verdict(corrupt=migrated(root)))
                _clean(victim)
        found.errors = nursery.errors()
    return found


# -- kernels


@dataclass
class Killed:
    """A kernel that was killed in a cell: points it had told of and points found; when the run said that it crashed."""

    told: int
    kept: int
    status: str
    seconds: float


def kernels(count: int, beside: int = 1) -> list[Killed]:
    """Kill kernels in a tracked cell. The server's hub has a page that watches; nobody asks anything of it.

    beside: so many at a time, each watched by a process of its own.
    """
    if beside > 1:
        with ProcessPoolExecutor(beside, get_context("spawn")) as pool:
            return [one for part in pool.map(kernels, [count // beside] * beside) for one in part]
    found = []
    for _ in range(count):
        with workplace() as nursery:
            root = nursery.folder / "project"
            root.mkdir()
            with OneKernel(root) as kernel:
                kernel.run("%load_ext nbtrack")
                kernel.send(LOGGING)
                kernel.wait_for("going")
                found.append(asyncio.run(_watch_it_die(kernel)))
    return found


async def _watch_it_die(kernel: OneKernel) -> Killed:
    """Kill a kernel whose project a page watches; when does the file itself say that the run crashed."""
    hub, told, project = Hub(Desk()), list[int](), Project(kernel.root)
    hub.listen("page", project, told.append)
    await asyncio.to_thread(kernel.wait_until_told)
    await asyncio.sleep(random.uniform(0.1, 0.6))
    count = kernel.told()
    kernel.kill()
    began = time.monotonic()
    try:
        while True:
            status = await asyncio.to_thread(_status, project)
            seconds = time.monotonic() - began
            if status != "running" or seconds > PATIENCE:
                break
            await asyncio.sleep(0.1)
    finally:
        hub.leave("page", project.root)
        while not hub.desk.cares.idle:  # what it looks at is about to be deleted
            await asyncio.sleep(0.01)
    kept = _points(RunsService(project))
    projects.forget_all()
    return Killed(count, kept, status, seconds)


def _status(project: Project) -> str:
    """What the file says, as it lies there: a reader of ours would settle what it finds."""
    database = Database(project.database, MIGRATIONS, MIN_READER)
    try:
        with database.read() as conn:
            row = conn.execute("SELECT status FROM runs").fetchone()
            return str(row[0]) if row else "running"  # its beginning is still in the journal
    except StoreLocked:
        return "running"  # for all that can be seen now
    finally:
        database.close()


def _points(service: RunsService) -> int:
    service.refresh(force=True)
    with service.database.read() as conn:
        ((run,),) = conn.execute("SELECT id FROM runs").fetchall()
    return len(service.history(run, "loss").values)


def rows(long: bool) -> list[Row]:
    """The part of the table."""
    found = [_random_row(200 if long else 50)]
    reason = cannot_trace()
    if reason:
        found += [Row("SIGKILL before a system call", skipped=reason)]
    else:
        calls = CALLS if long else ("pwrite64", "rename")
        seen = at_calls("scenario", calls, _PER_CALL if long else 3)
        found.append(seen.row(f"SIGKILL before {', '.join(calls)}", "see the first row"))
        seen = migrations(calls, _PER_CALL if long else 2)
        found.append(seen.row("SIGKILL before the same in a migration", "see the first row"))
    return [*found, _network_row(50 if long else 5), _kernel_row(200 if long else 1, 4 if long else 1)]


def _network_row(count: int) -> Row:
    lost = on_a_network(3, "in memory there", seed=1)[0].row("", "").lost
    found, said = on_a_network(count)
    row = found.row("SIGKILL on a network file system", f"a journal kept in memory loses {lost:,} in 3")
    row.note += f"; {said} said once that it is one"
    row.goal = "0 lost, 0 corrupt, said once"
    row.met = row.met and 0 < said <= count and lost > 0
    return row


def _random_row(count: int) -> Row:
    lost = sum(one.lost for one in at_random(5, "in memory").verdicts)
    return at_random(count).row("SIGKILL at random moments", f"a journal kept in memory loses {lost:,} in 5")


def _kernel_row(count: int, beside: int) -> Row:
    seen = kernels(count, beside)
    late = max(one.seconds for one in seen)
    lost = sum(max(0, one.told - one.kept) for one in seen)
    wrong = [one.status for one in seen if one.status != "crashed"]
    note = f"{sum(one.told for one in seen):,} acknowledged points; the run said 'crashed' after {late:.1f} s at most"
    goal = f"0 lost, 'crashed' within {WITHIN:.0f} s"
    good = not lost and not wrong and late <= WITHIN
    row = Row("SIGKILL of a kernel in a cell", len(seen), lost, len(wrong), 0, "see the test", goal, good, note)
    row.values = {"seconds until crashed": late}
    return row
