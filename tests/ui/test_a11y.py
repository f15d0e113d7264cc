"""What a screen reader and a keyboard meet: axe-core finds nothing serious in any view, light or dark."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nbtrack.base.config import Project

from .waits import still

if TYPE_CHECKING:
    from playwright.sync_api import Page

    Show = Callable[..., Page]

AXE = Path(__file__).resolve().parents[2] / "js" / "node_modules" / "axe-core" / "axe.min.js"


def serious(page: Page, root: str = ".nbt-panel") -> list[str]:
    """What axe-core calls serious or critical, in words. What it finds is looked at again: it may have been fading."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    for _ in range(3):
        still(page)
        found = violations(page, root)
        if not found:
            break
        page.wait_for_timeout(500)
    return found


def violations(page: Page, root: str) -> list[str]:
    """The same, at this moment."""
    found = page.evaluate("(root) => axe.run(root, { resultTypes: ['violations'] })", root)
    return [
        f"{one['id']}: {one['help']}: {json.dumps([node['target'] for node in one['nodes'][:3]])}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_table_with_its_menus(demo: Project, alone: Show, theme: str) -> None:
    page = alone(demo, theme=theme)
    page.get_by_role("gridcell").first.wait_for()
    page.get_by_role("figure").first.wait_for()
    assert not serious(page)
    page.get_by_role("button", name="Columns", exact=True).click()
    page.get_by_role("dialog").first.wait_for()
    assert not serious(page)
    page.keyboard.press("Escape")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_selection_compared(demo: Project, alone: Show, theme: str) -> None:
    page = alone(demo, theme=theme)
    boxes = page.get_by_role("gridcell").get_by_role("checkbox")
    for at in range(3):
        boxes.nth(at).click()
    page.get_by_text("3 selected").first.wait_for()
    assert not serious(page)
    page.get_by_role("button", name="Compare", exact=True).first.click()
    page.get_by_role("heading", name="Compare 3 runs").wait_for()
    page.locator(".nbt-compare-table tbody td").first.wait_for()
    assert not serious(page)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_plots(demo: Project, alone: Show, theme: str) -> None:
    page = alone(demo, theme=theme)
    page.get_by_role("button", name="Plots", exact=True).click()
    page.get_by_role("region", name="Parallel coordinates").locator("svg").first.wait_for(timeout=60_000)
    assert not serious(page)


def test_axe_sees_a_fault(demo: Project, alone: Show) -> None:
    page = alone(demo)
    page.evaluate("() => document.querySelector('.nbt-panel').insertAdjacentHTML('beforeend', '<button></button>')")
    assert any(one.startswith("button-name") for one in serious(page))
