"""`nbtrack import`, `%track import` and `nbtrack.import_runs`; and what another project's database may be."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import stat
import subprocess
import sys
import textwrap
from contextlib import closing
from pathlib import Path

import pytest

import nbtrack
from nbtrack.base.config import Project
from nbtrack.base.db import Database
from nbtrack.base.errors import BadSource, InvalidOption, StoreTooNew
from nbtrack.cli import main
from nbtrack.runs import contract as c
from nbtrack.runs import current
from nbtrack.runs.migrations import MIGRATIONS, MIN_READER
from nbtrack.runs.service import RunsService
from nbtrack.sdk import verbs
from nbtrack.sdk.verbs import Context
from nbtrack.transfer.importers import IMPORTERS, guess, importer, mapping
from nbtrack.transfer.importers.bundle import Bundle
from nbtrack.transfer.importers.database import ProjectFile
from nbtrack.transfer.landing import Landed, land
from nbtrack.transfer.records import OWN
from tests.transfer.conftest import MakeProject
from tests.transfer.whole_file import everything


def total(project: Project) -> int:
    return RunsService(project).page(c.PageRequest()).total


def from_database(project: Project, source: Path) -> Landed:
    return land(project, ProjectFile().read(str(source), {}), OWN)


@pytest.fixture
def elsewhere(filled: Project, another: MakeProject) -> tuple[Project, Project]:
    """(a project with runs whose file is complete, an empty one)."""
    RunsService(filled).refresh(force=True)
    return filled, another("target")


# -- the verb


def test_a_dry_run_says_what_would_come_and_an_import_what_came(elsewhere: tuple[Project, Project]) -> None:
    source, target = elsewhere
    line = f"import '{source.root}'"
    dry = verbs.run(f"{line} --dry-run", context=Context(project=target)).text().splitlines()
    assert dry == [
        f"Would import 5 new runs from {source.root} (nbtrack): 46 points, 1 file of 14 B.",
        "  digits: 3 runs",
        "  old: 2 runs",
        "Nothing was stored: this was a dry run.",
    ]
    assert not target.folder.exists()
    wet = verbs.run(line, context=Context(project=target)).text().splitlines()
    assert wet == [dry[0].replace("Would import", "Imported"), *dry[1:3]]
    again = verbs.run(line, context=Context(project=target)).text()
    assert again == f"Nothing new in {source.root} (nbtrack): 5 runs are here already."


@pytest.mark.parametrize("table", ["runs", "experiments"])
def test_what_is_known_of_a_run_but_is_no_object_is_named_and_nothing_is_imported(
    elsewhere: tuple[Project, Project], table: str
) -> None:
    source, target = elsewhere
    with closing(sqlite3.connect(source.database)) as conn, conn:
        conn.execute(f"UPDATE {table} SET about = '7'")
    with pytest.raises(BadSource, match="no JSON object"):
        land(target, importer("nbtrack").read(str(source.root), {}), "there")
    assert total(target) == 0


def test_the_command_line_says_the_same_as_json(
    elsewhere: tuple[Project, Project], capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = elsewhere
    assert main(["--project", str(target.root), "import", str(source.root), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {name: told[name] for name in ("tool", "new", "same", "changed", "points", "files", "bytes", "dry_run")} == {
        "tool": "nbtrack",
        "new": 5,
        "same": 0,
        "changed": 0,
        "points": 46,
        "files": 1,
        "bytes": 14,
        "dry_run": False,
    }
    assert told["experiments"] == {"digits": 3, "old": 2}
    assert main(["--project", str(target.root), "import", str(source.root / "nothing.csv.gone")]) == 2
    assert "Say whose it is: --from bundle|nbtrack|" in capsys.readouterr().err


def test_all_runs_can_go_into_one_experiment(elsewhere: tuple[Project, Project]) -> None:
    source, target = elsewhere
    verbs.run(f"import '{source.root}' -e mine --from nbtrack", context=Context(project=target))
    assert [one.name for one in RunsService(target).experiments().experiments] == ["mine"]
    assert total(target) == 4  # the fifth is in the trash there, too


def test_progress_is_shown_of_reading_and_of_storing(elsewhere: tuple[Project, Project]) -> None:
    source, target = elsewhere
    shown = []

    def progress(items, what, total):  # type: ignore[no-untyped-def]
        shown.append((what, total))
        return items

    verbs.run(f"import '{source.root}'", context=Context(project=target, progress=progress))
    assert shown == [("reading", -1), ("storing runs", 5)]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("import", "the following arguments are required: SOURCE"),
        ("import x --from gnuplot", "There is no importer 'gnuplot'"),
        ("import x.zip --option", "--option needs"),
        ("import x.zip --from bundle --option y", "does not say which and what"),
        ("import x.zip --from bundle --option a=b", "There is no option 'a' for this source"),
        ("import x.zip --from bundle --map lr=params.lr", "There is no option 'map' for this source"),
        ("import '' --from bundle", "no source to import from"),
        ("import . --from nbtrack -e ' '", "name of an experiment is empty"),
        ("import '~nobody-of-this-name/x'", "is no path"),
        ("import gone.zip --from bundle", "No such file"),
        ("import gone --from nbtrack", "There is no '.*nbtrack.db'|There is no '.*gone'"),
    ],
)
def test_wrong_words_are_said_to_be_wrong(words: str, said: str, project: Project) -> None:
    with pytest.raises(ValueError, match=said):
        verbs.run(words, context=Context(project=project))
    assert not project.folder.exists()


def test_python_gets_what_came(elsewhere: tuple[Project, Project]) -> None:
    source, target = elsewhere
    assert nbtrack.import_runs(source.root, dry_run=True, project=target).new == 5
    landed = nbtrack.import_runs(source.folder, experiment="mine", project=target)
    assert (landed.new, landed.experiments) == (5, {"mine": 5})
    with pytest.raises(InvalidOption, match="delimiter"):
        nbtrack.import_runs(source.folder, project=target, delimiter=";")


def test_each_importer_can_be_made_without_its_package_and_knows_no_nonsense(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.txt").write_text("hello")
    (tmp_path / "not.db").write_bytes(b"SQLite format 3\0" + bytes(200))
    for name in IMPORTERS:
        found = importer(name)
        assert found.name == name
        for source in ("empty", "text.txt", "not.db", "gone", "gone.zip"):
            assert not found.knows(str(tmp_path / source)), (name, source)


def test_what_a_source_is_can_be_seen(elsewhere: tuple[Project, Project], tmp_path: Path) -> None:
    source, _ = elsewhere
    assert isinstance(guess(str(source.root)), ProjectFile)
    assert isinstance(guess(str(source.folder)), ProjectFile)
    assert isinstance(guess(str(source.database)), ProjectFile)
    copy = tmp_path / "renamed.sqlite"
    with closing(sqlite3.connect(source.database)) as conn, closing(sqlite3.connect(copy)) as made:
        conn.backup(made)
    assert isinstance(guess(str(copy)), ProjectFile)
    (tmp_path / "torn.nbtrack.zip").write_bytes(b"PK\3\4")
    assert isinstance(guess(str(tmp_path / "torn.nbtrack.zip")), Bundle)


def test_a_mapping_is_read_from_the_right() -> None:
    assert mapping({"map": "a=params.x\nloss = train=metrics.loss\n\n"}) == {
        "a": "params.x",
        "loss = train": "metrics.loss",
    }
    for wrong in ("a", "a=", "=params.x"):
        with pytest.raises(InvalidOption, match="does not say what becomes what"):
            mapping({"map": wrong})


# -- another project's database


def test_what_stands_in_a_journal_is_taken_along_and_the_source_stays_as_it_is(
    project: Project, another: MakeProject
) -> None:
    target = another("target")
    subprocess.run([sys.executable, "-c", textwrap.dedent(_LEFT_BEHIND), str(project.root)], check=True, timeout=280)
    before = sorted((path, path.stat().st_size) for path in project.folder.rglob("*") if "shm" not in path.name)
    landed = from_database(target, project.root)
    after = sorted((path, path.stat().st_size) for path in project.folder.rglob("*") if "shm" not in path.name)
    assert before == after
    assert landed.new == 2
    row = RunsService(target).row("late")
    assert (row.status, row.metrics["loss"].count) == ("interrupted", 50)
    assert row.end_reason == "it was still running when it was imported"
    assert RunsService(target).artifact("late", "inline.txt")[1] == b"in the journal"


_LEFT_BEHIND = """
    import os, sys
    from pathlib import Path
    from nbtrack.base.config import Project
    from nbtrack.runs import current, recorder

    project = Project(Path(sys.argv[1]))
    with current.begin(project, name="first") as run:
        run.log({"loss": 1.0})
    run.recorder.flush()
    recorder.PERIOD = 1000.0  # nothing brings the journal in from here on
    run = current.begin(project, name="late")
    for value in range(50):
        run.log({"loss": float(value)})
    run.add_bytes("inline.txt", b"in the journal")
    os._exit(0)
"""


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS)))
def test_a_file_of_an_older_version_is_brought_up_to_date_in_its_copy(
    version: int, project: Project, another: MakeProject
) -> None:
    source = another("old")
    source.create()
    database = Database(source.database, MIGRATIONS[:version], MIN_READER)
    with database.write() as conn:
        conn.execute("INSERT INTO experiments (name, created) VALUES ('e', 1.0)")
        conn.execute(
            """INSERT INTO runs (id, name, experiment, status, started, kind)
               VALUES ('0123456789ab', 'old one', 1, 'finished', 1.0, 'cell')"""
        )
    database.close()
    before = source.database.read_bytes()
    assert from_database(project, source.root).new == 1
    assert RunsService(project).row("old one").experiment == "e"
    assert source.database.read_bytes() == before


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("CREATE TRIGGER t AFTER INSERT ON runs BEGIN DELETE FROM runs; END", "a trigger 't'"),
        ("CREATE VIEW v AS SELECT * FROM runs", "a view 'v'"),
        ("CREATE VIRTUAL TABLE f USING fts5(x)", "a table 'f"),
        ("CREATE TABLE mine (x)", "a table 'mine'"),
        ("ALTER TABLE runs ADD COLUMN evil TEXT DEFAULT 'x'", "a changed table 'runs'"),
        ("CREATE INDEX i ON runs (abs(started))", "a index 'i'"),
        ("DROP INDEX runs_started", "no index 'runs_started'"),
        ("DROP TABLE outputs", "no table 'outputs'"),
        ("PRAGMA user_version = 99", "schema version 99"),
        ("PRAGMA application_id = 5", "a database of another program"),
    ],
)
def test_a_database_that_something_else_has_changed_is_refused(
    statement: str, said: str, elsewhere: tuple[Project, Project], tmp_path: Path
) -> None:
    source, target = elsewhere
    copy = tmp_path / "changed.db"
    with closing(sqlite3.connect(source.database)) as conn, closing(sqlite3.connect(copy)) as made:
        conn.backup(made)
        made.execute(statement)
        made.commit()
    with pytest.raises((BadSource, StoreTooNew)) as caught:
        from_database(target, copy)
    assert said in str(caught.value)
    assert str(copy) in str(caught.value)
    assert total(target) == 0


def test_values_that_nbtrack_never_writes_are_named(elsewhere: tuple[Project, Project], tmp_path: Path) -> None:
    source, target = elsewhere
    for number, statement in enumerate(
        (
            "UPDATE runs SET about = '{'",
            "UPDATE params SET exact = 'not hex' WHERE type = 'int'",
            "UPDATE points SET vals = x'00'",
            "UPDATE artifacts SET path = '../../evil'",
            "UPDATE objects SET hash = hash",  # nothing: the reference
        )
    ):
        copy = tmp_path / f"{number}.db"
        with closing(sqlite3.connect(source.database)) as conn, closing(sqlite3.connect(copy)) as made:
            conn.backup(made)
            made.execute(statement)
            made.commit()
        if "hash = hash" in statement:
            assert from_database(target, copy).new == 5
            continue
        with pytest.raises(BadSource, match=r"[Rr]un '"):
            from_database(target, copy)
        assert total(target) == 0


def test_an_artifacts_row_that_names_another_file_reads_nothing(
    elsewhere: tuple[Project, Project], tmp_path: Path
) -> None:
    source, target = elsewhere
    copy = tmp_path / "evil.db"
    with closing(sqlite3.connect(source.database)) as conn, closing(sqlite3.connect(copy)) as made:
        conn.backup(made)
        made.execute("PRAGMA foreign_keys = OFF")
        made.execute("UPDATE artifacts SET hash = '../../../../../../etc/passwd'")
        made.commit()
    with pytest.raises(BadSource, match="makes no sense"):
        from_database(target, copy)


def test_a_damaged_file_is_refused(elsewhere: tuple[Project, Project], tmp_path: Path) -> None:
    source, target = elsewhere
    whole = tmp_path / "whole.db"
    with closing(sqlite3.connect(source.database)) as conn, closing(sqlite3.connect(whole)) as made:
        conn.backup(made)
    data = bytearray(whole.read_bytes())
    (tmp_path / "cut.db").write_bytes(data[: len(data) // 2])
    data[5 * 4096 : 7 * 4096] = random.Random(5).randbytes(2 * 4096)
    (tmp_path / "bits.db").write_bytes(data)
    (tmp_path / "text.db").write_bytes(b"SQLite format 3\0hello")
    for name in ("cut.db", "bits.db", "text.db", "gone.db"):
        with pytest.raises(BadSource, match=name):
            from_database(target, tmp_path / name)
    assert total(target) == 0


def test_a_lone_database_comes_without_its_files_which_are_named(
    elsewhere: tuple[Project, Project], tmp_path: Path
) -> None:
    source, target = elsewhere
    copy = tmp_path / "lone.db"
    with closing(sqlite3.connect(source.database)) as conn, closing(sqlite3.connect(copy)) as made:
        conn.backup(made)
    landed = from_database(target, copy)
    assert landed.new == 5
    assert [note for note in landed.notes if "'report.txt'" in note and "missing" in note]


@pytest.mark.skipif(os.geteuid() == 0 and not hasattr(os, "seteuid"), reason="needs a user who may not write")
def test_a_project_in_a_folder_that_may_not_be_written_is_read(elsewhere: tuple[Project, Project]) -> None:
    source, target = elsewhere
    from nbtrack.runs.projects import database_of

    database_of(source).close()
    for path in [source.folder, *source.folder.rglob("*")]:
        path.chmod(stat.S_IMODE(path.stat().st_mode) & ~0o222)
    try:
        assert from_database(target, source.root).new == 5
    finally:
        for path in [source.folder, *source.folder.rglob("*")]:
            path.chmod(stat.S_IMODE(path.stat().st_mode) | 0o200)


def test_a_project_is_its_own_source_without_harm(rich: Project) -> None:
    before = everything(rich)
    landed = from_database(rich, rich.folder)
    assert (landed.new, landed.changed, landed.same, landed.notes) == (0, 0, 6, [])
    assert everything(rich) == before
    with current.begin(rich, name="after") as run:
        run.log({"loss": 1.0})
    RunsService(rich).refresh(force=True)
    assert RunsService(rich).row("after").metrics["loss"].last == 1.0
