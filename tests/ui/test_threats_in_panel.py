"""Script in every text of a project, shown by the panel: in its table, its menus and one run. None runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from nbtrack.base.config import Project

from .hostile import EVERY, fill
from .payloads import PAYLOADS, Watch

if TYPE_CHECKING:
    from playwright.sync_api import Page

    Show = Callable[..., Page]

LEAST = 400  # payloads × places that were really shown
SHOWN: set[tuple[str, int]] = set()


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with every payload in every place."""
    project = Project(tmp_path_factory.mktemp("hostile"))
    fill(project)
    return project


def looked(watch: Watch, root: str = ".nbt-panel") -> None:
    """Nothing ran, and no element is a payload's."""
    assert watch.look_at_all(root) == []
    assert watch.elements(root) == ""
    SHOWN.update(watch.shown)


def test_every_way_of_looking_sees_a_payload_without_a_defence(page: Page) -> None:
    watch = Watch(page)
    html = "<!doctype html><body><div class='nbt-panel'></div>"
    page.route("http://bare.invalid/", lambda route: route.fulfill(body=html, content_type="text/html"))
    page.goto("http://bare.invalid/")
    watch.begin()
    assert not watch.elements(".nbt-panel")
    watch.sees_without_a_defence(".nbt-panel")
    assert watch.elements(".nbt-panel")


@pytest.mark.parametrize("part", ["table", "run"])
def test_no_script_runs_in_the_panel(hostile: Project, alone: Show, page: Page, part: str) -> None:
    page.set_viewport_size({"width": 1600, "height": 4000})
    watch = Watch(page)
    columns = ["experiment", "notebook", "note", "params.value", "tags.tag", "end_reason"]
    spec: dict[str, object] = {"columns": columns, "height": 3600, "charts": []}
    if part == "run":
        spec = {"open": EVERY, "height": 3600}
    alone(hostile, spec=spec)
    watch.begin()
    if part == "table":
        page.get_by_role("gridcell").first.wait_for()
        looked(watch)
        for name in ("Columns", "Group"):
            page.get_by_role("button", name=name, exact=True).click()
            page.wait_for_timeout(300)
            looked(watch)
            page.keyboard.press("Escape")
        page.get_by_role("combobox").first.fill(PAYLOADS[0])
        page.wait_for_timeout(500)
    else:
        tabs = page.locator(".nbt-panel").get_by_role("tab")
        tabs.first.wait_for()
        for at in range(tabs.count()):
            tabs.nth(at).click()
            page.wait_for_timeout(700)
            looked(watch)
    looked(watch)


def test_hundreds_of_payloads_were_shown_in_their_places() -> None:
    places = {place: sum(one == place for one, _ in SHOWN) for place, _ in sorted(SHOWN)}
    assert len(SHOWN) >= LEAST, (len(SHOWN), places)
