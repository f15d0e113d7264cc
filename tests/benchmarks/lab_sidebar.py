"""The sidebar of JupyterLab on a project of 10,000 runs: first rows, and a search as it is typed."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from child import in_child
from labs import Running, check, running
from panel import SMALL, Watched, browser, busy, line, prepared, spread, tell
from table import Line, median

PART = "lab_sidebar"
RUNS = 10_000
EXPRESSIONS = ("metrics.acc > 0.99", "params.optimizer = 'adam' and metrics.loss < 0.1")
_WHY_SHOWN = (
    "the sidebar's part of the extension is loaded when it is called, and the server, a new one, opens the project and "
    "counts its runs. 130 ms when it was measured, 210 with a whole run of the tests beside it."
)
_WHY_WORD = (
    "each key is a question: the word is looked for in the names, notes and tags of all runs, for no index holds parts "
    "of words, and the rows are drawn. 93 ms when it was measured, 145 with a whole run of the tests beside it."
)
_WHY_EXPRESSION = (
    "an expression is one question, answered from the indexes of its params and metrics, counted and drawn. 83 ms when "
    "it was measured, 116 with a whole run of the tests beside it."
)
SHOW = """async () => {
    const began = performance.now();
    const there = probe.until(() => probe.first() !== null);
    await window.jupyterapp.commands.execute("nbtrack:show-sidebar");
    return (await there) - began;
}"""
FIRST = "(id) => probe.first() === id"
Timed = dict[str, float]


def lines(quick: bool, rivals: list[str]) -> list[Line]:
    """The lines of this part."""
    sizes = SMALL if quick else {"runs": RUNS, "params": 12, "metrics": 6}

    def make(place: Path) -> None:
        in_child("panel_table:seed", str(place), **sizes)

    shown: list[Timed] = []
    keys: list[Timed] = []
    expressions: list[Timed] = []
    with prepared("runs", make, quick, **sizes) as project:
        for _ in range(1 if quick else 5):  # a server each: it keeps answers
            with running(project) as lab, browser() as new:
                watched = new()
                shown.append(_shown(lab, watched))
                keys += _typed(project, lab, watched, "312" if quick else "4823")
                expressions += [_filled(project, lab, watched, text) for text in EXPRESSIONS]
    return [
        _line(
            f"{sizes['runs']:,} runs: sidebar called → first rows",
            shown,
            500,
            _WHY_SHOWN,
            note="Sidebar: in JupyterLab, until the frame that shows the rows; each time with a new server and a new "
            "page, so that its part of the extension is loaded too. CPU of the page's main thread, and of the server.",
        ),
        _line("a key of a word that is searched → the rows that have it", keys, 100, _WHY_WORD),
        _line("an expression put in → its rows", expressions, 100, _WHY_EXPRESSION),
    ]


def _shown(lab: Running, watched: Watched) -> Timed:
    lab.show(watched)
    check(watched, on=True)
    watched.page.wait_for_timeout(1500)  # what JupyterLab does when it has started is not measured here
    spent, work = lab.server.cpu(), watched.cpu()
    wall = float(watched.ask(SHOW))
    return {"whole": wall, "cpu": watched.cpu() - work, "python": lab.server.cpu() - spent}


def _typed(project: Path, lab: Running, watched: Watched, digits: str) -> list[Timed]:
    """Each digit of a run's name, once all before it was found."""
    field = _field(watched)
    field.press_sequentially("run-")
    found, text = [], "run-"
    for digit in digits:
        watched.ask("() => probe.rest()")
        text += digit
        found.append(_until(project, lab, watched, text, partial(field.press, digit)))
    return found


def _filled(project: Path, lab: Running, watched: Watched, text: str) -> Timed:
    field = _field(watched)
    field.fill("")
    watched.ask("() => probe.rest()")
    return _until(project, lab, watched, text, partial(field.fill, text))


def _field(watched: Watched) -> Any:
    return watched.page.locator(".nbt-side").get_by_role("combobox")


def _until(project: Path, lab: Running, watched: Watched, text: str, action: Any) -> Timed:
    first = tell(project, "runs.page", filter=text, sort=["-started"], limit=1)["rows"][0]["id"]
    if watched.ask("() => probe.first()") == first:
        raise RuntimeError(f"the first of the rows for '{text}' is there before it is asked for")
    return watched.after(lab.server, "input", FIRST, first, action)


def _line(what: str, found: list[Timed], most: int, why: str, note: str = "") -> Line:
    took = [one["whole"] for one in found]
    said, cpu = busy(found)
    ok = median(took) <= most
    return line(
        PART,
        what,
        f"{spread(took)}; {said}",
        f"≤ {most} ms",
        ok,
        ok_by_cpu=cpu <= most,
        note=note,
        why=why,
        ms=median(took),
        cpu=cpu,
    )
