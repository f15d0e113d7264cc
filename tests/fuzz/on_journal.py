"""The journal: segments of a process that died, damaged or full of records that make no sense."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any
from zlib import crc32

from nbtrack.base import journal
from nbtrack.base.config import Project
from nbtrack.runs import contract as c
from nbtrack.runs import current, ingest, projects
from nbtrack.runs.ingest import BLOB, blob_body, decode_event
from nbtrack.runs.recovery import recover
from nbtrack.runs.service import RunsService
from tests.fuzz.base import Base
from tests.fuzz.ground import Ground, fill, forget
from tests.fuzz.oracle import Wrong
from tests.fuzz.source import ODD_NUMBERS, ODD_TEXTS, Source

WRITER = "0123456789ab"


class Journal(Base):
    """Records of a real session, changed, in a segment that a dead process left; then whoever reads next."""

    name = "journal"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._bodies = recorded(folder / "recorded")
        self._ground = Ground(folder, filled=False)
        self.words = tuple(key.encode() for key in _keys(self._bodies))

    def seeds(self) -> list[bytes]:
        """Every record once, as it is and changed."""
        count = len(self._bodies)
        return [
            bytes((1, 0, *range(min(count, 120)))),
            *(bytes((1, 1, at, 3, 5, 9, 2, 7, 1, 4)) for at in range(0, count, 3)),
            b"\0" + b"".join(map(_record, self._bodies[:4])),
        ]

    def run(self, data: bytes) -> None:
        """A segment of records, or of any bytes."""
        source = Source(data)
        kind = source.number(2)
        if kind == 0:
            content = source.rest()
        elif kind == 1:
            content = b"".join(_record(body) for body in self._made(source))
        else:
            content = b"".join(_record(body) for body in self._made(source))
            at = source.number(len(content))
            content = content[:at] + source.bytes(8) + content[at + 4 :]
        project = self._ground.fresh()
        head = journal._HEADER.pack(journal._MAGIC, 1, WRITER.encode().ljust(32, b"\0"), 1)
        path = project.journal / f"{WRITER}-000001.nbj"
        segment = head.ljust(journal.HEADER_SIZE, b"\0") + content
        _round_trips(segment)
        path.write_bytes(segment)
        self._read(project)
        before = _counted(project)
        if not path.exists():  # taken; found once more, it must bring nothing new
            path.write_bytes(segment)
            recover(projects.database_of(project), project)
            if _counted(project) != before:
                raise Wrong("a segment that is found again is taken again")

    def check(self) -> None:
        """The database, after all that was put into it."""
        self._ground.check()

    def _read(self, project: Project) -> None:
        recover(projects.database_of(project), project)
        service = RunsService(project)
        for row in service.page(c.PageRequest(limit=20)).rows:
            service.get(c.RunRequest(row.id))

    def _made(self, source: Source) -> list[bytes]:
        """The records that a segment begins with, and others, changed or not."""
        changed = source.flag()
        found = list(self._bodies[:1])
        while source.left and len(found) < 200:
            body = source.one(self._bodies)
            found.append(self._changed(source, body) if changed else body)
        return found

    def _changed(self, source: Source, body: bytes) -> bytes:
        kind = source.number(4)
        event = decode_event(body)
        if kind == 0 or event is None:
            at = source.number(len(body))
            return body[:at] + source.bytes(source.number(7)) + body[at + source.number(7) :] or b"\0"
        blob = event.pop("data", None)
        for _ in range(1 + source.number(2)):
            event = altered(source, event)
        if blob is None or not isinstance(event, dict):
            return journal.encode_event(json.dumps(event))
        return blob_body(event, blob)


def recorded(folder: Path) -> list[bytes]:
    """The bodies of the records of a session that makes one of everything."""
    project = Project(folder)
    folder.mkdir()
    kept: list[bytes] = []
    put = journal.Journal.append

    def append(self: journal.Journal, body: bytes) -> None:
        kept.append(bytes(body))
        put(self, body)

    journal.Journal.append = append  # type: ignore[method-assign]
    try:
        fill(project)
        with current.begin(project, name="more", notebook="b.ipynb", experiment="digits") as run:
            run.add_execution({"number": 1, "execution": 6, "source": "x = 1\n", "status": "ok", "stored": ["x"]})
            run.set_environment("e" * 64, {"python": "3.12.1"})
            run.set_git({"commit": "0" * 40, "dirty": True})
            run.set_about(lineage={"hidden": []})
        forget()
    finally:
        journal.Journal.append = put  # type: ignore[method-assign]
    session = json.dumps({"e": "session", "id": WRITER, "started": 1.0, "pid": 0})
    first = next((body for body in kept if b'"session"' in body[:60]), journal.encode_event(session))
    event = decode_event(first) or {}
    event.update(id=WRITER, pid=0)  # a process that is gone
    kinds = [body for body in kept if body is not first]
    return [journal.encode_event(json.dumps(event)), *kinds]


def altered(source: Source, value: Any, depth: int = 5) -> Any:
    """Plain data with one place in it changed."""
    if isinstance(value, dict) and value and depth and source.number(7):
        key = source.one(sorted(value))
        found = dict(value)
        kind = source.number(9)
        if kind == 0:
            del found[key]
        elif kind == 1:
            found[source.text(12)] = found.pop(key)
        else:
            found[key] = altered(source, value[key], depth - 1)
        return found
    if isinstance(value, list) and value and depth and source.number(7):
        at = source.number(len(value) - 1)
        return [*value[:at], altered(source, value[at], depth - 1), *value[at + 1 :]]
    kind = source.number(3)
    if kind == 0:
        return source.one(ODD_NUMBERS[:12])
    if kind == 1:
        return source.one(ODD_TEXTS)
    return source.json()


def _record(body: bytes) -> bytes:
    return struct.pack("<II", crc32(body), len(body)) + body


def _round_trips(segment: bytes) -> None:
    """What is read as records is what stands there; and an event that can be read is written and read the same."""
    at = journal.HEADER_SIZE
    for end, body in journal.records(segment, at):
        if _record(body) != segment[at:end]:
            raise Wrong("a record is not what stands in the segment")
        at = end
        if body[0] not in (journal.EVENT, BLOB):
            continue
        try:
            event = decode_event(body)
        except (ValueError, struct.error, RecursionError):
            continue
        if isinstance(event, dict) and "data" not in event:
            again = decode_event(journal.encode_event(json.dumps(event)))
            if repr(again) != repr(event):
                raise Wrong("an event is not the same when it was written and read")
    journal.damaged(segment, at)


def _counted(project: Project) -> Any:
    with projects.database_of(project).read() as conn:
        tables = ("runs", "params", "param_history", "tags", "points", "artifacts", "outputs", "executions", "datasets")
        counts = [conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables]
        return [*counts, conn.execute("SELECT total(count) FROM metrics").fetchone()[0]]


def _keys(bodies: list[bytes]) -> list[str]:
    events = [decode_event(body) or {} for body in bodies]
    return sorted({f'"{key}"' for event in events for key in event} | set(ingest._HANDLERS))
