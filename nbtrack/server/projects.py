"""Which projects the server lets its pages see: those whose folder lies inside its own."""

from __future__ import annotations

from pathlib import Path

from nbtrack.base.config import Project, find_project
from nbtrack.base.errors import NbtrackError


class Outside(NbtrackError):
    """A path that leads out of the server's folder."""

    code = "outside"


def project_at(root: Path, project: str) -> Project:
    """The project whose folder the page names."""
    return Project(_inside(root, project))


def found(root: Path, path: str) -> dict[str, object]:
    """Which project a notebook or folder belongs to."""
    place = _inside(root, path)
    project = find_project(place)
    try:
        folder = project.root.relative_to(root.resolve())
    except ValueError:
        raise Outside(
            f"The runs of '{path}' are kept in '{project.root.name}', outside of the server's folder.",
            "Start the server in that folder, or put the notebook into a project of its own: `%track init`.",
        ) from None
    return {
        "project": "" if folder == Path() else folder.as_posix(),
        "name": project.root.name,
        "exists": project.database.is_file(),
        "inside": "" if place == project.root else place.relative_to(project.root).as_posix(),
    }


def _inside(root: Path, path: str) -> Path:
    base = root.resolve()
    place = (base / path.strip("/")).resolve()
    if not place.is_relative_to(base):
        raise Outside(f"'{path}' is outside of the server's folder.", "Name a path of the file browser.")
    return place
