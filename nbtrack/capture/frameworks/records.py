"""What frameworks tell, put into a run: by the names that what is captured from the code has too.

A param is named after the class whose setting it is, ``LogisticRegression.C``, as a keyword argument in the code is.
A second object of the class with other settings is ``LogisticRegression#2``; one that contradicts none of those before
joins the first. At most `LIMIT` different ones of a class are kept of a run. What was seen at work stands over what the
code says (`contradicted`), and never over what the user logged.
"""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Container, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary

from nbtrack.base.errors import InvalidValue
from nbtrack.capture.scalars import NOTHING, leaves, same, setting
from nbtrack.runs.active import ActiveRun

LIMIT = 20

_lock = threading.Lock()
_limits: WeakKeyDictionary[ActiveRun, tuple[frozenset[str] | None, frozenset[str] | None]] = WeakKeyDictionary()
_groups: WeakKeyDictionary[ActiveRun, dict[str, list[dict[str, object]]]] = WeakKeyDictionary()


def limit(run: ActiveRun, params: frozenset[str] | None, metrics: frozenset[str] | None) -> None:
    """Keep only these names of what frameworks tell of a run, as ``%%track --params`` says; None is all."""
    if params is not None or metrics is not None:
        _limits[run] = (params, metrics)


def is_limited(run: ActiveRun) -> bool:
    """Whether only some names of a run are kept."""
    return run in _limits


def put_params(run: ActiveRun, title: str, values: Mapping[str, Any], usual: Container[str] = ()) -> str | None:
    """Store settings of an object of the class ``title`` as ``title.name``; what is data and no setting is left out.

    usual: names that are as by default: their source is "default", so that views can stand them behind the others.

    Returns what the object is called in this run: ``title``, ``title#2``, …; None if it is one too many.
    """
    plain = dict(_settings(values))
    with _lock:
        group = _groups.setdefault(run, {}).setdefault(title, [])
        number, fresh = _place(group, plain)
    if not number:
        return None
    label = title if number == 1 else f"{title}#{number}"
    wanted = _limits.get(run, (None, None))[0]
    found: dict[str, dict[str, object]] = {"autolog": {}, "default": {}}
    for inner, value in fresh.items():
        name = f"{label}.{inner}"
        if name not in run.explicit and _is_wanted(name, wanted):
            found["default" if inner in usual else "autolog"][name] = value
    for source, params in found.items():
        _put(run, params, source)
    return label


def _put(run: ActiveRun, params: Mapping[str, object], source: str) -> None:
    try:
        run.set_params(params, source)
    except InvalidValue:
        for name, value in params.items():
            with suppress(InvalidValue):
                run.set_params({name: value}, source)


def put_metrics(run: ActiveRun, metrics: Mapping[str, Any], step: int | None = None) -> None:
    """Log metrics at a step; those that are no numbers are left out."""
    wanted = _limits[run][1] if _limits and run in _limits else None
    if wanted is not None:
        metrics = {name: value for name, value in metrics.items() if _is_wanted(name, wanted)}
    try:
        run.log(metrics, step)
    except InvalidValue:
        for name, value in metrics.items():
            with suppress(InvalidValue):
                run.log({name: value}, step)


def put_table(run: ActiveRun, path: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Store rows as a CSV artifact."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    run.add_bytes(path, out.getvalue().encode("utf-8", "backslashreplace"), "text/csv", "autolog")


def contradicted(run: ActiveRun, name: str) -> bool:
    """Whether a keyword argument in the code, as ``Class.name`` or ``Class#2.name``, is told better by what was seen.

    That is so for the same name; and for all arguments of a class of which several were seen or written, since the
    order in the text need not be the order at work.
    """
    label, _, inner = name.partition(".")
    title, _, number = label.partition("#")
    group = _groups.get(run, {}).get(title)
    if not group:
        return False
    return bool(number) or len(group) > 1 or inner in group[0]


def _is_wanted(name: str, wanted: frozenset[str] | None) -> bool:
    return wanted is None or name in wanted or name.partition(".")[0].partition("#")[0] in wanted


def _settings(values: Mapping[str, Any]) -> Iterable[tuple[str, object]]:
    for name, value in values.items():
        plain = setting(value)
        if plain is not NOTHING:
            yield name, plain
        elif type(value) is dict:
            yield from leaves(name, value)
        elif callable(value) and isinstance(getattr(value, "__qualname__", None), str):
            yield name, value.__qualname__


def _place(group: list[dict[str, object]], given: dict[str, object]) -> tuple[int, dict[str, object]]:
    """The number of the object that these settings are of, and those that were not known; 0 if it is one too many."""
    for number, known in enumerate(group, 1):
        if all(name not in known or same(known[name], value) for name, value in given.items()):
            fresh = {name: value for name, value in given.items() if name not in known}
            known.update(fresh)
            return number, fresh
    if len(group) >= LIMIT:
        return 0, {}
    group.append(dict(given))
    return len(group), given
