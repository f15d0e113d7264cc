"""Trackio: the databases in its folder (``TRACKIO_DIR``, else ``~/.cache/huggingface/trackio``), a project each.

Its own storage module writes to the files that it opens, and looks in one folder only, so a copy is read as SQLite. A
project is an experiment, a config params, and what was logged metrics; pictures and artifacts are files, and what else
is no number goes into ``trackio/history.jsonl``. Trackio keeps no status: its runs are finished here.
"""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from nbtrack.transfer.importers import none_left, parts
from nbtrack.transfer.importers.parts import Chunks, Notes, broken, reading
from nbtrack.transfer.records import File, Points, RunRecord, Whole, made_id
from nbtrack.transfer.store import trackio as store

_WORDS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}  # as it writes them


class Trackio:
    """Databases of trackio."""

    name = "trackio"

    def knows(self, source: str) -> bool:
        """A database of its, or a folder with one in it."""
        path = Path(source).expanduser()
        return store.is_trackio(path) if path.is_file() else path.is_dir() and bool(_files(path))

    def place(self, source: str) -> str:
        """Its run ids are unique wherever they lie."""
        return "trackio"

    def read(self, source: str, options: Mapping[str, str]) -> Iterator[Whole]:
        """The runs of each project.

        Raises:
            BadSource: a record is broken; it is named. StoreForeign: a file is damaged. NotFound: no such path.
        """
        none_left(options)
        path = parts.path_of(source)
        files = [path] if path.is_file() else _files(path)
        if not files:
            raise broken(path, "there is no database of trackio in it", hint="Give its folder, or one of its files.")
        for file in files:
            with (
                TemporaryDirectory(prefix="nbtrack-") as folder,
                closing(store.Trackio(file, Path(folder, "copy.db"))) as held,
            ):
                for run, name in held.runs():
                    yield _Run(file, held, run, name).whole()


def _files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.glob("*.db")) if path.is_file() and store.is_trackio(path)]


class _Run:
    """A run of a project."""

    def __init__(self, file: Path, held: store.Trackio, run: str, name: str) -> None:
        self.file = file
        self.held = held
        self.run = run
        self.name = name
        self.notes = Notes()
        self.others = False
        self.media: list[tuple[str, int, str]] = []

    def whole(self) -> Whole:
        """The run as a record."""
        config, created = self._config()
        tags = {"group": str(config["_Group"])} if config.get("_Group") else {}
        first, last = self._look()
        started = parts.seconds_of(config.get("_Created")) or first or created
        own = {name: value for name, value in config.items() if not name.startswith("_")}
        origin = {"tool": "trackio", "id": self.run, "project": self.file.stem, "from": str(self.file.resolve())}
        if config.get("_Username"):
            origin["user"] = str(config["_Username"])
        params = parts.params_of(own, self.notes, started)
        record = RunRecord(
            id=made_id("trackio", f"{self.file.stem}/{self.run}"),
            name=self.name,
            experiment=self.file.stem,
            started=started,
            ended=max(last, started),
            params=params,
            tags=tags,
            about={"origin": {**origin, "notes": self.notes.lines()}},
        )
        return Whole(record, self.points, self.files)

    def points(self) -> Iterator[Points]:
        """What was logged, and how the machine was."""
        chunks = Chunks()
        for step, time, items in self._logged():
            for name, value in items:
                found = parts.number(value)
                if found is not None:
                    yield from chunks.add(name, step, time, found)
        yield from chunks.rest()
        system = Chunks("system")
        for number, (row, time, text) in enumerate(self.held.system(self.run)):
            moment = self._time(row, time)
            for name, value in parts.flat(self._data(f"row {row} of system_metrics", text)):
                found = parts.number(_plain(value))
                if found is not None:
                    yield from system.add(f"system/{name}", number, moment, found)
        yield from system.rest()

    def files(self) -> Iterator[File]:
        """Pictures and other media, artifacts, and what was logged and is no number."""
        given: set[str] = set()
        for key, step, path in self.media:
            found = parts.within(self.file.parent / "media", path)
            where = parts.inside_path(f"media/{key}/{step}{Path(path).suffix}")
            if found is not None and where not in given:
                given.add(where)
                yield File(where, found, mimetypes.guess_type(where)[0], "media", found.stat().st_mtime)
        blobs = self.file.parent / "artifacts" / self.file.stem / "blobs" / "sha256"
        for artifact in self.held.artifacts(self.run):
            what = f"the files of the artifact '{parts.brief(artifact.name)}'"
            with reading(self.file, what):
                entries = [
                    (str(one["path"]), str(one["digest"]), int(one["size"])) for one in parts.loads(artifact.manifest)
                ]
            for path, digest, size in entries:
                found = parts.within(blobs, f"{digest[:2]}/{digest}")
                where = parts.inside_path(f"artifacts/{artifact.name}/v{artifact.version}/{path}")
                if found is not None and where not in given:
                    given.add(where)
                    yield File(where, found, kind="artifact", created=found.stat().st_mtime, hash=digest, size=size)
        if self.others:
            yield File("trackio/history.jsonl", parts.written(self._others), "application/jsonl")

    def _config(self) -> tuple[dict[str, Any], float]:
        found = self.held.config(self.run)
        if found is None:
            return {}, 0.0
        data = self._data(f"the configuration of the run '{parts.brief(self.name)}'", found[0])
        return data, parts.seconds_of(found[1]) or 0.0

    def _look(self) -> tuple[float, float]:
        """Read the run through: its first and last Unix seconds, and what is no number."""
        first, last = 0.0, 0.0
        for step, time, items in self._logged():
            first, last = first or time, max(last, time)
            for name, value in items:
                if isinstance(value, dict) and isinstance(value.get("file_path"), str):
                    self.media.append((name, step, value["file_path"]))
                if parts.number(value) is None:
                    self.others = True
                elif parts.is_rounded(value):
                    self.notes.add(f"'{parts.brief(name)}' has an integer that a metric cannot hold: it was rounded.")
        if self.held.alerts(self.run):
            self.others = True
        return first, last

    def _logged(self) -> Iterator[tuple[int, float, list[tuple[str, Any]]]]:
        for row, step, time, text in self.held.logged(self.run):
            data = self._data(f"row {row} of metrics", text)
            number = parts.step_of(step)
            if number is None:
                raise broken(self.file, f"{parts.brief(str(step))} is no step", f"row {row} of metrics")
            items = [(name, _plain(value)) for name, value in parts.flat(data, lambda value: "_type" in value)]
            yield number, self._time(row, time), items

    def _others(self) -> Iterator[bytes]:
        for step, time, items in self._logged():
            left = {name: value for name, value in items if parts.number(value) is None}
            if left:
                yield json.dumps({"step": step, "time": time, **left}).encode() + b"\n"
        for time, title, text, level, step in self.held.alerts(self.run):
            about = {"step": step, "time": parts.seconds_of(time), "alert": title, "text": text, "level": level}
            yield json.dumps(about).encode() + b"\n"

    def _data(self, what: str, text: Any) -> dict[str, Any]:
        with reading(self.file, what):
            data = parts.loads(text)
        if not isinstance(data, dict):
            raise broken(self.file, "it is no mapping", what)
        return data

    def _time(self, row: int, text: Any) -> float:
        found = parts.seconds_of(text)
        if found is None:
            raise broken(self.file, f"{parts.brief(str(text))} is no time", f"row {row}")
        return found


def _plain(value: Any) -> Any:
    return _WORDS.get(value, value) if isinstance(value, str) else value
