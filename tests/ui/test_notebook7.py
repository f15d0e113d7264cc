"""The same package in Jupyter Notebook 7: the list of runs, the strip at a cell, and panels without their kernel."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import nbformat
import pytest
from playwright.sync_api import expect

import nbtrack
from nbtrack.base.config import Project

from .demo import fill
from .lab import TOKEN, Lab, Notebook, running_lab

if TYPE_CHECKING:
    from playwright.sync_api import Page

MIME = "application/vnd.nbtrack.panel.v1+json"
TRACKED = "%%track fresh\nimport nbtrack\nnbtrack.log({'accuracy': 0.75})"
HAS_KERNEL = "() => !!window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A Notebook 7 whose folder is a project of 18 runs."""
    folder = tmp_path_factory.mktemp("project")
    fill(Project(folder), steps=40)
    with running_lab(folder, tmp_path_factory.mktemp("home"), program="notebook") as found:
        yield found


def opened(lab: Lab, page: Page, name: str) -> Notebook:
    """A page with one notebook, as Notebook 7 has it."""
    page.goto(f"{lab.address}/notebooks/{name}?token={TOKEN}", wait_until="domcontentloaded")
    page.wait_for_function("() => !!window.jupyterapp", timeout=60_000)
    assert "Notebook" in page.evaluate("() => window.jupyterapp.name"), "this is another application"
    page.evaluate("() => window.jupyterapp.restored")
    return Notebook(page)


def test_the_runs_of_the_notebook_and_of_its_project_stand_at_the_left(lab: Lab, page: Page) -> None:
    notebook = opened(lab, page, lab.notebook("fresh", ["%load_ext nbtrack", TRACKED]))
    page.wait_for_function(HAS_KERNEL, timeout=60_000)
    notebook.run_all()
    notebook.command("nbtrack:show-sidebar")
    sidebar = page.locator(".nbt-side")
    row = sidebar.get_by_role("row").filter(has_text="fresh")
    row.wait_for(timeout=60_000)
    expect(sidebar.get_by_role("row")).to_have_count(1)
    row.filter(has_text="0.75").wait_for()
    sidebar.get_by_role("button", name=re.compile("^Project")).click()
    page.wait_for_function("() => document.querySelector('.nbt-side-list')?.getAttribute('aria-rowcount') === '19'")
    # Below the cell stands what it gave.
    notebook.cell(1).locator(".nbt-cell-strip .nbt-cell-run").wait_for()


def test_a_saved_panel_is_shown_without_the_kernel_that_made_it(lab: Lab, page: Page) -> None:
    panel = nbtrack.panel(project=lab.folder)
    kept = {key: value for key, value in panel.spec.items() if key not in ("version", "root")}
    output = nbformat.v4.new_output("display_data", data={MIME: {**kept, "project": "."}, "text/plain": "A panel."})
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("%track panel", outputs=[output])])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(book, lab.folder / "kept.ipynb")
    notebook = opened(lab, page, "kept.ipynb")
    notebook.panel.get_by_role("gridcell").first.wait_for(timeout=60_000)
    notebook.panel.get_by_role("combobox", name="Filter runs").fill("params.depth = 8")  # and it answers
    notebook.panel.get_by_role("status").filter(has_text=re.compile(r"^\d of \d+")).first.wait_for()
