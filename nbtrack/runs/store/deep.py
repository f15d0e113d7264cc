"""Looking at every row: is it what was written? Nothing is changed by looking, and no damage ends it.

Each function reads in a transaction of its caller's. Texts that are no UTF-8 any more are read all the same, inside
`lenient`: the bytes that make no character become lone surrogates, which no text that was stored ever holds.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import cache
from typing import Any, NamedTuple

from nbtrack.base.sqlite import Schema
from nbtrack.runs.migrations import MIGRATIONS
from nbtrack.runs.store.artifacts import row_checksum
from nbtrack.runs.store.sums import SUMMED

_MOST = 100
_META = "CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY) STRICT"
_SCHEMA = "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"
_OF_AN_INDEX = re.compile(
    r"row \d+ missing from index .*|wrong # of entries in index .*|non-unique entry in index .*|"
    r"rowid not at end-of-record for row \d+ of index .*|values? in .* differs? from index .*"
)


class Names(NamedTuple):
    """What numbers stand for, as far as that can be read."""

    runs: dict[Any, str]
    keys: dict[Any, str]

    def run(self, number: object) -> str:
        """A run by its row."""
        return self.runs.get(number) or f"run number {number}"

    def key(self, number: object) -> str:
        """A param, metric or tag by its number."""
        return f"'{self.keys[number]}'" if number in self.keys else f"key number {number}"


@contextmanager
def lenient(conn: sqlite3.Connection) -> Iterator[None]:
    """Inside, damaged texts are read."""
    before = conn.text_factory
    conn.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
    try:
        yield
    finally:
        conn.text_factory = before


def readable(text: object) -> str:
    """A value for a message, whatever it has become."""
    return str(text).encode("utf-8", "replace").decode()


def integrity(conn: sqlite3.Connection) -> list[str]:
    """What SQLite's full check finds, line by line; empty when the file is sound."""
    found: list[str] = []
    try:
        for (text,) in conn.execute(f"PRAGMA integrity_check({_MOST})"):
            found += str(text).splitlines()
    except sqlite3.Error as error:
        found.append(str(error))
    return [] if found == ["ok"] else [readable(text) for text in found]


def indexes_only(found: Sequence[str]) -> bool:
    """Whether all that was found is that indexes do not fit their tables, which can be made anew from those."""
    return all(_OF_AN_INDEX.fullmatch(text) for text in found)


def references(conn: sqlite3.Connection) -> list[str]:
    """Rows that name a row which is not there."""
    counts: dict[tuple[str, str], int] = {}
    for table, _, parent, _ in conn.execute("PRAGMA foreign_key_check"):
        counts[table, parent] = counts.get((table, parent), 0) + 1
    return [f"{count} of {table} name one of {parent} that is not there" for (table, parent), count in counts.items()]


@cache
def fresh_schema() -> dict[tuple[str, str], str]:
    """The text of every table and index that a file of today has, by kind and name."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as conn:
        conn.execute(_META)
        schema = Schema(conn)
        for migration in MIGRATIONS:
            migration(schema)
        return {(kind, name): " ".join(text.split()) for kind, name, text in conn.execute(_SCHEMA)}


def schema_faults(conn: sqlite3.Connection) -> list[str]:
    """Tables and indexes of ours that are gone or not as nbtrack makes them. What others added is no fault."""
    found = {(kind, name): " ".join(str(text).split()) for kind, name, text in conn.execute(_SCHEMA)}
    wanted = fresh_schema().items()
    return [
        f"the {kind} '{name}' is not as nbtrack makes it"
        for (kind, name), text in wanted
        if found.get((kind, name)) != text
    ]


def names(conn: sqlite3.Connection) -> Names:
    """The names of runs and keys that can be read."""
    found = Names({}, {})
    try:
        for number, run_id, name in conn.execute("SELECT n, id, name FROM runs"):
            found.runs[number] = readable(f"{name} ({run_id})")
        for number, name in conn.execute("SELECT n, name FROM keys"):
            found.keys[number] = readable(name)
    except sqlite3.Error:
        pass  # the tables are looked at on their own
    return found


def may_lack_sums(conn: sqlite3.Connection) -> bool:
    """Whether there may be rows from before there were checksums."""
    row = conn.execute("SELECT value FROM meta WHERE key = 'unsummed'").fetchone()
    return row is None or row[0] != 0


class Rows(NamedTuple):
    """What was found in one table: how many rows were read, which are not what was written, how many lack a sum."""

    read: int
    wrong: list[str]
    unsummed: int


def summed_rows(conn: sqlite3.Connection, table: str, known: Names, strict: bool) -> Rows:
    """Make the sums of a table's rows again. strict: one without a sum is wrong."""
    of = SUMMED[table]
    read, unsummed = conn.execute(f"SELECT count(*), count(*) - count(sum) FROM {table} NOT INDEXED").fetchone()
    wrong = f"sum IS NOT row_sum({of.terms()})"
    if not strict:
        wrong = f"iif(sum IS NULL, NOT {of.sound()}, {wrong})"
    rows = conn.execute(f"SELECT {', '.join(of.columns)} FROM {table} NOT INDEXED WHERE {wrong}")
    found = [_place(table, dict(zip(of.columns, row, strict=True)), known) for row in rows]
    return Rows(read, found, 0 if strict else unsummed)


# What a row is called; whose_run, whose_key: by their names, as far as these can be read.
_CALLED = {
    "experiments": "the experiment '{name}'",
    "environments": "the environment {hash}",
    "sessions": "the process {id}",
    "edits": "the edit '{label}' (number {n})",
    "moves": "the move of '{old}' to '{new}'",
    "keys": "the {kind} '{name}'",
    "runs": "{whose_run}",
    "executions": "execution {number} of process number {session}",
    "outputs": "output {position} of {whose_run}",
    "artifacts": "'{path}' of {whose_run}",
    "datasets": "'{name}' of {whose_run}",
    "elsewhere": "{whose_run} in '{place}'",
    "logged_models": "the model '{name}'",
    "model_metrics": "'{key}' of model number {model}",
    "model_files": "'{path}' of model number {model}",
}


def _place(table: str, row: Mapping[str, Any], known: Names) -> str:
    whose = {"whose_run": known.run(row.get("n" if table == "runs" else "run")), "whose_key": known.key(row.get("key"))}
    return readable(_CALLED.get(table, "{whose_key} of {whose_run}").format_map({**row, **whose}))


def artifact_rows(conn: sqlite3.Connection) -> list[str]:
    """Artifacts whose checksum does not fit what the row says."""
    rows = conn.execute(
        """SELECT r.id, r.name, a.path, a.hash, a.size, a.checksum FROM artifacts a LEFT JOIN runs r ON r.n = a.run"""
    )
    return [
        readable(f"'{path}' of {name} ({run_id})")
        for run_id, name, path, content, size, checksum in rows
        if not isinstance(path, str) or _checksum(run_id, path, content, size) != checksum
    ]


def _checksum(run_id: Any, path: Any, content: Any, size: Any) -> str:
    try:
        return row_checksum(run_id, path, content, size)
    except UnicodeEncodeError:
        return ""


def source_rows(conn: sqlite3.Connection) -> list[str]:
    """Codes of cells that are not what their hash says."""
    wrong = []
    for name, text in conn.execute("SELECT hash, text FROM sources"):
        data = str(text).encode("utf-8", "surrogateescape")
        if hashlib.sha256(data).hexdigest() != name:
            wrong.append(readable(f"the code {str(name)[:12]}"))
    return wrong


def torn_texts(conn: sqlite3.Connection) -> list[str]:
    """Tables without checksums in which a text is no UTF-8 any more, and where."""
    wrong = []
    for (table,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        if table in SUMMED or str(table).startswith("sqlite_") or is_torn(table):
            continue
        cursor = conn.execute(f'SELECT * FROM "{table}"')
        columns = [column[0] for column in cursor.description]
        for row in cursor:
            bad = [name for name, value in zip(columns, row, strict=True) if is_torn(value)]
            if bad:
                wrong.append(readable(f"{table}: {', '.join(bad)} of {row[0]}"))
    return wrong


def is_torn(value: object) -> bool:
    """Whether a text that was read inside `lenient` is no UTF-8."""
    if not isinstance(value, str) or value.isascii():
        return False
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False


def objects_needed(conn: sqlite3.Connection) -> Iterator[tuple[str, int, str]]:
    """(hash, size, what it is) of every file that a run or a logged model has."""
    known = names(conn)
    for content, size, run, path in conn.execute("SELECT hash, size, run, path FROM artifacts"):
        yield str(content), size, readable(f"'{path}' of {known.run(run)}")
    rows = conn.execute(
        "SELECT f.hash, f.size, f.path, m.name FROM model_files f LEFT JOIN logged_models m ON m.n = f.model"
    )
    for content, size, path, model in rows:
        yield str(content), size, readable(f"'{path}' of the model {model}")
