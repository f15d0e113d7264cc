"""One SQLite file used by many: other programs' files, other versions, locks, forks, threads, folders read-only."""

from __future__ import annotations

import gc
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from nbtrack.base import db, places, sqlite
from nbtrack.base.db import APPLICATION_ID, Database, Schema, _open_databases
from nbtrack.base.errors import StoreError, StoreForeign, StoreLocked, StoreReadOnly, StoreTooNew
from tests.conftest import pytest_runtest_setup

ROOT = Path(__file__).resolve().parents[2]


def first(schema: Schema) -> None:
    schema.execute("CREATE TABLE parents (n INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT")
    schema.execute("CREATE TABLE things (n INTEGER PRIMARY KEY, parent INTEGER REFERENCES parents(n)) STRICT")


def second(schema: Schema) -> None:
    schema.utils.table("things").add_column("colour", str)


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / ".nbtrack"
    folder.mkdir(mode=0o700)
    yield folder / "nbtrack.db"
    for left_open in list(_open_databases):  # Python 3.13 warns of one that is left to the garbage collector
        left_open.close()


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    opened = Database(path, [first])
    yield opened
    opened.close()


def run_python(code: str, *args: object, **options: object) -> subprocess.CompletedProcess[str]:
    """Python code in a process of its own; its functions `first` and `second` are the migrations above."""
    return subprocess.run(python(code, *args), capture_output=True, text=True, timeout=280, check=True)


def python(code: str, *args: object) -> list[str]:
    head = """
        import os, sys, sqlite3, time
        from pathlib import Path
        from nbtrack.base.db import Database
        def first(schema):
            schema.execute("CREATE TABLE parents (n INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT")
            schema.execute("CREATE TABLE things (n INTEGER PRIMARY KEY, parent INTEGER REFERENCES parents(n)) STRICT")
        path = Path(sys.argv[1])
    """
    path = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
    return [sys.executable, "-c", path + textwrap.dedent(head) + textwrap.dedent(code), *map(str, args)]


def names(database: Database) -> list[str]:
    with database.read() as conn:
        return [row[0] for row in conn.execute("SELECT name FROM parents ORDER BY n")]


def add(database: Database, name: str) -> None:
    with database.write(60.0) as conn:  # so many seconds: others may write, on a busy disk
        conn.execute("INSERT INTO parents (name) VALUES (?)", (name,))


# -- what a file is


def test_looking_makes_no_file(database: Database) -> None:
    assert not database.exists()
    assert not database.path.exists()


def test_a_new_file_is_ours_and_only_its_owners(database: Database) -> None:
    add(database, "a")
    with database.read() as conn:
        pragmas = {
            name: conn.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("application_id", "user_version", "foreign_keys", "journal_mode", "synchronous", "auto_vacuum")
        }
        assert conn.execute("PRAGMA busy_timeout").fetchone()[0] <= 100, "Ctrl-C is not heard while SQLite waits"
    assert pragmas == {
        "application_id": APPLICATION_ID,
        "user_version": 1,
        "foreign_keys": 1,
        "journal_mode": "wal",
        "synchronous": 2,
        "auto_vacuum": 2,
    }
    modes = {each.name: each.stat().st_mode & 0o777 for each in database.path.parent.iterdir()}
    assert modes == {"nbtrack.db": 0o600, "nbtrack.db-wal": 0o600, "nbtrack.db-shm": 0o600}


def test_tables_are_strict_and_foreign_keys_hold(database: Database) -> None:
    with pytest.raises(StoreError, match="cannot store TEXT"), database.write() as conn:
        conn.execute("INSERT INTO things (parent) VALUES ('no number')")
    with pytest.raises(StoreError, match="FOREIGN KEY"), database.write() as conn:
        conn.execute("INSERT INTO things (parent) VALUES (99)")
    assert names(database) == []


def test_foreign_keys_hold_on_every_connection(database: Database) -> None:
    """SQLite leaves them off on each new one."""
    add(database, "a")

    def refused() -> bool:
        with pytest.raises(StoreError, match="FOREIGN KEY"), database.write() as conn:
            conn.execute("INSERT INTO things (parent) VALUES (99)")
        return True

    with ThreadPoolExecutor(1) as another_thread:
        assert another_thread.submit(refused).result()
    child = os.fork()
    if not child:
        code = 1
        try:
            code = not refused()
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    database.close()
    assert refused(), "opened again"


def test_an_exception_takes_back_all_of_a_write_and_its_revision(database: Database) -> None:
    add(database, "a")
    before = database.revision()
    with pytest.raises(ZeroDivisionError), database.write() as conn:
        conn.execute("INSERT INTO parents (name) VALUES (?)", (str(1 / len([])),))
    assert (names(database), database.revision()) == (["a"], before)
    add(database, "c")
    assert (names(database), database.revision()) == (["a", "c"], before + 1)


def test_another_programs_database_is_named_and_left_as_it_is(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE theirs (x)")
    before = path.read_bytes()
    with pytest.raises(StoreForeign, match="another program"), Database(path, [first]).read():
        pass
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == ["nbtrack.db"]


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_no_database_is_named_and_left_as_it_is(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(StoreForeign, match="damaged or no SQLite database"), Database(path, [first]).read():
        pass
    assert path.read_bytes() == content


def test_a_damaged_page_is_a_clear_error_when_it_is_read(path: Path) -> None:
    database = Database(path, [first])
    with database.write() as conn:
        conn.executemany("INSERT INTO parents (name) VALUES (?)", [("x" * 500,) for _ in range(200)])
    database.close()
    content = bytearray(path.read_bytes())
    content[4096 * 3 :] = b"\xa5" * (len(content) - 4096 * 3)
    path.write_bytes(content)
    with pytest.raises(StoreForeign, match="damaged"):
        names(Database(path, [first]))


# -- versions


def test_a_file_of_a_newer_nbtrack_that_we_may_read_is_read_only(path: Path) -> None:
    newer = Database(path, [first, second], min_reader=1)
    add(newer, "a")
    newer.close()
    older = Database(path, [first])
    assert names(older) == ["a"]
    assert older.read_only
    with pytest.raises(StoreReadOnly):
        add(older, "b")
    older.close()


def test_a_file_of_a_newer_nbtrack_that_we_must_not_read_is_refused_naming_the_version(path: Path) -> None:
    newer = Database(path, [first, second], min_reader=2)
    add(newer, "a")
    newer.close()
    before = path.read_bytes()
    with pytest.raises(StoreTooNew, match="reads schema version 2"):
        names(Database(path, [first]))
    assert path.read_bytes() == before


def test_a_migration_keeps_the_data_and_a_backup_of_the_file_before_it(path: Path) -> None:
    old = Database(path, [first])
    add(old, "a")
    old.close()
    new = Database(path, [first, second])
    assert names(new) == ["a"]
    with new.read() as conn:
        assert "colour" in [row[1] for row in conn.execute("PRAGMA table_info(things)")]
    (backup,) = (path.parent / "backups").glob("*.db")
    assert backup.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(backup)) as copy:
        assert copy.execute("PRAGMA user_version").fetchone()[0] == 1
        assert copy.execute("SELECT name FROM parents").fetchall() == [("a",)]
        assert "colour" not in [row[1] for row in copy.execute("PRAGMA table_info(things)")]
    new.close()


def test_three_backups_are_kept(path: Path) -> None:
    migrations = [first]
    stamps = iter(f"2030010{day}-000000" for day in range(1, 9))
    for number in range(6):
        opened = Database(path, migrations)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("time.strftime", lambda _: next(stamps))
            add(opened, str(number))
        opened.close()
        table = f"CREATE TABLE more{number} (x) STRICT".replace("(x)", "(x INTEGER)")
        migrations = [*migrations, lambda schema, table=table: schema.execute(table)]  # type: ignore[misc]
    kept = sorted(each.name.split("-")[1] for each in (path.parent / "backups").glob("*.db"))
    assert kept == ["v3", "v4", "v5"]


def test_a_migration_that_fails_changes_nothing(path: Path) -> None:
    old = Database(path, [first])
    add(old, "a")
    old.close()

    def broken(schema: Schema) -> None:
        schema.execute("CREATE TABLE half (x INTEGER) STRICT")
        schema.execute("this is no SQL")

    with pytest.raises(StoreError):
        names(Database(path, [first, broken]))
    again = Database(path, [first])
    assert names(again) == ["a"]
    with again.read() as conn:
        assert not conn.execute("SELECT 1 FROM sqlite_master WHERE name = 'half'").fetchone()
    again.close()


def test_eight_processes_that_open_at_once_make_the_schema_once(tmp_path: Path) -> None:
    for attempt in range(3):
        folder = tmp_path / str(attempt)
        folder.mkdir()
        code = """
            from nbtrack.base import db
            db._OPENING = 60.0  # eight take their turns, on a busy disk
            start = Path(sys.argv[2])
            database = Database(path, [first])
            while not start.exists():
                pass
            with database.write(60.0) as conn:
                conn.execute("INSERT INTO parents (name) VALUES (?)", (str(os.getpid()),))
        """
        command = python(code, folder / "nbtrack.db", folder / "start")
        starting = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(8)]
        time.sleep(0.5)
        (folder / "start").touch()
        errors = [process.communicate(timeout=280)[1] for process in starting]
        assert errors == [""] * 8
        database = Database(folder / "nbtrack.db", [first])
        assert sorted(names(database)) == sorted(str(process.pid) for process in starting)
        database.close()


def test_a_schema_that_another_process_makes_while_we_look_is_not_taken_for_a_foreign_file(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between reading the application id and the version, the other commits."""
    look = sqlite.patient
    other = Database(path, [first])

    def interleaved(connection: sqlite3.Connection, statement: str, timeout: float) -> sqlite3.Cursor:
        found = look(connection, statement, timeout)
        if statement == "PRAGMA application_id" and threading.current_thread() is threading.main_thread():
            found = iter([found.fetchone()])  # type: ignore[assignment]
            thread = threading.Thread(target=lambda: done.append(_quietly(other)))
            thread.start()
            thread.join(timeout=2.0)
            return _Row(next(found))  # type: ignore[return-value]
        return found

    done: list[bool] = []
    monkeypatch.setattr(db, "patient", interleaved)
    ours = Database(path, [first])
    with ours.read() as conn:
        assert conn.execute("PRAGMA user_version").fetchone()[0] == 1
    ours.close()
    other.close()


class _Row:
    def __init__(self, row: tuple[int, ...]) -> None:
        self._row = row

    def fetchone(self) -> tuple[int, ...]:
        return self._row


def _quietly(database: Database) -> bool:
    try:
        add(database, "other")
    except StoreError:
        return False
    return True


# -- the file goes away, or cannot be written


@pytest.mark.parametrize("how", ["deleted", "replaced"])
def test_a_file_deleted_or_replaced_under_an_open_connection_is_noticed(database: Database, how: str) -> None:
    add(database, "before")
    if how == "deleted":
        for each in database.path.parent.iterdir():
            each.unlink()
    else:
        other = Database(database.path.with_name("other.db"), [first])
        add(other, "theirs")
        other.close()
        os.replace(other.path, database.path)
        Path(f"{database.path}-wal").unlink()
        Path(f"{database.path}-shm").unlink()
    add(database, "after")
    assert names(database) == (["after"] if how == "deleted" else ["theirs", "after"])
    with closing(sqlite3.connect(database.path)) as seen:
        assert ("after",) in seen.execute("SELECT name FROM parents").fetchall()


def test_threads_that_use_a_file_while_it_is_deleted_again_and_again_stand_it(tmp_path: Path) -> None:
    """A connection closed by one thread while another is inside it is a segmentation fault, so in a process apart."""
    code = """
        import threading
        database = Database(path, [first])
        stop = threading.Event()
        def use():
            while not stop.is_set():
                try:
                    with database.write() as conn:
                        conn.execute("INSERT INTO parents (name) VALUES ('x')")
                except Exception as error:
                    pass
        threads = [threading.Thread(target=use) for _ in range(4)]
        for thread in threads:
            thread.start()
        for _ in range(60):
            time.sleep(0.01)
            path.unlink(missing_ok=True)
            database.close() if _ % 10 == 0 else None
        stop.set()
        for thread in threads:
            thread.join()
        with database.write(60.0) as conn:
            conn.execute("INSERT INTO parents (name) VALUES ('last')")
    """
    run_python(code, tmp_path / "nbtrack.db")


def test_no_thread_opens_a_file_that_came_after_its_look_while_another_is_inside_the_one_before(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both would share the log's memory, and whoever comes first to the new file cuts it short under the other."""
    add(database, "before")
    inside, leave, entered = threading.Event(), threading.Event(), threading.Event()
    really = places.opened

    def opened(path: Path) -> sqlite3.Connection:
        monkeypatch.setattr(places, "opened", really)
        path.unlink()
        return really(path)

    def stay() -> None:
        with database.read():
            inside.set()
            assert leave.wait(60)

    def come() -> None:
        with database.write() as conn:
            entered.set()
            conn.execute("INSERT INTO parents (name) VALUES ('after')")

    with ThreadPoolExecutor(2) as threads:
        stays = threads.submit(stay)
        assert inside.wait(60)
        monkeypatch.setattr(places, "opened", opened)
        comes = threads.submit(come)
        assert not entered.wait(0.5)
        leave.set()
        stays.result()
        comes.result()
    assert names(database) == ["after"]


def test_only_the_database_file_deleted_leaves_no_ghost_of_its_log(database: Database) -> None:
    add(database, "before")
    database.path.unlink()
    add(database, "after")
    assert names(database) == ["after"]
    with database.read() as conn:
        assert conn.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


@pytest.fixture
def frozen(path: Path) -> Iterator[Path]:
    """The project's folder, mounted read-only; where no mount is allowed, made so by its mode."""
    yield path.parent
    subprocess.run(["umount", "-l", path.parent], capture_output=True, check=False)
    path.parent.chmod(0o700)


def freeze(folder: Path) -> None:
    if os.geteuid() != 0:
        for each in folder.iterdir():
            each.chmod(0o400)
        folder.chmod(0o500)
        return
    mounted = subprocess.run(["mount", "--bind", folder, folder], capture_output=True, check=False).returncode == 0
    if mounted:
        options: list[str | Path] = ["mount", "-o", "remount,ro,bind", folder]
        mounted = subprocess.run(options, capture_output=True, check=False).returncode == 0
    if not mounted:
        pytest.skip("root may write everywhere, and here it may not mount")


def test_a_read_only_folder_is_read_and_refuses_writes(database: Database, frozen: Path) -> None:
    add(database, "a")
    database.close()
    assert not Path(f"{database.path}-wal").exists()
    freeze(frozen)
    reading = Database(database.path, [first])
    assert names(reading) == ["a"]
    assert reading.read_only
    with pytest.raises(StoreReadOnly, match="read-only"):
        add(reading, "b")
    reading.close()


def test_a_read_only_folder_with_changes_in_the_log_is_not_read_in_part(database: Database, frozen: Path) -> None:
    """Declared unchanging, SQLite would leave the log out without a word."""
    add(database, "a")
    code = """
        database = Database(path, [first])
        with database.write() as conn:
            conn.execute("INSERT INTO parents (name) VALUES ('b')")
        os._exit(0)
    """
    database.close()
    run_python(code, database.path)
    assert Path(f"{database.path}-wal").stat().st_size
    Path(f"{database.path}-shm").unlink()
    freeze(frozen)
    reading = Database(database.path, [first])
    with pytest.raises(StoreReadOnly, match="Copy the whole"):
        names(reading)
    reading.close()


def test_a_folder_where_no_file_can_be_made_says_so(path: Path, frozen: Path) -> None:
    freeze(frozen)
    with pytest.raises(StoreReadOnly, match="cannot be made"):
        names(Database(path, [first]))


# -- locks

HOLDER = """
    conn = sqlite3.connect(path, isolation_level=None)
    conn.execute("BEGIN IMMEDIATE")
    print("held", flush=True)
    sys.stdin.read()
    conn.execute("COMMIT")
"""


@pytest.fixture
def holder(database: Database) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the write lock until its standard input is closed."""
    add(database, "before")
    process = subprocess.Popen(python(HOLDER, database.path), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.communicate(timeout=30)


def test_a_lock_that_is_not_given_back_becomes_a_clear_error(database: Database, holder: subprocess.Popen[str]) -> None:
    with pytest.raises(StoreLocked, match="locked by another process"), database.write(timeout=0.2):
        pass
    assert names(database) == ["before"], "reading needs no lock"


def test_a_lock_that_is_given_back_in_time_is_waited_for(database: Database, holder: subprocess.Popen[str]) -> None:
    assert holder.stdin is not None
    timer = threading.Timer(0.3, holder.stdin.close)
    timer.start()
    add(database, "after")
    timer.join()
    holder.stdin = None
    assert names(database) == ["before", "after"]


@contextmanager
def ctrl_c_in(seconds: float) -> Iterator[None]:
    """Have this thread interrupted after so many seconds, wherever it has come to by then."""
    timer = threading.Timer(seconds, signal.pthread_kill, (threading.get_ident(), signal.SIGINT))
    gc.disable()  # hypothesis looks on at each collection: what is raised while it does is lost, a Ctrl-C too
    try:
        timer.start()
        yield
    finally:
        gc.enable()
        timer.join()


def test_ctrl_c_is_heard_while_waiting_for_a_lock_and_leaves_none(
    database: Database, holder: subprocess.Popen[str]
) -> None:
    with pytest.raises(KeyboardInterrupt), ctrl_c_in(0.3), database.write(timeout=60.0):
        pass
    assert not database.connection().in_transaction


def test_tests_hear_ctrl_c_also_where_what_started_them_ignores_it() -> None:
    """As ``make test &`` does: what is born ignoring it waits in vain for the Ctrl-C that a test sends."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        signal.raise_signal(signal.SIGINT)
        pytest_runtest_setup()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)


def test_ctrl_c_while_one_waits_to_make_way_lets_everybody_in_again(database: Database) -> None:
    """A cell that copies the project's folder waits for the writers; the one who interrupts it must not bar them."""
    add(database, "before")
    inside, leave = threading.Event(), threading.Event()

    def write() -> None:
        with database.write() as conn:
            inside.set()
            assert leave.wait(60)
            conn.execute("INSERT INTO parents (name) VALUES ('theirs')")

    writer = threading.Thread(target=write)
    writer.start()
    assert inside.wait(60)
    with pytest.raises(KeyboardInterrupt), ctrl_c_in(0.3):
        database.make_way()
    leave.set()
    writer.join(60)
    assert not writer.is_alive()
    others = threading.Thread(target=add, args=(database, "others"), daemon=True)
    others.start()
    others.join(60)
    assert not others.is_alive(), "the gate is open again"
    assert names(database) == ["before", "theirs", "others"]


def test_ctrl_c_inside_a_checksum_is_ctrl_c_and_not_an_error_of_the_file(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite makes an error of its own of whatever is raised in a function that it calls."""
    add(database, "before")
    with database.write() as conn:
        conn.execute("SELECT row_sum('before any', 1)")

    def interrupted(*values: object) -> int:
        signal.raise_signal(signal.SIGINT)
        return 0

    monkeypatch.setattr(sqlite, "row_sum", interrupted)
    database.close()
    with pytest.raises(KeyboardInterrupt), database.write() as conn:
        conn.execute("INSERT INTO parents (name) VALUES (row_sum('a'))")
    with pytest.raises(KeyboardInterrupt), database.read() as conn:
        conn.execute("SELECT row_sum('a')").fetchone()
    monkeypatch.undo()
    database.close()
    add(database, "after")
    assert names(database) == ["before", "after"]


def test_ctrl_c_at_the_moment_a_transaction_begins_leaves_no_lock(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(database, "before")
    begun = db.begun

    def interrupted(connection: sqlite3.Connection, deadline: float, timeout: float) -> bool:
        begun(connection, deadline, timeout)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(db, "begun", interrupted)
        with pytest.raises(KeyboardInterrupt), database.write():
            pass
    run_python("sqlite3.connect(path, timeout=0).execute('BEGIN IMMEDIATE')", database.path)
    add(database, "after")
    assert names(database) == ["before", "after"]


def test_a_write_inside_a_read_is_a_mistake_that_harms_nothing(database: Database) -> None:
    with database.read() as conn:
        with pytest.raises(RuntimeError, match="inside another"), database.write():
            pass
        assert conn.in_transaction


# -- threads and forks


def test_each_thread_has_a_connection_of_its_own_and_dead_threads_leave_none(database: Database) -> None:
    found: list[sqlite3.Connection] = []
    all_have = threading.Barrier(8)  # a thread that begins after another has ended may be given its number

    def use(number: int) -> None:
        add(database, str(number))
        found.append(database.connection())
        all_have.wait(60)

    threads = [threading.Thread(target=use, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, found))) == 8
    assert len(names(database)) == 8
    assert len(database._connections) == 1, "those of dead threads are closed when another is opened"


def held_locks(pid: int, path: Path) -> int:
    """How many POSIX locks a process holds on a file, as the kernel tells it."""
    inode, found = f":{path.stat().st_ino} ", set[str]()
    for about in Path(f"/proc/{pid}/fdinfo").iterdir():  # the table of the whole machine changes while it is read
        with suppress(FileNotFoundError):  # what the folder itself was read by
            found |= {line for line in about.read_text().splitlines() if line.startswith("lock:") and inode in line}
    return len(found)


@pytest.mark.skipif(sys.platform != "linux", reason="what the kernel knows of locks is read from /proc")
def test_a_forked_child_takes_locks_of_its_own_and_leaves_the_parent_its(database: Database) -> None:
    """SQLite's tables of locks are inherited, the locks are not: a child that believes them loses what it writes."""
    add(database, "parent")
    assert held_locks(os.getpid(), database.path) == 1
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            add(database, "child")
            with database.read():
                own = held_locks(os.getpid(), database.path)
                shared = held_locks(os.getpid(), Path(f"{database.path}-shm"))
            os.write(writing, b"%d %d" % (own, shared))
        finally:
            os._exit(0)
    add(database, "parent again")
    os.waitpid(child, 0)
    own, shared = map(int, os.read(reading, 100).split())
    os.close(reading)
    os.close(writing)
    assert own == 1, "without this lock another process may delete the log that the child writes into"
    assert shared >= 1
    assert sorted(names(database)) == ["child", "parent", "parent again"]
    assert held_locks(os.getpid(), database.path) == 1


def test_forks_while_threads_write_lose_nothing_and_hang_nowhere(database: Database) -> None:
    add(database, "first")
    stop = threading.Event()
    written: list[int] = []

    def write() -> None:
        while not stop.is_set():
            add(database, "thread")
            written.append(1)

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    failed = 0
    for number in range(25):
        child = os.fork()
        if not child:
            code = 1
            try:
                add(database, f"child {number}")
                code = 0
            finally:
                os._exit(code)
        failed += os.waitpid(child, 0)[1] != 0
    stop.set()
    for thread in threads:
        thread.join()
    found = names(database)
    assert failed == 0
    assert found.count("thread") == len(written) > 0
    assert sorted(name for name in found if name.startswith("child")) == sorted(f"child {n}" for n in range(25))
    with database.read() as conn:
        assert conn.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


def test_a_fork_inside_a_transaction_leaves_the_child_without_the_file_and_the_parent_its_lock(
    database: Database,
) -> None:
    with database.write() as conn:
        conn.execute("INSERT INTO parents (name) VALUES ('parent')")
        child = os.fork()
        if not child:
            code = 1
            try:
                database.connection()
            except StoreLocked:
                code = 0
            finally:
                os._exit(code)
        assert os.waitpid(child, 0)[1] == 0
        with pytest.raises(subprocess.CalledProcessError):
            run_python("sqlite3.connect(path, timeout=0).execute('BEGIN IMMEDIATE')", database.path)
    assert names(database) == ["parent"]


# -- space


def test_free_pages_are_given_back(database: Database) -> None:
    with database.write() as conn:
        conn.executemany("INSERT INTO parents (name) VALUES (?)", [("x" * 1000,) for _ in range(5000)])
    database.shrink()
    large = database.path.stat().st_size
    with database.write() as conn:
        conn.execute("DELETE FROM parents")
    said: list[str] = []
    database.connection().set_trace_callback(said.append)
    assert database.shrink() > 4_000_000
    database.connection().set_trace_callback(None)
    assert database.path.stat().st_size < large - 4_000_000
    commits = said.count("COMMIT")
    assert 1 < commits < 10, "each is synced to the disk, and keeps other writers waiting while it lasts"
    first = said.index("BEGIN IMMEDIATE")
    assert not [each for each in said[:first] if "incremental" in each]
