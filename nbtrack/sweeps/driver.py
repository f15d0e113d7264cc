"""A sweep from its first trial to its last.

One trial that fails does not end it. Ctrl-C does: what runs is interrupted, nothing else begins. It is the executor
that runs trials: cells in the kernel, functions, or either on other machines.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from nbtrack.base.errors import InvalidOption, NbtrackError
from nbtrack.base.names import better
from nbtrack.runs.active import ActiveRun
from nbtrack.sweeps.spec import Spec, plain, without_secrets
from nbtrack.sweeps.trial import Executor, Result, Source, Trial
from nbtrack.tables import main_metric

Listener = Callable[["Sweep"], None]


class AllFailed(NbtrackError, RuntimeError):
    """Every trial of a sweep failed."""

    code = "all_failed"


class Sweep:
    """One sweep. Make it, then `go`; ``parent`` is its run, which its maker ends.

    cell: what stands for its code. earlier: trials that need not run, since sweeps before have run them. listen: called
    whenever something changed.
    """

    def __init__(
        self,
        spec: Spec,
        parent: ActiveRun,
        source: Source,
        executor: Executor,
        *,
        cell: str = "",
        earlier: Sequence[Result] = (),
        left: int | None = None,
        listen: Listener | None = None,
    ) -> None:
        self.spec = spec
        self.parent = parent
        self.results: list[Result] = list(earlier)
        self.running: dict[int, Trial] = {}
        self.asked = left if left is not None else max(0, spec.count() - len(earlier))
        self.stopped = False
        self.timed_out = False
        self.began = time.monotonic()
        self.took: float | None = None
        self._cell = cell
        self._source = source
        self._executor = executor
        self._listen = listen

    # -- running

    def go(self) -> None:
        """Run all trials, until none is left, the time is over, or `stop`.

        Raises:
            InvalidOption: the trials do not give the metric that decides. AllFailed: none finished.
            KeyboardInterrupt: the user had enough.
        """
        self.parent.set_about(sweep=self.about())
        try:
            self._all()
        except KeyboardInterrupt:
            self.stopped = True
        finally:
            self._end()
        if self.stopped:
            raise KeyboardInterrupt
        here = [result for result in self.results if not result.earlier]
        if here and all(result.status == "failed" for result in here) and not any(one.good for one in self.results):
            first = here[0].reason or "no reason was given"
            what = "The one trial failed" if len(here) == 1 else f"All {len(here)} trials failed; the first"
            raise AllFailed(f"{what}: {first}", "Its output is in its run.")

    def stop(self) -> None:
        """Begin no more trials."""
        self.stopped = True

    def _all(self) -> None:
        more = True
        while True:
            while more and len(self.running) < self._executor.width and not self._over():
                trial = self._source.ask()
                more = trial is not None
                if trial is not None:
                    self._start(trial)
            if not self.running:
                return
            for trial, result in self._executor.wait():
                self._ended(trial, result)
            if self.stopped:
                return

    def _over(self) -> bool:
        if self.spec.timeout is not None and time.monotonic() - self.began > self.spec.timeout:
            self.timed_out = True
        return self.stopped or self.timed_out

    def _start(self, trial: Trial) -> None:
        trial.started = time.monotonic()
        self.running[trial.number] = trial
        self._tell_listener()
        try:
            self._executor.start(trial)
        except NbtrackError as error:
            failed = Result(trial.number, trial.values, trial.key, "failed", reason=str(error))
            self._ended(trial, failed)

    def _ended(self, trial: Trial, result: Result) -> None:
        self.running.pop(trial.number, None)
        self.results.append(result)
        self.stopped |= result.status == "interrupted" and not result.pruned
        value = None if self.spec.objective is None else result.metrics.get(self.spec.objective)
        self._source.tell(trial, result, value)
        self._tell_listener()
        if value is None and self.spec.objective is not None and result.good:
            self._check_objective(result)

    def _check_objective(self, result: Result) -> None:
        """A metric that no trial gives would let a search run for nothing."""
        if any(self.spec.objective in one.metrics for one in self.results):
            return
        gave = ", ".join(sorted(result.metrics)[:12]) or "none"
        option = "--maximize" if self.spec.direction == "max" else "--minimize"
        raise InvalidOption(
            f"{option} {self.spec.objective}: the trial gave no metric of this name. It gave: {gave}.",
            f"Name one of these, or log it: nbtrack.log({{'{self.spec.objective}': …}}).",
        )

    def _end(self) -> None:
        try:
            for trial, result in self._executor.cancel() if self.running else ():
                self._ended(trial, result)
        finally:
            self.running.clear()
            self.took = time.monotonic() - self.began
            self.parent.set_about(sweep=self.about())
            best, metric = self.best(), self.objective
            if best is not None and metric is not None:
                self.parent.log_captured({metric: best.metrics[metric]}, "sweep")
            self._tell_listener()

    def _tell_listener(self) -> None:
        if self._listen is not None:
            self._listen(self)

    # -- what is known of it

    @property
    def elapsed(self) -> float:
        """Seconds since it began, until it ended."""
        return self.took if self.took is not None else time.monotonic() - self.began

    @property
    def reused(self) -> list[Result]:
        """Trials that were not run again."""
        return [result for result in self.results if result.earlier]

    @property
    def left(self) -> int:
        """How many are still to begin or to end."""
        return max(0, self.asked - sum(not result.earlier for result in self.results))

    def estimate(self) -> float | None:
        """Seconds until it has ended, by what its trials took so far; None while nothing tells."""
        took = [result.seconds for result in self.results if not result.earlier and result.seconds]
        if not took or not self.left:
            return None
        mean = sum(took) / len(took)
        under_way = sum(min(mean, time.monotonic() - (one.started or 0.0)) for one in list(self.running.values()))
        left = max(0.0, self.left * mean - under_way) / max(1, min(self._executor.width, self.left))
        if self.spec.timeout is not None:
            left = min(left, max(0.0, self.spec.timeout - self.elapsed))
        return left

    @property
    def objective(self) -> str | None:
        """The metric that decides which is best: the one named, else the one that most speaks for itself."""
        if self.spec.objective is not None:
            return self.spec.objective
        names = Counter(name for result in self.results if result.good for name in result.metrics)
        most = max(names.values(), default=0)
        known = [main_metric.Metric(name, 0, "", 1, 0.0, 0) for name, count in names.items() if count == most]
        found = min(known, key=main_metric.rank).name if known else None
        return found if found is not None and better(found) else None

    @property
    def direction(self) -> str | None:
        """Whether more or less of it is better."""
        return self.spec.direction or (better(self.objective) if self.objective else None)

    def ranked(self) -> list[Result]:
        """The results, the best first, then those without the metric, in the order of their numbers."""
        metric, sign = self.objective, -1.0 if self.direction == "max" else 1.0

        def place(result: Result) -> tuple[int, float, int]:
            value = result.metrics.get(metric) if metric is not None and result.good else None
            if value is None or value != value:
                return (1 if result.good else 2, 0.0, result.number)
            return (0, sign * value, result.number)

        return sorted(self.results, key=place)

    def best(self) -> Result | None:
        """The finished trial with the best value of the metric; None where there is no metric."""
        first = next(iter(self.ranked()), None)
        value = first.metrics.get(self.objective or "") if first is not None else None
        return first if first is not None and first.good and value is not None and value == value else None

    def counts(self) -> dict[str, int]:
        """How many trials ended how, those of sweeps before left out."""
        ended: Counter[str] = Counter()
        for result in list(self.results):
            if not result.earlier:
                ended["pruned" if result.pruned else result.status] += 1
        return dict(ended)

    def about(self) -> dict[str, Any]:
        """What the run of the sweep keeps of it."""
        best, metric = self.best(), self.objective
        known = {
            **self.spec.about(),
            "cell": self._cell,
            "counts": self.counts(),
            "reused": [result.run for result in self.reused],
            "stopped": "interrupted" if self.stopped else "timeout" if self.timed_out else None,
        }
        if best is not None and metric is not None:
            known["best"] = {
                "run": best.run,
                "name": best.name,
                "metric": metric,
                "value": plain(best.metrics[metric]),
                "values": without_secrets(best.values),
            }
        return known
