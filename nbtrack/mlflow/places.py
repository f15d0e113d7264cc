"""URIs: which project is meant, and where the files of its runs and models are said to be."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from nbtrack.base.config import FOLDER, Project, find_project

SCHEME = "nbtrack"


def project_of(uri: str | None) -> Project:
    """The project that a tracking or artifact URI names; of ``nbtrack:`` alone, the one around the working folder.

    The folder is that before ``/.nbtrack``, if that is in the path.
    """
    path = unquote(urlsplit(uri or "").path)
    if not path:
        return find_project()
    parts = Path(path).absolute().parts
    cut = parts.index(FOLDER) if FOLDER in parts else len(parts)
    return Project(Path(*parts[:cut]), "the tracking URI")


def artifact_root(project: Project) -> str:
    """The beginning of the artifact URIs of a project: ``nbtrack:/path/.nbtrack``.

    Behind it come ``/EXPERIMENT/RUN/artifacts`` and ``/EXPERIMENT/models/MODEL/artifacts``.
    """
    return f"{SCHEME}:{quote(project.folder.as_posix())}"
