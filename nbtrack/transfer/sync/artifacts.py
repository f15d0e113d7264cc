"""The files of MLflow's runs: where they lie, and which of them are read.

A store's own record says where its files are, and a store that somebody else made may name any folder of this machine.
So a folder is read only where it belongs to what was opened: below the folder of runs, or of the database.
"""

from __future__ import annotations

import json
import os
import posixpath
import shutil
import tempfile
import urllib.parse
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

from nbtrack.base.errors import BadSource
from nbtrack.transfer.records import File
from nbtrack.transfer.sync.opening import Opened, local_path
from nbtrack.transfer.sync.reading import run_folder

EXACT_FILE = "nbtrack/exact.json"  # what nbtrack sends along because a server cannot hold it
_MAX_EXACT = 64 << 20  # bytes
_DEEP = 40  # folders inside one another
_REMOTE = frozenset({"mlflow-artifacts", "s3", "gs", "wasbs", "abfss", "dbfs", "r2", "b2", "hdfs", "viewfs"})


class Artifacts:
    """Files of the runs of an open store. allowed: a further folder that may be read."""

    def __init__(self, opened: Opened, allowed: Path | None = None) -> None:
        self._opened = opened
        self._allowed = [one.resolve() for one in (opened.folder, allowed) if one is not None]

    def refused(self, run: Any) -> str | None:
        """Why the files of a run are not read; None if they are, or if there are none."""
        return None if self._own(run) is not None else self.refused_at(run.info.artifact_uri)

    def refused_at(self, uri: str | None) -> str | None:
        """Why the files at an artifact URI are not read; None if they are, or if there are none."""
        path = local_path(uri) if uri else None
        if uri and path is None:
            scheme = urllib.parse.urlsplit(uri).scheme
            return None if scheme in _REMOTE else f"Its files were left out: '{scheme}:' addresses are not read."
        if path is None or not path.is_dir() or any(path.resolve().is_relative_to(root) for root in self._allowed):
            return None
        return (
            f"Its files were left out: the store says that they lie in '{path.resolve()}', which is not beside it. "
            "`--option artifacts=FOLDER` allows a folder."
        )

    def of(self, run: Any) -> Iterator[File]:
        """The files of a run.

        Raises:
            BadSource: they cannot be listed or read.
        """
        started = (run.info.start_time or 0) / 1000
        own = self._own(run)
        yield from self.at(run.info.artifact_uri, started) if own is None else self._local(own.resolve(), started)

    def at(self, uri: str | None, created: float) -> Iterator[File]:
        """The files below an artifact URI; none where they are refused."""
        path = local_path(uri) if uri else None
        if not uri or self.refused_at(uri) is not None:
            return
        if path is None:
            yield from self._remote(uri, created)
        elif path.is_dir():
            yield from self._local(path.resolve(), created)

    def exact(self, run: Any) -> dict[str, Any]:
        """What nbtrack sent along with a run because the server cannot hold it; nothing where it cannot be read."""
        try:
            with _fetched(repository(self._opened, run.info.artifact_uri), EXACT_FILE) as reading:
                found = json.loads(reading.read(_MAX_EXACT))
        except Exception:  # noqa: BLE001 (a file of a server's, of any content: what the server itself holds will do)
            return {}
        return found if isinstance(found, dict) else {}

    def _own(self, run: Any) -> Path | None:
        """The files in a run's own folder in a file store, where those it names cannot be read: it was moved since."""
        if self._opened.runs is None:
            return None
        named = local_path(run.info.artifact_uri or "")
        if named is not None and named.is_dir() and self.refused_at(run.info.artifact_uri) is None:
            return None
        folder = run_folder(self._opened, run) / "artifacts"
        return folder if folder.is_dir() and any(folder.iterdir()) else None

    def _local(self, root: Path, created: float) -> Iterator[File]:
        for folder, inside, names in os.walk(root):
            inside.sort()
            for name in sorted(names):
                path = Path(folder, name)
                if path.is_symlink() and not path.resolve().is_relative_to(root):
                    raise BadSource(f"'{path}' is a link that leads out of the files of its run.", "Remove it first.")
                if path.is_file():
                    yield File(path.relative_to(root).as_posix(), path, created=created, size=path.stat().st_size)

    def _remote(self, uri: str, created: float) -> Iterator[File]:
        yield from self._listed(repository(self._opened, uri), None, created, 0)

    def _listed(self, place: Any, folder: str | None, created: float, depth: int) -> Iterator[File]:
        if depth > _DEEP:
            raise BadSource(f"The files at '{place.artifact_uri}' lie more than {_DEEP} folders deep.")
        for one in place.list_artifacts(folder):
            plain = posixpath.normpath(one.path)
            if plain != one.path or plain.startswith(("/", "..")) or (folder and not plain.startswith(f"{folder}/")):
                raise BadSource(f"'{place.artifact_uri}' lists a file '{one.path}', which is no path below it.")
            if one.is_dir:
                yield from self._listed(place, one.path, created, depth + 1)
            else:
                yield File(one.path, partial(_fetched, place, one.path), created=created, size=one.file_size)


def repository(opened: Opened, uri: str) -> Any:
    """MLflow's own way to the files at an artifact URI."""
    registry: Any = import_module("mlflow.store.artifact.artifact_repository_registry")
    return registry.get_artifact_repository(uri, tracking_uri=opened.uri, registry_uri=opened.uri)


def _fetched(place: Any, path: str) -> BinaryIO:
    """One file of a server, in a temporary file that is gone when it is closed."""
    folder = Path(tempfile.mkdtemp(prefix="nbtrack-mlflow-"))
    try:
        found = Path(place.download_artifacts(path, str(folder)))
        made = tempfile.TemporaryFile()  # noqa: SIM115 (whoever asked for it closes it)
        with found.open("rb") as reading:
            shutil.copyfileobj(reading, made, 1 << 20)
        made.seek(0)
        return made
    finally:
        with suppress(OSError):
            shutil.rmtree(folder)
