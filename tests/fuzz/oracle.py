"""The judge of an input: what may come out, how long it may take, how much memory, and where it may write.

What a target raises is a crash, unless it is an error of nbtrack's. What is written, deleted, started or connected to
outside of the target's folder is seen by Python's audit events, before it happens. Time is the processor's, so that a
busy machine makes nobody hang; whoever watches the process sees those that wait for ever.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

from nbtrack.base.errors import NbtrackError

SECONDS = 5.0  # of processor time for one input
MEMORY = 1 << 30  # bytes that the process may have while it works on one
_HERE = str(Path(__file__).resolve().parent)
_ROOT = str(Path(__file__).resolve().parents[2])
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES: dict[str, tuple[tuple[int, int], ...]] = {
    "os.remove": ((0, 1),),
    "os.rmdir": ((0, 1),),
    "os.mkdir": ((0, 2),),
    "os.symlink": ((1, 2),),
    "os.rename": ((0, 2), (1, 3)),
    "os.link": ((1, 3),),
    "os.chmod": ((0, 2),),
    "os.truncate": ((0, -1),),
    "os.utime": ((0, 3),),
    "os.chown": ((0, 3),),
    "sqlite3.connect": ((0, -1),),
}  # event → which of its arguments are paths that change, and beside each the folder's handle, if it is below one
_STARTS = frozenset(("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.startfile"))
_LEAVES = frozenset(("socket.connect", "socket.bind", "urllib.Request"))


class Wrong(Exception):
    """The code answered, but what it answered is not right."""


class Outside(BaseException):
    """The code was about to change something outside of its folder; no `except Exception` hides it."""


class TooLong(BaseException):
    """The code did not end in time."""


class Target(Protocol):
    """What is fuzzed.

    name: of it. writes: folders that an input may change. words: pieces of its language. opens: events beside files
    that it may cause, such as "subprocess.Popen".
    """

    name: str
    writes: Sequence[Path]
    words: Sequence[bytes]
    opens: frozenset[str]

    def seeds(self) -> list[bytes]:
        """Inputs to begin with."""

    def run(self, data: bytes) -> None:
        """Give it an input; raises `Wrong` where the answer is not right, and whatever the code raises."""

    def warm(self) -> None:
        """Load what is loaded at first use, where that takes longer than any input may; not asked by short runs."""

    def check(self) -> None:
        """See that what the target keeps is sound; asked now and then."""

    def close(self) -> None:
        """Leave nothing open."""


@dataclass(frozen=True)
class Finding:
    """What is wrong with an input. kind: crash, hang or memory; two of one signature are the same fault."""

    kind: str
    signature: str
    text: str

    @property
    def name(self) -> str:
        """A short name for a file."""
        return f"{self.kind}-{sha256(self.signature.encode()).hexdigest()[:10]}"


class _Guard:
    """What the audit hook minds. There is one in a process, since no hook can be removed."""

    def __init__(self) -> None:
        self.allowed: tuple[str, ...] = ()
        self.opens: frozenset[str] = frozenset()
        self.watching = False
        self.seen: list[str] = []
        self._busy = threading.local()

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        """An audit event."""
        if not self.watching or getattr(self._busy, "on", False):
            return
        if event == "open":
            path, _, flags = arguments
            paths = [path] if isinstance(flags, int) and flags & _WRITING else []
        elif event in _CHANGES:
            paths = [_full(arguments, path, folder) for path, folder in _CHANGES[event]]
        elif (event in _STARTS or event in _LEAVES) and event not in self.opens:
            self._tell(f"{event} {str(arguments)[:200]}")
            return
        else:
            return
        self._busy.on = True
        try:
            outside = [path for path in paths if not self._inside(event, path)]
        finally:
            self._busy.on = False
        if outside:
            self._tell(f"{event} {outside[0]!r}")

    def _inside(self, event: str, path: Any) -> bool:
        if isinstance(path, int) or path is None or path in (os.devnull, ":memory:", ""):
            return True
        text = os.fsdecode(path)
        if event == "sqlite3.connect" and text.startswith("file:"):
            if "mode=ro" in text or "immutable=1" in text or "mode=memory" in text:
                return True
            text = text[5:].partition("?")[0]
        folder, name = os.path.split(os.path.abspath(text))
        real = os.path.join(os.path.realpath(folder), name)
        if event in ("open", "sqlite3.connect"):  # these follow a link, the others change it
            real = os.path.realpath(real)
        return any(real == one or real.startswith(one + os.sep) for one in self.allowed)

    def _tell(self, what: str) -> None:
        self.seen.append(what)
        raise Outside(what)


def _full(arguments: tuple[Any, ...], at: int, folder: int) -> Any:
    """A path with the folder whose handle stands beside it."""
    handle = arguments[folder] if 0 <= folder < len(arguments) else -1
    path = arguments[at]
    if not isinstance(handle, int) or handle < 0 or isinstance(path, int) or path is None:
        return path
    return os.path.join(os.path.realpath(f"/proc/self/fd/{handle}"), os.fsdecode(path))


_GUARD = _Guard()
_hooked = False


@contextmanager
def preparing() -> Iterator[None]:
    """What a target does itself, to lay out an input, is not what is judged."""
    before, _GUARD.watching = _GUARD.watching, False
    try:
        yield
    finally:
        _GUARD.watching = before


class Judge:
    """Judges inputs of one target, in the main thread of a process that has nothing else to do."""

    def __init__(self, target: Target, seconds: float = SECONDS, memory: int = MEMORY) -> None:
        global _hooked
        if not _hooked:
            sys.addaudithook(_GUARD.hear)
            _hooked = True
        self.target = target
        self._seconds = seconds
        self._memory = memory
        self._late = False
        signal.signal(signal.SIGPROF, self._alarm)

    def look(self, data: bytes, deep: bool = False) -> Finding | None:
        """What is wrong with an input; None if nothing is. deep: also see that what is kept is sound."""
        folders = [*self.target.writes, Path(tempfile.gettempdir())]
        _GUARD.allowed = tuple(os.path.realpath(one) for one in folders)
        _GUARD.opens = self.target.opens
        _GUARD.seen = []
        self._late = False
        found: Finding | None = None
        _GUARD.watching = True
        signal.setitimer(signal.ITIMER_PROF, self._seconds)
        try:
            self.target.run(data)
            if deep:
                self.target.check()
        except NbtrackError as error:
            found = self._unclear(error)
        except (KeyboardInterrupt, SystemExit) as error:
            if not isinstance(error, SystemExit):
                raise
            found = _finding("crash", error)
        except TooLong as error:
            found = _finding("hang", error)
        except MemoryError as error:
            found = _finding("memory", error)
        except BaseException as error:  # noqa: BLE001 (whatever it is, it is what is looked for)
            found = _finding("crash", error)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            _GUARD.watching = False
        if found is None and _GUARD.seen:  # and somebody hid it
            found = Finding("crash", f"outside {_GUARD.seen[0].partition(' ')[0]}", f"Hidden: {_GUARD.seen}")
        if found is None and self._late:
            found = Finding("hang", "hidden", f"It took more than {self._seconds} s, and hid that it was stopped.")
        return found or self._memory_used()

    def _unclear(self, error: NbtrackError) -> Finding | None:
        """An error of ours that repeats a programmer's says nothing to anybody."""
        if not error.message.strip():
            return _finding("crash", error)
        causes = ("KeyError", "AttributeError", "IndexError", "TypeError", "AssertionError", "UnboundLocalError")
        if any(f": {name}: " in error.message for name in (*causes, "RecursionError", "NameError")):
            cause = error.__cause__ or error
            where = traceback.extract_tb(cause.__traceback__)
            if not where or _is_ours(where[-1].filename):  # what a library raises on a broken file may be told
                return _finding("crash", cause)
        return None

    def _memory_used(self) -> Finding | None:
        peak = own_peak(self._memory)
        if peak <= self._memory:
            return None
        return Finding("memory", "peak", f"The process had {peak >> 20:,} MB.")

    def _alarm(self, number: int, frame: FrameType | None) -> None:
        self._late = True
        signal.setitimer(signal.ITIMER_PROF, self._seconds)  # whoever hides it is told again
        raise TooLong(f"more than {self._seconds} s of processor time")


def own_peak(enough: int = 0) -> int:
    """The most memory that this process had, in bytes; anything up to ``enough`` where it is not more than that.

    What the system counts for a process begins with the peak of whoever started it, so above ``enough`` Linux is asked
    for that of the program alone.
    """
    counted = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    if counted > enough:
        with suppress(OSError), open("/proc/self/status", encoding="ascii", errors="replace") as file:
            for line in file:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) << 10
    return counted


def _is_ours(filename: str) -> bool:
    return filename.startswith(_ROOT) and "site-packages" not in filename


def _finding(kind: str, error: BaseException) -> Finding:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [one for one in frames if _is_ours(one.filename)]
    inner = [one for one in ours if not one.filename.startswith(_HERE)] or ours
    place = f"{Path(inner[-1].filename).name}:{inner[-1].name}" if inner else "nowhere"
    if kind == "hang":  # where the clock struck is chance: the outermost place in the code is not
        place = f"{Path(inner[0].filename).name}:{inner[0].name}" if inner else "nowhere"
    said = str(error)[:60] if isinstance(error, Wrong) else ""
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    return Finding(kind, f"{type(error).__name__} {place} {said}".strip(), text[-6000:])
