"""Runs in groups that are alike in some columns, with the mean and the spread of metrics over each group.

A group takes some hundred bytes: what its columns say is read again from its first run when it is written.
"""

from __future__ import annotations

import hashlib
import math
from array import array
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from nbtrack.runs.contract import RunRow
from nbtrack.runs.store import runs
from nbtrack.transfer.exporters import WINDOW, Order
from nbtrack.transfer.exporters.columns import NOTHING, Column, asked

_FIELDS = 3  # of each metric: how many numbers, their mean, the sum of the squared differences from it


class Spread(NamedTuple):
    """Mean and sample standard deviation of so many ``numbers``; deviation: None of fewer than two."""

    numbers: int
    mean: float
    deviation: float | None


class Group:
    """Runs that are alike. run: the id of the first. count: how many there are."""

    __slots__ = ("_sums", "count", "run")

    def __init__(self, run: str, metrics: int) -> None:
        self.run = run
        self.count = 0
        self._sums = array("d", bytes(8 * _FIELDS * metrics))

    def add(self, place: int, value: Any) -> None:
        """A run's value of the metric at this place (Welford); NaN and what is no number take no part."""
        if not isinstance(value, (int, float)) or value != value:
            return
        at, sums = place * _FIELDS, self._sums
        sums[at] += 1
        mean = sums[at + 1]
        if not math.isfinite(value) or not math.isfinite(mean):
            sums[at + 1] = mean + value  # infinity, or NaN of both infinities
            sums[at + 2] = math.nan
            return
        sums[at + 1] = now = mean + (value - mean) / sums[at]
        sums[at + 2] += (value - mean) * (value - now)

    def spread(self, place: int) -> Spread:
        """What is known of a metric."""
        count, mean, squares = self._sums[place * _FIELDS : (place + 1) * _FIELDS]
        return Spread(int(count), mean, math.sqrt(squares / (count - 1)) if count > 1 else None)


class Groups:
    """The groups of an order's runs, in the order of their first runs. without: runs that lack a param of ``over``."""

    def __init__(self, order: Order, plain: Sequence[Column], metrics: Sequence[Column], over: Sequence[str]) -> None:
        self._order = order
        self._plain = plain
        self.without = 0
        self._found: dict[bytes, Group] = {}
        alike, read = [one.reader() for one in plain], [one.reader() for one in metrics]
        for row in order.rows([*asked([*plain, *metrics]), *over], "reading runs"):
            if not all(_has(row, name) for name in over):
                self.without += 1
                continue
            said = "\0".join("" if (value := one(row)) is NOTHING else repr(value) for one in alike)
            key = hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=16).digest()
            group = self._found.get(key)
            if group is None:
                group = self._found[key] = Group(row.id, len(read))
            group.count += 1
            for place, one in enumerate(read):
                group.add(place, one(row))

    def __iter__(self) -> Iterator[Group]:
        return iter(self._found.values())

    def rows(self) -> Iterator[tuple[RunRow, Group]]:
        """Each group with its first run; those whose first run was deleted meanwhile are left out."""
        groups, service = list(self), self._order.service
        starts = range(0, len(groups), WINDOW)
        for start in self._order.progress(starts, "writing rows", len(starts)):
            window = {group.run: group for group in groups[start : start + WINDOW]}
            with service.database.read() as conn:
                numbers = [number for run in window if (number := runs.number_or_none(conn, run)) is not None]
            for row in service.rows(numbers, asked(self._plain)):
                yield row, window[row.id]


def _has(row: RunRow, name: str) -> bool:
    kind, _, key = name.partition(".")
    return key in getattr(row, kind)
