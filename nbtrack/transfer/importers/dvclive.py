"""DVCLive: the folder of a run (``dvclive/``), with ``params.yaml``, ``metrics.json`` and ``plots/``.

DVCLive has no reader: its files are plain. Each table in ``plots/metrics`` is a metric by step, ``metrics.json`` adds
the last values that have no table, all else in ``plots/`` are files. A folder keeps its last run alone, which is known
here by the folder and its params: train once more with other params and import again, and it is another run.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from nbtrack.transfer.importers import none_left, parts
from nbtrack.transfer.importers.parts import Chunks, Notes, broken, reading
from nbtrack.transfer.records import File, Points, RunRecord, Whole, made_id

_PARAMS, _METRICS, _PLOTS = "params.yaml", "metrics.json", "plots/metrics"
_LARGEST = 64 << 20  # bytes of a params or metrics file
_MOST = 200_000  # values in params.yaml
_SYSTEM = "system/"


class Dvclive:
    """Folders of DVCLive."""

    name = "dvclive"

    def knows(self, source: str) -> bool:
        """A folder with its metrics, or with one of its folders."""
        return Path(source).expanduser().is_dir() and bool(_folders(Path(source).expanduser()))

    def place(self, source: str) -> str:
        """A run is known by its folder."""
        return "dvclive"

    def read(self, source: str, options: Mapping[str, str]) -> Iterator[Whole]:
        """The run of the folder, or of each folder in it.

        Raises:
            BadSource: a file is broken; it is named, with its line. CannotRun: ruamel.yaml is missing.
        """
        none_left(options)
        path = parts.path_of(source)
        folders = _folders(path) if path.is_dir() else []
        if not folders:
            raise broken(path, "it is no folder of DVCLive's", hint=f"Give the folder with {_METRICS} in it.")
        for folder in folders:
            yield _whole(folder)


def _folders(path: Path) -> list[Path]:
    if _is_run(path):
        return [path]
    try:
        return sorted(folder for folder in path.iterdir() if folder.is_dir() and _is_run(folder))
    except OSError:
        return []


def _is_run(folder: Path) -> bool:
    return (folder / _PLOTS).is_dir() or ((folder / _METRICS).is_file() and (folder / _PARAMS).is_file())


def _whole(folder: Path) -> Whole:
    notes = Notes()
    params, last = _params(folder / _PARAMS), _last(folder / _METRICS)
    tables = _tables(folder)
    first, ended, keys = _times(tables)
    digest = hashlib.sha256(json.dumps(params, sort_keys=True, default=str).encode()).hexdigest()[:16]
    where = folder.resolve()
    texts = {name: value for name, value in last.items() if parts.number(value) is None}
    step = parts.step_of(last.get("step")) or 0
    for name in texts:
        notes.add(f"'{parts.brief(name)}' in {_METRICS} is no number: it became a tag.")
    origin = {"tool": "dvclive", "id": digest, "from": str(where)}
    record = RunRecord(
        id=made_id("dvclive", f"{where}/{digest}"),
        name=where.name if where.name != "dvclive" else where.parent.name or "dvclive",
        experiment=where.parent.name or "dvclive",
        started=first,
        ended=ended,
        params=parts.params_of(params, notes, first),
        tags={name: parts.cut(str(value), 500) for name, value in texts.items()},
        about={"origin": {**origin, "notes": notes.lines()}},
    )
    alone = {name: value for name, value in last.items() if name not in keys and name != "step" and name not in texts}
    return Whole(record, lambda: _points(tables, alone, step, ended), lambda: _files(folder, notes))


def _params(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    yaml = parts.need("ruamel.yaml", "DVCLive's params.yaml", "dvclive")
    with reading(path):
        _check_size(path)
        found = yaml.YAML(typ="safe", pure=True).load(path.read_bytes())
        if parts.is_larger(found, _MOST):  # a short text may stand for a billion values, by names for parts of it
            raise broken(path, f"it stands for more than {_MOST:,} values")
    return found if isinstance(found, dict) else {"params": found} if found is not None else {}


def _last(path: Path) -> dict[str, Any]:
    """What metrics.json has, flat as in the tables: ``train/loss``."""
    if not path.is_file():
        return {}
    with reading(path):
        _check_size(path)
        found = parts.loads(path.read_bytes())
        if not isinstance(found, dict):
            raise broken(path, "it is no JSON object")
        return {name: _as_number(value) for name, value in _slashed(found, "")}


def _check_size(path: Path) -> None:
    if path.stat().st_size > _LARGEST:
        raise broken(path, f"it has {path.stat().st_size:,} bytes")


def _slashed(data: Any, before: str, depth: int = 0) -> Iterator[tuple[str, Any]]:
    for name, value in data.items():
        if isinstance(value, dict) and value and depth < 40:
            yield from _slashed(value, f"{before}{name}/", depth + 1)
        else:
            yield f"{before}{name}", value


def _as_number(value: Any) -> Any:
    """DVCLive writes NaN and the infinities as texts."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return value


def _tables(folder: Path) -> dict[str, Path]:
    """The table of each metric."""
    root = folder / _PLOTS
    found = {}
    for place, folders, names in os.walk(root):
        folders.sort()
        for name in sorted(names):
            path = Path(place, name)
            if path.suffix == ".tsv" and path.is_file() and path.resolve().is_relative_to(root.resolve()):
                found[path.relative_to(root).as_posix().removesuffix(".tsv")] = path
    return found


def _rows(path: Path, key: str) -> Iterator[tuple[int, float, float]]:
    """(step, Unix seconds, value) of a table. Without times, those of the file: it was written in order."""
    moment = path.stat().st_mtime
    with path.open(encoding="utf-8", newline="") as file:
        with reading(path, "line 1"):
            table = csv.DictReader(file, delimiter="\t")
            columns = list(table.fieldnames or ())
            wanted = [name for name in columns if name not in ("step", "timestamp")]
            if "step" not in columns or len(wanted) != 1:
                raise broken(path, f"its columns are {columns}, not step and the metric", "line 1")
        line = 1
        while True:
            line += 1
            with reading(path, f"line {line}"):
                row = next(table, None)
                if row is None:
                    return
                if None in row or None in row.values():
                    raise broken(path, "it has another number of fields than the head", f"line {line}")
                time = float(row["timestamp"]) / 1000 if "timestamp" in columns else moment
                found = int(row["step"]), time, float(row[wanted[0]])
            if parts.step_of(found[0]) is None:
                raise broken(path, "its step is none of 64 bits", f"line {line}")
            yield found


def _times(tables: Mapping[str, Path]) -> tuple[float, float, set[str]]:
    """Reads all tables through: first and last Unix seconds, and the metrics that have points."""
    first, last, keys = float("inf"), 0.0, set()
    for key, path in tables.items():
        for _, time, _ in _rows(path, key):
            first, last = min(first, time), max(last, time)
            keys.add(key)
    return (first if keys else 0.0), last, keys


def _points(tables: Mapping[str, Path], alone: Mapping[str, Any], step: int, ended: float) -> Iterator[Points]:
    chunks = Chunks()
    for key, path in tables.items():
        for number, time, value in _rows(path, key):
            yield from chunks.add(key, number, time, value)
    for key, value in alone.items():
        found = parts.number(value)
        if found is not None:
            yield from chunks.add(key, step, ended, found)
    for done in chunks.rest():
        if done.key.startswith(_SYSTEM):
            done.source = "system"
        yield done


def _files(folder: Path, notes: Notes) -> Iterator[File]:
    """Plots, pictures, the report, and the params as they were written."""
    for file in parts.files_in(folder, notes=notes):
        if not file.path.startswith(f"{_PLOTS}/") and file.path != _METRICS:
            file.kind = "media" if file.path.startswith("plots/") else "file"
            yield file
