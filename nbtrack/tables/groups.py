"""Runs in groups that share a value, with the mean and spread of metrics in each."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from itertools import count
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from nbtrack.base.errors import InvalidOption
from nbtrack.runs.store import pages
from nbtrack.runs.store.filter_keys import quoted
from nbtrack.runs.store.filter_parse import brief
from nbtrack.tables import contract as c
from nbtrack.tables.columns import KINDS, Names, closest
from nbtrack.tables.spread import Spreads, spreads
from nbtrack.tables.store import groups as store
from nbtrack.tables.where import BEGINNING, NAN, NONE, NUMBER, TEXTS, TRUTH, Shared, in_order, shared, where

if TYPE_CHECKING:
    import sqlite3

    import numpy as np
    from numpy.typing import NDArray

    from nbtrack.runs.selection import Selected

    Ints = NDArray[np.int64]

Metrics = dict[str, tuple[int, str]]  # (key, part) by the name that was asked for


class By(NamedTuple):
    """What runs are grouped by: a param or tag with its key, or an attribute. field: its name in a filter."""

    kind: Literal["attribute", "param", "tag"]
    name: str
    key: int
    field: str


class Grouped(NamedTuple):
    """All groups, by value. runs: how many are in each; first: one of them; metrics: their spreads by name."""

    shared: list[Shared]
    runs: Ints
    first: Ints
    metrics: dict[str, Spreads]


def parse_by(text: str, names: Names) -> By:
    """What to group by.

    Raises:
        InvalidOption: it is neither a param, a tag nor one of the attributes.
    """
    table, dot, name = text.partition(".")
    if text in store.ATTRIBUTES:
        return By("attribute", text, 0, text)
    kind = KINDS.get(table)
    if dot and (kind == "param" or kind == "tag"):
        key = names.of(kind).get(name)
        if key is None:
            hint = closest(text, (f"{table}.{each}" for each in names.of(kind)))
            raise InvalidOption(f"No run has a {kind} '{brief(name)}' to group by.", hint)
        return By(kind, name, key, f"{table}.{quoted(name)}")
    if dot and kind == "metric":
        raise InvalidOption("Runs cannot be grouped by a metric.", "Group by params.…, tags.… or an attribute.")
    known = [*store.ATTRIBUTES, *(f"{each}.{name}" for each in ("params", "tags") for name in names.of(KINDS[each]))]
    raise InvalidOption(f"'{brief(text)}' is nothing to group by.", closest(text, known))


def parse_metrics(asked: Sequence[str], names: Names) -> Metrics:
    """Where the metrics lie.

    Raises:
        InvalidOption: no run has one of them.
    """
    found: Metrics = {}
    for name in asked:
        key, part = names.metric(name)
        if key is None:
            raise InvalidOption(f"No run has a metric '{brief(name)}'.", closest(name, names.of("metric")))
        found[name] = key, part
    return found


def parse_sort(text: str, metrics: Metrics) -> tuple[str, bool]:
    """(what to sort by, whether it is descending).

    Raises:
        InvalidOption: it is neither "value", "runs" nor one of the metrics that were asked for.
    """
    known = ["value", "runs", *metrics]
    if text in known:
        return text, False
    if text[:1] == "-" and text[1:] in known:
        return text[1:], True
    raise InvalidOption(f"Groups cannot be sorted by '{brief(text)}'.", closest(text.lstrip("-"), known))


def grouped(conn: sqlite3.Connection, chosen: Selected, by: By, metrics: Metrics) -> Grouped:
    """All groups of the runs that match."""
    import numpy as np

    runs = _matching(conn, chosen)
    few = runs.tolist()
    codes, owns = _coded(conn, by, runs, few)
    order = in_order(owns)
    codes = np.argsort(np.array(order, dtype=np.int64))[codes]
    _, first, members = np.unique(codes, return_index=True, return_counts=True)
    found = {}
    for name, (key, part) in metrics.items():
        at, numbers = _placed(runs, store.numbers(conn, key, part, few))
        found[name] = spreads(codes[at], np.array(numbers, dtype=np.float64), len(owns))
    return Grouped([owns[code] for code in order], members, runs[first], found)


def _matching(conn: sqlite3.Connection, chosen: Selected) -> Ints:
    """The numbers of the runs that match, in order."""
    import numpy as np

    whole = store.numbered(conn) if not chosen.texts and chosen.scope == pages.Scope() else None
    if whole is None:
        return np.sort(np.array(pages.matching(conn, chosen.where, chosen.scope), dtype=np.int64))
    trashed = pages.matching(conn, chosen.where, pages.Scope(trashed=True))
    return np.setdiff1d(np.arange(whole.start, whole.stop, dtype=np.int64), np.array(trashed, dtype=np.int64), True)


def _coded(conn: sqlite3.Connection, by: By, runs: Ints, few: list[int]) -> tuple[Ints, list[Shared]]:
    """A number for each run, and what the runs of each number share."""
    import numpy as np

    if by.kind == "attribute":
        at, values = _placed(runs, store.attributes(conn, by.name, few))
    else:
        at, values = _placed(runs, store.values(conn, by.kind, by.key, few))
    raw: dict[Any, int] = defaultdict(count().__next__)  # numbers them in the order they are met
    own = np.fromiter(map(raw.__getitem__, values), dtype=np.int64, count=len(values))
    owns = [shared(value) for value in raw]
    if any(one.kind == BEGINNING for one in owns):  # different texts may share one
        merged: dict[Shared, int] = {}
        meaning = [merged.setdefault(one, len(merged)) for one in owns]
        own, owns = np.array(meaning, dtype=np.int64)[own], list(merged)
    codes = np.full(len(runs), -1, dtype=np.int64)
    codes[at] = own
    for doubtful in (0, 1) if by.kind == "param" else ():
        if doubtful in raw:
            is_it = _truths(conn, by, runs, codes == owns.index(Shared(NUMBER, doubtful)))
            codes[is_it] = len(owns)
            owns.append(Shared(TRUTH, bool(doubtful)))
    codes[codes < 0] = len(owns)
    return _used(codes, [*owns, Shared(NONE)])


def _truths(conn: sqlite3.Connection, by: By, runs: Ints, doubtful: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which of the runs whose value is stored as 0 or 1 have false or true."""
    import numpy as np

    found = store.truths(conn, by.key)
    if isinstance(found, bool):
        return doubtful & found
    return doubtful & np.isin(runs, np.fromiter(found, dtype=np.int64, count=len(found)))


def _used(codes: Ints, owns: list[Shared]) -> tuple[Ints, list[Shared]]:
    """Without what no run has: all that was stored as 1 may have been true."""
    import numpy as np

    used, again = np.unique(codes, return_inverse=True)
    return again.astype(np.int64), [owns[code] for code in used.tolist()]


def _placed(runs: Ints, values: store.Values) -> tuple[Ints, list[Any]]:
    """(places in ``runs``, values) of those that are among them."""
    import numpy as np

    own = np.array(values.runs, dtype=np.int64)
    near = np.searchsorted(runs, own)
    near[near == len(runs)] = 0
    keep = runs[near] == own if len(runs) else np.zeros(len(own), dtype=bool)
    if keep.all():
        return near, values.values
    return near[keep], [value for value, kept in zip(values.values, keep.tolist(), strict=True) if kept]


def window(
    conn: sqlite3.Connection, found: Grouped, by: By, sort: tuple[str, bool], offset: int, limit: int
) -> list[c.Group]:
    """Some of the groups, in an order."""
    at = _order(found, *sort)[offset : offset + limit]
    samples = store.samples(conn, by.key, [int(found.first[one]) for one in at]) if by.kind == "param" else {}
    truths = any(own.kind == TRUTH for own in found.shared)
    groups = []
    for one in at:
        own = found.shared[one]
        value = math.nan if own.kind == NAN else own.value
        if own.kind == BEGINNING:
            value = f"{own.value}…"
        elif own.kind == NUMBER or (own.kind == TEXTS and by.kind == "param"):
            value = store.plain(conn, by.key, samples[int(found.first[one])])
        metrics = {name: _spread(spread, one) for name, spread in found.metrics.items() if spread.numbers[one]}
        groups.append(c.Group(value, where(by.field, own, truths), int(found.runs[one]), metrics))
    return groups


def _spread(found: Spreads, at: int) -> c.Spread:
    mean, sd, low, high = (float(column[at]) for column in found[:4])
    return c.Spread(mean, sd, low, high, int(found.numbers[at]))


def _order(found: Grouped, what: str, descending: bool) -> list[int]:
    """Places of the groups. NaN and then what has no value come last in both directions; ties go by value."""
    import numpy as np

    if what == "value":
        places = list(range(len(found.shared)))
        if descending:
            plain = [at for at in places if found.shared[at].kind <= BEGINNING]
            places[: len(plain)] = plain[::-1]
        return places
    column = found.runs.astype(np.float64) if what == "runs" else found.metrics[what].mean
    without = np.zeros(len(column), dtype=bool) if what == "runs" else found.metrics[what].numbers == 0
    order: list[int] = np.lexsort((-column if descending else column, without)).tolist()
    return order
