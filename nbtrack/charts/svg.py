"""A small chart of metric curves as inline SVG, for places where no script runs.

Its ink is the text's own colour, the curves' colours are right on light and on dark (``nbtrack.charts.palette``), and
it has no ids, no styles that a sanitiser would miss and nothing that is loaded.
"""

from __future__ import annotations

import html
import math
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from nbtrack.charts.figure import wants_log
from nbtrack.charts.palette import Sign, signs
from nbtrack.charts.ticks import bounds, linear_ticks, log_ticks, short

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

Place = tuple[int, int]  # in tenths of a pixel: whole numbers are short to write

WIDTH, HEIGHT = 360, 190  # px
_TOP, _BOTTOM, _RIGHT = 26, 24, 8
_ROOM = 0.05  # of the height, left above and below the curves
_DIGIT = 6.2  # px of a digit at 11 px
_LETTER = 7.3  # px of a letter of the title at 12.5 px, on average
_NO_TEXT = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_DASHES = {
    "dash": "6 3",
    "dot": "1.5 3",
    "dashdot": "6 3 1.5 3",
    "longdash": "11 4",
    "longdashdot": "11 4 1.5 4",
}
_SHAPES = {  # about the end of a curve, in plotly's words
    "circle": "m-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0z",
    "square": "m-2.7-2.7h5.4v5.4h-5.4z",
    "diamond": "m0-3.8l3.4 3.8-3.4 3.8-3.4-3.8z",
    "triangle-up": "m0-3.7l3.6 6.3h-7.2z",
    "triangle-down": "m0 3.7l3.6-6.3h-7.2z",
    "cross": "m-1.2-3.6h2.4v2.4h2.4v2.4h-2.4v2.4h-2.4v-2.4h-2.4v-2.4h2.4z",
    "hexagon": "m-3.5 0l1.7-3.1h3.6l1.7 3.1-1.7 3.1h-3.6z",
    "star": "m0-4.2l1.1 2.7 2.9.2-2.3 1.9.8 2.8-2.5-1.6-2.5 1.6.8-2.8-2.3-1.9 2.9-.2z",
}


@dataclass(frozen=True)
class RunCurve:
    """The points of one run in their order: places on the x axis and values, of one length."""

    run_id: str
    xs: Sequence[float]
    ys: Sequence[float]


def small_chart(
    title: str,
    curves: Sequence[RunCurve],
    *,
    columns: int = 150,
    error: float = 0.2,
    x_title: str = "step",
    looks: Mapping[str, Sign] | None = None,
) -> str:
    """Inline SVG of 360 × 190 px: a line per run in its colour, with its marker at the end.

    A value that is NaN or infinite is a gap, and so is one ≤ 0 where the y axis is logarithmic. It is so where the
    middle nine tenths of the values span more than a decade and a half. columns: each curve is thinned by M4 to so
    many, see ``runs.downsample``. error: px that a line may be off for fewer bytes, see `outline`. looks: the sign of
    each run; without, ``palette.signs`` of these. The first curve is drawn on top.
    """
    import numpy as np

    looks = looks if looks is not None else signs(curve.run_id for curve in curves)
    drawn = [(curve.run_id, *_thinned(curve, columns)) for curve in curves]
    xs, ys = (np.concatenate([np.empty(0), *(one[side] for one in drawn)]) for side in (1, 2))
    there = np.isfinite(ys)
    log = _wants_log(ys[there].tolist())
    places, shown = xs[there].tolist(), ys[there & (ys > 0) if log else there].tolist()
    if not shown:
        return _svg(f"{title}: no finite values", _nothing(title))
    ground = _Ground(bounds(places), bounds(shown), log)
    body = [_head(title, shown, log), ground.axes(x_title)]
    for run_id, xs, ys in reversed(drawn):
        body.append(_curve(ground, xs, ys, looks[run_id], 10 * error))
    count = f"{len(curves)} run{'' if len(curves) == 1 else 's'}"
    spoken = f"{title} over {x_title}, {count}, from {short(min(shown))} to {short(max(shown))}"
    return _svg(f"{spoken}, log scale" if log else spoken, "".join(body))


def _thinned(curve: RunCurve, columns: int) -> tuple[Floats, Floats]:
    """Only what has a place; what is not finite as NaN."""
    import numpy as np

    from nbtrack.runs.downsample import downsample

    xs, ys = np.asarray(curve.xs, dtype=np.float64), np.asarray(curve.ys, dtype=np.float64)
    ys = np.where(np.isfinite(ys) & np.isfinite(xs), ys, np.nan)
    xs = np.where(np.isfinite(xs), xs, 0.0)
    at = downsample(xs, ys, columns)
    return xs[at], ys[at]


def _wants_log(values: Sequence[float]) -> bool:
    """Whether the bulk of the values does: an accuracy that began near 0 alone would lie flat under the top."""
    import numpy as np

    if not wants_log(values):
        return False
    low, high = np.percentile([value for value in values if value > 0], (5, 95))
    return bool(high / 30 > low)


# -- the ground ------------------------------------------------------------------------------------------------------


class _Ground:
    """Where values lie in the picture."""

    def __init__(self, x: tuple[float, float], y: tuple[float, float], log: bool) -> None:
        self.x, self.log = x, log
        self.y = _roomy(math.log10(y[0]), math.log10(y[1])) if log else _roomy(*y)
        self.y_ticks = log_ticks(*y, 5) if log else linear_ticks(*self.y, 7)
        longest = max((len(text) for _, text in self.y_ticks), default=0)
        self.left = max(16.0, longest * _DIGIT + 8)
        self.right, self.top, self.bottom = WIDTH - _RIGHT, _TOP, HEIGHT - _BOTTOM

    def across(self, values: ArrayLike) -> Ints:
        """The places of some x."""
        return _tenths(self.left + _parts(values, *self.x) * (self.right - self.left))

    def down(self, values: ArrayLike) -> Ints:
        """The places of some y; where the axis is logarithmic they must be positive."""
        import numpy as np

        parts = _parts(np.log10(values) if self.log else values, *self.y)
        return _tenths(self.bottom - parts * (self.bottom - self.top))

    def axes(self, x_title: str) -> str:
        """Hairlines with their numbers, and the base line."""
        heights = [float(at) for at in self.down([at for at, _ in self.y_ticks])]
        lines = "".join(f"M{_px(10 * self.left)} {_px(at)}H{self.right}" for at in heights)
        base = f'<path d="M{_px(10 * self.left)} {self.bottom}H{self.right}" stroke="currentColor" opacity=".45"/>'
        grid = f'<path d="{lines}" stroke="currentColor" opacity=".13"/>' if lines else ""
        numbers = [
            _text(self.left - 5, at / 10 + 3.8, text, "end")
            for at, (_, text) in zip(heights, self.y_ticks, strict=True)
        ]
        ticks = linear_ticks(*self.x, 5, whole=x_title == "step")
        room = self.right - len(x_title) * _DIGIT - 6  # the axis' title stands at its end
        for at, (_, text) in zip(self.across([at for at, _ in ticks]).tolist(), ticks, strict=True):
            if at / 10 + len(text) * _DIGIT / 2 < room:
                numbers.append(_text(at / 10, self.bottom + 15, text, "middle"))
        numbers.append(_text(self.right, self.bottom + 15, x_title, "end"))
        return f'{grid}{base}<g opacity=".68">{"".join(numbers)}</g>'


def _roomy(low: float, high: float) -> tuple[float, float]:
    room, most = _ROOM * (high - low), sys.float_info.max
    return (max(low - room, -most), min(high + room, most)) if math.isfinite(room) else (low, high)


def _parts(values: ArrayLike, low: float, high: float) -> Floats:
    """Of the way from low to high. Halves: the span of two huge numbers must not overflow."""
    import numpy as np

    parts: Floats = (np.asarray(values, dtype=np.float64) / 2 - low / 2) / (high / 2 - low / 2)
    return parts


def _tenths(pixels: Floats) -> Ints:
    import numpy as np

    return np.rint(10 * pixels).astype(np.int64)


# -- the curves ------------------------------------------------------------------------------------------------------


def _curve(ground: _Ground, xs: Floats, ys: Floats, look: Sign, error: float) -> str:
    import numpy as np

    drawn = np.isfinite(ys) & ((ys > 0) | (not ground.log))
    rights, belows = ground.across(xs[drawn]).tolist(), ground.down(ys[drawn]).tolist()
    places = list(zip(rights, belows, strict=True))
    gaps = np.searchsorted(np.flatnonzero(drawn), np.flatnonzero(~drawn)).tolist()
    ends = [0, *gaps, len(places)]
    pieces = [[place for place, _ in groupby(places[start:end])] for start, end in pairwise(ends) if start < end]
    if not pieces:
        return ""
    dash = f' stroke-dasharray="{_DASHES[look.dash]}"' if look.dash in _DASHES else ""
    end_x, end_y = pieces[-1][-1]
    mark = f'<path d="M{_px(end_x)} {_px(end_y)}{_SHAPES.get(look.marker, _SHAPES["circle"])}" fill="{look.colour}"/>'
    if len(pieces) == 1 and len(pieces[0]) == 1:
        return mark
    line = "".join(_path(outline(piece, error)) for piece in pieces)
    return (
        f'<path d="{line}" fill="none" stroke="{look.colour}" stroke-width="1.6" stroke-linecap="round"'
        f' stroke-linejoin="round"{dash}/>{mark}'
    )


def outline(points: Sequence[Place], error: float) -> list[Place]:
    """The same line with fewer points: none that is left out is further from it than ``error``, in the points' unit.

    From the last point kept, each point allows the directions that pass it within ``error``; the line goes on for as
    long as there is a direction that all allow, and never back. After Sklansky and Gonzalez, "Fast polygonal
    approximation of digitized curves", Pattern Recognition 12(5), 1980. One pass: about 1 µs a point.
    """
    kept = list(points[:1])
    low, high, reach = -math.inf, math.inf, 0.0
    for before, point in pairwise(points):
        across, down = point[0] - kept[-1][0], point[1] - kept[-1][1]
        if before != kept[-1]:
            way = math.atan2(down, across)
            if across <= 0 or not low <= way <= high or math.hypot(across, down) < reach:
                kept.append(before)
                low, high, reach = -math.inf, math.inf, 0.0
                across, down = point[0] - before[0], point[1] - before[1]
        far = math.hypot(across, down)
        if across <= 0:
            low, high = math.inf, -math.inf  # nothing goes on from here: the next point begins anew
        elif far > error:
            way, room = math.atan2(down, across), math.asin(error / far)
            low, high = max(low, way - room), min(high, way + room)
        reach = max(reach, far)
    return [*kept, *points[-1:]] if len(points) > 1 else kept


def _path(piece: Sequence[Place]) -> str:
    """Relative moves between rounded places, so that no error adds up; a lone point is a round dot."""
    x, y = piece[0]
    moves = []
    for right, below in piece[1:]:
        moves += [_px(right - x), _px(below - y)]
        x, y = right, below
    packed = "".join(move if move[0] == "-" or not at else f" {move}" for at, move in enumerate(moves))
    return f"M{_px(piece[0][0])} {_px(piece[0][1])}{'l' + packed if moves else 'h0'}"


def _px(tenths: float) -> str:
    """Tenths of a pixel as SVG has them: ``-.5``, ``12``, ``3.4``."""
    whole, rest = divmod(abs(round(tenths)), 10)
    text = f"{whole or ''}.{rest}" if rest else str(whole)
    return f"-{text}" if round(tenths) < 0 else text


# -- words -----------------------------------------------------------------------------------------------------------


def _head(title: str, shown: Sequence[float], log: bool) -> str:
    """The title at the left, the range at the right."""
    span = f"{short(min(shown))} to {short(max(shown))}{', log' if log else ''}"
    room = int((WIDTH - 14 - len(span) * _DIGIT) / _LETTER)
    return _text(0, 13, _cut(title, room), bold=True) + _text(WIDTH - _RIGHT, 13, span, "end", dim=True)


def _nothing(title: str) -> str:
    return _text(0, 13, _cut(title, 40), bold=True) + _text(
        WIDTH / 2, HEIGHT / 2, "no finite values", "middle", dim=True
    )


def _text(x: float, y: float, text: str, anchor: str = "", *, bold: bool = False, dim: bool = False) -> str:
    place = f' text-anchor="{anchor}"' if anchor else ""
    look = (' font-size="12.5" font-weight="600"' if bold else "") + (' opacity=".68"' if dim else "")
    # The space parts what is left of the texts where a viewer takes the elements away.
    return f' <text x="{_px(10 * x)}" y="{_px(10 * y)}"{place}{look}>{_esc(text)}</text>'


def _cut(text: str, most: int) -> str:
    flat = " ".join(text[: 4 * most].split())
    return flat if len(flat) <= most else f"{flat[: max(most - 1, 0)]}…"


def _esc(text: str) -> str:
    """Text that is only text, also for XML, which has no place for control characters and halves of characters."""
    return html.escape(_NO_TEXT.sub("\ufffd", text))


def _svg(spoken: str, body: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{_esc(_cut(spoken, 200))}" width="{WIDTH}"'
        f' height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" style="max-width:100%;height:auto" font-size="11"'
        f' fill="currentColor">{body}</svg>'
    )
