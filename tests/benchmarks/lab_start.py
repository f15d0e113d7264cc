"""What nbtrack adds to the start of JupyterLab: side by side with its extensions disabled, turn by turn."""

from __future__ import annotations

from pathlib import Path

from labs import OURS, check, project_of, running
from panel import browser, line
from table import Line, median, milli, times

PART = "lab_start"
BUDGET = 60  # kB
LITTLE = 1.05  # of two medians; what is less cannot be told from chance here
_WHY_SIZE = (
    "these are the commands and types of the extension's ten plugins, what follows notebooks and kernels, the way to "
    "the server, and 15 kB of JupyterLab's packer; what shows anything is loaded when it is first shown."
)
_WHY_START = (
    "one start differs from the next by more than the goal: two short rounds gave 1.13× and 0.95× by the clock, 1.14× "
    "and 1.00× in CPU. What nbtrack adds is that script in the page, and in the server the import of its 160 modules, "
    "about 8 % of the CPU of the server's start. Not tried: to import them at the first request, which would then wait."
)
Found = dict[str, float]


def lines(quick: bool, rivals: list[str]) -> list[Line]:
    """The lines of this part."""
    found: dict[bool, list[Found]] = {True: [], False: []}
    files: dict[bool, dict[str, float]] = {True: {}, False: {}}  # those that came before the layout, and after it
    with project_of(quick, steps=20) as project:
        for turn in range(1 if quick else 7):
            for on in (True, False) if turn % 2 else (False, True):
                found[on].append(_started(project, on, files))
    total = _kilobytes(files[True])
    return [
        line(
            PART,
            "labextension: what JupyterLab loads of it until its layout is there",
            f"{total:,.1f} kB ({_named(files[True])})",
            f"≤ {BUDGET} kB",
            total <= BUDGET,
            why=_WHY_SIZE,
            note="JupyterLab: a new server, and a browser's page that keeps nothing from before, each time; on an "
            "empty layout in a project of 18 runs. Disabled: `jupyter labextension disable nbtrack`, and the server's "
            "extension too; with and without take turns, medians. CPU of the page's main thread, and of the server.",
            kB=total,
        ),
        line(
            PART,
            "labextension: what follows by itself, for the status bar",
            f"{_kilobytes(files[False]):,.1f} kB ({_named(files[False])})",
            kB=_kilobytes(files[False]),
        ),
        _compared("page opened → JupyterLab has started", found, "started", "cpu"),
        _compared("page opened → its layout is there", found, "restored", "cpu"),
        _compared("server called → it answers", found, "server", "server cpu"),
    ]


def _kilobytes(files: dict[str, float]) -> float:
    return sum(files.values()) / 1000


def _named(files: dict[str, float]) -> str:
    return ", ".join(f"{name.partition('.')[0]} {size / 1000:,.1f}" for name, size in files.items())


def _started(project: Path, on: bool, files: dict[bool, dict[str, float]]) -> Found:
    with running(project, on=on) as lab, browser() as new:
        watched = new()
        found = lab.show(watched)
        check(watched, on)
        if on:
            watched.page.wait_for_selector(".nbt-statusbar")  # the last thing that comes by itself
            for name, size, early in watched.ask(OURS):
                files[early][name] = size
        return {**found, "server": lab.took * 1000, "server cpu": lab.cpu}


def _compared(what: str, found: dict[bool, list[Found]], wall: str, cpu: str) -> Line:
    def at(on: bool, which: str) -> float:
        return median(one[which] for one in found[on])

    ratio, ratio_cpu = at(True, wall) / at(False, wall), at(True, cpu) / at(False, cpu)
    said = f"{at(True, wall):,.0f} ms, disabled {at(False, wall):,.0f} ms ({times(ratio)})"
    worked = f"CPU {milli(at(True, cpu))}, disabled {milli(at(False, cpu))} ({times(ratio_cpu)})"
    return line(
        PART,
        what,
        f"{said}; {worked}",
        f"≤ {LITTLE}×",
        ratio <= LITTLE,
        why=_WHY_START,
        ok_by_cpu=ratio_cpu <= LITTLE,
        ratio=ratio,
        ratio_cpu=ratio_cpu,
    )
