"""Verbs that read."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from nbtrack.base import words
from nbtrack.base.errors import InvalidOption, NotFound
from nbtrack.base.wire import to_plain
from nbtrack.runs import contract as c
from nbtrack.runs.given import local_path
from nbtrack.sdk.saving import saved_in
from nbtrack.sdk.verbs.parsing import expression
from nbtrack.sdk.verbs.setting import Context, Shown, message
from nbtrack.sdk.verbs.views import Data, Listing, Source

_SHOWN_BYTES = 1 << 16  # of an artifact that is text


def ls(args: Namespace, context: Context) -> Shown:
    """A window of the runs table."""
    from nbtrack.sdk.histories import histories_of
    from nbtrack.sdk.views import RunsTable

    columns = names(args.columns)
    request = page_request(args, columns)
    request.limit = args.limit
    page = context.service.page(request)
    only = _chosen(page, columns) if columns else None
    curves = histories_of(context.service, page.rows) if context.curves else None
    return RunsTable(page, histories=curves, filter=request.filter, only=only)


def show(args: Namespace, context: Context) -> Shown:
    """One run."""
    from nbtrack.sdk.run import Run

    return Run(context.service, context.service.row(args.run)).view()


def compare_runs(args: Namespace, context: Context) -> Shown:
    """Runs side by side."""
    from nbtrack.sdk.runs import compare

    given = list(args.runs)
    if args.sort and args.filter is None:
        raise InvalidOption("--sort is for the runs that --filter finds.", "Those that are named keep their order.")
    if args.filter is not None:
        found = context.service.page(c.PageRequest(filter=args.filter, sort=args.sort, limit=args.limit)).rows
        given += [row.id for row in found]
        if not given:
            raise NotFound(f"No run matches {args.filter!r}.", f"List them with `{context.prog} ls`.")
    if not given:
        raise InvalidOption("There is no run to compare.", "Name two or more, such as @1 @2, or give --filter.")
    return compare(
        *given, baseline=0 if args.baseline is None else args.baseline, everything=args.all, project=context.project
    )


def diff_runs(args: Namespace, context: Context) -> Shown:
    """What changed from one run to another."""
    from nbtrack.sdk.runs import diff

    return diff(args.left, args.right, project=context.project)


def code(args: Namespace, context: Context) -> Shown:
    """The cell of a run."""
    found = context.service.code(c.RunRequest(args.run))
    if found.text is None:
        raise NotFound(f"The run '{args.run}' has no code: it was not a cell.", "Its git state is in `show`.")
    return Source(found.text, to_plain(found))


def keys(args: Namespace, context: Context) -> Shown:
    """The names of params, metrics and tags."""
    found = context.service.keys()
    rows = [[key.kind, key.name, f"{key.runs:,}", ", ".join(key.types), key.better or ""] for key in found.keys]
    head = ["kind", "name", "runs", "types", "better"]
    return Listing(head, rows, to_plain(found), right=[2], empty="No params, metrics or tags yet.")


def artifacts(args: Namespace, context: Context) -> Shown:
    """The files of a run, or one of them."""
    if args.path is None:
        if args.save:
            raise InvalidOption("--save needs the PATH of one file of the run.", "List them without --save.")
        return _files(context.service.get(c.RunRequest(args.run)))
    found, data = context.service.artifact(args.run, args.path)
    if args.save:
        target = _save(local_path(args.save), found.path, data)
        return message(f"Saved {found.path} ({words.size(found.size)}) as {target}.", **to_plain(found))
    about = f"{found.path}  {words.size(found.size)}  {found.mime or 'unknown type'}"
    text = _as_text(found, data)
    if text is None:
        return message(f"{about}\nSave it with --save FILE.", **to_plain(found))
    return Data(text, {**to_plain(found), "text": text})


def _files(detail: c.RunDetail) -> Shown:
    rows = [[one.path, words.size(one.size), one.mime or "", one.hash[:12]] for one in detail.artifacts]
    plain = {"run": detail.row.id, "artifacts": to_plain(detail.artifacts)}
    head = ["path", "size", "type", "sha256"]
    return Listing(head, rows, plain, right=[1], empty=f"The run '{detail.row.name}' has no artifacts.")


def _as_text(found: c.Artifact, data: bytes) -> str | None:
    kind = found.mime or ""
    if len(data) > _SHOWN_BYTES or not (kind.startswith("text/") or kind.endswith(("json", "xml", "yaml"))):
        return None
    try:
        return words.clean(data.decode("utf-8"))
    except UnicodeDecodeError:
        return None


def _save(target: Path, path: str, data: bytes) -> Path:
    target = saved_in(target, path) if target.is_dir() else target
    write(target, data)
    return target


def write(target: Path, data: bytes) -> None:
    """Write a user's file.

    Raises:
        InvalidOption: it cannot be written.
    """
    try:
        target.write_bytes(data)
    except OSError as error:
        raise InvalidOption(f"'{target}' cannot be written: {error.strerror or error}.", "Name another.") from error


def names(given: list[str]) -> list[str]:
    """Names of columns from ``--columns a,b --columns c``."""
    return [name.strip() for part in given for name in part.split(",") if name.strip()]


def page_request(args: Namespace, columns: list[str]) -> c.PageRequest:
    """The filter, order and scope that the arguments say."""
    return c.PageRequest(
        filter=expression(args.filter),
        sort=args.sort,
        columns=columns or None,
        experiment=args.experiment,
        notebook=args.notebook,
        trashed=args.trash,
    )


def _chosen(page: c.RunPage, columns: list[str]) -> list[str]:
    """The columns with ``params.*`` and the like written out."""
    found: dict[str, None] = {}
    for name in columns:
        kind, _, rest = name.partition(".")
        if rest == "*" and kind in ("params", "metrics", "tags"):
            found |= {f"{kind}.{key}": None for row in page.rows for key in getattr(row, kind)}
        else:
            found[name] = None
    return list(found)
