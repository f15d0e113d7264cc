"""The verb that brings the code of a run back: into its cell where the host can reach that, else it is shown."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass

from nbtrack.base.errors import InvalidOption, NotFound
from nbtrack.runs import contract as c
from nbtrack.sdk.verbs.setting import Context, Shown
from nbtrack.sdk.verbs.views import Source


@dataclass(frozen=True)
class Restored:
    """What is to stand in a cell again.

    cell: the id of the run's own. text: what is put there. below: into a new cell in any case. params: only the
    literals change: a host that knows the cell as it is now puts the params of the run into that.
    """

    run: str
    name: str
    cell: str | None
    text: str
    below: bool = False
    params: bool = False


def restore(args: Namespace, context: Context) -> Shown:
    """The code of a run, or its params, back in its cell; it is never executed. With --from, the whole project."""
    if (args.run is None) == (args.source is None):
        raise InvalidOption(
            f"restore needs {'a run or --from FILE, not both' if args.run else 'a run, or --from FILE'}.",
            f"`{context.prog} restore @1` is about a run's code, `{context.prog} restore --from FILE` about all runs.",
        )
    if args.source is not None:
        if args.params or args.below:
            raise InvalidOption(
                "--from brings back all runs, --params and --below are about one.", "Choose one of them."
            )
        from nbtrack.sdk.verbs.backing import restore_from

        return restore_from(args, context)
    if args.force:
        raise InvalidOption("--force goes with --from FILE.", "The code of a run is put back without it.")
    if args.params and args.below:
        raise InvalidOption("--params changes the cell, --below makes a new one.", "Choose one of them.")
    detail = context.service.get(c.RunRequest(args.run))
    row = detail.row
    if detail.code is None:
        raise NotFound(f"The run '{row.name}' has no code: it was not a cell.", "Its git state is in `show`.")
    text = _with_params(context, detail, detail.code) if args.params else detail.code
    restored = Restored(row.id, row.name, row.cell, text, args.below, args.params)
    shown = context.put(restored) if context.put is not None else None
    return shown or Source(text, {"run": row.id, "text": text})


def _with_params(context: Context, detail: c.RunDetail, code: str) -> str:
    """The cell as its notebook was last saved, with the params of the run; its own code where that cell is gone."""
    from nbtrack.capture.notebooks import read_notebook
    from nbtrack.lineage.contract import RewriteRequest
    from nbtrack.lineage.service import LineageService

    row = detail.row
    notebook = read_notebook(context.project.root / row.notebook) if row.notebook and row.cell else None
    saved = notebook.find(row.cell, None) if notebook is not None else None
    return LineageService(context.service).rewrite(RewriteRequest(row.id, saved.source if saved else code)).text
