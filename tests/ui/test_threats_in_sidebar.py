"""A project from elsewhere with script in every text of every run, shown by JupyterLab's sidebar: none of it runs.

The payloads that were really shown, whole and as text, are counted by payload and place. The last tests take the
defence out, on the same page, and are seen.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pytest

from nbtrack.base.config import Project
from nbtrack.runs import current
from nbtrack.runs.projects import database_of

from .conftest import PATIENCE
from .hostile import ALL, fill, plain
from .lab import Notebook, running_lab
from .payloads import PAYLOADS, Watch, marked

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from nbtrack.runs.active import ActiveRun

CELLS = [f"cell-{at}" for at in ALL]
NOTEBOOK = "elsewhere.ipynb"
LIVE = 6  # runs that go on
VIEWS = ".nbt-panel, .nbt-ground, .nbt-statusbar"
ENDS = ("html", "svg", "md", "csv", "json", "txt")
MIMES = ("text/plain", "text/html", "text/markdown", "text/latex", "image/svg+xml", "application/json")
NEVER = ("apputils:change-theme", "filebrowser:create-new-file")  # the commands that payloads name


def of_cells(project: Project) -> None:
    """A run of a cell of the notebook for each payload: with it in names, code, outputs of every kind and a file."""
    for at in ALL:
        about = {"notebook": NOTEBOOK, "cell": CELLS[at], "source": f"%%track\n# {marked(at, 'cell')}\nx = 1"}
        run = current.begin(project, name=f"{at}", kind="cell", execution=at, **about)
        for step in range(3):
            run.log({plain(at, "measured"): float(step)}, step=step)
        run.set_params({plain(at, "given"): plain(at, "taken")})
        inner = [plain(at, "listed"), {plain(at, "deep"): plain(at, "deeper")}]
        run.set_params({"nested": {plain(at, "inner"): inner}})
        run.set_tags({plain(at, "sign"): plain(at, "signed")})
        for mime in MIMES:
            text = plain(at, "output")
            run.add_output("display", mime, json.dumps(text) if mime.endswith("json") else text, plain=text)
        run.add_output("stdout", "text/plain", plain(at, "said"))
        safe = "".join(sign if sign.isprintable() and sign not in "/\\:" else "_" for sign in PAYLOADS[at])
        run.add_bytes(f"{safe[:80]}.{ENDS[at % len(ENDS)]}", plain(at, "held").encode())
        run.end("failed", "it failed")
    run.flush()
    escaped = "\u001b]8;;javascript:window.pwned=1\u0007link\u001b]8;;\u0007\u001b[31m"
    with database_of(project).write() as conn:  # what no function of ours would store
        for at in ALL:
            name, reason = (f"{escaped}{marked(at, place)}" for place in ("called", "why"))
            conn.execute("UPDATE runs SET name = ?, end_reason = ? WHERE cell = ?", (name, reason, CELLS[at]))


def notebook(folder: Path) -> None:
    """The notebook of those cells."""
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("%%track\nx = 2", id=cell) for cell in CELLS])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(book, folder / NOTEBOOK)


@dataclass
class Shown:
    """The page: JupyterLab with the notebook, and what was shown in it until now."""

    page: Page
    watch: Watch
    live: list[ActiveRun]  # the runs that go on

    def command(self, name: str, given: object) -> None:
        Notebook(self.page).command(name, given)

    def sound(self, roots: str) -> None:
        """Nothing ran, and nothing that could run, or clobber a name, became an element of ours; what is shown counts.

        roots: where to read what is shown.
        """
        assert self.watch.look_at_all(roots) == []
        assert self.watch.elements(VIEWS) == ""
        commands = self.page.evaluate("() => window.commandsRun")
        assert not set(commands) & set(NEVER), commands

    def count(self) -> tuple[int, dict[str, int]]:
        """How many payloads were shown in how many places since the last time, and how many in each place."""
        shown, self.watch.shown = self.watch.shown, set()
        return len(shown), {place: sum(one == place for one, _ in shown) for place, _ in sorted(shown)}


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Shown]:
    """JupyterLab on that project, which is itself called like a payload; all tests share the page."""
    folder = tmp_path_factory.mktemp("elsewhere") / PAYLOADS[0]
    folder.mkdir()
    project = Project(folder)
    fill(project)
    of_cells(project)
    notebook(folder)
    live = [current.begin(project, name=plain(at, "live"), enter=False) for at in range(LIVE)]
    with running_lab(folder, tmp_path_factory.mktemp("home")) as lab:
        context = browser.new_context(viewport={"width": 1600, "height": 1400})
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        found = Shown(page, Watch(page), live)
        lab.open(page, NOTEBOOK)
        found.watch.begin()
        page.evaluate(
            """() => {
                window.commandsRun = [];
                window.jupyterapp.commands.commandExecuted.connect((_, { id }) => window.commandsRun.push(id));
            }"""
        )
        yield found
        context.close()
    for run in live:
        run.end()


def test_no_script_runs_in_the_sidebar_or_the_status_bar(shown: Shown) -> None:
    page, side, here = shown.page, shown.page.locator(".nbt-side"), ".nbt-side, .nbt-statusbar"
    shown.command("nbtrack:show-sidebar", {})
    side.get_by_role("button", name="Project").click()
    side.get_by_role("button", name="Show 3 more").click()
    assert side.locator("h2").inner_text() == PAYLOADS[0]
    shown.sound(here)
    for run in shown.live:
        run.end()
    side.locator(".nbt-side-running").wait_for(state="detached")
    grid = side.locator(".nbt-side-list")
    for first in range(1, 2 * len(PAYLOADS) + LIVE, 24):
        grid.evaluate("(grid, at) => { grid.scrollTop = at * 46; }", first - 1)
        row = side.locator(f".nbt-side-row[aria-rowindex='{first}']")
        row.wait_for()
        shown.sound(here)
        row.click(button="right")
        side.locator("[role=menu]").wait_for()  # with the run's own name in it
        shown.sound(here)
        page.keyboard.press("Escape")
        side.locator("[role=menu]").wait_for(state="detached")
    row.locator(".nbt-side-when").click()
    for key in ("F2", "n", "t"):  # its name, note and tags, to be edited
        grid.press(key)
        page.locator(".nbt-side input:focus, .nbt-side textarea:focus").wait_for()
        shown.sound(here)
        page.keyboard.press("Escape")
    side.get_by_role("button", name="Order and filters").click()
    side.locator("[role=menu]").get_by_text("§").first.wait_for()  # the metrics
    shown.sound(here)
    page.keyboard.press("Escape")
    box = side.get_by_role("combobox", name="Filter runs")
    for at in range(0, len(PAYLOADS), 9):
        box.fill(plain(at, "sought"))
        box.press("Enter")
        side.locator("[role=alert]").or_(side.locator("output").filter(has_text=" of ")).first.wait_for()
        shown.sound(here)
    box.fill("")
    many, places = shown.count()
    assert many >= 400, (many, places)


# -- canaries: they end the page


def test_a_command_that_a_payload_names_would_be_seen(shown: Shown) -> None:
    shown.command(NEVER[0], {"theme": "JupyterLab Light"})
    with pytest.raises(AssertionError, match=NEVER[0]):
        shown.sound(".nbt-side")
    shown.page.evaluate("() => { window.commandsRun = []; }")


def test_a_payload_that_came_into_the_sidebar_as_html_would_be_seen(shown: Shown) -> None:
    shown.command("nbtrack:show-sidebar", {})
    shown.page.locator(".nbt-side").wait_for()
    put = """(text) => document.querySelector(".nbt-side").append(
        Object.assign(document.createElement("div"), { innerHTML: text }))"""
    shown.page.evaluate(put, PAYLOADS[0].replace("window.pwned", "window.other"))
    with pytest.raises(AssertionError, match="onerror"):  # as an element, whether it ran or not
        shown.sound(".nbt-side")
    assert shown.watch.look(".nbt-side") == []
    shown.watch.sees_without_a_defence(".nbt-side")
