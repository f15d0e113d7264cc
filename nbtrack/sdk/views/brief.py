"""Runs cut to what a small table shows: no text is long, and texts that differ still do."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from nbtrack.sdk.views import words

if TYPE_CHECKING:
    from nbtrack.runs.contract import RunRow

_NAME, _VALUE, _TEXT = 80, 60, 160  # characters
_TAGS = 5


def briefly(rows: Sequence[RunRow], columns: Sequence[str] | None) -> tuple[list[RunRow], list[str] | None]:
    """(rows with only the columns asked for, every text cut; those columns, named as in the rows).

    columns: "params.lr", "metrics.*" or "tags.best"; all if not given. The answer has None for them where the rows
    themselves say it: none were asked for, or a whole kind.
    """
    values, wanted = _Values(), None if columns is None else set(columns)
    found = [
        replace(
            row,
            name=_cut(row.name, _NAME),
            note=_cut(row.note, _TEXT),
            end_reason=_cut(row.end_reason or "", _TEXT) or None,
            experiment=_cut(row.experiment, _NAME),
            notebook=_cut(row.notebook, _NAME) if row.notebook else row.notebook,
            params={_key(name): values.short(name, row.params[name]) for name in _asked("params", row.params, wanted)},
            metrics={_key(name): row.metrics[name] for name in _asked("metrics", row.metrics, wanted)},
            tags={_key(name): _cut(row.tags[name], _VALUE) for name in _asked("tags", row.tags, wanted)[:_TAGS]},
        )
        for row in rows
    ]
    if columns is None or any(column.endswith(".*") for column in columns):
        return found, None
    split = [column.partition(".") for column in columns]
    return found, [f"{kind}.{_key(name)}" for kind, _, name in split]


def _asked(kind: str, given: Mapping[str, Any], wanted: set[str] | None) -> list[str]:
    if wanted is None or f"{kind}.*" in wanted:
        return list(given)
    return [name for name in given if f"{kind}.{name}" in wanted]


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
