"""Eight processes that log into one place at the same time: points a second together, lost ones, errors."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from child import command, cpu, environment, folder, in_child
from subjects import SUBJECTS
from table import Line, judge, median, micro, times

KEYS = [f"metric_{number}" for number in range(10)]
PROCESSES = 8
STEPS = {"nbtrack": 10_000, "sqlite3": 1_500, "trackio": 1_000, "wandb": 150}
STEPS |= {"mlflow": 15, "aim": 150, "tensorboard": 800}
INDEXED = ("aim",)
GOAL = 100_000  # points a second, together
_WHY_RATE = (
    "{} interpreters, each with a thread that brings its points in, share the cores that there are, and one of them "
    "writes to the file at a time, each commit until the disk has it. Who gives each process files of its own, as W&B "
    "and TensorBoard do, need not take turns."
)
_WHY_CPU = (
    "a point is logged, then read from the journal and checked, summed up, and stored by SQLite with a checksum: as in "
    "one process alone, but in more commits of fewer points each."
)
_WHY_LOST = (
    "a loss or an error has no excuse here: `log` writes to a journal of its own process and waits for no lock, and "
    "what brings its points in waits for its turn. What is missing is a fault still to be found."
)


def write(subject: str, place: str, number: int, steps: int, ready: int) -> dict[str, Any]:
    """Inside a child: log once all are ready. When it was done, its CPU, the points that `log` took, its errors."""
    tracker = SUBJECTS[subject](place)
    tracker.begin(f"writer-{number}", {}, {})
    os.write(ready, b"r")
    parent = os.getppid()
    while not Path(place, "go").exists():
        if os.getppid() != parent:
            raise RuntimeError("The benchmark that this process waits for is gone.")
        time.sleep(0.002)
    errors, taken, spent = [], 0, cpu()
    for step in range(steps):
        try:
            tracker.log(dict.fromkeys(KEYS, step * 0.37))
            taken += len(KEYS)
        except Exception as error:  # noqa: BLE001 (whatever a tracker raises is counted)
            errors.append(f"{type(error).__name__}: {error}")
    try:
        tracker.end()
        tracker.close()
    except Exception as error:  # noqa: BLE001 (as above)
        errors.append(f"{type(error).__name__}: {error}")
    done = time.time()
    said = errors[0][:200] if errors else ""
    return {"done": done, "cpu": max(0.0, cpu() - spent), "taken": taken, "errors": len(errors), "said": said}


def index(subject: str, place: str) -> dict[str, float]:
    """Inside a child: seconds until what was written can be read, of a tracker that has to be told to, and CPU."""
    tracker = SUBJECTS[subject](place)
    began, spent = time.perf_counter(), cpu()
    tracker.index()
    return {"wall": time.perf_counter() - began, "cpu": cpu() - spent}


def lines(quick: bool, rivals: list[str]) -> list[Line]:
    """The lines of this part."""
    names = ["nbtrack", "sqlite3", *rivals]
    processes = 2 if quick else PROCESSES
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for _ in range(1 if quick else 3):
        for name in names:
            found[name].append(_once(name, processes, max(5, STEPS[name] // (100 if quick else 1))))
    return _table(found, processes)


def _once(name: str, processes: int, steps: int) -> dict[str, Any]:
    with folder() as place, ExitStack() as stack:
        in_child("imports:first", place, subject=name)  # the store is there before they begin
        answers = [stack.enter_context(tempfile.NamedTemporaryFile(suffix=".json")) for _ in range(processes)]
        reading, writing = os.pipe()
        stack.callback(os.close, reading)
        running = []
        for number, answer in enumerate(answers):
            given = {"subject": name, "place": place, "number": number, "steps": steps, "ready": writing}
            running.append(
                subprocess.Popen(
                    command("writers:write", answer.name, given),
                    env=environment(place),
                    cwd=place,
                    pass_fds=[writing],
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            )
        os.close(writing)
        ready = 0
        while ready < processes and (came := os.read(reading, processes)):  # nothing comes when all of them have ended
            ready += len(came)
        began = time.time()
        Path(place, "go").touch()
        failed = sum(1 for process in running if process.wait())
        said = [json.loads(Path(answer.name).read_text(encoding="utf-8") or "null") for answer in answers]
        told = [one for one in said if one]
        if not told:
            raise RuntimeError(f"none of {processes} processes that write to {name} came to its end")
        seconds = max(one["done"] for one in told) - began
        spent = sum(one["cpu"] for one in told)
        if name in INDEXED:
            indexed = in_child("writers:index", place, subject=name)
            seconds, spent = seconds + indexed["wall"], spent + indexed["cpu"]
        there = in_child("readers:count", place, subject=name) - 1  # the point of `first`
    taken = sum(one["taken"] for one in told)
    errors = failed + sum(one["errors"] for one in told)
    words = next((one["said"] for one in told if one["said"]), "")
    lost = max(0, taken - there)
    each = {"rate": there / seconds, "cpu": spent / max(1, there)}
    return {**each, "taken": taken, "lost": lost, "errors": errors, "said": words}


def _table(found: dict[str, list[dict[str, Any]]], processes: int) -> list[Line]:
    rates = {name: median(one["rate"] for one in rounds) for name, rounds in found.items()}
    spent = {name: median(one["cpu"] for one in rounds) for name, rounds in found.items()}
    totals = {
        name: {what: sum(one[what] for one in rounds) for what in ("lost", "taken", "errors")}
        for name, rounds in found.items()
    }
    said = {name: next((one["said"] for one in rounds if one["said"]), "") for name, rounds in found.items()}
    ours = totals["nbtrack"]
    note = (
        f"Writers: {processes} processes, each `log` of ten metrics in a tight loop into a run of its own; the clock "
        "runs from when all have begun their runs until the last has ended its run, and all can be read. Lost: points "
        "whose `log` returned and which nobody finds. Errors: what `log` or the end raised, and processes that failed. "
        "CPU: of the writers and of what they started; Aim's with its index."
        + "".join(f" {name} said: {words}" for name, words in said.items() if words)
    )
    bad = {name: float(one["lost"] + one["errors"]) for name, one in totals.items()}
    return [
        Line(
            "writers",
            f"{processes} processes at once, points a second together",
            {name: f"{rate:,.0f}" for name, rate in rates.items()},
            f"≥ {GOAL:,}",
            judge(rates["nbtrack"] >= GOAL),
            note,
            values=rates,
            better="high",
            why=_WHY_RATE.format(processes),
        ),
        Line(
            "writers",
            "the same: CPU a point, all processes together",
            {
                name: micro(each) + (f" ({times(each / spent['nbtrack'])})" if name != "nbtrack" else "")
                for name, each in spent.items()
            },
            values=spent,
            better="low",
            why=_WHY_CPU,
        ),
        Line(
            "writers",
            "the same: points lost; errors",
            {name: f"{one['lost']:,} of {one['taken']:,}; {one['errors']:,}" for name, one in totals.items()},
            "0; 0",
            judge(ours["lost"] == 0 and ours["errors"] == 0 and ours["taken"] > 0),
            values=bad,
            better="low",
            why=_WHY_LOST,
        ),
    ]
