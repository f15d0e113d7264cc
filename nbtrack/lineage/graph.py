"""The graph behind a run: cells, what they gave to one another, and what the notebook does not show.

The slice is worked out from what is stored of the kernel's executions; the notebook is read as it is saved now. What
was found when the run ended is kept with the run and told beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from nbtrack.capture.hidden import Finding, Verdict, changed_data, changed_files, judge
from nbtrack.capture.notebooks import Notebook, read_notebook
from nbtrack.capture.slices import History, Slice, step_of
from nbtrack.lineage import contract as c
from nbtrack.lineage.store.executed import Executed
from nbtrack.runs.contract import Execution, RunDetail

NO_CELLS = "no cell was executed for it"


def graph(detail: RunDetail, executed: Executed, root: Path) -> c.Lineage:
    """The slice of a run, and its hidden state. root: the project's folder."""
    run, then = detail.row.id, _then(detail.about.get("lineage"))
    if not executed.executions:
        return c.Lineage(run, [], [], [], then, [], NO_CELLS, False)
    notebook = _notebook(detail.row.notebook, root)
    found, verdict = _judged(executed, notebook)
    verdict.add(changed_data([{"name": one.name, "info": one.info} for one in detail.datasets]))
    verdict.add(changed_files(executed.executions, found.numbers, root))
    hidden = [_hidden(one) for one in verdict.findings]
    return c.Lineage(
        run=run,
        cells=_cells(executed, found, verdict, hidden),
        edges=[c.LineageEdge(source, target, sorted(names)) for (source, target), names in sorted(found.gifts.items())],
        hidden=hidden,
        then=then,
        unknown=list(dict.fromkeys(verdict.unknown)),
        verdict=verdict.text,
        now=notebook is not None,
    )


def _judged(executed: Executed, notebook: Notebook | None) -> tuple[Slice, Verdict]:
    history = History(step_of(one) for one in executed.executions)
    found = history.slice(executed.own)
    return found, judge(found, history, executed.executions, executed.own, notebook)


def _notebook(path: str | None, root: Path) -> Notebook | None:
    return read_notebook(root / path) if path else None


def _then(kept: Any) -> list[c.Hidden]:
    """What was kept with the run, as far as it can be read."""
    found = []
    for one in kept.get("hidden", ()) if isinstance(kept, Mapping) else ():
        if isinstance(one, Mapping) and {"what", "name", "text"} <= one.keys():
            number, severity = one.get("number"), one.get("severity", "warning")
            found.append(c.Hidden(one["what"], str(one["name"]), str(one["text"]), number, severity))
    return found


def _hidden(one: Finding) -> c.Hidden:
    return c.Hidden(**asdict(one))


def _cells(executed: Executed, found: Slice, verdict: Verdict, hidden: Sequence[c.Hidden]) -> list[c.LineageCell]:
    given: dict[int, set[str]] = {}
    for (source, _), names in found.gifts.items():
        given.setdefault(source, set()).update(names)
    taken = set(found.numbers)
    return [
        c.LineageCell(
            number=one.number,
            execution=one.execution,
            cell=one.cell,
            position=verdict.positions.get(one.number),
            source=one.source,
            status=one.status,
            started=one.started,
            run=executed.runs.get(one.number),
            gives=_gives(one, given.get(one.number, set())),
            data=_data(one.facts.get("files")),
            hidden=[each for each in hidden if each.number == one.number],
        )
        for one in executed.executions
        if one.number in taken
    ]


def _gives(one: Execution, names: set[str]) -> dict[str, str]:
    described = one.facts.get("gives")
    known = described if isinstance(described, Mapping) else {}
    return {name: str(known.get(name, "")) for name in sorted(names)}


def _data(files: object) -> list[str]:
    if not isinstance(files, Sequence) or isinstance(files, str):
        return []
    return [str(one[0]) for one in files if isinstance(one, Sequence) and one]
