"""The panel in a notebook of a real JupyterLab, used as its user would."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from .lab import Lab
from .waits import still, until

if TYPE_CHECKING:
    from playwright.sync_api import Page

LOAD = "%load_ext nbtrack"
TRAIN = """%%track --experiment {experiment}
import nbtrack
lr = {lr}
for step in range(20):
    nbtrack.log({{"loss": 1 / (1 + lr * step), "accuracy": 1 - 1 / (2 + lr * step)}}, step=step)
"""
LONG = """%%track long --experiment live
import itertools, time, nbtrack
for step in itertools.count():  # until it is interrupted
    nbtrack.log({"loss": 1 / (1 + step), "accuracy": step / 300}, step=step)
    time.sleep(0.1)
"""


def trained(experiment: str) -> list[str]:
    return [LOAD, *(TRAIN.format(lr=lr, experiment=experiment) for lr in (0.1, 0.5, 2.0))]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_panel_opens_in_the_notebook_and_shows_the_runs(lab: Lab, page: Page, theme: str) -> None:
    panel = f"%track panel \"experiment = 'opens-{theme}'\""
    notebook = lab.open(page, lab.notebook(f"opens-{theme}", [*trained(f"opens-{theme}"), panel]), theme)
    notebook.run_all()
    notebook.panel.get_by_role("gridcell").first.wait_for(timeout=60_000)
    notebook.panel.get_by_role("figure").first.scroll_into_view_if_needed(timeout=60_000)  # drawn when it is seen
    notebook.panel.get_by_role("figure", name=re.compile(": 3 runs")).first.wait_for(timeout=60_000)
    still(page)
    brightness = notebook.panel.evaluate(
        "(one) => getComputedStyle(one).backgroundColor.match(/\\d+/g).slice(0, 3).reduce((a, b) => a + Number(b), 0)"
    )
    assert (brightness > 384) == (theme == "light")


def test_a_cell_that_runs_moves_the_panel_and_the_panel_answers_meanwhile(lab: Lab, page: Page) -> None:
    cells = [*trained("live"), "%track panel \"experiment = 'live'\"", LONG]
    notebook = lab.open(page, lab.notebook("live", cells))
    for index in range(5):
        notebook.start(index)
    panel = notebook.panel
    panel.get_by_role("gridcell").first.wait_for(timeout=60_000)
    notebook.start(5)
    running = panel.get_by_role("row").filter(has_text="long").first
    running.get_by_text("running").wait_for(timeout=60_000)
    before = running.inner_text()
    until(page, lambda: running.inner_text() != before, "the row of the run does not move")
    panel.get_by_role("columnheader", name=re.compile("^accuracy")).click()
    panel.get_by_role("combobox", name="Filter runs").fill("experiment = 'live' and params.lr < 1")
    panel.get_by_role("status").filter(has_text=re.compile(r"2 of \d+")).first.wait_for(timeout=60_000)
    panel.get_by_role("combobox", name="Filter runs").fill("status = 'running'")
    running.get_by_text("running").wait_for()
    panel.get_by_role("combobox", name="Filter runs").fill("name = 'long'")
    notebook.command("notebook:interrupt-kernel")
    running.get_by_text("interrupted").wait_for(timeout=60_000)


def test_a_kernel_that_dies_leaves_a_panel_that_goes_on(lab: Lab, page: Page) -> None:
    cells = [*trained("dies"), "%track panel \"experiment = 'dies'\"", "import os\nos._exit(1)"]
    notebook = lab.open(page, lab.notebook("dies", cells))
    for index in range(5):
        notebook.start(index)
    notebook.panel.get_by_role("gridcell").first.wait_for(timeout=60_000)
    notebook.start(5)
    page.get_by_text("Kernel Restarting").wait_for(timeout=60_000)
    page.get_by_role("dialog").get_by_role("button").last.click()
    notebook.panel.get_by_role("combobox", name="Filter runs").fill("experiment = 'dies' and params.lr = 0.5")
    notebook.panel.get_by_role("status").filter(has_text=re.compile("^1 of")).first.wait_for(timeout=60_000)


def test_a_reopened_notebook_without_a_kernel_keeps_a_picture(lab: Lab, page: Page) -> None:
    name = lab.notebook("kept", [*trained("kept"), "%track panel \"experiment = 'kept'\""])
    notebook = lab.open(page, name)
    notebook.run_all()
    notebook.panel.get_by_role("gridcell").first.wait_for(timeout=60_000)
    notebook.command("docmanager:save")  # which waits until the server has written it
    text = (lab.folder / name).read_text(encoding="utf-8")
    assert "application/vnd.nbtrack.panel.v1+json" in text
    assert "<svg" in text
    assert len(text) < 80_000
