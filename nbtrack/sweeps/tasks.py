"""Trials as tasks of an engine (`nbtrack.execute.engines`): functions here, cells and functions on other machines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from nbtrack.base.secrets import redact
from nbtrack.execute.engines import Attempt, Done, Engine, Task
from nbtrack.runs.active import ActiveRun
from nbtrack.sweeps.interrupt import Interrupt
from nbtrack.sweeps.spec import Spec
from nbtrack.sweeps.trial import Result, Trial, result_of, stop_early

Begin = Callable[[Trial, Attempt], ActiveRun]
Work = Callable[[Trial], tuple[Callable[..., Any], tuple[Any, ...]]]


class Tasks:
    """Runs trials as tasks.

    begin: begins the run of a trial. work: what a trial calls, with its arguments.
    """

    def __init__(self, engine: Engine, spec: Spec, begin: Begin, work: Work, interrupt: Interrupt) -> None:
        self._engine = engine
        self._spec = spec
        self._begin = begin
        self._work = work
        self._interrupt = interrupt
        self._trials: dict[str, Trial] = {}
        self._pruned: dict[str, str] = {}
        self._completed: Iterator[Done] | None = None

    @property
    def width(self) -> int:
        """As many as there are workers."""
        return max(1, self._engine.workers())

    def start(self, trial: Trial) -> None:
        """Hand it to the engine."""
        key = str(trial.number)
        call, arguments = self._work(trial)
        self._trials[key] = trial
        seen = partial(self._seen, trial) if trial.prunes is not None else None
        self._engine.submit(Task(key, call, partial(self._begun, trial), arguments, seen))

    def wait(self) -> list[tuple[Trial, Result]]:
        """The next that has ended."""
        self._interrupt.raises = True
        try:
            while True:
                if self._interrupt.came:
                    raise KeyboardInterrupt
                if self._completed is None:
                    self._completed = self._engine.as_completed()
                done = next(self._completed, None)
                if done is not None and done.key in self._trials:
                    return [self._result(done)]
                if done is None:
                    self._completed = None
        finally:
            self._interrupt.raises = False

    def cancel(self) -> list[tuple[Trial, Result]]:
        """End what is under way."""
        self._engine.cancel()
        found = []
        for trial in self._trials.values():
            if trial.run is None:
                result = Result(trial.number, trial.values, trial.key, "interrupted")
            else:
                if trial.run.status == "running":
                    trial.run.end("interrupted")
                result = result_of(trial, trial.run)
            found.append((trial, result))
        self._trials.clear()
        return found

    def _begun(self, trial: Trial, attempt: Attempt) -> ActiveRun:
        run = trial.run = self._begin(trial, attempt)
        run.set_about(trial=trial.about())
        if attempt.here and trial.prunes is not None and self._spec.objective is not None:
            stop_early(run, self._spec.objective, trial.prunes)
        return run

    def _seen(self, trial: Trial, points: Mapping[str, float], step: int) -> None:
        """A trial on a worker has logged: where it promises nothing it is interrupted there."""
        objective, key = self._spec.objective, str(trial.number)
        if (
            objective is None
            or objective not in points
            or trial.prunes is None
            or key in self._pruned
            or key not in self._trials
        ):
            return
        value = points[objective]
        if trial.prunes(value, step):
            self._pruned[key] = f"{objective} {value:.4g} at step {step} promises less than the trials before"
            self._engine.stop(key)

    def _result(self, done: Done) -> tuple[Trial, Result]:
        trial = self._trials.pop(done.key)
        if done.run is None:
            return trial, Result(trial.number, trial.values, trial.key, done.status, reason=done.reason)
        stopped = done.status == "interrupted" and (done.key in self._pruned or _is_stopped(done.reason))
        run, reason = done.run, self._pruned.get(done.key, done.reason)
        if stopped:
            run.set_about(trial=trial.about("pruned"))
            run.recorder.event({"e": "end", "run": run.id, "status": run.status, "reason": reason, "at": run.ended})
        elif done.status == "failed" and done.traceback and not run.of_cell:  # a cell has its own
            run.add_output("error", "text/plain", redact(done.traceback)[0][-20_000:])
        return trial, result_of(trial, run, reason, stopped)


def _is_stopped(reason: str | None) -> bool:
    return (reason or "").startswith("Stopped: ")
