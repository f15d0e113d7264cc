"""MLflow, Aim and TensorBoard behind the same few calls as the other subjects."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

STORE = "mlflow.db"  # MLflow's SQLite file; `child.environment` names it as the tracking URI
QUIET: dict[str, Any] = {"system_tracking_interval": None, "log_system_params": False, "capture_terminal_logs": False}


class Mlflow:
    """MLflow's fluent API on its SQLite store: `mlflow.log_metrics` with a step, as its users write it."""

    def __init__(self, place: str) -> None:
        import mlflow

        self.mlflow = mlflow
        self.step = 0

    def begin(self, name: str, params: dict[str, Any], tags: dict[str, str]) -> None:
        self.run = self.mlflow.start_run(run_name=name, tags=tags)
        self.step = 0
        if params:
            self.mlflow.log_params(params)

    def log(self, metrics: dict[str, float]) -> None:
        self.mlflow.log_metrics(metrics, step=self.step)
        self.step += 1

    def end(self) -> None:
        self.mlflow.end_run()

    def close(self) -> None:
        """Each call waited for its commit."""


class MlflowBatch(Mlflow):
    """MLflow as fast as it goes: `MlflowClient.log_batch` with 1,000 points, the most that one call may bring."""

    MOST = 1000

    def begin(self, name: str, params: dict[str, Any], tags: dict[str, str]) -> None:
        super().begin(name, params, tags)
        self.client, self.waiting = self.mlflow.MlflowClient(), []
        self.metric = self.mlflow.entities.Metric

    def log(self, metrics: dict[str, float]) -> None:
        now = int(time.time() * 1000)
        self.waiting += [self.metric(key, value, now, self.step) for key, value in metrics.items()]
        self.step += 1
        if len(self.waiting) + len(metrics) > self.MOST:
            self._send()

    def _send(self) -> None:
        self.client.log_batch(self.run.info.run_id, metrics=self.waiting)
        self.waiting = []

    def end(self) -> None:
        self._send()
        super().end()


class Aim:
    """Aim in a repository of its own. Its looking at the machine and the terminal is switched off."""

    def __init__(self, place: str) -> None:
        import aim

        self.aim = aim
        self.place = place
        self.step = 0

    def begin(self, name: str, params: dict[str, Any], tags: dict[str, str]) -> None:
        self.run = self.aim.Run(repo=self.place, experiment="bench", **QUIET)
        self.run.name = name
        self.step = 0
        if params:
            self.run["hparams"] = params
        for key, value in tags.items():
            self.run.add_tag(f"{key}={value}")

    def log(self, metrics: dict[str, float]) -> None:
        self.run.track(metrics, step=self.step)
        self.step += 1

    def end(self) -> None:
        self.run.close()

    def close(self) -> None:
        """`close` of the run wrote what was left."""

    def index(self) -> None:
        """Without it no query and no `run.metrics()` finds a run: what `aim storage reindex` and Aim's server do."""
        self.aim.Repo(self.place)._recreate_index()


class TensorBoard:
    """The writer that TensorBoard itself ships, without TensorFlow or torch: a folder a run, a call a metric."""

    def __init__(self, place: str) -> None:
        from tensorboard.summary import Writer

        self.writer_of: Callable[[str], Any] = Writer
        self.place = place
        self.step = 0

    def begin(self, name: str, params: dict[str, Any], tags: dict[str, str]) -> None:
        where = str(Path(self.place) / "tensorboard" / name)
        self.step = 0
        if params or tags:
            _hparams(where, {**params, **tags})  # it knows no tags
        self.writer = self.writer_of(where)

    def log(self, metrics: dict[str, float]) -> None:
        for key, value in metrics.items():
            self.writer.add_scalar(key, value, self.step)
        self.step += 1

    def end(self) -> None:
        self.writer.close()

    def close(self) -> None:
        """`close` of the writer wrote what was left."""


def _hparams(where: str, params: dict[str, Any]) -> None:
    """Hyperparameters as torch's SummaryWriter stores them: a writer and a file of their own."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.hparams import metadata, plugin_data_pb2
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    info = plugin_data_pb2.SessionStartInfo(start_time_secs=time.time())
    for key, value in params.items():
        if isinstance(value, str):
            info.hparams[key].string_value = value
        else:
            info.hparams[key].number_value = value
    data = plugin_data_pb2.HParamsPluginData(session_start_info=info, version=metadata.PLUGIN_DATA_VERSION)
    about = metadata.create_summary_metadata(data)
    value = Summary.Value(tag=metadata.SESSION_START_INFO_TAG, metadata=about)
    writer = EventFileWriter(where)
    writer.add_event(Event(wall_time=time.time(), summary=Summary(value=[value])))
    writer.close()
