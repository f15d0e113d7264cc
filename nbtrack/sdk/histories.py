"""Small curves beside the numbers of a table, read only where that is cheap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nbtrack.runs import contract as c

if TYPE_CHECKING:
    from nbtrack.runs.service import RunsService

_MOST_RUNS = 20
_MOST_KEYS = 4
_MOST_POINTS = 400_000  # read from the file for one table
_WIDTH = 6  # columns of up to four points: enough for a curve of 56 pixels


def histories_of(
    service: RunsService, rows: Sequence[c.RunRow], keys: Sequence[str] | None = None
) -> dict[tuple[str, str], list[float]]:
    """Values by (run id, metric), thinned to the width of a small curve; nothing for a long table.

    keys: which metrics; without, those of the first columns.
    """
    from nbtrack.runs.columns import metric_names

    if len(rows) > _MOST_RUNS:
        return {}
    found: dict[tuple[str, str], list[float]] = {}
    wanted = list(keys) if keys is not None else metric_names(rows)[:_MOST_KEYS]
    left = _MOST_POINTS
    for row in rows:
        own = [key for key in wanted if key in row.metrics and 1 < row.metrics[key].count <= left]
        left -= sum(row.metrics[key].count for key in own)
        if own and left >= 0:
            answer = service.series(c.SeriesRequest([row.id], own, _WIDTH))
            found |= {(one.run, one.key): one.values for one in answer.series}
    return found
