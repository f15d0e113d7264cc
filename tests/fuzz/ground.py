"""Projects that targets work on: one with a few runs of all kinds, put back as it was before each input."""

from __future__ import annotations

import itertools
import math
import shutil
import sqlite3
import time
from contextlib import ExitStack, closing
from pathlib import Path
from unittest.mock import patch

from nbtrack.api import rooms
from nbtrack.base.config import Project
from nbtrack.base.ids import Process
from nbtrack.runs import contract as c
from nbtrack.runs import current, projects, recorder
from nbtrack.runs.editing import EditingService
from nbtrack.runs.service import RunsService
from tests.fuzz.oracle import Wrong, preparing

_CODE = "lr = 0.1\ndepth = 5\nmodel = Forest(max_depth=depth)\nmodel.fit(X, y)\n"


def forget() -> None:
    """Close all projects of the process, and forget what is known of them."""
    for run in current.stack():
        run.end()
    for one in projects.open_recorders():
        one.close()
    projects.forget_all()
    rooms._services.clear()


class Ground:
    """A project that is put back to what it was. filled: with runs; else it has an empty database."""

    def __init__(self, folder: Path, filled: bool = True, name: str = "project") -> None:
        self.project = Project(folder / name)
        self._template = folder / f"{name}-as-it-was"
        made = Project(self._template)
        self._template.mkdir(parents=True)
        made.create()
        if filled:
            fill(made)
        with projects.database_of(made).write():
            pass  # the tables are there now
        forget()
        self.fresh()

    def fresh(self) -> Project:
        """The project as it was."""
        with preparing():
            forget()
            shutil.rmtree(self.project.root, ignore_errors=True)
            shutil.copytree(self._template, self.project.root)
        return self.project

    def check(self) -> None:
        """See that the database is sound."""
        sound(self.project)


def sound(project: Project) -> None:
    """Raise `Wrong` where the database of a project is not."""
    if not project.database.exists():
        return
    forget()
    with closing(sqlite3.connect(project.database)) as conn:
        said = [row[0] for row in conn.execute("PRAGMA integrity_check")]
        foreign = conn.execute("PRAGMA foreign_key_check").fetchall()
    if said != ["ok"] or foreign:
        raise Wrong(f"the database is damaged: {said[:3]} {foreign[:3]}")


def fill(project: Project) -> None:
    """Runs with values of all kinds: failed, nested, in the trash, with what no JSON has. Each time the same."""
    numbers = itertools.count(1)
    process = Process(1 << 30, "1", "boot", "pid:[1]", "host")
    with ExitStack() as still:
        for module in (current, recorder):
            still.enter_context(patch.object(module, "new_id", lambda: f"{next(numbers):012x}"))
        still.enter_context(patch.object(recorder, "this_process", lambda: process))
        still.enter_context(patch.object(time, "time", lambda: 1_767_225_600.25))
        _fill(project)
        forget()


def _fill(project: Project) -> None:
    about = {"experiment": "digits", "notebook": "a.ipynb", "cell": "c1"}
    with current.begin(project, name="forest", kind="cell", source=_CODE, execution=3, **about) as run:
        run.set_params({"lr": 0.1, "depth": 5, "model": "forest"}, "captured")
        for step in range(5):
            run.log({"loss": 1 / (step + 1), "acc": 0.5 + step / 100})
        run.add_bytes("report.txt", b"precision 0.9\n", "text/plain")
        run.add_output("stdout", "text/plain", "fitting\n")
        run.add_dataset("train", "table", path="data/train.csv", hash="sha256-abc", info={"rows": 5})
        run.end("failed", "ValueError: no")
    with current.begin(project, name="svm", source=f"{_CODE}# more\n", **about) as run:
        run.set_params({"lr": 0.01, "model": "svm"})
        run.log({"acc": 0.97, "a b": 1.0})
        run.set_tags({"stage": "draft", "ü": "<b>"})
        run.set_note("=HYPERLINK()")
        with current.begin(project, name="child", parent=run, **about) as child:
            child.log({"acc": 0.2})
    with current.begin(project, name="tree", experiment="old") as run:
        run.log({"loss": 3.0})
    with current.begin(project, name="odd", experiment="old") as run:
        run.set_params({"big": 10**30, "half": "a\ud800b", "nan": math.nan, "x": [1, {"y": None}]})
        run.set_params({"true": True, "none": None, "text": "1", "long": "x" * 3000})
        run.log({"nan": math.nan, "up": math.inf, "down": -math.inf})
    service = RunsService(project)
    service.refresh(force=True)
    EditingService(service).trash(c.RunsRequest(["tree"]))
