"""Places where SQLite's write-ahead log cannot be had: found out, gone round, said once; nothing is lost there."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from nbtrack.base import journal, places
from nbtrack.base.config import Project
from nbtrack.base.db import Database, Schema
from nbtrack.base.errors import StoreError, StoreLocked
from nbtrack.base.journal import HEADER_SIZE, Journal, read_segment, records, segments
from nbtrack.base.written import Written
from nbtrack.cli import main
from nbtrack.runs import projects
from nbtrack.runs.service import RunsService

ROOT = Path(__file__).resolve().parents[2]
MOUNTS = """\
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
40 27 0:50 / /home rw,relatime shared:9 - nfs4 server:/home rw,vers=4.2
41 40 0:51 / /home/me/with\\040space rw - fuse.sshfs me@server:/ rw
42 40 0:52 / /home/me/over rw - nfs server:/a rw
43 42 0:53 / /home/me/over rw - ext4 /dev/vdb rw
44 27 0:54 / /data rw - fuseblk /dev/vdc rw
"""
# No file of a project can be mapped by processes that load it; everything else can.
SHIM = r"""
    #define _GNU_SOURCE
    #include <dlfcn.h>
    #include <errno.h>
    #include <stdio.h>
    #include <string.h>
    #include <unistd.h>
    #include <sys/mman.h>
    #include <sys/types.h>
    static int ours(int fd, int flags) {
        char link[64], path[4096];
        if (fd < 0 || (flags & MAP_ANONYMOUS)) return 0;
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t n = readlink(link, path, sizeof path - 1);
        if (n <= 0) return 0;
        path[n] = 0;
        return strstr(path, "/.nbtrack/") != 0;
    }
    #define MAKE(name, kind) \
    void *name(void *at, size_t n, int prot, int flags, int fd, kind off) { \
        static void *(*real)(void *, size_t, int, int, int, kind); \
        if (ours(fd, flags)) { errno = ENODEV; return MAP_FAILED; } \
        if (!real) real = dlsym(RTLD_NEXT, #name); \
        return real(at, n, prot, flags, fd, off); \
    }
    MAKE(mmap, off_t)
    MAKE(mmap64, off64_t)
"""


def first(schema: Schema) -> None:
    schema.execute("CREATE TABLE parents (n INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT")


@pytest.fixture(autouse=True)
def _looked_at_anew() -> Iterator[None]:
    places.forget()
    yield
    places.forget()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / ".nbtrack"
    folder.mkdir(mode=0o700)
    return folder / "nbtrack.db"


@pytest.fixture
def on_nfs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "kind_of", lambda folder: "nfs4")


@pytest.fixture(scope="module")
def no_mapping(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that, loaded first, lets no file of a project be mapped."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None or sys.platform != "linux":
        pytest.skip("needs Linux and a C compiler, to take mmap away from one process")
    folder = tmp_path_factory.mktemp("shim")
    (folder / "shim.c").write_text(textwrap.dedent(SHIM))
    made = folder / "shim.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", made, folder / "shim.c", "-ldl"], check=True, timeout=60)
    return made


def modes(database: Database) -> tuple[str, int]:
    with database.read() as conn:
        return tuple(conn.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous"))  # type: ignore[return-value]


def add(database: Database, name: str) -> None:
    with database.write() as conn:
        conn.execute("INSERT INTO parents (name) VALUES (?)", (name,))


def names(database: Database) -> list[str]:
    with database.read() as conn:
        return [row[0] for row in conn.execute("SELECT name FROM parents ORDER BY n")]


# -- the kind of a place


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/home/me/project/.nbtrack", "nfs4"),
        ("/home", "nfs4"),
        ("/homework", "ext4"),
        ("/home/me/with space/x", "fuse.sshfs"),
        ("/home/me/over/x", "ext4"),  # the mount that was made last hides the other
        ("/data/x", "fuseblk"),
        ("/proc/self", "proc"),
    ],
)
def test_the_file_system_of_a_path_is_that_of_the_deepest_mount(path: str, kind: str) -> None:
    assert places._mounted(path, MOUNTS) == kind


@pytest.mark.parametrize(
    "kind", ["nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "fuse.s3fs", "lustre", "gpfs", "ceph", "beegfs", "afs",
             "vboxsf", "virtiofs", "drvfs", "smbfs", "NFS", "fuse.rclone", "fuse.grpcfuse"],
)  # fmt: skip
def test_file_systems_that_other_machines_share_are_known(kind: str) -> None:
    assert places.is_network(kind)


@pytest.mark.parametrize(
    "kind", ["ext4", "xfs", "btrfs", "zfs", "overlay", "tmpfs", "apfs", "fuseblk", "fuse.fuse-overlayfs", "vfat", ""]
)
def test_file_systems_of_this_machine_are_not_taken_for_shared(kind: str) -> None:
    assert not places.is_network(kind)


def test_this_machines_own_disk_keeps_the_log_and_nothing_of_the_probe(path: Path) -> None:
    place = places.place_of(path.parent)
    assert (place.wal, place.network, place.notice()) == (True, False, "")
    assert place.kind == places.kind_of(path.parent) != ""
    assert os.listdir(path.parent) == []


def test_the_probe_sees_each_way_in_which_the_log_fails(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Odd:
        def __init__(self, real: sqlite3.Connection) -> None:
            self.real = real

        def __getattr__(self, name: str) -> object:
            return getattr(self.real, name)

        def execute(self, statement: str) -> sqlite3.Cursor:
            if fault == "refuses" and statement == "PRAGMA journal_mode = WAL":
                return self.real.execute("PRAGMA journal_mode = DELETE")
            if fault == "fails" and statement.startswith("INSERT"):
                raise sqlite3.OperationalError("locking protocol")
            if fault == "blind" and statement.startswith("SELECT"):
                return self.real.execute("SELECT 1")
            if fault == "full" and statement.startswith("INSERT"):
                raise sqlite3.OperationalError("database or disk is full")
            return self.real.execute(statement)

    real = places.plain
    monkeypatch.setattr(places, "plain", lambda address: Odd(real(address)))
    found = {}
    for fault in ("", "refuses", "fails", "blind", "full"):
        found[fault] = places.probe(path.parent)
    assert found == {
        "": "",
        "refuses": "SQLite refuses it",
        "fails": "locking protocol",
        "blind": "one connection does not see what another wrote",
        "full": None,
    }
    assert os.listdir(path.parent) == []


def test_one_fault_of_the_disk_is_not_taken_for_the_nature_of_the_place(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(["disk I/O error", ""])
    monkeypatch.setattr(places, "probe", lambda folder: next(answers))
    assert places.place_of(path.parent).wal
    assert places.place_of(path.parent).wal, "it is remembered: the answers are used up"
    places.forget()
    monkeypatch.setattr(places, "probe", lambda folder: "disk I/O error")
    place = places.place_of(path.parent)
    assert not place.wal
    assert "disk I/O error" in place.notice()
    assert "NBTRACK_DIR" in place.notice()


def test_a_full_disk_says_nothing_of_the_place_and_is_not_remembered(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "probe", lambda folder: None)
    assert places.place_of(path.parent).wal
    monkeypatch.setattr(places, "probe", lambda folder: "no")
    assert not places.place_of(path.parent).wal


# -- the database


def test_on_a_network_file_system_a_database_has_a_rollback_journal_that_is_synced_twice(
    path: Path, on_nfs: None
) -> None:
    database = Database(path, [first])
    add(database, "a")
    assert modes(database) == ("delete", 3)
    assert sorted(os.listdir(path.parent)) == ["nbtrack.db"]
    database.close()


def test_a_database_that_was_moved_to_a_network_file_system_takes_its_log_over_first(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Database(path, [first])
    add(here, "in the file")
    with closing(sqlite3.connect(path)) as keeps_the_log:
        keeps_the_log.execute("SELECT 1 FROM parents").fetchone()
        add(here, "in the log")
        there = tmp_path / "elsewhere" / ".nbtrack"
        shutil.copytree(path.parent, there)  # as a killed machine leaves it
    here.close()
    assert (there / "nbtrack.db-wal").stat().st_size
    monkeypatch.setattr(places, "kind_of", lambda folder: "nfs4")
    places.forget()
    moved = Database(there / "nbtrack.db", [first])
    assert names(moved) == ["in the file", "in the log"]
    assert modes(moved) == ("delete", 3)
    assert not (there / "nbtrack.db-wal").exists()
    add(moved, "after")
    moved.close()
    monkeypatch.undo()
    places.forget()
    back = Database(there / "nbtrack.db", [first])
    assert modes(back) == ("wal", 2), "back on a disk of its own it is fast again"
    assert names(back) == ["in the file", "in the log", "after"]
    back.close()


def test_a_log_that_another_process_has_open_there_is_left_alone_and_the_error_says_what_to_do(
    path: Path, on_nfs: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = """
        import sqlite3, sys
        conn = sqlite3.connect(sys.argv[1])
        conn.execute("PRAGMA journal_mode = WAL")
        conn.execute("CREATE TABLE x (n)")
        print("ready", flush=True)
        sys.stdin.read()
    """
    holder = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"ready\n"
        monkeypatch.setattr(places, "_PATIENCE", 0.3)
        with pytest.raises(StoreLocked, match="another process, perhaps on another machine") as found:
            Database(path, [first]).connection()
        assert "nfs4" in str(found.value)
        assert "NBTRACK_DIR" in found.value.hint
        assert Path(f"{path}-wal").exists()
    finally:
        holder.communicate(timeout=30)


def test_where_files_cannot_be_locked_at_all_the_error_names_the_place(
    path: Path, on_nfs: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = places.patient

    def no_locks(connection: sqlite3.Connection, statement: str, timeout: float) -> sqlite3.Cursor:
        if "DELETE" in statement:
            raise sqlite3.OperationalError("disk I/O error")  # what SQLite makes of ENOLCK
        return real(connection, statement, timeout)

    monkeypatch.setattr(places, "patient", no_locks)
    with pytest.raises(StoreError, match=r"nfs4.*does not let files be locked") as found:
        Database(path, [first]).connection()
    assert "NBTRACK_DIR" in found.value.hint


# -- the journal


def bodies(folder: Path) -> list[bytes]:
    return [body for one in segments(folder) for _, body in records(read_segment(one), HEADER_SIZE)]


def test_on_a_network_file_system_the_journal_is_written_instead_of_mapped(tmp_path: Path, on_nfs: None) -> None:
    writing = Journal(tmp_path, "0123456789ab", preamble=lambda: [b"who"], size=400)
    given = [b"%03d" % number * 20 for number in range(30)]
    for body in given:
        writing.append(body)
    assert isinstance(writing._map, Written)
    assert [body for body in bodies(tmp_path) if body != b"who"] == given
    pending = b"".join(data for _, data, _ in writing.pending(0, 0))
    assert [body for _, body in records(pending) if body != b"who"] == given
    writing.sync()
    writing.close(remove=True)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("done", [0, 5], ids=["nothing was written", "a part was written"])
def test_a_record_that_cannot_be_written_goes_to_whoever_keeps_those_without_room(
    tmp_path: Path, on_nfs: None, monkeypatch: pytest.MonkeyPatch, done: int
) -> None:
    kept: list[bytes] = []
    writing = Journal(tmp_path, "0123456789ab", full=lambda body, error: kept.append(body))
    writing.append(b"before")
    real = journal.Written.__setitem__

    def fails(self: Written, place: slice, data: bytes) -> None:
        if done:
            real(self, place, data[:done])
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(journal.Written, "__setitem__", fails)
        writing.append(b"refused")
    assert kept == [b"refused"]
    writing.append(b"after")
    assert bodies(tmp_path) == [b"before", b"after"]
    writing.close(remove=True)


# -- the whole, where nothing can be mapped

RUN = """
    import json, os, signal, sys
    import nbtrack
    from nbtrack.base import places
    from nbtrack.base.journal import Written
    from nbtrack.runs import projects

    with nbtrack.start_run("first", params={"lr": 0.1}):
        for step in range(300):
            nbtrack.log({"loss": 1 / (step + 1)})
        nbtrack.log_text("a\\nb\\n", "notes.txt")
    (recorder,) = projects.open_recorders()
    run = nbtrack.run("first")
    with recorder.database.read() as conn:
        mode = conn.execute("PRAGMA journal_mode").fetchone()[0]
    print(json.dumps({"mode": mode, "mapped": not isinstance(recorder._journal._map, Written), "status": run.status,
                      "points": len(run.metrics("loss")), "lr": run.params["lr"]}), flush=True)
    nbtrack.start_run("second")
    for step in range(500):
        nbtrack.log({"loss": float(step)})
    os.kill(os.getpid(), signal.SIGKILL)
"""


def recorded(folder: Path, shim: Path | None) -> tuple[dict[str, object], str]:
    known = {name: value for name, value in os.environ.items() if not name.startswith("NBTRACK")}
    about = {**known, "NBTRACK_DIR": str(folder), "PYTHONPATH": str(ROOT)}
    if shim is not None:
        about["LD_PRELOAD"] = str(shim)
    command = [sys.executable, "-c", textwrap.dedent(RUN)]
    done = subprocess.run(command, cwd=folder, env=about, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == -9, done.stderr
    return json.loads(done.stdout), done.stderr


def test_where_no_file_can_be_mapped_runs_are_recorded_and_nothing_is_lost_by_a_kill(
    tmp_path: Path, no_mapping: Path
) -> None:
    found, said = recorded(tmp_path, no_mapping)
    assert found == {"mode": "delete", "mapped": False, "status": "finished", "points": 300, "lr": 0.1}
    assert said.count("gives SQLite no write-ahead log") == 1, "said once"
    assert str(tmp_path) in said
    assert "NBTRACK_DIR" in said
    service = RunsService(Project(tmp_path))
    try:
        service.refresh(force=True)
        with service.database.read() as conn:
            rows = conn.execute("SELECT name, status FROM runs ORDER BY n").fetchall()
            count = conn.execute("SELECT sum(count) FROM metrics").fetchone()[0]
        assert rows == [("first", "finished"), ("second", "crashed")]
        assert count == 800
    finally:
        projects.forget_all()


def test_the_library_that_takes_mapping_away_is_what_made_the_difference(tmp_path: Path) -> None:
    """The canary: without it the same script has its log and its mapped memory, and nothing to say."""
    found, said = recorded(tmp_path, None)
    assert (found["mode"], found["mapped"]) == ("wal", True)
    assert "write-ahead" not in said


def test_the_doctor_names_the_place_and_the_journal_in_use(
    filled: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def told() -> dict[str, str]:
        assert main(["doctor", "--json"]) == 0
        found = json.loads(capsys.readouterr().out)["checks"]
        return {one["name"]: f"{one['text']} {one['hint']}".strip() for one in found}

    assert told()["place"] == f"{places.kind_of(filled.folder)}; journal mode wal"
    for recorder in projects.open_recorders():
        recorder.close()
    projects.forget_all()
    monkeypatch.setattr(places, "kind_of", lambda folder: "cifs")
    places.forget()
    place = told()["place"]
    assert place.startswith("cifs, of other machines too; journal mode delete ")
    assert "NBTRACK_DIR" in place


def test_a_log_is_taken_over_where_no_file_can_be_mapped(path: Path, tmp_path: Path, no_mapping: Path) -> None:
    here = Database(path, [first])
    add(here, "in the file")
    with closing(sqlite3.connect(path)) as keeps_the_log:
        keeps_the_log.execute("SELECT 1 FROM parents").fetchone()
        add(here, "in the log")
        there = tmp_path / "elsewhere" / ".nbtrack"
        shutil.copytree(path.parent, there)
    here.close()
    code = """
        import sys
        from pathlib import Path
        from nbtrack.base.db import Database
        database = Database(Path(sys.argv[1]), [lambda schema: None])
        with database.read() as conn:
            print([row[0] for row in conn.execute("SELECT name FROM parents ORDER BY n")])
    """
    command = [sys.executable, "-c", textwrap.dedent(code), str(there / "nbtrack.db")]
    about = {**os.environ, "PYTHONPATH": str(ROOT), "LD_PRELOAD": str(no_mapping)}
    done = subprocess.run(command, env=about, capture_output=True, text=True, timeout=280, check=False)
    assert (done.stdout.strip(), done.stderr) == ("['in the file', 'in the log']", "")
