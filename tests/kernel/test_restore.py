"""`%track restore` without JupyterLab's extension, and its side of the talk with it."""

from __future__ import annotations

from typing import Any

from .conftest import PATIENCE, Kernel

TRAIN = "%%track train\nlr = 0.1\nloss = lr * 2"
LAB = "from nbtrack.magics import restoring; restoring.LAB = True"


def payload(kernel: Kernel, code: str) -> tuple[list[Any], str]:
    """What an execution wants done in the front end, and what it shows."""
    sent = kernel.send(code)
    shown = ""
    while True:
        message = kernel.client.get_iopub_msg(timeout=PATIENCE)
        if message["parent_header"].get("msg_id") != sent:
            continue
        shown += message["content"].get("data", {}).get("text/plain", "")
        if message["content"].get("execution_state") == "idle":
            break
    while True:
        answer = kernel.client.get_shell_msg(timeout=PATIENCE)
        if answer["parent_header"].get("msg_id") == sent:
            return answer["content"]["payload"], shown


def asked(kernel: Kernel, code: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The comm that an execution opens, and what it displays meanwhile."""
    sent = kernel.send(code, "the-cell-that-asks")
    found: dict[str, dict[str, Any]] = {}
    while "idle" not in found:
        message = kernel.client.get_iopub_msg(timeout=PATIENCE)
        if message["parent_header"].get("msg_id") == sent:
            idle = message["content"].get("execution_state") == "idle"
            found["idle" if idle else message["msg_type"]] = message["content"]
    return found["comm_open"], found["display_data"]


def closed(kernel: Kernel, comm: str, data: dict[str, Any]) -> dict[str, Any]:
    """What the kernel shows once its question was answered."""
    message = kernel.client.session.msg("comm_close", {"comm_id": comm, "data": data})
    kernel.client.shell_channel.send(message)
    while True:
        heard = kernel.client.get_iopub_msg(timeout=PATIENCE)
        if heard["msg_type"] == "update_display_data":
            return dict(heard["content"])


def test_where_nobody_can_be_asked_the_code_is_shown_and_the_next_cell_begins_with_it(kernel: Kernel) -> None:
    kernel.run(TRAIN, "c1")
    wanted, shown = payload(kernel, "%track restore @1")
    assert shown == TRAIN
    assert [(one["source"], one["text"], one["replace"]) for one in wanted] == [("set_next_input", TRAIN, False)]


def test_jupyterlab_is_asked_with_all_it_needs_and_its_answer_takes_the_place_of_the_question(kernel: Kernel) -> None:
    kernel.run(TRAIN, "c1")
    kernel.run(LAB)
    comm, shown = asked(kernel, "%track restore @1")
    assert comm["target_name"] == "nbtrack:cell"
    data = comm["data"]
    assert (data["v"], data["cell"], data["at"]) == (1, "c1", "the-cell-that-asks")
    assert (data["text"], data["below"], data["params"], data["name"]) == (TRAIN, False, False, "train")
    assert "Asking JupyterLab" in shown["data"]["text/plain"]
    said = closed(kernel, comm["comm_id"], {"done": True, "text": "It is <there>."})
    assert said["data"]["text/plain"] == "✓ It is <there>."
    assert "It is &lt;there&gt;." in said["data"]["text/html"]
    assert said["transient"] == shown["transient"]


def test_a_front_end_that_does_not_know_us_leaves_the_code_in_the_output(kernel: Kernel) -> None:
    kernel.run(TRAIN, "c1")
    kernel.run(LAB)
    comm, _ = asked(kernel, "%track restore @1")
    said = closed(kernel, comm["comm_id"], {})
    assert said["data"]["text/plain"] == f"JupyterLab did not take it.\n\n{TRAIN}"
    assert "nbt-later" not in said["data"]["text/html"]


def test_without_a_front_end_params_go_into_the_cell_as_it_was_saved(kernel: Kernel) -> None:
    kernel.run(TRAIN, "c1")
    saved = '{"cells": [{"id": "c1", "cell_type": "code", "source": ["%%track train\\n", "lr = 7  # tuned"]}]}'
    (kernel.project.root / "work.ipynb").write_text(saved, encoding="utf-8")
    _, shown = payload(kernel, "%track restore @1 --params")
    assert shown == "%%track train\nlr = 0.1  # tuned"


def test_what_cannot_be_restored_says_why(kernel: Kernel) -> None:
    kernel.run("import nbtrack\nwith nbtrack.start_run(name='script'): pass")
    assert "was not a cell" in kernel.run("%track restore script").text
    assert "Choose one of them" in kernel.run("%track restore @1 --params --below").text
    assert "No run" in kernel.run("%track restore nobody").text
