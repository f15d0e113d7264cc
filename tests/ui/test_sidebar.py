"""The list of runs in JupyterLab's left bar, on a server that wants its token and stands under a path, as a hub's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from nbtrack.base.config import Project

from .demo import fill
from .lab import Lab, Notebook, running_lab
from .test_a11y import serious
from .waits import quiet, until

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page, Request

LOAD = "%load_ext nbtrack"
LONG = """%%track long
import time, nbtrack
nbtrack.log_params({"epochs": 900})
for step in range(900):
    nbtrack.log({"loss": 1 / (1 + step)}, step=step)
    time.sleep(0.1)
time.sleep(600)  # until it is interrupted
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A JupyterLab whose folder is a project of 18 runs, with another project inside."""
    folder = tmp_path_factory.mktemp("project")
    (folder / ".nbtrack").mkdir(mode=0o700)
    fill(Project(folder), steps=40)
    (folder / "inner" / ".nbtrack").mkdir(parents=True, mode=0o700)
    with running_lab(folder, tmp_path_factory.mktemp("home"), base_url="/user/ada/") as found:
        yield found


def tracked(name: str) -> list[str]:
    return [LOAD, f"%%track {name}\nlr = 0.1\naccuracy = 0.9"]


def shown(lab: Lab, page: Page, notebook: str, theme: str = "light") -> Notebook:
    """A notebook with the sidebar beside it."""
    found = lab.open(page, notebook, theme)
    found.command("nbtrack:show-sidebar")
    page.locator(".nbt-side h2").wait_for()
    return found


def rows(page: Page) -> Locator:
    return page.locator(".nbt-side").get_by_role("row")


def names(page: Page) -> list[str]:
    return page.locator(".nbt-side-row .nbt-side-name").all_inner_texts()


def wait_for_names(page: Page, wanted: list[str]) -> None:
    page.wait_for_function(
        """(wanted) => {
            const found = [...document.querySelectorAll(".nbt-side-row .nbt-side-name")].map((one) => one.innerText);
            return JSON.stringify(found) === JSON.stringify(wanted);
        }""",
        arg=wanted,
        timeout=60_000,
    )


def wait_for_all(page: Page, pattern: str) -> None:
    """Wait until there are runs, and all of them are called so."""
    page.wait_for_function(
        """(pattern) => {
            const found = [...document.querySelectorAll(".nbt-side-row .nbt-side-name")].map((one) => one.innerText);
            return found.length > 0 && found.every((name) => new RegExp(pattern).test(name));
        }""",
        arg=pattern,
    )


def choose(page: Page, section: str) -> None:
    page.locator(".nbt-side").get_by_role("button", name=re.compile(section)).click()


def select(page: Page, *places: int) -> None:
    """Choose rows: the first by a click, the others with Ctrl."""
    for at in places:
        rows(page).nth(at).locator(".nbt-side-when").click(modifiers=["ControlOrMeta"] if at != places[0] else None)


def bring(page: Page, path: str) -> None:
    """Open a notebook in a tab, or bring its tab to the front."""
    page.evaluate("async (path) => void (await window.jupyterapp.commands.execute('docmanager:open', { path }))", path)


def test_the_list_follows_the_notebook_in_front_within_a_project_and_to_another(lab: Lab, page: Page) -> None:
    lab.notebook("one", tracked("of-one"))
    lab.notebook("two", tracked("of-two"))
    lab.notebook("inner/three", tracked("of-three"))
    shown(lab, page, "one.ipynb").run_all()
    wait_for_names(page, ["of-one"])
    for path, name in (("two.ipynb", "of-two"), ("inner/three.ipynb", "of-three")):
        bring(page, path)
        page.get_by_text("No runs of this notebook yet").wait_for()
        page.wait_for_function("() => !!window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel")
        Notebook(page).run_all()
        wait_for_names(page, [name])
    expect(page.locator(".nbt-side h2")).to_have_text("inner")
    bring(page, "one.ipynb")
    wait_for_names(page, ["of-one"])
    choose(page, "Project")
    page.get_by_text("adamw").first.wait_for()
    expect(rows(page).filter(has_text="of-two")).to_have_count(1)
    expect(rows(page).filter(has_text="of-three")).to_have_count(0)


def test_a_run_appears_while_its_cell_runs_and_its_progress_moves(lab: Lab, page: Page) -> None:
    notebook = shown(lab, page, lab.notebook("live", [LOAD, LONG]))
    notebook.start(0)
    notebook.start(1)
    running = page.get_by_role("region", name="Running now")
    bar = running.get_by_role("progressbar")
    bar.wait_for(timeout=60_000)

    def now() -> int:
        return int(bar.get_attribute("aria-valuenow") or 0)

    first = now()
    until(page, lambda: now() > first + 1, "its progress does not move")
    expect(running).to_contain_text(re.compile(r"step \d+ of 900"))
    assert not serious(page, ".nbt-side")
    expect(running.get_by_role("button", name=re.compile("long"))).to_have_attribute("title", re.compile("loss"))
    notebook.command("notebook:interrupt-kernel")
    running.wait_for(state="detached", timeout=60_000)
    rows(page).filter(has_text="long").get_by_text("interrupted").first.wait_for(state="attached")


def test_a_filter_narrows_the_list_as_one_types_and_a_mistake_keeps_it(lab: Lab, page: Page) -> None:
    shown(lab, page, lab.notebook("search", []))
    choose(page, "Project")
    box = page.locator(".nbt-side").get_by_role("combobox", name="Filter runs")
    box.press_sequentially("adamw")
    page.locator(".nbt-side output").filter(has_text=re.compile(r"\d+ of \d+")).wait_for()
    wait_for_all(page, "^adamw")  # "adam", which was asked for on the way, finds more
    found = names(page)
    box.fill("params.lr <")
    page.locator(".nbt-side").get_by_role("alert").wait_for()
    assert names(page) == found
    box.fill("params.depth = 8 and tags.stage = 'final'")
    wait_for_all(page, "-8-")


def test_a_star_stays_and_what_was_moved_to_the_trash_comes_back(lab: Lab, page: Page) -> None:
    kept: list[str] = []  # what JupyterLab had its server remember of the layout
    page.on("requestfinished", lambda one: kept.append(one.post_data or "") if "/api/workspaces" in one.url else None)
    notebook = shown(lab, page, lab.notebook("edit", tracked("to-keep")))
    notebook.run_all()
    wait_for_names(page, ["to-keep"])
    row = rows(page).filter(has_text="to-keep")
    row.hover()
    with page.expect_response(re.compile("runs.edit")) as answered:
        row.get_by_role("button", name="Star", exact=True).click()
    assert answered.value.status == 200
    assert "/user/ada/nbtrack/api/" in answered.value.url
    until(page, lambda: "edit.ipynb" in "".join(kept), "the layout was not remembered")
    quiet(page, kept, 2.5)  # JupyterLab saves it a moment after each change
    page.reload()
    row.locator(".nbt-side-starred").wait_for(timeout=60_000)  # the sidebar itself is back as well
    page.evaluate("() => window.jupyterapp.restored.then(() => {})")  # what comes back last takes the keyboard
    row.locator(".nbt-side-when").click()
    none_left = page.get_by_text("No runs of this notebook yet")

    def gone() -> bool:
        if not none_left.is_visible():  # a moment after it is back, JupyterLab takes the keyboard to the notebook
            page.locator(".nbt-side").get_by_role("grid").press("Delete", timeout=5_000)
            none_left.wait_for(timeout=5_000)
        return True

    until(page, gone, "the run is not in the trash")
    page.locator(".nbt-side").get_by_role("button", name="Undo").click()
    wait_for_names(page, ["to-keep"])


def test_two_selected_runs_are_compared_by_the_command_of_the_tabs(lab: Lab, page: Page) -> None:
    shown(lab, page, lab.notebook("compare", []))
    choose(page, "Project")
    page.evaluate(
        """() => {
            window.executed = [];
            window.jupyterapp.commands.commandExecuted.connect((_, { id, args }) => window.executed.push({ id, args }));
        }"""
    )
    select(page, 0, 2)
    chosen = [str(rows(page).nth(at).get_attribute("data-run")) for at in (0, 2)]
    page.get_by_role("toolbar", name="Selected runs").get_by_role("button", name="Compare").click()
    page.wait_for_function("() => window.executed.some((one) => one.id === 'nbtrack:compare')")
    executed = page.evaluate("() => window.executed.find((one) => one.id === 'nbtrack:compare').args")
    assert executed["project"] == ""
    assert sorted(executed["runs"]) == sorted(chosen)


def test_a_hidden_list_asks_nothing_and_knows_all_when_it_is_shown_again(lab: Lab, page: Page) -> None:
    notebook = shown(lab, page, lab.notebook("hidden", [LOAD, "%%track unseen\nx = 1"]))
    page.get_by_text("No runs of this notebook yet").wait_for()
    notebook.command("application:toggle-left-area")
    page.locator(".nbt-side").wait_for(state="hidden")
    asked: list[str] = []

    def note(request: Request) -> None:
        if (
            "tables.browse" in request.url and "limit%22%3A50" in request.url
        ):  # those of the list: the status bar asks, too
            asked.append(request.url)

    page.on("request", note)
    quiet(page, asked, 2.0)  # what was under way
    asked.clear()
    notebook.run_all()
    page.wait_for_timeout(1500)
    assert not asked
    notebook.command("nbtrack:show-sidebar")
    wait_for_names(page, ["unseen"])


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_list_is_in_the_colours_of_the_theme_and_nothing_serious_is_wrong_with_it(
    lab: Lab, page: Page, theme: str
) -> None:
    shown(lab, page, lab.notebook(f"look-{theme}", []), theme)
    choose(page, "Project")
    rows(page).first.wait_for()
    assert not serious(page, ".nbt-side")
    brightness = page.locator(".nbt-side").evaluate(
        "(one) => getComputedStyle(one).backgroundColor.match(/\\d+/g).slice(0, 3).reduce((a, b) => a + Number(b), 0)"
    )
    assert (brightness > 384) == (theme == "light")
    select(page, 1, 3)
    rows(page).nth(3).locator(".nbt-side-when").click(button="right")
    page.get_by_role("menu").wait_for()
    assert not serious(page, ".nbt-side")


def test_the_list_is_reached_and_used_by_the_keyboard_alone(lab: Lab, page: Page) -> None:
    notebook = lab.open(page, lab.notebook("keys", tracked("by-keys")))
    notebook.run_all()
    page.keyboard.press("Alt+Shift+R")
    wait_for_names(page, ["by-keys"])
    expect(rows(page).filter(has_text="by-keys").locator(".nbt-side-when")).to_be_visible()
    page.locator(".nbt-side").get_by_role("combobox", name="Filter runs").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("F2")
    page.keyboard.type("renamed")  # at once: nothing may be lost
    page.keyboard.press("Enter")
    wait_for_names(page, ["renamed"])
    page.keyboard.press("Shift+F10")
    page.get_by_role("menu").get_by_role("menuitem", name="Rename").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    page.keyboard.type("worth a look")
    page.keyboard.press("Control+Enter")
    page.wait_for_function("() => document.querySelector('.nbt-side-row').title.includes('Note: worth a look')")
    page.keyboard.press("Delete")
    page.get_by_text("No runs of this notebook yet").wait_for()
    assert not serious(page, ".nbt-side")
