"""What tables of many runs need to know before the first row is written, and points of many runs at once."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_GIVEN = "(SELECT value FROM json_each(?))"


class ParamKind(NamedTuple):
    """The values of a param that are of one type. low, high: of numbers. exact: some that SQLite cannot hold."""

    type: str
    low: float | int | None
    high: float | int | None
    exact: bool


class Chunk(NamedTuple):
    """Some points of a metric of a run (by numbers), as little-endian blobs of 8 bytes each."""

    run: int
    key: int
    points: int
    source: str
    steps: bytes
    times: bytes
    values: bytes


def names_in(conn: sqlite3.Connection, kind: str, runs: Sequence[int]) -> list[str]:
    """The names of params, metrics or tags (``kind``: "param" …) that some of the runs have, in the order they came."""
    rows = conn.execute(
        f"""SELECT k.name FROM keys k WHERE k.kind = ?
            AND EXISTS (SELECT 1 FROM {kind}s v WHERE v.key = k.n AND v.run IN {_GIVEN}) ORDER BY k.n""",
        (kind, json.dumps(list(runs))),
    )
    return [row[0] for row in rows]


def param_kinds(conn: sqlite3.Connection, runs: Sequence[int]) -> dict[str, list[ParamKind]]:
    """Which types each param has among the runs."""
    found: dict[str, list[ParamKind]] = {}
    rows = conn.execute(
        f"""SELECT k.name, v.type, min(v.value), max(v.value), max(v.exact IS NOT NULL) FROM params v
            JOIN keys k ON k.n = v.key WHERE v.run IN {_GIVEN} GROUP BY v.key, v.type ORDER BY v.key, v.type""",
        (json.dumps(list(runs)),),
    )
    for name, kind, low, high, exact in rows:
        numbers = kind in ("bool", "int", "float")
        found.setdefault(name, []).append(
            ParamKind(kind, low if numbers else None, high if numbers else None, bool(exact))
        )
    return found


def chunks(conn: sqlite3.Connection, runs: Sequence[int]) -> Iterator[Chunk]:
    """The points of some runs, metric by metric, in the order they were logged."""
    rows = conn.execute(
        f"""SELECT p.run, p.key, p.count, m.source, p.steps, p.times, p.vals
            FROM points p JOIN metrics m ON m.run = p.run AND m.key = p.key
            WHERE p.run IN {_GIVEN} ORDER BY p.run, p.key, p.seq""",
        (json.dumps(list(runs)),),
    )
    return map(Chunk._make, rows)
