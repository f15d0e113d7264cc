"""What the file has of a run, table by table, with nothing left out."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any, NamedTuple

from nbtrack.runs.store.params import marks

_PART = 500

_RUN = """SELECT r.n, r.id, r.name, e.name AS experiment, r.status, r.started, r.ended, r.kind, r.notebook, r.cell,
    r.execution, r.number, s.text AS code, p.id AS parent, r.note, r.starred, r.trashed, r.end_reason, r.git, r.about,
    r.session, r.environment
    FROM runs r JOIN experiments e ON e.n = r.experiment LEFT JOIN sources s ON s.hash = r.source
    LEFT JOIN runs p ON p.n = r.parent WHERE r.n = ?"""

# The executions behind a run end with its own; one that was begun inside another has those of the outermost.
_BEHIND = """WITH RECURSIVE up(parent, session, number, depth) AS (
    SELECT parent, session, number, 0 FROM runs WHERE n IN ({})
    UNION ALL
    SELECT r.parent, r.session, r.number, up.depth + 1 FROM up JOIN runs r ON r.n = up.parent WHERE up.depth < 100)
    SELECT session, max(number) FROM up WHERE session IS NOT NULL AND number IS NOT NULL GROUP BY session"""

_SESSION = """SELECT id, kind, kernel_id, parent, host, boot_id, pid_namespace, pid, process_started, started,
    heartbeat, ended FROM sessions WHERE n = ?"""

_EXECUTIONS = """SELECT x.number, x.execution, x.cell, s.text AS source, x.started, x.ended, x.status, x.stored,
    x.loaded, x.facts FROM executions x LEFT JOIN sources s ON s.hash = x.source
    WHERE x.session = ? AND x.number <= ? ORDER BY x.number"""

_MODELS = """SELECT m.n, m.id, m.name, e.name AS experiment, r.id AS run, m.status, m.created, m.updated, m.trashed,
    m.about FROM logged_models m JOIN experiments e ON e.n = m.experiment LEFT JOIN runs r ON r.n = m.run
    WHERE m.n = ?"""

_MODEL_METRICS = """SELECT m.key, m.value, m.time, m.step, r.id AS run, m.dataset, m.digest FROM model_metrics m
    LEFT JOIN runs r ON r.n = m.run WHERE m.model = ? ORDER BY m.rowid"""


class MetricRow(NamedTuple):
    """A metric of a run: its key, its name, who logged it, and how many points it has."""

    key: int
    name: str
    source: str
    total: int


class Chunk(NamedTuple):
    """Some points as they lie in the file, and the number to go on from."""

    seq: int
    length: int
    steps: bytes
    times: bytes
    values: bytes


def _dicts(cursor: sqlite3.Cursor) -> list[dict[str, Any]]:
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def known(text: str) -> dict[str, Any]:
    """What rooms know of a run, a model or an experiment. Raises ValueError if it is no JSON object."""
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError(f"what is known about it is no JSON object, but {text[:40]}")
    return found


def run_row(conn: sqlite3.Connection, run: int) -> dict[str, Any] | None:
    """A run's own row; None if it is gone."""
    found = _dicts(conn.execute(_RUN, (run,)))
    return found[0] if found else None


def metric_rows(conn: sqlite3.Connection, run: int) -> list[MetricRow]:
    """A run's metrics by name."""
    rows = conn.execute(
        """SELECT m.key, k.name, m.source, m.count FROM metrics m JOIN keys k ON k.n = m.key
           WHERE m.run = ? ORDER BY k.name""",
        (run,),
    )
    return [MetricRow(*row) for row in rows]


def chunks(conn: sqlite3.Connection, run: int, key: int, after: int, most: int = 64) -> list[Chunk]:
    """The next chunks of a series behind one of a number (-1 for the first)."""
    rows = conn.execute(
        """SELECT seq, count, steps, times, vals FROM points WHERE run = ? AND key = ? AND seq > ?
           ORDER BY seq LIMIT ?""",
        (run, key, after, most),
    )
    return [Chunk(*row) for row in rows]


def elsewhere_of(conn: sqlite3.Connection, run: int) -> dict[str, dict[str, Any]]:
    """What a run is in other places: its id there and the state, by place."""
    rows = conn.execute("SELECT place, id, state FROM elsewhere WHERE run = ? ORDER BY place", (run,))
    return {place: {"id": there, "state": json.loads(state)} for place, there, state in rows}


def behind(conn: sqlite3.Connection, runs: Sequence[int]) -> dict[int, int]:
    """The number of the last execution behind any of the runs, by session."""
    found: dict[int, int] = {}
    for start in range(0, len(runs), _PART):
        part = list(runs[start : start + _PART])
        for session, number in conn.execute(_BEHIND.format(marks(part)), part):
            found[session] = max(number, found.get(session, 0))
    return found


def session_row(conn: sqlite3.Connection, session: int) -> dict[str, Any]:
    """What is known of a session: its id and all but how far its journal was taken."""
    return _dicts(conn.execute(_SESSION, (session,)))[0]


def executions(conn: sqlite3.Connection, session: int, last: int) -> list[dict[str, Any]]:
    """The session's executions up to one, that one included, in their order."""
    found = _dicts(conn.execute(_EXECUTIONS, (session, last)))
    for row in found:
        row["stored"], row["loaded"] = json.loads(row["stored"] or "[]"), json.loads(row["loaded"] or "[]")
        row["facts"] = json.loads(row["facts"])
    return found


def experiment_rows(conn: sqlite3.Connection) -> list[dict[str, Any]]:
    """All experiments, the first made first."""
    found = _dicts(conn.execute("SELECT name, note, created, trashed, about FROM experiments ORDER BY n"))
    for row in found:
        row["about"] = known(row["about"])
    return found


def used_experiments(conn: sqlite3.Connection, runs: Sequence[int]) -> set[str]:
    """The names of the experiments that runs are in."""
    found: set[str] = set()
    for start in range(0, len(runs), _PART):
        part = list(runs[start : start + _PART])
        rows = conn.execute(
            f"SELECT DISTINCT e.name FROM runs r JOIN experiments e ON e.n = r.experiment WHERE r.n IN ({marks(part)})",
            part,
        )
        found.update(row[0] for row in rows)
    return found


def all_runs(conn: sqlite3.Connection) -> list[int]:
    """Every run, the trash included, in the order they came."""
    return [row[0] for row in conn.execute("SELECT n FROM runs ORDER BY n")]


def models_of(conn: sqlite3.Connection, runs: Sequence[int] | None) -> list[int]:
    """The logged models that runs made; None: all there are."""
    if runs is None:
        return [row[0] for row in conn.execute("SELECT n FROM logged_models ORDER BY n")]
    found: list[int] = []
    for start in range(0, len(runs), _PART):
        part = list(runs[start : start + _PART])
        found += [row[0] for row in conn.execute(f"SELECT n FROM logged_models WHERE run IN ({marks(part)})", part)]
    return sorted(found)


def model_row(conn: sqlite3.Connection, model: int) -> dict[str, Any] | None:
    """A logged model with its metrics; None if it is gone."""
    found = _dicts(conn.execute(_MODELS, (model,)))
    if not found:
        return None
    found[0]["about"] = known(found[0]["about"])
    found[0]["metrics"] = _dicts(conn.execute(_MODEL_METRICS, (model,)))
    return found[0]


def model_files(conn: sqlite3.Connection, model: int) -> list[dict[str, Any]]:
    """The files of a logged model by path."""
    return _dicts(
        conn.execute(
            "SELECT path, hash, size, mime, kind, created FROM model_files WHERE model = ? ORDER BY path", (model,)
        )
    )
