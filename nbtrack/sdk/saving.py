"""Where a file of a run is saved."""

from __future__ import annotations

import re
from pathlib import Path

from nbtrack.base.errors import InvalidValue

_NO_NAME = re.compile(r'[\x00-\x1f\x7f:*?"<>|]|[\ud800-\udfff]')


def saved_in(folder: Path, path: str) -> Path:
    """Where a file of a run is saved in a folder: under the last part of its path, made a name that any system has.

    The path may stand in a database from elsewhere, and the folder may have come with it.

    Raises:
        InvalidValue: a link lies there, which would lead what is saved to another place.
    """
    name = _NO_NAME.sub("_", re.split(r"[/\\]", path)[-1])
    place = folder / (name if name.strip(". ") else "_")
    if place.is_symlink():
        raise InvalidValue(f"'{place}' is a link, which is not followed.", "Remove it, or name another place.")
    return place
