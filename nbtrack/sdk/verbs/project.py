"""Verbs about the project as a whole."""

from __future__ import annotations

from argparse import Namespace

from nbtrack.base.config import FOLDER, Project
from nbtrack.base.errors import InvalidOption
from nbtrack.runs.given import local_path
from nbtrack.sdk.verbs.setting import Context, Shown, message
from nbtrack.sdk.verbs.views import Findings


def status(args: Namespace, context: Context) -> Shown:
    """Where the runs are and what is kept."""
    from nbtrack.sdk.views import StatusView

    return StatusView(context.service.status())


def init(args: Namespace, context: Context) -> Shown:
    """Make a folder the project, from now on."""
    folder = local_path(args.folder).absolute()
    if folder.name == FOLDER:
        folder = folder.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidOption(f"'{folder}' cannot be a project folder: {error.strerror}.", "Name another.") from error
    project = Project(folder, "init")
    known = project.folder.is_dir()
    project.create()
    context.choose(project)
    text = f"Runs are kept in {project.folder}" + (", as before." if known else ".")
    return message(text, root=str(folder), created=not known)


def doctor(args: Namespace, context: Context) -> Shown:
    """What is wrong with the store, if anything; and what was done about it, if asked for."""
    if args.repair:
        from nbtrack.runs.repair import repair_project

        return Findings(repair_project(context.service))
    from nbtrack.runs.checks import check_project

    return Findings(check_project(context.service, deep=args.deep))
