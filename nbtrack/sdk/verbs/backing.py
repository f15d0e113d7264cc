"""Verbs that keep a copy of a whole project, and bring one back."""

from __future__ import annotations

import time
from argparse import Namespace
from pathlib import Path
from typing import Any

from nbtrack.base import words
from nbtrack.base.errors import InvalidOption
from nbtrack.sdk.verbs.setting import Context, Shown
from nbtrack.sdk.verbs.views import Listing, Text

_NAMED = 10  # things that are missing
_WHAT = {"project": "the whole project", "database": "the database, before a migration"}


class Done(Text):
    """What was done. failed: not all of it as it should be."""

    def __init__(self, lines: list[str], troubles: list[str], **about: Any) -> None:
        more = len(troubles) - _NAMED
        named = [*troubles[:_NAMED], *([f"… and {more:,} more."] if more > 0 else [])]
        super().__init__("\n".join([*lines, *named]), **about, troubles=troubles)
        self.failed = bool(troubles)


def backup(args: Namespace, context: Context) -> Shown:
    """Write a backup, or list those there are."""
    from nbtrack.transfer.backing_up import make

    if args.list:
        if args.file is not None:
            raise InvalidOption("--list shows the project's own folder of backups.", "Leave the file out.")
        return _listed(context)
    made = make(context.service, Path(args.file).expanduser() if args.file else None, context.progress)
    found = made.manifest
    counts = {"run": found.runs, "point": found.points, "file": found.objects}
    what = ", ".join(words.plural(count, name) for name, count in counts.items())
    lines = [f"Wrote a backup to {made.path}: {what} ({words.size(made.size)})."]
    about = {"runs": found.runs, "points": found.points, "objects": found.objects, "missing": found.missing}
    return Done(lines, made.troubles, file=str(made.path), size=made.size, **about)


def _listed(context: Context) -> Shown:
    from nbtrack.transfer.backup import kept

    found = kept(context.project)
    rows = [
        [
            one.path.name,
            words.size(one.size),
            time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(one.made)),
            _WHAT[one.what],
        ]
        for one in found
    ]
    plain = [{"file": str(one.path), "what": one.what, "size": one.size, "made": one.made} for one in found]
    folder = str(context.project.backups)
    return Listing(
        ["backup", "size", "made", "of"],
        rows,
        {"folder": folder, "backups": plain},
        right=[1],
        empty=f"No backups in {folder} yet. `{context.prog} backup` makes one.",
    )


def restore_from(args: Namespace, context: Context) -> Shown:
    """Bring the project back from a backup."""
    from nbtrack.transfer.bringing_back import bring_back

    source = Path(args.source).expanduser()
    if not source.exists() and source.parent == Path() and (context.project.backups / source).exists():
        source = context.project.backups / source  # as the list shows them
    done = bring_back(context.service, source, args.force, context.progress)
    lines = [
        f"Brought {words.plural(done.runs, 'run')} with {words.plural(done.points, 'point')} back from {source} to "
        f"{context.project.folder}."
    ]
    if done.files:
        lines.append(f"Also {', '.join(done.files)}.")
    if done.aside is not None:
        lines.append(f"What was there before is in {done.aside}.")
    about = {"runs": done.runs, "points": done.points, "objects": done.objects, "files": done.files}
    aside = str(done.aside) if done.aside is not None else None
    return Done(lines, done.troubles, source=str(source), aside=aside, **about)
