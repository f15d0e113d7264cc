"""`%track restore` in a real JupyterLab: text goes into its cell as text, is never run, and one undo takes it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from .lab import Lab, Notebook
from .test_cells import TRAIN, WAIT, activate, put, runs, source, strip, trained, undo

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

HOSTILE = "%%track\nx = \"</script><img src=x onerror='top.owned = 1'>\""


def restore(notebook: Notebook, words: str, index: int = 2) -> Locator:
    """Ask from a cell; its output."""
    put(notebook.page, index, f"%track restore {words}")
    notebook.start(index)
    return notebook.cell(index).locator(".jp-OutputArea-output")


def count(page: Page) -> int:
    return int(page.evaluate("() => window.jupyterapp.shell.currentWidget.content.widgets.length"))


def active(page: Page) -> int:
    return int(page.evaluate("() => window.jupyterapp.shell.currentWidget.content.activeCellIndex"))


def test_the_code_of_a_run_goes_back_into_its_cell_and_one_undo_takes_it_out(lab: Lab, page: Page) -> None:
    notebook = trained(lab, page, "restore-cell")
    now = source(page, 1)
    said = restore(notebook, "@2").get_by_text("is in its cell; one undo there takes it back.")
    said.wait_for(timeout=WAIT)
    assert source(page, 1) == now.replace("lr = 0.5", "lr = 0.1")
    assert active(page) == 1
    expect(notebook.cell(2).locator(".jp-OutputArea-output")).to_have_count(1)  # the answer in the question's place
    undo(page, 1)
    assert source(page, 1) == now
    page.wait_for_timeout(500)  # nothing was run, and nothing is going to be
    assert runs(notebook, 1).count() == 2
    restore(notebook, "@1").get_by_text("has the code of train already").wait_for(timeout=WAIT)
    assert source(page, 1) == now


def test_the_answer_is_saved_with_the_notebook_and_the_question_is_not(lab: Lab, page: Page) -> None:
    notebook = trained(lab, page, "restore-saved")
    restore(notebook, "@2").get_by_text("is in its cell").wait_for(timeout=WAIT)
    page.wait_for_function(
        """() => {
            const saved = JSON.stringify(window.jupyterapp.shell.currentWidget.model.toJSON());
            return saved.includes("is in its cell") && !saved.includes("Asking JupyterLab");
        }"""
    )


def test_the_code_goes_below_where_that_is_asked_or_the_cell_is_gone(lab: Lab, page: Page) -> None:
    notebook = trained(lab, page, "restore-below")
    now = source(page, 1)
    restore(notebook, "@2 --below").get_by_text("is in a new cell below.").wait_for(timeout=WAIT)
    assert (source(page, 1), source(page, 3)) == (now, now.replace("lr = 0.5", "lr = 0.1"))
    activate(page, 1)
    notebook.command("notebook:delete-cell")
    said = restore(notebook, "@1", 1).get_by_text("its own is not in this notebook")
    said.wait_for(timeout=WAIT)
    assert source(page, 2) == now
    assert count(page) == 4
    strip(notebook, 2).get_by_text("no runs yet").wait_for(timeout=WAIT)


def test_only_the_params_are_put_into_the_cell_as_it_is_now(lab: Lab, page: Page) -> None:
    notebook = trained(lab, page, "restore-params")
    edited = f"{TRAIN.replace('lr = 0.1', 'lr = 0.7')}\nprint('new')"
    put(page, 1, edited)
    said = restore(notebook, "@1 --params")
    said.get_by_text("1 param of train is in the cell: lr 0.7 → 0.5.").wait_for(timeout=WAIT)
    assert source(page, 1) == edited.replace("lr = 0.7", "lr = 0.5")
    undo(page, 1)
    assert source(page, 1) == edited


def test_a_locked_cell_stays_as_it_is_and_the_code_is_shown(lab: Lab, page: Page) -> None:
    notebook = trained(lab, page, "restore-locked")
    now = source(page, 1)
    page.evaluate(
        """() => window.jupyterapp.shell.currentWidget.content.widgets[1].model.setMetadata("editable", false)"""
    )
    said = restore(notebook, "@2")
    said.get_by_text("This cell is read-only.").wait_for(timeout=WAIT)
    expect(said).to_contain_text("lr = 0.1")
    assert source(page, 1) == now


def test_a_hostile_text_and_name_stay_text(lab: Lab, page: Page) -> None:
    notebook = lab.open(page, lab.notebook("restore-hostile", ["%load_ext nbtrack", HOSTILE, "pass"]))
    notebook.start(0)
    notebook.start(1)
    strip(notebook, 1).get_by_role("button", name="1 run", exact=True).wait_for(timeout=WAIT)
    put(page, 2, "%track rename @1 \"<img src=x onerror='top.owned = 1'>\"")
    notebook.start(2)
    notebook.cell(2).get_by_text("undo").first.wait_for(timeout=WAIT)
    put(page, 1, "changed")
    restore(notebook, "@1").get_by_text("is in its cell").wait_for(timeout=WAIT)
    assert source(page, 1) == HOSTILE
    assert page.evaluate("() => top.owned") is None


def test_it_works_after_a_restart_of_the_kernel(lab: Lab, page: Page) -> None:
    notebook = trained(lab, page, "restore-restart")
    now = source(page, 1)
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    restore(notebook, "@2").get_by_text("is in its cell").wait_for(timeout=WAIT)
    assert source(page, 1) == now.replace("lr = 0.5", "lr = 0.1")
