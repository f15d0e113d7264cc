"""A notebook's file as it was saved last: its code cells in their order, and which of them an execution was."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from nbtrack.base.cells import parse, python_part, split_cell, sweeps
from nbtrack.base.secrets import redact
from nbtrack.capture.effects import plain_python

_LARGEST = 64 << 20  # bytes of a file that is read


class Cell(NamedTuple):
    """A code cell; position counts all cells of the notebook, from 1."""

    id: str | None
    position: int
    source: str


class Notebook(NamedTuple):
    """The code cells, and when the file was saved."""

    cells: list[Cell]
    saved: float

    def find(self, cell: str | None, source: str | None) -> Cell | None:
        """The cell that an execution was: by its id; where the front end told none, by its text."""
        if cell is not None:
            for one in self.cells:
                if one.id == cell:
                    return one
        found = [one for one in self.cells if source is not None and alike(one.source, source)]
        return found[0] if found else None


def read_notebook(path: Path) -> Notebook | None:
    """The notebook in a file; None if there is none that can be read."""
    try:
        about = path.stat()
        if path.suffix != ".ipynb" or about.st_size > _LARGEST:
            return None
        found = json.loads(path.read_text("utf-8"))
        return Notebook(list(_cells(found["cells"])), about.st_mtime)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _cells(given: Iterable[dict[str, Any]]) -> Iterable[Cell]:
    for position, one in enumerate(given, 1):
        if one.get("cell_type") == "code":
            source = one.get("source", "")
            text = source if isinstance(source, str) else "".join(map(str, source))
            name = one.get("id")
            yield Cell(name if isinstance(name, str) else None, position, redact(text)[0])


def alike(one: str, other: str) -> bool:
    """Whether two texts of a cell do the same: but for the ``%%track`` line, comments and spacing."""
    if _plain(one) == _plain(other):
        return True
    if sweeps(split_cell(one)[0]) != sweeps(split_cell(other)[0]):
        return _is_trial(one, other) or _is_trial(other, one)
    left, right = _tree(one), _tree(other)
    return left is not None and left == right


def _is_trial(trial: str, cell: str) -> bool:
    """Whether one text is the other with other literals, and names set in front of it: a trial of a sweep."""
    here, there = _statements(trial), _statements(cell)
    if here is None or there is None or len(here) < len(there):
        return False
    first = len(here) - len(there)
    return here[first:] == there and all(text.endswith(f"value={_LITERAL})") for text in here[:first])


_LITERAL = "Constant(value=None)"


def _statements(text: str) -> list[str] | None:
    """The statements of a cell as trees without their literals."""
    try:
        tree = parse(plain_python(python_part(split_cell(text)[1])))
        return [ast.dump(_Blank().visit(statement)) for statement in tree.body]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


class _Blank(ast.NodeTransformer):
    """Puts one and the same literal in the place of each."""

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        return ast.Constant(None)

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        parts = [node.operand] if isinstance(node, ast.UnaryOp) else getattr(node, "elts", None)
        if isinstance(node, ast.UnaryOp | ast.List | ast.Tuple) and parts:
            blank = all(isinstance(one, ast.Constant) for one in parts)
            return ast.Constant(None) if blank else node
        return node


def _plain(text: str) -> list[str]:
    lines = [line.rstrip() for line in split_cell(text)[1].strip().splitlines()]
    return [line for line in lines if line]


def _tree(text: str) -> str | None:
    try:
        python = python_part(split_cell(text)[1])
        if "%" in python or "!" in python:  # magics are nothing in a tree
            return None
        return ast.dump(parse(plain_python(python)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
