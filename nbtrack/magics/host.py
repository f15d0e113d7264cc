"""What happens around a cell in IPython: the ``%%track`` line comes off, a run begins, and ends with the cell.

The magic does not run the cell itself: then an error would leave the cell "ok", top-level await would fail and hooks
would fire twice. An input transformer takes the line off, and two event hooks do the rest, so the cell's status,
its traceback, ``_`` and ``Out`` are as they are without us.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from nbtrack.base.cells import MAGIC, python_part, split_cell
from nbtrack.base.config import Project, Settings, find_project, load_settings
from nbtrack.base.errors import InvalidOption, NbtrackError
from nbtrack.magics.kernel import text_under_way
from nbtrack.magics.options import asks_for_sweep, read_options
from nbtrack.magics.variables import expanded

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbtrack.capture.cell import CellRun, Options
    from nbtrack.capture.session import Execution, Session
    from nbtrack.magics.shell import Taps
    from nbtrack.runs.active import ActiveRun


@dataclass
class _Frame:
    """One execution under way; cells can run cells."""

    execution: Execution
    cell: CellRun | None = None
    taps: Taps | None = None
    trial: Trialled | None = None

    def cut_short(self, error: BaseException | None) -> None:
        """Do what must not be left undone: the shell is as it was, and the run has its end."""
        from nbtrack.runs.active import status_of

        if self.taps is not None:
            self.taps.close()
        if self.cell is not None and self.cell.run is not None:
            self.cell.run.end(*status_of(error))


class Trialled(Protocol):
    """Who runs the next tracked cell as a trial of a sweep: what it shows goes to its run alone."""

    def made(self, run: ActiveRun) -> None:
        """Its run has begun."""

    def begins(self) -> None:
        """Its code is about to."""

    def ended(self, error: BaseException | None) -> BaseException | None:
        """The code has ended, the run is about to; what it says is what the code ended with."""


class Host:
    """The hooks in one shell."""

    def __init__(self, ip: Any) -> None:
        self.ip = ip
        self.auto = False
        self.quiet = False
        self.trial: Trialled | None = None  # whose the next tracked cell is
        self.given: list[str] = []  # cells that the magic has given to the shell, and that are under way
        self._threads = threading.local()
        self._told: set[str] = set()
        self._project: Project | None = None
        self._session: Session | None = None
        self._loaded_by = text_under_way(ip)

    # -- loading

    def load(self) -> None:
        """Put the hooks on."""
        from nbtrack.magics.completion import complete
        from nbtrack.magics.line import track_cell, track_line

        ip = self.ip
        self._matcher = complete(self)
        hooks: tuple[Callable[[], Any], ...] = (
            lambda: ip.input_transformers_cleanup.append(self._take_line_off),
            lambda: ip.events.register("pre_run_cell", self._before),
            lambda: ip.events.register("post_run_cell", self._after),
            lambda: ip.register_magic_function(track_line(self), "line", "track"),
            lambda: ip.register_magic_function(track_cell(self), "cell", "track"),
            lambda: ip.Completer.custom_matchers.append(self._matcher),
        )
        for put in hooks:
            try:
                put()
            except Exception:  # noqa: BLE001 (another IPython: what is left of us works, or does nothing)
                self.tell("this IPython is not as nbtrack knows it: not all cells are tracked, not all magics there.")
        with suppress(NbtrackError):
            self.auto = self.settings().auto

    def unload(self) -> None:
        """Take the hooks off."""
        ip = self.ip
        with suppress(ValueError):
            ip.input_transformers_cleanup.remove(self._take_line_off)
        for event, hook in (("pre_run_cell", self._before), ("post_run_cell", self._after)):
            with suppress(ValueError):
                ip.events.unregister(event, hook)
        for kind in ("line", "cell"):
            ip.magics_manager.magics[kind].pop("track", None)
        with suppress(ValueError):
            ip.Completer.custom_matchers.remove(self._matcher)
        while self._frames:
            self._end(self._frames.pop(), None, None, None)
        frameworks = sys.modules.get("nbtrack.capture.frameworks")
        if frameworks is not None:
            frameworks.close()
        watching = sys.modules.get("nbtrack.sdk.watch")
        if watching is not None:
            watching.unwatch()

    # -- what the rest of this room asks

    def project(self) -> Project:
        """The project of this notebook."""
        if self._project is None:
            path = None if os.environ.get("NBTRACK_DIR") else self._notebook_path()
            self._project = find_project(path if path is not None and path.is_absolute() else None)
            from nbtrack.sdk.context import set_project

            set_project(self._project)
        return self._project

    def follow_context(self) -> None:
        """Take over the project that a verb such as ``%track init`` has chosen."""
        from nbtrack.sdk.context import current_project

        self._project = current_project()

    def settings(self) -> Settings:
        """The project's settings."""
        return load_settings(self.project())

    def session(self) -> Session:
        """What this kernel executed so far."""
        if self._session is None:
            from nbtrack.capture.session import Session
            from nbtrack.capture.watching import watchers

            captured: list[str] = []
            with suppress(NbtrackError):
                captured = self.settings().capture
            self._session = Session(watchers(captured))
            self._session.recall(list(getattr(self.ip.history_manager, "input_hist_raw", ()))[1:], self._loaded_by)
        return self._session

    def execution(self) -> Execution:
        """The innermost execution under way."""
        return self._frames[-1].execution if self._frames else self.session().note("", "", None)

    def count(self) -> int:
        """``In[n]`` of the cell under way: IPython 9 counts on before it runs a cell, others after it."""
        return len(self.ip.history_manager.input_hist_raw) - 1

    def notebook(self) -> str | None:
        """The notebook's path inside the project, as far as the kernel was told; None in a terminal."""
        path = self._notebook_path()
        if path is None:
            return None
        with suppress(ValueError):
            path = path.absolute().relative_to(self.project().root)
        return path.as_posix()

    def tell(self, text: str) -> None:
        """One visible line, once for each text."""
        if text not in self._told:
            self._told.add(text)
            sys.stderr.write(f"nbtrack: {text}\n")

    def report(self, error: BaseException) -> None:
        """Something of ours failed: say so once; the cell goes on as if we were not there."""
        if isinstance(error, NbtrackError):
            self.tell(str(error))
        else:
            self.tell(f"this cell could not be tracked in full ({type(error).__name__}: {error}).")

    # -- the hooks

    @property
    def _frames(self) -> list[_Frame]:
        if not hasattr(self._threads, "frames"):
            self._threads.frames = []
        frames: list[_Frame] = self._threads.frames
        return frames

    def _take_line_off(self, lines: list[str]) -> list[str]:
        """A comment takes the line's place, so that line numbers stay; but a magic below must be the first line."""
        try:
            given, rest = split_cell("".join(lines))
            if given is None:
                return lines
            read_options(given)
            if asks_for_sweep(given):
                return lines  # the magic itself runs the cell, once for each trial
        except Exception:  # noqa: BLE001 (a bad option: the line stays, and the magic itself says what is wrong)
            return lines
        if rest.lstrip().startswith("%%"):
            return rest.lstrip("\n\r\t ").splitlines(keepends=True)
        return [f"# {MAGIC}\n", *rest.splitlines(keepends=True)]

    def _before(self, info: Any = None, *_: Any, **__: Any) -> None:
        try:
            self._begin(info)
        except Exception as error:  # noqa: BLE001 (a fault of ours never reaches the user's code)
            self.report(error)

    def _after(self, *told: Any, **_: Any) -> None:
        try:
            if self._frames:
                result = told[0] if told else None
                error = getattr(result, "error_before_exec", None) or getattr(result, "error_in_exec", None)
                if told and result is None:  # Ctrl-C took IPython out before it had one
                    error = KeyboardInterrupt()
                given, count = getattr(result, "result", None), getattr(result, "execution_count", None)
                frame = self._frames.pop()
                try:
                    self._end(frame, given, error, count)
                except KeyboardInterrupt:  # once more, or when the code was done: the user has waited enough
                    frame.cut_short(error)
        except Exception as error:  # noqa: BLE001 (a fault of ours never reaches the user's code)
            self.report(error)

    def _begin(self, info: Any) -> None:
        raw = str(info.raw_cell)
        if getattr(info, "store_history", False):
            while self._frames:  # of an execution whose end we were not told: Ctrl-C took IPython out before it could
                self._end(self._frames.pop(), None, KeyboardInterrupt(), None)
        options, body = self._options(raw)
        python = "" if options is None else self.python(body)
        execution = self.session().note(raw, python, getattr(info, "cell_id", None))
        frame = _Frame(execution)
        self._frames.append(frame)
        if options is None:
            execution.python = python_part(body)
        else:
            self._begin_run(frame, options)
        self.session().before(execution, self.ip.user_ns, self.report)
        if frame.trial is not None:
            frame.trial.begins()

    def _options(self, raw: str) -> tuple[Options | None, str]:
        given, body = split_cell(raw)
        if given is None:
            if self.auto and raw.strip() and not raw.lstrip().startswith(("%track", "%%")):
                return read_options(""), body
            return None, body
        try:
            if asks_for_sweep(given):
                return None, ""  # the trials are the executions
            return read_options(expanded(given, self.ip.user_ns)), body
        except InvalidOption as error:
            if _sound(given):  # only what stands for {x} or $x is bad: the line is off already, the cell runs
                self.report(error)
            return None, body  # else the magic itself says so, and the cell does not run

    def python(self, body: str) -> str:
        """The body of a cell as Python, what is IPython's own translated."""
        python = python_part(body)
        if "%" in python or "!" in python or "?" in python:
            with suppress(Exception):
                return str(self.ip.input_transformer_manager.transform_cell(python))
        return python

    def _begin_run(self, frame: _Frame, options: Options) -> None:
        from nbtrack.capture.cell import CellRun
        from nbtrack.magics.kernel import kernel_id, path_told
        from nbtrack.magics.shell import Taps
        from nbtrack.runs.projects import recorder_of

        project = self.project()
        recorder = recorder_of(project)
        recorder.kind = "kernel"
        recorder.kernel_id = recorder.kernel_id or kernel_id()
        cell = CellRun(project, self.settings(), self.session(), frame.execution, options, self.ip.user_ns, self.report)
        frame.cell = cell  # before it starts, so that whatever has begun is ended with the cell
        frame.trial, self.trial = self.trial, None
        run = cell.start(self.notebook(), told=path_told())
        frame.taps = Taps(self.ip, cell.outputs, self.report, silent=frame.trial is not None)
        frame.taps.open()
        if frame.trial is not None:
            frame.trial.made(run)

    def _end(self, frame: _Frame, result: Any, error: BaseException | None, count: int | None) -> None:
        execution = frame.execution
        if frame.trial is not None:
            error = frame.trial.ended(error)
        execution.ended, execution.execution = time.time(), count
        execution.status = "error" if error is not None else "ok"
        if error is not None:
            execution.failed(error, self.ip.user_ns)
        self.session().after(execution, self.ip.user_ns, self.report)
        if frame.taps is not None:
            frame.taps.close()
        if frame.cell is None:
            return
        run = frame.cell.finish(result, error, count)
        if frame.trial is not None:
            return  # the sweep says what there is to say
        for notice in frame.cell.notices:
            sys.stderr.write(f"nbtrack: {notice}\n")
        if run is not None and not self.quiet:
            from nbtrack.magics.line import show_line

            show_line(self.ip, run)

    # -- where we are

    def _notebook_path(self) -> Path | None:
        space = self.ip.user_ns
        for found in (
            space.get("__vsc_ipynb_file__"),
            os.environ.get("JPY_SESSION_NAME"),
            space.get("__session__"),
        ):
            if isinstance(found, str) and found:
                return Path(found)
        return None


def _sound(given: str) -> bool:
    try:
        read_options(given)
    except InvalidOption:
        return False
    return True
