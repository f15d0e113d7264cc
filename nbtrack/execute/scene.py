"""Which cells made a run: what is executed to make it again, and what goes out as a notebook or script of it."""

from __future__ import annotations

from typing import Any, NamedTuple

from nbtrack.base.errors import CannotRun
from nbtrack.execute.notebook import EXECUTED
from nbtrack.lineage.contract import Lineage
from nbtrack.lineage.service import LineageService
from nbtrack.runs import contract as c
from nbtrack.runs.service import RunsService

KIND = "reproduction"
WITH_CELLS = ("cell", "trial", "notebook")  # the kinds of runs that have cells to execute


class Behind(NamedTuple):
    """The run whose cells are executed, which part of it and those inside it was asked for, and its cells."""

    detail: c.RunDetail
    part: slice
    lineage: Lineage


def behind(service: RunsService, asked: c.RunDetail) -> Behind:
    """What is behind a run: of one begun inside a cell, what is behind the cell."""
    detail, part = _executed(service, asked)
    return Behind(detail, part, LineageService(service).graph(c.RunRequest(detail.row.id)))


def _executed(service: RunsService, asked: c.RunDetail) -> tuple[c.RunDetail, slice]:
    if asked.row.kind in WITH_CELLS or asked.row.parent is None:
        return asked, slice(None)
    outer = service.get(c.RunRequest(asked.row.parent))
    if outer.row.kind not in WITH_CELLS:
        return asked, slice(None)
    place = [row.id for row in with_inner(service, outer)].index(asked.row.id)
    return outer, slice(place, place + 1)


def with_inner(service: RunsService, detail: c.RunDetail) -> list[c.RunRow]:
    """A run and those inside it, in their order; without reproductions."""
    return [detail.row, *ordered([service.row(one) for one in detail.children])]


def ordered(rows: list[c.RunRow]) -> list[c.RunRow]:
    """Runs by when they began; without reproductions."""
    return sorted((row for row in rows if row.kind != KIND), key=lambda row: row.started)


def check(found: Behind) -> str:
    """The code of a run's own cell.

    Raises:
        CannotRun: there are no cells behind the run.
    """
    row, code = found.detail.row, found.detail.code
    if row.kind not in WITH_CELLS or not found.lineage.cells or code is None:
        raise CannotRun(
            f"The run '{row.name}' is of kind {row.kind}: there are no cells to execute again.",
            "Runs of tracked cells and those begun in them, trials of sweeps and notebooks of `nbtrack run` can be.",
        )
    return code


def whole(service: RunsService, row: c.RunRow) -> Any:
    """The executed notebook that a run of a whole notebook kept."""
    import nbformat

    reads: Any = nbformat.reads
    return reads(service.artifact(row.id, EXECUTED)[1].decode(), as_version=4)
