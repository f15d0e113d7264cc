"""Which files and folders an execution opens, as Python's own audit events tell.

Readers written in C open files without such an event (polars, pyarrow, HDF5): of these the paths are taken that stand
as texts in the cell and are there when it ends. A worker process opens for itself: what only it reads is not seen.

An audit hook cannot be removed again, so there is one for the process, put in place by the first cell; while no
execution is under way it returns at once.
"""

from __future__ import annotations

import os
import re
import sys
import sysconfig
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import Any

MOST = 5000  # paths noted of one execution

_FOLDERS = frozenset({"os.listdir", "os.scandir"})
_CODE = (".py", ".pyc", ".pyi", ".pyd", ".so", ".dll", ".dylib", ".pth", ".ipynb")
_PARTS = re.compile(r"[/\\](?:\.nbtrack|__pycache__|\.git|site-packages|dist-packages|\.ipynb_checkpoints)(?:[/\\]|$)")
_SYSTEM = ("/proc", "/dev", "/sys", "/etc", "/run", "/usr/share", "/usr/lib", "/usr/local/share")
_OF_PYTHON = ("lib", "lib64", "Lib", "bin", "Scripts", "share", "include", "etc", "conda-meta")
_AT_HOME = (".cache/matplotlib", ".config", ".matplotlib", ".ipython", ".jupyter", ".local/share/jupyter", ".keras")
_TEXTS = re.compile(r"""(['"])((?:(?!\1)[^\\\n]){1,400})\1""")
_MOST_TEXTS = 50


@dataclass
class Opened:
    """What one execution opened, by absolute path: read (a folder, a database or a file) and written."""

    read: dict[str, str] = field(default_factory=dict)
    written: dict[str, None] = field(default_factory=dict)


_under_way: list[Opened] = []
_quiet: set[int] = set()  # threads that read for us
_hooked = False
_ignored: tuple[str, ...] = ()


def begin() -> Opened:
    """Note what is opened from now on."""
    _hook_once()
    opened = Opened()
    _under_way.append(opened)
    return opened


def end(opened: Opened) -> None:
    """Note no more of it."""
    with suppress(ValueError):
        _under_way.remove(opened)


@contextmanager
def quietly() -> Iterator[None]:
    """What this thread opens meanwhile is our own business."""
    own = threading.get_ident()
    _quiet.add(own)
    try:
        yield
    finally:
        _quiet.discard(own)


def is_ignored(path: str) -> bool:
    """Whether a path is none of the user's data: of Python, a package, the system, or our own."""
    return path.endswith(_CODE) or path.startswith(_ignored) or _PARTS.search(path) is not None


def named(source: str) -> list[str]:
    """The files that exist under a text of the cell's, absolute."""
    found: dict[str, None] = {}
    for text in _like_paths(source):
        if len(found) >= _MOST_TEXTS:
            break
        path = os.path.abspath(os.path.expanduser(text))
        if path not in found and not is_ignored(path) and os.path.isfile(path):
            found[path] = None
    return list(found)


@lru_cache(maxsize=64)
def _like_paths(source: str) -> list[str]:
    """The texts of a cell that may name a file. Remembered: it is asked before the cell and after it."""
    texts = (match[2] for match in islice(_TEXTS.finditer(source), _MOST_TEXTS * 10))
    return [text for text in texts if ("." in text or "/" in text) and "://" not in text and "\0" not in text]


def _hook_once() -> None:
    global _hooked, _ignored
    if _hooked:
        return
    _ignored = _not_data()
    sys.addaudithook(_hook)
    _hooked = True


def _not_data() -> tuple[str, ...]:
    prefixes = {sys.prefix, sys.base_prefix, sys.exec_prefix}
    found = {os.path.join(prefix, part) for prefix in prefixes for part in _OF_PYTHON}
    found.update(path for name, path in sysconfig.get_paths().items() if name != "data")
    home = os.path.expanduser("~")
    found.update(os.path.join(home, part) for part in _AT_HOME)
    configured = os.environ.get("MPLCONFIGDIR")
    if configured:
        found.add(os.path.abspath(configured))
    found.update(_SYSTEM if os.name == "posix" else ())
    return tuple(os.path.join(path, "") for path in found)


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if not _under_way:
        return
    if event == "open" or event == "os.rename" or event == "sqlite3.connect" or event in _FOLDERS:
        try:
            _note(event, args)
        except Exception:  # noqa: BLE001 (it would keep the user's file from being opened)
            return


def _note(event: str, args: tuple[Any, ...]) -> None:
    given = args[0]
    if type(given) is not str:
        if not isinstance(given, (bytes, os.PathLike)):
            return  # a descriptor: what it stands for was opened before
        given = os.fsdecode(given)
    if given.endswith(_CODE) or threading.get_ident() in _quiet:
        return
    path = os.path.abspath(given)
    if is_ignored(path):
        return
    if event == "open":
        _note_file(path, args[2])
    elif event == "os.rename":
        _note_renamed(path, os.path.abspath(os.fsdecode(args[1])))
    elif event == "sqlite3.connect":
        if given != ":memory:" and not given.startswith("file:"):
            _note_read(path, "database")
    elif path not in sys.path and path != os.getcwd() and not _is_import():
        _note_read(path, "folder")


def _note_file(path: str, flags: int) -> None:
    access = flags & (os.O_RDONLY | os.O_WRONLY | os.O_RDWR)
    if access != os.O_WRONLY and not flags & os.O_TRUNC:
        _note_read(path, "file")
    if access != os.O_RDONLY:
        for opened in _under_way:
            if len(opened.written) < MOST:
                opened.written[path] = None


def _note_read(path: str, kind: str) -> None:
    for opened in _under_way:
        if path not in opened.written and path not in opened.read and len(opened.read) < MOST:
            opened.read[path] = kind


def _note_renamed(path: str, to: str) -> None:
    """A file that was written beside and then moved to its place."""
    for opened in _under_way:
        if path in opened.written:
            del opened.written[path]
            opened.written[to] = None


def _is_import() -> bool:
    """Whether it is Python that looks into a folder, for a module."""
    frame = sys._getframe(3)
    return frame.f_code.co_filename.startswith("<frozen importlib")
