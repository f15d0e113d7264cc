"""What runs are in another place, and how far both sides agree: the table ``elsewhere``, for those who send and fetch.

A row's state is JSON. ``landed`` is what an import noted, ``sync`` what a push or a pull did: see
`nbtrack.transfer.sync.agreeing`.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from nbtrack.runs.store.params import marks

_PART = 500


class Agreed(NamedTuple):
    """A run here, what it is called there (None if it is not there), and what is known of both."""

    run: int
    id: str
    revision: int
    status: str
    foreign: str | None
    state: dict[str, Any]


def of_runs(conn: sqlite3.Connection, place: str, numbers: Sequence[int]) -> list[Agreed]:
    """What runs are in a place, in the order given; those that are gone are left out."""
    found: dict[int, Agreed] = {}
    for start in range(0, len(numbers), _PART):
        part = numbers[start : start + _PART]
        rows = conn.execute(
            f"""SELECT r.n, r.id, r.revision, r.status, x.id, x.state FROM runs r
                LEFT JOIN elsewhere x ON x.run = r.n AND x.place = ? WHERE r.n IN ({marks(part)})""",
            (place, *part),
        )
        found |= {row[0]: _agreed(row) for row in rows}
    return [found[number] for number in numbers if number in found]


def by_foreign(conn: sqlite3.Connection, place: str) -> dict[str, Agreed]:
    """All runs that a place has, by what they are called there."""
    rows = conn.execute(
        """SELECT r.n, r.id, r.revision, r.status, x.id, x.state FROM elsewhere x JOIN runs r ON r.n = x.run
           WHERE x.place = ?""",
        (place,),
    )
    return {row[4]: _agreed(row) for row in rows}


def _agreed(row: Sequence[Any]) -> Agreed:
    return Agreed(row[0], row[1], row[2], row[3], row[4], json.loads(row[5]) if row[5] else {})


def changed_in_trash(conn: sqlite3.Connection, place: str) -> list[int]:
    """Runs in the trash that a place has."""
    rows = conn.execute(
        "SELECT r.n FROM elsewhere x JOIN runs r ON r.n = x.run WHERE x.place = ? AND r.trashed IS NOT NULL", (place,)
    )
    return [row[0] for row in rows]


def save(conn: sqlite3.Connection, place: str, foreign: str, run: int, sync: Mapping[str, Any]) -> None:
    """Note how far both sides agree; what an import noted stays."""
    row = conn.execute("SELECT state FROM elsewhere WHERE place = ? AND run = ?", (place, run)).fetchone()
    state = {**(json.loads(row[0]) if row else {}), "sync": dict(sync)}
    conn.execute(
        "DELETE FROM elsewhere WHERE place = ? AND ((run = ? AND id != ?) OR (id = ? AND run != ?))",
        (place, run, foreign, foreign, run),
    )
    conn.execute(
        """INSERT INTO elsewhere (place, id, run, state) VALUES (?, ?, ?, ?)
           ON CONFLICT (place, id) DO UPDATE SET state = excluded.state""",
        (place, foreign, run, json.dumps(state)),
    )


def depths(conn: sqlite3.Connection, numbers: Iterable[int]) -> dict[int, int]:
    """How many runs there are around each of these runs; the runs around them are in it, too."""
    parents: dict[int, int | None] = {}
    wanted = list(numbers)
    while wanted:
        part, wanted = wanted[:_PART], wanted[_PART:]
        for number, parent in conn.execute(f"SELECT n, parent FROM runs WHERE n IN ({marks(part)})", part):
            parents[number] = parent
            if parent is not None and parent not in parents:
                wanted.append(parent)
    found: dict[int, int] = {}
    for number in parents:
        chain: list[int] = []
        each: int | None = number
        while each is not None and each not in found and each not in chain:
            chain.append(each)
            each = parents.get(each)
        first = found.get(each, -1) + 1 if each is not None else 0
        for depth, one in enumerate(reversed(chain), first):
            found[one] = depth
    return found


def foreign_of(conn: sqlite3.Connection, place: str, run_id: str) -> str | None:
    """What a run is called in a place, by its id here."""
    row = conn.execute(
        "SELECT x.id FROM elsewhere x JOIN runs r ON r.n = x.run WHERE x.place = ? AND r.id = ?", (place, run_id)
    ).fetchone()
    return row[0] if row else None
