"""The HTML report: the history of some runs as one file that opens anywhere, loads nothing and runs nothing of theirs.

All of it is there without a script: tables, curves and parallel coordinates as pictures, the code of each run with what
changed since the one before. A script of ours, named in the file's own policy by its hash, makes the curves and the
table interactive; with ``static`` it is left out. Texts of runs are text: see `nbtrack.base.markup.html.esc`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from nbtrack.transfer.exporters import Order

MOST = 500  # runs in one report: it is for reading


def write(order: Order, file: BinaryIO) -> None:
    """Write the report of the first `MOST` runs of an order, in the order of their time.

    Raises:
        CannotRun: the built files of the report are missing.
    """
    from nbtrack.transfer.exporters.report.page import render
    from nbtrack.transfer.exporters.report.reading import read

    for part in render(read(order, MOST), order.options.title, order.options.static):
        file.write(part.encode("utf-8", "replace"))
