"""The importers: small files that trackers really wrote, changed; what lands is sound, and lands only once."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from zlib import crc32

from nbtrack.base.config import Project
from nbtrack.base.errors import NbtrackError
from nbtrack.runs.service import RunsService
from nbtrack.transfer.exporters import Options, Order, write
from nbtrack.transfer.importers import guess, importer, tensorboard_frames
from nbtrack.transfer.landing import land
from nbtrack.transfer.records import Note
from nbtrack.transfer.store import reading
from tests.fuzz.base import Base
from tests.fuzz.ground import Ground, fill, forget, sound
from tests.fuzz.mutate import edited, mended_tensorboard, mended_wandb
from tests.fuzz.oracle import Wrong, preparing
from tests.fuzz.seeds import unpacked
from tests.fuzz.source import Source
from tests.transfer.whole_file import everything

Files = dict[str, bytes]


class Importer(Base):
    """Files under changed bytes, changed numbers, changed names, or with some of them gone.

    source: what is named of the folder with the files; "" is the folder itself.
    """

    words = (b"null", b'"value"', b"NaN", b"1e999", b"\x00", b"metrics.", b"params.", b"step", b"../", b"---\n", b",,")

    def __init__(self, folder: Path, name: str, source: str = "") -> None:
        super().__init__(folder)
        self.name = f"import-{name}"
        self._importer = name
        self._source = source
        self._twice = True
        self._place = folder / "source"
        self._ground = Ground(folder, filled=False)
        self._files = self.files(folder / "made")
        self._warm()
        self.writes = [self._ground.project.root]  # never the source

    def files(self, folder: Path) -> Files:
        """What the tracker wrote, by paths."""
        return unpacked(self._importer)

    def mended(self, name: str, data: bytes) -> bytes:
        """A file with checksums that fit."""
        return data

    def seeds(self) -> list[bytes]:
        """Nothing changed, and a change of each kind in places of each file."""
        found = [b"", b"\1\0"]
        for number in range(len(self._files)):
            found += [bytes((2, 0, number, kind, place, 0, 7, 1, 2)) for kind in range(12) for place in (0, 40, 200)]
        return found[:: max(1, len(found) // 60)]

    def run(self, data: bytes) -> None:
        """The first byte says whether checksums are made right again, and whether the bytes are a whole file."""
        source = Source(data)
        self._twice = crc32(data) % 3 == 0  # it takes as long again
        kind = source.number(7)
        files = dict(self._files)
        if kind == 1:
            files[source.one(sorted(files))] = source.rest()
        elif kind:
            files = edited(source, files)
            if kind % 2 == 0:
                files = {name: self.mended(name, content) for name, content in files.items()}
        self._laid_out(files)
        self.look()

    def look(self) -> None:
        """Import what lies there."""
        project = self._ground.fresh()
        named = self._place / self._source
        found = importer(self._importer)
        found.knows(str(named))
        with suppress(NbtrackError):
            guess(str(named))
        place = found.place(str(named))
        first = land(project, found.read(str(named), {}), place)
        if not self._twice:
            return
        then = land(project, found.read(str(named), {}), place)
        if then.new or then.changed:
            raise Wrong(f"imported again, {then.new} runs are new and {then.changed} changed")
        if then.same != first.new + first.same:
            raise Wrong(f"{first.new} runs came at first, and {then.same} were there then")

    def check(self) -> None:
        """The database that was imported into."""
        sound(self._ground.project)

    def _laid_out(self, files: Files) -> None:
        with preparing():
            shutil.rmtree(self._place, ignore_errors=True)
            for name, content in files.items():
                path = self._place / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)

    def _warm(self) -> None:
        """The unchanged files come in; what packages need is loaded before anything is measured or forbidden."""
        self._laid_out(self._files)
        found = importer(self._importer)
        items = list(found.read(str(self._place / self._source), {}))
        if all(isinstance(item, Note) for item in items):
            raise AssertionError(f"{self.name}: the unchanged files give no run")


class Tensorboard(Importer):
    """Event files."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "tensorboard")

    def mended(self, name: str, data: bytes) -> bytes:
        table = tensorboard_frames._table().tolist()
        return mended_tensorboard(data, lambda part: tensorboard_frames._masked(tensorboard_frames._crc(part, table)))


class Wandb(Importer):
    """The records of offline runs."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "wandb")

    def mended(self, name: str, data: bytes) -> bytes:
        return mended_wandb(data) if name.endswith(".wandb") else data


class Tables(Importer):
    """Rows of CSV, JSON, JSON lines and Parquet; which one, the second byte says."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "tables", "runs.csv")
        self._all = self._files

    def files(self, folder: Path) -> Files:
        rows = [
            {"name": "a", "params.lr": 0.1, "metrics.loss": 0.5, "tags.x": "y", "status": "finished", "n": 3},
            {"name": "ü", "params.lr": "1e-3", "metrics.loss": None, "tags.x": "", "status": "failed", "n": 1 << 62},
        ]
        text = 'name,params.lr,metrics.loss,tags.x,started,step\na,0.1,0.5,y,2026-01-01,0\na,0.1,,"q""r",1e9,1\n'
        found = {"runs.csv": text.encode(), "runs.json": json.dumps(rows).encode()}
        found["runs.jsonl"] = "\n".join(map(json.dumps, rows)).encode()
        with suppress(ImportError):
            import pyarrow as arrow
            from pyarrow import parquet

            written = io.BytesIO()
            columns = {"name": ["a", "b"], "params.lr": [0.1, None], "loss": [1.0, 2.0], "list": [[1], []]}
            parquet.write_table(arrow.table(columns), written)
            found["runs.parquet"] = written.getvalue()
        return found

    def run(self, data: bytes) -> None:
        """One of the files by itself."""
        self._source = Source(data[1:2]).one(sorted(self._all))
        self._files = {self._source: self._all[self._source]}
        super().run(data[:1] + data[2:])


class Bundle(Importer):
    """nbtrack's own bundles; what came in goes out and in again as the same."""

    def __init__(self, folder: Path) -> None:
        self._two = Ground(folder, filled=False, name="again")
        self._again = True
        super().__init__(folder, "bundle", "all.nbtrack.zip")
        self.writes = [self._ground.project.root, self._two.project.root, folder / "out"]
        (folder / "out").mkdir()

    def _laid_out(self, files: Files) -> None:
        with preparing():
            shutil.rmtree(self._place, ignore_errors=True)
            self._place.mkdir()
        with preparing(), zipfile.ZipFile(self._place / self._source, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content)

    def run(self, data: bytes) -> None:
        """Members are changed behind a manifest that fits, or the zip's own bytes are."""
        source = Source(data)
        self._again = crc32(data) % 4 == 0  # it takes as long as all the rest
        if source.number(3):
            super().run(source.rest())
            return
        self._laid_out(self._files)
        path = self._place / self._source
        changed = edited(source, {path.name: path.read_bytes()})
        with preparing():
            path.write_bytes(changed.get(path.name, b""))
        self.look()

    def mended(self, name: str, data: bytes) -> bytes:
        return data

    def look(self) -> None:
        self._mend_manifest()
        super().look()
        if not self._again:
            return
        project = self._ground.project
        out = _bundled(project, self.folder / "out" / "again.nbtrack.zip")
        if out is None:
            return
        again = self._two.fresh()
        land(again, importer("bundle").read(str(out), {}), "own")
        one, other = everything(project), everything(again)
        one.pop("executions"), other.pop("executions")  # those after the last run stay behind
        one.pop("experiments"), other.pop("experiments")  # empty ones, too
        if one != other:
            parts = sorted(part for part in one.keys() | other.keys() if one.get(part) != other.get(part))
            raise Wrong(f"out and in again, {parts[0].partition(' ')[0]} differ: {parts[:4]}")

    def _mend_manifest(self) -> None:
        path = self._place / self._source
        with suppress(Exception), zipfile.ZipFile(path) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
            said = json.loads(members["manifest.json"])
            others = [content for name, content in members.items() if name != "manifest.json"]
            said |= {"members": len(others), "bytes": sum(map(len, others))}
            members["manifest.json"] = json.dumps(said).encode()
            self._laid_out(members)


class ProjectFile(Importer):
    """Another project's folder: its database, changed by byte or by statement, its journals and objects."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "nbtrack")

    def files(self, folder: Path) -> Files:
        project = _filled(folder)
        found = {}
        for path in sorted(project.folder.rglob("*")):
            if path.is_file():
                found[path.relative_to(project.root).as_posix()] = path.read_bytes()
        return found

    def run(self, data: bytes) -> None:
        """Every other input changes values in the tables, so that more than a broken page is met."""
        source = Source(data)
        if source.flag():
            super().run(source.rest())
            return
        self._laid_out(self._files)
        altered_rows(self._place / ".nbtrack" / "nbtrack.db", source)
        self.look()


class Trackio(Importer):
    """trackio's databases and what lies beside them."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "trackio")

    def run(self, data: bytes) -> None:
        """Every other input changes values in the tables."""
        source = Source(data)
        if source.flag():
            super().run(source.rest())
            return
        self._laid_out(self._files)
        altered_rows(self._place / "fish.db", source)
        self.look()


class Aim(Importer):
    """Repositories of Aim, which brings an old database up to date by a program of its own, in the copy."""

    opens = frozenset(("subprocess.Popen",))

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "aim")


def plain_importer(name: str, source: str = "") -> Callable[[Path], Importer]:
    """A maker of an importer that needs nothing of its own."""
    return lambda folder: Importer(folder, name, source)


def altered_rows(path: Path, source: Source) -> None:
    """Other values in a few fields of a database, of any type."""
    import sqlite3
    from contextlib import closing

    from tests.fuzz.source import ODD_NUMBERS, ODD_TEXTS

    with preparing(), closing(sqlite3.connect(path, isolation_level=None)) as conn:
        conn.execute("PRAGMA journal_mode = DELETE")
        conn.execute("PRAGMA ignore_check_constraints = ON")
        conn.create_function("row_sum", -1, lambda *_: 0)
        names = [
            row[0]
            for row in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
            if conn.execute(f'SELECT 1 FROM "{row[0]}" LIMIT 1').fetchone()
        ]
        for _ in range(1 + source.number(3)):
            table = source.one(sorted(names))
            columns = [row[1] for row in conn.execute(f'PRAGMA table_info("{table}")')]
            kind = source.number(4)
            value = source.one((ODD_NUMBERS[:10], ODD_TEXTS[:12], (source.bytes(9), None), ODD_NUMBERS[10:])[kind % 4])
            column = source.one(columns)
            with suppress(sqlite3.Error, OverflowError, UnicodeEncodeError):
                conn.execute("SAVEPOINT one")
                conn.execute(f'UPDATE "{table}" SET "{column}" = ? WHERE rowid % 3 = ?', (value, source.number(2)))
            with suppress(sqlite3.Error):
                conn.execute("RELEASE one")
        if source.number(15) == 1:
            with suppress(sqlite3.Error):
                conn.execute(source.one(("CREATE VIEW v AS SELECT 1", "DROP TABLE runs", "CREATE TABLE t (x)")))


def _filled(folder: Path) -> Project:
    project = Project(folder)
    folder.mkdir()
    fill(project)
    forget()
    return project


def _bundled(project: Project, target: Path) -> Path | None:
    service = RunsService(project)
    service.refresh(force=True)
    with service.database.read() as conn:
        numbers = reading.all_runs(conn)
    if not numbers:
        return None
    target.unlink(missing_ok=True)
    write("zip", Order(service, numbers, Options()), target)
    forget()
    return target
