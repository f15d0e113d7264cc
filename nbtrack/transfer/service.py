"""Use cases of what goes out: what a front end asks for ends as a file below the project's folder."""

from __future__ import annotations

import itertools
import os
import re
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack.base.errors import InvalidOption
from nbtrack.runs.contract import PageRequest, Selection
from nbtrack.runs.store import runs
from nbtrack.transfer import contract as c
from nbtrack.transfer.exporters import EXPORTERS, Options, Order, Progress, silent, suffixed, write

if TYPE_CHECKING:
    from nbtrack.runs.service import RunsService

FOLDER = "exports"


class TransferService:
    """Exports of one project, on top of its reads."""

    def __init__(self, reads: RunsService) -> None:
        self._reads = reads

    def formats(self) -> c.Formats:
        """The formats there are, and what is missing for them."""
        return c.Formats(
            [
                c.FormatInfo(name, one.label, one.suffix, one.one, one.missing())  # type: ignore[arg-type]
                for name, one in EXPORTERS.items()
            ]
        )

    def export(self, request: c.ExportRequest, progress: Progress = silent) -> c.Exported:
        """Write runs into a file below ``exports/``, whole or not at all.

        Raises:
            NotFound, Ambiguous: one of the runs. FilterError: the selection. CannotRun: a package is missing.
            InvalidOption: no run was chosen, the file is there already, or it cannot be written.
        """
        numbers = self.numbers(request)
        if not numbers:
            raise InvalidOption("There is no run to export.", "Choose runs, or another filter.")
        options = Options(**{name: getattr(request, name) for name in Options.__dataclass_fields__})
        target = self._target(request, numbers)
        order = Order(self._reads, numbers, options, progress)
        files = write(request.format, order, target)
        root = self._reads.project.root
        size = sum(file.stat().st_size for file in files)
        named = [file.relative_to(root).as_posix() for file in files]
        what = "1 run" if len(numbers) == 1 else f"{len(numbers):,} runs"
        return c.Exported(named[0], size, len(numbers), named, " ".join([f"Wrote {what} to {named[0]}.", *order.notes]))

    def numbers(self, request: c.ExportRequest) -> list[int]:
        """The runs that a request names or finds, each once, as numbers."""
        if request.runs is not None:
            return numbers_of(self._reads, request.runs)
        wanted = {name: getattr(request, name) for name in (*Selection.__struct_fields__, "sort")}
        return self._reads.numbers(PageRequest(**wanted))

    def _target(self, request: c.ExportRequest, numbers: Sequence[int]) -> Path:
        """Where to write: always right below ``exports/``, so that no file of the user's own is ever replaced."""
        root = self._reads.project.root
        folder = root / _folder(request.notebook) / FOLDER
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InvalidOption(
                f"'{folder}' cannot be made: {error.strerror or error}.", "Exports go into that folder."
            ) from error
        if not Path(os.path.realpath(folder)).is_relative_to(os.path.realpath(root)):
            raise InvalidOption(f"'{folder}' leads out of the project.", "Remove the link there.")
        suffix = EXPORTERS[request.format].suffix
        if request.name is None:
            return _free(folder, self._made_up(request, numbers), suffix)
        target = folder / _checked(request.name, request.format)
        if os.path.lexists(target) and (not request.overwrite or not target.is_file() or target.is_symlink()):
            raise InvalidOption(
                f"'{target.relative_to(root)}' is there already.", "Choose another name, or have it replaced."
            )
        return target

    def _made_up(self, request: c.ExportRequest, numbers: Sequence[int]) -> str:
        """What the file holds, and from which day."""
        if len(numbers) == 1:
            name = self._reads.rows(numbers, [])[0].name
        else:
            name = Path(request.notebook).stem if request.notebook else request.experiment or "runs"
        plain = re.sub(r"[^\w.-]+", "-", name, flags=re.ASCII).strip("-.")[:60] or "runs"
        return plain if EXPORTERS[request.format].one else f"{plain}-{time.strftime('%Y-%m-%d')}"


def numbers_of(reads: RunsService, given: Iterable[str]) -> list[int]:
    """The runs of these ids, beginnings of ids, names or @1, each once.

    Raises:
        NotFound, Ambiguous: see `nbtrack.runs.store.runs.resolve`.
    """
    reads.connection()
    with reads.database.read() as conn:
        return list(dict.fromkeys(runs.resolve(conn, one) for one in given))


def _folder(notebook: str | None) -> Path:
    """The notebook's folder, below the project's; the project's where that is not below it."""
    parts = Path(notebook or "").parts[:-1]
    return Path() if ".." in parts or Path(*parts).is_absolute() or parts[:1] == (".nbtrack",) else Path(*parts)


def _checked(name: str, wanted: str) -> str:
    """A name of a file without folders, with the suffix of its format."""
    suffix = EXPORTERS[wanted].suffix
    name = name.strip()
    plain = name if suffixed(name, wanted) else f"{name}{suffix}"
    if not name or name.startswith(".") or re.search(r'[\x00-\x1f\x7f/\\:*?"<>|]', name) or len(plain.encode()) > 200:
        raise InvalidOption(
            f"{name[:60]!r} is no name for a file.", "Give one without folders, such as best-runs; at most 200 bytes."
        )
    return plain


def _free(folder: Path, name: str, suffix: str) -> Path:
    for number in itertools.count(1):
        target = folder / (f"{name}{suffix}" if number == 1 else f"{name}-{number}{suffix}")
        if not os.path.lexists(target):
            return target
    raise AssertionError  # the count has no end
