"""W&B's words inside a tracked cell: they go to the cell's run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import nbtrack

SCRIPT = '''
from IPython.core.interactiveshell import InteractiveShell

ip = InteractiveShell.instance()
ip.run_line_magic("load_ext", "nbtrack")
ip.run_cell("""%%track cell
import nbtrack.compat.wandb as wandb
run = wandb.init(project="other", config={"lr": 0.1}, tags=["w"])
for epoch in range(3):
    wandb.log({"loss": 1 / (epoch + 1)})
wandb.finish()
wandb.log({"after": 1.0})
""", store_history=True).raise_error()
ip.run_cell("""
wandb.init(project="fish", name="plain")
wandb.log({"loss": 5.0})
""", store_history=True).raise_error()
ip.run_cell("""
wandb.init(project="fish", name="second", reinit=True)
wandb.finish()
assert wandb.run is None
""", store_history=True).raise_error()
'''


def test_in_a_tracked_cell_init_is_the_cells_run_and_finish_does_not_end_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=tmp_path, capture_output=True, text=True, timeout=280, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    monkeypatch.chdir(tmp_path)
    found = {run.name: run for run in nbtrack.runs()}
    assert {name: (run.status, run.experiment) for name, run in found.items()} == {
        "cell": ("finished", "default"),
        "plain": ("finished", "fish"),
        "second": ("finished", "fish"),
    }
    assert found["cell"].params["lr"] == 0.1
    assert found["cell"].tags == {"w": ""}
    assert list(found["cell"].metrics("loss")["value"]) == [1.0, 0.5, 1 / 3]
    assert found["cell"].metrics["after"] == 1.0
    assert found["plain"].metrics["loss"] == 5.0
