"""What comes in, from Python: `import_runs`, as ``nbtrack import`` does."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from nbtrack.base.errors import BadSource, InvalidOption, InvalidValue
from nbtrack.runs.given import local_path
from nbtrack.runs.values import brief, check_name
from nbtrack.sdk import asked
from nbtrack.sdk.context import current_service
from nbtrack.transfer.importers import guess, importer
from nbtrack.transfer.landing import Landed, land
from nbtrack.transfer.records import ExperimentRecord, Item, Whole, WholeModel

if TYPE_CHECKING:
    from nbtrack.base.config import Project

__all__ = ["import_runs"]

Progress = Callable[[Iterable[Any], str, int], Iterable[Any]]


@asked.checked(
    source=asked.path,
    tool=asked.text,
    dry_run=asked.flag,
    experiment=asked.text,
    map=asked.mapping,
    project=asked.project,
)
def import_runs(
    source: str | os.PathLike[str],
    *,
    tool: str | None = None,
    dry_run: bool = False,
    experiment: str | None = None,
    map: Mapping[str, str] | None = None,
    project: Project | str | os.PathLike[str] | None = None,
    **options: str,
) -> Landed:
    """Bring runs of another place into the project; what came.

    source: a bundle (``.nbtrack.zip``), another project's folder, MLflow's folder, database or server, what W&B,
    trackio, TensorBoard, Aim or DVCLive left on the disk, a table (CSV, Parquet). tool: whose it is, where that is not
    clear from it. dry_run: only say what would come. experiment: put all runs into this one. map: of tables, what a
    column is, such as ``{"learning rate": "params.lr"}``. options: further ones that the tool's importer knows.

    Each run comes once: repeated, an import brings what is new or has changed at the source. What you have edited here
    since (name, note, star, tags, experiment) stays.

    Raises:
        BadSource: the source is broken; nothing was stored. CannotRun: a package is missing.
        InvalidOption, InvalidValue: nobody knows what the source is, or there is no such tool or option.

    >>> nbtrack.import_runs("../other/.nbtrack")               # doctest: +SKIP
    >>> nbtrack.import_runs("mlruns", dry_run=True).new        # doctest: +SKIP
    """
    given = {name: asked.text("import_runs", name, value) for name, value in options.items()}
    if map:
        given["map"] = "\n".join(_line(column, field) for column, field in map.items())
    target = current_service(project).project
    return bring(target, os.fspath(source), tool, given, dry=dry_run, experiment=experiment)[1]


def _line(column: object, field: object) -> str:
    """What a column is. Raises InvalidValue if that would be another line, or none."""
    both = [asked.text("import_runs", "map", one) for one in (column, field)]
    if not all(one.strip() and one.isprintable() for one in both):
        raise InvalidValue(f"map has the column {brief(column)} for {brief(field)}.", "Such as {'lr': 'params.lr'}.")
    return "=".join(both)


def bring(
    project: Project,
    source: str,
    tool: str | None,
    options: Mapping[str, str],
    *,
    dry: bool = False,
    experiment: str | None = None,
    progress: Progress | None = None,
) -> tuple[str, Landed]:
    """The same for hosts: (the name of the importer, what came)."""
    if not source.strip():
        raise InvalidOption("There is no source to import from.", "Name a file, a folder or an address.")
    if "://" not in source:
        path = local_path(source)  # raises for what is none, before anybody tries
        if path.exists() and not path.is_file() and not path.is_dir():  # to read it might never end
            raise BadSource(f"'{source}' is a pipe, a socket or a device.", "Give a file or a folder.")
    found = importer(tool) if tool else guess(source)
    items = found.read(source, options)
    if experiment is not None:
        items = _into(items, check_name("experiment", experiment))
    shown = {} if progress is None else {"progress": progress}
    return found.name, land(project, items, found.place(source), dry=dry, **shown)


def _into(items: Iterable[Item], experiment: str) -> Iterator[Item]:
    """The same with all runs in one experiment."""
    for item in items:
        if isinstance(item, Whole):
            item.run = msgspec.structs.replace(item.run, experiment=experiment)
        elif isinstance(item, WholeModel):
            item.model = msgspec.structs.replace(item.model, experiment=experiment)
        elif isinstance(item, ExperimentRecord):
            continue
        yield item
