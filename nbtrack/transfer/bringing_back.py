"""A project is brought back from a backup: all of it is checked before anything is touched.

What lies there is kept in ``.nbtrack/aside/DATE-TIME``. The database is replaced in one transaction where there is a
sound one, which others may have open, and by a rename where there is none or a damaged one. So a process killed at any
moment leaves the old database or the new one, whole; the same command again does the rest.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import shutil
import time
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import msgspec

from nbtrack.base import copies
from nbtrack.base.config import Project, load_settings
from nbtrack.base.db import Database
from nbtrack.base.errors import (
    BadSource,
    InvalidOption,
    NbtrackError,
    StoreError,
    StoreForeign,
    StoreReadOnly,
    StoreTooNew,
)
from nbtrack.runs import objects, recovery
from nbtrack.runs.projects import database_at, known_recorder
from nbtrack.runs.store import deep
from nbtrack.transfer import backup as form
from nbtrack.transfer.spool import own_folder
from nbtrack.transfer.store import copying, whole

if TYPE_CHECKING:
    from nbtrack.runs.service import RunsService

Progress = Callable[[Iterable[str], str, int], Iterable[str]]
_BLOCK = 1 << 20
_SPARE = 16 << 20  # bytes that stay free
_NOTHING = "Nothing was changed."
ASIDE = "aside"
# What zipfile raises of a damaged file: the last where the name in front of a member is no UTF-8.
_BAD_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, UnicodeDecodeError)


@dataclass
class Restored:
    """What was brought back. aside: where what was there before is now; None where there was nothing.

    troubles: a sentence for each thing that is not there as it should be.
    """

    source: Path
    runs: int = 0
    points: int = 0
    objects: int = 0
    files: list[str] = field(default_factory=list)
    aside: Path | None = None
    troubles: list[str] = field(default_factory=list)


def bring_back(service: RunsService, source: Path, force: bool, progress: Progress) -> Restored:
    """Replace what a project keeps by what a backup holds.

    source: a backup, or a database from the folder of backups. force: also while other processes record.

    Raises:
        BadSource: the file is none, or damaged. StoreTooNew: it is of a newer nbtrack.
        StoreError: the project is in use, or there is no room. Nothing was changed by any of these.
    """
    project = service.project
    kind = _kind(source, project)
    project.create()
    _check_unused(service, force)
    stage = _stage(project)
    staged = Project(stage)
    database = database_at(staged.database)
    try:
        staged.create()
        taken = _Taken(project, staged, source)
        taken.read_zip(progress) if kind == ".zip" else taken.read_database()
        taken.bring_up_to_date(database)
        _check_unused(service, force)
        return _Placing(service, database, taken).place()
    except _BAD_ZIP as error:
        raise BadSource(f"'{source}' cannot be read: {error}.", f"Is it a backup, and all of it? {_NOTHING}") from error
    except OSError as error:
        raise StoreError(
            f"'{source}' could not be brought back: {error}.", "Free some disk space, or see that both can be read."
        ) from error
    finally:
        database.close()
        shutil.rmtree(stage, ignore_errors=True)


def _stage(project: Project) -> Path:
    try:
        return own_folder(project)
    except OSError as error:
        raise StoreReadOnly(
            f"'{project.folder}' cannot be written: {error.strerror or error}.", f"Make it writable. {_NOTHING}"
        ) from error


def _kind(source: Path, project: Project) -> str:
    """What a file is by its name: the database in use must not even be opened to look."""
    kind = source.suffix.lower()
    if not source.is_file():
        raise BadSource(f"There is no file '{source}'.", "`nbtrack backup --list` shows the backups of this project.")
    ours = [project.database, *(Path(f"{project.database}{end}") for end in whole.BESIDE)]
    if kind not in (".zip", ".db") or any(one.exists() and one.samefile(source) for one in ours):
        raise BadSource(
            f"'{source}' is no backup.", "A backup ends in .zip; one from before a migration is a .db in 'backups'."
        )
    return kind


def _check_unused(service: RunsService, force: bool) -> None:
    """See that nobody records: what comes into a journal meanwhile belongs to the database that goes.

    Raises:
        StoreError: somebody does.
    """
    recorder = known_recorder(service.project)
    if recorder is not None and recorder.opening:
        raise StoreError(
            "A run is being recorded here, into the project that is to be replaced.",
            "End it first; in a notebook, use a cell that is not tracked.",
        )
    if force:
        return
    own = recorder.session if recorder is not None else None
    others = recovery.recording(service.database, service.project, own)
    if others:
        raise StoreError(
            f"{' and '.join(others[:3])}{' and more' if len(others) > 3 else ''} may record into this project.",
            "Shut down its kernels and scripts; or add --force: what they have logged and still hold is then added to "
            "what is brought back.",
        )


class _Taken:
    """What a backup holds, checked and unpacked into a stage."""

    def __init__(self, project: Project, stage: Project, source: Path) -> None:
        self.project, self.stage, self.source = project, stage, source
        self.objects: dict[str, Path] = {}  # those that the project has not, or damaged
        self.damaged: list[str] = []  # of these, those that are there
        self.files: list[str] = []
        self.missing: dict[str, str] = {}

    def read_database(self) -> None:
        """Take a database alone, checked."""
        copying.copy(self.source, self.stage.database)

    def bring_up_to_date(self, database: Database) -> None:
        """See that this nbtrack can use the database; one of an older version is migrated here, apart."""
        try:
            database.connection()
        except StoreForeign as error:
            raise BadSource(f"'{self.source}' cannot be used: {error.message}", _NOTHING) from error
        with database.read() as conn:
            damage = deep.references(conn)
        if damage:
            self._bad(damage[0])

    def read_zip(self, progress: Progress) -> None:
        """Take all members, each checked."""
        with zipfile.ZipFile(self.source) as archive:
            members = self._checked(archive)
            manifest = self._manifest(archive, members)
            self._check_room(members)
            self.missing = manifest.missing
            for name in progress(list(manifest.members), "checking", len(manifest.members)):
                self._take(archive, members[name], manifest)
        copying.check(self.stage.database, self.source)
        try:
            load_settings(self.stage)
        except InvalidOption as error:
            self._bad(error.message)

    def _checked(self, archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
        found: dict[str, zipfile.ZipInfo] = {}
        end = 0
        for info in sorted(archive.infolist(), key=lambda one: one.header_offset):
            name = info.orig_filename  # before zipfile cuts it at a NUL
            if not form.MEMBER.fullmatch(name):
                self._bad(f"it has a member {name[:200]!r}, which no backup has")
            if name in found:
                self._bad(f"it has the member '{name}' twice")
            if info.flag_bits & 1 or info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
                self._bad(f"its member '{name}' is packed in a way that no backup is")
            if info.header_offset < end:
                self._bad(f"its member '{name}' lies inside of another")
            end = info.header_offset + info.compress_size
            found[name] = info
        for name in (form.MANIFEST, form.DATABASE):
            if name not in found:
                self._bad(f"it has no '{name}'")
        return found

    def _manifest(self, archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo]) -> form.Manifest:
        if members[form.MANIFEST].file_size > form.LARGEST_MANIFEST:
            self._bad("its manifest is larger than any")
        text = archive.read(form.MANIFEST)
        try:
            plain = msgspec.json.decode(text)
            if isinstance(plain, dict) and plain.get("format") == form.FORMAT:
                version = plain.get("version")
                if type(version) is int and version > form.VERSION:
                    raise StoreTooNew(
                        f"'{self.source}' is a backup of version {version}, made by {str(plain.get('made_by'))[:80]}; "
                        f"this nbtrack knows {form.VERSION}.",
                        "Install a newer nbtrack.",
                    )
            manifest = msgspec.convert(plain, form.Manifest)
        except (msgspec.MsgspecError, RecursionError, ValueError) as error:
            self._bad(f"its manifest is none: {error}")
        if manifest.format != form.FORMAT:
            self._bad("its manifest is not that of a backup; `nbtrack import` takes other files")
        sizes = {name: info.file_size for name, info in members.items() if name != form.MANIFEST}
        if sizes != {name: member.size for name, member in manifest.members.items()}:
            self._bad("what it holds is not what its manifest says")
        return manifest

    def _check_room(self, members: dict[str, zipfile.ZipInfo]) -> None:
        """Twice the database: it is staged, and the one that goes is kept."""
        need = members[form.DATABASE].file_size * 2
        need += sum(info.file_size for name, info in members.items() if not self._has(name, info.file_size))
        free = shutil.disk_usage(self.project.folder).free
        if need + _SPARE > free:
            raise StoreError(
                f"'{self.source}' needs {need / 2**20:,.0f} MiB, and {free / 2**20:,.0f} are free in "
                f"'{self.project.folder}'.",
                f"Free some space. {_NOTHING}",
            )

    def _has(self, name: str, size: int) -> bool:
        kind, _, rest = name.partition("/")
        if kind != "objects":
            return False
        try:
            return objects.path_of(self.project.objects, rest).stat().st_size == size
        except OSError:
            return False

    def _take(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, manifest: form.Manifest) -> None:
        name = info.filename
        kind, _, rest = name.partition("/")
        if kind in form.CHOSEN and info.file_size > form.LARGEST_CHOICE:
            self._bad(f"its '{name}' is larger than any")
        target: Path | None = self.stage.folder / name
        if kind == "objects":
            known = self._has(name, info.file_size) and _is_sound(self.project.objects, rest)
            target = None if known else self.stage.objects / f"{rest}.new"
        digest = hashlib.sha256()
        for block in _unpacked(archive, info, target):
            digest.update(block)
        if digest.hexdigest() != manifest.members[name].sha256:
            self._bad(f"its member '{name}' is damaged")
        if kind == "objects":
            self._object(rest, digest.hexdigest(), target)
        elif name != form.DATABASE:
            self.files.append(name)

    def _object(self, name: str, found: str, target: Path | None) -> None:
        if found == name:
            if target is not None:
                self.objects[name] = target
                if objects.path_of(self.project.objects, name).exists():
                    self.damaged.append(name)
        elif name not in self.missing:
            self._bad(f"its member 'objects/{name}' is not what its name says")
        elif target is not None:
            target.unlink()  # it was damaged when the backup was made; under its name it would pass for sound

    def _bad(self, why: str) -> NoReturn:
        raise BadSource(f"'{self.source}' is not a sound backup: {why}.", _NOTHING)


def _free(folder: Path) -> Path:
    names = (folder if number == 1 else folder.with_name(f"{folder.name}-{number}") for number in itertools.count(1))
    return next(name for name in names if not os.path.lexists(name))


def _is_sound(folder: Path, name: str) -> bool:
    try:
        for _ in objects.blocks(folder, name):
            pass
    except (NbtrackError, OSError):
        return False
    return True


def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path | None) -> Iterator[bytes]:
    """The blocks of a member, written to a new file on their way."""
    with archive.open(info) as member:
        if target is None:
            yield from iter(lambda: member.read(_BLOCK), b"")
            return
        with open(target, "xb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            for block in iter(lambda: member.read(_BLOCK), b""):
                file.write(block)
                yield block
            file.flush()
            os.fsync(file.fileno())


class _Placing:
    """Puts what was taken in its place, and what was there aside."""

    def __init__(self, service: RunsService, made: Database, taken: _Taken) -> None:
        self._service, self._project, self._made, self._taken = service, service.project, made, taken
        self._aside = _free(self._project.folder / ASIDE / time.strftime("%Y%m%d-%H%M%S"))
        self._used = False

    def place(self) -> Restored:
        """Objects first, which replace nothing; then the database; then the small files."""
        taken, present = self._taken, self._service.database
        done = Restored(taken.source, aside=None)
        sound = whole.usable(present)
        if sound:
            self._service.refresh(force=True)  # what dead writers left belongs to what goes
        recorder = known_recorder(self._project)
        if recorder is not None:
            recorder.close()
        whole.outdate(self._made, present.revision() if sound else 0)
        done.runs, done.points = (whole.about(self._made)[name] for name in ("runs", "points"))
        self._objects(done)
        self._made.close()
        copies.leave_log(taken.stage.database)
        if sound:
            whole.copy_now(present, self._place_for(form.DATABASE), lambda: None)
            whole.put_into(taken.stage.database, self._project.database)
        else:
            present.close()
            self._swap()
        for name in taken.files:
            self._file(name)
            done.files.append(name)
        self._look(done)
        done.aside = self._aside if self._used else None
        return done

    def _place_for(self, name: str) -> Path:
        target = self._aside / name
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._used = True
        return target

    def _swap(self) -> None:
        database = self._project.database
        if any(os.path.lexists(f"{database}{end}") for end in ("", *whole.BESIDE)):
            aside = self._place_for(form.DATABASE).parent
        else:
            aside = database.parent
        whole.swap(self._taken.stage.database, database, aside)

    def _objects(self, done: Restored) -> None:
        for name in self._taken.damaged:
            os.replace(objects.path_of(self._project.objects, name), self._place_for(f"objects/{name}"))
        objects.adopt(self._project.objects, self._taken.objects)
        done.objects = len(self._taken.objects)

    def _file(self, name: str) -> None:
        target = self._project.folder / name
        if target.exists():
            kept = self._place_for(name)
            with suppress(OSError):  # no links here: then it is moved, and for a moment there is none
                os.link(target, kept)
            if not kept.exists():
                os.replace(target, kept)
        copies.settle(self._taken.stage.folder / name, target)

    def _look(self, done: Restored) -> None:
        """Name what the database needs and nobody has."""
        folder = self._project.objects
        lost = [
            one
            for one in whole.needed(self._service.database)
            if not (objects.is_name(one.hash) and objects.path_of(folder, one.hash).is_file())
        ]
        for one in lost:
            why = self._taken.missing.get(one.hash, "no copy of it is here.")
            done.troubles.append(f"The file '{one.path}' of {one.who} is missing: {why}")
