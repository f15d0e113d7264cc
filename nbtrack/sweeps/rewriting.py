"""The text of a cell for one trial: its literals replaced, all else as it stands (`nbtrack.lineage.rewrite`).

A name that the cell only reads from the notebook is set by a line in front of the cell's own; it gets its value back
when the sweep has ended.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from nbtrack.base.errors import InvalidOption
from nbtrack.capture.syntax import CellSyntax, read_cell
from nbtrack.lineage.places import Places, places
from nbtrack.lineage.rewrite import replaced
from nbtrack.lineage.written import written
from nbtrack.sweeps.spec import Spec

_LISTED = 12
_CHECKED = 50  # values of one param: each means to read the cell again


class Template:
    """A cell (without its ``%%track`` line) into which values are written.

    injected: the names that the cell reads from the notebook.

    Raises:
        InvalidOption: a name that the cell neither gives a literal nor reads, or a cell that is no Python.
    """

    def __init__(self, cell: str, names: Iterable[str], python: str | None = None) -> None:
        self.cell = cell
        self.names = tuple(names)
        self.here: Places = places(cell)
        self.syntax: CellSyntax = read_cell(self.here.masked.python if python is None else python)
        self.injected = tuple(name for name in self.names if name not in self.here.found)
        for name in self.injected:
            self._check_read(name)
        self._check_apart()

    def text(self, values: Mapping[str, Any]) -> str:
        """The cell with these values.

        Raises:
            InvalidOption: one of them cannot be written at its place.
        """
        literals = {name: value for name, value in values.items() if name not in self.injected}
        text = replaced(self.cell, self.here, literals)
        if not self.injected:
            return text
        lines = text.split("\n")
        at = 0
        while at < len(lines) and (not lines[at].strip() or lines[at].lstrip().startswith("%%")):
            at += 1
        first = lines[at] if at < len(lines) else ""
        given = "; ".join(f"{name} = {written(values[name])}" for name in self.injected)
        lines.insert(at, first[: len(first) - len(first.lstrip())] + given)
        return "\n".join(lines)

    def check(self, spec: Spec) -> None:
        """See that every value of a grid can be written.

        Raises:
            InvalidOption: one cannot.
        """
        first = next(spec.combinations(), {}) if spec.search is None else {}
        for name, axis in spec.axes.items():
            for value in axis.listed(name)[:_CHECKED] if first else ():
                self.text({**first, name: value})

    def _check_read(self, name: str) -> None:
        if name in self.syntax.free and name.isidentifier() and name not in self.syntax.stored:
            return
        if name in self.syntax.stored:
            raise InvalidOption(
                f"--sweep {name}: the cell gives '{name}' no literal at its top level, so there is none to replace.",
                f"Write {name} = … with a plain value.{self._others(name)}",
            )
        raise InvalidOption(f"--sweep {name}: the cell does not assign '{name}'.", self._others(name).strip())

    def _others(self, name: str) -> str:
        settable = list(self.here.found)
        near = difflib.get_close_matches(name, settable, n=3, cutoff=0.6)
        shown = [*near, *(one for one in settable if one not in near)][:_LISTED]
        if not shown:
            return " It assigns no literals: write one, such as lr = 0.1."
        more = f" and {len(settable) - len(shown)} more" if len(settable) > len(shown) else ""
        return f" It assigns {', '.join(shown)}{more}."

    def _check_apart(self) -> None:
        """No two names may be one literal, and each must have a place of its own in the text."""
        owner: dict[int, str] = {}
        for name in self.names:
            for place in self.here.found.get(name, ()):
                other = owner.setdefault(id(place.node), name)
                if other != name:
                    raise InvalidOption(
                        f"'{other}' and '{name}' are one literal in the cell.", "Sweep over one of them."
                    )
                if id(place.node) in self.here.quoted:
                    raise InvalidOption(
                        f"--sweep {name}: its literal stands inside of an f-string.", f"Give {name} a line of its own."
                    )
