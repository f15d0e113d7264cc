"""One trial of a sweep: what it is given, what it gave, and how it is stopped when it promises nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from nbtrack.base.errors import Stopped
from nbtrack.runs.active import ActiveRun
from nbtrack.runs.values import is_a
from nbtrack.sweeps.spec import without_secrets

Prunes = Callable[[float, int], bool]


@dataclass
class Trial:
    """What one is given.

    number: from 1 on. cell, key: what stands for the code, and for the trial. prunes: tells by a value of the metric
    that decides, and its step, whether to stop. handle: the searcher's own. run, started: once it has begun.
    """

    number: int
    values: dict[str, Any]
    cell: str
    key: str
    prunes: Prunes | None = None
    handle: Any = None
    run: ActiveRun | None = None
    started: float | None = None

    def about(self, state: str | None = None) -> dict[str, Any]:
        """What its run keeps of it."""
        known = {
            "number": self.number,
            "values": without_secrets(self.values),
            "cell": self.cell,
            "key": self.key,
        }
        return known if state is None else {**known, "state": state}


@dataclass
class Result:
    """What one gave. status: of its run. pruned: it was stopped early. earlier: a sweep before had run it."""

    number: int
    values: dict[str, Any]
    key: str
    status: str
    name: str = ""
    run: str | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    reason: str | None = None
    pruned: bool = False
    earlier: bool = False

    @property
    def good(self) -> bool:
        """Whether it ran to its end."""
        return self.status == "finished"


class Source(Protocol):
    """Says what to run next, and hears what it gave."""

    def ask(self) -> Trial | None:
        """The next trial; None when there is no more."""

    def tell(self, trial: Trial, result: Result, value: float | None) -> None:
        """What a trial gave; ``value`` is that of the metric that decides."""


class Executor(Protocol):
    """Runs trials, ``width`` of them at once."""

    @property
    def width(self) -> int:
        """How many."""

    def start(self, trial: Trial) -> None:
        """Take a trial on."""

    def wait(self) -> list[tuple[Trial, Result]]:
        """Trials that have ended, at least one of those taken on."""

    def cancel(self) -> list[tuple[Trial, Result]]:
        """End those that are under way, with a true status."""


def result_of(trial: Trial, run: ActiveRun, reason: str | None = None, pruned: bool = False) -> Result:
    """What a run that has ended gave."""
    return Result(
        trial.number,
        trial.values,
        trial.key,
        run.status,
        run.name,
        run.id,
        dict(run.last),
        (run.ended or run.started) - run.started,
        reason,
        pruned,
    )


def stop_early(run: ActiveRun, objective: str, prunes: Prunes) -> None:
    """Let a run stop at its next `log` of the metric when that tells that the trial promises nothing."""
    log, reported = run.log, set[int]()

    def watched(metrics: Mapping[str, Any], step: int | None = None, time: float | None = None) -> None:
        log(metrics, step, time)
        if not is_a(metrics, Mapping) or objective not in run.last or not _has(metrics, objective):
            return
        at = run.next_step((objective,)) - 1
        if at in reported:
            return
        reported.add(at)
        if prunes(run.last[objective], at):
            raise Stopped(f"{objective} {run.last[objective]:.4g} at step {at} promises less than the trials before")

    run.log = watched  # type: ignore[method-assign]


def _has(metrics: Mapping[str, Any], name: str) -> bool:
    """Whether a call of `log` gave the metric; in a nested mapping it has a dotted name."""
    return name in metrics or any(str(key) == name.partition(".")[0] for key in metrics)
