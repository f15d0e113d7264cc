"""The format of a project's backup, and which backups there are.

``nbtrack-backup-DATE-TIME.zip`` is a zip file whose members are stored as they are, so none can unpack to more than the
file is:

``nbtrack.db``            the database as it was at one moment, with what stood in journals then
``objects/HASH``          files, by the sha256 of what they hold
``settings.json``, ``views.json``, ``remote.json``   what the user chose
``journal/NAME.bad``      journals that could not be read and were set aside
``manifest.json``         the last: what it is, by whom and when it was made, size and sha256 of each member

Not in it is what can be made again (the environments of `nbtrack reproduce`) and what lies outside of ``.nbtrack``. No
name of a member is ever used as a path that is not one of these.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from pathlib import Path

from msgspec import Struct, field

from nbtrack.base.config import Project

FORMAT = "nbtrack backup"
VERSION = 1
MANIFEST, DATABASE = "manifest.json", "nbtrack.db"
CHOSEN = ("settings.json", "views.json", "remote.json")
LARGEST_CHOICE = 1 << 20  # bytes of such a file
MEMBER = re.compile(
    r"manifest\.json|nbtrack\.db|settings\.json|views\.json|remote\.json|objects/[0-9a-f]{64}"
    r"|journal/[0-9a-f]{12}-[0-9]{6}\.bad"
)
LARGEST_MANIFEST = 1 << 30  # bytes


class Member(Struct):
    """A member of a backup."""

    size: int
    sha256: str


class Manifest(Struct):
    """What a backup is.

    made: Unix seconds. schema: the version of the database. missing: why an object is not there, or is not what its
    name says, by its hash.
    """

    format: str
    version: int
    made_by: str
    made: float
    schema: int = 0
    runs: int = 0
    experiments: int = 0
    points: int = 0
    objects: int = 0
    bytes: int = 0
    members: dict[str, Member] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Kept:
    """A file of the folder of backups. what: "project" for a whole one, "database" for one from before a migration."""

    path: Path
    what: str
    size: int
    made: float


def default_name() -> str:
    """The name that a backup made now has."""
    return f"nbtrack-backup-{time.strftime('%Y%m%d-%H%M%S')}.zip"


def kept(project: Project) -> list[Kept]:
    """The backups in the project's own folder, the newest first."""
    found = []
    for what, pattern in (("project", "*.zip"), ("database", "*.db")):
        for path in project.backups.glob(pattern):
            try:
                about = path.stat()
            except OSError:
                continue
            if path.is_file() and not path.name.startswith("."):
                found.append(Kept(path, what, about.st_size, about.st_mtime))
    return sorted(found, key=lambda one: (one.made, one.path.name), reverse=True)
