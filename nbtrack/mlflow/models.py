"""Logged models as MLflow knows them: what a run made, with its params, tags, metrics and files."""

from __future__ import annotations

import json
import math
import time
import uuid
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from mlflow.entities import LoggedModel, LoggedModelStatus, Metric, RunTag
from mlflow.entities.lifecycle_stage import LifecycleStage
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE, INVALID_STATE, RESOURCE_DOES_NOT_EXIST
from mlflow.store.entities import PagedList
from mlflow.utils.mlflow_tags import MLFLOW_LOGGED_MODELS
from mlflow.utils.name_utils import _generate_random_name
from mlflow.utils.uri import append_to_uri_path
from mlflow.utils.validation import _validate_logged_model_name, _validate_param, _validate_tag_name

from nbtrack.mlflow.ground import Ground
from nbtrack.mlflow.store import model_search as ask
from nbtrack.mlflow.store import models as store
from nbtrack.runs.store.runs import number_or_none

if TYPE_CHECKING:
    import sqlite3

    from mlflow.entities import LoggedModelParameter, LoggedModelTag

_MAX_RESULTS = 100


class Models(Ground):
    """Create, find, finish and delete logged models."""

    def create_logged_model(
        self,
        experiment_id: str = "0",
        name: str | None = None,
        source_run_id: str | None = None,
        tags: list[LoggedModelTag] | None = None,
        params: list[LoggedModelParameter] | None = None,
        model_type: str | None = None,
    ) -> LoggedModel:
        """Begin a model, PENDING until it is finished; a name is made up without one."""
        _validate_logged_model_name(name)
        about = {"params": _texts(params, _validate_param), "tags": _texts(tags, _check_tag), "type": model_type}
        with self.writing() as conn:
            experiment = self.experiment_at(conn, experiment_id)
            if experiment.lifecycle_stage != LifecycleStage.ACTIVE:
                raise MlflowException(
                    f"The experiment {experiment_id} must be in the 'active' state. Current state is "
                    f"{experiment.lifecycle_stage}. Could not create model under non-active experiment with ID "
                    f"{experiment_id}.",
                    INVALID_STATE,
                )
            model_id = f"m-{uuid.uuid4().hex}"
            now = _now()
            values = {
                "id": model_id,
                "experiment": self.experiment_row(conn, experiment_id),
                "run": number_or_none(conn, source_run_id) if source_run_id else None,
                "name": name or _generate_random_name(),
                "status": str(LoggedModelStatus.PENDING),
                "created": now,
                "updated": now,
            }
            location = append_to_uri_path(experiment.artifact_location, "models", model_id, "artifacts")
            values["about"] = {**about, "location": location, "source_run": source_run_id}
            store.insert(conn, values)
            return self._models(conn, [_found(conn, model_id)])[0]

    def get_logged_model(self, model_id: str, allow_deleted: bool = False) -> LoggedModel:
        """A model by its id."""
        with self.reading() as conn:
            row = _found(conn, model_id)
            if row["trashed"] is not None and not allow_deleted:
                _missing(model_id)
            return self._models(conn, [row])[0]

    def finalize_logged_model(self, model_id: str, status: LoggedModelStatus) -> LoggedModel:
        """Give a model its final status."""
        with self.writing() as conn:
            row = _found(conn, model_id)
            store.update(conn, row["n"], status=str(LoggedModelStatus(status)), updated=_now(row["updated"]))
            return self._models(conn, [_found(conn, model_id)])[0]

    def delete_logged_model(self, model_id: str) -> None:
        """Put a model aside: it is neither found nor listed any more."""
        with self.writing() as conn:
            row = _found(conn, model_id)
            store.update(conn, row["n"], trashed=_now(), updated=_now(row["updated"]))

    def _hard_delete_logged_model(self, model_id: str) -> None:
        """Delete a model for good, for ``mlflow gc``."""
        with self.writing() as conn:
            store.delete(conn, _found(conn, model_id)["n"])

    def _get_deleted_logged_models(self, older_than: int = 0) -> list[str]:
        """The ids of models that were deleted that many milliseconds ago, for ``mlflow gc``."""
        with self.reading() as conn:
            return store.deleted(conn, _now() - older_than / 1000)

    # -- params, tags, metrics

    def log_logged_model_params(self, model_id: str, params: list[LoggedModelParameter]) -> None:
        """Store params of a model."""
        self._add(model_id, "params", _texts(params, _validate_param))

    def set_logged_model_tags(self, model_id: str, tags: list[LoggedModelTag]) -> None:
        """Store tags of a model."""
        self._add(model_id, "tags", _texts(tags, _check_tag))

    def _add(self, model_id: str, part: str, texts: dict[str, str]) -> None:
        with self.writing() as conn:
            row = _found(conn, model_id)
            about = row["about"]
            store.update(conn, row["n"], about={**about, part: {**about.get(part, {}), **texts}})

    def delete_logged_model_tag(self, model_id: str, key: str) -> None:
        """Take a tag from a model."""
        with self.writing() as conn:
            row = _found(conn, model_id)
            tags = dict(row["about"].get("tags", {}))
            if tags.pop(key, None) is None:
                raise MlflowException(
                    f"No tag with key {key!r} found for model with ID {model_id!r}.", RESOURCE_DOES_NOT_EXIST
                )
            store.update(conn, row["n"], about={**row["about"], "tags": tags})

    def log_model_metrics(self, conn: sqlite3.Connection, run: int, run_id: str, metrics: Sequence[Metric]) -> None:
        """Store those metrics of a run that name a model with that model, too; part of the caller's transaction."""
        for metric in metrics:
            if metric.model_id is None:
                continue
            model = store.number(conn, metric.model_id)
            if model is None:
                _missing(metric.model_id)
            value = None if math.isnan(metric.value) else float(metric.value)
            at = metric.timestamp / 1000
            dataset, digest = metric.dataset_name, metric.dataset_digest
            store.save_metric(conn, model, run, (metric.key, value, at, metric.step, dataset, digest))

    def record_logged_model(self, run_id: str, mlflow_model: Any) -> None:
        """Note in a tag of the run that it made a model."""
        from mlflow.models import Model

        if not isinstance(mlflow_model, Model):
            raise TypeError(f"Argument 'mlflow_model' should be mlflow.models.Model, got '{type(mlflow_model)}'")
        whole: Any = self  # the store, of which this is a part
        known = whole.get_run(run_id).data.tags.get(MLFLOW_LOGGED_MODELS)
        models = [*(json.loads(known) if known else []), mlflow_model.get_tags_dict()]
        whole.set_tag(run_id, RunTag(MLFLOW_LOGGED_MODELS, json.dumps(models)))

    # -- search

    def search_logged_models(
        self,
        experiment_ids: list[str],
        filter_string: str | None = None,
        datasets: list[dict[str, Any]] | None = None,
        max_results: int | None = None,
        order_by: list[dict[str, Any]] | None = None,
        page_token: str | None = None,
    ) -> PagedList[LoggedModel]:
        """A page of the models of some experiments, the newest first if nothing else is said."""
        from mlflow.utils.search_utils import SearchLoggedModelsPaginationToken as Token

        if datasets and not all(one.get("dataset_name") for one in datasets):
            _bad("`dataset_name` in the `datasets` clause must be specified.")
        offset, limit = 0, max_results or _MAX_RESULTS
        if page_token:
            token = Token.decode(page_token)
            token.validate(experiment_ids, filter_string, order_by)
            offset = token.offset
        order = _order(order_by or [])
        where = _conditions(filter_string, datasets or [])
        with self.reading() as conn:
            numbers = self.experiment_rows(conn, experiment_ids)
            where.append((f"m.experiment IN ({', '.join('?' * len(numbers))})", numbers))
            rows = store.page(conn, where, order, limit + 1, offset)
            models = self._models(conn, rows[:limit])
        if len(rows) <= limit:
            return PagedList(models, token=None)
        following = Token(experiment_ids, filter_string, order_by, offset + limit)
        return PagedList(models, token=following.encode())

    # -- parts

    def _models(self, conn: sqlite3.Connection, rows: Sequence[store.Row]) -> list[LoggedModel]:
        points = store.metrics_of(conn, [row["n"] for row in rows])
        return [self._model(conn, row, points.get(row["n"], [])) for row in rows]

    def _model(self, conn: sqlite3.Connection, row: store.Row, points: Sequence[tuple[Any, ...]]) -> LoggedModel:
        about = row["about"]
        return LoggedModel(
            experiment_id=self.experiment_id(conn, row["experiment"]),
            model_id=row["id"],
            name=row["name"],
            artifact_location=about["location"],
            creation_timestamp=round(row["created"] * 1000),
            last_updated_timestamp=round(row["updated"] * 1000),
            model_type=about.get("type"),
            source_run_id=about.get("source_run"),
            status=LoggedModelStatus(row["status"]),
            status_message=about.get("message"),
            tags=about.get("tags") or {},
            params=about.get("params") or {},
            metrics=[_metric(row["id"], *point) for point in points] or None,
        )


def _metric(
    model_id: str, key: str, value: float | None, at: float, step: int, dataset: str, digest: str, run_id: str
) -> Metric:
    number = math.nan if value is None else value
    return Metric(key, number, round(at * 1000), step, model_id, dataset, digest, run_id)


def _found(conn: sqlite3.Connection, model_id: str) -> store.Row:
    row = store.find(conn, model_id)
    if row is None:
        _missing(model_id)
    return row


def _missing(model_id: str) -> NoReturn:
    raise MlflowException(f"Logged model with ID '{model_id}' not found.", RESOURCE_DOES_NOT_EXIST)


def _bad(message: str) -> NoReturn:
    raise MlflowException(message, INVALID_PARAMETER_VALUE)


def _now(after: float = 0.0) -> float:
    """The time in whole milliseconds, later than another."""
    return max(time.time_ns() // 1_000_000, round(after * 1000) + bool(after)) / 1000


def _texts(pairs: Iterable[Any] | None, check: Any) -> dict[str, str]:
    """Params or tags as texts by key, each checked as MLflow checks it; of one key the last."""
    found: dict[str, str] = {}
    for one in pairs or []:
        check(one.key, one.value)
        found[one.key] = "" if one.value is None else str(one.value)
    return found


def _check_tag(key: Any, _: Any) -> None:
    _validate_tag_name(key)


# -- MLflow's grammar in SQL


def _conditions(text: str | None, datasets: Sequence[dict[str, Any]]) -> list[ask.Sql]:
    from mlflow.utils.search_logged_model_utils import EntityType, parse_filter_string

    where: list[ask.Sql] = [("m.trashed IS NULL", [])]
    measured = False
    for one in parse_filter_string(text):
        kind, key = one.entity.type, one.entity.key
        if kind == EntityType.METRIC:
            measured = True
            where.append(ask.measured(key, one.op, one.value, datasets))
        elif kind == EntityType.ATTRIBUTE:
            left = ask.attribute(key)
            if left is None:
                _bad(f"Invalid attribute key '{key}' specified. Valid keys are '{sorted(ask.ATTRIBUTES)}'")
            where.append(ask.compare(left, one.op, one.value))
        else:
            where.append(ask.has("params" if kind == EntityType.PARAM else "tags", key, one.op, one.value))
    if datasets and not measured:
        where.append(ask.measured(None, "", None, datasets))
    return where


def _order(order_by: Sequence[Any]) -> list[ask.Sql]:
    """What was asked for, then the newest first, then by id."""
    order: list[ask.Sql] = []
    for one in order_by:
        if not isinstance(one, dict):
            _bad("`order_by` must be a list of dictionaries.")
        field = one.get("field_name")
        if field is None:
            _bad("`field_name` in the `order_by` clause must be specified.")
        ascending = one.get("ascending", True)
        if ascending not in (True, False):
            _bad(
                "Value of `ascending` in the `order_by` clause must be a boolean, got "
                f"{type(ascending)} for field {field}."
            )
        kind, dot, key = field.strip().partition(".")
        if dot and kind != "metrics":
            _bad(f"Invalid order by field name: {field}. Only metrics are supported.")
        if dot:
            order.append(ask.sorted_by_metric(key, ascending, one.get("dataset_name"), one.get("dataset_digest")))
            continue
        left = ask.attribute(kind)
        if left is None:
            _bad(f"Invalid order by field name: {field}")
        order.append(ask.sorted_by(left, ascending))
    return [*order, ("m.created DESC", []), ("m.id ASC", [])]
