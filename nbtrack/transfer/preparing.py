"""A whole run on its way into the spool: its points and files are read, all of it is checked and counted."""

from __future__ import annotations

import json
import math
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, NamedTuple

from nbtrack.base.errors import BadSource, InvalidValue, NotFound
from nbtrack.runs import values
from nbtrack.runs.given import check_source
from nbtrack.transfer.checking import Notes, checked, checked_session, file_path, title, upper
from nbtrack.transfer.ready import FileRow, Ready, made_ready
from nbtrack.transfer.records import OWN, File, RunRecord, SessionRecord, Whole
from nbtrack.transfer.spool import Series, Spool

_RECENT = 32  # sessions: runs that lie together share them


class Prepared(NamedTuple):
    """A run that was read. began: where its points begin in the spool; bytes: of its files."""

    ready: Ready
    began: int
    points: int
    bytes: int


class Preparing:
    """Reads runs into a spool.

    place: where they come from. database: the project's file, which is no file of a run.
    environments: where each stands in the spool, by hash. sessions: by id, where the records of each stand (what is
    known of it, then executions) and the numbers of its executions.
    """

    def __init__(self, spool: Spool, notes: Notes, place: str, database: Path) -> None:
        self.environments: dict[str, int] = {}
        self.sessions: dict[str, tuple[list[int], set[int]]] = {}
        self._spool = spool
        self._notes = notes
        self._place = place
        self._database = database
        self._recent: deque[SessionRecord] = deque(maxlen=_RECENT)

    def prepared(self, whole: Whole) -> Prepared:
        """A run, ready for the file; its points are in the spool, itself it is not.

        Raises:
            BadSource: it makes no sense, or a file of it is not what it was.
        """
        run = checked(whole.run, self._notes.tell)
        environment = self._environment(run)
        run.session = self._session(run)
        began = self._spool.end
        series = self._points(whole, run)
        files = self.files(whole.files(), title(run))
        self._told(run)
        ready = made_ready(run, self._place, files, environment, series.keys(), series.digest())
        return Prepared(ready, began, series.count, sum(row[2] for row in files))

    def _points(self, whole: Whole, run: RunRecord) -> Series:
        series = Series(self._spool)
        names: dict[str, str] = {}
        for points in whole.points():
            if len({len(points.steps), len(points.times), len(points.values)}) != 1:
                raise BadSource(f"Metric {values.brief(points.key)} of {title(run)} has steps, times and values apart.")
            name = names.get(points.key)
            if name is None:
                name = names[points.key] = self._metric(points.key, run, names)
            points.key = name
            if points.steps:
                series.add(points, run.started)
        series.finish()
        if series.mended:
            self._notes.tell(
                "times were mended",
                f"{series.mended:,} points of {title(run)} have no time; they got that of its start.",
            )
        return series

    def _metric(self, given: str, run: RunRecord, names: dict[str, str]) -> str:
        try:
            name = values.check_name("metric", given)
        except InvalidValue:
            clean = "".join(c if c.isprintable() else "_" for c in given).strip() or "(metric)"
            name = clean[: values.MAX_NAME - 8]
            number = 1
            while name in names.values():
                number += 1
                name = f"{clean[: values.MAX_NAME - 8]} ({number})"
            self._notes.tell(
                "metrics were renamed", f"Metric {values.brief(given)} of {title(run)} is kept as '{name}'."
            )
        if name in names.values():
            raise BadSource(f"Two metrics of {title(run)} are called {values.brief(name)}.")
        return name

    def _told(self, run: RunRecord) -> None:
        """What the importer had to say of the run."""
        origin = run.about.get("origin")
        said = origin.get("notes") if isinstance(origin, dict) else None
        for one in said if isinstance(said, list) else []:
            self._notes.tell("are said of runs at their source", f"{upper(title(run))}: {one}")

    # -- files

    def files(self, given: Iterable[File], whose: str) -> list[FileRow]:
        """The files of a run or model, whose copies are in the spool.

        Raises:
            BadSource: one of them would lie outside, or is not what it was.
        """
        rows: list[FileRow] = []
        taken: set[str] = set()
        for file in given:
            path = file_path(file.path, whose, taken, self._notes.tell)
            try:
                reading = self._open(file, whose)
            except (NotFound, FileNotFoundError):
                self._notes.tell(
                    "files are missing at the source", f"The file '{path}' of {whose} is missing at the source."
                )
                continue
            with reading:
                name, size = self._spool.keep(reading)
            if file.hash is not None and file.hash.removeprefix("sha256-") != name:
                raise BadSource(f"The file '{path}' of {whose} is not what it was: its hash is another.")
            if file.size is not None and file.size != size:
                raise BadSource(f"The file '{path}' of {whose} has {size:,} bytes in place of {file.size:,}.")
            created = file.created if math.isfinite(file.created) else 0.0
            kind = file.kind if file.kind.isprintable() and file.kind else "file"
            mime = file.mime if file.mime is not None and file.mime.isprintable() else None
            rows.append((path, name, size, mime, kind, created))
        return rows

    def _open(self, file: File, whose: str) -> BinaryIO:
        if not isinstance(file.content, Path):
            return file.content()
        if not file.content.is_file():  # a device or pipe would never end
            raise FileNotFoundError(file.content)
        try:
            check_source(file.content, self._database)
        except InvalidValue as error:
            raise BadSource(f"A file of {whose} cannot be read: {error.message}") from error
        return file.content.open("rb")

    # -- what runs share

    def _environment(self, run: RunRecord) -> str | None:
        if run.environment is None:
            return None
        from nbtrack.capture.environment import environment_hash

        name = environment_hash(run.environment)
        if name not in self.environments:
            self.environments[name] = self._spool.write(json.dumps(run.environment))
        return name

    def _session(self, run: RunRecord) -> SessionRecord | None:
        """The session of a run, its executions put into the spool where they are not yet."""
        given = run.session
        if given is None:
            return None
        if not any(given is one for one in self._recent):
            self._recent.append(given)
            self._put_session(checked_session(given, self._notes.tell))
        return SessionRecord(given.id)

    def _put_session(self, session: SessionRecord) -> None:
        places, known = self.sessions.setdefault(session.id, ([], set()))
        if not places:
            places.append(self._spool.write(session.about))
        rows = [
            [
                *(one.number, one.execution, one.cell, one.source, one.started, one.ended, one.status),
                *(json.dumps(one.stored), json.dumps(one.loaded), json.dumps(one.facts)),
            ]
            for one in session.executions
            if one.number not in known
        ]
        if rows:
            places.append(self._spool.write(rows))
            known.update(one.number for one in session.executions)


def digest_of(whole: Whole, database: Path) -> str:
    """What tells whether a run has changed: the same for the same run, however it was read.

    database: the project's file, which is no file of a run.
    """
    with Spool(None) as nothing:
        return Preparing(nothing, Notes(), OWN, database).prepared(whole).ready.digest
