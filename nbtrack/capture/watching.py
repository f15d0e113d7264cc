"""Who looks on: at every execution of a kernel, and at tracked cells from their first line to their last.

Whatever an onlooker raises is said once, and the cell goes on without it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from nbtrack.capture.cell import CellRun
    from nbtrack.capture.session import Execution
    from nbtrack.runs.active import ActiveRun


class Watcher(Protocol):
    """Looks at each execution of a kernel, tracked or not: quick, as every cell waits for it."""

    def before(self, execution: Execution, namespace: Mapping[str, Any]) -> None:
        """The execution is about to begin."""

    def after(self, execution: Execution, namespace: Mapping[str, Any]) -> None:
        """The execution has ended; its status is set."""


class Companion(Protocol):
    """Goes with one tracked cell. What it stores goes to the cell's run."""

    def start(self, cell: CellRun, run: ActiveRun) -> None:
        """The run has begun, its code is about to."""

    def finish(self, cell: CellRun, run: ActiveRun, error: BaseException | None) -> None:
        """The code has ended, the run is about to."""


def watchers(captured: Iterable[str]) -> list[Watcher]:
    """New watchers of one kernel; ``captured`` is the setting ``capture``."""
    found: list[Watcher] = []
    if "lineage" in captured:
        from nbtrack.capture.states import States

        found.append(States())
    if "data" in captured:
        from nbtrack.capture.data.onlookers import FileWatcher

        found.append(FileWatcher())
    return found


def companions(captured: Iterable[str]) -> list[Companion]:
    """New companions of one tracked cell; ``captured`` is the setting ``capture``."""
    from nbtrack.capture.mlflow import ActiveRuns

    found: list[Companion] = [ActiveRuns()]
    if "autolog" in captured:
        from nbtrack.capture.frameworks import Autolog

        found.append(Autolog())
    if "system" in captured:
        from nbtrack.capture.system import SystemMetrics

        found.append(SystemMetrics())
    if "lineage" in captured:
        from nbtrack.capture.verdicts import Verdicts

        found.append(Verdicts())
    if "data" in captured:
        from nbtrack.capture.data.onlookers import DataCompanion

        found.append(DataCompanion())
    return found


def each(steps: Iterable[Callable[[], None]], report: Callable[[BaseException], None]) -> None:
    """Take the steps; what one raises is reported and keeps none of the others from its turn."""
    for step in steps:
        try:
            step()
        except Exception as error:  # noqa: BLE001 (a fault of ours never reaches the user's code)
            report(error)
