"""The walk over a cell's syntax tree: which names it stores and loads where, what it assigns and calls."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import Any

from nbtrack.capture.literals import callee, flatten

# Calls that hand on what they are given, or one number for it: `round(f1_score(y, p), 3)` is an F1 score.
_PASSING = frozenset({"round", "float", "mean", "item"})
_MODULE, _FUNCTION, _CLASS, _COMPREHENSION = range(4)


class _Scope:
    """Where names are bound. A function's loads are resolved at its end: only then all stores are known."""

    __slots__ = ("bound", "globals", "kind", "loads", "nonlocals", "parent")

    def __init__(self, kind: int, parent: _Scope | None) -> None:
        self.kind = kind
        self.parent = parent
        self.bound: set[str] = set()
        self.loads: dict[str, None] = {}
        self.globals: set[str] = set()
        self.nonlocals: set[str] = set()


class Walk:
    """One walk over a module, in the order of execution as far as the text tells: `each` over its statements.

    The fields are explained at `nbtrack.capture.syntax.CellSyntax`. ``late`` are names that functions load
    when they are called, ``calls`` the calls with keyword arguments, with line and column.
    """

    def __init__(self) -> None:
        self.scope = _Scope(_MODULE, None)
        self.stored: set[str] = set()
        self.loaded: set[str] = set()
        self.free: set[str] = set()
        self.late: set[str] = set()
        self.star = False
        self.assigned: set[str] = set()
        self.looped: set[str] = set()
        self.literals: dict[str, object] = {}
        self.assigned_calls: dict[str, str] = {}
        self.calls: list[tuple[int, int, ast.Call]] = []
        self.loops = 0
        self.blocks = 0

    # Walking

    def each(self, nodes: Iterable[ast.AST]) -> None:
        """Visit the nodes in this order."""
        visit = _VISIT
        for node in nodes:
            handler = visit.get(type(node))
            if handler is not None:
                handler(self, node)
            else:
                self.inside(node)

    def inside(self, node: ast.AST) -> None:
        """Visit all parts of a node that needs no care of its own."""
        visit = _VISIT
        for name in node._fields:
            part = getattr(node, name, None)
            if type(part) is list:
                self.each(one for one in part if isinstance(one, ast.AST))
            elif isinstance(part, ast.AST):
                visit.get(type(part), Walk.inside)(self, part)

    def block(self, nodes: Iterable[ast.AST]) -> None:
        self.blocks += 1
        self.each(nodes)
        self.blocks -= 1

    # Names

    def load(self, name: str, scope: _Scope, late: bool = False) -> None:
        while scope.parent is not None:
            if scope.kind == _FUNCTION:
                scope.loads[name] = None
                return
            # What a function needs is never found in the class around it.
            if name in scope.bound and not (late and scope.kind == _CLASS):
                return
            scope = scope.parent
        self.loaded.add(name)
        if late:
            self.late.add(name)
        elif name not in self.stored:
            self.free.add(name)

    def store(self, name: str, assigned: bool = True) -> None:
        scope = self.scope
        if scope.parent is None:
            self.stored.add(name)
            if assigned:
                self.assigned.add(name)
                if self.loops:
                    self.looped.add(name)
        elif name in scope.globals:
            self.stored.add(name)
            self.looped.add(name)
        else:
            scope.bound.add(name)

    def part(self, node: ast.Subscript | ast.Attribute) -> None:
        """Visit ``a[b]`` or ``a.b``. A dict whose parts a loop assigns is a counter or a collection."""
        if self.loops and type(node.ctx) is ast.Store and isinstance(node.value, ast.Name):
            self.looped.add(node.value.id)
        self.inside(node)

    def name(self, node: ast.Name) -> None:
        if type(node.ctx) is ast.Store:
            self.store(node.id)
        else:
            self.load(node.id, self.scope)

    # Assignments

    def assign(self, node: ast.Assign) -> None:
        self.each((node.value,))
        self.each(node.targets)
        if self.scope.parent is None:
            for target in node.targets:
                self.remember(target, node.value)

    def annotated(self, node: ast.AnnAssign) -> None:
        self.each((node.annotation,))
        if node.value is None:
            if not isinstance(node.target, ast.Name):
                self.each((node.target,))
            elif self.scope.parent is not None:
                self.store(node.target.id)  # "x: int" makes x local
            return
        self.each((node.value, node.target))
        if self.scope.parent is None:
            self.remember(node.target, node.value)

    def augmented(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self.load(node.target.id, self.scope)
        self.each((node.value, node.target))
        if self.scope.parent is None and isinstance(node.target, ast.Name):
            self.assigned_calls.pop(node.target.id, None)

    def walrus(self, node: ast.NamedExpr) -> None:
        self.each((node.value,))
        inner = self.scope
        while self.scope.kind == _COMPREHENSION and self.scope.parent is not None:
            self.scope = self.scope.parent  # where a comprehension's walrus stores
        try:
            self.store(node.target.id)
            if self.scope.parent is None:
                self.remember(node.target, node.value, literal=False)
        finally:
            self.scope = inner

    def remember(self, target: ast.expr, value: ast.expr, literal: bool = True) -> None:
        """Note what is given to the names of a target at module scope: literals and results of calls."""
        if isinstance(target, ast.Tuple | ast.List):
            values: list[ast.expr] = [value] * len(target.elts)
            if isinstance(value, ast.Tuple | ast.List):
                whole = len(value.elts) == len(target.elts) and not any(
                    isinstance(one, ast.Starred) for one in (*target.elts, *value.elts)
                )
                values = value.elts if whole else [_UNKNOWN] * len(target.elts)
            for one, part in zip(target.elts, values, strict=True):
                self.remember(one, part, literal and part is not value)
            return
        if not isinstance(target, ast.Name):
            return
        name, call = target.id, call_of(value)
        self.assigned_calls.pop(name, None)
        if call:
            self.assigned_calls[name] = call
        if self.blocks == 0:
            self.forget(name)
            if literal and not name.startswith("_"):
                self.given(name, value)

    def given(self, name: str, value: ast.expr) -> None:
        """Note the literals that a name is given."""
        self.literals.update((part, place.value) for part, place in flatten(name, value))

    def forget(self, name: str) -> None:
        if self.literals:
            prefix = name + "."
            for known in [one for one in self.literals if one == name or one.startswith(prefix)]:
                del self.literals[known]

    # Statements

    def loop(self, node: ast.For | ast.AsyncFor) -> None:
        self.each((node.iter,))
        self.loops += 1
        self.each((node.target,))
        self.block(node.body)
        self.loops -= 1
        self.block(node.orelse)

    def while_(self, node: ast.While) -> None:
        self.loops += 1
        self.each((node.test,))
        self.block(node.body)
        self.loops -= 1
        self.block(node.orelse)

    def branch(self, node: ast.If | ast.Match) -> None:
        """Each branch starts with the names known before; after them, what any of them stored is known."""
        if isinstance(node, ast.If):
            self.each((node.test,))
            branches: list[list[Any]] = [node.body, node.orelse]
        else:
            self.each((node.subject,))
            branches = [[case] for case in node.cases]
        if self.scope.parent is not None:  # order matters at module scope alone
            for body in branches:
                self.block(body)
            return
        before, after = self.stored, set(self.stored)
        for body in branches:
            self.stored = set(before)
            self.block(body)
            after |= self.stored
        self.stored = after

    def plain_block(self, node: ast.AST) -> None:
        self.blocks += 1
        self.inside(node)
        self.blocks -= 1

    def with_item(self, node: ast.withitem) -> None:
        self.inside(node)
        if self.scope.parent is None and node.optional_vars is not None:
            self.remember(node.optional_vars, _UNKNOWN)

    def handler(self, node: ast.ExceptHandler) -> None:
        if node.type is not None:
            self.each((node.type,))
        if node.name:
            self.store(node.name, assigned=False)
        self.block(node.body)

    def imports(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            if alias.name == "*":
                self.star = True
            else:
                self.store(alias.asname or alias.name.partition(".")[0], assigned=False)

    def pattern(self, node: ast.MatchAs | ast.MatchStar | ast.MatchMapping) -> None:
        self.inside(node)
        name = node.rest if isinstance(node, ast.MatchMapping) else node.name
        if name:
            self.store(name)

    def declare(self, node: ast.Global | ast.Nonlocal) -> None:
        (self.scope.globals if isinstance(node, ast.Global) else self.scope.nonlocals).update(node.names)

    def alias(self, node: ast.AST) -> None:
        """Visit ``type X = …`` of Python 3.12, whose class older Pythons do not have."""
        self.store(node.name.id, assigned=False)  # type: ignore[attr-defined]

    # Scopes

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.each(node.decorator_list)
        parameters = _type_parameters(node)
        signature = [a.annotation for a in _arguments(node.args) if a.annotation is not None]
        if node.returns is not None:
            signature.append(node.returns)
        if parameters:  # they are bound in the signature too
            self.nested(_FUNCTION, parameters, signature)
        else:
            self.each(signature)
        self.defaults(node.args)
        self.store(node.name, assigned=False)
        self.nested(_FUNCTION, {*parameters, *(a.arg for a in _arguments(node.args))}, node.body)

    def lambda_(self, node: ast.Lambda) -> None:
        self.defaults(node.args)
        self.nested(_FUNCTION, {a.arg for a in _arguments(node.args)}, (node.body,))

    def defaults(self, arguments: ast.arguments) -> None:
        self.each(arguments.defaults)
        self.each(one for one in arguments.kw_defaults if one is not None)

    def class_(self, node: ast.ClassDef) -> None:
        self.each(node.decorator_list)
        parameters = _type_parameters(node)
        outside = [*node.bases, *(keyword.value for keyword in node.keywords)]
        if parameters:
            self.nested(_FUNCTION, parameters, outside)
        else:
            self.each(outside)
        self.nested(_CLASS, parameters, node.body)
        self.store(node.name, assigned=False)

    def comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> None:
        first, *rest = node.generators
        self.each((first.iter,))
        parts: list[ast.AST] = [first.target, *first.ifs]
        for one in rest:
            parts += [one.iter, one.target, *one.ifs]
        parts += [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        self.nested(_COMPREHENSION, (), [one for one in parts if one is not None])

    def nested(self, kind: int, bound: Iterable[str], nodes: Iterable[ast.AST]) -> None:
        outer = self.scope
        self.scope = inner = _Scope(kind, outer)
        inner.bound.update(bound)
        loops, blocks, self.loops, self.blocks = self.loops, self.blocks, 0, 0
        self.each(nodes)
        self.scope, self.loops, self.blocks = outer, loops, blocks
        for name in inner.loads:
            if name in inner.globals:
                self.load(name, _TOP, late=True)
            elif name not in inner.bound or name in inner.nonlocals:
                self.load(name, outer, late=True)

    def call(self, node: ast.Call) -> None:
        if node.keywords:
            self.calls.append((node.lineno, node.col_offset, node))
        self.inside(node)


_TOP = _Scope(_MODULE, None)
_UNKNOWN = ast.expr()


def _type_parameters(node: ast.AST) -> set[str]:
    """Names of ``def f[T](…)``, which Python 3.12 brought."""
    return {one.name for one in getattr(node, "type_params", ())}


def _arguments(arguments: ast.arguments) -> list[ast.arg]:
    stars = [one for one in (arguments.vararg, arguments.kwarg) if one is not None]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *stars]


def call_of(node: ast.expr) -> str | None:
    """Dotted callee of an expression that is a call, awaited, indexed or handed on by `_PASSING` or not."""
    while isinstance(node, ast.Await | ast.Subscript | ast.NamedExpr):
        node = node.value
    if not isinstance(node, ast.Call):
        return None
    dotted = callee(node.func)
    if dotted.rpartition(".")[2] in _PASSING:
        if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Call):
            return call_of(node.func.value)
        if node.args and (inner := call_of(node.args[0])):
            return inner
    return dotted or None


_VISIT: dict[type[ast.AST], Callable[[Walk, Any], None]] = {
    ast.Constant: lambda _walk, _node: None,
    ast.Name: Walk.name,
    ast.Call: Walk.call,
    ast.Subscript: Walk.part,
    ast.Attribute: Walk.part,
    ast.Assign: Walk.assign,
    ast.AnnAssign: Walk.annotated,
    ast.AugAssign: Walk.augmented,
    ast.NamedExpr: Walk.walrus,
    ast.For: Walk.loop,
    ast.AsyncFor: Walk.loop,
    ast.While: Walk.while_,
    ast.If: Walk.branch,
    ast.Match: Walk.branch,
    ast.With: Walk.plain_block,
    ast.AsyncWith: Walk.plain_block,
    ast.withitem: Walk.with_item,
    ast.Try: Walk.plain_block,
    ast.ExceptHandler: Walk.handler,
    ast.Import: Walk.imports,
    ast.ImportFrom: Walk.imports,
    ast.MatchAs: Walk.pattern,
    ast.MatchStar: Walk.pattern,
    ast.MatchMapping: Walk.pattern,
    ast.Global: Walk.declare,
    ast.Nonlocal: Walk.declare,
    ast.FunctionDef: Walk.function,
    ast.AsyncFunctionDef: Walk.function,
    ast.Lambda: Walk.lambda_,
    ast.ClassDef: Walk.class_,
    ast.ListComp: Walk.comprehension,
    ast.SetComp: Walk.comprehension,
    ast.DictComp: Walk.comprehension,
    ast.GeneratorExp: Walk.comprehension,
}
for _name, _handler in (("TryStar", Walk.plain_block), ("TypeAlias", Walk.alias)):  # 3.11 and 3.12
    if hasattr(ast, _name):
        _VISIT[getattr(ast, _name)] = _handler
_VISIT.update(dict.fromkeys((ast.Pass, ast.Break, ast.Continue), _VISIT[ast.Constant]))
