"""Params that a notebook is executed with: where they go.

As papermill does: where a cell is tagged ``parameters``, a cell that sets the given ones is put behind it, tagged
``injected-parameters`` (one that stands there from an execution before is replaced). Where none is tagged, the
literals of the notebook are replaced, as "run with these params" does for one cell: ``lr = 0.01`` becomes
``lr = 0.1``. Papermill would put its cell on top there, where the notebook's own assignments undo it.

A name that cannot be set is an error that lists those that can; papermill only warns.
"""

from __future__ import annotations

import ast
import re
import time
from collections.abc import Iterable, Mapping
from typing import Any

from nbtrack.base.errors import InvalidOption
from nbtrack.base.ids import new_id
from nbtrack.capture.scalars import NOTHING
from nbtrack.lineage.places import Places, places
from nbtrack.lineage.rewrite import rewrite
from nbtrack.lineage.written import written
from nbtrack.runs.contract import Param

TAG, INJECTED = "parameters", "injected-parameters"
_NAME = re.compile(r"[^\W\d]\w*")

Cell = dict[str, Any]


def read_param(text: str) -> tuple[str, Any]:
    """A name and a value from ``lr=0.1``; a value that is no Python literal is text.

    Raises:
        InvalidOption: there is no name, or no ``=``.
    """
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise InvalidOption(f"-p '{text}' is no param.", "Write it like -p lr=0.1.")
    return name.strip(), read_value(value)


def read_value(text: str) -> Any:
    """The Python literal that a text is, else the text."""
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text


def settable(cells: Iterable[Cell]) -> dict[str, Any]:
    """The params that a notebook can be given, with the values it has."""
    codes = [cell for cell in cells if cell["cell_type"] == "code"]
    tagged = _tagged(codes)
    if tagged is not None:
        found = _places(tagged)
        return {name: one[0].value for name, one in found.found.items() if _NAME.fullmatch(name)}
    return {name: value for name, (value, where) in _literals(codes).items() if len(where) == 1}


def inject(cells: list[Cell], given: Mapping[str, Any]) -> list[Cell]:
    """The cells of a notebook with params set; the cells given stay as they are.

    Raises:
        InvalidOption: a name that the notebook does not set, or in several places.
    """
    if not given:
        return list(cells)
    codes = [cell for cell in cells if cell["cell_type"] == "code"]
    tagged = _tagged(codes)
    if tagged is None:
        return _replaced(cells, codes, given)
    known = settable(cells)
    _check(given, known, f"its cell tagged '{TAG}'")
    lines = [f"{name} = {written(value, chr(34))}" for name, value in given.items()]
    added = _code_cell("\n".join(["# Parameters", *lines]))
    kept = [cell for cell in cells if INJECTED not in _tags(cell)]
    at = next(number for number, cell in enumerate(kept) if cell is tagged)
    return [*kept[: at + 1], added, *kept[at + 1 :]]


def _replaced(cells: list[Cell], codes: list[Cell], given: Mapping[str, Any]) -> list[Cell]:
    found = _literals(codes)
    _check(given, {name: value for name, (value, _) in found.items()}, "it")
    for name in given:
        where = found[name][1]
        if len(where) > 1:
            places_of = ", ".join(str(cells.index(codes[one]) + 1) for one in where)
            raise InvalidOption(f"'{name}' is set in the cells {places_of}.", f"Tag the one that counts with '{TAG}'.")
    wanted: dict[int, dict[str, Any]] = {}
    for name, value in given.items():
        wanted.setdefault(id(codes[found[name][1][0]]), {})[name] = value
    return [_rewritten(cell, wanted[id(cell)]) if id(cell) in wanted else cell for cell in cells]


def _rewritten(cell: Cell, given: Mapping[str, Any]) -> Cell:
    now = time.time()
    made = rewrite(cell["source"], [Param(name, value, "explicit", now) for name, value in given.items()], None)
    if made.missing:
        names = ", ".join(change.name for change in made.missing)
        raise InvalidOption(f"The literals of {names} cannot be replaced.", f"Tag a cell that sets them with '{TAG}'.")
    copy = cell.copy()
    copy["source"] = made.text
    return copy


def _check(given: Iterable[str], known: Mapping[str, Any], where: str) -> None:
    unknown = [name for name in given if name not in known]
    if not unknown:
        return
    names = ", ".join(f"{name}={written(value)}" for name, value in known.items())
    raise InvalidOption(
        f"The notebook has no param {', '.join(repr(name) for name in unknown)} to set.",
        f"In {where} can be set: {names}." if names else f"Tag a cell that assigns it with '{TAG}'.",
    )


def _literals(codes: list[Cell]) -> dict[str, tuple[Any, list[int]]]:
    """Names that top-level literals are assigned to: the first value, and in which cells."""
    found: dict[str, tuple[Any, list[int]]] = {}
    for number, cell in enumerate(codes):
        here = _places(cell)
        for name, one in here.found.items():
            if not _NAME.fullmatch(name) or here.is_unsure(name) or one[0].value is NOTHING:
                continue
            found.setdefault(name, (one[0].value, []))[1].append(number)
    return found


def _places(cell: Cell) -> Places:
    try:
        return places(cell["source"])
    except InvalidOption:
        return Places()  # it fails when it is executed, and says why


def _tagged(codes: Iterable[Cell]) -> Cell | None:
    return next((cell for cell in codes if TAG in _tags(cell)), None)


def _tags(cell: Cell) -> list[str]:
    found = cell.get("metadata", {}).get("tags", [])
    return found if isinstance(found, list) else []


def _code_cell(source: str) -> Cell:
    import nbformat

    new: Any = nbformat.v4.new_code_cell
    made: Cell = new(source, id=new_id()[:8], metadata={"tags": [INJECTED]})
    return made
