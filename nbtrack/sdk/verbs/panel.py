"""The verb that opens the panel."""

from __future__ import annotations

from argparse import Namespace
from typing import Any, cast

from nbtrack.sdk.verbs.parsing import expression
from nbtrack.sdk.verbs.reading import names
from nbtrack.sdk.verbs.setting import Context, Shown


def panel(args: Namespace, context: Context) -> Shown:
    """The interactive panel; on the command line its first runs as text, and where the panel is."""
    import nbtrack  # by its public name: the room of the panel lies above this one

    shown: Any = nbtrack.panel(
        expression(args.filter),
        sort=args.sort,
        columns=names(args.columns) or None,
        metrics=names(args.metrics) or None,
        experiment=args.experiment,
        notebook=args.notebook,
        run=args.run,
        project=context.project,
    )
    return cast("Shown", shown)
