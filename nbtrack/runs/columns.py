"""Which columns a table of runs shows: what differs, the names most runs have first, the best of each metric."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nbtrack.base.names import better, is_load

if TYPE_CHECKING:
    from nbtrack.runs.contract import RunRow

Directions = Mapping[str, str]


def same(left: Any, right: Any) -> bool:
    """Whether two values are the same: NaN is itself, 1 and 1.0 and True are three."""
    return type(left) is type(right) and (left == right or repr(left) == repr(right))


def split_params(rows: Sequence[RunRow], strict: bool = True) -> tuple[list[str], dict[str, Any]]:
    """(names of the params that differ, the params that all runs share), in the order they were stored.

    strict: a param that some runs lack differs; else it is enough that those that have it agree.
    """
    names = list(dict.fromkeys(name for row in rows for name in row.params))
    common = {}
    for name in names:
        values = [row.params[name] for row in rows if name in row.params]
        if len(values) >= (len(rows) if strict else 2) and all(same(one, values[0]) for one in values):
            common[name] = values[0]
    if len(rows) < 2:
        return names, {}
    return [name for name in names if name not in common], common


def metric_names(rows: Sequence[RunRow]) -> list[str]:
    """Metrics, those that most runs have first; explicit ones before captured ones; not what the machine did."""
    count: dict[str, int] = {}
    captured: set[str] = set()
    for row in rows:
        for name, summary in row.metrics.items():
            if is_load(name):
                continue
            count[name] = count.get(name, 0) + 1
            if summary.source != "explicit":
                captured.add(name)
    return sorted(count, key=lambda name: (-count[name], name in captured))


def direction(metric: str, given: Directions | None = None) -> str | None:
    """Whether less or more of a metric is better: "min", "max" or None where its name does not say."""
    return (given or {}).get(metric) or better(metric)


def best(values: Sequence[float | None], which: str | None) -> set[int]:
    """The places of the best values; none where nothing can be compared or all are the same."""
    there = {at: one for at, one in enumerate(values) if one is not None and not math.isnan(one)}
    if which is None or len(there) < 2 or len(set(there.values())) == 1:
        return set()
    top = max(there.values()) if which == "max" else min(there.values())
    return {at for at, one in there.items() if one == top}


def last_values(rows: Sequence[RunRow], metric: str) -> list[float | None]:
    """The last value of a metric in each run; None where a run has none."""
    return [row.metrics[metric].last if metric in row.metrics else None for row in rows]
