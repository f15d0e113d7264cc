"""Pages of the runs table: which runs match, in which order, and their values.

Two plans give a page sorted by one param or metric, or by the time of the start. Where many runs match, the index on
(key, value, run) or (trashed, started) is walked in its order and each run is checked until the page is full. Where few
match, they are found first and then sorted. With m of n runs matching, a walk to row k looks at about k·n/m runs and a
sort at m: the lesser is taken.

Order is stable: ties are broken by the run's number, in the direction of the first key. Runs without a value come
last in both directions, those whose value is NaN before them.
"""

from __future__ import annotations

import difflib
import json
import re
import sqlite3
from collections.abc import Sequence
from typing import Any, NamedTuple

from nbtrack.base.errors import FilterError
from nbtrack.runs.store.filter import ATTRIBUTES, Compiled, Member
from nbtrack.runs.store.filter_keys import KeyLookup, resolve_key
from nbtrack.runs.store.filter_parse import Field, brief, parse
from nbtrack.runs.store.keys import key_names
from nbtrack.runs.store.params import marks
from nbtrack.runs.values import decode

_NEVER_NULL = ("r.started", "r.name", "r.id", "r.status", "r.kind")  # the index gives their order as it is
_MAX_KEYS = 16  # SQLite 3.40 crashes when it sorts a join by 64 terms; each key makes three
_INT64_MAX = (1 << 63) - 1
_NOT_TRASHED = "NOT IN (SELECT n FROM runs WHERE trashed IS NOT NULL)"
_FEW = 2_000  # runs whose numbers are kept once they were looked for in all of them
_NAN = float("nan")


class Scope(NamedTuple):
    """Which runs are looked at, before any filter."""

    trashed: bool = False
    experiment: str | None = None
    notebook: str | None = None


class SortKey(NamedTuple):
    """A column to sort by. ``key`` is None for an attribute; ``column`` is then an expression over ``r``."""

    table: str
    key: int | None
    column: str
    descending: bool


_LATEST = SortKey("", None, "r.started", descending=True)


class Found(NamedTuple):
    """How many runs match, and what finds them again: their own numbers, if few were looked for among all."""

    matched: int
    where: Compiled


def parse_sort(text: str, lookup: KeyLookup) -> SortKey:
    """A sort key such as ``-metrics.acc``, ``params.lr``, ``metrics.loss.min`` or ``started desc``.

    Raises:
        FilterError: it names no attribute or key.
    """
    name = text.strip()
    word = re.search(r"\s(asc|desc)$", name, re.IGNORECASE)
    descending = word is not None and word[1].lower() == "desc"
    if word is not None:
        name = name[: word.start()].rstrip()
    if name[:1] in ("-", "+"):
        descending = descending or name[0] == "-"
        name = name[1:].lstrip()
    field = _sort_field(name, text)
    if field.kind == "attribute":
        column = ATTRIBUTES.get(field.name)
        if column is None:
            near = difflib.get_close_matches(field.name, ATTRIBUTES, n=3, cutoff=0.4)
            hint = f"Near: {', '.join(near)}." if near else "Use name, started, duration, params.…, metrics.…"
            raise FilterError(f"'{brief(name)}' is nothing to sort by.", hint)
        return SortKey("", None, column, descending)
    number, aggregate = resolve_key(field, lookup, name)
    column = aggregate if field.kind == "metric" else "value"
    return SortKey({"param": "params", "metric": "metrics", "tag": "tags"}[field.kind], number, column, descending)


def _sort_field(name: str, text: str) -> Field:
    if re.fullmatch(r"[^\W\d]\w*", name):
        return Field("attribute", name.lower(), 0)
    try:
        node = parse(f"{name} is null")
    except FilterError as error:
        raise FilterError(
            f"'{brief(text)}' is nothing to sort by.", "Use -metrics.acc, params.lr or started."
        ) from error
    field = getattr(node, "field", None)
    if not isinstance(field, Field):
        raise FilterError(f"'{brief(text)}' is nothing to sort by.", "Use -metrics.acc, params.lr or started.")
    return field


def count_runs(conn: sqlite3.Connection, where: Compiled, scope: Scope) -> int:
    """How many runs match."""
    if where.everything and scope == Scope():  # without a look at each run: an index's pages say how many it has
        query = "SELECT (SELECT count(*) FROM runs) - (SELECT count(*) FROM runs WHERE trashed IS NOT NULL)"
        return int(conn.execute(query).fetchone()[0])
    query, args = _matching("count(*)", "count(*)", where, scope)
    return int(conn.execute(query, args).fetchone()[0])


def find(conn: sqlite3.Connection, where: Compiled, scope: Scope) -> Found:
    """How many runs match. Few for which all had to be looked at are not looked for once more."""
    if not where.searched:
        return Found(count_runs(conn, where, scope), where)
    condition, args = _scoped(scope, where.sql, where.args)
    query = f"SELECT r.n FROM runs r WHERE {condition} ORDER BY r.n LIMIT ?"
    numbers = [row[0] for row in conn.execute(query, (*args, _FEW + 1))]
    if len(numbers) <= _FEW:
        few = "r.n IN (SELECT value FROM json_each(?))"
        return Found(len(numbers), Compiled(few, few, [json.dumps(numbers)]))
    others = conn.execute(f"SELECT count(*) FROM runs r WHERE {condition} AND r.n > ?", (*args, numbers[-1]))
    return Found(len(numbers) + int(others.fetchone()[0]), where)


def matching(conn: sqlite3.Connection, where: Compiled, scope: Scope) -> list[int]:
    """The numbers of all runs that match, in no order."""
    query, args = _matching("r.n", "run", where, scope)
    return [row[0] for row in conn.execute(query, args)]


def _matching(what: str, of_numbers: str, where: Compiled, scope: Scope) -> tuple[str, list[Any]]:
    if where.runs and scope == Scope():  # the runs themselves are not needed then, only which are in the trash
        return f"SELECT {of_numbers} FROM ({where.runs}) WHERE run {_NOT_TRASHED}", [*where.args]
    condition, args = _scoped(scope, where.sql, where.args)
    return f"SELECT {what} FROM runs r WHERE {condition}", args


def page_runs(
    conn: sqlite3.Connection,
    where: Compiled,
    sort: Sequence[SortKey],
    offset: int,
    limit: int,
    scope: Scope,
    matched: int | None = None,
) -> list[int]:
    """The numbers of the runs in a window of the sorted matches; the newest first if there is no sort key.

    Raises:
        FilterError: more than 16 sort keys.
    """
    kept: dict[tuple[object, ...], SortKey] = {}
    for key in sort:
        kept.setdefault(key[:3], key)  # repeated, a key decides nothing
    sort = list(kept.values()) or [_LATEST]
    if len(sort) > _MAX_KEYS:
        raise FilterError(f"There are {len(sort)} sort keys.", f"At most {_MAX_KEYS} are used.")
    limit, offset = min(limit, _INT64_MAX), min(offset, _INT64_MAX)
    if _has_index(sort) and (matched is None or _walk_is_shorter(conn, where, sort[0], offset + limit, matched)):
        if sort[0].key is None:
            return _sorted(conn, _scoped(scope, where.correlated, where.args, walked=True), sort, offset, limit)
        walked = _walk(conn, where, sort[0], offset, limit, scope)
        if len(walked) == limit:
            return walked
    return _sorted(conn, _scoped(scope, where.sql, where.args), sort, offset, limit)


def _has_index(sort: Sequence[SortKey]) -> bool:
    first = sort[0]
    has = first.column == "r.started" if first.key is None else first.column not in ("mean", "count")
    return has and len(sort) == 1


def _walk_is_shorter(conn: sqlite3.Connection, where: Compiled, key: SortKey, rows: int, matched: int) -> bool:
    if _bounds(where, key):  # nothing but matches lies on the way, as far as this key is concerned
        return rows <= matched
    runs = conn.execute("SELECT coalesce(max(n), 0) FROM runs").fetchone()[0]
    return bool(rows * runs <= matched * matched)


def _bounds(where: Compiled, key: SortKey) -> list[Member]:
    """What the filter says of the very key that is sorted by."""
    return [bound for bound in where.bounds if bound[:3] == (key.table, key.key, key.column)]


def _walk(conn: sqlite3.Connection, where: Compiled, key: SortKey, offset: int, limit: int, scope: Scope) -> list[int]:
    """Along the index; only runs with a value, so an incomplete page says nothing."""
    direction = "DESC" if key.descending else "ASC"
    bounds = _bounds(where, key)
    within = "".join(f" AND {bound.condition}" for bound in bounds)  # where the filter bounds the very key sorted by
    given = f"{key.table} WHERE key = ? AND {key.column} IS NOT NULL{within}"
    if where.of_numbers and scope == Scope():  # the runs' own rows are not needed then, only which are in the trash
        name, runs, condition, args = "r", "", f"{where.correlated} AND r.n {_NOT_TRASHED}", where.args
    else:
        name, runs = "v", "CROSS JOIN runs r ON r.n = v.n"
        condition, args = _scoped(scope, where.correlated, where.args)
    rows = conn.execute(
        f"""SELECT {name}.n FROM (SELECT run AS n, {key.column} AS value FROM {given}) {name} {runs}
            WHERE {condition} ORDER BY {name}.value {direction}, {name}.n {direction} LIMIT ? OFFSET ?""",
        (key.key, *(arg for bound in bounds for arg in bound.args), *args, limit, offset),
    )
    return [row[0] for row in rows]


def _sorted(
    conn: sqlite3.Connection, scoped: tuple[str, list[Any]], sort: Sequence[SortKey], offset: int, limit: int
) -> list[int]:
    condition, args = scoped
    joins, order, join_args = [], [], []
    for place, key in enumerate(sort):
        direction = "DESC" if key.descending else "ASC"
        if key.key is None:
            order += [] if key.column in _NEVER_NULL else [f"({key.column}) IS NULL"]
            order.append(f"{key.column} {direction}")
            continue
        joins.append(f"LEFT JOIN {key.table} s{place} ON s{place}.run = r.n AND s{place}.key = ?")
        join_args.append(key.key)
        order += [f"s{place}.run IS NULL", f"s{place}.{key.column} IS NULL", f"s{place}.{key.column} {direction}"]
    order.append(f"r.n {'DESC' if sort[0].descending else 'ASC'}")
    rows = conn.execute(
        f"""SELECT r.n FROM runs r {" ".join(joins)} WHERE {condition}
            ORDER BY {", ".join(order)} LIMIT ? OFFSET ?""",
        (*join_args, *args, limit, offset),
    )
    return [row[0] for row in rows]


def _scoped(scope: Scope, condition: str, args: Sequence[Any], walked: bool = False) -> tuple[str, list[Any]]:
    # The plus keeps SQLite from starting at the index on (trashed, started), where nearly all runs share the first,
    # if there is a filter that finds few.
    plus = "" if walked or condition == "1" else "+"
    parts = [f"{plus}r.trashed IS {'NOT ' if scope.trashed else ''}NULL"]
    found: list[Any] = []
    if scope.experiment is not None:
        parts.append("r.experiment = (SELECT n FROM experiments WHERE name = ?)")
        found.append(scope.experiment)
    if scope.notebook is not None:
        parts.append("r.notebook = ?")
        found.append(scope.notebook)
    return f"{' AND '.join(parts)} AND {condition}", [*found, *args]


class Values:
    """Params, metric summaries and tags of the runs of a page."""

    def __init__(self) -> None:
        self.params: dict[int, dict[str, Any]] = {}
        self.metrics: dict[int, dict[str, tuple[Any, ...]]] = {}
        self.tags: dict[int, dict[str, str]] = {}

    def of(self, run: int) -> tuple[dict[str, Any], dict[str, tuple[Any, ...]], dict[str, str]]:
        """(params, metrics, tags) of a run by name; a metric as (last, min, max, mean, count, last_step, source)."""
        return self.params.get(run, {}), self.metrics.get(run, {}), self.tags.get(run, {})


def values_of(conn: sqlite3.Connection, runs: Sequence[int], columns: Sequence[str] | None) -> Values:
    """The values of some runs: all of them, or those of columns such as ``params.lr`` or ``metrics.*``."""
    found = Values()
    for start in range(0, len(runs), 500):
        part = list(runs[start : start + 500])
        for run, name, kind, value, exact in _rows(conn, "param", "v.type, v.value, v.exact", part, columns):
            found.params.setdefault(run, {})[name] = decode(kind, value, exact)
        summary = "v.last, v.min, v.max, v.mean, v.count, v.last_step, v.source"
        for run, name, *numbers in _rows(conn, "metric", summary, part, columns):
            numbers[:4] = [_NAN if number is None else number for number in numbers[:4]]
            found.metrics.setdefault(run, {})[name] = tuple(numbers)
        for run, name, value in _rows(conn, "tag", "v.value", part, columns):
            found.tags.setdefault(run, {})[name] = value
    return found


def _rows(
    conn: sqlite3.Connection, kind: str, what: str, runs: list[int], columns: Sequence[str] | None
) -> Sequence[tuple[Any, ...]]:
    table = f"{kind}s"
    names = key_names(conn, kind)
    args: list[Any] = list(runs)
    condition = f"v.run IN ({marks(runs)})"
    if columns is not None and f"{table}.*" not in columns:
        wanted = {column.partition(".")[2] for column in columns if column.startswith(f"{table}.")}
        keys = [number for number, name in names.items() if name in wanted]
        condition += f" AND v.key IN ({marks(keys)})"
        args += keys
    rows = conn.execute(f"SELECT v.run, v.key, {what} FROM {table} v WHERE {condition}", args).fetchall()
    # In a damaged file a value may have lost its name: the doctor tells of it, and the others can still be seen.
    named = ((run, names[key], *rest) for run, key, *rest in rows if key in names)
    return sorted(named, key=lambda row: (row[0], row[1]))
