"""Verbs that edit."""

from __future__ import annotations

from argparse import Namespace

from nbtrack.base import words
from nbtrack.base.errors import InvalidOption, NotFound
from nbtrack.base.wire import to_plain
from nbtrack.runs import contract as c
from nbtrack.sdk.verbs.setting import Context, Shown, message
from nbtrack.sdk.verbs.views import Listing


def tag(args: Namespace, context: Context) -> Shown:
    """Set tags and take tags off."""
    tags: dict[str, str | None] = {}
    for pair in args.tags:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise InvalidOption(f"'{pair}' is no tag.", "Write it like stage=draft.")
        tags[key] = value
    if not tags and not args.remove:
        raise InvalidOption("There is no tag to set.", "Write it like stage=draft, or give --remove.")
    known = context.service.row(args.run).tags
    for key in args.remove:
        if key not in known:
            has = ", ".join(known) or "no tags"
            raise NotFound(f"The run '{args.run}' has no tag '{key}'.", f"It has: {has}.")
        tags[key] = None
    return _done(context, context.editing.edit(c.EditRequest([args.run], tags=tags)))


def note(args: Namespace, context: Context) -> Shown:
    """Replace the note; without a text, show it."""
    if not args.text:
        row = context.service.row(args.run)
        return message(row.note or f"The run '{row.name}' has no note.", run=row.id, note=row.note)
    return _done(context, context.editing.edit(c.EditRequest([args.run], note=" ".join(args.text))))


def star(args: Namespace, context: Context) -> Shown:
    """Give runs a star."""
    return _done(context, context.editing.edit(c.EditRequest(args.runs, starred=True)))


def unstar(args: Namespace, context: Context) -> Shown:
    """Take the star of runs away."""
    return _done(context, context.editing.edit(c.EditRequest(args.runs, starred=False)))


def rename(args: Namespace, context: Context) -> Shown:
    """Give a run another name."""
    return _done(context, context.editing.edit(c.EditRequest([args.run], name=args.name)))


def rm(args: Namespace, context: Context) -> Shown:
    """Put runs into the trash."""
    return _done(context, context.editing.trash(c.RunsRequest(args.runs)))


def untrash(args: Namespace, context: Context) -> Shown:
    """Take runs out of the trash."""
    return _done(context, context.editing.restore(c.RunsRequest(args.runs)))


def undo(args: Namespace, context: Context) -> Shown:
    """Take the latest edit back."""
    return _done(context, context.editing.undo())


def purge(args: Namespace, context: Context) -> Shown:
    """Empty the trash, once somebody has said yes."""
    count = context.service.status().trashed
    if not count:
        return message("The trash is empty.", count=0)
    if not args.yes:
        question = f"This deletes {words.plural(count, 'run')} for good."
        if context.ask is None:
            raise InvalidOption(question, "Add --yes to do it.")
        if not context.ask(f"{question} Do it?"):
            return message("Nothing was deleted.", count=0)
    return _done(context, context.editing.purge(lambda runs: context.progress(runs, "deleting runs", len(runs))))


def experiments(args: Namespace, context: Context) -> Shown:
    """List the experiments, rename one or merge one into another."""
    match args.change:
        case []:
            return _listed(context)
        case ["rename", old, new]:
            return _done(context, context.editing.rename_experiment(c.Rename(old, new)))
        case ["merge", old, into]:
            return _done(context, context.editing.merge_experiments(c.Rename(old, into)))
    raise InvalidOption(
        f"experiments: '{' '.join(args.change)}' is not understood.",
        "Write 'experiments rename OLD NEW' or 'experiments merge OLD INTO'.",
    )


def _listed(context: Context) -> Shown:
    found = context.service.experiments()
    rows = [
        [one.name, f"{one.runs:,}", words.ago(one.latest) if one.latest else "", words.one_line(one.note)]
        for one in found.experiments
    ]
    return Listing(
        ["experiment", "runs", "latest", "note"], rows, to_plain(found), right=[1], empty="No experiments yet."
    )


def _done(context: Context, done: c.Done) -> Shown:
    hint = f" Take it back with `{context.prog} undo`." if done.undo else ""
    return message(f"{done.text.rstrip('.')}.{hint}", count=done.count, revision=done.revision, undo=done.undo)
