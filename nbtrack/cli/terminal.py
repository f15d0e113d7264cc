"""Text on a terminal: as wide as it is and in colours; plain and whole where a program reads it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbtrack.sdk.verbs import Shown

_PIPED = 2_000  # columns where no terminal cuts them
_STYLES = (
    (r"✓ \w+|^✓", "green"),
    (r"✗ \w+|^✗", "red"),
    (r"● running", "blue"),
    (r"◼ interrupted", "yellow"),
    (r"★ ?[^\s]*", "bold"),
    (r"^ *\d+ \+ .*$", "green"),
    (r"^ *\d+ - .*$", "red"),
    (r"^[─ ]+$", "dim"),
    (r"^same in all: .*$|^ *⋯$", "dim"),
)


def show(shown: Shown) -> None:
    """Print a view."""
    if not sys.stdout.isatty():
        write(shown.text(_PIPED))
        return
    from nbtrack.base.words import clean

    text = clean(shown.text(max(40, shutil.get_terminal_size((100, 24)).columns)))
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        write(text)
    else:
        _colour(text)


def write(text: str) -> None:
    """Print text; what the terminal's encoding does not have is written as an escape."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")


def ask(question: str) -> bool:
    """Ask yes or no; anything but yes is no."""
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def progress(items: Iterable[Any], what: str, total: int) -> Iterator[Any]:
    """Go through items with a bar on stderr, where that is a terminal and there is more than a blink of work.

    total: -1 where nobody knows.
    """
    if total in (0, 1) or not sys.stderr.isatty():
        yield from items
        return
    from rich.console import Console
    from rich.progress import track

    many = None if total < 0 else total
    yield from track(items, f"{what} …", many, console=Console(stderr=True), transient=True)


def _colour(text: str) -> None:
    import re

    from rich.console import Console
    from rich.text import Text

    coloured = Text(text)
    for pattern, style in _STYLES:
        coloured.highlight_regex(re.compile(pattern, re.MULTILINE), style)
    Console(highlight=False).print(coloured, soft_wrap=True)
