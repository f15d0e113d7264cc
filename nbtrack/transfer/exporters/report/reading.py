"""Reads what a report shows, once, in the order of time."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from nbtrack.base import words
from nbtrack.base.errors import NbtrackError, NotFound
from nbtrack.base.markup.pictures import MAX_PICTURE, PICTURES
from nbtrack.base.names import better
from nbtrack.runs.columns import best, direction, last_values, metric_names, split_params
from nbtrack.runs.contract import RunRequest, SeriesRequest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nbtrack.runs.contract import Output, RunDetail, RunRow, Series
    from nbtrack.runs.service import RunsService
    from nbtrack.transfer.exporters import Order

MOST_CHARTS = 24  # metrics whose curves are in the file
_POINTS = 100_000  # of all curves together: about 15 bytes each in the file
_FINEST, _COARSEST = 150, 12  # pixel columns of a curve, of which each keeps up to four points
_PICTURES = 12 << 20  # bytes of all pictures together
_AT_ONCE = 25  # runs whose curves are asked for together


@dataclass
class Told:
    """A run with all that is shown of it.

    before: the place of the run that its code is held against. unseen: how many pictures there is no room for.
    """

    detail: RunDetail
    outputs: list[Output]
    pictures: dict[str, bytes] = field(default_factory=dict)
    verdict: str = ""
    hidden: list[str] = field(default_factory=list)
    unseen: int = 0
    before: int | None = None

    @property
    def row(self) -> RunRow:
        """Its row."""
        return self.detail.row


@dataclass
class History:
    """What a report shows.

    runs: by time, oldest first. chosen: how many were asked for. metrics, params: the columns, the telling ones first.
    common: params that all runs share. main: the metric that says most. curves: by metric, a curve of each run.
    """

    project: str
    runs: list[Told]
    chosen: int
    metrics: list[str]
    params: list[str]
    common: dict[str, object]
    main: str | None
    curves: dict[str, list[Series]]
    notes: list[str]
    _best: dict[str, set[int]] = field(default_factory=dict)

    @property
    def rows(self) -> list[RunRow]:
        """The rows of the runs."""
        return [one.row for one in self.runs]

    def best(self, metric: str) -> set[int]:
        """The places of the best runs; found once."""
        if metric not in self._best:
            self._best[metric] = best(last_values(self.rows, metric), direction(metric))
        return self._best[metric]


def read(order: Order, most: int) -> History:
    """Read the first ``most`` runs of an order."""
    service = order.service
    rows = sorted(service.rows(order.numbers[:most], []), key=lambda row: (row.started, row.id))
    runs, notes, left = [], [], _PICTURES
    for row in order.progress(rows, "reading runs", len(rows)):
        try:
            told = Told(service.get(RunRequest(row.id)), service.outputs(RunRequest(row.id)).outputs)
        except NotFound:  # deleted since
            continue
        left -= _pictures(service, told, left)
        told.verdict, told.hidden = _verdict(told)
        runs.append(told)
    unseen = sum(told.unseen for told in runs)
    if unseen:
        limits = f"more than {words.size(MAX_PICTURE)}, or {words.size(_PICTURES)} together"
        notes.append(f"Named only, not shown: {words.plural(unseen, 'picture')} ({limits}).")
    rows = [told.row for told in runs]
    _befores(runs)
    params, common = split_params(rows, strict=False)
    metrics = _ordered(rows)
    main = _main(rows, metrics)
    if main:
        metrics = [main, *(name for name in metrics if name != main)]
    charted = [name for name in metrics if any(_is_curve(row, name) for row in rows)]
    if len(charted) > MOST_CHARTS:
        notes.append(f"Curves of {MOST_CHARTS} of {len(charted)} metrics are in this file.")
    curves = _curves(service, rows, charted[:MOST_CHARTS])
    name = service.project.root.name or "project"
    return History(name, runs, len(order.numbers), metrics, params, common, main, curves, notes)


def _is_curve(row: RunRow, name: str) -> bool:
    return name in row.metrics and row.metrics[name].count > 1


def _ordered(rows: Sequence[RunRow]) -> list[str]:
    """Those first whose name says which value is better; see `metric_names` for the rest."""
    names = metric_names(rows)
    return sorted(names, key=lambda name: better(name) is None)


_RANK = (r"\b(val|valid|validation|test|eval|holdout|cv)", r"acc|auc|f1|score|r2|map|iou", r"loss|error|rmse|mae|mse")


def _main(rows: Sequence[RunRow], metrics: Sequence[str]) -> str | None:
    """The metric that says most: known to be better one way, of most runs, told of data that was not trained on."""
    told = [name for name in metrics if better(name)]
    if not told:
        return None

    def rank(name: str) -> tuple[int, ...]:
        plain = name.replace("_", " ").lower()
        held, good, bad = (re.search(pattern, plain) is not None for pattern in _RANK)
        return (-sum(name in row.metrics for row in rows), -held, -good, -bad, metrics.index(name))

    return min(told, key=rank)


def _curves(service: RunsService, rows: Sequence[RunRow], metrics: Sequence[str]) -> dict[str, list[Series]]:
    count = sum(_is_curve(row, name) for row in rows for name in metrics)
    width = max(_COARSEST, min(_FINEST, _POINTS // (4 * max(count, 1))))
    found: dict[str, list[Series]] = {name: [] for name in metrics}
    ids = [row.id for row in rows]
    for start in range(0, len(ids) if metrics else 0, _AT_ONCE):
        request = SeriesRequest(ids[start : start + _AT_ONCE], list(metrics), width)
        for one in service.series(request).series:
            if one.total > 1:
                found[one.key].append(one)
    return found


def _pictures(service: RunsService, told: Told, room: int) -> int:
    """Bytes read: the pictures among the outputs, as long as there is room; counts those that are left out."""
    sizes = {one.path: one for one in told.detail.artifacts}
    read = 0
    for path in _shown(told.outputs):
        artifact = sizes.get(path)
        if artifact is None or artifact.mime not in PICTURES:
            continue
        if artifact.size > min(MAX_PICTURE, room - read):
            told.unseen += 1
            continue
        try:
            told.pictures[path] = service.artifact(told.row.id, path)[1]
        except NbtrackError:  # its file is gone or damaged: it is named all the same
            continue
        read += len(told.pictures[path])
    return read


def _shown(outputs: Sequence[Output]) -> Iterator[str]:
    return islice((one.artifact for one in outputs if one.artifact), 40)


def _verdict(told: Told) -> tuple[str, list[str]]:
    """What was found of the run's cells when it ended, kept with it: the verdict, and a sentence for each finding."""
    kept = told.detail.about.get("lineage")
    if not isinstance(kept, dict):
        return "", []
    found = kept.get("hidden")
    hidden = [str(one["text"]) for one in found if isinstance(one, dict) and "text" in one] if found else []
    return str(kept.get("verdict") or ""), hidden


def _befores(runs: Sequence[Told]) -> None:
    """The run before of the same cell, else of the same notebook or script, that has code."""
    latest: dict[tuple[str | None, str | None], int] = {}
    for place, told in enumerate(runs):
        if told.detail.code is None:
            continue
        own = (told.row.notebook, told.row.cell or told.row.kind)
        told.before = latest.get(own)
        latest[own] = place
