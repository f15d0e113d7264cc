"""Bundles: whole runs of another project; the format is in `nbtrack.transfer.bundle`.

Nothing of a bundle is unpacked under a name of its own. Before anything is read, its members are looked at: other names
than the format has, the same name twice, members that overlap, sizes that the manifest does not know, and a file that
unpacks to far more than bundles do are refused.
"""

from __future__ import annotations

import json
import struct
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, TypeVar

import msgspec

from nbtrack.base.errors import BadSource, NotFound
from nbtrack.base.words import why
from nbtrack.runs.given import local_path
from nbtrack.transfer import bundle as form
from nbtrack.transfer.importers import none_left
from nbtrack.transfer.records import (
    OWN,
    ExperimentRecord,
    File,
    Item,
    ModelRecord,
    Points,
    SessionRecord,
    Whole,
    WholeModel,
)

_MOST = 1 << 30  # bytes of a member that is read at once
_LARGEST_RATIO = 2 * form.RATIO
_KEPT = 32
_HEADER = 30  # bytes before a member's name
_Kept = TypeVar("_Kept")
# What zipfile raises of a file that is none, or damaged: also of a newer version, and of names that are no UTF-8.
_NO_ZIP = (
    *(OSError, EOFError, UnicodeError, NotImplementedError, RuntimeError),
    *(zipfile.BadZipFile, zlib.error, struct.error),
)


class Bundle:
    """Reads ``name.nbtrack.zip``."""

    name = "bundle"

    def knows(self, source: str) -> bool:
        """Whether it is a zip file with a manifest like a bundle's."""
        path = Path(source).expanduser()
        if path.suffix.lower() != ".zip" or not path.is_file():
            return False
        try:
            with zipfile.ZipFile(path) as archive:
                return form.MANIFEST in archive.namelist()
        except _NO_ZIP:
            return source.lower().endswith(".nbtrack.zip")

    def place(self, source: str) -> str:
        """Runs keep their ids between projects."""
        return OWN

    def read(self, source: str, options: Mapping[str, str]) -> Iterator[Item]:
        """The experiments, runs and models of a bundle.

        Raises:
            BadSource: it is damaged, not what it says, or of a newer nbtrack.
        """
        none_left(options)
        path = local_path(source)
        try:
            with zipfile.ZipFile(path) as archive:
                yield from _Reader(path, archive).items()
        except _NO_ZIP as error:
            raise BadSource(f"'{path}' cannot be read: {why(error)}.", "Is it a bundle, and all of it?") from error


class _Reader:
    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self._path = path
        self._archive = archive
        self._members = self._checked(archive.infolist())
        self._manifest = self._read_manifest()
        self._latest = (0, b"")  # a member of points: runs that lie together share it
        self._sessions: OrderedDict[str, SessionRecord] = OrderedDict()
        self._environments: OrderedDict[str, dict[str, Any]] = OrderedDict()

    def items(self) -> Iterator[Item]:
        """What it holds."""
        counts = {"experiments": 0, "runs": 0, "models": 0}
        for plain in self._lines(form.EXPERIMENTS):
            counts["experiments"] += 1
            yield self._converted(plain, ExperimentRecord, form.EXPERIMENTS)
        for name in sorted(name for name in self._members if name.startswith("runs/")):
            for plain in self._lines(name):
                counts["runs"] += 1
                yield self._whole(self._converted(plain, form.Line, name))
        for plain in self._lines(form.MODELS):
            counts["models"] += 1
            files = [self._converted(one, form.FileLine, form.MODELS) for one in _popped(plain)]
            model = self._converted(plain, ModelRecord, form.MODELS)
            yield WholeModel(model, partial(self._files, files, f"model '{model.id}'"))
        for what, count in counts.items():
            if count != getattr(self._manifest, what):
                self._bad(f"it has {count:,} {what} where its manifest says {getattr(self._manifest, what):,}")

    # -- what it is

    def _checked(self, infos: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
        found: dict[str, zipfile.ZipInfo] = {}
        end = 0
        for info in sorted(infos, key=lambda one: one.header_offset):
            name = info.orig_filename  # before zipfile cuts it at a NUL
            if not form.MEMBER.fullmatch(name):
                self._bad(f"it has a member {name[:200]!r}, which no bundle has")
            if name in found:
                self._bad(f"it has the member '{name}' twice")
            if info.flag_bits & 1:
                self._bad(f"its member '{name}' is encrypted")
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                self._bad(f"its member '{name}' is packed in a way that no bundle is")
            if info.header_offset < end:
                self._bad(f"its member '{name}' lies inside of another")
            end = info.header_offset + _HEADER + len(name) + info.compress_size
            found[name] = info
        if form.MANIFEST not in found:
            self._bad("it has no manifest")
        total = sum(info.file_size for info in infos)
        if total > 2 * form.TRUSTED and total > _LARGEST_RATIO * self._path.stat().st_size:
            self._bad(f"it would unpack to {total:,} bytes, far more than a bundle of its size")
        return found

    def _read_manifest(self) -> form.Manifest:
        found = self._json(form.MANIFEST)
        if not isinstance(found, dict) or found.get("format") != form.FORMAT:
            self._bad("its manifest is not that of a bundle")
        version = found.get("version")
        if type(version) is int and version > form.VERSION:
            raise BadSource(
                f"'{self._path}' is a bundle of version {version}, made by {str(found.get('made_by'))[:80]}; this "
                f"nbtrack knows {form.VERSION}.",
                "Install a newer nbtrack.",
            )
        manifest = self._converted(found, form.Manifest, form.MANIFEST)
        others = [info for name, info in self._members.items() if name != form.MANIFEST]
        if (manifest.members, manifest.bytes) != (len(others), sum(info.file_size for info in others)):
            self._bad("what it holds is not what its manifest says")
        return manifest

    # -- runs

    def _whole(self, line: form.Line) -> Whole:
        run = line.run
        if line.session is not None:
            run.session = self._kept(self._sessions, line.session, self._session)
        if line.environment is not None:
            run.environment = self._kept(self._environments, line.environment, self._environment)
        return Whole(run, partial(self._points, line), partial(self._files, line.files, f"run '{run.id}'"))

    @staticmethod
    def _kept(kept: OrderedDict[str, _Kept], name: str, made: Callable[[str], _Kept]) -> _Kept:
        found = kept.pop(name, None)
        kept[name] = found = made(name) if found is None else found
        if len(kept) > _KEPT:
            kept.popitem(last=False)
        return found

    def _session(self, name: str) -> SessionRecord:
        return self._converted(self._json(f"sessions/{name}.json"), SessionRecord, f"sessions/{name}.json")

    def _environment(self, name: str) -> dict[str, Any]:
        found = self._json(f"environments/{name}.json")
        if not isinstance(found, dict):
            self._bad(f"environment '{name}' is none")
        return found

    def _points(self, line: form.Line) -> Iterator[Points]:
        count = 0
        for number, start, stop in line.parts:
            data = self._part(number, line.run.id)[start:stop]
            try:
                for points in form.unpacked(data):
                    count += len(points.steps)
                    yield points
            except ValueError as error:
                self._bad(f"the points of run '{line.run.id}' are damaged: {error}")
        if count != line.points:
            self._bad(f"run '{line.run.id}' has {count:,} points where it says {line.points:,}")

    def _part(self, number: int, run_id: str) -> bytes:
        if number != self._latest[0]:
            name = f"points/{number:06d}.bin"
            if name not in self._members:
                self._bad(f"the points of run '{run_id}' are missing")
            self._latest = number, self._data(name)
        return self._latest[1]

    def _files(self, lines: list[form.FileLine], whose: str) -> Iterator[File]:
        for one in lines:
            content = partial(self._object, one.hash, whose)
            yield File(one.path, content, one.mime, one.kind, one.created, one.hash, one.size)

    def _object(self, name: str, whose: str) -> BinaryIO:
        if name in self._manifest.missing:
            raise NotFound(f"The file {name[:12]}… was missing when the bundle was made.")
        info = self._members.get(f"objects/{name}")
        if info is None:
            self._bad(f"a file of {whose} ({name[:12]}…) is not in it")
        return self._archive.open(info)  # type: ignore[return-value]

    # -- members

    def _data(self, name: str) -> bytes:
        info = self._members.get(name)
        if info is None:
            self._bad(f"its member '{name}' is missing")
        if info.file_size > _MOST:
            self._bad(f"its member '{name}' has {info.file_size:,} bytes, more than a bundle's have")
        return self._archive.read(info)

    def _json(self, name: str) -> Any:
        return self._parsed(self._data(name), name)

    def _lines(self, name: str) -> Iterator[dict[str, Any]]:
        if name in self._members:
            for number, line in enumerate(self._data(name).splitlines(), start=1):
                plain = self._parsed(line, f"{name}, line {number}")
                if not isinstance(plain, dict):
                    self._bad(f"{name}, line {number}, is no record")
                yield plain

    def _parsed(self, text: bytes, name: str) -> Any:
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            self._bad(f"{name} is no JSON: {why(error)}")

    def _converted(self, plain: Any, kind: type[_Kept], name: str) -> _Kept:
        try:
            return msgspec.convert(plain, kind)
        except msgspec.ValidationError as error:
            self._bad(f"a record in {name} is not as it should be: {error}")

    def _bad(self, why: str) -> NoReturn:
        raise BadSource(f"'{self._path}' is not a sound bundle: {why}.", "Nothing was imported.")


def _popped(plain: dict[str, Any]) -> list[Any]:
    files = plain.pop("files", [])
    return files if isinstance(files, list) else [files]
