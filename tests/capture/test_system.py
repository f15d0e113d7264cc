"""System metrics: of runs that last, and of no others."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

import nbtrack
from nbtrack.base.config import Project
from nbtrack.capture import system
from nbtrack.runs import contract as c
from nbtrack.runs.service import RunsService
from tests.kernel.conftest import PATIENCE, Kernel, latest


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "AFTER", 0.1)
    monkeypatch.setattr(system, "PERIOD", 0.05)


@pytest.fixture
def kernel(project: Project) -> Iterator[Kernel]:
    found = Kernel(project)
    yield found
    found.close()


@pytest.fixture
def service(project: Project) -> RunsService:
    return RunsService(project)


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "nbtrack-system"]


def logged(run: Any) -> Callable[[], bool]:
    return lambda: "system/memory" in run.last


def test_a_run_that_lasts_gets_the_load_of_its_process_and_machine(project: Project, quick: None) -> None:
    with nbtrack.start_run(name="long") as run:
        until(logged(run))
        assert threads()
    until(lambda: not threads())  # the end of a run waits for it, but no longer than a second
    run.flush()
    metrics = RunsService(project).get(c.RunRequest("long")).row.metrics
    assert {"system/cpu", "system/memory", "system/machine_cpu", "system/machine_memory"} <= set(metrics)
    assert 1 < metrics["system/memory"].last < 1 << 20  # MiB
    assert 0 <= metrics["system/machine_memory"].last <= 100
    assert metrics["system/cpu"].source == "system"


def test_a_short_run_gets_none_and_starts_no_thread(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "AFTER", 600.0)  # short it is, however slow the machine
    with nbtrack.start_run() as run:
        run.log({"loss": 1.0})
        time.sleep(0.3)
        assert not threads()
    assert set(run.last) == {"loss"}


def test_a_project_can_do_without(project: Project, quick: None) -> None:
    project.create()
    (project.folder / "settings.json").write_text('{"capture": ["params"]}')
    with nbtrack.start_run() as run:
        time.sleep(0.5)
    assert not run.last


def test_the_sampler_stays_while_a_run_around_the_one_that_ended_goes_on(project: Project, quick: None) -> None:
    with nbtrack.start_run() as around:
        with nbtrack.start_run() as child:
            until(logged(child))
        assert threads()
        seen = around.last["system/cpu"]
        until(lambda: around.last["system/cpu"] != seen)
    until(lambda: not threads())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_worker_is_not_sampled(project: Project, quick: None) -> None:
    with nbtrack.start_run() as run:
        until(logged(run))
        child = os.fork()
        if not child:
            os._exit(bool(threads()) or bool(system.sampler._runs))
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def fake_nvml(closed: list[bool]) -> Any:
    def no_power(gpu: int) -> int:
        raise RuntimeError("Not Supported")

    return SimpleNamespace(
        NVML_TEMPERATURE_GPU=0,
        nvmlInit=lambda: None,
        nvmlShutdown=lambda: closed.append(True),
        nvmlDeviceGetCount=lambda: 3,
        nvmlDeviceGetHandleByIndex=lambda number: number,
        nvmlDeviceGetUtilizationRates=lambda gpu: SimpleNamespace(gpu=40 + gpu),
        nvmlDeviceGetMemoryInfo=lambda gpu: SimpleNamespace(used=512 << 20),
        nvmlDeviceGetTemperature=lambda gpu, what: 55,
        nvmlDeviceGetPowerUsage=no_power,
    )


def test_gpus_that_the_process_may_use_are_sampled_as_far_as_they_tell(
    project: Project, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[bool] = []
    monkeypatch.setitem(sys.modules, "pynvml", fake_nvml(closed))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,0")
    with nbtrack.start_run() as run:
        until(lambda: "system/gpu2/busy" in run.last)
    found = {name: value for name, value in run.last.items() if "gpu" in name}
    assert found == {
        "system/gpu0/busy": 40, "system/gpu0/memory": 512, "system/gpu0/temperature": 55,
        "system/gpu2/busy": 42, "system/gpu2/memory": 512, "system/gpu2/temperature": 55,
    }  # fmt: skip
    until(lambda: closed)


def test_a_tracked_cell_that_lasts_gets_them_and_its_line_is_not_filled_with_them(
    kernel: Kernel, service: RunsService
) -> None:
    kernel.run("import threading, time\nfrom nbtrack.capture import system\nsystem.AFTER = system.PERIOD = 0.1")
    kernel.run(
        "%%track\nimport nbtrack\nwhile 'system/memory' not in nbtrack.summary:\n    time.sleep(0.02)\nloss = 0.5"
    )
    run = latest(service, "finished")
    assert "system/cpu" in run.row.metrics
    line = kernel.run("%%track\ntime.sleep(0.5)\nnbtrack.log({'loss': 0.25})").shown[-1]["text/plain"]
    assert "loss 0.25" in line
    assert "system" not in line
    until(lambda: kernel.run("[t for t in threading.enumerate() if t.name == 'nbtrack-system']").result == "[]")
