"""Whole runs as a bundle for another project; the format is in `nbtrack.transfer.bundle`."""

from __future__ import annotations

import hashlib
import time
import zipfile
import zlib
from collections.abc import Callable, Iterable
from typing import BinaryIO

import msgspec

from nbtrack import __version__
from nbtrack.base.errors import NotFound
from nbtrack.transfer import bundle as form
from nbtrack.transfer.exporters import Order
from nbtrack.transfer.records import File, RunRecord, SessionRecord, Whole
from nbtrack.transfer.taking import take, take_experiments, take_models

_LINES = 8 << 20  # bytes of a member of lines
_PART = 8 << 20  # bytes of a member of points
_BLOCK = 1 << 20
_LOOK = 1 << 16  # bytes of an object that are tried, whether it can be made smaller
_WORTH = 0.9
STILL_RUNNING = "it was still running when it was exported"


def write(order: Order, file: BinaryIO) -> None:
    """Write the runs of an order, all of them whole: in the trash, too, what was asked for."""
    service, numbers = order.service, list(order.numbers)
    service.refresh(force=True)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
        writer = _Writer(archive)
        for experiment in take_experiments(service.database, numbers):
            writer.add_experiment(msgspec.to_builtins(experiment))
        for whole in order.progress(take(service, numbers), "packing runs", len(numbers)):
            writer.add_run(whole)
        for model in take_models(service.database, [service.project.objects], numbers):
            writer.add_model({**msgspec.to_builtins(model.model), "files": writer.files(model.files())})
        writer.close(order.progress)
    order.notes += writer.notes()


class _Writer:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._manifest = form.Manifest(form.FORMAT, form.VERSION, f"nbtrack {__version__}", time.time())
        self._experiments = bytearray()
        self._models = bytearray()
        self._lines = bytearray()
        self._line_files = 0
        self._points = bytearray()
        self._point_files = 1
        self._sessions: dict[str, str] = {}
        self._environments: set[str] = set()
        self._objects: dict[str, Callable[[], BinaryIO]] = {}
        self._names: dict[str, str] = {}  # a path of each object, for notes
        self._packed = 0

    def add_experiment(self, plain: object) -> None:
        """Add an experiment."""
        self._experiments += form.dumps(plain)
        self._manifest.experiments += 1

    def add_model(self, plain: object) -> None:
        """Add a logged model."""
        self._models += form.dumps(plain)
        self._manifest.models += 1

    def add_run(self, whole: Whole) -> None:
        """Add a run; its files wait for the end."""
        run = whole.run
        parts, points = self._add_points(whole)
        line = form.Line(
            _settled(msgspec.structs.replace(run, session=None, environment=None)),
            self._session(run.session),
            self._environment(run),
            parts,
            points,
        )
        self._lines += form.dumps({**msgspec.to_builtins(line), "files": self.files(whole.files())})
        self._manifest.runs += 1
        self._manifest.points += points
        if len(self._lines) > _LINES:
            self._put_lines()

    def files(self, files: Iterable[File]) -> list[dict[str, object]]:
        """The lines of files; what they hold is added in the end."""
        found: list[dict[str, object]] = []
        for file in files:
            assert file.hash is not None  # files of a project are named by theirs
            assert callable(file.content)
            self._objects.setdefault(file.hash, file.content)
            self._names.setdefault(file.hash, file.path)
            line = form.FileLine(file.path, file.hash, file.size or 0, file.mime, file.kind, file.created)
            found.append(msgspec.to_builtins(line))
        return found

    def close(self, progress: Callable[[Iterable[str], str, int], Iterable[str]]) -> None:
        """Add what waited, and the manifest."""
        self._put_lines()
        self._put_points()
        for name, lines in ((form.EXPERIMENTS, self._experiments), (form.MODELS, self._models)):
            if lines:
                self._put(name, bytes(lines))
        for name in progress(self._objects, "packing files", len(self._objects)):
            try:
                self._object(name)
            except NotFound:
                self._manifest.missing[name] = "its file is missing"
        self._archive.writestr(zipfile.ZipInfo(form.MANIFEST), form.dumps(msgspec.to_builtins(self._manifest)))

    def notes(self) -> list[str]:
        """What is not there."""
        return [f"The file '{self._names[name]}' is left out: {why}." for name, why in self._manifest.missing.items()]

    # -- members

    def _add_points(self, whole: Whole) -> tuple[list[tuple[int, int, int]], int]:
        """(where the points of a run are, how many)."""
        parts: list[tuple[int, int, int]] = []
        count, began = 0, len(self._points)
        for points in whole.points():
            self._points += form.packed(points)
            count += len(points.steps)
            if len(self._points) > _PART:
                parts.append((self._point_files, began, len(self._points)))
                self._put_points()
                began = 0
        if len(self._points) > began:
            parts.append((self._point_files, began, len(self._points)))
        return parts, count

    def _put_points(self) -> None:
        if self._points:
            self._put(f"points/{self._point_files:06d}.bin", bytes(self._points), 1)
            self._point_files += 1
            self._points.clear()

    def _session(self, session: SessionRecord | None) -> str | None:
        if session is None:
            return None
        name = self._sessions.get(session.id)
        if name is None:
            name = self._sessions[session.id] = f"{len(self._sessions) + 1:06d}"
            self._put(f"sessions/{name}.json", form.dumps(msgspec.to_builtins(session)))
        return name

    def _environment(self, run: RunRecord) -> str | None:
        if run.environment is None:
            return None
        from nbtrack.capture.environment import environment_hash

        name = environment_hash(run.environment)
        if name not in self._environments:
            self._environments.add(name)
            self._put(f"environments/{name}.json", form.dumps(run.environment))
        return name

    def _put_lines(self) -> None:
        if self._lines:
            self._line_files += 1
            self._put(f"runs/{self._line_files:06d}.jsonl", bytes(self._lines))
            self._lines.clear()

    def _object(self, name: str) -> None:
        first, size = self._look(name)
        if size < 0:
            self._manifest.missing[name] = "its content is not what was stored"
            return
        info = zipfile.ZipInfo(f"objects/{name}")
        info.compress_type = self._compression(size, first)
        info.file_size = size
        with self._objects[name]() as reading, self._archive.open(info, "w", force_zip64=size > 1 << 30) as member:
            for block in iter(lambda: reading.read(_BLOCK), b""):
                member.write(block)
        self._count(info)
        self._manifest.objects += 1

    def _look(self, name: str) -> tuple[bytes, int]:
        """(how an object begins, its size); the size is -1 if its content is not what its name says."""
        digest, size, first = hashlib.sha256(), 0, b""
        with self._objects[name]() as reading:
            for block in iter(lambda: reading.read(_BLOCK), b""):
                first = first or block[:_LOOK]
                digest.update(block)
                size += len(block)
        return first, size if digest.hexdigest() == name else -1

    def _put(self, name: str, data: bytes, level: int = 6) -> None:
        info = zipfile.ZipInfo(name)
        info.compress_type = self._compression(len(data))
        self._archive.writestr(info, data, compresslevel=level)
        self._count(info)

    def _compression(self, size: int, first: bytes = b"") -> int:
        """Whether a member is made smaller. See `nbtrack.transfer.bundle`: what unpacks to far more is not believed."""
        dense = self._manifest.bytes > form.TRUSTED and self._manifest.bytes > form.RATIO * self._packed
        hopeless = bool(first) and len(zlib.compress(first, 1)) > _WORTH * len(first)
        return zipfile.ZIP_STORED if size > form.PLAIN or dense or hopeless else zipfile.ZIP_DEFLATED

    def _count(self, info: zipfile.ZipInfo) -> None:
        self._manifest.members += 1
        self._manifest.bytes += info.file_size
        self._packed += info.compress_size


def _settled(run: RunRecord) -> RunRecord:
    """A run that is being recorded, as what its copy is: one that was broken off here."""
    if run.status != "running":
        return run
    return msgspec.structs.replace(run, status="interrupted", ended=time.time(), end_reason=STILL_RUNNING)
