"""What every part of the tracking store stands on: the project's file, and MLflow's errors for nbtrack's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from mlflow.entities import Experiment, ExperimentTag, LifecycleStage
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import (
    INTERNAL_ERROR,
    INVALID_PARAMETER_VALUE,
    RESOURCE_DOES_NOT_EXIST,
    TEMPORARILY_UNAVAILABLE,
)
from mlflow.utils.uri import append_to_uri_path, resolve_uri_if_local
from mlflow.utils.validation import _parse_experiment_id, _parse_experiment_ids

from nbtrack.base.errors import InvalidOption, InvalidValue, NbtrackError, NotFound, StoreLocked, StoreReadOnly
from nbtrack.mlflow.places import artifact_root, project_of
from nbtrack.mlflow.store import experiments
from nbtrack.runs.projects import known_recorder
from nbtrack.runs.service import RunsService
from nbtrack.transfer.mlflow import milliseconds

if TYPE_CHECKING:
    import sqlite3

_PATIENCE = 30.0  # seconds to wait for another writer


@contextmanager
def in_their_words() -> Iterator[None]:
    """Raise nbtrack's errors as MLflow's, with the code that MLflow's own control flow looks at."""
    try:
        yield
    except NbtrackError as error:
        code = INTERNAL_ERROR
        if isinstance(error, (InvalidValue, InvalidOption)):
            code = INVALID_PARAMETER_VALUE
        elif isinstance(error, NotFound):
            code = RESOURCE_DOES_NOT_EXIST
        elif isinstance(error, StoreLocked):
            code = TEMPORARILY_UNAVAILABLE
        raise MlflowException(str(error), code) from error


class Ground:
    """The project of a store.

    project: where its file is. artifact_root: where new runs are told to keep their files.
    begins: whether a project is begun where there is none.
    """

    begins = True

    def __init__(self, store_uri: str | None = None, artifact_uri: str | None = None) -> None:
        with in_their_words():
            self.project = project_of(store_uri)
            self.service = RunsService(self.project)
        self.database = self.service.database
        self.keeps_files_elsewhere = bool(artifact_uri)
        self.artifact_root = resolve_uri_if_local(artifact_uri) if artifact_uri else artifact_root(self.project)
        super().__init__()
        with in_their_words():
            self._see_to_default()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A read of one moment, with everything that this process logged before."""
        with in_their_words():
            self.service.refresh()
            self._see_to_default()
            with self.database.read() as conn:
                yield conn

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A write of all or nothing, on top of everything that this process logged before."""
        with in_their_words():
            recorder = known_recorder(self.project)
            if recorder is not None:
                recorder.flush(_PATIENCE)
            if not self.database.exists():
                self.project.create()
            with self.database.write(_PATIENCE) as conn:
                if experiments.default_number(conn) is None:
                    experiments.make_default(conn)
                yield conn

    def _see_to_default(self) -> None:
        """MLflow expects its experiment 0 in every store."""
        if not self.begins:
            return
        if self.database.exists():
            with self.database.read() as conn:
                if experiments.default_number(conn) is not None:
                    return
        with suppress(StoreReadOnly):
            self.project.create()
            with self.database.write(_PATIENCE) as conn:
                experiments.make_default(conn)

    def must_experiment(
        self, conn: sqlite3.Connection, experiment_id: str | int, deleted: bool | None = None
    ) -> experiments.Experiment:
        """The experiment of an id; ``deleted``: only if it is in the trash, or is not."""
        number = _parse_experiment_id(experiment_id)
        found = experiments.by_id(conn, number)
        if found is None or (deleted is not None and deleted != (found.trashed is not None)):
            raise MlflowException(f"No Experiment with id={number} exists", RESOURCE_DOES_NOT_EXIST)
        return found

    def experiment_at(self, conn: sqlite3.Connection, experiment_id: str | int) -> Experiment:
        """The experiment of an id as MLflow's own object."""
        return self.experiment_entity(self.must_experiment(conn, experiment_id))

    def experiment_row(self, conn: sqlite3.Connection, experiment_id: str | int) -> int:
        """The row of the experiment of an id."""
        return self.must_experiment(conn, experiment_id).n

    def experiment_rows(self, conn: sqlite3.Connection, experiment_ids: Sequence[str | int]) -> list[int]:
        """The rows of experiments; of an id that nothing has, a row that nothing has."""
        return experiments.numbers_by_id(conn, _parse_experiment_ids(list(experiment_ids)))

    def experiment_id(self, conn: sqlite3.Connection, row: int) -> str:
        """The id of the experiment of a row."""
        return "0" if row == experiments.default_number(conn) else str(row)

    def experiment_entity(self, found: experiments.Experiment) -> Experiment:
        """An experiment as MLflow's own object."""
        created = milliseconds(found.created)
        return Experiment(
            experiment_id=str(found.id),
            name=found.name,
            artifact_location=self.location_of(found),
            lifecycle_stage=LifecycleStage.ACTIVE if found.trashed is None else LifecycleStage.DELETED,
            tags=[ExperimentTag(key, value) for key, value in found.tags.items()],
            creation_time=created,
            last_update_time=found.about.get("updated", created),
        )

    def active_row(self, conn: sqlite3.Connection, run_id: str) -> int:
        """The row of a run that takes something new: there, and not in the trash."""
        row = conn.execute("SELECT n, trashed FROM runs WHERE id = ?", (run_id,)).fetchone()
        if row is None:
            raise MlflowException(f"Run with id={run_id} not found", RESOURCE_DOES_NOT_EXIST)
        if row[1] is not None:
            raise MlflowException(
                f"The run {run_id} must be in the 'active' state. Current state is {LifecycleStage.DELETED}.",
                INVALID_PARAMETER_VALUE,
            )
        return int(row[0])

    def location_of(self, found: experiments.Experiment) -> str:
        """Where the files of an experiment's runs and models are."""
        kept: str | None = found.about.get("artifact_location")
        return kept or append_to_uri_path(artifact_root(self.project), str(found.id))
