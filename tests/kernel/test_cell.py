"""A tracked cell behaves as it does without us, and what it did is in the run."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

import pytest

from nbtrack.base.config import Project
from nbtrack.runs import contract as c
from nbtrack.runs.service import RunsService

from .conftest import PATIENCE, Kernel, all_of, latest


def test_top_level_await_works(kernel: Kernel, service: RunsService) -> None:
    reply = kernel.run("%%track\nimport asyncio\nawait asyncio.sleep(0.01, 'awaited')")
    assert reply.result == "'awaited'"
    assert latest(service, "finished").row.status == "finished"


def test_other_cell_magics_stack_below(kernel: Kernel, service: RunsService) -> None:
    timed = kernel.run("%%track\n%%time\nlr = 0.25\nprint('in time')")
    assert "in time" in timed.text
    assert "Wall time" in timed.text
    assert latest(service, "finished").row.params["lr"] == 0.25
    kernel.run("%%track quiet\n%%capture held\nprint('kept')\nmomentum = 0.9")
    assert kernel.run("print(held.stdout.strip())").text == "kept\n"
    assert latest(service, "finished", "quiet").row.params["momentum"] == 0.9


def test_in_out_and_underscore_are_as_without_us(kernel: Kernel) -> None:
    kernel.run("%%track\n6 * 7")
    assert kernel.run("print(_, Out[max(Out)], '6 * 7' in In[-2])").text == "42 42 True\n"


def test_params_are_captured_from_literals_calls_and_the_notebook(kernel: Kernel, service: RunsService) -> None:
    kernel.run("batch = 32\nname = 'digits'")
    kernel.run(
        "%%track\nlr, depth = 1e-3, 5\ncfg = {'opt': {'name': 'adam'}}\n"
        "from types import SimpleNamespace as Model\nm = Model(max_iter=200)\nn = batch * 2; t = name"
    )
    run = latest(service, "finished")
    found = {param.name: (param.value, param.source) for param in run.params}
    assert found["lr"] == (1e-3, "cell")
    assert found["depth"] == (5, "cell")
    assert found["cfg.opt.name"] == ("adam", "cell")
    assert found["batch"] == (32, "notebook")
    assert found["name"] == ("digits", "notebook")
    assert found["Model.max_iter"] == (200, "call")


def test_metrics_are_captured_from_known_names_and_listed_functions(kernel: Kernel, service: RunsService) -> None:
    kernel.run(
        "%%track\nfrom sklearn.metrics import accuracy_score\naccuracy = sum([0.5, 0.25])\nother = 3.5\n"
        "quality = accuracy_score([1, 1, 0, 0], [1, 1, 0, 1])"
    )
    run = latest(service, "finished")
    assert run.row.metrics["accuracy"].last == 0.75
    assert run.row.metrics["quality"].last == 0.75
    assert "other" not in run.row.metrics


def test_what_is_logged_wins_over_what_is_found(kernel: Kernel, service: RunsService) -> None:
    kernel.run("%%track\nimport nbtrack\naccuracy = sum([0.1, 0.1])\nnbtrack.log({'accuracy': 0.9})")
    summary = latest(service, "finished").row.metrics["accuracy"]
    assert (summary.last, summary.count, summary.source) == (0.9, 1, "explicit")


@pytest.mark.parametrize(
    ("options", "params", "metrics"),
    [
        ("--params lr", {"lr"}, {"loss"}),
        ("--params none", set(), {"loss"}),
        ("--metrics none", {"lr", "depth"}, set()),
        ("--metrics gain", {"lr", "depth"}, {"gain"}),
    ],
)
def test_options_restrict_what_is_captured(
    kernel: Kernel, service: RunsService, options: str, params: set[str], metrics: set[str]
) -> None:
    kernel.run(f"%%track {options}\nlr = 0.5\ndepth = 3\nloss = lr * depth\ngain = lr + depth")
    run = latest(service, "finished")
    assert {param.name for param in run.params} == params
    assert set(run.row.metrics) == metrics


def test_options_are_read_as_a_shell_would(kernel: Kernel, service: RunsService) -> None:
    kernel.run("stage = 'draft'")
    kernel.run('%%track "my run" --note "two words" --tag stage={stage} --tag k="v w" --experiment digits\n1')
    row = latest(service, "finished").row
    assert (row.name, row.note, row.experiment) == ("my run", "two words", "digits")
    assert row.tags == {"stage": "draft", "k": "v w"}


def test_a_bad_option_is_one_line_and_the_cell_does_not_run(kernel: Kernel, service: RunsService) -> None:
    reply = kernel.run("%%track --bogus\nran = True")
    assert reply.status == "error"
    assert reply.text.startswith("UsageError: %%track: unrecognized arguments: --bogus. usage: %%track")
    assert len(reply.text.strip().splitlines()) == 1
    assert not reply.traceback
    assert kernel.run("print('ran' in globals())").text == "False\n"
    assert not service.page(c.PageRequest()).rows


def test_output_is_kept_as_it_was(kernel: Kernel, service: RunsService) -> None:
    code = (
        "%%track\nimport sys, pandas as pd\nfrom IPython.display import display\nprint('to out')\n"
        "print('to err', file=sys.stderr)\ndisplay(pd.DataFrame({'a': [1]}))\n"
        "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()\n'the result'"
    )
    reply = kernel.run(code)
    assert reply.text.startswith("to out")
    run = latest(service, "finished")
    outputs = service.outputs(c.RunRequest(run.row.id)).outputs
    kinds = {(output.kind, output.mime) for output in outputs}
    assert {("stdout", "text/plain"), ("stderr", "text/plain"), ("display", "text/html")} <= kinds
    picture = next(output for output in outputs if output.mime == "image/png")
    artifact, data = service.artifact(run.row.id, picture.artifact or "")
    assert data.startswith(b"\x89PNG")
    assert artifact.size == len(data)
    assert outputs[-1].kind == "result"
    assert outputs[-1].text == "'the result'"


def test_one_quiet_line_stands_under_the_cell(kernel: Kernel) -> None:
    reply = kernel.run("%%track calm-run\naccuracy = sum([0.5, 0.25])")
    assert len(reply.shown) == 1
    assert reply.shown[0]["text/plain"].startswith("✓ calm-run · finished · ")
    assert reply.shown[0]["text/plain"].endswith("accuracy 0.75")
    assert reply.text == ""


def test_secrets_never_reach_the_file(kernel: Kernel, service: RunsService, project: Project) -> None:
    token = "ghp_" + "a1B2c3D4e5" * 3 + "f6G7h8"
    kernel.run(
        f"%%track\nimport nbtrack\napi_token = '{token}'\nprint(api_token)\nnbtrack.log_param('where', '{token}')"
    )
    run = latest(service, "finished")
    service.database.close()
    held = b""
    for path in project.folder.rglob("*"):
        with suppress(FileNotFoundError, IsADirectoryError):  # the kernel lives, and may put a file away meanwhile
            held += path.read_bytes()
    assert b"redacted" in held, "what was recorded is among it"
    assert token.encode() not in held
    assert "redacted" in (run.code or "")


def test_start_run_inside_a_tracked_cell_makes_a_child(kernel: Kernel, service: RunsService) -> None:
    kernel.run(
        "%%track outer\nimport nbtrack\nnbtrack.log_param('a', 1)\n"
        "with nbtrack.start_run('inner'):\n    nbtrack.log({'loss': 0.5})\nnbtrack.log_param('b', 2)"
    )
    outer, inner = all_of(service, 2, "finished")
    assert (outer.name, inner.name, inner.parent) == ("outer", "inner", outer.id)
    assert {"a", "b"} <= set(outer.params)
    assert inner.metrics["loss"].last == 0.5
    assert "loss" not in outer.metrics


def test_auto_on_tracks_every_cell(kernel: Kernel, service: RunsService) -> None:
    kernel.run("%track auto on")
    kernel.run("lr = 0.5")
    assert latest(service, "finished").row.params == {"lr": 0.5}
    kernel.run("%track auto off")
    kernel.run("lr = 0.7")
    kernel.settle()
    assert service.page(c.PageRequest()).matched == 1


def test_executions_before_a_run_are_kept_with_it(kernel: Kernel, service: RunsService) -> None:
    kernel.run("import math\nbase = math.pi", cell="first")
    kernel.run("%%track\narea = base * 2", cell="second")
    kernel.settle()
    run = latest(service, "finished")
    before = service.executions(c.RunRequest(run.row.id)).executions
    mine = next(execution for execution in before if execution.cell == "first")
    assert (mine.source, mine.stored, mine.status) == ("import math\nbase = math.pi", ["base", "math"], "ok")


def test_environment_and_git_are_stored(kernel: Kernel, service: RunsService) -> None:
    for _ in range(2):
        kernel.run("%%track\n1")
    kernel.settle()
    run = latest(service, "finished")
    assert "pandas" in run.environment["packages"]
    assert run.environment["python"].count(".") == 2


def test_a_hook_of_ours_that_raises_leaves_the_cell_alone(kernel: Kernel) -> None:
    kernel.run("import nbtrack.capture.cell as cell\ncell.CellRun.start = None")
    reply = kernel.run("%%track\nprint('ran')\n40 + 2")
    assert (reply.status, reply.result) == ("ok", "42")
    assert "ran" in reply.text
    assert reply.text.count("could not be tracked") == 1
    assert "could not be tracked" not in kernel.run("%%track\n1").text


def test_hooks_survive_another_signature(kernel: Kernel) -> None:
    kernel.run("host = get_ipython()._nbtrack\nhost._before(); host._after()\nhost._after(None, 1, x=2)")
    assert kernel.run("%%track\n1 + 1").result == "2"


def test_loading_twice_and_unloading_leave_the_shell_as_it_was(kernel: Kernel) -> None:
    count = "len(get_ipython().input_transformers_cleanup), len(get_ipython().events.callbacks['pre_run_cell'])"
    with_us = kernel.run(count).result
    kernel.run("%load_ext nbtrack\n%reload_ext nbtrack")
    assert kernel.run(count).result == with_us
    kernel.run("%unload_ext nbtrack")
    assert kernel.run("%%track\n1").status == "error"
    kernel.run("%load_ext nbtrack")
    assert kernel.run("%%track\n1").status == "ok"
    assert kernel.run(count).result == with_us


def test_a_cell_run_by_a_cell_is_no_run_of_its_own(kernel: Kernel, service: RunsService) -> None:
    kernel.run("%%track outer\nget_ipython().run_cell('inner = 1')\nlr = 0.5")
    run = latest(service, "finished")
    assert (run.row.name, run.row.params["lr"]) == ("outer", 0.5)
    assert service.page(c.PageRequest()).matched == 1


def test_threads_and_forked_workers_log_to_the_cells_run(kernel: Kernel, service: RunsService) -> None:
    kernel.run(
        "%%track\nimport multiprocessing as mp, threading, nbtrack\n"
        "def work(i):\n    nbtrack.log({f'm{i}': float(i)})\n    return i\n"
        "threads = [threading.Thread(target=work, args=(i,)) for i in range(3)]\n"
        "[t.start() for t in threads]; [t.join() for t in threads]\n"
        "with mp.get_context('fork').Pool(2) as pool: print(sum(pool.map(work, range(3, 9))))"
    )
    run = latest(service, "finished")
    deadline = time.monotonic() + PATIENCE
    while len(run.row.metrics) < 9:  # what workers leave in their journals is taken in by whoever reads
        assert time.monotonic() < deadline, f"only {sorted(run.row.metrics)}"
        time.sleep(0.05)
        run = service.get(c.RunRequest(run.row.id))
    assert sorted(run.row.metrics) == [f"m{i}" for i in range(9)]


def test_a_read_only_project_gives_one_notice_and_the_cell_goes_on(project: Project, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    kernel = Kernel(project, NBTRACK_DIR=str(blocked))
    try:
        reply = kernel.run("%%track\nprint('ran')\n1 + 1")
        assert (reply.status, reply.result) == ("ok", "2")
        assert reply.text.count("nbtrack:") == 1
    finally:
        kernel.close()
