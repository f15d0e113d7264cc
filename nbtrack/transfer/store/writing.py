"""The rows of runs that come in."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from nbtrack.runs.store import artifacts, cells, experiments, keys, metrics, params, runs, trash
from nbtrack.runs.store.params import marks
from nbtrack.transfer.records import ExperimentRecord, ModelRecord

_SESSION = (
    *("kind", "kernel_id", "parent", "host", "boot_id", "pid_namespace", "pid", "process_started"),
    *("started", "heartbeat", "ended"),
)


class Known(NamedTuple):
    """A run that is here: its row, its id, and what is remembered of how it came from the place; None if it did not."""

    run: int
    id: str
    state: dict[str, Any] | None


class Keys:
    """The numbers of names, asked once. They stay right as long as no transaction is taken back."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], int] = {}

    def number(self, conn: sqlite3.Connection, kind: str, name: str) -> int:
        """The number of a key, made when it is new."""
        found = self._known.get((kind, name))
        if found is None:
            found = self._known[kind, name] = keys.key_number(conn, kind, name)
        return found


def known(conn: sqlite3.Connection, place: str, foreign: str, run_id: str) -> Known | None:
    """The run that came from a place under its id there; else the one that has the id here; None if there is none."""
    row = conn.execute(
        "SELECT r.n, r.id, x.state FROM elsewhere x JOIN runs r ON r.n = x.run WHERE x.place = ? AND x.id = ?",
        (place, foreign),
    ).fetchone()
    if row is not None:
        return Known(row[0], row[1], json.loads(row[2]))
    number = runs.number_or_none(conn, run_id)
    return None if number is None else Known(number, run_id, None)


def current(conn: sqlite3.Connection, run: int) -> dict[str, Any]:
    """What a user may have edited of a run."""
    row = conn.execute(
        """SELECT r.name, r.note, r.starred, r.trashed, e.name FROM runs r JOIN experiments e ON e.n = r.experiment
           WHERE r.n = ?""",
        (run,),
    ).fetchone()
    return dict(zip(("name", "note", "starred", "trashed", "experiment"), row, strict=True))


def put_run(conn: sqlite3.Connection, run: int | None, run_id: str, columns: Mapping[str, Any]) -> int:
    """Store a run's own row, or change it; its number."""
    if run is None:
        row = conn.execute(
            f"INSERT INTO runs (id, {', '.join(columns)}) VALUES (?, {marks(list(columns))}) RETURNING n",
            (run_id, *columns.values()),
        ).fetchone()
        return int(row[0])
    sets = ", ".join(f"{name} = ?" for name in columns)
    conn.execute(f"UPDATE runs SET {sets} WHERE n = ?", (*columns.values(), run))
    return run


def put_params(
    conn: sqlite3.Connection, run: int, cache: Keys, rows: Sequence[Sequence[Any]], history: Sequence[Sequence[Any]]
) -> None:
    """Store params with what they were before, in place of those of the same names."""
    numbered: list[Any] = [(run, cache.number(conn, "param", row[0]), *row[1:]) for row in rows]
    conn.executemany("DELETE FROM param_history WHERE run = ? AND key = ?", [row[:2] for row in numbered])
    params.put_params(conn, numbered)
    before: list[Any] = [(run, cache.number(conn, "param", row[0]), *row[1:]) for row in history]
    params.put_history(conn, before)


def put_tags(conn: sqlite3.Connection, run: int, cache: Keys, rows: Iterable[Sequence[str]]) -> None:
    """Store tags."""
    params.put_tags(conn, [(run, cache.number(conn, "tag", name), value) for name, value in rows])


def remove_tags(conn: sqlite3.Connection, run: int, cache: Keys, names: Iterable[str]) -> None:
    """Take tags off."""
    conn.executemany(
        "DELETE FROM tags WHERE run = ? AND key = ?", [(run, cache.number(conn, "tag", name)) for name in names]
    )


def put_datasets(conn: sqlite3.Connection, run: int, rows: Iterable[Sequence[Any]]) -> None:
    """Store data sets just as they are: whether their content had changed was decided where they were read."""
    conn.executemany(
        "INSERT OR REPLACE INTO datasets (run, name, role, kind, path, hash, info) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(run, *row) for row in rows],
    )


def put_outputs(conn: sqlite3.Connection, run: int, rows: Sequence[Sequence[Any]]) -> None:
    """Store what the cell showed, in place of what was there."""
    conn.execute("DELETE FROM outputs WHERE run = ?", (run,))
    conn.executemany(
        """INSERT INTO outputs (run, position, kind, mime, text, plain, artifact, dropped)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
        [(run, position, *row) for position, row in enumerate(rows)],
    )


def put_files(conn: sqlite3.Connection, run: int, run_id: str, rows: Iterable[Sequence[Any]]) -> None:
    """Store which files a run has."""
    for path, name, size, mime, kind, created in rows:
        artifacts.save_artifact(
            conn,
            run,
            run_id,
            {"path": path, "hash": name, "size": size, "mime": mime, "kind": kind, "created": created},
        )


def names_of(conn: sqlite3.Connection, run: int) -> dict[str, list[str]]:
    """The names of what a run has, by table."""
    found = {table: [row[0] for row in conn.execute(_BY_KEY.format(table), (run,))] for table in ("params", "metrics")}
    for table, column in (("datasets", "name"), ("artifacts", "path")):
        found[table] = [row[0] for row in conn.execute(f"SELECT {column} FROM {table} WHERE run = ?", (run,))]
    return found


_BY_KEY = "SELECT k.name FROM {} x JOIN keys k ON k.n = x.key WHERE x.run = ?"


def remove(conn: sqlite3.Connection, run: int, cache: Keys, table: str, name: str) -> None:
    """Take away a param, metric, data set or file, by its table."""
    if table in ("params", "metrics"):
        which = (run, cache.number(conn, table.removesuffix("s"), name))
        for each in {"params": ("params", "param_history"), "metrics": ("metrics", "points")}[table]:
            conn.execute(f"DELETE FROM {each} WHERE run = ? AND key = ?", which)
    else:
        column = {"datasets": "name", "artifacts": "path"}[table]
        conn.execute(f"DELETE FROM {table} WHERE run = ? AND {column} = ?", (run, name))


def set_metric_source(conn: sqlite3.Connection, run: int, key: int, source: str) -> None:
    """Say who logged a metric."""
    conn.execute("UPDATE metrics SET source = ? WHERE run = ? AND key = ?", (source, run, key))


def empty_metrics(conn: sqlite3.Connection, run: int) -> bool:
    """Delete a part of a run's points, in the end its metrics; True while there are more."""
    if trash.delete_some_points(conn, run):
        return True
    conn.execute("DELETE FROM metrics WHERE run = ?", (run,))
    return False


def remember(
    conn: sqlite3.Connection, place: str, foreign: str, run: int, landed: Mapping[str, Any], told: Mapping[str, Any]
) -> None:
    """Note where a run came from and what it brought; what others noted of it beside that, or were told, stays."""
    row = conn.execute("SELECT state FROM elsewhere WHERE place = ? AND id = ?", (place, foreign)).fetchone()
    state = {**(json.loads(row[0]) if row else {}), **told, "landed": dict(landed)}
    conn.execute("DELETE FROM elsewhere WHERE run = ? AND place = ? AND id != ?", (run, place, foreign))
    conn.execute(
        """INSERT INTO elsewhere (place, id, run, state) VALUES (?, ?, ?, ?)
           ON CONFLICT (place, id) DO UPDATE SET run = excluded.run, state = excluded.state""",
        (place, foreign, run, json.dumps(state)),
    )


def remember_others(conn: sqlite3.Connection, run: int, rows: Iterable[Sequence[str]]) -> None:
    """Note what a run is in further places, where nothing is known of it there."""
    for place, there, state in rows:
        conn.execute(
            "INSERT OR IGNORE INTO elsewhere (place, id, run, state) VALUES (?, ?, ?, ?)", (place, there, run, state)
        )


def put_environment(conn: sqlite3.Connection, name: str, body: str) -> None:
    """Store an environment, as JSON, under its hash."""
    conn.execute("INSERT INTO environments (hash, body) VALUES (?, ?) ON CONFLICT (hash) DO NOTHING", (name, body))


def put_session(conn: sqlite3.Connection, session: str, about: Mapping[str, Any]) -> int:
    """Store what is known of a session; one that is here stays as it is. Its number."""
    fields = [about.get(name) for name in _SESSION]
    conn.execute(
        f"""INSERT INTO sessions (id, {", ".join(_SESSION)}) VALUES (?, {marks(fields)})
            ON CONFLICT (id) DO NOTHING""",
        (session, *fields),
    )
    return int(conn.execute("SELECT n FROM sessions WHERE id = ?", (session,)).fetchone()[0])


def put_executions(conn: sqlite3.Connection, session: int, rows: Iterable[Sequence[Any]]) -> None:
    """Store executions: number, execution, cell, text, started, ended, status, and JSON of stored, loaded and facts.

    Those that are here stay as they are.
    """
    for number, execution, cell, text, *others in rows:
        source = cells.save_source(conn, text) if text is not None else None
        conn.execute(
            """INSERT OR IGNORE INTO executions
               (session, number, execution, cell, source, started, ended, status, stored, loaded, facts)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
            (session, number, execution, cell, source, *others),
        )


def put_experiment(conn: sqlite3.Connection, given: ExperimentRecord) -> None:
    """Store an experiment. Of one that is here, only what is not known of it is filled in."""
    row = conn.execute("SELECT n, note, about FROM experiments WHERE name = ?", (given.name,)).fetchone()
    if row is None:
        conn.execute(
            "INSERT INTO experiments (name, note, created, trashed, about) VALUES (?, ?, ?, ?, ?)",
            (
                given.name,
                given.note,
                time.time() if given.created is None else given.created,
                given.trashed,
                json.dumps(given.about),
            ),
        )
        return
    about = {**given.about, **json.loads(row[2])}
    conn.execute(
        "UPDATE experiments SET note = ?, about = ? WHERE n = ?", (row[1] or given.note, json.dumps(about), row[0])
    )


def model_state(conn: sqlite3.Connection, model_id: str) -> tuple[int, float] | None:
    """(number, when it was changed) of a logged model; None if it is not here."""
    row = conn.execute("SELECT n, updated FROM logged_models WHERE id = ?", (model_id,)).fetchone()
    return None if row is None else (int(row[0]), float(row[1]))


def put_model(conn: sqlite3.Connection, model: ModelRecord, files: Sequence[Sequence[Any]]) -> None:
    """Store a logged model with its metrics and files, in place of what is here of it."""
    found = model_state(conn, model.id)
    columns = {
        "experiment": experiments.experiment_number(conn, model.experiment),
        "run": runs.number_or_none(conn, model.run) if model.run else None,
        **{name: getattr(model, name) for name in ("name", "status", "created", "updated", "trashed")},
        "about": json.dumps(model.about),
    }
    if found is None:
        number = conn.execute(
            f"INSERT INTO logged_models (id, {', '.join(columns)}) VALUES (?, {marks(list(columns))}) RETURNING n",
            (model.id, *columns.values()),
        ).fetchone()[0]
    else:
        number = found[0]
        sets = ", ".join(f"{name} = ?" for name in columns)
        conn.execute(f"UPDATE logged_models SET {sets} WHERE n = ?", (*columns.values(), number))
        for table in ("model_metrics", "model_files"):
            conn.execute(f"DELETE FROM {table} WHERE model = ?", (number,))
    conn.executemany(
        """INSERT INTO model_metrics (model, key, value, time, step, run, dataset, digest)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
        [
            (
                *(number, one.key, one.value, one.time, one.step),
                *(runs.number_or_none(conn, one.run) if one.run else None, one.dataset, one.digest),
            )
            for one in model.metrics
        ],
    )
    conn.executemany(
        "INSERT INTO objects (hash, size, created) VALUES (?, ?, ?) ON CONFLICT (hash) DO NOTHING",
        [(name, size, created) for _, name, size, _, _, created in files],
    )
    conn.executemany(
        "INSERT INTO model_files (model, path, hash, size, mime, kind, created) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(number, *row) for row in files],
    )


def is_there(conn: sqlite3.Connection, run: int) -> bool:
    """Whether a run is there, by its row."""
    return conn.execute("SELECT 1 FROM runs WHERE n = ?", (run,)).fetchone() is not None


def empty_series(conn: sqlite3.Connection, run: int, key: int) -> None:
    """Delete the points of a metric, and what is known of it."""
    for table in ("points", "metrics"):
        conn.execute(f"DELETE FROM {table} WHERE run = ? AND key = ?", (run, key))


def series_of(conn: sqlite3.Connection, run: int, key: int) -> metrics.Series:
    """The points of a metric that are here."""
    return metrics.series(conn, run, key)


def set_parent(conn: sqlite3.Connection, run: int, parent: str) -> bool:
    """Give a run without a parent its parent; False if that is not here."""
    number = runs.number_or_none(conn, parent)
    if number is not None and number != run:
        conn.execute("UPDATE runs SET parent = ? WHERE n = ? AND parent IS NULL", (number, run))
    return number is not None
