"""A panel in a notebook that is opened again: with a kernel or without, trusted or not, moved, or made to do harm."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from nbformat.sign import NotebookNotary
from playwright.sync_api import expect

import nbtrack
from nbtrack.base.config import Project

from .demo import fill
from .lab import TOKEN, Lab, Notebook, darken, running_lab
from .waits import quiet, until

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

MIME = "application/vnd.nbtrack.panel.v1+json"
WIDGET = "application/vnd.jupyter.widget-view+json"
LOST = "Error displaying widget"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Iterator[Lab]:
    """A JupyterLab as a hub has it, with a project of 18 runs in a folder of its own."""
    folder = tmp_path_factory.mktemp("work")
    (folder / "churn").mkdir()
    fill(Project(folder / "churn"), steps=40)
    with running_lab(folder, home, base_url="/user/ada/") as found:
        yield found


def bundle(lab: Lab, **spec: Any) -> dict[str, Any]:
    """What a notebook keeps of a panel whose kernel is gone."""
    panel = nbtrack.panel(project=lab.folder / "churn")
    kept = {key: value for key, value in panel.spec.items() if key not in ("version", "root")}
    return {
        MIME: {**kept, "project": ".", **spec},
        WIDGET: {"version_major": 2, "version_minor": 0, "model_id": "0" * 32},
        "text/html": panel._repr_html_(),
        "text/plain": "A panel.",
    }


def saved(lab: Lab, path: str, *bundles: dict[str, Any], trust: Path | None = None) -> Path:
    """A notebook with those outputs, for a language that nobody here speaks; signed by the key of a home, if given."""
    book = nbformat.v4.new_notebook()
    for data in bundles:
        output = nbformat.v4.new_output("execute_result", data=data, execution_count=1)
        book.cells.append(nbformat.v4.new_code_cell("%track panel", outputs=[output], execution_count=1))
    book.metadata["kernelspec"] = {"name": "not-here", "display_name": "Not here", "language": "martian"}
    place = lab.folder / path
    place.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(book, place)
    if trust is not None:
        NotebookNotary(data_dir=str(trust / "jupyter_data_dir")).sign(nbformat.read(place, 4))
    return place


def reopened(lab: Lab, page: Page, path: str, theme: str = "light") -> Notebook:
    """The notebook, without a kernel."""
    page.goto(f"{lab.address}/lab/tree/{path}?token={TOKEN}&reset", wait_until="domcontentloaded")
    page.wait_for_function("() => !!window.jupyterapp", timeout=60_000)
    page.evaluate("() => window.jupyterapp.started")
    if theme == "dark":
        darken(page)
    page.get_by_role("dialog").get_by_role("button", name="No Kernel", exact=True).click(timeout=60_000)
    return Notebook(page)


def note(page: Page) -> Locator:
    return page.locator(".nbt-note")


@pytest.mark.parametrize("trusted", [True, False])
def test_a_reopened_notebook_shows_its_panel_without_a_kernel(lab: Lab, home: Path, page: Page, trusted: bool) -> None:
    path = saved(lab, f"churn/kept-{trusted}.ipynb", bundle(lab, filter=f"params.depth > {int(trusted)}"), trust=home)
    if not trusted:
        path.write_text(path.read_text(encoding="utf-8").replace("A panel.", "A panel of others."), encoding="utf-8")
    notebook = reopened(lab, page, f"churn/{path.name}")
    notebook.panel.get_by_role("gridcell").first.wait_for()
    notebook.panel.get_by_role("figure").first.wait_for()
    model = "() => window.jupyterapp.shell.currentWidget.content.widgets[0].model.trusted"
    assert page.evaluate(model) is trusted
    notebook.panel.get_by_role("combobox", name="Filter runs").fill("params.depth = 8")  # and it answers
    notebook.panel.get_by_role("status").filter(has_text=re.compile(r"^\d of \d+")).first.wait_for()
    assert LOST not in page.inner_text("body")
    expect(note(page)).to_have_count(0)


def test_what_the_notebook_holds_stays_as_it_was(lab: Lab, page: Page) -> None:
    path = saved(lab, "churn/same.ipynb", bundle(lab, height=420, columns=["params.lr"]))
    before = json.loads(path.read_text(encoding="utf-8"))["cells"][0]["outputs"]
    notebook = reopened(lab, page, "churn/same.ipynb")
    notebook.panel.get_by_role("gridcell").first.wait_for()
    tall = "(one) => Math.abs(one.offsetHeight - 420) <= 2"
    until(page, lambda: notebook.panel.evaluate(tall), "the panel is not as high as it was")
    page.evaluate("() => window.jupyterapp.shell.currentWidget.model.setMetadata('touched', true)")
    notebook.command("docmanager:save")
    after = json.loads(path.read_text(encoding="utf-8"))
    assert after["metadata"]["touched"] is True
    assert after["cells"][0]["outputs"] == before


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_notebook_that_was_moved_says_so_above_its_picture(lab: Lab, page: Page, theme: str) -> None:
    saved(lab, f"moved-{theme}/away.ipynb", bundle(lab))
    reopened(lab, page, f"moved-{theme}/away.ipynb", theme)
    expect(note(page)).to_contain_text(f"There are no runs in 'moved-{theme}'")
    expect(note(page)).to_contain_text("moved or renamed")
    picture = page.frame_locator(".nbt-saved")
    picture.get_by_text("finished").first.wait_for()
    expect(picture.locator("svg[role=img]").first).to_be_visible()

    def bright() -> bool:
        ink = picture.locator("td").first.evaluate("(one) => getComputedStyle(one).color.match(/\\d+/g).map(Number)")
        return sum(ink[:3]) > 384

    def whole() -> bool:
        own, inside = page.locator(".nbt-saved").evaluate(
            "(one) => [one.offsetHeight, one.contentDocument.documentElement.offsetHeight]"
        )
        return bool(own >= min(inside, 1200))

    until(page, lambda: bright() == (theme == "dark"), "its colours are not those of the theme")
    until(page, whole, "its frame is lower than what it shows")
    assert LOST not in page.inner_text("body")


def test_a_renamed_project_is_said_and_comes_back_with_its_name(lab: Lab, page: Page) -> None:
    saved(lab, "churn/notes/deep.ipynb", bundle(lab, project=".."))
    (lab.folder / "churn").rename(lab.folder / "renamed")
    try:
        (lab.folder / "churn" / "notes").mkdir(parents=True)
        (lab.folder / "renamed/notes/deep.ipynb").rename(lab.folder / "churn/notes/deep.ipynb")
        reopened(lab, page, "churn/notes/deep.ipynb")
        expect(note(page)).to_contain_text("There are no runs in 'churn'")
        kept = lab.folder / "churn/notes/.ipynb_checkpoints"
        until(page, lambda: kept.is_dir() and [*kept.iterdir()], "JupyterLab made no checkpoint of the notebook")
    finally:
        shutil.rmtree(lab.folder / "churn")  # with that checkpoint, which it would else make meanwhile
        (lab.folder / "renamed").rename(lab.folder / "churn")
    note(page).get_by_role("button", name="Try again").click()
    page.locator(".nbt-panel").get_by_role("gridcell").first.wait_for()
    expect(note(page)).to_have_count(0)


def test_a_run_that_is_gone_and_a_project_elsewhere_are_said(lab: Lab, page: Page) -> None:
    outside = bundle(lab, project="../..")
    saved(lab, "churn/gone.ipynb", bundle(lab, open="feedfeedfeed"), bundle(lab, project=""), outside)
    reopened(lab, page, "churn/gone.ipynb")
    expect(note(page)).to_have_count(3)
    expect(note(page).nth(0)).to_contain_text("The run feedfeedfeed is not among those")
    expect(note(page).nth(1)).to_contain_text("does not say where the runs are")
    expect(note(page).nth(2)).to_contain_text("outside of the folder that the server shows")


def test_a_bundle_that_makes_no_sense_or_means_harm_runs_nothing(lab: Lab, page: Page) -> None:
    script = "<script>window.owned = 1</script><img src=x onerror='window.owned = 1'>"
    hostile = [
        bundle(lab, filter={"a": 1}, sort="x", columns=[[1]], charts={}, also=7, height="high", open=[script]),
        {**bundle(lab, project="../../../etc"), "text/html": script + "<iframe srcdoc='<script>top.owned=1</script>'>"},
        {**bundle(lab), MIME: [1, 2], "text/html": f"<svg onload='window.owned = 1'>{script}</svg>"},
        {**bundle(lab), MIME: {"v": 99, "project": script}},
        bundle(lab, project=script, open=script),
    ]
    saved(lab, "churn/hostile.ipynb", *hostile)
    notebook = reopened(lab, page, "churn/hostile.ipynb")
    notebook.panel.get_by_role("gridcell").first.wait_for()
    expect(note(page)).to_have_count(4)
    page.locator(".nbt-saved").last.scroll_into_view_if_needed()
    page.wait_for_timeout(1000)
    assert page.evaluate("() => window.owned") is None


def test_ten_panels_share_one_socket_and_wait_until_they_are_seen(lab: Lab, page: Page) -> None:
    sockets: list[str] = []
    page.on("websocket", lambda socket: sockets.append(socket.url))
    saved(lab, "churn/ten.ipynb", *(bundle(lab, height=400) for _ in range(10)))
    notebook = reopened(lab, page, "churn/ten.ipynb")
    notebook.panel.get_by_role("gridcell").first.wait_for()
    ours = until(page, lambda: [url for url in sockets if "/nbtrack/changes" in url], "no socket was opened")
    quiet(page, sockets, 1.0)
    assert len(ours) == len([url for url in sockets if "/nbtrack/changes" in url]) == 1
    assert page.locator(".nbt-panel").count() < 6


def test_the_live_widget_stands_in_where_the_server_knows_no_runs(lab: Lab, page: Page) -> None:
    page.route("**/nbtrack/projects*", lambda route: route.fulfill(status=404, body="no such route"))
    name = lab.notebook("churn/live", ["%load_ext nbtrack", "%track panel"])
    notebook = lab.open(page, f"churn/{name}")
    notebook.run_all()
    notebook.panel.get_by_role("gridcell").first.wait_for()
    expect(note(page)).to_have_count(0)
    expect(page.locator(".nbt-output .nbt-panel")).to_have_count(1)
    notebook.run_all()  # the same output again: the one before is taken away
    page.wait_for_timeout(1500)
    notebook.panel.get_by_role("gridcell").first.wait_for()
    expect(page.locator(".nbt-panel")).to_have_count(1)
    page.evaluate("() => window.jupyterapp.serviceManager.sessions.shutdownAll()")
