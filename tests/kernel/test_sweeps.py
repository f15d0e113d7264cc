"""``%%track --sweep`` through a real kernel: one for all tests, as most of them ask what it recorded."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from nbtrack.base.config import Project
from nbtrack.runs import contract as c
from nbtrack.runs.service import RunsService

from .conftest import PATIENCE, Kernel


@dataclass
class Shown:
    """What a front end saw of one execution."""

    status: str = ""
    text: str = ""
    error: str = ""
    evalue: str = ""
    traceback: str = ""
    pictures: int = 0
    displays: int = 0
    last: str = ""
    html: str = ""


class Notebook:
    """A kernel, and its project's runs."""

    def __init__(self, project: Project) -> None:
        self.kernel = Kernel(project, OMP_NUM_THREADS="1")
        self.service = RunsService(project)

    def run(
        self, code: str, interrupt_at: str | None = None, cell: str | None = None, began: str | None = None
    ) -> Shown:
        """Execute; interrupt when the progress says so, and the trial that it names has made the file ``began``."""
        sent, shown = self.kernel.send(code, cell), Shown()
        deadline = time.monotonic() + PATIENCE
        while True:
            message = self.kernel.client.get_iopub_msg(timeout=max(0.1, deadline - time.monotonic()))
            if message["parent_header"].get("msg_id") != sent:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "status" and content["execution_state"] == "idle":
                break
            if kind in ("display_data", "update_display_data"):
                shown.pictures += 1
                shown.displays += kind == "display_data"
                shown.last, shown.html = content["data"]["text/plain"], content["data"].get("text/html", "")
                if interrupt_at is not None and interrupt_at in shown.last:
                    interrupt_at = None
                    self._wait_for(began, deadline)
                    self.kernel.manager.interrupt_kernel()
            elif kind == "stream":
                shown.text += content["text"]
            elif kind == "execute_result":
                shown.text += content["data"]["text/plain"]
            elif kind == "error":
                shown.error, shown.evalue = content["ename"], content["evalue"]
                shown.traceback = "\n".join(content["traceback"])
        while (answer := self.kernel.client.get_shell_msg(timeout=PATIENCE))["parent_header"].get("msg_id") != sent:
            pass
        shown.status = answer["content"]["status"]
        return shown

    def _wait_for(self, began: str | None, deadline: float) -> None:
        """The progress is shown before the trial begins."""
        while began is not None and not (self.service.project.root / began).exists():
            assert time.monotonic() < deadline, f"the trial made no {began}"
            time.sleep(0.01)

    def rows(self, name: str) -> list[c.RunRow]:
        """A sweep by its name, and its trials: of the latest of that name."""
        self.kernel.settle()
        sweep = self.service.row(name)
        page = self.service.page(c.PageRequest(filter=f"parent = '{sweep.id}'", sort=["started"]))
        return [sweep, *page.rows]

    def get(self, name: str) -> c.RunDetail:
        """One run by its name."""
        return self.service.get(c.RunRequest(name))


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notebook]:
    root = tmp_path_factory.mktemp("sweeps")
    found = Notebook(Project(root))
    yield found
    found.kernel.close()


def test_each_combination_is_a_run_with_its_own_code(notebook: Notebook) -> None:
    shown = notebook.run(
        "%%track grid --sweep lr=0.1,0.01 --sweep cfg.depth=2:4 --tag stage=draft\n"
        "lr = 0.5  # the rate\ncfg = {'depth': 1}\nprint('fitting', lr)\naccuracy = lr * cfg['depth']\naccuracy",
        cell="the-cell",
    )
    assert (shown.status, shown.text, shown.displays) == ("ok", "", 1)
    sweep, *trials = notebook.rows("grid")
    assert (sweep.kind, sweep.status, sweep.cell, sweep.tags) == ("sweep", "finished", "the-cell", {"stage": "draft"})
    assert sweep.notebook == trials[0].notebook == "work.ipynb"
    assert [one.name for one in trials] == [f"grid-{number}" for number in range(1, 7)]
    assert {(one.kind, one.status, one.cell) for one in trials} == {("cell", "finished", "the-cell")}
    assert [(one.params["lr"], one.params["cfg.depth"]) for one in trials] == [
        (lr, depth) for lr in (0.1, 0.01) for depth in (2, 3, 4)
    ]
    third = notebook.get("grid-3")
    assert third.row.metrics["accuracy"].last == 0.4
    assert third.row.tags == {"stage": "draft"}
    assert third.code == (
        "%%track grid-3 --tag stage=draft\n"
        "lr = 0.1  # the rate\ncfg = {'depth': 4}\nprint('fitting', lr)\naccuracy = lr * cfg['depth']\naccuracy\n"
    )
    outputs = notebook.service.outputs(c.RunRequest("grid-3")).outputs
    assert [(one.kind, one.text) for one in outputs] == [("stdout", "fitting 0.1\n"), ("result", "0.4")]
    about = notebook.get("grid").about["sweep"]
    assert (about["counts"], about["best"]["name"]) == ({"finished": 6}, "grid-3")
    assert notebook.get("grid-3").about["trial"]["values"] == {"lr": 0.1, "cfg.depth": 4}


def test_the_table_at_the_end_marks_the_best(notebook: Notebook) -> None:
    shown = notebook.run("%%track table --sweep x=1:5\nx = 0\nloss = (x - 3) ** 2")
    assert shown.last.splitlines()[0].startswith("table: 5 of 5 trials (5 finished)")
    assert re.match(r"★ 3 +3 +0 ", shown.last.splitlines()[3])
    assert "★" in shown.html
    assert "table-3" in shown.html


def test_names_hold_what_the_last_trial_left_and_names_only_read_get_theirs_back(notebook: Notebook) -> None:
    notebook.run("batch = 32\ndef cost(lr): return lr * batch")
    notebook.run("%%track only-read --sweep lr=0.1,0.2 --sweep batch=8,16\nlr = 1\nloss = cost(lr) + batch * 0")
    assert notebook.run("print(lr, loss, batch)").text == "0.2 3.2 32\n"
    trials = notebook.rows("only-read")[1:]
    assert [one.params["batch"] for one in trials] == [8, 16, 8, 16]
    assert [one.metrics["loss"].last for one in trials] == pytest.approx([0.8, 1.6, 1.6, 3.2])
    assert (notebook.get("only-read-2").code or "").splitlines()[1:3] == ["batch = 16", "lr = 0.1"]


def test_one_failure_does_not_stop_the_rest_and_leaves_the_cell_alone(notebook: Notebook) -> None:
    shown = notebook.run("%%track some --sweep x=1,0,2\nx = 5\nprint('before')\nloss = 1 / x")
    assert (shown.status, shown.error, shown.text) == ("ok", "", "")
    sweep, *trials = notebook.rows("some")
    assert sweep.status == "finished"
    assert [one.status for one in trials] == ["finished", "failed", "finished"]
    assert trials[1].end_reason == "ZeroDivisionError: division by zero"
    kinds = [one.kind for one in notebook.service.outputs(c.RunRequest("some-2")).outputs]
    assert kinds == ["stdout", "error"]
    assert "trial 2 failed: ZeroDivisionError" in shown.last


def test_when_every_trial_fails_so_does_the_cell(notebook: Notebook) -> None:
    shown = notebook.run("%%track none --sweep x=1:3\nx = 5\nraise ValueError('no luck')")
    assert (shown.status, shown.error) == ("error", "AllFailed")
    assert shown.evalue == "All 3 trials failed; the first: ValueError: no luck Its output is in its run."
    assert "nbtrack/" not in shown.traceback
    assert notebook.rows("none")[0].status == "failed"


def test_ctrl_c_ends_it_and_running_the_cell_again_goes_on(notebook: Notebook) -> None:
    code = (
        "%%track slow --sweep x=1:4\nx = 0\nimport pathlib, time\n"
        "while x == 2 and not pathlib.Path('was-interrupted').exists():\n"
        "    pathlib.Path('slow-began').touch(); time.sleep(0.05)\nloss = 1 / x"
    )
    shown = notebook.run(code, interrupt_at="● 2: x=2", began="slow-began")
    assert (shown.status, shown.error, shown.traceback) == ("error", "KeyboardInterrupt", "KeyboardInterrupt")
    sweep, *trials = notebook.rows("slow")
    assert sweep.status == "interrupted"
    assert [one.status for one in trials] == ["finished", "interrupted"]
    assert "interrupted; run the cell again to go on" in shown.last
    (notebook.service.project.root / "was-interrupted").touch()
    again = notebook.run(code)
    assert "4 of 4 trials (3 finished, 1 finished before and not run again)" in again.last
    sweep, *trials = notebook.rows("slow")
    assert sweep.status == "finished"
    assert [one.params["x"] for one in trials] == [2, 3, 4]
    assert len(notebook.get("slow").about["sweep"]["reused"]) == 1


def test_code_that_swallows_ctrl_c_was_interrupted_all_the_same(notebook: Notebook) -> None:
    code = (
        "%%track graceful --sweep x=1:4\nx = 0\nimport pathlib, time\ntry:\n"
        "    while True: pathlib.Path('graceful-began').touch(); time.sleep(0.05)\n"
        "except KeyboardInterrupt:\n    print('stopping')\nloss = x"
    )
    notebook.run(code, interrupt_at="● 1: x=1", began="graceful-began")
    assert [one.status for one in notebook.rows("graceful")] == ["interrupted", "interrupted"]


def test_it_goes_on_after_the_kernel_was_killed(notebook: Notebook) -> None:
    code = "%%track again --sweep x=1,2\nx = 0\nloss = x"
    notebook.run(code)
    notebook.kernel.restart()
    notebook.kernel.run("%load_ext nbtrack")
    longer = notebook.run(code.replace("1,2", "1,2,3"))
    assert "3 of 3 trials (1 finished, 2 finished before" in longer.last
    assert "(3 finished)" in notebook.run(code.replace("1,2", "1,2,3 --again")).last
    notebook.run("scale = 2")
    other = "%%track scaled --sweep x=1,2\nx = 0\nloss = x * scale"
    notebook.run(other)
    notebook.run("scale = 3")
    assert "(2 finished)" in notebook.run(other).last  # it reads another value now


def test_what_cannot_be_swept_is_one_line_and_nothing_runs(notebook: Notebook) -> None:
    notebook.run("%%track before\n1")
    for line, said in (
        ("--sweep dept=1,2", "the cell does not assign 'dept'. It assigns depth, lr, ran."),
        ("--sweep lr=", "gives no values"),
        ("--sweep lr=1:5:fast", "is no step"),
        ("--trials 5", "--trials is for a sweep"),
        ("--sweep lr=1,2 --search tpe", "which metric decides"),
        ("--sweep lr=1,2 --on spark://x", "not understood"),
    ):
        shown = notebook.run(f"%%track {line}\nlr = 0.1\ndepth = 2\nran = True")
        assert shown.text.startswith("UsageError: "), line
        assert said in shown.text
        assert len(shown.text.strip().splitlines()) == 1
    assert notebook.run("%%track --sweep lr=1,2\nlr = = 2").text.startswith(
        "UsageError: The cell has a mistake in line 1"
    )
    assert notebook.run("print('ran' in globals())").text == "False\n"
    notebook.kernel.settle()
    assert notebook.service.row("@1").name == "before"


def test_variables_may_stand_on_the_line(notebook: Notebook) -> None:
    notebook.run("low, high = 2, 4\nstage = 'draft'")
    notebook.run("%%track vars --sweep n={low}:{high} --tag stage=$stage\nn = 0\nloss = n")
    sweep, *trials = notebook.rows("vars")
    assert [one.params["n"] for one in trials] == [2, 3, 4]
    assert sweep.tags == trials[0].tags == {"stage": "draft"}


def test_top_level_await_magics_and_figures_work_in_trials(notebook: Notebook) -> None:
    shown = notebook.run(
        "%%track odd --sweep n=1:2\nn = 0\nimport asyncio\n%matplotlib inline\n"
        "import matplotlib.pyplot as plt\nplt.plot([n, 2])\nplt.show()\ngot = await asyncio.sleep(0.01, n)\nloss = got"
    )
    assert (shown.status, shown.error, shown.text, shown.displays) == ("ok", "", "", 1)
    trials = notebook.rows("odd")[1:]
    assert [(one.status, one.metrics["loss"].last) for one in trials] == [("finished", 1.0), ("finished", 2.0)]
    mimes = {one.mime for one in notebook.service.outputs(c.RunRequest("odd-2")).outputs}
    assert "image/png" in mimes
    assert notebook.run("import asyncio; print(await asyncio.sleep(0.01, 'fine'))").text == "fine\n"


def test_output_of_untracked_cells_is_shown_again_afterwards(notebook: Notebook) -> None:
    notebook.run("%%track quiet --sweep n=1:2\nn = 0\nprint('hidden')\nn")
    shown = notebook.run("import sys\nprint('out'); print('err', file=sys.stderr)\n'result'")
    assert shown.text.count("out") == shown.text.count("err") == 1
    assert shown.text.endswith("'result'")


def test_other_cell_magics_stay_below_the_line(notebook: Notebook) -> None:
    shown = notebook.run("%%track below --sweep n=1:2\n%%time\nn = 0\nprint('in time')\nloss = n")
    assert (shown.status, shown.text) == ("ok", "")
    text = notebook.service.outputs(c.RunRequest(notebook.rows("below")[2].id)).outputs[0].text or ""
    assert "in time" in text
    assert "Wall time" in text


def test_later_cells_come_from_the_last_trial(notebook: Notebook) -> None:
    notebook.run("%%track upstream --sweep width=3:4\nwidth = 0\nmodel = [0] * width")
    notebook.run("%%track user\nloss = len(model)")
    notebook.kernel.settle()
    before = notebook.service.executions(c.RunRequest("user")).executions
    stores = [one for one in before if "model" in one.stored]
    assert (stores[-1].source or "").splitlines()[1] == "width = 4"
    assert all("--sweep" not in (one.source or "") for one in stores)


def test_a_search_learns_prunes_and_goes_on(notebook: Notebook) -> None:
    code = (
        "%%track opt --sweep x=-10.0:10 --sweep kind=a,b --search tpe --trials 16 --minimize loss --seed 1\n"
        "x = 0.0\nkind = 'a'\nimport nbtrack\nfor i in range(10):\n"
        "    nbtrack.log({'loss': (x - 2) ** 2 + 50 * (kind == 'b') + 1 / (i + 1)})\n"
    )
    shown = notebook.run(code)
    assert shown.status == "ok"
    sweep, *trials = notebook.rows("opt")
    assert (sweep.status, len(trials)) == ("finished", 16)
    about = notebook.get("opt").about["sweep"]
    assert about["counts"]["pruned"] > 0
    assert about["counts"]["pruned"] + about["counts"]["finished"] == 16
    pruned = [one for one in trials if one.status == "interrupted"]
    assert len(pruned) == about["counts"]["pruned"]
    assert all((one.end_reason or "").startswith("Stopped: loss ") for one in pruned)
    assert all(one.metrics["loss"].count < 10 for one in pruned)
    assert notebook.get(pruned[0].name).about["trial"]["state"] == "pruned"
    assert sweep.metrics["loss"].last == min(one.metrics["loss"].last for one in trials if one.status == "finished")
    more = notebook.run(code.replace("--trials 16", "--trials 18"))
    assert "18 of 18 trials" in more.last
    assert "16 finished before and not run again" in more.last
    assert len(notebook.rows("opt")) == 3


def test_a_metric_that_never_comes_ends_a_search_at_once(notebook: Notebook) -> None:
    shown = notebook.run("%%track odd-metric --sweep x=1:9 --search random --maximize acc\nx = 0\nloss = x")
    assert "--maximize acc: the trial gave no metric of this name. It gave: loss." in shown.text
    sweep, *trials = notebook.rows("odd-metric")
    assert (sweep.status, len(trials)) == ("failed", 1)


def test_a_timeout_lets_nothing_more_begin(notebook: Notebook) -> None:
    shown = notebook.run("%%track timed --sweep x=1:50 --timeout 1\nx = 0\nimport time\ntime.sleep(0.4)\nloss = x")
    assert "the time was over; run the cell again to go on" in shown.last
    sweep, *trials = notebook.rows("timed")
    assert sweep.status == "finished"
    assert 1 <= len(trials) < 10


def test_a_sweep_in_a_tracked_run_is_its_child(notebook: Notebook) -> None:
    notebook.run("import nbtrack\nouter = nbtrack.start_run('outer')")
    notebook.run("%%track inner --sweep x=1:2\nx = 0\nloss = x + 1")
    notebook.run("nbtrack.end_run()")
    sweep, *trials = notebook.rows("inner")
    assert sweep.parent == notebook.get("outer").row.id
    assert {one.parent for one in trials} == {sweep.id}


@pytest.mark.filterwarnings("default")  # of the cluster's own processes and threads
def test_trials_run_on_workers_of_a_cluster(notebook: Notebook) -> None:
    from distributed import LocalCluster

    notebook.run("data = [1, 2, 3]\ndef score(): return sum(data) * lr")
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, scheduler_port=0
    ) as cluster:
        there = cluster.scheduler_address.replace("tcp://", "dask://")
        shown = notebook.run(
            f"%%track far --sweep lr=0.1,0.2,0 --on {there} --tag a=b\nlr = 0.5\nimport nbtrack, os\n"
            "for i in range(3): nbtrack.log({'loss': lr / (i + 1)})\nprint('pid', os.getpid())\n1 / lr\n"
            "accuracy = score()\naccuracy"
        )
        refused = notebook.run(f"%%track --sweep lr=0.1,0.2 --on {there}\nlr = 0.5\n!ls")
        notebook.run("import threading; lock = threading.Lock()")
        unsent = notebook.run(f"%%track --sweep lr=0.1,0.2 --on {there}\nlr = 0.5\nlock.acquire()")
        killed = notebook.run(
            f"%%track lost --sweep x=1:4 --on {there}\nx = 0\nimport os, pathlib, time\n"
            f"if x == 2 and not pathlib.Path({str(notebook.service.project.root)!r}, 'gone').exists():\n"
            f"    pathlib.Path({str(notebook.service.project.root)!r}, 'gone').touch(); time.sleep(2); os._exit(1)\n"
            "loss = x"
        )
    assert (shown.status, shown.text) == ("ok", "")
    trials = notebook.rows("far")[1:]
    by_rate = {one.params["lr"]: one for one in trials}
    assert {rate: one.status for rate, one in by_rate.items()} == {0.1: "finished", 0.2: "finished", 0: "failed"}
    assert by_rate[0.2].metrics["accuracy"].last == pytest.approx(1.2)
    assert by_rate[0.1].metrics["loss"].count == 3
    assert by_rate[0.1].tags == {"a": "b"}
    detail = notebook.get(by_rate[0.1].name)
    assert (detail.code or "").splitlines()[:2] == ["%%track far-1 --tag a=b", "lr = 0.1"]
    assert detail.environment["python"].count(".") == 2
    outputs = notebook.service.outputs(c.RunRequest(by_rate[0.1].id)).outputs
    assert (outputs[0].text or "") != f"pid {os.getpid()}\n"
    assert (outputs[-1].kind, outputs[-1].text) == ("result", "0.6000000000000001")
    failure = notebook.service.outputs(c.RunRequest(by_rate[0].id)).outputs[-1]
    assert failure.kind == "error"
    assert "1 / lr" in (failure.text or "")
    assert "nbtrack/" not in (failure.text or "")
    assert "workers do not have" in refused.text
    assert "'lock' (lock) cannot be sent to workers" in unsent.text
    assert "4 of 4 trials (4 finished)" in killed.last
    crashed = [one for one in notebook.rows("lost")[1:] if one.status == "crashed"]
    assert {one.params["x"] for one in crashed} <= {2}
    assert (Path(notebook.service.project.root) / "gone").exists()


def test_a_sweep_has_the_number_of_its_own_prompt(notebook: Notebook) -> None:
    counted = notebook.run("get_ipython().history_manager.input_hist_raw[-1]; len(In) - 1").text
    notebook.run("%%track numbered --sweep lr=1,2\nlr = 0")
    sweep, *_ = notebook.rows("numbered")
    assert sweep.execution == int(counted) + 1
