"""The graph behind a run: cells, what they gave to one another, and what the notebook does not show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nbtrack.capture.slices import History, Slice, step_of
from nbtrack.lineage import contract as c
from nbtrack.lineage.store.executed import Executed

NO_CELLS = "a script: no cell was executed before it"


def graph(run: str, executed: Executed) -> c.Lineage:
    """The slice of a run."""
    if not executed.executions:
        return c.Lineage(run, [], [], [], [], [], NO_CELLS, False)
    own = executed.executions[-1].number
    found = History(step_of(one) for one in executed.executions).slice(own)
    return c.Lineage(
        run=run,
        cells=_cells(executed, found),
        edges=[c.LineageEdge(source, target, sorted(names)) for (source, target), names in sorted(found.gifts.items())],
        hidden=[],
        then=[],
        unknown=found.unknown,
        verdict="reproducible as far as seen",
        now=False,
    )


def _cells(executed: Executed, found: Slice) -> list[c.LineageCell]:
    given: dict[int, set[str]] = {}
    for (source, _), names in found.gifts.items():
        given.setdefault(source, set()).update(names)
    taken = set(found.numbers)
    return [
        c.LineageCell(
            number=one.number,
            execution=one.execution,
            cell=one.cell,
            position=None,
            source=one.source,
            status=one.status,
            started=one.started,
            run=executed.runs.get(one.number),
            gives=_gives(given.get(one.number, set()), one.facts.get("gives")),
            data=_data(one.facts.get("files")),
        )
        for one in executed.executions
        if one.number in taken
    ]


def _gives(names: set[str], described: object) -> dict[str, str]:
    known = described if isinstance(described, Mapping) else {}
    return {name: str(known.get(name, "")) for name in sorted(names)}


def _data(files: object) -> list[str]:
    if not isinstance(files, Sequence) or isinstance(files, str):
        return []
    return [str(one[0]) for one in files if isinstance(one, Sequence) and one]
