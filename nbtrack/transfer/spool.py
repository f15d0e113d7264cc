"""Where an import waits until all of it was read: records in one file, and the runs' files by their hashes.

They lie in a folder of their own in ``.nbtrack/incoming``. What stands there is checked and has the form in which the
file keeps it, so that storing it is quick. A folder whose process is gone is cleared away by the next import.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import secrets
import shutil
import time
from array import array
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec

from nbtrack.base.errors import StoreError
from nbtrack.base.ids import Process, this_process
from nbtrack.transfer.records import Points

if TYPE_CHECKING:
    from nbtrack.base.config import Project

_FOLDER = "incoming"
_OWNER = "owner.json"
_CHUNK = 4096  # points of a metric in one record, as many as in a row of the file
_WAITING = 1 << 19  # points that wait in memory for their record to be full
_BLOCK = 1 << 20
_OLD = 86400.0  # seconds after which a folder whose process cannot be looked up counts as left behind
_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder().decode


def own_folder(project: Project) -> Path:
    """A new folder of this process's for what is not yet the project's; those of processes that are gone are removed.

    Raises:
        OSError: it cannot be made.
    """
    place = project.folder / _FOLDER
    place.mkdir(mode=0o700, exist_ok=True)
    _clear(place)
    made = place / f"{os.getpid()}-{secrets.token_hex(6)}"
    made.mkdir(mode=0o700)
    (made / _OWNER).write_text(json.dumps(this_process().as_dict()), encoding="utf-8")
    return made


class Spool:
    """Records of one import, written one after the other and read back by their places.

    project: where it waits; None keeps nothing, for a dry run: the same is counted and hashed.
    """

    def __init__(self, project: Project | None) -> None:
        self._folder: Path | None = None
        self._file: BinaryIO | None = None
        self.end = 0
        if project is not None:
            self._folder = own_folder(project)
            self._file = open(self._folder / "records", "xb+", opener=_private)  # noqa: SIM115 (closed by close)

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def write(self, record: Any) -> int:
        """Add a record; where it stands."""
        at = self.end
        if self._file is not None:
            body = _pack(record)
            try:
                self._file.write(len(body).to_bytes(8, "little"))
                self._file.write(body)
            except OSError as error:
                raise _no_room(error) from error
            self.end += 8 + len(body)
        return at

    def read(self, at: int) -> Any:
        """The record that stands somewhere."""
        return next(self.records(at, self.end))

    def records(self, start: int, end: int) -> Iterator[Any]:
        """The records from one place up to another. Others may be read meanwhile."""
        assert self._file is not None
        while start < end:
            self._file.seek(start)
            size = int.from_bytes(self._file.read(8), "little")
            yield _unpack(self._file.read(size))
            start += 8 + size

    def cut(self, at: int) -> None:
        """Take back what was written from a place on."""
        if self._file is not None:
            self._file.seek(at)
            self._file.truncate()
            self.end = at

    def flush(self) -> None:
        """All is written; from here on it is read."""
        if self._file is not None:
            try:
                self._file.flush()
            except OSError as error:
                raise _no_room(error) from error

    def keep(self, reading: BinaryIO) -> tuple[str, int]:
        """Copy a file; (hash, size)."""
        digest, size = hashlib.sha256(), 0
        if self._folder is None:
            for block in iter(lambda: reading.read(_BLOCK), b""):
                digest.update(block)
                size += len(block)
            return digest.hexdigest(), size
        temporary = self._folder / f"{secrets.token_hex(8)}.tmp"
        try:
            with open(temporary, "xb", opener=_private) as writing:
                for block in iter(lambda: reading.read(_BLOCK), b""):
                    digest.update(block)
                    size += len(block)
                    _write(writing, block)
                writing.flush()
                os.fsync(writing.fileno())
            os.replace(temporary, self._folder / digest.hexdigest())
        finally:
            temporary.unlink(missing_ok=True)
        return digest.hexdigest(), size

    def kept(self, name: str) -> Path | None:
        """Where the copy of a file waits; None if it was fetched already."""
        path = self._folder / name if self._folder is not None else None
        return path if path is not None and path.exists() else None

    def drop(self, name: str) -> None:
        """A copy is not needed."""
        if self._folder is not None:
            (self._folder / name).unlink(missing_ok=True)


class Series:
    """The points of one run on their way into a spool, put together to records of one size.

    Their hash does not depend on how they came: in which chunks, or in which order of the metrics.
    """

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._waiting: dict[str, Points] = {}
        self._held = 0
        self._hashes: dict[str, tuple[Any, Any, Any]] = {}
        self._sources: dict[str, str] = {}
        self.count = 0
        self.mended = 0  # times that were none

    def add(self, points: Points, otherwise: float) -> None:
        """Add points; otherwise: the time for those that have none."""
        if not math.isfinite(sum(points.times)):
            times = array("d", [at if math.isfinite(at) else otherwise for at in points.times])
            self.mended += sum(one != other for one, other in zip(times, points.times, strict=True))
            points = Points(points.key, points.steps, times, points.values, points.source)
        made = self._hashes.setdefault(points.key, (hashlib.sha256(), hashlib.sha256(), hashlib.sha256()))
        for one, column in zip(made, (points.steps, points.times, points.values), strict=True):
            one.update(column)
        source = self._sources.setdefault(points.key, points.source)
        waiting = self._waiting.setdefault(points.key, Points(points.key, source=source))
        waiting.steps.extend(points.steps)
        waiting.times.extend(points.times)
        waiting.values.extend(points.values)
        self.count += len(points.steps)
        self._held += len(points.steps)
        if len(waiting.steps) >= _CHUNK:
            self._put(waiting, len(waiting.steps) // _CHUNK * _CHUNK)
        if self._held > _WAITING:
            self.finish()

    def finish(self) -> None:
        """Write what waits."""
        for waiting in self._waiting.values():
            self._put(waiting, len(waiting.steps))
        self._waiting.clear()

    def _put(self, points: Points, count: int) -> None:
        for start in range(0, count, _CHUNK):
            cut = slice(start, min(count, start + _CHUNK))
            columns = (points.steps[cut], points.times[cut], points.values[cut])
            self._spool.write([points.key, points.source, *(column.tobytes() for column in columns)])
        del points.steps[:count], points.times[:count], points.values[:count]
        self._held -= count

    def keys(self) -> list[str]:
        """The metrics that there are."""
        return list(self._hashes)

    def digest(self) -> list[Any]:
        """What stands for all points."""
        return [
            [key, self._sources[key], *(one.hexdigest() for one in self._hashes[key])] for key in sorted(self._hashes)
        ]


def _write(writing: BinaryIO, block: bytes) -> None:
    try:
        writing.write(block)
    except OSError as error:
        raise _no_room(error) from error


def _no_room(error: OSError) -> StoreError:
    return StoreError(
        f"There is no room for what comes in: {error.strerror or error}.", "Nothing was imported. Free some disk space."
    )


def _clear(place: Path) -> None:
    """Remove what imports left behind whose processes are gone."""
    for folder in place.iterdir():
        try:
            owner: dict[str, Any] = json.loads((folder / _OWNER).read_text(encoding="utf-8"))
            alive = Process(**owner).alive()
        except (OSError, ValueError, TypeError):
            alive = None
        with suppress(OSError):  # another import was quicker
            if alive is False or (alive is None and time.time() - folder.stat().st_mtime > _OLD):
                shutil.rmtree(folder, ignore_errors=True)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
