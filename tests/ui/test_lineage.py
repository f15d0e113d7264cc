"""Where a run comes from, in a real JupyterLab: the cells behind it as a graph and as a list, and what is hidden."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .lab import Lab
from .test_cells import WAIT, put, runs, strip

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

AXE = Path(__file__).resolve().parents[2] / "js" / "node_modules" / "axe-core" / "axe.min.js"
CELLS = [
    "%load_ext nbtrack",
    "rate = 0.5",
    "def double(value):\n    return 2 * value",
    '%%track first\nstep = double(rate)\nprint("step", step)',
    "%%track second\naccuracy = step / 2",
]
SWEEP = "%%track grid --sweep lr=0.1,0.2,0.4\nlr = 0.1\naccuracy = 1 - lr"


@pytest.fixture(scope="module")
def made(lab: Lab, browser: Browser) -> Iterator[str]:
    """A notebook whose last run came from four cells, one of which was edited since; the id of that run."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(15_000)
    notebook = lab.open(page, lab.notebook("comes", CELLS))
    notebook.run_all()
    strip(notebook, 4).get_by_role("button", name="1 run", exact=True).wait_for(timeout=WAIT)
    run = runs(notebook, 4).first.get_attribute("data-run")
    put(page, 2, CELLS[2].replace("2 * value", "3 * value"))
    notebook.command("docmanager:save")
    assert run
    yield run
    context.close()


def opened(page: Page, run: str) -> Locator:
    """A run in a tab of JupyterLab."""
    page.evaluate(
        """(run) => { void window.jupyterapp.commands.execute("nbtrack:open-run", { project: "", run }); }""", run
    )
    return page.locator(".nbt-panel").first


def shown(lab: Lab, page: Page, run: str, theme: str = "light") -> Locator:
    """The lineage of a run, in a tab of JupyterLab."""
    lab.open(page, "comes.ipynb", theme)
    panel = opened(page, run)
    panel.get_by_role("tab", name=re.compile("^Lineage")).click()
    cells(panel).first.wait_for(timeout=WAIT)
    return panel


def cells(panel: Locator) -> Locator:
    return panel.get_by_role("list", name=re.compile("cells this run comes from")).get_by_role("button")


def test_the_cells_behind_a_run_are_a_graph_each_below_what_it_takes_from(lab: Lab, page: Page, made: str) -> None:
    panel = shown(lab, page, made)
    said = [str(one.text_content()) for one in cells(panel).all()]
    assert [one.split(",")[0] for one in said] == ["In [2]", "In [3]", "In [4]", "In [5]"]
    assert "takes rate from In [2]; double from In [3]" in said[2]
    assert "a tracked run" in said[2]
    assert "this run" in said[3]
    boxes = [one.bounding_box() for one in cells(panel).all()]
    tops = [round(box["y"]) for box in boxes if box]
    assert tops[0] == tops[1] < tops[2] < tops[3]
    assert panel.locator(".nbt-lin-lines g").count() == 3


def test_what_was_edited_since_is_said_at_the_run_and_leads_to_its_cell(lab: Lab, page: Page, made: str) -> None:
    panel = shown(lab, page, made)
    verdict = panel.get_by_role("region", name="Verdict")
    verdict.get_by_text("edited since").first.wait_for()
    verdict.get_by_role("button", name="In [3]").first.click()
    beside = panel.get_by_role("region", name="Cell In [3]")
    assert "return 2 * value" in beside.inner_text(), "the code as it ran"
    assert cells(panel).nth(1).get_attribute("aria-pressed") == "true"


def test_a_cell_that_was_a_run_shows_its_output_and_leads_to_it(lab: Lab, page: Page, made: str) -> None:
    panel = shown(lab, page, made)
    cells(panel).nth(2).click()
    beside = panel.get_by_role("region", name="Cell In [4]")
    beside.get_by_text("step 1.0").wait_for()
    beside.get_by_title("Open this run").click()
    panel.get_by_role("heading", level=2, name=re.compile("first")).wait_for()


def test_the_keyboard_walks_over_the_graph_and_escape_closes_one_thing_at_a_time(
    lab: Lab, page: Page, made: str
) -> None:
    panel = shown(lab, page, made)
    cells(panel).nth(3).focus()
    focused = "() => document.activeElement.getAttribute('data-cell')"
    own = page.evaluate(focused)
    page.keyboard.press("ArrowUp")
    assert page.evaluate(focused) == cells(panel).nth(2).get_attribute("data-cell")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowRight")
    assert page.evaluate(focused) == cells(panel).nth(1).get_attribute("data-cell")
    page.keyboard.press("Enter")
    panel.get_by_role("region", name="Cell In [3]").wait_for()
    page.keyboard.press("Escape")
    panel.get_by_role("region", name="Cell In [3]").wait_for(state="detached")
    page.keyboard.press("End")
    assert page.evaluate(focused) == own
    assert cells(panel).first.is_visible()


def test_in_a_narrow_place_the_graph_is_a_list_that_says_the_same(lab: Lab, page: Page, made: str) -> None:
    panel = shown(lab, page, made)
    panel.get_by_role("button", name="List").click()
    assert panel.locator(".nbt-lin-lines").count() == 0
    cells(panel).nth(2).get_by_text("takes rate from In [2]; double from In [3]").wait_for()
    panel.get_by_role("button", name="Graph").click()
    panel.locator(".nbt-lin-lines").wait_for()
    page.set_viewport_size({"width": 780, "height": 900})
    panel.locator(".nbt-lin-lines").wait_for(state="hidden")
    boxes = [box for one in cells(panel).all() if (box := one.bounding_box())]
    assert all(upper["y"] + upper["height"] <= lower["y"] for upper, lower in pairwise(boxes))
    cells(panel).nth(2).get_by_text("takes rate from In [2]; double from In [3]").wait_for()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_lineage_can_be_reached_and_read_by_everyone(lab: Lab, page: Page, made: str, theme: str) -> None:
    panel = shown(lab, page, made, theme)
    cells(panel).nth(2).click()
    panel.get_by_role("region", name="Cell In [4]").get_by_text("step 1.0").wait_for()
    page.mouse.move(2, 2)
    page.wait_for_timeout(300)  # colours fade
    page.evaluate(AXE.read_text(encoding="utf-8"))
    # Cells that have nothing to do with the chosen one are faint on purpose, and stay readable in their region.
    found = page.evaluate("() => axe.run({include: ['.nbt-lineage'], exclude: ['.nbt-lin-off']})")["violations"]
    assert not found, json.dumps(
        [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found], indent=1
    )


def test_the_overview_says_the_verdict_and_leads_to_the_cells(lab: Lab, page: Page, made: str) -> None:
    lab.open(page, "comes.ipynb")
    panel = opened(page, made)
    panel.get_by_role("heading", name="Where it comes from").wait_for(timeout=WAIT)
    panel.get_by_role("button", name="4 cells", exact=True).click()
    cells(panel).first.wait_for(timeout=WAIT)
    assert panel.get_by_role("tab", name=re.compile("^Lineage")).get_attribute("aria-selected") == "true"


def test_the_verdict_stands_in_the_box_at_the_cell_too(lab: Lab, page: Page, made: str) -> None:
    notebook = lab.open(page, "comes.ipynb")
    runs(notebook, 4).first.wait_for(timeout=WAIT)
    runs(notebook, 4).first.click()
    box = page.get_by_role("dialog", name="A run of this cell")
    chip = box.locator(".nbt-verdict-chip")
    chip.wait_for()
    assert chip.inner_text().strip()
    assert made == runs(notebook, 4).first.get_attribute("data-run")


def test_the_trials_of_a_sweep_stand_beside_one_another_and_lead_to_the_table(lab: Lab, page: Page) -> None:
    notebook = lab.open(page, lab.notebook("sweeps", [CELLS[0], SWEEP]))
    notebook.start(0)
    notebook.start(1)
    strip(notebook, 1).get_by_role("button", name="4 runs", exact=True).wait_for(timeout=2 * WAIT)
    panel = opened(page, str(runs(notebook, 1).first.get_attribute("data-run")))
    panel.get_by_text("part of").get_by_role("button", name="grid").click()
    trials = panel.locator(".nbt-children")
    trials.get_by_text("grid-3").wait_for(timeout=WAIT)
    assert trials.get_by_role("row").count() == 4
    assert "best" in trials.get_by_role("row").nth(1).inner_text()
    panel.get_by_role("button", name="Show in the table").click()
    page.get_by_text("part of grid").first.wait_for()
