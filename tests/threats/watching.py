"""What a process does outside of itself, heard through Python's audit events: nothing that is done is missed by name.

An audit hook cannot be taken away again, so there is one for the process, and it is told when to listen.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# Which of an event's arguments are paths that something is made, changed or taken away at, and what they are beside.
_CHANGES: dict[str, tuple[tuple[int, int | None], ...]] = {
    "os.mkdir": ((0, 2),), "os.remove": ((0, 1),), "os.rmdir": ((0, 1),), "os.truncate": ((0, None),),
    "os.chmod": ((0, 2),), "os.chown": ((0, 3),), "os.rename": ((0, 2), (1, 3)), "os.link": ((1, 3),),
    "os.symlink": ((1, 2),), "os.utime": ((0, 3),), "sqlite3.connect": ((0, None),),
}  # fmt: skip
_LOOPBACK = ("127.", "::1", "localhost")


@dataclass
class Heard:
    """What was heard.

    written: paths that were made, changed or removed. reached: addresses beyond this machine. listened: where
    somebody may connect to. unpickled: what a pickle named. started: programs.
    """

    written: list[str] = field(default_factory=list)
    reached: list[str] = field(default_factory=list)
    listened: list[str] = field(default_factory=list)
    unpickled: list[str] = field(default_factory=list)
    started: list[str] = field(default_factory=list)

    def outside(self, *allowed: Path) -> list[str]:
        """The paths written that lie in none of these folders, links followed."""
        roots = [Path(os.path.realpath(one)) for one in (*allowed, Path("/dev"), Path("/proc"))]
        found = {path: Path(os.path.realpath(os.path.dirname(path)), os.path.basename(path)) for path in self.written}
        return sorted(path for path, real in found.items() if not any(real.is_relative_to(one) for one in roots))


_listeners: list[Heard] = []
_hooked = False


@contextmanager
def watched() -> Iterator[Heard]:
    """What this process does until the end of the block."""
    global _hooked
    if not _hooked:
        sys.addaudithook(_hook)
        _hooked = True
    heard = Heard()
    _listeners.append(heard)
    try:
        yield heard
    finally:
        _listeners.remove(heard)


def _hook(event: str, given: tuple[Any, ...]) -> None:
    me = threading.get_ident()
    if not _listeners or (me != threading.main_thread().ident and me in _left_over()):
        return
    for heard in list(_listeners):
        _note(heard, event, given)


def _left_over() -> set[int | None]:
    """The threads of recorders that a test before left behind: now and then they say in its project that they live."""
    known = sys.modules.get("nbtrack.runs.recorder"), sys.modules.get("nbtrack.runs.projects")
    if not all(known):
        return set()
    recorder, projects = known
    ours = projects.open_recorders()
    threads = [one._thread for one in list(recorder._recorders) if one not in ours]
    return {thread.ident for thread in threads if thread is not None and thread.is_alive()}


def _note(heard: Heard, event: str, given: tuple[Any, ...]) -> None:
    if event == "open":
        path, _, flags = given
        if isinstance(path, (str, bytes)) and isinstance(flags, int) and flags & _WRITES:
            text = os.path.abspath(os.fsdecode(path))
            if not _compiled(text):
                heard.written.append(text)
    elif event in _CHANGES:
        for at, beside in _CHANGES[event]:
            if isinstance(given[at], (str, bytes, os.PathLike)):
                text = os.fsdecode(given[at])
                if text and not text.startswith((":memory:", "file:")) and not _compiled(text):
                    heard.written.append(os.path.join(_folder(given[beside] if beside is not None else -1), text))
    elif event in ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"):
        address = given[1] if event.startswith(("socket.connect", "socket.sendto")) else given[0]
        if not _near(address):
            heard.reached.append(f"{event} {address!r}")
    elif event == "socket.bind":
        heard.listened.append(repr(given[1]))
        if not _near(given[1]):
            heard.reached.append(f"{event} {given[1]!r}")
    elif event == "pickle.find_class":
        heard.unpickled.append(f"{given[0]}.{given[1]}")
    elif event == "subprocess.Popen":
        heard.started.append(" ".join(map(os.fsdecode, given[1])) if not isinstance(given[1], str) else given[1])


def _compiled(path: str) -> bool:
    """Whether it is what Python keeps of a module that is loaded for the first time, or the folder of those."""
    folder, name = os.path.split(path)
    return name == "__pycache__" or (os.path.basename(folder) == "__pycache__" and ".pyc" in name)


def _folder(descriptor: object) -> str:
    """The folder that a path is relative to: of an open one, or where the process is."""
    if isinstance(descriptor, int) and descriptor >= 0:
        return os.readlink(f"/proc/self/fd/{descriptor}")
    return os.getcwd()


def _near(address: Any) -> bool:
    """Whether an address is of this machine alone: the loopback, or a file."""
    host = address[0] if isinstance(address, tuple) and address else address
    if host is None or isinstance(host, bytes):
        return not isinstance(address, tuple) or host in (b"localhost", b"127.0.0.1")
    return isinstance(host, str) and (host.startswith(_LOOPBACK) or (not isinstance(address, tuple) and "/" in host))
