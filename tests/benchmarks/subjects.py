"""What is compared, each behind the same few calls: begin a run, log, end it, close when all can be read."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from peers import Aim, Mlflow, MlflowBatch, TensorBoard

RIVALS = ("trackio", "wandb", "mlflow", "aim", "tensorboard")


class Nbtrack:
    """The subject itself, by its public names."""

    def __init__(self, place: str) -> None:
        import nbtrack

        self.nbtrack = nbtrack
        self.log: Callable[[dict[str, float]], Any] = nbtrack.log

    def begin(self, name: str, params: dict[str, Any], tags: dict[str, str]) -> None:
        self.run = self.nbtrack.start_run(name=name, params=params, tags=tags)

    def end(self) -> None:
        self.nbtrack.end_run()

    def close(self) -> None:
        self.run.flush()


class Floor:
    """A list: what any Python call costs. It keeps nothing."""

    def __init__(self, place: str) -> None:
        self.points: list[dict[str, float]] = []
        self.log: Callable[[dict[str, float]], Any] = self.points.append

    def begin(self, name: str, params: dict[str, Any], tags: dict[str, str]) -> None:
        """Nothing to begin."""

    def end(self) -> None:
        """Nothing to end."""

    def close(self) -> None:
        """Nothing to close."""


class Sqlite:
    """What one would write by hand: a table of points with its index, one WAL commit a call."""

    def __init__(self, place: str) -> None:
        self.conn = connect(place)
        self.step = self.number = 0

    def begin(self, name: str, params: dict[str, Any], tags: dict[str, str]) -> None:
        self.number = self.conn.execute("INSERT INTO runs (name) VALUES (?)", (name,)).lastrowid or 0
        save_values(self.conn, self.number, params, tags)
        self.conn.commit()
        self.step = 0

    def log(self, metrics: dict[str, float]) -> None:
        now, step = time.time(), self.step
        rows = [(self.number, key, step, now, value) for key, value in metrics.items()]
        self.conn.executemany("INSERT INTO points VALUES (?, ?, ?, ?, ?)", rows)
        self.conn.commit()
        self.step += 1

    def end(self) -> None:
        """Nothing to end."""

    def close(self) -> None:
        self.conn.close()


def connect(place: str) -> sqlite3.Connection:
    """The hand-written database, in WAL mode."""
    conn = sqlite3.connect(Path(place) / "hand.db")
    conn.execute("PRAGMA journal_mode = WAL")
    conn.execute("PRAGMA synchronous = NORMAL")
    conn.executescript(
        """
        CREATE TABLE IF NOT EXISTS runs (n INTEGER PRIMARY KEY, name TEXT);
        CREATE TABLE IF NOT EXISTS params (run INTEGER, name TEXT, value, PRIMARY KEY (run, name));
        CREATE TABLE IF NOT EXISTS tags (run INTEGER, name TEXT, value TEXT, PRIMARY KEY (run, name));
        CREATE TABLE IF NOT EXISTS points (run INTEGER, key TEXT, step INTEGER, time REAL, value REAL);
        CREATE INDEX IF NOT EXISTS points_of ON points (run, key, step);
        """
    )
    return conn


Point = tuple[int, str, int, float, float]


def save_run(
    conn: sqlite3.Connection,
    number: int,
    name: str,
    params: dict[str, Any],
    tags: dict[str, str],
    points: list[Point],
) -> None:
    """A whole run in the hand-written database; the caller commits."""
    conn.execute("INSERT INTO runs VALUES (?, ?)", (number, name))
    save_values(conn, number, params, tags)
    conn.executemany("INSERT INTO points VALUES (?, ?, ?, ?, ?)", points)


def save_values(conn: sqlite3.Connection, number: int, params: dict[str, Any], tags: dict[str, str]) -> None:
    """What a run in the hand-written database begins with; the caller commits."""
    conn.executemany("INSERT INTO params VALUES (?, ?, ?)", [(number, *item) for item in params.items()])
    conn.executemany("INSERT INTO tags VALUES (?, ?, ?)", [(number, *item) for item in tags.items()])


class Trackio:
    """trackio, local. Its own sampling of the machine is switched off."""

    def __init__(self, place: str) -> None:
        import trackio

        self.trackio = trackio
        self.log: Callable[[dict[str, float]], Any] = trackio.log

    def begin(self, name: str, params: dict[str, Any], tags: dict[str, str]) -> None:
        config = {**params, **tags}  # it knows no tags
        self.trackio.init("bench", name=name, config=config, embed=False, auto_log_cpu=False, auto_log_gpu=False)

    def end(self) -> None:
        self.trackio.finish()

    def close(self) -> None:
        """`finish` waited for its writer."""


class Wandb:
    """W&B, offline. Its own sampling of the machine is switched off."""

    def __init__(self, place: str) -> None:
        import wandb

        self.wandb = wandb
        self.place = place

    def begin(self, name: str, params: dict[str, Any], tags: dict[str, str]) -> None:
        settings = self.wandb.Settings(x_disable_stats=True, disable_git=True, disable_code=True, console="off")
        self.run = self.wandb.init(
            project="bench",
            name=name,
            config=params,
            tags=[f"{key}={value}" for key, value in tags.items()],
            mode="offline",
            dir=self.place,
            settings=settings,
        )
        self.log = self.run.log

    def end(self) -> None:
        self.run.finish()

    def close(self) -> None:
        """`finish` waited for its service."""


SUBJECTS: dict[str, Callable[[str], Any]] = {
    "nbtrack": Nbtrack,
    "list": Floor,
    "sqlite3": Sqlite,
    "trackio": Trackio,
    "wandb": Wandb,
    "mlflow": Mlflow,
    "mlflow_batch": MlflowBatch,
    "aim": Aim,
    "tensorboard": TensorBoard,
}


def finish(tracker: Any) -> None:
    """Close, and index where nothing can be read before that."""
    tracker.close()
    if hasattr(tracker, "index"):
        tracker.index()


def present(without: list[str]) -> list[str]:
    """The rivals that are installed and asked for."""
    return [name for name in RIVALS if name not in without and find_spec(name)]
