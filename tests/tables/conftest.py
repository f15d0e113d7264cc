"""A project with many small runs whose values repeat, differ in kind, are NaN or missing."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field
from typing import Any

import pytest

from nbtrack.base.config import Project
from nbtrack.runs.projects import database_of
from nbtrack.runs.service import RunsService
from nbtrack.runs.store import experiments, keys, metrics, params, runs
from nbtrack.tables.service import TablesService

MISSING = object()


@dataclass
class Given:
    """What was stored of one run; ``metrics`` holds whole series."""

    name: str
    status: str = "finished"
    experiment: str = "digits"
    notebook: str | None = None
    trashed: bool = False
    params: dict[str, Any] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, list[float]] = field(default_factory=dict)


class Shelf:
    """A project, its services, and what is known to be in it."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.reads = RunsService(project)
        self.tables = TablesService(self.reads)
        self.runs: list[Given] = []

    @property
    def kept(self) -> list[Given]:
        """The runs outside the trash."""
        return [one for one in self.runs if not one.trashed]

    def put(self, **given: Any) -> Given:
        """Store one run, started a second after the one before."""
        one = Given(f"run{len(self.runs)}", **given)
        self.store([one])
        return one

    def store(self, given: list[Given]) -> None:
        """Store runs in one transaction."""
        self.project.create()
        with database_of(self.project).write() as conn:
            for one in given:
                self.runs.append(one)
                at = float(len(self.runs))
                values = {
                    "name": one.name,
                    "experiment": experiments.experiment_number(conn, one.experiment),
                    "status": one.status,
                    "started": at,
                    "ended": at + 0.5,
                    "kind": "cell",
                    "notebook": one.notebook,
                    "trashed": 1.0 if one.trashed else None,
                }
                number = runs.save_run(conn, {"id": f"{one.name:0>12}", **values})
                for name, value in one.params.items():
                    params.set_param(conn, number, name, value, "explicit", 0.0)
                for name, text in one.tags.items():
                    params.set_tag(conn, number, name, text)
                for name, series in one.metrics.items():
                    key = keys.key_number(conn, "metric", name)
                    metrics.extend(conn, number, key, "explicit", range(len(series)), [0.0] * len(series), series)

    def some(self, count: int, seed: int) -> None:
        """Store runs by chance."""
        chance = random.Random(seed)
        self.store([_by_chance(f"run{len(self.runs) + at}", chance) for at in range(count)])


VALUES = [0, 1, 2, 1.0, 0.1, 1e-5, -0.0, True, False, None, math.nan, math.inf, -math.inf, "", "a", "it's", '"', "b;--"]
ODD = [[1, 2], [1, 2.0], {"x": [None]}, 2**53 + 1, 2.0**53, 10**30, 10**30 + 1, -(10**4000), "a\ud800b", "a?b", "1"]
LONG = ["x" * 1000, "x" * 1001, "x" * 5000, "'" * 1500, "n\0ul", "n\0", "n", "n\x01", "\U0010ffff" * 1200, "é" * 2000]
NAME = "long name 'x\""


def _by_chance(name: str, chance: random.Random) -> Given:
    run = Given(name, chance.choice(["finished", "failed", "crashed"]), chance.choice(["digits", "it's", "<b>"]))
    run.notebook = chance.choice([None, "a.ipynb", "it's/b c.ipynb", 'q"\u2028.ipynb'])
    run.trashed = chance.random() < 0.1
    pools: dict[str, list[Any]] = {
        "lr": [*VALUES, MISSING],
        "odd": [*ODD, *VALUES, MISSING],
        NAME: [*LONG, MISSING],
        "same": [7],
        "few": [*[MISSING] * 19, 3],
        "a.min": [True, False],
    }
    for key, pool in pools.items():
        value = chance.choice(pool)
        if value is not MISSING:
            run.params[key] = value
    for key in ("stage", "to do"):
        if chance.random() < 0.7:
            run.tags[key] = chance.choice(["draft", "", "it's", "x" * 3000, "1"])
    for key in ("acc", "loss.min", "loss"):
        if chance.random() < 0.8:
            run.metrics[key] = chance.choices([0.1, 0.5, 1 / 3, 1e308, -1e308, math.nan, math.inf, 5e-324], k=3)
    return run


@pytest.fixture
def shelf(project: Project) -> Shelf:
    """A project that has no file yet."""
    return Shelf(project)
