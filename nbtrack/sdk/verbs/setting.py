"""What a verb is given besides its arguments: the project, and what its host can do."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from nbtrack.base.config import Project

if TYPE_CHECKING:
    from nbtrack.runs.editing import EditingService
    from nbtrack.runs.service import RunsService
    from nbtrack.sdk.verbs.restoring import Restored

Progress = Callable[[Iterable[Any], str, int], Iterable[Any]]


class Shown(Protocol):
    """What a verb answers: something to look at, as `nbtrack.sdk.views.view.View`."""

    def text(self, width: int = 100) -> str:
        """Plain text."""

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""

    def _repr_html_(self) -> str: ...


def _current() -> Project:
    from nbtrack.sdk.context import current_project

    return current_project()


def _choose(project: Project) -> None:
    from nbtrack.sdk.context import set_project

    set_project(project)


def _silent(items: Iterable[Any], what: str, total: int) -> Iterable[Any]:
    return items


@dataclass
class Context:
    """Where a verb works.

    project: whose runs. prog: how the user calls the host, for hints. ask: asks yes or no; None where nobody can
    answer. progress: goes through items while showing how far it is. choose: makes another project the current one.
    curves: small curves beside numbers can be shown. put: puts a text into a cell of the notebook, and answers what to
    show of that; None where the text itself is to be shown.
    """

    project: Project = field(default_factory=_current)
    prog: str = "%track"
    ask: Callable[[str], bool] | None = None
    progress: Progress = _silent
    choose: Callable[[Project], None] = _choose
    curves: bool = True
    put: Callable[[Restored], Shown | None] | None = None

    @property
    def service(self) -> RunsService:
        """The project's reads."""
        from nbtrack.sdk.context import service

        return service(self.project)

    @property
    def editing(self) -> EditingService:
        """The project's edits."""
        from nbtrack.sdk.context import editing

        return editing(self.project)


def message(text: str, **about: Any) -> Shown:
    """Text to show; about: further plain data for ``--json``."""
    from nbtrack.sdk.verbs.views import Text

    return Text(text.rstrip("\n"), **about)
