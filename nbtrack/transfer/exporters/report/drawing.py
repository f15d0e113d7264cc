"""The pictures of a report that no other view has: how the runs went one after the other, and parallel coordinates."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from nbtrack.base import words
from nbtrack.base.markup.html import esc
from nbtrack.charts.dimensions import Dimension, dimension
from nbtrack.charts.figure import SCALE
from nbtrack.charts.ticks import bounds, linear_ticks

if TYPE_CHECKING:
    from nbtrack.runs.contract import RunRow

WIDE = 1080  # px
_TIMELINE = 210
_PARALLEL = 330
_DIGIT = 6.4  # px of a digit at 11 px
_LETTER = 7.6  # px of a letter of a title


def timeline(rows: Sequence[RunRow], metric: str, which: str) -> str:
    """The last value of a metric of each run, in their order, and the best so far. which: "min" or "max"."""
    values = [row.metrics[metric].last if metric in row.metrics else math.nan for row in rows]
    there = [one for one in values if math.isfinite(one)]
    if len(there) < 2:
        return ""
    low, high = bounds(there)
    room = 0.08 * (high - low) if math.isfinite(high - low) else 0.0
    low, high = low - room, high + room
    ticks = linear_ticks(low, high, 5)
    left = 14 + max((len(text) for _, text in ticks), default=1) * _DIGIT
    right, top, bottom = WIDE - 14, 12, _TIMELINE - 26

    def across(place: int) -> float:
        return left + 8 + (right - left - 16) * (place / max(len(rows) - 1, 1))

    def down(value: float) -> float:
        return bottom - (bottom - top) * ((value / 2 - low / 2) / (high / 2 - low / 2))

    parts = [_rule(left, right, down(value), text) for value, text in ticks]
    parts += [_number(across(at), bottom + 17, str(at + 1)) for at in _some(len(rows))]
    parts.append(f'<text x="{right}" y="{bottom + 17}" text-anchor="end" class="nbr-ink">run</text>')
    line, best, dots = "", math.nan, []
    for at, value in enumerate(values):
        if not math.isfinite(value):
            dots.append(_missing(across(at), bottom, at, rows[at]))
            continue
        better = math.isnan(best) or (value > best if which == "max" else value < best)
        line += f"H{across(at):.1f}" if line else f"M{across(at):.1f} {down(value):.1f}"
        if better:
            line += f"V{down(value):.1f}"
            best = value
        said = f"{rows[at].name}: {metric} {words.number(value)}{', the best so far' if better else ''}"
        dots.append(
            f'<a href="#run-{at + 1}"><circle cx="{across(at):.1f}" cy="{down(value):.1f}"'
            f' r="{4.5 if better else 3.2}" class="{"nbr-first" if better else "nbr-later"}" data-run="{at}">'
            f"<title>{esc(said)}</title></circle></a>"
        )
    parts.append(f'<path d="{line}H{right}" class="nbr-sofar"/>')
    return _svg(_TIMELINE, f"{metric} of {len(there)} runs in the order of time, and the best so far", parts + dots)


def _missing(x: float, bottom: float, at: int, row: RunRow) -> str:
    said = f"{row.name}: {row.status}, no value"
    mark = f"M{x - 3:.1f} {bottom - 3}l6 6m0-6l-6 6"
    title = f"<title>{esc(said)}</title>"
    return f'<a href="#run-{at + 1}"><path d="{mark}" class="nbr-none" data-run="{at}">{title}</path></a>'


def _rule(left: float, right: float, y: float, text: str) -> str:
    return (
        f'<path d="M{left:.0f} {y:.1f}H{right}" class="nbr-grid"/>'
        f'<text x="{left - 6:.0f}" y="{y + 4:.1f}" text-anchor="end" class="nbr-ink">{esc(text)}</text>'
    )


def _number(x: float, y: float, text: str) -> str:
    return f'<text x="{x:.1f}" y="{y}" text-anchor="middle" class="nbr-ink">{text}</text>'


def _some(count: int) -> list[int]:
    """Places of runs that are numbered under the axis; not where its title stands."""
    step = next(one for one in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if count / one <= 20)
    places = [0, *(at - 1 for at in range(step, count + 1, step) if at > 1)]
    return [at for at in places if count < 2 or at / (count - 1) < 0.955]


# -- parallel coordinates --------------------------------------------------------------------------------------------


def parallel(rows: Sequence[Mapping[str, Any]], axes: Sequence[str], by: str | None) -> str:
    """A line per row through its values; ``by`` colours them. Empty for fewer than two rows or axes.

    Each line has the heights at which it crosses the axes with it, so that a script can tell which a brush takes.
    """
    if len(rows) < 2 or len(axes) < 2:
        return ""
    found = {key: dimension(rows, key) for key in axes}
    top, bottom = 46, _PARALLEL - 16
    widest = max((len(text) for _, text in found[axes[-1]].ticks), default=0)
    first, last = (_LETTER * len(_title(key)) / 2 for key in (axes[0], axes[-1]))
    left, right = max(24.0, first), WIDE - max(24.0, last, 12 + widest * _DIGIT)
    places = [left + (right - left) * at / (len(axes) - 1) for at in range(len(axes))]
    heights = [[_height(one, at, top, bottom) for at in range(len(rows))] for one in found.values()]
    colours = _colours(found.get(by or ""), len(rows))
    faint = f' opacity="{max(0.35, min(0.9, 30 / len(rows))):.2f}"'
    lines = []
    for at in range(len(rows)):
        downs = [column[at] for column in heights]
        path = "L".join(f"{x:.0f} {y:.1f}" for x, y in zip(places, downs, strict=True))
        crossed = " ".join(f"{y:.0f}" for y in downs)
        lines.append(f'<path d="M{path}" stroke="{colours[at]}" data-run="{at}" data-at="{crossed}"/>')
    drawn = [
        _axis(one, name, x, (top, bottom), at)
        for at, (name, one, x) in enumerate(zip(axes, found.values(), places, strict=True))
    ]
    body = [f'<g fill="none" stroke-width="1.6" class="nbr-lines"{faint}>{"".join(lines)}</g>', *drawn]
    return _svg(_PARALLEL, f"Parallel coordinates of {len(rows)} runs over {', '.join(axes)}", body)


def _height(one: Dimension, at: int, top: float, bottom: float) -> float:
    part = (one.positions[at] - one.low) / (one.high - one.low)
    return bottom - (bottom - top) * min(1.0, max(0.0, part))


def _axis(one: Dimension, name: str, x: float, ends: tuple[float, float], at: int) -> str:
    top, bottom = ends
    ticks = []
    for place, text in one.ticks:
        y = bottom - (bottom - top) * (place - one.low) / (one.high - one.low)
        if top - 1 <= y <= bottom + 1:
            ticks.append(
                f'<path d="M{x:.0f} {y:.1f}h-5" class="nbr-edge"/>'
                f'<text x="{x + 5:.0f}" y="{y + 4:.1f}" class="nbr-tick">{esc(words.one_line(text, 18))}</text>'
            )
    return (
        f'<g class="nbr-axis" data-axis="{at}" data-x="{x:.0f}" data-top="{top}" data-bottom="{bottom}">'
        f'<text x="{x:.0f}" y="22" text-anchor="middle" class="nbr-title">{esc(_title(name))}'
        f"<title>{esc(name)}</title></text>"
        f'<path d="M{x:.0f} {top}V{bottom}" class="nbr-edge"/>{"".join(ticks)}</g>'
    )


def _title(name: str) -> str:
    """A param's or metric's own name."""
    kind, _, short = name.partition(".")
    return words.one_line(short or kind, 20)


def _colours(one: Dimension | None, count: int) -> list[str]:
    if one is None:
        return [SCALE[0][1]] * count
    return [
        _mixed((place - one.low) / (one.high - one.low)) if there else "#8a8a8a"
        for place, there in zip(one.positions, one.on_scale, strict=True)
    ]


def _mixed(part: float) -> str:
    """A colour of the scale between its stops."""
    for (low, first), (high, second) in pairwise(SCALE):
        if part <= high:
            share = max(0.0, (part - low) / (high - low))
            pairs = [(int(first[at : at + 2], 16), int(second[at : at + 2], 16)) for at in (1, 3, 5)]
            return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)
    return SCALE[-1][1]


def _svg(height: int, spoken: str, body: Sequence[str]) -> str:
    return (
        f'<svg role="group" aria-label="{esc(words.one_line(spoken, 300))}" viewBox="0 0 {WIDE} {height}"'
        f' class="nbr-svg">{"".join(body)}</svg>'
    )
