"""Whole columns of many runs at once, for a DataFrame: no object is made per run.

Of few runs the values are looked up. Of many, each key is read from its index on (key, value, run), which holds all
that a column needs; only what the stored value does not say (a bool is stored as 0 or 1) is asked for apart.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, NamedTuple

from nbtrack.runs.store.keys import key_names
from nbtrack.runs.values import decode

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Objects = NDArray[np.object_]
    Floats = NDArray[np.float64]

TYPES = ("", "none", "bool", "int", "float", "str", "json")  # by the code in `ParamColumn.types`; 0 is missing
_CODE = "instr('nbifsj', substr(type, 1, 1))"
_CHUNK = 20_000  # rows made into Python objects at a time
_FEW = 2_000  # up to so many runs, they are looked up one by one


class ParamColumn(NamedTuple):
    """A param over runs. types: a code per run, see `TYPES`. stored: what SQLite holds; None where missing or NaN.

    exact: place and exact form of values that SQLite cannot hold.
    """

    types: NDArray[np.int8]
    stored: Objects
    exact: dict[int, Any]

    def values(self) -> Objects:
        """The values as they were given; None where a run has none."""
        import numpy as np

        found: Objects = self.stored.copy()
        for code, kind in ((2, np.bool_), (4, np.float64)):  # a NaN is stored as NULL
            found[self.types == code] = found[self.types == code].astype(kind)
        for at in np.flatnonzero(self.types == TYPES.index("json")).tolist():
            found[at] = decode("json", self.stored[at], None)
        for at, exact in self.exact.items():
            found[at] = decode(TYPES[self.types[at]], self.stored[at], exact)
        return found


def attributes(conn: sqlite3.Connection, numbers: Sequence[int], names: Sequence[str]) -> dict[str, Objects]:
    """Attributes of runs (names of `nbtrack.runs.store.runs.COLUMNS`), a column each; None for a run that is gone."""
    import numpy as np

    from nbtrack.runs.store.runs import COLUMNS

    places = _Places(numbers)
    found: dict[str, Objects] = {name: np.full(len(numbers), None, dtype=object) for name in names}
    wanted = ", ".join(COLUMNS[name] for name in names)
    query = f"SELECT r.n, {wanted} FROM runs r JOIN experiments e ON e.n = r.experiment"
    for columns in _rows(conn, query, "r.n", places):
        at, keep = places.of(columns[0])
        for name, values in zip(names, columns[1:], strict=True):
            found[name][at] = values[keep]
    return found


def params(conn: sqlite3.Connection, numbers: Sequence[int]) -> dict[str, ParamColumn]:
    """All params of runs, a column a key, in the order of ``numbers``; keys that none of them has are left out."""
    import numpy as np

    places, names, count = _Places(numbers), key_names(conn, "param"), len(numbers)
    found: dict[int, ParamColumn] = {}
    for key, at, (values,) in _read(conn, "params", ["value"], names, places):
        if key not in found:
            found[key] = ParamColumn(np.zeros(count, dtype=np.int8), np.full(count, None, dtype=object), {})
        found[key].types[at] = _codes(values)
        found[key].stored[at] = values
    plain = "type IN ('int', 'float', 'str') AND exact IS NULL"
    for columns in _rows(conn, f"SELECT run, key, {_CODE}, exact FROM params", "run", places, f"NOT ({plain})"):
        at, keep = places.of(columns[0])
        odd = zip(at.tolist(), *(column[keep].tolist() for column in columns[1:]), strict=True)
        for place, key, code, exact in odd:
            found[key].types[place] = code
            if exact is not None:
                found[key].exact[place] = exact
    return {names[key]: found[key] for key in sorted(found)}


def _codes(values: Objects) -> Any:
    """The types that SQLite's own types say; NULL is a NaN until something else is known."""
    import numpy as np

    codes = {int: 3, float: 4, str: 5, type(None): 4}
    kinds = set(map(type, values))
    if len(kinds) == 1:
        return codes[kinds.pop()]
    return np.fromiter((codes[type(value)] for value in values), dtype=np.int8, count=len(values))


def metrics(conn: sqlite3.Connection, numbers: Sequence[int], parts: Sequence[str]) -> dict[str, dict[str, Floats]]:
    """Summaries of all metrics of runs by name, then by part: last, min, max, mean or count; NaN where missing."""
    import numpy as np

    places, names = _Places(numbers), key_names(conn, "metric")
    found: dict[int, dict[str, Floats]] = {}
    for key, at, given in _read(conn, "metrics", parts, names, places):
        if key not in found:
            found[key] = {name: np.full(len(numbers), np.nan) for name in parts}
        for name, values in zip(parts, given, strict=True):
            found[key][name][at] = values.astype(np.float64)  # NULL becomes NaN
    return {names[key]: found[key] for key in sorted(found)}


def tags(conn: sqlite3.Connection, numbers: Sequence[int]) -> dict[str, Objects]:
    """All tags of runs, a column a name; None where a run has none."""
    import numpy as np

    places, names = _Places(numbers), key_names(conn, "tag")
    found: dict[int, Objects] = {}
    for key, at, (values,) in _read(conn, "tags", ["value"], names, places):
        if key not in found:
            found[key] = np.full(len(numbers), None, dtype=object)
        found[key][at] = values
    return {names[key]: found[key] for key in sorted(found)}


class _Places:
    """Where each run's row is in the answer."""

    def __init__(self, numbers: Sequence[int]) -> None:
        import pandas as pd

        self.numbers = list(numbers)
        self.few = len(self.numbers) <= _FEW
        self._rows = pd.Index(self.numbers, dtype="int64")

    def of(self, runs: Objects) -> tuple[Ints, NDArray[np.bool_]]:
        """(places of those runs that are asked for, which of them are)."""
        import pandas as pd

        at = self._rows.get_indexer(pd.Index(runs, dtype="int64"))
        keep = at >= 0
        return at[keep], keep


def _read(
    conn: sqlite3.Connection, table: str, what: Sequence[str], keys: Iterable[int], places: _Places
) -> Iterator[tuple[int, Ints, list[Objects]]]:
    """(key, places, values of each column asked for) of one of the tables by run and key, some rows at a time."""
    import numpy as np

    if not places.few and len(what) == 1:  # each of these columns has its index
        for key in keys:
            rows = conn.execute(f"SELECT run, {what[0]} FROM {table} WHERE key = ?", (key,))
            for columns in _columns(rows):
                at, keep = places.of(columns[0])
                yield key, at, [columns[1][keep]]
        return
    for columns in _rows(conn, f"SELECT run, key, {', '.join(what)} FROM {table}", "run", places):
        at, keep = places.of(columns[0])
        values = [column[keep] for column in columns[2:]]
        for key, part in _by_key(columns[1][keep].astype(np.int64)):
            yield key, at[part], [column[part] for column in values]


def _rows(
    conn: sqlite3.Connection, query: str, column: str, places: _Places, condition: str = "1"
) -> Iterator[list[Objects]]:
    """The rows of a query as columns, some at a time; of few runs by look-up, of many by one scan of the table."""
    if places.few:
        given = json.dumps(places.numbers)
        yield from _columns(
            conn.execute(f"{query} WHERE {column} IN (SELECT value FROM json_each(?)) AND {condition}", (given,))
        )
    else:
        yield from _columns(conn.execute(f"{query} WHERE {condition}"))


def _columns(cursor: sqlite3.Cursor) -> Iterator[list[Objects]]:
    import numpy as np

    values, width = chain.from_iterable(cursor), len(cursor.description)
    # Without a list of rows: so many tuples at once would wake the garbage collector again and again.
    while len(found := np.fromiter(islice(values, _CHUNK * width), dtype=object)):
        yield list(found.reshape(-1, width).T)


def _by_key(keys: Ints) -> Iterator[tuple[int, Ints]]:
    """Each key with the places where it is."""
    import numpy as np

    order = np.argsort(keys, kind="stable")
    found, starts = np.unique(keys[order], return_index=True)
    yield from zip(found.tolist(), np.split(order, starts)[1:], strict=True)
