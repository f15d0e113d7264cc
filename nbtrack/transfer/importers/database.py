"""Another project of nbtrack's: its folder, or a copy of its database."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from nbtrack.base import journal
from nbtrack.base.config import FOLDER, Project
from nbtrack.base.db import APPLICATION_ID
from nbtrack.base.errors import BadSource
from nbtrack.runs.given import is_own, local_path
from nbtrack.runs.ingest import take_segment
from nbtrack.runs.projects import database_at
from nbtrack.transfer.importers import none_left
from nbtrack.transfer.records import OWN, Item, Note
from nbtrack.transfer.store import copying, reading
from nbtrack.transfer.taking import take_experiments, take_models, taken

_SQLITE = b"SQLite format 3\0"
_ID_AT = 68  # where SQLite keeps the application's id


class ProjectFile:
    """Reads a project's folder, its ``.nbtrack`` or an ``nbtrack.db``, as it is at this moment.

    It is copied first, so it may be in use, and what still stands in journals is taken along. A run that is being
    recorded comes as one that was interrupted; imported again once it has ended, it is brought up to date.
    """

    name = "nbtrack"

    def knows(self, source: str) -> bool:
        """Whether there is a database of nbtrack's."""
        path = _file(Path(source).expanduser())
        if not path.is_file():
            return False
        if is_own(path):  # never opened: that would drop the locks of this process
            return path.suffix == ".db"
        try:
            with path.open("rb") as file:
                head = file.read(100)
        except OSError:
            return False
        return head.startswith(_SQLITE) and int.from_bytes(head[_ID_AT : _ID_AT + 4], "big") == APPLICATION_ID

    def place(self, source: str) -> str:
        """Runs keep their ids between projects."""
        return OWN

    def read(self, source: str, options: Mapping[str, str]) -> Iterator[Item]:
        """The experiments, runs and models of a project, its trash included.

        Raises:
            BadSource: it is no file of nbtrack's, damaged, or was changed by something else. StoreTooNew: it is newer.
        """
        none_left(options)
        path = _file(local_path(source))
        if not path.is_file():
            raise BadSource(f"There is no '{path}'.", "Name a project's folder, or its nbtrack.db.")
        with tempfile.TemporaryDirectory(prefix="nbtrack-") as folder:
            project = Project(Path(folder))
            project.create()
            copying.copy(path, project.database)
            database = database_at(project.database)
            try:
                for segment in journal.segments(path.parent / "journal"):
                    try:
                        take_segment(database, project, segment)
                    except (ValueError, OSError) as error:
                        yield Note(f"A journal beside '{path}' was read as far as it is sound: {error}.")
                with database.write() as conn:
                    copying.settle(conn)
                    runs = reading.all_runs(conn)
                folders = [project.objects, path.parent / "objects"]
                yield from take_experiments(database)
                yield from taken(database, folders, runs)
                yield from take_models(database, folders)
            finally:
                database.close()


def _file(path: Path) -> Path:
    if path.is_dir():
        return path / "nbtrack.db" if path.name == FOLDER else path / FOLDER / "nbtrack.db"
    return path
