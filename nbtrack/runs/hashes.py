"""Hashes of what runs read: how they were made stands before the dash, so that only what can be compared is.

``sha256-…`` is over everything, ``sha256.16M-…`` over a sample of 16 MiB, ``sha256.tree-…`` over a folder's files. Two
hashes tell whether the content is the same only if they were made in the same way.
"""

from __future__ import annotations

_SHOWN = 8


def scheme(found: str) -> str:
    """How a hash was made; empty for one that does not say."""
    return found.rpartition("-")[0]


def differ(one: str | None, other: str | None) -> bool | None:
    """Whether two contents differ; None where their hashes cannot tell."""
    if not one or not other or scheme(one) != scheme(other):
        return None
    return one != other


def short(found: str) -> str:
    """The first digits, for people."""
    return found.rpartition("-")[2][:_SHOWN]
