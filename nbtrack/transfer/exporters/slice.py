"""The cells of one run for a notebook or a script: those it comes from, in the order they ran, and its own."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path

from nbtrack.base.cells import MAGIC, split_cell, sweeps
from nbtrack.execute.scene import Behind, behind, check
from nbtrack.lineage.contract import LineageCell
from nbtrack.runs.contract import RunDetail, RunRequest
from nbtrack.transfer.exporters import Order


@dataclass
class Slice:
    """asked: the run; ran: whose cells they are, the run itself or the one around it. own: the text of its own cell.

    cells: as they were executed, its own last; none where a notebook was executed as a whole. folder: that of the
    notebook as seen from where the file will be; None where it is the same, or where the file leaves the project.
    """

    asked: RunDetail
    ran: RunDetail
    cells: list[LineageCell]
    own: str
    folder: str | None


def slice_of(order: Order) -> Slice:
    """The cells of an order's one run.

    Raises:
        CannotRun: the run has no cells.
    """
    service = order.service
    row = next(iter(service.rows(order.numbers, [])))
    asked = service.get(RunRequest(row.id))
    found = behind(service, asked)
    if found.detail.row.kind == "notebook":
        return Slice(asked, found.detail, [], "", _folder(order, found))
    own = _own(check(found), found.detail)
    return Slice(asked, found.detail, found.lineage.cells, own, _folder(order, found))


def _own(code: str, detail: RunDetail) -> str:
    """The run's own cell, tracked as it was; of a trial without the sweep around it, under the trial's name."""
    options, body = split_cell(code)
    if options is not None and not sweeps(options):
        return code
    return f"{MAGIC} {shlex.quote(detail.row.name)}\n{body}"


def _folder(order: Order, found: Behind) -> str | None:
    """Relative paths in the cells are meant from the notebook's folder, which can be told inside of the project."""
    notebook = found.detail.row.notebook
    if order.target is None or not notebook:
        return None
    root = os.path.realpath(order.service.project.root)
    here = Path(os.path.realpath(order.target)).parent
    if not here.is_relative_to(root):
        return None
    folder = Path(os.path.relpath(Path(root, notebook).parent, here)).as_posix()
    return None if folder == "." else folder
