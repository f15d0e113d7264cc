"""SIGKILL in the midst of a restore, a backup and a repair: the old project or the new is there, never half of either.

A process that has loaded everything forks a child for each kill. The child is killed before the n-th thing that it does
to files (as Python's audit events tell), or between two steps in which SQLite writes into the database in use.
"""

from __future__ import annotations

import atexit
import functools
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from nbtrack.base.config import Project
from nbtrack.runs import current, objects, projects
from nbtrack.runs.service import RunsService
from nbtrack.transfer.backing_up import make
from nbtrack.transfer.bringing_back import bring_back
from tests.faults.conftest import environment
from tests.faults.lab import found
from tests.faults.table import Row

OLD, NEW = 24, 16  # runs
# Each line on standard input is a job: what to do, in which project, with which file, and before which step to die.
FORKING = """
    import json, os, signal, sys
    from pathlib import Path
    from nbtrack.base.config import Project
    from nbtrack.base.errors import StoreError
    from nbtrack.runs import projects, repair
    from nbtrack.runs.service import RunsService
    from nbtrack.transfer import backing_up, bringing_back
    from nbtrack.transfer.store import whole

    canary = len(sys.argv) > 1 and sys.argv[1] == "canary"
    EVENTS = ("open", "os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "sqlite3.connect")
    state = {"left": -1, "count": 0}

    def step(*_):
        state["count"] += 1
        if state["count"] == state["left"]:
            os.kill(os.getpid(), signal.SIGKILL)

    def hook(event, args):  # what Python loads is found compiled or not, as it comes: it is no step
        if state["left"] >= 0 and event in EVENTS and (event != "open" or args[1] != "r"):
            if not str(args[0]).endswith(".py") and ".pyc" not in str(args[0]) and "__pycache__" not in str(args[0]):
                step()

    sys.addaudithook(hook)

    class Stepwise:  # a connection whose copies go on in small steps, each of them a moment to die
        def __init__(self, real):
            self.real = real
        def __getattr__(self, name):
            return getattr(self.real, name)
        def backup(self, target, pages, progress, sleep=0.25):
            target = getattr(target, "real", target)
            self.real.backup(target, pages=8, progress=lambda *given: (step(), progress(*given)), sleep=sleep)

    plain = whole.plain
    whole.plain = lambda *given: Stepwise(plain(*given))
    if canary:  # the naive way: the file in use is written over
        def naive(made, target):
            with open(made, "rb") as source, open(target, "r+b") as goal:
                while block := source.read(8 * 4096):
                    goal.write(block)
                    goal.flush()
                    step()
                goal.truncate()
        whole.put_into = naive
        def naive_aside(path, folded, aside):  # and the log is taken away from the file that it belongs to
            aside.move(Path(f"{path}-wal"), "nbtrack.db-wal")
            step()
            os.link(path, aside.place("nbtrack.db"))
        repair._put_aside = naive_aside

    real_look = repair.deep.look
    def look(database):  # SQLite brings the log into the file when it is closed; here it cannot
        repair.deep.look = real_look
        raise StoreError("It cannot be read.")
    if len(sys.argv) > 2:
        repair.deep.look = look

    def do(what, root, file, dying):
        service = RunsService(Project(Path(root)))
        state.update(left=dying, count=0)
        if what == "backup":
            backing_up.make(service, Path(file))
        elif what == "repair":
            repair.repair_project(service)
        else:
            bringing_back.bring_back(service, Path(file), False, lambda items, what, total: items)
        state["left"] = -1

    for line in sys.stdin:
        what, root, file, dying = json.loads(line)
        child = os.fork()
        if not child:
            try:
                do(what, root, file, dying)
                sys.stdout.write(json.dumps({"steps": state["count"]}) + "\\n")
                sys.stdout.flush()
            except BaseException as error:
                sys.stdout.write(json.dumps({"error": repr(error)}) + "\\n")
                sys.stdout.flush()
            os._exit(0)
        status = os.waitpid(child, 0)[1]
        if os.WIFSIGNALED(status):
            sys.stdout.write(json.dumps({"killed": os.WTERMSIG(status)}) + "\\n")
            sys.stdout.flush()
"""


@dataclass
class Count:
    """What several kills did."""

    killed: int = 0
    lost: int = 0
    corrupt: int = 0
    unclear: int = 0
    steps: int = 0
    old: int = 0
    new: int = 0
    notes: list[str] = field(default_factory=list)

    def row(self, fault: str, canary: str) -> Row:
        """As a row of the table. Lost: neither the old project nor the new one was there."""
        good = bool(self.killed) and not (self.lost or self.corrupt or self.unclear)
        note = f"{self.old} times the old was there, {self.new} times the new; {self.steps} moments there are"
        note += f"; {self.notes[0]}" if self.notes else ""
        return Row(fault, self.killed, self.lost, self.corrupt, self.unclear, canary, met=good, note=note)


@functools.lru_cache
def _prepared() -> Path:
    """Two projects, and a backup of the second; made once, only read."""
    folder = Path(tempfile.mkdtemp(prefix="nbtrack-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name, count in (("old", OLD), ("new", NEW)):
        (folder / name).mkdir()
        project = Project(folder / name)
        for number in range(count):
            with current.begin(project, name=f"{name}{number}") as run:
                run.log({"loss": float(number)})
                run.set_params({f"long{place}": name * 300 for place in range(20)})
                if number % 10 == 0:
                    run.add_bytes("what.txt", f"{name} {number}".encode(), "text/plain")
        RunsService(project).refresh(force=True)
        (project.folder / "views.json").write_text(json.dumps({"of": name}))
    make(RunsService(Project(folder / "new")), folder / "new.zip")
    leave()
    return folder


class Workshop:
    """Two projects as they are before each kill, and the process that is killed."""

    def __init__(self, folder: Path, how: str) -> None:
        self.folder = folder
        self.old, self.saved = _prepared() / "old", _prepared() / "new.zip"
        command = [sys.executable, "-c", textwrap.dedent(FORKING), *how.split(", ")]
        about = environment(self.old) | {"PYTHONWARNINGS": "ignore"}
        self._parent = subprocess.Popen(command, env=about, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def close(self) -> None:
        """End the process."""
        self._parent.communicate(timeout=60)

    def ask(self, what: str, root: Path, file: Path, dying: int) -> dict[str, object]:
        """Have a job done in a child, which may be killed."""
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        self._parent.stdin.write(json.dumps([what, str(root), str(file), dying]) + "\n")
        self._parent.stdin.flush()
        told: dict[str, object] = json.loads(self._parent.stdout.readline())
        return told

    def fresh(self, damaged: bool = False) -> Path:
        """A copy of the old project to die in."""
        root = self.folder / "victim"
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(self.old, root)
        if damaged:
            with (root / ".nbtrack" / "nbtrack.db").open("r+b") as file:
                file.write(b"damaged " * 512)
        return root


def leave() -> None:
    for recorder in projects.open_recorders():
        recorder.close()
    projects.forget_all()


@contextmanager
def workshop(how: str = "") -> Iterator[Workshop]:
    with tempfile.TemporaryDirectory(prefix="nbtrack-") as folder:
        made = Workshop(Path(folder), how)
        try:
            yield made
        finally:
            made.close()
            leave()


def restores(most: int, how: str = "", damaged: bool = False) -> Count:
    """Kill restores; most: so many of the moments there are, spread over all of them."""
    count, chance = Count(), random.Random(7)
    with workshop(how) as shop:
        told = shop.ask("restore", shop.fresh(damaged), shop.saved, 1 << 30)
        assert "steps" in told, told
        count.steps = int(str(told["steps"]))
        for moment in moments(count.steps, most, chance, 0.6 if how else 0.0):
            root = shop.fresh(damaged)
            told = shop.ask("restore", root, shop.saved, moment)
            if told.get("killed") != signal.SIGKILL:
                count.notes.append(f"moment {moment}: {told}")
                continue
            count.killed += 1
            _judge_restore(count, shop, root, damaged, moment)
    return count


def _judge_restore(count: Count, shop: Workshop, root: Path, damaged: bool, moment: int) -> None:
    there = state(root)
    count.old += there == "old"
    count.new += there == "new"
    if there == "corrupt" and not damaged:
        count.corrupt += 1
        count.notes.append(f"moment {moment} of {count.steps}")
    elif there == "neither" or (there == "corrupt" and not _kept(root)):
        count.lost += 1
        count.notes.append(f"moment {moment} of {count.steps}: {there}")
    try:  # the same again does the rest
        done = bring_back(RunsService(Project(root)), shop.saved, False, lambda items, what, total: items)
        if state(root) != "new" or done.troubles:
            count.unclear += 1
    except Exception as error:  # noqa: BLE001 (whatever comes: it is counted)
        count.unclear += 1
        count.notes.append(f"moment {moment}: {error!r}")
    finally:
        leave()


def state(root: Path) -> str:
    """Which project is there: "old", "new", "neither"; "corrupt" where the database cannot be read."""
    try:
        read = found(root)
    except Exception:  # noqa: BLE001 (a damaged database can fail in any way)
        return "corrupt"
    if read.damage:
        return "corrupt"
    for name, runs in (("old", OLD), ("new", NEW)):
        if read.points == {f"{name}{number}": [float(number)] for number in range(runs)}:
            folder = Project(root).objects
            wanted = [f"{name} {number}".encode() for number in range(0, runs, 10)]
            held = [objects.read(folder, one) for one in objects.all_names(folder)]
            return name if all(text in held for text in wanted) else "neither"
    return "neither"


def _kept(root: Path) -> bool:
    """Whether the damaged database is still there, in its place or aside."""
    places = [root / ".nbtrack" / "nbtrack.db", *(root / ".nbtrack" / "aside").rglob("nbtrack.db")]
    return any(place.is_file() and place.read_bytes().startswith(b"damaged ") for place in places)


def backups(most: int) -> Count:
    """Kill backups: the project is as before, and no half of a backup has the name of a whole one."""
    count, chance = Count(), random.Random(8)
    with workshop() as shop:
        target = shop.folder / "made.zip"
        told = shop.ask("backup", shop.fresh(), target, 1 << 30)
        assert "steps" in told, told
        count.steps = int(str(told["steps"]))
        for moment in moments(count.steps, most, chance):
            target.unlink(missing_ok=True)
            root = shop.fresh()
            if shop.ask("backup", root, target, moment).get("killed") != signal.SIGKILL:
                continue
            count.killed += 1
            there = state(root)
            count.old += there == "old"
            count.corrupt += there == "corrupt"
            count.lost += there not in ("old", "corrupt")
            if target.exists():
                count.new += 1
                count.lost += not _whole(target, shop.folder / "again")
    return count


def _whole(saved: Path, root: Path) -> bool:
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    try:
        bring_back(RunsService(Project(root)), saved, False, lambda items, what, total: items)
        return state(root) == "old"
    finally:
        leave()


def moments(steps: int, most: int, chance: random.Random, share: float = 0.0) -> list[int]:
    """Which steps to die before; share: of those that come first, which are left out."""
    first = int(steps * share)
    every = range(first + 1, steps + 1)
    if len(every) <= most:
        return list(every)
    part = len(every) / most  # one of each part, so that no phase is left out
    return [min(steps, first + int(number * part + chance.random() * part) + 1) for number in range(most)]


def rows(long: bool) -> list[Row]:
    """The table's rows: a restore over a sound and over a damaged database, a backup."""
    most = 400 if long else 8
    naive = restores(60 if long else 8, "canary")
    sees = f"the file written over: {naive.corrupt + naive.lost} of {naive.killed}"
    return [
        restores(most).row("SIGKILL in `restore --from`", sees),
        restores(most // 2, damaged=True).row("SIGKILL in `restore --from`, over a damaged database", ""),
        backups(most // 2).row("SIGKILL in `backup`", ""),
    ]
