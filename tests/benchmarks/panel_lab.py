"""The panel in a notebook of a real JupyterLab: until it shows rows, and how long it waits for Python."""

from __future__ import annotations

from typing import Any

from labs import project_of, running
from panel import Watched, browser, line, spread, tell
from table import Line, median

PART = "panel_lab"
BUSY = """\
%%track
import time
import nbtrack
end = time.time() + 600  # it is interrupted before
while time.time() < end:
    nbtrack.log({"loss": sum(number * 0.5 for number in range(20_000))})
"""
START = """async (index) => {
    const book = window.jupyterapp.shell.currentWidget.content;
    book.activeCellIndex = index;
    const began = performance.now();
    const there = probe.until(() => probe.first() !== null);
    await window.jupyterapp.commands.execute("notebook:run-cell");
    return (await there) - began;
}"""
# The prompt: the kernel's status turns to idle whenever a subshell of it has answered.
RUNS_ON = """(index) => {
    const cell = document.querySelectorAll(".jp-Notebook .jp-Cell")[index];
    return cell.querySelector(".jp-InputPrompt").textContent.includes("*");
}"""
FIRST = "(id) => probe.first() === id"


def lines(quick: bool, rivals: list[str]) -> list[Line]:
    """The lines of this part."""
    rounds, asks = (1, 2) if quick else (3, 8)
    with (
        project_of(quick, steps=120) as project,
        running(project) as server,
        browser() as new,
    ):
        found = [_notebook(server.lab, new(), number, asks) for number in range(rounds)]
    first, again = [one["first"] for one in found], [one["again"] for one in found]
    idle, busy = [took for one in found for took in one["idle"]], [took for one in found for took in one["busy"]]
    note = "Panel in JupyterLab: 18 runs; from running the cell, or the last key, until the frame that shows it."
    return [
        line(PART, "`%track panel`, the first of a kernel → first rows", spread(first), note=note, ms=median(first)),
        line(PART, "`%track panel` once more in that kernel → first rows", spread(again), ms=median(again)),
        line(PART, "a filter, typing's pause included → its rows, the kernel idle", spread(idle), ms=median(idle)),
        line(PART, "the same while a cell computes and logs without a pause", spread(busy), ms=median(busy)),
    ]


def _notebook(lab: Any, watched: Watched, number: int, asks: int) -> dict[str, Any]:
    cells = ["%load_ext nbtrack", "%track panel", BUSY]
    notebook = lab.open(watched.page, lab.notebook(f"bench-{number}", cells))
    watched.page.evaluate(
        """async () => {
            window.jupyterapp.shell.currentWidget.content.activeCellIndex = 0;
            await window.jupyterapp.commands.execute("notebook:run-cell");
        }"""
    )
    first = watched.ask(START, 1)
    watched.ask("() => probe.rest()")
    notebook.command("notebook:clear-cell-output")
    watched.page.locator(".nbt-panel").wait_for(state="detached")
    again = watched.ask(START, 1)
    watched.page.wait_for_timeout(1000)
    rows = tell(lab.folder, "runs.page", filter="params.lr > 0", limit=2 * asks + 1, sort=["name"])["rows"]
    idle = [_asked(watched, row) for row in rows[1 : asks + 1]]
    notebook.start(2)
    watched.page.wait_for_function(RUNS_ON, arg=2)
    watched.page.wait_for_timeout(1000)
    busy = [_asked(watched, row) for row in rows[asks + 1 :]]
    if not watched.page.evaluate(RUNS_ON, 2):
        raise RuntimeError("the cell ended before all was asked")
    watched.page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.interrupt().catch(() => {})"
    )
    watched.page.context.close()
    return {"first": first, "again": again, "idle": idle, "busy": busy}


def _asked(watched: Watched, row: dict[str, Any]) -> float:
    """Ask for one run by its name."""
    field = watched.page.get_by_role("combobox", name="Filter runs")
    return watched.after(None, "input", FIRST, row["id"], lambda: field.fill(f"name = '{row['name']}'"))["whole"]
