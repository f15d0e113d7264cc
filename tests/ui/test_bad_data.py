"""What may be in a project's file from elsewhere: script in every text, thousands of columns, numbers that are none."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

import nbtrack
from nbtrack.base.config import Project
from nbtrack.runs import contract as c
from nbtrack.runs.editing import EditingService
from nbtrack.runs.service import RunsService
from nbtrack.sdk.context import set_project

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    Show = Callable[..., Page]

ATTACKS = (
    "<img src=x onerror=window.pwned=1>",
    "<script>window.pwned=1</script>",
    '"><svg onload=window.pwned=1>',
    "javascript:window.pwned=1",
    "<iframe srcdoc='<script>parent.pwned=1</script>'></iframe>",
    "{{constructor.constructor('window.pwned=1')()}}",
    "<a href=# data-commandlinker-command=x autofocus onfocus=window.pwned=1>x</a>",
    "</style></title></textarea><img src=x onerror=window.pwned=1>",
)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Script in every text that a run has."""
    project = Project(tmp_path_factory.mktemp("hostile"))
    set_project(project)
    try:
        for attack in ATTACKS:
            tags = {f"tag {attack}": attack}
            with nbtrack.start_run(name=attack, experiment=attack, tags=tags, note=attack):
                nbtrack.log_params({f"param {attack}": attack, "plain": attack, "n": 1})
                for step in range(3):
                    nbtrack.log({f"metric {attack}": step, "loss": step}, step=step)
    finally:
        set_project(None)
    return project


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_script_in_any_text_never_runs(hostile: Project, alone: Show, theme: str) -> None:
    page = alone(hostile, theme=theme)
    page.get_by_role("gridcell").first.wait_for()
    page.get_by_role("button", name="Plots", exact=True).click()
    page.get_by_role("button", name="Columns", exact=True).click()
    box = page.get_by_role("dialog")
    box.first.wait_for()
    page.wait_for_timeout(500)
    page.keyboard.press("Escape")
    box.first.wait_for(state="detached")
    page.get_by_role("button", name="Group", exact=True).click()
    page.get_by_role("menuitemcheckbox").first.wait_for()
    page.wait_for_timeout(300)
    page.keyboard.press("Escape")
    page.get_by_role("menuitemcheckbox").first.wait_for(state="detached")
    boxes = page.get_by_role("gridcell").get_by_role("checkbox")
    for at in range(3):
        boxes.nth(at).click()
    page.get_by_text("3 selected").first.wait_for()
    page.wait_for_timeout(2500)
    page.get_by_role("button", name="Compare", exact=True).first.click()
    page.get_by_role("heading", name="Compare 3 runs").wait_for()
    page.wait_for_timeout(1500)
    assert page.evaluate("() => window.pwned") is None
    assert (
        page.locator(".nbt-panel img[src='x'], .nbt-panel script, .nbt-panel [data-commandlinker-command]").count() == 0
    )


def test_numbers_that_are_none_are_shown_as_words_and_sorted(tmp_path: Path, alone: Show) -> None:
    project = Project(tmp_path)
    set_project(project)
    try:
        for name, value in (("nan", math.nan), ("inf", math.inf), ("minus", -math.inf), ("one", 1.0), ("huge", 1e308)):
            with nbtrack.start_run(name=name):
                for step in range(5):
                    nbtrack.log({"loss": value if step > 2 else step}, step=step)
    finally:
        set_project(None)
    page = alone(project)
    for word in (r"\bnan", r"(?<![-−\w])inf", r"[-−]inf"):
        page.get_by_role("gridcell", name=re.compile(word)).first.wait_for()
    page.get_by_role("columnheader", name="loss").click()
    page.get_by_role("figure").first.wait_for()


def test_ten_thousand_columns_and_names_of_ten_thousand_characters(tmp_path: Path, alone: Show) -> None:
    project = Project(tmp_path)
    set_project(project)
    try:
        for at in range(4):
            with nbtrack.start_run(name=f"run {at} " + "n" * 900):
                nbtrack.log_params({f"param.{number}": number + at for number in range(10_000)})
                nbtrack.log({f"metric.{number}": number for number in range(50)})
                nbtrack.log_param("long", "v" * 10_000)
    finally:
        set_project(None)
    page = alone(project)
    page.get_by_role("gridcell").first.wait_for(timeout=60_000)
    page.get_by_role("button", name="Columns", exact=True).click()
    page.get_by_role("dialog").get_by_role("textbox").or_(
        page.get_by_role("dialog").get_by_role("searchbox")
    ).first.fill("param.9999")
    page.get_by_text("param.9999").first.wait_for()
    assert page.locator(".nbt-panel *").count() < 6000


def test_a_run_that_is_purged_while_it_is_shown_goes_quietly(own_demo: Project, alone: Show) -> None:
    page = alone(own_demo)
    page.get_by_role("gridcell").first.wait_for()
    editing = EditingService(RunsService(own_demo))
    name = RunsService(own_demo).page(c.PageRequest(limit=1)).rows[0].name
    editing.trash(c.RunsRequest(runs=[name]))
    editing.purge()
    page.get_by_text("17 runs").first.wait_for()
    assert page.get_by_role("alert").count() == 0
