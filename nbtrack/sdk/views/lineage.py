"""Where a run comes from, and why it differs from another: as text, and as HTML with a small drawing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nbtrack.base import words
from nbtrack.base.markup import html
from nbtrack.base.markup.code import source_block
from nbtrack.base.markup.diff import code_table
from nbtrack.sdk.views.grid import cut, grid
from nbtrack.sdk.views.table import run_name
from nbtrack.sdk.views.view import View

if TYPE_CHECKING:
    from nbtrack.lineage.contract import Explanation, Hidden, Lineage, LineageCell, LineageEdge
    from nbtrack.runs.contract import Change, RunRow

_MOST_DRAWN = 60  # cells in a drawing
_ROW, _LEFT, _WIDE = 22, 96, 760  # pixels
_SIGNS = {"warning": "!", "note": "·"}


class LineageView(View):
    """The cells behind a run, what they gave to one another, and what the notebook does not show."""

    def __init__(self, row: RunRow, lineage: Lineage) -> None:
        self.row = row
        self.lineage = lineage

    def plain(self, width: int) -> str:
        """The verdict, a line for each cell, then what is hidden and what is not known."""
        found = self.lineage
        parts = [f"{self.row.name}: {found.verdict}"]
        if found.cells:
            labels = {cell.number: label(cell) for cell in found.cells}
            rows = [
                [
                    labels[cell.number],
                    "" if cell.position is None else f"cell {cell.position}",
                    first_line(cell),
                    _from(cell, found.edges, labels),
                    _gives(cell),
                ]
                for cell in found.cells
            ]
            parts.append(grid(["", "", "code", "takes", "gives"], rows, width))
        parts += [f"{_SIGNS[one.severity]} {one.text}" for one in self._hidden()]
        parts += [f"? {text}" for text in found.unknown]
        return "\n".join(parts)

    def _hidden(self) -> list[Hidden]:
        """As it is now, then what was so only when it ran."""
        now = {(one.what, one.name, one.number) for one in self.lineage.hidden}
        return [
            *self.lineage.hidden,
            *(one for one in self.lineage.then if (one.what, one.name, one.number) not in now),
        ]

    def body(self) -> str:
        """A drawing of the cells with arcs from what gives to what takes, the findings, and the code to unfold."""
        found = self.lineage
        tone = "good" if not any(one.severity == "warning" for one in self._hidden()) else "bad"
        parts = [html.tag("div", f"{run_name(self.row)} &nbsp;{html.span(found.verdict, tone)}", "head")]
        if 1 < len(found.cells) <= _MOST_DRAWN:
            parts.append(html.tag("div", drawing(found.cells, found.edges), "box"))
        told = [html.tag("li", html.esc(one.text)) for one in self._hidden()]
        told += [html.tag("li", html.span(text, "dim")) for text in found.unknown]
        if told:
            parts.append(html.tag("ul", "".join(told)))
        for cell in found.cells:
            at = f"cell {cell.position}" if cell.position is not None else ""
            title = f"{label(cell)} {first_line(cell, 60)}"
            parts.append(html.section(title, source_block(cell.source or ""), opened=False, count=at))
        return "".join(parts)

    def to_dict(self) -> dict[str, Any]:
        """The lineage as the wire has it."""
        from nbtrack.base.wire import to_plain

        plain: dict[str, Any] = to_plain(self.lineage)
        return plain


class ExplanationView(View):
    """Why a run came out differently from another, the likeliest cause first."""

    def __init__(self, explanation: Explanation) -> None:
        self.explanation = explanation

    def _title(self) -> str:
        found = self.explanation
        if found.left is None:
            return f"{found.right.name}: {found.chosen}, so there is nothing to compare it with."
        return f"{found.left.name} → {found.right.name}  ({found.chosen})"

    def plain(self, width: int) -> str:
        """The reasons, each with why it ranks where it does, then the metrics that differ."""
        found = self.explanation
        parts = [self._title()]
        if found.left is not None and not found.reasons:
            parts.append("Nothing that was recorded differs.")
        for one in found.reasons:
            parts.append(cut(f"{one.rank}. {words.one_line(one.text, 400)}", max(width, 40)))
            parts.append(f"   {one.why}")
        if found.outcome:
            parts.append("")
            rows = [_outcome(change) for change in found.outcome]
            assert found.left is not None
            parts.append(grid(["metric", found.left.name, found.right.name], rows, width, right=[1, 2]))
        return "\n".join(parts)

    def body(self) -> str:
        """A list of the reasons, lines of code below theirs, then the metrics that differ."""
        found = self.explanation
        parts = [html.tag("div", html.esc(self._title()), "head")]
        if found.left is not None and not found.reasons:
            parts.append(html.tag("div", "Nothing that was recorded differs.", "foot"))
        items = []
        for one in found.reasons:
            lines = code_table(one.lines) if one.lines else ""
            items.append(html.tag("li", f"{html.esc(one.text)}<br>{html.span(one.why, 'dim')}{lines}"))
        if items:
            parts.append(html.tag("ol", "".join(items)))
        if found.outcome and found.left is not None:
            head = ["", html.esc(found.left.name), html.esc(found.right.name)]
            rows = [[html.esc(text) for text in _outcome(change)] for change in found.outcome]
            parts.append(html.section("Outcome", html.table(head, rows, numeric=[1, 2])))
        return "".join(parts)

    def to_dict(self) -> dict[str, Any]:
        """The explanation as the wire has it."""
        from nbtrack.base.wire import to_plain

        plain: dict[str, Any] = to_plain(self.explanation)
        return plain


def drawing(cells: Sequence[LineageCell], edges: Sequence[LineageEdge]) -> str:
    """The cells below one another, and an arc on their left from each that gives to each that takes."""
    place = {cell.number: at for at, cell in enumerate(cells)}
    arcs = []
    for edge in edges:
        if edge.source in place and edge.target in place:
            top, bottom = (place[one] * _ROW + _ROW // 2 for one in (edge.source, edge.target))
            bulge = max(0, _LEFT - 12 - min(_LEFT - 20, 10 + 6 * abs(place[edge.target] - place[edge.source])))
            title = html.esc(f"{', '.join(edge.names[:12])}")
            arcs.append(
                f'<path d="M{_LEFT - 8},{top} C{bulge},{top} {bulge},{bottom} {_LEFT - 8},{bottom}" fill="none" '
                f'stroke="currentColor" stroke-opacity=".35"><title>{title}</title></path>'
            )
    texts = []
    for at, cell in enumerate(cells):
        y = at * _ROW + _ROW // 2
        gives = _gives(cell)
        tone = "var(--nbt-bad)" if any(one.severity == "warning" for one in cell.hidden) else "currentColor"
        texts.append(
            f'<circle cx="{_LEFT - 4}" cy="{y}" r="3.5" fill="{tone}"/>'
            f'<text x="{_LEFT + 6}" y="{y + 4}" fill="currentColor" font-size="12">{html.esc(label(cell))} '
            f'<tspan font-family="monospace">{html.esc(first_line(cell, 52))}</tspan>'
            f'<tspan fill-opacity=".65">{html.esc(f" → {gives}" if gives else "")}</tspan></text>'
        )
    high = len(cells) * _ROW
    return (
        f'<svg role="img" aria-label="cells behind the run" width="{_WIDE}" height="{high}" '
        f'viewBox="0 0 {_WIDE} {high}">{"".join(arcs)}{"".join(texts)}</svg>'
    )


def label(cell: LineageCell) -> str:
    """How a user knows an execution."""
    return f"In[{cell.execution}]" if cell.execution is not None else f"#{cell.number}"


def first_line(cell: LineageCell, most: int = 60) -> str:
    """The first line of code, beyond ``%%track``."""
    for line in (cell.source or "").splitlines():
        if line.strip() and not line.lstrip().startswith(("%%track", "#")):
            return words.one_line(line.strip(), most)
    return ""


def _from(cell: LineageCell, edges: Sequence[LineageEdge], labels: dict[int, str]) -> str:
    return "; ".join(
        f"{', '.join(edge.names[:4])}{' …' if len(edge.names) > 4 else ''} of {labels.get(edge.source, '?')}"
        for edge in edges
        if edge.target == cell.number
    )


def _gives(cell: LineageCell) -> str:
    shown = [f"{name} ({held})" if held else name for name, held in cell.gives.items()]
    return ", ".join(shown[:4]) + (" …" if len(shown) > 4 else "")


def _outcome(change: Change) -> list[str]:
    sides = (change.left, change.right)
    return [change.name, *(words.MISSING if one is None else words.number(one) for one in sides)]
