"""The small things in a real JupyterLab: status bar, notifications, completion, kernels, settings."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from . import lab as labs
from .lab import TOKEN, Lab, Notebook, running_lab
from .waits import quiet, until

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

LOAD = "%load_ext nbtrack"
PID = "import os\nprint('pid', os.getpid())"
LONG = """%%track {name}
import time, nbtrack
nbtrack.log_params({{"n_steps": 600}})
for step in range(600):
    nbtrack.log({{"accuracy": step / 600}}, step=step)
    time.sleep(0.1)
time.sleep(600)  # until its kernel ends
"""
SHORT = "%%track {name}\nimport time, nbtrack\nnbtrack.log({{'accuracy': 0.93}})\ntime.sleep({seconds})"
NONSENSE = {
    "columns": "params.lr",
    "directions": ["loss"],
    "loadMagics": "yes",
    "cellHistory": 3,
    "notify": {},
    "notifyAfter": "soon",
}
# A kernel in whose environment nbtrack is not installed, as far as an import can tell.
BARE = "import sys; sys.modules['nbtrack'] = None; from ipykernel.kernelapp import launch_new_instance as go; go()"

Set = Callable[..., None]


@pytest.fixture
def settings(lab: Lab) -> Iterator[Set]:
    """Writes the user's settings, for pages that are opened afterwards."""

    def write(**values: object) -> None:
        request = urllib.request.Request(
            f"{lab.address}/lab/api/settings/nbtrack:plugin?token={TOKEN}",
            data=json.dumps({"raw": json.dumps(values)}).encode(),
            method="PUT",
            headers={"Content-Type": "application/json"},
        )
        urllib.request.urlopen(request, timeout=20).close()

    yield write
    write()


def item(page: Page) -> Locator:
    return page.get_by_role("button", name=re.compile("running|ago|just now")).and_(page.locator(".nbt-statusbar"))


def pid_of(notebook: Notebook, cell: int) -> int:
    notebook.start(cell)
    output = notebook.cell(cell).get_by_text(re.compile(r"pid \d+"))
    output.wait_for(timeout=60_000)
    return int(output.inner_text().split()[1])


def replaced(notebook: Notebook) -> None:
    """Wait until a killed kernel has a new one in its place.

    While Jupyter's server starts that one, it answers DELETE /api/sessions/… with status 500: its own restart and the
    shutdown are at the same kernel. `sessionContext.shutdown()`, which asks for it, is then rejected: "Unhandled
    error".
    """
    dialog = notebook.page.locator(".jp-Dialog").filter(has_text="Kernel Restarting")
    dialog.get_by_role("button").last.click(timeout=60_000)  # JupyterLab says that the server has begun
    notebook.page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'", timeout=60_000
    )


def end(notebook: Notebook) -> None:
    """Leave no cell running behind."""
    notebook.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")


def told(page: Page) -> Locator:
    """The notifications of JupyterLab about runs, in their list, which follows what comes."""
    page.evaluate("() => window.jupyterapp.commands.execute('apputils:display-notifications')")
    page.locator(".jp-Notification-Header").wait_for()
    return page.locator(".jp-Notification-List-Item .jp-toast-message")


def offered(page: Page, notebook: Notebook, cell: int, *wanted: str) -> list[str]:
    """What Tab offers at the end of a cell, once these are among it: JupyterLab waits a second for each who offers."""
    notebook.cell(cell).locator(".cm-content").click()
    page.keyboard.press("Control+End")
    notebook.cell(cell).locator(".jp-mod-completer-enabled").wait_for()  # JupyterLab asks nobody before: Tab indents
    words: list[str] = []

    def come() -> bool:
        page.keyboard.press("Tab")
        page.locator(".jp-Completer-item").first.wait_for(timeout=5000)
        words[:] = page.locator(".jp-Completer-item .jp-Completer-match").all_inner_texts()
        if set(wanted) <= set(words):
            return True
        page.keyboard.press("Escape")
        page.locator(".jp-Completer-item").first.wait_for(state="hidden")
        return False

    until(page, come, f"Tab does not offer {wanted}")
    return words


# -- the status bar, and kernels that die


def test_a_run_is_counted_while_it_goes_on_and_a_killed_kernel_is_said(lab: Lab, page: Page) -> None:
    notebook = lab.open(page, lab.notebook("killed", [LOAD, PID, LONG.format(name="killed")]))
    notebook.start(0)
    pid = pid_of(notebook, 1)
    notebook.start(2)
    expect(item(page)).to_contain_text("1 running", timeout=60_000)
    expect(item(page)).to_have_attribute("title", re.compile(r"^killed · step \d+ of 600 · accuracy "), timeout=60_000)
    os.kill(pid, signal.SIGKILL)
    expect(item(page)).to_contain_text("crashed", timeout=60_000)
    expect(item(page)).to_contain_text("killed")
    replaced(notebook)
    end(notebook)


def test_a_restarted_kernel_leaves_no_run_running(lab: Lab, page: Page) -> None:
    notebook = lab.open(page, lab.notebook("restarted", [LOAD, LONG.format(name="restarted")]))
    notebook.start(0)
    notebook.start(1)
    expect(item(page)).to_contain_text("1 running", timeout=60_000)
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.restartKernel()")
    expect(item(page)).to_contain_text(re.compile("(crashed|interrupted)\\W*restarted"), timeout=60_000)
    end(notebook)


def test_the_last_result_stands_there_after_a_reload_and_a_click_shows_the_runs(lab: Lab, page: Page) -> None:
    name = lab.notebook("result", [LOAD, SHORT.format(name="churn-42", seconds=0)])
    lab.open(page, name).run_all()
    lab.open(page, name)
    expect(item(page)).to_have_text(re.compile(r"✓\s*churn-42\s*· accuracy 0.93\s*· "), timeout=60_000)
    item(page).click()
    page.locator(".lm-SplitPanel .nbt-ground").get_by_text("churn-42").first.wait_for(timeout=60_000)


def test_a_project_without_runs_says_nothing(page: Page, tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    (folder / ".nbtrack").mkdir(parents=True)
    with running_lab(folder, tmp_path / "home") as own:
        own.open(page, own.notebook("empty", ["1"]))
        page.wait_for_function("() => document.querySelector('#nbtrack\\\\:status, .jp-StatusBar-Left')")
        page.wait_for_timeout(3000)
        assert not page.locator(".nbt-statusbar").is_visible()


# -- notifications


@pytest.mark.parametrize("ending", ["finished", "failed"])
def test_a_run_that_took_long_enough_is_told_and_opened_from_there(
    lab: Lab, page: Page, settings: Set, ending: str
) -> None:
    settings(notify=True, notifyAfter=15)  # which "quick" does not take on a busy machine either
    bad = "\nraise ValueError" if ending == "failed" else ""
    cells = [LOAD, SHORT.format(name="quick", seconds=0), SHORT.format(name=f"slow-{ending}", seconds=16) + bad]
    notebook = lab.open(page, lab.notebook(f"told-{ending}", cells))
    for index in range(3):
        notebook.start(index)
    expect(item(page)).to_contain_text(f"slow-{ending}", timeout=60_000)
    messages = told(page)
    expect(messages).to_have_text([re.compile(rf"^slow-{ending} {ending} after [\d.]+ s · accuracy 0\.93$")])
    page.locator(".jp-Notification-List-Item").get_by_role("button", name="Open").click()
    page.get_by_role("tab", name=re.compile(f"slow-{ending}")).wait_for(timeout=60_000)


def test_nobody_is_told_who_did_not_ask_for_it(lab: Lab, page: Page, settings: Set) -> None:
    settings(notifyAfter=0)
    notebook = lab.open(page, lab.notebook("untold", [LOAD, SHORT.format(name="untold", seconds=2)]))
    for index in range(2):
        notebook.start(index)
    expect(item(page)).to_contain_text("untold", timeout=60_000)
    page.wait_for_timeout(2500)
    expect(told(page)).to_have_count(0)


def test_of_two_pages_one_tells_and_a_reload_during_the_run_does_not_lose_it(
    lab: Lab, page: Page, settings: Set
) -> None:
    settings(notify=True, notifyAfter=0)
    go = lab.folder / "go"
    wait = f"%%track twice\nimport pathlib, time\nwhile not pathlib.Path({str(go)!r}).exists():\n    time.sleep(0.2)"
    name = lab.notebook("twice", [LOAD, wait])
    notebook = lab.open(page, name)
    for index in range(2):
        notebook.start(index)
    expect(item(page)).to_contain_text("1 running", timeout=60_000)
    page.reload()
    other = page.context.new_page()
    other.goto(f"{lab.address}/lab/workspaces/other/tree/{name}?token={TOKEN}", wait_until="domcontentloaded")
    for one in (page, other):
        expect(item(one)).to_contain_text("1 running", timeout=60_000)
    go.touch()
    for one in (page, other):
        expect(item(one)).to_contain_text("twice", timeout=60_000)
    both = (told(page), told(other))
    until(page, lambda: any(one.count() for one in both), "no page told of it")
    other.wait_for_timeout(4000)  # in which the other one would have told it too
    messages = [text for one in both for text in one.all_inner_texts()]
    assert len(messages) == 1, messages
    assert messages[0].startswith("twice finished after")
    other.close()


# -- completion


def test_the_magic_is_completed_without_a_kernel(lab: Lab, page: Page) -> None:
    notebook = lab.open(page, lab.notebook("bare", ["%track comp", "%%track --ex", "x = 1\n%track sta"]))
    end(notebook)
    offered(page, notebook, 0, "compare")
    page.keyboard.press("Enter")
    expect(notebook.cell(0).locator(".cm-content")).to_have_text("%track compare")
    offered(page, notebook, 1, "--experiment")
    page.keyboard.press("Enter")
    expect(notebook.cell(1).locator(".cm-content")).to_have_text("%%track --experiment")
    offered(page, notebook, 2, "star", "status")


def test_a_kernel_that_knows_the_words_too_does_not_double_them(lab: Lab, page: Page) -> None:
    notebook = lab.open(page, lab.notebook("both", [LOAD, PID, "%track s"]))
    notebook.start(0)
    pid_of(notebook, 1)
    words = offered(page, notebook, 2, "show", "star", "status")
    assert len(words) == len({word.strip() for word in words}), words


# -- kernels


def test_the_magic_works_in_a_new_kernel_and_after_it_was_restarted(lab: Lab, page: Page, settings: Set) -> None:
    settings(loadMagics=True)
    notebook = lab.open(page, lab.notebook("loaded", [SHORT.format(name="loaded", seconds=0), PID]))
    notebook.start(0)
    expect(notebook.cell(0)).to_contain_text("loaded · finished", timeout=60_000)
    expect(notebook.cell(0).locator(".jp-InputPrompt")).to_have_text("[1]:")
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.restartKernel()")
    notebook.command("notebook:clear-all-cell-outputs")
    notebook.start(0)
    expect(notebook.cell(0)).to_contain_text("loaded · finished", timeout=60_000)
    expect(notebook.cell(0).locator(".jp-InputPrompt")).to_have_text("[1]:")
    os.kill(pid_of(notebook, 1), signal.SIGKILL)
    replaced(notebook)
    notebook.command("notebook:clear-all-cell-outputs")
    notebook.start(0)
    expect(notebook.cell(0)).to_contain_text("loaded · finished", timeout=60_000)


def test_a_kernel_it_was_loaded_in_has_no_more_names_and_history_than_any(lab: Lab, page: Page, settings: Set) -> None:
    ask = "get_ipython().execution_count, get_ipython().find_cell_magic('track') is not None"
    look = f"print('seen', sorted(globals()), In, Out, {ask})"
    seen = []
    for load in (False, True):
        settings(loadMagics=load)
        notebook = lab.open(page, lab.notebook(f"names-{load}", [look]))
        notebook.start(0)
        output = notebook.cell(0).locator(".jp-OutputArea-output")
        expect(output).to_have_text(re.compile(r"seen .* (True|False)\s*$"), timeout=60_000)  # it comes in parts
        seen.append(output.inner_text().strip())
    assert seen[0].endswith(" False")
    assert seen[1] == seen[0].removesuffix("False") + "True"


def test_where_nbtrack_is_not_installed_nothing_is_seen_of_it(page: Page, tmp_path: Path) -> None:
    folder, home = tmp_path / "work", tmp_path / "home"
    folder.mkdir()
    kernel = home / "jupyter_data_dir" / "kernels" / "bare"
    kernel.mkdir(parents=True)
    spec = {
        "argv": [sys.executable, "-c", BARE, "-f", "{connection_file}"],
        "display_name": "Bare",
        "language": "python",
    }
    (kernel / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    user = home / "user" / "nbtrack" / "plugin.jupyterlab-settings"
    user.parent.mkdir(parents=True)
    user.write_text(json.dumps({"loadMagics": True}), encoding="utf-8")
    with running_lab(folder, home) as own:
        name = own.notebook("bare", ["1 + 1", "import nbtrack"])
        text = (folder / name).read_text(encoding="utf-8")
        (folder / name).write_text(text.replace('"python3"', '"bare"'), encoding="utf-8")
        notebook = own.open(page, name)
        for index in range(2):
            notebook.start(index)
        expect(notebook.cell(1)).to_contain_text("ModuleNotFoundError", timeout=60_000)
        expect(notebook.cell(0).locator(".jp-OutputArea-output")).to_have_text("2")
        expect(notebook.cell(0).locator(".jp-InputPrompt").first).to_have_text("[1]:")


# -- settings


@pytest.mark.parametrize("whose", ["the user's", "the administrator's"])
def test_settings_that_make_no_sense_leave_everything_working(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whose: str
) -> None:
    folder, home = tmp_path / "work", tmp_path / "home"
    (folder / ".nbtrack").mkdir(parents=True)
    if whose == "the user's":
        user = home / "user" / "nbtrack" / "plugin.jupyterlab-settings"
        user.parent.mkdir(parents=True)
        user.write_text(json.dumps(NONSENSE), encoding="utf-8")
    else:
        # A list in an object's place stops JupyterLab itself.
        monkeypatch.setitem(labs.SETTINGS, "nbtrack:plugin", {**NONSENSE, "directions": {"loss": "up", "f1": 3}})
    with running_lab(folder, home) as own:
        notebook = own.open(page, own.notebook("nonsense", [LOAD, SHORT.format(name="sane", seconds=0)]))
        for index in range(2):
            notebook.start(index)
        expect(item(page)).to_contain_text("sane", timeout=60_000)
        page.wait_for_timeout(2000)
        expect(told(page)).to_have_count(0)
        page.keyboard.press("Escape")
        item(page).click()
        page.locator(".lm-SplitPanel .nbt-ground").get_by_text("sane").first.wait_for(timeout=60_000)


# -- at rest


def test_a_page_where_nothing_happens_asks_the_server_nothing(lab: Lab, page: Page, settings: Set) -> None:
    settings(notify=True)
    notebook = lab.open(page, lab.notebook("rest", [LOAD, SHORT.format(name="rest", seconds=0)]))
    for index in range(2):
        notebook.start(index)
    expect(item(page)).to_contain_text("rest", timeout=60_000)
    notebook.command("nbtrack:show-sidebar")
    page.locator(".nbt-side").get_by_role("row").filter(has_text="rest").first.wait_for()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/nbtrack/" in request.url else None)
    quiet(page, asked, 5.0)
    quiet(page, asked, 30.0)  # one question may have been late, a second one is one too many
    asked.clear()
    notebook.start(1)  # and it would have been seen
    until(page, lambda: [url for url in asked if "/nbtrack/api/tables.browse" in url], "the new run was not asked for")
