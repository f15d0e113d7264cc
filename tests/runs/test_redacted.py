"""That a secret was taken out is said once in a process, by the project and the run that it would have been kept in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from nbtrack.base import secrets
from nbtrack.base.config import Project
from nbtrack.runs import current, projects
from nbtrack.runs.active import ActiveRun
from nbtrack.runs.projects import recorder_of

NOTICE = "what looks like a password, a token or a key is kept as «redacted»."
SECRET = {"db_password": "hunter2hunter2"}


@pytest.fixture
def told(project: Project) -> Iterator[list[str]]:
    yield telling(project)
    projects.forget_all()


def telling(project: Project) -> list[str]:
    """What the project tells its user from now on."""
    told: list[str] = []
    recorder_of(project).notify = told.append
    return told


def begun(project: Project, name: str) -> ActiveRun:
    return current.begin(project, name=name, enter=False)


def test_a_run_with_a_secret_says_so_once_in_its_process(project: Project, told: list[str]) -> None:
    for name in ("first", "second"):
        run = begun(project, name)
        run.set_params(SECRET)
        assert told == ([] if name == "first" else [NOTICE])
        run.end()
        assert told == [NOTICE]
        recorder_of(project).close()  # what is recorded afterwards is another session of the same process


def test_another_project_says_nothing_of_it(project: Project, told: list[str], tmp_path: Path) -> None:
    elsewhere = Project(tmp_path / "elsewhere")
    elsewhere.root.mkdir()
    said = telling(elsewhere)
    with begun(project, "with") as run:
        run.set_params(SECRET)
        with begun(elsewhere, "without") as other:
            other.set_params({"lr": 0.1})
        with begun(elsewhere, "after"):
            pass
    assert (told, said) == ([NOTICE], [])
    with begun(elsewhere, "too") as run:
        run.set_note("password = 'hunter2hunter2'")
        run.set_params(SECRET)
    assert said == [NOTICE]


def test_another_run_of_the_project_says_nothing_of_it(project: Project, told: list[str]) -> None:
    run = begun(project, "with")
    run.set_params(SECRET)
    begun(project, "without").end()
    assert told == []
    run.end()
    assert told == [NOTICE]


def test_what_was_kept_outside_of_a_run_is_said_by_the_next(project: Project, told: list[str]) -> None:
    begun(project, "before").end()
    source = secrets.redact("password = 'hunter2hunter2'")[0]
    recorder_of(project).event(
        {"e": "execution", "number": 1, "session": recorder_of(project).session, "source": source}
    )
    assert told == []
    begun(project, "next").end()
    begun(project, "later").end()
    assert told == [NOTICE]


@pytest.mark.parametrize("how", ["source", "reason", "output"])
def test_it_is_said_wherever_the_secret_stood(project: Project, told: list[str], how: str) -> None:
    text = "password = 'hunter2hunter2'"
    run = current.begin(project, enter=False, source=secrets.redact(text)[0] if how == "source" else "x = 1")
    if how == "output":
        run.add_output("stdout", "text/plain", secrets.redact(text)[0])
    run.end("failed", f"ValueError: {text}" if how == "reason" else "ValueError: no")
    assert told == [NOTICE]


def test_redacting_what_is_not_kept_says_nothing(project: Project, told: list[str]) -> None:
    with begun(project, "tried") as run:
        assert secrets.redact("password = 'hunter2hunter2'")[1] == 1
        run.set_params({"lr": 0.1})
    assert told == []


def test_a_mark_that_was_typed_is_none_of_ours(
    project: Project, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secrets, "_count", 0)  # as in a process that has taken out nothing
    with begun(project, "tried") as run:
        run.set_params({"password": secrets.MARK})
    assert told == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")
def test_a_forked_child_does_not_say_what_its_parent_says(project: Project, told: list[str]) -> None:
    run = begun(project, "tried")
    run.set_params(SECRET)
    child = os.fork()
    if child == 0:
        begun(project, "in the child").end()
        os._exit(len(told))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    run.end()
    assert told == [NOTICE]
