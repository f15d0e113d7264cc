"""Fixtures: a project of its own for each test, and a real kernel in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nbtrack.base.config import Project


@pytest.fixture
def project_root(tmp_path: Path) -> Path:
    """Where `project` is made; tests that need it in a certain folder have a fixture of this name of their own."""
    return tmp_path / "project"


@pytest.fixture
def project(project_root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """An empty project folder, which is also the working directory; everything opened in it is closed at the end."""
    from nbtrack.runs import current, projects

    project_root.mkdir()
    monkeypatch.chdir(project_root)
    monkeypatch.delenv("NBTRACK_DIR", raising=False)
    monkeypatch.setenv("NBTRACK_PARENT", "")
    yield Project(project_root)
    for run in current.stack():
        run.end()
    for recorder in projects.open_recorders():
        recorder.close()
    projects.forget_all()


CODE = "model = RandomForestClassifier(max_depth=5)\nmodel.fit(X, y)\n"


@pytest.fixture
def filled(project: Project) -> Project:
    """A project with runs: forest (failed), svm and its child, tree (in the trash), odd (values no JSON has)."""
    import math

    from nbtrack.runs import current
    from nbtrack.runs.contract import RunsRequest
    from nbtrack.runs.editing import EditingService
    from nbtrack.runs.service import RunsService

    about = {"experiment": "digits", "notebook": "a.ipynb"}
    with current.begin(project, name="forest", kind="cell", source=CODE, **about) as run:
        run.set_params({"lr": 0.1, "depth": 5, "model": "forest"})
        for step in range(20):
            run.log({"loss": 1 / (step + 1), "acc": 0.5 + step / 100})
        run.add_bytes("report.txt", b"precision 0.9\n", "text/plain")
        run.add_output("stdout", "text/plain", "fitting\n")
        run.end("failed", "ValueError: no")
    with current.begin(project, name="svm", source=f"{CODE}# more\n", **about) as run:
        run.set_params({"lr": 0.01, "model": "svm"})
        run.log({"acc": 0.97})
        run.set_tags({"stage": "draft"})
        run.set_note("=HYPERLINK()")
        with current.begin(project, name="child", parent=run, **about) as child:
            child.log({"acc": 0.2})
    with current.begin(project, name="tree", experiment="old") as run:
        run.log({"loss": 3.0})
    with current.begin(project, name="odd", experiment="old") as run:
        run.set_params({"big": 10**30, "huge": 10**4000, "half": "a\ud800b", "nan": math.nan})
        run.set_params({"deep": [{"x": [math.inf]}], "formula": "=1+1", "true": True, "none": None, "html": "<b>&"})
        run.log({"nan": math.nan, "up": math.inf, "down": -math.inf})
    service = RunsService(project)
    service.refresh(force=True)
    EditingService(service).trash(RunsRequest(["tree"]))
    return project
