"""Which metric a short list shows of a run: the one place where that is decided.

Of one run, the first that decides:

1. what the user logged comes before what was captured;
2. a metric whose name says which value is the better one, then any other, then what a run costs or only counts (time,
   memory, epochs, the learning rate);
3. one of validation or test, then one of neither, then one of training;
4. a quality (accuracy, F1: higher is better), then an error (loss: lower is better), then any other;
5. a curve, then a single value;
6. the first by name.

So that neighbours in a list can be compared, they show the same metric where they have it: the latest runs of a
project each give their vote by this rule, and of every run the metric with the most votes is shown. That does not
depend on what is searched for, so a run shows the same metric in every list.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from nbtrack.base.names import better, words

_COSTS = frozenset({
    "time", "times", "seconds", "secs", "sec", "ms", "duration", "latency", "runtime", "elapsed", "overhead", "memory",
    "mem", "ram", "vram", "gpu", "cpu", "bytes", "kb", "mb", "gb", "mib", "gib", "throughput", "fps", "speed",
    "speedup", "epoch", "epochs", "step", "steps", "iteration", "iterations", "iter", "count", "counts", "num", "n",
    "size", "samples", "tokens", "params", "parameters", "lr", "seed", "timestamp", "eta", "progress",
})  # fmt: skip
_HELD_OUT = frozenset({
    "val", "valid", "validation", "test", "testing", "eval", "evaluation", "dev", "heldout", "holdout", "cv", "oob",
})  # fmt: skip
_HELD_OUT_STARTS = ("val", "valid", "test", "eval", "dev")  # valloss, testacc
_TRAINING = frozenset({"train", "training", "trn", "tr", "batch", "fit"})
_TRAINING_STARTS = ("train",)

Rank = tuple[int, int, int, int, int, str]


class Metric(NamedTuple):
    """One metric of a run: what deciding takes, and what is shown of it. ``key`` is its number in the file."""

    name: str
    key: int
    source: str
    points: int
    last: float
    last_step: int


def rank(metric: Metric) -> Rank:
    """How little a metric says of its run, by the rule above: the lowest is shown."""
    known, split, quality = _told(metric.name)
    return (metric.source != "explicit", known, split, quality, metric.points < 2, metric.name)


@lru_cache(maxsize=4096)
def _told(name: str) -> tuple[int, int, int]:
    """What the name alone says: (direction, split, quality)."""
    parts, direction = words(name), better(name)
    cost = not _COSTS.isdisjoint(parts)
    known = 2 if cost else 1 if direction is None else 0
    held_out = any(part in _HELD_OUT or _glued(part, _HELD_OUT_STARTS) for part in parts)
    training = any(part in _TRAINING or _glued(part, _TRAINING_STARTS) for part in parts)
    return known, 0 if held_out else 2 if training else 1, {"max": 0, "min": 1, None: 2}[direction]


def _glued(part: str, starts: tuple[str, ...]) -> bool:
    """Whether a word is one such as "valloss": a split and a metric without anything between."""
    return any(part.startswith(start) and better(part.removeprefix(start)) for start in starts)


def votes(runs: Iterable[Iterable[Metric]]) -> dict[str, int]:
    """How many runs would show a metric, by its name."""
    return Counter(min(run, key=rank).name for run in map(list, runs) if run)


def choose(run: Mapping[str, Metric], asked: str | None, known: Mapping[str, int]) -> Metric | None:
    """The metric that is shown of a run: the one asked for, else the one with the most votes, else by the rule."""
    if not run:
        return None
    if asked is not None and asked in run:
        return run[asked]
    most = max(known.get(name, 0) for name in run)
    best = [metric for name, metric in run.items() if known.get(name, 0) == most]
    return best[0] if len(best) == 1 else min(best, key=rank)
