"""What goes out, from Python: `export`, as ``nbtrack export`` does."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack.base.errors import InvalidOption
from nbtrack.runs import given
from nbtrack.runs.contract import PageRequest
from nbtrack.runs.values import is_a
from nbtrack.sdk import asked
from nbtrack.sdk.collection import Runs
from nbtrack.sdk.context import current_service
from nbtrack.sdk.run import Run
from nbtrack.transfer.exporters import EXPORTERS, Options, Order, Progress, format_of, silent, write
from nbtrack.transfer.service import numbers_of

if TYPE_CHECKING:
    from nbtrack.base.config import Project
    from nbtrack.runs.service import RunsService

__all__ = ["export"]

Chosen = Runs | Run | str | Iterable[Run | str]


@asked.checked(
    target=asked.path,
    format=asked.text,
    filter=asked.filter_text,
    sort=asked.names,
    columns=asked.names,
    mean_over=asked.names,
    digits=asked.whole(1, 15),
    static=asked.flag,
    points=asked.flag,
    plain=asked.flag,
    title=asked.text,
    overwrite=asked.flag,
    project=asked.project,
)
def export(
    target: str | os.PathLike[str] | None = None,
    runs: Chosen | None = None,
    *,
    format: str | None = None,
    filter: str = "",
    sort: str | Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    mean_over: str | Sequence[str] = (),
    digits: int | None = None,
    static: bool = False,
    points: bool = False,
    plain: bool = False,
    title: str | None = None,
    overwrite: bool = False,
    project: Project | str | os.PathLike[str] | None = None,
) -> Path | str:
    """Write runs into a file; its path. Without a file, the text of a format that is text.

    target: what its name ends with says the format: .html (a report), .md, .tex, .csv, .json, .parquet, .ipynb or .py
    (of one run), .nbtrack.zip (whole runs, for another project). runs: a run or several, as `Run`, id, name or ``@1``,
    or what `nbtrack.runs` found; without, those that ``filter`` finds. columns: "params.lr", "metrics.loss", "params.*"
    or attributes. mean_over: of .md and .tex, params such as "seed": runs alike but for them become one row of means.
    digits: significant ones, of .md and .tex. static: .html with pictures only. points: .json with all points of all
    metrics. plain: .py without nbtrack. overwrite: also a notebook or script that is not an export.

    Raises:
        NotFound, Ambiguous: one of the runs. FilterError: the filter. CannotRun: a package is missing.
        InvalidOption: no format, a column that no run has, or the file cannot be written; nothing is left there.

    >>> nbtrack.export("runs.csv", filter="metrics.acc > 0.9")                # doctest: +SKIP
    >>> nbtrack.export("table.tex", mean_over="seed")                        # doctest: +SKIP
    """
    service = runs._service if type(runs) is Runs else current_service(project)
    order = [sort] if isinstance(sort, str) else list(sort or [])
    over = [mean_over] if isinstance(mean_over, str) else list(mean_over)
    kept = None if columns is None else list(columns)
    options = Options(kept, over, digits, static, points, title, plain)
    numbers = _numbers(service, runs, PageRequest(filter=filter, sort=order))
    if target is None:
        return text_of(service, format or "csv", numbers, options)
    path = given.local_path(target)
    to_file(service, format, numbers, options, path, overwrite=overwrite)
    return path


def _numbers(service: RunsService, runs: Chosen | None, request: PageRequest) -> list[int]:
    if runs is None:
        return service.numbers(request)
    if type(runs) is Runs:
        return runs._numbers()
    several = [runs] if is_a(runs, Run, str) else asked.several("export", "runs", runs)
    named = [asked.run("export", "runs", one) for one in several]
    return numbers_of(service, [one if is_a(one, str) else one.id for one in named])


def text_of(
    service: RunsService, name: str, numbers: Sequence[int], options: Options, progress: Progress = silent
) -> str:
    """Runs in a format that is text.

    Raises:
        InvalidOption: there is no such format, or it is no text.
    """
    exporter = EXPORTERS.get(name)
    if exporter is None:
        raise InvalidOption(f"There is no format '{name}'.", f"There are: {', '.join(EXPORTERS)}.")
    if not exporter.text:
        raise InvalidOption(f"{exporter.label} is not printed.", f"Name a file with -o, such as runs{exporter.suffix}.")
    made = io.BytesIO()
    exporter.write(Order(service, numbers, options, progress), made)
    return made.getvalue().decode()


def to_file(
    service: RunsService,
    name: str | None,
    numbers: Sequence[int],
    options: Options,
    target: Path,
    *,
    overwrite: bool = False,
    progress: Progress = silent,
    notes: list[str] | None = None,
) -> list[Path]:
    """Write runs into a file; it, and those beside it. name: of the format; what the file's name says without.

    notes: gets a sentence for each thing that could not be written.

    Raises:
        InvalidOption: there is a notebook or script that is not an export, or see `nbtrack.transfer.exporters.write`.
    """
    name = name or format_of(target)
    if not overwrite and name in ("ipynb", "py") and target.is_file() and not is_export(target):
        raise InvalidOption(
            f"'{target}' is there already, and not an export.", "Name another, or say that it may be overwritten."
        )
    order = Order(service, numbers, options, progress, notes=[] if notes is None else notes)
    return write(name, order, target)


def is_export(target: Path) -> bool:
    """Whether a notebook or script was written by an export."""
    import json

    try:
        text = target.read_text(encoding="utf-8")
        if target.suffix.lower() == ".ipynb":
            return "exported" in json.loads(text)["metadata"]["nbtrack"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return "Exported by nbtrack" in text[:200]
