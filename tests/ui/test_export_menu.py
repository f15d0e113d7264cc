"""Exporting from the panel and from JupyterLab's sidebar: what is chosen is written, and opened from the message."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from nbtrack.base.config import Project

from .lab import Lab

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    Show = Callable[..., Page]


def form(page: Page) -> Locator:
    """The open form of the first button that exports."""
    page.get_by_role("button", name="Export", exact=True).first.click()
    found = page.get_by_role("dialog", name="Export")
    found.get_by_role("radio", name=re.compile("HTML report")).wait_for()
    return found


def export(page: Page, own: Locator, suffix: str) -> str:
    """Choose a format and export; what is said when it is there."""
    own.get_by_role("radio", name=re.compile(re.escape(suffix))).check()
    # The message may still be that of a file before.
    with page.expect_response(re.compile(r"/transfer\.export\b")) as answered:
        own.get_by_role("button", name="Export", exact=True).click()
    assert answered.value.ok
    own.wait_for(state="detached")
    page.get_by_role("button", name="Exporting…").wait_for(state="detached")
    said = page.get_by_text(re.compile(rf"^Wrote .*{re.escape(suffix)} ")).last
    said.wait_for()
    return said.inner_text()


def only(folder: Path, pattern: str) -> Path:
    (found,) = folder.glob(pattern)
    return found


def test_all_that_match_are_exported_in_the_order_of_the_table(own_demo: Project, alone: Show) -> None:
    page = alone(own_demo, spec={"filter": "params.optimizer = 'adam'", "sort": ["-metrics.val_accuracy"]})
    page.get_by_role("gridcell").first.wait_for()
    own = form(page)
    match = own.get_by_role("radio", name=re.compile("All that match"))
    expect(match).to_be_checked()
    expect(own.get_by_role("radio", name=re.compile("Notebook of one run"))).to_be_disabled()
    said = export(page, own, ".csv")
    written = only(own_demo.root / "exports", "*.csv")
    assert f"exports/{written.name}" in said
    with written.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["params.optimizer"] for row in rows} == {"adam"}
    values = [float(row["metrics.val_accuracy"]) for row in rows]
    assert values == sorted(values, reverse=True)
    assert f"Wrote {len(rows)} runs" in said


def test_selected_runs_and_compared_ones_are_exported_alone(own_demo: Project, alone: Show) -> None:
    page = alone(own_demo)
    boxes = page.get_by_role("gridcell").get_by_role("checkbox")
    for at in range(2):
        boxes.nth(at).click()
    page.get_by_text("2 selected").first.wait_for()
    assert "Wrote 2 runs" in export(page, form(page), ".json")
    written = json.loads(only(own_demo.root / "exports", "*.json").read_text(encoding="utf-8"))
    assert len(written["runs"] if isinstance(written, dict) else written) == 2
    page.get_by_role("button", name="Compare", exact=True).first.click()
    page.get_by_role("heading", name="Compare 2 runs").wait_for()
    assert "Wrote 2 runs" in export(page, form(page), ".html")
    text = only(own_demo.root / "exports", "*.html").read_text(encoding="utf-8")
    assert text.count('<article class="nbr-run"') == 2


def test_from_the_sidebar_a_report_is_written_beside_the_notebook_opened_and_saved(lab: Lab, page: Page) -> None:
    cells = ["%load_ext nbtrack", "%%track tried\nlr = 0.1\naccuracy = 0.9\nprint('said')", "%%track other\nlr = 0.2"]
    notebook = lab.open(page, lab.notebook("exported", cells))
    notebook.run_all()
    notebook.command("nbtrack:show-sidebar")
    side = page.locator(".nbt-side")
    for name in ("tried", "other"):
        side.get_by_role("row", name=re.compile(name)).wait_for()
    side.get_by_role("button", name="Export", exact=True).click()
    own = page.get_by_role("dialog", name="Export")
    expect(own.get_by_role("radio", name=re.compile("This notebook"))).to_be_checked()
    said = export(page, own, ".html")
    written = only(lab.folder / "exports", "*.html")
    assert f"Wrote 2 runs to exports/{written.name}" in said
    text = written.read_text(encoding="utf-8")
    assert "accuracy = <span" in text
    assert "said" in text
    with page.expect_download() as download:
        side.get_by_role("button", name="Download", exact=True).click()
    assert download.value.suggested_filename == written.name
    export(page, reopened(page, side), ".html")
    side.get_by_role("button", name="Open", exact=True).click()
    page.get_by_role("tab", name=re.compile(r"\.html$")).wait_for()
    frame = page.frame_locator("iframe[sandbox]").first
    frame.get_by_role("heading", name="Run by run").wait_for()


def reopened(page: Page, side: Locator) -> Locator:
    side.get_by_role("button", name="Export", exact=True).click()
    return page.get_by_role("dialog", name="Export")
