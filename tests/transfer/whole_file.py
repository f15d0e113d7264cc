"""Everything that a project's file holds of its runs, read past nbtrack, to hold two files against one another."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

from nbtrack.base.config import Project
from nbtrack.runs import objects
from nbtrack.runs.service import RunsService

_RUN = """SELECT r.id, r.name, e.name, r.status, r.started, r.ended, r.kind, r.notebook, r.cell, r.execution, r.number,
    s.text, v.body, r.git, p.id, r.note, r.starred, r.trashed, r.end_reason, r.about, x.id
    FROM runs r JOIN experiments e ON e.n = r.experiment LEFT JOIN sources s ON s.hash = r.source
    LEFT JOIN environments v ON v.hash = r.environment LEFT JOIN runs p ON p.n = r.parent
    LEFT JOIN sessions x ON x.n = r.session WHERE r.n = ?"""
_OF_RUN = (
    """SELECT k.name, p.type, typeof(p.value), p.value, hex(p.exact), p.source, p.at FROM params p
       JOIN keys k ON k.n = p.key WHERE p.run = ? ORDER BY k.name""",
    """SELECT k.name, p.type, typeof(p.value), p.value, hex(p.exact), p.source, p.at FROM param_history p
       JOIN keys k ON k.n = p.key WHERE p.run = ? ORDER BY k.name, p.n""",
    "SELECT k.name, t.value FROM tags t JOIN keys k ON k.n = t.key WHERE t.run = ? ORDER BY k.name",
    """SELECT k.name, m.source, m.count, m.valid, m.last, m.last_step, m.last_time, m.min, m.max, m.top, m.top_step
       FROM metrics m JOIN keys k ON k.n = m.key WHERE m.run = ? ORDER BY k.name""",
    "SELECT position, kind, mime, text, plain, artifact, dropped FROM outputs WHERE run = ? ORDER BY position",
    "SELECT path, hash, size, mime, kind, created, checksum FROM artifacts WHERE run = ? ORDER BY path",
    "SELECT name, role, kind, path, hash, info FROM datasets WHERE run = ? ORDER BY name",
)
_SESSIONS = """SELECT x.id, x.kind, x.kernel_id, x.parent, x.host, x.boot_id, x.pid, x.process_started, x.started
    FROM sessions x WHERE x.n IN (SELECT session FROM runs) ORDER BY x.id"""
_EXECUTIONS = """SELECT x.id, e.number, e.execution, e.cell, s.text, e.started, e.ended, e.status, e.stored, e.loaded,
    e.facts FROM executions e JOIN sessions x ON x.n = e.session LEFT JOIN sources s ON s.hash = e.source
    ORDER BY x.id, e.number"""
_MODELS = """SELECT m.id, e.name, r.id, m.name, m.status, m.created, m.updated, m.trashed, m.about FROM logged_models m
    JOIN experiments e ON e.n = m.experiment LEFT JOIN runs r ON r.n = m.run ORDER BY m.id"""
_MODEL_METRICS = """SELECT m.id, x.key, x.value, x.time, x.step, r.id, x.dataset, x.digest FROM model_metrics x
    JOIN logged_models m ON m.n = x.model LEFT JOIN runs r ON r.n = x.run ORDER BY m.id, x.rowid"""
_MODEL_FILES = """SELECT m.id, f.path, f.hash, f.size, f.mime, f.kind, f.created FROM model_files f
    JOIN logged_models m ON m.n = f.model ORDER BY m.id, f.path"""


def everything(project: Project) -> dict[str, str]:
    """What the file holds, by a title each, as texts that tell −0.0 from 0.0 and are equal for NaN."""
    RunsService(project).refresh(force=True)
    with closing(sqlite3.connect(project.database)) as conn:
        found: dict[str, Any] = {
            "experiments": conn.execute("SELECT name, note, trashed, about FROM experiments ORDER BY name").fetchall(),
            "sessions": conn.execute(_SESSIONS).fetchall(),
            "executions": conn.execute(_EXECUTIONS).fetchall(),
            "models": conn.execute(_MODELS).fetchall(),
            "model metrics": conn.execute(_MODEL_METRICS).fetchall(),
            "model files": conn.execute(_MODEL_FILES).fetchall(),
        }
        for number, run in conn.execute("SELECT n, id FROM runs").fetchall():
            found[f"run {run}"] = [conn.execute(one, (number,)).fetchall() for one in (_RUN, *_OF_RUN)]
            found[f"points {run}"] = _points(conn, number)
        hashes = {row[0] for row in conn.execute("SELECT hash FROM artifacts UNION SELECT hash FROM model_files")}
    for name in hashes:
        assert objects.read(project.objects, name) is not None  # checked against its name
    return {title: repr(value) for title, value in found.items()}


def _points(conn: sqlite3.Connection, run: int) -> dict[str, tuple[str, str, str]]:
    found: dict[str, list[bytes]] = {}
    rows = conn.execute(
        """SELECT k.name, p.steps, p.times, p.vals FROM points p JOIN keys k ON k.n = p.key WHERE p.run = ?
           ORDER BY k.name, p.seq""",
        (run,),
    )
    for name, *blobs in rows:
        sofar = found.setdefault(name, [b"", b"", b""])
        found[name] = [one + more for one, more in zip(sofar, blobs, strict=True)]
    return {name: (a.hex(), b.hex(), c.hex()) for name, (a, b, c) in found.items()}
