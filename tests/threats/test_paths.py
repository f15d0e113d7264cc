"""Paths: whatever a name in a database, a bundle or a folder from elsewhere says, nothing is written outside.

The routes of the server, the names that logging takes and the bundle have their tests beside what they test; see the
table in `test_table.py`. Here: names that stand in a database already, and what is planted in a project's folder.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import nbtrack
from nbtrack.base import copies
from nbtrack.base.config import Project
from nbtrack.base.db import Database
from nbtrack.base.errors import CannotRun, InvalidValue, NbtrackError, StoreForeign
from nbtrack.cli import main
from nbtrack.execute import environments
from nbtrack.runs import contract as c
from nbtrack.runs import current
from nbtrack.runs.migrations import MIGRATIONS, MIN_READER
from nbtrack.runs.projects import database_of, recorder_of
from nbtrack.runs.service import RunsService
from nbtrack.sdk.parts import Artifacts
from nbtrack.sdk.saving import saved_in
from nbtrack.transfer.store import foreign
from nbtrack.transfer.sync import outgoing
from nbtrack.transfer.taking import take

from .conftest import CONTENT, LEADING_OUT
from .watching import watched


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Where things are saved: deep enough that what leaves it is still in a folder of the test's."""
    place = tmp_path / "a" / "b" / "c" / "out"
    place.mkdir(parents=True)
    return place


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files are made while this is used."""
    place = tmp_path / "t" / "e" / "m" / "p"
    place.mkdir(parents=True)
    monkeypatch.setattr("tempfile.tempdir", str(place))
    return place


# -- artifacts, by names that stand in a database


def saved(project: Project, out: Path) -> int:
    """Save each artifact into a folder by way of Python and of the command line; how many were."""
    service = RunsService(project)
    detail = service.get(c.RunRequest("hostile"))
    found = Artifacts(service, detail.row.id, detail.artifacts)
    count = 0
    for number, one in enumerate(found.values()):
        for way in ("python", "cli"):
            folder = out / f"{way}-{number}"
            folder.mkdir()
            with suppress(NbtrackError, OSError, ValueError):
                if way == "python":
                    one.save(folder)
                else:
                    main(["artifacts", "hostile", one.path, "--save", str(folder)])
            count += len([*folder.iterdir()])
    return count


def test_an_artifact_of_any_name_is_saved_inside_of_the_folder_that_was_named(hostile: Project, out: Path) -> None:
    with watched() as heard:
        count = saved(hostile, out)
    assert not heard.outside(out, hostile.folder)
    assert count >= 2 * len(LEADING_OUT) - 4, "names that a command line cannot say, such as one with a NUL"


def test_without_its_defence_an_artifact_is_saved_elsewhere(
    hostile: Project, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database_of(hostile).write() as conn:
        conn.execute("DELETE FROM artifacts WHERE path NOT IN (?, ?)", LEADING_OUT[:2])
    for place in ("nbtrack.sdk.parts.saved_in", "nbtrack.sdk.verbs.reading.saved_in"):
        monkeypatch.setattr(place, lambda folder, path: folder / path)
    with watched() as heard:
        saved(hostile, out)
    assert any(path.endswith("escaped.txt") for path in heard.outside(*out.iterdir(), hostile.folder))


@pytest.mark.parametrize("path", LEADING_OUT, ids=repr)
def test_the_name_under_which_a_file_is_saved_is_one_on_every_system(path: str, tmp_path: Path) -> None:
    place = saved_in(tmp_path, path)
    assert place.parent == tmp_path
    assert not set(place.name) & set('/\\:\0"<>|?*')
    assert place.name.strip(". ")


def test_a_link_that_lies_where_an_artifact_is_saved_is_not_followed(project: Project, out: Path) -> None:
    with current.begin(project, name="one") as run:
        run.add_bytes("model.txt", CONTENT, "text/plain")
    service = RunsService(project)
    service.refresh(force=True)
    victim = out.parent / "victim"
    victim.write_text("mine")
    (out / "model.txt").symlink_to(victim)
    detail = service.get(c.RunRequest("one"))
    artifact = Artifacts(service, detail.row.id, detail.artifacts)["model.txt"]
    with pytest.raises(InvalidValue, match="is a link"):
        artifact.save(out)
    assert main(["artifacts", "one", "model.txt", "--save", str(out)]) != 0
    assert victim.read_text() == "mine"


def send_files(project: Project, monkeypatch: pytest.MonkeyPatch) -> outgoing.Sent:
    """What a push does with the files of the run, but for the server."""
    service = RunsService(project)
    whole = next(iter(take(service, service.numbers(c.PageRequest()))))
    there = SimpleNamespace(log_artifacts=lambda folder: None)
    monkeypatch.setattr(outgoing, "repository", lambda *_: there)
    run: Any = SimpleNamespace(info=SimpleNamespace(artifact_uri="", run_id="x"), data=SimpleNamespace(tags={}))
    sent = outgoing.Sent("x", {}, True)
    sender: Any = object.__new__(outgoing.Outgoing)
    sender._opened, sender._store = None, SimpleNamespace(set_tag=lambda *_: None)
    sender._send_files(whole, run, {}, sent, {})
    return sent


def test_a_push_writes_no_file_of_a_hostile_name_anywhere(
    hostile: Project, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with watched() as heard:
        sent = send_files(hostile, monkeypatch)
    folders = {Path(path) for path in heard.written if Path(path).name.startswith("nbtrack-push-")}
    assert len(folders) == 1
    assert not heard.outside(*folders, hostile.folder)
    assert sent.files >= 5
    assert sent.files + len(sent.notes) == len(LEADING_OUT), sent.notes
    assert any("does not stay inside the run" in note for note in sent.notes)


def test_without_its_defence_a_push_writes_elsewhere(
    hostile: Project, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database_of(hostile).write() as conn:
        conn.execute("DELETE FROM artifacts WHERE path != ?", (LEADING_OUT[1],))
    monkeypatch.setattr(outgoing.given, "artifact_path", lambda path: path)
    send_files(hostile, monkeypatch)
    assert (temporary.parent / "escaped.txt").read_bytes() == CONTENT


@pytest.mark.parametrize("format", ["html", "md", "tex", "csv", "json", "zip"])
def test_an_export_of_hostile_names_writes_its_file_alone(
    format: str, hostile: Project, out: Path, temporary: Path
) -> None:
    target = out / ("x.nbtrack.zip" if format == "zip" else f"x.{format}")
    with watched() as heard:
        nbtrack.export(str(target))
    assert target.exists()
    assert not heard.outside(out, hostile.folder, temporary)
    assert [*out.iterdir()] == [target]


# -- an environment, by what a run from elsewhere says it had

ENVIRONMENTS: list[dict[str, Any]] = [
    {"python": "3.11.4", "packages": {"--index-url=http://evil.example/ x": "1"}},
    {"python": "3.11.4", "packages": {"-r": "/etc/passwd"}},
    {"python": "3.11.4", "packages": {"x @ http://evil.example/x.whl #": "1"}},
    {"python": "3.11.4", "packages": {"x": "1\n--index-url http://evil.example"}},
    {"python": "3.11.4", "packages": {"x": "1 --hash=x"}},
    {"python": "3.11.4", "packages": {"../../evil": "1"}},
    {"python": "3.11.4", "packages": {"x": "../evil"}},
    {"python": "/../../tmp/evil.4", "packages": {"x": "1"}},
    {"python": "/tmp/evil/python.4", "packages": {"x": "1"}},
    {"python": "3.11 --evil.4", "packages": {"x": "1"}},
]


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that would make an environment, and the lines of requirements; none is executed."""
    commands: list[list[str]] = []

    def call(command: list[str], what: str) -> None:
        commands.append([*command])
        if "-r" in command:
            commands.append(Path(command[command.index("-r") + 1]).read_text().splitlines())

    monkeypatch.setattr(environments, "_call", call)
    monkeypatch.setattr(environments, "_lend", lambda *_: None)
    return commands


def make(project: Project, body: dict[str, Any]) -> None:
    (project.folder / environments.FOLDER).mkdir(parents=True, exist_ok=True)
    with suppress(CannotRun, OSError):  # OSError: no environment was really made
        environments.recorded(project, body)


@pytest.mark.parametrize("body", ENVIRONMENTS, ids=[f"{number}" for number in range(len(ENVIRONMENTS))])
def test_a_recorded_environment_says_no_option_address_or_path(
    body: dict[str, Any], project: Project, called: list[list[str]]
) -> None:
    make(project, {**body, "packages": {**body["packages"], "sound": "1.0"}})
    if "3.11.4" in body["python"]:
        assert called[-1] == ["sound==1.0"]
    else:
        assert not called


def test_without_its_defence_an_environment_takes_options(
    project: Project, called: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    import re

    for name in ("_PACKAGE", "_VERSION", "_PYTHON"):
        monkeypatch.setattr(environments, name, re.compile(".*", re.DOTALL))
    make(project, ENVIRONMENTS[3])
    assert called[-1] == ["x==1", "--index-url http://evil.example"]


# -- what is planted in a project's folder


def plant(project: Project, outside: Path) -> list[Path]:
    """A project's folder from elsewhere with links to files of the user's, in each place whose name is known."""
    project.folder.mkdir()
    victims = []
    for name in (".gitignore", "sync.log", "views.json", "settings.json", "nbtrack.db-journal", "remote.json"):
        victim = outside / f"victim-{name}"
        victim.write_text("{}")
        (project.folder / name).symlink_to(victim)
        victims.append(victim)
    missing = outside / "not-there"
    (project.folder / ".gitignore").unlink()
    (project.folder / ".gitignore").symlink_to(missing)
    return [*victims, missing]


def use(project: Project) -> None:
    """Record a run, arrange the panel, name a server."""
    from nbtrack.tables import views
    from nbtrack.transfer.sync.remotes import remote

    with current.begin(project, name="one") as run:
        run.log({"loss": 1.0})
        run.add_bytes("a.txt", b"a")
    RunsService(project).refresh(force=True)
    views.save(project.folder, {"filter": ""})
    remote(project, "https://me:word@mlflow.example.org")
    recorder_of(project).close()


def test_links_that_are_planted_in_a_project_change_nothing_outside(project: Project, out: Path) -> None:
    victims = plant(project, out)
    before = {path: path.read_text() if path.exists() else None for path in victims}
    use(project)
    assert {path: path.read_text() if path.exists() else None for path in victims} == before
    assert RunsService(project).row("one").name == "one"


def test_without_its_defence_a_planted_link_is_followed(project: Project, out: Path) -> None:
    plant(project, out)
    (project.folder / ".gitignore").write_text("what opens it without 'x' does")
    assert (out / "not-there").exists()


def test_the_log_of_a_watching_sync_is_no_link_and_its_owners_alone(project: Project, out: Path) -> None:
    from nbtrack.sdk.verbs.syncing import _private

    project.create()
    before = os.umask(0)
    try:
        with open(project.folder / "sync.log", "ab", opener=_private) as file:
            assert os.fstat(file.fileno()).st_mode & 0o777 == 0o600
    finally:
        os.umask(before)
    (out / "link").symlink_to(out / "victim")
    with pytest.raises(OSError, match="symbolic"), open(out / "link", "ab", opener=_private):
        pass
    assert not (out / "victim").exists()


# -- a database that runs what somebody wrote

SLY = {
    "a trigger": "CREATE TRIGGER sly AFTER INSERT ON runs BEGIN DELETE FROM runs; END",
    "a view": "CREATE VIEW sly AS SELECT 1",
    "a virtual table": "CREATE VIRTUAL TABLE sly USING fts5(x)",
    "a virtual table behind a comment": (
        "INSERT INTO sqlite_master VALUES "
        f"('table', 'sly', 'sly', 0, 'CREATE /* {'x' * 60} */ VIRTUAL TABLE sly USING fts5(x)')"
    ),
    "a trigger with a quote in its name": 'CREATE TRIGGER "s""ly" AFTER INSERT ON runs BEGIN DELETE FROM runs; END',
}


@pytest.mark.parametrize("case", SLY)
def test_a_database_of_another_program_that_would_run_something_is_refused(case: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "sly.db")) as conn:
        conn.execute("CREATE TABLE runs (x)")
        conn.execute("PRAGMA writable_schema = ON")
        conn.execute(SLY[case])
        conn.commit()
    with pytest.raises(StoreForeign, match=r"s.*ly"):
        foreign.copy(tmp_path / "sly.db", tmp_path / "copy.db")


def sprung(project: Project) -> list[str]:
    """What a trigger in a project's own file calls, when a run is recorded there: a function that is ours."""
    database = Database(project.database, MIGRATIONS, MIN_READER)
    called: list[str] = []
    with database.write() as conn:
        conn.execute("CREATE TRIGGER sly AFTER INSERT ON experiments BEGIN SELECT spy(new.name); END")
        conn.create_function("spy", 1, called.append)
    with suppress(NbtrackError, sqlite3.Error), database.write() as conn:
        conn.execute("INSERT INTO experiments (name, created) VALUES ('e', 1.0)")
    database.close()
    return called


def test_a_trigger_in_a_projects_own_file_reaches_no_function_of_ours(project: Project) -> None:
    project.create()
    assert sprung(project) == []


def test_without_its_defence_a_trigger_calls_our_functions(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.create()
    prepare = Database._prepare

    def trusting(self: Database, connection: sqlite3.Connection) -> None:
        prepare(self, connection)
        connection.execute("PRAGMA trusted_schema = ON")

    monkeypatch.setattr(Database, "_prepare", trusting)
    assert sprung(project) == ["e"]


def test_a_backup_before_a_migration_follows_no_link(
    project: Project, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.create()
    database = Database(project.database, MIGRATIONS, MIN_READER)
    database.connection()
    monkeypatch.setattr(copies.time, "strftime", lambda *_: "now")
    project.backups.mkdir()
    (out / "victim.db").write_text("mine")
    (project.backups / "nbtrack-v1-now.db").symlink_to(out / "victim.db")
    copies.back_up(project.database, 1)
    database.close()
    assert (out / "victim.db").read_text() == "mine"
    assert not (project.backups / "nbtrack-v1-now.db").is_symlink()
