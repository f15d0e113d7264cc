"""What `nbtrack doctor` looks at: quick checks of a project's store. Nothing is repaired and nothing deleted.

What takes longer is in `nbtrack.runs.deep`, what changes something in `nbtrack.runs.repair`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbtrack.base import journal, places
from nbtrack.base.errors import NbtrackError, StoreError
from nbtrack.runs import objects
from nbtrack.runs.store import checks, runs

if TYPE_CHECKING:
    from nbtrack.base.config import Project
    from nbtrack.runs.service import RunsService

_LITTLE_ROOM = 200 << 20  # bytes
_NAMED = 3
REPAIR = "`nbtrack doctor --repair` saves what can be read. Copies are in the 'backups' folder beside it."


@dataclass(frozen=True)
class Check:
    """One thing looked at: its name, whether it is as it should be, what was found, what to do."""

    name: str
    ok: bool
    text: str
    hint: str = ""


def check_project(service: RunsService, deep: bool = False) -> list[Check]:
    """All checks, in an order to read. A store that cannot be opened is one of the findings, not an exception.

    deep: look at every page, row and file too; that takes as long as reading them.
    """
    project = service.project
    found = [Check("SQLite", True, f"library {checks.library_version()}")]
    if not project.folder.is_dir():
        text = f"no .nbtrack folder in '{project.root}' yet; the first run makes it"
        return [*found, Check("project", True, text)]
    found += _folder(project)
    if project.database.is_symlink() and not service.database.exists():
        text = f"'{project.database}' is a link to '{os.readlink(project.database)}', which is not there"
        return [*found, Check("database", False, text, "Bring it back, or remove the link."), *_journals(project)]
    if not service.database.exists():
        found.append(Check("database", True, "not made yet; the first run makes it"))
        return [*found, *_journals(project)]
    found += _place(service)
    try:
        return [*found, *(_deep(service) if deep else _database(service)), *_journals(project)]
    except StoreError as error:
        return [*found, Check("database", False, error.message, error.hint), *_journals(project)]
    except Exception as error:  # noqa: BLE001 (a damaged file can fail in any way, and that is what is asked for)
        text = f"it cannot be read: {type(error).__name__}: {error}"
        hint = "Copies from before each migration are in the 'backups' folder; what is in 'journal' is not lost."
        return [*found, Check("database", False, text, hint), *_journals(project)]


def _folder(project: Project) -> Iterator[Check]:
    yield Check("project", True, f"{project.root} ({project.found_by})")
    if not os.access(project.folder, os.W_OK):
        yield Check("folder", False, f"'{project.folder}' cannot be written", "Make it writable to record runs.")
    mode = project.folder.stat().st_mode & 0o077
    if os.name != "nt" and mode:
        yield Check(
            "privacy",
            False,
            f"others on this machine can look into '{project.folder}' (mode {mode | 0o700:o})",
            f"chmod 700 '{project.folder}'",
        )
    free = shutil.disk_usage(project.folder).free
    if free < _LITTLE_ROOM:
        yield Check("disk", False, f"only {free >> 20} MiB are free", "Free some space; recording needs it.")


def _place(service: RunsService) -> Iterator[Check]:
    """On what kind of file system the project lies, and how its database takes changes back there."""
    folder, mode = service.project.folder, ""
    with suppress(Exception), service.database.read() as conn:  # why it cannot be opened is said further down
        mode = checks.journal_mode(conn)
    kind = places.kind_of(folder) or "a file system of unknown kind"
    kind += ", of other machines too" if places.is_network(kind) else ""
    notice = places.notice_of(folder)
    yield Check("place", True, f"{kind}{'; journal mode ' if mode else ''}{mode}", notice)


def _database(service: RunsService) -> Iterator[Check]:
    database = service.database
    with database.read() as conn:
        wrong = checks.damage(conn)
        waiting = [] if wrong else checks.running(conn)
    if wrong:
        yield Check("database", False, f"damaged: {'; '.join(wrong)}", REPAIR)
        return
    note = ", read-only" if database.read_only else ""
    yield Check("database", True, f"sound, schema version {database.version}{note}")
    service.refresh(force=True)
    with database.read() as conn:
        rows = runs.rows(conn, waiting)
        used = checks.objects_used(conn)
    yield _running(rows)
    yield _files(service.project, used)


def _deep(service: RunsService) -> Iterator[Check]:
    from nbtrack.runs import deep

    database = service.database
    found = deep.look(database)
    if found.pages:
        yield Check("database", False, f"damaged: {some(found.pages, _NAMED)}", REPAIR)
    else:
        yield Check("database", True, f"all pages are sound, schema version {database.version}")
    yield from deep.checks_of(found)
    try:
        if found.sound():
            with database.read() as conn:
                waiting = checks.running(conn)
            service.refresh(force=True)
            with database.read() as conn:
                rows = runs.rows(conn, waiting)
            yield _running(rows)
        yield deep.files_check(deep.look_at_files(service.project, database))
    except Exception as error:  # noqa: BLE001 (as above)
        yield Check("runs", False, f"they cannot be read: {type(error).__name__}: {error}", REPAIR)


def _running(rows: list[dict[str, object]]) -> Check:
    gone = [str(row["name"]) for row in rows if row["status"] == "crashed"]
    still = [str(row["name"]) for row in rows if row["status"] == "running"]
    parts = [f"{len(still)} running" if still else "none is running"]
    if gone:
        parts.append(f"the process of {some(gone)} was gone: settled as crashed")
    return Check("runs", True, "; ".join(parts))


def _files(project: Project, used: list[tuple[str, int, str, str]]) -> Check:
    missing, cut = [], []
    for name, size, run, path in used:
        try:
            if objects.path_of(project.objects, name).stat().st_size != size:
                cut.append(f"'{path}' of {run}")
        except OSError:
            missing.append(f"'{path}' of {run}")
    if not missing and not cut:
        return Check("artifacts", True, f"all {len(used):,} files are there")
    parts = [f"{len(missing)} missing: {some(missing)}"] if missing else []
    parts += [f"{len(cut)} of another size than stored: {some(cut)}"] if cut else []
    return Check("artifacts", False, "; ".join(parts), "Bring the 'objects' folder back from a copy.")


def _journals(project: Project) -> Iterator[Check]:
    live = journal.segments(project.journal)
    try:
        bad = sorted(path.name for path in project.journal.glob("*.bad"))
    except OSError as error:
        raise NbtrackError(f"'{project.journal}' cannot be read: {error.strerror}.") from error
    yield Check("journals", True, f"{len(live)} in use" if live else "nothing is waiting")
    if bad:
        yield Check(
            "journals",
            False,
            f"{len(bad)} could not be read and were set aside: {some(bad)}",
            f"What was readable is in the database. Look at them or remove them: {project.journal}",
        )


def some(names: list[str], most: int = _NAMED) -> str:
    """The first of some names, and how many more there are."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more:,} more" if more > 0 else "")
