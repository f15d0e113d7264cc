"""Whatever anybody gives, at every entry: a clear error, or all of it stored; nothing else is written, nothing breaks.

An entry's bad inputs are in a module of this folder. Each is tried on one project: its error is looked at by the rules
of `judge`, what lies outside of the store is compared with what lay there before, and every so often, and at the end, a
good call has to work and the store to be whole.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import nbtrack
from nbtrack.base.config import Project
from nbtrack.base.errors import InvalidValue
from nbtrack.runs import projects
from nbtrack.sdk import asked, context

from . import api, command, files, filters, judge, magics, operations
from .ground import Case, Ground, prepared
from .things import Raising

MODULES = {module.__name__.rpartition(".")[2]: module for module in (api, command, magics, filters, operations, files)}
EVERY = 50  # cases between two good calls
LEAST = 300  # distinct inputs over all entries

pytestmark = pytest.mark.filterwarnings("ignore")  # what libraries say of files that are none


@pytest.fixture
def ground(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NBTRACK_DIR", raising=False)
    monkeypatch.setenv("NBTRACK_PARENT", "")
    context.set_project(None)
    yield prepared(tmp_path)
    context.set_project(None)
    for recorder in projects.open_recorders():
        recorder.close()
    projects.forget_all()


def faults(ground: Ground, case: Case) -> list[str]:
    """What is wrong with how a bad input is taken."""
    ground.watch()
    try:
        given = case.call(ground)
    except AssertionError as error:
        found = [str(error)[:600]]
    except BaseException as error:  # noqa: BLE001 (also what ends an endless object)
        found = judge.of_error(error, case.says)
    else:
        found = [] if case.kept is not None and case.kept(ground, given) else [f"taken: {type(given).__name__}"]
    run = nbtrack.active_run()
    if run is not None:
        run.end()
        found.append("a run is left behind")
    return [*found, *(f"outside of the store: {one}" for one in ground.changed())]


@pytest.mark.parametrize("name", MODULES)
def test_a_bad_input_is_refused_clearly_or_kept_exactly(ground: Ground, name: str) -> None:
    wrong = {}
    for number, case in enumerate(MODULES[name].cases()):
        found = faults(ground, case)
        if found:
            wrong[case.name] = found
        if number % EVERY == 0:
            ground.sound()
    ground.sound()
    ground.whole()
    assert not wrong, f"{len(wrong)}: {dict(list(wrong.items())[:20])}"


def test_there_are_hundreds_of_inputs_over_all_entries(capsys: pytest.CaptureFixture[str]) -> None:
    all_of_them = [(case.entry, case.name) for module in MODULES.values() for case in module.cases()]
    assert len(set(all_of_them)) == len(all_of_them), "two cases have one name"
    counts = Counter(entry for entry, _ in all_of_them)
    with capsys.disabled():
        if os.environ.get("NBTRACK_COUNTS"):
            print("\n".join(f"{entry:<16} {count:>5}" for entry, count in counts.items()))  # noqa: T201
    assert sum(counts.values()) >= LEAST
    assert min(counts.values()) >= 10, counts


def test_every_public_name_is_given_something_wrong() -> None:
    tried = " ".join(case.name for case in api.cases())
    never_wrong = {"NbtrackError", "active_run"}  # takes nothing, and what is raised
    never_wrong |= {"log_artifact", "log_artifacts"}  # these get files, in tests/inputs/files.py
    missing = [name for name in nbtrack.__all__ if name not in never_wrong and f"{name}" not in tried]
    assert not missing, missing


def test_an_entry_without_its_check_is_seen(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    from nbtrack.sdk import runs

    bare = runs.runs.__wrapped__  # type: ignore[attr-defined]
    case = Case("Python API", "canary", lambda here: len(bare(sort=5)), ("sort",))
    assert faults(ground, case) == ["it is a TypeError: \"'int' object is not iterable\""]
    assert faults(ground, Case("Python API", "canary", lambda here: len(nbtrack.runs(sort=5)), ("sort",))) == []


@pytest.mark.parametrize(
    ("message", "hint", "fault"),
    [
        ("No.", "Do another thing.", "it says next to nothing"),
        ("'NoneType' object has no attribute 'strip'.", "Do another thing.", "it has words of Python's"),
        ("The run is not there.", "", "it does not say what to do"),
        ("The run is not there", "Name another.", "its message is no sentence"),
        ("The run \x1b[31m is not there.", "Name another.", "it has characters that a terminal obeys"),
        ("The run is not there." + "x" * 2_000 + ".", "Name another.", "it has 2,0"),
        ("The thing is not there.", "Name another.", "it names none of"),
    ],
)
def test_an_unclear_error_is_seen(message: str, hint: str, fault: str) -> None:
    assert any(one.startswith(fault) for one in judge.unclear(message, hint, ["run"]))
    assert judge.unclear("The run 'a' is not there.", "List them with ls.", ["run"]) == []


def test_what_is_written_outside_of_the_store_is_seen(ground: Ground) -> None:
    def writes(here: Ground) -> None:
        (here.root / "left.txt").write_text("x")
        (here.root / "here.txt").write_text("changed in place")
        raise InvalidValue("The thing is not there.", "Name another.")

    found = faults(ground, Case("Python API", "canary", writes))
    assert found == [
        "outside of the store: project/here.txt",
        "outside of the store: project/left.txt",
    ]


def test_the_first_wrong_argument_is_named_and_nothing_of_it_is_asked(project: Project) -> None:
    with pytest.raises(InvalidValue, match=r"^runs\(\) was given limit=<Raising> \(Raising\), not a whole number\."):
        nbtrack.runs(limit=Raising())  # type: ignore[arg-type]
    assert asked.whole()("f", "x", 1) == 1
    with pytest.raises(InvalidValue, match="not a whole number"):
        asked.whole()("f", "x", True)
