"""Which values the checksum of a row is made of, table by table, and how every row gets one.

A connection that writes has triggers of its own, in SQLite's ``temp`` schema, that make the sum of each row it inserts
or changes. The file knows nothing of them: another program can write to it, and the doctor finds which rows it changed.
Where a row is made once and is large (`points`), who inserts it gives it its sum, and the trigger leaves it.

A row is summed anew only if its sum fitted before it was changed. So a row that was damaged stays wrong until all of it
is replaced: a later change of another column does not hide what happened. One without a sum stays without.
"""

from __future__ import annotations

import sqlite3
from typing import NamedTuple


class Summed(NamedTuple):
    """What the sum of a table's rows is made of.

    key: the columns that tell a row, the first an integer. texts: go in as their bytes, for no function can be called
    with a text that is no UTF-8 any more, and a row that has one must not keep others from being written.
    values: columns of numbers or bytes, which go in as they are; but a damaged one that SQLite takes for a text goes in
    as 'text', for the same reason, and fits no sum then. mixed: columns of both; whether it is a text goes in too.
    So no function of ours is ever called with what it cannot be: `nbtrack.base.sqlite.explain` relies on that.
    """

    key: tuple[str, ...]
    values: tuple[str, ...]
    texts: tuple[str, ...] = ()
    mixed: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """All of them, in the order of the sum."""
        return self.values + self.texts + self.mixed

    def terms(self, row: str = "") -> str:
        """What ``row_sum`` is given in SQL. row: "OLD." for what a row was before."""
        parts = [f"iif(typeof({row}{name}) = 'text', 'text', {row}{name})" for name in self.values]
        parts += [f"CAST({row}{name} AS BLOB)" for name in self.texts]
        for name in (f"{row}{name}" for name in self.mixed):
            parts += [f"typeof({name}) = 'text', iif(typeof({name}) = 'text', CAST({name} AS BLOB), {name})"]
        return ", ".join(parts)

    def sound(self) -> str:
        """Whether all texts are UTF-8, in SQL."""
        parts = [f"CAST({name} AS BLOB)" for name in self.texts]
        parts += [f"iif(typeof({name}) = 'text', CAST({name} AS BLOB), NULL)" for name in self.mixed]
        return f"is_utf8({', '.join(parts)})"


# Left out: objects, of which only the hash is read, that references name; sources, whose hash is their checksum;
# runs.revision, which says when a run was changed.
SUMMED: dict[str, Summed] = {
    "experiments": Summed(("n",), ("n", "created", "trashed"), ("name", "note", "about")),
    "environments": Summed(("rowid",), (), ("hash", "body")),
    "sessions": Summed(
        ("n",),
        ("n", "pid", "started", "heartbeat", "ended", "segment", "offset"),
        ("id", "kind", "kernel_id", "parent", "host", "boot_id", "pid_namespace", "process_started"),
    ),
    "edits": Summed(("n",), ("n", "at", "undone"), ("label", "inverse")),
    "moves": Summed(("n",), ("n", "at"), ("old", "new")),
    "keys": Summed(("n",), ("n",), ("kind", "name")),
    "runs": Summed(
        ("n",),
        (
            *("n", "experiment", "started", "ended", "session", "execution", "number", "parent", "starred"),
            "trashed",
        ),
        (
            *("id", "name", "status", "kind", "notebook", "cell", "source", "environment", "git", "note"),
            *("end_reason", "about"),
        ),
    ),
    "params": Summed(("run", "key"), ("run", "key", "at"), ("type", "source"), ("value", "exact")),
    "param_history": Summed(("n",), ("n", "run", "key", "at"), ("type", "source"), ("value", "exact")),
    "tags": Summed(("run", "key"), ("run", "key"), ("value",)),
    "metrics": Summed(
        ("run", "key"),
        (
            *("run", "key", "count", "valid", "last", "last_step", "last_time", "min", "max", "mean"),
            *("top", "top_step", "top_time"),
        ),
        ("source",),
    ),
    "points": Summed(("n",), ("run", "key", "seq", "count", "steps", "times", "vals")),
    "executions": Summed(
        ("session", "number"),
        ("session", "number", "execution", "started", "ended"),
        ("cell", "source", "status", "stored", "loaded", "facts"),
    ),
    "outputs": Summed(
        ("run", "position"), ("run", "position", "dropped"), ("kind", "mime", "text", "plain", "artifact")
    ),
    "artifacts": Summed(("run", "path"), ("run", "size", "created"), ("path", "hash", "mime", "kind")),
    "datasets": Summed(("run", "name"), ("run",), ("name", "role", "kind", "path", "hash", "info")),
    "elsewhere": Summed(("run", "place"), ("run",), ("place", "id", "state")),
    "logged_models": Summed(
        ("n",), ("n", "experiment", "run", "created", "updated", "trashed"), ("id", "name", "status", "about")
    ),
    "model_metrics": Summed(("rowid",), ("model", "value", "time", "step", "run"), ("key", "dataset", "digest")),
    "model_files": Summed(("model", "path"), ("model", "size", "created"), ("path", "hash", "mime", "kind")),
}


def keep(conn: sqlite3.Connection) -> None:
    """From now on every row that this connection writes gets its sum.

    That is taken back with a transaction that is taken back, so it is asked for in each. Tables of before there were
    sums are left.
    """
    if conn.execute("SELECT 1 FROM temp.sqlite_master WHERE type = 'trigger'").fetchone() is None:
        for (table,) in conn.execute("SELECT name FROM sqlite_master WHERE sql LIKE '%, sum INTEGER%'").fetchall():
            for statement in _TRIGGERS.get(table, ()):
                conn.execute(statement)


def _triggers(table: str, of: Summed) -> tuple[str, str]:
    here = " AND ".join(f"{name} = NEW.{name}" for name in of.key)
    give = f"BEGIN UPDATE {table} SET sum = row_sum({of.terms()}) WHERE {here}; END"
    return (
        f"CREATE TEMP TRIGGER {table}_made AFTER INSERT ON main.{table} WHEN NEW.sum IS NULL {give}",
        f"""CREATE TEMP TRIGGER {table}_changed AFTER UPDATE OF {", ".join(of.columns)} ON main.{table}
            WHEN OLD.sum IS row_sum({of.terms("OLD.")}) {give}""",
    )


_TRIGGERS = {table: _triggers(table, of) for table, of in SUMMED.items()}


def fill(conn: sqlite3.Connection, table: str, low: int, high: int) -> int:
    """Give rows from before there were checksums theirs, where the first column of the key is between two numbers.

    How many they were. Those with a text that is no UTF-8 any more, and chunks of points that are not whole, get none.
    """
    of = SUMMED[table]
    whole = "length(steps) = 8 * count AND length(times) = 8 * count AND length(vals) = 8 * count"
    sound = whole if table == "points" else of.sound()
    done = conn.execute(
        f"""UPDATE {table} SET sum = row_sum({of.terms()})
            WHERE sum IS NULL AND {of.key[0]} BETWEEN ? AND ? AND {sound}""",
        (low, high),
    )
    return done.rowcount


def last(conn: sqlite3.Connection, table: str) -> int:
    """The highest number in the first column of a table's key."""
    return int(conn.execute(f"SELECT coalesce(max({SUMMED[table].key[0]}), 0) FROM {table}").fetchone()[0])


def unsummed(conn: sqlite3.Connection) -> int:
    """How many rows have no checksum."""
    return sum(int(conn.execute(f"SELECT count(*) FROM {t} WHERE sum IS NULL").fetchone()[0]) for t in SUMMED)


def all_summed(conn: sqlite3.Connection) -> None:
    """Say that from now on a row without a checksum is damaged."""
    conn.execute("INSERT OR REPLACE INTO meta VALUES ('unsummed', 0)")
