"""Runs as MLflow knows them: begun, read, ended, deleted and restored."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from mlflow.entities import LifecycleStage, Metric, Param, Run, RunData, RunInfo, RunTag
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE, RESOURCE_DOES_NOT_EXIST
from mlflow.utils.name_utils import _generate_random_name
from mlflow.utils.uri import append_to_uri_path
from mlflow.utils.validation import _validate_tag

from nbtrack.base.ids import new_id
from nbtrack.mlflow import cells, live
from nbtrack.mlflow.inputs import Inputs
from nbtrack.mlflow.joined import go_on
from nbtrack.mlflow.store import experiments
from nbtrack.mlflow.store import runs as rows
from nbtrack.mlflow.values import plain_name, status_word
from nbtrack.runs import given
from nbtrack.runs.projects import recorder_of
from nbtrack.runs.store import edits, trash
from nbtrack.runs.store import runs as own
from nbtrack.transfer.mlflow import NAME, milliseconds, seconds, status_in, status_out

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence


class Runs(Inputs):
    """Create, read, end, delete and restore runs.

    A run ends with the process that began it, at the latest: one that dies without ending its run leaves a crashed
    one, which MLflow sees as FAILED. Only MLflow's server begins runs that wait for whoever holds their id.
    """

    def create_run(
        self,
        experiment_id: str | int,
        user_id: str | None,
        start_time: int | None,
        tags: Sequence[RunTag] | None,
        run_name: str | None,
    ) -> Run:
        """Begin a run."""
        checked = dict(given.checked_tags({tag.key: tag.value for tag in map(_checked, tags or ())}))
        named = checked.pop(NAME, None)
        if run_name and named and run_name != named:
            raise MlflowException(
                "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with "
                f"different values (run_name='{run_name}', mlflow.runName='{named}').",
                INVALID_PARAMETER_VALUE,
            )
        cell = cells.join(self.project, checked)
        if cell is not None:
            return go_on(self, cell, experiment_id, user_id, checked, run_name or named)
        started = time.time() if start_time is None else start_time / 1000
        event = {
            "e": "run",
            "id": new_id(),
            "name": plain_name(run_name or named or _generate_random_name()),
            "started": started,
            "kind": "script",
        }
        with self.writing() as conn:
            experiment = self.must_experiment(conn, experiment_id or 0)
            if experiment.trashed is not None:
                raise MlflowException(
                    f"The experiment {experiment.id} must be in the 'active' state. "
                    f"Current state is {LifecycleStage.DELETED}. "
                    f"Could not create run under non-active experiment with ID {experiment.id}.",
                    INVALID_PARAMETER_VALUE,
                )
            values = {name: event[name] for name in ("id", "name", "started", "kind")}
            number = own.save_run(conn, {**values, "experiment": experiment.n, "status": "running"})
            if user_id:
                own.set_about(conn, number, {"mlflow": {"user": user_id}})
            for key, value in checked.items():
                rows.set_tag(conn, number, key, value)
            own.touch(conn, [number])
            event["experiment"] = own.rows(conn, [number])[0]["experiment"]
            made = self.run_entities(conn, [number])[0]
            self._record(conn, number, event)
        return made

    def _record(self, conn: sqlite3.Connection, number: int, event: dict[str, Any]) -> None:
        """See to it that the run ends with this process, and that what it logs goes the short way."""
        recorder = recorder_of(self.project)
        here = live.may_record(recorder)
        rows.own(conn, number, recorder.about() if here else None)
        if here:
            live.begin(recorder, event, rows.fixed_params(conn, number))

    def get_run(self, run_id: str) -> Run:
        """A run with its params, tags, and the latest value of each metric."""
        with self.reading() as conn:
            return self.run_entities(conn, [self.must_run(conn, run_id).n])[0]

    def update_run_info(
        self, run_id: str, run_status: Any = None, end_time: int | None = None, run_name: str | None = None
    ) -> RunInfo:
        """Rename a run, end it, or go on with it. A run of nbtrack's own ends with its cell, whatever is said here."""
        with self.writing() as conn:
            row = self._must_active(conn, run_id)
            if run_name:
                rows.set_tag(conn, row.n, NAME, plain_name(run_name))
            found = live.find(self.project, run_id)
            if found is not None and run_name:
                found.run.name = plain_name(run_name)
            if found is None or not found.own:
                self._set_status(conn, row, run_status, end_time)
            own.touch(conn, [row.n])
            return self._info(conn, self.must_run(conn, run_id))

    def _set_status(self, conn: sqlite3.Connection, row: rows.Row, run_status: Any, end_time: int | None) -> None:
        if run_status is None:
            if end_time is not None:
                rows.set_ended(conn, row.n, end_time / 1000)
            return
        word = status_word(run_status)
        status = status_in(word)
        rows.set_status(conn, row.n, status, seconds(end_time))
        said = word if word == "SCHEDULED" else None
        if said != row.about.get("status"):
            rows.note_about(conn, self.must_run(conn, row.id), status=said)
        if status != "running":
            live.forget(self.project, row.id, status)
        elif live.find(self.project, row.id) is None:
            self._go_on(conn, row)

    def _go_on(self, conn: sqlite3.Connection, row: rows.Row) -> None:
        """Go on with a run of before; one that another process records goes on being that one's."""
        found = own.rows(conn, [row.n])[0]
        names = ("id", "name", "experiment", "started", "kind", "parent")
        event = {"e": "run", **{name: found[name] for name in names}}
        if row.status != "running":
            self._record(conn, row.n, event)
            return
        recorder = recorder_of(self.project)
        if live.may_record(recorder):
            live.begin(recorder, event, rows.fixed_params(conn, row.n), attached=recorder.session)

    def delete_run(self, run_id: str) -> None:
        """Put a run into the trash."""
        self._set_trashed(run_id, time.time())

    def restore_run(self, run_id: str) -> None:
        """Take a run out of the trash."""
        self._set_trashed(run_id, None)

    def _set_trashed(self, run_id: str, at: float | None) -> None:
        with self.writing() as conn:
            row = self.must_run(conn, run_id)
            own.edit(conn, row.n, "trashed", at)
            own.touch(conn, [row.n])
            if at is not None:
                live.forget(self.project, run_id)

    def _hard_delete_run(self, run_id: str) -> None:
        """Delete a run for good, as `mlflow gc` asks."""
        with self.writing() as conn:
            number = self.must_run(conn, run_id).n
            while trash.delete_some_points(conn, number):
                pass
            trash.delete_run(conn, number)
            edits.forget_run(conn, number)
        live.forget(self.project, run_id)

    def _get_deleted_runs(self, older_than: int = 0) -> list[str]:
        """The ids of the runs that are in the trash for so many milliseconds, as `mlflow gc` asks."""
        with self.reading() as conn:
            return rows.deleted(conn, time.time() - older_than / 1000)

    # -- for the rest of the store

    def must_run(self, conn: sqlite3.Connection, run_id: str) -> rows.Row:
        """The run of an id, in the trash or not."""
        row = rows.by_id(conn, run_id)
        if row is None:
            raise MlflowException(f"Run with id={run_id} not found", RESOURCE_DOES_NOT_EXIST)
        return row

    def _must_active(self, conn: sqlite3.Connection, run_id: str) -> rows.Row:
        self.active_row(conn, run_id)
        return self.must_run(conn, run_id)

    def run_entities(self, conn: sqlite3.Connection, numbers: Sequence[int]) -> list[Run]:
        """Runs as MLflow's own objects, in the order asked for."""
        found = rows.rows(conn, numbers)
        params, tags, latest = rows.params(conn, numbers), rows.tags(conn, found), rows.latest(conn, numbers)
        inputs, outputs = self.inputs_of(conn, numbers), self.outputs_of(conn, numbers)
        places = self._places(conn, found)
        return [
            Run(
                self._run_info(row, places[row.experiment]),
                RunData(
                    metrics=[Metric(name, value, milliseconds(at), step) for name, value, at, step in latest[row.n]],
                    params=[Param(name, text) for name, text in params[row.n]],
                    tags=[RunTag(name, value) for name, value in tags[row.n].items()],
                ),
                inputs[row.n],
                outputs[row.n],
            )
            for row in found
        ]

    def _places(self, conn: sqlite3.Connection, found: Sequence[rows.Row]) -> dict[int, tuple[str, str]]:
        numbers = sorted({row.experiment for row in found})
        where = f"n IN ({', '.join('?' * len(numbers))})"
        return {one.n: (str(one.id), self.location_of(one)) for one in experiments.select(conn, where, numbers)}

    def _info(self, conn: sqlite3.Connection, row: rows.Row) -> RunInfo:
        return self._run_info(row, self._places(conn, [row])[row.experiment])

    def _run_info(self, row: rows.Row, place: tuple[str, str]) -> RunInfo:
        return RunInfo(
            run_id=row.id,
            experiment_id=place[0],
            user_id=row.about.get("user") or "",
            status=status_out(row.status, row.about.get("status")),
            start_time=milliseconds(row.started),
            end_time=None if row.ended is None else milliseconds(row.ended),
            lifecycle_stage=LifecycleStage.ACTIVE if row.trashed is None else LifecycleStage.DELETED,
            artifact_uri=append_to_uri_path(place[1], row.id, "artifacts"),
            run_name=row.name,
        )


def _checked(tag: RunTag) -> RunTag:
    checked: RunTag = _validate_tag(tag.key, tag.value)
    return checked
