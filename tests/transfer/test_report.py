"""The HTML report: what is in it, in which order, what it lets in, and what it weighs."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

import nbtrack
from nbtrack.base.config import Project
from nbtrack.base.errors import CannotRun
from nbtrack.transfer.exporters.report import page, reading

from .report_runs import ATTACKS, SVG, history, hostile, report

_VOID = {"meta", "br", "img", "hr", "input", "link", "base"}
# What the report itself writes; nothing of a run may add to it.
_ELEMENTS = """
    html head meta title style body header h1 h2 h3 p nav a main section div span b i small code pre table thead tbody
    tr th td figure figcaption svg g path circle text time details summary dl dt dd article footer img iframe script ins
    del br"""
_ATTRIBUTES = """
    lang charset http-equiv content name class id href title scope tabindex role aria-label aria-hidden style open
    data-run data-v data-t data-static data-axis data-x data-top data-bottom data-at type alt src sandbox srcdoc
    referrerpolicy xmlns width height viewbox font-size fill d stroke stroke-width opacity cx cy r x y text-anchor
    stroke-linecap stroke-linejoin stroke-dasharray font-weight"""


class Page(HTMLParser):
    """Reads a page: its elements, their attributes, its texts by element."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        self.texts.append((self._open[-1] if self._open else "", data))

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.elements if name == tag]

    def text(self, tag: str) -> str:
        return "".join(text for name, text in self.texts if name == tag)


@pytest.fixture
def told(project: Project) -> Project:
    history(project)
    return project


def shown(text: str) -> str:
    """What is to be read in a page, without markup."""
    text = re.sub(r"<(script|style)\b.*?</\1>", "", text, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", text))


def test_the_runs_stand_in_the_order_of_their_time(told: Project, tmp_path: Path) -> None:
    text = report(told, tmp_path / "r.html")
    names = re.findall(r'<article class="nbr-run" id="run-(\d+)".*?<h3>.*?(train-\d)</h3>', text, re.DOTALL)
    assert names == [(str(at + 1), f"train-{at}") for at in range(6)]
    rows = re.findall(r'<tr data-run="(\d)"><td[^>]*>(\d)</td>.*?(train-\d)<', text)
    assert rows == [(str(at), str(at + 1), f"train-{at}") for at in range(6)]


def test_the_table_marks_the_best_and_how_far_each_is_from_the_first(told: Project, tmp_path: Path) -> None:
    table = report(told, tmp_path / "r.html").partition('<section id="table">')[2].partition("</section>")[0]
    rows = [shown(row) for row in re.findall(r"<tr data-run.*?</tr>", table)]
    assert "★ 0.8500 +6.3%" in rows[5]
    assert "0.8000" in rows[0]
    assert "%" not in rows[0]
    assert rows[2].count("–") >= 2  # the failed one measured nothing
    assert "The same in all: seed = 7, tol = 0.0001" in shown(table)


def test_each_run_has_its_code_against_the_one_before_of_its_cell(told: Project, tmp_path: Path) -> None:
    articles = re.findall(r"<article.*?</article>", report(told, tmp_path / "r.html"), re.DOTALL)
    assert "lr = <span" in articles[0]  # whole, in colours
    assert "the same as of run 1" in articles[1]
    assert "since run 2" in articles[2]
    assert 'run 2: <a href="#run-2">train-1</a>' in articles[2]
    assert "<del>− lr = 0.<b>1</b></del><ins>+ lr = 0.<b>025</b></ins>" in articles[2]
    assert "was 0.05" in articles[2]
    assert "since" not in shown(articles[5])  # the first of another cell
    assert "evaluate(model)" in articles[5]


def test_outputs_are_there_as_text_as_pictures_and_in_a_frame_without_rights(told: Project, tmp_path: Path) -> None:
    text = report(told, tmp_path / "r.html")
    found = Page(text)
    assert "0.1\nred" in text  # the colours of a terminal are taken off
    assert [one["src"] for one in found.of("img")] == [f"data:image/svg+xml;base64,{base64.b64encode(SVG).decode()}"]
    (frame,) = found.of("iframe")
    assert frame["sandbox"] == ""
    assert "default-src 'none'" in (frame["srcdoc"] or "")
    assert "<td>7</td>" in (frame["srcdoc"] or "")


def test_environment_origin_note_and_reason_are_told(told: Project, tmp_path: Path) -> None:
    text = report(told, tmp_path / "r.html", title="What we tried")
    said = shown(text)
    assert "<title>What we tried: runs</title>" in text
    assert "6 runs of train.ipynb" in said
    assert said.count("numpy==2.1.0") == 1  # the environment once for all runs
    assert "runs 1, 2, 3, 4, 5, 6" in said
    for words in ("ValueError: bad", "as agreed on Monday", "0123456789ab", "reproducible as far as seen"):
        assert words in said
    assert "tol = 0.0001" in said


def test_its_size_is_stated(told: Project, tmp_path: Path) -> None:
    text = report(told, tmp_path / "r.html")
    size, unit = re.findall(r"This file: ([\d.]+) ([kM]B)", text)[0]
    assert float(size) * {"kB": 1e3, "MB": 1e6}[unit] == pytest.approx(len(text.encode()), rel=0.03)
    assert "It loads nothing and sends nothing." in text
    assert "1 file of the runs" in text


def test_only_the_script_of_ours_may_run_and_nothing_may_be_loaded(told: Project, tmp_path: Path) -> None:
    text = report(told, tmp_path / "r.html")
    policy = re.findall(r'Content-Security-Policy" content="([^"]*)"', text)[0]
    script = re.findall(r'<script type="module">(.*?)</script>', text, re.DOTALL)[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none';")
    assert "connect-src" not in policy
    assert not re.search(
        r"""(?:src|href)=["']?(?!#|data:)[^"'\s>]*[:/]""", text.partition("<body")[2].partition("<script")[0]
    )


def test_without_a_script_all_is_there_and_nothing_runs(told: Project, tmp_path: Path) -> None:
    text = report(told, tmp_path / "r.html", static=True)
    found = Page(text)
    assert found.of("script") == []
    assert "script-src 'none'" in text
    assert text.count("<svg") == 4  # two curves, the way of the best, parallel coordinates
    assert "train-5" in shown(text)


def test_the_data_are_the_runs_and_their_curves(told: Project, tmp_path: Path) -> None:
    text = report(told, tmp_path / "r.html")
    found = json.loads(re.findall(r'id="nbr-data">(.*?)</script>', text, re.DOTALL)[0])
    assert [run["name"] for run in found["runs"]] == [f"train-{at}" for at in range(6)]
    assert [name for name, _, _ in found["metrics"]] == ["acc", "loss"]
    run, metric, total, steps, times, values = next(one for one in found["curves"] if one[1] == 1)
    assert (run, metric, total, len(values)) == (0, 1, 40, 40)
    assert (steps[:3], times[:3], values[0]) == ([0, 1, 1], [0, 0.1, 0.2], 1.1)


def test_of_very_many_runs_the_first_are_in_it_and_it_says_so(
    told: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nbtrack.transfer.exporters.report.MOST", 4)
    said = shown(report(told, tmp_path / "r.html"))
    assert "4 of 6 runs" in said
    assert "In here are 4 of the 6 runs that were chosen" in said
    assert "train-5" in said  # the latest come first
    assert "train-0" not in said


def test_one_run_or_runs_without_anything_make_a_report_too(project: Project, tmp_path: Path) -> None:
    with nbtrack.start_run(name="bare"):
        pass
    text = report(project, tmp_path / "r.html")
    assert 'id="run-1"' in text
    assert 'id="curves"' not in text
    assert 'id="parallel"' not in text


def test_numbers_that_are_none_are_written_as_words(project: Project, tmp_path: Path) -> None:
    for value in (float("nan"), float("inf"), -float("inf"), 1e308, -1e308, 5e-324):
        with nbtrack.start_run():
            nbtrack.log_params({"n": value, "big": 10**400})
            for step in range(3):
                nbtrack.log({"loss": value}, step=step)
    text = report(project, tmp_path / "r.html")
    rows = [shown(row).split() for row in re.findall(r"<tr data-run.*?</tr>", text)]
    assert [row[-1] for row in rows] == ["nan", "inf", "-inf", "1e+308", "-1e+308", "5e-324"]
    assert "−inf" not in shown(text)  # no difference is told where it is none
    assert "an integer of 1,329 bits" in text
    json.loads(re.findall(r'id="nbr-data">(.*?)</script>', text, re.DOTALL)[0])


def test_pictures_beyond_the_limit_are_named_and_that_is_said(
    told: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_PICTURES", 10)
    text = report(told, tmp_path / "r.html")
    assert Page(text).of("img") == []
    assert "plots/curve.svg" in text
    assert "Named only, not shown: 1 picture (more than 524 kB, or 10 B together)." in text


def test_a_report_that_was_not_built_says_what_to_do(
    told: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "_BUILT", Path("nowhere"))
    with pytest.raises(CannotRun, match="was not built"):
        report(told, tmp_path / "r.html")
    assert list(tmp_path.glob("*.html")) == []


@pytest.mark.parametrize("static", [False, True])
def test_no_text_of_a_run_becomes_markup(project: Project, tmp_path: Path, static: bool) -> None:
    assert hostile(project) >= 60
    found = Page(report(project, tmp_path / "r.html", static=static, title=ATTACKS[7]))
    for tag, attrs in found.elements:
        assert tag in _ELEMENTS.split(), tag
        assert set(attrs) <= set(_ATTRIBUTES.split()), (tag, attrs)
        for name in ("href", "src"):
            assert (attrs.get(name) or "#").startswith(("#", "data:image/")), attrs
        assert "fixed" not in (attrs.get("style") or "")
    assert all(one.get("type") in ("module", "application/json") for one in found.of("script"))
    assert len(found.of("script")) == (0 if static else 2)
    assert len(found.of("iframe")) == len(ATTACKS)
    assert all(one["sandbox"] == "" for one in found.of("iframe"))
    assert len(found.of("style")) == 1
    text = "".join(text for name, text in found.texts)
    assert text.count("onerror=window.pwned=1") > 20  # it is all there, as text
