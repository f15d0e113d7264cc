"""Where the text of a cell sets its params by literals: as `nbtrack.capture` reads them, with their places."""

from __future__ import annotations

import ast
import math
from dataclasses import dataclass, field

from nbtrack.base.cells import parse
from nbtrack.base.errors import InvalidOption
from nbtrack.capture.literals import Place, call_places, callee, evaluate, flatten
from nbtrack.capture.scalars import NOTHING
from nbtrack.capture.syntax import SIZE_LIMIT
from nbtrack.capture.walk import Walk
from nbtrack.lineage.masked import Masked, masked

_MUTATORS = frozenset({"update", "pop", "setdefault", "clear", "popitem", "append", "extend", "__setitem__", "remove"})
_ODD = {"nan": math.nan, "inf": math.inf, "+inf": math.inf, "-inf": -math.inf}


@dataclass
class Places:
    """The literals of a cell by the name of the param that each gives. Of a call's argument there may be several.

    unsure: names that something else in the cell changes, too, so that a literal alone does not say what they become.
    quoted: nodes inside of f-strings, which have no place of their own.
    """

    found: dict[str, list[Place]] = field(default_factory=dict)
    unsure: frozenset[str] = frozenset()
    quoted: frozenset[int] = frozenset()
    masked: Masked = field(default_factory=lambda: Masked("", []))

    def is_unsure(self, name: str) -> bool:
        """Whether something else than the literal has a say in what the param becomes."""
        return name.partition(".")[0] in self.unsure


def read(node: ast.expr) -> object:
    """The value of a literal as capture knows it, and of ``float("nan")`` and its kin, which have no literal."""
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "float"
        and len(node.args) == 1
        and isinstance(node.args[0], ast.Constant)
    ):
        return _ODD.get(str(node.args[0].value).lower(), NOTHING)
    return evaluate(node)


def places(cell: str) -> Places:
    """The literals of a cell.

    Raises:
        InvalidOption: it is no Python that can be read; the message names the line.
    """
    if len(cell) > SIZE_LIMIT:
        raise InvalidOption(f"The cell has {len(cell):,} characters; at most {SIZE_LIMIT:,} are read.", "Split it.")
    python = masked(cell)
    if python is None:
        return Places()
    try:
        tree = parse(python.python)
        walk = _Walk()
        walk.each(tree.body)
    except SyntaxError as error:
        raise InvalidOption(
            f"The cell has a mistake in line {error.lineno}: {error.msg}.", "Mend it, then its params can be set."
        ) from None
    except (ValueError, RecursionError, MemoryError) as error:  # a NUL, half a character, nested too deep
        raise InvalidOption(f"The cell cannot be read as Python: {error}.", "Look for odd characters.") from None
    found = {name: [place] for name, place in walk.places.items()}
    for name, place in walk.fields():
        found.setdefault(name, [place])
    for name, given in call_places(walk.calls, read).items():
        found.setdefault(name, given)
    return Places(found, frozenset(walk.unsure | walk.meddled | _meddled(tree)), _inside_f_strings(tree), python)


def _meddled(tree: ast.AST) -> set[str]:
    """Names whose items or attributes are set, or that are changed through one of their methods."""
    found = set()
    for node in ast.walk(tree):
        changed: ast.expr | None = None
        if isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
            changed = node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _MUTATORS:
            changed = node.func.value
        while isinstance(changed, ast.Attribute | ast.Subscript):
            changed = changed.value
        if isinstance(changed, ast.Name):
            found.add(changed.id)
    return found


def _inside_f_strings(tree: ast.AST) -> frozenset[int]:
    strings = [node for node in ast.walk(tree) if type(node).__name__ in ("JoinedStr", "TemplateStr")]
    return frozenset((id(inner)) for node in strings for inner in ast.walk(node))


class _Walk(Walk):
    """Capture's own walk, which notes where the literals stand and what else changes the same names.

    unsure: names that are stored again behind their literal, or in a block. meddled: those that a function changes.
    made: names that got what a call gave.
    """

    def __init__(self) -> None:
        super().__init__()
        self.places: dict[str, Place] = {}
        self.unsure: set[str] = set()
        self.meddled: set[str] = set()
        self.made: dict[str, ast.Call] = {}

    def given(self, name: str, value: ast.expr) -> None:
        super().given(name, value)
        self.places.update(flatten(name, value, read))
        if isinstance(value, ast.Call) and callee(value.func) != "dict":
            self.made[name] = value

    def fields(self) -> list[tuple[str, Place]]:
        """``cfg.lr`` of ``cfg = Config(lr=0.1)``: capture reads the fields of what was made."""
        return [
            found
            for name, call in self.made.items()
            for keyword in call.keywords
            if keyword.arg is not None
            for found in flatten(f"{name}.{keyword.arg}", keyword.value, read)
        ]

    def forget(self, name: str) -> None:
        super().forget(name)
        self.unsure.discard(name)
        self.made.pop(name, None)
        prefix = f"{name}."
        self.places = {one: at for one, at in self.places.items() if one != name and not one.startswith(prefix)}

    def store(self, name: str, assigned: bool = True) -> None:
        super().store(name, assigned)
        if self.scope.parent is None:
            self.unsure.add(name)
        elif name in self.scope.globals:
            self.meddled.add(name)
