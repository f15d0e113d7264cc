"""What measures nbtrack in JupyterLab: servers with it and without it, and pages of theirs that take their time.

The parts are in lab_start.py, lab_sidebar.py and lab_idle.py.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from child import folder, in_child
from panel import SMALL, Server, Watched, prepared, ui
from shared import shared

# Put into a page before anything else is: notes when JupyterLab has started and when its layout is there.
NOTES = """
window.noted = {};
Object.defineProperty(window, "jupyterapp", {
    configurable: true,
    set(app) {
        Object.defineProperty(window, "jupyterapp", { value: app, configurable: true, writable: true });
        for (const moment of ["started", "restored"])
            app[moment].then(() => { window.noted[moment] = performance.now(); });
    },
});
"""
# Of each of nbtrack's files: its name, its bytes, and whether it had come before the layout was there.
OURS = """() => performance.getEntriesByType("resource")
    .filter(({ name }) => name.includes("/extensions/nbtrack/"))
    .map(({ name, decodedBodySize, responseEnd }) =>
        [name.split("/").pop().split("?")[0], decodedBodySize, responseEnd <= window.noted.restored])"""


@contextmanager
def project_of(quick: bool, steps: int) -> Iterator[Path]:
    """A project of 18 runs; a small measurement takes the one that all parts share, and with it their JupyterLab."""
    if quick:
        with prepared("runs", _seeded, quick, **SMALL) as place:
            yield place
        return
    with folder() as made:
        in_child("panel_saved:demo", made, steps=steps)
        yield Path(made)


def _seeded(place: Path) -> None:
    in_child("panel_table:seed", str(place), **SMALL)


class Running:
    """A JupyterLab that answers: where, which process, and the seconds and CPU seconds that its start took."""

    def __init__(self, lab: Any, began: float) -> None:
        self.address: str = lab.address
        self.lab = lab
        self.server = Server(lab.address, _process(lab.address))
        self.took = time.monotonic() - began
        self.cpu = self.server.cpu()

    def show(self, watched: Watched, path: str = "") -> dict[str, float]:
        """Open a page of it; milliseconds until it has started and its layout is there, CPU seconds until then."""
        watched.page.add_init_script(NOTES)
        address = f"{self.address}/lab{path}?token={ui('lab').TOKEN}&reset"
        watched.page.goto(address, wait_until="commit")
        watched.page.wait_for_function("() => window.noted?.restored !== undefined", timeout=120_000)
        cpu = watched.cpu()
        found: dict[str, float] = watched.ask("() => window.noted")
        return {**found, "cpu": cpu}


@contextmanager
def running(project: Path, *, on: bool = True) -> Iterator[Running]:
    """A JupyterLab on a folder, with a new home; nbtrack's extensions are switched off as a user does it."""
    with shared(("lab", project, on), partial(_started, project, on)) as found:
        yield found


@contextmanager
def _started(project: Path, on: bool) -> Iterator[Running]:
    with folder() as home:  # as long as the server is there: where it keeps that the extensions are off
        yield from _served(project, Path(home), on)


def _served(project: Path, home: Path, on: bool) -> Iterator[Running]:
    if not on:
        own = {**os.environ, "JUPYTER_CONFIG_DIR": str(home / "jupyter_config_dir")}
        for words in (
            ("jupyterlab.labextensions", "disable", "--level=user", "nbtrack"),
            ("jupyter_server.extension.serverextension", "disable", "--user", "nbtrack.server"),
        ):
            subprocess.run([sys.executable, "-m", *words], env=own, check=True, capture_output=True)
    began = time.monotonic()
    with ui("lab").running_lab(project, home) as lab:
        yield Running(lab, began)


def check(watched: Watched, on: bool) -> None:
    """Fail if nbtrack is not in a page that should have it, or is in one that should not."""
    there = watched.ask("() => window.jupyterapp.commands.hasCommand('nbtrack:show-sidebar')")
    if there != on:
        raise RuntimeError(
            f"nbtrack is {'not ' if on else ''}in a JupyterLab where it is switched {'on' if on else 'off'}"
        )


def _process(address: str) -> int:
    wanted = f"--port={address.rpartition(':')[2].partition('/')[0]}".encode()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue  # it has just ended
        if wanted in words and b"jupyterlab" in words:
            return int(path.parent.name)
    raise RuntimeError(f"the process of {address} was not found")
