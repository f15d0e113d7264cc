"""The command line: every verb, every exit code, text for people and JSON for programs."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import nbtrack
from nbtrack.base.config import Project
from nbtrack.cli import VERBS, main
from nbtrack.sdk.verbs import Context

# Arguments with which each verb succeeds on the filled project.
GOOD: dict[str, list[str]] = {
    "ls": ["metrics.acc > 0.1"],
    "panel": ["metrics.acc > 0.1"],
    "show": ["forest"],
    "compare": ["forest", "svm"],
    "diff": ["forest", "svm"],
    "code": ["forest"],
    "artifacts": ["forest"],
    "keys": [],
    "experiments": [],
    "tag": ["svm", "stage=done"],
    "note": ["svm", "two", "words"],
    "star": ["svm"],
    "unstar": ["svm"],
    "rename": ["svm", "vector"],
    "rm": ["svm"],
    "untrash": ["tree"],
    "undo": [],
    "purge": ["--yes"],
    "export": [],
    "import": [".nbtrack"],
    "status": [],
    "init": ["elsewhere"],
    "doctor": [],
    "explain": ["svm"],
    "lineage": ["forest"],
    "restore": ["forest"],
    "backup": [],
}
IN_KERNELS = {"run", "reproduce"}  # tried in tests/kernel, where they take their time
WITH_SERVERS = {"push", "pull", "sync"}  # tried in tests/transfer, where there is a server


@dataclass
class Said:
    """What a call printed."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """The output as JSON."""
        return json.loads(self.out)


@pytest.fixture
def call(capfd: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Calls ``nbtrack`` in this process."""

    def called(*words: str) -> Said:
        code = main(list(words))
        said = capfd.readouterr()
        return Said(code, said.out, said.err)

    return called


each_verb = pytest.mark.parametrize("verb", VERBS)
each_quick_verb = pytest.mark.parametrize("verb", GOOD)


def test_the_examples_here_are_of_every_verb() -> None:
    assert {*GOOD, *IN_KERNELS, *WITH_SERVERS} == set(VERBS)


@each_quick_verb
def test_a_verb_prints_text(verb: str, filled: Project, call: Callable[..., Said]) -> None:
    said = call(verb, *GOOD[verb])
    assert (said.code, said.err) == (0, "")
    assert said.out.strip()


@each_quick_verb
def test_a_verb_prints_json(verb: str, filled: Project, call: Callable[..., Said]) -> None:
    said = call(verb, *GOOD[verb], "--json")
    assert said.code == 0
    assert isinstance(said.data, dict)
    assert call("--json", "status").data["root"] == str(filled.root)


@each_verb
@pytest.mark.parametrize("how", ["--help", "-h"])
def test_a_verb_explains_itself_with_an_example(verb: str, how: str, call: Callable[..., Said]) -> None:
    said = call(verb, how)
    assert said.code == 0
    assert f"usage: nbtrack {verb}" in said.out
    assert f"example:\n  nbtrack {VERBS[verb].example}" in said.out
    assert call("help", verb).out == said.out


@each_verb
def test_an_example_of_the_help_is_understood(verb: str) -> None:
    from nbtrack.sdk.verbs.parsing import split

    name, *words = split(VERBS[verb].example)
    assert name == verb
    VERBS[verb].parser("nbtrack").read(words)


@each_verb
def test_a_wrong_option_is_one_line_of_usage(verb: str, call: Callable[..., Said]) -> None:
    said = call(verb, "--nonsense")
    assert said.code == 2
    assert said.err.startswith(f"error: nbtrack {verb}: unknown option '--nonsense'.\n  usage: nbtrack {verb}")
    assert len(said.err.splitlines()) == 2


def test_alone_it_shows_the_verbs_and_the_exit_codes(call: Callable[..., Said]) -> None:
    said = call()
    assert said.code == 0
    assert all(f"\n  {verb} " in said.out for verb in VERBS)
    assert "exit codes:" in said.out
    assert call("--help").out == call("-h").out == call("help").out == said.out


def test_the_version_is_printed(call: Callable[..., Said]) -> None:
    assert call("--version").out == f"nbtrack {nbtrack.__version__}\n"


def test_json_matches_the_text(filled: Project, call: Callable[..., Said]) -> None:
    rows = call("ls", "--json", "--sort", "-metrics.acc", "-n", "2").data["rows"]
    lines = call("ls", "--sort", "-metrics.acc", "-n", "2").out.splitlines()
    assert [row["name"] for row in rows] == ["svm", "forest"]
    assert [line.split()[0] for line in lines[2:4]] == ["svm", "forest"]


def test_several_sort_keys_and_columns_are_taken(filled: Project, call: Callable[..., Said]) -> None:
    said = call("ls", "--sort", "experiment", "--sort", "-started", "--columns", "params.lr,metrics.acc")
    assert said.out.splitlines()[0].split()[:6] == ["run", "status", "started", "took", "acc", "lr"]
    assert [line.split()[0] for line in said.out.splitlines()[2:6]] == ["child", "svm", "forest", "odd"]


def test_a_filter_may_hold_a_negative_number_and_several_words(filled: Project, call: Callable[..., Said]) -> None:
    said = call("ls", "metrics.acc", ">", "-1e-3", "and", "params.lr", "<", "0.05", "--json")
    assert [row["name"] for row in said.data["rows"]] == ["svm"]


def test_a_mistake_in_a_filter_points_at_its_place(filled: Project, call: Callable[..., Said]) -> None:
    said = call("ls", "metrics.acc >")
    assert said.code == 2
    assert "\n  metrics.acc >\n" in said.err


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["show", "nobody"], 1),
        (["code", "tree"], 1),
        (["artifacts", "forest", "nothing.png"], 1),
        (["tag", "svm", "--remove", "nothing"], 1),
        (["compare", "--filter", "name = 'nobody'"], 1),
        (["experiments", "rename", "none", "some"], 1),
        (["nonsense"], 2),
        (["show"], 2),
        (["tag", "svm"], 2),
        (["tag", "svm", "broken"], 2),
        (["ls", "-n"], 2),
        (["ls", "-n", "x"], 2),
        (["ls", "-n", "-5"], 2),
        (["compare"], 2),
        (["experiments", "explode"], 2),
        (["rename", "svm", ""], 2),
        (["purge"], 2),
        (["export", "--output", "runs.xls"], 2),
        (["export", "--format", "xls"], 2),
        (["artifacts", "forest", "--save", "x"], 2),
        (["--project"], 2),
        (["--project", "nowhere", "ls"], 2),
        (["--nonsense"], 2),
    ],
)
def test_an_error_has_an_exit_code_and_says_what_to_do(
    words: list[str], code: int, filled: Project, call: Callable[..., Said]
) -> None:
    said = call(*words)
    assert (said.code, said.out) == (code, "")
    message, *hint = said.err.splitlines()
    assert message.startswith("error: ")
    assert hint
    assert "%track" not in said.err


def test_a_project_without_runs_lists_none_and_shows_none(project: Project, call: Callable[..., Said]) -> None:
    assert call("ls").code == call("keys").code == call("experiments").code == call("status").code == 0
    assert call("show", "@1").code == 3
    assert call("doctor").code == 0
    assert not project.folder.exists()


def test_a_damaged_store_is_exit_code_3_and_the_doctor_says_so(filled: Project, call: Callable[..., Said]) -> None:
    from nbtrack.runs import projects

    for recorder in projects.open_recorders():
        recorder.close()
    projects.forget_all()
    for path in filled.folder.glob("nbtrack.db*"):
        path.write_bytes(b"this is no database at all, but a text" * 100)
    assert call("ls").code == 3
    said = call("doctor", "--json")
    assert said.code == 1
    assert [check["name"] for check in said.data["checks"] if not check["ok"]] == ["database"]


def test_the_doctor_looks_deep_and_repairs(filled: Project, call: Callable[..., Said]) -> None:
    import sqlite3

    assert call("doctor", "--deep").code == 0
    said = call("doctor", "--repair", "--json")
    assert (said.code, said.data["ok"]) == (0, True)
    assert said.data["checks"][0] == {"name": "repair", "ok": True, "text": "there was nothing to repair", "hint": ""}
    with contextlib.closing(sqlite3.connect(filled.database, isolation_level=None)) as conn:
        conn.execute("UPDATE metrics SET min = 7.0")
        conn.execute("UPDATE tags SET value = 'other'")
    assert call("doctor").code == 0, "the quick look reads no rows"
    said = call("doctor", "--deep")
    assert said.code == 1
    assert "tags: 1 not as it was written: 'stage' of svm" in said.out
    said = call("doctor", "--repair")
    assert said.code == 1, "what a tag was cannot be told any more"
    assert "summaries of metrics were made again from their points" in said.out
    assert "✗ metrics" not in said.out


def test_another_project_is_named_by_a_folder(
    filled: Project, call: Callable[..., Said], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert call("ls", "--json").data["total"] == 0
    assert call("ls", "--json", "--project", "project").data["total"] == 4
    assert call(f"--project={filled.root}", "ls", "--json").data["total"] == 4


def test_edits_are_seen_and_undone(filled: Project, call: Callable[..., Said]) -> None:
    def row() -> dict[str, Any]:
        found: dict[str, Any] = call("show", "svm", "--json").data["row"]
        return found

    before = row()
    call("tag", "svm", "a=b=c", "--remove", "stage")
    call("note", "svm", "- it", "is --json?")
    call("star", "svm", "child")
    after = row()
    assert (after["tags"], after["note"], after["starred"]) == ({"a": "b=c"}, "- it is --json?", True)
    assert call("note", "svm").out == "- it is --json?\n"
    assert "nbtrack undo" in call("note", "svm", "").out
    for _ in range(4):
        assert call("undo").code == 0
    assert {**row(), "revision": 0} == {**before, "revision": 0}


def test_the_deleted_can_be_restored_until_the_trash_is_emptied(filled: Project, call: Callable[..., Said]) -> None:
    assert call("rm", "svm", "forest").code == 0
    assert {row["name"] for row in call("ls", "--trash", "--json").data["rows"]} == {"svm", "forest", "tree"}
    assert call("untrash", "svm").code == 0
    assert call("purge", "--yes", "--json").data["count"] == 2
    assert call("show", "forest").code == 1
    assert call("show", "svm").code == 0
    assert call("purge").out == "The trash is empty.\n"


def test_experiments_are_renamed_and_merged(filled: Project, call: Callable[..., Said]) -> None:
    assert call("experiments", "rename", "digits", "numbers").code == 0
    assert call("experiments", "merge", "old", "numbers").code == 0
    assert [one["name"] for one in call("experiments", "--json").data["experiments"]] == ["numbers"]


def test_an_artifact_is_shown_and_saved(filled: Project, call: Callable[..., Said], tmp_path: Path) -> None:
    assert call("artifacts", "forest", "report.txt").out == "precision 0.9\n"
    assert call("artifacts", "forest", "report.txt", "--save", str(tmp_path)).code == 0
    assert (tmp_path / "report.txt").read_bytes() == b"precision 0.9\n"
    assert call("artifacts", "forest", "report.txt", "--save", str(tmp_path / "no" / "where")).code == 2


def test_a_folder_becomes_a_project(project: Project, call: Callable[..., Said]) -> None:
    assert call("init", "deep/er", "--json").data["created"] is True
    assert (project.root / "deep" / "er" / ".nbtrack" / ".gitignore").is_file()
    assert call("init", "deep/er", "--json").data["created"] is False
    assert call("ls", "--project", "deep/er").code == 0
    assert not (project.root / "deep" / "er" / ".nbtrack" / "nbtrack.db").exists(), "looking makes nothing"
    (project.root / "file").write_text("")
    assert call("init", "file").code == 2


def test_a_question_is_asked_where_somebody_can_answer(filled: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    from nbtrack.sdk import verbs

    asked: list[str] = []
    context = Context(project=filled, prog="nbtrack", ask=lambda question: bool(asked.append(question)))
    assert verbs.run(["purge"], "nbtrack", context).text() == "Nothing was deleted."
    assert asked == ["This deletes 1 run for good. Do it?"]
    context.ask = lambda question: True
    assert verbs.run(["purge"], "nbtrack", context).text().startswith("Deleted 1 run for good")


def test_an_error_of_ours_is_one_line(call: Callable[..., Said], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("odd")

    monkeypatch.setattr("nbtrack.sdk.verbs.run", broken)
    said = call("ls")
    assert (said.code, said.err) == (
        1,
        "error: nbtrack itself failed: RuntimeError: odd\n  NBTRACK_DEBUG=1 shows where.\n",
    )
    monkeypatch.setenv("NBTRACK_DEBUG", "1")
    with pytest.raises(RuntimeError):
        main(["ls"])


def test_ctrl_c_is_exit_code_130(call: Callable[..., Said], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("nbtrack.sdk.verbs.run", interrupted)
    assert call("ls").code == 130


def shell(command: str, folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a shell's command line in which ``nbtrack`` is this package's."""
    line = f"nbtrack() {{ '{sys.executable}' -m nbtrack \"$@\"; }}; {command}"
    given = {**os.environ, "PYTHONPATH": str(Path(nbtrack.__file__).parent.parent), **env}
    return subprocess.run(
        ["bash", "-c", line], cwd=folder, env=given, capture_output=True, text=True, timeout=280, check=False
    )


def test_a_reader_that_leaves_early_is_no_error(filled: Project) -> None:
    done = shell("for i in 1 2 3; do nbtrack export --format json; done | head -c 10", filled.root)
    assert done.stderr == ""
    assert len(done.stdout) == 10
    assert shell("nbtrack ls | head -1", filled.root).stdout.startswith("run ")


def test_a_process_of_its_own_gives_the_exit_code(filled: Project) -> None:
    assert shell("nbtrack ls", filled.root).returncode == 0
    assert shell("nbtrack show nobody", filled.root).returncode == 1
    assert shell("nbtrack nonsense", filled.root).returncode == 2


def test_what_a_program_reads_has_no_colours_and_is_not_cut(filled: Project) -> None:
    done = shell("nbtrack ls", filled.root, COLUMNS="40")
    assert "\x1b" not in done.stdout
    assert "stage=draft" in done.stdout


def test_an_output_that_cannot_write_a_sign_gets_an_escape(filled: Project) -> None:
    done = shell("nbtrack ls", filled.root, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.returncode == 0
    assert "\\u2713 finished" in done.stdout


def test_help_and_the_version_import_nothing_heavy(filled: Project) -> None:
    code = (
        "import sys; from nbtrack.cli import main; main(sys.argv[1:]); "
        "print(sorted({'msgspec', 'pandas', 'numpy', 'plotly', 'rich', 'sqlite_utils', 'IPython'} & set(sys.modules)))"
    )
    for words, allowed in (([], []), (["--version"], []), (["ls"], ["msgspec"])):
        call = [sys.executable, "-c", code, *words]
        done = subprocess.run(call, cwd=filled.root, capture_output=True, text=True, timeout=280, check=True)
        assert done.stdout.splitlines()[-1] == repr(allowed), words
