"""What a tracked cell read: DataFrames, arrays and tensors, files that it or a cell before it opened."""

from __future__ import annotations

import json
import subprocess
import time
from typing import Any

import pytest

from nbtrack.base.config import Project
from nbtrack.runs import contract as c
from nbtrack.runs.service import RunsService

from .conftest import PATIENCE, Kernel, latest

FRAME = "import pandas as pd\ndf = pd.DataFrame({'x': range(50), 'y': ['a', 'b'] * 25})"


def with_data(service: RunsService, *names: str) -> dict[str, c.Dataset]:
    """The data sets of the latest run, once these are among them: they come in the background."""
    deadline = time.monotonic() + PATIENCE / 3
    while True:
        found = {one.name: one for one in latest(service, "finished").datasets}
        if all(name in found for name in names):
            return found
        assert time.monotonic() < deadline, f"waited for {names}, found {sorted(found)}"
        time.sleep(0.05)


def settled(kernel: Kernel) -> None:
    """All that the kernel had to do in the background is done, and can be read."""
    code = "import nbtrack.capture.session as s; [one.settle() for one in s._sessions]"
    assert kernel.run(code).status == "ok"


def test_a_cell_has_the_table_it_reads_with_shape_dtypes_hash_and_the_cell_that_made_it(
    kernel: Kernel, service: RunsService
) -> None:
    kernel.run(FRAME, cell="made")
    kernel.run("%%track\nmean = df.x.mean()", cell="used")
    found = with_data(service, "df")["df"]
    assert (found.kind, found.path, found.info["shape"]) == ("DataFrame", None, [50, 2])
    assert found.info["columns"] == ["x", "y"]
    assert found.info["dtypes"]["x"] == "int64"
    assert found.hash is not None
    assert found.hash.startswith("sha256-")
    assert "sampled" not in found.info
    assert found.info["made_by"]["cell"] == "made"


def test_data_that_a_function_of_the_notebook_reads_are_the_cells_too(kernel: Kernel, service: RunsService) -> None:
    kernel.run("import numpy as np\nX = np.arange(12.0).reshape(3, 4)")
    kernel.run("def score():\n    return [X.sum() for _ in range(2)]")
    kernel.run("%%track\nvalue = score()[0]")
    found = with_data(service, "X")["X"]
    assert (found.kind, found.info["shape"], found.info["dtype"]) == ("ndarray", [3, 4], "float64")
    assert found.info["made_by"]["execution"] == 2  # the first was the extension


def test_the_hash_is_of_what_the_cell_met_not_of_what_it_left(kernel: Kernel, service: RunsService) -> None:
    kernel.run("import numpy as np\nX = np.zeros(10)")
    kernel.run("%%track\nX += 1\nmean = X.mean()")
    before = with_data(service, "X")["X"].hash
    kernel.run("X = np.zeros(10)")
    kernel.run("%%track again\nX += 1\nmean = X.mean()")
    assert latest(service, "finished").row.name == "again"
    assert with_data(service, "X")["X"].hash == before


def test_data_that_changed_are_flagged_on_the_run_that_saw_it_and_only_there(
    kernel: Kernel, service: RunsService
) -> None:
    use = "%%track {}\nmean = df.x.mean()"
    kernel.run(FRAME)
    kernel.run(use.format("first"), cell="used")
    assert "changed" not in with_data(service, "df")["df"].info
    kernel.run("df.loc[3, 'x'] = 99")
    kernel.run(use.format("second"), cell="used")
    changed = with_data(service, "df")["df"].info["changed"]
    assert changed["name"] == "first"
    kernel.run(use.format("third"), cell="used")
    assert "changed" not in with_data(service, "df")["df"].info


def test_files_that_the_cell_and_the_cells_behind_it_opened_are_its_data(
    kernel: Kernel, service: RunsService, project: Project
) -> None:
    (project.root / "data").mkdir()
    (project.root / "data" / "train.csv").write_text("x,y\n1,2\n3,4\n")
    (project.root / "own.json").write_text("{}")
    (project.root / "other.txt").write_text("nobody needs me")
    kernel.run("import pandas as pd\ntrain = pd.read_csv('data/train.csv')", cell="reads")
    kernel.run("other = open('other.txt').read()")
    kernel.run(
        "%%track\nimport json\nfrom pathlib import Path\nrows = len(train)\njson.loads(Path('own.json').read_text())"
    )
    found = with_data(service, "data/train.csv", "own.json")
    assert "other.txt" not in found
    train = found["data/train.csv"]
    assert (train.kind, train.path, train.info["size"]) == ("file", "data/train.csv", 12)
    assert train.info["read_by"]["cell"] == "reads"
    assert train.hash == "sha256-" + _sha256("x,y\n1,2\n3,4\n")
    assert "read_by" not in found["own.json"].info
    files = [path for path in found if found[path].kind == "file"]
    assert sorted(files) == ["data/train.csv", "own.json"]  # nothing of Python, packages or the system


def _sha256(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()


def test_a_file_that_was_overwritten_is_flagged_on_the_next_run_that_reads_it(
    kernel: Kernel, service: RunsService, project: Project
) -> None:
    place = project.root / "train.csv"
    place.write_text("x\n1\n")
    kernel.run("%%track first\ntext = open('train.csv').read()")
    assert "changed" not in with_data(service, "train.csv")["train.csv"].info
    place.write_text("x\n2\n")
    kernel.run("%%track second\ntext = open('train.csv').read() + ''")  # in another cell: the path counts
    assert with_data(service, "train.csv")["train.csv"].info["changed"]["name"] == "first"


def test_a_file_that_changed_after_it_was_read_has_no_hash_and_says_why(
    kernel: Kernel, service: RunsService, project: Project
) -> None:
    place = project.root / "train.csv"
    place.write_text("x\n1\n")
    kernel.run("text = open('train.csv').read()")
    place.write_text("x\n1\n2\n")
    kernel.run("%%track\nsize = len(text)")
    found = with_data(service, "train.csv")["train.csv"]
    assert (found.hash, found.info["since"]) == (None, "changed after it was read")


def test_a_file_that_a_cell_of_this_kernel_wrote_names_that_cell_and_what_the_cell_itself_wrote_is_no_input(
    kernel: Kernel, service: RunsService
) -> None:
    kernel.run("open('made.csv', 'w').write('1,2')", cell="writer")
    kernel.run("%%track\nmade = open('made.csv').read()\nopen('out.txt', 'w').write(made)\nopen('out.txt').read()")
    found = with_data(service, "made.csv")
    assert found["made.csv"].info["made_by"]["cell"] == "writer"
    assert "out.txt" not in found


def test_a_file_that_only_a_reader_in_c_opens_is_known_by_its_name_in_the_cell(
    kernel: Kernel, service: RunsService
) -> None:
    kernel.run("import polars as pl\npl.DataFrame({'x': [1, 2]}).write_parquet('t.parquet')", cell="writer")
    kernel.run("%%track\nt = pl.scan_parquet('t.parquet').collect()")
    found = with_data(service, "t.parquet")["t.parquet"]
    assert found.info["seen"] in ("named", "opened")
    assert found.info["made_by"]["cell"] == "writer"


def test_a_folder_stands_for_many_files_in_it(kernel: Kernel, service: RunsService, project: Project) -> None:
    folder = project.root / "images"
    for kind in ("cat", "dog"):
        (folder / kind).mkdir(parents=True)
        for number in range(30):
            (folder / kind / f"{number}.txt").write_text(kind * number)
    kernel.run("%%track\nfrom pathlib import Path\nall = [one.read_text() for one in Path('images').glob('*/*.txt')]")
    found = with_data(service, "images")
    assert [name for name in found if name.startswith("images")] == ["images"]
    images = found["images"]
    assert (images.kind, images.info["files"], images.info["opened"]) == ("folder", 60, 60)
    assert images.hash is not None
    (folder / "cat" / "3.txt").write_text("dog")
    kernel.run("%%track after\nall = [one.read_text() for one in Path('images').glob('*/*.txt')]")
    assert latest(service, "finished").row.name == "after"
    assert "changed" in with_data(service, "images")["images"].info


def test_a_database_is_not_opened_by_us(kernel: Kernel, service: RunsService) -> None:
    kernel.run("import sqlite3\nconn = sqlite3.connect('x.db')\n_ = conn.execute('CREATE TABLE t (a)')\nconn.commit()")
    kernel.run("%%track\nrows = sqlite3.connect('x.db').execute('SELECT * FROM t').fetchall()")
    found = with_data(service, "x.db")["x.db"]
    assert found.kind == "database"
    assert found.hash is not None
    assert found.hash.startswith("sha256.time-")


def test_git_and_dvc_are_asked_about_files(kernel: Kernel, service: RunsService, project: Project) -> None:
    def git(*words: str) -> None:
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *words], cwd=project.root, check=True)

    for name in ("kept.csv", "edited.csv", "new.csv", "big.csv"):
        (project.root / name).write_text(name)
    md5 = "9c1c5a8b2d9e4c9b1a1f1f0e8b7a6d5c"
    (project.root / "big.csv.dvc").write_text(f"outs:\n- md5: {md5}\n  size: 7\n  hash: md5\n  path: big.csv\n")
    (project.root / ".gitignore").write_text("big.csv\n")
    git("init", "-q")
    git("add", "kept.csv", "edited.csv", "big.csv.dvc", ".gitignore")
    git("commit", "-qm", "data")
    (project.root / "edited.csv").write_text("edited since")
    names = ("kept.csv", "edited.csv", "new.csv", "big.csv")
    kernel.run(f"%%track\ntexts = [open(name).read() for name in {names}]")
    found = with_data(service, *names)
    states = {name: found[name].info.get("git") for name in names}
    assert states == {"kept.csv": "tracked", "edited.csv": "modified", "new.csv": "untracked", "big.csv": "ignored"}
    assert found["big.csv"].info["dvc"] == {"pointer": "big.csv.dvc", "md5": md5, "same": False}


def test_what_the_user_logs_under_a_name_stays_and_has_a_hash(kernel: Kernel, service: RunsService) -> None:
    kernel.run(FRAME)
    kernel.run("%%track\nimport nbtrack\nnbtrack.log_input(df.head(3), 'df')\nmean = df.x.mean()")
    settled(kernel)
    found = latest(service, "finished").datasets
    assert [(one.name, one.info["shape"]) for one in found] == [("df", [3, 2])]
    assert found[0].hash is not None


HOSTILE = """
import numpy as np
class Raises:
    def __getattr__(self, name): raise RuntimeError(name)
    def __len__(self): raise RuntimeError("len")
    def __repr__(self): raise RuntimeError("repr")
    __hash__ = None
    def __eq__(self, other): raise RuntimeError("eq")
    def __iter__(self): raise RuntimeError("iter")
class Liar:
    __class__ = property(lambda self: 1 / 0)
class Listed(list):
    def __len__(self): raise RuntimeError("len")
    def __iter__(self): raise RuntimeError("iter")
circle = [1]; circle.append(circle)
stream = (number for number in range(5))
objects = np.empty(3, dtype=object); objects[0] = Raises; objects[1] = {"a": Liar()}
raises, liar, listed = Raises(), Liar(), Listed(range(2000))
deep = []
for _ in range(5000): deep = [deep]
plain = np.arange(3)
"""


def test_no_object_breaks_a_cell_and_no_generator_is_consumed(kernel: Kernel, service: RunsService) -> None:
    assert kernel.run(HOSTILE).status == "ok"
    names = "circle, stream, objects, raises, liar, listed, deep, plain"
    reply = kernel.run(f"%%track\nall_of_them = ({names})\nfirst = next(stream)\nprint('first', first)")
    assert (reply.status, "first 0" in reply.text, reply.error) == ("ok", True, "")
    assert "could not be tracked" not in reply.text
    found = with_data(service, "plain", "objects", "listed")
    assert found["objects"].info["partly"] is True
    assert "stream" not in found


@pytest.mark.parametrize("off", ["%unload_ext nbtrack", "settings"])
def test_nothing_is_seen_when_it_is_switched_off(project: Project, service: RunsService, off: str) -> None:
    if off == "settings":
        project.create()
        (project.folder / "settings.json").write_text(json.dumps({"capture": ["params"]}))
    (project.root / "x.csv").write_text("1")
    kernel = Kernel(project)
    try:
        if off != "settings":
            kernel.run(off)
        kernel.run("text = open('x.csv').read()")
        if off == "settings":
            kernel.run("%%track\nother = open('x.csv').read()")
            settled(kernel)
            assert latest(service, "finished").datasets == []
        code = "from nbtrack.capture.data import reading\nreading._under_way == [] or reading._under_way"
        assert kernel.run(code).result == "True"
    finally:
        kernel.close()


def test_an_execution_remembers_the_files_it_read(kernel: Kernel, service: RunsService, project: Project) -> None:
    (project.root / "x.csv").write_text("12")
    kernel.run("text = open('x.csv').read()\nopen('y.csv', 'w').write(text)")
    kernel.run("%%track\nsize = len(text)")
    settled(kernel)
    facts = _facts(service)
    assert [one["files"][0][::2] for one in facts if "files" in one] == [["x.csv", 2]]
    assert [one["written"] for one in facts if "written" in one] == [["y.csv"]]


def _facts(service: RunsService) -> list[dict[str, Any]]:
    run = latest(service, "finished").row.id
    return [one.facts for one in service.executions(c.RunRequest(run)).executions]
