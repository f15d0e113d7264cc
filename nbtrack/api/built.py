"""The files that ``js/`` is built into."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from nbtrack.base.errors import NbtrackError, NotFound

STATIC = Path(__file__).parents[1] / "widget" / "static"
MODULE, STYLE = "panel.js", "panel.css"
ASSETS = dict.fromkeys(("curves.js", "run.js", "plotly.js"), "text/javascript")  # loaded on demand, and their type


class NotBuilt(NbtrackError):
    """A file of the panel is not there, or cannot be read."""

    code = "not_built"


class UnknownAsset(NotFound):
    """A file was asked for that is not one of the panel's."""

    code = "unknown_asset"


@cache
def text(name: str) -> str:
    """A built file, read once: all panels of a process share it.

    Raises:
        NotBuilt: it is not there.
    """
    return read(name).decode("utf-8")


def asset(name: object) -> tuple[str, bytes]:
    """(type, content) of a file that is loaded on demand.

    Raises:
        UnknownAsset: there is none of this name. NotBuilt: it is not there.
    """
    kind = ASSETS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise UnknownAsset(f"The panel has no file {str(name)[:60]!r}.", f"There are: {', '.join(ASSETS)}.")
    return kind, read(str(name))


def read(name: str) -> bytes:
    """The bytes of a built file.

    Raises:
        NotBuilt: it is not there.
    """
    try:
        return (STATIC / name).read_bytes()
    except OSError as error:
        raise NotBuilt(
            f"The panel was not built: '{name}' is missing from '{STATIC}' ({error.strerror or error}).",
            "Install nbtrack again: `pip install --force-reinstall nbtrack`; in a clone of its repository: `make ui`.",
        ) from error
