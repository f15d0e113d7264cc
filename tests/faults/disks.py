"""Disks that take nothing for a while, or for ever: full, over a quota, read-only, failing to give what they hold."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.faults.io_sweep import tracing
from tests.faults.lab import Ended, run, unclear
from tests.faults.table import Row

# The child logs, meets the trouble and goes on logging; after the trouble it ends its run. Other processes read in
# between and at the end. What it prints goes by `writev`, which no fault is injected into.
CHILD = """
    import json, os, resource, signal, subprocess, sys, time
    from contextlib import suppress
    from pathlib import Path
    trouble, how, room = sys.argv[1], sys.argv[2], int(sys.argv[3])
    disk = Path("disk").absolute()
    disk.mkdir()
    if trouble in ("full", "mount"):
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", disk], check=True)
    project = disk / "project"
    project.mkdir()
    os.environ["NBTRACK_DIR"] = str(project)
    import nbtrack
    from nbtrack.base.config import Project
    from nbtrack.runs import projects, recorder
    if how == "canary":
        def dropped(self, body, error):
            self.tell("disk", f"cannot record now: {error}. Your code goes on. It is gone.")
        recorder.Recorder._hold = dropped

    READER = '''
    import json, sys
    from pathlib import Path
    from tests.faults.lab import found
    left = found(Path(sys.argv[1]))
    print(json.dumps([left.points, left.status, left.damage]))
    '''

    def tell(**about):
        os.writev(1, [json.dumps(about).encode() + b"\\n"])

    def read():
        done = subprocess.run(
            [sys.executable, "-c", READER.replace("\\n    ", "\\n"), str(project)],
            capture_output=True, text=True, env={**os.environ, "PYTHONPATH": os.environ["PYTHONPATH"]},
        )
        return json.loads(done.stdout) if done.returncode == 0 else done.stderr.strip().splitlines()[-1]

    def traced(calls, error):
        tracer = subprocess.Popen(
            ["strace", "-f", "-o", "strace", "-p", str(os.getpid()), "-e", f"trace={calls}",
             "-e", f"inject={calls}:error={error}"], stderr=subprocess.PIPE, text=True)
        while "attached" not in tracer.stderr.readline():
            pass
        return tracer

    def fill():
        with open(disk / "ballast", "wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass
            file.truncate(max(0, file.tell() - room))

    def begin_trouble():
        if trouble == "full":
            fill()
        elif trouble == "size":
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
        elif trouble == "quota":
            return traced("pwrite64,fallocate,ftruncate,?mkdir,mkdirat", "EDQUOT")
        elif trouble == "mount":
            subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        elif trouble == "modes":
            for path in [project, *project.rglob("*")]:
                with suppress(FileNotFoundError):
                    path.chmod(0o555 if path.is_dir() else 0o444)
            os.seteuid(65534)

    def end_trouble(tracer):
        if trouble == "full":
            (disk / "ballast").unlink()
        elif trouble == "size":
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        elif trouble == "quota":
            tracer.send_signal(signal.SIGINT)
            tracer.communicate()
            tell(refused=Path("strace").read_text().count("(INJECTED)"))
        elif trouble == "mount":
            subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
        elif trouble == "modes":
            os.seteuid(0)
            for path in [project, *project.rglob("*")]:
                with suppress(FileNotFoundError):  # the ingest thread makes files and takes them away
                    path.chmod(0o755 if path.is_dir() else 0o644)

    number = 0
    def log(count):
        global number
        for _ in range(count):
            nbtrack.log({"loss": float(number)})
            number += 1

    if trouble == "mount":  # a mount with files open for writing cannot be made read-only
        subprocess.run([sys.executable, "-c", "import nbtrack; nbtrack.start_run(name='before').log({'loss': 1.0})"])
        tracer = begin_trouble()
        run = nbtrack.start_run(name="through")
        log(200)
    else:
        run = nbtrack.start_run(name="through")
        log(200)
        run.flush()
        tracer = begin_trouble()
    for _ in range(3):  # more than a segment of the journal holds, and the ingest thread has its turn
        log(12_000)
        time.sleep(0.15)
    nbtrack.log_params({"during": 1})
    if trouble in ("full", "size"):  # strace would follow into a reader; and another user may not start one
        tell(during=read())
    with nbtrack.start_run(name="begun in it"):
        log(10)
    end_trouble(tracer)
    time.sleep(0.3)
    log(100)
    run.end()
    tell(told=number)
    projects.recorder_of(Project(project)).close()
    tell(after=read())
    if trouble in ("full", "mount"):
        os.chdir("/")
        projects.forget_all()
        subprocess.run(["umount", "-l", disk], check=True)
"""


def through(trouble: str, how: str, room: int = 0) -> tuple[Ended, Row]:
    """A run that goes on through the trouble. room: bytes that are left, or that a file may have."""
    with tempfile.TemporaryDirectory() as place:
        before = _namespace() if trouble in ("full", "mount") else []
        Path(place).chmod(0o755)
        ended = run(Path(place), CHILD, trouble, how, room, before=before)
    row = Row("", injected=int("cannot record now" in ended.errors or "kept meanwhile" in ended.errors))
    row.unclear = unclear(ended.errors) + max(0, len(ended.notices) - 1) + (ended.code != 0)
    for moment, least in (("during", 200), ("after", ended.told.get("told", 1))):
        found = ended.told.get(moment)
        if moment == "during" and moment not in ended.told:
            continue
        if not isinstance(found, list):
            row.unclear += 1
            continue
        points, status, damage = found
        row.corrupt += bool(damage)
        here = {*points.get("through", []), *points.get("begun in it", [])}
        row.lost += len({float(number) for number in range(least)} - here)
        if moment == "after":
            row.lost += [status.get(name) for name in ("through", "begun in it")].count("finished") != 2
            row.lost += trouble == "mount" and points.get("before") != [1.0]
    return ended, row


# What is tried: (name of the row, trouble, how much room is left), what this needs beside Python.
_TROUBLES = (
    ("a full disk, full and free again during a run", "full", (0, 4096, 200_000, 600_000, 1_200_000, 2_000_000)),
    ("a limit on the size of files", "size", (0, 40_000, 300_000, 900_000)),
    ("over the quota (EDQUOT, by strace)", "quota", (0,)),
    ("a disk that is mounted read-only", "mount", (0,)),
    ("folders without the right to write, for a user who is not root", "modes", (0,)),
)


def hindered(trouble: str) -> str:
    """Why a trouble cannot be made here; "" if it can."""
    if trouble == "quota":
        return tracing()
    if trouble == "modes" and os.geteuid() != 0:
        return "only root can act for another user"
    if trouble in ("full", "mount"):
        command = [*_namespace(), "sh", "-c", "mount -t tmpfs tmpfs /mnt"]
        if shutil.which("unshare") is None or subprocess.run(command, capture_output=True, check=False).returncode:
            return "nothing can be mounted here"
    return ""


def _namespace() -> list[str]:
    return ["unshare", "-m" if os.geteuid() == 0 else "-Urm"]


def tried(name: str, trouble: str, rooms: tuple[int, ...]) -> Row:
    """One trouble, as often as there are amounts of room."""
    row = Row(name, goal="0 lost, 0 corrupt, one clear notice", skipped=hindered(trouble))
    if row.skipped:
        return row
    for room in rooms:
        ended, one = through(trouble, "sound", room)
        row.injected += one.injected
        row.lost, row.corrupt, row.unclear = row.lost + one.lost, row.corrupt + one.corrupt, row.unclear + one.unclear
        if one.lost or one.corrupt or one.unclear:
            row.note = f"{row.note} {room}: {ended.errors.strip()[:600]}".strip()
    row.met = row.injected == len(rooms) and not (row.lost or row.corrupt or row.unclear)
    return row


def rows(long: bool) -> list[Row]:
    """A row for each trouble. The canary is a recorder that drops what the disk does not take.

    Traced as for the quota, it is asked for a new segment in one run of four only: no canary there.
    """
    troubles = _TROUBLES if long else _TROUBLES[:2]
    found = [tried(name, trouble, rooms if long else rooms[:1]) for name, trouble, rooms in troubles]
    for row, (_, trouble, rooms) in zip(found, troubles, strict=True):
        row.canary = "see the first row" if long else ""
        if not row.skipped and (trouble == "size" or (long and trouble != "quota")):
            lost = through(trouble, "canary", rooms[0])[1].lost
            row.canary = f"a recorder that drops what the disk does not take: {lost:,} lost"
            row.met = row.met and lost > 0
    return found
