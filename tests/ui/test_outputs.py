"""What cells show, in a page in which the panel or the sidebar is open: its style sheet leaves that alone."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING

import pytest

import nbtrack
from nbtrack.base.config import Project
from nbtrack.base.markup import html as markup

if TYPE_CHECKING:
    from playwright.sync_api import Page

# Where everything stands, and how what has a class is written.
LOOK = """() => [...document.querySelectorAll('.nbt *')].filter(one => one.tagName !== 'STYLE').map(one => {
    const {x, y, width, height} = one.getBoundingClientRect(), how = getComputedStyle(one)
    return [one.className?.baseVal ?? one.className, ...[x, y, width, height].map(Math.round), how.display,
            how.fontFamily, how.fontSize, how.fontWeight, how.padding, how.borderWidth].join(' ')
})"""


def outputs(project: Project) -> dict[str, str]:
    """The HTML of each kind of view."""
    runs = nbtrack.runs(project=project)
    first, second = runs[0], runs[1]
    return {
        "table": runs._repr_html_(),
        "run": first._repr_html_(),
        "comparison": nbtrack.compare([first, second], project=project)._repr_html_(),
        "diff": nbtrack.diff(first, second, project=project)._repr_html_(),
    }


@pytest.mark.parametrize("view", ["table", "run", "comparison", "diff"])
def test_outputs_look_the_same_whether_or_not_the_panel_is_in_the_page(page: Page, demo: Project, view: str) -> None:
    body = outputs(demo)[view]
    style = (files("nbtrack.widget") / "static" / "panel.css").read_text(encoding="utf-8")
    page.set_content(body)
    alone = page.evaluate(LOOK)
    page.set_content(f"<style>{style}</style>{body}")
    assert page.evaluate(LOOK) == alone
    assert len(alone) > 20


def test_outputs_that_are_not_trusted_yet_keep_their_room_beside_the_panel(page: Page, demo: Project) -> None:
    """JupyterLab takes their own style sheet away, and not the panel's."""
    style = (files("nbtrack.widget") / "static" / "panel.css").read_text(encoding="utf-8")
    for body in outputs(demo).values():
        page.set_content(f"<style>{style}</style>{re.sub('(?s)<style>.*?</style>', '', body)}")
        for table in page.locator(".nbt table").all():
            inside, outside = table.bounding_box(), table.locator("xpath=..").bounding_box()
            assert inside is not None
            assert outside is not None
            assert outside["width"] >= min(inside["width"], 600)
            assert outside["height"] >= min(inside["height"], 20)


def test_the_same_look_sees_a_class_that_both_have(page: Page) -> None:
    body = f'<div class="nbt">{markup.table(["a"], [["1"]])}</div>'
    page.set_content(body)
    alone = page.evaluate(LOOK)
    page.set_content(f"<style>.nbt-box {{ display: inline-flex; width: 15px }}</style>{body}")
    assert page.evaluate(LOOK) != alone
