"""A table of runs as one would put it into a paper: which rows, which columns, which digits, which is best.

Without a choice of columns it has the name, the params that differ and the metrics, but not the machine's load. With
``mean_over`` the runs that have such a param and are alike in all columns but metrics become one row: of each metric
the mean and the sample standard deviation over them; NaN and missing values take no part, and where that makes fewer,
their number is said.
The best of a metric is told by its name (`nbtrack.base.names.better`); of the values as they are, not as rounded.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import nbtrack.base.wire as wire
from nbtrack.base.errors import InvalidOption
from nbtrack.base.names import better, is_load
from nbtrack.transfer.exporters import Order
from nbtrack.transfer.exporters.columns import NOTHING, Column, asked, columns_of, names
from nbtrack.transfer.exporters.means import Groups, Spread

_MOST_DIGITS = 15
_USUAL_DIGITS = 4
_MOST_DECIMALS = 8


class Cell(NamedTuple):
    """text: as it is, or a number as digits say it. spread: the deviation. fewer: runs, where not all had a number."""

    text: str
    spread: str | None = None
    fewer: int | None = None
    best: bool = False
    number: bool = False


@dataclass
class Scale:
    """What is known of the numbers of a metric's column: how to write them, and which is best."""

    way: str | None
    low: float = math.inf
    high: float = 0.0
    places: int = 0
    spread: bool = False
    best: float | None = None
    seen: int = 0

    def is_best(self, value: float) -> bool:
        """Whether it is the best of several."""
        return self.seen > 1 and self.best is not None and value == self.best

    def see(self, value: Any, deviation: float | None = None) -> None:
        """Take a number in."""
        if not isinstance(value, (int, float)) or value != value:
            return
        self.seen += 1
        if self.way is not None and (
            self.best is None or (value < self.best if self.way == "min" else value > self.best)
        ):
            self.best = value
        if not math.isfinite(value):
            return
        size = abs(value)
        self.high = max(self.high, size)
        if size:
            self.low = min(self.low, size)
        self.spread = self.spread or deviation is not None
        shown = f"{value!r}"
        self.places = max(self.places, _MOST_DIGITS if "e" in shown else len(shown.partition(".")[2].rstrip("0")))


@dataclass
class Table:
    """What a format writes: titles of columns, and rows of cells. over: what the means are over, in words."""

    columns: list[Column]
    titles: list[tuple[str, str | None]]  # (title, "min" or "max" where one is better)
    rows: Iterator[list[Cell]]
    over: str | None = None
    numeric: list[bool] = field(default_factory=list)


def table_of(order: Order) -> Table:
    """The table of an order.

    Raises:
        InvalidOption: a column that no run has, or a param to take means over that none has.
    """
    digits = order.options.digits
    if digits is not None and not 1 <= digits <= _MOST_DIGITS:
        raise InvalidOption(f"--digits is {digits}.", f"Ask for 1 to {_MOST_DIGITS} significant digits.")
    over = _over(order)
    columns = _columns(order, over)
    if over:
        return _means(order, columns, over)
    scales = {column.name: _scale(column) for column in columns if column.kind == "metrics"}
    wanted = asked(columns)
    for row in order.rows(wanted, "looking for the best"):
        for column in columns:
            if column.kind == "metrics":
                scales[column.name].see(column.of(row))

    def rows() -> Iterator[list[Cell]]:
        for row in order.rows(wanted, "writing rows"):
            yield [_cell(column, column.of(row), scales.get(column.name), digits) for column in columns]

    return Table(columns, _titles(columns), rows(), None, [column.kind == "metrics" for column in columns])


# -- which columns


def _over(order: Order) -> list[str]:
    found = []
    for name in order.options.mean_over:
        kind, dot, _ = name.partition(".")
        column = name if dot and kind in ("params", "tags") else f"params.{name}"
        there = names(order, column.partition(".")[0])
        if column.partition(".")[2] not in there:
            raise InvalidOption(
                f"--mean-over {name}: no run here has that param.", f"There are: {', '.join(there[:20]) or 'none'}."
            )
        found.append(column)
    return found


def _columns(order: Order, over: list[str]) -> list[Column]:
    if order.options.columns is not None:
        found = columns_of(order, () if over else ("name",))
        return [column for column in found if column.name not in over and (not over or column.name != "name")]
    metrics = [f"metrics.{name}" for name in names(order, "metrics") if not is_load(name)]
    params = [name for name in _differing(order) if name not in over]
    options = order.options
    try:
        order.options = type(options)(columns=[*params, *metrics])
        return columns_of(order, () if over else ("name",))
    finally:
        order.options = options


def _differing(order: Order) -> list[str]:
    """The params that are not the same in all runs; of a single run, all."""
    first: dict[str, str] = {}
    differs: dict[str, bool] = {}
    count = 0
    seen: Counter[str] = Counter()
    for row in order.rows(["params.*"], "looking at params"):
        count += 1
        for name, value in row.params.items():
            text = repr(value)
            differs[name] = differs.get(name, False) or text != first.setdefault(name, text)
            seen[name] += 1
    return [f"params.{name}" for name in first if differs[name] or seen[name] < count or count == 1]


def _titles(columns: list[Column]) -> list[tuple[str, str | None]]:
    short = Counter(_short(column) for column in columns)
    return [
        (
            _short(column) if short[_short(column)] == 1 else column.name,
            _way(column) if column.part != "count" else None,
        )
        for column in columns
    ]


def _short(column: Column) -> str:
    if column.kind == "metrics" and column.part != "last":
        return f"{column.key} ({column.part})"
    return column.key


def _way(column: Column) -> str | None:
    return better(column.key) if column.kind == "metrics" and column.part != "count" else None


def _scale(column: Column) -> Scale:
    return Scale(_way(column))


# -- means


def _means(order: Order, columns: list[Column], over: list[str]) -> Table:
    plain = [column for column in columns if column.kind != "metrics"]
    metrics = [column for column in columns if column.kind == "metrics"]
    groups = Groups(order, plain, metrics, over)
    if groups.without:
        was = "1 run has" if groups.without == 1 else f"{groups.without:,} runs have"
        order.notes.append(f"{was} no {_listed(over)}: left out.")
    scales = [_scale(column) for column in metrics]
    for group in groups:
        for place, scale in enumerate(scales):
            spread = group.spread(place)
            if spread.numbers:
                scale.see(spread.mean, spread.deviation)
    digits = order.options.digits

    def rows() -> Iterator[list[Cell]]:
        for row, group in groups.rows():
            yield [
                *(_cell(column, column.of(row), None, digits) for column in plain),
                Cell(str(group.count), number=True),
                *(_mean(group.spread(place), scale, group.count, digits) for place, scale in enumerate(scales)),
            ]

    shown = [*plain, Column("n", "attribute", "n"), *metrics]
    numeric = [False] * len(plain) + [True] * (len(metrics) + 1)
    return Table(shown, _titles(shown), rows(), _listed(over), numeric)


def _listed(over: list[str]) -> str:
    return ", ".join(name.partition(".")[2] for name in over)


def _mean(spread: Spread, scale: Scale, runs: int, digits: int | None) -> Cell:
    if not spread.numbers:
        return Cell("", number=True)
    best = scale.is_best(spread.mean)
    fewer = spread.numbers if spread.numbers < runs else None
    deviation = spread.deviation
    if deviation is None or not math.isfinite(deviation) or not math.isfinite(spread.mean):
        return Cell(_number(spread.mean, scale, digits), None, fewer, best, True)
    if not deviation:
        return Cell(_number(spread.mean, scale, digits), "0", fewer, best, True)
    # The deviation has two digits, and the mean ends where it does; or the mean has those that were asked for.
    small = math.floor(math.log10(deviation))
    size = math.floor(math.log10(abs(spread.mean))) if spread.mean else small
    decimals = 1 - small if digits is None else digits - 1 - size
    if -4 <= max(size, small) < 7 and decimals <= _MOST_DECIMALS:
        decimals = max(0, decimals)
        return Cell(f"{spread.mean:.{decimals}f}", f"{deviation:.{decimals}f}", fewer, best, True)
    after = max(0, min(_MOST_DIGITS, decimals + size))
    return Cell(f"{spread.mean:.{after}e}", f"{deviation:.1e}", fewer, best, True)


# -- cells


def _cell(column: Column, value: Any, scale: Scale | None, digits: int | None) -> Cell:
    if value is NOTHING or value is None:
        return Cell("" if value is NOTHING or column.kind == "attribute" else "None", number=scale is not None)
    if scale is not None:
        return Cell(_number(value, scale, digits), best=scale.is_best(value), number=True)
    if column.kind == "attribute" and column.key in ("started", "ended", "trashed"):
        from nbtrack.transfer.exporters.csv import iso

        return Cell((iso(value) or "")[:19].replace("T", " "))
    if isinstance(value, (list, dict)):
        return Cell(wire.encode(value).decode())
    if isinstance(value, float) and column.kind == "attribute":
        return Cell(f"{value:.4g}", number=True)
    if isinstance(value, int) and not isinstance(value, bool):
        return Cell(str(wire._digits(value)), number=True)
    return Cell(str(value), number=isinstance(value, float))


def _number(value: float, scale: Scale, digits: int | None) -> str:
    """With the digits asked for; else four of them, and the points of a column under one another where that reads."""
    if not math.isfinite(value):
        return str(value)
    if digits is None and scale.low >= scale.high / 1000 and 1e-4 <= scale.high < 1e7 and not scale.spread:
        decimals = min(scale.places, max(0, _USUAL_DIGITS - 1 - math.floor(math.log10(scale.high))))
        return f"{value:.{decimals}f}"
    if value == int(value) and abs(value) < 10 ** (digits or 7):
        return f"{value:.0f}"
    return f"{value:#.{digits}g}".removesuffix(".") if digits else f"{value:.{_USUAL_DIGITS}g}"
