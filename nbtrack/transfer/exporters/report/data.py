"""What the report's script is given: the runs, briefly, and their curves, as JSON that no markup can end."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from nbtrack.base import wire, words
from nbtrack.base.names import better

if TYPE_CHECKING:
    from nbtrack.runs.contract import RunRow, Series
    from nbtrack.transfer.exporters.report.reading import History

_DIGITS = 6  # significant ones of a curve's values: more than a screen has places
_TEXT = 120  # characters of a param or tag


def as_json(history: History) -> str:
    """JSON for a script element: ``<`` is written so that nothing in it is taken for a tag or a comment."""
    text = wire.encode(
        {
            "v": 1,
            "runs": [_run(row, history) for row in history.rows],
            "metrics": [[name, better(name), _count(history, name)] for name in history.curves],
            "curves": _curves(history),
        }
    ).decode()
    for character, written in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026"), ("\u2028", ""), ("\u2029", "")):
        text = text.replace(character, written)
    return text


def _count(history: History, name: str) -> int:
    return sum(name in row.metrics for row in history.rows)


def _run(row: RunRow, history: History) -> dict[str, Any]:
    """The fields of a row that charts ask for; texts are cut."""
    return {
        "id": row.id,
        "name": words.one_line(row.name, _TEXT),
        "status": row.status,
        "experiment": words.one_line(row.experiment, _TEXT),
        "notebook": row.notebook,
        "started": row.started,
        "duration": row.duration,
        "params": {name: _brief(row.params[name]) for name in history.params[:20] if name in row.params},
        "tags": {name: words.one_line(text, _TEXT) for name, text in list(row.tags.items())[:10]},
        "metrics": {
            name: [one.last, one.min, one.max, one.mean, one.count, one.last_step]
            for name, one in row.metrics.items()
            if name in history.curves
        },
    }


def _brief(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return words.one_line(value if isinstance(value, str) else words.value(value), _TEXT)


def _curves(history: History) -> list[list[Any]]:
    """[place of the run, place of the metric, points in all, steps, seconds since its start, values]."""
    places = {row.id: at for at, row in enumerate(history.rows)}
    found = []
    for key, series in enumerate(history.curves.values()):
        for one in series:
            at = places[one.run]
            found.append([at, key, one.total, _steps(one), *_floats(one, history.rows[at].started)])
    return found


def _steps(one: Series) -> list[int]:
    """Differences: shorter to write."""
    return [step - before for before, step in zip([0, *one.steps], one.steps, strict=False)]


def _floats(one: Series, started: float) -> tuple[list[float], list[float]]:
    times = [round(moment - started, 3) if math.isfinite(moment) else 0.0 for moment in one.times]
    return times, [_short(value) for value in one.values]


def _short(value: float) -> float:
    """A whole number as one: "1" is shorter than "1.0"."""
    if not math.isfinite(value):
        return value
    rounded = float(f"{value:.{_DIGITS}g}")
    return int(rounded) if abs(rounded) < 1e6 and rounded == int(rounded) else rounded
