"""Runs as a list that is read piece by piece."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, overload

from nbtrack.base.errors import NotFound
from nbtrack.runs import contract as c
from nbtrack.sdk import asked
from nbtrack.sdk.histories import histories_of
from nbtrack.sdk.run import Run
from nbtrack.sdk.views import RunsTable

if TYPE_CHECKING:
    import pandas as pd

    from nbtrack.runs.service import RunsService

_WINDOW = 200
_SHOWN = 20


class NoSuchPlace(NotFound, IndexError):
    """A place that is beyond the last run; an IndexError too, so that a loop over places ends as usual."""


class Runs(Sequence[Run]):
    """The runs that a filter finds, in an order: a list, a table to look at, and a DataFrame.

    Which runs they are is settled when it is first used; `refresh` asks again. Their rows are read in windows, so
    a hundred thousand of them cost nothing until they are looked at.
    """

    def __init__(self, service: RunsService, request: c.PageRequest, limit: int | None = None) -> None:
        self._service = service
        self._request = request
        self._limit = limit
        self._found: list[int] | None = None
        self._windows: dict[int, list[c.RunRow]] = {}

    @property
    def filter(self) -> str:
        """The filter as it was given."""
        return self._request.filter

    def refresh(self) -> Runs:
        """Ask again which runs there are; itself."""
        self._found = None
        self._windows = {}
        return self

    def _numbers(self) -> list[int]:
        if self._found is None:
            found = self._service.numbers(self._request)
            self._found = found if self._limit is None else found[: max(0, self._limit)]
        return self._found

    def _part(self, numbers: list[int]) -> Runs:
        part = Runs(self._service, self._request)
        part._found = numbers
        return part

    def __len__(self) -> int:
        return len(self._numbers())

    @overload
    def __getitem__(self, index: int) -> Run: ...
    @overload
    def __getitem__(self, index: slice) -> Runs: ...
    def __getitem__(self, index: int | slice) -> Run | Runs:
        numbers = self._numbers()
        if type(index) is slice:
            return self._part(numbers[index])
        place = asked.whole(-(1 << 63), 1 << 63)("runs()[…]", "place", index)
        if not -len(numbers) <= place < len(numbers):
            raise NoSuchPlace(f"There is no run {place} among {len(numbers):,} runs.", "The first is runs()[0].")
        at = place % len(numbers)  # counts from the end, as lists do
        window, place = divmod(at, _WINDOW)
        rows = self._windows.get(window)
        if rows is None:
            rows = self._service.rows(numbers[window * _WINDOW : (window + 1) * _WINDOW])
            if len(rows) < min(_WINDOW, len(numbers) - window * _WINDOW):
                raise NotFound("Some of these runs were deleted meanwhile.", "Ask again with .refresh().")
            self._windows = {window: rows}  # one is enough for a loop, and bounds the memory
        return Run(self._service, rows[place])

    def __iter__(self) -> Iterator[Run]:
        numbers = self._numbers()
        for start in range(0, len(numbers), _WINDOW):
            for row in self._service.rows(numbers[start : start + _WINDOW]):
                yield Run(self._service, row)

    def rows(self, most: int | None = None) -> list[c.RunRow]:
        """The first runs as plain rows; all of them without a number."""
        return self._service.rows(self._numbers()[:most])

    def ids(self) -> list[str]:
        """Their ids, in order."""
        return [run.id for run in self]

    def table(self, limit: int = _SHOWN, *, columns: Sequence[str] | None = None) -> RunsTable:
        """The first runs as a view. columns: "params.x", "metrics.y"; those that matter, if not given."""
        columns = None if columns is None else asked.names("table", "columns", columns)
        rows = self.rows(asked.whole()("table", "limit", limit))
        total = self._service.page(c.PageRequest(limit=0, trashed=self._request.trashed)).total
        page = c.RunPage(rows, len(self), total, 0, self._service.revision().revision)
        return RunsTable(page, histories=histories_of(self._service, rows), filter=self.filter, only=columns)

    def to_pandas(self, *, summary: bool = False) -> pd.DataFrame:
        """One row per run, in this order.

        Columns: id, name, status, experiment, started and ended (UTC), duration (seconds), notebook …, then
        ``params.x`` in the type they were given, ``metrics.x`` (the last value) and ``tags.x``.
        summary: also ``metrics.x.min``, ``.max``, ``.mean`` and ``.count``.
        """
        from nbtrack.runs.frames import runs_frame

        return runs_frame(self._service, self._numbers(), summary=summary)

    def tag(self, tags: dict[str, Any] | None = None, **more: Any) -> Runs:
        """Tag all of them in one edit, which one undo takes back; itself."""
        from nbtrack.sdk.context import editing

        editing(self._service.project).edit(c.EditRequest(self.ids(), tags=asked.tags(tags, more, off=True)))
        return self.refresh_rows()

    def trash(self) -> c.Done:
        """Put all of them into the trash, which one undo takes back."""
        from nbtrack.sdk.context import editing

        return editing(self._service.project).trash(c.RunsRequest(self.ids()))

    def refresh_rows(self) -> Runs:
        """Read the same runs anew; itself."""
        self._windows = {}
        return self

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return self.table()._repr_mimebundle_()

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()

    def __repr__(self) -> str:
        return repr(self.table())
