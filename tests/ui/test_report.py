"""The HTML report in a browser without a network: what is drawn, what can be done, that nothing of a run runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from nbtrack.base.config import Project
from tests.transfer.report_runs import ATTACKS, history, hostile, report

from .conftest import PATIENCE
from .waits import settled, still

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Locator, Page

WIDE = {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with reports of six runs: told.html, still.html."""
    project = Project(tmp_path_factory.mktemp("told"))
    project.folder.mkdir()
    history(project)
    report(project, project.root / "told.html")
    report(project, project.root / "still.html", static=True)
    return project.root


@contextmanager
def alone(browser: Browser, expected: str = "$none") -> Iterator[Page]:
    """A page without a network, which fails the test if it asks for anything, throws, or says another error."""
    context = browser.new_context(viewport=WIDE, offline=True)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    wrong: list[str] = []

    def said(message: ConsoleMessage) -> None:
        if message.type == "error" and not re.search(expected, message.text):
            wrong.append(message.text)

    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", said)
    page.on("request", lambda one: None if one.url.startswith(("file:", "data:")) else wrong.append(one.url))
    yield page
    context.close()
    assert not wrong, wrong


@pytest.fixture
def offline(browser: Browser) -> Iterator[Page]:
    """Where nothing may go wrong."""
    with alone(browser) as page:
        yield page


@pytest.fixture
def besieged(browser: Browser) -> Iterator[Page]:
    """Where the browser says that it refused something."""
    with alone(browser, "sandboxed|attachShadow|^Not allowed to load local|Content Security Policy") as page:
        yield page


def opened(page: Page, path: Path) -> Page:
    page.goto(path.as_uri())
    page.wait_for_selector("body.nbr-live", state="attached")
    return page


def in_charts(page: Page) -> Locator:
    return page.locator(".nbr-bar output")


def ends(*runs: int) -> list[re.Pattern[str]]:
    """The names of these runs."""
    return [re.compile(f"train-{at}$") for at in runs]


def test_the_curves_of_a_report_are_those_of_the_panel(written: Path, offline: Page) -> None:
    page = opened(offline, written / "told.html")
    page.get_by_role("heading", name="Curves").scroll_into_view_if_needed()
    cards = page.locator("figure.nbt-curve-card")
    expect(cards).to_have_count(2)
    page.locator(".nbt-curve-plot canvas").first.wait_for()
    expect(cards.nth(1)).to_have_attribute("aria-label", re.compile("5 (curves|lines|runs)"))
    for axis in ("Time since start", "Wall time", "Step"):
        page.get_by_role("button", name=re.compile("^x: ")).click()
        page.get_by_role("menuitemcheckbox", name=axis, exact=True).click()
    page.get_by_role("button", name="Log y").click()
    page.get_by_role("button", name="Mean by …").click()
    page.get_by_role("menuitemcheckbox", name="status").click()
    page.get_by_role("button", name="Mean by status").wait_for()
    expect(page.locator(".nbt-error, .nbt-error-inline")).to_have_count(0)
    expect(page.locator(".nbr-charts")).to_be_hidden()


def test_the_table_of_a_report_is_sorted_searched_and_ticked(written: Path, offline: Page) -> None:
    page = opened(offline, written / "told.html")
    names = page.locator(".nbr-table tbody tr:visible .nbr-name")
    page.get_by_role("columnheader", name="acc").get_by_role("button").click()
    page.get_by_role("columnheader", name="acc").get_by_role("button").click()
    expect(names).to_have_text(ends(5, 4, 3, 1, 0, 2))
    page.get_by_role("searchbox").fill("failed")
    expect(names).to_have_text(ends(2))
    expect(in_charts(page)).to_have_text("1 of 6 runs in the charts")
    page.get_by_role("button", name="Show all").click()
    page.get_by_role("checkbox", name="Show run 1 in the charts").uncheck()
    expect(in_charts(page)).to_have_text("5 of 6 runs in the charts")


def test_a_brush_on_an_axis_keeps_the_runs_that_cross_it_there(written: Path, offline: Page) -> None:
    page = opened(offline, written / "told.html")
    room = page.get_by_role("slider", name="Range of metrics.acc")
    room.scroll_into_view_if_needed()
    box = settled(page, room)  # the charts above it take their places
    x, y, height = box["x"] + box["width"] / 2, box["y"], box["height"]
    page.mouse.move(x, y + 2)
    page.mouse.down()
    page.mouse.move(x, y + height * 0.3, steps=4)
    page.mouse.up()
    expect(in_charts(page)).to_have_text("2 of 6 runs in the charts")
    expect(page.locator(".nbr-lines .nbr-aside")).to_have_count(4)
    room.dblclick(position={"x": box["width"] / 2, "y": height / 2})
    expect(in_charts(page)).to_have_text("all 6 runs in the charts")


def test_a_link_to_a_run_and_to_its_folded_environment_leads_there(written: Path, offline: Page) -> None:
    page = opened(offline, written / "told.html")
    page.get_by_role("row", name=re.compile("train-4")).get_by_role("link").click()
    expect(page.locator("#run-5")).to_be_visible()
    page.locator("#run-5 summary", has_text="Origin").click()
    page.locator("#run-5").get_by_role("link", name="environment 1").click()
    page.get_by_text("numpy==2.1.0").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_report_follows_the_theme_and_can_be_told_another(written: Path, offline: Page, scheme: str) -> None:
    offline.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page = opened(offline, written / "told.html")
    body, white, black = page.locator("body"), "rgb(255, 255, 255)", "rgb(17, 17, 17)"
    expect(body).to_have_css("background-color", white if scheme == "light" else black)
    page.get_by_role("button", name="Theme: system").click()
    expect(body).to_have_css("background-color", white)
    page.get_by_role("button", name="Theme: light").click()
    expect(body).to_have_css("background-color", black)


def test_without_its_script_a_report_shows_the_same(written: Path, offline: Page) -> None:
    offline.goto((written / "still.html").as_uri())
    assert offline.locator(".nbr-charts svg").count() == 2
    expect(offline.locator(".nbr-charts")).to_be_visible()
    assert offline.get_by_role("row").count() > 6
    assert offline.locator("script").count() == 0
    offline.locator("#run-3 summary", has_text="Origin").click()
    expect(offline.locator("#run-3").get_by_text("0123456789ab")).to_be_visible()


def test_a_report_is_printed_with_all_that_is_folded(written: Path, offline: Page) -> None:
    page = opened(offline, written / "told.html")
    folded = "document.querySelectorAll('details:not([open])').length"
    assert page.evaluate(folded) > 0
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate(folded) == 0
    page.emulate_media(media="print")
    expect(page.locator(".nbr-charts")).to_be_visible()
    expect(page.locator(".nbr-panel")).to_be_hidden()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(folded) > 0
    assert len(page.pdf()) > 10_000


def test_whoever_uses_a_screen_reader_meets_headings_names_and_no_faults(written: Path, offline: Page) -> None:
    page = opened(offline, written / "told.html")
    axe = Path(__file__).parents[2] / "js" / "node_modules" / "axe-core" / "axe.min.js"
    page.context.set_offline(False)
    page.evaluate(axe.read_text(encoding="utf-8"))
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        still(page)
        found = page.evaluate("axe.run(document, {resultTypes: ['violations'], iframes: false})")
        faults = [(one["id"], [node["html"][:120] for node in one["nodes"][:3]]) for one in found["violations"]]
        assert not faults, faults


@pytest.mark.parametrize("static", [False, True])
def test_no_script_in_any_text_of_a_run_runs(tmp_path: Path, besieged: Page, static: bool) -> None:
    project = Project(tmp_path)
    project.folder.mkdir()
    assert hostile(project) >= 60
    report(project, tmp_path / "r.html", static=static, title=ATTACKS[2])
    page = besieged
    page.on("dialog", lambda dialog: dialog.dismiss())
    page.goto((tmp_path / "r.html").as_uri())
    if not static:
        page.wait_for_selector("body.nbr-live", state="attached")
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    page.evaluate("for (const one of document.querySelectorAll('.nbr-run')) one.style.contentVisibility = 'visible'")
    for place in ("#table", "#curves", "#runs", "#environments"):
        page.locator(place).scroll_into_view_if_needed()
        page.wait_for_timeout(200)
    if not static:
        for name in ("run", "p"):
            page.get_by_role("columnheader", name=name).first.get_by_role("button").click()
        page.locator("figure.nbt-curve-card").first.hover()
        page.get_by_role("button", name=re.compile("^x: ")).click()
        page.get_by_role("menuitemcheckbox").first.wait_for()
        page.wait_for_timeout(300)
        page.keyboard.press("Escape")
    page.locator(".nbr-table tbody tr").first.hover()
    page.wait_for_timeout(500)
    for frame in page.frames:
        assert frame.evaluate("() => window.pwned") is None
    assert page.locator("img[src='x'], base, link, form, [onerror], [onload], [onfocus]").count() == 0
    assert page.evaluate("location.href").endswith("r.html")
