"""Going on with the run of a tracked cell, where MLflow would begin one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from nbtrack.mlflow.store import runs as rows
from nbtrack.mlflow.values import plain_name
from nbtrack.runs.store import runs as own
from nbtrack.transfer.mlflow import NAME

if TYPE_CHECKING:
    from mlflow.entities import Run

    from nbtrack.mlflow.runs import Runs
    from nbtrack.runs.active import ActiveRun


def go_on(
    store: Runs,
    run: ActiveRun,
    experiment_id: str | int | None,
    user_id: str | None,
    tags: Mapping[str, str],
    name: str | None,
) -> Run:
    """Give the cell's run what MLflow says of its new run, which it then is.

    Its name stays if MLflow names none, its experiment if that was not chosen with ``mlflow.set_experiment``.
    """
    with store.writing() as conn:
        row = store.must_run(conn, run.id)
        experiment = store.must_experiment(conn, experiment_id or 0, deleted=False)
        if experiment.id != 0 and experiment.n != row.experiment:
            own.edit(conn, row.n, "experiment", experiment.n)
            run.experiment = experiment.name
        if name:
            run.name = plain_name(name)
            rows.set_tag(conn, row.n, NAME, run.name)
        if user_id:
            rows.note_about(conn, row, user=user_id)
        for key, value in tags.items():
            rows.set_tag(conn, row.n, key, value)
        own.touch(conn, [row.n])
        return store.run_entities(conn, [row.n])[0]
