"""Small charts as inline SVG."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbtrack.charts.palette import sign, signs
from nbtrack.charts.svg import HEIGHT, WIDTH, RunCurve, outline, small_chart

SVG = "{http://www.w3.org/2000/svg}"
NUMBER = r"-?(?:\d+\.?\d*|\.\d+)"
ELEMENTS = {"svg", "g", "path", "text"}


def parsed(svg: str) -> ET.Element:
    root = ET.fromstring(svg)
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= ELEMENTS
    return root


def strokes(root: ET.Element) -> list[list[list[tuple[float, float]]]]:
    """The pieces of each curve, as places in px."""
    found = []
    for path in root.iter(f"{SVG}path"):
        if path.get("stroke-width"):
            pieces = []
            for piece in re.findall(r"M([^M]*)", path.get("d") or ""):
                start, _, moves = piece.replace("h0", "l").partition("l")
                numbers = [float(one) for one in re.findall(NUMBER, start)]
                steps = [float(one) for one in re.findall(NUMBER, moves)]
                places = [(numbers[0], numbers[1])]
                for across, down in zip(steps[::2], steps[1::2], strict=True):
                    places.append((places[-1][0] + across, places[-1][1] + down))
                pieces.append(places)
            found.append(pieces)
    return found


def texts(root: ET.Element) -> list[str]:
    return [element.text or "" for element in root.iter(f"{SVG}text")]


values = st.one_of(st.floats(), st.floats(-1e3, 1e3), st.sampled_from([0.0, -0.0, 1e-320, 1.7e308, -1.7e308]))
curves = st.lists(
    st.lists(st.tuples(st.one_of(st.integers(-(2**62), 2**62), st.floats(), st.integers(0, 50)), values), max_size=30),
    max_size=5,
)


@settings(max_examples=200, deadline=None)
@given(curves, st.text(max_size=60), st.integers(1, 150), st.floats(0, 3))
def test_any_curves_make_a_picture_inside_its_frame(
    rows: list[list[tuple[float, float]]], title: str, columns: int, error: float
) -> None:
    drawn = [RunCurve(f"r{at}", [x for x, _ in row], [y for _, y in row]) for at, row in enumerate(rows)]
    root = parsed(small_chart(title, drawn, columns=columns, error=error))
    assert root.get("role") == "img"
    assert root.get("aria-label")
    for pieces in strokes(root):
        for x, y in (place for piece in pieces for place in piece):
            assert -0.11 <= x <= WIDTH + 0.11
            assert -0.11 <= y <= HEIGHT + 0.11


@given(st.text())
def test_a_title_is_only_text(title: str) -> None:
    svg = small_chart(f"<script>alert(1)</script>{title}", [RunCurve("r", [0, 1], [0, 1])])
    root = parsed(svg)
    svg.encode("utf-8")
    assert "<script" not in svg
    assert not re.search(r"\bon\w+=|href|url\(", re.sub(r'aria-label="[^"]*"|>[^<]*<', "", svg))
    assert all(len(text) < 60 for text in texts(root))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(-50, 3600), st.integers(-50, 1900)), min_size=1, max_size=60), st.floats(0, 30))
def test_no_point_that_is_left_out_is_further_from_the_line_than_said(
    points: list[tuple[int, int]], error: float
) -> None:
    kept = outline(points, error)
    assert (kept[0], kept[-1]) == (points[0], points[-1])
    for point in points:
        assert min(distance(point, stroke) for stroke in zip(kept, kept[1:] or kept, strict=False)) <= error + 1e-6


def distance(point: tuple[int, int], stroke: tuple[tuple[int, int], tuple[int, int]]) -> float:
    start, end = (np.array(one, dtype=float) for one in stroke)
    way = end - start
    along = min(1.0, max(0.0, float((point - start) @ way) / float(way @ way))) if way @ way else 0.0
    return float(np.hypot(*(start + along * way - point)))


def test_a_straight_line_needs_two_points_and_a_spike_stays() -> None:
    line = [(at, 2 * at) for at in range(100)]
    assert outline(line, 0.5) == [line[0], line[-1]]
    line[50] = (50, 900)
    assert (50, 900) in outline(line, 5)
    assert len(outline(line, 5)) == 5


def test_a_peak_of_a_long_curve_is_in_the_picture() -> None:
    ys = np.random.default_rng(1).normal(size=50_000)
    ys[31_234] = 40.0
    svg = small_chart("loss", [RunCurve("r", range(50_000), ys)], columns=40, error=1.0)
    (pieces,) = strokes(parsed(svg))
    top = min(y for piece in pieces for _, y in piece)
    assert next(x for piece in pieces for x, y in piece if y == top) == pytest.approx(215, abs=15)
    assert len(svg) < 5_000


def test_a_gap_interrupts_the_line() -> None:
    ys = [1.0, 2.0, math.nan, 3.0, math.inf, 1.0, 2.0, -math.inf]
    (pieces,) = strokes(parsed(small_chart("loss", [RunCurve("r", range(8), ys)], error=0)))
    assert [len(piece) for piece in pieces] == [2, 1, 2]


def test_a_run_has_its_colour_its_dash_and_its_marker_at_the_end() -> None:
    looks = signs(["a", "b"])
    root = parsed(small_chart("acc", [RunCurve(run, [0, 1, 2], [0, 2, 1]) for run in ("a", "b")], looks=looks))
    lines = [path for path in root.iter(f"{SVG}path") if path.get("stroke-width")]
    marks = [path.get("fill") for path in root.iter(f"{SVG}path") if path.get("fill") not in (None, "none")]
    assert [line.get("stroke") for line in lines] == [sign("b").colour, sign("a").colour]  # the first lies on top
    assert marks == [sign("b").colour, sign("a").colour]


def test_runs_of_one_colour_differ_by_dash() -> None:
    first = next(f"r{at}" for at in range(1000) if sign(f"r{at}").colour == sign("a").colour)
    root = parsed(small_chart("acc", [RunCurve(run, [0, 1], [0, 1]) for run in ("a", first)]))
    dashes = [path.get("stroke-dasharray") for path in root.iter(f"{SVG}path") if path.get("stroke-width")]
    assert dashes == ["6 3", None]


def test_it_has_a_title_a_range_and_ticks() -> None:
    root = parsed(small_chart("loss ↓", [RunCurve("r", range(101), [1 - at / 100 for at in range(101)])]))
    assert texts(root)[:2] == ["loss ↓", "0 to 1"]
    assert texts(root)[2:] == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0", "0", "20", "40", "60", "80", "step"]
    assert root.get("aria-label") == "loss ↓ over step, 1 run, from 0 to 1"


def test_a_long_title_leaves_the_range_its_place() -> None:
    root = parsed(small_chart("x" * 10_000, [RunCurve("r", [0, 1], [0.12345, 1234.5])]))
    title, span = texts(root)[:2]
    assert title.endswith("…")
    assert 7.3 * len(title) + 6.2 * len(span) < WIDTH


def test_a_loss_that_falls_by_decades_is_drawn_on_a_log_axis() -> None:
    falling = [10 ** (-at / 25) for at in range(100)]
    root = parsed(small_chart("loss", [RunCurve("r", range(100), falling)], error=0))
    assert texts(root)[1] == "0.00011 to 1, log"
    (pieces,) = strokes(root)
    (across, down), start = np.array(pieces[0][-1]) - pieces[0][0], pieces[0][0]
    assert all(y - start[1] == pytest.approx(down / across * (x - start[0]), abs=0.2) for x, y in pieces[0])
    zero = parsed(small_chart("loss", [RunCurve("r", range(101), [*falling[:50], 0.0, *falling[50:]])]))
    assert len(strokes(zero)[0]) == 2  # a 0 has no place there


def test_an_accuracy_that_began_near_zero_is_not() -> None:
    rising = [0.9 * (1 - math.exp(-at / 10)) + 1e-4 for at in range(100)]
    assert "log" not in texts(parsed(small_chart("acc", [RunCurve("r", range(100), rising)])))[1]


def test_a_constant_and_a_lone_point_have_a_place() -> None:
    (pieces,) = strokes(parsed(small_chart("acc", [RunCurve("r", range(3), [5.0] * 3)])))
    assert len({y for _, y in pieces[0]}) == 1
    lone = parsed(small_chart("acc", [RunCurve("r", [7], [5.0])]))
    assert strokes(lone) == []
    assert any(path.get("fill") == sign("r").colour for path in lone.iter(f"{SVG}path"))


def test_nothing_finite_is_said_to_be_so() -> None:
    for nothing in ([], [RunCurve("r", [], [])], [RunCurve("r", [0, 1], [math.nan, math.inf])]):
        root = parsed(small_chart("acc", nothing))
        assert texts(root) == ["acc", "no finite values"]
        assert root.get("aria-label") == "acc: no finite values"
