"""Rows of runs, and what a run of MLflow's shows of its params, tags and metrics."""

from __future__ import annotations

import json
import math
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from nbtrack.runs.store import params as values
from nbtrack.runs.store import runs, sessions
from nbtrack.runs.store.keys import key_number
from nbtrack.runs.store.metrics import series
from nbtrack.runs.values import decode
from nbtrack.transfer.mlflow import NAME, NOTE, PARENT, param_text

# The latest value of a metric by step, time and value; rows of before m004 have only the one logged last.
TOP = "CASE WHEN m.top_step IS NULL THEN m.last ELSE m.top END"
_PART = 500  # runs in one question
_FIXED = ("explicit", "imported")  # where params come from that somebody gave, and nobody may change

Point = tuple[int, float, float]  # step, Unix seconds, value


class Row(NamedTuple):
    """A run. parent: an id. about: what MLflow's door noted of it: user, status, untitled."""

    n: int
    id: str
    name: str
    experiment: int
    status: str
    started: float
    ended: float | None
    trashed: float | None
    note: str
    parent: str | None
    about: dict[str, Any]


_SELECT = """SELECT r.n, r.id, r.name, r.experiment, r.status, r.started, r.ended, r.trashed, r.note,
             (SELECT p.id FROM runs p WHERE p.n = r.parent), r.about FROM runs r"""


def _row(found: Sequence[Any]) -> Row:
    return Row._make([*found[:-1], json.loads(found[-1]).get("mlflow", {})])


def by_id(conn: sqlite3.Connection, run_id: str) -> Row | None:
    """A run by its id."""
    found = conn.execute(f"{_SELECT} WHERE r.id = ?", (run_id,)).fetchone()
    return None if found is None else _row(found)


def rows(conn: sqlite3.Connection, numbers: Sequence[int]) -> list[Row]:
    """Runs in the order asked for."""
    found = {row[0]: _row(row) for row in _in_parts(conn, f"{_SELECT} WHERE r.n IN ({{}})", numbers)}
    return [found[number] for number in numbers if number in found]


def _in_parts(conn: sqlite3.Connection, question: str, numbers: Sequence[int]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(numbers), _PART):
        part = numbers[start : start + _PART]
        yield from conn.execute(question.format(values.marks(part)), part)


def params(conn: sqlite3.Connection, numbers: Sequence[int]) -> dict[int, list[tuple[str, str]]]:
    """(name, text) of the params of runs, by their rows."""
    found: dict[int, list[tuple[str, str]]] = {number: [] for number in numbers}
    question = """SELECT p.run, k.name, p.type, p.value, p.exact FROM params p JOIN keys k ON k.n = p.key
                  WHERE p.run IN ({}) ORDER BY p.run, p.at, k.name"""
    for run, name, kind, value, exact in _in_parts(conn, question, numbers):
        found[run].append((name, param_text(decode(kind, value, exact))))
    return found


def fixed_params(conn: sqlite3.Connection, run: int) -> dict[str, str]:
    """The params of a run that were given, as texts: captured ones may be replaced."""
    return {name: param_text(value) for name, value, source, _ in values.params_of(conn, run) if source in _FIXED}


def tags(conn: sqlite3.Connection, of: Sequence[Row]) -> dict[int, dict[str, str]]:
    """The tags of runs by their rows; name, note and parent are tags as well."""
    found: dict[int, dict[str, str]] = {row.n: {} for row in of}
    question = (
        "SELECT t.run, k.name, t.value FROM tags t JOIN keys k ON k.n = t.key WHERE t.run IN ({}) ORDER BY k.name"
    )
    for run, name, value in _in_parts(conn, question, [row.n for row in of]):
        found[run][name] = value
    for row in of:
        if not row.about.get("untitled"):
            found[row.n][NAME] = row.name
        if row.note:
            found[row.n][NOTE] = row.note
        if row.parent:
            found[row.n][PARENT] = row.parent
    return found


def latest(conn: sqlite3.Connection, numbers: Sequence[int]) -> dict[int, list[tuple[str, float, float, int]]]:
    """(name, value, time, step) of the latest point of each metric of runs, by their rows."""
    found: dict[int, list[tuple[str, float, float, int]]] = {number: [] for number in numbers}
    question = f"""SELECT m.run, k.name, {TOP}, coalesce(m.top_time, m.last_time), coalesce(m.top_step, m.last_step)
                   FROM metrics m JOIN keys k ON k.n = m.key WHERE m.run IN ({{}}) ORDER BY k.name"""
    for run, name, value, at, step in _in_parts(conn, question, numbers):
        found[run].append((name, math.nan if value is None else value, at, step))
    return found


def history(conn: sqlite3.Connection, run_id: str, name: str) -> list[Point]:
    """The points of a metric of a run, each once, in no order."""
    row = conn.execute(
        "SELECT r.n, k.n FROM runs r, keys k WHERE r.id = ? AND k.kind = 'metric' AND k.name = ?", (run_id, name)
    ).fetchone()
    if row is None:
        return []
    kept: dict[tuple[int, float, float | None], Point] = {}
    for point in zip(*series(conn, *row), strict=True):
        kept.setdefault((*point[:2], point[2] if point[2] == point[2] else None), point)
    return list(kept.values())


# -- writing


def own(conn: sqlite3.Connection, run: int, session: Mapping[str, Any] | None) -> None:
    """Say with which process a run ends; with none, if it has to be ended by whoever holds its id."""
    number = None if session is None else sessions.save_session(conn, session["id"], session)
    conn.execute("UPDATE runs SET session = ? WHERE n = ?", (number, run))


def set_status(conn: sqlite3.Connection, run: int, status: str, ended: float | None) -> None:
    """Give a run a status, and if there is one the time when it ended; one that goes on has none."""
    kept = "ended" if status != "running" else "NULL"
    conn.execute(
        f"UPDATE runs SET status = ?, ended = coalesce(?, {kept}), end_reason = NULL WHERE n = ?", (status, ended, run)
    )


def set_ended(conn: sqlite3.Connection, run: int, ended: float) -> None:
    """Store when a run ended."""
    conn.execute("UPDATE runs SET ended = ? WHERE n = ?", (ended, run))


def note_about(conn: sqlite3.Connection, row: Row, **about: Any) -> None:
    """Store more of what MLflow's door notes of a run; what is None is forgotten."""
    known = {name: value for name, value in {**row.about, **about}.items() if value is not None}
    runs.set_about(conn, row.n, {"mlflow": known})


def set_tag(conn: sqlite3.Connection, run: int, name: str, value: str) -> None:
    """Store a tag; name, note and parent go where they belong, a parent of another project stays a tag."""
    if name == NAME:
        runs.edit(conn, run, "name", value)
        conn.execute("UPDATE runs SET about = json_remove(about, '$.mlflow.untitled') WHERE n = ?", (run,))
    elif name == NOTE:
        runs.edit(conn, run, "note", value)
    elif name == PARENT and (parent := runs.number_or_none(conn, value)) not in (None, run):
        conn.execute("UPDATE runs SET parent = ? WHERE n = ?", (parent, run))
        values.remove_tag(conn, run, name)
    else:
        values.set_tag(conn, run, name, value)


def remove_tag(conn: sqlite3.Connection, row: Row, name: str) -> None:
    """Take a tag off. A run keeps its name, which is only no longer a tag."""
    if name == NAME:
        note_about(conn, row, untitled=True)
    elif name == NOTE:
        runs.edit(conn, row.n, "note", "")
    elif name == PARENT:
        conn.execute("UPDATE runs SET parent = NULL WHERE n = ?", (row.n,))
    values.remove_tag(conn, row.n, name)


def set_param(conn: sqlite3.Connection, run: int, name: str, value: Any) -> None:
    """Store a param that was given."""
    values.set_param(conn, run, name, value, "explicit", time.time())


def metric_key(conn: sqlite3.Connection, name: str) -> int:
    """The number of a metric's name."""
    return key_number(conn, "metric", name)


def deleted(conn: sqlite3.Connection, before: float) -> list[str]:
    """The ids of the runs that were in the trash at a time."""
    return [row[0] for row in conn.execute("SELECT id FROM runs WHERE trashed <= ? ORDER BY n", (before,))]
