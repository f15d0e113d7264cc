"""Runs as a Markdown table: as GitHub reads it, the best of each metric in bold."""

from __future__ import annotations

import re
from typing import BinaryIO

from nbtrack.base.words import one_line
from nbtrack.transfer.exporters import Order
from nbtrack.transfer.exporters.paper import Cell, table_of

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|~$#!])")
_ARROWS = {"max": " ↑", "min": " ↓", None: ""}


def write(order: Order, file: BinaryIO) -> None:
    """Write the table; with the option ``title``, under a heading."""
    table = table_of(order)
    lines = [f"### {escaped(order.options.title)}", ""] if order.options.title else []
    lines.append(_row([f"{escaped(title)}{_ARROWS[way]}" for title, way in table.titles]))
    lines.append(_row(["---:" if right else ":---" for right in table.numeric]))
    file.write(("\n".join(lines) + "\n").encode())
    for cells in table.rows:
        file.write(f"{_row([_cell(cell) for cell in cells])}\n".encode())
    if table.over is not None:
        said = f"Mean ± sample standard deviation over {escaped(table.over)}; n runs each."
        file.write(f"\n{said}\n".encode())


def escaped(text: str) -> str:
    """Text that Markdown takes as it is: no mark-up, no HTML, no second cell, no second line."""
    return _SPECIAL.sub(r"\\\1", one_line(text)).replace("&", "&amp;").replace("://", ":&#47;&#47;")


def _cell(cell: Cell) -> str:
    if cell.text and cell.spread is not None:
        text = f"{cell.text} ± {cell.spread}"
    else:
        text = cell.text if cell.number else escaped(cell.text)
    text = f"**{text}**" if cell.best else text
    return f"{text} (n={cell.fewer})" if cell.fewer is not None and cell.text else text


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
