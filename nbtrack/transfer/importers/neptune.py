"""Neptune: what its exporter (neptune-exporter) leaves: Parquet by project and run, and files beside it.

The columns are those of the schema in the exporter's README: project_id, run_id, attribute_path, attribute_type, step,
timestamp, and a column for each kind of value. A project is an experiment. Float, int, text, bool, time and set
attributes are params, but for ``sys/``, which says name, times, note, tags and state; float series are metrics
(``monitoring/`` becomes ``system/``); series of texts and histograms are files of JSON lines; files are files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from nbtrack.base.errors import InvalidOption
from nbtrack.transfer.importers import none_left, parts
from nbtrack.transfer.importers.parts import Chunks, Notes, broken, reading
from nbtrack.transfer.records import File, Points, RunRecord, Whole, made_id

_NEEDED = frozenset({"project_id", "run_id", "attribute_path", "attribute_type", "step", "timestamp"})
_FOOTER = 1 << 18  # bytes at a file's end in which its columns are named
_VALUES = {
    "float": "float_value", "int": "int_value", "string": "string_value", "bool": "bool_value",
    "datetime": "datetime_value", "string_set": "string_set_value", "float_series": "float_value",
    "string_series": "string_value", "histogram_series": "histogram_value", "file": "file_value",
    "file_series": "file_value",
}  # fmt: skip
_SINGLE = ("float", "int", "string", "bool", "datetime", "string_set")
_FILES = ("file", "file_series")
_LINES = ("string_series", "histogram_series")
_PART = re.compile(r"_part_(\d+)\.parquet$")
_MONITORING = "monitoring/"

Row = dict[str, Any]


class Neptune:
    """The Parquet of Neptune's exporter."""

    name = "neptune"

    def knows(self, source: str) -> bool:
        """A Parquet file with its columns, or a folder with such files in it or two levels below."""
        path = Path(source).expanduser()
        files = [path] if path.is_file() else _tables(path)
        return bool(files) and _has_columns(files[0])

    def place(self, source: str) -> str:
        """Neptune's projects and run ids say what a run is."""
        return "neptune"

    def read(self, source: str, options: Mapping[str, str]) -> Iterator[Whole]:
        """The runs by project and id.

        Raises:
            BadSource: a file is broken; it is named. CannotRun: pyarrow is missing. NotFound: there is no such path.
            InvalidOption: "files" names no folder.
        """
        none_left(options, "files")
        path = parts.path_of(source)
        tables = [path] if path.is_file() else _tables(path)
        if not tables:
            raise broken(path, "there is no Parquet file in it", hint="Give the exporter's --data-path.")
        arrow = parts.need("pyarrow.parquet", "Neptune's exports", "parquet")
        place = _files_of(path, options)
        scans: dict[tuple[str, str], _Scan] = {}
        for table in tables:
            for number, row in _rows(arrow, table):
                key = (str(row["project_id"]), str(row["run_id"]))
                scan = scans.get(key)
                if scan is None:
                    scan = scans[key] = _Scan(arrow, key, place)
                if table not in scan.tables:
                    scan.tables.append(table)
                with reading(table, f"row {number}"):
                    scan.take(row)
        for key in sorted(scans):
            yield scans[key].whole(path)


def _tables(folder: Path) -> list[Path]:
    """The exporter's Parquet files in a folder, or in its folders, parts in their order."""

    def order(path: Path) -> tuple[str, str, int]:
        part = _PART.search(path.name)
        return str(path.parent), _PART.sub("", path.name), int(part[1]) if part else 0

    for pattern in ("*.parquet", "*/*.parquet", "data/*/*.parquet"):
        found = sorted((path for path in folder.glob(pattern) if path.is_file()), key=order)
        if found:
            return found
    return []


def _has_columns(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            if file.read(4) != b"PAR1":
                return False
            file.seek(max(0, path.stat().st_size - _FOOTER))
            footer = file.read()
    except OSError:
        return False
    return all(name.encode() in footer for name in _NEEDED)


def _files_of(path: Path, options: Mapping[str, str]) -> Path | None:
    """Where the exporter put files: ``--files-path``, by default a folder ``files`` beside ``data``."""
    if "files" in options:
        folder = Path(options["files"]).expanduser()
        if not folder.is_dir():
            raise InvalidOption(f"'{folder}' is no folder.", "Give what --files-path was when Neptune was exported.")
        return folder
    above = path.resolve()
    for folder in (above, *list(above.parents)[:3]):
        if (folder / "files").is_dir():
            return folder / "files"
    return None


def _rows(arrow: Any, path: Path) -> Iterator[tuple[int, Row]]:
    number = 0
    with reading(path):
        file = arrow.ParquetFile(path)
    with file:
        missing = _NEEDED - set(file.schema_arrow.names)
        if missing:
            raise broken(path, f"it has no column {sorted(missing)[0]}: it is not of Neptune's exporter")
        batches = file.iter_batches(batch_size=4096)
        while True:
            with reading(path, f"the rows from {number + 1}"):
                batch = next(batches, None)
                rows = [] if batch is None else batch.to_pylist()
            if batch is None:
                return
            for row in rows:
                number += 1
                yield number, row


class _Scan:
    """A run: what one pass over its rows says of it."""

    def __init__(self, arrow: Any, key: tuple[str, str], place: Path | None) -> None:
        self.arrow = arrow
        self.key = key
        self.place = place
        self.tables: list[Path] = []
        self.params: dict[str, Any] = {}
        self.system: dict[str, Any] = {}
        self.notes = Notes()
        self.first, self.last = float("inf"), 0.0
        self.fractions: set[str] = set()  # series with steps that are no integers
        self.lines: dict[str, str] = {}
        self.files: list[tuple[str, Any, str]] = []

    def take(self, row: Row) -> None:
        """Take a row."""
        path, kind = str(row["attribute_path"]), row["attribute_type"]
        column = _VALUES.get(str(kind))
        if column is not None and column not in row:
            raise broken(self.tables[-1], f"it has no column {column}, in which each value of the kind '{kind}' stands")
        moment = row["timestamp"]
        if moment is not None:
            time = parts.seconds_of(moment) or 0.0
            self.first, self.last = min(self.first, time), max(self.last, time)
        if kind in _SINGLE:
            value = row[_VALUES[kind]]
            value = value.isoformat() if isinstance(value, datetime) and not path.startswith("sys/") else value
            (self.system if path.startswith("sys/") else self.params)[path] = value
        elif kind == "float_series":
            if _step(row) is None:
                self.fractions.add(path)
        elif kind in _LINES:
            self.lines[path] = kind
        elif kind in _FILES:
            found = row["file_value"] or {}
            if found.get("path"):
                self.files.append((path, row["step"] if kind == "file_series" else None, str(found["path"])))
        else:
            self.notes.add(f"'{parts.brief(path)}' is of the kind '{parts.brief(str(kind))}', which is not known here.")

    def whole(self, source: Path) -> Whole:
        """The run as a record."""
        project, run = self.key
        for path in sorted(self.fractions):
            self.notes.add(f"The steps of '{parts.brief(path)}' are no integers: its points are counted instead.")
        missing = sum(1 for _, _, path in self.files if self._file(path) is None)
        if missing:
            self.notes.add(f"{missing} files were not found: is the exporter's --files-path the folder 'files'?")
        system = self.system
        started = parts.seconds_of(system.get("sys/creation_time")) or (self.first if self.last else 0.0)
        ended = max(self.last, started, parts.seconds_of(system.get("sys/ping_time")) or 0.0)
        tags = dict.fromkeys(map(str, system.get("sys/tags") or ()), "")
        for name, key in (("group", "sys/group_tags"), ("neptune.custom_run_id", "sys/custom_run_id")):
            value = system.get(key)
            if value:
                tags[name] = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        params = parts.params_of(self.params, self.notes, started)
        origin: dict[str, Any] = {"tool": "neptune", "id": run, "project": project, "from": str(source.resolve())}
        origin["sys"] = {name[4:]: _plain(value) for name, value in system.items()}
        record = RunRecord(
            id=made_id("neptune", f"{project}/{run}"),
            name=str(system.get("sys/name") or run),
            experiment=project,
            status="failed" if system.get("sys/failed") else "finished",
            started=started,
            ended=ended,
            note=parts.cut(str(system.get("sys/description") or ""), 1 << 20),
            trashed=ended if system.get("sys/trashed") else None,
            params=params,
            tags=tags,
            about={"origin": {**origin, "notes": self.notes.lines()}},
        )
        return Whole(record, self.points, self.all_files)

    def points(self) -> Iterator[Points]:
        """The float series."""
        chunks, counts = Chunks(), dict[str, int]()
        for row in self._own("float_series"):
            path = str(row["attribute_path"])
            counts[path] = counts.get(path, -1) + 1
            step = counts[path] if path in self.fractions else _step(row)
            time, value = parts.seconds_of(row["timestamp"]), row["float_value"]
            name = f"system/{path.removeprefix(_MONITORING)}" if path.startswith(_MONITORING) else path
            yield from chunks.add(name, step or 0, time or 0.0, float("nan") if value is None else value)
        for done in chunks.rest():
            done.source = "system" if done.key.startswith("system/") else done.source
            yield done

    def all_files(self) -> Iterator[File]:
        """Files, and the series that are no numbers."""
        given: set[str] = set()
        for path, step, where in self.files:
            found = self._file(where)
            if found is not None:
                suffix = "" if Path(path).suffix == found.suffix else found.suffix
                name = parts.inside_path(
                    path + suffix if step is None else f"{path}/{step.normalize():f}{found.suffix}"
                )
                if name not in given:
                    given.add(name)
                    yield File(name, found, created=found.stat().st_mtime, size=found.stat().st_size)
        for path in self.lines:
            name = parts.inside_path(f"series/{path}.jsonl")
            if name not in given:
                given.add(name)
                yield File(name, parts.written(lambda path=path: self._lines(path)), "application/jsonl", "media")  # type: ignore[misc]

    def _file(self, path: str) -> Path | None:
        return None if self.place is None else parts.within(self.place, path)

    def _lines(self, path: str) -> Iterator[bytes]:
        kind = self.lines[path]
        for row in self._own(kind):
            if row["attribute_path"] == path:
                step = None if row["step"] is None else float(row["step"])
                about = {"step": step, "time": parts.seconds_of(row["timestamp"]), "value": _plain(row[_VALUES[kind]])}
                yield json.dumps(about).encode() + b"\n"

    def _own(self, kind: str) -> Iterator[Row]:
        for table in self.tables:
            for _, row in _rows(self.arrow, table):
                if row["attribute_type"] == kind and (str(row["project_id"]), str(row["run_id"])) == self.key:
                    yield row


def _step(row: Row) -> int | None:
    """The step as an integer; None if it is none."""
    step = row["step"]
    if step is None:
        return 0
    return int(step) if step == int(step) else None


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value if value is None or type(value) in (bool, int, float, str) else str(value)
