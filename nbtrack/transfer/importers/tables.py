"""Tables: CSV, TSV and Parquet, a run a row, or many rows a run where there are steps.

``--map COLUMN=FIELD`` says what a column is: id, name, experiment, status, started, ended, note, tags (words between
commas), step, time, run (what tells the runs of a table with steps apart), ``params.NAME``, ``metrics.NAME``,
``tags.NAME``, or ``-`` for a column that is left out. What nobody says is guessed from the column's name and values,
see `nbtrack.transfer.importers.tables_columns`.

With a column of steps, rows of one run are its history: metrics by step, and params that stand in its first row. A run
is known by its id or by what its row says, so a row that is changed is another run unless there is a column of ids.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from nbtrack.base.errors import InvalidOption
from nbtrack.runs import values
from nbtrack.transfer.importers import mapping, none_left, parts
from nbtrack.transfer.importers.parts import Chunks, Notes, broken
from nbtrack.transfer.importers.tables_columns import FIELDS, Table, fields_of, opened
from nbtrack.transfer.records import ParamRecord, Points, RunRecord, Whole, made_id

_SUFFIXES = (".csv", ".tsv", ".parquet", ".pq")
_STATUSES = {
    "finished": "finished complete completed success successful succeeded done ok",
    "failed": "failed failure fail error errored",
    "crashed": "crashed crash running pending scheduled preempting preempted queued starting",
    "interrupted": "interrupted killed stopped canceled cancelled aborted terminated",
}
_WORDS = {word: status for status, words in _STATUSES.items() for word in words.split()}
_MOST = 20_000_000  # points that are held at once: 24 bytes each


class Tables:
    """CSV, TSV and Parquet files."""

    name = "tables"

    def knows(self, source: str) -> bool:
        """A file with one of their endings."""
        path = Path(source).expanduser()
        return path.suffix.lower() in _SUFFIXES and path.is_file()

    def place(self, source: str) -> str:
        """Rows are known by their ids in this file."""
        return f"table:{Path(source).expanduser().resolve()}"

    def read(self, source: str, options: Mapping[str, str]) -> Iterator[Whole]:
        """The runs in the order of their rows.

        Raises:
            BadSource: the file is broken; the line is named. InvalidOption: the mapping names no column or no field.
        """
        none_left(options, "map")
        path = parts.path_of(source)
        if not path.is_file():
            raise InvalidOption(f"'{source}' is a folder.", "Give one CSV or Parquet file.")
        table = opened(path)
        fields = _checked(table, mapping(options), path)
        place = self.place(source)
        reader = _History if "step" in fields.values() else _Rows
        yield from reader(path, table, fields, place).wholes()


def _checked(table: Table, given: Mapping[str, str], path: Path) -> dict[str, str]:
    """What each column is. Raises InvalidOption for a mapping that says what cannot be."""
    for column, field in given.items():
        if column not in table.kinds:
            raise InvalidOption(
                f"'{path}' has no column '{column}'.", f"It has: {parts.cut(', '.join(table.kinds), 500)}."
            )
        prefix, dot, name = field.partition(".")
        if field not in FIELDS and not (dot and name and prefix in ("params", "metrics", "tags")):
            raise InvalidOption(
                f"'{field}' is nothing that a column can be.",
                f"One of {', '.join(FIELDS)}, or params.NAME, metrics.NAME, tags.NAME.",
            )
    found = fields_of(table.kinds, given)
    for field in set(found.values()) - {"-", "tags"}:
        columns = [column for column, one in found.items() if one == field]
        if len(columns) > 1:
            raise InvalidOption(f"The columns {columns} would all be '{field}'.", f"Say --map '{columns[1]}=-'.")
    return found


class _Reader:
    """What both forms share."""

    def __init__(self, path: Path, table: Table, fields: Mapping[str, str], place: str) -> None:
        self.path = path
        self.table = table
        self.fields = fields
        self.place = place
        self.where = str(path.resolve())
        self.by_field = {field: column for column, field in fields.items()}
        self.moment = path.stat().st_mtime  # of runs that say no time

    def get(self, row: Mapping[str, Any], field: str) -> Any:
        """What a row says of a field; None if nothing. A column may have an empty name: pandas' index has."""
        return row.get(self.by_field[field]) if field in self.by_field else None

    def record(self, number: int, row: Mapping[str, Any], foreign: str, name: str) -> RunRecord:
        """The run of a row."""
        notes = Notes()
        started = self.time(number, row, "started") or self.time(number, row, "time") or self.moment
        ended = self.time(number, row, "ended")
        status, tags = "finished", self._tags(row)
        given = self.get(row, "status")
        if given is not None:
            word = str(given).strip()
            status = _WORDS.get(word.lower(), "finished")
            if word.lower() not in _WORDS:
                tags["status"] = parts.cut(word, 500)
        params = {field[7:]: row.get(column) for column, field in self.fields.items() if field.startswith("params.")}
        for column, field in self.fields.items():
            if field.startswith("metrics.") and parts.is_rounded(row.get(column)):
                notes.add(f"'{parts.brief(column)}' has an integer that a metric cannot hold exactly: it was rounded.")
        origin = {"tool": "table", "id": foreign, "from": self.where}
        record = RunRecord(
            id=made_id(self.place, foreign),
            name=parts.cut(name, values.MAX_NAME),
            experiment=str(self.get(row, "experiment") or self.path.stem),
            status=status,
            started=started,
            ended=max(ended, started) if ended is not None else started,
            note=str(self.get(row, "note") or ""),
            params=_params(params, notes, started),
            tags=tags,
        )
        record.about = {"origin": {**origin, "notes": notes.lines()}}
        return record

    def time(self, number: int, row: Mapping[str, Any], field: str) -> float | None:
        """Unix seconds of a field; None if the row says none."""
        value = self.get(row, field)
        if value is None:
            return None
        found = parts.seconds_of(value)
        if found is None and isinstance(value, str):
            with suppress(ValueError):
                found = parts.seconds_of(float(value))
        if found is None:
            raise broken(
                self.path,
                f"'{parts.brief(str(value))}' in the column '{self.by_field[field]}' is no time",
                f"{self.table.called} {number}",
                "Give ISO 8601 or Unix seconds, or say --map 'COLUMN=-'.",
            )
        return found

    def metrics(self, number: int, row: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
        """The metrics that a row has."""
        for column, field in self.fields.items():
            if field.startswith("metrics.") and row.get(column) is not None:
                value = parts.number(row[column])
                if value is None:
                    raise broken(
                        self.path,
                        f"'{parts.brief(str(row[column]))}' in the column '{column}' is no number",
                        f"{self.table.called} {number}",
                        f"Say --map '{column}=params.{field[8:]}'.",
                    )
                yield field[8:], value

    def _tags(self, row: Mapping[str, Any]) -> dict[str, str]:
        tags: dict[str, str] = {}
        for column, field in self.fields.items():
            value = row.get(column)
            if value is None or not (field == "tags" or field.startswith("tags.")):
                continue
            if field == "tags":
                found = value if isinstance(value, list) else str(value).strip("[]").split(",")
                tags |= {word: "" for one in found if (word := str(one).strip(" '\""))}
            else:
                tags[field[5:]] = parts.cut(str(value), values.MAX_PARAM)
        return tags


class _Rows(_Reader):
    """A run a row."""

    def wholes(self) -> Iterator[Whole]:
        """The runs."""
        seen: dict[str, int] = {}
        for number, row in self.table.rows():
            given = self.get(row, "id")
            key = _digest(row) if given is None else str(given)
            count = seen[key] = seen.get(key, 0) + 1
            if count > 1 and given is not None:
                raise broken(
                    self.path,
                    f"the id '{parts.brief(key)}' is there twice",
                    f"{self.table.called} {number}",
                    "Is there a column of steps? Say --map 'COLUMN=step'.",
                )
            foreign = key if count == 1 else f"{key}#{count}"
            name = self.get(row, "name") or given or f"{self.path.stem} {number - self.table.first + 1}"
            record = self.record(number, row, foreign, str(name))
            yield _whole(record, self._points(number, row, record))

    def _points(self, number: int, row: Mapping[str, Any], record: RunRecord) -> list[Points]:
        chunks = Chunks()
        for name, value in self.metrics(number, row):
            chunks.add(name, 0, record.ended or record.started, value)
        return list(chunks.rest())


class _History(_Reader):
    """Many rows a run: the points of all runs are held at once."""

    def wholes(self) -> Iterator[Whole]:
        """The runs."""
        records: dict[str, RunRecord] = {}
        points: dict[str, dict[str, Points]] = {}
        count = 0
        for number, row in self.table.rows():
            given = next(
                (found for field in ("run", "id", "name") if (found := self.get(row, field)) is not None), None
            )
            key = self.path.stem if given is None else str(given)
            record = records.get(key)
            if record is None:
                record = records[key] = self.record(number, row, key, str(self.get(row, "name") or key))
            step = parts.step_of(self.get(row, "step"))
            if step is None:
                raise broken(
                    self.path,
                    f"'{parts.brief(str(self.get(row, 'step')))}' in the column '{self.by_field['step']}' is no step",
                    f"{self.table.called} {number}",
                    "Steps are integers.",
                )
            time = self.time(number, row, "time") or record.started
            record.started, record.ended = min(record.started, time), max(record.ended or time, time)
            for name, value in self.metrics(number, row):
                held = points.setdefault(key, {}).setdefault(name, Points(name))
                held.steps.append(step)
                held.times.append(time)
                held.values.append(value)
                count += 1
            if count > _MOST:
                raise broken(self.path, f"it has more than {_MOST:,} points", hint="Import it in parts.")
        for key, record in records.items():
            yield _whole(record, list(points.get(key, {}).values()))


def _digest(row: Mapping[str, Any]) -> str:
    """What tells a row from others: 1 and 1.0 are the same, and so is a column more that says nothing of it."""
    said = {name: parts.number(value) if type(value) is int else value for name, value in row.items()}
    text = json.dumps({name: said[name] for name in sorted(said) if said[name] is not None}, default=str)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def _whole(record: RunRecord, points: list[Points]) -> Whole:
    return Whole(record, lambda: points)


def _params(given: Mapping[str, Any], notes: Notes, at: float) -> list[ParamRecord]:
    return parts.params_of({name: value for name, value in given.items() if value is not None}, notes, at)
