"""What a cell's code says by itself: names stored and loaded, literals, calls."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from nbtrack.base.cells import parse
from nbtrack.capture.literals import BUILTINS, call_literals
from nbtrack.capture.walk import Walk, call_of

SIZE_LIMIT = 200_000  # characters: parsing more would cost the user more than a cell may

# Names that IPython itself keeps in the namespace.
IPYTHON_NAMES = frozenset({"In", "Out", "get_ipython", "display", "exit", "quit", "open"})


@dataclass(frozen=True, slots=True)
class CellSyntax:
    """What one pass over a cell's syntax tree found.

    ``stored`` and ``loaded`` are the names of the module scope that the cell stores (assignment, def,
    class, import, for, with, except, walrus, ``global`` in a function) and loads, builtins included.
    ``free`` are those it loads from outside: before, or without, storing them, in the order of the text.
    Branches of an ``if`` do not see one another; what a function or lambda loads is free only if the cell
    stores it nowhere. Builtins are never free.

    ``assigned`` are names assigned outside of functions, in nested blocks too. ``looped`` are names that a
    loop, or a function that says ``global``, assigns: possibly many times. ``literals`` are the literals
    that the cell's top level assigns, dicts as ``name.key``; the last assignment counts, and one that is
    not a literal takes the name out. ``assigned_calls`` gives the dotted callee whose result a name got
    last, ``call_literals`` the literal keyword arguments of calls as ``call.arg``, ``last_call`` the
    callee of the cell's last expression. In these two, ``round(f(x))``, ``f(x).mean()`` and ``f(x)["a"]``
    count as ``f``.
    """

    parsed: bool = True
    stored: frozenset[str] = frozenset()
    loaded: frozenset[str] = frozenset()
    free: frozenset[str] = frozenset()
    star_imports: bool = False
    literals: dict[str, object] = field(default_factory=dict)
    call_literals: dict[str, object] = field(default_factory=dict)
    assigned: frozenset[str] = frozenset()
    looped: frozenset[str] = frozenset()
    assigned_calls: dict[str, str] = field(default_factory=dict)
    last_call: str | None = None


def read_cell(source: str) -> CellSyntax:
    """Read Python ``source`` that IPython has transformed already; about 15 µs a line.

    Never raises: what does not parse, nests too deep or has more than `SIZE_LIMIT` characters gives an empty
    `CellSyntax` with ``parsed=False``. Callable from any thread.
    """
    if len(source) > SIZE_LIMIT:
        return CellSyntax(parsed=False)
    try:
        tree = parse(source)
        walk = Walk()
        walk.each(tree.body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return CellSyntax(parsed=False)
    last = tree.body[-1] if tree.body else None
    free = walk.free | (walk.late - walk.stored)
    return CellSyntax(
        stored=frozenset(walk.stored),
        loaded=frozenset(walk.loaded),
        free=frozenset(free - BUILTINS - IPYTHON_NAMES),
        star_imports=walk.star,
        literals=walk.literals,
        call_literals=call_literals(walk.calls),
        assigned=frozenset(walk.assigned),
        looped=frozenset(walk.looped),
        assigned_calls=walk.assigned_calls,
        last_call=call_of(last.value) if isinstance(last, ast.Expr) else None,
    )
