"""The code of a run against the text of its cell now."""

from __future__ import annotations

import pytest

from nbtrack.base.config import Project
from nbtrack.base.errors import NotFound
from nbtrack.base.secrets import MARK
from nbtrack.runs import contract as c
from nbtrack.runs import current
from nbtrack.runs.service import RunsService

CODE = "%%track best --note 'one'\nlr = 0.1\n\nfit(lr)\n"


def against(project: Project, code: str | None, text: str) -> c.CodeDiff:
    run = current.begin(project, kind="cell", source=code)
    run.end()
    return RunsService(project).against(c.AgainstRequest(run.id, text))


def lines(diff: c.CodeDiff) -> list[tuple[str, str]]:
    return [(line.kind, line.text) for line in diff.code]


@pytest.mark.parametrize(
    "text",
    [
        CODE,
        CODE.rstrip("\n"),
        CODE + "\n\n",
        CODE.replace("\n", "  \n"),
        CODE.replace("\n", "\r\n"),
        CODE.replace("best --note 'one'", "other"),
        CODE.partition("\n")[2],
        f"\n{CODE}",
        CODE.replace("%%track", "  %%track").replace("\nlr", "\n  lr").replace("\nfit", "\n  fit"),
    ],
)
def test_the_track_line_and_white_space_at_the_ends_make_no_difference(project: Project, text: str) -> None:
    assert against(project, CODE, text).same


@pytest.mark.parametrize(
    "text",
    [
        CODE.replace("0.1", "0.2"),
        CODE.replace("\n\n", "\n"),
        CODE + "x",
        CODE.replace("fit", " fit"),
        "",
        CODE.replace("%%track", "%%tracker"),
        CODE.replace("%%track best --note 'one'", "%%bash"),
    ],
)
def test_anything_else_does(project: Project, text: str) -> None:
    assert not against(project, CODE, text).same


def test_the_whole_cell_is_shown_around_what_changed(project: Project) -> None:
    code = "".join(f"line{number}\n" for number in range(100))
    found = against(project, code, code.replace("line50\n", "other\n"))
    assert len(found.code) == 101
    assert lines(found)[:2] == [("same", "line0"), ("same", "line1")]
    assert lines(found)[50:52] == [("left", "line50"), ("right", "other")]
    assert [(one.left, one.right) for one in found.code[50:53]] == [(51, None), (None, 51), (52, 52)]


def test_a_cell_that_is_the_same_is_shown_too(project: Project) -> None:
    found = against(project, CODE, CODE)
    assert lines(found) == [("same", line) for line in CODE.splitlines()]
    assert [(one.left, one.right) for one in found.code] == [(number, number) for number in range(1, 5)]


def test_of_a_long_cell_only_the_lines_near_a_change_are_shown(project: Project) -> None:
    code = "".join(f"line{number}\n" for number in range(1000))
    assert [line.kind for line in against(project, code, code.replace("line500\n", "")).code] == [
        "gap", "same", "same", "same", "left", "same", "same", "same",
    ]  # fmt: skip
    assert against(project, code, code).same


def test_a_secret_that_was_not_stored_is_no_difference(project: Project) -> None:
    text = 'password = "hunter2horse"\nlr = 1\n'
    stored = text.replace('"hunter2horse"', f'"{MARK}"')
    found = against(project, stored, text)
    assert found.same, "what was stored is what would be stored now"
    assert "hunter2horse" not in str(lines(found))


def test_a_run_without_code_differs_by_all_of_it(project: Project) -> None:
    found = against(project, None, "a\nb")
    assert (lines(found), found.same) == ([("right", "a"), ("right", "b")], False)


def test_a_run_that_is_not_there_is_told(project: Project) -> None:
    current.begin(project).end()
    with pytest.raises(NotFound):
        RunsService(project).against(c.AgainstRequest("nobody", ""))
