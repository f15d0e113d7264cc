"""Out of a damaged database into a new one: every row that can still be read.

SQLite copies ranges of rows; one that it cannot read is halved until the rows that are gone stand alone. Rows come over
as they are, with their checksums, so that the doctor still knows which of them were changed. What rows name and what is
gone is put in as a row that says so: a run of which only its params are left stays a run.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from nbtrack.base.copies import leave_log
from nbtrack.base.db import Database
from nbtrack.base.ids import new_id
from nbtrack.base.sqlite import plain, raise_signal
from nbtrack.runs.migrations import MIGRATIONS, MIN_READER
from nbtrack.runs.store import sums
from nbtrack.runs.store.deep import is_torn, lenient
from nbtrack.runs.store.filter import STATUSES
from nbtrack.runs.store.salvage_schema import mended
from nbtrack.runs.store.sums import SUMMED, Summed

_PER_PAGE = 200  # rows that a page may hold: how far to look where SQLite cannot tell
_FARTHEST = 1 << 40
_PATIENCE = 100_000  # ranges that cannot be read: then what is left is tried as it is, and no more halved
_NAMED = 5
_FIRST = ("experiments", "sources", "environments", "sessions", "objects", "keys", "runs", "logged_models")
_OF_RUNS = ("params", "param_history", "tags", "metrics", "points", "outputs", "artifacts", "datasets", "elsewhere")
_OF_KEYS = {"params": "param", "param_history": "param", "tags": "tag", "metrics": "metric", "points": "metric"}
_LOST = "its own row could not be read"


class _Words(NamedTuple):
    """A column that the schema wants to hold one of a few words. otherwise: which, in SQL, if no checksum tells it."""

    column: str
    words: tuple[str, ...]
    otherwise: str

    @property
    def unknown(self) -> str:
        """Whether a row holds another one, in SQL."""
        return f"{self.column} NOT IN ({', '.join(map(repr, self.words))})"

    def read(self, of: Summed | None) -> str:
        """The word of a row, in SQL; of another one the one that fits the row's checksum. of: what that is made of."""
        right = self.otherwise
        if of is not None:
            each = " UNION ALL ".join(f"SELECT {word!r} AS word" for word in self.words)
            terms = of.terms().replace(f"CAST({self.column} AS BLOB)", "CAST(word AS BLOB)")
            right = f"coalesce((SELECT word FROM ({each}) WHERE row_sum({terms}) = sum), {right})"
        return f"iif({self.unknown}, {right}, {self.column})"


_BY_VALUE = (
    "CASE typeof(value) WHEN 'null' THEN 'none' WHEN 'integer' THEN 'int' WHEN 'real' THEN 'float' ELSE 'str' END"
)
_WORDS = {
    "runs": _Words("status", STATUSES, "'crashed'"),
    "params": _Words("type", ("none", "bool", "int", "float", "str", "json"), _BY_VALUE),
}


@dataclass
class Saved:
    """What came over: rows by table; lost: what did not, placed: what was put in its place, in words."""

    rows: dict[str, int] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    placed: list[str] = field(default_factory=list)


def salvage(damaged: Path, target: Path) -> Saved:
    """Fill a new database at ``target`` with what can be read of another.

    damaged: a copy that nobody has open, with its -wal beside it; it is changed where that makes it readable.

    Raises:
        sqlite3.Error, OSError: the new one cannot be written.
    """
    made = Database(target, MIGRATIONS, MIN_READER)
    made.connection()
    made.close()
    leave_log(target)
    saved = Saved()
    if not mended(damaged, target):
        saved.lost.append("everything: not a single table can be found")
        return saved
    with closing(plain(target.as_posix())) as conn:
        conn.execute("PRAGMA synchronous = OFF")  # it gets its name only when all of it is on the disk
        conn.execute("ATTACH ? AS old", (damaged.as_posix(),))
        tables = [row[0] for row in conn.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'")]
        for table in sorted(tables, key=lambda name: (name not in _FIRST, name)):
            if table not in ("meta", "sqlite_sequence"):
                _Table(conn, table, saved).copy()
        sums.keep(conn)  # what is put in now is as it should be
        for table in ("keys", "runs"):
            _from_index(conn, table, saved)
        _meta(conn)
        saved.placed += settle_references(conn)
        conn.execute("DETACH old")
    return saved


def _from_index(conn: sqlite3.Connection, table: str, saved: Saved) -> None:
    """What of a table stands in an index too: the names of keys, the ids of runs."""
    found = 0
    try:
        if table == "keys":
            done = conn.execute(
                """INSERT OR IGNORE INTO main.keys (n, kind, name)
                   SELECT n, kind, name FROM old.keys INDEXED BY sqlite_autoindex_keys_1"""
            )
        else:
            conn.execute("INSERT OR IGNORE INTO main.experiments (name, created) VALUES ('default', 0.0)")
            done = conn.execute(
                f"""INSERT OR IGNORE INTO main.runs (n, id, name, experiment, status, started, kind, end_reason)
                    SELECT o.n, o.id, 'lost-' || o.n, e.n, 'crashed', 0.0, 'script', '{_LOST}'
                    FROM old.runs o INDEXED BY sqlite_autoindex_runs_1 JOIN main.experiments e ON e.name = 'default'"""
            )
        found = done.rowcount
    except sqlite3.DatabaseError as error:  # the index cannot be read either
        raise_signal(error)
    if found:
        saved.rows[table] = saved.rows.get(table, 0) + found
        saved.placed.append(
            f"{found:,} {table} whose names stood in an index"
            if table == "keys"
            else f"{found:,} runs of which only the id and parts are left: their names are lost-1 and so on"
        )


def _meta(conn: sqlite3.Connection) -> None:
    with suppress(sqlite3.Error):
        for key, value in conn.execute(
            "SELECT key, value FROM old.meta WHERE key IN ('revision', 'unsummed')"
        ).fetchall():
            if isinstance(value, int):
                conn.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value + (key == "revision")))
        if conn.execute("SELECT count(*) FROM old.meta WHERE key = 'unsummed'").fetchone()[0]:
            return
    conn.execute("INSERT OR REPLACE INTO meta VALUES ('unsummed', 1)")


class _Table:
    """One table on its way."""

    def __init__(self, conn: sqlite3.Connection, name: str, saved: Saved) -> None:
        self._conn, self._name, self._saved = conn, name, saved
        self._gaps: list[tuple[int, int]] = []  # of rows, or of those of runs, that could not be read
        self._torn = False  # some of those that have no numbers could not
        info = conn.execute(f"PRAGMA main.table_info({name})").fetchall()
        self._columns = [row[1] for row in info]
        self._key = [row[1] for row in sorted(info, key=lambda row: row[5]) if row[5]]
        types = {row[1]: row[2] for row in info}
        text = conn.execute("SELECT sql FROM main.sqlite_master WHERE name = ?", (name,)).fetchone()[0]
        self._rowid = "WITHOUT ROWID" not in text
        self._by_number = self._rowid or types[self._key[0]] == "INTEGER"

    def copy(self) -> None:
        """Bring over what can be read, and note what cannot."""
        try:
            there = {row[1] for row in self._conn.execute(f"PRAGMA old.table_info({self._name})")}
        except sqlite3.Error:
            there = set()
        self._columns = [name for name in self._columns if name in there]
        words = _WORDS.get(self._name)
        self._read = list(self._columns)  # in SQL: what goes into them
        if words and words.column in there:
            of = SUMMED[self._name] if "sum" in there else None
            self._read[self._columns.index(words.column)] = words.read(of)
        if not self._columns:
            if self._name in ("runs", "keys", "params", "metrics", "points", "tags", "artifacts"):
                self._saved.lost.append(f"all of {self._name}")
            return
        if not self._range("1", ()):
            if self._by_number:
                self._halves(0, self._highest())
            else:
                self._torn = True
                self._each("1", ())
        count = self._conn.execute(f"SELECT count(*) FROM main.{self._name}").fetchone()[0]
        self._saved.rows[self._name] = count
        if words:
            self._say_words(words)
        if self._gaps or self._torn:
            self._saved.lost.append(self._said(count))
            return
        there_are = self._conn.execute(f"SELECT count(*) FROM old.{self._name} NOT INDEXED").fetchone()[0]
        if there_are > count:
            told = "in which something is missing or is there twice"
            self._saved.lost.append(f"{there_are - count:,} of {self._name}, {told}")

    def _say_words(self, of: _Words) -> None:
        with suppress(sqlite3.DatabaseError):
            query = f"SELECT count(*) FROM old.{self._name} NOT INDEXED WHERE {of.unknown}"
            if count := self._conn.execute(query).fetchone()[0]:
                told = "what the checksums say, or the likeliest where they do not"
                self._saved.placed.append(f"the {of.column} of {count:,} {self._name}: {told}")

    def _said(self, count: int) -> str:
        if not count:
            return f"all of {self._name}"
        if not self._gaps:
            return f"some of {self._name}: {count:,} rows were read"
        gaps: list[tuple[int, int]] = []
        for low, high in sorted(self._gaps):
            if gaps and low <= gaps[-1][1] + 1:
                gaps[-1] = (gaps[-1][0], max(high, gaps[-1][1]))
            else:
                gaps.append((low, high))
        places = ", ".join(f"{low}" if low == high else f"{low} to {high}" for low, high in gaps[:_NAMED])
        more = f" and {len(gaps) - _NAMED} more places" if len(gaps) > _NAMED else ""
        whose = "those numbered" if self._rowid else f"some with {self._key[0]} number"
        return f"of {self._name} {whose} {places}{more}; {count:,} rows were read"

    def _range(self, where: str, values: tuple[Any, ...]) -> bool:
        columns = ", ".join(self._columns)
        order = "ORDER BY rowid" if self._rowid else f"ORDER BY {', '.join(self._key)}"
        try:
            self._conn.execute(
                f"""INSERT OR IGNORE INTO main.{self._name} ({columns})
                    SELECT {", ".join(self._read)} FROM old.{self._name} NOT INDEXED WHERE {where} {order}""",
                values,
            )
        except sqlite3.DatabaseError:
            return False
        return True

    def _leading(self) -> str:
        return "rowid" if self._rowid else self._key[0]

    def _highest(self) -> int:
        """The last number of the column that ranges are made of; a guess where that cannot be read."""
        asked = [f"SELECT max({self._leading()}) FROM old.{self._name} NOT INDEXED"]
        if self._rowid:
            names = self._conn.execute(
                "SELECT name FROM main.sqlite_master WHERE tbl_name = ? AND type = 'index'", (self._name,)
            )
            asked += [f"SELECT max(rowid) FROM old.{self._name} INDEXED BY {row[0]}" for row in names.fetchall()]
        elif self._key[0] == "run":
            asked.append("SELECT max(n) FROM main.runs")
        asked.append(f"SELECT page_count * {_PER_PAGE} FROM old.pragma_page_count")
        for query in asked:
            with suppress(sqlite3.DatabaseError):
                found = self._conn.execute(query).fetchone()[0]
                if isinstance(found, int):
                    return min(found, _FARTHEST)
        return _PER_PAGE

    def _halves(self, low: int, high: int) -> None:
        waiting, failed = [(low, high)], 0
        while waiting:
            low, high = waiting.pop()
            if self._range(f"{self._leading()} BETWEEN ? AND ?", (low, high)):
                continue
            failed += 1
            if low < high and failed < _PATIENCE:
                middle = (low + high) // 2
                waiting += [(low, middle), (middle + 1, high)]
                continue
            self._gaps.append((low, high))
            if not self._rowid and low == high:
                self._each(f"{self._key[0]} = ?", (low,))

    def _each(self, where: str, values: tuple[Any, ...]) -> None:
        """Row by row, from both ends until what cannot be read."""
        columns = ", ".join(self._read)
        with lenient(self._conn):
            for direction in ("ASC", "DESC"):
                order = ", ".join(f"{name} {direction}" for name in self._key)
                with suppress(sqlite3.DatabaseError):
                    query = f"SELECT {columns} FROM old.{self._name} NOT INDEXED WHERE {where} ORDER BY {order}"
                    for row in self._conn.execute(query, values):
                        self._put(row)

    def _put(self, row: tuple[Any, ...]) -> None:
        marks = ", ".join("CAST(? AS TEXT)" if is_torn(value) else "?" for value in row)
        plain_row = [value.encode("utf-8", "surrogateescape") if is_torn(value) else value for value in row]
        with suppress(sqlite3.DatabaseError):
            self._conn.execute(
                f"INSERT OR IGNORE INTO main.{self._name} ({', '.join(self._columns)}) VALUES ({marks})", plain_row
            )


def settle_references(conn: sqlite3.Connection) -> list[str]:
    """Put something in the place of rows that others name and that are gone; what was put in, in words."""
    said = []
    runs = " UNION ".join(f"SELECT run FROM {table}" for table in _OF_RUNS)
    gone = [row[0] for row in conn.execute(f"SELECT run FROM ({runs}) WHERE run NOT IN (SELECT n FROM runs)")]
    if gone:
        conn.execute("INSERT OR IGNORE INTO experiments (name, created) VALUES ('default', 0.0)")
        for number in gone:
            conn.execute(
                """INSERT INTO runs (n, id, name, experiment, status, started, kind, end_reason)
                   SELECT ?, ?, ?, n, 'crashed', 0.0, 'script', ? FROM experiments WHERE name = 'default'""",
                (number, new_id(), f"lost-{number}", _LOST),
            )
        said.append(f"{len(gone)} runs of which only parts are left: their names are lost-{gone[0]} and so on")
    for table, kind in _OF_KEYS.items():
        numbers = conn.execute(f"SELECT DISTINCT key FROM {table} WHERE key NOT IN (SELECT n FROM keys)").fetchall()
        for (number,) in numbers:
            conn.execute("INSERT INTO keys (n, kind, name) VALUES (?, ?, ?)", (number, kind, f"lost-{number}"))
            said.append(f"a {kind} whose name is gone is called lost-{number}")
    for statement in _SETTLING:
        conn.execute(statement)
    return said


_SETTLING = (
    """INSERT INTO experiments (n, name, created) SELECT DISTINCT experiment, 'lost-' || experiment, 0.0
       FROM (SELECT experiment FROM runs UNION SELECT experiment FROM logged_models)
       WHERE experiment NOT IN (SELECT n FROM experiments)""",
    "UPDATE runs SET session = NULL WHERE session NOT IN (SELECT n FROM sessions)",
    "UPDATE runs SET source = NULL WHERE source NOT IN (SELECT hash FROM sources)",
    "UPDATE runs SET environment = NULL WHERE environment NOT IN (SELECT hash FROM environments)",
    "UPDATE runs SET parent = NULL WHERE parent NOT IN (SELECT n FROM runs)",
    """INSERT INTO sessions (n, id) SELECT DISTINCT session, 'lost-' || session FROM executions
       WHERE session NOT IN (SELECT n FROM sessions)""",
    "UPDATE executions SET source = NULL WHERE source NOT IN (SELECT hash FROM sources)",
    """INSERT OR IGNORE INTO objects (hash, size, created) SELECT hash, size, created FROM artifacts
       UNION SELECT hash, size, created FROM model_files""",
    "UPDATE logged_models SET run = NULL WHERE run NOT IN (SELECT n FROM runs)",
    """INSERT INTO logged_models (n, id, experiment, name, status, created, updated)
       SELECT DISTINCT model, 'lost-' || model, (SELECT min(n) FROM experiments), 'lost-' || model, 'READY', 0.0, 0.0
       FROM (SELECT model FROM model_files UNION SELECT model FROM model_metrics)
       WHERE model NOT IN (SELECT n FROM logged_models)""",
    "UPDATE model_metrics SET run = NULL WHERE run NOT IN (SELECT n FROM runs)",
)
