"""A project's whole database: copied as it is at one moment, looked at, and put in the place of another."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

from nbtrack.base import copies, places
from nbtrack.base.db import Database
from nbtrack.base.errors import StoreError, StoreForeign, StoreLocked, StoreReadOnly, StoreTooNew
from nbtrack.base.sqlite import Failure, explain, plain
from nbtrack.runs.store import checks, meta, sizes

BESIDE = ("-wal", "-shm", "-journal")
_PAGES = 4096
_PATIENCE = 30.0  # seconds for another writer's transaction
_BUSY = (5, 6)  # SQLite's answers that it is to be tried again
_AHEAD = 1000  # revisions that others may make while a database is put in the place of theirs

_NEEDED = """SELECT CAST(hash AS BLOB), max(size), CAST(min(who) AS BLOB), CAST(min(path) AS BLOB) FROM (
    SELECT a.hash, a.size, r.name AS who, a.path FROM artifacts a JOIN runs r ON r.n = a.run
    UNION ALL
    SELECT f.hash, f.size, m.name, f.path FROM model_files f JOIN logged_models m ON m.n = f.model)
    GROUP BY hash ORDER BY hash"""


class Needed(NamedTuple):
    """An object that a database needs: for which file of which run or model."""

    hash: str
    size: int
    who: str
    path: str


def copy_now(database: Database, target: Path, progress: Callable[[], None]) -> None:
    """Copy a database as it is at one moment; others go on writing.

    Raises:
        StoreError: it cannot be read, or there is no room.
    """
    with database.read() as conn:
        try:
            copies.copy_whole(conn, target, progress)
        except (Failure, OSError) as error:
            raise explain(error, target) from error


def about(database: Database) -> dict[str, int]:
    """Runs, experiments, points, in and out of the trash; the version of the schema."""
    with database.read() as conn:
        found = sizes.counts(conn)
        schema = int(conn.execute("PRAGMA user_version").fetchone()[0])
    runs = found["runs"] + found["trashed"]
    return {"runs": runs, "experiments": found["experiments"], "points": found["points"], "schema": schema}


def damage(database: Database) -> list[str]:
    """What is wrong with a database, by SQLite's quick check; empty where it is sound."""
    try:
        with database.read() as conn:
            return checks.damage(conn)
    except StoreForeign as error:
        return [error.message]


def needed(database: Database) -> Iterator[Needed]:
    """The objects that runs and models need, in the order of their hashes; also where a text is no UTF-8 any more."""
    with database.read() as conn:
        for content, size, *texts in conn.execute(_NEEDED):
            who, path = (text.decode("utf-8", "replace") for text in texts)
            yield Needed(content.decode("utf-8", "replace"), size, who, path)


def outdate(database: Database, seen: int) -> None:
    """Let all that is kept of an older state, up to a revision that was seen, be read again."""
    with database.write() as conn:
        now = max(seen, meta.revision(conn)) + _AHEAD
        conn.execute("UPDATE meta SET value = ? WHERE key = 'revision'", (now,))
        conn.execute("UPDATE runs SET revision = ?", (now,))


def put_into(made: Path, target: Path) -> None:
    """Replace all that a sound database holds, in one transaction: who has it open goes on with the new.

    The file stays, for others hold locks on it and know its log by name. Killed meanwhile, all is as it was.

    Raises:
        StoreError: another process keeps it locked, or there is no room.
    """
    deadline = time.monotonic() + _PATIENCE

    def watch(status: int, left: int, total: int) -> None:
        if status in _BUSY and time.monotonic() > deadline:
            raise StoreError(
                f"'{target}' was locked by another process for {_PATIENCE:.0f} s.", "Nothing was changed. Try again."
            )

    try:
        with closing(plain(made.as_posix())) as source, closing(places.opened(target)) as conn:
            places.set_mode(conn, target)
            source.backup(conn, pages=_PAGES, progress=watch, sleep=0.02)
    except (Failure, OSError) as error:
        raise explain(error, target) from error


def swap(made: Path, target: Path, aside: Path) -> None:
    """Put a database in the place of one that is damaged, or of none; what was there is kept, with its log.

    Whoever has the old one open keeps its files, log included, and notices by the file's number that it was replaced.
    """
    if target.exists():
        try:
            os.link(target, aside / target.name)  # it keeps its place until the new one takes it
        except OSError:
            os.replace(target, aside / target.name)  # no links here
    for end in BESIDE:
        with suppress(FileNotFoundError):  # a log that stayed would be taken for the new one's
            os.replace(f"{target}{end}", aside / f"{target.name}{end}")
    copies.sync_folder(aside)
    copies.settle(made, target)


def usable(database: Database) -> bool:
    """Whether a database is there and sound.

    Raises:
        StoreError: nobody can say, for it is locked, cannot be written or is of a newer nbtrack.
    """
    try:
        return database.exists() and not damage(database)
    except (StoreLocked, StoreReadOnly, StoreTooNew):
        raise
    except Exception:  # noqa: BLE001 (a damaged file can fail in any way)
        return False
