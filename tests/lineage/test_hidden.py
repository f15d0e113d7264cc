"""Hidden state and variables as reasons, and the notebook that the cells are held against."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from nbtrack.capture.notebooks import alike, read_notebook
from nbtrack.runs.contract import RunRequest
from nbtrack.runs.projects import database_of
from nbtrack.runs.store import cells


def saved(root: Path, *sources: str, at: float = 4e9) -> None:
    """Save a.ipynb with a title and these cells, c1 first."""
    made: list[dict[str, Any]] = [{"cell_type": "markdown", "source": ["# Title"]}]
    made += [{"cell_type": "code", "id": f"c{n}", "source": text} for n, text in enumerate(sources, 1)]
    path = root / "a.ipynb"
    path.write_text(json.dumps({"cells": made, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}))
    os.utime(path, (at, at))


def keep(notebook: Any, number: int, source: str, cell: str, **facts: Any) -> None:
    """Let the kernel have executed a cell, and this have been seen of it."""
    with database_of(notebook.project).write() as conn:
        (session,) = conn.execute("SELECT max(n) FROM sessions").fetchone()
        about = {"number": number, "execution": number, "source": source, "cell": cell, "started": 1.0, "status": "ok"}
        cells.save_execution(conn, session, {**about, "facts": {"mutated": [], **facts}})


def test_a_variable_with_another_content_is_a_reason(notebook):
    notebook.run("a", "fit(rows)\n", before=["rows = load()\n"])
    keep(notebook, 1, "rows = load()\n", "c0", bound=["rows"], gives={"rows": "DataFrame 5 × 2"})
    keep(notebook, 2, "fit(rows)\n", "c1", takes={"rows": "aaa", "same": "x"})
    notebook.run("b", "fit(rows)\n", before=["rows = load()\n"])
    keep(notebook, 3, "rows = load()\n", "c0", bound=["rows"], gives={"rows": "DataFrame 7 × 2"})
    keep(notebook, 4, "fit(rows)\n", "c1", takes={"rows": "bbb", "same": "x"})
    (reason,) = notebook.explain("b", "a").reasons
    assert (reason.what, reason.name, reason.text) == (
        "variable",
        "rows",
        "rows: DataFrame 5 × 2 → DataFrame 7 × 2",
    )


def test_hidden_state_of_one_of_the_two_is_a_reason(notebook):
    found = {"what": "undefined", "name": "ghost", "text": "In[2] used `ghost`.", "severity": "warning"}
    note = {**found, "name": "small", "severity": "note"}
    notebook.run("a")
    run = notebook.run("b")
    run.set_about(lineage={"verdict": "hidden state", "hidden": [found, note], "cells": 1, "unknown": []})
    notebook.reads.refresh(force=True)
    (reason,) = notebook.explain("b", "a").reasons
    assert (reason.what, reason.text) == ("hidden", "hidden state of this run: In[2] used `ghost`.")
    assert notebook.explain("a", "b").reasons[0].text.startswith("hidden state of the other run")
    (then,) = [one for one in notebook.lineage.graph(RunRequest("b")).then if one.severity == "warning"]
    assert then.name == "ghost"


def test_files_that_changed_since_they_were_read_are_told(notebook):
    path = notebook.project.root / "a.csv"
    path.write_text("1,2\n")
    about = path.stat()
    notebook.run("a", "fit(rows)\n", before=["rows = load()\n"])
    files = [["a.csv", about.st_mtime, about.st_size]]
    keep(notebook, 1, "rows = load()\n", "c0", bound=["rows"], files=files)
    found = notebook.lineage.graph(RunRequest("a"))
    assert found.hidden == []
    assert found.cells[0].data == ["a.csv"]
    os.utime(path, (1e9, 1e9))
    (hidden,) = notebook.lineage.graph(RunRequest("a")).hidden
    assert (hidden.what, hidden.severity) == ("data", "note")
    path.write_text("1,2,3\n")
    (hidden,) = notebook.lineage.graph(RunRequest("a")).hidden
    assert (hidden.severity, hidden.text) == ("warning", "a.csv, which In[1] read, was changed since.")
    path.unlink()
    assert notebook.lineage.graph(RunRequest("a")).verdict == "hidden state: data changed"


def test_data_that_differs_from_an_earlier_run_is_told(notebook):
    data = {"name": "rows", "kind": "table", "path": "a.csv", "info": {}}
    notebook.run("a", data=[{**data, "hash": "sha256-1"}])
    notebook.run("b", data=[{**data, "hash": "sha256-2"}])
    (hidden,) = notebook.lineage.graph(RunRequest("b")).hidden
    assert (hidden.what, hidden.name) == ("data", "rows")
    assert "than in a" in hidden.text


def test_a_cell_that_changes_a_name_in_between_but_had_not_run_is_told(notebook):
    saved(notebook.project.root, "rows = [1]", "rows[0] = 2", "fit(rows)\n")
    notebook.run("a", "fit(rows)\n", before=["rows = [1]"], cell="c3")
    keep(notebook, 1, "rows = [1]", "c1", bound=["rows"])
    (hidden,) = notebook.lineage.graph(RunRequest("a")).hidden
    assert (hidden.what, hidden.name) == ("order", "rows")
    assert "cell 3 changes `rows`" in hidden.text


def test_a_cell_that_stands_below_is_told(notebook):
    saved(notebook.project.root, "fit(rows)\n", "rows = [1]")
    notebook.run("a", "fit(rows)\n", before=["rows = [1]"], cell="c1")
    keep(notebook, 1, "rows = [1]", "c2", bound=["rows"])
    (hidden,) = notebook.lineage.graph(RunRequest("a")).hidden
    assert "stands below" in hidden.text


def test_a_notebook_saved_before_a_cell_ran_says_nothing_of_it(notebook):
    saved(notebook.project.root, "fit(rows)\n", at=0.5)
    notebook.run("a", "fit(rows)\n", before=["rows = [1]"], cell="c1")
    keep(notebook, 1, "rows = [1]", "gone", bound=["rows"])
    found = notebook.lineage.graph(RunRequest("a"))
    assert found.hidden == []
    assert found.now
    assert "was not saved since" in found.unknown[0]
    assert found.verdict == "reproducible as far as seen, but not all was seen"


def test_a_session_that_nobody_looked_at_is_told_by_text(notebook):
    notebook.run("a", "fit(np.random.rand(3))\n", before=["import numpy as np\n", "from x import *\n"])
    found = notebook.lineage.graph(RunRequest("a"))
    assert [one.what for one in found.hidden] == ["unseeded"]
    assert found.unknown == ["execution 2 of the kernel imports * from x: which names came from there is not known."]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("a = 1", "a = 1  # one\n\n", True),
        ("%%track x\na = 1", "a=1", True),
        ("%%track x\n%matplotlib inline\na = 1", "%matplotlib inline\na = 1", True),
        ("a = 1", "a = 2", False),
        ("%time a = 1", "%time a = 2", False),
        ("a = (", "a = [", False),
    ],
)
def test_texts_that_do_the_same(one, other, same):
    assert alike(one, other) is same


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"cells": 5}', '{"cells": [5]}', "\0", '{"cells": [{}]}'])
def test_no_notebook_file_is_too_odd(tmp_path, text):
    path = tmp_path / "a.ipynb"
    path.write_text(text)
    found = read_notebook(path)
    assert found is None or found.cells == []
    assert read_notebook(tmp_path / "none.ipynb") is None
