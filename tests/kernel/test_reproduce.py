"""Runs executed again from what was recorded: what is the same, what differs, and which reason is named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import nbtrack
from nbtrack.base.config import Project
from nbtrack.base.errors import CannotRun
from nbtrack.cli import main
from nbtrack.runs import contract as c
from nbtrack.runs import current
from nbtrack.runs.service import RunsService

from .conftest import Kernel

pytestmark = pytest.mark.filterwarnings("default")  # of nbclient and jupyter_client


def reproduced(project: Project, run: str) -> dict[str, object]:
    """The verdict that is kept."""
    made = nbtrack.reproduce(run, project=project)
    about = RunsService(project).get(c.RunRequest(made.id)).about["reproduced"]
    assert isinstance(about, dict)
    return about


def because(about: dict[str, object]) -> str:
    reasons = about["reasons"]
    assert isinstance(reasons, list)
    return "\n".join(reasons)


def test_a_run_comes_out_again_from_the_cells_it_needs_and_no_others(
    kernel: Kernel, project: Project, service: RunsService, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, code in enumerate(
        (
            "import math\nimport nbtrack",
            "numbers = [1.0, 2.0]",
            "def total(xs):\n    return math.fsum(xs) * factor",
            "factor = 10",
            "open('unrelated', 'a').write('x')",
            "numbers.append(3.0)",
            "factor = 2",
            "%%track first -t a=b\nnbtrack.log({'logged': factor})\nearlier = total(numbers)",
        )
    ):
        assert kernel.run(code, cell=f"c{number}").status == "ok"
    code = (
        "%%track second --metrics result,fit_seconds\nimport time\nlr = 0.1\n"
        "fit_seconds = time.perf_counter_ns() % 1000\n"
        "result = total(numbers) + earlier * lr\nwith nbtrack.start_run(name='fold'):\n    nbtrack.log({'score': lr})\n"
        "for step in range(3):\n    nbtrack.log({'loss': 1 / (step + 1)})"
    )
    kernel.run(code, cell="c9")
    kernel.run("factor = 1_000", cell="c10")  # later than the run, so it is nothing to it
    kernel.settle()  # also the cells before it, which the background stores
    run = service.get(c.RunRequest("second"))
    assert main(["reproduce", run.row.id]) == 0
    said = capsys.readouterr().out
    assert "✓ reproduced: 3 of 3 metrics of 'second' came out again" in said
    assert "decides nothing" in said
    assert (project.root / "unrelated").read_text() == "x"
    (name,) = [one for one in service.get(c.RunRequest(run.row.id)).children if service.row(one).kind == "reproduction"]
    again = service.get(c.RunRequest(name))
    assert (again.row.name, again.row.status, again.row.params["lr"]) == ("second again", "finished", 0.1)
    assert again.row.metrics["result"].last == run.row.metrics["result"].last == pytest.approx(13.2)
    assert service.history(name, "loss").values == service.history(run.row.id, "loss").values
    about = again.about["reproduced"]
    assert (about["verdict"], about["of"], about["missing"]) == ("reproduced", run.row.id, [])
    assert {one["name"]: (one["within"], one["decides"]) for one in about["metrics"]} == {
        "result": (True, True), "fit_seconds": (False, False), "loss": (True, True), "fold: score": (True, True)
    }  # fmt: skip
    names = [row.name for row in service.page(c.PageRequest()).rows]
    assert sorted(names) == ["first", "fold", "second", "second again"]
    inner = reproduced(project, "fold")  # begun inside the cell: its cell is executed, and it alone is compared
    assert (inner["verdict"], inner["of"]) == ("reproduced", service.row("fold").id)
    assert [one["name"] for one in inner["metrics"]] == ["score"]  # type: ignore[attr-defined]


def test_a_name_that_no_recorded_cell_gives_is_named(kernel: Kernel, project: Project, service: RunsService) -> None:
    (project.root / "aside.py").write_text("from IPython import get_ipython\nget_ipython().user_ns['scale'] = 3\n")
    kernel.run("import aside")
    kernel.run("%%track hidden\nacc = scale * 2", cell="c1")
    kernel.settle()
    about = reproduced(project, "hidden")
    assert about["verdict"] == "failed"
    assert "NameError: name 'scale' is not defined" in because(about)
    assert "no cell that was recorded gives the name 'scale'" in because(about)
    assert service.row("hidden again").status == "failed"


def test_numbers_without_a_seed_and_changed_data_differ_and_are_named(
    kernel: Kernel, project: Project, service: RunsService
) -> None:
    kernel.run("import random")
    (project.root / "data.txt").write_text("1 2 3")
    kernel.run("%%track by-luck\nacc = random.random()", cell="c1")
    kernel.run("with open('data.txt') as file:\n    numbers = [int(one) for one in file.read().split()]", cell="c2")
    kernel.run("%%track by-data\nacc = sum(numbers)", cell="c3")
    kernel.settle()
    luck = reproduced(project, "by-luck")
    assert luck["verdict"] == "differs"
    assert "draws random numbers" in because(luck)
    (project.root / "data.txt").write_text("4 5 6")
    about = reproduced(project, "by-data")
    assert about["verdict"] == "differs"
    metrics = about["metrics"]
    assert isinstance(metrics, list)
    assert [(one["then"], one["now"]) for one in metrics] == [(6.0, 15.0)]
    assert "the file 'data.txt' has another content than then" in because(about)


def test_a_run_that_failed_comes_out_again_when_it_fails_as_then(
    kernel: Kernel, project: Project, service: RunsService
) -> None:
    assert kernel.run("base = 5\n1 / 0", cell="c0").status == "error"
    kernel.run("%%track bad\nimport nbtrack\nnbtrack.log({'loss': base})\nraise ValueError('too much')", cell="c1")
    kernel.settle()
    assert service.row("bad").end_reason == "ValueError: too much"
    about = reproduced(project, "bad")
    assert (about["verdict"], about["missing"]) == ("reproduced", [])
    assert service.row("bad again").status == "finished"


def test_a_whole_notebook_is_executed_again_with_the_runs_in_it(project: Project) -> None:
    import nbformat

    cells = [
        nbformat.v4.new_code_cell("%load_ext nbtrack\nimport nbtrack"),
        nbformat.v4.new_code_cell("lr = 0.01"),
        nbformat.v4.new_code_cell("%%track part\nacc = lr * 3"),
        nbformat.v4.new_code_cell("nbtrack.log({'outer': lr})"),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), "book.ipynb")
    run = nbtrack.run_notebook("book.ipynb", {"lr": 0.5}, name="book")
    about = reproduced(project, run.id)
    assert about["verdict"] == "reproduced"
    metrics = about["metrics"]
    assert isinstance(metrics, list)
    assert {one["name"]: one["now"] for one in metrics} == {"outer": 0.5, "part: acc": 1.5}


def test_a_script_has_no_cells_and_says_so(project: Project) -> None:
    with current.begin(project, name="plain") as run:
        run.log({"a": 1.0})
    run.flush()
    with pytest.raises(CannotRun, match="'plain' is of kind script"):
        nbtrack.reproduce("plain")


def test_the_environment_recorded_is_used_where_it_is_this_one_and_asked_for(
    kernel: Kernel, project: Project, service: RunsService, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    kernel.run("%%track here\nacc = 1.0")
    kernel.settle()
    kernel.close()
    kernel.__init__(project)  # type: ignore[misc]
    assert main(["reproduce", "here", "--env"]) == 0
    assert "in the recorded environment; the environment we are in has all packages" in capsys.readouterr().out
    assert "NBTRACK_PARENT" not in os.environ or not os.environ["NBTRACK_PARENT"]
