"""Many processes open a project that does not exist yet at the same moment: one makes the schema, all write.

    python -m tests.faults.starts HOW ROUNDS

A process that has loaded everything forks eight children for each round; they wait at a pipe until it is closed.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path
from threading import BrokenBarrierError
from typing import Any

from nbtrack.base import db
from nbtrack.base.db import Database
from nbtrack.runs.migrations import MIGRATIONS, MIN_READER
from tests.faults.conftest import PATIENCE, ROOT, environment
from tests.faults.table import Row

TOGETHER = 8
_GOOD, _FAILED = 0, 1
_PATIENT = 60.0  # seconds that one waits for another: a busy disk may take long to sync what eight write


def _begin(path: Path, number: int, gate: int) -> int:
    """What a child does; its exit status."""
    os.read(gate, 1)  # returns once the other end is closed
    try:
        with Database(path, MIGRATIONS, MIN_READER).write(_PATIENT) as conn:
            conn.execute("INSERT INTO experiments (name, created) VALUES (?, 1.0)", (f"{number}",))
    except BaseException as error:  # noqa: BLE001 (whatever it is, it is what is counted)
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
        return _FAILED
    return _GOOD


def _round(folder: Path) -> tuple[int, int, bool]:
    """(starts that failed, rows that were written and are not there, whether the file is unsound)."""
    global _meeting
    _meeting = None if db.patient is _patient else get_context("fork").Barrier(TOGETHER)
    path = folder / "nbtrack.db"
    waiting, gate = os.pipe()
    children = []
    for number in range(TOGETHER):
        child = os.fork()
        if not child:
            os.close(gate)
            os._exit(_begin(path, number, waiting))
        children.append(child)
    _meeting = None  # the children have it
    os.close(waiting)
    os.close(gate)
    failed = sum(os.waitpid(child, 0)[1] != _GOOD for child in children)
    try:
        database = Database(path, MIGRATIONS, MIN_READER)
        with database.read() as conn:
            kept = conn.execute("SELECT count(*) FROM experiments").fetchone()[0]
            sound = conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        database.close()
    except Exception:  # noqa: BLE001 (half a schema)
        return failed, TOGETHER - failed, True
    return failed, TOGETHER - failed - kept, not sound


def _without_a_transaction(connection: sqlite3.Connection, statement: str, timeout: float) -> Any:
    """The schema is made statement by statement, as the first to come would do it; all come at the same moment."""
    if statement in ("BEGIN IMMEDIATE", "COMMIT") and not connection.in_transaction:
        if statement != "COMMIT" and _meeting is not None:
            with suppress(BrokenBarrierError):  # somebody failed before
                _meeting.wait(10.0)
        return connection.execute("SELECT 1")
    return _patient(connection, statement, timeout)


_patient = db.patient
_meeting: Barrier | None = None  # of the children of a round, where the canary has them meet


def main() -> None:
    """All rounds; what they did as one line of JSON."""
    db._OPENING = _PATIENT
    if sys.argv[1] == "canary":
        db.patient = _without_a_transaction
    failed = lost = corrupt = 0
    for _ in range(int(sys.argv[2])):
        with tempfile.TemporaryDirectory(prefix="nbtrack-starts-") as folder:
            bad, gone, unsound = _round(Path(folder))
        failed, lost, corrupt = failed + bad, lost + gone, corrupt + unsound
    sys.stdout.write(json.dumps([failed, lost, corrupt]))


def started(how: str, rounds: int) -> tuple[list[int], str]:
    """(starts that failed, rows lost, files not sound), and what was said of errors."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.starts", how, str(rounds)],
        cwd=ROOT,
        env=environment(ROOT),
        capture_output=True,
        text=True,
        timeout=6 * PATIENCE,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return json.loads(done.stdout), done.stderr


def rows(long: bool) -> list[Row]:
    """The row of the table. The canary makes the schema without a transaction around it."""
    rounds, tries = (60, 20) if long else (5, 5)
    (failed, lost, corrupt), said = started("sound", rounds)
    careless = started("canary", tries)[0]
    row = Row(f"{TOGETHER} processes open a project that is not there yet", rounds * TOGETHER, lost, corrupt, failed)
    row.canary = f"the schema made without a transaction: {careless[0]} of {tries * TOGETHER} starts failed"
    row.goal = "0 lost, 0 corrupt, 0 failed"
    row.note = said.strip()[:300]
    row.met = not (failed or lost or corrupt) and careless[0] > 0
    return [row]


if __name__ == "__main__":
    main()
