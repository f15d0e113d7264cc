"""SIGKILL in the midst of `doctor --repair`, and then a second one: it ends well, and nothing is lost.

What the database has and what its log alone has must both be there, whenever the first was killed. SQLite brings the
log into the file when that is closed; where it cannot, the repair must, without ever leaving one without the other.
"""

from __future__ import annotations

import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
from contextlib import closing
from pathlib import Path

from nbtrack.base.config import Project
from nbtrack.runs.repair import repair_project
from nbtrack.runs.service import RunsService
from tests.faults.backups import OLD, Count, Workshop, leave, moments, state, workshop
from tests.faults.table import Row

STAYS, CANARY = "with, a log that stays", "canary, a log that stays"
# What it writes stays in the log beside the file, as a process that is killed leaves it.
INTO_THE_LOG = """
    import os, sys
    from nbtrack.base.sqlite import plain
    from nbtrack.runs.store import sums
    conn = plain(sys.argv[1])
    sums.keep(conn)
    conn.execute("PRAGMA wal_autocheckpoint = 0")
    conn.execute("UPDATE runs SET note = 'in the log'")
    os._exit(0)
"""


def worn(shop: Workshop) -> Path:
    """The same, with notes that only the log has, and a damaged page of params."""
    root = shop.fresh()
    path = root / ".nbtrack" / "nbtrack.db"
    subprocess.run([sys.executable, "-c", textwrap.dedent(INTO_THE_LOG), str(path)], check=True)
    with path.open("r+b") as file:
        file.seek(_page(shop.old))
        file.write(b"\xa5" * 200)
    return root


def _page(project: Path) -> int:
    """Where the params begin."""
    with closing(sqlite3.connect(f"file:{project}/.nbtrack/nbtrack.db?immutable=1", uri=True)) as conn:
        ((page,),) = conn.execute("SELECT rootpage FROM sqlite_master WHERE name = 'params'").fetchall()
        return int((page - 1) * conn.execute("PRAGMA page_size").fetchone()[0])


def repairs(most: int, how: str = "", share: float = 0.0) -> Count:
    """Kill repairs of a damaged database with a log beside it: the next ends well, and has all that was there."""
    count, chance = Count(), random.Random(9)
    with workshop(how) as shop:
        told = shop.ask("repair", worn(shop), shop.saved, 1 << 30)
        assert "steps" in told, told
        count.steps = int(str(told["steps"]))
        for moment in moments(count.steps, most, chance, share):
            root = worn(shop)
            if shop.ask("repair", root, shop.saved, moment).get("killed") != signal.SIGKILL:
                continue
            count.killed += 1
            _judge_repair(count, root, f"moment {moment} of {count.steps}")
    return count


def _judge_repair(count: Count, root: Path, moment: str) -> None:
    """Lost are notes that the project has not; corrupt is a log that lies aside without the file it belongs to."""
    try:
        wrong = [check.text for check in repair_project(RunsService(Project(root))) if not check.ok]
        there = state(root)
        notes = _notes(root / ".nbtrack" / "nbtrack.db")
    except Exception as error:  # noqa: BLE001 (whatever comes: it is counted)
        count.unclear += 1
        count.notes.append(f"{moment}: {error!r}")
        return
    finally:
        leave()
    aside = root / ".nbtrack" / "aside"
    pairs = {log: _notes(log.with_name("nbtrack.db")) for log in aside.rglob("nbtrack.db-wal") if log.stat().st_size}
    stray = [str(log.relative_to(aside)) for log, kept in pairs.items() if kept != OLD]
    count.old += there == "old"
    count.corrupt += there == "corrupt" or bool(wrong) or bool(stray)
    count.lost += OLD - max(notes, 0) if there == "old" else OLD
    if wrong or stray or there != "old" or notes != OLD:
        count.notes.append(f"{moment}: {there}, {notes} of {OLD} notes, without its file: {stray}, {wrong}")


def _notes(path: Path) -> int:
    """How many a database has with the log beside it; −1 if it cannot be read. A copy is looked at."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            for end in ("", "-wal"):
                if end == "" or Path(f"{path}{end}").exists():
                    shutil.copyfile(f"{path}{end}", Path(folder) / f"nbtrack.db{end}")
            with closing(sqlite3.connect(Path(folder) / "nbtrack.db")) as conn:
                ((notes,),) = conn.execute("SELECT count(*) FROM runs WHERE note = 'in the log'").fetchall()
                return int(notes)
        except (OSError, sqlite3.Error):
            return -1


def rows(long: bool) -> list[Row]:
    """The table's rows."""
    most = 200 if long else 5
    naive = repairs(most, CANARY, 0.5)
    seen = f"the log moved before its file: {naive.lost} notes lost, {naive.corrupt} logs alone in {naive.killed}"
    stays = "SIGKILL in `doctor --repair`, of a file whose log cannot be brought in before"
    return [
        repairs(most).row("SIGKILL in `doctor --repair`, then repaired again", "see the next row"),
        repairs(most, STAYS).row(stays, seen),
    ]
