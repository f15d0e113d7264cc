"""Rows of short lists: a run with its main metric, a curve the size of a word, and how far it is."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nbtrack.base.names import better
from nbtrack.runs.store import cells, meta, runs
from nbtrack.tables import contract as c
from nbtrack.tables.main_metric import Metric, choose, votes
from nbtrack.tables.progress import counted, numbers_in, total_of
from nbtrack.tables.spark import MOST, stretched, thinned
from nbtrack.tables.store import brief

if TYPE_CHECKING:
    import sqlite3

    from nbtrack.runs.service import RunsService

# Points read for the curves of one request. A curve that is longer, or comes when so many have been read, is sampled.
_POINTS, _LONGEST = 300_000, 50_000
_CHUNKS, _EACH = 24, 200
_PLAIN = ("id", "name", "status", "experiment", "started", "ended", "notebook", "cell", "execution", "parent", "note")


def brief_rows(
    reads: RunsService, conn: sqlite3.Connection, numbers: Sequence[int], asked: str | None
) -> dict[int, c.BriefRow]:
    """The rows of runs by their number; those that no longer exist are left out."""
    known = _votes(reads, conn)
    rows = {row["n"]: row for row in runs.rows(conn, numbers)}
    metrics, tags = brief.metrics_of(conn, list(rows)), brief.tags_of(conn, list(rows))
    chosen = {run: choose(metrics.get(run, {}), asked, known) for run in rows}
    curves = _curves(reads, conn, {(rows[n]["id"], n): metric for n, metric in chosen.items() if metric is not None})
    now = time.time()
    return {
        n: c.BriefRow(
            **{name: row[name] for name in _PLAIN},
            duration=max(0.0, (now if row["ended"] is None else row["ended"]) - row["started"]),
            starred=bool(row["starred"]),
            end_reason=row["end_reason"],
            tags=tags.get(n, {}),
            metric=_main(chosen[n], curves.get(n)),
            progress=_progress(conn, row, metrics.get(n, {})) if row["status"] == "running" else None,
        )
        for n, row in rows.items()
    }


def _votes(reads: RunsService, conn: sqlite3.Connection) -> dict[str, int]:
    def made() -> dict[str, int]:
        return votes(run.values() for run in brief.voters(conn))

    found: dict[str, int] = reads.answers.get(meta.revision(conn), ("votes",), made)
    return found


def _main(metric: Metric | None, spark: list[float] | None) -> c.MainMetric | None:
    return None if metric is None else c.MainMetric(metric.name, metric.last, better(metric.name), spark or [])


def _progress(conn: sqlite3.Connection, row: Mapping[str, Any], metrics: Mapping[str, Metric]) -> c.Progress | None:
    """The latest step of the metrics that the run logged itself; nothing before the first."""
    run = row["n"]
    logged = [one for one in metrics.values() if one.source == "explicit"]
    if not logged:
        return None
    latest = max(logged, key=lambda one: one.last_step)
    step = counted(latest.last_step, [brief.first_step(conn, run, latest.key)])
    known = total_of(brief.whole_numbers(conn, run), step)
    return c.Progress(step, known or total_of(numbers_in(cells.source(conn, row["source"]) or ""), step))


# -- curves


def _curves(
    reads: RunsService, conn: sqlite3.Connection, wanted: Mapping[tuple[str, int], Metric]
) -> dict[int, list[float]]:
    """The thinned curve of each run's metric. A curve only grows: at so many points, it stays as it was thinned."""
    found: dict[int, list[float]] = {}
    whole: dict[int, dict[int, str]] = {}  # by key and run, its id
    left = _POINTS
    for (run_id, run), metric in wanted.items():
        points, known = reads.curves.get((run_id, metric.key)) or (0, [])
        if points == metric.points:
            found[run] = known
        elif metric.points == 1:
            found[run] = [metric.last]
        elif metric.points <= min(left, _LONGEST):
            left -= metric.points
            whole.setdefault(metric.key, {})[run] = run_id
        else:
            found[run] = _sampled(conn, metric.key, run)
            if metric.points > _LONGEST:
                reads.curves.put((run_id, metric.key), (metric.points, found[run]))
    for key, ids in whole.items():
        for run, values in brief.whole_curves(conn, key, list(ids)):
            found[run] = thinned(values)
            reads.curves.put((ids[run], key), (len(values), found[run]))
    return found


def _sampled(conn: sqlite3.Connection, key: int, run: int) -> list[float]:
    values, low, high = brief.sampled_curve(conn, key, run, _CHUNKS, _EACH)
    return stretched(thinned(values), low, high) if len(values) > MOST else list(values)
