"""The browser that the tests drive: found in one place, and by `python tests/ui/browser.py` brought there.

NBTRACK_BROWSER names one; else it is a Chromium or Chrome on PATH, else the Chromium that playwright downloaded.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Nothing that calls home, nothing that needs a GPU, and no sandbox, which containers do not let it make.
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
APT = ("apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium")
PLAYWRIGHT = (sys.executable, "-m", "playwright", "install", "chromium")

Command = tuple[str, ...]


class NoBrowser(Exception):
    """There is no browser; the text says what was tried and what to do."""


def starts(path: str) -> bool:
    """Whether this is a browser that runs: Ubuntu's `chromium-browser` may be a note that says where to get one."""
    try:
        done = subprocess.run([path, "--version"], capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def downloaded() -> str:
    """Where playwright keeps the Chromium that belongs to it, whether it is there or not."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


def find() -> str | None:
    """The path of a browser that runs."""
    named = os.environ.get("NBTRACK_BROWSER")
    if named:
        if not starts(named):
            raise NoBrowser(f"NBTRACK_BROWSER: {named!r} does not start. Name a Chromium or a Chrome.")
        return named
    on_path = next((path for path in map(shutil.which, NAMES) if path and starts(path)), None)
    if on_path:
        return on_path
    own = downloaded()
    return own if Path(own).is_file() and starts(own) else None


def launch(playwright: Playwright, **options: Any) -> Browser:
    """A headless browser, for a test."""
    path = find()
    if path is None:
        raise NoBrowser("No browser was found; `make browser` brings one.")
    return playwright.chromium.launch(executable_path=path, args=list(FLAGS), **options)


def ways() -> list[tuple[str, list[Command]]]:
    """How a browser can be installed without asking anyone, the likeliest to work first."""
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        return [("apt", [("apt-get", "update", "-qq"), APT]), ("playwright", [(*PLAYWRIGHT, "--with-deps")])]
    return [("playwright", [PLAYWRIGHT])]


def attempt(commands: list[Command]) -> str:
    """Run commands one after the other: how that ended, in one line."""
    for command in commands:
        done = subprocess.run(
            command,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            lines = done.stdout.strip().splitlines() or ["it said nothing"]
            said = next((line for line in lines if line.startswith(("E:", "Error"))), lines[-1])
            return f"{' '.join(command)}: status {done.returncode}: {said}"
    return f"{' '.join(commands[-1])}: ended well, but its Chromium does not start"


def bring() -> str:
    """The path of a browser, after installing one if there is none."""
    tried = [f"{', '.join(NAMES)} on PATH"]
    path = find()
    for way, commands in ways():
        if path is None:
            print(f"No browser was found; installing Chromium with {way} …", flush=True)
            tried.append(attempt(commands))
            path = find()
    if path is None:
        raise NoBrowser(
            "The tests drive the panel in a browser, and there is none. Tried:\n"
            + "".join(f"  {way}\n" for way in tried)
            + "Install Chromium or Chrome (Debian and Ubuntu: sudo apt install chromium), or name one:\n"
            "make test NBTRACK_BROWSER=/path/to/chrome"
        )
    return path


if __name__ == "__main__":
    try:
        print(f"Browser: {bring()}")
    except NoBrowser as error:
        sys.exit(str(error))
