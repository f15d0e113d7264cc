"""Why a run is different: with what it is compared, what changed, and in which order."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from nbtrack.api.dispatch import dispatch
from nbtrack.base.errors import InvalidOption, NotFound, StoreError
from nbtrack.lineage import sizes, words
from nbtrack.lineage.code import ABSENT
from nbtrack.lineage.packages import imported
from nbtrack.runs.contract import RunsRequest
from nbtrack.runs.editing import EditingService


def compared(notebook: Any, run: str) -> tuple[str | None, str]:
    found = notebook.explain(run)
    return found.left and found.left.name, found.chosen


# -- with what it is compared


def test_it_is_compared_with_the_run_of_its_cell_before_it(notebook: Any) -> None:
    notebook.run("one")
    notebook.run("other cell", cell="c2")
    notebook.run("other notebook", notebook="b.ipynb")
    notebook.run("two", experiment="elsewhere")
    notebook.run("three")
    assert compared(notebook, "three") == ("two", "the run of this cell before it")
    assert compared(notebook, "two") == ("one", "the run of this cell before it")


def test_without_an_earlier_run_of_its_cell_there_is_nothing_to_compare(notebook: Any) -> None:
    notebook.run("other", "other()", cell="c0")
    notebook.run("first", "first()")
    notebook.run("later", "first()")
    found = notebook.explain("first")
    assert (found.left, found.reasons, found.outcome) == (None, [], [])
    assert found.chosen == "there is no earlier run of this cell"
    assert found.right.name == "first"


def test_a_cell_that_got_another_id_is_known_by_its_code(notebook: Any) -> None:
    notebook.run("one", "fit()", cell="old")
    notebook.run("between", "other()", cell="c2")
    notebook.run("two", "fit()", cell="new")
    assert compared(notebook, "two") == ("one", "the run of the same code before it")


def test_a_cell_without_an_id_is_compared_with_its_code_or_the_run_before(notebook: Any) -> None:
    notebook.run("one", "fit(1)", cell=None)
    notebook.run("two", "fit(2)", cell=None)
    notebook.run("three", "fit(1)", cell=None)
    assert compared(notebook, "three") == ("one", "the run of the same code before it")
    assert compared(notebook, "two") == ("one", "the run before it in this notebook and experiment")
    assert compared(notebook, "one") == (None, "there is no earlier run like it")


def test_a_script_is_compared_with_the_run_before_it_in_its_experiment(notebook: Any) -> None:
    script = {"kind": "script", "notebook": None, "cell": None}
    notebook.run("one", None, **script)
    notebook.run("elsewhere", None, **{**script, "experiment": "old"})
    notebook.run("cell")
    notebook.run("two", None, **script)
    assert compared(notebook, "two") == ("one", "the run before it in this experiment")


def test_runs_in_the_trash_and_runs_inside_runs_do_not_count(notebook: Any) -> None:
    parent = notebook.run("one")
    notebook.run("child one", parent=parent)
    notebook.run("in the trash")
    notebook.run("two")
    notebook.run("child two", parent=parent)
    EditingService(notebook.reads).trash(RunsRequest(["in the trash"]))
    assert compared(notebook, "two")[0] == "one"
    assert compared(notebook, "child two")[0] == "child one"
    assert compared(notebook, "in the trash")[0] == "one"


def test_it_is_compared_with_the_run_that_was_chosen(notebook: Any) -> None:
    notebook.run("one", explicit={"lr": 1})
    notebook.run("two", explicit={"lr": 2})
    notebook.run("three", explicit={"lr": 3})
    found = notebook.explain("three", "one")
    assert (found.left.name, found.chosen) == ("one", "the run you chose")
    assert notebook.texts("three", "one") == ["params.lr: 1 → 3"]
    assert notebook.texts("one", "three") == ["params.lr: 3 → 1"]


def test_a_run_that_does_not_exist_is_refused(notebook: Any) -> None:
    with pytest.raises(StoreError, match="No runs"):
        notebook.explain("one")
    one = notebook.run("one")
    for run, against in (("x", None), ("one", "x"), ("x" * 10_000, None), ("", None), ("<script>", None)):
        with pytest.raises(NotFound):
            notebook.explain(run, against)
    for same in ("one", one.id, "@1"):
        with pytest.raises(InvalidOption, match="itself"):
            notebook.explain("one", same)


# -- what changed


def test_nothing_changed_is_no_reason(notebook: Any) -> None:
    about = {"explicit": {"lr": math.nan}, "environment": {"python": "3.11", "packages": {}}, "git": {"commit": "a"}}
    notebook.run("one", metrics={"acc": 0.5}, **about)
    notebook.run("two", metrics={"acc": 0.5}, **about)
    found = notebook.explain("two")
    assert (found.reasons, found.outcome) == ([], [])


def test_the_outcome_is_the_metrics_that_differ(notebook: Any) -> None:
    notebook.run("one", metrics={"acc": 0.5, "loss": 1.0, "gone": 1.0})
    notebook.run("two", metrics={"acc": 0.6, "loss": 1.0, "nan": math.nan})
    found = {change.name: (change.left, change.right) for change in notebook.explain("two").outcome}
    assert found["acc"] == (0.5, 0.6)
    assert found["gone"] == (1.0, None)
    assert set(found) == {"acc", "gone", "nan"}


def test_the_likeliest_cause_comes_first(notebook: Any) -> None:
    environment = {
        "python": "3.11.2",
        "memory": 10**9,
        "cpu": {"model": "a"},
        "packages": {"numpy": "2.0", "torch": "2.1", "attrs": "1", "scikit-learn": "1.4", "idna": "3"},
    }
    notebook.run(
        "one",
        "import numpy as np\nlr = 0.1\nseed = 1\nfit()  # a\nsave()\n",
        explicit={"batch": 32, "dim": 100},
        captured={"lr": 0.1, "seed": 1, "kind": "a", "depth": 10},
        data=[{"name": "train", "kind": "frame", "hash": "a" * 64}],
        git={"commit": "1" * 40, "dirty": False, "diff": ""},
        environment=environment,
    )
    packages = {"numpy": "2.1", "torch": "2.2", "attrs": "2", "scikit-learn": "1.4", "idna": "3", "new": "1"}
    notebook.run(
        "two",
        "import numpy as np\nlr = 0.01\nseed = 2\nfit()  # b\nsave(all=True)\n",
        explicit={"batch": 64, "dim": 101},
        captured={"lr": 0.01, "seed": 2, "kind": "b", "depth": 11},
        data=[{"name": "train", "kind": "frame", "hash": "b" * 64}],
        git={"commit": "2" * 40, "dirty": True, "diff": "diff --git a/model.py b/model.py\n+x\n"},
        environment={**environment, "python": "3.12.0", "cpu": {"model": "b"}, "packages": packages},
        end=("failed", "ValueError: no"),
    )
    assert notebook.texts("two") == [
        "status: finished → failed ('ValueError: no')",
        "code: 1 added and 1 removed lines",
        "params.batch: 32 → 64",
        "params.dim: 100 → 101",
        "params.kind: 'a' → 'b'",
        "params.lr: 0.1 → 0.01",
        "params.depth: 10 → 11",
        "data.train: aaaaaaaa → bbbbbbbb",
        "params.seed: 1 → 2",
        "git commit: 11111111 → 22222222",
        "uncommitted changes: model.py",
        "numpy: 2.0 → 2.1",
        "torch: 2.1 → 2.2",
        "python: 3.11.2 → 3.12.0",
        "2 other packages: attrs: 1 → 2, new: not there → 1",
        "cpu: {'model': 'a'} → {'model': 'b'}",
        "comments and spacing: 1 added and 1 removed lines",
    ]
    kinds = [one.what for one in notebook.explain("two").reasons]
    assert kinds == ["status", "code", *["param"] * 5, "data", "param", *["git"] * 2, *["environment"] * 5, "code"]


def test_a_change_is_told_once_as_the_param_or_as_the_code(notebook: Any) -> None:
    notebook.run("one", "%%track\nlr = 0.1\nfit(lr)\n", captured={"lr": 0.1})
    notebook.run("two", "%%track\nlr = 0.01\nfit(lr)\n", captured={"lr": 0.01})
    assert notebook.texts("two") == ["params.lr: 0.1 → 0.01"]
    notebook.run("three", "%%track\nlr = 0.1\nfit(lr * 2)\n", captured={"lr": 0.1})
    code, param = notebook.explain("three").reasons
    assert [line.text for line in code.lines] == ["fit(lr)", "fit(lr * 2)"]
    assert "lines that only give params other values are left out" in code.why
    assert (param.text, param.left, param.right) == ("params.lr: 0.01 → 0.1", 0.01, 0.1)
    assert param.why == "assigned in the cell; 10 times larger"


def test_a_param_of_one_run_alone_and_one_of_none_are_told_apart(notebook: Any) -> None:
    notebook.run("one", explicit={"a": None, "b": 1})
    notebook.run("two", explicit={"a": 1})
    found = {one.name: one for one in notebook.explain("two").reasons}
    assert found["a"].text == "params.a: None → 1"
    assert found["b"].text == "params.b: 1 → not set"
    assert found["b"].why == "logged by hand; set in one of the two runs only"
    assert (found["b"].left, found["b"].right) == (1, None)


def test_the_code_of_cells_that_the_cell_takes_names_from_counts(notebook: Any) -> None:
    helper = "def scale(x):\n    return x / {}\n"
    model = "def make(n):\n    return scale(n)\n"
    unused = "unused = {}\n"
    notebook.run("one", "m = make(3)\n", before=[helper.format(2), model, unused.format(1), "k = 1"])
    notebook.run("two", "m = make(3)\n", before=[helper.format(4), unused.format(2)])
    (reason,) = notebook.explain("two").reasons
    assert (reason.what, reason.name, reason.text) == (
        "code",
        "scale",
        "the cell that defines scale: 1 added and 1 removed lines",
    )
    assert [line.text for line in reason.lines] == ["    return x / 2", "    return x / 4"]


def test_a_literal_in_another_cell_is_its_param_too(notebook: Any) -> None:
    notebook.run("one", "fit(lr)\n", before=["lr = 0.1"], captured={"lr": 0.1})
    notebook.run("two", "fit(lr)\n", before=["lr = 0.2"], captured={"lr": 0.2})
    assert notebook.texts("two") == ["params.lr: 0.1 → 0.2"]


@pytest.mark.parametrize(
    ("left", "right", "texts"),
    [
        (("failed", "ValueError: a"), ("failed", "KeyError: b"), ["error: 'ValueError: a' → 'KeyError: b'"]),
        (("failed", "ValueError: a"), ("failed", "ValueError: a"), []),
        (("failed", "ValueError: a"), (), ["status: failed → finished ('ValueError: a')"]),
        ((), ("interrupted", None), ["status: finished → interrupted"]),
    ],
)
def test_another_end_comes_first(notebook: Any, left: Any, right: Any, texts: list[str]) -> None:
    notebook.run("one", end=left)
    notebook.run("two", end=right)
    assert notebook.texts("two") == texts


@pytest.mark.parametrize(
    ("left", "right", "texts"),
    [
        ({"hash": "a" * 64, "path": "x"}, {"hash": "a" * 64, "path": "y"}, []),
        ({"info": {"shape": [9, 2]}}, {"info": {"shape": [8, 2]}}, ["data.d: shape: [9, 2] → [8, 2]"]),
        ({"path": "x"}, {"path": "y"}, ["data.d: path: 'x' → 'y'"]),
        ({"hash": "a" * 64}, {}, []),
        ({}, None, ["data.d: read by the other run only"]),
        (None, {}, ["data.d: read by this run only"]),
    ],
    ids=str,
)
def test_data_is_compared_by_its_hash_or_what_is_known(notebook: Any, left: Any, right: Any, texts: list[str]) -> None:
    for name, about in (("one", left), ("two", right)):
        notebook.run(name, data=[] if about is None else [{"name": "d", "kind": "frame", **about}])
    assert notebook.texts("two") == texts


@pytest.mark.parametrize(
    ("left", "right", "texts"),
    [
        (None, {"commit": "a"}, []),
        ({"commit": None, "dirty": None}, {"commit": "b" * 40, "dirty": None}, ["git commit: None → bbbbbbbb"]),
        ({"commit": "a", "branch": "x", "remote": "r"}, {"commit": "a", "branch": "y", "remote": "s"}, []),
        ({"commit": "a", "dirty": True, "diff": None}, {"commit": "a", "dirty": True, "diff": "x"}, []),
        ({"commit": "a", "dirty": False}, {"commit": "a", "dirty": True}, ["uncommitted changes"]),
    ],
    ids=str,
)
def test_git_counts_where_both_recorded_it(notebook: Any, left: Any, right: Any, texts: list[str]) -> None:
    notebook.run("one", git=left)
    notebook.run("two", git=right)
    assert notebook.texts("two") == texts


def test_the_files_whose_uncommitted_changes_differ_are_named() -> None:
    left = "diff --git a/a.py b/a.py\n+1\ndiff --git a/b c.py b/b c.py\n+1\n"
    right = "diff --git a/a.py b/a.py\n+1\ndiff --git a/b c.py b/b c.py\n+2\ndiff --git a/d.py b/d.py\n+1\n"
    assert words.files(left, right) == ["b c.py", "d.py"]
    assert words.files("", "no diff at all") == []


def test_an_environment_that_one_did_not_record_is_not_compared(notebook: Any) -> None:
    notebook.run("one")
    notebook.run("two", environment={"python": "3.11", "packages": {"numpy": "1"}})
    assert notebook.texts("two") == []
    notebook.run("three", environment={"python": "3.11", "memory": 1000, "packages": {"numpy": "1"}})
    notebook.run("four", environment={"python": "3.11", "memory": 1001, "packages": {"numpy": "1"}})
    assert notebook.texts("four") == [], "a machine does not always say the same memory"


def test_a_package_that_another_cell_imported_comes_before_the_rest(notebook: Any) -> None:
    for name, version in (("one", "1"), ("two", "2")):
        packages = {"tiny": version, "zeta": version, "numpy": version}
        notebook.run(name, before=["from zeta.sub import x"], environment={"packages": packages})
    assert notebook.texts("two") == ["zeta: 1 → 2", "numpy: 1 → 2", "1 other packages: tiny: 1 → 2"]


def test_three_hundred_other_packages_are_one_reason(notebook: Any) -> None:
    for name, version in (("one", "1"), ("two", "2")):
        notebook.run(name, environment={"packages": {f"p{at}": version for at in range(300)}})
    (reason,) = notebook.explain("two").reasons
    assert reason.text.startswith("300 other packages: p0: 1 → 2, ")
    assert reason.text.endswith(", and 280 more")
    assert len(reason.left) == len(reason.right) == 300


def test_another_notebook_or_cell_is_said(notebook: Any) -> None:
    notebook.run("one")
    notebook.run("two", cell="c2")
    notebook.run("three", notebook="b.ipynb")
    assert notebook.texts("two", "one") == ["cell: another cell of the notebook"]
    assert notebook.texts("three", "one") == ["notebook: 'a.ipynb' → 'b.ipynb'"]


def test_odd_values_reach_the_wire(notebook: Any) -> None:
    odd = {
        "a": math.nan,
        "b": 2**60,
        "c": "<script>\ud800",
        "d": -(10**400),
        "e": [math.inf],
        "x" * 1000: True,
        "f": "f",
    }
    notebook.run("one", "<script>(", explicit=odd)
    notebook.run("two", "\u2028\0", explicit=dict.fromkeys(odd, "x" * 5000))
    answer = json.loads(dispatch(notebook.project, "lineage.explain", {"run": "two"}))
    found = {reason["name"]: reason for reason in answer["result"]["reasons"]}
    assert found["b"]["left"] == str(2**60)
    assert found["a"]["left"] == "NaN"
    assert found["c"]["left"] == "<script>?"
    assert all(len(reason["text"]) < 1200 for reason in found.values())


def test_ten_thousand_params_are_ranked(notebook: Any) -> None:
    notebook.run("one", explicit={f"p{at}": at for at in range(10_000)})
    notebook.run("two", explicit={f"p{at}": at + 1 for at in range(10_000)})
    found = notebook.explain("two").reasons
    assert len(found) == 10_000
    assert [one.name for one in found[:3]] == ["p0", "p1", "p2"], "the greatest relative change first"


# -- the sizes of changes


@pytest.mark.parametrize(
    ("left", "right", "size", "in_words"),
    [
        (0.1, 0.01, 0.9, "10 times smaller"),
        (32, 64, 0.5, "2 times larger"),
        (100, 101, 1 / 101, "1 % larger"),
        (100, 99, 0.01, "1 % smaller"),
        (1, 1 + 1e-9, 1e-9, "hardly larger"),
        (-2, -1, 0.5, "2 times smaller"),
        (-1, 1, 2.0, "another number"),
        (0, 5, 1.0, "another number"),
        (0, 0.0, 0.0, "another number"),
        (math.nan, 1, 2.0, "another number"),
        (1, math.inf, 2.0, "another number"),
        (10**400, 1, 2.0, "another number"),
        (5e-324, 1.7e308, 1.0, "much larger"),
        (1.7e308, -1.7e308, 2.0, "another number"),
        (True, 1, 1.0, "another value"),
        ("a", "b", 1.0, "another value"),
        (ABSENT, 1, 1.0, "set in one of the two runs only"),
        ([1], None, 1.0, "another value"),
    ],
)
def test_the_size_of_a_change(left: Any, right: Any, size: float, in_words: str) -> None:
    assert sizes.size(left, right) == pytest.approx(size, rel=1e-6)
    assert sizes.in_words(left, right) == in_words


@pytest.mark.parametrize(
    "name", ["seed", "SEED", "np.random_seed", "split.random_state", "rng", "torch_seed", "seed_2"]
)
def test_seeds_are_known_by_their_names(name: str) -> None:
    assert sizes.is_seed(name)


@pytest.mark.parametrize("name", ["seeds.count.n", "proceed", "random", "state", "strange", "linseedoil"])
def test_other_names_are_no_seeds(name: str) -> None:
    assert not sizes.is_seed(name)


def test_imports_are_found_in_texts_that_no_python_reads() -> None:
    texts = [
        "%%track\nimport numpy as np, cv2, os.path\nfrom sklearn.svm import SVC\n!pip",
        "  from PIL import Image\nimportant = 1\nfrom . import x\nx = 'import y'\n(",
        None,
        "import torch_geometric\nimport\nimport ,,",
    ]
    names = {"numpy", "opencv-python", "os", "scikit-learn", "pillow", "torch-geometric"}
    assert imported(texts) == names
