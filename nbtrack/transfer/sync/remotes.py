"""Which server a project is kept together with: the one named last, else MLflow's own setting."""

from __future__ import annotations

import json
import os
import urllib.parse
from contextlib import suppress

from nbtrack.base.config import Project
from nbtrack.base.errors import InvalidOption
from nbtrack.transfer.atomic import writing
from nbtrack.transfer.sync.opening import local_path

_FILE = "remote.json"
_VARIABLE = "MLFLOW_TRACKING_URI"


def remote(project: Project, given: str | None) -> str:
    """The server meant: the one given, which is remembered without its password; else the remembered one.

    Raises:
        InvalidOption: there is none, or it is a folder or a file.
    """
    if given:
        if local_path(given) is not None or given.startswith("nbtrack:"):
            raise InvalidOption(
                f"'{given}' is no server.",
                "`nbtrack import` reads MLflow's folders and files; `mlflow server --backend-store-uri` serves them.",
            )
        _remember(project, given)
        return given
    with suppress(OSError, ValueError, KeyError, TypeError):
        found = json.loads((project.folder / _FILE).read_text(encoding="utf-8"))["mlflow"]
        if isinstance(found, str) and found:
            return found
    found = os.environ.get(_VARIABLE)
    if not found or local_path(found) is not None:
        raise InvalidOption(
            "Nobody has said which server.", f"Name it, such as https://mlflow.example.org, or set {_VARIABLE}."
        )
    return found


def _remember(project: Project, given: str) -> None:
    parts = urllib.parse.urlsplit(given)
    plain = given
    if "@" in parts.netloc:
        plain = urllib.parse.urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    project.create()
    path = project.folder / _FILE
    if path.is_symlink():  # of a folder from elsewhere: what it points to is somebody's file
        path.unlink()
    with writing(path) as file:
        file.write(json.dumps({"mlflow": plain}).encode())
