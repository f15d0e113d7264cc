"""A run that is being recorded now."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from nbtrack.base import journal
from nbtrack.base.errors import InvalidOption, InvalidValue, NoActiveRun, Stopped, StoreError
from nbtrack.base.reasons import reason
from nbtrack.base.secrets import redact
from nbtrack.runs import given, objects, values
from nbtrack.runs.ingest import Event, blob_body
from nbtrack.runs.recorder import Recorder

_time = time.time
_pack_one = journal.points_struct(1).pack
_FLOATS = frozenset({float})
_POINTS = journal.POINTS
_STATUSES = ("finished", "failed", "interrupted", "crashed")


class ActiveRun:
    """A run that takes params, metrics and the rest. Used as a context manager it ends with the block.

    id, name: of the run. last: the latest value of each metric logged here. params: as given.
    """

    def __init__(self, recorder: Recorder, run_id: str, name: str, attached: str = "", of_cell: bool = False) -> None:
        self.on_end: Callable[[ActiveRun], None] = lambda _: None
        self.of_cell = of_cell  # it ends with its cell, not before
        self.experiment = "default"
        self.id = run_id
        self.name = name
        self.status = "running"
        self.started = time.time()
        self.ended: float | None = None
        self._ending = self._over = False  # whether the end is being written, and whether it was
        self.recorder = recorder
        self.last: dict[str, float] = {}
        self.params: dict[str, Any] = {}
        self.explicit: set[str] = set()  # params that were given, which captured ones never replace
        self.thread = threading.get_ident()
        self.exited_by: type[BaseException] | None = None
        self.attached = attached  # the session of the process that began it, in a worker
        if attached:
            recorder.follows = True
        self._layouts: dict[tuple[str, ...], tuple[int, Callable[..., bytes]]] = {}
        self._single: dict[str, int] = {}  # the layouts of one metric alone
        self._steps: dict[str, int] = {}
        self._positions = 0

    def __repr__(self) -> str:
        return f"<nbtrack run {self.name!r} ({self.id}), {self.status}>"

    def __enter__(self) -> ActiveRun:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self.of_cell:  # of a cell's run, which init() gives there, the end is the cell's
            self.end(*status_of(error))

    # -- metrics

    def log(self, metrics: Mapping[str, Any], step: int | None = None, time: float | None = None) -> None:
        """Log metrics at a step.

        metrics: numbers by name; nested mappings get dotted names. step: an integer; without one, each metric
        counts on from its own last step, beginning at 0. Steps may repeat or go back: no point is dropped.
        time: Unix seconds; now if not given.

        Raises:
            InvalidValue: a name or value that cannot be stored; nothing of this call was stored then.
            NoActiveRun: the run has ended.
        """
        asked = step
        try:
            if len(metrics) == 1 and time is None:  # the commonest call, made quick
                (key,) = metrics
                value = metrics[key]
                layout = self._single.get(key)
                if layout is not None and type(value) is float:
                    if step is None:
                        step = self._steps[key]
                    elif type(step) is not int:
                        step = given.step_number(step)
                    self.recorder.write(_pack_one(_POINTS, layout, step, _time(), value))
                    self._steps[key] = step + 1
                    self.last[key] = value
                    return
            known = self._layouts.get(tuple(metrics))
            if known is not None and time is None and _FLOATS.issuperset(map(type, metrics.values())):
                steps = self._steps
                if step is None:
                    step = max(map(steps.__getitem__, metrics))
                elif type(step) is not int:
                    step = given.step_number(step)
                self.recorder.write(known[1](_POINTS, known[0], step, _time(), *metrics.values()))
                steps.update(dict.fromkeys(metrics, step + 1))
                self.last.update(metrics)
                return
        except Exception:  # noqa: BLE001 (no mapping, a step beyond 64 bits: nothing was written, see below)
            pass
        self._log_slowly(metrics, asked, time, "explicit")

    def log_captured(self, metrics: Mapping[str, Any], source: str) -> None:
        """Log metrics that were found rather than given; ``source`` says how."""
        self._log_slowly(metrics, None, None, source)

    def _log_slowly(self, metrics: Mapping[str, Any], step: Any, at: Any, source: str) -> None:
        if not values.is_a(metrics, Mapping):
            raise InvalidValue(
                f"log() was given {type(metrics).__name__}, not a dict of metrics.",
                "Write log({'loss': 0.5}).",
            )
        self._check_open()
        found: dict[str, float] = {}
        for name, value in values.flatten(metrics):
            if values.check_name("metric", name) in found:
                raise InvalidValue(f"Two values of this call are named '{name}'.", "Log them one after the other.")
            found[name] = values.metric_value(name, value)
        if not found:
            return
        names = tuple(found)
        layout = self._layouts.get(names)
        number = self.next_step(names, step)
        moment = _time() if at is None else given.moment(at)
        if layout is None:
            number_of_layout = self.recorder.layout(self.id, list(names), source, self.attached)
            layout = self._layouts[names] = (number_of_layout, journal.points_struct(len(names)).pack)
            if len(names) == 1:
                self._single[names[0]] = number_of_layout
        self.recorder.write(layout[1](_POINTS, layout[0], number, moment, *found.values()))
        for name in names:
            self._steps[name] = number + 1
        self.last.update(found)

    def next_step(self, names: Iterable[str], step: Any = None, take: bool = False) -> int:
        """The step that a call is about: the one given, else one more than the last of these names; ``take`` it.

        Raises:
            InvalidValue: it is no integer of 64 bits, or nothing comes after the last step.
        """
        number = (
            max((self._steps.get(name, 0) for name in names), default=0) if step is None else given.step_number(step)
        )
        if number > given.LAST_STEP:
            raise InvalidValue(f"No step comes after {given.LAST_STEP}.", "Give a step.")
        if take:
            self._steps.update(dict.fromkeys(names, number + 1))
        return number

    # -- everything else

    def set_params(self, params: Mapping[str, Any], source: str = "explicit") -> None:
        """Store params; nested mappings get dotted names. A param that changes keeps its history.

        Raises:
            InvalidValue: a name or value that cannot be stored; nothing of this call was stored then.
        """
        self._check_open()
        found = given.checked_params(params)
        if found:
            self._event("params", items=found, source=source, at=time.time())
            self.params.update(found)
            if source == "explicit":
                self.explicit.update(name for name, _ in found)

    def set_tags(self, tags: Mapping[str, Any]) -> None:
        """Store tags; values become text.

        Raises:
            InvalidValue: a name or value that cannot be stored; nothing of this call was stored then.
        """
        self._check_open()
        found = given.checked_tags(tags)
        if found:
            self._event("tags", items=found)

    def set_note(self, text: str) -> None:
        """Replace the run's note."""
        self._event("edit", field="note", value=given.checked_note(text))

    def set_name(self, name: str) -> None:
        """Rename the run."""
        self.name = values.check_name("run", name)  # so that nothing changes if it cannot be one
        self._event("edit", field="name", value=self.name)

    def add_bytes(self, path: str, data: bytes, mime: str | None = None, kind: str = "file") -> None:
        """Store bytes as an artifact under a path such as ``plots/roc.png``.

        Raises:
            InvalidValue: the path is not a relative one inside the run, or the data are no bytes.
        """
        self._check_open()
        if not values.is_a(data, bytes, bytearray):
            raise InvalidValue(f"An artifact must be bytes, not {type(data).__name__}.", "Use log_text() for text.")
        event: Event = {
            "e": "artifact",
            "run": self.id,
            "path": given.artifact_path(path),
            "mime": mime,
            "kind": kind,
        }
        event["created"] = time.time()
        if len(data) < 32 << 20:
            self.recorder.append_checked(blob_body(event, data))
            return

        def store() -> None:
            event.update(hash=objects.put_bytes(self.recorder.project.objects, bytes(data)), size=len(data))
            self.recorder.event(event)

        self._keep(path, store)

    def add_file(self, source: Path, path: str, mime: str | None = None, kind: str = "file") -> None:
        """Store a copy of a file as an artifact.

        Raises:
            InvalidValue: the path is not a relative one inside the run, or the file is nbtrack's own or cannot be read.
        """
        self._check_open()
        where = given.artifact_path(path)
        given.check_source(source, self.recorder.project.database)

        def store() -> None:
            name, size = objects.put_file(self.recorder.project.objects, source)
            self._event("artifact", path=where, mime=mime, kind=kind, created=time.time(), hash=name, size=size)

        self._keep(where, store)

    def _keep(self, path: str, store: Callable[[], None]) -> None:
        """Where a file cannot be kept (a full disk, a read-only folder) the user is told, and goes on."""
        try:
            self.recorder.project.create()
            store()
        except (OSError, StoreError) as error:
            why = reason(error, self.recorder.project.objects)
            self.recorder.tell(
                "artifact", f"the artifact '{path}' could not be stored: {why} Your code goes on; log it again later."
            )

    def add_output(self, kind: str, mime: str, text: str | None, **about: Any) -> None:
        """Store what the cell printed or displayed next. about: plain, artifact, dropped; see the ``outputs`` table."""
        self._event("output", position=self._positions, kind=kind, mime=mime, text=text, **about)
        self._positions += 1

    def set_execution(self, execution: int) -> None:
        """Store which ``In[n]`` the cell was."""
        self._event("edit", field="execution", value=execution)

    def add_dataset(self, name: str, kind: str, **about: Any) -> None:
        """Store that the run read a data set."""
        self._event("dataset", name=values.check_name("data set", name), kind=kind, **about)

    def set_environment(self, name: str, body: Mapping[str, Any] | None) -> None:
        """Store the environment the run ran in, under its hash; its body is needed only once per writer."""
        self._event("environment", hash=name, body=body)

    def set_git(self, state: Mapping[str, Any]) -> None:
        """Store the state of the git repository around the project."""
        self._event("git", git=state)

    def set_about(self, **about: Any) -> None:
        """Store what a room knows of the run, as JSON under a key that is the room's own: ``lineage``, ``sweep``."""
        self._event("about", about=about)

    def add_execution(self, execution: Mapping[str, Any]) -> None:
        """Store an earlier execution of the session that this run belongs to."""
        self.recorder.event({"e": "execution", **execution})

    def end(self, status: str = "finished", reason: str | None = None) -> None:
        """End the run with its status: finished, failed, interrupted or crashed. Ending it again does nothing.

        When this returns, a power cut takes nothing of the run any more. Where Ctrl-C comes before, ending it again
        does the rest.

        Raises:
            InvalidOption: another status.
        """
        if type(status) is not str or status not in _STATUSES:
            raise InvalidOption(f"{values.brief(status)} is no status.", f"Use one of {', '.join(_STATUSES)}.")
        if self._over or self._ending:
            return
        self._ending = True
        try:
            self._write_end(status, reason)
        finally:
            self._ending = False
        if not self.attached:
            try:
                self.recorder.sync()
            finally:  # Ctrl-C may come while the disk is waited for
                self.recorder.wake()

    def _write_end(self, status: str, reason: str | None) -> None:
        if self.status == "running":
            self.ended = time.time()
            self.status = status
        self._layouts, self._single = {}, {}
        self.on_end(self)
        if not self.attached:
            said = redact(reason)[0] if isinstance(reason, str) else reason
            self._event("end", status=self.status, reason=said, at=self.ended)
            self.recorder.forget(self.id)
        self._over = True
        self.recorder.tell_redacted(self.id)

    def at_end(self, step: Callable[[], None]) -> None:
        """Take this step when the run ends, before whatever was to be done then; what it raises is dropped."""
        then = self.on_end

        def ended(run: ActiveRun) -> None:
            with suppress(Exception):  # the end of a run is written in any case
                step()
            then(run)

        self.on_end = ended

    def attach(self) -> None:
        """In a forked child: go on logging to this run of the parent, which alone ends it, in a journal of its own."""
        self.attached = self.attached or self.recorder.forked_from
        self._layouts, self._single = {}, {}
        self.recorder.follows = True

    def flush(self) -> None:
        """Wait until everything logged so far can be read from the database."""
        self.recorder.flush()

    def _event(self, what: str, **about: Any) -> None:
        self.recorder.event({"e": what, "run": self.id, **about})

    def _check_open(self) -> None:
        if self.status != "running":
            raise NoActiveRun(f"The run '{self.name}' has ended ({self.status}).", "Start another with start_run().")


def status_of(error: BaseException | None) -> tuple[str, str | None]:
    """The status of a run that ended with this exception, and the reason in one line."""
    if error is None:
        return "finished", None
    if isinstance(error, SystemExit) and not error.code:
        return "finished", None
    status = "interrupted" if isinstance(error, (KeyboardInterrupt, GeneratorExit, Stopped)) else "failed"
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 (a user's __str__ may raise)
        text = ""
    reason = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return status, redact(reason)[0].encode("utf-8", "backslashreplace").decode().replace("\0", "")[:500]
