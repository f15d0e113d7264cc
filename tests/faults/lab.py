"""Scripts that meet a fault, and what is left afterwards: what the parts about disks and strange files share."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbtrack.base.config import Project
from nbtrack.runs import contract as c
from nbtrack.runs import projects
from nbtrack.runs.service import RunsService
from tests.faults.conftest import PATIENCE, environment


@dataclass
class Ended:
    """A script that has ended: what it said of itself (``told``, JSON lines on standard output), and its errors."""

    code: int
    told: dict[str, Any]
    errors: str

    @property
    def notices(self) -> list[str]:
        """The lines that a user sees of nbtrack."""
        return [line for line in self.errors.splitlines() if line.startswith("nbtrack: ")]


def started(
    folder: Path, code: str, *args: object, before: Sequence[str] = (), more: Mapping[str, str] | None = None
) -> subprocess.Popen[str]:
    """Start Python code in a project folder. before: what stands before Python's name on the command line."""
    return subprocess.Popen(
        [*before, sys.executable, "-c", textwrap.dedent(code), *map(str, args)],
        cwd=folder,
        env={**environment(folder), **(more or {})},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> Ended:
    """Wait for the end of a script; its lines of JSON objects as one."""
    try:
        out, errors = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        out, errors = process.communicate()
        errors += "\nTraceback: it hung"
    told: dict[str, Any] = {}
    for line in out.splitlines():
        if line.startswith("{"):
            told |= json.loads(line)
    return Ended(process.returncode, told, errors)


def run(folder: Path, code: str, *args: object, **options: Any) -> Ended:
    """A script from its start to its end."""
    return ended(started(folder, code, *args, **options))


def unclear(text: str) -> int:
    """How many errors in what a user sees do not say which file, why, and what to do; a raw traceback is one."""
    count = text.count("Traceback (most recent call last)") + text.count("Traceback: ")
    for line in text.splitlines():
        if line.startswith("nbtrack: "):
            raw = "Error(" in line or "sqlite3." in line or "Errno" in line
            count += raw or line.count(".") < 2
    return count


@dataclass
class Found:
    """What a reader finds: the points of each run by name, its status, and what is wrong with the file."""

    points: dict[str, list[float]]
    status: dict[str, str]
    damage: list[str]


def found(folder: Path, metric: str = "loss") -> Found:
    """Read a project as a process does that opens it now."""
    project = Project(folder)
    service = RunsService(project)
    try:
        service.refresh(force=True)
        rows = service.page(c.PageRequest(limit=1000)).rows
        points = {row.name: list(service.history(row.id, metric).values) for row in rows if metric in row.metrics}
        with service.database.read() as conn:
            damage = [str(row[0]) for row in conn.execute("PRAGMA integrity_check") if row[0] != "ok"]
            damage += [f"foreign key: {tuple(row)}" for row in conn.execute("PRAGMA foreign_key_check")]
        return Found(points, {row.name: row.status for row in rows}, damage)
    finally:
        service.database.close()
        projects.forget_all()


def missing(told: int, values: Sequence[float]) -> int:
    """How many of the values 0, 1, 2 … that were told of are not there."""
    return told - len({float(number) for number in range(told)} & set(values))
