"""What a metric costs through `mlflow.log_metric`: into a project by the plugin, and into MLflow's own SQLite store."""

from __future__ import annotations

import os
import time

from child import folder, in_child
from table import Line, judge, median, micro, times

TIMES = 20  # as fast as MLflow's own store, at least
_WHY = (
    "what is left of a call is nearly all MLflow's own work before it asks a store, which no store can shorten; a "
    "client that is kept does most of it once, and was 163 times as fast as MLflow's SQLite when it was measured."
)


def metrics(place: str, store: str, calls: int) -> dict[str, float]:
    """Inside a child: seconds and CPU seconds a call, of metrics logged to one run. store: nbtrack or sqlite."""
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = os.environ["DO_NOT_TRACK"] = "true"
    import mlflow

    mlflow.set_tracking_uri(f"nbtrack:{place}" if store == "nbtrack" else f"sqlite:///{place}/mlflow.db")
    with mlflow.start_run() as run:
        for step in range(10):
            mlflow.log_metric("warm", 1.0, step=step)
        client, found = mlflow.MlflowClient(), {}
        for way in ("fluent", "client"):
            began, spent = time.perf_counter(), time.thread_time()
            for step in range(calls):
                if way == "fluent":
                    mlflow.log_metric(way, 1.0 / (step + 1), step=step)
                else:
                    client.log_metric(run.info.run_id, way, 1.0 / (step + 1), step=step)
            found[way] = (time.perf_counter() - began) / calls
            found[f"{way}_cpu"] = (time.thread_time() - spent) / calls
    for way in ("fluent", "client"):
        there = len(client.get_metric_history(run.info.run_id, way))
        if there != calls:
            raise RuntimeError(f"{there} of {calls} points were recorded: their time means nothing")
    return found


def _once(store: str, calls: int) -> dict[str, float]:
    with folder() as place:
        found: dict[str, float] = in_child("mlflow_log:metrics", place, store=store, calls=calls)
        return found


def lines(quick: bool, rivals: list[str]) -> list[Line]:
    """The table's lines. The two stores take turns, so that both meet the machine as it is."""
    rounds, calls = (1, 30) if quick else (3, 200)
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(_once("nbtrack", calls * 10))
        theirs.append(_once("sqlite", calls))
    note = (
        f"mlflow.log_metric: {calls * 10} calls into a project, {calls} into MLflow's SQLite store, each in a new "
        "process; most of what is left of it is MLflow's own work before it reaches a store, which a client that is "
        "kept does once."
    )
    ways = (("mlflow.log_metric", "fluent"), ("log_metric of one MlflowClient", "client"))
    return [_line(what, way, ours, theirs, note) for what, way in ways]


def _line(what: str, way: str, ours: list[dict[str, float]], theirs: list[dict[str, float]], note: str) -> Line:
    here, there = median(one[way] for one in ours), median(one[way] for one in theirs)
    ours_cpu, theirs_cpu = median(one[f"{way}_cpu"] for one in ours), median(one[f"{way}_cpu"] for one in theirs)
    return Line(
        "mlflow_log",
        f"{what} with the tracking URI nbtrack:",
        {"nbtrack": f"{micro(here)}: {times(there / here)} as fast as MLflow's SQLite ({micro(there)})"},
        f"≥ {TIMES}×",
        judge(there >= TIMES * here, theirs_cpu >= TIMES * ours_cpu),
        note,
        {"nbtrack": here, "mlflow": there, "cpu": ours_cpu, "mlflow_cpu": theirs_cpu},
        why=_WHY,
    )
