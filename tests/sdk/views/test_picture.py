"""The picture of a panel, for places without a kernel and without the extension."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbtrack.base.config import Project
from nbtrack.base.errors import NotFound
from nbtrack.base.wire import encode
from nbtrack.runs import contract as c
from nbtrack.runs.current import begin
from nbtrack.runs.service import RunsService
from nbtrack.sdk.views.picture import LARGEST, PanelPicture

ELEMENTS = {"div", "style", "span", "table", "thead", "tbody", "tr", "th", "td", "time", "svg", "path", "text", "g"}


class Reader(HTMLParser):
    """What a browser would see; every element that is opened is closed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.words.append(data)


def read(html: str) -> Reader:
    """The HTML, checked for all that must never be in it."""
    assert len(json.dumps(html, ensure_ascii=False).encode("utf-8")) <= LARGEST
    seen = Reader()
    seen.feed(html)
    seen.close()
    assert not seen.open
    assert set(seen.elements) <= ELEMENTS
    for name, value in seen.attributes:
        assert not name.startswith("on")
        assert name not in ("href", "src", "id", "xlink:href")
        assert name != "style" or "url" not in value
    assert html.count("<style>") == html.count("</style>") == 1
    for svg in re.findall(r"<svg.*?</svg>", html, re.DOTALL):
        assert ET.fromstring(svg).get("role") == "img"
    return seen


def picture(project: Project, **spec: Any) -> PanelPicture:
    return PanelPicture(RunsService(project), spec)


def charts(html: str) -> list[str]:
    return re.findall(r'aria-label="([^"]*) over step', html)


def fill(project: Project, runs: int = 3, steps: int = 50, **more: Any) -> None:
    for at in range(runs):
        with begin(project, name=f"run-{at}", experiment="digits", notebook="a.ipynb") as run:
            run.set_params({"lr": 0.1 / (at + 1), "depth": at, **more})
            for step in range(steps):
                run.log({"loss": 1 / (step + 1) + at, "acc": step / 100 + at, "other": 0.1 * step}, step=step)


# -- text


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ({}, "nbtrack panel: all runs of this project"),
        ({"filter": "", "sort": [], "columns": None, "metrics": None}, "nbtrack panel: all runs of this project"),
        (
            {"filter": "metrics.acc > 0.9", "sort": ["-metrics.acc"]},
            "nbtrack panel: runs where metrics.acc > 0.9, sorted by -metrics.acc",
        ),
        (
            {"experiment": "digits", "notebook": "a.ipynb", "sort": ["name", "-started"]},
            "nbtrack panel: runs of experiment digits of notebook a.ipynb, sorted by name, -started",
        ),
        ({"also": ["id in ('a')"]}, "nbtrack panel: chosen runs"),
        ({"sort": ["name"]}, "nbtrack panel: all runs of this project, sorted by name"),
        ({"filter": "a\n\tb\x1b[2J"}, "nbtrack panel: runs where a b\ufffd[2J"),
    ],
)
def test_the_text_says_what_is_shown_and_reads_nothing(project: Project, spec: dict[str, Any], text: str) -> None:
    view = picture(project, **spec)
    assert view.text(20) == view.text(200) == repr(view) == text
    assert not project.folder.exists()


# -- HTML


def test_an_empty_project_is_said_to_be_empty(project: Project) -> None:
    words = " ".join(read(picture(project)._repr_html_()).words)
    assert words == (
        "No runs yet. Put %%track on a cell, or use nbtrack.start_run(). A picture. To use it live: %track panel"
    )


def test_the_first_runs_and_their_curves_are_shown(project: Project) -> None:
    fill(project, runs=15)
    html = picture(project)._repr_html_()
    seen = read(html)
    assert seen.elements.count("tr") == 1 + 12
    assert seen.elements.count("svg") == 3
    assert "12 of 15 runs · ★ best of these" in seen.words
    assert seen.words[-1] == "A picture of 12 runs. To use it live: %track panel"
    assert charts(html) == ["acc ↑", "loss ↓", "other"]


def test_a_filter_an_order_and_a_place_are_kept_to(project: Project) -> None:
    fill(project)
    with begin(project, name="elsewhere", experiment="old") as run:
        run.log({"loss": 0.0})
    names = [
        [word for word in read(picture(project, **spec)._repr_html_()).words if re.fullmatch(r"run-\d|elsewhere", word)]
        for spec in (
            {"filter": "params.depth > 0", "sort": ["params.depth"]},
            {"experiment": "old"},
            {"notebook": "a.ipynb", "also": ["params.depth < 2"], "sort": ["-params.depth"]},
        )
    ]
    assert names == [["run-1", "run-2"], ["elsewhere"], ["run-1", "run-0"]]


def test_the_metrics_asked_for_are_drawn_and_the_columns_asked_for_shown(project: Project) -> None:
    fill(project)
    html = picture(project, metrics=["metrics.other", "loss"], columns=["params.lr"])._repr_html_()
    assert charts(html) == ["other", "loss ↓"]
    words = read(html).words
    assert "lr" in words
    assert "depth" not in words
    assert charts(picture(project, charts=["acc"])._repr_html_()) == ["acc ↑"]


def test_what_the_runs_are_sorted_by_is_drawn_first(project: Project) -> None:
    fill(project)
    assert charts(picture(project, sort=["-metrics.other.max"])._repr_html_())[0] == "other"


def test_at_most_four_metrics_are_drawn_those_told_better_or_worse_first(project: Project) -> None:
    with begin(project, name="r", experiment="e") as run:
        for step in range(5):
            run.log({name: float(step) for name in ("a", "b", "c", "d", "e", "val_loss", "single")}, step=step)
        run.log({"once": 1.0})
    drawn = charts(picture(project)._repr_html_())
    assert len(drawn) == 4
    assert drawn[0] == "val_loss ↓"


def test_a_metric_whose_curves_take_too_long_to_read_is_not_drawn(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nbtrack.sdk.views import picture as module

    fill(project, runs=3, steps=50)
    monkeypatch.setattr(module, "_MOST_POINTS", 310)
    assert charts(picture(project)._repr_html_()) == ["acc ↑", "loss ↓"]


def test_a_run_has_one_colour_in_the_table_and_in_the_curves(project: Project) -> None:
    fill(project, runs=1)
    html = picture(project)._repr_html_()
    colours = set(re.findall(r"#[0-9a-f]{6}", html.split("</style>")[1]))
    assert len(colours) == 1


def test_without_styles_and_pictures_a_table_remains(project: Project) -> None:
    fill(project)
    html = picture(project)._repr_html_()
    bare = re.sub(r"<style>.*?</style>|<svg.*?</svg>", "", html, flags=re.DOTALL)
    bare = re.sub(r'\s(class|style|title)="[^"]*"', "", bare)
    assert '<td align="right">' in bare
    words = [word for word in read(f"<style></style>{bare}").words if word.strip()]
    assert words[:8] == ["run", "status", "started", "took", "acc ↑", "loss ↓", "other", "depth"]


def test_runs_without_curves_are_a_table(project: Project) -> None:
    with begin(project, name="r", experiment="e") as run:
        run.log({"acc": 0.5})
    html = picture(project)._repr_html_()
    assert "<svg" not in html
    assert "A picture of 1 run. To use it live: %track panel" in html


def test_a_filter_that_has_become_wrong_is_said_in_the_picture(project: Project) -> None:
    fill(project, runs=1)
    words = " ".join(read(picture(project, filter="metrics.gone > 1")._repr_html_()).words)
    assert "No run has a metric 'gone'" in words
    assert "To use it live: %track panel" in words


def test_why_there_is_no_panel_is_said_above_it(project: Project) -> None:
    fill(project, runs=1)
    view = PanelPicture(RunsService(project), {}, NotFound("<b>The panel was not built.</b>", "Do that."))
    assert read(view._repr_html_()).words[0] == "<b>The panel was not built.</b> Do that."


def test_its_plain_data_is_the_spec_and_the_runs(project: Project) -> None:
    fill(project, runs=2)
    data = picture(project, filter="params.depth > 0").to_dict()
    assert encode(data)
    assert data["spec"] == {"filter": "params.depth > 0"}
    assert [row["name"] for row in data["page"]["rows"]] == ["run-1"]


# -- whatever there is


def test_long_noisy_curves_are_drawn_coarser_until_they_fit(project: Project) -> None:
    import random

    chance = random.Random(3)
    for at in range(12):
        with begin(project, name=f"run-{at}", experiment="e") as run:
            for step in range(600):
                run.log({f"loss{key}": chance.random() for key in range(4)}, step=step)
    html = picture(project)._repr_html_()
    seen = read(html)
    assert seen.elements.count("svg") == 4
    assert seen.elements.count("tr") == 13
    assert len(html) > 40_000  # not coarser than it has to be


class Reads:
    """The reads of a project of just these runs, also of what no store of ours would have taken."""

    def __init__(self, rows: list[c.RunRow], values: Sequence[float] = (0.0, 1.0)) -> None:
        self.rows, self.values = rows, values

    def page(self, request: c.PageRequest) -> c.RunPage:
        return c.RunPage(self.rows[: request.limit], len(self.rows), 5 * len(self.rows), 0, 1)

    def series(self, request: c.SeriesRequest) -> c.SeriesAnswer:
        steps, times = list(range(len(self.values))), [0.0] * len(self.values)
        found = [c.Series(request.runs[0], key, steps, times, list(self.values), len(steps)) for key in request.keys]
        return c.SeriesAnswer(found, 1)


def row(at: int, text: str, **values: Any) -> c.RunRow:
    """A run that has the text wherever text can be."""
    head: tuple[Any, ...] = (f"{at}{text}", text, "failed", f"{text}{at}", 1.7e9, None, 1.0)
    return c.RunRow(*head, text, f"{text}{at}", text, 1, text, text, True, None, text, 1, **values)


def shown(rows: list[c.RunRow], values: Sequence[float] = (0.0, 1.0), **spec: Any) -> Reader:
    return read(PanelPicture(Reads(rows, values), spec)._repr_html_())  # type: ignore[arg-type]


def summary(count: int = 2) -> c.Summary:
    return c.Summary(1.0, 0.0, 1.0, 0.5, count, 1)


@pytest.mark.parametrize("text", ["x", "<script>alert(1)</script>", "'\"&\\\u202e", "😀", "\ud800\x00"])
def test_ten_thousand_columns_with_names_of_ten_thousand_characters_fit(text: str) -> None:
    long = (text * 10_000)[:10_000]
    names = [f"{place}{long if place < 20 else ''}"[:10_000] for place in range(10_000)]
    values = [f"{long}{at}" for at in range(12)]
    rows = [
        row(
            at,
            long,
            params=dict.fromkeys(names, values[at]),
            metrics=dict.fromkeys(names, summary()),
            tags=dict.fromkeys(names[:10], long),
        )
        for at in range(12)
    ]
    seen = shown(rows, filter=long, sort=[long])
    assert seen.elements.count("tr") >= 2
    assert "A picture of " in seen.words[-1]
    assert "and 9,900 more params, 9,900 more metrics" in seen.words
    some = shown(rows, columns=[f"params.0{long}"[:10_000], "metrics.9", f"tags.0{long}"], metrics=[long])
    assert some.elements.count("tr") >= 2


def test_a_page_that_fits_in_no_way_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    from nbtrack.sdk.views import picture as module

    monkeypatch.setattr(module, "LARGEST", 4_600)
    assert shown([row(0, "x" * 500)]).words == ["A picture of 1 run. To use it live: %track panel"]


ATTACKS = [
    "<img src=x onerror=alert(1)>",
    "</style><script>alert(1)</script>",
    "</text></svg></td></table><svg/onload=alert(1)>",
    '" onmouseover="alert(1)" x="',
    "' onfocus='alert(1)' autofocus='",
    "<a href=javascript:alert(1) data-commandlinker-command=x>x</a>",
    "]]><!--<script>alert(1)</script>",
    "\x1b]0;owned\x07\x1b[2J\u202egnp.exe",
    "&lt;img src=x&gt;",
    "half \ud800 a character",
]


@pytest.mark.parametrize("bad", ATTACKS)
def test_hostile_text_stays_text(bad: str) -> None:
    values: dict[str, Any] = {"params": {bad: bad, "list": [bad]}, "metrics": {bad: summary()}, "tags": {bad: bad}}
    rows = [row(at, f"{bad}{at}", **values) for at in range(2)]
    for spec in (
        {},
        {"filter": bad, "sort": [bad], "experiment": bad},
        {"metrics": [bad], "columns": [f"params.{bad}"]},
    ):
        shown(rows, **spec)
        shown([], **spec)
        view = PanelPicture(Reads(rows), spec)  # type: ignore[arg-type]
        assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800]", view.text())
        assert encode(view.to_dict())


words = st.text(st.characters(), max_size=12)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(words, max_size=14),
    st.dictionaries(words, st.one_of(st.floats(), words, st.booleans(), st.integers()), max_size=5),
    st.dictionaries(words, st.integers(1, 3), max_size=6),
    st.lists(st.one_of(st.floats(), st.sampled_from([0.0, 1e308, -1e308, 5e-324])), min_size=1, max_size=9),
)
def test_any_runs_make_a_picture(
    names: list[str], params: dict[str, Any], metrics: dict[str, int], values: list[float]
) -> None:
    ends = {name: summary(count) for name, count in metrics.items()}
    rows = [row(at, name, params=params, metrics=ends, tags={name: name}) for at, name in enumerate(names)]
    seen = shown(rows, values)
    assert seen.elements.count("tr") == (1 + min(len(rows), 12) if rows else 0)
