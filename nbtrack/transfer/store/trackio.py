"""What trackio's SQLite files hold, read from a copy: a project a file, as ``TRACKIO_DIR`` has them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbtrack.base.sqlite import Connection
from nbtrack.transfer.store import foreign

_NEEDED = {"metrics", "configs"}
_MAGIC = b"SQLite format 3\0"


def is_trackio(path: Path) -> bool:
    """Whether a file is a project of trackio's. It is opened for reading only."""
    try:
        with path.open("rb") as file:
            if file.read(len(_MAGIC)) != _MAGIC:
                return False
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, factory=Connection)) as conn:
            found = {row[0] for row in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            columns = {row[1] for row in conn.execute("PRAGMA table_info(metrics)")}
    except (OSError, sqlite3.Error):
        return False
    return found >= _NEEDED and columns >= {"run_name", "step", "metrics"}


@dataclass(frozen=True)
class Artifact:
    """A file of an artifact that a run made. digest: the sha256 of its content."""

    name: str
    version: int
    manifest: str


class Trackio:
    """A copy of a project's file. Older ones know runs by their names only: these are their ids then."""

    def __init__(self, source: Path, copied: Path) -> None:
        foreign.copy(source, copied)
        self._conn = sqlite3.connect(copied, check_same_thread=False)
        self._conn.text_factory = lambda data: data.decode("utf-8", "replace")
        self._tables = {row[0] for row in self._conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}

    def close(self) -> None:
        """Close the copy."""
        self._conn.close()

    def runs(self) -> list[tuple[str, str]]:
        """(id, name) of each run, in the order they were begun."""
        found: dict[str, tuple[str, float]] = {}
        for table, order in (("configs", "created_at"), ("metrics", "timestamp"), ("system_metrics", "timestamp")):
            if table in self._tables:
                query = f"SELECT {self._id(table)}, run_name, min({order}) FROM {table} GROUP BY 1 ORDER BY 3"
                for run, name, _ in self._conn.execute(query):
                    if run is not None:
                        found.setdefault(str(run), (str(name), 0.0))
        return [(run, name) for run, (name, _) in found.items()]

    def config(self, run: str) -> tuple[Any, Any] | None:
        """(JSON, time) of a run's configuration."""
        query = f"SELECT config, created_at FROM configs WHERE {self._id('configs')} = ? ORDER BY id DESC LIMIT 1"
        row = self._conn.execute(query, (run,)).fetchone()
        return None if row is None else (row[0], row[1])

    def logged(self, run: str) -> Iterator[tuple[int, Any, Any, Any]]:
        """(row, step, time, JSON) of each call of log(), in order."""
        query = f"SELECT id, step, timestamp, metrics FROM metrics WHERE {self._id('metrics')} = ? ORDER BY id"
        yield from self._conn.execute(query, (run,))

    def system(self, run: str) -> Iterator[tuple[int, Any, Any]]:
        """(row, time, JSON) of each note of how the machine was, in order."""
        if "system_metrics" in self._tables:
            where = f"{self._id('system_metrics')} = ?"
            yield from self._conn.execute(
                f"SELECT id, timestamp, metrics FROM system_metrics WHERE {where} ORDER BY id", (run,)
            )

    def alerts(self, run: str) -> list[tuple[Any, ...]]:
        """(time, title, text, level, step) of each alert."""
        if "alerts" not in self._tables:
            return []
        query = f"SELECT timestamp, title, text, level, step FROM alerts WHERE {self._id('alerts')} = ? ORDER BY id"
        return self._conn.execute(query, (run,)).fetchall()

    def artifacts(self, run: str) -> list[Artifact]:
        """What the run made."""
        if not self._tables >= {"run_artifact_links", "artifact_versions", "artifacts"}:
            return []
        query = """SELECT a.name, v.version, v.manifest FROM run_artifact_links l
            JOIN artifact_versions v ON v.id = l.artifact_version_id JOIN artifacts a ON a.id = v.artifact_id
            WHERE l.run_id = ? AND l.direction = 'output' ORDER BY l.id"""
        return [Artifact(*row) for row in self._conn.execute(query, (run,))]

    def _id(self, table: str) -> str:
        """What knows a run in a table."""
        columns = {row[1] for row in self._conn.execute(f"PRAGMA table_info({table})")}
        return "coalesce(run_id, run_name)" if "run_id" in columns else "run_name"
