"""`nbtrack restore --from`: all is checked first, what was there is kept, and nobody is overlooked who records."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from nbtrack.base.config import Project
from nbtrack.base.errors import BadSource, NbtrackError, StoreError, StoreTooNew
from nbtrack.cli import main
from nbtrack.runs import contract as c
from nbtrack.runs import current, migrations, objects, projects
from nbtrack.runs.service import RunsService
from nbtrack.transfer import bringing_back
from nbtrack.transfer.backing_up import make, silent
from nbtrack.transfer.bringing_back import Restored
from nbtrack.transfer.store import whole

ROOT = Path(__file__).resolve().parents[2]


def bring_back(project: Project, source: Path, force: bool = False) -> Restored:
    return bringing_back.bring_back(RunsService(project), source, force, silent)


def record(project: Project, name: str, text: str = "") -> None:
    with current.begin(project, name=name) as run:
        run.log({"loss": 0.5})
        if text:
            run.add_bytes("text.txt", text.encode(), "text/plain")
    RunsService(project).refresh(force=True)


def leave() -> None:
    """Let go of everything, as a process that ends."""
    for recorder in projects.open_recorders():
        recorder.close()
    projects.forget_all()


def names(project: Project) -> list[str]:
    service = RunsService(project)
    service.refresh(force=True)
    return sorted(row.name for row in service.page(c.PageRequest()).rows)


def everything(project: Project) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables, but for the numbers that only say what has changed."""
    with RunsService(project).database.read() as conn:
        tables = [row[0] for row in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        found = {name: conn.execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall() for name in tables}
        found["runs"] = conn.execute("SELECT id, name, status, started, ended, note, trashed FROM runs").fetchall()
    found.pop("sqlite_stat1", None)
    found["meta"] = [row for row in found["meta"] if row[0] != "revision"]
    return found


def content(folder: Path) -> dict[str, bytes]:
    left_out = ("-wal", "-shm")
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(left_out) and "incoming" not in path.parts
    }


@pytest.fixture
def saved(filled: Project, tmp_path: Path) -> Path:
    """A backup of the filled project, with settings."""
    (filled.folder / "settings.json").write_text('{"metrics": ["gini"]}')
    (filled.folder / "views.json").write_text('{"a": 1}')
    return make(RunsService(filled), tmp_path / "saved.zip").path


@pytest.fixture
def saved_small(project: Project, tmp_path: Path) -> Path:
    """A backup of a project with one run."""
    record(project, "only")
    return make(RunsService(project), tmp_path / "saved.zip").path


def test_everything_comes_back_and_what_was_there_is_aside(filled: Project, saved: Path) -> None:
    before = everything(filled)
    record(filled, "later", "later's file")
    (filled.folder / "views.json").write_text('{"b": 2}')
    (name,) = [one for one in objects.all_names(filled.objects) if objects.read(filled.objects, one) != b"later's file"]
    objects.path_of(filled.objects, name).write_bytes(b"damaged")
    done = bring_back(filled, saved)
    assert everything(filled) == before
    assert "later" not in names(filled)
    assert objects.read(filled.objects, name) == b"precision 0.9\n", "a damaged file is mended"
    assert (filled.folder / "views.json").read_text() == '{"a": 1}'
    assert (done.runs, done.objects, done.troubles) == (5, 1, [])
    assert sorted(done.files) == ["settings.json", "views.json"]
    assert done.aside is not None
    assert (done.aside / "views.json").read_text() == '{"b": 2}'
    assert (done.aside / "objects" / name).read_bytes() == b"damaged"
    with closing(sqlite3.connect(done.aside / "nbtrack.db")) as conn:
        assert conn.execute("SELECT count(*) FROM runs WHERE name = 'later'").fetchone() == (1,)
    assert os.listdir(filled.folder / "incoming") == []
    assert filled.database.stat().st_mode & 0o777 == 0o600


def test_what_was_replaced_can_be_brought_back_too(filled: Project, saved: Path) -> None:
    record(filled, "later")
    done = bring_back(filled, saved)
    assert done.aside is not None
    again = bring_back(filled, done.aside / "nbtrack.db")
    assert "later" in names(filled)
    assert again.aside not in (None, done.aside), "nothing that was kept is replaced"


def test_into_a_folder_without_a_project_one_is_made(
    saved: Path, filled: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = everything(filled)
    (tmp_path / "fresh").mkdir()
    monkeypatch.chdir(tmp_path / "fresh")
    assert main(["restore", "--from", str(saved), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["runs"], said["aside"]) == (5, None)
    fresh = Project(tmp_path / "fresh")
    assert everything(fresh) == before
    assert [objects.read(fresh.objects, name) for name in objects.all_names(fresh.objects)] == [b"precision 0.9\n"]
    assert fresh.folder.stat().st_mode & 0o777 == 0o700
    assert sorted(path.name for path in fresh.folder.iterdir() if path.is_file() and "-" not in path.name) == [
        *(".gitignore", "nbtrack.db", "settings.json", "views.json")
    ]


def test_a_database_from_before_a_migration_is_brought_back_and_up_to_date(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projects, "MIGRATIONS", migrations.MIGRATIONS[:3])
    record_old = RunsService(project)
    project.create()
    with record_old.database.write() as conn:
        conn.execute("INSERT INTO experiments (name, created) VALUES ('old', 1)")
    leave()
    monkeypatch.undo()
    monkeypatch.chdir(project.root)
    record(project, "new")
    (copy,) = project.backups.glob("*.db")
    assert main(["restore", "--from", copy.name]) == 0, "by its name alone, as the list shows it"
    service = RunsService(project)
    assert [one.name for one in service.experiments().experiments] == ["old"]
    assert names(project) == []
    assert list(project.backups.glob("*.db")) == [copy], "it takes no place among the copies of before migrations"
    record(project, "after")
    assert names(project) == ["after"]


@pytest.mark.parametrize("how", ["cut", "zeros", "no database", "another's", "emptied"])
def test_a_damaged_database_gives_way_and_is_kept(project: Project, saved_small: Path, how: str) -> None:
    filled, saved = project, saved_small
    before = everything(filled)
    leave()
    data = bytearray(filled.database.read_bytes())
    if how == "cut":
        data = data[: len(data) // 2]
    elif how == "zeros":
        data[8192 : 8192 * 3] = bytes(8192 * 2)
    elif how == "no database":
        data = bytearray(b"this is no database at all")
    elif how == "another's":
        data[68:72] = b"abcd"
    else:
        data = bytearray()
    filled.database.write_bytes(data)
    Path(f"{filled.database}-wal").write_bytes(b"what stood in its log")
    done = bring_back(filled, saved)
    assert everything(filled) == before
    if how != "emptied":  # a file without content is a database that nobody has begun
        assert done.aside is not None
        assert (done.aside / "nbtrack.db").read_bytes() == data
    record(filled, "after")
    assert "after" in names(filled)


def test_the_log_of_what_is_replaced_goes_with_it_and_not_into_the_new(tmp_path: Path) -> None:
    made, present, aside = tmp_path / "made.db", tmp_path / "nbtrack.db", tmp_path / "aside"
    aside.mkdir()
    for path, text in ((made, "new"), (tmp_path / "lived.db", "old")):
        with closing(sqlite3.connect(path)) as conn:
            conn.execute("PRAGMA journal_mode = WAL")
            conn.execute("CREATE TABLE t (x)")
            conn.executemany("INSERT INTO t VALUES (?)", [(text,)] * 300)
            conn.commit()
            if text == "old":  # its log is as a killed process leaves it
                for end in ("", "-wal"):
                    shutil.copyfile(f"{path}{end}", f"{present}{end}")
    whole.swap(made, present, aside)
    for path, text in ((present, "new"), (aside / "nbtrack.db", "old")):
        with closing(sqlite3.connect(path)) as conn:
            assert conn.execute("SELECT DISTINCT x FROM t").fetchall() == [(text,)]
            assert conn.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_journals_that_a_damaged_database_could_not_take_come_into_the_one_brought_back(
    filled: Project, saved: Path
) -> None:
    code = """
        import os, signal, nbtrack
        nbtrack.start_run("last words")
        nbtrack.log({"loss": 1.0})
        os.kill(os.getpid(), signal.SIGKILL)
    """
    leave()
    filled.database.write_bytes(b"damaged" * 1000)
    run_python(filled, code)
    bring_back(filled, saved)
    assert "last words" in names(filled)


# -- who records


def files(folder: Path) -> dict[str, int]:
    """Which file stands under each name: what is in them, the process that records may change at any time."""
    kept = (path for path in folder.iterdir() if path.is_file() and not path.name.endswith(("-wal", "-shm")))
    return {path.name: path.stat().st_ino for path in kept}


def environment(project: Project) -> dict[str, str]:
    known = {name: value for name, value in os.environ.items() if not name.startswith("NBTRACK")}
    return {**known, "NBTRACK_DIR": str(project.root), "PYTHONPATH": str(ROOT)}


def run_python(project: Project, code: str) -> None:
    command = [sys.executable, "-c", textwrap.dedent(code)]
    subprocess.run(command, env=environment(project), timeout=280, check=False, stderr=subprocess.DEVNULL)


LIVE = """
    import sys, nbtrack
    run = nbtrack.start_run("live")
    for number in range(100):
        nbtrack.log({"n": float(number)})
        if number == 50:
            run.flush()  # the database is open: what is tried out when it is opened leaves files for a moment
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(100, 200):
        nbtrack.log({"n": float(number)})
    nbtrack.end_run()
"""


def test_while_a_process_records_it_is_refused_and_with_force_nothing_of_that_process_is_lost(
    filled: Project, saved: Path
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(LIVE)],
        env=environment(filled),
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as live:
        assert live.stdout is not None
        assert live.stdout.readline() == "ready\n"
        before = files(filled.folder)
        with pytest.raises(StoreError, match=f"process {live.pid} may record") as found:
            bring_back(filled, saved)
        assert "--force" in found.value.hint
        assert files(filled.folder) == before
        done = bring_back(filled, saved, force=True)
        assert done.troubles == []
        errors = live.communicate("\n", timeout=60)[1]
        assert (live.returncode, errors) == (0, "")
    service = RunsService(filled)
    service.refresh(force=True)
    row = service.row("live")
    assert row.status == "finished"
    assert list(service.history(row.id, "n").values) == [float(number) for number in range(200)]
    assert len(names(filled)) == 5, "four outside of the trash, and that run"


def test_while_this_process_records_a_run_it_is_refused_also_with_force(project: Project, saved_small: Path) -> None:
    run = current.begin(project, name="open")
    for force in (False, True):
        with pytest.raises(StoreError, match="A run is being recorded here"):
            bring_back(project, saved_small, force)
    run.end()
    bring_back(project, saved_small)
    assert "open" not in names(project)
    record(project, "after")
    assert "after" in names(project), "the same process goes on"


READER = """
    import sys
    from pathlib import Path
    from nbtrack.base.config import Project
    from nbtrack.runs.contract import PageRequest
    from nbtrack.runs.service import RunsService
    service = RunsService(Project(Path(sys.argv[1])))
    for line in sys.stdin:
        print(sorted(row.name for row in service.page(PageRequest()).rows), service.database.revision(), flush=True)
"""


def test_a_process_that_has_the_database_open_reads_on_in_the_one_brought_back(filled: Project, saved: Path) -> None:
    """As JupyterLab's server does; its own next run then goes into the new one too."""
    record(filled, "later")
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(READER), str(filled.root)],
        env=environment(filled),
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as reader:

        def asked() -> str:
            assert reader.stdin is not None
            assert reader.stdout is not None
            reader.stdin.write("\n")
            reader.stdin.flush()
            return reader.stdout.readline()

        first = asked()
        assert "later" in first
        bring_back(filled, saved)
        second = asked()
        assert "later" not in second
        assert "forest" in second
        assert int(second.split()[-1]) > int(first.split()[-1]), "what is kept of the state before is out of date"
        reader.communicate(timeout=60)


# -- what is no backup


def rewritten(saved: Path, change: Callable[[dict[str, bytes], dict[str, Any]], None], mended: bool = True) -> Path:
    """The backup with other members; mended: its manifest says what they are."""
    with zipfile.ZipFile(saved) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(members.pop("manifest.json"))
    change(members, manifest)
    if mended and "members" in manifest:
        manifest["members"] = {
            name: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in members.items()
        }
    target = saved.with_name("changed.zip")
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
        archive.writestr("manifest.json", json.dumps(manifest))
    return target


def changed_database(statement: str) -> Callable[[dict[str, bytes], dict[str, Any]], None]:
    def change(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
        with closing(sqlite3.connect(":memory:")) as conn:
            conn.deserialize(members["nbtrack.db"])
            conn.execute("PRAGMA writable_schema = ON")
            conn.executescript(statement)
            members["nbtrack.db"] = conn.serialize()

    return change


def member(name: str, data: bytes = b"x") -> Callable[[dict[str, bytes], dict[str, Any]], None]:
    return lambda members, manifest: members.update({name: data})


def flipped(name: str) -> Callable[[dict[str, bytes], dict[str, Any]], None]:
    def change(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
        found = next(one for one in members if one.startswith(name))
        data = bytearray(members[found])
        data[len(data) // 2] ^= 1
        members[found] = bytes(data)

    return change


EMPTY = hashlib.sha256(b"").hexdigest()
BAD = {
    "a path that leaves": (member("../../evil"), "which no backup has"),
    "an absolute path": (member("/etc/evil"), "which no backup has"),
    "a path with backslashes": (member("..\\evil"), "which no backup has"),
    "an object with a path": (member("objects/../../evil"), "which no backup has"),
    "a journal that would be read": (member("journal/0123456789ab-000001.nbj"), "which no backup has"),
    "a member more": (member("sync.log"), "which no backup has"),
    "an object of another content": (member(f"objects/{EMPTY}"), "not what its name says"),
    "settings that are none": (member("settings.json", b"[]"), "not a JSON object"),
    "settings that are huge": (member("views.json", b" " * (2 << 20)), "larger than any"),
    "no database": (lambda members, manifest: members.pop("nbtrack.db"), "has no 'nbtrack.db'"),
    "a database that is none": (member("nbtrack.db", b"x" * 5000), "cannot be read"),
    "a trigger": (changed_database("CREATE TRIGGER t AFTER INSERT ON runs BEGIN DELETE FROM runs; END"), "trigger 't'"),
    "a view": (changed_database("CREATE VIEW v AS SELECT 1"), "view 'v'"),
    "a virtual table": (changed_database("CREATE VIRTUAL TABLE w USING fts5(x)"), "that nbtrack has not"),
    "a table more": (changed_database("CREATE TABLE more (x)"), "table 'more'"),
    "a changed table": (
        changed_database("UPDATE sqlite_master SET sql = replace(sql, 'end_reason TEXT', 'end_reason INTEGER')"),
        "a changed table",
    ),
    "no count of its changes": (changed_database("DELETE FROM meta WHERE key = 'revision'"), "no count of its changes"),
    "a count that is a text": (
        changed_database("UPDATE meta SET value = 'x' WHERE key = 'revision'"),
        "no count of its",
    ),
    "a count without end": (
        changed_database(f"UPDATE meta SET value = {(1 << 63) - 1} WHERE key = 'revision'"),
        "no count of its changes",
    ),
    "runs of an experiment that is not there": (
        changed_database("UPDATE runs SET experiment = 4000"),
        "name one of experiments that is not there",
    ),
    "runs of a status that there is not": (
        changed_database("PRAGMA ignore_check_constraints = ON; UPDATE runs SET status = 'odd'"),
        "is damaged: CHECK constraint failed in runs",
    ),
    "an index that does not fit": (
        changed_database(
            "UPDATE sqlite_master SET sql = sql || ' WHERE n > 99' WHERE name = 'runs_experiment';"
            "PRAGMA writable_schema = RESET; REINDEX runs_experiment; PRAGMA writable_schema = ON;"
            "UPDATE sqlite_master SET sql = replace(sql, ' WHERE n > 99', '') WHERE name = 'runs_experiment'"
        ),
        "missing from index runs_experiment",
    ),
    "another program's database": (changed_database("PRAGMA application_id = 7"), "of another program"),
    "no manifest of ours": (lambda members, manifest: manifest.update(format="else"), "not that of a backup"),
    "a manifest without its parts": (lambda members, manifest: manifest.clear(), "manifest is none"),
}
UNMENDED = {
    "a flipped bit of the database": (flipped("nbtrack.db"), "'nbtrack.db' is damaged"),
    "a flipped bit of a file": (flipped("objects/"), "is damaged"),
    "a member that the manifest has not": (member(f"objects/{EMPTY}", b""), "not what its manifest says"),
    "a member that is missing": (lambda members, manifest: members.pop("views.json"), "not what its manifest says"),
    "a member of another size": (member("views.json", b"{}"), "not what its manifest says"),
}


def test_what_is_no_sound_backup_is_refused_and_changes_nothing(filled: Project, saved: Path) -> None:
    leave()
    before = content(filled.root.parent)
    told = {}
    for case, (change, _) in (BAD | UNMENDED).items():
        bad = rewritten(saved, change, mended=case in BAD)
        with pytest.raises(BadSource) as refused:
            bring_back(filled, bad)
        told[case] = refused.value.message
        bad.unlink()
        leave()
        assert content(filled.root.parent) == before, case
        assert os.listdir(filled.folder / "incoming") == []
    unlike = {case: text for case, text in told.items() if (BAD | UNMENDED)[case][1] not in text}
    assert unlike == {}


def test_the_backup_itself_is_not_what_is_refused(filled: Project, saved: Path) -> None:
    """The canary of the test above: written anew without a change it is taken."""
    assert bring_back(filled, rewritten(saved, lambda members, manifest: None)).runs == 5


def test_a_member_that_unpacks_to_more_than_it_is_is_refused(project: Project, saved_small: Path) -> None:
    bomb = saved_small.with_name("bomb.zip")
    with zipfile.ZipFile(saved_small) as archive, zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as made:
        for name in archive.namelist():
            made.writestr(name, archive.read(name))
    with pytest.raises(BadSource, match="packed in a way that no backup is"):
        bring_back(project, bomb)


def test_a_member_twice_is_refused(project: Project, saved_small: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(saved_small, "a") as archive:
        archive.writestr("nbtrack.db", "another")
    with pytest.raises(BadSource, match="twice"):
        bring_back(project, saved_small)


def test_a_name_in_front_of_a_member_that_is_no_text_is_refused(project: Project, saved_small: Path) -> None:
    """A zip says each name twice: at its end, and in front of the member."""
    data = bytearray(saved_small.read_bytes())
    data[data.index(b"nbtrack.db")] = 0xAC
    data[6:8] = (1 << 11).to_bytes(2, "little")  # "the names are UTF-8"
    saved_small.write_bytes(data)
    with pytest.raises(BadSource, match="cannot be read"):
        bring_back(project, saved_small)


def test_a_backup_that_was_cut_short_is_refused(project: Project, saved_small: Path) -> None:
    saved_small.write_bytes(saved_small.read_bytes()[:-5000])
    with pytest.raises(BadSource, match="Is it a backup, and all of it"):
        bring_back(project, saved_small)


def test_of_a_newer_nbtrack_the_version_is_named(project: Project, saved_small: Path) -> None:
    newer = rewritten(saved_small, lambda members, manifest: manifest.update(version=2, made_by="nbtrack 9.0"))
    with pytest.raises(StoreTooNew, match=r"version 2, made by nbtrack 9\.0"):
        bring_back(project, newer)
    newer = rewritten(saved_small, changed_database("PRAGMA user_version = 999"))
    with pytest.raises(StoreTooNew, match="schema version 999"):
        bring_back(project, newer)


def test_what_is_no_file_of_that_kind_is_refused_and_the_database_in_use_not_even_opened(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(project, "only")
    (project.root / "notes.txt").write_text("mine")
    os.link(project.database, project.root / "copy.zip")
    monkeypatch.setattr(bringing_back.zipfile, "ZipFile", lambda path: pytest.fail(f"'{path}' was opened"))
    for name in (".nbtrack/nbtrack.db", "notes.txt", "nowhere.zip", ".", "copy.zip"):
        with pytest.raises(BadSource, match=r"(is no backup|There is no file)"):
            bring_back(project, project.root / name)


def test_a_file_that_was_missing_when_the_backup_was_made_is_named_again(
    filled: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record(filled, "two", "odd")
    odd = objects.path_of(filled.objects, hashlib.sha256(b"odd").hexdigest())
    odd.write_bytes(b"ODD")
    saved = make(RunsService(filled), tmp_path / "x.zip").path
    odd.unlink()
    assert main(["restore", "--from", str(saved)]) == 1
    said = capsys.readouterr().out
    assert "'text.txt' of two is missing" in said
    assert "changed or damaged" in said
    assert not odd.exists(), "under its name it would pass for sound"


def test_a_file_whose_hash_is_no_text_any_more_is_named_and_the_rest_comes_back(
    project: Project, tmp_path: Path
) -> None:
    record(project, "two", "text")
    torn = changed_database(
        "UPDATE artifacts SET hash = CAST(x'ff' || substr(hash, 2) AS TEXT); UPDATE objects SET hash ="
        "(SELECT hash FROM artifacts)"
    )
    done = bring_back(project, rewritten(make(RunsService(project), tmp_path / "x.zip").path, torn))
    assert done.runs == 1
    (trouble,) = done.troubles
    assert "The file 'text.txt' of two is missing" in trouble
    again = make(RunsService(project), tmp_path / "again.zip")  # and it can be backed up as it is
    assert len(again.troubles) == 1
    assert bring_back(project, again.path).runs == 1


def test_without_room_it_is_refused(project: Project, saved_small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(bringing_back.shutil, "disk_usage", lambda path: usage._replace(free=1 << 20))
    with pytest.raises(StoreError, match=r"needs .* MiB"):
        bring_back(project, saved_small)


def test_which_of_both_is_meant_must_be_clear(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = {
        "restore needs a run, or --from FILE": [],
        "not both": ["forest", "--from", "x.zip"],
        "--force goes with --from": ["forest", "--force"],
        "--params and --below are about one": ["--from", "x.zip", "--params"],
    }
    for why, words in wrong.items():
        assert main(["restore", *words]) == 2
        assert why in capsys.readouterr().err


def test_a_runs_code_is_restored_as_before(filled: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["restore", "forest"]) == 0
    assert "RandomForestClassifier" in capsys.readouterr().out
    assert issubclass(BadSource, NbtrackError)
