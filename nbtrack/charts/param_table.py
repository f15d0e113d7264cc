"""The params of many runs beside one metric: what is read for statistics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbtrack.base.errors import InvalidOption, NotFound
from nbtrack.runs.contract import PageRequest
from nbtrack.runs.store.filter_keys import AGGREGATES, KeyLookup, quoted
from nbtrack.runs.store.filter_parse import brief
from nbtrack.runs.store.keys import key_names

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from nbtrack.charts.contract import ImportanceRequest
    from nbtrack.runs.contract import RunRow
    from nbtrack.runs.service import RunsService

MOST_RUNS = 5_000
MOST_PARAMS = 100
_SAMPLE = 40  # runs that are looked at to find the params that most have, where a project has very many


@dataclass(frozen=True)
class ParamTable:
    """``params`` and the finite value of ``metric`` of each run, the latest first.

    matched: runs that match and have the metric. odd: those of them left out, whose value is NaN or infinite.
    cut: params of the project of which only some were read; 0 if all were.
    """

    metric: str
    params: Sequence[dict[str, Any]]
    values: Sequence[float]
    matched: int = 0
    odd: int = 0
    cut: int = 0
    revision: int = 0


def read_table(reads: RunsService, request: ImportanceRequest) -> ParamTable:
    """The latest 5,000 runs that match and have the metric, with the 100 params that most of them have.

    Raises:
        InvalidOption: no metric was named. NotFound: no run has it. FilterError: a mistake in the filter.
        StoreError: there is no project here yet.
    """
    reads.connection()
    with reads.database.read() as conn:
        name, part = metric_of(conn, request.metric)
        every = key_names(conn, "param").values()
        scope = PageRequest(
            filter=request.filter,
            also=[*request.also, f"metrics.{quoted(name)} is not null"],
            experiment=request.experiment,
            notebook=request.notebook,
            trashed=request.trashed,
            limit=MOST_RUNS,
        )
        chosen = None if len(every) <= MOST_PARAMS else _commonest(reads, scope)
        scope.columns = [f"metrics.{name}", *(["params.*"] if chosen is None else [f"params.{one}" for one in chosen])]
        page = reads.page(scope)
    rows = [row for row in page.rows if name in row.metrics]
    values = [float(getattr(row.metrics[name], part)) for row in rows]
    kept = [at for at, value in enumerate(values) if abs(value) < float("inf")]  # NaN is not
    return ParamTable(
        metric=request.metric,
        params=[rows[at].params for at in kept],
        values=[values[at] for at in kept],
        matched=page.matched,
        odd=len(values) - len(kept),
        cut=len(every) if chosen is not None and len(chosen) == MOST_PARAMS else 0,
        revision=page.revision,
    )


def metric_of(conn: sqlite3.Connection, given: str) -> tuple[str, str]:
    """(key, part of its summary) of "acc", "acc.min" or "metrics.acc"; a key of exactly this name comes first.

    Raises:
        InvalidOption: nothing was named. NotFound: no run has such a metric.
    """
    lookup = KeyLookup(conn)
    if not given:
        raise InvalidOption("No metric was named.", lookup.near("metric", given))
    for name in (given, given.removeprefix("metrics.")):
        if lookup.number("metric", name) is not None:
            return name, "last"
        base, _, part = name.rpartition(".")
        if part in AGGREGATES and lookup.number("metric", base) is not None:
            return base, part
    raise NotFound(f"No run has a metric '{brief(given)}'.", lookup.near("metric", given))


def _commonest(reads: RunsService, scope: PageRequest) -> list[str]:
    """The params that most of the runs have, as far as a sample of them over the whole time tells."""
    numbers = reads.numbers(scope)[:MOST_RUNS]
    rows: list[RunRow] = reads.rows(numbers[:: max(1, len(numbers) // _SAMPLE)], ["params.*"])
    count: dict[str, int] = {}
    for row in rows:
        for name in row.params:
            count[name] = count.get(name, 0) + 1
    return sorted(count, key=lambda name: (-count[name], name))[:MOST_PARAMS]
