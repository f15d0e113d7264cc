"""Waiting for exactly what is asserted next, however slow the machine is."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from playwright.sync_api import FloatRect, Locator, Page

PATIENCE = 60.0  # seconds: another process tests at the same time
T = TypeVar("T")


def until(page: Page, look: Callable[[], T], otherwise: str) -> T:
    """What `look` finds once that is true: of files, databases and lists of requests, which `expect` cannot watch."""
    from playwright.sync_api import Error

    end = time.monotonic() + PATIENCE
    while True:
        trouble = None
        try:
            if found := look():
                return found
        except Error as error:  # what it looked at was replaced in this moment, or is not there yet
            trouble = error
        if time.monotonic() > end:
            raise AssertionError(otherwise) from trouble
        page.wait_for_timeout(50)  # the page goes on meanwhile


def quiet(page: Page, asked: list[str], seconds: float) -> None:
    """Wait until nothing was asked for so long: what was under way has come to its end."""
    end = time.monotonic() + PATIENCE
    while True:
        before = len(asked)
        page.wait_for_timeout(1000 * seconds)
        if len(asked) == before:
            return
        assert time.monotonic() < end, f"it goes on asking: {asked[before:]}"


def settled(page: Page, part: Locator) -> FloatRect:
    """Where it stands, once it has stayed there for more than a second."""
    before, same = None, 0
    for _ in range(300):
        place = part.bounding_box()
        same = same + 1 if place is not None and place == before else 0
        if place is not None and same >= 6:
            return place
        before = place
        page.wait_for_timeout(250)
    raise AssertionError("it does not come to rest")


def still(page: Page) -> None:
    """Wait until nothing fades or moves any more: a colour is measured as it stays."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.wait_for_function(
        """() => document.getAnimations().every((one) =>
            one.playState !== "running" || one.effect?.getComputedTiming().endTime === Infinity)"""
    )
