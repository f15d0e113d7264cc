"""What a worker process does with a task: the far side of `nbtrack.execute.engines`.

One task at a time in a process, whatever number of threads the worker has: what a task prints, and the run that its
own threads log to, are the process's. Workers need nbtrack of the driver's version and the same minor of Python, as
what is sent to them is code.
"""

from __future__ import annotations

import ctypes
import os
import socket
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from nbtrack.runs import current
from nbtrack.runs.active import status_of
from nbtrack.runs.relay import Listener, Relay, RemoteRun

Say = Callable[[dict[str, Any]], None]

_LARGE = 1 << 20  # bytes of records that no longer go as a message: they come with the result
_turn = threading.Lock()
_guard = threading.Lock()
_running: dict[str, int] = {}  # attempts under way, and their threads


def versions() -> dict[str, str]:
    """What has to agree between driver and workers."""
    from nbtrack import __version__

    return {"nbtrack": __version__, "Python": f"{sys.version_info[0]}.{sys.version_info[1]}"}


def differing(theirs: dict[str, str]) -> str | None:
    """In words, what does not agree with this process; None where all does."""
    ours = versions()
    wrong = [f"{name} {theirs.get(name) or 'missing'}" for name in ours if theirs.get(name) != ours[name]]
    return ", ".join(wrong) or None


class Mail:
    """Numbers the messages of one attempt and keeps what is too large for one.

    say: sends one message.
    """

    def __init__(self, task: str, attempt: str, say: Say) -> None:
        self.late: list[bytes] = []
        self.sent = 0
        self.writer = attempt
        self._head = {"task": task, "attempt": attempt}
        self._say = say
        self._lock = threading.Lock()

    def say(self, what: str, **content: Any) -> None:
        """Send a message."""
        with self._lock:
            self.sent += 1
            self._say({**self._head, "number": self.sent, "what": what, **content})

    def records(self, writer: str, bodies: list[bytes]) -> None:
        """Send records of this process, or of one that the task started."""
        small = [body for body in bodies if len(body) < _LARGE]
        self.late += [body for body in bodies if len(body) >= _LARGE]
        if small:
            self.say("records", writer=writer, bodies=small)


@dataclass(frozen=True)
class Slot:
    """Stands among the arguments of a task for what was shared: ``number`` counts what came with it, from 0."""

    number: int


def work(topic: str, task: str, payload: bytes, wanted: dict[str, str], *shared: bytes) -> dict[str, Any]:
    """Do a task on a Dask worker, its run the current one meanwhile; how it ended, as plain values.

    payload: the function and its arguments. wanted: the driver's `versions`. shared: what `Slot` stands for.
    """
    from distributed import get_worker

    worker = get_worker()

    def say(message: dict[str, Any]) -> None:
        worker.log_event(topic, message)

    return do(task, payload, wanted, shared, say, worker.address)


def do(
    task: str, payload: bytes, wanted: dict[str, str], shared: tuple[bytes, ...], say: Say, address: str
) -> dict[str, Any]:
    """Do a task; ``say`` sends a message."""
    mail = Mail(task, os.urandom(6).hex(), say)
    wrong = differing(wanted)
    if wrong is not None:
        ours = ", ".join(f"{name} {value}" for name, value in versions().items())
        return _outcome(mail, "failed", f"the worker {address} has {ours}, the driver {wrong}")
    with _turn:
        mail.say("began", about={"worker": address, "host": socket.gethostname(), "pid": os.getpid(), **versions()})
        relay = Relay(partial(mail.records, mail.writer))
        run = RemoteRun(relay, mail.writer, task)
        listener = Listener(run.id, mail.records)
        current.adopt(run)
        with _guard:
            _running[mail.writer] = threading.get_ident()
        try:
            status, reason, value, trace = _called(mail, run, payload, shared)
        finally:
            listener.close()
            relay.close()
        return _outcome(mail, status, reason, value, trace)


def _called(
    mail: Mail, run: RemoteRun, payload: bytes, shared: tuple[bytes, ...]
) -> tuple[str, str | None, bytes, str]:
    import cloudpickle

    value, error = b"", None
    try:
        try:
            call, arguments = cloudpickle.loads(payload)
            given = [cloudpickle.loads(shared[one.number]) if type(one) is Slot else one for one in arguments]
            value = cloudpickle.dumps(call(*given))
        finally:
            _no_longer(mail.writer)
    except BaseException as raised:  # noqa: BLE001 (also SystemExit and what interrupts it: the driver is told)
        error = raised
    status, reason = status_of(error)
    run.end(status, reason)
    return status, reason, value, "".join(traceback.format_exception(error)) if error is not None else ""


def _outcome(mail: Mail, status: str, reason: str | None, value: bytes = b"", trace: str = "") -> dict[str, Any]:
    about = {"attempt": mail.writer, "sent": mail.sent, "late": mail.late}
    return {**about, "status": status, "reason": reason, "value": value, "traceback": trace}


def interrupt(attempts: list[str]) -> int:
    """Raise KeyboardInterrupt in the threads of these attempts, as far as they run here; how many did."""
    count = 0
    with _guard:
        for attempt in attempts:
            thread = _running.get(attempt)
            if thread is not None:
                count += _raise_in(thread, KeyboardInterrupt)
    return count


def _no_longer(attempt: str) -> None:
    with _guard:
        thread = _running.pop(attempt, None)
        if thread is not None:
            _raise_in(thread, None)  # an interrupt that has not arrived is taken back


def _raise_in(thread: int, kind: type[BaseException] | None) -> int:
    """At the thread's next step in Python: code in C is not cut short."""
    what = ctypes.py_object(kind) if kind is not None else None
    count: int = ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), what)
    return count
