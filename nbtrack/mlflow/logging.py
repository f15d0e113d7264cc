"""Logging to runs: metrics, params and tags, one by one and in batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE, RESOURCE_DOES_NOT_EXIST
from mlflow.utils.validation import (
    _validate_batch_log_data,
    _validate_batch_log_limits,
    _validate_metric,
    _validate_param,
    _validate_param_keys_unique,
    _validate_run_id,
    _validate_tag,
)

from nbtrack.mlflow import live
from nbtrack.mlflow.ground import in_their_words
from nbtrack.mlflow.models import Models
from nbtrack.mlflow.runs import Runs
from nbtrack.mlflow.store import runs as rows
from nbtrack.mlflow.values import plain_name
from nbtrack.runs import given
from nbtrack.runs.store import metrics as points
from nbtrack.runs.store import runs as own
from nbtrack.transfer.mlflow import NAME, NOTE, PARENT, param_text, param_value

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence

    from mlflow.entities import Metric, Param, RunTag

_MOVED = frozenset({NAME, NOTE, PARENT})  # tags that are something else here


class Logging(Runs, Models):
    """Metrics, params and tags of runs.

    A run that this process records takes them through its journal; any other, one that has ended too, in a
    transaction. A param that was given never changes.
    """

    def log_metric(self, run_id: str, metric: Metric) -> None:
        """Log a point of a metric."""
        _validate_metric(metric.key, metric.value, metric.timestamp, metric.step)
        found = live.find(self.project, run_id)
        if found is None or metric.model_id is not None:
            self._log(run_id, [metric], [], [])
            return
        with in_their_words():
            found.run.log({metric.key: float(metric.value)}, step=metric.step, time=metric.timestamp / 1000)

    def log_param(self, run_id: str, param: Param) -> None:
        """Log a param."""
        if param.value is None:
            raise MlflowException("Missing value for required parameter 'value'.", INVALID_PARAMETER_VALUE)
        self._log(run_id, [], [_validate_param(param.key, param.value)], [])

    def set_tag(self, run_id: str, tag: RunTag) -> None:
        """Store or replace a tag."""
        self._log(run_id, [], [], [_validate_tag(tag.key, tag.value)])

    def log_batch(
        self, run_id: str, metrics: Sequence[Metric], params: Sequence[Param], tags: Sequence[RunTag]
    ) -> None:
        """Log all of this, or nothing."""
        _validate_run_id(run_id)
        metrics, params, tags = _validate_batch_log_data(metrics, params, tags)
        _validate_batch_log_limits(metrics, params, tags)
        _validate_param_keys_unique(params)
        self._log(run_id, metrics, params, tags)

    def delete_tag(self, run_id: str, key: str) -> None:
        """Take a tag off a run."""
        with self.writing() as conn:
            self.active_row(conn, run_id)
            row = self.must_run(conn, run_id)
            if key not in rows.tags(conn, [row])[row.n]:
                raise MlflowException(f"No tag with name: {key} in run with id {run_id}", RESOURCE_DOES_NOT_EXIST)
            rows.remove_tag(conn, row, key)
            own.touch(conn, [row.n])

    def _log(self, run_id: str, metrics: Sequence[Metric], params: Sequence[Param], tags: Sequence[RunTag]) -> None:
        with in_their_words():
            values = dict(given.checked_params({param.key: param_value(param.value) for param in params}))
            texts = dict(given.checked_tags({tag.key: tag.value for tag in tags}))
        found = live.find(self.project, run_id)
        if found is None:
            self._store(run_id, metrics, values, texts)
            return
        with found.lock, in_their_words():
            if not _MOVED.isdisjoint(texts) or any(metric.model_id is not None for metric in metrics):
                self._store(run_id, metrics, values, texts)
            else:
                _check_fixed(run_id, values, found.param)
                _journal(found, metrics, values, texts)
            found.known.update((name, param_text(value)) for name, value in values.items())

    def _store(self, run_id: str, metrics: Sequence[Metric], params: dict[str, Any], tags: dict[str, str]) -> None:
        with self.writing() as conn:
            number = self.active_row(conn, run_id)
            if params:
                _check_fixed(run_id, params, rows.fixed_params(conn, number).get)
            for name, value in params.items():
                rows.set_param(conn, number, name, value)
            for name, text in tags.items():
                rows.set_tag(conn, number, name, plain_name(text) if name == NAME else text)
            _store_metrics(conn, number, metrics)
            self.log_model_metrics(conn, number, run_id, metrics)
            own.touch(conn, [number])


def _journal(found: live.Live, metrics: Sequence[Metric], params: dict[str, Any], tags: dict[str, str]) -> None:
    if params:
        found.run.set_params(params)
    if tags:
        found.run.set_tags(tags)
    for metric in metrics:
        found.run.log({metric.key: float(metric.value)}, step=metric.step, time=metric.timestamp / 1000)


def _store_metrics(conn: sqlite3.Connection, run: int, metrics: Sequence[Metric]) -> None:
    series: dict[str, dict[tuple[int, int, float | None], float]] = {}
    for metric in metrics:
        value = float(metric.value)
        same = (int(metric.step), int(metric.timestamp), value if value == value else None)
        series.setdefault(metric.key, {}).setdefault(same, value)
    for name, found in series.items():
        steps, times = [step for step, _, _ in found], [at / 1000 for _, at, _ in found]
        points.extend(conn, run, rows.metric_key(conn, name), "explicit", steps, times, list(found.values()))


def _check_fixed(run_id: str, params: dict[str, Any], known: Callable[[str], str | None]) -> None:
    """Refuse to change a param that was given."""
    changed = []
    for name, value in params.items():
        old, new = known(name), param_text(value)
        if old is not None and old != new:
            changed.append({"key": name, "old_value": old, "new_value": new})
    if len(changed) == 1 and len(params) == 1:
        raise MlflowException(
            "Changing param values is not allowed. Param with key='{key}' was already logged with value='{old_value}' "
            "for run ID='{run_id}'. Attempted logging new value '{new_value}'.".format(**changed[0], run_id=run_id),
            INVALID_PARAMETER_VALUE,
        )
    if changed:
        raise MlflowException(
            f"Changing param values is not allowed. Params were already logged='{changed}' for run ID='{run_id}'.",
            INVALID_PARAMETER_VALUE,
        )
