"""What a cell does to the names of its kernel, as far as its text says: a plain walk over the syntax tree.

`read_cell` tells names stored and loaded. Here is told what a slice needs beyond them: which stores are sure, what is
changed in place, what functions load when they are called, and where the text cannot say what happens.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from nbtrack.base.cells import parse, python_part, split_cell, sweeps, without_magic
from nbtrack.capture.literals import BUILTINS, callee
from nbtrack.capture.syntax import IPYTHON_NAMES, SIZE_LIMIT
from nbtrack.capture.walk import Walk

# Methods that are known to change what they are called on; a look at the object before and after knows better.
_CHANGING = frozenset({
    "append", "extend", "insert", "pop", "popitem", "popleft", "appendleft", "remove", "clear", "update", "add",
    "discard", "setdefault", "sort", "reverse", "fit", "partial_fit", "fit_transform", "fit_predict", "train", "eval",
    "load_state_dict", "backward", "step", "zero_grad", "compile", "load_weights", "fill", "put", "resize", "itemset",
    "shuffle", "seed", "manual_seed", "set_params", "write", "register_hook", "add_module", "set_index_names",
})  # fmt: skip
# Calls that configure the module they are called on, which no look at the module can tell.
_SETTING = re.compile(r"set|use(?:$|_)|enable|disable|register|config")
_CONFIGURING = frozenset({"autolog", "filterwarnings", "simplefilter", "chdir", "putenv", "basicConfig", "rc"})
_RANDOM_STATE = frozenset({"seed", "manual_seed", "shuffle"})  # which is looked at
_FITTING = frozenset({"fit", "fit_transform", "fit_predict"})
_OPAQUE = frozenset({"exec", "eval", "globals", "locals", "vars", "setattr", "execfile", "run_path", "run_module"})
_LINE_MAGIC = re.compile(r"^\s*(?:[\w.,\s]+=\s*)?%([A-Za-z_]\w*)(.*)$", re.MULTILINE)
_CALLED_MAGIC = re.compile(
    r"get_ipython\(\)\.(?:run_line_magic|magic)\(\s*['\"](\w+)['\"]\s*,?\s*(.*?)\)?\s*$", re.MULTILINE
)
_RUNNING_MAGICS = frozenset({"run", "load", "rerun", "recall", "macro", "store", "pylab", "autoreload", "px", "sql"})
_SEEDS = {
    "random.seed": "random", "np.random.seed": "numpy", "numpy.random.seed": "numpy", "torch.manual_seed": "torch",
    "torch.random.manual_seed": "torch",
}  # fmt: skip
_SEED_ALL = frozenset({"seed_everything", "set_seed", "set_random_seed", "seed_all", "fix_seed"})
_NUMPY_PLAIN = frozenset({"seed", "default_rng", "Generator", "RandomState", "SeedSequence", "PCG64", "get_state"})
_RANDOM_PLAIN = frozenset({"seed", "Random", "SystemRandom", "getstate"})
GENERATORS = ("random", "numpy", "torch")  # whose global state cells draw from


@dataclass(frozen=True, slots=True)
class Effects:
    """What the text of one cell says of its effects.

    stored: all names it may bind; sure: those it binds whatever happens, unless it fails. loaded: as in `CellSyntax`;
    free: too, but what its functions load counts only where it uses these functions itself. late: what the functions
    and classes it defines load when they are called, by their names. parts:
    names of which it stores an item or an attribute; methods: names on which it calls what is known to change them;
    fitted: names on which it calls ``fit``. configured: names on which it calls what sets something up, or a part of
    which it changes; it counts where they are modules. deleted: names it deletes. stars: modules it imports everything
    from. opaque: what hides names from a reader of the text, such as ``exec``. clears: it empties the namespace. seeds,
    draws: the global generators of random numbers that it seeds or draws from; unseeded: generators that it makes
    without a seed.
    """

    parsed: bool = True
    stored: frozenset[str] = frozenset()
    sure: frozenset[str] = frozenset()
    free: frozenset[str] = frozenset()
    loaded: frozenset[str] = frozenset()
    late: dict[str, frozenset[str]] = field(default_factory=dict)
    parts: frozenset[str] = frozenset()
    methods: frozenset[str] = frozenset()
    fitted: frozenset[str] = frozenset()
    configured: frozenset[str] = frozenset()
    deleted: frozenset[str] = frozenset()
    stars: tuple[str, ...] = ()
    opaque: tuple[str, ...] = ()
    clears: bool = False
    seeds: frozenset[str] = frozenset()
    draws: frozenset[str] = frozenset()
    unseeded: tuple[str, ...] = ()


@lru_cache(maxsize=4096)
def read_effects(text: str) -> Effects:
    """The effects of a cell, its magics and all; never raises. Remembered: a session asks again and again."""
    if len(text) > SIZE_LIMIT:
        return Effects(parsed=False, opaque=("a text too long to be read",))
    options, body = split_cell(text)
    if sweeps(options):
        return Effects()  # its trials are executions of their own
    python = python_part(body)
    opaque, clears = _magics(python)
    if body.strip() and not python.strip():
        return Effects(opaque=(body.split(maxsplit=1)[0],))  # a cell of another language
    try:
        return _of_tree(parse(plain_python(python)), opaque, clears)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Effects(parsed=False, opaque=opaque, clears=clears)


def plain_python(text: str) -> str:
    """The text with nothing in place of what only IPython understands; as it is where Python understands all.

    Raises:
        ValueError: it cannot be a text of Python at all.
    """
    try:
        parse(text)
    except SyntaxError:  # only now: a line of Python may begin with % too
        return "\n".join(without_magic(line) for line in text.split("\n"))
    return text


def _magics(python: str) -> tuple[tuple[str, ...], bool]:
    """(magics that run or store what the text does not show, whether the namespace is emptied)."""
    if "%" not in python and "get_ipython" not in python:
        return (), False
    found = [*_LINE_MAGIC.findall(python), *_CALLED_MAGIC.findall(python)]
    hiding = [f"%{name}{_tail(rest)}" for name, rest in found if name in _RUNNING_MAGICS]
    return tuple(hiding), any(name in ("reset", "reset_selective") for name, _ in found)


def _tail(rest: str) -> str:
    words = rest.strip(" '\"()").split()
    return f" {words[0]}" if words else ""


def _of_tree(tree: ast.Module, opaque: tuple[str, ...], clears: bool) -> Effects:
    walk, seen = Walk(), _Seen()
    walk.each(tree.body)
    sure = seen.body(tree.body)
    for node in ast.walk(tree):
        seen.look(node)
    own = BUILTINS | IPYTHON_NAMES
    late = {name: frozenset(names - own) for name, names in seen.late.items()}
    used = walk.late.difference(*late.values()).union(*(late[name] for name in late if name in walk.loaded))
    return Effects(
        stored=frozenset(walk.stored),
        sure=frozenset(sure) & walk.stored,
        free=frozenset((walk.free | (used - walk.stored)) - own),
        loaded=frozenset(walk.loaded),
        late=late,
        parts=frozenset(seen.parts),
        methods=frozenset(seen.methods),
        fitted=frozenset(seen.fitted),
        configured=frozenset(seen.configured | seen.parts),
        deleted=frozenset(seen.deleted),
        stars=tuple(dict.fromkeys(seen.stars)),
        opaque=(*opaque, *dict.fromkeys(seen.opaque)),
        clears=clears,
        seeds=frozenset(seen.seeds),
        draws=frozenset(seen.draws),
        unseeded=tuple(dict.fromkeys(seen.unseeded)),
    )


class _Seen:
    """What was met in a tree: `body` follows the statements of the module, `look` sees every node."""

    def __init__(self) -> None:
        self.late: dict[str, set[str]] = {}
        self.parts: set[str] = set()
        self.methods: set[str] = set()
        self.fitted: set[str] = set()
        self.configured: set[str] = set()
        self.deleted: set[str] = set()
        self.stars: list[str] = []
        self.opaque: list[str] = []
        self.seeds: set[str] = set()
        self.draws: set[str] = set()
        self.unseeded: list[str] = []

    # -- statements of the module

    def body(self, statements: Iterable[ast.stmt]) -> set[str]:
        """The names that these statements bind for sure."""
        sure: set[str] = set()
        for one in statements:
            sure |= self.statement(one)
            if isinstance(one, ast.Delete):
                gone = {target.id for target in one.targets if isinstance(target, ast.Name)}
                self.deleted |= gone
                sure -= gone
            else:
                self.deleted -= sure  # bound again
        return sure

    def statement(self, node: ast.stmt) -> set[str]:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            self.later(node.name, node)
            return {node.name}
        if isinstance(node, ast.Import | ast.ImportFrom):
            return {one.asname or one.name.partition(".")[0] for one in node.names if one.name != "*"}
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = {name for target in targets for name in _bound(target)} if node.value is not None else set()
            if isinstance(node.value, ast.Lambda):
                for name in names:
                    self.later(name, node.value)
            return names | _walrus(node.value)
        if isinstance(node, ast.With | ast.AsyncWith):
            given = {name for one in node.items if one.optional_vars for name in _bound(one.optional_vars)}
            return given | self.body(node.body)
        if isinstance(node, ast.If):
            return _walrus(node.test) | (self.body(node.body) & self.body(node.orelse))
        if isinstance(node, ast.Try):
            return self.attempt(node)
        if isinstance(node, ast.For | ast.AsyncFor | ast.While):
            self.body(node.body)
            return self.body(node.orelse) if not _breaks(node) else set()
        return _walrus(node.value) if isinstance(node, ast.Expr) else set()

    def attempt(self, node: ast.Try) -> set[str]:
        """A handler that leaves the cell binds nothing for those after it."""
        sure = self.body([*node.body, *node.orelse])
        for handler in node.handlers:
            bound = self.body(handler.body)
            if not (handler.body and isinstance(handler.body[-1], ast.Raise)):
                sure &= bound
        return sure | self.body(node.finalbody)

    def later(self, name: str, node: ast.AST) -> None:
        """What a function loads when it is called."""
        walk = Walk()
        walk.each((node,))
        self.late[name] = self.late.get(name, set()) | walk.late

    # -- all nodes

    def look(self, node: ast.AST) -> None:
        if isinstance(node, ast.Subscript | ast.Attribute):
            if not isinstance(node.ctx, ast.Load) and (name := _root(node)):
                self.parts.add(name)
        elif isinstance(node, ast.Call):
            self.call(node)
        elif isinstance(node, ast.ImportFrom) and any(one.name == "*" for one in node.names):
            self.stars.append("." * node.level + (node.module or ""))

    def call(self, node: ast.Call) -> None:
        dotted = callee(node.func)
        head, _, last = dotted.rpartition(".")
        if not dotted:
            return
        if last in _OPAQUE and head in ("", "builtins", "runpy"):
            self.opaque.append(f"{last}()")
        if head and isinstance(node.func, ast.Attribute) and (name := _root(node.func)):
            inplace = any(one.arg == "inplace" and _is_true(one.value) for one in node.keywords)
            if last in _CHANGING or inplace or (last.endswith("_") and not last.startswith("_")):
                self.methods.add(name)
            inside = head != name and last in _CHANGING - _RANDOM_STATE
            if _SETTING.match(last) or last in _CONFIGURING or inside:
                self.configured.add(name)
            if last in _FITTING and head == name:
                self.fitted.add(name)
        if last in ("shuffle", "setattr", "heappush", "heapify") and node.args and (name := _root(node.args[0])):
            self.methods.add(name)
        self.random(dotted, last, node)

    def random(self, dotted: str, last: str, node: ast.Call) -> None:
        if dotted in _SEEDS:
            if node.args or node.keywords:
                self.seeds.add(_SEEDS[dotted])
        elif last in _SEED_ALL:
            self.seeds.update(GENERATORS)
        elif dotted.startswith(("np.random.", "numpy.random.")):
            if last not in _NUMPY_PLAIN:
                self.draws.add("numpy")
            elif last in ("default_rng", "RandomState") and _no_seed(node):
                self.unseeded.append(dotted)
        elif dotted.startswith("random.") and dotted.count(".") == 1:
            if last not in _RANDOM_PLAIN:
                self.draws.add("random")
            elif last == "Random" and _no_seed(node):
                self.unseeded.append(dotted)
        elif dotted in ("torch.rand", "torch.randn", "torch.randint", "torch.randperm", "torch.normal"):
            self.draws.add("torch")
        elif last == "default_rng" and _no_seed(node):
            self.unseeded.append(dotted)


def _bound(target: ast.expr) -> Iterator[str]:
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, ast.Starred):
        yield from _bound(target.value)
    elif isinstance(target, ast.Tuple | ast.List):
        for one in target.elts:
            yield from _bound(one)


def _walrus(node: ast.expr | None) -> set[str]:
    """Names that ``:=`` binds on the way, outside of what may never be reached."""
    if isinstance(node, ast.NamedExpr):
        return {node.target.id} | _walrus(node.value)
    if isinstance(node, ast.Call):
        return {name for one in node.args for name in _walrus(one)}
    return _walrus(node.left) if isinstance(node, ast.Compare) else set()


def _breaks(node: ast.AST) -> bool:
    return any(isinstance(one, ast.Break) for one in ast.walk(node))


def _root(node: ast.expr) -> str | None:
    """The name that ``a.b[c].d`` begins with."""
    while isinstance(node, ast.Subscript | ast.Attribute | ast.Starred):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _is_true(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def _no_seed(node: ast.Call) -> bool:
    given = [*node.args, *(one.value for one in node.keywords)]
    return all(isinstance(one, ast.Constant) and one.value is None for one in given)
