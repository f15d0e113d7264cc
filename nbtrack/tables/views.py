"""How the panel of a project was last arranged: one small JSON file beside the runs, which no run depends on."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from nbtrack.base.errors import InvalidOption, StoreReadOnly

NAME = "views.json"
MAX_BYTES = 256 << 10


def load(folder: Path) -> dict[str, Any] | None:
    """What was saved last; None where there is nothing, or nothing that can be read."""
    import msgspec

    path = folder / NAME
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        found = msgspec.json.decode(data) if len(data) <= MAX_BYTES else None
    except (OSError, ValueError, RecursionError, msgspec.MsgspecError):
        return None
    return found if isinstance(found, dict) else None


def save(folder: Path, state: dict[str, Any] | None) -> None:
    """Keep a view in place of the one before, at once or not at all; None forgets it.

    Raises:
        InvalidOption: it is too large, or has no JSON. StoreReadOnly: the folder cannot be written.
    """
    path = folder / NAME
    try:
        if state is None:
            path.unlink(missing_ok=True)
        else:
            _replace(path, _encoded(state))
    except OSError as error:
        raise StoreReadOnly(
            f"The view cannot be kept in '{path}': {error.strerror or error}.", "Make its folder writable."
        ) from error


def _encoded(state: dict[str, Any]) -> bytes:
    import msgspec

    try:
        data = msgspec.json.encode(state)
    except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError) as error:
        raise InvalidOption(f"The view has no JSON: {error}.", "Keep plain data in it.") from error
    if len(data) > MAX_BYTES:
        raise InvalidOption(f"The view has {len(data):,} bytes.", f"At most {MAX_BYTES:,} are kept.")
    return data


def _replace(path: Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".views-")  # only its owner may read it
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise
