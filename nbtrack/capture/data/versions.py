"""What other tools say of a file: the pointers of DVC beside it, and ``dvc.lock``."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

_LARGEST = 4 << 20  # bytes of a pointer or lock that are looked at
_ENTRY = re.compile(r"^(?P<indent>\s*)(?P<dash>- )?(?P<key>\w+):\s*(?P<value>.*?)\s*$")


def dvc_state(path: str, root: Path, md5: str | None = None) -> dict[str, Any] | None:
    """What DVC has on a file or folder of a project: its pointer or lock, the hash there, whether it is that version.

    A file in a folder that DVC tracks as a whole is found by the folder's pointer. ``same`` is told only for a file
    that is tracked by itself, by the md5 of its bytes; ``md5``: that of the file as it is.
    """
    place = Path(path)
    if root not in place.parents:
        return None
    for one in (place, *place.parents):
        if one == root:
            break
        found = _entry(one.parent / f"{one.name}.dvc", one)
        if found is not None:
            return _told(found, root, md5 if one == place else None)
    for folder in place.parents:
        found = _entry(folder / "dvc.lock", place)
        if found is not None:
            return _told(found, root, md5)
        if folder == root:
            break
    return None


def _told(found: dict[str, Any], root: Path, md5: str | None) -> dict[str, Any]:
    pointer = Path(os.path.relpath(found["pointer"], root)).as_posix()
    told = {"pointer": pointer, "md5": found["md5"]}
    if md5 is not None and found.get("hash") == "md5":  # before DVC 3, the md5 of a text is not that of its bytes
        told["same"] = found["md5"] == md5
    return told


def _entry(pointer: Path, wanted: Path) -> dict[str, Any] | None:
    """What a pointer or a lock says of one path."""
    try:
        if not pointer.is_file() or pointer.stat().st_size > _LARGEST:
            return None
        text = pointer.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None
    for entry in _entries(text):
        if "md5" in entry and "path" in entry and pointer.parent / entry["path"] == wanted:
            return {**entry, "pointer": pointer}
    return None


def _entries(text: str) -> list[dict[str, str]]:
    """The items of lists of mappings: all that a pointer and a lock say of files.

    DVC writes them in one plain form of YAML, a key a line, so that no parser of YAML need be installed.
    """
    entries: list[dict[str, str]] = []
    depth = -1
    for line in text.splitlines():
        match = _ENTRY.match(line)
        if match is None or line.lstrip().startswith("#"):
            continue
        indent = len(match["indent"]) + (2 if match["dash"] else 0)
        if match["dash"]:
            entries.append({})
            depth = indent
        if entries and indent == depth:
            entries[-1][match["key"]] = _unquoted(match["value"])
        elif indent < depth:
            depth = -1
    return entries


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1].replace("''", "'") if value[0] == "'" else value[1:-1]
    return value
