"""Another project's file: copied, looked at, and refused unless it is just what nbtrack makes.

The original is only read, and through SQLite alone: opening the file itself would drop the locks of a process that has
it open. What runs inside a database when it is asked (triggers, views, virtual tables, expressions in a schema) never
gets to run: the schema of the copy has to be, word for word, that of nbtrack's own migrations.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import NoReturn

from nbtrack.base.db import APPLICATION_ID
from nbtrack.base.errors import BadSource, StoreTooNew
from nbtrack.base.sqlite import Schema, plain
from nbtrack.runs.migrations import MIGRATIONS
from nbtrack.runs.store import runs

_PAGES = 4096  # copied in one step
_META = "CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY) STRICT"
_COUNT = "SELECT 1 FROM meta WHERE key = 'revision' AND typeof(value) = 'integer' AND value BETWEEN 0 AND 1 << 60"
_SCHEMA = "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_stat%'"
STILL_RUNNING = "it was still running when it was imported"


def copy(source: Path, target: Path) -> None:
    """Copy a database of nbtrack's, of this version or an older one.

    Raises:
        BadSource: it is another program's, damaged, or has what no file of nbtrack's has. StoreTooNew: it is newer.
    """
    try:
        with closing(_opened(source)) as original, closing(sqlite3.connect(target)) as made:
            original.backup(made, pages=_PAGES)
    except sqlite3.Error as error:
        raise BadSource(f"'{source}' cannot be read: {error}.", "Is it nbtrack's file, and all of it?") from error
    check(target, source)


def check(made: Path, source: Path) -> None:
    """See that a file is a sound database of nbtrack's, of this version or an older one, and nothing but that.

    made: the file, which nobody else has open; source: what it came from, for errors.

    Raises:
        BadSource: it is another program's, damaged, or has what no file of nbtrack's has. StoreTooNew: it is newer.
    """
    try:
        # Not read-only: SQLite passes over the constraints of columns then, and a run may have any status.
        with closing(plain(f"{made.absolute().as_uri()}?mode=rw", uri=True)) as conn:
            conn.execute("PRAGMA trusted_schema = OFF")
            _check(conn, source)
    except sqlite3.Error as error:
        raise BadSource(f"'{source}' cannot be read: {error}.", "Is it nbtrack's file, and all of it?") from error


def _opened(source: Path) -> sqlite3.Connection:
    address = f"{source.absolute().as_uri()}?mode=ro"
    found = plain(address, uri=True)
    try:
        found.execute("SELECT count(*) FROM sqlite_master").fetchone()
        return found
    except sqlite3.OperationalError:
        found.close()
    waiting = Path(f"{source}-wal")
    with suppress(OSError):
        if waiting.stat().st_size:
            raise BadSource(
                f"'{source}' has changes in '{waiting.name}' that cannot be read in a folder that is read-only.",
                "Copy the whole .nbtrack folder to a place that can be written.",
            )
    return plain(f"{address}&immutable=1", uri=True)


def _check(conn: sqlite3.Connection, source: Path) -> None:
    owner = conn.execute("PRAGMA application_id").fetchone()[0]
    version = int(conn.execute("PRAGMA user_version").fetchone()[0])
    if owner != APPLICATION_ID or version < 1:
        raise BadSource(f"'{source}' is a database of another program.", "Whose is it? Say so with --from.")
    if version > len(MIGRATIONS):
        raise StoreTooNew(
            f"'{source}' has schema version {version}; this nbtrack knows {len(MIGRATIONS)}.",
            f"Install an nbtrack that reads schema version {version}.",
        )
    wanted, found = _made(version), {row[:3]: _text(row[3]) for row in conn.execute(_SCHEMA)}
    for key, text in found.items():
        if wanted.get(key) != text:
            _refuse(
                source, f"{'a changed' if key in wanted else 'a'} {key[0]} '{str(key[1])[:80]}' that nbtrack has not"
            )
    for kind, name, _ in wanted.keys() - found.keys():
        _refuse(source, f"no {kind} '{name}'")
    if conn.execute(_COUNT).fetchone() is None:
        _refuse(source, "no count of its changes")
    damage = [row[0] for row in conn.execute("PRAGMA integrity_check(1)")]
    if damage != ["ok"]:
        raise BadSource(
            f"'{source}' is damaged: {damage[0]}.", "`nbtrack doctor` in its project says what can be done."
        )


def _made(version: int) -> dict[tuple[str, str, str], str]:
    """The schema that a file of a version has, by kind, name and table."""
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.execute(_META)
        schema = Schema(conn)
        for migration in MIGRATIONS[:version]:
            migration(schema)
        return {row[:3]: _text(row[3]) for row in conn.execute(_SCHEMA)}


def _text(sql: str | None) -> str:
    return " ".join((sql or "").split())


def _refuse(source: Path, what: str) -> NoReturn:
    raise BadSource(f"'{source}' has {what}.", "Files that something else has changed are not imported.")


def settle(conn: sqlite3.Connection) -> None:
    """Say of runs that are being recorded that their copy ends here."""
    for (run,) in conn.execute("SELECT n FROM runs WHERE status = 'running'").fetchall():
        runs.end_run(conn, run, "interrupted", runs.last_sign(conn, run) or 0.0, STILL_RUNNING)
