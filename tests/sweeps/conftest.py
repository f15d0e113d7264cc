"""Sweeps without a kernel: trials are calls of a function."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from nbtrack.base.config import Project
from nbtrack.base.errors import Stopped
from nbtrack.runs import current
from nbtrack.runs.active import ActiveRun, status_of
from nbtrack.sweeps.driver import Sweep
from nbtrack.sweeps.grid import Grid
from nbtrack.sweeps.search import Search
from nbtrack.sweeps.spec import Spec, checked
from nbtrack.sweeps.trial import Result, Trial, result_of, stop_early
from nbtrack.sweeps.values import Axis, axis_of

Call = Callable[..., Mapping[str, float]]


class Calls:
    """Runs each trial as a call when it is waited for, ``width`` of them taken on at once."""

    def __init__(self, project: Project, call: Call, objective: str | None, width: int = 1) -> None:
        self.project, self.call, self.objective, self.width = project, call, objective, width
        self.taken: list[Trial] = []
        self.most = 0

    def start(self, trial: Trial) -> None:
        self.taken.append(trial)
        self.most = max(self.most, len(self.taken))

    def wait(self) -> list[tuple[Trial, Result]]:
        trial, error = self.taken.pop(0), None
        run = trial.run = current.begin(self.project, name=f"t{trial.number}", kind="cell")
        if trial.prunes is not None and self.objective is not None:
            stop_early(run, self.objective, trial.prunes)
        try:
            run.log(self.call(**trial.values))
        except BaseException as raised:  # noqa: BLE001 (what the test raises)
            error = raised
        run.end(*status_of(error))
        return [(trial, result_of(trial, run, status_of(error)[1], isinstance(error, Stopped)))]

    def cancel(self) -> list[tuple[Trial, Result]]:
        gone, self.taken = self.taken, []
        return [(trial, Result(trial.number, trial.values, trial.key, "interrupted")) for trial in gone]


class Sweeping:
    """Makes sweeps in a project."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.calls: Calls | None = None
        self.parents: list[ActiveRun] = []

    def make(self, call: Call, width: int = 1, earlier: list[Result] | None = None, **options: Any) -> Sweep:
        """A sweep over the axes among the options."""
        names = [name for name in options if name not in Spec.__dataclass_fields__ and name[1:] != "imize"]
        axes: dict[str, Axis] = {}
        for name in [one for one in names if one not in ("maximize", "minimize")]:
            axes[name] = axis_of(name, options.pop(name))
        spec = checked(axes, **options)
        parent = current.begin(self.project, name="sweep", kind="sweep")
        self.parents.append(parent)
        source: Any = (Search if spec.search else Grid)(spec, "cell", earlier or [])
        self.calls = Calls(self.project, call, spec.objective, width)
        return Sweep(spec, parent, source, self.calls, earlier=source.earlier, left=source.left)


@pytest.fixture
def sweeping(project: Project) -> Iterator[Sweeping]:
    """A project without runs; the sweeps made in it are ended as their cells would end them."""
    made = Sweeping(project)
    yield made
    for parent in reversed(made.parents):
        parent.end()
