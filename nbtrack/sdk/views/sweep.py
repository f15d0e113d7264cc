"""A sweep while it runs and when it has ended: how far it is, and its trials, the best first."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nbtrack.base import words
from nbtrack.base.markup import html
from nbtrack.base.names import is_load
from nbtrack.sdk.views.grid import grid
from nbtrack.sdk.views.view import View

if TYPE_CHECKING:
    from nbtrack.sweeps.driver import Sweep
    from nbtrack.sweeps.trial import Result, Trial

_MOST_ROWS = 30
_MOST_METRICS = 4
_ORDER = ("finished", "pruned", "failed", "interrupted", "crashed")


class SweepView(View):
    """A sweep. ``best``, ``results`` and ``frame`` give what it found to go on with."""

    def __init__(self, sweep: Sweep) -> None:
        self._sweep = sweep

    # -- to go on with

    @property
    def run(self) -> str:
        """The id of the sweep's own run, whose children the trials are."""
        return self._sweep.parent.id

    @property
    def best(self) -> Result | None:
        """The trial with the best value of the metric that decides; None where no metric does."""
        return self._sweep.best()

    @property
    def results(self) -> list[Result]:
        """The trials in their order, also those that sweeps before have run."""
        return sorted(self._sweep.results, key=lambda result: result.number)

    def frame(self) -> Any:
        """The trials as a DataFrame: a row each, with params, metrics, status, seconds and run."""
        import pandas

        rows = [
            {
                "trial": result.number,
                **{f"params.{name}": value for name, value in result.values.items()},
                **{f"metrics.{name}": value for name, value in result.metrics.items()},
                "status": _status(result),
                "seconds": result.seconds,
                "run": result.run,
            }
            for result in self.results
        ]
        return pandas.DataFrame(rows).set_index("trial") if rows else pandas.DataFrame()

    # -- words

    def head(self) -> str:
        """``forest: 3 of 9 trials finished, 1 failed · 12 s · about 24 s left``."""
        sweep = self._sweep
        counts = sweep.counts()
        done = sum(counts.values())
        told = [f"{counts[word]:,} {word}" for word in _ORDER if counts.get(word)]
        if sweep.reused:
            told.append(f"{len(sweep.reused):,} finished before and not run again")
        whole = sweep.asked + len(sweep.reused)
        text = f"{sweep.parent.name}: {done + len(sweep.reused):,} of {words.plural(whole, 'trial')}"
        text += f" ({', '.join(told)})" if told else ""
        parts = [text, words.duration(sweep.elapsed)]
        if sweep.took is None:
            left = sweep.estimate()
            parts += [f"about {words.duration(left)} left"] if left is not None else []
        elif sweep.stopped:
            parts.append("interrupted; run the cell again to go on")
        elif sweep.timed_out:
            parts.append("the time was over; run the cell again to go on")
        return " · ".join(parts)

    def now(self) -> list[str]:
        """A line for each trial under way, with what it logged last."""
        return [_under_way(trial) for trial in list(self._sweep.running.values())[:4]]

    def _columns(self) -> tuple[list[str], list[str]]:
        """The names of the params, and of the metrics that are shown."""
        sweep = self._sweep
        count: dict[str, int] = {}
        for result in sweep.results:
            for name in result.metrics:
                if not is_load(name):
                    count[name] = count.get(name, 0) + 1
        names = sorted(count, key=lambda name: (name != sweep.objective, -count[name]))
        return list(sweep.spec.axes), names[:_MOST_METRICS]

    def _rows(self) -> tuple[list[str], list[Sequence[str]], list[Result]]:
        params, metrics = self._columns()
        shown = self._sweep.ranked()[:_MOST_ROWS]
        best = self._sweep.best()
        write = {name: words.column_of(one.metrics[name] for one in shown if name in one.metrics) for name in metrics}
        rows: list[Sequence[str]] = [
            (
                f"{words.BEST if result is best else ' '} {result.number}",
                *(_value(result.values.get(name)) for name in params),
                *(write[name](result.metrics[name]) if name in result.metrics else words.MISSING for name in metrics),
                _sign(result),
                words.duration(result.seconds),
                result.name,
            )
            for result in shown
        ]
        return ["trial", *params, *metrics, "status", "time", "run"], rows, shown

    def _notes(self) -> list[str]:
        sweep = self._sweep
        left_out = len(sweep.results) - _MOST_ROWS
        notes = [f"{left_out:,} more: %track ls \"parent = '{sweep.parent.id}'\""] if left_out > 0 else []
        reasons = [result for result in sweep.results if result.reason and not result.good and not result.pruned]
        notes += [f"trial {one.number} {one.status}: {words.one_line(one.reason or '', 160)}" for one in reasons[:3]]
        if len(reasons) > 3:
            notes.append(f"{len(reasons) - 3} more did not finish.")
        return notes

    def plain(self, width: int) -> str:
        """The head, and when it has ended the table."""
        lines = [self.head(), *self.now()]
        if self._sweep.took is not None and self._sweep.results:
            head, rows, _ = self._rows()
            numeric = range(1, len(head) - 3)
            lines += [grid(head, rows, width, right=tuple(numeric), keep=2), *self._notes()]
        return "\n".join(lines)

    def body(self) -> str:
        """The same with a bar while it runs."""
        sweep = self._sweep
        parts = [html.tag("div", html.esc(self.head()), "head")]
        if sweep.took is None:
            whole = max(1, sweep.asked)
            done = whole - sweep.left
            parts.append(
                f'<progress max="{whole}" value="{done}" aria-label="trials" style="width:min(100%,420px)"></progress>'
            )
        parts += [html.tag("div", html.esc(line), "foot") for line in self.now()]
        if sweep.results:
            head, rows, shown = self._rows()
            best = sweep.best()
            cells = [
                [html.span(cell, "best" if result is best else "") for cell in row[:-3]]
                + [html.pill(result.status, result.reason or ""), html.span(row[-2], "dim"), html.span(row[-1], "id")]
                for row, result in zip(rows, shown, strict=True)
            ]
            for line, result in zip(cells, shown, strict=True):
                if result.pruned or result.earlier:
                    line[-3] += " " + html.span("pruned" if result.pruned else "earlier", "dim")
            parts.append(html.table([html.esc(one) for one in head], cells, numeric=range(1, len(head) - 3)))
            parts += [html.tag("div", html.esc(line), "foot") for line in self._notes()]
        return "".join(parts)

    def to_dict(self) -> dict[str, Any]:
        """What the sweep's run keeps, and its trials."""
        trials = [
            {"number": one.number, "values": one.values, "status": one.status, "metrics": one.metrics, "run": one.run}
            for one in self.results
        ]
        return {"run": self.run, "name": self._sweep.parent.name, **self._sweep.about(), "results": trials}


def _status(result: Result) -> str:
    return "pruned" if result.pruned else result.status


def _sign(result: Result) -> str:
    return words.status(_status(result)) + (" before" if result.earlier else "")


def _value(given: Any) -> str:
    return f"{given:.6g}" if isinstance(given, float) else words.value(given)


def _under_way(trial: Trial) -> str:
    values = ", ".join(f"{name}={_value(value)}" for name, value in trial.values.items())
    last = dict(trial.run.last) if trial.run is not None else {}
    told = [f"{name} {words.number(value)}" for name, value in list(last.items())[:3]]
    took = words.duration(time.monotonic() - trial.started) if trial.started is not None else ""
    return " · ".join([f"● {trial.number}: {values}", *told, took])
