"""Several runs beside one another: what differs, which is best, how far each is from a baseline."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nbtrack.base import words
from nbtrack.base.errors import InvalidOption, NotFound
from nbtrack.base.markup import html
from nbtrack.runs import columns
from nbtrack.sdk.views.grid import cut, grid
from nbtrack.sdk.views.table import Histories, measured, run_name, spark
from nbtrack.sdk.views.view import View

if TYPE_CHECKING:
    import pandas as pd

    from nbtrack.runs.contract import RunRow

_SIDE_BY_SIDE = 5  # up to so many runs, each is a column


class Comparison(View):
    """Runs compared.

    rows: at least one. baseline: place of the run that the others are measured against. transposed: runs as columns
    (True), as rows (False), or as reads better (None). everything: also show what all runs share. directions: "min"
    or "max" by metric where the name does not say it.
    """

    def __init__(
        self,
        rows: Sequence[RunRow],
        *,
        baseline: int | str = 0,
        transposed: bool | None = None,
        everything: bool = False,
        histories: Histories | None = None,
        directions: columns.Directions | None = None,
    ) -> None:
        if not rows:
            raise InvalidOption("There is no run to compare.", "Give two runs or more, by name, id or @1.")
        self.rows = list(rows)
        self.baseline = self._place(baseline)
        self.transposed = len(rows) <= _SIDE_BY_SIDE if transposed is None else transposed
        self.everything = everything
        self._histories = histories or {}
        self._directions = directions
        self.differing, self.common = columns.split_params(self.rows)
        self.metrics = columns.metric_names(self.rows)
        self.best = {
            name: columns.best(columns.last_values(self.rows, name), columns.direction(name, directions))
            for name in self.metrics
        }
        self.tags = list(dict.fromkeys(name for row in self.rows for name in row.tags))

    def _place(self, given: int | str) -> int:
        for at, row in enumerate(self.rows):
            if given in (at, row.id, row.name):
                return at
        names = ", ".join(row.name for row in self.rows[:10])
        raise NotFound(f"The baseline '{given}' is not among the runs compared.", f"They are: {names}.")

    def params(self) -> list[str]:
        """The params shown."""
        return [*self.differing, *self.common] if self.everything else self.differing

    def delta(self, at: int, metric: str) -> tuple[float, str] | None:
        """A run's (difference to the baseline, percent in words) of a metric; None where there is no number."""
        values = columns.last_values(self.rows, metric)
        old, new = values[self.baseline], values[at]
        if at == self.baseline or old is None or new is None or not (math.isfinite(old) and math.isfinite(new)):
            return None
        return new - old, words.percent(new, old)

    # -- words -------------------------------------------------------------------------------------------------------

    def _metric_words(self, name: str) -> list[str]:
        values = columns.last_values(self.rows, name)
        write = words.column_of(one for one in values if one is not None)
        return [words.MISSING if one is None else write(one) for one in values]

    def _delta_words(self, at: int, metric: str) -> str:
        found = self.delta(at, metric)
        if found is None:
            return ""
        difference, part = found
        write = words.column_of(one for one in columns.last_values(self.rows, metric) if one is not None)
        return "=" if not difference else words.signed(difference, write) + (f" ({part})" if part else "")

    def _foot(self) -> list[str]:
        lines = [f"{words.plural(len(self.rows), 'run')} · ★ best · differences to {self.rows[self.baseline].name}"]
        if self.common and not self.everything:
            shared = ", ".join(f"{name}={words.value(given)}" for name, given in self.common.items())
            lines.append(f"same in all: {words.one_line(shared, 400)}")
        return lines

    # -- text --------------------------------------------------------------------------------------------------------

    def plain(self, width: int) -> str:
        """An aligned table with the differences behind the values."""
        lines = self._text_lines()
        head, *body = lines if self.transposed else [list(column) for column in zip(*lines, strict=True)]
        if self.transposed:
            right: Sequence[int] = range(1, len(head))
        else:
            right = [at for at, name in enumerate(head) if name in self.metrics]
        table = grid(head, body, width, right=right)
        return "\n".join([table, *(cut(line, width) for line in self._foot())])

    def _text_lines(self) -> list[list[str]]:
        """One line a key: its name, then each run's value."""
        lines = [["", *(row.name for row in self.rows)]]
        lines.append(["status", *(words.status(row.status) for row in self.rows)])
        lines.append(["took", *(words.duration(row.duration) for row in self.rows)])
        for name in self.metrics:
            lines.append(
                [name, *(self._text_metric(at, name, text) for at, text in enumerate(self._metric_words(name)))]
            )
        for name in self.params():
            mark = "≠ " if self.everything and name in self.differing else ""
            lines.append([mark + name, *(self._param(row, name) for row in self.rows)])
        lines += [[f"tag {name}", *(row.tags.get(name, words.MISSING) for row in self.rows)] for name in self.tags]
        return lines

    def _text_metric(self, at: int, name: str, text: str) -> str:
        text = f"{words.BEST} {text}" if at in self.best[name] else text
        if not self.transposed:
            found = self.delta(at, name)
            return f"{text} {found[1]:>7}" if found and found[1] else f"{text} {'':>7}"
        room = max(len(self._delta_words(at, other)) for other in self.metrics)  # so that the values stand in line
        return f"{text}  {self._delta_words(at, name):<{room}}" if room else text

    def _param(self, row: RunRow, name: str) -> str:
        return words.value(row.params[name]) if name in row.params else words.MISSING

    # -- HTML --------------------------------------------------------------------------------------------------------

    def body(self) -> str:
        """The table, and what all runs share below it."""
        lines = self._html_lines()
        if self.transposed:
            head, *body = lines
            table = html.table(head, body, numeric=range(1, len(head)))
        else:
            head, *body = [list(column) for column in zip(*lines, strict=True)]
            table = html.table(head, body, numeric=range(2, 3 + len(self.metrics)))
        return table + "".join(html.tag("div", html.esc(line), "foot") for line in self._foot())

    def _html_lines(self) -> list[list[str]]:
        named = [
            run_name(row) + (" " + html.span("baseline", "chip") if at == self.baseline else "")
            for at, row in enumerate(self.rows)
        ]
        lines = [["", *named], ["status", *(html.pill(row.status, row.end_reason or "") for row in self.rows)]]
        lines.append(["took", *(html.esc(words.duration(row.duration)) for row in self.rows)])
        for name in self.metrics:
            written = self._metric_words(name)
            lines.append([self._head(name), *(self._html_metric(at, name, text) for at, text in enumerate(written))])
        for name in self.params():
            differs = name in self.differing
            title = html.span(
                ("≠ " if differs and self.everything else "") + words.one_line(name, 60), title=f"param {name}"
            )
            style = "diff" if differs and self.everything else ""
            lines.append([title, *(html.span(self._param(row, name), style) for row in self.rows)])
        for name in self.tags:
            lines.append([html.span(f"tag {words.one_line(name, 60)}", "dim")])
            lines[-1] += [html.esc(words.one_line(row.tags.get(name, words.MISSING))) for row in self.rows]
        return lines

    def _head(self, name: str) -> str:
        which = columns.direction(name, self._directions)
        return html.span(
            words.one_line(name, 60) + {"min": " ↓", "max": " ↑"}.get(which or "", ""), title=f"metric {name}"
        )

    def _html_metric(self, at: int, name: str, text: str) -> str:
        row = self.rows[at]
        if name not in row.metrics:
            return html.span(words.MISSING, "dim")
        curve = spark(self._histories.get((row.id, name)), name)
        is_best = at in self.best[name]
        shown = html.span(
            f"{words.BEST} {text}" if is_best else text, "best" if is_best else "", repr(row.metrics[name].last)
        )
        difference = self._delta_words(at, name)
        if not difference:
            return measured(curve, shown)
        return f"{measured(curve, shown)} {html.span(difference, 'delta ' + self._judge(at, name))}"

    def _judge(self, at: int, name: str) -> str:
        found, which = self.delta(at, name), columns.direction(name, self._directions)
        if found is None or which is None or not found[0]:
            return "dim"
        return "good" if (found[0] > 0) == (which == "max") else "bad"

    # -- data --------------------------------------------------------------------------------------------------------

    def to_pandas(self) -> pd.DataFrame:
        """One row per run, indexed by its name: id, status, duration, metrics, their delta to the baseline, params."""
        import pandas as pd

        records = []
        for at, row in enumerate(self.rows):
            record: dict[str, Any] = {"id": row.id, "status": row.status, "duration": row.duration}
            for name in self.metrics:
                record[f"metrics.{name}"] = row.metrics[name].last if name in row.metrics else math.nan
                found = self.delta(at, name)
                record[f"delta.{name}"] = found[0] if found else (0.0 if at == self.baseline else math.nan)
            record |= {f"params.{name}": row.params.get(name) for name in (*self.differing, *self.common)}
            records.append(record)
        return pd.DataFrame(records, index=pd.Index([row.name for row in self.rows], name="run"))

    def to_dict(self) -> dict[str, Any]:
        """The runs, the baseline's id, which params differ, and the ids of the best runs by metric."""
        from nbtrack.base.wire import to_plain

        return {
            "runs": to_plain(self.rows),
            "baseline": self.rows[self.baseline].id,
            "differing": list(self.differing),
            "common": to_plain(self.common),
            "best": {name: [self.rows[at].id for at in sorted(places)] for name, places in self.best.items()},
        }
