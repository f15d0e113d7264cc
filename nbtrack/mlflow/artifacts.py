"""The files of runs and models as MLflow's artifact repository, on the project's objects.

An URI is that of a run, ``nbtrack:/path/.nbtrack/EXPERIMENT/RUN/artifacts``, of a model, ``…/EXPERIMENT/models/MODEL/
artifacts``, of a folder in either, or of all: a server started with ``--artifacts-destination nbtrack:/path/.nbtrack``
keeps the files of others in the project, too. No path leads out: files are looked up by name in the project's file.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from mlflow.entities import FileInfo
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE, RESOURCE_DOES_NOT_EXIST
from mlflow.store.artifact.artifact_repo import ArtifactRepository, verify_artifact_path

from nbtrack.base.config import FOLDER
from nbtrack.mlflow.ground import Ground, in_their_words
from nbtrack.mlflow.store import files as store
from nbtrack.runs import given, objects
from nbtrack.sdk.media import guess_type

if TYPE_CHECKING:
    import sqlite3

_EMPTY = hashlib.sha256(b"").hexdigest()


class _Found(Ground):
    """A project that is there already, or not: none is begun for the sake of its files."""

    begins = False


class NbtrackArtifacts(ArtifactRepository):
    """Files behind an URI of the project; large ones go through in blocks."""

    def __init__(self, artifact_uri: str, tracking_uri: str | None = None, registry_uri: str | None = None) -> None:
        super().__init__(artifact_uri, tracking_uri, registry_uri)
        _, found, rest = artifact_uri.partition(f"/{FOLDER}")
        if not found:
            raise MlflowException(
                f"'{artifact_uri}' is no artifact URI of nbtrack: it has no '/{FOLDER}/' in it.",
                INVALID_PARAMETER_VALUE,
            )
        self._root = [part for part in rest.split("/") if part]
        self._ground = _Found(artifact_uri)

    # -- in

    def log_artifact(self, local_file: str, artifact_path: str | None = None) -> None:
        """Keep a copy of a file, in a folder if one is named."""
        verify_artifact_path(artifact_path)
        source = Path(local_file)
        self._keep([(source, posixpath.join(artifact_path or "", source.name))], [])

    def log_artifacts(self, local_dir: str, artifact_path: str | None = None) -> None:
        """Keep copies of all files in a folder with their folders, all or none of them."""
        verify_artifact_path(artifact_path)
        root = Path(local_dir)
        files, empty = [], []
        for folder, below, names in os.walk(root):
            place = Path(folder).relative_to(root).as_posix()
            inside = posixpath.normpath(posixpath.join(artifact_path or "", place))
            inside = "" if inside == "." else inside
            files += [(Path(folder, name), posixpath.join(inside, name)) for name in names]
            if not below and not names and inside:
                empty.append(inside)
        self._keep(files, empty)

    def _keep(self, files: list[tuple[Path, str]], empty: list[str]) -> None:
        ground, now = self._ground, time.time()
        rows: dict[tuple[str, str], list[dict[str, Any]]] = {}
        with in_their_words():
            self._check_project()
            ground.project.create()
            wanted = [(source, self._place(path)) for source, path in files]
            for source, _ in wanted:
                source.stat()  # as MLflow's own stores, FileNotFoundError where there is none
                given.check_source(source, ground.project.database)
            for source, (kind, its_id, where) in wanted:
                rows.setdefault((kind, its_id), []).append(_row(where, *self._put(source), now, guess_type(where)))
            for kind, its_id, where in [self._place(path) for path in empty]:
                objects.put_bytes(ground.project.objects, b"")
                rows.setdefault((kind, its_id), []).append(_row(where, _EMPTY, 0, now, None, store.FOLDER))
        with ground.writing() as conn:
            for (kind, its_id), its_files in rows.items():
                store.save(conn, _owner(conn, kind, its_id), its_files)

    def _put(self, source: Path) -> tuple[str, int]:
        try:
            return objects.put_file(self._ground.project.objects, source)
        except OSError as error:
            raise MlflowException(f"The artifact '{source}' could not be stored: {error}") from error

    # -- out

    def list_artifacts(self, path: str | None = None) -> list[FileInfo]:
        """What is directly in a folder, by path; nothing for a file."""
        place = self._place(path or "", strict=False)
        if place is None:
            return []
        kind, its_id, folder = place
        self._check_project()
        with self._ground.reading() as conn:
            owner = store.keeper(conn, kind, its_id)
            rows = store.inside(conn, owner, folder) if owner else []
        return sorted(_directly_in(folder, path or "", rows), key=lambda info: str(info.path))

    def _is_directory(self, artifact_path: str | None) -> bool:
        place = self._place(artifact_path or "", strict=False)
        if place is None:
            return False
        kind, its_id, folder = place
        self._check_project()
        with self._ground.reading() as conn:
            owner = store.keeper(conn, kind, its_id)
            if owner is None:
                return False
            found = store.find(conn, owner, folder)
            return (found is not None and found[2] == store.FOLDER) or bool(store.inside(conn, owner, folder))

    def download_artifacts(self, artifact_path: str | None, dst_path: str | None = None) -> str:
        """Copy a file or folder; where it lies now. dst_path: the folder to copy it into, a new one without."""
        if artifact_path:
            artifact_path = _safe(artifact_path)
        download: Any = super().download_artifacts
        return str(download(artifact_path or "", dst_path))

    def _download_file(self, remote_file_path: str, local_path: str) -> None:
        kind, its_id, where = self._place(remote_file_path)
        self._check_project()
        with self._ground.reading() as conn:
            found = store.find(conn, _owner(conn, kind, its_id), where)
        if found is None or found[2] == store.FOLDER:
            raise MlflowException(f"No such artifact: '{remote_file_path}'", RESOURCE_DOES_NOT_EXIST)
        target = Path(local_path)
        try:
            with in_their_words(), target.open("wb") as writing:
                for block in objects.blocks(self._ground.project.objects, found[0]):
                    writing.write(block)
        except BaseException:
            target.unlink(missing_ok=True)  # half of it, or what is damaged
            raise

    def delete_artifacts(self, artifact_path: str | None = None) -> None:
        """Forget a file, a folder, or all; what is not there is no error."""
        place = self._place(artifact_path or "", strict=False)
        if place is None:
            return
        kind, its_id, where = place
        self._check_project()
        with self._ground.writing() as conn:
            owner = store.keeper(conn, kind, its_id)
            if owner is not None:
                store.remove(conn, owner, where)

    # -- parts

    def _check_project(self) -> None:
        """Nothing is begun where nobody works: the URI may come from a server on another machine."""
        if not self._ground.database.exists():
            raise MlflowException(
                f"There is no project in '{self._ground.project.root}' on this machine, which '{self.artifact_uri}' "
                "is in. Where a server runs on another machine, start it with --artifacts-destination, so that files "
                "go through it.",
                RESOURCE_DOES_NOT_EXIST,
            )

    def _place(self, path: str, strict: bool = True) -> Any:
        """(run or model, its id, path in it). None if not ``strict`` where the path is of no run and no model."""
        parts = [*self._root, *(part for part in (_safe(path) if path else "").split("/") if part)]
        if len(parts) > 3 and parts[1] == "models" and parts[3] == "artifacts":
            kind, its_id, rest = "model", parts[2], parts[4:]
        elif len(parts) > 2 and parts[2] == "artifacts":
            kind, its_id, rest = "run", parts[1], parts[3:]
        elif strict:
            _refuse(f"'{'/'.join(parts)}' below '{FOLDER}' is neither of a run nor of a model.")
        else:
            return None
        if rest and strict:
            with in_their_words():
                given.artifact_path("/".join(rest))
        return kind, its_id, "/".join(rest)


def _safe(path: str) -> str:
    """A path inside the repository, in its plainest form."""
    if path.startswith("/") or "\\" in path or "\0" in path or ".." in path.split("/"):
        _refuse("Invalid path")
    plain = posixpath.normpath(path)
    return "" if plain == "." else plain


def _refuse(message: str) -> NoReturn:
    raise MlflowException(message, INVALID_PARAMETER_VALUE)


def _owner(conn: sqlite3.Connection, kind: str, its_id: str) -> store.Keeper:
    owner = store.keeper(conn, kind, its_id)
    if owner is None:
        what = f"Run with id={its_id}" if kind == "run" else f"Logged model with ID '{its_id}'"
        raise MlflowException(f"{what} not found", RESOURCE_DOES_NOT_EXIST)
    return owner


def _row(path: str, name: str, size: int, now: float, mime: str | None, kind: str = "file") -> dict[str, Any]:
    return {"path": path, "hash": name, "size": size, "mime": mime, "kind": kind, "created": now}


def _directly_in(folder: str, asked: str, rows: list[tuple[str, int, str]]) -> Iterator[FileInfo]:
    """The files and folders on the first level below a folder. asked: the folder's path in the repository."""
    start, seen = len(folder) + 1 if folder else 0, set()
    for path, size, kind in rows:
        name, deeper, _ = path[start:].partition("/")
        if name in seen:
            continue
        seen.add(name)
        is_folder = bool(deeper) or kind == store.FOLDER
        yield FileInfo(posixpath.join(_safe(asked) if asked else "", name), is_folder, None if is_folder else size)
