"""Read what the subjects stored: all points counted, and the history of one metric, in the way each offers it."""

from __future__ import annotations

import json
import sqlite3
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from peers import STORE

Values = list[float]


def history(subject: str, place: str) -> Any:
    """The values of the metric "loss" of the only run, in the order they were logged."""
    _prepare(subject, place)
    return HISTORIES[subject](Path(place))


def count(subject: str, place: str) -> int:
    """Inside a child: how many points there are, in all runs together."""
    _prepare(subject, place)
    return _COUNTS[subject](Path(place))


def timed_history(subject: str, place: str, rounds: int) -> list[dict[str, float]]:
    """Inside a child: seconds and CPU seconds of `history`, the first one too, and how many points it gave."""
    _prepare(subject, place)
    read, found = HISTORIES[subject], []
    for _ in range(rounds):
        began, spent = time.perf_counter(), time.process_time()
        values = read(Path(place))
        took = {"wall": time.perf_counter() - began, "cpu": time.process_time() - spent}
        found.append({**took, "points": len(values), "sum": float(sum(values))})
    return found


# -- nbtrack


def _nbtrack(place: Path) -> Any:
    from nbtrack.base.config import Project
    from nbtrack.runs.service import RunsService

    return RunsService(Project(place)).history("bench", "loss").values


def _sql(file: str, query: str) -> Callable[[Path], int]:
    def ask(place: Path) -> int:
        with closing(sqlite3.connect(place / file)) as conn:
            return int(conn.execute(query).fetchone()[0] or 0)

    return ask


# -- sqlite3, written by hand


def _sqlite(place: Path) -> Any:
    import numpy

    with closing(sqlite3.connect(place / "hand.db")) as conn:
        rows = conn.execute("SELECT value FROM points WHERE run = 1 AND key = 'loss' ORDER BY step")
        return numpy.fromiter((value for (value,) in rows), dtype=float)


# -- trackio


def _trackio(place: Path) -> Values:
    with closing(sqlite3.connect(place / "bench.db")) as conn:
        if not conn.execute("SELECT 1 FROM sqlite_master WHERE name = 'metrics'").fetchone():
            return []  # killed before its first batch
        return [json.loads(row[0])["loss"] for row in conn.execute("SELECT metrics FROM metrics ORDER BY step")]


# -- W&B: its file is for a sync, so it is read record by record


def _wandb(place: Path) -> Values:
    return [json.loads(text) for name, text in _wandb_points(place) if name == "loss"]


def _wandb_points(place: Path) -> Iterator[tuple[str, str]]:
    from wandb.proto.wandb_internal_pb2 import Record

    for file in place.rglob("*.wandb"):
        for body in _leveldb_log(file.read_bytes()[7:], at=7):
            record = Record.FromString(body)
            for item in record.history.item if record.HasField("history") else ():
                name = item.key or "".join(item.nested_key)
                if not name.startswith("_"):
                    yield name, item.value_json


def _leveldb_log(data: bytes, at: int) -> list[bytes]:
    """The records of a log in LevelDB's format: blocks of 32 KiB; crc, length and type before each fragment."""
    found, parts, offset = [], b"", 0
    while offset + 7 <= len(data):
        left = 32768 - (at + offset) % 32768
        if left < 7:
            offset += left
            continue
        size, kind = struct.unpack_from("<HB", data, offset + 4)
        if not kind or offset + 7 + size > len(data):
            break
        parts += data[offset + 7 : offset + 7 + size]
        offset += 7 + size
        if kind in (1, 4):  # whole, or the last fragment
            found.append(parts)
            parts = b""
    return found


# -- MLflow


def _mlflow(place: Path) -> Values:
    """All points of the run through its client, page by page, which is its public way."""
    import mlflow

    client = mlflow.MlflowClient()
    runs = client.search_runs(["0"], max_results=1)
    found = client.get_metric_history(runs[0].info.run_id, "loss") if runs else []
    return [point.value for point in sorted(found, key=lambda point: point.step)]


# -- Aim


def _prepare(subject: str, place: str) -> None:
    """Index what Aim has, which finds no run before that: what `aim storage reindex` does."""
    if subject == "aim" and (Path(place) / ".aim").is_dir():
        import aim

        aim.Repo(place)._recreate_index()


def aim_runs(place: Path) -> Iterator[Any]:
    """The runs of the repository that is there."""
    import aim

    if (place / ".aim").is_dir():
        repository = aim.Repo(str(place))
        for one in repository.list_all_runs():
            yield aim.Run(one, repo=repository, read_only=True)


def _aim(place: Path) -> Any:
    from aim.storage.context import Context

    for run in aim_runs(place):
        metric = run.get_metric("loss", Context({}))
        if metric is not None:
            return metric.data.view(["val"]).numpy()[1][0]
    return []


def _aim_count(place: Path) -> int:
    return sum(len(metric.data.numpy()[0]) for run in aim_runs(place) for metric in run.metrics())


# -- TensorBoard


def tensorboard_runs(place: Path) -> Iterator[Any]:
    """Each run's folder, loaded in full by TensorBoard's own reader."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    for folder in sorted(path for path in (place / "tensorboard").glob("*") if path.is_dir()):
        yield EventAccumulator(str(folder), size_guidance={"tensors": 0}).Reload()


def scalar(event: Any) -> float:
    """The value of an event, which is a tensor since version 2; its writer stores four bytes of it."""
    return float(event.tensor_proto.float_val[0])


def _tensorboard(place: Path) -> Values:
    for run in tensorboard_runs(place):
        if "loss" in run.Tags()["tensors"]:
            return [scalar(event) for event in run.Tensors("loss")]
    return []


def _tensorboard_count(place: Path) -> int:
    return sum(
        len(run.Tensors(tag))
        for run in tensorboard_runs(place)
        for tag in run.Tags()["tensors"]
        if not tag.startswith("_hparams_")
    )


HISTORIES: dict[str, Callable[[Path], Any]] = {
    "nbtrack": _nbtrack,
    "sqlite3": _sqlite,
    "trackio": _trackio,
    "wandb": _wandb,
    "mlflow": _mlflow,
    "aim": _aim,
    "tensorboard": _tensorboard,
}
_COUNTS: dict[str, Callable[[Path], int]] = {
    "nbtrack": _sql(".nbtrack/nbtrack.db", "SELECT sum(length(vals) / 8) FROM points"),
    "sqlite3": _sql("hand.db", "SELECT count(*) FROM points"),
    "trackio": _sql("bench.db", "SELECT sum((SELECT count(*) FROM json_each(metrics))) FROM metrics"),
    "wandb": lambda place: sum(1 for _ in _wandb_points(place)),
    "mlflow": _sql(STORE, "SELECT count(*) FROM metrics"),
    "mlflow_batch": _sql(STORE, "SELECT count(*) FROM metrics"),
    "aim": _aim_count,
    "tensorboard": _tensorboard_count,
}
