"""Copies of other programs' SQLite files, so that nothing is ever written into them."""

from __future__ import annotations

import sqlite3
from collections.abc import Container, Sequence
from contextlib import closing
from pathlib import Path

from nbtrack.base.errors import StoreForeign
from nbtrack.base.sqlite import Connection

_PAGES = 4096  # copied at a time, so that Ctrl-C is heard


def copy(source: Path, target: Path, expected: Container[str] = ()) -> None:
    """Copy a database as it is at one moment, whoever writes to it meanwhile.

    expected: triggers that its program makes itself; the copy goes without them.

    Raises:
        StoreForeign: it is no SQLite database, is damaged, or has triggers, views or virtual tables, which would run
            what somebody else wrote.
    """
    try:
        with closing(_opened(source)) as reading, closing(sqlite3.connect(target, factory=Connection)) as writing:
            reading.backup(writing, pages=_PAGES, sleep=0.05)
            _tame(source, writing, expected)
    except sqlite3.Error as error:
        raise StoreForeign(
            f"'{source}' cannot be read as a SQLite database: {error}.", "It is left as it is."
        ) from error


def _opened(source: Path) -> sqlite3.Connection:
    """Read only; a folder that cannot be written has no place for what a second reader of a WAL file needs."""
    address = f"{source.absolute().as_uri()}?mode=ro"
    opened = sqlite3.connect(address, uri=True, factory=Connection)
    try:
        opened.execute("SELECT count(*) FROM sqlite_master")
    except sqlite3.OperationalError:
        opened.close()
        if Path(f"{source}-wal").exists():
            raise
        opened = sqlite3.connect(f"{address}&immutable=1", uri=True, factory=Connection)
    return opened


def _tame(source: Path, copied: sqlite3.Connection, expected: Container[str]) -> None:
    # Trackio and MLflow have indexes of expressions and computed columns: those reach only functions that are harmless.
    copied.execute("PRAGMA trusted_schema = OFF")
    found = copied.execute("SELECT type, name, rootpage FROM sqlite_master").fetchall()
    for kind, name, page in found:
        if kind == "trigger" and name in expected:
            copied.execute(f'DROP TRIGGER "{name}"')
        elif kind in ("trigger", "view") or not page:  # without content of its own: comments hide it in its text
            what = kind if kind != "table" else "virtual table"
            raise StoreForeign(f"'{source}' has the {what} '{name[:80]}'.", "Only plain tables are read.")
    copied.commit()


def has_tables(path: Path, names: Sequence[str]) -> bool:
    """Whether a database has all of these tables."""
    with closing(sqlite3.connect(path, factory=Connection)) as conn:
        found = {row[0] for row in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    return set(names) <= found
