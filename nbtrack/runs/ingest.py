"""From the journal into SQLite, exactly once.

How far a journal was taken is stored with its session, in the same transaction as what was taken from it. So a batch
that is interrupted is taken again, one that was committed is not, and it does not matter which process does it.
"""

from __future__ import annotations

import json
import struct
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from nbtrack.base import journal
from nbtrack.base.sqlite import UNFIT
from nbtrack.runs import objects
from nbtrack.runs.store import artifacts, cells, experiments, metrics, moves, params, runs, sessions
from nbtrack.runs.store.keys import key_number

if TYPE_CHECKING:
    import sqlite3

    from nbtrack.base.config import Project
    from nbtrack.base.db import Database

BLOB = 3  # a record kind beside journal.EVENT and journal.POINTS: JSON, then the bytes of an artifact
_BLOB_HEAD = struct.Struct("<BI")
_LAYOUT = struct.Struct("<xI")
_ODD = (*UNFIT, AttributeError, RecursionError)  # of a record with values of other kinds than any writer has
_UNREADABLE = "unreadable"  # stands for a record whose checksum fits and whose body makes no sense

Event = dict[str, Any]
Item = Event | tuple[int, list[bytes]]  # an event, or (layout, point records one after the other)


def blob_body(event: Event, data: bytes) -> bytes:
    """The body of a record that carries an artifact's bytes."""
    head = json.dumps(event).encode()
    return _BLOB_HEAD.pack(BLOB, len(head)) + head + data


def decode(data: bytes, start: int) -> tuple[list[Item], int]:
    """Records as events and blocks of points, in order, and the position after the last sound one."""
    items: list[Item] = []
    block: list[bytes] = []
    current, end = -1, start
    for stop, body in journal.records(data, start):
        end = stop
        try:
            if body[0] == journal.POINTS:
                layout = _LAYOUT.unpack_from(body)[0]
                if layout != current:
                    block, current = [], layout
                    items.append((layout, block))
                block.append(body)
                continue
            event = decode_event(body)
        except (ValueError, struct.error) as error:  # those before and behind it are sound
            event = {"e": _UNREADABLE, "why": str(error)[:200]}
        current = -1
        if event is not None:
            items.append(event)
    return items, end


def decode_event(body: bytes) -> Event | None:
    """The event in the body of one record, the bytes of an artifact as its ``data``; None for points.

    Raises:
        ValueError: what stands there is no event.
    """
    if body[0] == journal.EVENT:
        return _event(body[1:])
    if body[0] != BLOB:
        return None
    if len(body) < _BLOB_HEAD.size:
        raise ValueError("an artifact's record is cut short")
    cut = _BLOB_HEAD.size + _BLOB_HEAD.unpack_from(body)[1]
    return {**_event(body[_BLOB_HEAD.size : cut]), "data": body[cut:]}


def _event(text: bytes) -> Event:
    try:
        event: Event = json.loads(text)
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not isinstance(event, dict) or not isinstance(event.get("e"), str):
        raise ValueError("a record that is no event")
    event.pop("data", None)  # only the bytes behind it are
    # SQLite takes no lone surrogates. Params keep them in a form of their own; elsewhere they become question marks.
    if b"\\ud" in text and event.get("e") != "params":
        event = _mended(event)
    return event


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_mended(key): _mended(one) for key, one in value.items()}
    return [_mended(one) for one in value] if isinstance(value, list) else value


class Batch:
    """One writer's records applied in one transaction.

    A batch knows the layouts (which run and which metrics a point record is about) seen in the writer's segment.
    """

    def __init__(self, project: Project, writer: str, layouts: dict[int, tuple[str, list[str], str]]) -> None:
        self._project = project
        self._writer = writer
        self._layouts = layouts
        self._runs: dict[str, int | None] = {}
        self._keys: dict[str, int] = {}
        self._waiting: dict[tuple[int, str], tuple[str, tuple[list[Any], ...]]] = {}  # steps, times, values
        self.touched: set[int] = set()
        self.troubles: list[str] = []  # records that could not be stored

    def prepare(self, items: Iterable[Item]) -> None:
        """Store the bytes of artifacts, before the write lock is taken."""
        for item in items:
            if isinstance(item, dict) and "data" in item:
                data = item.pop("data")
                item["hash"], item["size"] = objects.put_bytes(self._project.objects, data), len(data)

    def learn(self, items: Iterable[Item]) -> None:
        """Take note of layouts in records that are in the database already."""
        for item in items:
            if isinstance(item, dict) and item["e"] == "layout":
                with suppress(*_ODD):  # it was told of when it was applied
                    self.note(item)

    def note(self, layout: Event) -> None:
        """Take note of one layout."""
        self._layouts[layout["no"]] = (layout["run"], layout["keys"], layout.get("source", "explicit"))

    def apply(self, conn: sqlite3.Connection, items: Sequence[Item]) -> None:
        """Store events and points in their order. One that cannot be stored is left out and named in `troubles`."""
        if not self._tried(conn, items):
            for item in items:
                self._tried(conn, [item])
        runs.touch(conn, self.touched)

    def _tried(self, conn: sqlite3.Connection, items: Sequence[Item]) -> bool:
        self._waiting = {}
        conn.execute("SAVEPOINT records")
        try:
            for item in items:
                self._apply(conn, item)
            self._extend(conn)
        except _ODD as error:
            conn.execute("ROLLBACK TO records")
            conn.execute("RELEASE records")
            self._runs, self._keys = {}, {}  # numbers that were just taken back
            if len(items) == 1:
                what = items[0]["e"] if isinstance(items[0], dict) else "points"
                self.troubles.append(f"a record ({what}) could not be stored: {error!r}"[:300])
            return False
        conn.execute("RELEASE records")
        return True

    def _apply(self, conn: sqlite3.Connection, item: Item) -> None:
        if isinstance(item, tuple):
            self._points(conn, *item)
            return
        self._extend(conn)
        handler = _HANDLERS.get(item["e"])
        if handler is not None:  # an event of a newer nbtrack is passed over
            handler(self, conn, item)

    def run(self, conn: sqlite3.Connection, run_id: str) -> int | None:
        """The row of a run, None if it was deleted for good meanwhile."""
        if run_id not in self._runs:
            self._runs[run_id] = runs.number_or_none(conn, run_id)
        number = self._runs[run_id]
        if number is not None:
            self.touched.add(number)
        return number

    def session(self, conn: sqlite3.Connection) -> int:
        """The row of the writer's session."""
        return sessions.session_number(conn, self._writer)

    def _points(self, conn: sqlite3.Connection, layout: int, bodies: list[bytes]) -> None:
        known = self._layouts.get(layout)
        run = self.run(conn, known[0]) if known else None
        if known is None or run is None:
            return
        unpack = struct.Struct(f"<5xqd{len(known[1])}d")
        if len(data := b"".join(bodies)) != unpack.size * len(bodies):
            raise ValueError("points that do not fit what was said of them")
        steps, times, *columns = zip(*unpack.iter_unpack(data), strict=True)
        for name, values in zip(known[1], columns, strict=True):
            source, waiting = self._waiting.setdefault((run, name), (known[2], ([], [], [])))
            if source != known[2]:  # what was captured and what was logged stay in their order
                self._extend(conn)
                _, waiting = self._waiting[run, name] = known[2], ([], [], [])
            for column, more in zip(waiting, (steps, times, values), strict=True):
                column.extend(more)

    def _extend(self, conn: sqlite3.Connection) -> None:
        """Store the points that came since the last event: of a loop that logs now one metric, now two, all at once."""
        waiting, self._waiting = self._waiting, {}
        for (run, name), (source, columns) in waiting.items():
            key = self._keys[name] = self._keys.get(name) or key_number(conn, "metric", name)
            metrics.extend(conn, run, key, source, *columns)


def _unreadable(batch: Batch, conn: sqlite3.Connection, event: Event) -> None:
    raise ValueError(event["why"])


def _session(batch: Batch, conn: sqlite3.Connection, event: Event) -> None:
    sessions.save_session(conn, event["id"], event)


def _layout(batch: Batch, conn: sqlite3.Connection, event: Event) -> None:
    batch.note(event)
    if event.get("attached") and batch.run(conn, event["run"]) is None:
        # A worker's record came before that of the process which began the run: hold its place.
        values = {
            "id": event["run"],
            "name": event["run"],
            "experiment": experiments.experiment_number(conn, "default"),
            "status": "running",
            "started": event["at"],
            "kind": runs.PLACEHOLDER,
            "session": sessions.session_number(conn, event["attached"]),
        }
        batch._runs[event["run"]] = runs.save_run(conn, values)


def _run(batch: Batch, conn: sqlite3.Connection, event: Event) -> None:
    parent = event.get("parent")
    values = {
        "id": event["id"],
        "name": event["name"],
        "experiment": experiments.experiment_number(conn, event["experiment"]),
        "status": "running",
        "started": event["started"],
        "session": batch.session(conn),
        "kind": event["kind"],
        "notebook": _notebook(batch, conn, event),
        "cell": event.get("cell"),
        "execution": event.get("execution"),
        "number": event.get("number"),
        "source": cells.save_source(conn, event["source"]) if event.get("source") is not None else None,
        "parent": runs.number_or_none(conn, parent) if parent else None,
    }
    batch._runs[event["id"]] = number = runs.save_run(conn, values)
    batch.touched.add(number)


def _notebook(batch: Batch, conn: sqlite3.Connection, event: Event) -> str | None:
    """Where the run's notebook is now: it may have been moved since the kernel was told its path."""
    path = event.get("notebook")
    if not path:
        return None
    told = event.get("told") or sessions.started(conn, batch.session(conn)) or event["started"]
    return moves.followed(conn, path, told)


def _end(batch: Batch, conn: sqlite3.Connection, event: Event) -> None:
    run = batch.run(conn, event["run"])
    if run is not None:
        runs.end_run(conn, run, event["status"], event["at"], event.get("reason"))


def _params(batch: Batch, conn: sqlite3.Connection, event: Event) -> None:
    run = batch.run(conn, event["run"])
    if run is not None:
        for name, value in event["items"]:
            params.set_param(conn, run, name, value, event["source"], event["at"])


def _tags(batch: Batch, conn: sqlite3.Connection, event: Event) -> None:
    run = batch.run(conn, event["run"])
    if run is not None:
        for name, value in event["items"]:
            params.set_tag(conn, run, name, value)


def _edit(batch: Batch, conn: sqlite3.Connection, event: Event) -> None:
    run = batch.run(conn, event["run"])
    if run is not None:
        runs.edit(conn, run, event["field"], event["value"])


def _environment(batch: Batch, conn: sqlite3.Connection, event: Event) -> None:
    cells.save_environment(conn, event["hash"], event.get("body"))
    run = batch.run(conn, event["run"])
    if run is not None:
        conn.execute("UPDATE runs SET environment = ? WHERE n = ?", (event["hash"], run))


def _git(batch: Batch, conn: sqlite3.Connection, event: Event) -> None:
    run = batch.run(conn, event["run"])
    if run is not None:
        conn.execute("UPDATE runs SET git = ? WHERE n = ?", (json.dumps(event["git"]), run))


def _about(batch: Batch, conn: sqlite3.Connection, event: Event) -> None:
    run = batch.run(conn, event["run"])
    if run is not None:
        runs.set_about(conn, run, event["about"])


def _output(batch: Batch, conn: sqlite3.Connection, event: Event) -> None:
    run = batch.run(conn, event["run"])
    if run is not None:
        artifacts.save_output(conn, run, event)


def _artifact(batch: Batch, conn: sqlite3.Connection, event: Event) -> None:
    run = batch.run(conn, event["run"])
    if run is not None:
        artifacts.save_artifact(conn, run, event["run"], event)


def _dataset(batch: Batch, conn: sqlite3.Connection, event: Event) -> None:
    run = batch.run(conn, event["run"])
    if run is not None:
        artifacts.save_dataset(conn, run, event)


def _execution(batch: Batch, conn: sqlite3.Connection, event: Event) -> None:
    cells.save_execution(conn, batch.session(conn), event)


def _close(batch: Batch, conn: sqlite3.Connection, event: Event) -> None:
    sessions.end_session(conn, event["id"], event["at"])


_HANDLERS: dict[str, Callable[[Batch, sqlite3.Connection, Event], None]] = {
    _UNREADABLE: _unreadable,
    "session": _session,
    "layout": _layout,
    "run": _run,
    "end": _end,
    "params": _params,
    "tags": _tags,
    "edit": _edit,
    "environment": _environment,
    "git": _git,
    "about": _about,
    "output": _output,
    "artifact": _artifact,
    "dataset": _dataset,
    "execution": _execution,
    "close": _close,
}


def take_segment(database: Database, project: Project, segment: journal.Segment, timeout: float = 30.0) -> None:
    """Bring one segment of a process that has died into the database. timeout: seconds to wait for another writer.

    Raises:
        ValueError: the file is not a sound segment, or is damaged in its midst; the sound part was taken.
        StoreError: the database cannot be written.
    """
    data = journal.read_segment(segment)
    items, end = decode(data, journal.HEADER_SIZE) if data else ([], 0)
    _take(database, project, segment, data, items, end, timeout)
    if journal.damaged(data, end):
        raise ValueError(f"'{segment.path.name}' is damaged behind byte {end}")


def _take(
    database: Database,
    project: Project,
    segment: journal.Segment,
    data: bytes,
    items: list[Item],
    end: int,
    timeout: float,
) -> None:
    layouts: dict[int, tuple[str, list[str], str]] = {}
    batch = Batch(project, segment.writer, layouts)
    with database.read() as conn:
        at = sessions.position(conn, segment.writer)
    if at[0] > segment.number or not items:
        return
    if at[0] == segment.number and at[1] > journal.HEADER_SIZE:
        before, _ = decode(data[: at[1]], journal.HEADER_SIZE)
        batch.learn(before)
        items, end = decode(data, at[1])
        if not items:
            return
    batch.prepare(items)
    with database.write(timeout) as conn:
        if sessions.position(conn, segment.writer) != at:
            return  # another reader was faster
        batch.apply(conn, items)
        sessions.set_position(conn, segment.writer, segment.number, end, time.time())
    if batch.troubles:
        raise ValueError(f"'{segment.path.name}': {batch.troubles[0]}")
