"""Keeping a project and a server together for as long as somebody wants it."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from nbtrack.base.errors import NbtrackError
from nbtrack.transfer.sync.opening import opened
from nbtrack.transfer.sync.pulling import Pulled, pull
from nbtrack.transfer.sync.pushing import Pushed, push

if TYPE_CHECKING:
    from nbtrack.runs.service import RunsService
    from nbtrack.transfer.storing import Progress

_LONGEST = 300.0  # seconds between two tries of a server that does not answer


def once(service: RunsService, remote: str, progress: Progress) -> tuple[Pulled, Pushed]:
    """Fetch first, so that what was edited on both sides is settled, then send."""
    with opened(remote) as there:
        pulled = pull(service, there, progress=progress)
        return pulled, push(service, there, progress=progress)


def watch(
    service: RunsService,
    remote: str,
    every: float,
    tell: Callable[[str], None],
    stop: threading.Event,
    pull_every: float = 30.0,
) -> None:
    """Send what changes here, and fetch what changes there, until ``stop`` is set or Ctrl-C comes.

    every: seconds between two looks at this project's file. pull_every: between two at the server. A server that does
    not answer is tried again, less and less often.
    """
    revision, pulled_at, pause = -1, 0.0, every
    while not stop.is_set():
        try:
            service.refresh(force=True)
            now = service.revision().revision
            if now != revision or time.monotonic() - pulled_at > pull_every:
                with opened(remote) as there:
                    if time.monotonic() - pulled_at > pull_every or pulled_at == 0.0:
                        _say(tell, "Fetched", pull(service, there))
                        pulled_at = time.monotonic()
                    _say(tell, "Sent", push(service, there))
                revision = service.revision().revision
            pause = every
        except NbtrackError as error:
            pause = min(_LONGEST, max(pause, 1.0) * 2)
            tell(f"{error} Next try in {pause:.0f} s.")
        stop.wait(pause)


def stop_with_parent(stop: threading.Event) -> None:
    """Set ``stop`` when the standard input ends: whoever began this process has gone, or wants it to end."""

    def wait() -> None:
        while sys.stdin.buffer.read(1 << 10):
            pass
        stop.set()

    threading.Thread(target=wait, name="nbtrack-sync-parent", daemon=True).start()


def _say(tell: Callable[[str], None], word: str, done: Pulled | Pushed) -> None:
    if done.new or done.changed or done.conflicts:
        tell(
            f"{word} {done.new:,} new and {done.changed:,} changed runs, {done.points:,} points, {done.files:,} files."
        )
    for line in [*done.conflicts, *done.notes]:
        tell(line)
