"""Other trackers' files, and nbtrack's own: who reads what. An importer is loaded when it is used.

An importer gives its runs as records (`nbtrack.transfer.records`), in any order; `nbtrack.transfer.landing` checks and
stores them. What it cannot read raises BadSource, which names the file and the record.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Protocol

from nbtrack.base.errors import InvalidOption
from nbtrack.transfer.records import Item


class Importer(Protocol):
    """A way in.

    source: what the user named: a path, or an address.
    options: what the user said beside it, as texts; "map" has lines of ``column=params.lr`` (see `mapping`).
    """

    name: str

    def knows(self, source: str) -> bool:
        """Whether the source looks like this tracker's; quick, from names and first bytes, without its package."""

    def place(self, source: str) -> str:
        """What the source is called in the table ``elsewhere``: the same for the same runs, however it is written."""

    def read(self, source: str, options: Mapping[str, str]) -> Iterator[Item]:
        """What the source holds, one after the other.

        Raises:
            BadSource: it is broken. InvalidOption: an option it does not know. CannotRun: a package is missing.
        """


# Asked in this order: those whose files are unmistakable first.
IMPORTERS: dict[str, str] = {
    "bundle": "nbtrack.transfer.importers.bundle:Bundle",
    "nbtrack": "nbtrack.transfer.importers.database:ProjectFile",
    "wandb": "nbtrack.transfer.importers.wandb:Wandb",
    "trackio": "nbtrack.transfer.importers.trackio:Trackio",
    "aim": "nbtrack.transfer.importers.aim:Aim",
    "mlflow": "nbtrack.transfer.importers.mlflow:Mlflow",
    "tensorboard": "nbtrack.transfer.importers.tensorboard:Tensorboard",
    "dvclive": "nbtrack.transfer.importers.dvclive:Dvclive",
    "neptune": "nbtrack.transfer.importers.neptune:Neptune",
    "tables": "nbtrack.transfer.importers.tables:Tables",
}


def importer(name: str) -> Importer:
    """The importer of a name.

    Raises:
        InvalidOption: there is none.
    """
    home = IMPORTERS.get(name)
    if home is None:
        raise InvalidOption(f"There is no importer '{name}'.", f"There are: {', '.join(IMPORTERS)}.")
    module, _, made = home.partition(":")
    found: Importer = getattr(import_module(module), made)()
    return found


def guess(source: str) -> Importer:
    """The importer that knows a source.

    Raises:
        InvalidOption: none does.
    """
    for name in IMPORTERS:
        found = importer(name)
        if found.knows(source):
            return found
    raise InvalidOption(
        f"Nobody here knows what '{source}' is.", f"Is the path right? Say whose it is: --from {'|'.join(IMPORTERS)}."
    )


def none_left(options: Mapping[str, str], *known: str) -> None:
    """See that an importer knows all its options.

    Raises:
        InvalidOption: it does not know one.
    """
    for name in options:
        if name not in known:
            raise InvalidOption(
                f"There is no option '{name}' for this source.", f"There are: {', '.join(known) or 'none'}."
            )


def mapping(options: Mapping[str, str]) -> dict[str, str]:
    """What "map" says: field by column, in the order it was given.

    Raises:
        InvalidOption: a line that is no ``column=field``.
    """
    found = {}
    for line in filter(str.strip, options.get("map", "").splitlines()):
        column, equals, field = line.rpartition("=")
        if not equals or not column.strip() or not field.strip():
            raise InvalidOption(f"--map {line!r} does not say what becomes what.", "Such as --map lr=params.lr.")
        found[column.strip()] = field.strip()
    return found
