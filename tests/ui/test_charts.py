"""Curves and plots in a browser, used as their user would."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from nbtrack.base.config import Project
from nbtrack.runs import contract as c
from nbtrack.runs.service import RunsService

from .waits import settled, until

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    Show = Callable[..., Page]


def figure(page: Page, metric: str) -> Locator:
    """The card of a metric."""
    return page.get_by_role("figure", name=re.compile(rf"^{re.escape(metric)}: "))


def inked(page: Page, metric: str) -> int:
    """How many pixels of a chart are of a strong colour, as one sees it."""
    picture = np.asarray(Image.open(io.BytesIO(figure(page, metric).screenshot())).convert("RGB"), dtype=np.int16)
    return int((picture.max(axis=2) - picture.min(axis=2) > 70).sum())


def drawn(page: Page, metric: str) -> int:
    """The same, once its lines are there and no longer change."""
    figure(page, metric).wait_for()
    before = -1
    for _ in range(100):
        now = inked(page, metric)
        if now and abs(now - before) <= now / 50:
            return now
        before = now
        page.wait_for_timeout(200)
    raise AssertionError(f"{metric} was not drawn")


def test_each_metric_has_a_chart_with_a_line_for_each_run(demo: Project, alone: Show) -> None:
    page = alone(demo)
    for metric in ("loss", "val_accuracy"):
        page.get_by_role("figure", name=re.compile(f"^{metric}: 18 runs")).wait_for()
    assert drawn(page, "loss") > 300


def test_the_line_of_the_row_under_the_pointer_comes_forward(demo: Project, alone: Show) -> None:
    page = alone(demo)
    before = drawn(page, "val_accuracy")
    name = page.get_by_role("gridcell").get_by_role("button", name="adamw-4-15", exact=True)

    def faded() -> bool:
        name.hover()  # again, should the table have moved from under the pointer
        return inked(page, "val_accuracy") < before / 2

    until(page, faded, "the others did not fade")


def test_the_pointer_over_a_chart_tells_the_values_by_size(demo: Project, alone: Show) -> None:
    page = alone(demo)
    drawn(page, "loss")
    values = page.locator(".nbt-curve-tip-value")

    def told() -> bool:
        box = figure(page, "loss").locator("canvas").first.bounding_box()
        assert box
        for part in (1 / 3, 1 / 2):
            page.mouse.move(box["x"] + box["width"] * part, box["y"] + box["height"] / 2)
        return values.count() > 7

    until(page, told, "the values are not told")
    shown = [float(one) for one in values.all_inner_texts()]
    assert shown == sorted(shown, reverse=True)


def only_plots(page: Page) -> None:
    """Leave the table and the curves out."""
    for pane in ("Plots", "Curves", "Table"):
        page.get_by_role("button", name=pane, exact=True).click()


def test_dragging_along_an_axis_of_parallel_coordinates_filters_the_table(demo: Project, alone: Show) -> None:
    page = alone(demo)
    only_plots(page)
    axis = page.get_by_role("region", name="Parallel coordinates").locator(".axis-brush .background").first
    axis.wait_for(state="attached", timeout=60_000)
    filtered = page.get_by_text(re.compile(r"depth .* … ")).first

    def dragged() -> bool:
        place = settled(page, axis)  # plotly draws it twice, and the second time may be late: then once more
        x = place["x"] + place["width"] / 2
        page.mouse.move(x, place["y"] + place["height"] * 0.04)
        page.mouse.down()
        page.mouse.move(x, place["y"] + place["height"] * 0.45, steps=8)
        page.mouse.up()
        page.wait_for_timeout(2000)
        return filtered.is_visible()

    until(page, dragged, "what was dragged filters nothing")
    page.get_by_role("status").filter(has_text=re.compile(r"\d+ of 18")).first.wait_for()


def test_params_that_tell_most_about_a_metric_are_listed(demo: Project, alone: Show) -> None:
    page = alone(demo)
    page.get_by_role("button", name="Plots", exact=True).click()
    page.get_by_role("button", name="Add a plot").click()
    page.get_by_role("menuitem", name="Param importance").click()
    card = page.get_by_role("region", name="Param importance")
    card.get_by_role("rowheader", name="depth").wait_for(timeout=60_000)


def test_every_kind_of_plot_draws(demo: Project, alone: Show) -> None:
    page = alone(demo)
    only_plots(page)
    layers = {"Scatter": "scatterlayer", "Bars": "barlayer", "Histogram": "barlayer", "Contour": "contourlayer"}
    for kind, layer in layers.items():
        page.get_by_role("button", name="Add a plot").click()
        page.get_by_role("menuitem", name=kind).click()
        marks = page.get_by_role("region", name=kind).locator(f".{layer} path")
        marks.first.wait_for(state="attached", timeout=60_000)


def test_a_filter_goes_for_the_charts_too(demo: Project, alone: Show) -> None:
    page = alone(demo)
    count = RunsService(demo).page(c.PageRequest(filter="params.optimizer = 'sgd'", limit=0)).matched
    page.get_by_role("combobox", name="Filter runs").fill("params.optimizer = 'sgd'")
    page.get_by_role("figure", name=re.compile(rf"^loss: {count} runs")).wait_for()
