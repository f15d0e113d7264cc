"""Trials that sweeps before have run: they need not run again."""

from __future__ import annotations

from nbtrack.runs.service import RunsService
from nbtrack.sweeps.spec import Spec
from nbtrack.sweeps.store import trials
from nbtrack.sweeps.trial import Result


def earlier(reads: RunsService, spec: Spec, notebook: str | None, cell: str) -> list[Result]:
    """The finished trials of the same code in the same notebook (pruned ones for a search), each once, the latest.

    None where ``--again`` is asked for.
    """
    if spec.again or reads.nothing_yet():
        return []
    with reads.database.read() as conn:
        rows = trials.earlier(conn, notebook, cell)
    kept = {}
    for number, status, about in rows:
        pruned = about.get("state") == "pruned"
        if status == "finished" or (pruned and spec.search is not None):
            kept[str(about.get("key"))] = (number, about, pruned)
    numbers = {number: (key, about, pruned) for key, (number, about, pruned) in kept.items()}
    found = []
    for number, row in zip(numbers, reads.rows(list(numbers)), strict=False):
        key, about, pruned = numbers[number]
        metrics = {name: summary.last for name, summary in row.metrics.items()}
        values = about.get("values")
        found.append(
            Result(
                int(about.get("number") or 0),
                values if isinstance(values, dict) else {},
                key,
                row.status,
                row.name,
                row.id,
                metrics,
                row.duration,
                pruned=pruned,
                earlier=True,
            )
        )
    return found
