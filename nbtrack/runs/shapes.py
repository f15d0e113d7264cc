"""Shapes of a project as a whole, for the contract beside this."""

from __future__ import annotations

from msgspec import Struct


class Experiment(Struct):
    """A group of runs."""

    name: str
    note: str
    created: float
    runs: int
    latest: float | None


class Experiments(Struct):
    """All experiments, the latest used first."""

    experiments: list[Experiment]


class ProjectStatus(Struct):
    """Where the runs are and what is kept."""

    root: str
    found_by: str
    database: str
    exists: bool
    read_only: bool
    schema: int
    runs: int
    running: int
    trashed: int
    experiments: int
    points: int
    database_bytes: int
    artifact_bytes: int
    journal_bytes: int
    revision: int


class Revision(Struct):
    """A number that grows with every change."""

    revision: int
