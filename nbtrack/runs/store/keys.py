"""Names of params, metrics and tags, each stored once per kind."""

from __future__ import annotations

import sqlite3
from typing import Literal, cast

Kind = Literal["param", "metric", "tag"]


def key_number(conn: sqlite3.Connection, kind: str, name: str) -> int:
    """The number of a key, made when it is new."""
    row = conn.execute("SELECT n FROM keys WHERE kind = ? AND name = ?", (kind, name)).fetchone()
    if row is None:
        row = conn.execute("INSERT INTO keys (kind, name) VALUES (?, ?) RETURNING n", (kind, name)).fetchone()
    return int(row[0])


def key_names(conn: sqlite3.Connection, kind: str) -> dict[int, str]:
    """All keys of a kind by number."""
    return dict(conn.execute("SELECT n, name FROM keys WHERE kind = ?", (kind,)).fetchall())


_LOOKED_AT = 50  # of the lowest and of the highest values of a param
_TABLES = {"param": "params", "metric": "metrics", "tag": "tags"}


def known(conn: sqlite3.Connection) -> int:
    """How many names there are."""
    return int(conn.execute("SELECT count(*) FROM keys").fetchone()[0])


def usage(conn: sqlite3.Connection) -> list[tuple[Kind, str, int, list[str]]]:
    """(kind, name, number of runs, types of its values) of every key in use, by kind and name.

    The types of a param are those of its lowest and highest values, as SQLite orders them: nothing, numbers, texts. So
    none of these is missed, but a few whole numbers between very many fractions may be.
    """
    found = []
    for kind, table in _TABLES.items():
        counts = dict(conn.execute(f"SELECT key, count(*) FROM {table} GROUP BY key").fetchall())  # by an index alone
        names = sorted((name, number) for number, name in key_names(conn, kind).items() if number in counts)
        for name, number in names:
            types = _types(conn, number) if kind == "param" else ["float" if kind == "metric" else "str"]
            found.append((cast(Kind, kind), name, counts[number], types))
    return found


def _types(conn: sqlite3.Connection, key: int) -> list[str]:
    ends = "SELECT type FROM (SELECT type FROM params WHERE key = ?1 ORDER BY value {} LIMIT ?2)"
    rows = conn.execute(f"{ends.format('ASC')} UNION {ends.format('DESC')}", (key, _LOOKED_AT))
    return sorted(row[0] for row in rows)
