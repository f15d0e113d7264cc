"""The link under a tracked cell, in a real JupyterLab and outside of one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from .lab import Lab

if TYPE_CHECKING:
    from playwright.sync_api import Page

CELLS = ["%load_ext nbtrack", "%%track linked\nlr = 0.1", "print('the cell below')"]


def test_the_link_under_a_cell_opens_the_panel_on_its_run_below_it(lab: Lab, page: Page) -> None:
    notebook = lab.open(page, lab.notebook("link", CELLS))
    notebook.run_all()
    link = notebook.cell(1).get_by_role("button", name="panel", exact=True)
    link.wait_for(timeout=60_000)
    expect(notebook.cell(1)).to_contain_text("linked · finished", timeout=60_000)  # then it is not replaced any more
    link.focus()
    page.keyboard.press("Enter")  # the keyboard reaches it too
    expect(notebook.cell(2).locator(".cm-content")).to_contain_text("%track panel --run ", timeout=60_000)
    expect(notebook.cell(3).locator(".cm-content")).to_contain_text("the cell below")
    notebook.cell(2).locator(".nbt-panel").wait_for(timeout=60_000)


def test_outside_of_jupyterlab_the_link_is_not_shown(lab: Lab, page: Page) -> None:
    """A page that shows a saved notebook has nothing that would obey it."""
    notebook = lab.open(page, lab.notebook("saved", CELLS))
    notebook.run_all()
    notebook.cell(1).get_by_role("button", name="panel", exact=True).wait_for(timeout=60_000)
    expect(notebook.cell(1)).to_contain_text("linked · finished", timeout=60_000)  # which is what shall be saved
    notebook.command("docmanager:save")
    saved = json.loads((lab.folder / "saved.ipynb").read_text(encoding="utf-8"))
    html = "".join(saved["cells"][1]["outputs"][-1]["data"]["text/html"])
    page.set_content(html)
    expect(page.get_by_text("linked · finished")).to_be_visible()
    expect(page.locator("button")).to_be_hidden()
