"""W&B: the folders that its runs leave on the disk, offline or not (``wandb/offline-run-…``, ``run-ID.wandb``).

==============================  =================================================================================
project                         the experiment
config                          params, nested ones with dotted names
history                         metrics by step and time; what is no number goes into ``wandb/history.jsonl``
summary                         where nothing was logged under the name: a number is a metric of one point, a text a tag
                                ``summary.NAME``; all of it stands in ``about["origin"]["summary"]`` too
system metrics                  ``system/…``
tags, group, job type, sweep    tags
files, media, logged artifacts  files; artifacts as far as they still lie in W&B's staging folder on this machine
exit code                       finished, failed, interrupted (255); crashed where none was written
==============================  =================================================================================

A run that was resumed has several files: they are one run here.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from nbtrack.runs.given import LAST_STEP
from nbtrack.transfer.importers import none_left, parts
from nbtrack.transfer.importers.parts import Chunks, Notes, broken, reading
from nbtrack.transfer.importers.wandb_log import bodies, is_log
from nbtrack.transfer.importers.wandb_run import Scan, nested, seconds
from nbtrack.transfer.records import File, Note, Points, RunRecord, Whole, made_id

_LATEST = "latest-run"  # a link to one of the others


class Wandb:
    """Runs that W&B wrote to the disk."""

    name = "wandb"

    def knows(self, source: str) -> bool:
        """A ``.wandb`` file, or a folder with one in it or one below."""
        path = Path(source).expanduser()
        if path.is_file():
            return is_log(path)
        return path.is_dir() and bool(_logs(path))

    def place(self, source: str) -> str:
        """W&B's ids say what a run is, wherever its files lie."""
        return "wandb"

    def read(self, source: str, options: Mapping[str, str]) -> Iterator[Whole | Note]:
        """The runs in the order they were begun.

        Raises:
            BadSource: a file is broken; it is named. CannotRun: wandb is missing. NotFound: there is no such path.
        """
        none_left(options)
        path = parts.path_of(source)
        logs = [path] if path.is_file() else _logs(path)
        if not logs:
            raise broken(path, "there is no .wandb file in it", hint="Give the folder 'wandb', or a run's in it.")
        record = parts.need("wandb.proto.wandb_internal_pb2", "Runs of W&B", "wandb").Record
        runs: dict[tuple[str, str, str], list[Scan]] = {}
        empty: list[Path] = []
        for log in logs:
            scan = Scan.of(log, _records(log, record))
            if scan is None:
                empty.append(log)
            else:
                runs.setdefault(scan.identity, []).append(scan)
        if not runs:
            raise broken(empty[0], "it holds no run: the process was killed before any was written")
        for scans in runs.values():
            scans.sort(key=lambda scan: scan.started)
        ordered = sorted(runs.values(), key=lambda scans: scans[0].started)
        for log in empty:
            yield Note(f"'{log}' holds no run: the process was killed before any was written.")
        for scans in ordered:
            yield _whole(scans)


def _logs(folder: Path) -> list[Path]:
    """The files of a run's folder, of W&B's folder, or of a folder that has W&B's in it."""
    found: list[Path] = []
    for pattern in ("*.wandb", "*run-*/*.wandb", "wandb/*run-*/*.wandb"):
        found = sorted(path for path in folder.glob(pattern) if path.parent.name != _LATEST and path.is_file())
        if found:
            break
    return found


def _records(log: Path, record: Any) -> Any:
    """What gives the file's records, parsed, as often as it is called."""

    def give(notes: Notes) -> Iterator[Any]:
        for count, body in bodies(log, notes):
            one = record()
            with reading(log, f"record {count}"):
                one.ParseFromString(body)
            yield one

    return give


def _whole(scans: list[Scan]) -> Whole:
    return Whole(_run(scans), lambda: _points(scans), lambda: _files(scans))


def _run(scans: list[Scan]) -> RunRecord:
    first, last = scans[0], scans[-1]
    notes = Notes()
    for scan in scans:
        for line in scan.notes.lines():
            notes.add(line)
        for _ in _saved(scan, notes):
            pass
    config: dict[str, Any] = {}
    tags: dict[str, str] = {}
    summary: dict[str, Any] = {}
    for scan in scans:
        config |= scan.config
        tags |= scan.tags
        summary |= scan.summary
    tags |= {f"summary.{name}": value for name, value in _texts(scans, summary)}
    status, reason = last.end()
    entity, project, run_id = first.identity
    origin: dict[str, Any] = {"tool": "wandb", "id": run_id, "entity": entity, "project": project}
    origin |= {"summary": summary, "host": first.host, "from": str(first.log.resolve()), "notes": notes.lines()}
    if last.artifacts:
        origin["artifacts"] = [one.about() for scan in scans for one in scan.artifacts]
    if len(scans) > 1:
        origin["resumed"] = len(scans) - 1
    return RunRecord(
        id=made_id("wandb", "/".join(first.identity)),
        name=last.name or run_id,
        experiment=project or "uncategorized",
        status=status,
        end_reason=reason,
        started=first.started,
        ended=max(scan.last for scan in scans),
        notebook=first.program,
        note=last.note,
        params=parts.params_of(config, notes, first.started),
        tags=tags,
        environment=first.environment or None,
        git=first.git,
        outputs=[output for scan in scans for output in scan.outputs()],
        about={"origin": origin},
    )


def _texts(scans: list[Scan], summary: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    logged = set().union(*(scan.logged for scan in scans))
    for name, value in parts.flat(summary, _is_media):
        if isinstance(value, str) and name not in logged and not name.startswith("_"):
            yield name, parts.cut(value, 500)


def _is_media(value: Mapping[str, Any]) -> bool:
    return "_type" in value


def _points(scans: list[Scan]) -> Iterator[Points]:
    logged = set().union(*(scan.logged for scan in scans))
    for scan in scans:
        yield from _history(scan)
    summary: dict[str, Any] = {}
    for scan in scans:
        summary |= scan.summary
    chunks, step = Chunks(), max(0, *(scan.last_step for scan in scans))
    for name, value in parts.flat(summary, _is_media):
        found = parts.number(value)
        if found is not None and name not in logged and not name.startswith("_"):
            yield from chunks.add(name, step, scans[-1].last, found)
    yield from chunks.rest()


def _history(scan: Scan) -> Iterator[Points]:
    """The metrics of one file, and what W&B noted of the machine."""
    chunks, system, counts = Chunks(), Chunks("system"), dict[str, int]()
    for one in scan.records(Notes()):
        kind = one.WhichOneof("record_type")
        if kind == "history":
            row = scan.row(one.history)
            for name, value in row.items:
                found = parts.number(value)
                if found is not None:
                    yield from chunks.add(name, row.step, row.time, found)
        elif kind == "stats":
            moment = seconds(one.stats.timestamp)
            for item in one.stats.item:
                found = parts.number(scan.value(item))
                if found is not None:
                    key = f"system/{item.key}"
                    counts[key] = counts.get(key, -1) + 1
                    yield from system.add(key, min(counts[key], LAST_STEP), moment, found)
    yield from chunks.rest()
    yield from system.rest()


def _files(scans: list[Scan]) -> Iterator[File]:
    given: set[str] = set()
    for scan in reversed(scans):  # of two with one path the later is W&B's, too
        for file in _saved(scan):
            if file.path not in given:
                given.add(file.path)
                file.kind = "media" if file.path.startswith("media/") else "file"
                yield file
        for file in _logged(scan):
            if file.path not in given:
                given.add(file.path)
                yield file
    if any(scan.others for scan in scans):
        lines = parts.written(lambda: (line for scan in scans for line in _others(scan)))
        yield File("wandb/history.jsonl", lines, "application/jsonl", created=scans[0].started)


def _saved(scan: Scan, notes: Notes | None = None) -> Iterator[File]:
    """What lies in the run's folder; ``wandb.save`` leaves links there to files beside W&B's folder."""
    folder = scan.log.parent / "files"
    around = scan.log.parent.parent
    return parts.files_in(folder, notes=notes, root=around.parent if around.name == "wandb" else folder)


def _logged(scan: Scan) -> Iterator[File]:
    """Logged artifacts, from W&B's staging folder: a file that names others of this machine gets none of them."""
    home = os.environ.get("WANDB_DATA_DIR") or Path.home() / ".local" / "share" / "wandb"
    staging = Path(home) / "artifacts" / "staging"
    for artifact in scan.artifacts:
        for entry in artifact.entries:
            found = parts.within(staging, entry.local) if entry.local else None
            if found is not None and found.stat().st_size == entry.size:
                where = parts.inside_path(f"artifacts/{artifact.name}/{entry.path}")
                yield File(where, found, kind="artifact", created=found.stat().st_mtime, size=entry.size)


def _others(scan: Scan) -> Iterator[bytes]:
    """What was logged and is no number, a line each time."""
    for one in scan.records(Notes()):
        kind = one.WhichOneof("record_type")
        if kind == "history":
            row = scan.row(one.history)
            left = nested((name, value) for name, value in row.items if parts.number(value) is None)
            if left:
                yield json.dumps({"step": row.step, "time": row.time, **left}).encode() + b"\n"
        elif kind == "alert":
            about = {"alert": one.alert.title, "text": one.alert.text, "level": one.alert.level}
            yield json.dumps(about).encode() + b"\n"
