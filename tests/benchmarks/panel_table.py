"""The table of 100,000 runs × 50 columns: first rows, sorting, filtering, scrolling, memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from child import in_child
from panel import SMALL, Server, Watched, browser, busy, forget, line, prepared, served, spread, tell
from shared import shared
from table import Line, median, milli

PART = "panel_table"
RUNS, PARAMS, METRICS = 100_000, 40, 10
STEPS, PIXELS = 60, 600
FILTERS = (
    "metrics.acc > 0.9",
    "params.lr < 0.01 and metrics.acc > 0.9",
    "params.optimizer = 'adam' and status = 'finished'",
    "tags.stage = 'best'",
    "run-777",
    "params.depth > 100 and metrics.val_loss < 0.1",
)
ASKED: dict[str, tuple[str, dict[str, Any]]] = {
    "the names of columns": ("runs.keys", {}),
    "facts about all columns": ("tables.facts", {}),
    "50 rows that match a filter": ("runs.page", {"filter": FILTERS[1], "limit": 50}),
    "50 rows that have a word": ("runs.page", {"filter": FILTERS[4], "limit": 50}),
}
_WHY_FIRST = (
    "the server has read nothing yet: it opens the file, names the columns and counts the runs beside its answer with "
    "the first rows, and the page is loaded and compiled before it asks. Tried: the names of columns took 6 s of CPU "
    "and take 0.3 s, and rows go before all else that the panel asks."
)
_WHY_SORT = (
    "a new order is one question: the index of the metric is walked for 50 rows, whose values are read, sent and "
    "drawn. By the clock it is the cores, too, which the page, the browser and Python share."
)
_WHY_FILTER = (
    "a new filter is tried first, so that half a word shows a mistake and no empty table, and then its rows are asked: "
    "the count of several conditions looks each run that meets the first one up in the others, and a word that stands "
    "alone is looked for in the texts of all runs, once: its 213 to 307 ms of CPU, and up to 44 ms of rows by their "
    "start, became 55 and 8. The panel asks for count, facts, keys and curves of the same runs too, each by itself; "
    "one answer for all of that was not tried."
)
_WHY_BLANK = (
    "rows come in blocks of 50, and two blocks are asked for ahead; who scrolls faster than Python answers sees rows "
    "without values for a moment. The browser has no GPU here and paints with the cores that Python needs."
)
_WHY_HEAP = "up to 2,000 rows are kept with their values, so that going back shows them at once."
_RESTS = 50  # until rows that were asked for are there at the latest, on a machine that others use, too
FIRST = "() => probe.first() !== null"
ONE_OF = "(ids) => ids.includes(probe.first())"
Timed = dict[str, float]


def seed(place: str, runs: int, params: int, metrics: int) -> None:
    """Inside a child: fill the project."""
    from seed import fill

    from nbtrack.base.config import Project

    fill(Project(Path(place)), runs, params, metrics)


def asked(place: str) -> dict[str, float]:
    """Inside a child: CPU seconds of what the panel asks, each for the first time."""
    tell(Path(place), "runs.page", limit=1)
    found = {}
    for what, (operation, given) in ASKED.items():
        spent = time.process_time()
        tell(Path(place), operation, **given)
        found[what] = time.process_time() - spent
    return found


def lines(quick: bool, rivals: list[str]) -> list[Line]:
    """The lines of this part."""
    sizes = SMALL if quick else {"runs": RUNS, "params": PARAMS, "metrics": METRICS}

    def make(place: Path) -> None:
        in_child("panel_table:seed", str(place), **sizes)

    with prepared("runs", make, quick, **sizes) as project, browser() as new:
        answered = [in_child("panel_table:asked", str(project)) for _ in range(1 if quick else 3)]
        opened = [_opened(project, new) for _ in range(1 if quick else 5)]
        with _shown(project, new) as (server, watched):
            sorted_ = _sorted(project, watched, server, 1 if quick else 4)
        with _shown(project, new) as (server, watched):
            filtered = _filtered(project, watched, server, FILTERS[:1] if quick else FILTERS)
        scrolled = {
            frames: [_scrolled(project, new, frames, 5 if quick else STEPS) for _ in range(1 if quick else 3)]
            for frames in (2, 1)
        }
    what = f"{sizes['runs']:,} runs × {sizes['params'] + sizes['metrics']} columns"
    cpu = {name: median(one[name] for one in answered) for name in ASKED}
    return [
        _first(what, opened),
        line(PART, "Python's CPU for it: " + ", ".join(cpu), ", ".join(map(milli, cpu.values())), **cpu),
        _change("a click on a metric's heading → rows in the new order", sorted_, "whole", _WHY_SORT),
        _change("a filter, from its first question → the rows that match", filtered, "asked", _WHY_FILTER),
        _change("the same from the last key, with the pause that typing is given", filtered, "whole", goal=False),
        *_scrolling(scrolled),
        _heap([one["heap"] for some in scrolled.values() for one in some]),
    ]


def _served(project: Path) -> AbstractContextManager[Server]:
    """A server for one measurement, which has read nothing yet; in a small run, one for all."""
    return shared(("served", project), partial(served, project))


@contextmanager
def _shown(project: Path, new: Callable[[], Watched]) -> Iterator[tuple[Server, Watched]]:
    """The panel of a project, opened as if for the first time, with its rows there and at rest."""
    forget(project)
    watched = new()
    with _served(project) as server:
        watched.show(server)
        watched.ask(f"() => probe.until({FIRST})")
        watched.ask("() => probe.rest()")
        yield server, watched
        watched.page.context.close()


def _opened(project: Path, new: Callable[[], Watched]) -> Timed:
    """From opening the page, with a server that has not read anything yet."""
    forget(project)
    watched = new()
    with _served(project) as server:
        spent = server.cpu()
        watched.show(server)
        wall = watched.ask(f"() => probe.until({FIRST})")
        found = {"wall": wall, "cpu": watched.cpu(), "python": server.cpu() - spent}
        asked = watched.ask("() => probe.answers().filter(({ op }) => op === 'runs.page').map(({ asked }) => asked)")
        watched.page.context.close()
    return {**found, "asked": min(asked)}


def _sorted(project: Path, watched: Watched, server: Server, most: int) -> list[Timed]:
    """Clicks on headings that are in sight: no two ask the same."""
    seen: list[str] = watched.ask(
        """() => [...document.querySelectorAll('[role="columnheader"][data-col^="metrics."]')]
            .filter((one) => one.getBoundingClientRect().right < probe.scroller().getBoundingClientRect().right)
            .map((one) => one.dataset.col)"""
    )
    if not seen:
        raise RuntimeError("no metric's heading is in sight")
    found = []
    for column in seen[:most]:
        ends = [tell(project, "runs.page", sort=[sign + column], limit=1)["rows"][0]["id"] for sign in ("", "-")]
        box = watched.page.locator(f'[role="columnheader"][data-col="{column}"]').bounding_box()
        place = (box["x"] + box["width"] / 3, box["y"] + box["height"] / 2)  # beside its menu
        for _ in range(2):  # one way, then the other
            others = [one for one in ends if one != watched.ask("() => probe.first()")]
            click = partial(watched.page.mouse.click, *place)
            found.append(watched.after(server, "click", ONE_OF, others, click))
    return found


def _filtered(project: Path, watched: Watched, server: Server, filters: tuple[str, ...]) -> list[Timed]:
    """Filters put into an empty field."""
    field = watched.page.get_by_role("combobox", name="Filter runs")
    found = []
    for text in filters:
        first = tell(project, "runs.page", filter=text, limit=1)["rows"][0]["id"]
        found.append(watched.after(server, "input", ONE_OF, [first], partial(field.fill, text)))
        field.fill("")
        watched.ask("() => probe.rest(600)")
    return found


def _scrolled(project: Path, new: Callable[[], Watched], frames: int, steps: int) -> Timed:
    with _shown(project, new) as (server, watched):
        spent, work = server.cpu(), watched.cpu()
        found = watched.ask("([steps, pixels, frames]) => probe.scroll(steps, pixels, frames)", [steps, PIXELS, frames])
        took, python = watched.cpu() - work, server.cpu() - spent
        if found["top"] < PIXELS:
            raise RuntimeError("the table does not scroll")
        for _ in range(_RESTS):
            watched.ask("() => probe.rest()")
            left = watched.ask("() => probe.blank(probe.scroller())")
            if left["none"] + left["bones"] <= 1:
                break
        else:
            raise RuntimeError(f"after {_RESTS} rests {left} pixels of the table are still blank")
        gaps = [after - before for before, after in pairwise(found["frames"])]
        return {
            "blank": sum(one["none"] > 1 for one in found["steps"]),
            "bones": sum(one["none"] + one["bones"] > 1 for one in found["steps"]),
            "longest": max(gaps),
            "whole": found["frames"][-1] - found["frames"][0],
            "cpu": took,
            "python": python,
            "heap": watched.heap(),
        }


def _first(what: str, opened: list[Timed]) -> Line:
    wall = [one["wall"] for one in opened]
    own = median(one["wall"] - one["asked"] for one in opened)
    said, cpu = busy(opened)
    return line(
        PART,
        f"{what}: page opened → first rows, nothing read before",
        f"{spread(wall)}, of that {own:,.0f} ms from the first question for rows; {said}",
        "≤ 1 s",
        median(wall) <= 1000,
        ok_by_cpu=cpu <= 1000,
        note="Panel's table: over HTTP from a process of its own; times end with the frame that shows it. CPU of the "
        "page's main thread, and of Python, until then.",
        why=_WHY_FIRST,
        wall=median(wall),
        cpu=cpu,
    )


def _change(what: str, found: list[Timed], which: str, why: str = "", *, goal: bool = True) -> Line:
    took = [one[which] for one in found]
    said, cpu = busy(found)
    if not goal:
        return line(PART, what, spread(took), ms=median(took))
    values = {"ms": median(took), "cpu": cpu}
    ok = values["ms"] <= 200
    return line(PART, what, f"{spread(took)}; {said}", "≤ 200 ms", ok, ok_by_cpu=cpu <= 200, why=why, **values)


def _scrolling(scrolled: dict[int, list[Timed]]) -> list[Line]:
    found = []
    for frames, some in scrolled.items():
        pace = "each frame" if frames == 1 else f"every {frames} frames"
        blank, bones = median(one["blank"] for one in some), median(one["bones"] for one in some)
        longest, whole = median(one["longest"] for one in some), median(one["whole"] for one in some)
        found.append(
            line(
                PART,
                f"{STEPS} steps of {PIXELS} px, one {pace}: steps that end with a row without values / no row at all",
                f"{bones:.0f} / {blank:.0f}; longest frame {longest:,.0f} ms; all in {whole:,.0f} ms; {busy(some)[0]}",
                "0",
                bones == 0,
                why=_WHY_BLANK,
                bones=bones,
                blank=blank,
                longest=longest,
            )
        )
    return found


def _heap(heaps: list[float]) -> Line:
    most = max(heaps) / 1e6
    return line(PART, "heap after that", f"{most:,.1f} MB", "≤ 60 MB", most <= 60, why=_WHY_HEAP, MB=most)
