"""What workers say to the driver, and how it gets into the project's file.

A message is a dict of plain values: ``task``, ``attempt`` (which try of the task; only the latest is listened to),
``number`` (counted from 1, so that the driver knows when it has all), ``what`` and its content:

    began     the task's code is about to run; ``about`` says on which worker
    records   ``bodies``: records as a journal has them, written by the process ``writer``

An `Inbox` writes the records of one attempt into the driver's journal, under the driver's run. Numbers and names that
only the worker knows (layouts, its stand-in for the run) are replaced; children that the worker began keep their ids.
"""

from __future__ import annotations

import json
import struct
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from nbtrack.base import journal
from nbtrack.base.errors import StoreError
from nbtrack.runs import objects
from nbtrack.runs.active import ActiveRun
from nbtrack.runs.ingest import Event, blob_body, decode_event
from nbtrack.runs.recorder import Recorder

Message = Mapping[str, Any]
Seen = Callable[[Mapping[str, float], int], None]

_POINTS = struct.Struct("<BIqd")
_SILENT = frozenset({"session", "close"})  # of processes that nobody here can look after


class Inbox:
    """The driver's side of one attempt.

    run: gets what is logged. far: the id that the worker has for it. seen: told of each point as it comes in.
    """

    def __init__(self, run: ActiveRun, far: str, seen: Seen | None = None) -> None:
        self.run = run
        self.ended: tuple[str, str | None] | None = None  # how the worker says that it ended
        self._ids = {far: run.id}
        self._far = far
        self._seen = seen
        self._layouts: dict[tuple[str, int], tuple[int, str, list[str]]] = {}
        self._parts: dict[str, dict[int, bytes]] = {}
        self._writers: dict[str, Recorder] = {}  # of processes that began runs of their own: kernels
        self._homes: dict[str, Recorder] = {}  # of runs that began there

    def take(self, body: bytes, writer: str = "") -> None:
        """One record of the process ``writer``."""
        if body[0] == journal.POINTS:
            self._points(body, writer)
            return
        event = decode_event(body)
        if event is None or event.get("e") in _SILENT:
            return
        for key in ("run", "parent"):
            if key in event:
                event[key] = self._ids.get(event[key], event[key])
        _HANDLERS.get(event["e"], Inbox._other)(self, event, writer)

    def close(self, status: str, reason: str | None) -> None:
        """End what the worker left open: its children, and the run itself."""
        for name, recorder in self._homes.items():
            if name in recorder.opening:
                recorder.event({"e": "end", "run": name, "status": status, "reason": reason, "at": time.time()})
                recorder.forget(name)
        self.run.end(status, reason)
        for recorder in self._writers.values():
            recorder.close()
        self._writers.clear()

    def _home(self, run: str) -> Recorder:
        return self._homes.get(run, self.run.recorder)

    def _writer(self, name: str) -> Recorder:
        """Who writes what a process elsewhere began: as it has a session of its own, so it has one here."""
        if name in ("", self._far):
            return self.run.recorder
        if name not in self._writers:
            recorder = self.run.recorder
            with suppress(StoreError):
                recorder.flush()  # its runs name ours as their parent
            self._writers[name] = Recorder(recorder.project, recorder.database, "kernel")
        return self._writers[name]

    # -- records

    def _points(self, body: bytes, writer: str) -> None:
        _, number, step, at = _POINTS.unpack_from(body)
        known = self._layouts.get((writer, number))
        if known is None:
            return
        here, run, keys = known
        self._home(run).write(_POINTS.pack(journal.POINTS, here, step, at) + body[_POINTS.size :])
        if run != self.run.id:
            return
        found = dict(zip(keys, struct.unpack_from(f"<{len(keys)}d", body, _POINTS.size), strict=True))
        self.run.last.update(found)
        if self._seen is not None:
            self._seen(found, step)

    def _layout(self, event: Event, writer: str) -> None:
        number = self._home(event["run"]).layout(event["run"], event["keys"], event.get("source", "explicit"), "")
        self._layouts[writer, event["no"]] = (number, event["run"], event["keys"])

    def _began(self, event: Event, writer: str) -> None:
        """A child of the run, or of one of its children."""
        recorder = self._homes[event["id"]] = self._writer(writer)
        recorder.event(event)
        recorder.opening[event["id"]] = event
        recorder.wake()

    def _end(self, event: Event, writer: str) -> None:
        if event["run"] == self.run.id:
            self.ended = (event["status"], event.get("reason"))
            return
        self._home(event["run"]).event(event)
        self._home(event["run"]).forget(event["run"])

    def _execution(self, event: Event, writer: str) -> None:
        if writer != self._far:
            self._writer(writer).event(event)

    def _params(self, event: Event, writer: str) -> None:
        if event["run"] == self.run.id:
            self.run.params.update(event["items"])
        self._other(event, writer)

    def _artifact(self, event: Event, writer: str) -> None:
        data: bytes = event.pop("data", b"")
        part = event.pop("part", None)
        recorder = self._home(event["run"])
        if part is None:
            recorder.append_checked(blob_body(event, data))
            return
        name, number, total = part
        parts = self._parts.setdefault(name, {})
        parts[number] = data
        if len(parts) < total:
            return
        whole = [parts[one] for one in sorted(parts)]
        del self._parts[name]
        try:
            recorder.project.create()
            found = objects.put_blocks(recorder.project.objects, whole)
        except (OSError, StoreError) as error:
            recorder.tell("artifact", f"the artifact '{event['path']}' could not be stored: {error}")
        else:
            recorder.event({**event, "hash": found, "size": sum(map(len, whole))})

    def _other(self, event: Event, writer: str) -> None:
        home = self._home(event.get("run", self.run.id))
        home.append_checked(journal.encode_event(json.dumps(event)))


_HANDLERS: dict[str, Callable[[Inbox, Event, str], None]] = {
    "layout": Inbox._layout,
    "run": Inbox._began,
    "end": Inbox._end,
    "params": Inbox._params,
    "artifact": Inbox._artifact,
    "execution": Inbox._execution,
}
