"""The backward slice of an execution: which earlier ones gave it what it works with, directly or through others.

The rules, for a name that an execution needs:

1.  It comes from the last execution before it that bound the name (assignment, import, ``def``, …). Where a branch or
    a failed cell may have bound it, what was seen in the namespace tells; where nobody looked, both are taken.
2.  Every execution between the two that changed the object in place is taken too: as seen by a look at the object
    before and after, under whatever name; by the text where nobody looked. A model that is fitted anew does not need
    that it was fitted before.
3.  What functions load when they are called is needed as it is at the time of the call.
4.  ``del`` and ``%reset`` end a name: what was before them gives nothing.
5.  The global generators of random numbers are names as well: drawing changes them, seeding binds them. So are files
    that a cell wrote and a later one read.

What cannot be told is said (`Slice.unknown`), not guessed.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from nbtrack.capture.effects import GENERATORS, Effects, read_effects

_MOST = 2_000  # executions in one slice
_BINDS, _MAY_BIND, _CHANGES, _ENDS = range(4)
RANDOM = {name: f"random state of {name}" for name in GENERATORS}
_RANDOM_NAMES = frozenset(RANDOM.values())


class Ran(Protocol):
    """An execution, in memory or from the file."""

    number: int
    execution: int | None
    source: Any
    status: str | None
    facts: dict[str, Any]


@dataclass(frozen=True)
class Step:
    """What one execution did to names, from its text and from what was seen."""

    number: int
    count: int | None
    binds: frozenset[str]
    may_bind: frozenset[str]
    needs: frozenset[str]
    changes: frozenset[str]
    refits: frozenset[str] = frozenset()
    ends: frozenset[str] = frozenset()
    clears: bool = False
    late: Mapping[str, frozenset[str]] = field(default_factory=dict)
    via: Mapping[str, list[int]] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    failure: str = ""  # what is not known because it failed
    hides: bool = False  # it may have bound any name: nobody looked, and its text does not say

    @property
    def label(self) -> str:
        """How a user knows it."""
        return label_of(self.number, self.count)


@dataclass
class Slice:
    """numbers: of the executions, oldest first, its own last; gifts: (from, to) → names; missing: number → names."""

    numbers: list[int]
    gifts: dict[tuple[int, int], set[str]] = field(default_factory=dict)
    missing: dict[int, set[str]] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)


def step_of(one: Ran) -> Step:
    """What an execution did."""
    return make_step(one.number, one.execution, read_effects(one.source or ""), one.status, one.facts)


def make_step(
    number: int, execution: int | None, effects: Effects, status: str | None, facts: Mapping[str, Any]
) -> Step:
    """What an execution with these effects did. facts: what a watcher saw; without "mutated" nobody looked."""
    seen, failed = "mutated" in facts, status == "error"
    bound, mutated = frozenset(facts.get("bound", ())), frozenset(facts.get("mutated", ()))
    by_text = effects.parts | effects.methods
    if seen:
        binds, may_bind = bound | (frozenset() if failed else effects.sure), frozenset[str]()
        told = frozenset(facts.get("configured", ()))
        changes = mutated | told | (by_text & frozenset(facts.get("sampled", ())))
    else:
        binds, changes = (frozenset() if failed else effects.sure), by_text
        may_bind = effects.stored - binds
    wrote = frozenset(f"file {path}" for path in facts.get("written", ()))
    read = frozenset(f"file {one[0]}" for one in facts.get("files", ()))
    seeded = frozenset(RANDOM[one] for one in facts.get("seeded", effects.seeds) if one in RANDOM)
    drawn = frozenset(RANDOM[one] for one in facts.get("drew", effects.draws) if one in RANDOM)
    needs = effects.free | frozenset(facts.get("reached", ())) | (drawn - seeded) | (mutated - effects.stored) | read
    if seen:
        needs |= effects.loaded & (effects.stored - binds)  # a branch that was not taken left what was there before
    return Step(
        number=number,
        count=execution,
        binds=binds | seeded | wrote,
        may_bind=may_bind,
        needs=needs,
        changes=(changes | drawn) - effects.deleted - (effects.sure - effects.free if not failed else frozenset()),
        refits=effects.fitted & frozenset(facts.get("estimators", ())),
        ends=effects.deleted if not failed else frozenset(),
        clears=effects.clears,
        late=effects.late,
        via=facts.get("via", {}),
        unknown=tuple(_unknown(label_of(number, execution), effects, facts)),
        hides=not seen and bool(effects.stars or effects.opaque or not effects.parsed),
        failure=_failure(label_of(number, execution), facts) if failed and effects.stored else "",
    )


def label_of(number: int, execution: int | None) -> str:
    """How a user knows an execution."""
    return f"In[{execution}]" if execution is not None else f"execution {number} of the kernel"


def _failure(label: str, facts: Mapping[str, Any]) -> str:
    where = f" {facts['failed']}" if facts.get("failed") else ""
    told = "what it had bound by then is taken" if "mutated" in facts else "what it had bound by then is not known"
    return f"{label} failed{where}: {told}."


def _unknown(label: str, effects: Effects, facts: Mapping[str, Any]) -> Iterable[str]:
    seen = "mutated" in facts
    if not effects.parsed:
        yield f"{label} is no Python that could be read: what it did to names is not known."
    for module in effects.stars if not seen else ():
        yield f"{label} imports * from {module}: which names came from there is not known."
    for what in effects.opaque:
        told = "the names that it set were seen, what it read was not" if seen else "what it did to names is not known"
        yield f"{label} uses {what}: {told}."
    if "_" in effects.free:
        yield f"{label} reads `_`, the last result shown: which one is not known."
    for name in facts.get("drifted", ()):
        yield f"`{name}` was changed before {label} by something that no cell names."


class History:
    """The executions of a kernel in their order, asked for slices."""

    def __init__(self, steps: Iterable[Step] = ()) -> None:
        self.steps: dict[int, Step] = {}
        self._acts: dict[str, list[tuple[int, int]]] = {}
        self._cleared: list[int] = []
        self._shown: dict[str, int] = {}
        for step in steps:
            self.add(step)

    def add(self, step: Step) -> None:
        """Take one more."""
        if step.number in self.steps:
            return
        self.steps[step.number] = step
        for kind, names in ((_BINDS, step.binds), (_MAY_BIND, step.may_bind), (_ENDS, step.ends)):
            for name in names:
                self._act(name, step.number, kind)
        for name in step.changes - step.binds - step.ends:
            self._act(name, step.number, _CHANGES)
        for name, numbers in step.via.items():
            for number in numbers:
                self._act(name, number, _CHANGES)
        if step.clears:
            insort(self._cleared, step.number)
        if step.count is not None:
            self._shown[f"_{step.count}"] = step.number

    def _act(self, name: str, number: int, kind: int) -> None:
        acts = self._acts.setdefault(name, [])
        if not any(known == number for known, _ in acts[-8:]):
            insort(acts, (number, kind))

    def givers(self, name: str, before: int, refits: bool = False) -> list[tuple[int, int]]:
        """(number, kind) of the executions behind a name as it was before one, the latest first."""
        if name not in self._acts and (shown := self._shown.get(name, before)) < before:
            return [(shown, _BINDS)]  # the result that In[n] showed
        acts = self._acts.get(name, ())
        since = self._cleared[at - 1] if (at := bisect_left(self._cleared, before)) else 0
        found: list[tuple[int, int]] = []
        for number, kind in reversed(acts[: bisect_left(acts, (before, -1))]):
            if number < since or kind == _ENDS:
                break
            step = self.steps.get(number)
            if kind == _CHANGES and refits and step is not None and name in step.refits:
                continue
            if step is not None:
                found.append((number, kind))
            if kind == _BINDS:
                break
        return found

    def binder(self, name: str, before: int) -> int | None:
        """The execution that bound a name last before one."""
        found = self.givers(name, before)
        return found[-1][0] if found and found[-1][1] != _CHANGES else None

    def slice(self, own: int, needs: frozenset[str] | None = None) -> Slice:
        """What is behind an execution, itself included. needs: the names it needs, if it is not known yet."""
        steps, found = self.steps, Slice([])
        if needs is not None:
            nothing = frozenset[str]()
            steps = {**steps, own: Step(own, None, nothing, nothing, needs, nothing)}
        waiting, taken = [own], {own}
        while waiting and len(taken) <= _MOST:
            number = waiting.pop()
            step = steps[number]
            for name in sorted(self._needed(step)):
                givers = self.givers(name, number, name in step.refits)
                if not any(kind in (_BINDS, _MAY_BIND) for _, kind in givers):
                    found.missing.setdefault(number, set()).add(name)
                    if name in _RANDOM_NAMES:  # never seeded: who drew before makes it no more repeatable
                        continue
                for giver, _ in givers:
                    found.gifts.setdefault((giver, number), set()).add(name)
                    if giver not in taken:
                        taken.add(giver)
                        waiting.append(giver)
        found.numbers = sorted(taken)
        for number in found.numbers:
            step = steps[number]
            found.unknown += step.unknown
            found.unknown += [step.failure] if step.failure and number != own else []
        if any(names.difference(_RANDOM_NAMES) for names in found.missing.values()):
            found.unknown += [
                text for one in self.steps.values() if one.hides and one.number < own for text in one.unknown
            ]
            found.unknown = list(dict.fromkeys(found.unknown))
        if len(taken) > _MOST:
            found.unknown.append(f"More than {_MOST:,} executions are behind it: the oldest were left out.")
        return found

    def _needed(self, step: Step) -> set[str]:
        """What it needs, and what the functions among that load when they are called from here."""
        needed, waiting = set(step.needs), list(step.needs)
        while waiting:
            name = waiting.pop()
            binder = self.binder(name, step.number)
            late = self.steps[binder].late.get(name, frozenset()) if binder is not None else frozenset[str]()
            new = late - needed - step.binds
            needed |= new
            waiting += new
        return needed
