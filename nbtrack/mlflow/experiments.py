"""Experiments as MLflow knows them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from mlflow.entities import Experiment, ExperimentTag, LifecycleStage
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import (
    INVALID_PARAMETER_VALUE,
    INVALID_STATE,
    RESOURCE_ALREADY_EXISTS,
    RESOURCE_DOES_NOT_EXIST,
)
from mlflow.utils.uri import append_to_uri_path, resolve_uri_if_local
from mlflow.utils.validation import (
    _validate_experiment_artifact_location_length,
    _validate_experiment_name,
    _validate_experiment_tag,
)

from nbtrack.mlflow.ground import Ground
from nbtrack.mlflow.store import experiments as rows
from nbtrack.runs.store import runs, trash
from nbtrack.runs.values import check_name, check_text
from nbtrack.transfer.mlflow import DEFAULT, NOTE, milliseconds

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence


class Experiments(Ground):
    """Create, find, rename, delete and restore experiments, and their tags."""

    DEFAULT_EXPERIMENT_ID = "0"

    def create_experiment(
        self, name: str, artifact_location: str | None = None, tags: Sequence[ExperimentTag] | None = None
    ) -> str:
        """Store a new experiment; its id."""
        _validate_experiment_name(name)
        about: dict[str, Any] = {}
        if artifact_location:
            about["artifact_location"] = resolve_uri_if_local(artifact_location)
            _validate_experiment_artifact_location_length(about["artifact_location"])
        for tag in tags or ():
            _validate_experiment_tag(tag.key, tag.value)
        given = {tag.key: str(tag.value) for tag in tags or ()}
        note = given.pop(NOTE, "")
        with self.writing() as conn:
            check_name("experiment", name)
            if rows.by_name(conn, name) is not None:
                raise MlflowException(f"Experiment(name={name}) already exists.", RESOURCE_ALREADY_EXISTS)
            number = rows.add(conn, name, round(time.time(), 3), about | ({"tags": given} if given else {}), note)
            if self.keeps_files_elsewhere and not artifact_location:
                about["artifact_location"] = append_to_uri_path(self.artifact_root, str(number))
                rows.note_about(conn, self.must_experiment(conn, number), **about)
            return str(number)

    def get_experiment(self, experiment_id: str | int) -> Experiment:
        """The experiment of an id."""
        with self.reading() as conn:
            return self.experiment_entity(self.must_experiment(conn, experiment_id or 0))

    def get_experiment_by_name(self, experiment_name: str) -> Experiment | None:
        """The experiment of a name, in the trash or not; None if there is none."""
        with self.reading() as conn:
            found = rows.by_name(conn, experiment_name)
            return None if found is None else self.experiment_entity(found)

    def delete_experiment(self, experiment_id: str | int) -> None:
        """Put an experiment into the trash, and its runs."""
        with self.writing() as conn:
            found = self.must_experiment(conn, experiment_id, deleted=False)
            runs.touch(conn, rows.set_trashed(conn, found.n, time.time()))
            rows.note_about(conn, found, updated=milliseconds(time.time()))

    def restore_experiment(self, experiment_id: str | int) -> None:
        """Take an experiment out of the trash, and all its runs."""
        with self.writing() as conn:
            found = self.must_experiment(conn, experiment_id, deleted=True)
            runs.touch(conn, rows.set_trashed(conn, found.n, None))
            rows.note_about(conn, found, updated=milliseconds(time.time()))

    def rename_experiment(self, experiment_id: str | int, new_name: str) -> None:
        """Give an experiment another name."""
        _validate_experiment_name(new_name)
        with self.writing() as conn:
            check_name("experiment", new_name)
            found = self.must_experiment(conn, experiment_id)
            if found.trashed is not None:
                raise MlflowException("Cannot rename a non-active experiment.", INVALID_STATE)
            other = rows.by_name(conn, new_name)
            if other is not None and other.n != found.n:
                raise MlflowException(f"Experiment(name={new_name}) already exists.", RESOURCE_ALREADY_EXISTS)
            rows.note_about(conn, found, updated=milliseconds(time.time()))
            theirs, ours = DEFAULT
            rows.rename(conn, found, ours if (found.id, new_name) == (0, theirs) else new_name)

    def set_experiment_tag(self, experiment_id: str | int, tag: ExperimentTag) -> None:
        """Store or replace a tag of an experiment; the one with its description is its note."""
        _validate_experiment_tag(tag.key, tag.value)
        with self.writing() as conn:
            found = self._active(conn, experiment_id)
            value = check_text(f"Tag '{tag.key}'", tag.value)
            if tag.key == NOTE:
                rows.set_note(conn, found.n, value)
            else:
                rows.note_about(conn, found, tags={**found.about.get("tags", {}), tag.key: value})

    def delete_experiment_tag(self, experiment_id: str | int, key: str) -> None:
        """Take a tag off an experiment."""
        with self.writing() as conn:
            found = self._active(conn, experiment_id)
            if key not in found.tags:
                raise MlflowException(
                    f"No tag with name: {key} in experiment with id {experiment_id}", RESOURCE_DOES_NOT_EXIST
                )
            if key == NOTE:
                rows.set_note(conn, found.n, "")
            else:
                kept = {name: value for name, value in found.about["tags"].items() if name != key}
                rows.note_about(conn, found, tags=kept)

    def _active(self, conn: sqlite3.Connection, experiment_id: str | int) -> rows.Experiment:
        found = self.must_experiment(conn, experiment_id)
        if found.trashed is not None:
            raise MlflowException(
                f"The experiment {found.id} must be in the 'active' state. Current state is {LifecycleStage.DELETED}.",
                INVALID_PARAMETER_VALUE,
            )
        return found

    def _hard_delete_experiment(self, experiment_id: str | int) -> None:
        """Delete an experiment in the trash for good, with its runs, as `mlflow gc` asks."""
        with self.writing() as conn:
            found = self.must_experiment(conn, experiment_id, deleted=True)
            for run in rows.delete(conn, found.n):
                while trash.delete_some_points(conn, run):
                    pass
                trash.delete_run(conn, run)
            rows.delete(conn, found.n)
