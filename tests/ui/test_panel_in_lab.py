"""The panel in a notebook of a real JupyterLab, used as its user would."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .lab import Lab

if TYPE_CHECKING:
    from playwright.sync_api import Page

LOAD = "%load_ext nbtrack"
TRAIN = """%%track --experiment demo
import nbtrack
lr = {lr}
for step in range(20):
    nbtrack.log({{"loss": 1 / (1 + lr * step), "accuracy": 1 - 1 / (2 + lr * step)}}, step=step)
"""


def test_the_panel_opens_in_the_notebook_and_shows_the_runs(lab: Lab, page: Page) -> None:
    name = lab.notebook("opens", [LOAD, *(TRAIN.format(lr=lr) for lr in (0.1, 0.5, 2.0)), "%track panel"])
    notebook = lab.open(page, name)
    notebook.run_all()
    notebook.panel.wait_for(timeout=30_000)
    notebook.panel.get_by_text("3 of 3").or_(notebook.panel.get_by_text("3 runs")).first.wait_for(timeout=20_000)
