"""A real JupyterLab, driven in a real browser."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat

from .ports import KEEP_APART, free_port

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

TOKEN = "a-token-for-the-tests"
START = 200.0  # seconds for a server on a busy machine
# No news, no notifications about them: they would lie over what is tested.
SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {
        "checkForUpdates": False,
        "doNotDisturbMode": True,
        "fetchNews": "false",
    },
}
HOMES = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")


class Lab:
    """One JupyterLab: its address and the folder that it shows."""

    def __init__(self, address: str, folder: Path) -> None:
        self.address = address
        self.folder = folder

    def notebook(self, name: str, cells: Sequence[str]) -> str:
        """Write a notebook of code cells; its name for `open`."""
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in cells])
        book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        path = self.folder / f"{name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(book, path)
        return path.name

    def open(self, page: Page, notebook: str, theme: str = "light") -> Notebook:
        """Open a notebook and wait until its kernel can be asked."""
        page.goto(f"{self.address}/lab/tree/{notebook}?token={TOKEN}&reset", wait_until="domcontentloaded")
        page.wait_for_function("() => !!window.jupyterapp", timeout=60_000)
        page.evaluate("() => window.jupyterapp.started")
        if theme == "dark":
            darken(page)
        page.wait_for_function(
            "() => !!window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel", timeout=60_000
        )
        return Notebook(page)


class Notebook:
    """The notebook that is open in a page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def command(self, name: str, arguments: object = None) -> None:
        """Run a command of JupyterLab and wait for it.

        What it gives stays in the page: many give a widget, and to bring here all that hangs on one takes long.
        """
        self.page.evaluate(
            "async ([name, given]) => void (await window.jupyterapp.commands.execute(name, given ?? undefined))",
            [name, arguments],
        )

    def run_all(self) -> None:
        """Run all cells and wait until the last has ended."""
        self.command("notebook:run-all-cells")

    def start(self, index: int) -> None:
        """Run one cell and do not wait for its end."""
        self.page.evaluate(
            """(index) => {
                const book = window.jupyterapp.shell.currentWidget.content;
                book.activeCellIndex = index;
                void window.jupyterapp.commands.execute("notebook:run-cell");
            }""",
            index,
        )

    def cell(self, index: int) -> Locator:
        """A cell."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index)

    @property
    def panel(self) -> Locator:
        """The first panel of the notebook."""
        return self.page.locator(".nbt-panel").first


def darken(page: Page) -> None:
    """Change to the dark theme, whose style comes after the command that asks for it has ended."""
    page.evaluate("() => window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})")
    page.wait_for_function("() => document.body.dataset.jpThemeLight === 'false'", timeout=60_000)


@contextmanager
def running_lab(folder: Path, home: Path, base_url: str = "/", program: str = "jupyterlab") -> Iterator[Lab]:
    """A JupyterLab on a folder, with settings of its own; under a `base_url` such as "/user/ada/", as a hub has it.

    program: "notebook" starts Jupyter Notebook 7.
    """
    options = {"jupyterlab": "LabApp", "notebook": "JupyterNotebookApp"}[program]
    settings = home / "settings"
    settings.mkdir(parents=True)
    (settings / "overrides.json").write_text(json.dumps(SETTINGS), encoding="utf-8")
    port = free_port()
    address = f"http://127.0.0.1:{port}{base_url.rstrip('/')}"
    command = [
        *(sys.executable, "-m", program, "--no-browser", "--ServerApp.ip=127.0.0.1", f"--port={port}"),
        *("--ServerApp.port_retries=0", f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={folder}"),
        *(f"--{options}.expose_app_in_browser=True", f"--{options}.app_settings_dir={settings}", "--allow-root"),
        *(f"--{options}.user_settings_dir={home / 'user'}", f"--{options}.workspaces_dir={home / 'workspaces'}"),
        f"--ServerApp.base_url={base_url}",
    ]
    own = {name: str(home / name.lower()) for name in HOMES}
    config = Path(own["JUPYTER_CONFIG_DIR"])
    config.mkdir(exist_ok=True)
    (config / "jupyter_server_config.py").write_text(KEEP_APART, encoding="utf-8")
    with (home / "log.txt").open("wb") as log:
        server = subprocess.Popen(
            command, cwd=folder, env={**os.environ, **own}, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        try:
            _wait(server, f"{address}/api/status?token={TOKEN}", home / "log.txt")
            yield Lab(address, folder)
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _wait(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    end = time.monotonic() + START
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text(errors='replace')[-3000:]}")
