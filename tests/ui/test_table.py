"""The runs table in a browser, used as its user would."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from nbtrack.base.config import Project
from nbtrack.runs import contract as c
from nbtrack.runs import current
from nbtrack.runs.editing import EditingService
from nbtrack.runs.service import RunsService

from .waits import until

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator, Page

    Show = Callable[..., Page]


def names(page: Page) -> list[str]:
    """The runs that are seen, from top to bottom."""
    page.get_by_role("gridcell").first.wait_for()
    labels = (
        page.get_by_role("grid", name="Runs")
        .get_by_role("gridcell")
        .get_by_role("checkbox")
        .evaluate_all(
            """(boxes) => boxes
            .map((one) => [one.getBoundingClientRect().top, one.getAttribute("aria-label") ?? ""])
            .sort((a, b) => a[0] - b[0])
            .map(([, label]) => label)"""
        )
    )  # all of them in one moment
    return [label.removeprefix("Select ") for label in labels if label.startswith("Select ")]


def row(page: Page, name: str) -> Locator:
    """The row of a run."""
    return page.get_by_role("row").filter(has=page.get_by_role("checkbox", name=f"Select {name}", exact=True)).first


def header(page: Page, name: str) -> Locator:
    """A column's header."""
    return page.get_by_role("columnheader", name=re.compile(rf"^{re.escape(name)}\b")).first


def by(project: Project, *sort: str, **request: object) -> list[str]:
    """The names of the runs as the service orders them."""
    found = RunsService(project).page(c.PageRequest(sort=list(sort), limit=100, **request))  # type: ignore[arg-type]
    return [one.name for one in found.rows]


def wait_for_first(page: Page, name: str) -> None:
    """Wait until a run stands on top."""
    label = f"Select {name}"
    page.wait_for_function(
        """(label) => {
            const boxes = [...document.querySelectorAll("[role=gridcell] [role=checkbox]")];
            const seen = boxes.map((one) => [one.getBoundingClientRect().top, one.getAttribute("aria-label")]);
            return seen.sort((a, b) => a[0] - b[0])[0]?.[1] === label;
        }""",
        arg=label,
    )


def wait_for_names(page: Page, wanted: list[str]) -> None:
    """Wait until the rows that are seen are these, from the first on."""
    page.wait_for_function(
        """(wanted) => {
            const boxes = [...document.querySelectorAll("[role=gridcell] [role=checkbox]")];
            const seen = boxes.map((one) => [one.getBoundingClientRect().top, one.getAttribute("aria-label")]);
            const names = seen.sort((a, b) => a[0] - b[0]).map(([, label]) => label);
            return names.length > 0 && names.every((name, at) => name === `Select ${wanted[at]}`);
        }""",
        arg=wanted,
    )


def filter_by(page: Page, text: str) -> None:
    """Type a filter."""
    page.get_by_role("combobox", name="Filter runs").fill(text)


def test_a_click_on_a_metric_brings_its_best_run_to_the_top(demo: Project, alone: Show) -> None:
    page = alone(demo)
    header(page, "val_accuracy").click()
    wait_for_first(page, by(demo, "-metrics.val_accuracy")[0])
    expect(header(page, "val_accuracy")).to_have_attribute("aria-sort", "descending")
    header(page, "loss").click()
    wait_for_first(page, by(demo, "metrics.loss")[0])
    expect(header(page, "loss")).to_have_attribute("aria-sort", "ascending")


def test_shift_click_adds_a_second_key(demo: Project, alone: Show) -> None:
    page = alone(demo)
    header(page, "depth").click()
    wait_for_first(page, by(demo, "params.depth")[0])
    header(page, "val_accuracy").click(modifiers=["Shift"])
    wait_for_names(page, by(demo, "params.depth", "-metrics.val_accuracy"))


def test_the_best_value_of_a_column_is_marked_by_more_than_colour(demo: Project, alone: Show) -> None:
    page = alone(demo)
    best = by(demo, "-metrics.val_accuracy")[0]
    header(page, "val_accuracy").click()
    wait_for_first(page, best)
    row(page, best).get_by_text("★").first.wait_for()


def test_a_filter_says_how_many_match(demo: Project, alone: Show) -> None:
    page = alone(demo)
    expected = by(demo, filter="params.optimizer = 'adam'")
    filter_by(page, "params.optimizer = 'adam'")
    page.get_by_text(f"{len(expected)} of 18").first.wait_for()
    wait_for_names(page, expected)


def test_a_filter_that_is_wrong_says_where_and_keeps_what_is_shown(demo: Project, alone: Show) -> None:
    page = alone(demo)
    before = names(page)
    filter_by(page, "params.learning_rate < 0.1")
    page.get_by_text("No run has a param 'learning_rate'").first.wait_for()
    assert names(page) == before


def test_a_filter_is_completed(demo: Project, alone: Show) -> None:
    page = alone(demo)
    box = page.get_by_role("combobox", name="Filter runs")
    box.click()
    box.press_sequentially("params.opt", delay=20)
    page.get_by_role("option", name=re.compile("optimizer")).first.wait_for()
    box.press("Tab")
    page.wait_for_function("() => document.querySelector('[role=combobox]').value.startsWith('params.optimizer')")


def test_a_baseline_shows_what_the_others_differ_by(demo: Project, alone: Show) -> None:
    page = alone(demo)
    first, second = names(page)[:2]
    row(page, first).get_by_role("gridcell").nth(2).click()
    page.keyboard.press("b")
    row(page, second).get_by_text(re.compile(r"[+−][\d.]+")).first.wait_for()


def test_keys_move_select_hide_and_compare(demo: Project, alone: Show) -> None:
    page = alone(demo)
    first, second, third = names(page)[:3]
    row(page, first).get_by_role("gridcell").nth(2).click()
    page.keyboard.press("Escape")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("x")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    expect(row(page, first).get_by_role("checkbox")).to_be_checked()
    expect(row(page, second).get_by_role("checkbox")).not_to_be_checked()
    shown = row(page, second).get_by_role("button", name=re.compile("in the charts"))
    expect(shown).to_have_attribute("aria-pressed", "false")
    page.get_by_text("2 selected").first.wait_for()
    page.keyboard.press("c")
    for name in (first, third):
        page.get_by_text(name, exact=True).first.wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("grid", name="Runs").wait_for()


def test_slash_goes_to_the_filter(demo: Project, alone: Show) -> None:
    page = alone(demo)
    row(page, names(page)[0]).get_by_role("gridcell").nth(2).click()
    page.keyboard.press("/")
    page.wait_for_function("() => document.activeElement?.getAttribute('role') === 'combobox'")


def test_deleted_runs_come_back_with_undo(own_demo: Project, alone: Show) -> None:
    page = alone(own_demo)
    gone = names(page)[1]
    row(page, gone).get_by_role("checkbox").check()
    page.get_by_role("button", name="Delete", exact=True).first.click()
    page.get_by_text("17 runs").first.wait_for()
    expect(page.get_by_role("checkbox", name=f"Select {gone}", exact=True)).to_have_count(0)
    page.get_by_role("button", name="Undo").first.click()
    page.get_by_text("18 runs").first.wait_for()
    row(page, gone).wait_for()


def test_a_star_is_kept(own_demo: Project, alone: Show) -> None:
    page = alone(own_demo)
    name = names(page)[2]
    row(page, name).hover()
    page.get_by_role("button", name=f"Star {name}", exact=True).first.click()
    page.get_by_role(
        "button", name=re.compile(f"star.*{name}|{name}.*star", re.IGNORECASE), pressed=True
    ).first.wait_for()
    until(page, lambda: by(own_demo, filter="starred") == [name], "the star was not kept")  # it is seen before


def test_runs_are_grouped_by_a_param_with_their_spread(demo: Project, alone: Show) -> None:
    page = alone(demo)
    page.get_by_role("button", name="Group", exact=True).click()
    page.get_by_role("menuitemcheckbox", name="optimizer").click()
    page.get_by_text("±").first.wait_for()
    for name in ("adam", "sgd", "adamw"):
        page.get_by_text(name, exact=True).first.wait_for()


def words(path: Path) -> set[str]:
    """All that stands in a file."""
    return set(re.findall(r"\w+", path.read_text(encoding="utf-8")))


def test_the_view_is_as_it_was_after_a_reload(own_demo: Project, alone: Show) -> None:
    page = alone(own_demo)
    header(page, "val_loss").click()
    filter_by(page, "params.optimizer = 'adam'")
    expected = by(own_demo, "metrics.val_loss", filter="params.optimizer = 'adam'")
    wait_for_first(page, expected[0])
    saved = own_demo.folder / "views.json"  # after a moment of quiet
    until(page, lambda: saved.exists() and {"optimizer", "val_loss"} <= words(saved), "the view was not saved")
    page.reload()
    page.wait_for_selector(".nbt-panel")
    wait_for_first(page, expected[0])
    expect(page.get_by_role("combobox", name="Filter runs")).to_have_value("params.optimizer = 'adam'")
    expect(header(page, "val_loss")).to_have_attribute("aria-sort", "ascending")


def test_the_table_is_copied_as_markdown(demo: Project, alone: Show) -> None:
    page = alone(demo)
    page.get_by_role("gridcell").first.wait_for()
    page.get_by_role("button", name="Copy", exact=True).click()
    page.get_by_role("menuitem", name=re.compile("Markdown")).first.click()
    page.get_by_text(re.compile("Copied")).first.wait_for()
    text = page.evaluate("() => navigator.clipboard.readText()")
    lines = text.strip().splitlines()
    assert len(lines) == 20
    assert re.match(r"\|.*val_accuracy.*\|", lines[0])
    assert set(lines[1]) <= set("|-: ")


def test_new_runs_and_edits_from_elsewhere_appear_by_themselves(own_demo: Project, alone: Show) -> None:
    page = alone(own_demo)
    first = names(page)[0]
    editing = EditingService(RunsService(own_demo))
    editing.edit(c.EditRequest(runs=[first], name="renamed elsewhere"))
    row(page, "renamed elsewhere").wait_for()
    editing.trash(c.RunsRequest(runs=["renamed elsewhere"]))
    page.get_by_text("17 runs").first.wait_for()


def test_an_empty_project_says_what_to_type(tmp_path_factory: object, alone: Show, tmp_path: object) -> None:
    page = alone(Project(tmp_path))  # type: ignore[arg-type]
    page.get_by_text("%%track").first.wait_for()


def test_a_pinned_run_stays_on_top_whatever_the_order(demo: Project, alone: Show) -> None:
    page = alone(demo)
    worst = by(demo, "metrics.val_accuracy")[0]
    page.get_by_role("combobox", name="Filter runs").fill(f"name = '{worst}'")
    page.get_by_role("status").filter(has_text="1 of 18").first.wait_for()
    wait_for_names(page, [worst])  # the rows come after the count, and would go from under the pointer
    row(page, worst).get_by_role("gridcell").nth(2).click()
    page.keyboard.press("p")
    page.get_by_role("combobox", name="Filter runs").fill("")
    header(page, "val_accuracy").click()
    wait_for_first(page, worst)
    row(page, by(demo, "-metrics.val_accuracy")[0]).wait_for()


def test_code_side_by_side_gives_its_width_to_the_code_where_lines_are_left_out_on_top(
    tmp_path: Path, alone: Show
) -> None:
    project = Project(tmp_path)
    same = "\n".join(f"x{at} = {at}" for at in range(12))
    for at in range(2):
        current.begin(project, name=f"run {at}", kind="cell", source=f"{same}\nlr = {at}").end()
    RunsService(project).refresh()
    page = alone(project)
    for at in range(2):
        page.get_by_role("gridcell").get_by_role("checkbox").nth(at).click()
    page.get_by_role("button", name="Compare", exact=True).first.click()
    cells = page.locator(".nbt-diff-split tr:has(.nbt-diff-left)").first.locator("td")

    def wide() -> bool:  # once its style is there
        number, _, code = (cells.nth(at).bounding_box() for at in range(3))
        return bool(number and code and number["width"] < 60 < 200 < code["width"])

    until(page, wide, "the code does not have the width")
