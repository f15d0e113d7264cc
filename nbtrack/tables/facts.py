"""Facts about columns: who has them, whether they differ, from where to where their numbers go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nbtrack.runs.selection import Selected
from nbtrack.runs.store import pages
from nbtrack.tables import contract as c
from nbtrack.tables.store import facts as store

if TYPE_CHECKING:
    import sqlite3

    from nbtrack.tables.columns import Column

LOOKED_AT = 2_000  # runs, the latest first, from which it is told who has a column and whether it differs


def column_facts(
    conn: sqlite3.Connection, chosen: Selected, columns: Sequence[Column]
) -> tuple[list[c.ColumnFact], int, int]:
    """The facts, how many runs were looked at one by one, and how many match."""
    inside, matched, few = _matching(conn, chosen)
    runs = few or store.latest(conn, chosen.scope.trashed, inside, LOOKED_AT)
    found: dict[tuple[str, int, str], store.Seen] = {}
    for kind in ("param", "tag", "metric"):
        keys = {column.key for column in columns if column.kind == kind and column.key is not None}
        if keys:
            parts = {column.part for column in columns}
            found |= {(kind, *where): seen for where, seen in store.seen(conn, kind, runs, keys, parts).items()}

    def fact(column: Column) -> c.ColumnFact:
        if column.key is None:
            return c.ColumnFact(column.name, 0, False, None, None)
        seen = found.get((column.kind, column.key, column.part), store.Seen(0, False))
        ends = seen.extremes if matched == len(runs) else None
        low, high = ends or store.extremes(conn, column.kind, column.key, column.part, inside)
        differs = seen.varied or 0 < seen.runs < len(runs)
        return c.ColumnFact(column.name, seen.runs, differs, _float(low), _float(high))

    return [fact(column) for column in columns], len(runs), matched


def _matching(conn: sqlite3.Connection, chosen: Selected) -> tuple[store.Inside, int, list[int]]:
    """(whether a run matches, how many do, all of them where a filter leaves no more than are looked at)."""
    if not chosen.texts and chosen.scope == pages.Scope():  # of the whole project it is easier to say which do not
        trashed = frozenset(pages.matching(conn, chosen.where, pages.Scope(trashed=True)))
        return lambda run: run not in trashed, pages.count_runs(conn, chosen.where, chosen.scope), []
    found = frozenset(pages.matching(conn, chosen.where, chosen.scope))
    return found.__contains__, len(found), [] if len(found) > LOOKED_AT else [*found]


def _float(value: float | None) -> float | None:
    return None if value is None else float(value)
