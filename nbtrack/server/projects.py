"""Which projects the server lets its pages see: those whose folder lies inside its own. Nothing is made by looking."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from nbtrack.base.config import FOLDER, Project, find_project
from nbtrack.base.errors import InvalidOption, NbtrackError, NotFound

_LONGEST, _LONGEST_NAME = 4096, 255  # bytes of a path and of a name in it, as file systems have them


class Outside(NbtrackError):
    """A path that leads out of the server's folder."""

    code = "outside"


@dataclass(frozen=True)
class Places:
    """The server's folder, and what a page may name in it: paths as the file browser writes them.

    root: as the server was told it, links and all, because its kernels see the same. hidden: whether what begins with
    a dot may be named, as the server's file browser has it.
    """

    root: Path
    hidden: bool = False

    def project(self, name: str) -> Project:
        """The project whose folder is named; it need not have any runs yet.

        Raises:
            Outside: it leads out of the server's folder. NotFound: there is no such folder.
        """
        with _readable(name):
            folder = self._within(self._place(name), name)
            if not folder.is_dir():
                if folder.exists():
                    raise InvalidOption(f"'{_short(name)}' is a file.", "Name the project's folder.")
                raise NotFound(f"There is no folder '{_short(name)}' in the server's.", "Was it renamed or moved?")
            return self._checked(Project(folder), name)

    def found(self, path: str) -> dict[str, object]:
        """Which project a notebook or folder belongs to; it need not be there, nor be saved yet."""
        with _readable(path):
            place = self._place(path)
            self._within(place, path)
            project = self._of(place)
            real = self._checked(project, path)
            folder = real.root.relative_to(os.path.realpath(self.root))
            return {
                "project": "" if folder == Path() else folder.as_posix(),
                "name": real.root.name,
                "exists": real.database.is_file(),
                "inside": _inside(place, project),
            }

    def moved(self, old: str, new: str) -> tuple[Project, Project, str, str]:
        """What a rename was about: the projects that the old and the new path belong to, and both paths inside them.

        A folder belongs to the project around it, also if it holds one of its own.
        """
        with _readable(new):
            pairs = []
            for path in (old, new):
                place = self._place(path)
                self._within(place, path)
                project = self._of(place.parent)
                pairs.append((self._checked(project, path), _inside(place, project)))
            (before, was), (after, now) = pairs
            return before, after, was, now

    def _place(self, path: str) -> Path:
        names = path.split("/")
        if path.startswith("/") or ".." in names or "\\" in path or "\0" in path or Path(path).drive:
            raise Outside(
                f"'{_short(path)}' is no path inside of the server's folder.",
                "Name it as the file browser does: with '/' between its parts, and without '..'.",
            )
        if max(map(_bytes, names)) > _LONGEST_NAME or _bytes(path) > _LONGEST:
            raise InvalidOption(f"The path '{_short(path)}' is too long.", "Name a path of the file browser.")
        return self.root / path

    def _within(self, place: Path, path: str) -> Path:
        """The same without links."""
        base = Path(os.path.realpath(self.root))
        real = Path(os.path.realpath(place))
        if not real.is_relative_to(base):
            raise Outside(f"'{_short(path)}' leads out of the server's folder.", "A link that does is not followed.")
        names = (*real.relative_to(base).parts, *place.relative_to(self.root).parts)
        if not self.hidden and any(name.startswith(".") for name in names):
            raise Outside(f"'{_short(path)}' is hidden.", "The server can be told to show what is: `allow_hidden`.")
        return real

    def _of(self, place: Path) -> Project:
        """What a kernel of this server would choose for a notebook there: it inherits the server's environment."""
        named = os.environ.get("NBTRACK_DIR")
        if not named:
            return find_project(place)
        folder = place if place.is_dir() else place.parent  # where the kernel is started
        chosen = Path(os.path.abspath(folder / Path(named).expanduser()))
        return Project(chosen.parent if chosen.name == FOLDER else chosen, "NBTRACK_DIR")

    def _checked(self, project: Project, path: str) -> Project:
        """The same project by its real path, if all of it is inside."""
        base = os.path.realpath(self.root)
        real = Project(Path(os.path.realpath(project.root)), project.found_by)
        if not real.root.is_relative_to(base):
            hint = "Start the server in that folder, or put the notebook into a project of its own: `%track init`."
            if project.found_by == "NBTRACK_DIR":
                hint = "NBTRACK_DIR says so. Start the server in a folder that holds it."
            raise Outside(
                f"The runs of '{_short(path)}' are kept in '{real.root}', outside of the server's folder.", hint
            )
        for place in (real.folder, real.database, real.objects, real.journal):
            if not Path(os.path.realpath(place)).is_relative_to(base):
                raise Outside(
                    f"'{place.name}' of '{real.root.name}' is a link that leads out of the server's folder.",
                    "Start the server in a folder that holds both.",
                )
        return real


def _inside(place: Path, project: Project) -> str:
    """What the runs of a notebook there say of it: see `nbtrack.magics.host.Host.notebook`."""
    with suppress(ValueError):
        place = place.relative_to(project.root)
    return "" if place == Path() else place.as_posix()


@contextmanager
def _readable(path: str) -> Iterator[None]:
    try:
        yield
    except NbtrackError:
        raise
    except (OSError, ValueError) as error:  # no leave to look into it, a loop of links, half a character
        why = getattr(error, "strerror", None) or error
        raise NotFound(f"'{_short(path)}' cannot be looked at: {why}.", "May the server read that folder?") from error


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


def _short(path: str) -> str:
    return path if len(path) <= 120 else f"{path[:60]}…{path[-59:]}"
