"""What tables of many runs need to know before the first row is written, and points of many runs at once."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_GIVEN = "(SELECT value FROM json_each(?))"
AT_ONCE = 2_000  # runs whose params are sorted at a time


class ParamKind(NamedTuple):
    """The values of a param that are of one type. low, high: of whole numbers and 0. exact: SQLite cannot hold some."""

    type: str
    low: float | int = 0
    high: float | int = 0
    exact: bool = False


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
    """Which types each param has among the runs.

    SQLite sorts in memory what it groups, so a part of the runs is asked for at a time.
    """
    found: dict[str, dict[str, ParamKind]] = {}
    for start in range(0, len(runs), AT_ONCE):
        rows = conn.execute(
            f"""SELECT k.name, v.type, min(v.value), max(v.value), max(v.exact IS NOT NULL) FROM params v
                JOIN keys k ON k.n = v.key WHERE v.run IN {_GIVEN} GROUP BY v.key, v.type""",
            (json.dumps(list(runs[start : start + AT_ONCE])),),
        )
        for name, kind, low, high, exact in rows:
            kinds = found.setdefault(name, {})
            before = kinds.get(kind, ParamKind(kind))
            if kind == "int":
                before = before._replace(low=min(before.low, low or 0), high=max(before.high, high or 0))
            kinds[kind] = before._replace(exact=before.exact or bool(exact))
    return {name: list(kinds.values()) for name, kinds in found.items()}


def chunks(conn: sqlite3.Connection, runs: Sequence[int]) -> Iterator[Chunk]:
    """The points of some runs, metric by metric, in the order they were logged."""
    rows = conn.execute(
        f"""SELECT p.run, p.key, p.count, m.source, p.steps, p.times, p.vals
            FROM points p JOIN metrics m ON m.run = p.run AND m.key = p.key
            WHERE p.run IN {_GIVEN} ORDER BY p.run, p.key, p.seq""",
        (json.dumps(list(runs)),),
    )
    return map(Chunk._make, rows)
