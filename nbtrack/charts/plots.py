"""The figures that the panel draws with plotly, from the runs that match.

"parallel" and "scatter" are those of ``parallel.py`` and ``scatter.py``. "bars" is one column per run, or its mean with
one sample standard deviation for each value of a second column. "histogram" counts values in bins of Freedman and
Diaconis' width (Z. Wahrscheinlichkeitstheorie verw. Gebiete 57, 1981). "contour" is the mean of a third column over the
cells of two params, with a line of equal height between what was measured.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nbtrack.base.errors import InvalidOption
from nbtrack.charts import contract as c
from nbtrack.charts.bars import bars, contour, histogram
from nbtrack.charts.dimensions import Dimension, dimension, plain
from nbtrack.charts.parallel import parallel_coordinates
from nbtrack.charts.records import records
from nbtrack.charts.scatter import scatter
from nbtrack.runs.contract import PageRequest
from nbtrack.runs.store.filter_keys import quoted

if TYPE_CHECKING:
    from nbtrack.runs.service import RunsService

_LEAST = {"parallel": 1, "scatter": 2, "bars": 1, "histogram": 1, "contour": 3}
_MOST_RUNS = 5_000
_MOST_COLUMNS = 60
Record = dict[str, Any]


def plot(reads: RunsService, request: c.FigureRequest) -> c.Figure:
    """The figure of a request.

    Raises:
        InvalidOption: too few or too many columns, one that is none, a bad limit. FilterError: a mistake in a filter.
    """
    _check(request)
    columns = list(dict.fromkeys([*request.columns, *([request.color] if request.color else [])]))
    page = reads.page(
        PageRequest(
            filter=request.filter,
            also=request.also,
            experiment=request.experiment,
            notebook=request.notebook,
            trashed=request.trashed,
            sort=request.sort,
            columns=[_asked(column) for column in columns if "." in column],
            limit=request.limit,
        )
    )
    found = records(page.rows, columns)
    figure = _draw(found, request)
    axes = [_axis(found, column) for column in request.columns] if request.kind == "parallel" else []
    return c.Figure(
        data=figure["data"],
        layout=figure["layout"],
        axes=axes,
        runs=[row.id for row in page.rows],
        notice=_notice(found, request, page.matched),
        revision=page.revision,
    )


def _check(request: c.FigureRequest) -> None:
    least = _LEAST[request.kind]
    if not least <= len(request.columns) <= _MOST_COLUMNS:
        raise InvalidOption(
            f"A {request.kind} figure of {len(request.columns)} columns.", f"Name {least} to {_MOST_COLUMNS} of them."
        )
    if not 1 <= request.limit <= _MOST_RUNS:
        raise InvalidOption(f"limit {request.limit}.", f"Ask for 1 to {_MOST_RUNS:,} runs.")


def _asked(column: str) -> str:
    """The column of a page that holds it: a metric comes with its whole summary."""
    head, _, part = column.rpartition(".")
    return head if column.startswith("metrics.") and part in ("last", "min", "max", "mean", "count") else column


def _draw(rows: list[Record], request: c.FigureRequest) -> dict[str, Any]:
    columns, theme = request.columns, request.theme
    if request.kind == "parallel":
        return parallel_coordinates(rows, columns, request.color, theme=theme)
    if request.kind == "scatter":
        return scatter(rows, columns[0], columns[1], request.color, theme=theme)
    if request.kind == "bars":
        return bars(rows, columns[0], columns[1] if len(columns) > 1 else None, theme=theme)
    if request.kind == "histogram":
        return histogram(rows, columns[0], request.color, theme=theme)
    return contour(rows, columns[0], columns[1], columns[2], theme=theme)


def _axis(rows: Sequence[Record], column: str) -> c.FigureAxis:
    one: Dimension = dimension(rows, column)
    if one.kind != "categorical":
        return c.FigureAxis(column, "log" if one.kind == "log" else "linear")
    wheres: dict[float, str] = {}
    for place, row in zip(one.positions, rows, strict=True):
        wheres.setdefault(place, where(column, plain(row[column])))
    places = sorted(wheres)
    return c.FigureAxis(column, "categorical", places, [wheres[place] for place in places])


def where(column: str, value: Any) -> str:
    """The filter that finds the runs with a value in a column; "" where the search language has none for it."""
    kind, dot, name = column.partition(".")
    left = f"{kind}.{quoted(name)}" if dot else kind
    if value is None:
        return f"{left} is null"
    if isinstance(value, bool):
        return f"{left} = {'true' if value else 'false'}"
    if isinstance(value, (int, float)):
        return f"{left} = {value!r}" if math.isfinite(value) else ""
    if isinstance(value, str):
        doubled = value.replace("'", "''")
        return f"{left} = '{doubled}'"
    return ""


def _notice(rows: Sequence[Record], request: c.FigureRequest, matched: int) -> str:
    """What is not in the figure."""
    if not rows:
        return "No run matches." if matched == 0 else ""
    words = []
    if matched > len(rows):
        words.append(f"The first {len(rows):,} of {matched:,} runs.")
    words += [f"None of them has {one}." for one in request.columns if all(row[one] is None for row in rows)]
    return " ".join(words)
