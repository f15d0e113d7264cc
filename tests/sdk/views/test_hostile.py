"""Text from elsewhere is only text: in no field of any view does it become markup, or move a terminal's cursor."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest

from nbtrack.lineage import contract as lc
from nbtrack.runs import contract as c
from nbtrack.sdk.views import Comparison, DiffView, Message, RunsTable, RunView, StatusView, View
from nbtrack.sdk.views.lineage import ExplanationView, LineageView

ATTACKS = [
    "<img src=x onerror=alert(1)>",
    "</style><script>alert(1)</script>",
    "</pre></td></table><svg/onload=alert(1)>",
    "\" onmouseover=\"alert(1)\" x=\"",
    "' onfocus='alert(1)' autofocus='",
    "<a href=javascript:alert(1) data-commandlinker-command=x id=site name=body>x</a>",
    "--><iframe srcdoc='<script>alert(1)</script>'>",
    "\x1b]0;owned\x07\x1b[2J\u202egnp.exe",
    "&lt;img src=x&gt;",
    "half \ud800 a character",
]  # fmt: skip

TAGS = """div style span table caption thead tbody tr th td details summary b pre br time img svg path circle iframe
    text tspan title ul ol li"""
NAMES = """class title align scope open datetime style aria-hidden aria-label role xmlns width height viewbox d fill
    stroke stroke-width stroke-linecap stroke-linejoin cx cy r alt src sandbox referrerpolicy srcdoc x y
    fill-opacity stroke-opacity font-size font-family"""
ELEMENTS, ATTRIBUTES = set(TAGS.split()), set(NAMES.split())


class Reader(HTMLParser):
    """Collects what a browser would see."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def row(bad: str, id: str = "abc") -> c.RunRow:
    return c.RunRow(
        id=id,
        name=bad,
        status="failed",
        experiment=bad,
        started=1.7e9,
        ended=1.7e9 + 3,
        duration=3.0,
        kind=bad,
        notebook=bad,
        cell=bad,
        execution=1,
        parent=bad,
        note=bad,
        starred=True,
        trashed=None,
        end_reason=bad,
        revision=1,
        params={bad: bad, "list": [bad, {bad: bad}], "id": id},
        metrics={bad: c.Summary(0.5, 0.1, 0.9, 0.4, 3, 2, source=bad), "acc": c.Summary(0.1, 0.1, 0.1, 0.1, 1, 0)},
        tags={bad: bad},
    )


def detail(bad: str) -> c.RunDetail:
    return c.RunDetail(
        row=row(bad),
        params=[c.Param(bad, bad, bad, 0.0, [bad])],
        artifacts=[c.Artifact(bad, "0" * 64, 3, "image/png", bad, 0.0), c.Artifact("b", "1", 1, bad, bad, 0.0)],
        datasets=[c.Dataset(bad, bad, bad, bad, bad, {bad: bad})],
        children=[bad],
        code=f"x = 1 # {bad}\n'{bad}'\n{bad}",
        environment={
            "python": bad,
            "packages": {bad: bad},
            "gpus": [{"name": bad}],
            "cpu": {"model": bad},
            "prefix": bad,
        },
        git={"commit": bad, "branch": bad, "remote": bad, "dirty": bad},
        session={"host": bad},
    )


def outputs(bad: str) -> list[c.Output]:
    return [
        c.Output("stdout", "text/plain", bad, None, None, 10),
        c.Output("display", "text/html", bad, bad, None),
        c.Output("display", "text/markdown", bad, None, None),
        c.Output("display", "image/png", bad, None, bad),
        c.Output("error", bad, bad, bad, None),
    ]


def difference(bad: str) -> c.Diff:
    lines = [c.DiffLine("left", bad, 1, None), c.DiffLine("right", bad + "x", None, 1), c.DiffLine("same", bad, 2, 2)]
    kinds = ("metric", "param", "tag", "run", "git", "environment", "package")
    changes = [c.Change(kind, bad, 0.5 if kind == "metric" else bad, None) for kind in kinds]
    return c.Diff(row(bad), row(bad + "2", "def"), lines, changes)


def page(bad: str) -> c.RunPage:
    return c.RunPage([row(bad), row(bad + "2", "def")], 2, 2, 0, 1)


def empty(bad: str) -> RunsTable:
    return RunsTable(c.RunPage([], 0, 5, 0, 1), filter=bad)


def status(bad: str) -> c.ProjectStatus:
    return c.ProjectStatus(bad, bad, bad, True, True, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)


def lineage(bad: str) -> LineageView:
    hidden = lc.Hidden("edited", bad, bad, 1)
    cells = [
        lc.LineageCell(1, 1, bad, 1, f"{bad}\nx", bad, 1.0, bad, {bad: bad}, [bad], [hidden]),
        lc.LineageCell(2, None, bad, None, bad, bad, None, None),
    ]
    edges = [lc.LineageEdge(1, 2, [bad])]
    return LineageView(row(bad), lc.Lineage("abc", cells, edges, [hidden], [hidden], [bad], bad, True))


def explanation(bad: str) -> ExplanationView:
    reasons = [lc.Reason(1, "code", bad, bad, bad, bad, bad, difference(bad).code)]
    outcome = [c.Change("metric", bad, 0.5, None)]
    return ExplanationView(lc.Explanation(row(bad), row(bad, "def"), bad, reasons, outcome))


VIEWS: dict[str, Callable[[str], View]] = {
    "table": lambda bad: RunsTable(page(bad), histories={("abc", bad): [1.0, 2.0]}, filter=bad),
    "empty table": empty,
    "run": lambda bad: RunView(
        detail(bad), outputs(bad), histories={bad: [1.0, 2.0]}, pictures={bad: b"x"}, names={bad: bad}
    ),
    "comparison": lambda bad: Comparison(page(bad).rows, transposed=True, everything=True),
    "comparison in rows": lambda bad: Comparison(page(bad).rows, transposed=False),
    "diff": lambda bad: DiffView(difference(bad)),
    "lineage": lineage,
    "explanation": explanation,
    "status": lambda bad: StatusView(status(bad), (bad,)),
    "message": Message,
}  # fmt: skip


@pytest.mark.parametrize("bad", ATTACKS)
@pytest.mark.parametrize("name", VIEWS)
def test_hostile_text_stays_text(name: str, bad: str) -> None:
    html = VIEWS[name](bad)._repr_html_()
    html.encode("utf-8")
    seen = Reader()
    seen.feed(html)
    assert seen.elements <= ELEMENTS
    assert {attribute for attribute, _ in seen.attributes} <= ATTRIBUTES
    for attribute, value in seen.attributes:
        if attribute == "src":
            assert value.startswith("data:image/")
        if attribute == "style":
            assert re.fullmatch(r"color:#[0-9a-f]{6}|text-align:left", value)
        if attribute == "sandbox":
            assert value == ""
    assert html.count("<style>") == html.count("</style>") == 1
    assert html.count("<iframe") == html.count('sandbox=""')


@pytest.mark.parametrize("bad", ATTACKS)
@pytest.mark.parametrize("name", VIEWS)
def test_hostile_text_cannot_steer_a_terminal(name: str, bad: str) -> None:
    for width in (40, 100):
        text = VIEWS[name](bad).text(width)
        text.encode("utf-8")
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)


@pytest.mark.parametrize("bad", ATTACKS)
@pytest.mark.parametrize("name", VIEWS)
def test_plain_data_of_a_view_is_json(name: str, bad: str) -> None:
    from nbtrack.base.wire import encode

    assert encode(VIEWS[name](bad).to_dict())


def test_html_that_a_cell_displayed_is_sealed() -> None:
    html = RunView(detail("x"), outputs("<script>alert(1)</script>"))._repr_html_()
    frame = re.search("<iframe[^>]*>", html)
    assert frame is not None
    assert "default-src &#x27;none&#x27;" in frame[0]
    assert "<script" not in html
