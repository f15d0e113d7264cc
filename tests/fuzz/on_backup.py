"""Backups: a sound one, changed in its manifest, its members, its database or the zip around them; then restored.

What is refused leaves the project as it was, to the last file. What is taken is there as the backup holds it, every
object is what its name says, and all runs can be read.
"""

from __future__ import annotations

import io
import json
import sqlite3
import struct
import warnings
import zipfile
from contextlib import closing, suppress
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from nbtrack.base.config import Project
from nbtrack.base.errors import NbtrackError
from nbtrack.runs import contract as c
from nbtrack.runs import current
from nbtrack.runs.service import RunsService
from nbtrack.transfer import backup as form
from nbtrack.transfer.backing_up import make, silent
from nbtrack.transfer.bringing_back import bring_back
from nbtrack.transfer.store import copying
from tests.fuzz.base import Base
from tests.fuzz.ground import Ground, fill, forget, sound
from tests.fuzz.mutate import edited
from tests.fuzz.on_importers import Files, altered_rows
from tests.fuzz.on_journal import altered
from tests.fuzz.oracle import Wrong, preparing
from tests.fuzz.source import Source

_NAMES = (
    "../x",
    "/x",
    "objects/../../x",
    "objects",
    "objects/",
    "nbtrack.db\0x",
    "NBTRACK.DB",
    "settings.json/",
    "x\\y",
)
_NAMES += (f"objects/{'A' * 64}", f"objects/{'a' * 64}", "journal/0123456789ab-000001.bad", "nbtrack.db-wal", "", "é")
# Where fields begin behind a signature, and how they are packed: of a member in the list at the end, of one in its
# place, and of the end itself.
_DIRECTORY, _LOCAL, _END = b"PK\1\2", b"PK\3\4", b"PK\5\6"
_LATER = {6: "H", 10: "H", 16: "I", 20: "I", 24: "I", 28: "H", 30: "H", 32: "H", 34: "H", 36: "H", 38: "I", 42: "I"}
_FIELDS = {
    _DIRECTORY: {4: "H", 8: "H"} | _LATER,
    _LOCAL: {4: "H", 6: "H", 8: "H", 14: "I", 18: "I", 22: "I", 26: "H", 28: "H"},
    _END: {4: "H", 6: "H", 8: "H", 10: "H", 12: "I", 16: "I", 20: "H"},
}
_TABLES = ("params", "param_history", "tags", "points", "metrics", "artifacts", "outputs", "executions", "datasets")


class Backup(Base):
    """The first byte says what is changed; see `_file`."""

    name = "backup"
    words = (
        b"objects/",
        b"nbtrack.db",
        b"manifest.json",
        b'"size":',
        b'"sha256":',
        b'"members":',
        b'"missing":',
        b"PK\1\2",
    )

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._schema = copying._made
        copying._made = cache(copying._made)  # a sixth of the time, and the same each time
        self._ground = Ground(folder)
        self._place = folder / "given"
        self._place.mkdir()
        self._raw = _backup(folder)
        with zipfile.ZipFile(io.BytesIO(self._raw)) as archive:
            self._files = {name: archive.read(name) for name in archive.namelist()}
        self._before = _state(self._ground.fresh())
        self.writes = [self._ground.project.root]  # never what is restored from

    def seeds(self) -> list[bytes]:
        """Nothing changed, and each kind of change in a few places."""
        found = [b"", *(bytes((kind,)) for kind in range(7))]
        return found + [bytes((kind, 1, at, 3, at, 7, 2, 1)) for kind in range(7) for at in (0, 1, 2, 5, 40)]

    def run(self, data: bytes) -> None:
        """Restore what the bytes make of a backup."""
        name, content = self._file(Source(data))
        project = self._ground.fresh()
        path = self._place / name
        with preparing():
            path.write_bytes(content)
        try:
            bring_back(RunsService(project), path, False, silent)
        except NbtrackError:
            if _state(project) != self._before:
                raise Wrong("a backup was refused, and the project is another") from None
            raise
        self._look(project, path)

    def check(self) -> None:
        """The database that was restored into."""
        sound(self._ground.project)

    def close(self) -> None:
        """Schemas are made anew."""
        copying._made = self._schema

    def _file(self, source: Source) -> tuple[str, bytes]:
        """A name, and what the file has: changed bytes, members, manifest, names, fields of the zip, rows; or any."""
        kind = source.number(7)
        name = "given.zip"
        if kind == 0 and source.left:
            return name, edited(source, {name: self._raw}).get(name, b"")
        if kind == 1:
            return name, _zipped(_mended(edited(source, self._files), source.flag()))
        if kind == 2:
            return name, _zipped(self._with_manifest(source))
        if kind == 3:
            return name, self._renamed(source)
        if kind == 4:
            return name, _fields_changed(source, self._raw)
        if kind in (5, 6):
            rows = self._rows(source)
            return ("given.db", rows) if kind == 6 else (name, _zipped(_mended(self._files | {form.DATABASE: rows})))
        return name, source.rest() if kind == 7 else self._raw

    def _with_manifest(self, source: Source) -> Files:
        plain: Any = json.loads(self._files[form.MANIFEST])
        for _ in range(1 + source.number(2)):
            plain = altered(source, plain)
        return self._files | {form.MANIFEST: json.dumps(plain).encode()}

    def _renamed(self, source: Source) -> bytes:
        """Members under other names, twice, packed or out of their order; the manifest says the same."""
        files = list(self._files.items())
        for _ in range(1 + source.number(2)):
            at = source.number(len(files) - 1)
            name, content = files[at]
            kind = source.number(3)
            new = (source.one(_NAMES), source.text(), source.one(files)[0], name)[kind]
            files[at : at + source.number(1)] = [(new, content)]
            if kind == 3:
                files.insert(source.number(len(files)), files[source.number(len(files) - 1)])
        members = _mended(dict(files), fit=True)
        files = [(name, members.get(name, content)) for name, content in files]
        return _zipped(files, zipfile.ZIP_DEFLATED if source.number(7) == 1 else zipfile.ZIP_STORED)

    def _rows(self, source: Source) -> bytes:
        path = self._place / "rows.db"
        with preparing():
            path.write_bytes(self._files[form.DATABASE])
            if source.left:
                altered_rows(path, source)
            return path.read_bytes()

    def _look(self, project: Project, path: Path) -> None:
        """All that was taken is there, as it is in the file."""
        forget()
        with preparing():
            held = path.read_bytes()
            if path.suffix == ".zip":
                with zipfile.ZipFile(path) as archive:
                    held = archive.read(form.DATABASE)
            copy = self._place / "held.db"
            copy.write_bytes(held)
            wanted, found = _counted(copy), _counted(project.database)
        if wanted != found:
            raise Wrong("a restored database is not that of the backup")
        for one in (project.folder / "objects").rglob("*"):
            if one.is_file() and sha256(one.read_bytes()).hexdigest() != f"{one.parent.name}{one.name}"[-64:]:
                raise Wrong("an object is not what its name says")
        if list((project.folder / "incoming").glob("*")):
            raise Wrong("what was unpacked stays behind")
        service = RunsService(project)
        for row in service.page(c.PageRequest(limit=20)).rows:
            service.get(c.RunRequest(row.id))


def _backup(folder: Path) -> bytes:
    """A small backup with one of everything."""
    project = Project(folder / "kept")
    project.root.mkdir()
    fill(project)
    with current.begin(project, name="only in the backup", experiment="digits") as run:
        run.log({"loss": 0.25})
        run.add_bytes("more.txt", b"more\n", "text/plain")
    forget()
    (project.folder / "settings.json").write_text("{}")
    (project.folder / "views.json").write_text('{"views": []}')
    (project.folder / "journal" / "0123456789ab-000001.bad").write_bytes(b"broken")
    target = folder / "kept.zip"
    made = make(RunsService(project), target)
    assert not made.troubles, made.troubles
    forget()
    return target.read_bytes()


def _state(project: Project) -> Any:
    """What a project holds: its tables, and all files but the database's own."""
    forget()
    files = {
        path.relative_to(project.root).as_posix(): path.read_bytes()
        for path in sorted(project.root.rglob("*"))
        if path.is_file() and not path.name.startswith(project.database.name)
    }
    with closing(sqlite3.connect(project.database)) as conn:
        return files, sha256("\n".join(conn.iterdump()).encode("utf-8", "surrogateescape")).hexdigest()


def _counted(database: Path) -> Any:
    """Rows of the tables of a database of any version, and the names of its runs."""
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as conn:
        conn.text_factory = bytes
        there = {row[0].decode() for row in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        counts = [
            conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0] if table in there else 0 for table in _TABLES
        ]
        return counts, sorted(map(repr, conn.execute("SELECT n, id, name, status FROM runs")))


def _mended(files: Files, fit: bool = True) -> Files:
    """Files with a manifest that says what they are, and comes last. fit: or leave it as it is."""
    found = {name: content for name, content in files.items() if name != form.MANIFEST}
    text = files.get(form.MANIFEST)
    if text is None:
        return found
    with suppress(Exception):
        said = json.loads(text)
        members = {name: {"size": len(one), "sha256": sha256(one).hexdigest()} for name, one in found.items()}
        if fit and isinstance(said, dict):
            text = json.dumps(said | {"members": members}).encode()
    return found | {form.MANIFEST: text}


def _zipped(files: Files | list[tuple[str, bytes]], packing: int = zipfile.ZIP_STORED) -> bytes:
    made = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(made, "w", packing) as archive:
        warnings.simplefilter("ignore")  # a name twice is meant
        for name, content in files.items() if isinstance(files, dict) else files:
            info = zipfile.ZipInfo("x", (2026, 1, 1, 0, 0, 0))
            info.filename = name  # as it is; ZipInfo would cut it at a NUL
            info.compress_type = packing
            with suppress(ValueError, UnicodeEncodeError, struct.error):
                archive.writestr(info, content)
    return made.getvalue()


def _fields_changed(source: Source, data: bytes) -> bytes:
    """Other values in fields of the zip: those of another member, odd ones, any; at times the comment or two lists."""
    found = bytearray(data)
    for _ in range(1 + source.number(3)):
        mark = source.one((_DIRECTORY, _DIRECTORY, _LOCAL, _END))
        places = _places(found, mark)
        if not places:
            continue
        at, other = source.one(places), source.one(places)
        offset = source.one(sorted(_FIELDS[mark]))
        shape = f"<{_FIELDS[mark][offset]}"
        size = struct.calcsize(shape)
        if max(at, other) + offset + size > len(found):
            continue
        most = (1 << 8 * size) - 1
        now = struct.unpack_from(shape, found, at + offset)[0]
        kind = source.number(3)
        new = (
            struct.unpack_from(shape, found, other + offset)[0],
            source.one((0, 1, 8, 9, most, most - 1, most >> 1)),
            (now + source.number(80) - 40) & most,
            int.from_bytes(source.bytes(size), "little"),
        )[kind]
        struct.pack_into(shape, found, at + offset, new & most)
    if source.number(7) == 1:  # bytes before all, which move every place
        return source.bytes(8) + bytes(found)
    return bytes(found)


def _places(data: bytes | bytearray, mark: bytes) -> list[int]:
    found, at = [], data.find(mark)
    while at >= 0:
        found.append(at)
        at = data.find(mark, at + 1)
    return found
