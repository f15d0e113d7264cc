"""What looks on for data: a watcher of every execution's files, and a companion of tracked cells.

A run's data are the objects that its cell reads, and the files that its cell opened or one of the executions behind
it. Objects are hashed before the cell runs, files afterwards and in the background; a file that was changed between
the two has no hash, and that is said.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.base.config import find_project
from nbtrack.base.errors import InvalidValue
from nbtrack.base.secrets import redact
from nbtrack.capture.data import reading
from nbtrack.capture.data.files import Files, Held, State, state_of
from nbtrack.capture.data.objects import Found, data_read
from nbtrack.capture.data.paths import inside
from nbtrack.capture.data.versions import dvc_state
from nbtrack.capture.git import file_states

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbtrack.capture.cell import CellRun
    from nbtrack.capture.session import Execution
    from nbtrack.runs.active import ActiveRun

_CROWD = 16  # files opened in one folder, beyond which the folder stands for them
_IN_FACTS = 100
_MOST_FILES = 50  # of one run
_EXECUTIONS = 5000
_TICK = 0.02  # seconds by which the clock of a file system may be behind ours


@dataclass(frozen=True)
class Seen:
    """A file, folder or database that an execution read, and how that is known. state: when the execution ended."""

    path: str
    kind: str
    how: str
    state: State | None = None
    opened: int = 1


class FileWatcher:
    """Notes what each execution reads and writes.

    seen: by number of the execution. writers: of a file, the numbers of the executions that wrote it, in order. root:
    the project's folder, once a tracked cell has said it.
    """

    def __init__(self) -> None:
        self.seen: dict[int, list[Seen]] = {}
        self.writers: dict[str, list[int]] = {}
        self.files = Files()
        self.root: Path | None = None
        self._opened: dict[int, reading.Opened] = {}
        self._there: dict[int, dict[str, State | None]] = {}  # the files that a cell names, as they were before it

    def before(self, execution: Execution, namespace: Mapping[str, Any]) -> None:
        """From here on, what is opened is this execution's."""
        self._there[execution.number] = {path: state_of(path) for path in reading.named(execution.python)}
        self._opened[execution.number] = reading.begin()

    def after(self, execution: Execution, namespace: Mapping[str, Any]) -> None:
        """Keep what it opened, with the state that the files have now."""
        opened, there = self._opened.pop(execution.number, None), self._there.pop(execution.number, {})
        if opened is None:
            return
        reading.end(opened)
        for path in reading.named(execution.python):
            state = state_of(path)
            if path in opened.read or state is None:
                continue
            began = (execution.started or 0.0) - _TICK
            if state != there[path] if path in there else state.mtime_ns / 1e9 >= began:
                opened.written[path] = None  # by a writer in C
            elif path not in opened.written:
                opened.read[path] = "named"
        if not opened.read and not opened.written:
            return
        root = self.root or find_project().root
        seen = list(_gathered(opened.read, root))
        for path in opened.written:
            self.writers.setdefault(path, []).append(execution.number)
        if seen:
            self.seen[execution.number] = seen
            for number in list(self.seen)[:-_EXECUTIONS]:
                del self.seen[number]
        _tell(execution, seen, list(opened.written), root)

    def writer_of(self, path: str, before: int) -> int | None:
        """The execution that wrote a file last before another one."""
        numbers = [number for number in self.writers.get(path, ()) if number < before]
        return numbers[-1] if numbers else None


def _gathered(read: Mapping[str, str], root: Path) -> Iterator[Seen]:
    """What was read; a folder stands for many files in it, and for the folders in it."""
    around = {str(root), *map(str, root.parents), os.getcwd()}
    entries = {path: 1 for path, kind in read.items() if kind != "folder"}
    folders = {path: 0 for path, kind in read.items() if kind == "folder" and path not in around}
    for _ in range(3):
        crowds = Counter(os.path.dirname(path) for path in (*entries, *folders))
        crowded = {folder for folder, count in crowds.items() if count > _CROWD and folder not in around}
        for path in [one for one in (*entries, *folders) if os.path.dirname(one) in crowded]:
            folder = os.path.dirname(path)
            folders[folder] = folders.get(folder, 0) + entries.pop(path, 0) + folders.pop(path, 0)
    listed = {path for path, kind in read.items() if kind == "folder"}
    for path in sorted(folders, key=len, reverse=True):
        above = next((parent for parent in _parents(path) if parent in folders), "")
        if above:
            folders[above] += folders.pop(path)
    for path, opened in folders.items():
        if os.path.isdir(path):
            yield Seen(path, "folder", "listed" if path in listed else "opened", None, opened)
    for path in entries:
        state = state_of(path)
        if state is not None:
            kind, how = read[path], "opened"
            if kind == "named":
                kind, how = "file", "named"
            yield Seen(path, kind, how, state)


def _parents(path: str) -> Iterator[str]:
    while (parent := os.path.dirname(path)) != path:
        yield parent
        path = parent


def _tell(execution: Execution, seen: list[Seen], written: list[str], root: Path) -> None:
    """Store with the execution what it read and wrote, in short."""
    files: list[list[Any]] = []
    for one, path in zip(seen[:_IN_FACTS], _clean([one.path for one in seen[:_IN_FACTS]], root), strict=True):
        state = one.state
        files.append([path, state.mtime_ns / 1e9 if state else None, state.size if state else None])
    if files:
        execution.facts["files"] = files
    if written:
        execution.facts["written"] = _clean(written[:_IN_FACTS], root)


def _clean(paths: list[str], root: Path) -> list[str]:
    return [redact(inside(path, root).encode("utf-8", "replace").decode())[0] for path in paths]


class DataCompanion:
    """A tracked cell's: stores what the cell reads."""

    def start(self, cell: CellRun, run: ActiveRun) -> None:
        """Hash the objects that the cell is about to read."""
        watcher = _watcher(cell)
        if watcher is not None:
            watcher.root = cell.project.root
        found = data_read(cell.syntax, cell.namespace)
        if found:
            cell.session.later(partial(_store_objects, cell, run, found))

    def finish(self, cell: CellRun, run: ActiveRun, error: BaseException | None) -> None:
        """Have the files looked at that it, and what is behind it, has read."""
        watcher = _watcher(cell)
        if watcher is not None and watcher.seen:
            cell.session.later(partial(_store_files, cell, run, watcher))


def _watcher(cell: CellRun) -> FileWatcher | None:
    return next((one for one in cell.session.watchers if isinstance(one, FileWatcher)), None)


def _store_objects(cell: CellRun, run: ActiveRun, found: list[Found]) -> None:
    """In the background: say which execution each object comes from, and store it."""
    makers = dict[str, int]()
    with suppress(Exception):  # a text that no analysis can read: the data are the run's all the same
        makers = _makers(cell, [one["name"] for one in found])
    for one in found:
        if one["name"] in makers:
            one["info"]["made_by"] = _who(cell, makers[one["name"]])
        with suppress(InvalidValue):
            run.add_dataset(**one)
    run.recorder.wake()  # the run may have ended meanwhile: nobody else would


def _makers(cell: CellRun, names: Iterable[str]) -> dict[str, int]:
    """The executions that bound names last, or changed what they stand for."""
    number = cell.execution.number
    history = cell.session.past(number - 1)
    found = {name: history.givers(name, number) for name in names}
    return {name: givers[0][0] for name, givers in found.items() if givers}


def _store_files(cell: CellRun, run: ActiveRun, watcher: FileWatcher) -> None:
    """In the background: hash the files, ask git and DVC about them, and store them."""
    own = cell.execution.number
    behind = {own}
    with suppress(Exception):  # as above: then only its own
        behind = _behind(cell)
    read = {one.path: (number, one) for number in sorted(behind) for one in watcher.seen.get(number, ())}
    # A named file is doubtful: those that were really opened come first.
    order = sorted(read.values(), key=lambda each: (each[1].how == "named", -each[0]))
    root = cell.project.root
    kept = order[:_MOST_FILES]
    states = file_states(root, [path for path in _insides(kept, root) if not path.startswith(("~", "/", ".."))])
    with reading.quietly():
        for number, one in kept:
            with suppress(InvalidValue):
                _store_file(cell, run, watcher, number, one, states)
    if len(order) > len(kept):
        run.set_about(data={"left_out": len(order) - len(kept)})
    run.recorder.wake()


def _behind(cell: CellRun) -> set[int]:
    number = cell.execution.number
    return set(cell.session.past(number - 1).slice(number, cell.syntax.free).numbers)


def _insides(kept: Iterable[tuple[int, Seen]], root: Path) -> list[str]:
    return [inside(one.path, root) for _, one in kept]


def _store_file(
    cell: CellRun, run: ActiveRun, watcher: FileWatcher, number: int, one: Seen, states: Mapping[str, str]
) -> None:
    root = cell.project.root
    name = inside(one.path, root)
    held = _held(watcher.files, one)
    info: dict[str, Any] = {"seen": one.how, **(held.info if held else {})}
    if one.kind == "folder" and one.opened:
        info["opened"] = one.opened
    changed = held is not None and one.state is not None and _of(one.state) != (info["size"], info["mtime"])
    if held is None or changed:
        info["since"] = "changed after it was read" if changed else "gone, or not to be read"
    if number != cell.execution.number:
        info["read_by"] = _who(cell, number)
    writer = watcher.writer_of(one.path, number)
    if writer is not None:
        info["made_by"] = _who(cell, writer)
    if name in states:
        info["git"] = states[name]
    dvc = dvc_state(one.path, root, held.md5 if held else None)
    if dvc is not None:
        info["dvc"] = dvc
    clean = redact(name.encode("utf-8", "replace").decode())[0]
    run.add_dataset(clean, one.kind, path=clean, hash=held.hash if held and not changed else None, info=info)


def _held(files: Files, one: Seen) -> Held | None:
    if one.kind == "folder":
        return files.folder(one.path)
    return files.looked_at(one.path) if one.kind == "database" else files.file(one.path)


def _of(state: State) -> tuple[int, float]:
    return state.size, state.mtime_ns / 1e9


def _who(cell: CellRun, number: int) -> dict[str, Any]:
    """An execution as a reader knows it."""
    for one in reversed(cell.session.executions):
        if one.number == number:
            return {"number": number, "execution": one.execution, "cell": one.cell}
    return {"number": number}
