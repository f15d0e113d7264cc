"""The panel in a real kernel, asked as a browser asks: over comms, while cells run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from nbtrack.api.rooms import OPERATIONS
from nbtrack.runs import contract as c
from nbtrack.runs.service import RunsService

from .conftest import PATIENCE, Kernel, latest

MIME = "application/vnd.nbtrack.panel.v1+json"
WIDGET = "application/vnd.jupyter.widget-view+json"
# These tests are about Python: a stand-in for what js/ is built into does, and is there without Node.
SETUP = """
import pathlib, nbtrack, nbtrack.api.built as built
built.STATIC = pathlib.Path("static").absolute()
built.STATIC.mkdir(exist_ok=True)
for name in ("panel.js", "panel.css", "plotly.js"):
    (built.STATIC / name).write_text("// " + name)
"""
# Logs until the file `stop` is there: what arrives before it is made arrives while the cell runs.
TRAIN = """%%track train
import pathlib, time
{before}
for step in range(100_000):
    nbtrack.log({{"loss": 1 / (step + 1)}}, step=step)
    {during}
    if step == 3:
        print("under way")
    if pathlib.Path("stop").exists():
        break
    time.sleep(0.02)
print("done")
"""


@dataclass
class Answer:
    """One answer and its buffers."""

    content: dict[str, Any]
    buffers: list[bytes]


class Front:
    """What a browser does: executes cells, keeps what arrives on comms, asks."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.client = kernel.client
        self.messages: list[dict[str, Any]] = []
        self.answers: dict[tuple[str, int], Answer] = {}
        self.revisions: dict[str, list[int]] = {}
        self.states: dict[str, dict[str, Any]] = {}
        self.closed: set[str] = set()
        self.ended: set[str] = set()  # requests

    def hear(self, timeout: float = PATIENCE) -> dict[str, Any]:
        """The next message, sorted in."""
        message: dict[str, Any] = self.client.get_iopub_msg(timeout=timeout)
        content = message["content"]
        self.messages.append(message)
        match message["msg_type"]:
            case "status" if content["execution_state"] == "idle":
                self.ended.add(message["parent_header"]["msg_id"])
            case "comm_open":
                self.states[content["comm_id"]] = content["data"]["state"]
            case "comm_close":
                self.closed.add(content["comm_id"])
            case "comm_msg" if content["data"]["method"] == "custom":
                said, comm = content["data"]["content"], content["comm_id"]
                if "revision" in said:
                    self.revisions.setdefault(comm, []).append(said["revision"])
                else:
                    self.answers[comm, said["id"]] = Answer(said, [bytes(one) for one in message["buffers"]])
        return message

    def run(self, code: str, cell: str | None = None) -> list[dict[str, Any]]:
        """Execute and wait; what the cell showed."""
        return self.wait(self.kernel.send(code, cell))

    def wait(self, sent: str) -> list[dict[str, Any]]:
        """Until an execution has ended; what it showed, as (kind and content) of each output."""
        while sent not in self.ended:
            self.hear()
        while self.client.get_shell_msg(timeout=PATIENCE)["parent_header"].get("msg_id") != sent:
            pass
        kinds = ("stream", "display_data", "execute_result", "error")
        shown: list[dict[str, Any]] = []
        for one in self.messages:
            if one["parent_header"].get("msg_id") != sent or one["msg_type"] not in kinds:
                continue
            output = {"kind": one["msg_type"], **one["content"]}
            if shown and output["kind"] == "stream" and shown[-1].get("name") == output["name"]:
                shown[-1]["text"] += output["text"]  # one print may arrive in two messages, as a front end knows
            else:
                shown.append(output)
        return shown

    def show(self, code: str = "nbtrack.panel()", cell: str | None = None) -> str:
        """Run a cell that shows a panel; its model."""
        (bundle,) = [one["data"] for one in self.run(code, cell) if WIDGET in one.get("data", {})]
        return str(bundle[WIDGET]["model_id"])

    def tell(self, panel: str, message: Any, subshell: str | None = None) -> None:
        """Send a custom message."""
        content = {"comm_id": panel, "data": {"method": "custom", "content": message}}
        made = self.client.session.msg("comm_msg", content)
        if subshell is not None:
            made["header"]["subshell_id"] = subshell
        self.client.shell_channel.send(made)

    def ask(self, panel: str, number: int, subshell: str | None = None, **request: Any) -> Answer:
        """Ask, and wait for the answer."""
        self.tell(panel, {"v": 1, "id": number, **request}, subshell)
        deadline = time.monotonic() + PATIENCE
        while (panel, number) not in self.answers:
            self.hear(max(0.1, deadline - time.monotonic()))
        return self.answers[panel, number]

    def push(self, panel: str) -> str:
        """The second model of a panel."""
        return str(self.states[panel]["push"].removeprefix("IPY_MODEL_"))

    def until(self, text: str) -> None:
        """Until a cell has printed this."""
        seen = ""
        while text not in seen:  # it may arrive in two messages
            seen += self.hear()["content"].get("text", "")

    def subshell(self) -> str | None:
        """A new subshell; None if the kernel has none: ipykernel 6 does not even answer then."""
        about = self.client.kernel_info(reply=True, timeout=PATIENCE)["content"]
        if "kernel subshells" not in about.get("supported_features", ()):
            return None
        self.client.control_channel.send(self.client.session.msg("create_subshell_request", {}))
        while True:
            reply = self.client.get_control_msg(timeout=PATIENCE)
            if reply["msg_type"] == "create_subshell_reply":
                return str(reply["content"]["subshell_id"])


@pytest.fixture
def front(kernel: Kernel) -> Iterator[Front]:
    """A browser on a kernel with nbtrack loaded."""
    made = Front(kernel)
    assert not [one for one in made.run(SETUP) if one["kind"] == "error"]
    yield made
    (kernel.project.root / "stop").touch()


def test_a_panel_is_asked_and_answers(front: Front) -> None:
    front.run("%%track first\nlr = 0.25\nnbtrack.log({'loss': float('nan')})")
    panel = front.show('nbtrack.panel("params.lr > 0", sort="-metrics.loss")')
    state = front.states[panel]
    assert state["_esm"] == "// panel.js"
    assert state["spec"]["sort"] == ["-metrics.loss"]
    assert front.states[front.push(panel)]["_model_name"] == "WidgetModel"

    assert front.ask(panel, 1, hello={}).content["result"]["operations"] == sorted(OPERATIONS)
    page = front.ask(panel, 2, op="runs.page", payload={"filter": "params.lr > 0"}).content
    assert page["ok"]
    assert page["result"]["rows"][0]["metrics"]["loss"]["last"] == "NaN"
    done = front.ask(panel, 3, op="runs.edit", payload={"runs": ["first"], "starred": True}).content
    assert done["result"]["count"] == 1
    assert front.ask(panel, 4, op="runs.page", payload={"filter": "params.lr >"}).content["error"]["column"] == 11
    assert front.ask(panel, 5, op="runs.nothing").content["error"]["code"] == "unknown_operation"
    assert front.ask(panel, 6, asset="../built.py").content["error"]["code"] == "unknown_asset"
    plotly = front.ask(panel, 7, asset="plotly.js")
    assert (plotly.content["type"], plotly.buffers) == ("text/javascript", [b"// plotly.js"])
    for noise in (None, "x", [], {}, {"op": "runs.page"}, {"id": "8", "op": "runs.page"}, {"id": 9, "cancel": True}):
        front.tell(panel, noise)
    front.ask(panel, 10, op="project.revision")
    assert sorted(number for _, number in front.answers) == [1, 2, 3, 4, 5, 6, 7, 10]


def test_changes_are_announced_while_a_cell_runs_and_its_output_stays_its_own(front: Front, project_root: Path) -> None:
    panel = front.show()
    front.tell(panel, {"view": "a", "shown": True})
    running = front.kernel.send(TRAIN.format(before="", during=""))
    front.until("under way")
    known = len(front.revisions.get(front.push(panel), []))
    while len(front.revisions.get(front.push(panel), [])) < known + 5:
        front.hear()
    (project_root / "stop").touch()
    shown = front.wait(running)
    assert "".join(one["text"] for one in shown if one["kind"] == "stream") == "under way\ndone\n"
    told = front.revisions[front.push(panel)]
    assert told == sorted(set(told)), "a revision was told twice, or after a later one"
    assert not front.answers


def test_questions_are_answered_while_the_cell_that_shows_the_panel_runs(front: Front, project_root: Path) -> None:
    subshell = front.subshell()
    if subshell is None:
        pytest.skip("this ipykernel has no subshells: answers come when the cell ends")
    # Once a cell has spoken on a comm, as by showing it, ipykernel 7.4 would hand it all that comes on that comm.
    speaks = 'panel.widget.send({"id": 0})'
    running = front.kernel.send(TRAIN.format(before="panel = nbtrack.panel(); display(panel)", during=speaks))
    front.until("under way")
    (panel,) = [key for key, state in front.states.items() if "spec" in state]
    front.tell(panel, {"view": "a", "shown": True}, subshell)
    for number in range(1, 6):
        page = front.ask(panel, number, subshell, op="runs.page").content["result"]
        assert [(row["name"], row["status"]) for row in page["rows"]] == [("train", "running")]
    while not front.revisions.get(front.push(panel)):
        front.hear()
    (project_root / "stop").touch()
    front.wait(running)


THREAD = """
import threading, time
def work():
    for number in range(120):
        print(f"line {number}\\n", end="", flush=True)
        if number % 10 == 0:
            display(number)
        time.sleep(0.01)
thread = threading.Thread(target=work)
thread.start()
thread.join()
"""


def test_what_threads_print_stays_in_their_cell_while_a_panel_asks(front: Front) -> None:
    panel, subshell = front.show(), front.subshell()
    if subshell is None:
        pytest.skip("without subshells nothing is asked while a cell runs")
    running = front.kernel.send(THREAD)
    number = 0
    while "line 119" not in "".join(str(one["content"].get("text", "")) for one in front.messages):
        number += 1
        front.ask(panel, number, subshell, op="project.revision")
        time.sleep(0.03)
    shown = front.wait(running)
    astray = [
        one["content"]
        for one in front.messages
        if one["msg_type"] in ("stream", "display_data") and one["parent_header"]["msg_type"] == "comm_msg"
    ]
    # A question and a line may meet within the moment that it takes to put things right, which is longer on a busy
    # machine; without that, all after the first question are astray.
    assert len(astray) <= 44, f"{len(astray)} outputs went astray: {astray[:3]}"
    assert sum(one["kind"] == "display_data" for one in shown) >= 3
    front.run("print('another cell')")
    (own,) = front.run("thread = threading.Thread(target=print, args=('mine',)); thread.start(); thread.join()")
    assert own["text"] == "mine\n"


def test_fifty_panels_shown_one_after_the_other_leave_no_widget_and_no_thread(front: Front) -> None:
    count = (
        "import gc, threading; from ipywidgets.widgets.widget import _instances; gc.collect(); "
        "print(len(_instances), sorted(one.name for one in threading.enumerate() if one.name.startswith('nbtrack-w')))"
    )
    front.run("%%track first\nlr = 0.25")
    shown = []
    for number in range(50):
        panel = front.show("p = nbtrack.panel(static=False); p", cell="the-cell")
        front.tell(panel, {"view": "a", "shown": True})
        if number % 10 == 0:
            front.ask(panel, 1, op="runs.page")
        shown.append(panel)
    assert [panel for panel in shown if panel not in front.closed] == shown[-1:]
    assert all(front.push(panel) in front.closed for panel in shown[:-1])
    front.ask(shown[-1], 2, op="runs.page")

    def until(left: str) -> None:
        deadline = time.monotonic() + PATIENCE  # a thread that was told to stop does so within a moment
        while (found := front.run(count)[0]["text"]) != left:
            assert time.monotonic() < deadline, f"still there: {found}"
            time.sleep(0.2)

    until("3 ['nbtrack-watch']\n")
    front.run("p.close()")
    until("0 []\n")


def test_a_mistake_is_said_at_once_and_nothing_is_shown(front: Front) -> None:
    front.run("%%track first\nlr = 0.25")
    (said,) = front.run("%track panel params.lr >")
    assert said["kind"] == "stream"
    assert "UsageError" in said["text"]
    (error,) = front.run("nbtrack.panel(run='nobody')")
    assert (error["kind"], error["ename"]) == ("error", "NotFound")
    assert not front.states


def test_the_line_under_a_cell_opens_the_panel_on_its_run(front: Front, service: RunsService) -> None:
    (line,) = front.run("%%track first\nlr = 0.25")
    run = latest(service, "finished").row.id
    assert line["data"]["text/plain"].startswith("✓ first · finished")
    command = f"%track panel --run {run}"
    assert command in line["data"]["text/html"]
    (shown,) = front.run(command)
    assert shown["data"][MIME]["open"] == run
    assert shown["data"]["text/plain"].startswith("nbtrack panel")


def test_a_tracked_cell_that_shows_a_panel_keeps_it_out_of_its_run(front: Front, service: RunsService) -> None:
    front.run("%%track first\nprint('mine')\ndisplay(nbtrack.panel())\nnbtrack.panel()")
    run = latest(service, "finished").row.id
    assert [one.text for one in service.outputs(c.RunRequest(run)).outputs] == ["mine\n"]


def test_a_front_end_that_is_gone_does_not_disturb_cells(front: Front) -> None:
    panel = front.show()
    front.tell(panel, {"view": "a", "shown": True})
    front.tell(panel, {"v": 1, "id": 1, "op": "runs.page"})
    front.run("from ipywidgets import Widget; Widget.close_all()")  # as another extension may do
    shown = front.run("%%track second\nprint('mine')")
    assert shown[0]["text"] == "mine\n"
    sent = front.kernel.send("pass")
    front.wait(sent)
    assert not [one for one in front.messages if "Traceback" in str(one["content"])]
