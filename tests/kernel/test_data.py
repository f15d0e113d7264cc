"""What a tracked cell read: DataFrames, arrays and tensors, files that it or a cell before it opened."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from nbtrack.base.config import Project
from nbtrack.runs import contract as c
from nbtrack.runs.projects import forget_all
from nbtrack.runs.service import RunsService

from .conftest import PATIENCE, Kernel, Reply, latest

FRAME = "import pandas as pd\ndf = pd.DataFrame({'x': range(50), 'y': ['a', 'b'] * 25})"
# A cell waits 0.15 s for hashes, and git has two: on a busy machine something would be left out.
ALL_THE_TIME_IT_NEEDS = """
from nbtrack.capture import git
from nbtrack.capture.data import objects
git._TIMEOUT = objects._PATIENCE = 60.0
"""


class Bench:
    """One kernel in one project for all tests: names, files and cells are each test's own."""

    def __init__(self, root: Path) -> None:
        self.project = Project(root)
        self.root = root
        self.kernel = Kernel(self.project)
        self.kernel.quietly(ALL_THE_TIME_IT_NEEDS)
        self.service = RunsService(self.project)
        self.count = 0

    def run(self, code: str, cell: str | None = None) -> Reply:
        """Execute."""
        reply = self.kernel.run(code, cell)
        assert reply.status == "ok", reply.traceback
        return reply

    def tracked(self, code: str, *names: str, cell: str | None = None) -> dict[str, c.Dataset]:
        """Execute it tracked; the data sets of its run, once these are among them."""
        self.count += 1
        self.run(f"%%track run{self.count}\n{code}", cell)
        return self.data(*names)

    def data(self, *names: str) -> dict[str, c.Dataset]:
        """The data sets of the last run: they come in the background."""
        deadline = time.monotonic() + PATIENCE
        while True:
            found = {one.name: one for one in self.last().datasets}
            if all(name in found for name in names):
                return found
            assert time.monotonic() < deadline, f"waited for {names}, found {sorted(found)}"
            time.sleep(0.05)

    def last(self) -> c.RunDetail:
        """The last tracked run, ended."""
        deadline = time.monotonic() + PATIENCE
        while True:
            run = latest(self.service)
            if run.row.name == f"run{self.count}" and run.row.status == "finished":
                return run
            assert time.monotonic() < deadline, f"waited for run{self.count}, found {run.row}"
            time.sleep(0.05)

    def settle(self) -> None:
        """All that the kernel had to do in the background is done, and can be read."""
        self.kernel.settle()


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    root = tmp_path_factory.mktemp("data")
    (root / "nbtrack.toml").write_text("")
    made = Bench(root)
    yield made
    made.kernel.close()
    forget_all()


def test_a_cell_has_the_table_it_reads_with_shape_dtypes_hash_and_the_cell_that_made_it(bench: Bench) -> None:
    bench.run(FRAME, cell="made")
    found = bench.tracked("mean = df.x.mean()", "df", cell="used")["df"]
    assert (found.kind, found.path, found.info["shape"]) == ("DataFrame", None, [50, 2])
    assert found.info["columns"] == ["x", "y"]
    assert found.info["dtypes"]["x"] == "int64"
    assert found.hash is not None
    assert found.hash.startswith("sha256-")
    assert "sampled" not in found.info
    assert found.info["made_by"]["cell"] == "made"


def test_data_that_a_function_of_the_notebook_reads_are_the_cells_too(bench: Bench) -> None:
    bench.run("import numpy as np\nX = np.arange(12.0).reshape(3, 4)", cell="array")
    bench.run("def score():\n    return [X.sum() for _ in range(2)]")
    found = bench.tracked("value = score()[0]", "X")["X"]
    assert (found.kind, found.info["shape"], found.info["dtype"]) == ("ndarray", [3, 4], "float64")
    assert found.info["made_by"]["cell"] == "array"


def test_the_hash_is_of_what_the_cell_met_not_of_what_it_left(bench: Bench) -> None:
    bench.run("import numpy as np\nX = np.zeros(10)")
    before = bench.tracked("X += 1\nmean = X.mean()", "X")["X"].hash
    bench.run("X = np.zeros(10)")
    assert bench.tracked("X += 1\nmean = X.mean()", "X")["X"].hash == before


def test_data_that_changed_are_flagged_on_the_run_that_saw_it_and_only_there(bench: Bench) -> None:
    use = "mean = df.x.mean()"
    bench.run(FRAME)
    first = bench.tracked(use, "df", cell="flagged")["df"]
    assert "changed" not in first.info
    name = bench.last().row.name
    bench.run("df.loc[3, 'x'] = 99")
    changed = bench.tracked(use, "df", cell="flagged")["df"].info["changed"]
    assert (changed["name"], changed["hash"]) == (name, first.hash)
    assert "changed" not in bench.tracked(use, "df", cell="flagged")["df"].info


def test_files_that_the_cell_and_the_cells_behind_it_opened_are_its_data(bench: Bench) -> None:
    (bench.root / "data").mkdir()
    (bench.root / "data" / "train.csv").write_text("x,y\n1,2\n3,4\n")
    (bench.root / "own.json").write_text("{}")
    (bench.root / "other.txt").write_text("nobody needs me")
    bench.run("import pandas as pd\ntrain = pd.read_csv('data/train.csv')", cell="reads")
    bench.run("other = open('other.txt').read()")
    code = "from pathlib import Path\nrows = len(train)\ntext = Path('own.json').read_text()"
    found = bench.tracked(code, "data/train.csv", "own.json")
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


def test_a_file_that_was_overwritten_is_flagged_on_the_next_run_that_reads_it(bench: Bench) -> None:
    place = bench.root / "over.csv"
    place.write_text("x\n1\n")
    assert "changed" not in bench.tracked("text = open('over.csv').read()", "over.csv")["over.csv"].info
    name = bench.last().row.name
    place.write_text("x\n2\n")
    found = bench.tracked("again = open('over.csv').read()", "over.csv", cell="another")  # the path counts
    assert found["over.csv"].info["changed"]["name"] == name


def test_a_file_that_changed_after_it_was_read_has_no_hash_and_says_why(bench: Bench) -> None:
    place = bench.root / "stale.csv"
    place.write_text("x\n1\n")
    bench.run("text = open('stale.csv').read()")
    place.write_text("x\n1\n2\n")
    found = bench.tracked("size = len(text)", "stale.csv")["stale.csv"]
    assert (found.hash, found.info["since"]) == (None, "changed after it was read")


def test_a_file_names_the_cell_that_wrote_it_and_what_the_cell_itself_wrote_is_no_input(
    bench: Bench,
) -> None:
    bench.run("open('made.csv', 'w').write('1,2')", cell="writer")
    found = bench.tracked(
        "made = open('made.csv').read()\nopen('out.txt', 'w').write(made)\nopen('out.txt').read()", "made.csv"
    )
    assert found["made.csv"].info["made_by"]["cell"] == "writer"
    assert "out.txt" not in found


def test_a_file_that_only_a_reader_in_c_opens_is_known_by_its_name_in_the_cell(bench: Bench) -> None:
    bench.run("import polars as pl\npl.DataFrame({'x': [1, 2]}).write_parquet('t.parquet')", cell="writer")
    read = "t = pl.scan_parquet('t.parquet').collect()"
    found = bench.tracked(read, "t.parquet")["t.parquet"]
    assert found.info["seen"] in ("named", "opened")
    assert found.info["made_by"]["cell"] == "writer"
    bench.run("t.write_parquet('t.parquet')", cell="quick writer")  # within one tick of the file system's clock
    assert bench.tracked(read, "t.parquet")["t.parquet"].info["made_by"]["cell"] == "quick writer"


def test_a_folder_stands_for_many_files_in_it(bench: Bench) -> None:
    folder = bench.root / "images"
    for kind in ("cat", "dog"):
        (folder / kind).mkdir(parents=True)
        for number in range(30):
            (folder / kind / f"{number}.txt").write_text(kind * number)
    found = bench.tracked(
        "from pathlib import Path\nall = [one.read_text() for one in Path('images').glob('*/*')]", "images"
    )
    assert [name for name in found if name.startswith("images")] == ["images"]
    images = found["images"]
    assert (images.kind, images.info["files"], images.info["opened"]) == ("folder", 60, 60)
    assert images.hash is not None
    (folder / "cat" / "3.txt").write_text("dog")
    found = bench.tracked("all = [one.read_text() for one in Path('images').glob('*/*.txt')]", "images")
    assert "changed" in found["images"].info


def test_a_database_is_not_opened_by_us(bench: Bench) -> None:
    bench.run("import sqlite3\nconn = sqlite3.connect('x.db')\n_ = conn.execute('CREATE TABLE t (a)')\nconn.commit()")
    found = bench.tracked("rows = sqlite3.connect('x.db').execute('SELECT * FROM t').fetchall()", "x.db")["x.db"]
    assert found.kind == "database"
    assert found.hash is not None
    assert found.hash.startswith("sha256.time-")


def test_git_and_dvc_are_asked_about_files(bench: Bench) -> None:
    def git(*words: str) -> None:
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *words], cwd=bench.root, check=True)

    for name in ("kept.csv", "edited.csv", "new.csv", "big.csv"):
        (bench.root / name).write_text(name)
    md5 = "9c1c5a8b2d9e4c9b1a1f1f0e8b7a6d5c"
    (bench.root / "big.csv.dvc").write_text(f"outs:\n- md5: {md5}\n  size: 7\n  hash: md5\n  path: big.csv\n")
    (bench.root / ".gitignore").write_text("big.csv\n")
    git("init", "-q")
    git("add", "kept.csv", "edited.csv", "big.csv.dvc", ".gitignore")
    git("commit", "-qm", "data")
    (bench.root / "edited.csv").write_text("edited since")
    names = ("kept.csv", "edited.csv", "new.csv", "big.csv")
    found = bench.tracked(f"texts = [open(name).read() for name in {names}]", *names)
    states = {name: found[name].info.get("git") for name in names}
    assert states == {"kept.csv": "tracked", "edited.csv": "modified", "new.csv": "untracked", "big.csv": "ignored"}
    assert found["big.csv"].info["dvc"] == {"pointer": "big.csv.dvc", "md5": md5, "same": False}


def test_what_the_user_logs_under_a_name_stays_and_has_a_hash(bench: Bench) -> None:
    bench.run(FRAME)
    code = "import nbtrack\nnbtrack.log_input(df.head(3), 'df')\nmean = df.x.mean()\nother_read = plain_array.sum()"
    bench.run("import numpy as np\nplain_array = np.arange(3)")
    bench.tracked(code, "df", "plain_array")  # stored with the table that was found, before or after it
    bench.settle()
    found = bench.data("df")["df"]
    assert found.info["shape"] == [3, 2]
    assert found.hash is not None


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


def test_no_object_breaks_a_cell_and_no_generator_is_consumed(bench: Bench) -> None:
    bench.run(HOSTILE)
    names = "circle, stream, objects, raises, liar, listed, deep, plain"
    bench.count += 1
    code = f"%%track run{bench.count}\nall_of_them = ({names})\nfirst = next(stream)\nprint('first', first)"
    assert bench.run(code).text == "first 0\n"
    found = bench.data("plain", "objects", "listed")
    assert found["objects"].info["partly"] is True
    assert "stream" not in found


@pytest.mark.parametrize("off", ["%unload_ext nbtrack", "settings"])
def test_nothing_is_seen_when_it_is_switched_off(project: Project, off: str) -> None:
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
            kernel.settle()
            assert latest(RunsService(project), "finished").datasets == []
        code = "from nbtrack.capture.data import reading\nreading._under_way == [] or reading._under_way"
        assert kernel.run(code).result == "True"
    finally:
        kernel.close()


def test_an_execution_remembers_the_files_it_read(bench: Bench) -> None:
    (bench.root / "x.csv").write_text("12")
    bench.run("text = open('x.csv').read()\nopen('y.csv', 'w').write(text)", cell="remembers")
    bench.tracked("size = len(text)", "x.csv")
    bench.settle()
    before = bench.service.executions(c.RunRequest(bench.last().row.id)).executions
    facts = next(one.facts for one in before if one.cell == "remembers")
    assert facts["files"][0][::2] == ["x.csv", 2]
    assert facts["written"] == ["y.csv"]
