"""A copy of the whole project, from Python: `backup`, as ``nbtrack backup`` does."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack.runs.given import local_path
from nbtrack.sdk.context import current_service

if TYPE_CHECKING:
    from nbtrack.base.config import Project

__all__ = ["backup"]


def backup(
    target: str | os.PathLike[str] | None = None, *, project: Project | str | os.PathLike[str] | None = None
) -> Path:
    """Write all runs, files and settings of a project into one zip file; its path. Others may go on recording.

    target: a file that ends in .zip and is not there yet, or a folder; ``.nbtrack/backups`` without. Each thing that is
    missing or damaged in the project gives a warning; the backup has the rest. ``nbtrack restore --from FILE`` brings
    it back.

    Raises:
        InvalidOption: the file is there already, or cannot be written. StoreError: there is nothing to back up, or no
            room; nothing is left there.

    >>> nbtrack.backup("copies/digits.zip")                                  # doctest: +SKIP
    """
    from nbtrack.transfer.backing_up import make

    made = make(current_service(project), None if target is None else local_path(target))
    for trouble in made.troubles:
        warnings.warn(f"nbtrack: {trouble}", stacklevel=2)
    return made.path
