"""Runs cut to what a small table shows: no text is long, and texts that differ still do."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from nbtrack.base import words
from nbtrack.runs.columns import metric_names

if TYPE_CHECKING:
    from nbtrack.runs.contract import RunRow

_ID, _NAME, _VALUE, _TEXT = 40, 80, 60, 160  # characters
_TAGS = 5
_NAMES = 100  # params, and metrics, that are looked at: the table itself shows fewer


@dataclass(frozen=True)
class Brief:
    """``rows`` as a table takes them; ``only``: its columns, None for all of theirs; ``more``: what was left out."""

    rows: list[RunRow]
    only: list[str] | None
    more: list[str]


def briefly(rows: Sequence[RunRow], columns: Sequence[str] | None) -> Brief:
    """Rows with the columns asked for, at most 100 of a kind, and every text cut.

    columns: "params.lr", "metrics.*" or "tags.best"; all if not given.
    """
    wanted = None if columns is None else set(columns)
    params, more_params = _names("params", dict.fromkeys(name for row in rows for name in row.params), wanted)
    metrics, more_metrics = _names("metrics", metric_names(rows), wanted)
    values = _Values()
    found = [
        replace(
            row,
            id=_cut(row.id, _ID),
            name=_cut(row.name, _NAME),
            note=_cut(row.note, _TEXT),
            end_reason=_cut(row.end_reason or "", _TEXT) or None,
            experiment=_cut(row.experiment, _NAME),
            notebook=_cut(row.notebook, _NAME) if row.notebook else row.notebook,
            params={key: values.short(name, row.params[name]) for name, key in params.items() if name in row.params},
            metrics={key: row.metrics[name] for name, key in metrics.items() if name in row.metrics},
            tags=_tags(row.tags, wanted),
        )
        for row in rows
    ]
    left = ((more_params, "param"), (more_metrics, "metric"))
    only = None
    if columns is not None and not any(column.endswith(".*") for column in columns):
        split = [column.partition(".") for column in columns]
        only = [f"{kind}.{_key(name)}" for kind, _, name in split]
    return Brief(found, only, [words.plural(count, f"more {kind}") for count, kind in left if count])


def _names(kind: str, given: Iterable[str], wanted: set[str] | None) -> tuple[dict[str, str], int]:
    """(what the names asked for are cut to, how many more there are)."""
    asked = _asked(kind, given, wanted)
    return {name: _key(name) for name in asked[:_NAMES]}, max(0, len(asked) - _NAMES)


def _asked(kind: str, given: Iterable[str], wanted: set[str] | None) -> list[str]:
    if wanted is None or f"{kind}.*" in wanted:
        return list(given)
    return [name for name in given if f"{kind}.{name}" in wanted]


def _tags(given: Mapping[str, str], wanted: set[str] | None) -> dict[str, str]:
    return {_key(name): _cut(given[name], _VALUE) for name in _asked("tags", given, wanted)[:_TAGS]}


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _key(name: str) -> str:
    """A name; a long one by its beginning and a checksum, so that two of them stay two columns."""
    return name if len(name) <= _NAME else f"{name[: _NAME - 10]}…{_sum(name):08x}"


def _sum(text: str) -> int:
    return zlib.crc32(text.encode("utf-8", "surrogatepass"))


class _Values:
    """Cuts the values of params, and tells those apart that are no longer so."""

    def __init__(self) -> None:
        self._taken: dict[tuple[str, str], str] = {}

    def short(self, param: str, value: Any) -> Any:
        """A number as it is, a text cut. A second text of this param with the same beginning gets a checksum."""
        if value is None or isinstance(value, (bool, int, float)):
            return value
        whole = value if isinstance(value, str) else repr(value)
        if len(whole) <= _VALUE:
            return value
        cut = _cut(value if isinstance(value, str) else words.value(value), _VALUE)
        if self._taken.setdefault((param, cut), whole) == whole:
            return cut
        return f"{cut[:-1]}…{_sum(whole):08x}"
