"""The verb that writes runs into a file, in any of the formats."""

from __future__ import annotations

import json
import re
from argparse import Namespace
from collections.abc import Sequence

from nbtrack.base import words
from nbtrack.runs.given import local_path
from nbtrack.sdk.verbs.reading import names, page_request
from nbtrack.sdk.verbs.setting import Context, Shown, message
from nbtrack.sdk.verbs.views import Data

_LATEST = re.compile(r"@\d+")


def export(args: Namespace, context: Context) -> Shown:
    """Runs in a file, or printed."""
    from nbtrack.sdk.transfer import text_of, to_file
    from nbtrack.transfer.exporters import Options, format_of

    target = local_path(args.output) if args.output else None
    kind = args.format or (format_of(target) if target is not None else "csv")
    options = Options(
        columns=names(args.columns) or None,
        mean_over=names(args.mean_over),
        digits=args.digits,
        static=args.static,
        points=args.points,
        plain=args.plain,
        title=args.title,
    )
    numbers = _numbers(args, context, kind)
    if target is None:
        text = text_of(context.service, kind, numbers, options, context.progress)
        return Data(text, {"format": kind, **({"rows": json.loads(text)} if kind == "json" else {"text": text})})
    replaced = target.is_file()
    notes: list[str] = []
    force, progress = args.overwrite, context.progress
    files = to_file(context.service, kind, numbers, options, target, overwrite=force, progress=progress, notes=notes)
    size = sum(file.stat().st_size for file in files if file.is_file())
    beside = "".join(f", {file.name}" for file in files[1:])
    old = "; it replaces the one that was there" if replaced else ""
    said = f"Wrote {words.plural(len(numbers), 'run')} to {target}{beside} ({words.size(size)}){old}."
    text, paths = "\n".join([said, *notes]), [str(file) for file in files]
    return message(text, count=len(numbers), file=str(target), files=paths, size=size, notes=notes)


def _numbers(args: Namespace, context: Context, kind: str) -> Sequence[int]:
    """The runs that are named by --run, or by words that can be nothing else, or found by the filter."""
    from nbtrack.transfer.exporters import EXPORTERS
    from nbtrack.transfer.service import numbers_of

    given = list(args.run)
    if args.filter and (EXPORTERS[kind].one or all(_LATEST.fullmatch(word) for word in args.filter)):
        given, args.filter = [*given, *args.filter], []
    if given:
        return numbers_of(context.service, given)[: args.limit]
    return context.service.numbers(page_request(args, []))[: args.limit]
