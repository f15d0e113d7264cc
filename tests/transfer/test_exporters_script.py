"""What becomes of IPython's own words in a script, and of recorded outputs in a notebook."""

from __future__ import annotations

import ast
import base64
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nbtrack
from nbtrack.base.config import Project
from nbtrack.base.errors import CannotRun
from nbtrack.execute.notebook import EXECUTED
from nbtrack.runs import current
from nbtrack.runs.service import RunsService
from nbtrack.transfer.exporters.notebook import outputs_of
from nbtrack.transfer.exporters.script import Script


def python(cell: str) -> str:
    script = Script()
    script.add(cell, "cell")
    return "\n".join(script.lines[1:-1])


@pytest.mark.parametrize(
    ("cell", "made"),
    [
        ("%%track name --sweep x=1\nx = 1", "x = 1"),
        ("%%track\n%%time\nx = 1", "x = 1"),
        ("%%timeit -n 1\nx = 1", "x = 1"),
        ("!ls -l", "subprocess.run('ls -l', shell=True)"),
        (
            "names = !ls",
            "names = subprocess.run('ls', shell=True, capture_output=True, text=True).stdout.splitlines()",
        ),
        ("%cd -q data", "os.chdir('data')"),
        ("%time fit(x)", "fit(x)"),
        ("%matplotlib inline\nx = 1", "pass  # IPython: %matplotlib inline\nx = 1"),
        ("if x:\n    %timeit f()\n    y = 1", "if x:\n    pass  # IPython: %timeit f()\n    y = 1"),
        ("t = %timeit -o f()", "t = None  # IPython: %timeit -o f()"),
        ("fit?", "pass  # IPython: fit?"),
        ("text = '''\n%cd x\n!ls\n'''", "text = '''\n%cd x\n!ls\n'''"),
        ("rest = 7 % 4\nx != 3", "rest = 7 % 4\nx != 3"),
        ("x = (1,\n  2)", "x = (1,\n  2)"),
        ("%%bash\necho 'a'", "subprocess.run(['bash', '-c', \"echo 'a'\"])"),
        ("%%writefile a.txt\nx\n", "pathlib.Path('a.txt').write_text('x\\n', encoding='utf-8')"),
        ("%%html\n<b>x</b>", "# %%html\n# <b>x</b>"),
        ("    x = 1\n    y = 2", "x = 1\ny = 2"),
        ("!echo a \\\n  b\nx = 1", "subprocess.run('echo a b', shell=True)\nx = 1"),
    ],
)
def test_what_only_ipython_reads_becomes_python(cell: str, made: str) -> None:
    assert python(cell) == made
    ast.parse(made)


def test_what_is_left_out_is_listed() -> None:
    script = Script()
    for cell in ("%run other.py", "%%html\n<b>", "%load_ext nbtrack", "x = 1"):
        script.add(cell, "cell")
    assert script.left == ["%run other.py", "%%html"]


@given(st.text(alphabet="ab=!%? \n'\"#\\({\t,;1", max_size=40))
@settings(deadline=None, max_examples=200)
def test_any_cell_becomes_some_text(cell: str) -> None:
    assert isinstance(python(cell), str)


def whole(project: Project, *sources: str) -> str:
    """A run of a notebook that was executed as a whole; its id."""
    import nbformat

    new: Any = nbformat.v4
    notebook = new.new_notebook(cells=[new.new_markdown_cell("# Title"), *map(new.new_code_cell, sources)])
    notebook.cells[1].outputs = [new.new_output("stream", text="said\n")]
    with current.begin(project, name="whole", kind="notebook", notebook="work.ipynb") as run:
        run.add_bytes(EXECUTED, nbformat.writes(notebook).encode())  # type: ignore[no-untyped-call]
    return run.id


def test_a_notebook_that_was_executed_goes_out_as_it_is(project: Project, tmp_path: Path) -> None:
    import nbformat

    run = whole(project, "from __future__ import annotations\nx = 1", "!true", "print(x)")
    nbtrack.export(tmp_path / "whole.ipynb", run)
    notebook: Any = nbformat.read(tmp_path / "whole.ipynb", as_version=4)  # type: ignore[no-untyped-call]
    assert [cell.source for cell in notebook.cells][::3] == ["# Title", "print(x)"]
    assert notebook.cells[1].outputs[0].text == "said\n"
    assert notebook.metadata.nbtrack.exported == run
    nbtrack.export(tmp_path / "whole.py", run)
    text = (tmp_path / "whole.py").read_text()
    assert text.splitlines()[1] == "from __future__ import annotations", "which has to stand before all else"
    done = subprocess.run([sys.executable, str(tmp_path / "whole.py")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr
    assert "nbtrack.start_run" not in text


def test_cells_that_no_script_can_hold_are_refused(project: Project, tmp_path: Path) -> None:
    run = whole(project, "await something()")
    with pytest.raises(CannotRun, match="are no script"):
        nbtrack.export(tmp_path / "x.py", run)
    assert not os.path.lexists(tmp_path / "x.py")


def test_outputs_come_back_in_the_form_of_a_notebook(project: Project) -> None:
    picture = b"\x89PNG\r\n\x1a\n"
    with current.begin(project, name="shown") as run:
        run.add_output("stdout", "text/plain", "a\n")
        run.add_output("stderr", "text/plain", "b\n")
        run.add_output("display", "text/html", "<b>x</b>", plain="x")
        run.add_bytes("outputs/1.png", picture, "image/png")
        run.add_output("display", "image/png", "<Figure>", artifact="outputs/1.png")
        run.add_output("display", "application/json", '{"a": [1]}')
        run.add_output("result", "text/plain", "3")
        run.add_output("error", "text/plain", "Traceback\nValueError: no: really")
        run.add_output("display", "image/png", "<Figure>", artifact="outputs/gone.png")
    made = list(outputs_of(RunsService(project), run.id, 5))
    assert [one.output_type for one in made] == [
        "stream", "stream", "display_data", "display_data", "display_data", "execute_result", "error", "display_data"
    ]  # fmt: skip
    assert (made[0].name, made[1].name) == ("stdout", "stderr")
    assert made[2].data == {"text/html": "<b>x</b>", "text/plain": "x"}
    assert made[3].data == {"text/plain": "<Figure>", "image/png": base64.b64encode(picture).decode()}
    assert made[4].data == {"application/json": {"a": [1]}}
    assert made[5].execution_count == 5
    assert (made[6].ename, made[6].evalue) == ("ValueError", "no: really")
    assert made[7].data == {"text/plain": "<Figure>"}
