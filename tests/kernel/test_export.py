"""One run as a notebook and as a script: both run in a fresh process and give the metrics of the run."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

import nbtrack
from nbtrack.base.config import Project
from nbtrack.base.errors import CannotRun
from nbtrack.runs import contract as c
from nbtrack.runs.service import RunsService

from .conftest import Kernel

pytestmark = pytest.mark.filterwarnings("default")  # of nbclient and jupyter_client

CELLS = (
    "import math, random\nfrom __future__ import annotations\nrandom.seed(3)",
    "with open('numbers.txt') as file:\n    numbers = [float(one) for one in file.read().split()]\nprint('read')",
    "unrelated = 1 / 3",
    "%%track base -t stage=first\nimport nbtrack\nfactor = 3\ntotal = math.fsum(numbers) * factor\n"
    "nbtrack.log({'seen': total})",
    "names = !echo one two\n%cd -q .\n%time doubled = total * 2\nif doubled:\n    !true\nlen?",
)
OWN = (
    "%%track mine --experiment digits\n%config Completer.use_jedi = False\nlr = 0.1\ndepth = 4\n"
    "for step in range(3):\n    nbtrack.log({'loss': lr / (step + 1)}, step=step)\n"
    "print('''two\nlines''')\nfrom IPython.display import HTML, display\ndisplay(HTML('<b>bold</b>'))\n"
    "with nbtrack.start_run(name='fold'):\n    nbtrack.log({'score': doubled})\n"
    "accuracy = doubled * lr + random.random() + len(names)\naccuracy"
)
SWEPT = "%%track grid --sweep lr=0.1,0.2\nlr = 0.5\nscore = lr * total"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with what one kernel recorded; each test reads it, none changes it."""
    root = tmp_path_factory.mktemp("recorded")
    (root / "numbers.txt").write_text("1.5 2.5")
    project = Project(root)
    project.create()
    kernel = Kernel(project)
    for number, code in enumerate(CELLS):
        reply = kernel.run(
            code if number else code.replace("from __future__ import annotations\n", ""), cell=f"c{number}"
        )
        assert reply.status == "ok", reply.traceback
    assert kernel.run(OWN, cell="own").status == "ok"
    assert kernel.run(SWEPT, cell="swept").status == "ok"
    assert kernel.run("%%track broken\nacc = 1.0\nraise ValueError('no <b>')", cell="broken").status == "error"
    assert kernel.run("%%track alone\nwidth = 3\narea = width**2", cell="alone").status == "ok"
    kernel.settle()
    kernel.close()
    return project


def metrics_of(project: Project, name: str) -> dict[str, list[float]]:
    service = RunsService(project)
    row = service.row(name)
    return {key: list(service.history(row.id, key).values) for key in row.metrics if not key.startswith("system/")}


def elsewhere(project: Project, tmp_path: Path) -> Project:
    """Another folder with the data, where what was exported is run."""
    (tmp_path / "numbers.txt").write_text((project.root / "numbers.txt").read_text())
    made = Project(tmp_path)
    made.create()
    return made


def executed(path: Path) -> Any:
    from nbclient import NotebookClient

    notebook: Any = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    before = {key: os.environ.pop(key, None) for key in ("NBTRACK_PARENT", "JPY_SESSION_NAME")}
    try:
        os.environ["JPY_SESSION_NAME"] = str(path)
        NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(path.parent)}}).execute()
    finally:
        os.environ.pop("JPY_SESSION_NAME")
        os.environ.update({key: value for key, value in before.items() if value is not None})
    return notebook


def test_the_notebook_of_a_run_gives_its_metrics_in_a_fresh_kernel(recorded: Project, tmp_path: Path) -> None:
    there = elsewhere(recorded, tmp_path)
    path = tmp_path / "mine.ipynb"
    nbtrack.export(path, "mine", project=recorded)
    notebook: Any = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    nbformat.validate(notebook)
    sources = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    assert "unrelated = 1 / 3" not in sources
    assert sources[-1] == OWN
    assert notebook.metadata.kernelspec.name == "python3"
    assert notebook.metadata.nbtrack.exported == RunsService(recorded).row("mine").id
    assert [cell.execution_count for cell in notebook.cells[2:]] == [2, 3, 5, 6, 7]
    outputs = notebook.cells[-1].outputs
    assert [one.output_type for one in outputs] == ["stream", "display_data", "execute_result"]
    assert outputs[0].text == "two\nlines\n"
    assert outputs[1].data["text/html"] == "<b>bold</b>"
    again = executed(path)
    (result,) = [one for one in again.cells[-1].outputs if one.output_type == "execute_result"]
    assert result.data["text/plain"] == outputs[2].data["text/plain"]
    for name in ("mine", "fold", "base"):
        assert metrics_of(there, name) == metrics_of(recorded, name) != {}
    assert RunsService(there).row("mine").params == RunsService(recorded).row("mine").params


def test_the_script_of_a_run_gives_its_metrics(recorded: Project, tmp_path: Path) -> None:
    there = elsewhere(recorded, tmp_path)
    path = tmp_path / "mine.py"
    nbtrack.export(path, "mine", project=recorded)
    ast.parse(path.read_text())
    environment = {**os.environ, "NBTRACK_PARENT": ""}
    environment.pop("NBTRACK_DIR", None)
    done = subprocess.run(
        [sys.executable, str(path)], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("read\n")
    for name in ("mine", "fold", "base"):
        assert metrics_of(there, name) == metrics_of(recorded, name) != {}
    row, was = RunsService(there).row("mine"), RunsService(recorded).row("mine")
    assert (row.status, row.experiment, row.params) == ("finished", "digits", was.params)
    assert RunsService(there).row("base").tags == {"stage": "first"}
    assert "#   len?" in path.read_text()


def test_a_plain_script_needs_no_nbtrack(recorded: Project) -> None:
    text = str(nbtrack.export(runs="alone", format="py", plain=True, project=recorded))
    assert text.splitlines()[1:] == ["", "# In[10]", "width = 3", "area = width**2"]
    scope: dict[str, int] = {}
    exec(text, scope)
    assert scope["area"] == 9
    kept = str(nbtrack.export(runs="grid-1", format="py", plain=True, project=recorded))
    assert "nbtrack.start_run" in kept, "a cell behind it logs by itself"


def test_a_trial_goes_out_alone(recorded: Project, tmp_path: Path) -> None:
    there = elsewhere(recorded, tmp_path)
    nbtrack.export(tmp_path / "trial.ipynb", "grid-2", project=recorded)
    again = executed(tmp_path / "trial.ipynb")
    assert "--sweep" not in again.cells[-1].source
    assert metrics_of(there, "grid-2") == metrics_of(recorded, "grid-2") == {"score": [0.2 * 12.0]}
    with pytest.raises(CannotRun, match="kind sweep"):
        nbtrack.export(tmp_path / "sweep.py", "grid", project=recorded)


def test_a_run_that_failed_goes_out_with_its_error(recorded: Project, tmp_path: Path) -> None:
    nbtrack.export(tmp_path / "broken.ipynb", "broken", project=recorded)
    notebook: Any = nbformat.read(tmp_path / "broken.ipynb", as_version=4)  # type: ignore[no-untyped-call]
    (error,) = notebook.cells[-1].outputs
    assert (error.output_type, error.ename, error.evalue) == ("error", "ValueError", "no <b>")


def test_a_run_begun_inside_a_cell_goes_out_with_the_cell(recorded: Project, tmp_path: Path) -> None:
    nbtrack.export(tmp_path / "fold.ipynb", "fold", project=recorded)
    notebook: Any = nbformat.read(tmp_path / "fold.ipynb", as_version=4)  # type: ignore[no-untyped-call]
    assert notebook.cells[-1].source == OWN
    assert "begun inside of the run mine" in notebook.cells[0].source


def test_an_export_into_another_folder_finds_the_files_of_the_notebook(recorded: Project) -> None:
    (recorded.root / "exports").mkdir(exist_ok=True)
    path = recorded.root / "exports" / "grid-1.py"
    nbtrack.export(path, "grid-1", project=recorded)
    text = path.read_text()
    assert "os.chdir(folder)" in text
    nbtrack.export(path, "grid-1", project=recorded)  # an export may be replaced
    nbtrack.export(path.with_suffix(".ipynb"), "grid-1", project=recorded)
    notebook: Any = nbformat.read(path.with_suffix(".ipynb"), as_version=4)  # type: ignore[no-untyped-call]
    assert 'os.chdir("..")' in notebook.cells[1].source
    nbtrack.export(path.with_suffix(".ipynb"), "grid-1", project=recorded)


def test_a_script_is_not_made_of_a_run_without_cells(project: Project) -> None:
    with nbtrack.start_run(name="script"):
        pass
    with pytest.raises(CannotRun, match="no cells to execute"):
        nbtrack.export(format="py", runs="script")
    assert RunsService(project).page(c.PageRequest()).matched == 1
