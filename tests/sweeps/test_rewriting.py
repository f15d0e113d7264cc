"""The text of a cell for one trial, and what tells one trial from another."""

from __future__ import annotations

from typing import Any

import pytest

from nbtrack.base.errors import InvalidOption
from nbtrack.capture.effects import read_effects
from nbtrack.capture.notebooks import alike
from nbtrack.capture.syntax import read_cell
from nbtrack.sweeps.keys import cell_key, function_key, trial_key
from nbtrack.sweeps.rewriting import Template
from nbtrack.sweeps.spec import checked
from nbtrack.sweeps.values import Choices


def test_literals_are_replaced_and_all_else_stays() -> None:
    cell = "# setup\nlr = 1e-2  # rate\ncfg = {'opt': 'adam', \"depth\": 3}\nm = Model(max_iter=10, seed=0)\n%cd x\n"
    values: dict[str, Any] = {"lr": 0.5, "cfg.depth": 7, "Model.max_iter": 20}
    text = Template(cell, values).text(values)
    assert text == (
        "# setup\nlr = 0.5  # rate\ncfg = {'opt': 'adam', \"depth\": 7}\nm = Model(max_iter=20, seed=0)\n%cd x\n"
    )


def test_a_name_that_the_cell_only_reads_is_set_in_front_of_it() -> None:
    template = Template("%%time\n\nloss = batch * lr\n", ["batch", "lr"])
    assert template.injected == ("batch", "lr")
    assert template.text({"batch": 8, "lr": 0.1}) == "%%time\n\nbatch = 8; lr = 0.1\nloss = batch * lr\n"


def test_a_cell_that_is_indented_as_a_whole_stays_so() -> None:
    assert Template("  loss = batch\n", ["batch"]).text({"batch": 8}) == "  batch = 8\n  loss = batch\n"


@pytest.mark.parametrize(
    ("cell", "name", "said"),
    [
        ("lr = 0.1\ndepth = 2", "dept", r"does not assign 'dept'. It assigns depth, lr\.$"),
        ("print(1)", "lr", "does not assign 'lr'. It assigns no literals"),
        ("lr = float(x)\ndepth = 2", "lr", "gives 'lr' no literal at its top level"),
        ("for lr in (1, 2): pass", "lr", "no literal at its top level"),
        ("lr = = 2", "lr", "mistake in line 1"),
        ("%%bash\nls", "lr", "does not assign"),
        ("lr = 0.1", "print", "does not assign 'print'"),
    ],
)
def test_a_name_that_cannot_be_set_is_refused_with_those_that_can(cell: str, name: str, said: str) -> None:
    with pytest.raises(InvalidOption, match=said):
        Template(cell, [name])


def test_two_names_of_one_literal_are_refused() -> None:
    with pytest.raises(InvalidOption, match="are one literal"):
        Template("a = b = 1", ["a", "b"])


def test_a_value_that_could_not_be_read_again_is_refused_before_anything_runs() -> None:
    template = Template("m = Model(n=1)\nk = Model(n=2)", ["Model#2.n"])
    with pytest.raises(InvalidOption, match=r"'Model#2\.n' cannot be set"):
        template.check(checked({"Model#2.n": Choices((1,))}))


def key(code: str, namespace: dict[str, Any], *swept: str) -> str:
    return cell_key(code, read_cell(code), namespace, swept)


def test_a_trial_is_the_same_by_code_settings_functions_and_values() -> None:
    space: dict[str, Any] = {"__name__": "__main__", "batch": 8, "data": object()}
    exec("def score(x): return x * batch\nclass Net:\n    def go(self): return 1", space)
    code = "lr = 0.1\nloss = score(lr) + batch; Net(); data"
    known = key(code, space, "lr")
    assert key(f"\n{code}  \n", space, "lr") == known
    assert key(code, {**space, "other": 1, "lr": 5}, "lr") == known
    assert key(code.replace("loss", "cost"), space, "lr") != known
    assert key(code, {**space, "batch": 16}, "lr") != known
    again = dict(space)
    exec("def score(x): return x - batch", again)
    assert key(code, again, "lr") != known
    exec("\n\ndef score(x): return x * batch", again)
    assert key(code, again, "lr") == known
    assert trial_key(known, {"lr": 1}) != trial_key(known, {"lr": 1.0})
    assert trial_key(known, {"lr": 1, "x": (1,)}) == trial_key(known, {"x": [1], "lr": 1})


def test_a_trial_is_another_where_the_data_that_it_reads_are() -> None:
    import numpy

    code, data = "loss = data.mean()", numpy.arange(5000.0)
    known = key(code, {"data": data})
    assert key(code, {"data": data.copy()}) == known
    assert key(code, {"data": data + 1}) != known


def test_a_name_that_the_cell_itself_changes_does_not_make_each_execution_another() -> None:
    assert key("count = count + 1", {"count": 1}) == key("count = count + 1", {"count": 2})


def test_a_function_is_the_same_by_its_code_and_that_of_those_it_calls() -> None:
    space: dict[str, Any] = {"__name__": "mod"}
    exec("def inner(x): return x\ndef outer(x, y=2): return inner(x) in {1, 2}", space)
    known = function_key(space["outer"])
    exec("def inner(x): return x", space)
    assert function_key(space["outer"]) == known
    exec("def inner(x): return -x", space)
    assert function_key(space["outer"]) != known
    assert function_key(len) == function_key(len)


def test_a_trial_is_no_edit_of_its_cell_and_the_cell_by_itself_binds_nothing() -> None:
    body = "lr = -0.5\nsizes = [1, 2]\nmodel = fit(lr, n=3) * batch\n"
    cell = f"%%track --sweep lr=1,2 --sweep batch=8\n{body}"
    template = Template(body, ["lr", "sizes", "fit.n", "batch"])
    trial = f"%%track x-1\n{template.text({'lr': 2, 'sizes': [3], 'fit.n': 9, 'batch': 8})}"
    assert alike(cell, trial)
    assert alike(trial, cell)
    assert not alike(cell, trial.replace("fit", "train"))
    assert not alike(cell, trial.replace("batch = 8", "prepare()"))
    assert not alike(f"%%track\n{body}", trial)
    assert read_effects(cell).stored == frozenset()
    assert {"lr", "model"} <= set(read_effects(trial).stored)
