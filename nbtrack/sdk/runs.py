"""Reading runs: `runs`, `run`, `search_runs`, `compare` and `diff`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from nbtrack.base.errors import InvalidOption, InvalidValue
from nbtrack.runs import contract as c
from nbtrack.runs.active import ActiveRun
from nbtrack.runs.values import is_a, told
from nbtrack.sdk import asked
from nbtrack.sdk.collection import Runs
from nbtrack.sdk.context import current_service
from nbtrack.sdk.histories import histories_of
from nbtrack.sdk.run import Run
from nbtrack.sdk.search import search_runs
from nbtrack.sdk.views import Comparison, DiffView

if TYPE_CHECKING:
    from nbtrack.base.config import Project
    from nbtrack.runs.service import RunsService

__all__ = ["Run", "Runs", "compare", "diff", "run", "runs", "search_runs", "selected"]

_MOST_COMPARED = 200


@asked.checked(
    filter=asked.filter_text,
    sort=asked.names,
    experiment=asked.text,
    notebook=asked.text,
    trashed=asked.flag,
    limit=asked.whole(),
    project=asked.project,
)
def runs(
    filter: str = "",
    *,
    sort: str | Sequence[str] | None = None,
    experiment: str | None = None,
    notebook: str | None = None,
    trashed: bool = False,
    limit: int | None = None,
    project: Project | str | os.PathLike[str] | None = None,
) -> Runs:
    """The runs of a project that a filter finds, the latest first.

    filter: ``params.lr < 0.01 and metrics.acc > 0.9``. sort: a key such as "-metrics.acc" ("-" is descending), or
    several. trashed: those in the trash instead. limit: at most so many. project: any path in it; the current one
    if not given.

    Raises (when it is first used):
        FilterError: a mistake in the filter or a sort key.
    """
    order = list(sort or ())
    request = c.PageRequest(filter=filter, sort=order, experiment=experiment, notebook=notebook, trashed=trashed)
    return Runs(current_service(project), request, limit)


@asked.checked(given=asked.run, project=asked.project)
def run(given: str = "@1", *, project: Project | str | os.PathLike[str] | None = None) -> Run:
    """One run: by id, beginning of an id, name, or ``@1`` for the latest, ``@2`` for the one before.

    Raises:
        NotFound: nothing fits. Ambiguous: several ids begin so.
    """
    service = current_service(project)
    return Run(service, service.row(given if isinstance(given, str) else given.id))


@asked.checked(transposed=asked.flag, everything=asked.flag, directions=asked.directions, project=asked.project)
def compare(
    *given: Any,
    baseline: int | str | Run = 0,
    transposed: bool | None = None,
    everything: bool = False,
    directions: dict[str, str] | None = None,
    project: Project | str | os.PathLike[str] | None = None,
) -> Comparison:
    """Runs beside one another: which params differ, which run is best by each metric, and how far from the baseline.

    given: runs, ids, names, ``@1``, or whole `Runs`. baseline: the place, id or name of one of them. transposed: runs
    as columns (True) or rows (False). everything: also what all of them share. directions: "min" or "max" by metric,
    where its name does not say which is better.

    Raises:
        NotFound: a run does not exist. InvalidOption: fewer than one run, or more than can be read side by side.
    """
    service = current_service(project)
    rows = selected(service, given)
    if len(rows) > _MOST_COMPARED:
        raise InvalidOption(f"{len(rows):,} runs are too many to compare.", f"Choose up to {_MOST_COMPARED}.")
    return Comparison(
        rows,
        baseline=_place(service, baseline, rows),
        transposed=transposed,
        everything=everything,
        histories=histories_of(service, rows),
        directions=directions,
    )


@asked.checked(left=asked.run, right=asked.run, project=asked.project)
def diff(left: str | Run, right: str | Run, *, project: Project | str | os.PathLike[str] | None = None) -> DiffView:
    """What changed from one run to another: code, params, metrics, tags, packages, git.

    Raises:
        NotFound: a run does not exist.
    """
    both = [one if isinstance(one, str) else one.id for one in (left, right)]
    return DiffView(current_service(project).diff(c.DiffRequest(*both)))


def selected(service: RunsService, given: Iterable[Any]) -> list[c.RunRow]:
    """The rows meant by runs, ids, names, `Runs` and lists of them, each once, in the order given.

    Raises:
        NotFound: a run does not exist. InvalidValue: something that names no run.
    """
    found: dict[str, c.RunRow] = {}
    for one in given:
        if is_a(one, Runs):
            found |= {row.id: row for row in one.rows(_MOST_COMPARED * 10)}
        elif is_a(one, Run):
            found[one.id] = one.row
        elif is_a(one, str):
            row = service.row(one)
            found[row.id] = row
        elif is_a(one, ActiveRun):  # it is being recorded
            found[one.id] = service.row(one.id)
        elif is_a(one, Iterable) and not is_a(one, bytes):
            found |= {row.id: row for row in selected(service, asked.several("Naming runs", "runs", one))}
        else:
            raise InvalidValue(f"{told(one)} names no run.", "Give runs, ids, names or '@1'.")
    return list(found.values())


def _place(service: RunsService, baseline: int | str | Run, rows: Sequence[c.RunRow]) -> int | str:
    if is_a(baseline, int):
        return int.__pos__(baseline)  # type: ignore[arg-type]
    name = asked.run("compare", "baseline", baseline)
    if not is_a(name, str):
        return str(name.id)
    known = {row.id for row in rows} | {row.name for row in rows}
    return name if name in known else service.row(name).id
