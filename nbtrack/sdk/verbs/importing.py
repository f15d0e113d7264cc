"""The verb that brings in runs of other places."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict

from nbtrack.base import words
from nbtrack.base.errors import InvalidOption
from nbtrack.sdk.verbs.setting import Context, Shown, message

_EXPERIMENTS = 12  # that are listed


def import_runs(args: Namespace, context: Context) -> Shown:
    """Bring runs in, or say what would come."""
    from nbtrack.sdk.importing import bring

    options = dict(_option(one) for one in args.option)
    if args.map:
        options["map"] = "\n".join(args.map)
    tool, landed = bring(
        context.project,
        args.source,
        args.tool,
        options,
        dry=args.dry_run,
        experiment=args.experiment,
        progress=context.progress,
    )
    lines = []
    if landed.new or landed.changed:
        done = "Would import" if args.dry_run else "Imported"
        lines.append(f"{done} {_came(landed.new, landed.changed)} from {args.source} ({tool}): {_what(landed)}.")
        for name, count in sorted(landed.experiments.items(), key=lambda one: -one[1])[:_EXPERIMENTS]:
            lines.append(f"  {name}: {words.plural(count, 'run')}")
        if len(landed.experiments) > _EXPERIMENTS:
            lines.append(f"  … and {len(landed.experiments) - _EXPERIMENTS:,} more experiments")
        if landed.same:
            lines.append(f"{_were(landed.same)} here already.")
    elif landed.same:
        lines.append(f"Nothing new in {args.source} ({tool}): {_were(landed.same).lower()} here already.")
    else:
        lines.append(f"There are no runs in {args.source} ({tool}).")
    lines += landed.notes
    if args.dry_run:
        lines.append("Nothing was stored: this was a dry run.")
    return message("\n".join(lines), source=args.source, tool=tool, dry_run=args.dry_run, **asdict(landed))


def _option(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise InvalidOption(f"--option {text!r} does not say which and what.", "Such as --option files=folder.")
    return name.strip(), value


def _came(new: int, changed: int) -> str:
    parts = [words.plural(new, "new run")] if new else []
    return " and ".join([*parts, *([words.plural(changed, "changed run")] if changed else [])])


def _what(landed: object) -> str:
    found = {name: getattr(landed, name) for name in ("points", "files", "bytes", "models")}
    parts = [words.plural(found["points"], "point")]
    if found["files"]:
        parts.append(f"{words.plural(found['files'], 'file')} of {words.size(found['bytes'])}")
    if found["models"]:
        parts.append(words.plural(found["models"], "logged model"))
    return ", ".join(parts)


def _were(count: int) -> str:
    return f"{words.plural(count, 'run')} {'is' if count == 1 else 'are'}"
