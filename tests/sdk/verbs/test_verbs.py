"""The verbs that the magic and the command line share: words, options, completion, what is shown."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbtrack.base.config import Project
from nbtrack.base.errors import InvalidOption, NotFound
from nbtrack.runs.service import RunsService
from nbtrack.sdk import context, verbs
from nbtrack.sdk.verbs.parsing import HelpAsked, expression, split


@pytest.fixture(autouse=True)
def _no_project_is_chosen() -> Iterator[None]:
    yield
    context.set_project(None)


def complete(project: Project, line: str) -> list[str]:
    return verbs.complete(line.split(" "), RunsService(project))


# -- words -------------------------------------------------------------------------------------------------------------


def test_a_line_is_split_as_a_shell_would() -> None:
    assert split("""note @1 "two words" and 'it''s' a\\ b""") == ["note", "@1", "two words", "and", "its", "a b"]
    with pytest.raises(InvalidOption, match="No closing quotation"):
        split("note 'open")


@settings(deadline=None)
@given(st.text())
def test_any_line_is_split_or_refused(line: str) -> None:
    try:
        words = split(line)
    except InvalidOption:
        return
    assert all(isinstance(word, str) for word in words)
    expression(words)


@pytest.mark.parametrize(
    "line",
    ["params.model = 'svm'", "\"params.model = 'svm'\"", 'params.model = "svm"', "params.model   =   'svm'"],
)
def test_a_filter_keeps_the_quotes_of_its_texts(line: str, filled: Project) -> None:
    rows = verbs.run(f"ls {line}").to_dict()["rows"]
    assert [row["name"] for row in rows] == ["svm"]


@pytest.mark.parametrize(
    "words",
    [
        ["--sort", "-metrics.acc", "-n5", "metrics.acc", ">", "-1e-3"],
        ["metrics.acc", "--sort=-metrics.acc", ">", "-n", "5", "-1e-3"],
        ["-s-metrics.acc", "-n=5", "--", "metrics.acc", ">", "-1e-3"],
        ["-s", "-metrics.acc", "metrics.acc > -1e-3", "--limit=5"],
    ],
)
def test_options_may_stand_anywhere_and_values_may_begin_with_a_dash(words: list[str]) -> None:
    args = verbs.VERBS["ls"].parser("%track").read(words)
    assert expression(args.filter) == "metrics.acc > -1e-3"
    assert (args.sort, args.limit) == (["-metrics.acc"], 5)


def test_very_many_options_are_refused_at_once_and_very_many_words_are_not() -> None:
    parser = verbs.VERBS["ls"].parser("nbtrack")
    with pytest.raises(InvalidOption, match="there are 40,000 options") as caught:
        parser.read(["--sort", "-a"] * 40_000)
    assert caught.value.hint == "At most 1,000 are read."
    assert len(parser.read(["a"] * 40_000).filter) == 40_000
    with pytest.raises(InvalidOption) as caught:
        parser.read(["--" + "x" * 90_000])
    assert len(str(caught.value)) < 1_500


def test_behind_two_dashes_all_are_plain_words() -> None:
    args = verbs.VERBS["note"].parser("%track").read(["@1", "--", "--help", "-x"])
    assert args.text == ["--help", "-x"]


@pytest.mark.parametrize("words", [["--nope"], ["-z"], ["-n"], ["-n", "x"], ["--trash=yes"], ["--sort"]])
def test_a_bad_option_is_one_line_of_usage(words: list[str]) -> None:
    with pytest.raises(InvalidOption) as caught:
        verbs.run(["ls", *words])
    assert caught.value.message.startswith("%track ls: ")
    assert caught.value.hint.startswith("usage: %track ls ")
    assert "\n" not in caught.value.hint


def test_help_is_asked_for_and_nothing_is_done(project: Project) -> None:
    with pytest.raises(HelpAsked):
        verbs.VERBS["purge"].parser("%track").read(["--yes", "--help"])
    shown = verbs.run("purge --help")
    assert "example:\n  %track purge --yes" in shown.text()
    assert "<pre" in shown._repr_html_()
    assert "\x1b" not in shown.text()


def test_a_verb_that_does_not_exist_names_near_ones() -> None:
    with pytest.raises(InvalidOption, match="no verb 'sohw'") as caught:
        verbs.run("sohw @1")
    assert "show" in caught.value.hint


@pytest.mark.parametrize("name", verbs.VERBS)
def test_a_verb_has_a_sentence_an_example_and_a_function(name: str) -> None:
    verb = verbs.VERBS[name]
    assert verb.name == name
    assert verb.help
    assert verb.example.split()[0] == name
    assert (verb.function().__doc__ or "").endswith(".")
    assert all(about.get("help") for _, about in verb.arguments)


# -- what is shown -----------------------------------------------------------------------------------------------------


READING = """ls|show odd|compare @1 svm|diff odd svm|keys|experiments|artifacts forest|artifacts forest report.txt
|code forest|note odd|export|status|doctor"""


@pytest.mark.parametrize("line", [line.strip() for line in READING.split("|")])
def test_what_is_typed_by_users_is_never_markup(line: str, filled: Project) -> None:
    nasty = "<img src=x onerror=alert(1)>"
    verbs.run(["tag", "odd", f"{nasty}={nasty}"])
    verbs.run(["note", "odd", nasty])
    verbs.run(["experiments", "rename", "digits", nasty])
    shown = verbs.run(line)
    assert "<img" not in shown._repr_html_()
    json.dumps(shown.to_dict(), allow_nan=False)


def test_control_characters_do_not_reach_a_terminal(filled: Project) -> None:
    verbs.run(["note", "odd", "\x1b[31mred\x07"])
    for line in ("note odd", "show odd", "export"):
        assert "\x1b" not in repr(verbs.run(line)), line


def test_the_current_project_is_meant_without_a_context(filled: Project, tmp_path: Path) -> None:
    assert verbs.run("status").to_dict()["root"] == str(filled.root)
    verbs.run(f"init {tmp_path / 'other'}")
    assert verbs.run("status").to_dict()["root"] == str(tmp_path / "other")
    assert verbs.run("ls").to_dict()["rows"] == []


def test_wildcards_name_the_columns_that_there_are(filled: Project) -> None:
    head = verbs.run(["ls", "params.lr > 0", "-c", "params.*,metrics.loss"]).text().splitlines()[0].split()
    assert head[4:] == ["loss", "lr", "model", "depth"]


def test_runs_found_and_runs_named_are_compared_together(filled: Project) -> None:
    shown = verbs.run(["compare", "child", "--filter", "params.lr > 0", "--baseline", "svm", "--all"])
    names = shown.text().splitlines()[0].split()
    assert names[0] == "child"
    assert set(names) == {"child", "svm", "forest"}
    with pytest.raises(NotFound):
        verbs.run(["compare", "--filter", "params.lr > 5"])


# -- export ------------------------------------------------------------------------------------------------------------


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_text_that_a_spreadsheet_would_run_is_disarmed(filled: Project) -> None:
    verbs.run(["tag", "odd", "sum=@SUM(1)", "minus=-1+1", "number=5"])
    rows = {row["name"]: row for row in table(verbs.run("export").text())}
    assert rows["odd"]["params.formula"] == "'=1+1"
    assert rows["svm"]["note"] == "'=HYPERLINK()"
    assert rows["odd"]["tags.minus"] == "'-1+1"
    assert rows["odd"]["tags.number"] == "5"
    for line in csv.reader(io.StringIO(verbs.run("export").text())):
        assert not any(cell[:1] in ("=", "@", "+", "\t") for cell in line)


def test_numbers_are_exported_whole(filled: Project) -> None:
    rows = {row["name"]: row for row in table(verbs.run("export").text())}
    assert rows["odd"]["params.big"] == str(10**30)
    assert (rows["odd"]["metrics.nan"], rows["odd"]["metrics.down"]) == ("nan", "-inf")
    assert rows["forest"]["metrics.loss"] == repr(1 / 20)
    assert rows["svm"]["metrics.loss"] == ""


def test_the_format_is_what_the_file_ends_with(filled: Project, tmp_path: Path) -> None:
    for name in ("runs.csv", "runs.json", "runs.JSON"):
        shown = verbs.run(["export", "params.lr > 0", "--sort", "params.lr", "-o", str(tmp_path / name)])
        assert shown.to_dict()["count"] == 2
    assert [row["name"] for row in table((tmp_path / "runs.csv").read_text())] == ["svm", "forest"]
    plain: list[dict[str, Any]] = json.loads((tmp_path / "runs.json").read_text())
    assert [row["name"] for row in plain] == ["svm", "forest"]
    with pytest.raises(InvalidOption, match="does not say its format"):
        verbs.run(["export", "-o", str(tmp_path / "runs")])


def test_columns_of_an_export_can_be_chosen(filled: Project) -> None:
    head = verbs.run("export --columns params.lr,metrics.acc").text().splitlines()[0].split(",")
    assert [name for name in head if "." in name] == ["params.lr", "metrics.acc"]


# -- completion --------------------------------------------------------------------------------------------------------


def test_verbs_options_and_runs_are_completed(filled: Project) -> None:
    assert sorted(complete(filled, "s")) == ["show", "star", "status", "sync"]
    assert complete(filled, "ls --so") == ["--sort"]
    assert complete(filled, "show fo") == ["forest"]
    assert complete(filled, "diff svm ") == [name for name in complete(filled, "diff ") if name != "svm"]
    assert "@1" in complete(filled, "rm svm ")
    assert complete(filled, "nothing x") == []
    assert complete(filled, "status ") == []


def test_values_of_options_are_completed(filled: Project) -> None:
    assert complete(filled, "ls --sort -metrics.a") == ["-metrics.acc"]
    assert complete(filled, "ls --sort metr") == [f"metrics.{name}" for name in ("acc", "down", "loss", "nan", "up")]
    assert "-started" in complete(filled, "ls --sort -")
    assert complete(filled, "ls --columns params.l") == ["params.lr"]
    assert complete(filled, "ls --columns params.lr,metrics.lo") == ["params.lr,metrics.loss"]
    assert complete(filled, "tag svm --remove ") == ["stage"]
    assert set(complete(filled, "ls -e ")) == {"digits", "old"}
    assert complete(filled, "export --format j") == ["json"]


def test_names_of_experiments_tags_and_files_are_completed(filled: Project) -> None:
    assert complete(filled, "experiments ") == ["rename", "merge"]
    assert complete(filled, "experiments rename di") == ["digits"]
    assert complete(filled, "tag svm st") == ["stage="]
    assert complete(filled, "artifacts forest ") == ["report.txt"]


def test_a_filter_is_completed_by_the_search_language(filled: Project) -> None:
    assert "metrics.acc" in complete(filled, "ls metrics.a")
    assert complete(filled, "export params.mo")


def test_completion_in_a_project_without_runs_makes_nothing(tmp_path: Path) -> None:
    for line in ("show ", "ls met", "tag @1 ", "ls --sort ", "experiments rename "):
        complete(Project(tmp_path), line)
    assert list(tmp_path.iterdir()) == []


# -- where a run comes from --------------------------------------------------------------------------------------------


def test_lineage_shows_the_run_s_own_cell_and_says_what_it_found(filled: Project) -> None:
    shown = verbs.run("lineage forest")
    assert shown.text().splitlines()[0].startswith("forest: ")
    assert shown.to_dict()["run"] == RunsService(filled).row("forest").id


def test_explain_compares_with_the_run_before_or_the_one_that_is_named(filled: Project) -> None:
    text = verbs.run("explain svm --against forest").text()
    assert text.splitlines()[0] == "forest → svm  (the run you chose)"
    assert "status: failed → finished" in text
    assert "nothing to compare it with" in verbs.run("explain forest").text()
    with pytest.raises(NotFound):
        verbs.run("explain nowhere")
    with pytest.raises(InvalidOption, match="compared with itself"):
        verbs.run("explain svm --against svm")
