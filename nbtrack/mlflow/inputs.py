"""What runs read and made: data sets and logged models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mlflow.entities import (
    Dataset,
    DatasetInput,
    InputTag,
    LoggedModelInput,
    LoggedModelOutput,
    RunInputs,
    RunOutputs,
    _DatasetSummary,
)
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INTERNAL_ERROR, INVALID_PARAMETER_VALUE
from mlflow.utils.validation import _validate_dataset_inputs, _validate_run_id

from nbtrack.mlflow.ground import Ground
from nbtrack.mlflow.store import inputs as store
from nbtrack.mlflow.store import model_search as ask
from nbtrack.transfer.mlflow import DATASET, dataset_in, dataset_out

if TYPE_CHECKING:
    import sqlite3

    from nbtrack.transfer.records import DatasetRecord

_MAX_SUMMARIES = 1000
_KEYS = {"name": store.NAME, "digest": store.DIGEST, "context": store.CONTEXT}


class Inputs(Ground):
    """Log and read the inputs and outputs of runs."""

    def log_inputs(
        self,
        run_id: str,
        datasets: list[DatasetInput] | None = None,
        models: list[LoggedModelInput] | None = None,
    ) -> None:
        """Store that a run read data sets and models. What is stored already stays as it is, with its tags."""
        _validate_run_id(run_id)
        if datasets is not None:
            if not isinstance(datasets, list):
                raise TypeError(f"Argument 'datasets' should be a list, got '{type(datasets)}'")
            for one in datasets:
                if one.dataset is None:
                    raise MlflowException("Dataset input must have a dataset associated with it.", INTERNAL_ERROR)
            _validate_dataset_inputs(datasets)
        with self.writing() as conn:
            run = self.active_row(conn, run_id)
            for one in datasets or []:
                store.save(conn, run, _record(conn, run, one))
            if models:
                store.add_models(conn, run, inputs=[model.model_id for model in models])

    def log_outputs(self, run_id: str, models: list[LoggedModelOutput]) -> None:
        """Store that a run made models."""
        with self.writing() as conn:
            run = self.active_row(conn, run_id)
            store.add_models(conn, run, outputs=[(model.model_id, model.step) for model in models])

    def _search_datasets(self, experiment_ids: list[str]) -> list[_DatasetSummary]:
        """The data sets of experiments, each with each of its contexts once, for the list in the browser."""
        with self.reading() as conn:
            rows = store.summaries(conn, self.experiment_rows(conn, experiment_ids), _MAX_SUMMARIES)
            return [
                _DatasetSummary(self.experiment_id(conn, experiment), name, digest, context)
                for experiment, name, digest, context in rows
            ]

    # -- for the rest of the store

    def inputs_of(self, conn: sqlite3.Connection, runs: Sequence[int]) -> dict[int, RunInputs]:
        """The inputs of each run, by its row; every row asked for is there."""
        datasets, models = store.datasets_of(conn, runs), store.models_of(conn, runs)
        return {
            run: RunInputs(
                dataset_inputs=[_input(record) for record in datasets.get(run, [])],
                model_inputs=[LoggedModelInput(model) for model in models.get(run, {}).get("inputs", [])],
            )
            for run in runs
        }

    def outputs_of(self, conn: sqlite3.Connection, runs: Sequence[int]) -> dict[int, RunOutputs]:
        """The outputs of each run, by its row; every row asked for is there."""
        models = store.models_of(conn, runs)
        return {
            run: RunOutputs([LoggedModelOutput(model, step) for model, step in models.get(run, {}).get("outputs", [])])
            for run in runs
        }

    def dataset_condition(self, key: str, comparator: str, value: Any) -> tuple[str, list[Any]]:
        """A condition in SQL on ``r.n`` for a run with such a data set. key: name, digest or context."""
        left = _KEYS.get(key)
        if left is None:
            raise MlflowException(
                f"Invalid dataset key '{key}' specified. Valid keys are '{sorted(_KEYS)}'", INVALID_PARAMETER_VALUE
            )
        found, values = ask.compare(left, comparator, value)
        return f"EXISTS (SELECT 1 FROM datasets d WHERE d.run = r.n AND {found})", values


def _record(conn: sqlite3.Connection, run: int, given: DatasetInput) -> DatasetRecord:
    """The data set as it is stored; of one that the experiment knows, what was said of it first stays true."""
    dataset = {name: getattr(given.dataset, name) for name in DATASET}
    known = store.known(conn, run, dataset["name"], dataset["digest"])
    return dataset_in(known or dataset, {tag.key: tag.value for tag in given.tags})


def _input(record: DatasetRecord) -> DatasetInput:
    about, tags = dataset_out(record)
    dataset: dict[str, Any] = {name: about.get(name) for name in DATASET}
    return DatasetInput(Dataset(**dataset), [InputTag(key, value) for key, value in tags.items()])
