"""What `nbtrack doctor --repair` does, step by step, each said in words. Nothing is ever deleted.

What is damaged moves to ``.nbtrack/aside/<time>/``: a database with the log beside it, artifacts whose content is not
what their name says, files left half written, journals that nobody can read.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack.base import copies
from nbtrack.base.errors import NotFound, StoreError, StoreLocked, StoreReadOnly, StoreTooNew
from nbtrack.base.sqlite import Failure, held_open, plain, refused, writable
from nbtrack.runs import deep
from nbtrack.runs.checks import Check, check_project, some
from nbtrack.runs.migrations import MIGRATIONS
from nbtrack.runs.store import deep as rows
from nbtrack.runs.store import salvage, series_check, sums, texts

if TYPE_CHECKING:
    from nbtrack.base.config import Project
    from nbtrack.base.db import Database
    from nbtrack.runs.service import RunsService

_OLD = 3600.0  # seconds after which nobody goes on writing a temporary file
_STEP = 200  # rows, or runs or processes with all rows that they have, that are given checksums in one transaction
_LOGS = ("-wal", "-journal")
_LOCKS = (0x40000000, 512)  # where SQLite has its locks in a file, see its os.h


def repair_project(service: RunsService) -> list[Check]:
    """Repair what can be repaired; what was done, and then what the deep look finds.

    Raises:
        StoreLocked: the database must be replaced, and another process has it open. StoreReadOnly: the folder cannot be
            written. StoreForeign: the database is another program's.
    """
    project = service.project
    if not project.folder.is_dir():
        return check_project(service, deep=True)
    if not os.access(project.folder, os.W_OK):
        raise StoreReadOnly(f"'{project.folder}' cannot be written.", "Make it writable to repair what is in it.")
    aside = Aside(project)
    done = []
    if service.database.exists():
        done += list(_database(service, aside))
        with suppress(StoreError):
            service.refresh(force=True)  # journals that cannot be read are set aside by this
    done += [*_files(service, aside), *_left(project, aside)]
    said = [Check("repair", True, text) for text in done] or [Check("repair", True, "there was nothing to repair")]
    return [*said, *check_project(service, deep=True)]


class Aside:
    """The folder of this repair, made when first used."""

    def __init__(self, project: Project) -> None:
        self._root = project.folder / "aside"
        self._made: Path | None = None

    def place(self, *parts: str) -> Path:
        """Where something goes; its folder is there."""
        if self._made is None:
            self._root.mkdir(mode=0o700, exist_ok=True)
            stamp, number = time.strftime("%Y%m%d-%H%M%S"), 0
            while self._made is None:
                name = f"{stamp}-{number}" if number else stamp
                with suppress(FileExistsError):
                    (self._root / name).mkdir(mode=0o700)
                    self._made = self._root / name
                number += 1
        found = self._made.joinpath(*parts)
        found.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return found

    def move(self, path: Path, *parts: str) -> None:
        """Move a file there by its name alone."""
        os.replace(path, self.place(*parts))

    def __str__(self) -> str:
        return f"'{self._made}'"


# -- the database


def _database(service: RunsService, aside: Aside) -> Iterator[str]:
    database = service.database
    found: deep.Damage | None = None
    try:
        found = None if _belied(database.path) else deep.look(database)
    except (StoreLocked, StoreReadOnly, StoreTooNew):
        raise
    except StoreError as error:
        if "cannot be written" in error.message or not _ours(database.path):
            raise
    if found is not None and database.newer:
        raise refused(database.path, database.newer)
    if found is not None and found.pages and rows.indexes_only(found.pages) and not found.unread and not found.schema:
        yield from _reindex(database, aside)
        found = deep.look(database)
    if found is None or found.pages or found.unread or found.schema:
        yield from _replace(service.project, database, aside)
        found = deep.look(database)
    if found.references:
        with database.write() as conn:
            said = rows.readable(
                some(salvage.settle_references(conn) or ["names of rows that are gone were taken out"])
            )
        yield f"rows that named what is gone: {said}"
        found = deep.look(database)
    yield from _summaries(database, found)
    yield from _sums(database)
    yield from _texts(database, aside)


def _belied(path: Path) -> bool:
    """Whether a file has just the schema of today, and its header says that it is newer or may not be written."""
    held = held_open(path) if writable(path) else None  # the log stays as it is until it is known what is wrong
    if held is None:
        return False
    with closing(held), suppress(Failure), closing(plain(path.as_posix())) as conn:
        if conn.execute("PRAGMA user_version").fetchone()[0] <= len(MIGRATIONS):
            try:
                conn.execute("UPDATE meta SET value = value WHERE 0")  # begins to write, which is refused
                return False
            except Failure as error:
                if "readonly" not in str(error):
                    return False
        return not rows.schema_faults(conn)
    return False


def _ours(path: Path) -> bool:
    """Whether a database that is not told as ours by its header has our tables, or no readable ones."""
    try:
        with closing(plain(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as conn, rows.lenient(conn):
            conn.execute("PRAGMA writable_schema = ON")
            there = {row[0] for row in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except Failure:
        return True  # no database at all: it is in the place of ours
    return not there or len(there & {"runs", "keys", "params", "metrics", "experiments"}) > 2


def _reindex(database: Database, aside: Aside) -> Iterator[str]:
    """The tables are sound: their indexes are made again from them."""
    _keep(database, aside.place("before-reindex.db"))
    try:
        with database.write(timeout=30.0) as conn:
            conn.execute("REINDEX")
    except StoreError as error:
        yield f"the indexes could not be made again ({error.message})"
    else:
        yield f"the indexes did not fit their tables and were made again; a copy of before is in {aside}"


def _texts(database: Database, aside: Aside) -> Iterator[str]:
    """Texts that are no UTF-8 keep whole runs from being read: what can be read of them takes their place."""
    with database.read() as conn:
        if not texts.any_torn(conn):
            return
    _keep(database, aside.place("before-texts.db"))
    with database.write(timeout=30.0) as conn:
        count, said = texts.mend(conn), salvage.settle_references(conn)
    yield f"{count:,} texts had bytes that make no character: � stands for each now; a copy of before is in {aside}"
    yield from said


def _keep(database: Database, target: Path) -> None:
    with closing(plain(database.path.as_posix())) as original:
        copies.copy_whole(original, target)


def _replace(project: Project, database: Database, aside: Aside) -> Iterator[str]:
    """All that can be read goes into a new file; the old one moves aside."""
    target, work = aside.place("new", "nbtrack.db"), aside.place("work", "nbtrack.db")
    database.close()
    with _alone(database.path):
        logs = [end for end in _LOGS if _has_content(f"{database.path}{end}")]
        for end in ("", *logs):
            shutil.copyfile(f"{database.path}{end}", f"{work}{end}")
        folded = _folded(work, aside) if logs else None
        saved = salvage.salvage(work, target)
        _put_aside(database.path, folded, aside)
        copies.settle(target, database.path)
        for folder in {made.parent for made in (work, target, folded) if made}:
            for left in folder.iterdir():  # copies and what SQLite leaves beside them
                left.unlink()
            folder.rmdir()
    count = sum(saved.rows.get(table, 0) for table in ("params", "metrics", "points", "tags", "artifacts"))
    runs = saved.rows.get("runs", 0)
    yield f"the database was damaged: {runs:,} runs with {count:,} rows are in a new file; the old one is in {aside}"
    yield from (f"could not be read: {text}" for text in saved.lost)
    yield from (f"put in its place: {text}" for text in saved.placed)


def _folded(work: Path, aside: Aside) -> Path | None:
    """A copy of a database with what its log says brought in; None where the file is too damaged for it."""
    try:
        copies.leave_log(work)
    except Failure:
        return None
    if any(_has_content(f"{work}{end}") for end in _LOGS):
        return None
    return Path(shutil.copyfile(work, aside.place("folded", "nbtrack.db")))


def _put_aside(path: Path, folded: Path | None, aside: Aside) -> None:
    """Move a file and its log away. Killed at any moment, neither lies anywhere without the other.

    In a new file the log would write what is old, so it goes before that takes its place; and the file that it belongs
    to has by then given its place to one that needs no log (``folded``), to which it would write only what is there.
    """
    try:
        os.link(path, aside.place("nbtrack.db"))
    except OSError:  # not every place has links
        shutil.copyfile(path, aside.place("nbtrack.db"))
    if folded is not None:
        copies.settle(folded, path)
    for end in (*_LOGS, "-shm"):
        with suppress(FileNotFoundError):
            aside.move(Path(f"{path}{end}"), f"nbtrack.db{end}")
    copies.sync_folder(aside.place("nbtrack.db").parent)


def _has_content(path: str) -> bool:
    return os.path.exists(path) and os.path.getsize(path) > 0


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Have a file to oneself, or refuse."""
    try:
        import fcntl
    except ImportError:  # Windows lets nobody rename a file that another has open
        yield
        return
    with path.open("r+b") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, _LOCKS[1], _LOCKS[0])
        except OSError as error:
            raise StoreLocked(
                f"'{path}' must be replaced, and another process has it open.",
                "End kernels and JupyterLab that use this project, and repair again. Nothing was changed.",
            ) from error
        yield


def _summaries(database: Database, found: deep.Damage) -> Iterator[str]:
    """Summaries that are wrong are made again from points that are sound."""
    made = 0
    with database.read() as conn, rows.lenient(conn):
        known = series_check.sources(conn) if found.summaries else []
    for run, key in found.summaries:
        with database.write(timeout=30.0) as conn, rows.lenient(conn):
            made += series_check.rebuild(conn, run, key, known)
    if made:
        yield f"{made:,} summaries of metrics were made again from their points"


def _sums(database: Database) -> Iterator[str]:
    with database.read() as conn:
        if not rows.may_lack_sums(conn):
            return
        waiting = sums.unsummed(conn)
    for table in sums.SUMMED:
        with database.read() as conn:
            last = sums.last(conn, table)
        for low in range(0, last + 1, _STEP):
            _fill(database, table, low, min(low + _STEP - 1, last))
    with database.write(timeout=30.0) as conn:
        left = sums.unsummed(conn)
        if not left:
            sums.all_summed(conn)
    if waiting > left:
        yield f"{waiting - left:,} rows from before there were checksums were given theirs"
    if left:
        yield f"{left:,} rows are damaged and were given no checksums"


def _fill(database: Database, table: str, low: int, high: int) -> None:
    try:
        with database.write(timeout=30.0) as conn:
            sums.fill(conn, table, low, high)
    except StoreLocked:
        raise
    except StoreError:  # a value among them is none that its column takes: the others, then
        if low < high:
            middle = (low + high) // 2
            _fill(database, table, low, middle)
            _fill(database, table, middle + 1, high)


# -- files


def _files(service: RunsService, aside: Aside) -> Iterator[str]:
    objects_folder = service.project.objects
    if not objects_folder.is_dir():
        return
    bent = deep.look_at_files(service.project, service.database).bent if service.database.exists() else []
    for name in bent:
        aside.move(objects_folder / name[:2] / name[2:], "objects", name)
    if bent:
        names = some([name[:12] for name in bent])
        yield f"{len(bent)} artifacts' files were not what their names say and were moved to {aside}: {names}"


def _left(project: Project, aside: Aside) -> Iterator[str]:
    left = [path for path in project.objects.glob(".*.tmp") if _is_old(path)]
    for path in left:
        aside.move(path, "objects", path.name)
    if left:
        yield f"{len(left)} files that were never written to their end were moved to {aside}"
    bad = sorted(project.journal.glob("*.bad"))
    for path in bad:
        aside.move(path, "journal", path.name)
    if bad:
        yield f"{len(bad)} journals that could not be read whole were moved to {aside}"


def _is_old(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > _OLD
    except OSError as error:
        raise NotFound(f"'{path}' cannot be looked at: {error.strerror}.") from error
