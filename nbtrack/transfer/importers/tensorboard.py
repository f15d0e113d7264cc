"""TensorBoard: folders with event files, as SummaryWriter, Keras and Lightning write them.

A folder with event files is a run, named by its path in the folder that was given, whose name is the experiment. Its
scalars are metrics (float32, as TensorBoard keeps them), its hparams params, its images, sounds and texts files. Where
``add_hparams`` made a folder of its own, named by the time, its params and metrics go to the run above it. Histograms,
graphs and what other plugins draw have no place in nbtrack: a note says how many stay in the event files.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from nbtrack.transfer.importers import none_left, parts
from nbtrack.transfer.importers.parts import Notes, broken
from nbtrack.transfer.importers.tensorboard_events import Events, Scan, files_of
from nbtrack.transfer.importers.tensorboard_frames import is_events
from nbtrack.transfer.records import File, Points, RunRecord, Whole, made_id

_SESSION = re.compile(r"\d{9,11}(\.\d+)?")  # the folder that add_hparams() makes: time.time()
_MOST = 5000  # folders that are looked into to know what a folder is


class Tensorboard:
    """Event files of TensorBoard."""

    name = "tensorboard"

    def knows(self, source: str) -> bool:
        """An event file, or a folder with one in it or below."""
        path = Path(source).expanduser()
        if path.is_file():
            return is_events(path)
        return path.is_dir() and any(True for _ in _folders(path, _MOST))

    def place(self, source: str) -> str:
        """The names of event files say time, host and process, so a run is known wherever it lies."""
        return "tensorboard"

    def read(self, source: str, options: Mapping[str, str]) -> Iterator[Whole]:
        """The runs by their paths.

        Raises:
            BadSource: a file is damaged; it is named. CannotRun: tensorboard is missing. NotFound: no such path.
        """
        none_left(options)
        path = parts.path_of(source)
        root = path.parent if path.is_file() else path
        folders = {root: [path]} if path.is_file() else dict(_folders(root))
        if not folders:
            raise broken(path, "there is no event file in it", hint="Give the folder that TensorBoard was given.")
        events = Events()
        scans = {folder: Scan.of(folder, files, events) for folder, files in folders.items()}
        above = _sessions(scans)
        for folder, scan in scans.items():
            if folder not in above:
                yield _whole(root, [scan, *(scans[one] for one in above if above[one] == folder)])


def _folders(root: Path, most: int | None = None) -> Iterator[tuple[Path, list[Path]]]:
    """Folders with event files, and these in the order they were begun (their names begin with the time)."""
    for place, folders, names in islice(os.walk(root), most):
        folders.sort()
        found = [path for name in sorted(names) if is_events(path := Path(place, name))]
        if found:
            yield Path(place), found


def _sessions(scans: Mapping[Path, Scan]) -> dict[Path, Path]:
    """Folders that add_hparams() made, by the run above that they are of, where that has one such folder alone."""
    found = {
        folder: folder.parent
        for folder, scan in scans.items()
        if _SESSION.fullmatch(folder.name) and scan.hparams and folder.parent in scans
    }
    return {folder: above for folder, above in found.items() if list(found.values()).count(above) == 1}


def _whole(root: Path, scans: list[Scan]) -> Whole:
    return Whole(_run(root, scans), lambda: _points(scans), lambda: _files(scans))


def _run(root: Path, scans: list[Scan]) -> RunRecord:
    first, notes = scans[0], Notes()
    hparams: dict[str, Any] = {}
    for scan in scans:
        hparams |= scan.hparams
        for line in scan.notes.lines():
            notes.add(line)
        for kind, names in scan.left.items():
            notes.add(f"{len(names)} of TensorBoard's '{kind}' stay in the event files: nbtrack has no place for them.")
    inside = first.folder.relative_to(root).as_posix()
    folder, experiment = first.folder.resolve(), root.resolve().name or "tensorboard"
    started = min(scan.first for scan in scans)
    status = next((scan.status for scan in scans if scan.status), "finished")
    origin = {"tool": "tensorboard", "id": first.files[0].name, "from": str(folder), "notes": notes.lines()}
    return RunRecord(
        id=made_id("tensorboard", f"{folder.name}/{first.files[0].name}"),
        name=experiment if inside == "." else inside,
        experiment=experiment,
        status=status,
        started=started,
        ended=max(scan.last for scan in scans),
        params=parts.params_of(hparams, notes, started),
        about={"origin": origin},
    )


def _points(scans: list[Scan]) -> Iterator[Points]:
    for scan in scans:
        yield from scan.points()


def _files(scans: list[Scan]) -> Iterator[File]:
    given: dict[str, int] = {}
    for scan in scans:
        for file in files_of(scan):
            count = given[file.path] = given.get(file.path, 0) + 1
            if count > 1:  # a step that was drawn again
                stem, dot, suffix = file.path.rpartition(".")
                file.path = f"{stem}-{count}{dot}{suffix}"
            yield file
