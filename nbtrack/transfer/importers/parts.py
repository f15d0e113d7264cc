"""What several importers need: points in chunks, params of a nested configuration, exact JSON, files that stay inside.

What an importer had to leave out or to mend is said in ``about["origin"]["notes"]`` of the run, a sentence each.
"""

from __future__ import annotations

import io
import json
import math
import os
import tempfile
import warnings
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, cast

from nbtrack.base.config import FOLDER
from nbtrack.base.errors import BadSource, CannotRun, InvalidOption, InvalidValue, NotFound
from nbtrack.runs import values
from nbtrack.runs.given import LAST_STEP
from nbtrack.transfer.records import File, ParamRecord, Points

CHUNK = 8192  # points of one metric that are given on together
HELD = 400_000  # points of all metrics that are held at once
_EXACT = 1 << 53
_DEEPEST = 40  # levels of nested data that are taken apart


class Chunks:
    """Takes points of many metrics as they come, and gives them on in chunks of one metric each.

    >>> chunks = Chunks()
    >>> list(chunks.add("loss", 0, 0.0, 0.5)), [(one.key, list(one.values)) for one in chunks.rest()]
    ([], [('loss', [0.5])])
    """

    def __init__(self, source: str = "explicit") -> None:
        self._source = source
        self._held: dict[str, Points] = {}
        self._count = 0

    def add(self, key: str, step: int, time: float, value: float) -> Sequence[Points]:
        """Take a point; the chunks that are complete with it."""
        held = self._held.get(key)
        if held is None:
            held = self._held[key] = Points(key, array("q"), array("d"), array("d"), self._source)
        held.steps.append(step)
        held.times.append(time)
        held.values.append(value)
        self._count += 1
        if len(held.values) >= CHUNK:
            self._count -= len(held.values)
            return (self._held.pop(key),)
        return list(self.rest()) if self._count >= HELD else ()

    def rest(self) -> Iterator[Points]:
        """What is still held."""
        held, self._held, self._count = self._held, {}, 0
        yield from held.values()


class Notes:
    """What is to be said of a run, each sentence once, in the order it was found; a count where there are many."""

    def __init__(self) -> None:
        self._said: dict[str, int] = {}

    def add(self, sentence: str) -> None:
        """Note it."""
        self._said[sentence] = self._said.get(sentence, 0) + 1

    def lines(self) -> list[str]:
        """The sentences."""
        return [one if count == 1 else f"{one.rstrip('.')} ({count} times)." for one, count in self._said.items()]


# -- values


def loads(text: str | bytes) -> Any:
    """JSON as Python data, exactly: NaN, ±Infinity, −0 and integers of any size.

    Raises:
        ValueError: it is none, or nested too deep.
    """
    try:
        return json.loads(text, parse_int=_integer)
    except RecursionError:
        raise ValueError("nested too deep") from None


def _integer(digits: str) -> int | float | str:
    if digits == "-0":
        return -0.0
    return int(digits) if len(digits) <= 4300 else digits


def number(value: Any) -> float | None:
    """What can be a metric's value as a float; None for anything else, such as a text."""
    if type(value) is float:
        return value
    if type(value) in (int, bool):
        try:
            return float(value)
        except OverflowError:
            return math.inf if value > 0 else -math.inf
    return None


def is_rounded(value: Any) -> bool:
    """Whether a float cannot hold the integer exactly."""
    return type(value) is int and abs(value) > _EXACT and number(value) != value


def step_of(value: Any) -> int | None:
    """A step of 64 bits; None where it is none."""
    if type(value) is float and value.is_integer():
        value = int(value)
    return value if type(value) is int and -LAST_STEP <= value <= LAST_STEP else None


def flat(data: Mapping[str, Any], stop: Callable[[Mapping[str, Any]], bool] = lambda _: False) -> list[tuple[str, Any]]:
    """Nested mappings as dotted names. What ``stop`` says of, and what is nested too deep, stays a value.

    >>> flat({"opt": {"lr": 1, "no": {}}})
    [('opt.lr', 1), ('opt.no', {})]
    """
    found: list[tuple[str, Any]] = []
    _flatten(data, "", 0, stop, found)
    return found


def _flatten(
    data: Mapping[str, Any], before: str, depth: int, stop: Callable[[Mapping[str, Any]], bool], found: list[Any]
) -> None:
    for key, value in data.items():
        if isinstance(value, Mapping) and value and depth < _DEEPEST and not stop(value):
            _flatten(value, f"{before}{key}.", depth + 1, stop, found)
        else:
            found.append((f"{before}{key}", value))


def is_larger(data: Any, limit: int) -> bool:
    """Whether nested lists and dicts hold more values than this, each counted as often as it would be written."""
    count, left = 0, [data]
    while left and count <= limit:
        value = left.pop()
        count += 1
        if isinstance(value, Mapping):
            left += value.values()
        elif isinstance(value, (list, tuple)):
            left += value
    return count > limit


def params_of(config: Mapping[str, Any], notes: Notes, at: float = 0.0) -> list[ParamRecord]:
    """A configuration as params, nested mappings with dotted names.

    A value that no param can be becomes text. Of two with one name, the later has a number behind it.
    """
    found: dict[str, ParamRecord] = {}
    for name, value in flat(config):
        try:
            plain = values.param_value(name, value)
        except InvalidValue:
            plain = cut(_as_text(value), values.MAX_PARAM)
            notes.add(f"The param '{brief(name)}' became text.")
        if name in found:
            notes.add(f"Two params are named '{brief(name)}'.")
            name = next(f"{name} ({n})" for n in range(2, 1 << 30) if f"{name} ({n})" not in found)
        found[name] = ParamRecord(name, plain, at=at)
    return list(found.values())


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, default=str)
    except (TypeError, ValueError, RecursionError):
        return values.brief(value)


def cut(text: str, limit: int) -> str:
    """A text that is not longer than the limit, without what no text column holds."""
    text = text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
    return text if len(text) <= limit else text[: limit - 1] + "…"


def brief(text: str) -> str:
    """A name for a message."""
    return values.brief(text)[1:-1]


def seconds_of(text: Any) -> float | None:
    """Unix seconds of a time as ISO 8601 (UTC where it names no zone), or of a number of seconds; None of others."""
    if type(text) in (int, float):
        return float(text) if math.isfinite(text) else None
    if isinstance(text, datetime):
        moment = text
    else:
        try:
            moment = datetime.fromisoformat(str(text).strip().replace("Z", "+00:00"))
        except ValueError:
            return None
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()
    except (OverflowError, ValueError):
        return None


# -- files and packages


def path_of(source: str) -> Path:
    """The path that a source names.

    Raises:
        NotFound: there is nothing. InvalidOption: it is no path.
    """
    if not source.strip() or "\0" in source:
        raise InvalidOption(f"{values.brief(source)} is no path.", "Give the path of a file or folder.")
    path = Path(source).expanduser()
    try:
        there = path.exists()
    except OSError:  # a name too long, or a folder that may not be read
        there = False
    if not there:
        raise NotFound(f"There is no '{source}' in '{Path.cwd()}'.", "Give the path of a file or folder.")
    return path


def need(module: str, what: str, extra: str) -> Any:
    """A module of a tool whose data is read.

    Raises:
        CannotRun: it is not installed, or cannot be imported.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what other packages say of one another is nothing the user can mend
            return import_module(module)
    except Exception as error:  # packages raise what they like when they are imported
        raise CannotRun(
            f"{what} cannot be read: {module} cannot be imported ({values.brief(str(error))}).",
            f"pip install 'nbtrack[{extra}]'",
        ) from error


@contextmanager
def reading(path: Path | str, what: str = "") -> Iterator[None]:
    """Whatever a reader raises over what it is given, in one shape that names the file and the record."""
    try:
        yield
    except (BadSource, CannotRun, InvalidOption, NotFound):
        raise
    except MemoryError as error:
        raise broken(path, "it asks for more memory than there is", what) from error
    except Exception as error:
        said = " ".join(str(error).split()).rstrip(" .")
        raise broken(path, f"{type(error).__name__}: {cut(said, 300)}", what) from error


def broken(path: Path | str, found: str, what: str = "", hint: str = "") -> BadSource:
    """The error for what cannot be read."""
    at = f", {what}" if what else ""
    return BadSource(
        f"'{path}'{at} cannot be read: {found}.", hint or "Nothing was imported. Is the file whole? Copy it once more."
    )


def files_in(
    folder: Path, under: str = "", leave: Iterable[str] = (), notes: Notes | None = None, root: Path | None = None
) -> Iterator[File]:
    """The regular files in a folder and those below, as files of a run.

    Links that lead out are left out, and nbtrack's own files, which nobody else may open. under: the folder in the run.
    leave: paths in the folder that are left out. notes: where it is said what was. root: what links may not leave; the
    folder itself if nothing is said.
    """
    top, left = (root or folder).resolve(), frozenset(leave)
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(place, name)
            inside = path.relative_to(folder).as_posix()
            if inside in left or not path.is_file():
                continue
            real = path.resolve()
            if not real.is_relative_to(top) or FOLDER in real.parts:
                if notes is not None:
                    notes.add(f"The file '{brief(inside)}' is a link that leads out of the folder: it was left out.")
                continue
            about = path.stat()
            where = f"{under}/{inside}" if under else inside
            yield File(inside_path(where), path, created=about.st_mtime, size=about.st_size)


def inside_path(path: str) -> str:
    """A path that a run may have, made of any text: nothing leads out, nothing is empty.

    >>> inside_path("../C:\\\\x//\\0y")
    '_/C_/x/_y'
    """
    clean = "".join("_" if ord(c) < 32 or c in ":\x7f" or 0xD800 <= ord(c) <= 0xDFFF else c for c in path)
    parts = [part for part in clean.replace("\\", "/").split("/") if part not in ("", ".")]
    return "/".join("_" if part == ".." else part for part in parts)[: values.MAX_NAME] or "_"


def within(folder: Path, name: str) -> Path | None:
    """The regular file of that name in a folder; None if there is none, or it lies outside."""
    try:
        path, root = (folder / name).resolve(), folder.resolve()
        return path if path.is_relative_to(root) and path.is_file() else None
    except (OSError, ValueError):
        return None


def written(lines: Callable[[], Iterable[bytes]]) -> Callable[[], BinaryIO]:
    """What opens a file whose content is made when it is asked for; what is large lies on the disk."""

    def opener() -> BinaryIO:
        file = tempfile.SpooledTemporaryFile(max_size=8 << 20)  # noqa: SIM115 (whoever reads it closes it)
        for line in lines():
            file.write(line)
        file.seek(0)
        return cast(BinaryIO, file)

    return opener


def of_bytes(data: bytes) -> Callable[[], BinaryIO]:
    """What opens these bytes as a file."""
    return lambda: io.BytesIO(data)
