"""What a kernel's names hold, seen before and after each execution: what it bound, changed in place, drew and gave.

Only names that the cell's text or functions it can call speak of are looked at, within `_SECONDS` for each look. What
was seen goes to ``execution.facts``:

mutated, sampled: names whose object was changed; names whose object is too large to say for sure that it was not.
bound: names that the cell may bind and did. reached: names that functions it uses load. gives: {name: what it holds
now, in a few words}; marks: {name: digest of its content}; takes: the same of what the cell found. drew, seeded: the
global generators of random numbers whose state it moved or set. estimators: models whose ``fit`` begins anew.
configured: modules that it set up, which only its text tells. foreign: names that it found and no execution had bound.
drifted: names that were changed since they were last seen, by nothing
that names them; via: {name: executions} where an object inside of it was changed under another name, or one around it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any

from nbtrack.capture import generators
from nbtrack.capture.effects import Effects, read_effects
from nbtrack.capture.fingerprints import Mark, describe, differ, look_all
from nbtrack.capture.reaching import reached

if TYPE_CHECKING:
    from nbtrack.capture.session import Execution

_SECONDS = 0.0015  # for one look at all names of a cell
_NAMES = 300  # that are looked at
_TOLD = 60  # that are described
_KNOWN = 5_000  # names whose last mark is kept
_CHANGED = 2_000  # objects that are known to have been changed
_LEVELS = 2  # of objects inside of objects
_OWN = ("_", "In", "Out")  # IPython's names begin so, or are these

Identities = dict[str, int]


class _Look:
    """What was seen before one execution."""

    def __init__(self, effects: Effects, names: list[str], marks: dict[str, Mark], ids: Identities) -> None:
        self.effects = effects
        self.names = names
        self.marks = marks
        self.ids = ids  # of what may be bound
        self.new: set[str] = set()  # names that functions may bind and that were not there
        self.everything: Identities | None = None
        self.random: dict[str, int] = {}
        self.seeding = False


class States:
    """The watcher of one kernel."""

    def __init__(self) -> None:
        self._looks: dict[int, _Look] = {}
        self._known: dict[str, tuple[int, Mark]] = {}  # name → (id, mark) when it was last seen
        self._bound: set[str] = set()  # by an execution
        self._changed: dict[int, tuple[int, set[int]]] = {}  # execution → ids of the objects it changed

    def before(self, execution: Execution, namespace: Mapping[str, Any]) -> None:
        """Look at what the cell's names hold."""
        effects = read_effects(execution.source)
        direct = [name for name in effects.loaded if name in namespace and not _is_own(name)]
        far = reached((namespace[name] for name in direct), namespace)
        names = sorted({*direct, *far.names})[:_NAMES]
        values = {name: namespace[name] for name in names}
        marks = look_all(values, _SECONDS)
        ids = {name: id(namespace[name]) for name in effects.stored | far.names if name in namespace}
        look = self._looks[execution.number] = _Look(effects, names, marks, ids)
        if effects.opaque or effects.stars:
            look.everything = _identities(namespace)
        look.new, look.random, look.seeding = far.new, generators.states(), far.seeds
        facts = execution.facts
        if far.names:
            facts["reached"] = sorted(far.names)[:_NAMES]
        foreign = sorted(name for name in effects.free | far.names if name in namespace and name not in self._bound)
        if foreign:
            facts["foreign"] = foreign[:_NAMES]
        takes = {name: marks[name].content for name in names if marks[name].content and _is_data(values[name])}
        facts["takes"] = dict(list(takes.items())[:_TOLD])
        self._drift(facts, values, marks, namespace)

    def after(self, execution: Execution, namespace: Mapping[str, Any]) -> None:
        """Look again, and note what differs."""
        look = self._looks.pop(execution.number, None)
        if look is None:
            return
        effects, facts = look.effects, execution.facts
        values = {name: namespace[name] for name in look.names if name in namespace}
        marks = look_all(values, _SECONDS)
        bound = self._rebound(look, namespace)
        # No set of all keys: they may be thousands. A failed cell may not have come to bind what it binds for sure.
        surely = {name for name in effects.sure if name in namespace} if execution.status != "error" else set()
        mutated = {
            name
            for name, mark in marks.items()
            if name not in bound and (differ(look.marks[name], mark) or (mark.moving and name not in effects.stored))
        }
        mutated |= self._others(execution.number, mutated, namespace)
        told = _first(name for name in sorted(mutated | bound | surely))
        new = {name: namespace[name] for name in told if name in namespace}
        unseen = {one for one in new if one not in marks or (one in bound and not marks[one].content)}
        marks |= look_all({one: new[one] for one in unseen}, _SECONDS)
        facts["mutated"], facts["bound"] = sorted(mutated), sorted(bound)
        facts["sampled"] = sorted(name for name, mark in marks.items() if mark.sampled and name in look.marks)
        facts["gives"] = {name: _described(value) for name, value in new.items()}
        facts["marks"] = {name: marks[name].content for name in new if marks[name].content and _is_data(new[name])}
        facts["estimators"] = sorted(name for name in effects.fitted if name in namespace and _refits(namespace[name]))
        configured = [name for name in effects.configured if _is_set_up(namespace.get(name))]
        if configured:
            facts["configured"] = sorted(configured)
        self._randomness(look, facts)
        seen = {name: mark for name, mark in marks.items() if name in look.marks or name in bound}
        self._remember(execution, bound | surely, seen, namespace)

    # -- parts

    def _rebound(self, look: _Look, namespace: Mapping[str, Any]) -> set[str]:
        """Names that hold another object than before, of those that the cell may bind."""
        effects = look.effects
        bound = {
            name
            for name in effects.stored | look.ids.keys() | look.new
            if name in namespace and look.ids.get(name) != id(namespace[name])
        }
        if look.everything is not None:
            now = _identities(namespace)
            bound |= {name for name, which in now.items() if look.everything.get(name) != which}
        return bound

    def _others(self, number: int, mutated: set[str], namespace: Mapping[str, Any]) -> set[str]:
        """Other names of the same objects. The objects are remembered: what holds them was changed too."""
        if not mutated:
            return set()
        ids = {id(namespace[name]) for name in mutated}
        self._changed[number] = number, ids
        while len(self._changed) > _CHANGED:
            del self._changed[next(iter(self._changed))]
        return {name for name, value in list(namespace.items()) if id(value) in ids and not _is_own(name)}

    def _drift(
        self, facts: dict[str, Any], values: Mapping[str, Any], marks: Mapping[str, Mark], namespace: Mapping[str, Any]
    ) -> None:
        """What was changed since it was last seen, and by who changed a part of it or what holds it, if one did."""
        drifted, via = [], {}
        for name, mark in marks.items():
            which, last = self._known.get(name, (0, mark))
            if which != id(values[name]) or mark.moving or not differ(last, mark):
                continue
            near = _inside(values[name]) | self._around(which, namespace)
            found = [number for number, ids in self._changed.values() if ids & near]
            if found:
                via[name] = found[-8:]
            else:
                drifted.append(name)
        if drifted:
            facts["drifted"] = drifted[:_TOLD]
        if via:
            facts["via"] = via

    def _around(self, which: int, namespace: Mapping[str, Any]) -> set[int]:
        """Ids of the objects with a name that were changed once and hold this one."""
        changed = set().union(*(ids for _, ids in self._changed.values()))
        return {id(one) for one in list(namespace.values()) if id(one) in changed and which in _inside(one)}

    def _randomness(self, look: _Look, facts: dict[str, Any]) -> None:
        now, effects = generators.states(), look.effects
        moved = {name for name, state in now.items() if look.random.get(name, state) != state}
        moved |= {name for name in effects.draws if name in now and name not in look.random}
        seeded = effects.seeds & now.keys() | (moved if look.seeding else set())
        if moved:
            facts["drew"] = sorted(moved)
        if seeded:
            facts["seeded"] = sorted(seeded)

    def _remember(
        self, execution: Execution, bound: Iterable[str], marks: Mapping[str, Mark], namespace: Mapping[str, Any]
    ) -> None:
        self._bound.update(bound)
        for name, mark in marks.items():
            self._known.pop(name, None)
            if name in namespace:
                self._known[name] = id(namespace[name]), mark
        for name in execution.facts["mutated"]:
            if name not in marks:
                self._known.pop(name, None)
        while len(self._known) > _KNOWN:
            del self._known[next(iter(self._known))]


def _is_own(name: str) -> bool:
    return name.startswith("_") or name in _OWN


def _is_data(value: Any) -> bool:
    return not isinstance(value, (ModuleType, FunctionType, BuiltinFunctionType, MethodType, type))


def _is_set_up(value: Any) -> bool:
    """Whether it is a module, at which no look is taken; what is told to nbtrack itself changes no result."""
    return isinstance(value, ModuleType) and value.__name__ != "nbtrack"


def _first(names: Iterable[str]) -> list[str]:
    return [name for name in names if not _is_own(name)][:_TOLD]


def _described(value: Any) -> str:
    try:
        return describe(value)[:80]
    except Exception:  # noqa: BLE001 (an object of any kind)
        return type(value).__name__[:80]


def _identities(namespace: Mapping[str, Any]) -> Identities:
    return {name: id(value) for name, value in list(namespace.items()) if not _is_own(name)}


def _inside(value: Any) -> set[int]:
    """Ids of what a container or an object holds, and of what that holds."""
    found: set[int] = set()
    level = [value]
    for _ in range(_LEVELS):
        level = [part for one in level[:1_000] for part in _held(one)]
        found.update(map(id, level))
    return found


def _held(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(dict.values(value))
    if type(value) in (list, tuple, set, frozenset):
        return list(value)
    try:
        attributes = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return []
    return list(attributes.values()) if type(attributes) is dict else []


def _refits(value: Any) -> bool:
    """Whether ``fit`` begins anew, as scikit-learn's estimators do unless they are told to start warm."""
    names = {base.__name__ for base in type(value).__mro__}
    return "BaseEstimator" in names and not getattr(value, "__dict__", {}).get("warm_start")
