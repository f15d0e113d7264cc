"""What nbtrack costs while a notebook and the sidebar of its project are open, and nobody does anything."""

from __future__ import annotations

import re
import time
from contextlib import ExitStack
from pathlib import Path

from child import in_child
from labs import Running, check, running
from panel import SMALL, Watched, browser, line, prepared
from table import Line

PART = "lab_idle"
RUNS = 10_000
_WHY = (
    "while nothing happens the server looks at the project's file once or twice a second, and the page keeps a "
    "websocket: 0.05 % of a core for the server when it was measured for a minute, 0.35 % with the page in 4 seconds."
)
Found = dict[str, float]


def lines(quick: bool, rivals: list[str]) -> list[Line]:
    """The lines of this part."""
    seconds, sizes = (1.0 if quick else 60.0), SMALL if quick else {"runs": RUNS, "params": 12, "metrics": 6}

    def make(place: Path) -> None:
        in_child("panel_table:seed", str(place), **sizes)

    with prepared("runs", make, quick, **sizes) as project:
        found = {on: _idle(project, on, seconds) for on in (False, True)}
    added = {which: found[True][which] - found[False][which] for which in ("server", "page")}
    share = sum(added.values())
    said = ", ".join(
        f"{which} {found[True][which]:.2f} % (disabled {found[False][which]:.2f} %)" for which in ("server", "page")
    )
    return [
        line(
            PART,
            f"a notebook and the sidebar of {sizes['runs']:,} runs open, nothing happens for {seconds:.0f} s: CPU",
            f"{share:+.2f} %: {said}",
            "≤ 1 % of a core",
            share <= 1,
            why=_WHY,
            note="Idle: what the server and the page's main thread use with nbtrack, less what they use with its "
            "extensions disabled; a hundredth of a second of the server's is the least that can be told.",
            **added,
        )
    ]


def _idle(project: Path, on: bool, seconds: float) -> Found:
    with ExitStack() as stack:
        lab = stack.enter_context(running(project, on=on))
        watched = stack.enter_context(browser())()
        _open(lab, watched, on)
        watched.page.wait_for_timeout(min(10_000, seconds * 1000))
        spent, work, began = lab.server.cpu(), watched.cpu(), time.monotonic()
        time.sleep(seconds)
        passed = time.monotonic() - began
        return {
            "server": (lab.server.cpu() - spent) / passed * 100,
            "page": (watched.cpu() - work) / passed * 100,
        }


def _open(lab: Running, watched: Watched, on: bool) -> None:
    name = lab.lab.notebook("idle", ["%load_ext nbtrack", "%%track\nlr = 0.1"])
    lab.show(watched, f"/tree/{name}")
    check(watched, on)
    watched.page.wait_for_function(
        "() => !!window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel", timeout=60_000
    )
    if on:
        watched.ask("() => window.jupyterapp.commands.execute('nbtrack:show-sidebar')")
        watched.page.locator(".nbt-side").wait_for()
        watched.page.locator(".nbt-side").get_by_role("button", name=re.compile("^Project")).click()
        watched.page.locator(".nbt-side-row").first.wait_for()
