"""Waiting for exactly what is asserted next, however slow the machine is."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from playwright.sync_api import Page

PATIENCE = 60.0  # seconds: another process tests at the same time
T = TypeVar("T")


def until(page: Page, look: Callable[[], T], otherwise: str) -> T:
    """What `look` finds once that is true: of files, databases and lists of requests, which `expect` cannot watch."""
    end = time.monotonic() + PATIENCE
    while not (found := look()):
        assert time.monotonic() < end, otherwise
        page.wait_for_timeout(50)  # the page goes on meanwhile
    return found


def quiet(page: Page, asked: list[str], seconds: float) -> None:
    """Wait until nothing was asked for so long: what was under way has come to its end."""
    end = time.monotonic() + PATIENCE
    while True:
        before = len(asked)
        page.wait_for_timeout(1000 * seconds)
        if len(asked) == before:
            return
        assert time.monotonic() < end, f"it goes on asking: {asked[before:]}"


def still(page: Page) -> None:
    """Wait until nothing fades or moves any more: a colour is measured as it stays."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.wait_for_function(
        """() => document.getAnimations().every((one) =>
            one.playState !== "running" || one.effect?.getComputedTiming().endTime === Infinity)"""
    )
