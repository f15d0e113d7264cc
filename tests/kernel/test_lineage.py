"""What is behind a run, seen in a real kernel; one kernel for all of them, so names differ from test to test."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from nbtrack.base.config import Project
from nbtrack.lineage import contract as lc
from nbtrack.lineage.service import LineageService
from nbtrack.runs import contract as c
from nbtrack.runs.projects import forget_all
from nbtrack.runs.service import RunsService

from .conftest import PATIENCE, Kernel


class Bench:
    """A kernel, and the notebook of its project."""

    def __init__(self, root: Path) -> None:
        self.project = Project(root)
        self.kernel = Kernel(self.project)
        self.kernel.quietly("from nbtrack.capture import states\nstates._SECONDS = 60.0")  # nothing is left out
        self.reads = RunsService(self.project)
        self.lineage = LineageService(self.reads)
        self.made = 0

    def run(self, *cells: str, ids: bool = True) -> list[str | None]:
        """Execute cells one after the other, each with an id of its own; the ids."""
        found: list[str | None] = []
        for source in cells:
            self.made += 1
            found.append(f"c{self.made}" if ids else None)
            reply = self.kernel.run(source, found[-1])
            assert reply.status == "ok", reply.traceback
        return found

    def again(self, cell: str | None, source: str) -> None:
        """Execute a cell of the notebook again."""
        self.kernel.run(source, cell)

    def save(self, cells: dict[str | None, str]) -> None:
        """Save the notebook with these cells, as the front end does; as if later than all that runs in this test."""
        made = [{"id": name, "cell_type": "code", "source": text.splitlines(True)} for name, text in cells.items()]
        path = self.project.root / "work.ipynb"
        path.write_text(json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
        os.utime(path, (time.time() + 3600, time.time() + 3600))

    def tracked(self, source: str, cell: str | None = None) -> c.RunDetail:
        """Execute a tracked cell; its run once it has ended and the verdict is there, whichever comes first."""
        self.made += 1
        reply = self.kernel.run(f"%%track r{self.made}\n{source}", cell or f"c{self.made}")
        assert reply.status in ("ok", "error")
        deadline = time.monotonic() + PATIENCE
        while True:
            rows = self.reads.page(c.PageRequest(limit=1)).rows
            mine = rows and rows[0].name == f"r{self.made}"
            detail = self.reads.get(c.RunRequest(rows[0].id)) if mine else None
            if detail is not None and "lineage" in detail.about and detail.row.status != "running":
                return detail
            assert time.monotonic() < deadline, detail
            time.sleep(0.05)

    def graph(self, run: c.RunDetail) -> lc.Lineage:
        """What is behind a run."""
        return self.lineage.graph(c.RunRequest(run.row.id))

    def sources(self, run: c.RunDetail) -> list[str]:
        """The texts of the cells behind a run, without its own."""
        return [str(cell.source) for cell in self.graph(run).cells[:-1]]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    root = tmp_path_factory.mktemp("lineage")
    (root / "nbtrack.toml").write_text("")
    made = Bench(root)
    yield made
    made.kernel.close()
    forget_all()


def hidden(found: list[lc.Hidden]) -> list[tuple[str, str]]:
    return [(one.what, one.name) for one in found if one.severity == "warning"]


def test_the_cells_behind_a_run_are_those_that_gave_it_names(bench):
    bench.run("import pandas as pd", "rows = pd.DataFrame({'a': range(30)})", "other = 5", "half = rows.a / 2")
    run = bench.tracked("total = half.sum()")
    assert bench.sources(run) == [
        "import pandas as pd",
        "rows = pd.DataFrame({'a': range(30)})",
        "half = rows.a / 2",
    ]
    cells = bench.graph(run).cells
    assert cells[1].gives == {"rows": "DataFrame 30 × 1"}
    assert cells[-1].run == run.row.id
    assert run.about["lineage"] == {"verdict": "reproducible as far as seen", "hidden": [], "cells": 4, "unknown": []}


def test_an_object_changed_in_place_under_another_name_counts(bench):
    bench.run("first = [1]", "second = first", "second.append(2)", "third = [3]")
    assert bench.sources(bench.tracked("print(first)")) == ["first = [1]", "second = first", "second.append(2)"]


def test_an_object_changed_inside_of_another_counts(bench):
    bench.run("config = {'fit': {'rate': 1}}", "part = config['fit']", "part['rate'] = 2")
    run = bench.tracked("print(config)")
    assert bench.sources(run)[-1] == "part['rate'] = 2"


def test_what_a_function_changes_and_loads_counts(bench):
    bench.run("seen = []", "scale = 2", "def note(x):\n    seen.append(x * scale)", "scale = 3", "note(5)")
    run = bench.tracked("print(seen)")
    assert bench.sources(run) == [
        "seen = []",
        "def note(x):\n    seen.append(x * scale)",
        "scale = 3",
        "note(5)",
    ]


def test_a_method_of_a_class_of_the_notebook_loads_what_is_there_when_it_is_called(bench):
    bench.run("base = 1", "class Net:\n    def go(self):\n        return base", "net = Net()", "base = 2")
    assert "base = 2" in bench.sources(bench.tracked("print(net.go())"))


def test_a_cell_that_failed_gives_what_it_had_bound(bench):
    bench.again("cf", "kept = 1\nraise ValueError('no')\nlost = 2")
    run = bench.tracked("print(kept)")
    assert bench.sources(run) == ["kept = 1\nraise ValueError('no')\nlost = 2"]
    (text,) = run.about["lineage"]["unknown"]
    assert "failed at line 2 (ValueError)" in text


def test_a_deleted_name_is_no_longer_given(bench):
    bench.run("gone = 1", "del gone")
    run = bench.tracked("try:\n    gone\nexcept NameError:\n    pass")
    assert bench.sources(run) == []


def test_names_of_a_star_import_and_of_exec_are_seen(bench):
    bench.run("from math import *", "exec('made = floor(2.5)')")
    run = bench.tracked("print(made)")
    assert bench.sources(run) == ["exec('made = floor(2.5)')"]
    (text,) = run.about["lineage"]["unknown"]
    assert "uses exec()" in text
    assert bench.sources(bench.tracked("print(ceil(2.5))")) == ["from math import *"]


def test_random_numbers_without_a_seed_are_told_and_those_with_one_are_not(bench):
    bench.run("import random")
    run = bench.tracked("draw = random.random()")
    assert run.about["lineage"]["verdict"] == "hidden state: random numbers without a seed"
    bench.run("random.seed(3)", "unrelated = random.random()")
    run = bench.tracked("draw = random.random()")
    assert bench.sources(run)[-2:] == ["random.seed(3)", "unrelated = random.random()"]
    assert hidden(bench.graph(run).hidden) == []


def test_a_name_that_no_cell_defines_is_told(bench):
    bench.kernel.run("get_ipython().user_ns.update(ghost=1)")
    run = bench.tracked("print(ghost)")
    assert hidden(bench.graph(run).hidden) == [("undefined", "ghost")]
    assert run.about["lineage"]["verdict"] == "hidden state: ghost defined in no cell"


def test_a_cell_that_was_edited_or_deleted_since_is_told(bench):
    edited, deleted = bench.run("level = 1", "depth = 2")
    texts = {edited: "level = 1", deleted: "depth = 2", "own": "%%track\nprint(level + depth)"}
    bench.save(texts)
    run = bench.tracked("print(level + depth)", "own")
    assert hidden(bench.graph(run).hidden) == []
    bench.save({edited: "level = 1  # the same", deleted: "depth = 2", "own": "print(level + depth)"})
    assert hidden(bench.graph(run).hidden) == []
    bench.save({edited: "level = 7", "own": texts["own"]})
    found = bench.graph(run)
    assert hidden(found.hidden) == [("deleted", "depth"), ("edited", "level")]
    assert found.verdict == "hidden state: 1 cell deleted since, 1 cell edited since"
    assert found.then == []
    assert [cell.position for cell in found.cells] == [1, None, 2]


def test_a_cell_run_again_with_other_code_was_edited_though_nothing_is_saved(bench):
    (cell,) = bench.run("width = 1")
    bench.again(cell, "height = 2")
    run = bench.tracked("print(width)", "elsewhere")
    assert ("edited", "width") in hidden(bench.graph(run).hidden)


def test_cells_that_ran_in_another_order_than_they_stand_are_told(bench):
    low, high = bench.run("speed = 1", "speed = 2")
    bench.again(low, "speed = 1")
    bench.save({low: "speed = 1", high: "speed = 2", "last": "%%track\nprint(speed)"})
    run = bench.tracked("print(speed)", "last")
    (found,) = bench.graph(run).hidden
    assert (found.what, found.name) == ("order", "speed")
    assert "cell 2 stands between and binds it too" in found.text


def test_a_cell_that_ran_twice_is_told_where_both_count(bench):
    start, step = bench.run("count = 0", "count += 1")
    bench.again(step, "count += 1")
    bench.save({start: "count = 0", step: "count += 1", "end": "%%track\nprint(count)"})
    found = bench.graph(bench.tracked("print(count)", "end"))
    assert {one.what for one in found.hidden} == {"order"}
    assert any("ran 2 times" in one.text for one in found.hidden)


def test_a_model_that_is_fitted_again_needs_no_earlier_fit(bench):
    bench.run("from sklearn.dummy import DummyClassifier", "model = DummyClassifier()")
    bench.tracked("model.fit([[1], [2]], [0, 1])", "fit")
    run = bench.tracked("model.fit([[1], [2]], [0, 1])", "fit")
    assert bench.sources(run) == ["from sklearn.dummy import DummyClassifier", "model = DummyClassifier()"]


def test_a_file_goes_from_cell_to_cell(bench):
    writing = "with open('passed.txt', 'w') as f:\n    f.write('5')"
    bench.run(writing, "with open('passed.txt') as f:\n    text = f.read()")
    run = bench.tracked("print(text)")
    assert bench.sources(run) == [writing, "with open('passed.txt') as f:\n    text = f.read()"]


def test_odd_objects_break_nothing(bench):
    odd = """class Odd:
    def __repr__(self): raise RuntimeError
    def __hash__(self): raise RuntimeError
    def __len__(self): raise RuntimeError
    def __eq__(self, other): raise RuntimeError
    def __getattr__(self, name): raise RuntimeError
odd = Odd()
loop = []; loop.append(loop)
numbers = (n for n in range(3))
huge = 10 ** 5000"""
    bench.run(odd)
    run = bench.tracked("print(type(odd), len(loop), huge > 1, next(numbers))")
    assert bench.sources(run) == [odd]
    assert run.row.status == "finished"
    bench.run("rest = list(numbers)")
    assert bench.kernel.run("rest").result == "[1, 2]"


def test_a_cell_that_does_not_parse_is_told(bench):
    bench.again("broken", "broken = (")
    run = bench.tracked("print(1)")
    assert bench.sources(run) == []


def behind_the_latest(project: Project) -> list[str | None]:
    """The texts of the cells behind the latest run, once they were weighed: the file has all of them then."""
    reads = RunsService(project)
    deadline = time.monotonic() + PATIENCE
    while True:
        rows = reads.page(c.PageRequest(limit=1)).rows
        if rows and reads.get(c.RunRequest(rows[0].id)).about.get("lineage") is not None:
            return [cell.source for cell in LineageService(reads).graph(c.RunRequest("@1")).cells]
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_after_a_restart_nothing_of_before_counts(project):
    kernel = Kernel(project)
    try:
        kernel.run("left = 1")
        kernel.restart()
        kernel.run("%load_ext nbtrack")
        kernel.run("left = 2")
        kernel.run("%%track\nprint(left)")
        assert behind_the_latest(project) == ["left = 2", "%%track\nprint(left)"]
    finally:
        kernel.close()


def test_the_cell_that_loads_the_extension_counts_where_no_history_is_stored(project):
    kernel = Kernel(project, load=False)
    try:
        for code in ("%load_ext nbtrack\nbase = 3", "%%track\nprint(base)"):
            kernel.wait(kernel.client.execute(code, store_history=False))
        assert behind_the_latest(project) == ["%load_ext nbtrack\nbase = 3", "%%track\nprint(base)"]
    finally:
        kernel.close()
