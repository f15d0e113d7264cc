"""What the targets ask of an answer, tried on code that gives a wrong one."""

from __future__ import annotations

from pathlib import Path
from zlib import crc32

import pytest

from nbtrack.base.config import Project
from nbtrack.base.errors import BadSource
from nbtrack.runs.store import sessions
from nbtrack.transfer import bringing_back
from nbtrack.transfer.importers.tables import Tables as TablesImporter
from nbtrack.transfer.store import whole
from tests.fuzz import on_filter
from tests.fuzz.ground import Ground, forget, sound
from tests.fuzz.on_backup import Backup
from tests.fuzz.on_filter import Filter
from tests.fuzz.on_importers import Tables
from tests.fuzz.on_journal import Journal
from tests.fuzz.oracle import Wrong

Patch = pytest.MonkeyPatch
FILTER = b"\0not (params.lr = 0.1 or name = 'svm')"


def test_a_filter_that_prints_as_another_is_seen(tmp_path: Path, monkeypatch: Patch) -> None:
    target = Filter(tmp_path)
    target.run(FILTER)
    monkeypatch.setattr(on_filter, "printed", lambda node: "name = 'svm'")
    with pytest.raises(Wrong, match="means something else"):
        target.run(FILTER)
    target.close()


def test_forms_of_a_filter_that_find_other_runs_are_seen(tmp_path: Path, monkeypatch: Patch) -> None:
    target = Filter(tmp_path)
    right = on_filter.compile_filter
    monkeypatch.setattr(
        on_filter, "compile_filter", lambda text, lookup: right(text, lookup)._replace(correlated="0", args=[])
    )
    with pytest.raises(Wrong, match="forms of"):
        target.run(b"\0name is not null")
    target.close()


def test_a_journal_that_is_taken_twice_is_seen(tmp_path: Path, monkeypatch: Patch) -> None:
    target = Journal(tmp_path)
    data = bytes((1, 0, *range(60)))
    target.run(data)
    monkeypatch.setattr(sessions, "position", lambda conn, session: (0, 0))
    with pytest.raises(Wrong, match="taken again"):
        target.run(data)
    forget()


def test_an_import_that_brings_the_same_again_is_seen(tmp_path: Path, monkeypatch: Patch) -> None:
    target = Tables(tmp_path)
    data = next(bytes((0, 0, n)) for n in range(99) if crc32(bytes((0, n))) % 3 == 0)  # those are imported twice
    target.run(data)
    places = iter(range(100))
    monkeypatch.setattr(TablesImporter, "place", lambda self, source: f"place-{next(places)}")
    read = TablesImporter.read

    def renamed(self: TablesImporter, source: str, options: dict[str, str]) -> object:
        for item in read(self, source, options):
            if hasattr(item, "run"):
                item.run.id = f"{next(places):012x}"
            yield item

    monkeypatch.setattr(TablesImporter, "read", renamed)
    with pytest.raises(Wrong, match="are new"):
        target.run(data)
    forget()


def test_a_restore_that_leaves_the_old_or_touches_what_it_refuses_is_seen(tmp_path: Path, monkeypatch: Patch) -> None:
    target = Backup(tmp_path)
    target.run(b"")
    with monkeypatch.context() as patched:
        patched.setattr(whole, "put_into", lambda made, database: None)
        with pytest.raises(Wrong, match="not that of the backup"):
            target.run(b"")

    def refused(self: bringing_back._Taken, database: object) -> None:
        (self.project.folder / "views.json").write_text("{}")
        raise BadSource("No.")

    monkeypatch.setattr(bringing_back._Taken, "bring_up_to_date", refused)
    with pytest.raises(Wrong, match="the project is another"):
        target.run(b"")
    target.close()
    forget()


def test_a_damaged_database_is_seen(tmp_path: Path) -> None:
    ground = Ground(tmp_path, filled=False)
    ground.check()
    project: Project = ground.project
    data = bytearray(project.database.read_bytes())
    data[4096 : 4096 + 300] = bytes(300)
    project.database.write_bytes(data)
    with pytest.raises(Exception, match=r"damaged|malformed"):
        sound(project)
