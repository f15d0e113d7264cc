"""What a reader does for processes that died: take in their journals, and say that their runs crashed."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from nbtrack.base import journal
from nbtrack.base.errors import StoreError
from nbtrack.base.ids import Process
from nbtrack.runs.ingest import decode_event, take_segment
from nbtrack.runs.store import runs, sessions

if TYPE_CHECKING:
    from pathlib import Path

    from nbtrack.base.config import Project
    from nbtrack.base.db import Database

_SILENCE = 300.0  # seconds without a heartbeat after which a process that cannot be looked up counts as gone
_FORGOTTEN = 7 * 86400.0  # seconds after which nobody writes into a file any more
_BEGINNING = 1 << 14  # bytes of a journal that its session's record is in; a page asks for it every two seconds
_REASON = "the process ended before the run did"


def recover(database: Database, project: Project, own: str | None = None, patience: float = 30.0) -> list[str]:
    """Settle everything that dead processes left behind; what could not be taken is named in the answer.

    own: the session of this process, which looks after its own journal. patience: seconds to wait for another writer.

    Raises:
        StoreLocked: it kept the lock for longer.
    """
    troubles = []
    alive: dict[str, bool | None] = {} if own is None else {own: True}
    for segment in journal.segments(project.journal):
        try:
            living = _writer_alive(database, segment, alive)
            if living is True:
                continue
            take_segment(database, project, segment, patience)
            if living is False or _silent(segment.path, _FORGOTTEN):
                segment.path.unlink(missing_ok=True)
                segment.path.with_name(f"{segment.writer}.now").unlink(missing_ok=True)
        except ValueError as error:
            with suppress(FileNotFoundError):  # another reader was here
                segment.path.replace(segment.path.with_suffix(".bad"))
                troubles.append(f"{error}; it was set aside as '{segment.path.with_suffix('.bad').name}'")
    _settle(database, own, {segment.writer for segment in journal.segments(project.journal)}, alive, patience)
    return troubles


def recording(database: Database, project: Project, own: str | None = None) -> list[str]:
    """The processes that may write into a project's journals now, for people; own: the session of this process.

    Of a process that cannot be looked up, such as one of another machine, it is assumed until it was silent for long.
    """
    found: dict[str, str] = {}
    alive: dict[str, bool | None] = {}
    for segment in journal.segments(project.journal):
        if segment.writer == own or segment.writer in found:
            continue
        try:
            living = _writer_alive(database, segment, alive)
        except (ValueError, StoreError):
            continue  # nobody writes into what is no journal; without a database, its process is still looked up
        if living is True:
            process = _process_of(segment)
            place = f" on {process.host}" if process and process.alive() is None else ""
            found[segment.writer] = f"process {process.pid}{place}" if process else "a process"
    return list(found.values())


def may_go_on(database: Database, project: Project, own: str | None = None) -> bool:
    """Whether journals of others still lie there that say more one day; own: the session of this process.

    Their process may write on, or may die before the database has what it wrote; or it is gone, and what it left could
    not be taken in now. Not the journal of a process that cannot be looked up and has been silent for long.
    """
    alive: dict[str, bool | None] = {}
    for segment in journal.segments(project.journal):
        try:
            if segment.writer != own and _writer_alive(database, segment, alive) is not None:
                return True
        except ValueError:
            continue  # no journal: `recover` says so
    return False


def _writer_alive(database: Database, segment: journal.Segment, known: dict[str, bool | None]) -> bool | None:
    """None for a process that cannot be looked up and has been silent: take its journal, but leave it the file."""
    if segment.writer not in known:
        process = _process_of(segment)
        living = process.alive() if process else False
        if living is None and not (_silent(segment.path, _SILENCE) and _beat_ago(database, segment) > _SILENCE):
            living = True
        known[segment.writer] = living
    return known[segment.writer]


def _silent(path: Path, seconds: float) -> bool:
    try:
        return time.time() - path.stat().st_mtime > seconds
    except OSError:
        return True


def _beat_ago(database: Database, segment: journal.Segment) -> float:
    if not database.exists():
        return float("inf")
    with database.read() as conn:
        return time.time() - sessions.heartbeat(conn, segment.writer)


def _process_of(segment: journal.Segment) -> Process | None:
    """Each segment begins with its session's record, so that nothing else must be there to judge it."""
    for most in (_BEGINNING, -1):
        for _, body in journal.records(journal.read_segment(segment, most), journal.HEADER_SIZE):
            if body[0] == journal.EVENT:
                return _process(decode_event(body) or {})
    return None


def _process(values: dict[str, Any]) -> Process | None:
    """None where nothing is known that could be looked up."""
    told = [values.get(name) for name in ("process_started", "boot_id", "pid_namespace", "host")]
    pid = values.get("pid")
    if type(pid) is not int or pid <= 0 or not all(isinstance(one, str) for one in told):
        return None
    return Process(pid, *told)  # type: ignore[arg-type]


def _settle(
    database: Database, own: str | None, writing: set[str], alive: dict[str, bool | None], patience: float
) -> None:
    """writing: the sessions that still have a journal; what is in it comes first."""
    if not database.exists():
        return
    with database.read() as conn:
        waiting = sessions.with_running_runs(conn)
    gone = [
        session["n"]
        for session in waiting
        if session["id"] != own and not _may_write(session, session["id"] in writing, alive.get(session["id"], False))
    ]
    if gone:
        with database.write(patience) as conn:
            for number in gone:
                runs.touch(conn, runs.settle_session(conn, number, _REASON))


def _may_write(session: dict[str, Any], has_journal: bool, alive: bool | None) -> bool:
    if has_journal:
        return alive is not None
    if session["ended"] is not None:
        return False
    process = _process(session)
    living = process.alive() if process else False
    if living is None:
        living = time.time() - (session["heartbeat"] or session["started"] or 0.0) < _SILENCE
    return living
