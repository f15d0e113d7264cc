"""How a path is told: so that it says the same on another machine, and nothing of this one's users."""

from __future__ import annotations

import os
from pathlib import Path


def inside(path: str, root: Path) -> str:
    """A path for people and for other machines: relative to the project, else with ``~`` for the home folder."""
    for base in (str(root), os.path.realpath(root)):
        if path == base or path.startswith(os.path.join(base, "")):
            return Path(os.path.relpath(path, base)).as_posix()
    home = os.path.expanduser("~")
    return Path("~", os.path.relpath(path, home)).as_posix() if path.startswith(os.path.join(home, "")) else path
