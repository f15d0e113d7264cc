"""The verbs that execute: a notebook with params, and a run again."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from typing import TYPE_CHECKING, Any

from nbtrack.base import words
from nbtrack.base.errors import InvalidOption
from nbtrack.runs import contract as c
from nbtrack.runs.given import local_path
from nbtrack.sdk.verbs.setting import Context, Shown
from nbtrack.sdk.verbs.views import Listing, Text
from nbtrack.sdk.views.grid import grid

if TYPE_CHECKING:
    from nbtrack.execute.verdicts import Compared, Verdict

_TRACE = 30  # lines of a traceback that are shown
_SIGNS = {"reproduced": "✓", "ran": "✓", "differs": "✗", "incomplete": "✗", "failed": "✗"}


class Outcome(Text):
    """What came of executing something. failed: the command's exit code says so."""

    def __init__(self, text: str, failed: bool, **about: Any) -> None:
        super().__init__(text, **about)
        self.failed = failed


def run(args: Namespace, context: Context) -> Shown:
    """Execute a notebook, or list the entry points there are."""
    from nbtrack.execute.parameters import read_param
    from nbtrack.sdk.executing import executed_on, ordered

    if args.notebook is None and args.entry is None:
        return _entries(context)
    texts = dict(one.partition("=")[::2] for one in args.param)
    params = dict(read_param(one) for one in args.param)
    order = ordered(
        context.project,
        local_path(args.notebook) if args.notebook is not None else None,
        params if args.entry is None else texts,
        entry=args.entry,
        name=args.name,
        experiment=args.experiment,
        kernel=args.kernel,
        timeout=args.timeout,
        output=local_path(args.output) if args.output else None,
    )
    began = time.monotonic()
    executed = executed_on(context.project, order, args.on, context.progress)
    row = executed.run
    row.flush()
    detail = context.service.row(row.id)
    failed = row.status != "finished"
    inside = len(context.service.get(c.RunRequest(row.id)).children)
    lines = [
        f"{words.status(row.status)}  {order.notebook.name} as '{detail.name}' ({row.id}): "
        f"{words.plural(executed.cells, 'cell')}, {words.plural(inside, 'run')} inside, "
        f"{words.duration(time.monotonic() - began)}"
    ]
    if failed:
        lines += [f"{executed.reason}", *_trace(executed.trace), f"All output: {context.prog} artifacts {row.id}"]
    elif detail.metrics:
        lines.append(", ".join(f"{name} {words.number(one.last)}" for name, one in detail.metrics.items()))
    if order.output is not None:
        lines.append(f"Wrote {order.output}")
    return Outcome("\n".join(lines), failed, run=row.id, status=row.status, reason=executed.reason)


def _trace(text: str) -> list[str]:
    return [f"  {line}" for line in words.clean(text).splitlines()[-_TRACE:]]


def _entries(context: Context) -> Shown:
    from nbtrack.execute.entries import FILE, read_entries

    found = read_entries(context.project)
    if not found:
        raise InvalidOption(
            "There is nothing to run.", f"Name a notebook, or write entry points into {context.project.root / FILE}."
        )
    rows = [
        [one.name, one.notebook.name, " ".join(param.words() for param in one.params.values()), one.help]
        for one in found.values()
    ]
    data = {"entries": [dict(zip(("name", "notebook", "params", "help"), row, strict=True)) for row in rows]}
    return Listing(["entry", "notebook", "params", ""], rows, data)


def reproduce(args: Namespace, context: Context) -> Shown:
    """Execute a run again and say whether it came out the same."""
    from nbtrack.execute.reproduce import reproduce as again

    made, verdict = again(
        context.service,
        args.run,
        tolerance=args.tolerance,
        env=args.env,
        timeout=args.timeout,
        progress=context.progress,
        tell=print_aside,
    )
    made.flush()
    name = context.service.row(verdict.of).name
    lines = [
        f"{_SIGNS[verdict.verdict]} {verdict.verdict}: {_summary(verdict, name)}",
        *_metrics(verdict.metrics),
        *(f"because: {reason}" if not number else f"     and {reason}" for number, reason in enumerate(_told(verdict))),
        *_trace(verdict.trace),
        f"kept as '{made.name}' ({made.id}), in {verdict.environment}",
    ]
    good = verdict.verdict in ("reproduced", "ran")
    return Outcome("\n".join(lines), not good, run=made.id, **verdict.plain())


def print_aside(text: str) -> None:
    """Something to know while it takes time, beside the answer."""
    sys.stderr.write(f"nbtrack: {text}\n")


def _told(verdict: Verdict) -> list[str]:
    """The reasons; of a run that came out again, nothing needs one."""
    return verdict.reasons if verdict.verdict not in ("reproduced", "ran") else []


def _summary(verdict: Verdict, name: str) -> str:
    deciding = [one for one in verdict.metrics if one.decides]
    same = sum(one.within is True for one in deciding)
    cells = words.plural(verdict.cells, "cell")
    if not verdict.metrics:
        return f"'{name}' has no metrics to compare; {cells} ran"
    return f"{same} of {words.plural(len(deciding), 'metric')} of '{name}' came out again; {cells} ran"


def _metrics(compared: list[Compared]) -> list[str]:
    """A line a metric; how busy the machine was is only kept."""
    compared = [one for one in compared if "system/" not in one.name]
    if not compared:
        return []
    rows = [
        [one.name, words.number(one.then), "none" if one.now is None else words.number(one.now), _said(one)]
        for one in compared
    ]
    return grid(["metric", "then", "now", ""], rows, 100, right=(1, 2)).splitlines()


def _said(one: Compared) -> str:
    if one.within is None:
        return "did not come again"
    if not one.decides:
        return "measures time or load: decides nothing"
    if one.within:
        return "same"
    return "differs" if one.points == 1 else f"differs at {one.apart:,} of {one.points:,} points"
