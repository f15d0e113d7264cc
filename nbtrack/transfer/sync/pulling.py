"""Runs from a server: those that are new come in as an import's do; those that are here unite with them."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.base.errors import InvalidValue
from nbtrack.runs import objects
from nbtrack.runs.store import artifacts as files
from nbtrack.runs.store import edits, metrics, runs
from nbtrack.runs.store import params as values
from nbtrack.runs.store.keys import key_number
from nbtrack.runs.values import check_name, check_text
from nbtrack.transfer import mlflow as words
from nbtrack.transfer.landing import land, silent
from nbtrack.transfer.records import File, Points, Whole
from nbtrack.transfer.store import agreed
from nbtrack.transfer.store.agreed import Agreed
from nbtrack.transfer.storing import Progress
from nbtrack.transfer.sync.agreeing import (
    Exchanged,
    Merged,
    Point,
    base_of,
    counted,
    counted_each,
    digest_of,
    fields_here,
    fields_there,
    merge,
    sealed,
)
from nbtrack.transfer.sync.artifacts import EXACT_FILE, Artifacts
from nbtrack.transfer.sync.incoming import Incoming
from nbtrack.transfer.sync.opening import Opened
from nbtrack.transfer.sync.outgoing import CODE_FILE
from nbtrack.transfer.sync.pushing import conflict
from nbtrack.transfer.sync.reading import Reader
from nbtrack.transfer.taking import taken

if TYPE_CHECKING:
    import sqlite3

    from nbtrack.runs.service import RunsService

_SAVED = 500  # runs of which something is noted in one transaction


class Pulled(Exchanged):
    """What came from the server, which stands in conflicts: `undo` brings back what was here."""


def pull(service: RunsService, opened: Opened, only: Collection[str] = (), progress: Progress = silent) -> Pulled:
    """Fetch the runs of an open server. only: names of experiments there; all without.

    Raises:
        BadSource: something there is broken. Unreachable: the server does not answer.
    """
    service.refresh(force=True)
    return _Pulling(service, opened).all(only, progress)


class _Pulling:
    def __init__(self, service: RunsService, opened: Opened) -> None:
        self.done = Pulled()
        self._service = service
        self._opened = opened
        self._reader = Reader(opened)
        self._incoming = Incoming(self._reader, Artifacts(opened))
        self._known: dict[str, Agreed] = {}
        self._undo: list[list[Any]] = []
        self._here: list[tuple[Any, Agreed]] = []
        self._came: dict[str, dict[str, Any]] = {}  # what is known of the runs that land, by their ids there

    def all(self, only: Collection[str], progress: Progress) -> Pulled:
        """The new ones by way of the spool, whole or not at all, then those that are here, one by one."""
        if not self._service.nothing_yet():
            with self._service.database.read() as conn:
                self._known = agreed.by_foreign(conn, self._opened.place)
        only = {words.experiment_out(one) for one in only}
        items = self._incoming.items(only, wanted=self._wanted)
        landed = land(self._service.project, items, self._opened.place, progress=progress)
        self.done.new, self.done.notes = landed.new, landed.notes
        self.done.changed, self.done.points, self.done.files = landed.changed, landed.points, landed.files
        self.done.same += landed.same
        self._know()
        try:
            for run, one in progress(self._here, "comparing runs", len(self._here)):
                self._unite(run, one)
        finally:
            self._remember()
        return self.done

    def _wanted(self, run: Any) -> bool:
        """Whether a run is to land. One that was sent from here, or of whose coming more is known, is united."""
        one = self._known.get(run.info.run_id)
        if one is None:
            one = self._own(run)
        if one is None or "sync" not in one.state:
            self._came[run.info.run_id] = {"base": sealed(fields_there(run)), "seen": digest_of(run)}
            return True
        if one.state["sync"].get("seen") == digest_of(run):
            self.done.same += 1
        else:
            self._here.append((run, one))
        return False

    def _know(self) -> None:
        """Note of the runs that have landed what both sides agree on, so that nothing is asked or sent of them again.

        One that was here before by an import may have been edited since: the next push looks at it.
        """
        if not self._came:
            return
        database, place = self._service.database, self._opened.place
        with database.read() as conn:
            found = agreed.by_foreign(conn, place)
        landed = [found[theirs] for theirs in self._came if theirs in found and "landed" in found[theirs].state]
        for start in range(0, len(landed), _SAVED):
            with database.write() as conn:
                for one in landed[start : start + _SAVED]:
                    sync = self._came[one.foreign or ""]
                    if one.foreign not in self._known:
                        sync["revision"] = one.revision
                    agreed.save(conn, place, one.foreign or "", one.run, sync)

    def _own(self, run: Any) -> Agreed | None:
        """The run of this project that was sent by a push which did not live to write it down."""
        if self._service.nothing_yet() or words.RUN_ID not in run.data.tags:
            return None
        with self._service.database.read() as conn:
            number = runs.number_or_none(conn, self._reader.id_of(run))
            found = agreed.of_runs(conn, self._opened.place, [number]) if number is not None else []
        if not found or found[0].foreign is not None:
            return None
        return found[0]._replace(foreign=run.info.run_id, state={"sync": {"open": True}})

    def _unite(self, run: Any, one: Agreed) -> None:
        """Give a run here what the server has and it has not."""
        database, project = self._service.database, self._service.project
        for whole in taken(database, [project.objects], [one.run]):
            sync = dict(one.state["sync"])
            here, there, base = fields_here(whole.run), fields_there(run), base_of(one.state)
            merged = merge(base, here, there)
            extra = self._extra(whole, run)
            names = {words.name_out(param.name) for param in whole.run.params}
            new_params = {name: text for name, text in run.data.params.items() if name not in names}
            new_files = self._files(whole, run)
            points = sum(len(part.values) for part in extra)
            with database.write() as conn:
                for part in extra:
                    _append(conn, one.run, part)
                started = words.seconds(run.info.start_time) or time.time()
                for name, text in new_params.items():
                    values.set_param(conn, one.run, name, words.param_value(text), "imported", started)
                for row in new_files:
                    files.save_artifact(conn, one.run, one.id, row)
                changed = self._take(conn, one.run, whole, merged)
                open_now = bool(sync.get("open")) or bool(points)
                sync |= {"base": _base(there, base, merged), "seen": digest_of(run), "open": open_now}
                if points or new_params or new_files or changed:
                    runs.touch(conn, [one.run])
                    self.done.changed += 1
                else:
                    self.done.same += 1
                # What came needs not go back, unless something was waiting to go anyway.
                clean = one.revision == sync.get("revision") and not merged.send and not open_now
                if clean:
                    sync["revision"] = agreed.of_runs(conn, self._opened.place, [one.run])[0].revision
                agreed.save(conn, self._opened.place, run.info.run_id, one.run, sync)
            self.done.points += points
            self.done.files += len(new_files)
            self.done.conflicts += [conflict(whole.run.name, *each) for each in merged.conflicts]

    def _extra(self, whole: Whole, run: Any) -> list[Points]:
        """The points there that are not here."""
        here: dict[str, Counter[Point]] = {}
        names: dict[str, str] = {}
        for points in whole.points():
            if points.key not in names.values():
                names[words.name_out(points.key, set(names))] = points.key
            here.setdefault(points.key, Counter()).update(counted(points))
        found = []
        for key in run.data.metrics:
            name = names.get(key, key)
            left = Points(name)
            have = here.get(name, Counter())
            for part in self._reader.history(run, key):
                for index, point in enumerate(counted_each(part)):
                    if have[point] > 0:
                        have[point] -= 1
                        continue
                    left.steps.append(part.steps[index])
                    left.times.append(part.times[index])
                    left.values.append(part.values[index])
            if left.values:
                found.append(left)
        return found

    def _files(self, whole: Whole, run: Any) -> list[dict[str, Any]]:
        """The files there that are not here, stored; a file that both have stays as it is here."""
        here = {file.path for file in whole.files()} | {EXACT_FILE, CODE_FILE}
        found = []
        for file in Artifacts(self._opened).of(run):
            if file.path not in here:
                name, size = self._kept(file)
                created = file.created or time.time()
                found.append({"path": file.path, "hash": name, "size": size, "mime": file.mime, "created": created})
        return found

    def _kept(self, file: File) -> tuple[str, int]:
        """Store a file of the server's; its hash and size."""
        folder = self._service.project.objects
        if isinstance(file.content, Path):
            return objects.put_file(folder, file.content)
        with file.content() as reading, tempfile.TemporaryDirectory(prefix="nbtrack-pull-") as work:
            copied = Path(work, "file")
            with copied.open("wb") as writing:
                shutil.copyfileobj(reading, writing, 1 << 20)
            return objects.put_file(folder, copied)

    def _take(self, conn: sqlite3.Connection, run: int, whole: Whole, merged: Merged) -> bool:
        """Take over what was edited there; what undoes it is kept."""
        record = whole.run
        for name, value in merged.take.items():
            if name == "status":
                word, _, ended = (value or "").partition(" ")
                status = words.status_in(word)
                if status != "running":
                    end = int(ended) / 1000 if ended else record.ended or time.time()
                    runs.end_run(conn, run, status, end, record.end_reason)
            elif name == "deleted":
                moment = time.time() if value == "yes" else None
                self._undo.append(["set", run, "trashed", runs.edit(conn, run, "trashed", moment)])
            elif name in ("name", "note"):
                self._undo.append(["set", run, name, runs.edit(conn, run, name, value or "")])
            else:
                self._take_tag(conn, run, name[4:], value, record.tags.get(name[4:]))
        return bool(merged.take)

    def _take_tag(self, conn: sqlite3.Connection, run: int, tag: str, value: str | None, before: str | None) -> None:
        if value is None:
            values.remove_tag(conn, run, tag)
        else:
            try:
                values.set_tag(conn, run, check_name("tag", tag), check_text(f"Tag '{tag}'", value))
            except InvalidValue as error:
                self.done.notes.append(str(error))
                return
        self._undo.append(["tag", run, tag, before])

    def _remember(self) -> None:
        if self._undo:
            with self._service.database.write() as conn:
                edits.remember(conn, f"Taken over from {self._opened.place}", self._undo)
            self._undo = []


def _append(conn: sqlite3.Connection, run: int, points: Points) -> None:
    key = key_number(conn, "metric", check_name("metric", points.key))
    metrics.extend(conn, run, key, points.source, points.steps, points.times, points.values)


def _base(there: Mapping[str, str], base: Mapping[str, str] | None, merged: Merged) -> dict[str, str]:
    """What both agree on now: what is there, but for what is still to be sent."""
    found = sealed(there)
    for name in merged.send:
        found.pop(name, None)
        if base is not None and name in base:
            found[name] = base[name]
    return found
