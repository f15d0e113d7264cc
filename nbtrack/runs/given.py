"""What a call gives, checked before anything of it is stored, and without secrets."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path, PurePath
from typing import Any

from nbtrack.base.config import FOLDER
from nbtrack.base.errors import InvalidValue
from nbtrack.base.secrets import redact_value
from nbtrack.runs import values

LAST_STEP = (1 << 63) - 1


def local_path(path: object) -> Path:
    """A path on this machine, ``~`` expanded.

    Raises:
        InvalidValue: no path, empty, with NUL, or with a ``~`` that stands for nobody.
    """
    try:
        text = os.fsdecode(os.fspath(path))  # type: ignore[call-overload]
        if text.strip() and "\0" not in text:
            found = Path(text).expanduser()
            os.fsencode(found)  # half a character has no bytes
            with suppress(FileNotFoundError, NotADirectoryError):
                found.lstat()
            return found
    except OSError as error:  # longer than a path may be, or in a folder that nobody may look into
        raise InvalidValue(f"{values.brief(path)} is no path: {error.strerror}.", "Give another.") from error
    except Exception as error:  # no path, or one that cannot be expanded
        raise InvalidValue(f"{values.brief(path)} is no path ({type(error).__name__}).", "Give a path.") from error
    raise InvalidValue(f"{values.brief(path)} is no path.", "Give one without NUL that is not empty.")


def artifact_path(path: object, folder: bool = False) -> str:
    """A relative path with forward slashes that stays inside the run. folder: it may end with a slash.

    Raises:
        InvalidValue: empty, absolute, with ``..``, a drive, a backslash, or control characters.
    """
    text = values.check_name("artifact", str(path) if values.is_a(path, PurePath) else path)
    text = text.removesuffix("/") if folder else text
    parts = text.split("/")
    if text.startswith("/") or "\\" in text or ":" in parts[0] or any(part in ("", ".", "..") for part in parts):
        raise InvalidValue(f"The artifact path '{text}' does not stay inside the run.", "Use one like 'plots/roc.png'.")
    return text


def checked_params(params: object) -> list[tuple[str, Any]]:
    """Params by dotted names as they will be stored, without secrets.

    Raises:
        InvalidValue: no mapping, or a name or value that cannot be stored.
    """
    return [
        (values.check_name("param", name), redact_value(name, values.param_value(name, value))[0])
        for name, value in values.flatten(mapping("params", params))
    ]


def checked_tags(tags: object) -> list[tuple[str, str]]:
    """Tags as they will be stored, without secrets.

    Raises:
        InvalidValue: no mapping, or a name or value that cannot be stored.
    """
    return [
        (values.check_name("tag", name), _text(name, values.check_text(f"Tag '{name}'", value)))
        for name, value in values.items(mapping("tags", tags))
    ]


def checked_note(text: object) -> str:
    """A note as it will be stored, without secrets.

    Raises:
        InvalidValue: not text, too long, or with what no text column can hold.
    """
    return _text("note", values.check_text("A note", text))


def is_own(path: Path) -> bool:
    """Whether a file, with its links followed, lies in a folder of nbtrack's."""
    return any(part.casefold() == FOLDER for part in path.resolve().parts)


def check_source(source: Path, database: Path) -> None:
    """See that a file can be read and is not one of nbtrack's own.

    Opening and closing the database file would drop the locks that SQLite holds on it in this process.

    Raises:
        InvalidValue: it cannot be, or it is.
    """
    if is_own(source) or any(_same(source, f"{database}{end}") for end in ("", "-wal", "-shm")):
        raise InvalidValue(f"'{source}' is a file of nbtrack's own store.", f"Leave out what lies in {FOLDER}.")
    try:
        source.open("rb").close()
    except OSError as error:
        raise InvalidValue(f"'{source}' cannot be read: {error.strerror}.", "Give a file you may read.") from error


def _same(path: Path, other: str) -> bool:
    with suppress(OSError):
        return path.samefile(other)
    return False


def _text(name: str, text: str) -> str:
    return str(redact_value(name, text)[0])


def mapping(what: str, given: Any) -> Mapping[str, Any]:
    """What is given, if it is a mapping. Raises InvalidValue if not."""
    if not values.is_a(given, Mapping):
        raise InvalidValue(f"{what} must be a dict, not {type(given).__name__}.", "Write {'name': value}.")
    return given  # type: ignore[no-any-return]


def step_number(step: Any) -> int:
    """A step. Raises InvalidValue if it is no integer of 64 bits."""
    number = values.scalar(step)
    if values.is_a(number, float):
        plain = float.__pos__(number)
        number = int(plain) if plain.is_integer() else plain
    if not values.is_a(number, int) or not -LAST_STEP - 1 <= int.__pos__(number) <= LAST_STEP:
        raise InvalidValue(f"step is {values.brief(step)}.", "Give a 64-bit integer, or none to count on.")
    return int.__pos__(number)


def moment(at: Any) -> float:
    """A time in Unix seconds. Raises InvalidValue if it is no finite number."""
    found = values.metric_value("time", at)
    if not math.isfinite(found):
        raise InvalidValue(f"time is {found}.", "Give Unix seconds.")
    return found
