"""Short lists: windows of runs with a metric, its curve and progress, and what the cells of a notebook gave before."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from nbtrack.base.config import Project
from nbtrack.base.errors import FilterError, InvalidOption
from nbtrack.base.wire import encode
from nbtrack.runs import contract as rc
from nbtrack.runs import current
from nbtrack.runs.active import ActiveRun
from nbtrack.runs.editing import EditingService
from nbtrack.runs.service import RunsService
from nbtrack.tables import brief
from nbtrack.tables import contract as c
from nbtrack.tables.browse import BrowseService
from nbtrack.tables.store.brief import notebooks

from .conftest import Shelf


@pytest.fixture
def lists(shelf: Shelf) -> BrowseService:
    return BrowseService(shelf.reads)


@contextmanager
def statements(reads: RunsService) -> Iterator[list[str]]:
    """What is asked of the file meanwhile."""
    seen: list[str] = []
    conn = reads.database.connection()
    conn.set_trace_callback(seen.append)
    yield seen
    conn.set_trace_callback(None)


# -- windows

REQUESTS: list[dict[str, Any]] = [
    {},
    {"limit": 7, "offset": 5},
    {"sort": ["-metrics.acc", "name"]},
    {"sort": ["started"], "limit": 3},
    {"filter": "run1"},
    {"filter": "params.lr > 0.01", "also": ["status = 'finished'"]},
    {"experiment": "digits", "notebook": "a.ipynb"},
    {"trashed": True},
    {"filter": "name = 'nobody'"},
    {"limit": 0},
]


@pytest.mark.parametrize("asked", REQUESTS, ids=str)
def test_a_window_has_the_runs_of_the_table_in_its_order(
    shelf: Shelf, lists: BrowseService, asked: dict[str, Any]
) -> None:
    shelf.some(60, seed=3)
    page, found = shelf.reads.page(rc.PageRequest(**asked)), lists.browse(c.BrowseRequest(**asked))
    assert (found.matched, found.total, found.revision) == (page.matched, page.total, page.revision)
    assert len(found.rows) == len(page.rows)
    for row, full in zip(found.rows, page.rows, strict=True):
        same = [name for name in c.BriefRow.__struct_fields__ if name not in ("metric", "progress", "duration")]
        assert [getattr(row, name) for name in same] == [getattr(full, name) for name in same]
        assert row.duration == pytest.approx(full.duration)
        assert (row.metric is None) == (not full.metrics)
        if row.metric:
            assert repr(row.metric.value) == repr(full.metrics[row.metric.name].last)
    assert encode(found)


def test_a_project_without_a_file_is_empty_and_nothing_is_made(project: Project, lists: BrowseService) -> None:
    assert lists.browse(c.BrowseRequest(filter="x")) == c.BrowsePage([], [], 0, 0, 0)
    assert lists.history(c.HistoryRequest("a.ipynb", ["c1"])) == c.Histories([], 0)
    assert not project.folder.exists()


def test_a_mistake_is_told(shelf: Shelf, lists: BrowseService) -> None:
    shelf.put()
    for offset, limit in ((0, -1), (-1, 5), (0, 1 << 40)):
        with pytest.raises(InvalidOption):
            lists.browse(c.BrowseRequest(offset=offset, limit=limit))
    with pytest.raises(FilterError):
        lists.browse(c.BrowseRequest(filter="params.lr <"))
    with pytest.raises(FilterError):
        lists.browse(c.BrowseRequest(sort=["metrics.none"]))


def test_a_run_shows_one_metric_with_its_curve_and_which_value_is_better(shelf: Shelf, lists: BrowseService) -> None:
    shelf.put(metrics={"loss": [3.0, math.nan, 1.0], "epoch": [1.0, 2.0]})
    shelf.put(metrics={"temperature": [math.inf]})
    shelf.put()
    none, odd, loss = lists.browse(c.BrowseRequest()).rows
    assert none.metric is None
    assert odd.metric == c.MainMetric("temperature", math.inf, None, [math.inf])
    assert loss.metric
    assert (loss.metric.name, loss.metric.value, loss.metric.better) == ("loss", 1.0, "min")
    assert repr(loss.metric.spark) == repr([3.0, math.nan, 1.0])
    asked = lists.browse(c.BrowseRequest(metric="epoch")).rows
    assert [row.metric and row.metric.name for row in asked] == [None, "temperature", "epoch"]


def test_the_metric_of_a_run_does_not_depend_on_what_is_searched_for(shelf: Shelf, lists: BrowseService) -> None:
    for _ in range(3):
        shelf.put(metrics={"acc": [0.5], "loss": [1.0, 2.0]})
    shelf.put(metrics={"auc": [0.1], "acc": [0.5]}, tags={"stage": "odd"})
    (row,) = lists.browse(c.BrowseRequest(filter="tags.stage = 'odd'")).rows
    assert row.metric
    assert row.metric.name == "acc", "the others have it, too"


def test_a_curve_of_several_chunks_is_thinned_and_remembered_until_it_grows(
    project: Project, shelf: Shelf, lists: BrowseService
) -> None:
    with current.begin(project, name="long") as run:
        for step in range(9_000):
            run.log({"loss": 5.0 if step == 4_321 else step / 9_000})
        (row,) = lists.browse(c.BrowseRequest()).rows
        assert row.metric
        assert len(row.metric.spark) == 40
        assert (row.metric.spark[0], max(row.metric.spark), row.metric.spark[-1]) == (0.0, 5.0, 8_999 / 9_000)
        with statements(shelf.reads) as seen:
            assert lists.browse(c.BrowseRequest()).rows[0].metric == row.metric
        assert not any("vals" in one for one in seen)
        run.log({"loss": -3.0})
        again = lists.browse(c.BrowseRequest()).rows[0].metric
        assert again
        assert min(again.spark) == again.spark[-1] == -3.0


def test_a_huge_curve_is_sampled_with_its_extremes(
    project: Project, shelf: Shelf, lists: BrowseService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(brief, "_LONGEST", 1_000)
    with current.begin(project, name="long") as run:
        for step in range(20_000):
            run.log({"loss": 99.0 if step == 7_777 else math.sin(step / 1_000)})
            if step % 1_000 == 0:
                shelf.reads.refresh()
    with statements(shelf.reads) as seen:
        (row,) = lists.browse(c.BrowseRequest()).rows
    assert row.metric
    assert len(row.metric.spark) == 40
    assert max(row.metric.spark) == 99.0
    assert row.metric.spark[-1] == row.metric.value
    assert 0 < sum("vals" in one for one in seen if one.startswith("SELECT")) <= 24


def test_points_read_for_one_window_are_bounded(
    shelf: Shelf, lists: BrowseService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(brief, "_POINTS", 250)
    for number in range(5):
        shelf.put(metrics={"loss": [float(value + number) for value in range(100)]})
    rows = lists.browse(c.BrowseRequest()).rows
    for number, row in enumerate(reversed(rows)):
        assert row.metric
        assert (min(row.metric.spark), max(row.metric.spark)) == (number, 99.0 + number)
        assert len(row.metric.spark) == 40


# -- what goes on now


def test_running_runs_are_there_whatever_was_asked_for_the_newest_first(
    project: Project, shelf: Shelf, lists: BrowseService
) -> None:
    shelf.put()
    going = [current.begin(project, name=f"going{number}") for number in range(23)]
    found = lists.browse(c.BrowseRequest(filter="name = 'run0'", experiment="digits"))
    assert [row.name for row in found.rows] == ["run0"]
    assert [row.name for row in found.running] == [f"going{number}" for number in range(22, 2, -1)]
    EditingService(shelf.reads).trash(rc.RunsRequest([going[22].id]))
    assert lists.browse(c.BrowseRequest()).running[0].name == "going21"
    for run in reversed(going):
        run.end()
    assert lists.browse(c.BrowseRequest()).running == []


def progress(lists: BrowseService) -> c.Progress | None:
    (row,) = lists.browse(c.BrowseRequest()).running
    assert row == lists.browse(c.BrowseRequest()).rows[0] or row.duration >= 0
    return row.progress


def test_a_running_run_says_how_far_it_is(project: Project, shelf: Shelf, lists: BrowseService) -> None:
    with current.begin(project) as run:
        run.set_params({"epochs": 5, "max_steps": 0, "seed": 100})
        assert progress(lists) is None
        run.log({"loss": 1.0})
        assert progress(lists) == c.Progress(1, 5)
        for _ in range(4):
            run.log({"loss": 1.0})
        assert progress(lists) == c.Progress(5, 5)
        run.log({"loss": 1.0})
        assert progress(lists) == c.Progress(6, None)
    assert lists.browse(c.BrowseRequest()).rows[0].progress is None


def test_steps_that_begin_at_one_are_as_they_are(project: Project, shelf: Shelf, lists: BrowseService) -> None:
    with current.begin(project) as run:
        run.set_params({"cfg.num_epochs": 3})
        for step in (1, 2, 3):
            run.log({"loss": 1.0}, step=step)
        assert progress(lists) == c.Progress(3, 3)


@pytest.mark.parametrize(
    "code",
    [
        "epochs = 40",
        "lr, epochs = 0.1, 40",
        "%matplotlib inline\nmodel.fit(X, epochs=40)",
        "%%time\nif x:\n    epochs = 40",
    ],
)
def test_a_running_cell_says_by_its_code_how_far_it_will_go(
    project: Project, shelf: Shelf, lists: BrowseService, code: str
) -> None:
    run = current.begin(project, kind="cell", source=f"%%track\n{code}")
    run.log({"loss": 1.0})
    assert progress(lists) == c.Progress(1, 40)
    run.set_params({"epochs": 50})
    assert progress(lists) == c.Progress(1, 50)
    run.end()


@pytest.mark.parametrize("code", ["epochs = (", "epochs = n", "%%bash\nepochs=40", "epochs = 40.0", "\0", "(" * 9000])
def test_code_that_says_nothing_about_it_is_no_trouble(
    project: Project, shelf: Shelf, lists: BrowseService, code: str
) -> None:
    run = current.begin(project, kind="cell", source=f"%%track\n{code}")
    run.log({"loss": 1.0})
    assert progress(lists) == c.Progress(1, None)
    run.end()


# -- the history of cells


def cell(project: Project, notebook: str | None, cell: str, name: str, **about: Any) -> ActiveRun:
    """One run of a cell that has ended."""
    run = current.begin(project, notebook=notebook, cell=cell, name=name, kind="cell", **about)
    run.log({"acc": 0.5})
    run.end()
    return run


def history(lists: BrowseService, *cells: str, notebook: str = "a.ipynb", **asked: Any) -> dict[str, list[str]]:
    found = lists.history(c.HistoryRequest(notebook, list(cells), **asked)).cells
    return {one.cell: [row.name for row in one.runs] for one in found}


def test_each_cell_has_its_latest_runs_the_newest_first_and_how_many_there_are(
    project: Project, lists: BrowseService
) -> None:
    for number in range(5):
        cell(project, "a.ipynb", "c1", f"one{number}")
    cell(project, "a.ipynb", "c2", "two")
    cell(project, "a.ipynb", "other", "unasked")
    cell(project, None, "c1", "script")
    found = lists.history(c.HistoryRequest("a.ipynb", ["c2", "gone", "c1", "c2"], limit=3))
    assert [(one.cell, one.total) for one in found.cells] == [("c2", 1), ("c1", 5)]
    assert [row.name for row in found.cells[1].runs] == ["one4", "one3", "one2"]
    assert found.cells[0].runs[0].metric == c.MainMetric("acc", 0.5, "max", [0.5])
    assert found.revision > 0
    assert history(lists) == {}


def test_runs_in_the_trash_are_no_history(project: Project, shelf: Shelf, lists: BrowseService) -> None:
    kept, gone = cell(project, "a.ipynb", "c1", "kept"), cell(project, "a.ipynb", "c1", "gone")
    shelf.reads.refresh(force=True)
    EditingService(shelf.reads).trash(rc.RunsRequest([gone.id]))
    found = lists.history(c.HistoryRequest("a.ipynb", ["c1"])).cells[0]
    assert ([row.id for row in found.runs], found.total) == ([kept.id], 1)


def test_a_notebook_renamed_outside_keeps_the_history_of_its_cells(project: Project, lists: BrowseService) -> None:
    cell(project, "old/a.ipynb", "c1", "before")
    (project.root / "old").mkdir()
    was = project.root / "old" / "a.ipynb"
    was.write_text("{}")
    assert history(lists, "c1", notebook="new.ipynb") == {}, "the other notebook is there: this one is a copy"
    was.rename(project.root / "new.ipynb")
    cell(project, "new.ipynb", "c1", "after")
    assert history(lists, "c1", notebook="new.ipynb") == {"c1": ["after", "before"]}


def test_a_copy_has_a_history_of_its_own(project: Project, lists: BrowseService) -> None:
    for name in ("a.ipynb", "copy.ipynb"):
        (project.root / name).write_text("{}")
        cell(project, name, "c1", f"of {name}")
    assert history(lists, "c1") == {"c1": ["of a.ipynb"]}
    assert history(lists, "c1", notebook="copy.ipynb") == {"c1": ["of copy.ipynb"]}


@pytest.mark.parametrize("path", ["/nowhere/at/all.ipynb", "../up.ipynb", "x" * 5000, "a/" * 3000, "folder"])
def test_a_path_that_names_no_file_counts_as_gone(project: Project, lists: BrowseService, path: str) -> None:
    (project.root / "folder").mkdir()
    cell(project, path, "c1", "lost")
    assert history(lists, "c1") == {"c1": ["lost"]}


def test_a_notebook_outside_of_the_project_that_is_there_keeps_its_runs(
    project: Project, lists: BrowseService, tmp_path: Path
) -> None:
    outside = tmp_path / "else.ipynb"
    outside.write_text("{}")
    cell(project, outside.as_posix(), "c1", "elsewhere")
    assert history(lists, "c1") == {}
    assert history(lists, "c1", notebook=outside.as_posix()) == {"c1": ["elsewhere"]}


def test_a_thousand_cells_are_asked_for_at_once(project: Project, shelf: Shelf, lists: BrowseService) -> None:
    for number in (0, 500, 999):
        cell(project, "a.ipynb", f"c{number}", f"run{number}")
    cells = [f"c{number}" for number in range(1000)]
    shelf.reads.refresh(force=True)
    with statements(shelf.reads) as seen:
        assert history(lists, *cells) == {"c0": ["run0"], "c500": ["run500"], "c999": ["run999"]}
    assert sum("cell IN" in one for one in seen) == 1, "however many cells there are"
    assert not any("points" in one for one in seen if one.startswith("SELECT")), (
        "of one value there is no curve to read"
    )
    for many, limit in (([*cells, "more"], 8), (["c1"], 0), (["c1"], 1000)):
        with pytest.raises(InvalidOption):
            lists.history(c.HistoryRequest("a.ipynb", many, limit=limit))


def test_the_notebooks_are_found_along_the_index(project: Project, shelf: Shelf, lists: BrowseService) -> None:
    for number in range(30):
        cell(project, None if number % 3 else f"n{number}.ipynb", "c1", f"run{number}")
    shelf.reads.refresh(force=True)
    with shelf.reads.database.read() as conn:
        assert notebooks(conn) == sorted(f"n{number}.ipynb" for number in range(0, 30, 3))
