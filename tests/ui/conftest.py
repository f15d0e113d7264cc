"""What the browser tests share: a browser, a JupyterLab, the panel alone on a page."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from nbtrack.base.config import Project

from .browser import launch
from .demo import fill
from .lab import Lab, running_lab
from .serve import serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SIZE = {"width": 1280, "height": 900}
PATIENCE = 60_000  # milliseconds: another process tests at the same time


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for a module: playwright's loop would be in the way of tests that run one of their own."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that fails the test if the panel threw an error nobody caught."""
    context = browser.new_context(viewport=SIZE, permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    ours = [error for error in errors if "nbt" in error or "panel" in error.lower()]
    assert not ours, ours


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A JupyterLab whose folder is a project of its own."""
    folder = tmp_path_factory.mktemp("project")
    (folder / ".nbtrack").mkdir(mode=0o700)
    with running_lab(folder, tmp_path_factory.mktemp("home")) as found:
        yield found


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Eighteen trainings, to read."""
    project = Project(tmp_path_factory.mktemp("demo"))
    fill(project)
    return project


@pytest.fixture
def own_demo(demo: Project, tmp_path: Path) -> Project:
    """The same, to change."""
    shutil.copytree(demo.folder, tmp_path / demo.folder.name)
    return Project(tmp_path)


@pytest.fixture
def alone(page: Page) -> Iterator[Callable[..., Page]]:
    """Shows the panel of a project on a page of its own: ``alone(project, theme="dark", spec={…})``."""
    with ExitStack() as servers:

        def show(project: Project, theme: str = "light", spec: dict[str, object] | None = None) -> Page:
            (project.folder / "views.json").unlink(missing_ok=True)  # how another test left it
            address = servers.enter_context(serving(project))
            page.goto(f"{address}/?theme={theme}&spec={quote(json.dumps(spec or {}))}")
            page.wait_for_selector(".nbt-panel")
            return page

        yield show
