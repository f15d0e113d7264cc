"""System metrics: how busy this process and its machine are while a run goes on, for runs of more than ten seconds.

=====================================  =================================================================================
``system/cpu``                         CPU time of this process, all its threads, in % of one core; not of its children
``system/memory``                      memory that this process holds (resident), MiB
``system/machine_cpu``                 CPU time of the whole machine, in % of all its cores
``system/machine_memory``              memory of the machine that is not available, in %
``system/gpu0/busy``, ``gpu1/`` …      time in which the GPU computed, in %: NVIDIA's, as NVML numbers them; of those in
                                       CUDA_VISIBLE_DEVICES only, where it is a list of numbers
``system/gpu0/memory``                 memory used on the GPU by anyone, MiB
``system/gpu0/temperature, power``     °C, W
=====================================  =================================================================================

The machine's and the memory's need psutil, the GPUs' nvidia-ml-py (``nbtrack[gpu]``); what is missing is left out.
A run costs nothing until it is old enough: the thread that brings records into the database looks whether one is, and
starts the sampler then. The sampler ends with the last run that it follows. Forked workers are not sampled.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from nbtrack.capture.forks import follow_forks

if TYPE_CHECKING:
    from nbtrack.capture.cell import CellRun
    from nbtrack.runs.active import ActiveRun

AFTER = 10.0  # seconds after which a run gets system metrics
PERIOD = 5.0  # seconds between two samples
_MIB = 1 << 20


class SystemMetrics:
    """A tracked cell's companion: its run is followed."""

    def start(self, cell: CellRun, run: ActiveRun) -> None:
        """Follow the run from now on."""
        follow(run)

    def finish(self, cell: CellRun, run: ActiveRun, error: BaseException | None) -> None:
        """The code has ended: what the machine does from now on is not its doing."""
        sampler.leave(run)


def follow(run: ActiveRun) -> None:
    """Sample for a run, once it is old enough, until it ends."""
    if hasattr(run.recorder, "ticks"):  # on a worker of a cluster the driver's run is sampled, by the driver
        run.at_end(lambda: sampler.leave(run))
        sampler.follow(run)


class Sampler:
    """Samples for the runs of this process, in one thread that exists only while a run is old enough."""

    def __init__(self) -> None:
        self._runs: dict[str, tuple[float, ActiveRun]] = {}  # by id: since when, and the run
        self.after_fork()
        follow_forks(self)

    def after_fork(self) -> None:
        """In a forked child: its runs are the parent's, which samples."""
        self._runs = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()

    def follow(self, run: ActiveRun) -> None:
        """From now on."""
        with self._lock:
            self._runs[run.id] = (time.monotonic(), run)
        ticks = run.recorder.ticks
        if self._look not in ticks:
            ticks.append(self._look)

    def leave(self, run: ActiveRun) -> None:
        """No more; with the last one the thread ends."""
        with self._lock:
            self._runs.pop(run.id, None)
            if self._thread is None or self._runs:
                return
            thread, self._thread = self._thread, None
            self._stop.set()
        if thread is not threading.current_thread():
            thread.join(timeout=1.0)  # a driver that hangs does not hold the cell

    def _look(self) -> None:
        """Start the thread where a run is nearly old enough: the first sample needs a moment before it to compare."""
        if self._thread is not None or not self._runs:
            return
        soon = time.monotonic() - max(AFTER - PERIOD, 0.0)
        with self._lock:
            if not any(since <= soon for since, _ in self._runs.values()):
                return
            self._stop = threading.Event()
            self._thread = threading.Thread(target=self._work, args=(self._stop,), name="nbtrack-system", daemon=True)
            self._thread.start()

    def _work(self, stop: threading.Event) -> None:
        sources = _sources()
        try:
            _read(sources)  # what is told of the time since the last sample begins here
            while not stop.wait(PERIOD):
                self._sample(_read(sources))
        finally:
            for source in sources:
                source.close()

    def _sample(self, found: Mapping[str, float]) -> None:
        due = time.monotonic() - AFTER
        for since, run in tuple(self._runs.values()):
            if found and since <= due and run.status == "running":
                with suppress(Exception):  # it has ended just now
                    run.log_captured(found, "system")


class _Source:
    """Something that can be sampled: each of ``readings`` is a name and how to read it."""

    def __init__(self, readings: Mapping[str, Callable[[], float]], close: Callable[[], Any] = lambda: None) -> None:
        self.readings = dict(readings)
        self.close = close


def _read(sources: list[_Source]) -> dict[str, float]:
    """A sample; what cannot be read (any more) is not asked again."""
    found: dict[str, float] = {}
    for source in sources:
        for name, reading in tuple(source.readings.items()):
            try:
                found[f"system/{name}"] = float(reading())
            except Exception:  # noqa: BLE001 (drivers raise what they like, and the others are sampled still)
                del source.readings[name]
    return found


def _sources() -> list[_Source]:
    found = []
    for make in (_this_process, _machine, _gpus):
        with suppress(Exception):  # not installed, or nothing there
            found.append(make())
    return found


def _this_process() -> _Source:
    last = (time.monotonic(), time.process_time())

    def cpu() -> float:
        nonlocal last
        before, last = last, (time.monotonic(), time.process_time())
        passed = last[0] - before[0]
        return 100 * (last[1] - before[1]) / passed if passed > 0 else 0.0

    return _Source({"cpu": cpu})


def _machine() -> _Source:
    import psutil

    process = psutil.Process(os.getpid())
    return _Source(
        {
            "memory": lambda: process.memory_info().rss / _MIB,
            "machine_cpu": psutil.cpu_percent,  # since it was last asked in this thread
            "machine_memory": lambda: psutil.virtual_memory().percent,
        }
    )


def _gpus() -> _Source:
    import pynvml as nvml

    nvml.nvmlInit()
    readings: dict[str, Callable[[], float]] = {}
    for number in _visible(nvml.nvmlDeviceGetCount()):
        readings |= _gpu(nvml, number)
    return _Source(readings, nvml.nvmlShutdown)


def _gpu(nvml: Any, number: int) -> dict[str, Callable[[], float]]:
    gpu = nvml.nvmlDeviceGetHandleByIndex(number)
    return {
        f"gpu{number}/busy": lambda: nvml.nvmlDeviceGetUtilizationRates(gpu).gpu,
        f"gpu{number}/memory": lambda: nvml.nvmlDeviceGetMemoryInfo(gpu).used / _MIB,
        f"gpu{number}/temperature": lambda: nvml.nvmlDeviceGetTemperature(gpu, nvml.NVML_TEMPERATURE_GPU),
        f"gpu{number}/power": lambda: nvml.nvmlDeviceGetPowerUsage(gpu) / 1000,
    }


def _visible(count: int) -> list[int]:
    """The GPUs that this process may use."""
    told = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")
    if all(one.strip().isdigit() for one in told):
        return [int(one) for one in told if int(one) < count]
    return list(range(count))


sampler = Sampler()
