"""`search_runs` as MLflow's users know it: the same arguments, the same names of columns, on this project's runs."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from nbtrack.base.errors import InvalidOption
from nbtrack.runs import contract as c
from nbtrack.sdk import asked
from nbtrack.sdk.context import current_service

if TYPE_CHECKING:
    import pandas as pd

    from nbtrack.base.config import Project
    from nbtrack.runs.service import RunsService

_ATTRIBUTES = {
    "run_id": "id",
    "run_name": "name",
    "start_time": "started",
    "end_time": "ended",
    "experiment_id": "experiment",
    "experiment_name": "experiment",
}
_STATUSES = {
    "RUNNING": "running",
    "FINISHED": "finished",
    "FAILED": "failed",
    "KILLED": "interrupted",
}
_KINDS = {"metric": "metrics", "param": "params", "parameter": "params", "parameters": "params", "tag": "tags"}
_TOKEN = re.compile(r"""(?P<text>'[^']*')|(?P<quoted>"[^"]*"|`[^`]*`)|(?P<word>[A-Za-z_][\w.]*)|(?P<other>[\s\S])""")
_ORDER = re.compile(r"^(?P<key>.+?)(?:\s+(?P<way>asc|desc))?$", re.IGNORECASE | re.DOTALL)


@asked.checked(
    filter_string=asked.filter_text,
    experiment_names=asked.names,
    order_by=asked.names,
    max_results=asked.whole(),
    project=asked.project,
)
def search_runs(
    filter_string: str = "",
    *,
    experiment_names: Sequence[str] | None = None,
    order_by: Sequence[str] | None = None,
    max_results: int = 1000,
    project: Project | str | os.PathLike[str] | None = None,
) -> pd.DataFrame:
    """Runs as a DataFrame, with MLflow's arguments and column names.

    filter_string: ``metrics.acc > 0.9 and params.model = 'svm'``; MLflow's ``attributes.run_name`` and the like work
    too. order_by: ``["metrics.acc DESC"]``; the latest run first if not given. Columns: run_id, run_name, experiment,
    status (MLflow's words), start_time, end_time, ``params.x`` (typed, not text), ``metrics.x``, ``tags.x``.

    Raises:
        FilterError: a mistake in the filter or in an order. InvalidOption: a negative ``max_results``.
    """
    from nbtrack.runs.frames import runs_frame

    service = current_service(project)
    request = c.PageRequest(filter=translate(filter_string), sort=[sort_key(one) for one in order_by or ()])
    frame = runs_frame(service, _numbers(service, request, experiment_names)[:max_results])
    words = {ours: theirs for theirs, ours in _STATUSES.items()} | {"crashed": "FAILED"}
    frame["status"] = [words.get(one, one) for one in frame["status"]]
    names = {"id": "run_id", "name": "run_name", "started": "start_time", "ended": "end_time"}
    return frame.rename(columns=names)


def translate(text: str) -> str:
    """A filter with MLflow's names for attributes and statuses in ours; what is quoted stays as it is."""
    parts: list[str] = []
    last_word = ""
    for found in _TOKEN.finditer(text):
        piece = found[0]
        if found.lastgroup == "word":
            piece = last_word = _name(piece)
        elif found.lastgroup == "text" and last_word == "status":
            piece = f"'{_STATUSES.get(piece[1:-1].upper(), piece[1:-1])}'"
        parts.append(piece)
    return "".join(parts)


def _name(word: str) -> str:
    kind, dot, rest = word.partition(".")
    if dot and kind.lower() in ("attributes", "attribute", "attr", "run"):
        return _ATTRIBUTES.get(rest, rest)
    if dot:
        return f"{_KINDS.get(kind, kind)}.{rest}"
    return _ATTRIBUTES.get(word, word)


def sort_key(order: str) -> str:
    """``metrics.acc DESC`` as our ``-metrics.acc``.

    Raises:
        InvalidOption: nothing to sort by.
    """
    found = _ORDER.match(order.strip())
    if found is None:
        raise InvalidOption("An order is empty.", "Write it like 'metrics.acc DESC'.")
    minus = "-" if (found["way"] or "").lower() == "desc" else ""
    return minus + translate(found["key"].strip())


def _numbers(service: RunsService, request: c.PageRequest, names: Sequence[str] | None) -> list[int]:
    """The rows of the runs that match, in order, of these experiments only.

    The filter is left as it was typed: its mistakes keep their columns, and one of free words can be put into nothing.
    """
    found = service.numbers(request)
    if names is None:
        return found
    inside: set[int] = set()
    for name in names:
        inside.update(service.numbers(c.PageRequest(experiment=name)))
    return [number for number in found if number in inside]
