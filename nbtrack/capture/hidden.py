"""What a notebook does not show although a run depends on it: the rules, and a verdict in a few words.

edited      the cell behind the run has another text now (the notebook's file, if it was saved after the cell ran; or a
            later execution of the same cell), comments and spacing apart.
deleted     no cell of the saved notebook is the one that ran, nor has its text.
order       from the top, another cell would give the name: the cell behind it stands below, another one between binds
            or changes it, or it ran more than once.
undefined   the name was there, but no execution bound it and no cell of the notebook would.
unseeded    random numbers were drawn from a generator that nothing behind the run seeds.
data        a file that was read is another now, or the data had changed since the run before.

The run's own cell may be edited: its text is kept with the run, so this is a note and never a warning.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from nbtrack.capture.effects import read_effects
from nbtrack.capture.notebooks import Cell, Notebook, alike
from nbtrack.capture.slices import RANDOM, History, Ran, Slice, Step, label_of, make_step

_GRAVITY = ("deleted", "edited", "undefined", "order", "data", "unseeded")
_GENERATORS = {text: name for name, text in RANDOM.items()}
FINE = "reproducible as far as seen"
_PARTLY = "reproducible as far as seen, but not all was seen"


class Known(Ran, Protocol):
    """An execution whose cell and time are known."""

    cell: str | None
    started: Any


@dataclass(frozen=True)
class Finding:
    """One thing that is hidden; the fields are those of `nbtrack.lineage.contract.Hidden`."""

    what: str
    name: str
    text: str
    number: int | None = None
    severity: str = "warning"


@dataclass
class Verdict:
    """What was found behind one run. positions: where the cells stand in the notebook, by execution."""

    findings: list[Finding]
    unknown: list[str]
    positions: dict[int, int]
    text: str = ""

    def add(self, findings: Iterable[Finding]) -> None:
        """Take what was found elsewhere."""
        self.findings = sorted(dict.fromkeys([*self.findings, *findings]), key=_grave)
        self.text = verdict(self.findings, self.unknown)

    def plain(self, cells: int) -> dict[str, Any]:
        """As it is kept with the run."""
        hidden = [asdict(one) for one in self.findings]
        return {"verdict": self.text, "hidden": hidden, "cells": cells, "unknown": self.unknown}


def judge(found: Slice, history: History, executions: Sequence[Known], own: int, notebook: Notebook | None) -> Verdict:
    """What the notebook hides of a slice. executions: of the kernel, up to the run's own at least."""
    rules = _Rules(found, history, {one.number: one for one in executions}, own, notebook)
    findings = sorted(
        dict.fromkeys([*rules.changed(), *rules.order(), *rules.undefined(), *rules.unseeded()]), key=_grave
    )
    unknown = [*found.unknown, *rules.unsaved()]
    return Verdict(findings, unknown, {n: cell.position for n, cell in rules.cells.items()}, verdict(findings, unknown))


def changed_data(datasets: Iterable[Mapping[str, Any]]) -> Iterator[Finding]:
    """Data of a run that an earlier run had with another content."""
    for one in datasets:
        before = one["info"].get("changed")
        if isinstance(before, Mapping):
            text = f"The data {one['name']} has another content than in {before.get('name', 'an earlier run')}."
            yield Finding("data", str(one["name"]), text)


def changed_files(executions: Iterable[Known], numbers: Iterable[int], root: Path) -> Iterator[Finding]:
    """Files that the executions read and that are others now."""
    taken, written = set(numbers), set[str]()
    for one in executions:
        if one.number not in taken:
            continue
        label = label_of(one.number, one.execution)
        for path, mtime, size in (each[:3] for each in one.facts.get("files", ()) if len(each) >= 3):
            if path not in written and mtime is not None:
                yield from _changed_file(root, str(path), mtime, size, label, one.number)
        written.update(one.facts.get("written", ()))


def _changed_file(root: Path, path: str, mtime: float, size: int, label: str, number: int) -> Iterator[Finding]:
    try:
        now = (root / Path(path).expanduser()).stat()
    except FileNotFoundError:
        yield Finding("data", path, f"{path}, which {label} read, is there no more.", number)
    except (OSError, ValueError, RuntimeError):
        return
    else:
        if now.st_size != size:
            yield Finding("data", path, f"{path}, which {label} read, was changed since.", number)
        elif abs(now.st_mtime - mtime) > 1e-3:
            text = f"{path}, which {label} read, was written again since, in the same size."
            yield Finding("data", path, text, number, "note")


def verdict(findings: Iterable[Finding], unknown: Sequence[str] = ()) -> str:
    """A few words for all."""
    warnings = [one for one in findings if one.severity == "warning"]
    if not warnings:
        return _PARTLY if unknown else FINE
    count = Counter({what: len({one.number for one in warnings if one.what == what}) for what in _GRAVITY})
    names = sorted({one.name for one in warnings if one.what == "undefined"})
    parts = {
        "deleted": f"{_cells(count['deleted'])} deleted since",
        "edited": f"{_cells(count['edited'])} edited since",
        "undefined": f"{', '.join(names[:3])}{' and more' * (len(names) > 3)} defined in no cell",
        "order": "cells ran in another order than they stand",
        "data": "data changed",
        "unseeded": "random numbers without a seed",
    }
    return f"hidden state: {', '.join(parts[what] for what in _GRAVITY if count[what])}"


def _cells(count: int) -> str:
    return f"{count} cell{'s' * (count != 1)}"


def _grave(one: Finding) -> tuple[bool, int, int, str]:
    return one.severity != "warning", _GRAVITY.index(one.what), one.number or 0, one.name


class _Rules:
    def __init__(
        self, found: Slice, history: History, executions: Mapping[int, Known], own: int, notebook: Notebook | None
    ) -> None:
        self.found = found
        self.history = history
        self.executions = executions
        self.own = own
        self.notebook = notebook
        self.cells: dict[int, Cell] = {}  # in the notebook now, by execution
        self.gave: dict[int, set[str]] = {}
        for (source, _), names in found.gifts.items():
            self.gave.setdefault(source, set()).update(names)
        for number in found.numbers:
            one = executions.get(number)
            cell = notebook.find(one.cell, one.source) if notebook is not None and one is not None else None
            if cell is not None:
                self.cells[number] = cell
        self.gone: set[int] = set()  # executions whose cell is another now, or none

    # -- edited, deleted

    def changed(self) -> Iterator[Finding]:
        """Cells that are not what they were."""
        for number in self.found.numbers:
            one = self.executions.get(number)
            if one is None:
                continue
            severity = "note" if number == self.own else "warning"
            step, cell = self.history.steps[number], self.cells.get(number)
            gave = _names(self.gave.get(number, ()))
            who = f"{step.label}{f', which gave {gave},' if gave else ''}"
            again = self._again(one) if number != self.own else None
            if cell is not None and not alike(cell.source, one.source or "") and self._saved_after(one):
                self.gone.add(number)
                yield Finding(
                    "edited", gave, f"{who} was edited since it ran (cell {cell.position}).", number, severity
                )
            elif again is not None and (cell is None or not alike(cell.source, one.source or "")):
                self.gone.add(number)
                text = f"{who} was edited since: the same cell ran with other code as {again}."
                yield Finding("edited", gave, text, number, severity)
            elif cell is None and self.notebook is not None and self._saved_after(one):
                self.gone.add(number)
                yield Finding("deleted", gave, f"{who} is in no cell of the notebook any more.", number, severity)

    def _again(self, one: Known) -> str | None:
        """The label of a later execution of the same cell with another text."""
        if one.cell is None:
            return None
        for other in reversed(list(self.executions.values())):
            if other.number <= one.number:
                return None
            if other.cell == one.cell and not alike(other.source or "", one.source or ""):
                return self.history.steps[other.number].label if other.number in self.history.steps else "another run"
        return None

    def _saved_after(self, one: Known) -> bool:
        return self.notebook is not None and (one.started is None or self.notebook.saved >= one.started)

    def unsaved(self) -> Iterator[str]:
        """What a file that was saved before cannot tell."""
        late = [
            self.history.steps[number].label
            for number in self.found.numbers
            if (one := self.executions.get(number)) is not None
            and number != self.own
            and not self._saved_after(one)
            and ((cell := self.cells.get(number)) is None or not alike(cell.source, one.source or ""))
        ]
        if late and self.notebook is not None:
            told = f"{', '.join(late[:3])}{' and more' * (len(late) > 3)}"
            yield f"The notebook was not saved since {told} ran: whether it is still there as it ran is not known."

    # -- order

    def order(self) -> Iterator[Finding]:
        """Names that another cell would give if the notebook ran from its top."""
        if self.notebook is None:
            yield from self._repeated()
            return
        top = History(
            make_step(cell.position, None, read_effects(cell.source), None, {}) for cell in self.notebook.cells
        )
        told: set[tuple[str, int]] = set()
        for (source, target), names in sorted(self.found.gifts.items()):
            for name in sorted(names):
                if name in _GENERATORS or (name, target) in told or self.history.binder(name, target) != source:
                    continue
                found = self._misplaced(top, name, source, target)
                if found is not None:
                    told.add((name, target))
                    yield found
        yield from self._repeated()

    def _misplaced(self, top: History, name: str, source: int, target: int) -> Finding | None:
        here, there = self.cells.get(source), self.cells.get(target)
        if here is None or there is None or source in self.gone or target in self.gone - {self.own}:
            return None
        who, whom = (self.history.steps[number].label for number in (source, target))
        if here.position > there.position:
            text = (
                f"`{name}` comes from {who} (cell {here.position}), which stands below {whom} (cell {there.position})."
            )
            return Finding("order", name, text, source)
        if here.position == there.position:
            text = f"`{name}` comes from {who}, an earlier run of the same cell (cell {here.position})."
            return Finding("order", name, text, source)
        first = top.binder(name, there.position)
        if first is not None and first != here.position and name in top.steps[first].binds:
            text = (
                f"`{name}` comes from {who} (cell {here.position}), but cell {first} stands between and binds it too."
            )
            return Finding("order", name, text, source)
        ran = {cell.position for cell in self.cells.values()}
        for place in range(here.position + 1, there.position):
            step = top.steps.get(place)
            if step is not None and place not in ran and name in self._parts(place):
                text = f"cell {place} changes `{name}` in the notebook, but had not run between {who} and {whom}."
                return Finding("order", name, text, source)
        return None

    def _parts(self, place: int) -> frozenset[str]:
        assert self.notebook is not None
        return next(
            (read_effects(cell.source).parts for cell in self.notebook.cells if cell.position == place), frozenset()
        )

    def _repeated(self) -> Iterator[Finding]:
        """Cells of which several executions count."""
        by_cell: dict[Any, list[Step]] = {}
        for number in self.found.numbers:
            one = self.executions.get(number)
            if one is not None and (one.cell is not None or number in self.cells):
                where = self.cells[number].position if number in self.cells else one.cell
                by_cell.setdefault(where, []).append(self.history.steps[number])
        for steps in by_cell.values():
            names = (
                set.intersection(*(self.gave.get(step.number, set()) for step in steps[:-1])) if steps[1:] else set()
            )
            if not names:
                continue
            seen = any(names & self._seen_changed(step.number) for step in steps[:-1])
            labels = ", ".join(step.label for step in steps)
            shown = _names(_GENERATORS.get(name, name) for name in names)
            text = f"One cell ran {len(steps)} times, and each time counts for {shown}: {labels}."
            yield Finding("order", shown, text, steps[0].number, "warning" if seen else "note")

    def _seen_changed(self, number: int) -> set[str]:
        facts = self.executions[number].facts
        drew = {RANDOM[one] for one in facts.get("drew", ()) if one in RANDOM}
        return {*facts.get("mutated", ()), *facts.get("bound", ()), *drew} if "mutated" in facts else self.gave[number]

    # -- undefined, unseeded

    def undefined(self) -> Iterator[Finding]:
        """Names that were there although no cell defines them."""
        for number, names in sorted(self.found.missing.items()):
            one = self.executions.get(number)
            foreign = set(one.facts.get("foreign", ())) if one is not None else set()
            for name in sorted(names & foreign):
                label, place = self.history.steps[number].label, self._defines(name)
                if place is not None:
                    told = f"{label} used `{name}` from before nbtrack looked; cell {place} of the notebook defines it."
                    self.found.unknown.append(told)
                else:
                    text = f"{label} used `{name}`, which no cell of the notebook and nothing that ran defines."
                    yield Finding("undefined", name, text, number)

    def _defines(self, name: str) -> int | None:
        for cell in self.notebook.cells if self.notebook is not None else ():
            if name in read_effects(cell.source).stored:
                return cell.position
        return None

    def unseeded(self) -> Iterator[Finding]:
        """Generators of random numbers that nothing behind the run seeds."""
        for number, names in sorted(self.found.missing.items()):
            one = self.executions.get(number)
            for name in sorted(names & _GENERATORS.keys()):
                generator, label = _GENERATORS[name], self.history.steps[number].label
                by_text = one is not None and generator in read_effects(one.source or "").draws
                severity = "note" if generator == "random" and not by_text else "warning"
                text = f"{label} draws random numbers from {_CALLED[generator]}, and nothing behind the run seeds it."
                yield Finding("unseeded", generator, text, number, severity)
        for number in self.found.numbers:
            one = self.executions.get(number)
            for what in read_effects(one.source or "").unseeded if one is not None else ():
                label = self.history.steps[number].label
                yield Finding("unseeded", what, f"{label} makes {what}() without a seed.", number)


_CALLED = {"random": "Python's random", "numpy": "numpy.random", "torch": "torch's generator"}


def _names(names: Iterable[str]) -> str:
    found = sorted(_GENERATORS.get(name, name) for name in names)
    return f"{', '.join(found[:3])}{f' and {len(found) - 3} more' if len(found) > 3 else ''}"
