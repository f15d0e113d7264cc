"""Other users of the machine: whatever the umask, and whatever they planted, they read nothing of a project's runs.

A process takes their part: it gives up root, where it has it, so this needs root. The modes are looked at by anybody.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from nbtrack.base import copies
from nbtrack.base.config import Project
from nbtrack.base.db import Database
from nbtrack.base.errors import NotPrivate
from nbtrack.runs import current
from nbtrack.runs.migrations import MIGRATIONS, MIN_READER
from nbtrack.runs.projects import database_of, recorder_of
from nbtrack.runs.service import RunsService
from nbtrack.sdk.verbs.syncing import _private
from nbtrack.tables import views
from nbtrack.transfer import atomic
from nbtrack.transfer.spool import Spool

NOBODY = 65534
as_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can take the part of another user"
)
with_modes = pytest.mark.skipif(os.name == "nt", reason="Windows has no modes: folders there inherit who may read them")

LOOK = """
import json, os, sys
os.setgid(65534); os.setuid(65534)
paths = json.loads(sys.stdin.read())
read = []
for path in paths:
    try:
        if os.path.isdir(path):
            os.listdir(path)
        else:
            open(path, "rb").read(1)
        read.append(path)
    except OSError:
        pass
print(json.dumps(read))
"""


@pytest.fixture
def project_root() -> Iterator[Path]:
    """A folder that everybody may look into: those that pytest makes are its user's alone."""
    place = Path(tempfile.mkdtemp(prefix="nbtrack-open-"))
    place.chmod(0o755)
    yield place / "project"
    shutil.rmtree(place)


@pytest.fixture
def careless() -> Iterator[None]:
    """A user who lets everybody read and write what they make."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
def used(careless: None, project: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Path]]:
    """All that lies in .nbtrack while runs are recorded, imported and backed up; also what is there for a moment."""
    project.root.chmod(0o755)
    with current.begin(project, name="one") as run:
        run.log({"loss": 1.0})
        run.add_bytes("a.txt", b"content")
        source = project.root / "b.txt"
        source.write_text("b")
        run.add_file(source, "b.txt")
    service = RunsService(project)
    service.refresh(force=True)
    views.save(project.folder, {"filter": ""})
    copies.back_up(project.database, 3)
    with open(project.folder / "sync.log", "ab", opener=_private):
        pass
    with Spool(project) as spool, current.begin(project, name="two") as run, database_of(project).write():
        run.log({"loss": 1.0})
        spool.write({"x": 1})
        yield [project.folder, *project.folder.rglob("*")]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def readable(paths: list[Path]) -> list[Path]:
    """Which of these another user can read."""
    ended = subprocess.run(
        [sys.executable, "-c", LOOK], input=json.dumps([str(path) for path in paths]),
        capture_output=True, text=True, check=True, cwd="/",
    )  # fmt: skip
    return [Path(path) for path in json.loads(ended.stdout)]


@with_modes
def test_all_that_is_kept_is_its_owners_alone(used: list[Path]) -> None:
    names = {path.name for path in used}
    assert {"nbtrack.db", "nbtrack.db-wal", "nbtrack.db-shm", "views.json", "sync.log", "records"} <= names
    assert {".nbj", ".now"} <= {path.suffix for path in used}
    assert len([path for path in used if path.parent.parent.name == "objects"]) == 2
    assert len([path for path in used if path.parent.name == "backups"]) == 1
    harmless = (".gitignore", "owner.json")  # which have nothing of the runs in them
    folders = {path: oct(mode(path)) for path in used if path.is_dir() and mode(path) & 0o077}
    files = {path: oct(mode(path)) for path in used if path.is_file() and mode(path) & 0o077}
    assert not folders
    assert not {path: found for path, found in files.items() if path.name not in harmless}


@as_root
def test_another_user_reads_nothing(used: list[Path]) -> None:
    outside = used[0].parent / "b.txt"
    assert readable([*used, outside]) == [outside], "what lies beside it can be read, so this test could see it"


@as_root
def test_without_its_first_defence_the_second_holds_and_without_both_all_is_read(used: list[Path]) -> None:
    for path in used:
        if path.is_dir():
            path.chmod(0o755)
    read = [path for path in readable(used) if path.is_file()]
    assert {path.name for path in read} <= {".gitignore", "owner.json"}, "a folder that was opened tells names only"
    for path in used:
        path.chmod(0o755)
    assert len(readable(used)) == len(used)


@with_modes
def test_an_export_is_its_owners_alone_until_it_is_there(careless: None, tmp_path: Path) -> None:
    kept = tmp_path / "kept.html"
    kept.write_text("before")
    kept.chmod(0o600)
    with atomic.writing_all() as opener:
        files = [opener(kept), opener(tmp_path / "new.html")]
        for file in files:
            file.write(b"x")
            file.flush()
        made = [path for path in tmp_path.iterdir() if path.name.endswith(".tmp")]
        assert [oct(mode(path)) for path in made] == ["0o600", "0o600"]
    assert (mode(kept), mode(tmp_path / "new.html")) == (0o600, 0o666), "then it is the user who says who may read it"


# -- a folder that lies there already


@with_modes
@pytest.mark.parametrize(("before", "runs", "after"), [
    (0o755, False, 0o700), (0o777, False, 0o700), (0o770, False, 0o700), (0o775, True, 0o770), (0o2775, True, 0o2770),
    (0o750, True, 0o750), (0o700, True, 0o700),
])  # fmt: skip
def test_a_folder_that_was_copied_or_unpacked_is_closed(before: int, runs: bool, after: int, project: Project) -> None:
    project.folder.mkdir()
    if runs:
        database = Database(project.database, MIGRATIONS, MIN_READER)
        database.connection()
        database.close()
    project.folder.chmod(before)
    project.create()
    assert oct(mode(project.folder)) == oct(after)


TRAP = """
import os, sys
from pathlib import Path
from nbtrack.base.config import Project
from nbtrack.base.errors import NotPrivate
from nbtrack.runs import current, projects

def record(project):
    with current.begin(project, name="x") as run:
        run.add_bytes("a.txt", b"x")
    projects.recorder_of(project).close()

record(Project(Path(sys.argv[3])))  # as root, since others may not be able to read what Python imports
os.setgid(65534); os.setuid(65534)
if sys.argv[2] == "without":
    Project._close_to_others = lambda self: None
try:
    Project(Path(sys.argv[1])).create()
    record(Project(Path(sys.argv[1])))
    print("recorded")
except NotPrivate as error:
    print("refused", error)
"""


def into_a_trap(project: Project, how: str, folder: int, owner: int) -> str:
    """What another user's process says who records into a folder that was made for them to fall into."""
    project.root.chmod(0o777)
    scratch = project.root.with_name("scratch")
    scratch.mkdir()
    project.folder.mkdir()
    os.chown(project.folder, owner, owner)
    project.folder.chmod(folder)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "NBTRACK_PARENT": "", "HOME": "/"}
    ended = subprocess.run(
        [sys.executable, "-c", TRAP, str(project.root), how, str(scratch)],
        capture_output=True, text=True, check=False, cwd=project.root, env=environment,
    )  # fmt: skip
    return ended.stdout + ended.stderr


@as_root
def test_a_folder_that_another_user_laid_open_is_refused(project: Project) -> None:
    said = into_a_trap(project, "with", 0o777, 12345)
    assert "refused" in said, said
    assert "Set NBTRACK_DIR to a folder of your own" in said
    assert [*project.folder.iterdir()] == []


@as_root
def test_without_its_defence_runs_are_kept_in_another_users_folder(project: Project) -> None:
    said = into_a_trap(project, "without", 0o777, 12345)
    assert "recorded" in said, said
    assert (project.folder / "nbtrack.db").exists()


@as_root
def test_a_folder_that_root_made_as_those_of_containers_is_used(project: Project) -> None:
    assert "recorded" in into_a_trap(project, "with", 0o777, 0)


def test_temporary_names_cannot_be_known_before(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where all may write, a file that was laid there before is none of ours: made with O_EXCL, under random names."""
    from .watching import watched

    flags: list[tuple[str, int]] = []
    real = os.open

    def opening(path: str, how: int, *rest: int, **more: int) -> int:
        if how & os.O_CREAT:
            flags.append((os.fspath(path), how))
        return real(path, how, *rest, **more)

    monkeypatch.setattr(os, "open", opening)
    with watched() as heard:
        project.create()
        with current.begin(project, name="one") as run:
            run.add_bytes("a.txt", b"content")
        RunsService(project).refresh(force=True)
        recorder_of(project).close()
    assert len(flags) >= 3
    assert not [path for path, how in flags if not how & os.O_EXCL]
    assert not [
        path for path in heard.written if path.startswith(tempfile.gettempdir()) and project.root.as_posix() not in path
    ]


def test_the_error_of_a_trap_is_one_of_a_place_that_cannot_be_written() -> None:
    from nbtrack.base.errors import StoreReadOnly

    assert issubclass(NotPrivate, StoreReadOnly), "whoever records goes on without us, as on a full disk"
