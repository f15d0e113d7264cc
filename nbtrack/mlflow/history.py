"""The history of metrics, whole, in pages, and thinned for charts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from mlflow.entities import Metric
from mlflow.entities.metric import MetricWithRunId
from mlflow.exceptions import MlflowException
from mlflow.store.entities import PagedList
from mlflow.utils.search_utils import SearchUtils

from nbtrack.mlflow.ground import Ground
from nbtrack.mlflow.store.runs import Point, history
from nbtrack.transfer.mlflow import milliseconds


class History(Ground):
    """Points of metrics; an exact repetition of a point is shown once."""

    def get_metric_history(
        self, run_id: str, metric_key: str, max_results: int | None = None, page_token: str | None = None
    ) -> PagedList[Metric]:
        """The points of a metric by time, step and value, or a page of them."""
        start = SearchUtils.parse_start_offset_from_page_token(page_token)
        found = sorted(self._points(run_id, metric_key), key=_by_time)
        end = len(found) if max_results is None else start + max_results
        token = SearchUtils.create_page_token(end) if end < len(found) else None
        return PagedList(_metrics(metric_key, found[start:end]), token)

    def get_metric_history_bulk(
        self, run_ids: Sequence[str], metric_key: str, max_results: int
    ) -> list[MetricWithRunId]:
        """The points of a metric of several runs, run after run by their ids."""
        found: list[MetricWithRunId] = []
        for run_id in sorted(set(run_ids)):
            points = sorted(self._points(run_id, metric_key), key=_by_time)[: max_results - len(found)]
            found += _of_run(run_id, metric_key, points)
        return found

    def get_max_step_for_metric(self, run_id: str, metric_key: str) -> int:
        """The largest step of a metric, 0 if there is none."""
        return max((point[0] for point in self._points(run_id, metric_key)), default=0)

    def get_metric_history_bulk_interval_from_steps(
        self, run_id: str, metric_key: str, steps: Iterable[int], max_results: int
    ) -> list[MetricWithRunId]:
        """The points at some steps, in their order."""
        asked = set(steps)
        found = sorted((point for point in self._points(run_id, metric_key) if point[0] in asked), key=_by_step)
        return _of_run(run_id, metric_key, found[:max_results])

    def get_metric_history_bulk_interval(
        self,
        run_ids: Sequence[str],
        metric_key: str,
        max_results: int,
        start_step: int | None,
        end_step: int | None,
    ) -> list[MetricWithRunId]:
        """Of each run at most so many points between two steps, evenly spread, the first and the last among them."""
        if (start_step is None) != (end_step is None):
            raise MlflowException.invalid_parameter_value(
                "Both start_step and end_step must be specified together, or neither may be specified."
            )
        found: list[MetricWithRunId] = []
        for run_id in run_ids:
            points = self._points(run_id, metric_key)
            if start_step is not None and end_step is not None:
                points = [point for point in points if start_step <= point[0] <= end_step]
            found += _of_run(run_id, metric_key, _spread(sorted(points, key=_by_step), max(1, max_results)))
        return found

    def _points(self, run_id: str, metric_key: str) -> list[Point]:
        with self.reading() as conn:
            return history(conn, run_id, metric_key)


def _by_time(point: Point) -> tuple[float, int, float, bool]:
    return (point[1], point[0], *_value(point))


def _by_step(point: Point) -> tuple[int, float, float, bool]:
    return (*point[:2], *_value(point))


def _value(point: Point) -> tuple[float, bool]:
    """What a value is sorted by: NaN is a 0 that comes after 0."""
    return (0.0, True) if math.isnan(point[2]) else (point[2], False)


def _spread(points: list[Point], most: int) -> list[Point]:
    if len(points) <= most:
        return points
    if most == 1:
        return points[-1:]
    return [points[round(index * (len(points) - 1) / (most - 1))] for index in range(most)]


def _metrics(key: str, points: Sequence[Point]) -> list[Metric]:
    return [Metric(key, value, milliseconds(at), step) for step, at, value in points]


def _of_run(run_id: str, key: str, points: Sequence[Point]) -> list[MetricWithRunId]:
    return [MetricWithRunId(run_id=run_id, metric=metric) for metric in _metrics(key, points)]
