"""A project's backup is made: all that `nbtrack.transfer.backup` names, of one moment, in one file.

Others may go on writing. First the journals are copied, then the database: what a journal still held and the database
not yet is taken from the copy, exactly once, so that everything that was acknowledged before is in the backup.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from nbtrack import __version__
from nbtrack.base import journal
from nbtrack.base.config import FOLDER, Project
from nbtrack.base.copies import leave_log
from nbtrack.base.errors import InvalidOption, NbtrackError, NotFound, StoreError
from nbtrack.runs import objects
from nbtrack.runs.ingest import take_segment
from nbtrack.runs.projects import database_at
from nbtrack.transfer import backup as form
from nbtrack.transfer.atomic import writing
from nbtrack.transfer.spool import own_folder
from nbtrack.transfer.store import whole

if TYPE_CHECKING:
    from nbtrack.runs.service import RunsService

Progress = Callable[[Iterable[str], str, int], Iterable[str]]
_BLOCK = 1 << 20
_AGAIN = 20.0  # seconds between two times that files not yet copied are said to be in use
_SPARE = 4 << 20  # bytes that stay free


@dataclass
class Backup:
    """A backup that was made. troubles: a sentence for each thing that is not in it as it should be."""

    path: Path
    size: int
    manifest: form.Manifest
    troubles: list[str] = field(default_factory=list)


def silent(items: Iterable[str], what: str, total: int) -> Iterable[str]:
    """Show no progress."""
    return items


def make(service: RunsService, target: Path | None = None, progress: Progress = silent) -> Backup:
    """Write a backup, whole or not at all; of what is missing or damaged in the project it has the rest.

    target: a file that ends in .zip, or a folder; the project's own folder of backups without.

    Raises:
        InvalidOption: there is such a file already, or it cannot be written. StoreError: there is no database, it
            cannot be read, or there is no room.
    """
    project = service.project
    service.refresh(force=True)
    if not service.database.exists():
        raise StoreError(
            f"No runs are kept in '{project.root}' yet: there is nothing to back up.",
            "Put `%%track` on a cell, or use start_run().",
        )
    path = _target(project, target)
    stage = _stage(project)
    maker = _Maker(service, Project(stage))
    try:
        maker.take_database()
        maker.check_room(path.parent)
        with writing(path, private=True) as file:
            maker.write(file, progress)
    finally:
        maker.close()
        shutil.rmtree(stage, ignore_errors=True)
    return Backup(path, path.stat().st_size, maker.manifest, maker.troubles)


def _target(project: Project, given: Path | None) -> Path:
    folder = project.backups
    if given is None or given.is_dir():
        folder = given or folder
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise InvalidOption(
                f"'{folder}' cannot be made: {error.strerror or error}.", "Name a file in another folder."
            ) from error
        target = folder / form.default_name()
        number = 1
        while target.exists():
            number += 1
            target = folder / form.default_name().replace(".zip", f"-{number}.zip")
        return target
    if given.suffix.lower() != ".zip":
        raise InvalidOption(f"A backup is a zip file, and '{given}' says otherwise.", "Name a file that ends in .zip.")
    if os.path.lexists(given):
        raise InvalidOption(f"'{given}' is there already.", "Name another file: a backup never replaces one.")
    if not given.parent.is_dir():
        raise InvalidOption(f"There is no folder '{given.parent}'.", "Make it, or name another.")
    inside = given.resolve().parent
    if FOLDER in inside.parts and inside != project.backups.resolve():
        raise InvalidOption(
            f"'{given}' lies among the files of nbtrack's own store.", "Name a file elsewhere, or none at all."
        )
    return given


def _stage(project: Project) -> Path:
    try:
        return own_folder(project)
    except OSError:  # a project that can only be read
        return Path(tempfile.mkdtemp(prefix="nbtrack-"))


class _Maker:
    """stage: a project of its own, where the database is copied to before it goes into the file."""

    def __init__(self, service: RunsService, stage: Project) -> None:
        self._project, self._database = service.project, service.database
        self._stage = stage
        self._copy = database_at(stage.database)
        self._sound = True
        self.manifest = form.Manifest(form.FORMAT, form.VERSION, f"nbtrack {__version__}", time.time())
        self.troubles: list[str] = []
        self._said_at = 0.0

    def close(self) -> None:
        """The copy is not needed any more."""
        self._copy.close()

    def take_database(self) -> None:
        """Copy journals and database, and bring the former into the copy."""
        self._stage.create()
        self._say_in_use(objects.all_names(self._project.objects))
        for segment in journal.segments(self._project.journal):
            with suppress(FileNotFoundError):  # all of it has just come into the database
                shutil.copyfile(segment.path, self._stage.journal / segment.path.name)
        whole.copy_now(self._database, self._stage.database, lambda: None)
        wrong = whole.damage(self._copy)
        if wrong:
            self._sound = False
            self.troubles.append(
                f"The database is damaged ({'; '.join(wrong)}): the backup has it as it is, and no files. It cannot be "
                "restored as a whole."
            )
            return
        for segment in journal.segments(self._stage.journal):
            try:
                take_segment(self._copy, self._stage, segment)
            except (ValueError, OSError, StoreError) as error:
                self.troubles.append(f"A journal was read as far as it is sound: {error}.")
        for name, count in whole.about(self._copy).items():
            setattr(self.manifest, name, count)

    def check_room(self, folder: Path) -> None:
        """See that what is known of the size has room.

        Raises:
            StoreError: it has not.
        """
        need = self._stage.database.stat().st_size
        if self._sound:
            need += sum(one.size for one in whole.needed(self._copy))
        free = shutil.disk_usage(folder).free
        if need + _SPARE > free:
            raise StoreError(
                f"The backup needs {need / 2**20:,.0f} MiB, and {free / 2**20:,.0f} are free in '{folder}'.",
                "Free some space, or name a file on another disk.",
            )

    def write(self, file: BinaryIO, progress: Progress) -> None:
        """Write all members."""
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
            if self._sound:
                self._objects(archive, progress)
            self._copy.close()
            leave_log(self._stage.database)
            self._file(archive, form.DATABASE, self._stage.database)
            for name in form.CHOSEN:
                self._file(archive, name, self._project.folder / name)
            for path in sorted(self._project.journal.glob("*.bad")):
                if form.MEMBER.fullmatch(f"journal/{path.name}"):
                    self._file(archive, f"journal/{path.name}", path)
            self.manifest.bytes = sum(member.size for member in self.manifest.members.values())
            archive.writestr(_info(form.MANIFEST), msgspec.json.encode(self.manifest))

    def _objects(self, archive: zipfile.ZipFile, progress: Progress) -> None:
        left = [(one.hash, f"'{one.path}' of {one.who}", one.size) for one in whole.needed(self._copy)]
        about = {name: (whose, size) for name, whose, size in left}
        names = list(about)
        for number, name in enumerate(progress(names, "copying files", len(names))):
            if time.monotonic() - self._said_at > _AGAIN:
                self._say_in_use(names[number:])
            whose, size = about[name]
            try:
                blocks = self._blocks(name)
                first = next(blocks, b"")
                self._put(archive, f"objects/{name}", _and(first, blocks), size)
                self.manifest.objects += 1
            except NbtrackError as error:
                self.manifest.missing[name] = error.message
                self.troubles.append(f"The file {whose} is not in the backup as it should be: {error.message}")

    def _blocks(self, name: str) -> Iterator[bytes]:
        staged = objects.is_name(name) and objects.path_of(self._stage.objects, name).exists()
        try:
            yield from objects.blocks(self._stage.objects if staged else self._project.objects, name)
        except OSError as error:
            raise NotFound(f"It cannot be read: {error.strerror or error}.") from error

    def _file(self, archive: zipfile.ZipFile, name: str, path: Path) -> None:
        try:
            reading = path.open("rb")
        except FileNotFoundError:
            return
        except OSError as error:
            self.troubles.append(f"'{path}' is not in the backup: {error.strerror or error}.")
            return
        with reading:
            size = os.fstat(reading.fileno()).st_size
            self._put(archive, name, iter(lambda: reading.read(_BLOCK), b""), size)

    def _put(self, archive: zipfile.ZipFile, name: str, blocks: Iterable[bytes], size: int) -> None:
        """Write a member; of one that cannot be read to its end, the manifest says what there is."""
        digest, count = hashlib.sha256(), 0
        try:
            with archive.open(_info(name), "w", force_zip64=size > 1 << 30) as member:
                for block in blocks:
                    member.write(block)
                    digest.update(block)
                    count += len(block)
        finally:
            self.manifest.members[name] = form.Member(count, digest.hexdigest())

    def _say_in_use(self, names: Iterable[str]) -> None:
        """Keep a purge by another process from files that are to be copied: it leaves those used within the minute."""
        self._said_at = time.monotonic()
        for name in names:
            with suppress(OSError):
                os.utime(objects.path_of(self._project.objects, name))


def _and(first: bytes, blocks: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from blocks


def _info(name: str) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(name, time.localtime()[:6])
    made.external_attr = 0o600 << 16
    return made
