"""A project from elsewhere with script in every text of every run, shown by every view in JupyterLab: none of it runs.

Each run carries one attack in every field that a run has; attacks × fields are the cases.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import nbformat
import pytest

from nbtrack.base.config import Project
from nbtrack.runs import contract as c
from nbtrack.runs import current
from nbtrack.runs.projects import database_of
from nbtrack.runs.service import RunsService

from .lab import Lab, running_lab

if TYPE_CHECKING:
    from playwright.sync_api import Page


RUN = "window.pwned=(window.pwned||0)+1"
ATTACKS = (
    f"<img src=x onerror={RUN}>",
    f"<script>{RUN}</script>",
    f'"><svg onload={RUN}>',
    f"javascript:{RUN}",
    f'[x](javascript:{RUN}) ![y](x"onerror="{RUN})',
    f"<iframe srcdoc='<script>parent.{RUN}</script>'></iframe>",
    f"<iframe src='javascript:parent.{RUN}'></iframe>",
    f"{{{{constructor.constructor('{RUN}')()}}}}",
    f"<a href=# data-commandlinker-command='apputils:change-theme' autofocus onfocus={RUN}>x</a>",
    "<button data-commandlinker-command='filebrowser:create-new-file' data-commandlinker-args='{}'>x</button>",
    f"</style></title></textarea></pre></code><img src=x onerror={RUN}>",
    f"<details open ontoggle={RUN}>x</details>",
    f"<video><source onerror={RUN}></video>",
    f"<math><mtext></mtext><mglyph><style><img src=x onerror={RUN}></style></mglyph></math>",
    f"<object data='data:text/html,<script>parent.{RUN}</script>'></object>",
    f'<embed src=\'data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg" onload="{RUN}"/>\'>',
    f"<form action='javascript:{RUN}'><input type=submit autofocus onfocus={RUN}></form>",
    f"<base href='javascript:/'><a href='..'>{RUN}</a>",
    f"<div style='animation-name:x' onanimationstart={RUN}><style>@keyframes x{{}}</style></div>",
    f"<input id=jupyter-config-data name=cookie onfocus={RUN} autofocus>",
    f"`${{(()=>{{{RUN}}})()}}`",
    f"\u202e<img src=x onerror={RUN}>\u2066",
    f"\u001b]8;;javascript:{RUN}\u0007link\u001b]8;;\u0007\u001b[31m<img src=x onerror={RUN}>",
    f"__proto__ constructor <img src=x onerror={RUN}>",
    f"$\\href{{javascript:{RUN}}}{{x}}$ $\\unicode{{<img src=x onerror={RUN}>}}$",
)
CELLS = [f"cell-{at}" for at in range(len(ATTACKS))]
NOTEBOOK = "elsewhere.ipynb"


def fill(project: Project) -> None:
    """One run per attack: with it in every field, and in files and outputs of every kind."""
    for at, attack in enumerate(ATTACKS):
        named = "".join(sign for sign in attack if sign >= " ")[:200]  # names may hold no control characters
        about = {"notebook": NOTEBOOK, "cell": CELLS[at], "source": f"%%track\n# {attack}\nx = 1", "execution": at}
        run = current.begin(project, name=named, experiment=named, kind="cell", **about)
        for step in range(3):
            run.log({f"metric {named}": float(step), "loss": float(step)})
        run.set_params({f"param {named}": attack, "value": attack, "nested": {named: [attack, {attack: attack}]}})
        run.set_tags({f"tag {named}": attack})
        run.set_note(attack)
        for mime in ("text/plain", "text/html", "text/markdown", "text/latex", "image/svg+xml", "application/json"):
            run.add_output("display", mime, attack if "json" not in mime else json.dumps(attack), plain=attack)
        run.add_output("stdout", "text/plain", attack)
        safe = "".join(sign if sign.isprintable() and sign not in "/\\:" else "_" for sign in attack)
        for end in ("html", "svg", "md", "csv", "json", "txt"):
            run.add_bytes(f"{safe[:80]}.{end}", attack.encode())
        run.add_dataset(named, named, path=attack, info={attack: attack})
        run.set_environment(f"{at}" * 64, {"python": attack, "packages": {attack: attack}})
        run.set_git({"commit": attack, "branch": attack, "dirty": True, "remote": attack, "diff": f"+{attack}"})
        run.end("failed", attack)
        run.flush()
    with database_of(project).write() as conn:  # what no function of ours would store
        for at, attack in enumerate(ATTACKS):
            conn.execute("UPDATE runs SET end_reason = ?, name = ? WHERE cell = ?", (attack, attack, CELLS[at]))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A JupyterLab on that project, with a notebook whose cells its runs came from, and a hostile panel saved in it."""
    folder = tmp_path_factory.mktemp("elsewhere")
    fill(Project(folder))
    book = nbformat.v4.new_notebook()
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    for at, attack in enumerate(ATTACKS):
        cell = nbformat.v4.new_code_cell("%%track\nx = 2", id=CELLS[at])
        if at < 6:
            spec = {"v": 1, "project": ".", "filter": "", "sort": [attack], "columns": [attack], "charts": [attack]}
            spec |= {"also": [], "experiment": None, "notebook": None, "open": None, "height": 300, "root": attack}
            spec |= {"filter": attack} if at % 2 else {"project": attack}
            data = {
                "application/vnd.nbtrack.panel.v1+json": spec,
                "application/vnd.jupyter.widget-view+json": {
                    "version_major": 2,
                    "version_minor": 0,
                    "model_id": attack,
                },
                "text/html": attack,
                "text/plain": attack,
            }
            cell.outputs = [nbformat.v4.new_output("display_data", data)]
        book.cells.append(cell)
    nbformat.write(book, folder / NOTEBOOK)
    (folder / "view.nbtrack").write_text(json.dumps({"v": 1, "filter": ATTACKS[0], "columns": list(ATTACKS)}))
    with running_lab(folder, tmp_path_factory.mktemp("home")) as lab:
        yield lab


def sound(page: Page) -> None:
    """Nothing ran, and nothing that could run, or clobber a name, became an element of ours."""
    assert page.evaluate("() => window.pwned") is None
    for view in (".nbt-panel", ".nbt-ground"):
        bad = ("script", "img[src='x']", "[onerror]", "[onload]", "[data-commandlinker-command]", "[onfocus]", "object")
        found = page.locator(
            ", ".join(f"{view} {one}" for one in (*bad, "embed", "form[action]", "base", "#jupyter-config-data"))
        )
        assert found.count() == 0, found.first.evaluate("(node) => node.outerHTML")


def ids(lab: Lab) -> list[str]:
    """The runs of the project, those of the first attack first."""
    rows = RunsService(Project(lab.folder)).page(c.PageRequest(limit=100, columns=[])).rows
    return [row.id for row in sorted(rows, key=lambda row: CELLS.index(str(row.cell)))]


def command(page: Page, name: str, given: object) -> None:
    page.evaluate("([name, given]) => window.jupyterapp.commands.execute(name, given)", [name, given])


def test_the_page_would_tell_if_script_ran(page: Page) -> None:
    page.set_content(f"<div class='nbt-ground'>{ATTACKS[0]}</div>")
    page.wait_for_function("() => window.pwned > 0")
    with pytest.raises(AssertionError):
        sound(page)


def test_no_script_runs_in_the_sidebar_or_the_status_bar(hostile: Lab, page: Page) -> None:
    hostile.open(page, NOTEBOOK)
    command(page, "nbtrack:show-sidebar", {})
    side = page.locator(".nbt-side")
    side.get_by_role("button", name="Project").click()
    rows = side.get_by_role("row")
    rows.first.wait_for()
    for at in range(0, rows.count(), 3):
        rows.nth(at).click(button="right")
        page.get_by_role("menu").wait_for()  # shown, and with the run's own name in it
        page.keyboard.press("Escape")
        page.get_by_role("menu").wait_for(state="detached")
    side.get_by_role("combobox").first.fill(ATTACKS[0])
    page.wait_for_timeout(500)
    sound(page)


def test_no_script_runs_in_the_tabs_of_runs(hostile: Lab, page: Page) -> None:
    hostile.open(page, NOTEBOOK)
    command(page, "nbtrack:open-run", {"project": "", "run": ids(hostile)[-1]})
    front = page.locator(".jp-MainAreaWidget:not(.lm-mod-hidden) .nbt-run")
    for at in range(len(ATTACKS)):
        front.get_by_role("tab").first.wait_for()
        if at % 4 == 0:
            for part in range(front.get_by_role("tab").count()):
                front.get_by_role("tab").nth(part).click()
                page.wait_for_timeout(250)
        sound(page)
        if at < len(ATTACKS) - 1:
            front.get_by_role("button", name="Next run").click()


def test_no_script_runs_in_the_table_a_comparison_and_a_saved_view(hostile: Lab, page: Page) -> None:
    hostile.open(page, NOTEBOOK)
    command(page, "nbtrack:open-runs", {"project": ""})
    page.locator(".jp-MainAreaWidget:not(.lm-mod-hidden)").get_by_role("gridcell").first.wait_for()
    page.wait_for_timeout(1500)
    sound(page)
    command(page, "nbtrack:compare", {"project": "", "runs": ids(hostile)[:12]})
    page.locator(".jp-MainAreaWidget:not(.lm-mod-hidden) .nbt-compare").first.wait_for()
    page.wait_for_timeout(1500)
    sound(page)
    command(page, "docmanager:open", {"path": "view.nbtrack"})
    page.locator(".jp-Document:not(.lm-mod-hidden) .nbt-panel").first.wait_for()
    page.wait_for_timeout(1000)
    sound(page)


def test_no_script_runs_beside_the_cells_or_in_a_panel_that_was_saved(hostile: Lab, page: Page) -> None:
    hostile.open(page, NOTEBOOK)
    strips = page.locator(".jp-Notebook [role=toolbar].nbt-ground, .jp-Notebook .nbt-ground [role=toolbar]")
    strips.first.wait_for()
    page.wait_for_timeout(2000)  # the panels that were saved
    sound(page)
    for at in range(min(5, strips.count())):
        strips.nth(at).locator("button[data-run]").first.click()
        box = page.get_by_role("dialog", name="A run of this cell")
        box.wait_for()
        page.wait_for_timeout(700)
        page.wait_for_function("() => document.activeElement?.closest('.nbt-then')")  # Escape is for who has the focus
        sound(page)
        page.keyboard.press("Escape")
        box.wait_for(state="detached")
    for at, run in enumerate(ids(hostile)[::5]):
        page.evaluate(
            "(given) => void window.jupyterapp.commands.execute('nbtrack:diff-with-cell', given)",
            {"project": "", "run": run, "cell": CELLS[at * 5]},
        )
        page.locator(".jp-Dialog").wait_for()
        page.wait_for_timeout(300)
        page.wait_for_function("() => document.activeElement?.closest('.jp-Dialog')")
        sound(page)
        page.keyboard.press("Escape")
        page.locator(".jp-Dialog").wait_for(state="detached")
