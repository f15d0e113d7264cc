"""Values written out in a cell's code: literals, and which keyword arguments of which calls are settings."""

from __future__ import annotations

import ast
import builtins
import operator
from collections.abc import Callable, Iterator
from typing import NamedTuple

from nbtrack.capture.scalars import (
    DEPTH_LIMIT,
    INTEGER_BITS,
    LEAF_LIMIT,
    LIST_LIMIT,
    NOTHING,
    TEXT_LIMIT,
    key_text,
    same,
)

GROUP_LIMIT = 20  # different settings of one call kept per cell

BUILTINS = frozenset(dir(builtins))
_ARITHMETIC: dict[type[ast.operator], Callable[[int | float, int | float], object]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}

# Calls whose keyword arguments are no settings of a model: builtins (print, open, range, sorted, …), what
# starts at a plotting library, axes, a logger, a tracker or the system, these names, and names such as
# log_… and to_….
_SILENT_ROOTS = frozenset({
    "plt", "sns", "px", "go", "alt", "ax", "axs", "axes", "fig", "figure", "mpl", "matplotlib", "seaborn",
    "plotly", "pylab", "nbtrack", "nbt", "mlflow", "wandb", "run", "logging", "logger", "log", "warnings",
    "os", "sys", "time", "json", "pickle", "subprocess", "argparse", "parser", "display", "IPython",
    "ipywidgets", "widgets",
})  # fmt: skip
_SILENT_CALLS = frozenset({
    "display", "plot", "show", "savefig", "figure", "subplots", "subplot", "scatter", "hist", "bar", "barh",
    "imshow", "legend", "title", "xlabel", "ylabel", "log", "start_run", "end_run", "init", "finish",
    "tqdm", "trange", "pprint", "format", "add_argument", "dataclass", "field", "partial", "sleep",
    "set_option", "set_printoptions", "simplefilter", "filterwarnings", "basicConfig", "getLogger",
    "lru_cache", "dump", "dumps",
})  # fmt: skip
_SILENT_PREFIXES = ("log_", "to_", "plot_", "_")
_NOT_SILENT = frozenset({"log_loss"})  # sklearn's metric
_SILENT_ARGUMENTS = frozenset({
    "verbose", "inplace", "axis", "figsize", "label", "title", "color", "cmap", "linewidth", "desc", "name",
    "file", "end", "flush",
})  # fmt: skip


def evaluate(node: ast.expr) -> object:
    """The value of a literal, of arithmetic on numbers or of a flat list or tuple of these, else `NOTHING`.

    Strings of more than `TEXT_LIMIT` characters, lists of more than `LIST_LIMIT` items, complex numbers,
    bytes and f-strings are no literals here.
    """
    kind = type(node)
    if kind is ast.Constant:
        return _constant(node.value)  # type: ignore[attr-defined]
    if kind is ast.UnaryOp or kind is ast.BinOp:
        value = _computed(node)
        if type(value) is int and value.bit_length() > INTEGER_BITS:
            return NOTHING
        return value
    if kind is ast.List or kind is ast.Tuple:
        elements: list[ast.expr] = node.elts  # type: ignore[attr-defined]
        if len(elements) > LIST_LIMIT:
            return NOTHING
        items = [NOTHING if type(one) in (ast.List, ast.Tuple) else evaluate(one) for one in elements]
        if any(item is NOTHING for item in items):
            return NOTHING
        return items if kind is ast.List else tuple(items)
    return NOTHING


def _constant(value: object) -> object:
    kind = type(value)
    if kind is int:
        return value if value.bit_length() <= INTEGER_BITS else NOTHING  # type: ignore[attr-defined]
    if kind is str:
        return value if len(value) <= TEXT_LIMIT else NOTHING  # type: ignore[arg-type]
    return value if kind is float or kind is bool or value is None else NOTHING


def _computed(node: ast.expr) -> object:
    """Arithmetic on numbers; what would be huge, fails or leaves the real numbers is `NOTHING`."""
    if isinstance(node, ast.Constant):
        return node.value if type(node.value) in (int, float) else NOTHING
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        value = _computed(node.operand)
        if type(value) not in (int, float):
            return NOTHING
        return -value if isinstance(node.op, ast.USub) else value  # type: ignore[operator]
    if not isinstance(node, ast.BinOp) or type(node.op) not in _ARITHMETIC:
        return NOTHING
    left, right = _computed(node.left), _computed(node.right)
    if not isinstance(left, int | float) or not isinstance(right, int | float) or _is_huge(node.op, left, right):
        return NOTHING
    try:
        result = _ARITHMETIC[type(node.op)](left, right)
    except ArithmeticError:  # division by zero, overflow: the cell will raise it itself
        return NOTHING
    return result if type(result) in (int, float) else NOTHING


def _is_huge(op: ast.operator, left: int | float, right: int | float) -> bool:
    """Whether computing it could take long: only integers grow without end."""
    if type(left) is not int or type(right) is not int:
        return False
    if isinstance(op, ast.Pow):
        return abs(right) * max(1, left.bit_length()) > INTEGER_BITS
    return left.bit_length() + right.bit_length() > 2 * INTEGER_BITS


class Place(NamedTuple):
    """A literal where it stands in the tree."""

    node: ast.expr
    value: object


def flatten(name: str, node: ast.expr, read: Callable[[ast.expr], object] = evaluate) -> Iterator[tuple[str, Place]]:
    """``name`` and the literal it is given, or ``name.key`` for each of a dict (``dict(key=…)`` too).

    A dict of more than `LEAF_LIMIT` literals is data and gives none; nesting ends at `DEPTH_LIMIT`. read: gives the
    value of a literal, `NOTHING` for anything else.
    """
    value = read(node)
    if value is not NOTHING:
        yield name, Place(node, value)
        return
    found: list[tuple[str, Place]] = []
    _flatten_dict(name, node, DEPTH_LIMIT, found, read)
    if len(found) <= LEAF_LIMIT:
        yield from found


def _flatten_dict(
    name: str, node: ast.expr, depth: int, found: list[tuple[str, Place]], read: Callable[[ast.expr], object]
) -> None:
    for part, item in _entries(node) if depth else ():
        value = read(item)
        if value is not NOTHING:
            found.append((f"{name}.{part}", Place(item, value)))
        else:
            _flatten_dict(f"{name}.{part}", item, depth - 1, found, read)
        if len(found) > LEAF_LIMIT:
            return


def _entries(node: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, ast.Dict):
        for key, item in zip(node.keys, node.values, strict=True):
            part = key_text(key.value) if isinstance(key, ast.Constant) else None
            if part is not None and not part.startswith("_"):
                yield part, item
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict":
        for keyword in node.keywords:
            if keyword.arg is not None and not keyword.arg.startswith("_"):
                yield keyword.arg, keyword.value


def callee(node: ast.expr) -> str:
    """Dotted name of what is called: ``a.b``; ``axes[0].plot`` is ``axes.plot``, ``A(x).fit`` is ``A.fit``.

    '' if there is none.
    """
    parts: list[str] = []
    while True:
        if isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        elif isinstance(node, ast.Name):
            parts.append(node.id)
            break
        elif isinstance(node, ast.Call):
            node = node.func
        elif isinstance(node, ast.Subscript | ast.Await):
            node = node.value
        else:
            break
    return ".".join(reversed(parts))


def is_silent(dotted: str) -> bool:
    """Whether the keyword arguments of this call are no settings of a model: it prints, plots, logs, …."""
    root, last = dotted.partition(".")[0], dotted.rpartition(".")[2]
    if last in _NOT_SILENT:
        return False
    return (
        not last
        or (last == dotted and last in BUILTINS)
        or root in _SILENT_ROOTS
        or last in _SILENT_CALLS
        or last.startswith(_SILENT_PREFIXES)
    )


def call_literals(calls: list[tuple[int, int, ast.Call]]) -> dict[str, object]:
    """``call.arg`` and its literal for the keyword arguments of ``calls``: (line, column, call) in any order."""
    return {name: places[0].value for name, places in call_places(calls).items()}


def call_places(
    calls: list[tuple[int, int, ast.Call]], read: Callable[[ast.expr], object] = evaluate
) -> dict[str, list[Place]]:
    """The same with the places where each stands: several calls may say the same.

    A call joins the first of its name in the cell that it does not contradict. One that contradicts them all
    is numbered, together with all of its arguments: ``Dense.units``, then ``Dense#2.units``.
    """
    groups: dict[str, list[dict[str, list[Place]]]] = {}
    for _, _, call in sorted(calls, key=operator.itemgetter(0, 1)):
        dotted = callee(call.func)
        if is_silent(dotted):
            continue
        given: dict[str, Place] = {}
        for keyword in call.keywords:
            if keyword.arg is not None and keyword.arg not in _SILENT_ARGUMENTS:
                given.update(flatten(keyword.arg, keyword.value, read))
        if given:
            _join(groups.setdefault(dotted.rpartition(".")[2], []), given)
    return {
        f"{name}{'' if number == 1 else f'#{number}'}.{argument}": places
        for name, group in groups.items()
        for number, given in enumerate(group, start=1)
        for argument, places in given.items()
    }


def _join(group: list[dict[str, list[Place]]], given: dict[str, Place]) -> None:
    for known in group:
        if all(name not in known or same(known[name][0].value, place.value) for name, place in given.items()):
            break
    else:
        if len(group) >= GROUP_LIMIT:
            return
        known = {}
        group.append(known)
    for name, place in given.items():
        known.setdefault(name, []).append(place)
