"""The verbs that go to an MLflow server and come from it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from argparse import Namespace
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from nbtrack.base import words
from nbtrack.base.errors import InvalidOption
from nbtrack.sdk.verbs.reading import page_request
from nbtrack.sdk.verbs.setting import Context, Shown, message

if TYPE_CHECKING:
    from nbtrack.transfer.sync.pulling import Pulled
    from nbtrack.transfer.sync.pushing import Pushed

_SHOWN = 20  # conflicts and notes
_TIED = "--tied"  # to the process that began it, by its standard input
_watchers: dict[str, subprocess.Popen[bytes]] = {}  # by project


def push(args: Namespace, context: Context) -> Shown:
    """Send runs."""
    from nbtrack.transfer.sync.opening import opened
    from nbtrack.transfer.sync.pushing import push as send
    from nbtrack.transfer.sync.remotes import remote

    uri = remote(context.project, None if args.remote == "-" else args.remote)
    request = page_request(Namespace(**vars(args), sort=[]), [])
    everything = not (request.filter or request.experiment or request.notebook or request.trashed)
    with opened(uri) as there:
        done = send(context.service, there, None if everything else request, context.progress)
        place = there.place
    return _told(f"Sent to {place}", done, place)


def pull(args: Namespace, context: Context) -> Shown:
    """Fetch runs."""
    from nbtrack.transfer.sync.opening import opened
    from nbtrack.transfer.sync.pulling import pull as fetch
    from nbtrack.transfer.sync.remotes import remote

    uri = remote(context.project, args.remote)
    with opened(uri) as there:
        done = fetch(context.service, there, args.experiment, context.progress)
        place = there.place
    return _told(f"Fetched from {place}", done, place)


def sync(args: Namespace, context: Context) -> Shown:
    """Fetch, then send; with ``--watch`` again and again."""
    from nbtrack.transfer.sync.remotes import remote
    from nbtrack.transfer.sync.watching import once

    if args.stop:
        return _stop(context)
    if not 0.1 <= args.every <= 86_400:
        raise InvalidOption(f"--every is {args.every:g}.", "Give 0.1 to 86,400 seconds.")
    uri = remote(context.project, args.remote)
    if args.watch:
        return _begin(uri, args.every, context) if context.prog == "%track" else _watch(uri, args, context)
    pulled, pushed = once(context.service, uri, context.progress)
    lines = [_told("Fetched", pulled, uri).text(), _told("Sent", pushed, uri).text()]
    return message("\n".join(lines), remote=uri, pulled=asdict(pulled), pushed=asdict(pushed))


def _told(head: str, done: Pulled | Pushed, place: str) -> Shown:
    parts = [words.plural(done.new, "new run")] if done.new else []
    if done.changed:
        parts.append(words.plural(done.changed, "changed run"))
    what = f" ({words.plural(done.points, 'point')}, {words.plural(done.files, 'file')})" if parts else ""
    lines = [f"{head}: {' and '.join(parts) or 'nothing new'}{what}."]
    if done.same:
        lines[0] += f" {words.plural(done.same, 'run')} as before."
    lines += [f"Edited on both sides: {one}" for one in done.conflicts[:_SHOWN]]
    lines += done.notes[:_SHOWN]
    left = max(0, len(done.conflicts) - _SHOWN) + max(0, len(done.notes) - _SHOWN)
    if left:
        lines.append(f"… and {left:,} more such lines: see --json.")
    about: dict[str, Any] = asdict(done)
    return message("\n".join(lines), place=place, **about)


# -- again and again


def _watch(uri: str, args: Namespace, context: Context) -> Shown:
    """On the command line: here, until Ctrl-C."""
    from nbtrack.transfer.sync.watching import stop_with_parent, watch

    stop = threading.Event()
    if args.tied:
        stop_with_parent(stop)
    with suppress(KeyboardInterrupt):
        watch(context.service, uri, args.every, _aside, stop)
    return message("Stopped. What was sent and fetched is kept; nothing is half done.")


def _aside(text: str) -> None:
    sys.stderr.write(f"nbtrack: {text}\n")
    sys.stderr.flush()


def _begin(uri: str, every: float, context: Context) -> Shown:
    """In a notebook: in a process of its own, which ends with the kernel."""
    key = str(context.project.root)
    found = _watchers.get(key)
    if found is not None and found.poll() is None:
        return message(f"It goes on already, in process {found.pid}. `%track sync --stop` ends it.")
    command = [sys.executable, "-m", "nbtrack", "--project", key, "sync", uri, "--watch", _TIED, f"--every={every:g}"]
    log = context.project.folder / "sync.log"
    with open(log, "ab", opener=_private) as output:
        _watchers[key] = begun = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=output, stderr=output, start_new_session=True
        )
    return message(
        f"Sends and fetches in process {begun.pid} from now on, as long as this kernel lives. `%track sync --stop` "
        f"ends it; {log} has what it says.",
        process=begun.pid,
    )


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o600)


def _stop(context: Context) -> Shown:
    found = _watchers.pop(str(context.project.root), None)
    if found is None or found.poll() is not None:
        return message("This kernel began none, or it has ended.")
    if found.stdin is not None:
        found.stdin.close()
    try:
        found.wait(30)
    except subprocess.TimeoutExpired:
        found.terminate()
        found.wait(10)
    return message("It has ended.")
