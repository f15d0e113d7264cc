"""What is in columns: of some runs all at once, of many the lowest and highest value along an index.

Of many runs an extreme is found by walking the index on (key, value, run) from its end until a run that matches. That
is a step or two where most match, and at worst the index of one key.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import islice
from typing import Any, NamedTuple

from nbtrack.tables.store.means import means

Inside = Callable[[int], bool]  # whether a run matches
Extremes = tuple[float | None, float | None]

_PARTS = ("last", "min", "max", "mean")
_FEW_KEYS = 100


class Seen(NamedTuple):
    """A column over some runs. runs: how many have it. varied: those that have it do not all have the same value.

    extremes: of its numbers; None where numbers are among other values and have to be asked for.
    """

    runs: int
    varied: bool
    extremes: Extremes | None = (None, None)


def latest(conn: sqlite3.Connection, trashed: bool, inside: Inside, most: int) -> list[int]:
    """The runs that match which were started last, in or outside the trash."""
    rows = conn.execute(f"SELECT n FROM runs WHERE trashed IS {'NOT ' * trashed}NULL ORDER BY started DESC, n DESC")
    found = list(islice((run for (run,) in rows if inside(run)), most))
    rows.close()
    return found


def seen(
    conn: sqlite3.Connection, kind: str, runs: Sequence[int], keys: Collection[int], parts: Iterable[str]
) -> dict[tuple[int, str], Seen]:
    """What the runs have of each key, by key and part; keys that none of them has are left out."""
    among, args = "run IN (SELECT value FROM json_each(?))", [json.dumps(list(runs))]
    if len(keys) <= _FEW_KEYS:  # more of them are read faster than told from the others
        among += " AND +key IN (SELECT value FROM json_each(?))"  # without the plus, each with each run
        args.append(json.dumps(list(keys)))
    if kind == "param":
        return _params_seen(conn, among, args)
    if kind == "tag":
        rows = conn.execute(
            f"SELECT key, count(*), min(value) != max(value) FROM tags WHERE {among} GROUP BY key", args
        )
        return {(key, "value"): Seen(count, bool(varied)) for key, count, varied in rows}
    return _metrics_seen(conn, among, args, [part for part in _PARTS if part in parts])


def _params_seen(conn: sqlite3.Connection, among: str, args: list[str]) -> dict[tuple[int, str], Seen]:
    """None counts as no value. 1 and 1.0 are one value, 1 and true are two."""
    exact = {
        key: rest
        for key, *rest in conn.execute(
            f"""SELECT key, count(*), min(exact) != max(exact) FROM params
                WHERE {among} AND exact IS NOT NULL GROUP BY key""",
            args,
        )
    }
    found = {}
    for key, count, values, low, high, bools, nones in conn.execute(
        f"""SELECT key, count(*), count(value), min(value), max(value), sum(type = 'bool'), sum(type = 'none')
            FROM params WHERE {among} GROUP BY key""",
        args,
    ):
        have = count - nones
        exacts, unlike = exact.get(key, (0, False))
        varied = low != high or bool(unlike) or any(0 < some < have for some in (values, bools, exacts))
        ends: Extremes | None = None
        if isinstance(low, str) or bools == values:
            ends = None, None
        elif not bools and not isinstance(high, str):
            ends = low, high
        found[key, "value"] = Seen(have, have > 0 and varied, ends)
    return found


def _metrics_seen(
    conn: sqlite3.Connection, among: str, args: list[str], parts: list[str]
) -> dict[tuple[int, str], Seen]:
    what = ", ".join(f"count({part}), min({part}), max({part})" for part in parts)
    found = {}
    for key, count, *rest in conn.execute(
        f"SELECT key, count(*), {what} FROM metrics WHERE {among} GROUP BY key", args
    ):
        for place, part in enumerate(parts):
            numbers, low, high = rest[3 * place : 3 * place + 3]
            found[key, part] = Seen(count, low != high or 0 < numbers < count, (low, high))
    return found


def extremes(conn: sqlite3.Connection, kind: str, key: int, part: str, inside: Inside) -> Extremes:
    """The lowest and highest number of a column over all runs that match, NaN apart; None where there is none."""
    if kind == "tag":
        return None, None
    if kind == "param":
        return _param_extremes(conn, key, inside)
    if part == "mean":
        return _mean_extremes(conn, key, inside)
    walk = f"SELECT {part}, run FROM metrics WHERE key = ? AND {part} IS NOT NULL ORDER BY {part}"
    return _ends(conn, walk, (key,), inside)


def _ends(conn: sqlite3.Connection, walk: str, args: Sequence[Any], inside: Inside) -> Extremes:
    low = _first(conn.execute(walk, args), inside)
    return low, None if low is None else _first(conn.execute(f"{walk} DESC", args), inside)


def _first(rows: sqlite3.Cursor, inside: Inside) -> Any:
    found = next((value for value, run in rows if inside(run)), None)
    rows.close()
    return found


def _param_extremes(conn: sqlite3.Connection, key: int, inside: Inside) -> Extremes:
    """true and false are stored as 1 and 0; which rows they are is not in the index, so these are asked for apart."""
    walk = "SELECT value, run FROM params WHERE key = ? AND value < '' AND value NOT IN (0, 1) ORDER BY value"
    low, high = _ends(conn, walk, (key,), inside)
    for doubtful in (0, 1):
        if low is None or high is None or not low <= doubtful <= high:
            rows = conn.execute(
                "SELECT value, run FROM params WHERE key = ? AND value = ? AND type != 'bool'", (key, doubtful)
            )
            if _first(rows, inside) is not None:
                low = doubtful if low is None else min(low, doubtful)
                high = doubtful if high is None else max(high, doubtful)
    return low, high


def _mean_extremes(conn: sqlite3.Connection, key: int, inside: Inside) -> Extremes:
    found = [mean for run, mean in means(conn, key) if inside(run)]
    return min(found, default=None), max(found, default=None)
