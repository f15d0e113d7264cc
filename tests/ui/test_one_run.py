"""One run in a browser: the ways through it, what is shown of files, live runs, and script that must not run."""

from __future__ import annotations

import io
import json
import re
import struct
import time
import wave
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from nbtrack.base.config import Project
from nbtrack.runs import contract as c
from nbtrack.runs import current
from nbtrack.runs.active import ActiveRun
from nbtrack.runs.editing import EditingService
from nbtrack.runs.service import RunsService

from .waits import still, until

if TYPE_CHECKING:
    from playwright.sync_api import FrameLocator, Page

    Show = Callable[..., Page]

AXE = Path(__file__).resolve().parents[2] / "js" / "node_modules" / "axe-core" / "axe.min.js"
OWNED = "top.owned = 1; top.document.title = 'owned'"
ATTACKS = (
    f'<img src=x onerror="{OWNED}">',
    f"<script>{OWNED}</script>",
    f"</pre></iframe></textarea></script><script>{OWNED}</script>",
    f'<svg xmlns="http://www.w3.org/2000/svg" onload="{OWNED}"><script>{OWNED}</script></svg>',
    f'<iframe srcdoc="<script>{OWNED}</script>"></iframe><object data="javascript:{OWNED}"></object>',
    f'<a id="body" name="title" href="javascript:{OWNED}" data-commandlinker-command="terminal:create">x</a>',
    f'<form action="javascript:{OWNED}"><button autofocus onfocus="{OWNED}">x</button></form>',
    f'<meta http-equiv="refresh" content="0;url=javascript:{OWNED}"><base href="//127.0.0.1:9/"><img src="y">',
    f'<details open ontoggle="{OWNED}"><summary>x</summary></details><link rel="stylesheet" href="//127.0.0.1:9/a">',
)
PARTS = (
    *("Overview", "Code", "Params and metrics", "Output", "Artifacts", "Lineage", "Environment"),
    "Why is it different?",
)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty one that runs are logged to."""
    return Project(tmp_path)


def begin(project: Project, name: str, source: str = "lr = 0.1\n") -> ActiveRun:
    """A run as a tracked cell begins one."""
    return current.begin(project, name=name, notebook="work.ipynb", cell="train", source=source, number=1)


def opened(alone: Show, project: Project, run: str, **more: object) -> Page:
    """A panel with a run open."""
    page = alone(project, spec={"v": 1, "open": run}, **more)
    page.get_by_role("tablist", name="Parts of the run").wait_for()
    return page


def part(page: Page, name: str) -> None:
    """Open a part of the run."""
    tab = page.get_by_role("tab", name=re.compile(f"^{re.escape(name)}"))
    tab.click()
    expect(tab).to_have_attribute("aria-selected", "true")
    page.wait_for_timeout(150)


def file(page: Page, path: str) -> None:
    """Look at a file of the run."""
    page.get_by_role("list", name="Files").get_by_title(path, exact=True).click()
    page.wait_for_timeout(150)


def framed(page: Page) -> FrameLocator:
    """What stands in the frame without rights."""
    assert page.locator("iframe").first.get_attribute("sandbox") == ""
    return page.frame_locator("iframe")


def png(width: int = 3, height: int = 2) -> bytes:
    """A picture."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\x20\x60\xa0" * width) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def sound() -> bytes:
    """A tenth of a second of silence."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(1)
        writer.setframerate(8000)
        writer.writeframes(b"\x80" * 800)
    return buffer.getvalue()


# -- script in data


def hostile(project: Project, text: str, before: str = "") -> str:
    """A run all of whose texts and files are the attack; its id."""
    with begin(project, text[:150] + before, source=f"x = 1 {before}\n{text}") as run:
        run.set_params({"plain": text, "nested": {"key": [text]}, f"a.{text[:50]}": before or 1})
        run.set_tags({text[:50]: text})
        run.set_note(text)
        run.log({"acc": 0.5 if before else 0.6})
        for name in ("page.html", "drawing.svg", "table.csv", "data.json", "code.py", "notes.md", "train.log"):
            content = json.dumps({text: [text]}) if name.endswith("json") else text
            run.add_bytes(name, content.encode(), text[:100])
        for mime in ("text/plain", "text/html", "text/markdown", "text/latex", "application/json"):
            run.add_output("display", mime, text, plain=text)
        run.add_output("display", "image/svg+xml", text, artifact="drawing.svg")
        run.add_output("error", "text/plain", text)
    return str(run.id)


@pytest.mark.parametrize("attack", ATTACKS)
def test_script_in_the_texts_and_files_of_a_run_never_runs(project: Project, alone: Show, attack: str) -> None:
    hostile(project, attack, before="before")
    run = hostile(project, attack)
    page = opened(alone, project, run)
    asked: list[str] = []
    page.on("requestfinished", lambda request: asked.append(request.url))
    # What the frame's policy stopped is told as a request too; it left the browser never.
    page.on("requestfailed", lambda request: request.failure == "csp" or asked.append(request.url))
    page.on("dialog", lambda dialog: asked.append(f"dialog {dialog.message}"))
    for name in PARTS:
        part(page, name)
        if name == "Code":
            page.get_by_role("button", name="Difference").click()
            page.wait_for_timeout(150)
        if name == "Artifacts":
            for path in ("page.html", "drawing.svg", "table.csv", "data.json", "code.py", "notes.md", "train.log"):
                file(page, path)
    page.wait_for_timeout(200)
    assert page.title() == "nbtrack"
    assert page.evaluate("window.owned") is None
    assert page.locator("[data-commandlinker-command], #body, .nbt-panel script").count() == 0
    own = urlsplit(page.url).netloc
    foreign = [url for url in asked if urlsplit(url).netloc not in ("", own) or url.startswith("dialog")]
    assert not foreign, foreign
    assert not [url for url in asked if urlsplit(url).path in ("/x", "/y", "/a")]


def test_the_attack_would_be_seen_if_it_ran(project: Project, alone: Show) -> None:
    page = opened(alone, project, hostile(project, "harmless"))
    page.evaluate("(attack) => document.body.insertAdjacentHTML('beforeend', attack)", ATTACKS[0])
    page.wait_for_function("window.owned === 1")
    assert page.title() == "owned"


# -- what is shown of files and output


@pytest.fixture
def rich(project: Project) -> str:
    """A run with a file of each kind; its id."""
    with begin(project, "rich") as run:
        table = "<table><tr><td>cell of the table</td></tr></table>"
        run.add_bytes("plots/loss.png", png(), "image/png", "output")
        run.add_bytes("drawing.svg", b'<svg xmlns="http://www.w3.org/2000/svg" width="7" height="5"/>', "image/svg+xml")
        run.add_bytes("tone.wav", sound(), "audio/x-wav")
        run.add_bytes("page.html", b"<h1>Model card</h1>", "text/plain")
        run.add_bytes("rows.csv", b"a,b\n" + b"1,<b>2</b>\n" * 300, "text/csv")
        run.add_bytes("data.json", b'{"list": [1, {"deep": null}]}', "application/json")
        run.add_bytes("model.pkl", b"\x80\x04K\x01.", None)
        run.add_output("stdout", "text/plain", "epoch 1\n", dropped=3000)
        run.add_output("stderr", "text/plain", "careful\n")
        run.add_output("display", "image/png", "<Figure>", artifact="plots/loss.png")
        run.add_output("display", "text/html", table, plain="cell of the table, as text")
    return str(run.id)


def test_pictures_tables_pages_and_sounds_are_shown(project: Project, alone: Show, rich: str) -> None:
    page = opened(alone, project, rich)
    part(page, "Output")
    page.get_by_text("3.0 kB were cut before this.").wait_for()
    page.wait_for_function("document.querySelector('.nbt-output img')?.naturalWidth === 3")
    framed(page).get_by_text("cell of the table").wait_for()
    page.get_by_role("button", name="As text").click()
    page.get_by_text("cell of the table, as text").wait_for()
    part(page, "Artifacts")
    file(page, "drawing.svg")
    page.wait_for_function("document.querySelector('.nbt-look img')?.naturalWidth === 7")
    file(page, "tone.wav")
    page.wait_for_function("document.querySelector('audio')?.duration > 0.09")
    file(page, "page.html")
    framed(page).get_by_role("heading", name="Model card").wait_for()
    file(page, "rows.csv")
    page.get_by_text("300 rows, 2 columns; the first 200 × 2 are shown").wait_for()
    page.get_by_role("cell", name="<b>2</b>").nth(199).wait_for()
    file(page, "data.json")
    page.get_by_text("deep:").wait_for()


def test_a_pickle_is_not_looked_at_but_can_be_saved(project: Project, alone: Show, rich: str) -> None:
    page = opened(alone, project, rich)
    part(page, "Artifacts")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    file(page, "model.pkl")
    page.get_by_text("There is no preview of this kind of file.").wait_for()
    assert not [url for url in asked if "runs.artifact" in url]
    with page.expect_download() as coming:
        page.get_by_role("button", name="Download 5 B").click()
    assert coming.value.suggested_filename == "model.pkl"
    assert Path(coming.value.path()).read_bytes() == b"\x80\x04K\x01."


# -- the ways through it


def test_a_menu_takes_the_focus_and_escape_leaves_one_thing_at_a_time(own_demo: Project, alone: Show) -> None:
    runs = RunsService(own_demo).page(c.PageRequest()).rows
    page = opened(alone, own_demo, runs[0].id)
    page.get_by_role("button", name="More").click()
    page.wait_for_function("document.activeElement?.getAttribute('role')?.startsWith('menuitem')")
    page.keyboard.press("Escape")
    page.get_by_role("region", name="Run", exact=True).wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("grid", name="Runs").wait_for()


def test_the_next_run_keeps_the_part_and_the_focus(own_demo: Project, alone: Show) -> None:
    runs = RunsService(own_demo).page(c.PageRequest()).rows
    page = opened(alone, own_demo, runs[0].id)
    part(page, "Environment")
    following = page.get_by_role("button", name="Next run of the table (Alt+↓)")
    following.focus()
    for at in (1, 2):
        page.keyboard.press("Enter")
        page.get_by_role("heading", level=2, name=runs[at].name).wait_for()
        page.wait_for_function("document.activeElement?.getAttribute('aria-label')?.startsWith('Next run')")
    expect(page.get_by_role("tab", name="Environment")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Alt+ArrowUp")
    page.get_by_role("heading", level=2, name=runs[1].name).wait_for()


def test_a_run_is_renamed_and_deleted_and_brought_back(own_demo: Project, alone: Show) -> None:
    service = RunsService(own_demo)
    run = service.page(c.PageRequest()).rows[0]
    page = opened(alone, own_demo, run.id)
    page.get_by_role("heading", level=2).get_by_role("button").click()
    page.get_by_role("textbox", name="Name of the run").fill("renamed")
    page.keyboard.press("Enter")
    page.get_by_role("heading", level=2, name="renamed").wait_for()
    page.get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name="Move to the trash").click()
    page.get_by_role("grid", name="Runs").wait_for()
    until(page, lambda: service.row(run.id).trashed is not None, "it is not in the trash")
    page.get_by_role("button", name="Undo").click()
    until(page, lambda: service.row(run.id).trashed is None, "it did not come back")
    assert service.row(run.id).name == "renamed"


def test_a_run_that_is_deleted_elsewhere_stays_to_be_read(own_demo: Project, alone: Show) -> None:
    reads = RunsService(own_demo)
    run = reads.page(c.PageRequest()).rows[0]
    page = opened(alone, own_demo, run.id)
    EditingService(reads).trash(c.RunsRequest([run.id]))
    page.get_by_text("It is in the trash.").wait_for()
    EditingService(reads).purge()
    page.get_by_text("This run was deleted elsewhere.").wait_for()
    page.get_by_role("heading", level=2, name=run.name).wait_for()
    page.get_by_role("rowheader", name=re.compile("^val_accuracy")).wait_for()


def test_a_run_that_logs_moves_and_is_asked_for_twice_a_second(project: Project, alone: Show) -> None:
    with begin(project, "live") as run:
        run.log({"acc": 0.0}, step=0)
        RunsService(project).refresh()
        page = opened(alone, project, run.id)
        asked: Counter[str] = Counter()
        page.on("request", lambda request: asked.update([urlsplit(request.url).path]))
        began = time.monotonic()
        step = 0

        def asked_while_it_logs() -> bool:
            nonlocal step
            step += 1
            run.log({"acc": float(step)}, step=step)
            return step >= 40 and asked["/api/runs.get"] >= 2

        until(page, asked_while_it_logs, "it is not asked for while it logs")
        seen = page.get_by_role("rowheader", name=re.compile("^acc")).locator("xpath=..")
        seen.get_by_text(str(step), exact=True).first.wait_for()
        assert asked["/api/runs.get"] <= 4 + 2 * (time.monotonic() - began), asked
        page.get_by_text("running for").wait_for()
    page.get_by_text(re.compile("^took ")).wait_for()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_screen_reader_reaches_every_part(project: Project, alone: Show, rich: str, theme: str) -> None:
    with begin(project, "next", source="lr = 0.2\n") as run:
        run.set_params({"lr": 0.2, "model.depth": 3, "model.width": 4})
        run.log({"acc": 0.5})
        run.log({"acc": 0.6})
        run.add_bytes("rows.csv", b"a,b\n1,2\n", "text/csv")
        run.add_output("error", "text/plain", "ZeroDivisionError: division by zero")
    page = opened(alone, project, run.id, theme=theme)
    page.evaluate(AXE.read_text())
    for name in PARTS:
        part(page, name)
        if name == "Code":
            page.get_by_role("button", name="Difference").click()
        page.mouse.move(0, 0)
        still(page)
        found = page.evaluate("axe.run('.nbt-panel', { iframes: false }).then((answer) => answer.violations)")
        serious = [
            (one["id"], [node["html"][:200] for node in one["nodes"][:3]])
            for one in found
            if one["impact"] in ("serious", "critical")
        ]
        assert not serious, (name, serious)
