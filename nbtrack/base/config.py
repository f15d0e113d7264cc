"""Where a project keeps its runs, and its settings.

The project folder is the first that holds ``.nbtrack/``, going up from the notebook; else the root of the git
repository or of the Python project around it; else the notebook's own folder. ``NBTRACK_DIR`` names the project
folder outright.
"""

from __future__ import annotations

import json
import os
import stat
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbtrack.base.errors import InvalidOption, NotPrivate, StoreReadOnly
from nbtrack.base.words import why

FOLDER = ".nbtrack"
_ROOT_SIGNS = (".git", "pyproject.toml")
_README = "# Made by nbtrack: this project's runs. Not for version control.\n*\n"


@dataclass(frozen=True)
class Project:
    """A project folder and the places inside its ``.nbtrack`` folder. Nothing is created by looking."""

    root: Path
    found_by: str = "given"

    @property
    def folder(self) -> Path:
        """The ``.nbtrack`` folder."""
        return self.root / FOLDER

    @property
    def database(self) -> Path:
        """The one SQLite file."""
        return self.folder / "nbtrack.db"

    @property
    def journal(self) -> Path:
        """Records that are not yet in the database."""
        return self.folder / "journal"

    @property
    def objects(self) -> Path:
        """Artifacts, named by their content."""
        return self.folder / "objects"

    @property
    def backups(self) -> Path:
        """Copies of the database made before each migration."""
        return self.folder / "backups"

    def create(self) -> None:
        """Make the folders, readable by their owner only.

        One that lies there already, copied or unpacked, is closed to other users of the machine; its group keeps what
        it has once there are runs, for so a team may share them.

        Raises:
            StoreReadOnly: the folder cannot be made.
            NotPrivate: it is another user's, and open to all.
        """
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._close_to_others()
            for place in (self.journal, self.objects):
                place.mkdir(mode=0o700, exist_ok=True)
            with suppress(FileExistsError), (self.folder / ".gitignore").open("x", encoding="utf-8") as file:
                file.write(_README)  # "x" follows no link that lies there
        except OSError as error:
            raise StoreReadOnly(
                f"Runs cannot be kept in '{self.folder}': {error.strerror or error}.",
                "Make the folder writable, or set NBTRACK_DIR to one that is.",
            ) from error

    def _close_to_others(self) -> None:
        about = self.folder.stat()
        mode, owner = stat.S_IMODE(about.st_mode), about.st_uid
        closed = mode & ~(0o007 if self.database.exists() else 0o077)
        if os.name == "nt" or mode == closed:
            return
        if owner == os.geteuid():
            with suppress(OSError):  # a file system without modes
                self.folder.chmod(closed)
        elif owner and os.geteuid() and mode & 0o007:  # what root made, as volumes of containers are, is nobody's trap
            raise NotPrivate(
                f"'{self.folder}' belongs to another user, and every user of this machine may look into it.",
                "Set NBTRACK_DIR to a folder of your own.",
            )


def find_project(start: str | os.PathLike[str] | None = None) -> Project:
    """The project that a file or folder belongs to; see the module's text for the rule.

    Raises:
        InvalidOption: ``NBTRACK_DIR`` names something that is not a folder.
    """
    given = os.environ.get("NBTRACK_DIR")
    if given and start is None:
        return _given(given, "NBTRACK_DIR")
    here = Path(start if start is not None else Path.cwd()).expanduser().absolute()
    if not here.is_dir():
        here = here.parent
    for folder in (here, *here.parents):
        if (folder / FOLDER).is_dir():
            return Project(folder, "its .nbtrack folder")
    for folder in (here, *here.parents):
        for sign in _ROOT_SIGNS:
            if (folder / sign).exists():
                return Project(folder, f"its {sign}")
    return Project(here, "the notebook's folder")


def _given(text: str, how: str) -> Project:
    try:
        path = Path(text).expanduser()
        path.exists()
    except (OSError, RuntimeError, ValueError) as error:  # too long, or with a ~ that stands for nobody
        raise InvalidOption(f"{how} is {text[:60]!r}, which is no path: {why(error)}.", "Name a folder.") from error
    if path.exists() and not path.is_dir():
        raise InvalidOption(f"{how} is '{path}', which is a file.", "Name the project's folder.")
    path = path.absolute()
    return Project(path.parent if path.name == FOLDER else path, how)


CAPTURED = (
    "params", "calls", "metrics", "outputs", "environment", "git", "autolog", "data", "lineage", "system",
)  # fmt: skip


@dataclass
class Settings:
    """What a project may choose, kept in ``.nbtrack/settings.json``.

    metrics: further names that count as metrics when a cell assigns them.
    auto: track every cell of a new kernel.
    capture: which of ``params``, ``calls``, ``metrics``, ``outputs``, ``environment``, ``git``, ``autolog`` (what
    frameworks tell), ``data`` (what was read), ``lineage`` and ``system`` (load of the machine) are captured.
    """

    metrics: list[str] = field(default_factory=list)
    auto: bool = False
    capture: list[str] = field(default_factory=lambda: list(CAPTURED))


def load_settings(project: Project) -> Settings:
    """The project's settings; what is missing there has its default, what is unknown is ignored.

    Raises:
        InvalidOption: the settings file is not a JSON object, or a value has the wrong type.
    """
    path = project.folder / "settings.json"
    settings = Settings()
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return settings
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidOption(f"The settings in '{path}' cannot be read: {why(error)}.", "Mend or remove it.") from error
    if not isinstance(given, dict):
        raise InvalidOption(f"The settings in '{path}' are not a JSON object.", "Mend or remove it.")
    for name, default in vars(settings).items():
        _take(settings, name, given.get(name, default), type(default), path)
    return settings


def _take(settings: Settings, name: str, value: Any, kind: type, path: Path) -> None:
    if not isinstance(value, kind) or (isinstance(value, list) and not all(isinstance(one, str) for one in value)):
        what = "list of strings" if kind is list else kind.__name__
        raise InvalidOption(f"Setting '{name}' in '{path}' is {value!r}.", f"It should be a {what}.")
    setattr(settings, name, value)
