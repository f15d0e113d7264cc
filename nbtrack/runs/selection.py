"""Which runs a request is about: the one way from a `Selection` to SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from nbtrack.runs.store import filter, pages
from nbtrack.runs.store.filter_keys import KeyLookup

if TYPE_CHECKING:
    import sqlite3

    from nbtrack.runs.contract import Selection

_CLOCK = ("duration", "started", "ended")  # what these match changes with the time of day


class Selected(NamedTuple):
    """The runs of ``scope`` that ``where`` finds. texts: the filters, empty ones left out."""

    where: filter.Compiled
    scope: pages.Scope
    lookup: KeyLookup
    texts: tuple[str, ...]

    @property
    def timeless(self) -> bool:
        """Whether it finds the same runs until the file changes."""
        return not any(word in text.lower() for text in self.texts for word in _CLOCK)

    @property
    def question(self) -> tuple[tuple[str, ...], pages.Scope]:
        """What tells it from other selections of the same file."""
        return self.texts, self.scope

    def whole(self) -> Selected:
        """The same scope without any filter."""
        return Selected(filter.compile_filter("", self.lookup), self.scope, self.lookup, ())


def select(conn: sqlite3.Connection, request: Selection) -> Selected:
    """The runs that a request asks for.

    Raises:
        FilterError: a mistake in a filter; of one of ``also`` it names the text, and has no column.
    """
    lookup = KeyLookup(conn)
    where = filter.compile_all(request.filter, request.also, lookup)
    texts = tuple(text for text in (request.filter, *request.also) if text.strip())
    return Selected(where, pages.Scope(request.trashed, request.experiment, request.notebook), lookup, texts)
