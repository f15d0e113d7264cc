"""Aim: its repositories (the folder with ``.aim`` in it), read by Aim itself.

Aim writes to a repository when it opens one, and does not see runs that it has not indexed, so it is given a copy
without the index, in which large files are links where the disk allows. The hyperparameters are params, metrics are
called ``NAME`` or, by their context, ``train/NAME`` (subset alone) or ``NAME [key=value]``; pictures and texts
are files.
"""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from nbtrack.transfer.importers import none_left, parts
from nbtrack.transfer.importers.parts import Chunks, Notes, broken, reading
from nbtrack.transfer.records import File, Points, RunRecord, Whole, made_id

_FOLDER = ".aim"
_INDEX = "index"
_LEFT = ("__system__params",)  # what Aim notes of the process; it goes into about["origin"]
_SYSTEM = "__system__"
_DRAWN = {"images": "get_image_sequence", "texts": "get_text_sequence"}
_OTHERS = ("audios", "distributions", "figures")


class Aim:
    """Repositories of Aim."""

    name = "aim"

    def knows(self, source: str) -> bool:
        """A folder ``.aim``, or one with it."""
        return _repository(Path(source).expanduser()) is not None

    def place(self, source: str) -> str:
        """Aim's hashes are unique wherever a repository lies."""
        return "aim"

    def read(self, source: str, options: Mapping[str, str]) -> Iterator[Whole]:
        """The runs by their hashes.

        Raises:
            BadSource: the repository is broken; the run is named. CannotRun: aim is missing. NotFound: no such path.
        """
        none_left(options)
        path = parts.path_of(source)
        folder = _repository(path)
        if folder is None:
            raise broken(path, "there is no repository in it", hint=f"Give the folder with {_FOLDER} in it.")
        aim = parts.need("aim", "Repositories of Aim", "aim")
        with _copied(folder) as copied:
            with reading(folder):
                repository = aim.Repo(str(copied))
                runs = sorted(repository.list_all_runs())
            for one in runs:
                with reading(folder, f"the run {one}"):
                    run = aim.Run(one, repo=repository, read_only=True)
                    whole = _Run(folder, run).whole()
                yield whole


def _repository(path: Path) -> Path | None:
    for folder in (path, path / _FOLDER):
        if folder.name == _FOLDER and (folder / "meta").is_dir() and (folder / "run_metadata.sqlite").is_file():
            return folder
    return None


@contextmanager
def _copied(folder: Path) -> Iterator[Path]:
    """A folder with a copy of the repository, without its index: Aim then looks at every run."""
    with TemporaryDirectory(prefix="nbtrack-", ignore_cleanup_errors=True) as place:
        with reading(folder):
            shutil.copytree(folder, Path(place, _FOLDER), copy_function=_copy, ignore=_left_out)
        yield Path(place)


def _left_out(place: str, names: list[str]) -> list[str]:
    """The index, locks, and whatever is a link."""
    inside = Path(place)
    index = [_INDEX] if inside.name == "meta" and inside.parent.name == _FOLDER else []
    return [*index, *(name for name in names if name in ("LOCK",) or (inside / name).is_symlink())]


def _copy(source: str, target: str) -> None:
    """Tables of RocksDB never change, so a link will do."""
    if source.endswith(".sst"):
        with suppress(OSError):
            os.link(source, target)
            return
    shutil.copyfile(source, target)


class _Run:
    """A run of the repository."""

    def __init__(self, folder: Path, run: Any) -> None:
        self.folder = folder
        self.aim = run
        self.notes = Notes()

    def whole(self) -> Whole:
        """The run as a record."""
        run = self.aim
        attributes = run.meta_run_tree.get("attrs") or {}
        system = {name: attributes.pop(name) for name in _LEFT if name in attributes}
        hparams = attributes.pop("hparams", {})
        params = {**attributes, **(hparams if isinstance(hparams, Mapping) else {"hparams": hparams})}
        started, ended = float(run.creation_time), run.end_time
        for kind in _OTHERS:
            count = len(run.collect_sequence_info((kind,)).get(kind, ()))
            if count:
                self.notes.add(f"{count} of Aim's {kind} stay in the repository: nbtrack has no place for them.")
        last = max((time for _, points in self._metrics() for _, time, _ in points), default=started)
        origin = {"tool": "aim", "id": run.hash, "from": str(self.folder.resolve()), "system": _plain(system)}
        record = RunRecord(
            id=made_id("aim", run.hash),
            name=run.name or run.hash,
            experiment=run.experiment or "default",
            status="crashed" if ended is None else "finished",
            end_reason="Aim notes no end: the process was killed, or it was still running" if ended is None else None,
            started=started,
            ended=last if ended is None else float(ended),
            note=run.description or "",
            params=parts.params_of(_plain(params), self.notes, started),
            tags=dict.fromkeys(run.tags, ""),
            trashed=started if run.archived else None,
            about={"origin": {**origin, "notes": self.notes.lines()}},
        )
        return Whole(record, self.points, self.files)

    def points(self) -> Iterator[Points]:
        """The metrics."""
        chunks = Chunks()
        with reading(self.folder, f"the run {self.aim.hash}"):
            for name, points in self._metrics():
                for step, time, value in points:
                    yield from chunks.add(name, step, time, value)
        for done in chunks.rest():
            done.source = "system" if done.key.startswith("system/") else done.source
            yield done

    def files(self) -> Iterator[File]:
        """Pictures and texts, by name, step and place in the list of a step."""
        given: set[str] = set()
        for kind in _DRAWN:
            for name, drawn in self._drawn(kind):
                for step, values, time in drawn:
                    held = values if isinstance(values, list) else [values]
                    for number, one in enumerate(held):
                        stem = f"{kind}/{name}/{step}"
                        path = parts.inside_path(f"{stem}-{number}" if len(held) > 1 else stem)
                        if path not in given:
                            given.add(path)
                            with reading(self.folder, f"'{path}' of the run {self.aim.hash}"):
                                suffix, data = _content(kind, one)
                            yield File(f"{path}.{suffix}", parts.of_bytes(data), None, "media", float(time))

    def _drawn(self, kind: str) -> Iterator[tuple[str, list[tuple[Any, Any, Any]]]]:
        """(name, (step, what was drawn, Unix seconds) of each) of the pictures or texts."""
        from aim.storage.context import Context

        for info in self.aim.collect_sequence_info((kind,)).get(kind, ()):
            name, context = info["name"], info["context"]
            with reading(self.folder, f"'{parts.brief(name)}' of the run {self.aim.hash}"):
                sequence = getattr(self.aim, _DRAWN[kind])(name, Context(context))
                if sequence is None:
                    raise broken(self.folder, "it is listed, but not there", f"'{parts.brief(name)}'")
                steps, columns = sequence.data.items_list()
                yield _key(name, context), list(zip(steps, columns[0], columns[-1], strict=True))

    def _metrics(self) -> Iterator[tuple[str, list[tuple[int, float, float]]]]:
        for sequence in self.aim.metrics():
            name = _key(sequence.name, sequence.context.to_dict())
            steps, (found, *_, times) = sequence.data.items_list()
            points = [
                (int(step), float(time), float(value))
                for step, value, time in zip(steps, found, times, strict=True)
                if step is not None
            ]
            yield name, sorted(points, key=lambda point: point[0])


def _content(kind: str, value: Any) -> tuple[str, bytes]:
    if kind == "texts":
        return "txt", str(value.data).encode("utf-8", "replace")
    out = io.BytesIO()
    value.to_pil_image().save(out, format="PNG")
    return "png", out.getvalue()


def _key(name: str, context: Mapping[str, Any]) -> str:
    if name.startswith(_SYSTEM):
        return f"system/{name.removeprefix(_SYSTEM)}" + _in_brackets(context)
    if set(context) == {"subset"} and isinstance(context["subset"], str):
        return f"{context['subset']}/{name}"
    return name + _in_brackets(context)


def _in_brackets(context: Mapping[str, Any]) -> str:
    inside = ", ".join(f"{key}={value}" for key, value in sorted(context.items()))
    return f" [{inside}]" if inside else ""


def _plain(value: Any) -> Any:
    """Aim's own kinds of dict and list as plain ones."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value if value is None or type(value) in (bool, int, float, str) else str(value)
