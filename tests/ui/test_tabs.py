"""Tabs of JupyterLab's main area: the table, one run, a comparison, saved views."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

import nbtrack
from nbtrack.base.config import Project

from .demo import fill
from .lab import TOKEN, Lab, Notebook, darken, running_lab
from .waits import quiet, still, until

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

LONG = """%%track long
import itertools, pathlib, time, nbtrack
for step in itertools.count():
    nbtrack.log({"loss": 1 / (1 + step)}, step=step)
    time.sleep(0.1)
    if pathlib.Path("stop").exists():
        break
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A JupyterLab as a hub has it, with a project of 18 runs in a folder of its own."""
    folder = tmp_path_factory.mktemp("work")
    (folder / "churn").mkdir()
    fill(Project(folder / "churn"), steps=40)
    with running_lab(folder, tmp_path_factory.mktemp("home"), base_url="/user/ada/") as found:
        yield found


@pytest.fixture
def project(lab: Lab) -> Path:
    """The project, with no view remembered."""
    folder = lab.folder / "churn"
    (folder / ".nbtrack" / "views.json").unlink(missing_ok=True)
    return folder


def opened(lab: Lab, page: Page, path: str = "churn", theme: str = "light") -> Notebook:
    """JupyterLab with a folder or a file in front."""
    page.goto(f"{lab.address}/lab/tree/{path}?token={TOKEN}&reset", wait_until="domcontentloaded")
    notebook = ready(page, theme)
    page.locator(".jp-BreadCrumbs-item").filter(has_text="churn").first.wait_for(state="attached")  # where the user is
    return notebook


def ready(page: Page, theme: str = "light") -> Notebook:
    page.wait_for_function("() => !!window.jupyterapp", timeout=60_000)
    page.evaluate("() => window.jupyterapp.restored")
    if theme == "dark":
        darken(page)
    return Notebook(page)


def tabs(page: Page) -> Locator:
    return page.locator("#jp-main-dock-panel").get_by_role("tab")


def tab(page: Page, name: str | re.Pattern[str]) -> Locator:
    return page.locator("#jp-main-dock-panel").get_by_role("tab", name=name)


def front(page: Page) -> Locator:
    """The panel that is seen."""
    return page.locator(".nbt-panel:visible")


def ids(project: Path, count: int) -> list[str]:
    return [run.id for run in nbtrack.runs(project=project)[:count]]


def test_the_table_opens_from_the_launcher_on_the_project_of_its_folder(lab: Lab, project: Path, page: Page) -> None:
    opened(lab, page)
    page.locator(".jp-LauncherCard").filter(has_text="nbtrack runs").click()
    expect(tab(page, "churn runs")).to_be_visible()
    front(page).get_by_role("gridcell").first.wait_for()
    front(page).get_by_role("figure").first.wait_for()
    page.wait_for_function(
        """() => {
            const [panel, place] = [".nbt-panel", ".jp-MainAreaWidget:not(.lm-mod-hidden)"].map((one) =>
                document.querySelector(`#jp-main-dock-panel ${one}`).getBoundingClientRect());
            return Math.max(place.width - panel.width, place.height - panel.height) < 4;
        }"""
    )


def test_the_table_opens_from_the_palette_once_for_a_project(lab: Lab, project: Path, page: Page) -> None:
    notebook = opened(lab, page)
    notebook.command("apputils:activate-command-palette")
    page.locator(".lm-CommandPalette-item:visible").first.wait_for()
    page.locator(".lm-CommandPalette-input:visible").fill("runs of this")
    page.locator(".lm-CommandPalette-item:visible").filter(has_text="Open the runs of this project").first.click()
    front(page).get_by_role("gridcell").first.wait_for()
    notebook.command("nbtrack:open-runs")
    expect(tab(page, "churn runs")).to_have_count(1)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_two_runs_are_compared_in_a_tab_of_their_own(lab: Lab, project: Path, page: Page, theme: str) -> None:
    notebook = opened(lab, page, theme=theme)
    notebook.command("nbtrack:compare", {"project": "churn", "runs": ids(project, 2)})
    table = front(page).locator(".nbt-compare-table")
    expect(table.locator("thead th")).to_have_count(2)
    expect(tab(page, "Compare 2 runs")).to_be_visible()
    still(page)
    brightness = front(page).evaluate(
        "(one) => getComputedStyle(one).backgroundColor.match(/\\d+/g).slice(0, 3).reduce((a, b) => a + Number(b), 0)"
    )
    assert (brightness > 384) == (theme == "light")
    name = nbtrack.run(ids(project, 1)[0], project=project).name
    table.get_by_role("button", name=name, exact=True).click()
    expect(tab(page, name)).to_be_visible()  # beside the comparison, which stays one
    tab(page, "Compare 2 runs").click()
    front(page).get_by_role("button", name="Back").click()
    expect(tab(page, "Compare 2 runs")).to_have_count(0)
    front(page).get_by_role("gridcell").first.wait_for()
    expect(tab(page, "churn runs")).to_be_visible()


def test_a_run_has_one_tab_which_is_called_what_the_run_is_called(lab: Lab, project: Path, page: Page) -> None:
    run = nbtrack.run("@3", project=project)
    notebook = opened(lab, page)
    for _ in range(2):
        notebook.command("nbtrack:open-run", {"project": "churn", "run": run.id})
    front(page).get_by_role("heading", name=run.name).wait_for()
    expect(tab(page, run.name)).to_have_count(1)
    run.rename("renamed elsewhere")
    expect(tab(page, "renamed elsewhere")).to_be_visible()
    front(page).get_by_role("button", name="Runs").click()
    expect(tab(page, "renamed elsewhere")).to_have_count(0)
    expect(tab(page, "churn runs")).to_be_visible()


def test_a_tab_that_is_not_seen_asks_nothing_and_is_up_to_date_when_it_is(lab: Lab, project: Path, page: Page) -> None:
    run = nbtrack.run("@2", project=project)
    notebook = opened(lab, page)
    notebook.command("nbtrack:open-run", {"project": "churn", "run": run.id})
    front(page).get_by_role("heading", name=run.name).wait_for()
    notebook.command("launcher:create")
    page.locator(".jp-LauncherCard:visible").first.wait_for()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/nbtrack/api/runs.get" in request.url else None)
    quiet(page, asked, 1.5)  # what was under way
    asked.clear()
    run.set_note("seen later")
    page.wait_for_timeout(2500)
    assert asked == []
    tab(page, run.name).click()
    front(page).get_by_text("seen later").wait_for()
    assert asked


def test_a_reload_while_a_cell_runs_brings_the_tabs_back_and_the_run_goes_on(
    lab: Lab, project: Path, page: Page
) -> None:
    lab.notebook("churn/long", ["%load_ext nbtrack", LONG])
    notebook = opened(lab, page, "churn/long.ipynb")
    page.wait_for_function("() => !!window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel")
    notebook.start(0)
    notebook.start(1)
    kept: list[str] = []  # what JupyterLab has its server remember of the layout
    page.on("requestfinished", lambda one: kept.append(one.post_data or "") if "/api/workspaces" in one.url else None)
    notebook.command("nbtrack:open-runs", {"project": "churn"})
    notebook.command("nbtrack:compare", {"project": "churn", "runs": ids(project, 3)})
    tab(page, "churn runs").click()
    row = front(page).get_by_role("row").filter(has_text="long").first
    row.get_by_text("running").wait_for()
    front(page).get_by_role("combobox", name="Filter runs").fill("name = 'long'")
    views = project / ".nbtrack" / "views.json"
    until(page, lambda: views.exists() and "long" in views.read_text(encoding="utf-8"), "the filter was not saved")
    until(page, lambda: "churn" in "".join(kept), "the layout was not remembered")
    quiet(page, kept, 2.5)  # JupyterLab saves it a moment after each change
    page.reload(wait_until="domcontentloaded")
    ready(page)
    expect(tab(page, "Compare 3 runs")).to_be_visible()
    tab(page, "churn runs").click()
    expect(front(page).get_by_role("combobox", name="Filter runs")).to_have_value("name = 'long'")
    row.get_by_text("running").wait_for()
    (project / "stop").touch()
    row.get_by_text("finished").wait_for()
    page.evaluate("() => window.jupyterapp.serviceManager.sessions.shutdownAll()")


def test_a_file_of_a_run_is_saved_from_its_own_address(lab: Lab, project: Path, page: Page) -> None:
    notebook = opened(lab, page)
    notebook.command("nbtrack:open-run", {"project": "churn", "run": ids(project, 30)[-1]})  # one with files
    front(page).get_by_role("tab", name=re.compile("^Artifacts")).click()
    front(page).get_by_role("button", name=re.compile("report.json")).click()
    with page.expect_download() as waiting:
        front(page).get_by_role("button", name="Download").click()
    assert waiting.value.suggested_filename == "report.json"
    assert json.loads(Path(waiting.value.path()).read_text(encoding="utf-8"))["confusion"] == [[50, 2], [3, 45]]


def test_a_view_is_saved_as_a_file_and_opens_from_it(lab: Lab, project: Path, page: Page) -> None:
    notebook = opened(lab, page)
    notebook.command("nbtrack:open-runs")
    front(page).get_by_role("combobox", name="Filter runs").fill("params.depth = 4")
    front(page).get_by_role("status").filter(has_text=re.compile(r"\d of \d\d")).first.wait_for()
    save(page, "churn/depth.nbtrack")
    # The server makes the file first and then fills it.
    made = project / "depth.nbtrack"
    until(page, lambda: made.exists() and made.stat().st_size, "the view was not written")
    kept = json.loads((project / "depth.nbtrack").read_text(encoding="utf-8"))
    assert kept["filter"] == "params.depth = 4"
    save(page, "churn/depth")
    page.get_by_text("There is a file 'churn/depth.nbtrack' already").wait_for()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    save(page, "elsewhere.nbtrack")
    page.get_by_role("dialog").get_by_text("lies outside of this project").wait_for()
    page.get_by_role("dialog").get_by_role("button").last.click()
    assert not (lab.folder / "elsewhere.nbtrack").exists()
    (project / ".nbtrack" / "views.json").unlink(missing_ok=True)
    opened(lab, page, "churn/depth.nbtrack")
    expect(front(page).get_by_role("combobox", name="Filter runs")).to_have_value("params.depth = 4")
    front(page).get_by_role("gridcell").first.wait_for()


def save(page: Page, path: str) -> None:
    front(page).get_by_role("button", name="More", exact=True).first.click()
    page.get_by_role("menuitem", name="Save view as…").click()
    page.get_by_role("dialog").get_by_role("textbox").fill(path)
    page.get_by_role("dialog").get_by_role("button", name="Save").click()


def test_a_broken_view_says_in_which_line_and_offers_the_text(lab: Lab, project: Path, page: Page) -> None:
    (project / "broken.nbtrack").write_text('{\n  "v": 1,\n  "sort": "acc"\n}', encoding="utf-8")
    opened(lab, page, "churn/broken.nbtrack")
    page.get_by_text('Line 3 of broken.nbtrack: "sort" takes a list of names.').wait_for()
    page.get_by_role("button", name="Open in the text editor").click()
    page.locator(".jp-FileEditor .cm-content").filter(has_text='"sort"').wait_for()


def test_a_project_that_is_not_there_is_said(lab: Lab, project: Path, page: Page) -> None:
    notebook = opened(lab, page)
    page.route("**/nbtrack/static/panel.js*", lambda route: route.abort())
    notebook.command("nbtrack:open-runs", {"project": "churn"})
    page.get_by_text("The server cannot be reached.").wait_for()
    page.unroute("**/nbtrack/static/panel.js*")
    page.get_by_role("button", name="Try again").click()
    front(page).get_by_role("gridcell").first.wait_for()
