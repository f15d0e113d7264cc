"""Every way a cell can end, in a real kernel, and what the run then says."""

from __future__ import annotations

import os
import re
import signal

from nbtrack.base.config import Project
from nbtrack.runs import contract as c
from nbtrack.runs.service import RunsService

from .conftest import Kernel, all_of, latest


def test_a_cell_that_ends_well_is_a_finished_run(kernel: Kernel, service: RunsService) -> None:
    reply = kernel.run("%%track first\nx = 1\nx + 1")
    run = latest(service, "finished")
    assert (reply.status, reply.result) == ("ok", "2")
    assert (run.row.name, run.row.kind, run.row.notebook) == ("first", "cell", "work.ipynb")
    assert run.code == "%%track first\nx = 1\nx + 1"
    assert run.row.execution == 2  # loading the extension was the first


def test_a_cell_that_raises_is_a_failed_run_and_the_error_is_the_users(kernel: Kernel, service: RunsService) -> None:
    reply = kernel.run("%%track\nprint('before')\n1 / 0")
    run = latest(service, "failed")
    assert (reply.status, reply.error, reply.evalue) == ("error", "ZeroDivisionError", "division by zero")
    assert run.row.end_reason == "ZeroDivisionError: division by zero"
    outputs = service.outputs(c.RunRequest(run.row.id)).outputs
    assert [output.kind for output in outputs] == ["stdout", "error"]
    assert "1 / 0" in (outputs[1].text or "")


def test_the_traceback_names_the_line_that_the_user_sees(kernel: Kernel) -> None:
    code = "print('before')\n1 / 0"
    for first in ("# a comment", "%%track"):
        shown = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(kernel.run(f"{first}\n{code}").traceback))
        assert "----> 3 1 / 0" in shown.replace("1/0", "1 / 0").replace("  ", " ")


def test_a_failed_cell_stops_run_all(kernel: Kernel) -> None:
    waiting = "import pathlib, time\nwhile not pathlib.Path('sent').exists(): time.sleep(0.05)\ntime.sleep(1)"
    first = kernel.send(f"%%track\n{waiting}\nraise RuntimeError('stop here')")
    second = kernel.send("went_on = True")
    (kernel.project.root / "sent").touch()  # only what the kernel has by the time of the error is stopped
    assert kernel.wait(first).status == "error"
    assert kernel.wait(second).status == "aborted"


def test_a_cell_with_a_syntax_error_is_a_failed_run(kernel: Kernel, service: RunsService) -> None:
    reply = kernel.run("%%track broken\nx = = 1")
    run = latest(service, "failed")
    assert reply.error == "SyntaxError"
    assert (run.row.name, (run.row.end_reason or "").partition(":")[0]) == ("broken", "SyntaxError")


def test_an_interrupted_cell_is_an_interrupted_run_and_keeps_its_points(kernel: Kernel, service: RunsService) -> None:
    code = "%%track\nimport nbtrack, time\nfor i in range(10000):\n    nbtrack.log({'loss': 1.0 / (i + 1)})\n"
    sent = kernel.send(code + "    if i == 50: print('going', flush=True)\n    time.sleep(0.01)")
    kernel.wait_for_text("going")
    kernel.manager.interrupt_kernel()
    assert kernel.wait(sent).error == "KeyboardInterrupt"
    run = latest(service, "interrupted")
    assert run.row.metrics["loss"].count >= 51


def test_a_killed_kernel_leaves_a_crashed_run_without_anyone_doing_anything(
    kernel: Kernel, service: RunsService
) -> None:
    kernel.send(
        "%%track\nimport nbtrack, time\nlr = 0.5\nfor i in range(100): nbtrack.log({'loss': float(i)})\n"
        "print('going', flush=True); time.sleep(60)"
    )
    kernel.wait_for_text("going")
    os.kill(kernel.manager.provisioner.pid, signal.SIGKILL)
    run = latest(service, "crashed")
    assert run.row.metrics["loss"].count == 100
    assert run.row.ended is not None
    assert run.row.ended >= run.row.started


def test_a_restart_while_a_cell_runs_leaves_a_crashed_run(kernel: Kernel, service: RunsService) -> None:
    kernel.send("%%track\nimport time; print('going', flush=True); time.sleep(60)")
    kernel.wait_for_text("going")
    kernel.restart()
    assert latest(service, "crashed").row.end_reason == "the process ended before the run did"
    assert kernel.run("%load_ext nbtrack").status == "ok"
    kernel.run("%%track again\n1")
    assert latest(service, "finished", "again").row.kind == "cell"


def test_each_execution_of_a_cell_is_a_run_of_its_own(kernel: Kernel, service: RunsService) -> None:
    for lr in (0.1, 0.2, 0.3):
        kernel.run(f"%%track\nlr = {lr}", cell="the-cell")
    rows = all_of(service, 3, "finished")
    assert [row.params["lr"] for row in rows] == [0.1, 0.2, 0.3]
    assert {row.cell for row in rows} == {"the-cell"}


def test_sys_exit_zero_is_finished_and_another_code_failed(kernel: Kernel, service: RunsService) -> None:
    kernel.run("%%track\nraise SystemExit(0)")
    latest(service, "finished")
    kernel.run("%%track\nraise SystemExit(3)")
    assert latest(service, "failed").row.end_reason == "SystemExit: 3"


def test_two_kernels_record_into_one_project_at_once(project: Project, service: RunsService) -> None:
    kernels = [Kernel(project), Kernel(project)]
    try:
        code = "%%track\nimport nbtrack\nfor i in range(5000): nbtrack.log({'loss': float(i)})"
        sent = [kernel.send(code) for kernel in kernels]
        replies = [kernel.wait(message) for kernel, message in zip(kernels, sent, strict=True)]
        assert [reply.status for reply in replies] == ["ok", "ok"]
        assert [row.metrics["loss"].count for row in all_of(service, 2, "finished")] == [5000, 5000]
    finally:
        for kernel in kernels:
            kernel.close()
