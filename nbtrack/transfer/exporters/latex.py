"""Runs as a LaTeX table with the rules of booktabs, the best of each metric in bold."""

from __future__ import annotations

import re
from typing import BinaryIO

from nbtrack.base.words import one_line
from nbtrack.transfer.exporters import Order
from nbtrack.transfer.exporters.paper import Cell, table_of

_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "_": r"\_", "%": r"\%",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': "''", "`": r"\textasciigrave{}", "[": "{[}", "]": "{]}", "*": "{*}", "-": "{-}",
    "±": r"$\pm$", "…": r"\ldots{}", "–": "--", "\ufffd": "?",
}  # fmt: skip
_CHARACTER = re.compile("[" + re.escape("".join(_SPECIAL)) + "]")
_ARROWS = {"max": r" $\uparrow$", "min": r" $\downarrow$", None: ""}
_POWER = re.compile(r"([+-]?[\d.]+)e([+-])0*(\d+)")
_HEAD = "% Made by nbtrack. In the preamble: \\usepackage{booktabs}\n"


def write(order: Order, file: BinaryIO) -> None:
    """Write the table; with the option ``title``, in a floating ``table`` with that caption."""
    table = table_of(order)
    title = order.options.title
    lines = []
    if title:
        lines += [r"\begin{table}", r"\centering", rf"\caption{{{escaped(title)}}}"]
    lines += [rf"\begin{{tabular}}{{{''.join('r' if right else 'l' for right in table.numeric)}}}", r"\toprule"]
    lines += [_row([f"{escaped(name)}{_ARROWS[way]}" for name, way in table.titles]), r"\midrule"]
    file.write((_HEAD + "\n".join(lines) + "\n").encode())
    for cells in table.rows:
        file.write(f"{_row([_cell(cell) for cell in cells])}\n".encode())
    lines = [r"\bottomrule", r"\end{tabular}"]
    if table.over is not None:
        said = f"Mean and sample standard deviation over {escaped(table.over)}; n runs each."
        lines.append(rf"\par\smallskip {{\footnotesize {said}}}" if title else f"% {said}")
    if title:
        lines.append(r"\end{table}")
    file.write(("\n".join(lines) + "\n").encode())


def escaped(text: str) -> str:
    """Text that LaTeX sets as it is, on one line."""
    return _CHARACTER.sub(lambda found: _SPECIAL[found[0]], one_line(text))


def _cell(cell: Cell) -> str:
    if not cell.number:
        return escaped(cell.text)
    if not cell.text:
        return ""
    if cell.text == "nan":
        text = "nan"
    else:
        inside = _math(cell.text) if cell.spread is None else rf"{_math(cell.text)} \pm {_math(cell.spread)}"
        text = f"${inside}$" if not cell.best else rf"$\mathbf{{{inside}}}$"
    return f"{text} ($n={cell.fewer}$)" if cell.fewer is not None else text


def _math(text: str) -> str:
    text = text.replace("inf", r"\infty")
    return _POWER.sub(lambda found: rf"{found[1]} \times 10^{{{'-' if found[2] == '-' else ''}{found[3]}}}", text)


def _row(cells: list[str]) -> str:
    return f"{' & '.join(cells)} \\\\"
