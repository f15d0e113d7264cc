"""Threads that answer what front ends ask, so that no question waits for a slow one before it.

Questions arrive in the kernel's main thread or in that of a subshell, one after the other. Answered there, a slow one
would hold up the others, the cell that comes next, and even the word that nobody wants its answer any more.
"""

from __future__ import annotations

import os

from nbtrack.api.lanes import Lane as Lane  # re-exported: talk.py names it

READS = Lane("read", 2)
WRITES = Lane("write", 1)  # two clicks on a star must not overtake one another
SLOW = Lane("slow", 1)  # what takes long and changes no run


def _after_fork() -> None:
    READS.clear()
    WRITES.clear()
    SLOW.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
