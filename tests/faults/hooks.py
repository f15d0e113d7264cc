"""A hook of ours raises, or IPython calls it in another way than it does today: the cell runs as if we were not there.

    python -m tests.faults.hooks [CANARY]

For each case a process is forked in which a shell runs a few cells with what they do noted: what they print, their
result, their error, their count, the user's names. The same is done without nbtrack, and held against it.
"""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.faults.conftest import PATIENCE, ROOT, environment
from tests.faults.table import Row

CELLS = (
    "%%track first\nlr = 0.25\nprint('printed')\nlr * 4",
    "%%track second\nprint('before')\n1 / 0",
    "plain = lr + 1\nplain",
    "%%track third\nimport asyncio\nawait asyncio.sleep(0)\nnote = 'there'\nnote",
)

# What is ours and called around a cell: module, then the name in it.
POINTS = (
    *(f"magics.host:{name}" for name in ("split_cell", "read_options", "asks_for_sweep", "python_part")),
    *(
        f"magics.host:Host.{name}"
        for name in ("_begin", "_end", "_options", "_begin_run", "project", "settings", "session", "notebook", "python")
    ),
    *(f"capture.session:Session.{name}" for name in ("note", "before", "after", "describe")),
    *(f"capture.cell:CellRun.{name}" for name in ("__init__", "start", "finish")),
    *(f"magics.shell:Taps.{name}" for name in ("__init__", "open", "close", "_printed", "_result", "_error")),
    *(f"capture.outputs:OutputRecorder.{name}" for name in ("stream", "display", "error")),
    *(f"capture.states:States.{name}" for name in ("before", "after")),
    *(f"capture.data.onlookers:FileWatcher.{name}" for name in ("before", "after")),
    *(f"capture.data.onlookers:DataCompanion.{name}" for name in ("start", "finish")),
    *(f"capture.frameworks:Autolog.{name}" for name in ("start", "finish")),
    *(f"capture.system:SystemMetrics.{name}" for name in ("start", "finish")),
    *(f"capture.verdicts:Verdicts.{name}" for name in ("start", "finish")),
    *(f"runs.active:ActiveRun.{name}" for name in ("end", "set_params", "log_captured")),
    *(f"runs.recorder:Recorder.{name}" for name in ("event", "announce")),
)


class Sabotage(Exception):
    """What our own code raises here."""


def _break(point: str, calls: list[str]) -> None:
    module, _, path = point.partition(":")
    thing: Any = import_module(f"nbtrack.{module}")
    *outer, name = path.split(".")
    for one in outer:
        thing = getattr(thing, one)
    getattr(thing, name)

    def broken(*args: Any, **kwargs: Any) -> Any:
        calls.append(point)
        raise Sabotage(f"{point} broke")

    setattr(thing, name, broken)


class _Gone:
    """A thing without what another IPython might not have, or with something else in its place."""

    def __init__(self, thing: Any, *missing: str, **instead: Any) -> None:
        self.__dict__.update(_thing=thing, _missing=missing, **instead)

    def __getattr__(self, name: str) -> Any:
        if name in self._missing:
            raise AttributeError(f"{name} is gone")
        return getattr(self._thing, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._thing, name, value)


def _retrigger(ip: Any, *before: Any, **named: Any) -> None:
    """Our callbacks are told of events with other arguments: these, and only these."""
    events = ip.events

    def trigger(event: str, *usual: Any, **others: Any) -> None:
        for callback in list(events.callbacks[event]):
            if callback.__module__.startswith("nbtrack"):
                callback(*before, **named)
            else:
                callback(*usual, **others)

    events.trigger = trigger


def _without_events(ip: Any) -> None:
    ip.events.callbacks.pop("pre_run_cell")
    ip.events.callbacks.pop("post_run_cell")
    ip.events.trigger = lambda *args, **kwargs: None


# How another IPython may be: done before nbtrack is loaded.
SHELLS: dict[str, Callable[[Any], Any]] = {
    "events without arguments": _retrigger,
    "events with other arguments": lambda ip: _retrigger(ip, 1, "two", three=3),
    "events with an object of another kind": lambda ip: _retrigger(ip, object()),
    "no such events": _without_events,
    "no history of inputs": lambda ip: _Gone(ip, history_manager=_Gone(ip.history_manager, "input_hist_raw")),
    "no cleanup transformers": lambda ip: _Gone(ip, "input_transformers_cleanup"),
    "no custom matchers": lambda ip: _Gone(ip, Completer=_Gone(ip.Completer, "custom_matchers")),
    "magics are registered otherwise": lambda ip: _Gone(ip, "register_magic_function"),
}


def _session(case: str, tracked: bool, canary: bool) -> dict[str, Any]:
    """The cells in a shell of this process; what each of them did."""
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    calls: list[str] = []
    errors = io.StringIO()
    found: dict[str, Any] = {"cells": []}
    with redirect_stderr(errors), redirect_stdout(io.StringIO()):
        if tracked:
            from nbtrack.magics import host

            ip: Any = shell
            if case in SHELLS:
                ip = SHELLS[case](shell) or shell
                calls.append(case)
            if canary:
                host.Host._before = lambda self, info=None: self._begin(info)  # type: ignore[method-assign]
                host.Host._after = lambda self, result=None: self._end(self._frames.pop(), result.result, None, 0)  # type: ignore[method-assign]
            made = host.Host(ip)
            made.quiet = True
            made.load()
            if case not in SHELLS:
                _break(case, calls)
    for cell in CELLS:
        out = io.StringIO()
        with redirect_stderr(errors), redirect_stdout(out):
            if not tracked:
                cell = cell.partition("\n")[2] if cell.startswith("%%track") else cell
            ended = shell.run_cell(cell, store_history=True)
        error = ended.error_before_exec or ended.error_in_exec
        text = out.getvalue().partition("-----")[0].splitlines()  # of a traceback, the error says enough
        found["cells"].append([text, repr(error), ended.execution_count])
    found["names"] = {name: repr(shell.user_ns.get(name)) for name in ("lr", "plain", "note", "_")}
    lines = errors.getvalue().splitlines()
    found["notices"] = [line for line in lines if line.startswith("nbtrack: ")]
    found["others"] = [line for line in lines if not line.startswith("nbtrack: ")]
    found["called"] = bool(calls)
    packages = ("nbtrack", "IPython", "psutil", "asyncio")
    found["modules"] = [name for name in sys.modules if name.split(".")[0] in packages]
    return found


# Without these nothing of ours fails.
HARMLESS = ("no history of inputs",)
QUICK = (
    *("magics.host:split_cell", "magics.host:read_options", "magics.host:Host._begin", "magics.host:Host._end"),
    *("capture.session:Session.before", "magics.shell:Taps._printed", "runs.recorder:Recorder.event"),
    *("events without arguments", "no history of inputs", "magics are registered otherwise"),
)


def _forked(case: str, tracked: bool, canary: bool) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as place:
        notes = Path(place) / "notes"
        child = os.fork()
        if not child:
            try:
                signal.alarm(60)  # a child that hangs is found out
                os.environ["NBTRACK_DIR"] = place
                os.environ["IPYTHONDIR"] = place
                notes.write_text(json.dumps(_session(case, tracked, canary)))
            except BaseException as error:  # noqa: BLE001 (it is what is looked for)
                notes.write_text(json.dumps({"died": repr(error)}))
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        text = notes.read_text() if notes.exists() else ""
        found: dict[str, Any] = json.loads(text or '{"died": "without a word"}')
        return found


def main() -> None:
    """All cases, a line of JSON each: its name, what was done, what would have been."""
    canary = sys.argv[1:] == ["canary"]
    usual = _forked("", False, False)
    for name in _forked("magics.line:show_line", True, False)["modules"]:  # once for all that are forked
        with suppress(ImportError):
            import_module(name)
    cases = QUICK if sys.argv[1:] == ["quick"] else (*POINTS, *SHELLS)
    for case in ("magics.host:Host._begin",) if canary else cases:
        os.writev(1, [json.dumps([case, _forked(case, True, canary), usual]).encode() + b"\n"])


def judged(how: str) -> tuple[int, list[str], list[str]]:
    """(cases that were really met, what was changed for the user, what was not said once)."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.hooks", how],
        cwd=ROOT,
        env=environment(ROOT),
        capture_output=True,
        text=True,
        timeout=3 * PATIENCE,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    met, changed, unsaid = 0, [], []
    for line in done.stdout.splitlines():
        case, found, usual = json.loads(line)
        met += found.get("called", True)
        if "died" in found:
            changed.append(f"{case}: {found['died']}")
            continue
        for name in ("cells", "names", "others"):
            if found[name] != usual[name]:
                changed.append(f"{case}: {name} {found[name]} instead of {usual[name]}"[:700])
        if found["called"] and len(found["notices"]) != (case not in HARMLESS):
            unsaid.append(f"{case}: {found['notices']}")
    return met, changed, unsaid


def rows(long: bool) -> list[Row]:
    """The row of the table. The canary has no net around what happens before and after a cell."""
    met, changed, unsaid = judged("sound" if long else "quick")
    row = Row("a hook of ours raises, or IPython calls it otherwise", met, lost=len(changed), unclear=len(unsaid))
    careless = judged("canary")[1]
    row.canary = f"without a net around our hooks: {len(careless)} things changed for the user"
    row.goal = "0 cells changed (lost), one notice"
    row.note = "; ".join([*changed, *unsaid])[:800]
    row.met = met >= (40 if long else len(QUICK)) and not (changed or unsaid) and bool(careless)
    return [row]


if __name__ == "__main__":
    main()
