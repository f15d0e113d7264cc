"""One tree of errors. Each says what was asked, what was found, and what to do next.

NbtrackError
├── InvalidValue      a value that cannot be stored exactly
├── InvalidOption     an option or argument that is not understood
├── FilterError       a filter or sort expression that does not parse
├── NotFound          a run, experiment or artifact that does not exist
├── Ambiguous         a short id that fits several runs
├── NoActiveRun       logging outside of any run
├── CannotRun         nothing there to execute it: no kernel, no cluster, no environment
├── BadSource         what is imported from is broken, or not what it says
├── Unreachable       another tracker's server does not answer, or refuses
└── StoreError        the project's file cannot be used
    ├── StoreForeign      it is not ours, or damaged
    ├── StoreTooNew       it was written by a newer nbtrack
    ├── StoreTooOld       SQLite itself is too old
    ├── StoreLocked       another process kept it locked for too long
    └── StoreReadOnly     it cannot be written
        └── NotPrivate        other users of the machine could look into it
"""

from __future__ import annotations


class NbtrackError(Exception):
    """Base of every error of nbtrack: ``code`` (stable, for programs), ``message`` and ``hint`` (for people)."""

    code = "error"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        between = "\n" if "\n" in self.message else " "  # a message of several lines points at a place in a text
        return f"{self.message.rstrip()}{between}{self.hint}".strip()

    def _render_traceback_(self) -> list[str]:
        """IPython shows these lines instead of a traceback through our own code."""
        return [f"{type(self).__name__}: {self.message}", *([self.hint] if self.hint else [])]


class InvalidValue(NbtrackError, ValueError):
    """A name or value that cannot be stored exactly; nothing of the call was stored."""

    code = "invalid_value"


class InvalidOption(NbtrackError, ValueError):
    """An option or argument that is not understood."""

    code = "invalid_option"


class FilterError(NbtrackError, ValueError):
    """A filter or sort expression with a mistake; ``column`` is its place, counted from 0.

    None where the place is in another text than the one that was given as the filter.
    """

    code = "filter"

    def __init__(self, message: str, hint: str = "", column: int | None = 0) -> None:
        super().__init__(message, hint)
        self.column = column


class NotFound(NbtrackError, LookupError):
    """Something was asked for that does not exist."""

    code = "not_found"


class Ambiguous(NbtrackError, LookupError):
    """A short id or a name fits more than one run."""

    code = "ambiguous"


class NoActiveRun(NbtrackError, RuntimeError):
    """Something was logged while no run was active."""

    code = "no_active_run"


class CannotRun(NbtrackError, RuntimeError):
    """A notebook, a cell or a trial cannot be executed: there is no kernel, no cluster, no environment for it."""

    code = "cannot_run"


class BadSource(NbtrackError, ValueError):
    """A file, folder or server that is imported from is broken, or not what it says; nothing of it was stored."""

    code = "bad_source"


class Unreachable(NbtrackError, ConnectionError):
    """Another tracker's server does not answer, or refuses what it is asked."""

    code = "unreachable"


class StoreError(NbtrackError):
    """The project's file cannot be used as asked."""

    code = "store"


class StoreForeign(StoreError):
    """The file is not an nbtrack database, or is damaged. It is left as it is."""

    code = "store_foreign"


class DamagedValue(StoreForeign, ValueError):
    """A value in the file is not of the kind that it says it is."""


class StoreTooNew(StoreError):
    """The file was written by a newer nbtrack that older ones must not touch."""

    code = "store_too_new"


class StoreTooOld(StoreError):
    """The SQLite library of this Python lacks what the store needs."""

    code = "sqlite_too_old"


class StoreLocked(StoreError):
    """Another process held the write lock for longer than the time allowed."""

    code = "store_locked"


class StoreReadOnly(StoreError):
    """The project folder or its file cannot be written."""

    code = "store_read_only"


class NotPrivate(StoreReadOnly):
    """The project folder is another user's, and open to every user of the machine: nothing is kept there."""

    code = "store_not_private"


class Stopped(BaseException):
    """Ends a run early on purpose: a trial that promises nothing. Its status is then "interrupted".

    No Exception, so that code which catches those and goes on lets it pass, as it does with Ctrl-C.
    """
