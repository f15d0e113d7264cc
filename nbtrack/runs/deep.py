"""What `nbtrack doctor --deep` finds: every page, row, series and file is looked at. Nothing is changed.

Rows carry checksums (`nbtrack.base.sums`), files are named by their content, summaries can be made again from the
points. Each step goes on past damage: what cannot be read is a finding like any other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from nbtrack.base.sqlite import raise_signal
from nbtrack.runs import objects
from nbtrack.runs.checks import Check, some
from nbtrack.runs.store import deep, series_check
from nbtrack.runs.store.sums import SUMMED

if TYPE_CHECKING:
    import sqlite3

    from nbtrack.base.config import Project
    from nbtrack.base.db import Database

T = TypeVar("T")

_AT_ONCE = 100  # runs whose series are read in one transaction
_BLOCK = 1 << 20
_NAMED = 20
_ROWS_HINT = "What is wrong cannot be told from the file alone: compare it with a backup (`nbtrack backup`, 'backups')."


@dataclass
class Damage:
    """What was found in a database.

    pages: by SQLite's full check. schema, references: tables, and rows that name others. rows: by table, those that are
    not what was written. unread: tables that could not be read, and why. summaries: (run, key) of metrics whose summary
    is wrong while all their points are sound. unsummed: rows from before there were checksums; read: those with them.
    """

    pages: list[str] = field(default_factory=list)
    schema: list[str] = field(default_factory=list)
    references: list[str] = field(default_factory=list)
    rows: dict[str, list[str]] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)
    summaries: list[tuple[int, int]] = field(default_factory=list)
    unsummed: int = 0
    read: int = 0

    def add(self, table: str, wrong: list[str]) -> None:
        """Note rows of a table that are wrong."""
        if wrong:
            self.rows.setdefault(table, []).extend(wrong)

    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.pages or self.schema or self.references or self.rows or self.unread)


def look(database: Database) -> Damage:
    """Look at all of a database.

    Raises:
        StoreError: it cannot be opened.
    """
    found = Damage()
    _step(database, found, "the file", lambda conn: found.pages.extend(deep.integrity(conn)))
    if not database.newer:  # what a newer nbtrack's should be is not known here
        _step(database, found, "the schema", lambda conn: found.schema.extend(deep.schema_faults(conn)))
    _step(database, found, "references", lambda conn: found.references.extend(deep.references(conn)))
    known = _step(database, found, "names", deep.names) or deep.Names({}, {})
    strict = not _step(database, found, "meta", deep.may_lack_sums)
    for table in SUMMED:
        if table not in ("metrics", "points"):
            rows = _step(database, found, table, partial(deep.summed_rows, table=table, known=known, strict=strict))
            if rows is not None:
                found.add(table, rows.wrong)
                found.unsummed += rows.unsummed
                found.read += rows.read - rows.unsummed
    found.add("artifacts", _step(database, found, "artifacts", deep.artifact_rows) or [])
    found.add("sources", _step(database, found, "sources", deep.source_rows) or [])
    found.add("texts", _step(database, found, "texts", deep.torn_texts) or [])
    _series(database, found, known, strict)
    return found


def _step(database: Database, found: Damage, table: str, call: Callable[[sqlite3.Connection], T]) -> T | None:
    with database.read() as conn, deep.lenient(conn):
        try:
            return call(conn)
        except Exception as error:  # noqa: BLE001 (damage shows in any way, and is what is asked for)
            raise_signal(error)
            found.unread[table] = deep.readable(f"{type(error).__name__}: {error}")
            return None


def _series(database: Database, found: Damage, known: deep.Names, strict: bool) -> None:
    numbers = list(known.runs)
    for start in range(0, len(numbers), _AT_ONCE):
        some_runs = numbers[start : start + _AT_ONCE]
        faults = _step(database, found, "points", partial(series_check.check_runs, runs=some_runs, strict=strict))
        if faults is None:
            continue
        found.unsummed += faults.unsummed
        found.add("points", [f"{known.key(key)} of {known.run(run)}" for run, key in faults.points])
        found.add("metrics", [f"{known.key(key)} of {known.run(run)}" for run, key in faults.summaries])
        torn = set(faults.points)
        found.summaries += [place for place in faults.summaries if place not in torn]


def checks_of(found: Damage) -> Iterator[Check]:
    """What was found, in sentences."""
    if found.schema:
        yield Check("schema", False, some(found.schema, _NAMED), "`nbtrack doctor --repair` saves what can be read.")
    if found.references:
        yield Check("references", False, some(found.references, _NAMED), _ROWS_HINT)
    for table, error in found.unread.items():
        text = f"{table} cannot be read to its end: {error}"
        yield Check("rows", False, text, "`nbtrack doctor --repair` saves what can be read.")
    for table, wrong in found.rows.items():
        hint = _ROWS_HINT
        if table == "metrics" and found.summaries:
            hint = "`nbtrack doctor --repair` makes summaries again from their points."
        yield Check(table, False, f"{len(wrong)} not as it was written: {some(wrong, _NAMED)}", hint)
    if not found.rows and not found.unread:
        yield Check("rows", True, f"all {found.read:,} rows with checksums, every series and summary are as written")
    if found.unsummed:
        text = f"{found.unsummed:,} rows were written before there were checksums"
        yield Check("checksums", True, text, "`nbtrack doctor --repair` adds them.")


@dataclass
class Files:
    """What was found among the objects.

    missing, changed: what needs such files. bent: the names of files whose content is another.
    """

    looked_at: int = 0
    missing: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    bent: list[str] = field(default_factory=list)


def look_at_files(project: Project, database: Database) -> Files:
    """Read every object, and see that it is what its name says and that all that are needed are there."""
    found, sizes = Files(), dict[str, int]()
    for name in objects.all_names(project.objects):
        if objects.is_name(name):
            found.looked_at += 1
            size = _content(project, name)
            if size is None:
                found.bent.append(name)
            else:
                sizes[name] = size
    with database.read() as conn, deep.lenient(conn):
        needed = list(deep.objects_needed(conn))
    bent = set(found.bent)
    for name, size, what in needed:
        if name in bent:
            found.changed.append(what)
        elif name not in sizes:
            found.missing.append(what)
        elif sizes[name] != size:
            found.changed.append(f"{what} (its size)")
    return found


def _content(project: Project, name: str) -> int | None:
    """An object's size; None if its content is not what its name says, or cannot be read."""
    digest, size = hashlib.sha256(), 0
    try:
        with objects.path_of(project.objects, name).open("rb") as reading:
            for block in iter(lambda: reading.read(_BLOCK), b""):
                digest.update(block)
                size += len(block)
    except OSError:
        return None
    return size if digest.hexdigest() == name else None


def files_check(found: Files) -> Check:
    """What was found, in a sentence."""
    parts = [f"{len(found.missing)} missing: {some(found.missing, _NAMED)}"] if found.missing else []
    parts += [f"{len(found.changed)} not what was stored: {some(found.changed, _NAMED)}"] if found.changed else []
    if not parts and found.bent:
        parts = [f"{len(found.bent)} that no run needs are not what their names say"]
    if not parts:
        return Check("artifacts", True, f"all {found.looked_at:,} files have the content they had")
    hint = "Bring the 'objects' folder back from a copy; `nbtrack doctor --repair` moves what is wrong aside."
    return Check("artifacts", False, "; ".join(parts), hint)
