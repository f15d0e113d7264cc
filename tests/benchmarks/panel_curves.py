"""Curves of 100 runs × 10,000 points: from the answer to the drawn chart, and what a zoom asks."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from child import in_child
from panel import Server, Watched, arrange, browser, busy, line, prepared, served, spread
from table import Line, median

PART = "panel_curves"
RUNS, POINTS = 100, 10_000
SPIKE = 77.0  # one point of one run, where all others are below 5
_WHY_DRAWN = (
    "100 lines of some thousand points each are placed and stroked by the processor, for the browser has no GPU here: "
    "270 ms of CPU when it was measured, 380 to 560 by the clock beside other work."
)
_WHY_ZOOM = (
    "a miss is a fault of the panel: of each pixel column an answer keeps the first, last, lowest and highest point "
    "(M4), so no spike can get lost in it, and a zoom asks for the same of its part."
)
PLOT = 'figure[aria-label^="loss:"] .u-over'
Timed = dict[str, float]


def seed(place: str, runs: int, points: int) -> None:
    """Inside a child: fill the project."""
    import nbtrack

    chance = random.Random(5)
    for number in range(runs):
        with nbtrack.start_run(name=f"curve-{number}", params={"lr": 10 ** -(1 + number % 4), "seed": number}) as run:
            for step in range(points):
                spike = number == runs // 2 and step == points // 2
                loss = 4 * math.exp(-step / (points / (2 + number % 5))) + chance.random() * 0.2
                run.log({"loss": SPIKE if spike else loss}, step)


def lines(quick: bool, rivals: list[str]) -> list[Line]:
    """The lines of this part."""
    sizes = {"runs": 6, "points": 2000} if quick else {"runs": RUNS, "points": POINTS}

    def make(place: Path) -> None:
        in_child("panel_curves:seed", str(place), **sizes)

    with prepared("curves", make, quick, **sizes) as project, browser() as new, served(project) as server:
        arrange(project, most=sizes["runs"], panes=["table"], metrics=["loss"], height=800, split=0.2)
        watched = new()
        answers = _answers(watched)
        watched.show(server)
        watched.ask("() => probe.until(() => probe.first() !== null)")
        watched.ask("() => probe.rest()")
        first = _drawn(watched, server, sizes["runs"], answers)
        again = []
        for _ in range(1 if quick else 5):
            watched.page.get_by_role("button", name="Curves", exact=True).click()
            watched.ask("() => probe.rest()")
            again.append(_drawn(watched, server, sizes["runs"], answers))
        zoomed = _zoomed(watched, answers)
    what = f"{sizes['runs']:,} curves of {sizes['points']:,} points"
    took = [one["drawn"] for one in again]
    said, cpu = busy(again)
    note = (
        "Panel's curves: one chart; from the last answer of `runs.series` until the frame that shows the last line, "
        "curves.js loaded before. CPU of the page's main thread with asking and laying out, and of Python."
    )
    return [
        line(
            PART,
            f"{what}: the answer → all drawn",
            f"{spread(took)}; {said}",
            "≤ 500 ms",
            median(took) <= 500,
            ok_by_cpu=cpu <= 500,
            note=note,
            why=_WHY_DRAWN,
            ms=median(took),
            cpu=cpu,
        ),
        line(PART, f"{what}: a click on Curves → all drawn", spread([one["whole"] for one in again])),
        line(PART, f"{what}: the same the first time, with loading the room", spread([first["whole"]])),
        line(PART, f"{what}: bytes of the answer", f"{again[0]['bytes'] / 1000:,.0f} kB", kB=again[0]["bytes"] / 1000),
        _zoom(zoomed),
    ]


def _answers(watched: Watched) -> list[dict[str, Any]]:
    """The answers of `runs.series` as they come, each with what was asked."""
    found: list[dict[str, Any]] = []

    def came(response: Any) -> None:
        url = urlsplit(response.url)
        if url.path == "/api/runs.series":
            asked = json.loads(parse_qs(url.query)["payload"][0])
            found.append({"asked": asked, "response": response})

    watched.page.on("response", came)
    return found


def _drawn(watched: Watched, server: Server, runs: int, answers: list[dict[str, Any]]) -> Timed:
    """Show the curves, which are not shown."""
    answers.clear()
    spent, work = server.cpu(), watched.cpu()
    watched.page.get_by_role("button", name="Curves", exact=True).click()
    watched.page.locator(f'figure[aria-label^="loss: {runs} runs"]').wait_for()
    watched.ask("() => probe.rest()")
    found: Timed = watched.ask(
        """() => {
            const asked = probe.answers(probe.events.click).filter(({ op }) => op === "runs.series");
            const came = Math.max(...asked.map(({ came }) => came));
            const bytes = asked.reduce((sum, { bytes }) => sum + bytes, 0);
            return { drawn: probe.drawn - came, whole: probe.drawn - probe.events.click, bytes };
        }"""
    )
    if found["drawn"] < 0 or not _has_spike(answers):
        raise RuntimeError(f"the chart is not of what was answered: {found}")
    return {**found, "cpu": watched.cpu() - work, "python": server.cpu() - spent}


def _zoomed(watched: Watched, answers: list[dict[str, Any]]) -> Timed:
    """Drag over a tenth of the chart, around the spike."""
    coarse = _points(answers)
    answers.clear()
    box = watched.page.locator(PLOT).first.bounding_box()
    assert box is not None
    mouse, y = watched.page.mouse, box["y"] + box["height"] / 2
    mouse.move(box["x"] + box["width"] * 0.45, y)
    mouse.down()
    mouse.move(box["x"] + box["width"] * 0.5, y, steps=4)
    mouse.move(box["x"] + box["width"] * 0.55, y, steps=4)
    mouse.up()
    ended = watched.ask("() => performance.now()")
    watched.ask("() => probe.rest()")
    label = watched.page.locator('figure[aria-label^="loss:"]').first.get_attribute("aria-label") or ""
    windows = [one["asked"].get("window") for one in answers]
    return {
        "asked": float(bool(windows) and all(windows)),
        "spike": float(_has_spike(answers)),
        "visible": float(f"{SPIKE:g}" in label),
        "finer": _points(answers) / max(1, coarse / 10),
        "took": watched.ask("() => probe.drawn") - ended,
    }


def _points(answers: list[dict[str, Any]]) -> float:
    return sum(len(one["values"]) for answer in answers for one in answer["response"].json()["result"]["series"])


def _has_spike(answers: list[dict[str, Any]]) -> bool:
    return any(SPIKE in one["values"] for answer in answers for one in answer["response"].json()["result"]["series"])


def _zoom(found: Timed) -> Line:
    ok = all(found[which] for which in ("asked", "spike", "visible")) and found["finer"] > 1
    return line(
        PART,
        "a zoom into a tenth asks for finer points and keeps a spike of one point",
        f"{'asks' if found['asked'] else 'does not ask'}, {found['finer']:.1f} × as many points, "
        f"the spike is {'' if found['spike'] else 'not '}in the answer and {'' if found['visible'] else 'not '}in the "
        f"chart; drawn after {found['took']:,.0f} ms",
        "it does",
        ok,
        why=_WHY_ZOOM,
        **found,
    )
