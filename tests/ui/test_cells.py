"""What stands next to cells in a real JupyterLab: their last runs, and what can be done with the code of then."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from .lab import Lab, Notebook
from .waits import quiet, still, until

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

LOAD = "%load_ext nbtrack\nimport nbtrack"
TRAIN = """%%track train
lr = 0.1
for step in range(10):
    nbtrack.log({"val_accuracy": 0.5 + lr / 10 + step / 1000}, step=step)
print("then", lr)"""
LONG = """%%track long
import itertools, time
for step in itertools.count():  # until it is interrupted
    nbtrack.log({"val_accuracy": step / 400}, step=step)
    time.sleep(0.1)"""
WAIT = 60_000


def source(page: Page, index: int) -> str:
    return str(
        page.evaluate(
            "(at) => window.jupyterapp.shell.currentWidget.content.widgets[at].model.sharedModel.getSource()", index
        )
    )


def put(page: Page, index: int, text: str) -> None:
    page.evaluate(
        """([at, text]) => window.jupyterapp.shell.currentWidget.content.widgets[at].model.sharedModel
            .setSource(text)""",
        [index, text],
    )


def activate(page: Page, index: int) -> None:
    page.evaluate("(at) => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = at; }", index)


def undo(page: Page, index: int) -> None:
    """As Ctrl+Z in the cell's editor does."""
    page.evaluate("(at) => window.jupyterapp.shell.currentWidget.content.widgets[at].editor.undo()", index)


def strip(notebook: Notebook, index: int) -> Locator:
    return notebook.cell(index).get_by_role("toolbar", name="Last runs of this cell")


def runs(notebook: Notebook, index: int) -> Locator:
    return strip(notebook, index).locator("button[data-run]")


def ended(run: Locator) -> None:
    """Wait for it: the last value of a run is seen before its end."""
    expect(run).to_have_attribute("aria-label", re.compile("finished"), timeout=WAIT)


def trained(lab: Lab, page: Page, name: str, theme: str = "light", rates: tuple[float, ...] = (0.1, 0.5)) -> Notebook:
    """A notebook whose second cell has a run for each rate, the last the latest."""
    notebook = lab.open(page, lab.notebook(name, [LOAD, TRAIN, "1 + 1"]), theme)
    notebook.start(0)
    for count, rate in enumerate(rates, 1):
        put(page, 1, TRAIN.replace("lr = 0.1", f"lr = {rate}"))
        notebook.start(1)
        strip(notebook, 1).get_by_role("button", name=re.compile(f"^{count} runs?$")).wait_for(timeout=WAIT)
        runs(notebook, 1).first.get_by_text("0.5").wait_for(timeout=WAIT)
        ended(runs(notebook, 1).first)
    return notebook


def test_a_tracked_cell_has_its_runs_below_it_and_others_have_nothing(lab: Lab, page: Page) -> None:
    notebook = lab.open(page, lab.notebook("appears", [LOAD, TRAIN, "1 + 1"]))
    strip(notebook, 1).get_by_text("no runs yet").wait_for(timeout=WAIT)
    height = strip(notebook, 1).evaluate("(one) => one.offsetHeight")
    notebook.run_all()
    runs(notebook, 1).first.get_by_text("0.519").wait_for(timeout=WAIT)
    ended(runs(notebook, 1).first)
    assert strip(notebook, 1).evaluate("(one) => one.offsetHeight") == height, "the line moved what is below it"
    expect(strip(notebook, 0)).to_have_count(0)
    expect(strip(notebook, 2)).to_have_count(0)
    saved = page.evaluate("() => JSON.stringify(window.jupyterapp.shell.currentWidget.model.toJSON())")
    assert "nbt-cell" not in saved


def test_the_line_moves_while_the_cell_runs(lab: Lab, page: Page) -> None:
    notebook = lab.open(page, lab.notebook("live", [LOAD, LONG]))
    notebook.start(0)
    notebook.start(1)
    latest = runs(notebook, 1).first
    latest.locator("svg path").wait_for(state="attached", timeout=WAIT)
    curve, text = latest.locator("svg path").get_attribute("d"), latest.inner_text()
    expect(latest).to_have_attribute("aria-label", re.compile("running"))
    until(page, lambda: latest.locator("svg path").get_attribute("d") != curve, "its curve does not move")
    until(page, lambda: latest.inner_text() != text, "its value does not move")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "tables.history" in request.url else None)
    page.evaluate("() => void window.jupyterapp.commands.execute('launcher:create')")
    latest.wait_for(state="hidden")
    quiet(page, asked, 2.0)  # nothing is asked while nobody sees the notebook
    page.get_by_role("tab", name="live.ipynb").click()
    expect(latest).to_have_attribute("aria-label", re.compile("running"))
    notebook.command("notebook:interrupt-kernel")
    expect(latest).to_have_attribute("aria-label", re.compile("interrupted"), timeout=WAIT)


def test_code_of_then_is_shown_restored_and_taken_back_by_one_undo(lab: Lab, page: Page) -> None:
    notebook = trained(lab, page, "restores")
    now = source(page, 1)
    runs(notebook, 1).nth(1).click()
    box = page.get_by_role("dialog", name="A run of this cell")
    box.get_by_text("then 0.1").wait_for()
    expect(box.get_by_role("row").filter(has_text="added")).to_contain_text("lr = 0.5")
    expect(box.get_by_role("row").filter(has_text="removed")).to_contain_text("lr = 0.1")
    box.get_by_role("button", name="Restore this code").click()
    page.wait_for_function(
        """() => window.jupyterapp.shell.currentWidget.content.widgets[1].model.sharedModel.getSource()
            .includes("lr = 0.1")"""
    )
    assert source(page, 1) == now.replace("lr = 0.5", "lr = 0.1")
    undo(page, 1)
    assert source(page, 1) == now


def test_the_keyboard_walks_through_the_runs_and_comes_back(lab: Lab, page: Page) -> None:
    notebook = trained(lab, page, "keys", rates=(0.1, 0.3, 0.5))
    runs(notebook, 1).first.focus()
    page.keyboard.press("ArrowRight")
    expect(runs(notebook, 1).nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    box = page.get_by_role("dialog", name="A run of this cell")
    box.get_by_text("2 of 3").wait_for()
    box.get_by_text("then 0.3").wait_for()
    page.wait_for_function("() => document.activeElement.closest('.nbt-then') !== null")
    page.keyboard.press("ArrowRight")
    box.get_by_text("3 of 3").wait_for()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    box.get_by_text("1 of 3").wait_for()
    page.keyboard.press("Escape")
    box.wait_for(state="detached")
    expect(runs(notebook, 1).first).to_be_focused()
    assert page.evaluate("() => window.jupyterapp.shell.currentWidget.content.widgets.length") == 3


def test_code_of_then_is_inserted_below(lab: Lab, page: Page) -> None:
    notebook = trained(lab, page, "inserts")
    runs(notebook, 1).nth(1).click()
    page.get_by_role("dialog", name="A run of this cell").get_by_role("button", name="Insert below").click()
    page.wait_for_function("() => window.jupyterapp.shell.currentWidget.content.widgets.length === 4")
    page.wait_for_function(
        """() => window.jupyterapp.shell.currentWidget.content.widgets[2].model.sharedModel.getSource()
            .includes("lr = 0.1")"""
    )
    assert "lr = 0.5" in source(page, 1)
    strip(notebook, 2).get_by_text("no runs yet").wait_for()


def test_a_cell_is_run_with_the_params_of_then_after_a_dialog(lab: Lab, page: Page) -> None:
    notebook = trained(lab, page, "params")
    now = source(page, 1)
    box = page.get_by_role("dialog", name="A run of this cell")
    runs(notebook, 1).nth(1).click()
    box.get_by_role("button", name="Run with these params").click()
    dialog = page.get_by_role("dialog").filter(has_text="Run with the params of")
    dialog.get_by_text("lr = 0.1").wait_for()
    assert dialog.get_by_label("Changed").inner_text().split() == ["Changed", "lr", "0.5", "→", "0.1"]
    page.wait_for_function("() => document.activeElement?.closest('.jp-Dialog')")
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    assert source(page, 1) == now, "nothing is done before it is agreed to"
    expect(runs(notebook, 1)).to_have_count(2)
    runs(notebook, 1).nth(1).click()
    box.get_by_role("button", name="Run with these params").click()
    dialog.get_by_role("button", name="Run", exact=True).click()
    strip(notebook, 1).get_by_role("button", name="3 runs", exact=True).wait_for(timeout=WAIT)
    notebook.cell(1).get_by_text("then 0.1").wait_for(timeout=WAIT)
    assert source(page, 1) == now.replace("lr = 0.5", "lr = 0.1")
    undo(page, 1)
    assert source(page, 1) == now


def test_the_button_writes_and_removes_the_line_and_loads_the_magic(lab: Lab, page: Page) -> None:
    notebook = lab.open(page, lab.notebook("toggles", ["%%time\nx = 1", "y = 2"]))
    activate(page, 0)
    button = notebook.cell(0).locator("[data-jp-item-name='nbtrack-track']").first
    button.wait_for(timeout=WAIT)
    notebook.command("nbtrack:toggle-tracked")
    assert source(page, 0) == "%%track\n%%time\nx = 1"
    strip(notebook, 0).get_by_text("no runs yet").wait_for()
    notebook.start(0)
    strip(notebook, 0).get_by_role("button", name="1 run", exact=True).wait_for(timeout=WAIT)
    assert "UsageError" not in notebook.cell(0).inner_text()
    put(page, 0, "%%track --tag a=b\n%%time\nx = 1")
    notebook.command("nbtrack:toggle-tracked")
    assert source(page, 0) == "%%time\nx = 1"
    undo(page, 0)
    assert source(page, 0) == "%%track --tag a=b\n%%time\nx = 1"
    notebook.command("nbtrack:toggle-tracked")
    notebook.command("nbtrack:toggle-tracked")
    assert source(page, 0) == "%%track --tag a=b\n%%time\nx = 1", "its options come back"


def test_all_selected_cells_are_toggled_together(lab: Lab, page: Page) -> None:
    notebook = lab.open(page, lab.notebook("selects", ["a = 1", "%%track b\nb = 1", "c = 1"]))
    notebook.command("notebook:select-all")
    notebook.command("nbtrack:toggle-tracked")
    assert [source(page, at) for at in range(3)] == ["%%track\na = 1", "%%track b\nb = 1", "%%track\nc = 1"]
    notebook.command("nbtrack:toggle-tracked")
    assert [source(page, at) for at in range(3)] == ["a = 1", "b = 1", "c = 1"]


def of_train(page: Page, count: int) -> Locator:
    """The count at the end of the line of the cell that trains, wherever it stands."""
    cell = page.locator(".jp-Notebook .jp-Cell").filter(has_text="%%track train")
    return cell.get_by_role("toolbar", name="Last runs of this cell").get_by_role(
        "button", name=f"{count} run{'s' if count > 1 else ''}", exact=True
    )


def test_the_line_goes_with_its_cell_and_with_its_notebook(lab: Lab, page: Page) -> None:
    notebook = trained(lab, page, "moves")
    activate(page, 1)
    notebook.command("notebook:move-cell-down")
    strip(notebook, 2).wait_for()
    of_train(page, 2).wait_for()
    expect(strip(notebook, 1)).to_have_count(0)
    page.wait_for_timeout(700)  # else one undo takes the move back with what comes next
    notebook.command("notebook:cut-cell")
    of_train(page, 2).wait_for(state="detached")
    notebook.command("notebook:undo-cell-action")
    of_train(page, 2).wait_for()
    activate(page, 2)
    notebook.command("notebook:cut-cell")
    notebook.command("notebook:paste-cell-above")
    of_train(page, 2).wait_for()
    notebook.command("notebook:hide-cell-code")
    expect(page.get_by_role("button", name="2 runs", exact=True)).to_be_visible()
    notebook.command("notebook:show-cell-code")
    notebook.command("docmanager:save")
    page.evaluate("() => window.jupyterapp.serviceManager.contents.rename('moves.ipynb', 'moved.ipynb')")
    page.wait_for_function("() => window.jupyterapp.shell.currentWidget.context.path === 'moved.ipynb'")
    of_train(page, 2).wait_for()
    places = "() => window.jupyterapp.shell.currentWidget.content.widgets.map(({ model }) => model.sharedModel.source)"
    notebook.start([text.startswith("%%track train") for text in page.evaluate(places)].index(True))
    of_train(page, 3).wait_for(timeout=WAIT)


@pytest.mark.parametrize("windowing", ["full", "defer", "contentVisibility"])
def test_a_notebook_of_200_cells_keeps_its_lines_while_it_is_scrolled(lab: Lab, page: Page, windowing: str) -> None:
    cells = [LOAD, TRAIN, *(f"%%track\nx{at} = {at}" if at % 2 else f"y = {at}\n" * 6 for at in range(200))]
    notebook = lab.open(page, lab.notebook(f"tall-{windowing}", cells))
    page.evaluate(
        """(windowingMode) => {
            const book = window.jupyterapp.shell.currentWidget.content;
            book.notebookConfig = { ...book.notebookConfig, windowingMode };
        }""",
        windowing,
    )
    notebook.start(0)
    notebook.start(1)
    of_train(page, 1).wait_for(timeout=WAIT)
    last = len(cells) - 1
    for target in (last, 0, 100, last, 0):
        page.evaluate(
            """(at) => {
                const book = window.jupyterapp.shell.currentWidget.content;
                book.activeCellIndex = at;
                return book.scrollToItem(at, "center");
            }""",
            target,
        )
        page.wait_for_timeout(300)
    of_train(page, 1).wait_for()
    page.wait_for_function(
        """() => {
            const seen = window.jupyterapp.shell.currentWidget.content.widgets.filter(
                ({ node }) => node.isConnected && node.querySelector(".jp-Cell-inputWrapper"));
            return seen.length > 5 && seen.every(({ node, model }) => {
                const tracked = model.sharedModel.getSource().startsWith("%%track");
                const wanted = ["jp-Cell-inputWrapper", "nbt-cell-place", "jp-Cell-outputWrapper"];
                const parts = [...node.children].flatMap(({ classList }) =>
                    wanted.filter((name) => classList.contains(name)));
                return parts.join() === wanted.filter((name) => tracked || name !== "nbt-cell-place").join();
            });
        }"""
    )


def test_names_and_outputs_of_runs_stay_text(lab: Lab, page: Page) -> None:
    bad = "<img src=x onerror=window.owned=1>"
    cell = f"""%%track
from IPython.display import HTML, display
from nbtrack import log, log_param
log({{"<b>acc</b>": 1.0}})
log_param("{bad}", "{bad}")
print("{bad}")
display(HTML("<script>parent.owned = 1; window.owned = 1</script>{bad}<p>marked</p>"))"""
    name = lab.notebook("hostile", [LOAD, cell.replace("%%track", f"%%track '{bad}'")])
    notebook = lab.open(page, name)
    notebook.run_all()
    runs(notebook, 1).first.wait_for(timeout=WAIT)
    ended(runs(notebook, 1).first)
    # The notebook itself may run what its own kernel displays, and its picture fails when it likes: into a new page.
    notebook.command("notebook:clear-all-cell-outputs")
    notebook.command("docmanager:save")
    notebook = lab.open(page, name)
    runs(notebook, 1).first.wait_for(timeout=WAIT)
    assert page.evaluate("() => window.owned ?? null") is None
    runs(notebook, 1).first.click()
    box = page.get_by_role("dialog", name="A run of this cell")
    box.get_by_text(bad).first.wait_for()
    frame = box.locator("iframe")
    frame.wait_for()
    assert frame.get_attribute("sandbox") == ""
    page.wait_for_timeout(500)
    assert box.locator("img[src='x']").count() == 0
    assert page.evaluate("() => window.owned ?? null") is None


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_line_can_be_read_in_both_themes(lab: Lab, page: Page, theme: str) -> None:
    notebook = trained(lab, page, f"theme-{theme}", theme)
    activate(page, 1)
    runs(notebook, 1).nth(1).locator(".nbt-cell-value").wait_for()
    still(page)  # it fades in
    contrast = (
        runs(notebook, 1)
        .nth(1)
        .locator(".nbt-cell-value")
        .evaluate(
            """(one) => {
            const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
            const rgb = (colour) => {
                canvas.fillStyle = colour;
                canvas.fillRect(0, 0, 1, 1);
                return [...canvas.getImageData(0, 0, 1, 1).data];
            };
            const light = ([r, g, b]) => [r, g, b].reduce((sum, part, at) => {
                const x = part / 255;
                return sum + [0.2126, 0.7152, 0.0722][at] * (x <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
            }, 0);
            const ink = light(rgb(getComputedStyle(one).color));
            const ground = light(rgb(getComputedStyle(document.querySelector(".jp-Notebook")).backgroundColor));
            return (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
        }"""
        )
    )
    assert contrast >= 4.5


def test_the_lines_go_when_the_user_does_not_want_them(lab: Lab, page: Page) -> None:
    trained(lab, page, "off")
    set_it = """async (on) => {
        const plugin = await window.jupyterapp.serviceManager.settings.fetch("nbtrack:plugin");
        await window.jupyterapp.serviceManager.settings.save("nbtrack:plugin", JSON.stringify({ cellHistory: on }));
        return plugin.id;
    }"""
    assert page.evaluate(set_it, False) == "nbtrack:plugin"
    try:
        page.reload(wait_until="domcontentloaded")
        page.get_by_text("1 + 1", exact=False).first.wait_for(timeout=60_000)
        page.wait_for_timeout(1500)
        assert page.get_by_role("toolbar", name="Last runs of this cell").count() == 0
    finally:
        page.evaluate(set_it, True)


def test_the_commands_find_the_cell_of_a_run_in_a_notebook_that_is_not_open(lab: Lab, page: Page) -> None:
    notebook = trained(lab, page, "elsewhere")
    run = runs(notebook, 1).nth(1).get_attribute("data-run")
    notebook.command("docmanager:save")
    other = lab.open(page, lab.notebook("other", ["pass"]))
    other.command("nbtrack:restore-code", {"project": "", "run": run})
    page.wait_for_function("() => window.jupyterapp.shell.currentWidget?.context?.path === 'elsewhere.ipynb'")
    page.wait_for_function(
        """() => window.jupyterapp.shell.currentWidget.content.widgets[1].model.sharedModel.getSource()
            .includes("lr = 0.1")"""
    )
    other.command("nbtrack:restore-code", {"project": "", "run": run})  # it has it already: said, nothing else


def test_a_read_only_cell_is_left_as_it_is(lab: Lab, page: Page) -> None:
    notebook = trained(lab, page, "locked")
    now = source(page, 1)
    run = runs(notebook, 1).nth(1).get_attribute("data-run")
    page.evaluate(
        """() => window.jupyterapp.shell.currentWidget.content.widgets[1].model.setMetadata("editable", false)"""
    )
    notebook.command("nbtrack:restore-code", {"project": "", "run": run})
    assert source(page, 1) == now
    runs(notebook, 1).nth(1).click()
    button = page.get_by_role("button", name="Restore this code")
    expect(button).to_have_attribute("aria-disabled", "true")
    expect(button).to_have_attribute("title", re.compile("read-only"))


def test_the_button_of_the_notebook_puts_the_panel_below_the_active_cell(lab: Lab, page: Page) -> None:
    notebook = lab.open(page, lab.notebook("panel", ["x = 1", "y = 1"]))
    activate(page, 0)
    page.get_by_role("button", name=re.compile("^Runs|^Show the runs below")).first.click()
    notebook.panel.wait_for(timeout=60_000)  # which is made by running it
    assert source(page, 1) == "%track panel"
