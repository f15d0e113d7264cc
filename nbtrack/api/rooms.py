"""The table of rooms: which method answers which operation. Every transport is made from it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nbtrack.base.config import Project
from nbtrack.base.wire import Op
from nbtrack.charts import contract as charts_contract
from nbtrack.charts.service import ChartsService
from nbtrack.lineage import contract as lineage_contract
from nbtrack.lineage.service import LineageService
from nbtrack.runs import contract as runs_contract
from nbtrack.runs.editing import EditingService
from nbtrack.runs.service import RunsService
from nbtrack.tables import contract as tables_contract
from nbtrack.tables.browse import BrowseService
from nbtrack.tables.service import TablesService
from nbtrack.transfer import contract as transfer_contract
from nbtrack.transfer.service import TransferService

Handler = Callable[..., Any]

CONTRACTS = (runs_contract, tables_contract, charts_contract, lineage_contract, transfer_contract)
OPERATIONS: dict[str, Op] = {op.name: op for contract in CONTRACTS for op in contract.OPERATIONS}
READS: dict[str, Handler] = {
    "project.status": RunsService.status,
    "project.revision": RunsService.revision,
    "experiments.list": RunsService.experiments,
    "runs.page": RunsService.page,
    "runs.get": RunsService.get,
    "runs.outputs": RunsService.outputs,
    "runs.artifact": RunsService.content,
    "runs.code": RunsService.code,
    "runs.executions": RunsService.executions,
    "runs.diff": RunsService.diff,
    "runs.against": RunsService.against,
    "runs.series": RunsService.series,
    "runs.keys": RunsService.keys,
    "runs.complete": RunsService.complete,
}
# What other services answer: the class is made on top of the project's reads.
ON_READS: dict[str, tuple[Callable[[RunsService], Any], Handler]] = {
    "experiments.rename": (EditingService, EditingService.rename_experiment),
    "experiments.merge": (EditingService, EditingService.merge_experiments),
    "runs.edit": (EditingService, EditingService.edit),
    "runs.moved": (EditingService, EditingService.moved),
    "runs.trash": (EditingService, EditingService.trash),
    "runs.restore": (EditingService, EditingService.restore),
    "runs.purge": (EditingService, EditingService.purge),
    "runs.undo": (EditingService, EditingService.undo),
    "tables.browse": (BrowseService, BrowseService.browse),
    "tables.history": (BrowseService, BrowseService.history),
    "tables.facts": (TablesService, TablesService.facts),
    "tables.groups": (TablesService, TablesService.groups),
    "tables.view": (TablesService, TablesService.view),
    "tables.save": (TablesService, TablesService.save),
    "charts.tail": (ChartsService, ChartsService.tail),
    "charts.bands": (ChartsService, ChartsService.bands),
    "charts.figure": (ChartsService, ChartsService.figure),
    "charts.importance": (ChartsService, ChartsService.importance),
    "lineage.graph": (LineageService, LineageService.graph),
    "lineage.explain": (LineageService, LineageService.explain),
    "lineage.rewrite": (LineageService, LineageService.rewrite),
    "transfer.formats": (TransferService, TransferService.formats),
    "transfer.export": (TransferService, TransferService.export),
}

_services: dict[Path, RunsService] = {}
_lock = threading.Lock()


def handler(project: Project, name: str) -> Handler:
    """The bound method that answers an operation for a project.

    Raises:
        KeyError: there is no such operation.
    """
    reads = service(project)
    if name in READS:
        return READS[name].__get__(reads)  # type: ignore[no-any-return]
    make, method = ON_READS[name]
    return method.__get__(make(reads))  # type: ignore[no-any-return]


def service(project: Project) -> RunsService:
    """The reads of a project, made once: they remember when they last looked after dead processes."""
    with _lock:
        found = _services.get(project.root)
        if found is None:
            found = _services[project.root] = RunsService(project)
        return found


def _after_fork() -> None:
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
