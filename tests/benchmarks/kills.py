"""What a SIGKILL loses of the points whose `log` had returned.

The child tells each returned call over a pipe. Once it is killed, the store is read by another process, and the
points told must be there, in order and exact.
"""

from __future__ import annotations

import os
import random
import signal
import struct
import subprocess
import time
from itertools import takewhile
from pathlib import Path

import readers
from child import command, environment, folder, in_child
from subjects import SUBJECTS
from table import Line, judge

PACE = 0.001  # seconds between two calls, as in a training loop; the trackers that lose are not hurried
_WHY = (
    "a loss has no excuse here: before its `log` returns, a point is in the journal's mapping, which the system keeps "
    "when the process is killed. What is missing is a fault still to be found, unless nothing was acknowledged at all."
)
_NUMBER = struct.Struct("<q")


def log_until_killed(subject: str, place: str, pipe: int, pace: float) -> None:
    """Inside a child: log 0, 1, 2 … and tell each over the pipe once it was logged."""
    tracker = SUBJECTS[subject](place)
    tracker.begin("bench", {}, {})
    number = 0
    while True:
        tracker.log({"loss": float(number)})
        os.write(pipe, _NUMBER.pack(number))
        number += 1
        if pace:
            time.sleep(pace)


def log_and_end(subject: str, place: str, count: int) -> None:
    """Inside a child: log 0, 1, 2 … and end properly: what `kept` must then find in full."""
    tracker = SUBJECTS[subject](place)
    tracker.begin("bench", {}, {})
    for number in range(count):
        tracker.log({"loss": float(number)})
    tracker.end()
    tracker.close()


def check_reader(subject: str, count: int = 300) -> None:
    """Make sure that what counts as lost is not merely what our reader cannot find.

    Raises:
        RuntimeError: after a proper end, not every point was found.
    """
    with folder() as place:
        in_child("kills:log_and_end", place, subject=subject, count=count)
        found = in_child("kills:kept", place, subject=subject)
    if found != count:
        raise RuntimeError(f"{subject}: {found} of {count} points found after a proper end; its losses mean nothing")


def kept(subject: str, place: str) -> int:
    """Inside another child: how many of the points 0, 1, 2 … can be read, up to the first that is missing."""
    found = readers.history(subject, place)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], enumerate(found)))


def kill(subject: str, moment: float, pace: float) -> tuple[int, int]:
    """Kill a logging process ``moment`` seconds after its first point: (points acknowledged, points lost)."""
    with folder() as place:
        reading, writing = os.pipe()
        arguments = {"subject": subject, "place": place, "pipe": writing, "pace": pace}
        process = subprocess.Popen(
            command("kills:log_until_killed", os.devnull, arguments),
            env=environment(place),
            cwd=place,
            pass_fds=[writing],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(writing)
        acknowledged = _drain(reading, process, moment)
        _settle(Path(place))
        return acknowledged, max(0, acknowledged - in_child("kills:kept", place, subject=subject))


def _drain(pipe: int, process: subprocess.Popen[bytes], moment: float) -> int:
    size, deadline = 0, float("inf")
    with os.fdopen(pipe, "rb", buffering=0) as stream:
        while data := stream.read(1 << 16):
            size += len(data)
            deadline = min(deadline, time.monotonic() + moment)
            if time.monotonic() >= deadline and process.poll() is None:
                process.send_signal(signal.SIGKILL)
    process.wait()
    return size // _NUMBER.size


def _settle(place: Path, patience: float = 10.0) -> None:
    """Wait until nothing in the folder grows: W&B's service goes on a little after its client was killed."""
    deadline, before = time.monotonic() + patience, -1
    while time.monotonic() < deadline:
        now = sum(path.stat().st_size for path in place.rglob("*") if path.is_file())
        if now == before:
            return
        before = now
        time.sleep(0.7)


def lines(quick: bool, rivals: list[str]) -> list[Line]:
    """The lines of this part."""
    chance = random.Random(20)
    rounds = 1 if quick else 5
    found: dict[str, list[tuple[int, int]]] = {name: [] for name in ("nbtrack", "sqlite3", *rivals)}
    for name in found:
        check_reader(name)
    hurried = []
    for _ in range(rounds):
        moment = chance.uniform(0.1, 0.3 if quick else 2.0)
        for name in found:
            found[name].append(kill(name, moment, PACE))
        hurried.append(kill("nbtrack", moment, 0.0))
    table = [
        _line(f"acknowledged points lost by SIGKILL ({rounds} kills each, a point a ms)", found),
        _line(f"the same without a pause ({rounds} kills)", {"nbtrack": hurried}),
    ]
    table[0].note = (
        "Kills: at the same random moments for all, within 2 s of the first point, so a share says little: what is "
        "lost is the last batch (trackio writes every 0.5 s, TensorBoard's writer what its buffer holds, up to 120 s). "
        "After a proper end each reader found every point. sqlite3 commits each point. Aim finds a run "
        "that was killed only after `aim storage reindex`, which is done here."
    )
    return table


def _line(what: str, found: dict[str, list[tuple[int, int]]]) -> Line:
    totals = {name: (sum(a for a, _ in pairs), sum(b for _, b in pairs)) for name, pairs in found.items()}
    cells = {name: f"{lost:,} of {acknowledged:,}" for name, (acknowledged, lost) in totals.items()}
    acknowledged, lost = totals["nbtrack"]
    verdict = judge(lost == 0 and acknowledged > 0)
    values = {name: float(lost) for name, (_, lost) in totals.items()}
    values["acknowledged"] = float(acknowledged)
    return Line("kills", what, cells, "0", verdict, values=values, better="low", why=_WHY)
