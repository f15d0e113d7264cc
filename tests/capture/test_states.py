"""What is seen of executions, and that a slice worked out from it gives the same when it is executed alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbtrack.capture import fingerprints, states
from nbtrack.capture.session import Execution
from nbtrack.capture.slices import History, step_of
from nbtrack.capture.states import States


@pytest.fixture(autouse=True, scope="module")
def _looks_without_a_limit() -> Iterator[None]:
    """In time, and in how deep they go: what escapes a look is another thing than what is made of what was seen."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(states, "_SECONDS", 60.0)
        patch.setattr(states, "_LEVELS", 8)
        patch.setattr(fingerprints, "_DEEP", 8)  # more than `shown` shows
        yield


class Kernel:
    """Executes texts in one namespace, watched."""

    def __init__(self) -> None:
        self.namespace: dict[str, Any] = {"__name__": "__main__"}
        self.states = States()
        self.executions: list[Execution] = []

    def run(self, source: str) -> Execution:
        """Execute one cell; an error ends it, as in a kernel."""
        number = len(self.executions) + 1
        execution = Execution(number, source, source, execution=number)
        self.executions.append(execution)
        self.states.before(execution, self.namespace)
        try:
            exec(compile(source, "<cell>", "exec"), self.namespace)
            execution.status = "ok"
        except Exception as error:  # noqa: BLE001 (any)
            execution.status = "error"
            execution.failed(error, self.namespace)
        self.states.after(execution, self.namespace)
        return execution

    def slice(self) -> list[int]:
        """The executions behind the last one."""
        history = History(step_of(one) for one in self.executions)
        return history.slice(len(self.executions)).numbers


def test_facts_are_small_and_plain():
    kernel = Kernel()
    kernel.run("a = [1]\nb = a\nc = 0.5\ndef f():\n    a.append(c)")
    facts = kernel.run("f()").facts
    assert facts["mutated"] == ["a", "b"]
    assert facts["reached"] == ["a", "c"]
    assert facts["gives"] == {"a": "list of 2", "b": "list of 2"}
    assert kernel.run("a = 5\nif a > 7:\n    c = 1").facts["bound"] == ["a"]


def test_a_global_that_a_function_binds_is_seen():
    kernel = Kernel()
    kernel.run("count = 0\ndef more():\n    global count\n    count += 1")
    assert kernel.run("more()").facts["bound"] == ["count"]
    kernel.run("print(count)")
    assert kernel.slice() == [1, 2, 3]


def test_an_object_changed_by_way_of_what_holds_it_brings_the_cell_that_did_it():
    kernel = Kernel()
    for source in ("a = [0]", "b = [a, 1]", "b[0].append(2)", "c = [a]", "print(a)"):
        kernel.run(source)
    assert kernel.slice() == [1, 2, 3, 5]
    assert "drifted" not in kernel.executions[-1].facts


def test_a_global_that_only_a_function_ever_binds_is_seen():
    kernel = Kernel()
    kernel.run("def make():\n    global model\n    model = [1]")
    assert kernel.run("make()").facts["bound"] == ["model"]
    kernel.run("print(model)")
    assert kernel.slice() == [1, 2, 3]


def test_the_state_of_generators_is_seen_and_who_seeds_them():
    kernel = Kernel()
    kernel.run("import random\nimport numpy as np\ndef begin():\n    np.random.seed(1)")
    assert "drew" not in kernel.run("x = 1").facts
    assert kernel.run("np.random.rand()").facts["drew"] == ["numpy"]
    assert kernel.run("begin()").facts["seeded"] == ["numpy"]
    assert kernel.run("from sklearn.model_selection import train_test_split").status == "ok"
    assert kernel.run("train_test_split([1, 2, 3])").facts["drew"] == ["numpy"]
    assert kernel.slice()[-3:] == [4, 5, 6]


def test_a_module_that_was_set_up_brings_the_cell_that_did_it():
    kernel = Kernel()
    kernel.run("import decimal\nimport sys\nimport math")
    kernel.run("decimal.setcontext(decimal.Context(prec=5))")
    kernel.run("math.sqrt(2)\nsys.path.append('nowhere')\nsys.path.remove('nowhere')")
    kernel.run("third = decimal.Decimal(1) / 3")
    assert kernel.executions[1].facts["configured"] == ["decimal"]
    assert kernel.executions[2].facts["configured"] == ["sys"]
    assert kernel.slice() == [1, 2, 4]
    kernel.run("import decimal\nbox = {}\nbox.setdefault('a', 1)")
    assert "configured" not in kernel.executions[-1].facts


def test_a_change_that_nothing_names_is_told():
    kernel = Kernel()
    kernel.run("a = {'x': [1]}")
    kernel.run("print(a)")
    kernel.namespace["a"]["x"].append(2)
    assert kernel.run("print(a)").facts["drifted"] == ["a"]
    assert "drifted" not in kernel.run("print(a)").facts


def test_a_change_inside_is_not_lost_when_a_failed_cell_would_have_bound_the_name():
    kernel = Kernel()
    for source in ("a = [0]", "b = [a]", "a += [0]", "a = [0]", "b = a['k']", "print(b)"):
        kernel.run(source)
    assert kernel.slice() == [1, 2, 3, 6]


NAMES = ("a", "b", "c", "d")
TEMPLATES = (
    "{0} = [{n}]",
    "{0} = {n}",
    "{0} = {1}",
    "{0} = [{1}, {2}]",
    "{0} = {{'k': {1}}}",
    "{0} = {1}['k']",
    "{0} = {1}[0]",
    "{0} += [{n}]",
    "{0}.append({n})",
    "{0}[0] = {n}",
    "{0}['k'] = {1}",
    "{0}[0].append({n})",
    "del {0}",
    "if {n} % 2:\n    {0} = [{1}]",
    "for {0} in range({n}):\n    pass",
    "def {0}(x=0):\n    return [{1}, x]",
    "def {0}():\n    {1}.append({n})",
    "def {0}():\n    global {1}\n    {1} = [{n}]",
    "{0}()",
    "{0} = {1}()",
    "{0} = [{n}]\n{1}.append({n})\nraise ValueError",
    "exec('{0} = [{n}]')",
    "{0} = lambda: {1}",
    "class {0}:\n    def __call__(self):\n        return {1}",
)

cell = st.builds(
    lambda text, names, n: text.format(*names, n=n),
    st.sampled_from(TEMPLATES),
    st.lists(st.sampled_from(NAMES), min_size=3, max_size=3),
    st.integers(0, 5),
)


def shown(value: Any, depth: int = 0) -> str:
    """A value without what differs from process to process."""
    if depth > 6:
        return "…"
    if isinstance(value, list):
        return f"[{', '.join(shown(one, depth + 1) for one in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {shown(one, depth + 1)}' for key, one in value.items())}}}"
    return repr(value) if isinstance(value, int | str | None) else type(value).__name__


@settings(max_examples=80, deadline=None)
@given(st.lists(cell, min_size=2, max_size=10), st.sampled_from(NAMES))
def test_the_slice_alone_gives_what_the_whole_session_gave(cells: list[str], name: str) -> None:
    start = [f"{one} = [{at}]" for at, one in enumerate(NAMES)]
    kernel = Kernel()
    for source in (*start, *cells, f"out = {name}() if callable({name}) else {name}"):
        kernel.run(source)
    if kernel.executions[-1].status != "ok":
        return
    alone: dict[str, Any] = {"__name__": "__main__"}
    behind = kernel.slice()
    if any("drifted" in kernel.executions[number - 1].facts for number in behind):
        return  # it is said of a name that something no cell names has changed it
    for number in behind:
        with suppress(Exception):  # as in the session
            exec(compile(kernel.executions[number - 1].source, "<cell>", "exec"), alone)
    assert shown(alone.get("out")) == shown(kernel.namespace["out"])
