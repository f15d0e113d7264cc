"""The magics as a kernel calls them: what stands for ``{x}`` and ``$x``, long lines, and code that calls one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from nbtrack.base.config import Project
from nbtrack.runs.service import RunsService

from .conftest import PATIENCE, Kernel, latest

LONG = "x" * 100_001


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """One kernel for all of them."""
    found = Kernel(Project(tmp_path_factory.mktemp("calls")), NBTRACK_DIR="")
    found.run("name = 'forest'; lr = 0.1; result = 'a result'")
    yield found
    found.close()


@pytest.fixture
def service(kernel: Kernel) -> RunsService:
    return RunsService(kernel.project)


@pytest.mark.parametrize(
    "code",
    [
        f"%track show {LONG}",
        f"%track {LONG}",
        f"%%track {LONG}\nlr = 0.2",
        f"%%track --sweep lr=0.1 {LONG}\nlr = 0.1",
        f"%track show {{name}} {LONG}",
    ],
)
def test_a_line_that_is_too_long_is_refused_at_once(kernel: Kernel, code: str) -> None:
    reply = kernel.run(code)  # IPython, which would put in variables first, takes longer than a kernel here may
    assert reply.status == "error"
    assert "At most 100,000 are read." in reply.text
    assert "nbtrack/magics" not in "".join(reply.traceback)


def test_variables_are_put_into_the_lines_of_both_magics(kernel: Kernel, service: RunsService) -> None:
    assert kernel.run("%%track {name}-$lr --note {lr*2} --tag what=$name\nx = 1").status == "ok"
    run = latest(service, "finished", "forest-0.1").row
    assert (run.note, run.tags) == ("0.2", {"what": "forest"})
    for line in ("%track show {name}-{lr}", "%track show $name-$lr"):
        reply = kernel.run(line)
        assert (reply.status, "forest-0.1" in str(reply.result)) == ("ok", True), reply
    called = "def f(name):\n    get_ipython().run_line_magic('track', 'show {name}-0.1')\nf('nobody')"
    assert "'nobody-0.1'" in kernel.run(called).text


def test_what_ipython_itself_calls_its_things_is_not_put_in(kernel: Kernel, service: RunsService) -> None:
    """Of a cell's magic IPython looks for names among its own too, so its ``result`` stood for the user's."""
    reply = kernel.run("%%track '{result}' --sweep lr=0.1\nlr = 0.1\nloss = lr")
    assert reply.status == "ok", reply
    kernel.settle()  # the latest one in the file may be of another test until then
    assert latest(service, "finished").row.name.startswith("a result")


def test_a_cell_that_code_gives_to_the_magic_shows_its_result_once(kernel: Kernel) -> None:
    sent = kernel.send("get_ipython().run_cell_magic('track', 'by-code', '6 * 7')")
    results = []
    while True:
        message = kernel.client.get_iopub_msg(timeout=PATIENCE)
        if message["parent_header"].get("msg_id") == sent:
            if message["msg_type"] == "execute_result":
                results.append(message["content"]["data"]["text/plain"])
            elif message["content"].get("execution_state") == "idle":
                break
    kernel.client.get_shell_msg(timeout=PATIENCE)
    assert results == ["42"]
    assert kernel.run("_").result == "42"
