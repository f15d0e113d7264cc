"""Notebooks executed by ``nbtrack run`` and `nbtrack.run_notebook`: in real kernels, here and on a worker."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
import pytest

import nbtrack
from nbtrack.base.config import Project
from nbtrack.base.errors import CannotRun, InvalidOption, NotFound
from nbtrack.cli import main
from nbtrack.runs import contract as c
from nbtrack.runs.service import RunsService

from .conftest import PATIENCE

pytestmark = pytest.mark.filterwarnings("default")  # of nbclient, jupyter_client and distributed

TRAIN = (
    "%load_ext nbtrack\nimport nbtrack",
    "lr = 0.01\ndepth = 2",
    "%%track inner\naccuracy = lr * depth\nprint('trained')",
    "nbtrack.log({'outer': lr})\nnbtrack.set_tag('place', 'plain cell')",
)


def written(project: Project, *sources: str, name: str = "train.ipynb") -> Path:
    new: Any = nbformat.v4
    cells = [new.new_code_cell(source, id=f"cell-{number}") for number, source in enumerate(sources)]
    path = project.root / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(new.new_notebook(cells=[new.new_markdown_cell("# t", id="m"), *cells])))
    return path


def rows(project: Project) -> dict[str, c.RunRow]:
    service = RunsService(project)
    service.refresh(force=True)
    return {row.name: row for row in service.page(c.PageRequest()).rows}


def test_a_notebook_runs_with_params_and_its_tracked_cells_are_children(project: Project) -> None:
    path = written(project, *TRAIN, name="books/train.ipynb")
    before = path.read_bytes()
    run = nbtrack.run_notebook(path, {"lr": 0.5}, name="whole", output=project.root / "out" / "done.ipynb")
    assert path.read_bytes() == before
    assert (run.status, run.row.kind, run.row.notebook, run.row.experiment) == (
        "finished", "notebook", "books/train.ipynb", "train"
    )  # fmt: skip
    found = rows(project)
    inner = found["inner"]
    assert (inner.parent, inner.cell, inner.notebook) == (run.id, "cell-2", "books/train.ipynb")
    assert (inner.params["lr"], inner.metrics["accuracy"].last) == (0.5, 1.0)
    assert found["whole"].params == {"lr": 0.5}
    assert found["whole"].metrics["outer"].last == 0.5
    assert found["whole"].tags == {"place": "plain cell"}
    detail = RunsService(project).get(c.RunRequest(run.id))
    assert detail.environment["kernel"] == "python3"
    assert detail.environment["packages"]["ipykernel"]
    assert detail.about["notebook"] == {"entry": None, "cells": 4, "ran": 4}
    assert "# %% [2]\nlr = 0.5\ndepth = 2" in (detail.code or "")
    executed = json.loads(RunsService(project).artifact(run.id, "executed.ipynb")[1])
    assert executed["cells"][3]["outputs"][0]["text"] == "trained\n"
    assert json.loads((project.root / "out/done.ipynb").read_text())["cells"] == executed["cells"]


def test_a_cell_that_fails_ends_the_run_with_its_name_and_keeps_the_rest(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(project, TRAIN[0], "%%track\nloss = 1.0", "token = 'ghp_' + 'a' * 36\nprint(token)", "1 / 0", "3")
    assert main(["run", str(path), "--name", "bad"]) == 1
    said = capsys.readouterr().out
    assert "✗ failed" in said
    assert "cell 5 (In[4]): ZeroDivisionError: division by zero" in said
    assert "\x1b" not in said
    row = rows(project)["bad"]
    assert (row.status, row.end_reason) == ("failed", "cell 5 (In[4]): ZeroDivisionError: division by zero")
    assert len([one for one in rows(project).values() if one.parent == row.id]) == 1
    text = RunsService(project).artifact(row.id, "executed.ipynb")[1].decode()
    assert "ZeroDivisionError" in text
    assert "ghp_aaaa" not in text
    with pytest.raises(CannotRun, match="failed: cell 5"):
        nbtrack.run_notebook(path)


def test_an_entry_point_is_run_by_its_name_with_its_defaults(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    written(project, "lr = 1\ndepth = 1", "import nbtrack; nbtrack.log({'product': lr * depth})")
    (project.root / "nbtrack.toml").write_text(
        "[entry_points.fit]\nnotebook = 'train.ipynb'\n[entry_points.fit.params]\nlr = 0.5\ndepth = {type = 'int'}\n"
    )
    assert main(["run"]) == 0
    assert "lr=0.5 depth=int" in capsys.readouterr().out
    assert main(["run", "--entry", "fit", "-p", "depth=x"]) == 2
    assert main(["run", "--entry", "fit", "-p", "depth=4", "--name", "fitted"]) == 0
    row = rows(project)["fitted"]
    assert (row.params, row.metrics["product"].last) == ({"lr": 0.5, "depth": 4}, 2.0)


def test_bad_orders_are_refused_before_a_run_begins(project: Project) -> None:
    path = written(project, "lr = 1")
    (project.root / "text.ipynb").write_text("no json")
    with pytest.raises(NotFound, match="There is no notebook"):
        nbtrack.run_notebook("none.ipynb")
    with pytest.raises(InvalidOption, match="is no notebook"):
        nbtrack.run_notebook("text.ipynb")
    with pytest.raises(InvalidOption, match=r"can be set: lr=1"):
        nbtrack.run_notebook(path, {"rate": 3})
    with pytest.raises(CannotRun, match=r"There is no kernel 'julia'.*python3.*--kernel"):
        nbtrack.run_notebook(path, kernel="julia")
    with pytest.raises(InvalidOption, match="nothing to run"):
        nbtrack.run_notebook()
    assert rows(project) == {}


def test_a_cell_that_takes_too_long_or_kills_its_kernel_fails_the_run(project: Project) -> None:
    long = nbtrack.run_notebook(written(project, "import time; time.sleep(60)"), timeout=1, check=False)
    # A kernel that has no time, or dies at once, may not have said yet which number the cell has.
    said = r"cell 2( \(In\[1\]\))?: "
    assert long.status == "failed"
    assert re.fullmatch(f"{said}it took longer than 1 s", long.row.end_reason or "")
    dead = nbtrack.run_notebook(written(project, "import os; os._exit(3)"), check=False)
    assert dead.status == "failed"
    assert re.fullmatch(f"{said}the kernel died", dead.row.end_reason or "")


def is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_ctrl_c_interrupts_the_run_and_what_is_in_it_and_leaves_no_kernel(project: Project) -> None:
    path = written(
        project, "%load_ext nbtrack", "import os; open('pid', 'w').write(str(os.getpid()))",
        "%%track inner\nimport time, nbtrack\nnbtrack.log({'a': 1.0})\nopen('ready', 'w').close()\ntime.sleep(100)",
    )  # fmt: skip
    command = subprocess.Popen([sys.executable, "-m", "nbtrack", "run", str(path), "--name", "whole"])
    deadline = time.monotonic() + PATIENCE
    while not (project.root / "ready").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    command.send_signal(signal.SIGINT)
    assert command.wait(timeout=PATIENCE) == 130
    deadline = time.monotonic() + PATIENCE
    kernel = int((project.root / "pid").read_text())
    while is_there(kernel):  # whoever takes over what the command left may still be at it
        assert time.monotonic() < deadline
        time.sleep(0.05)
    found = rows(project)
    assert (found["whole"].status, found["inner"].status) == ("interrupted", "interrupted")
    assert found["inner"].metrics["a"].count == 1


def test_a_notebook_runs_on_a_worker_and_its_runs_land_here(project: Project) -> None:
    from distributed import LocalCluster

    fork = "from multiprocessing import get_context\nwith get_context('fork').Pool(1) as pool:\n    "
    path = written(project, *TRAIN, fork + "pool.apply(nbtrack.log, [{'forked': 7.0}])\n")
    (project.root / "data.txt").write_text("3")
    with LocalCluster(n_workers=1, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        address = cluster.scheduler_address.replace("tcp", "dask")
        run = nbtrack.run_notebook(path, {"lr": 0.25}, on=address, output="done.ipynb")
        bad = nbtrack.run_notebook(written(project, "1/0", name="bad.ipynb"), on=address, check=False)
    assert (run.status, run.row.kind) == ("finished", "notebook")
    inner = rows(project)["inner"]
    assert (inner.parent, inner.cell, inner.metrics["accuracy"].last) == (run.id, "cell-2", 0.5)
    detail = RunsService(project).get(c.RunRequest(run.id))
    assert detail.row.metrics["outer"].last == 0.25
    assert detail.row.metrics["forked"].last == 7.0
    assert detail.about["worker"]["worker"].startswith("tcp://")
    assert [one.path for one in detail.artifacts] == ["executed.ipynb"]
    assert "trained" in (project.root / "done.ipynb").read_text()
    before = RunsService(project).executions(c.RunRequest(inner.id)).executions
    assert [one.source for one in before] == [TRAIN[0], "lr = 0.25\ndepth = 2"]
    assert (bad.status, bad.row.end_reason) == ("failed", "cell 2 (In[1]): ZeroDivisionError: division by zero")
