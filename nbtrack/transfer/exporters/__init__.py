"""A format each, and the table of them.

An exporter is a function ``write(order, file)``: it writes the runs of an `Order` into a binary file that can be
written and sought in; whoever calls it sees to it that the file is there whole or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from nbtrack.base.errors import CannotRun, InvalidOption
from nbtrack.runs.contract import RunRow
from nbtrack.transfer.atomic import writing_all

if TYPE_CHECKING:
    from nbtrack.runs.service import RunsService

Progress = Callable[[Iterable[Any], str, int], Iterable[Any]]
WINDOW = 500  # runs that are read at a time


def silent(items: Iterable[Any], what: str, total: int) -> Iterable[Any]:
    """Goes through items without showing how far it is."""
    return items


def nothing_beside(part: str) -> BinaryIO:
    """Refuses: where one file only can be written.

    Raises:
        InvalidOption: always.
    """
    raise InvalidOption("This format is of several files and cannot be printed.", "Name a file with -o FILE.")


@dataclass
class Options:
    """How runs are written; the fields are those of `nbtrack.transfer.contract.ExportRequest`."""

    columns: list[str] | None = None
    mean_over: list[str] = field(default_factory=list)
    digits: int | None = None
    static: bool = False
    points: bool = False
    title: str | None = None
    plain: bool = False


@dataclass
class Order:
    """What is to be written.

    numbers: of the runs, in their order, as `RunsService.numbers` gives them. progress: goes through items while
    showing how far it is. target: where the file will be, if it is one. beside: opens a further file, named like it:
    ``beside("params")`` is ``runs.params.parquet`` beside ``runs.parquet``. notes: what could not be written, each a
    sentence.
    """

    service: RunsService
    numbers: Sequence[int]
    options: Options = field(default_factory=Options)
    progress: Progress = silent
    target: Path | None = None
    beside: Callable[[str], BinaryIO] = nothing_beside
    notes: list[str] = field(default_factory=list)

    def windows(self, what: str = "reading runs") -> Iterator[Sequence[int]]:
        """The numbers, some hundreds at a time, with progress."""
        starts = range(0, len(self.numbers), WINDOW)
        for start in self.progress(starts, what, len(starts)):
            yield self.numbers[start : start + WINDOW]

    def rows(self, columns: list[str] | None = None, what: str = "reading runs") -> Iterator[RunRow]:
        """The runs as rows of a table, read some hundreds at a time, with progress; those gone are left out."""
        for window in self.windows(what):
            yield from self.service.rows(window, columns)


class Exporter(NamedTuple):
    """A format. home: "module:function". one: it takes a single run. text: it can be printed. needs: a package."""

    label: str
    home: str
    suffix: str
    one: bool = False
    text: bool = False
    needs: str | None = None

    def missing(self) -> str | None:
        """The command that installs what the format needs, if that is not there."""
        return (
            f'pip install "nbtrack[{self.needs}]"' if self.needs and find_spec(_PACKAGES[self.needs]) is None else None
        )

    def write(self, order: Order, file: BinaryIO) -> None:
        """Write the runs.

        Raises:
            CannotRun: a package is missing. InvalidOption: the format takes one run, or an option makes no sense.
        """
        command = self.missing()
        if command is not None:
            raise CannotRun(
                f"{self.label} needs the package {_PACKAGES[self.needs or '']}.", f"Install it: `{command}`."
            )
        if self.one and len(order.numbers) != 1:
            raise InvalidOption(
                f"{self.label} is of one run, and {len(order.numbers):,} were chosen.", "Name one, such as @1."
            )
        module, _, name = self.home.partition(":")
        getattr(import_module(module), name)(order, file)


_PACKAGES = {"parquet": "pyarrow"}
_HERE = "nbtrack.transfer.exporters"
EXPORTERS: dict[str, Exporter] = {
    "html": Exporter("HTML report", f"{_HERE}.report:write", ".html"),
    "md": Exporter("Markdown table", f"{_HERE}.markdown:write", ".md", text=True),
    "tex": Exporter("LaTeX table", f"{_HERE}.latex:write", ".tex", text=True),
    "csv": Exporter("CSV", f"{_HERE}.csv:write", ".csv", text=True),
    "json": Exporter("JSON", f"{_HERE}.json:write", ".json", text=True),
    "parquet": Exporter("Parquet", f"{_HERE}.parquet:write", ".parquet", needs="parquet"),
    "ipynb": Exporter("Notebook of one run", f"{_HERE}.notebook:write", ".ipynb", one=True),
    "py": Exporter("Python script of one run", f"{_HERE}.script:write", ".py", one=True, text=True),
    "zip": Exporter("nbtrack bundle", f"{_HERE}.bundle:write", ".nbtrack.zip"),
}
_SUFFIXES = {exporter.suffix: name for name, exporter in EXPORTERS.items()} | {
    ".htm": "html", ".markdown": "md", ".latex": "tex", ".pq": "parquet", ".zip": "zip",
}  # fmt: skip


def format_of(path: Path) -> str:
    """The format that the name of a file says.

    Raises:
        InvalidOption: it says none.
    """
    found = _SUFFIXES.get(path.suffix.lower())
    if found is None:
        raise InvalidOption(f"'{path.name}' does not say its format.", f"Give --format, one of {', '.join(EXPORTERS)}.")
    return found


def suffixed(name: str, wanted: str) -> bool:
    """Whether the name of a file says this format."""
    return _SUFFIXES.get(Path(name).suffix.lower()) == wanted


def write(name: str, order: Order, target: Path) -> list[Path]:
    """Write a file in a format, whole or not at all; it and those beside it.

    Raises:
        InvalidOption: there is no such format, it cannot be written there, or see `Exporter.write`.
    """
    exporter = EXPORTERS.get(name)
    if exporter is None:
        raise InvalidOption(f"There is no format '{name}'.", f"There are: {', '.join(EXPORTERS)}.")
    files = [target]
    named = target.name.removesuffix(exporter.suffix)
    with writing_all() as opener:

        def beside(part: str) -> BinaryIO:
            files.append(target.with_name(f"{named}.{part}{exporter.suffix}"))
            return opener(files[-1])

        order.beside, order.target = beside, target
        exporter.write(order, opener(target))
    return files
