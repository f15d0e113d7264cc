"""A notebook is renamed while its kernel runs: the kernel goes on saying the old path, its runs go along."""

from __future__ import annotations

from typing import Any

from nbtrack.runs import contract as c
from nbtrack.runs.editing import EditingService
from nbtrack.runs.service import RunsService

from .conftest import Kernel, latest


def move(service: RunsService, old: str, new: str) -> int:
    return EditingService(service).moved(c.Rename(old, new)).count


def test_a_kernel_that_is_renamed_and_restarted_records_under_the_new_path(
    kernel: Kernel, service: RunsService
) -> None:
    kernel.run("%%track\n1")
    assert latest(service, "finished").row.notebook == "work.ipynb"
    assert move(service, "work.ipynb", "sub/new.ipynb") == 1
    kernel.run("%%track second\n1")
    assert latest(service, "finished", "second").row.notebook == "sub/new.ipynb"
    kernel.restart()  # with the environment of its first start
    kernel.run("%load_ext nbtrack")
    kernel.run("%%track third\n1")
    found = latest(service, "finished", "third").row
    assert found.notebook == "sub/new.ipynb"
    assert found.experiment == "work", "experiments keep their names"


def test_a_server_that_tells_the_new_path_at_a_restart_is_believed(kernel: Kernel, service: RunsService) -> None:
    kernel.run("%%track\n1")
    latest(service, "finished")
    move(service, "sub/other.ipynb", "elsewhere.ipynb")  # another notebook was there before
    move(service, "work.ipynb", "sub/other.ipynb")
    launch: Any = kernel.manager._launch_args
    launch["env"]["JPY_SESSION_NAME"] = str(kernel.project.root / "sub" / "other.ipynb")
    kernel.restart()
    kernel.run("%load_ext nbtrack")
    kernel.run("%%track again\n1")
    assert latest(service, "finished", "again").row.notebook == "sub/other.ipynb"
