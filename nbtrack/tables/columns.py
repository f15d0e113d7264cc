"""What a column of the runs table is called, and where its values lie."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from nbtrack.base.errors import InvalidOption
from nbtrack.runs.store.filter_parse import brief
from nbtrack.runs.store.keys import key_names

if TYPE_CHECKING:
    import sqlite3

    from nbtrack.runs.store.keys import Kind

KINDS: dict[str, Kind] = {"params": "param", "tags": "tag", "metrics": "metric"}
PARTS = ("last", "min", "max", "mean")
_LONG = 100  # characters of a name that are compared for a hint


class Column(NamedTuple):
    """A param, a tag, or one number of a metric's summary. key: None where no run has ever had it.

    part: "value", or for a metric one of `PARTS`.
    """

    name: str
    kind: Literal["param", "metric", "tag"]
    key: int | None
    part: str


class Names:
    """The keys of a project by kind and name, read once."""

    def __init__(self, conn: sqlite3.Connection) -> None:
        self._conn = conn
        self._found: dict[str, dict[str, int]] = {}

    def of(self, kind: Kind) -> dict[str, int]:
        """Numbers by name."""
        if kind not in self._found:
            self._found[kind] = {name: number for number, name in key_names(self._conn, kind).items()}
        return self._found[kind]

    def columns(self, asked: Sequence[str] | None) -> list[Column]:
        """The columns that a request asks for, each once; all of them, of metrics the last value, if it does not say.

        Raises:
            InvalidOption: a name that says neither param, tag nor metric.
        """
        if asked is None:
            return [column for table in KINDS for column in self._all(table)]
        found: dict[str, Column] = {}
        for name in asked:
            table, dot, rest = name.partition(".")
            kind = KINDS.get(table)
            if kind is None or not dot:
                hint = "There are facts about params.…, tags.… and metrics.…"
                raise InvalidOption(f"'{brief(name)}' is no column to look into.", hint)
            own = self.of(kind)
            if rest == "*" and rest not in own:
                found |= {column.name: column for column in self._all(table)}
            elif kind == "metric":
                found[name] = Column(name, kind, *self.metric(rest))
            else:
                found[name] = Column(name, kind, own.get(rest), "value")
        return list(found.values())

    def _all(self, table: str) -> list[Column]:
        kind = KINDS[table]
        part = "last" if kind == "metric" else "value"
        return [Column(f"{table}.{name}", kind, number, part) for name, number in sorted(self.of(kind).items())]

    def metric(self, name: str) -> tuple[int | None, str]:
        """(key, part) of a metric such as "acc" or "acc.min"; a key of exactly this name comes first."""
        own = self.of("metric")
        head, _, last = name.rpartition(".")
        if name not in own and last in PARTS and head in own:
            return own[head], last
        return own.get(name), "last"


def closest(name: str, known: Iterable[str]) -> str:
    """A hint that lists the names nearest to one that nobody has; empty if there are none at all."""
    short = [each for each in known if len(each) <= _LONG]
    near = difflib.get_close_matches(name[:_LONG], short[:2000], 3, 0.4)
    if near:
        return f"Closest: {', '.join(near)}."
    return f"There are: {', '.join(sorted(short)[:10])}." if short else ""
