"""Where a run comes from, in a real JupyterLab: the cells behind it as a graph and as a list, and what is hidden."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from .conftest import SIZE
from .lab import Lab, Notebook, darken
from .test_cells import WAIT, ended, put, runs, strip
from .waits import still, until

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
def seen(lab: Lab, browser: Browser) -> Iterator[tuple[Page, str]]:
    """A notebook whose last run came from four cells, one of which was edited since, in a page; the id of that run."""
    context = browser.new_context(viewport=SIZE)
    page = context.new_page()
    page.set_default_timeout(60_000)
    notebook = lab.open(page, lab.notebook("comes", CELLS))
    notebook.run_all()
    strip(notebook, 4).get_by_role("button", name="1 run", exact=True).wait_for(timeout=WAIT)
    ended(runs(notebook, 4).first)
    run = runs(notebook, 4).first.get_attribute("data-run")
    put(page, 2, CELLS[2].replace("2 * value", "3 * value"))
    notebook.command("docmanager:save")
    assert run
    yield page, run
    context.close()


@pytest.fixture
def made(seen: tuple[Page, str]) -> str:
    """The id of that run."""
    return seen[1]


@pytest.fixture
def page(seen: tuple[Page, str]) -> Iterator[Page]:
    """The page of that notebook, which is loaded once for all tests: what one opened is closed when it ends."""
    page, _ = seen
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    page.set_viewport_size(SIZE)
    page.keyboard.press("Escape")  # a box at a cell
    page.evaluate(
        """() => {
            for (const one of [...window.jupyterapp.shell.widgets("main")])
                if (one.context?.path !== "comes.ipynb") one.close();
        }"""
    )
    page.locator(".nbt-panel").first.wait_for(state="detached")
    page.evaluate("() => window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Light'})")
    page.wait_for_function("() => document.body.dataset.jpThemeLight === 'true'")
    ours = [error for error in errors if "nbt" in error or "panel" in error.lower()]
    assert not ours, ours


def opened(page: Page, run: str) -> Locator:
    """A run in a tab of JupyterLab."""
    page.evaluate(
        """(run) => { void window.jupyterapp.commands.execute("nbtrack:open-run", { project: "", run }); }""", run
    )
    return page.locator(".nbt-panel").filter(visible=True).first


def shown(page: Page, run: str) -> Locator:
    """The lineage of a run, in a tab of JupyterLab."""
    panel = opened(page, run)
    panel.get_by_role("tab", name=re.compile("^Lineage")).click()
    cells(panel).first.wait_for(timeout=WAIT)
    return panel


def cells(panel: Locator) -> Locator:
    return panel.get_by_role("list", name=re.compile("cells this run comes from")).get_by_role("button")


def test_the_cells_behind_a_run_are_a_graph_each_below_what_it_takes_from(page: Page, made: str) -> None:
    panel = shown(page, made)
    expect(panel.locator(".nbt-lin-lines g")).to_have_count(3)
    said = [str(one.text_content()) for one in cells(panel).all()]
    assert [one.split(",")[0] for one in said] == ["In [2]", "In [3]", "In [4]", "In [5]"]
    assert "takes rate from In [2]; double from In [3]" in said[2]
    assert "a tracked run" in said[2]
    assert "this run" in said[3]

    def placed() -> bool:
        tops = [round(box["y"]) for one in cells(panel).all() if (box := one.bounding_box())]
        return len(tops) == 4 and tops[0] == tops[1] < tops[2] < tops[3]

    until(page, placed, "a cell does not stand below those it takes from")


def test_what_was_edited_since_is_said_at_the_run_and_leads_to_its_cell(page: Page, made: str) -> None:
    panel = shown(page, made)
    verdict = panel.get_by_role("region", name="Verdict")
    verdict.get_by_text("edited since").first.wait_for()
    verdict.get_by_role("button", name="In [3]").first.click()
    beside = panel.get_by_role("region", name="Cell In [3]")
    expect(beside).to_contain_text("return 2 * value")  # the code as it ran
    expect(cells(panel).nth(1)).to_have_attribute("aria-pressed", "true")


def test_a_cell_that_was_a_run_shows_its_output_and_leads_to_it(page: Page, made: str) -> None:
    panel = shown(page, made)
    cells(panel).nth(2).click()
    beside = panel.get_by_role("region", name="Cell In [4]")
    beside.get_by_text("step 1.0").wait_for()
    beside.get_by_title("Open this run").click()
    panel.get_by_role("heading", level=2, name=re.compile("first")).wait_for()


def test_the_keyboard_walks_over_the_graph_and_escape_closes_one_thing_at_a_time(page: Page, made: str) -> None:
    panel = shown(page, made)
    cells(panel).nth(3).focus()
    page.keyboard.press("ArrowUp")
    expect(cells(panel).nth(2)).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowRight")
    expect(cells(panel).nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    panel.get_by_role("region", name="Cell In [3]").wait_for()
    page.keyboard.press("Escape")
    panel.get_by_role("region", name="Cell In [3]").wait_for(state="detached")
    page.keyboard.press("End")
    expect(cells(panel).nth(3)).to_be_focused()
    expect(cells(panel).first).to_be_visible()


def test_in_a_narrow_place_the_graph_is_a_list_that_says_the_same(page: Page, made: str) -> None:
    panel = shown(page, made)
    panel.get_by_role("button", name="List").click()
    expect(panel.locator(".nbt-lin-lines")).to_have_count(0)
    cells(panel).nth(2).get_by_text("takes rate from In [2]; double from In [3]").wait_for()
    panel.get_by_role("button", name="Graph").click()
    panel.locator(".nbt-lin-lines").wait_for()
    page.set_viewport_size({"width": 780, "height": 900})
    panel.locator(".nbt-lin-lines").wait_for(state="hidden")

    def stacked() -> bool:
        boxes = [box for one in cells(panel).all() if (box := one.bounding_box())]
        return all(upper["y"] + upper["height"] <= lower["y"] for upper, lower in pairwise(boxes))

    until(page, stacked, "the cells do not stand one below the other")
    cells(panel).nth(2).get_by_text("takes rate from In [2]; double from In [3]").wait_for()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_lineage_can_be_reached_and_read_by_everyone(page: Page, made: str, theme: str) -> None:
    if theme == "dark":
        darken(page)
    panel = shown(page, made)
    cells(panel).nth(2).click()
    panel.get_by_role("region", name="Cell In [4]").get_by_text("step 1.0").wait_for()
    page.mouse.move(2, 2)
    still(page)  # colours fade
    page.evaluate(AXE.read_text(encoding="utf-8"))
    # Cells that have nothing to do with the chosen one are faint on purpose, and stay readable in their region.
    found = page.evaluate("() => axe.run({include: ['.nbt-lineage'], exclude: ['.nbt-lin-off']})")["violations"]
    assert not found, json.dumps(
        [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found], indent=1
    )


def test_the_overview_says_the_verdict_and_leads_to_the_cells(page: Page, made: str) -> None:
    panel = opened(page, made)
    panel.get_by_role("heading", name="Where it comes from").wait_for(timeout=WAIT)
    panel.get_by_role("button", name="4 cells", exact=True).click()
    cells(panel).first.wait_for(timeout=WAIT)
    expect(panel.get_by_role("tab", name=re.compile("^Lineage"))).to_have_attribute("aria-selected", "true")


def test_the_verdict_stands_in_the_box_at_the_cell_too(page: Page, made: str) -> None:
    notebook = Notebook(page)
    runs(notebook, 4).first.wait_for(timeout=WAIT)
    runs(notebook, 4).first.click()
    box = page.get_by_role("dialog", name="A run of this cell")
    chip = box.locator(".nbt-verdict-chip")
    expect(chip).to_have_text(re.compile(r"\S"))
    assert made == runs(notebook, 4).first.get_attribute("data-run")


def test_the_trials_of_a_sweep_stand_beside_one_another_and_lead_to_the_table(lab: Lab, page: Page) -> None:
    # In a page load of its own, and as the last one: it leaves the notebook of the others.
    notebook = lab.open(page, lab.notebook("sweeps", [CELLS[0], SWEEP]))
    notebook.start(0)
    notebook.start(1)
    strip(notebook, 1).get_by_role("button", name="4 runs", exact=True).wait_for(timeout=2 * WAIT)
    trial = str(runs(notebook, 1).first.get_attribute("data-run"))
    for table_is_open in (False, True):
        panel = opened(page, trial)
        panel.get_by_text("part of").get_by_role("button", name="grid").click()
        trials = panel.locator(".nbt-children")
        trials.get_by_text("grid-3").wait_for(timeout=WAIT)
        expect(trials.get_by_role("row")).to_have_count(4)
        expect(trials.get_by_role("row").nth(1)).to_contain_text("best")  # once all of them have ended
        expect(page.locator(".nbt-table")).to_have_count(int(table_is_open))
        panel.get_by_role("button", name="Show in the table").click()
        chip = panel.get_by_text("part of grid")
        chip.wait_for()
        panel.get_by_role("button", name="Remove part of grid").click()
        chip.wait_for(state="detached")
