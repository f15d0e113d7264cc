"""Fixtures: a project of its own for each test, and a real kernel in it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Generator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from nbtrack.base.config import Project

from .ui.ports import keep_apart

HOMES = ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "MPLCONFIGDIR")


# Several processes share the tests and the machine, so none of them can say how long an example should take.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def pytest_configure() -> None:
    """Give each process of pytest, where several share the tests, homes and ports of its own."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is not None:
        for name in ("COLUMNS", "LINES"):  # which readline sets for processes begun by one without a terminal
            os.environ.pop(name, None)
        for name in HOMES:
            if name in os.environ:
                os.environ[name] += f"-{worker}"
        keep_apart()


def heed_ctrl_c() -> None:
    """Have SIGINT raise KeyboardInterrupt, here and in each process that a test starts.

    A shell that is no terminal's has what it runs in the background (``make test &``) ignore SIGINT, and who is born
    so stays so: Python then sets up no KeyboardInterrupt. A test that sends Ctrl-C would wait for it in vain.
    """
    if not callable(signal.getsignal(signal.SIGINT)):
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Before each test, for another may have left SIGINT ignored, as Lightning does once it was interrupted."""
    heed_ctrl_c()


def in_the_browser(nodeid: str) -> bool:
    """Whether a test drives a browser."""
    return nodeid.startswith("tests/ui/")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, where several processes share the tests."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=lambda item: not in_the_browser(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give a process whole modules, whose tests share servers and kernels; and all that drives a browser to one."""
    from xdist.scheduler import LoadFileScheduling

    class ByModule(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return "tests/ui" if in_the_browser(nodeid) else super()._split_scope(nodeid)

    config.option.loadscopereorder = False  # the order is that of pytest_collection_modifyitems
    return ByModule(config, log)


@pytest.fixture
def project_root(tmp_path: Path) -> Path:
    """Where `project` is made; tests that need it in a certain folder have a fixture of this name of their own."""
    return tmp_path / "project"


def left_current() -> list[str]:
    """The runs that are current still; after this none is, whatever hinders their end."""
    current = sys.modules.get("nbtrack.runs.current")
    left = list(current.stack()) if current is not None else []
    for run in reversed(left):
        with suppress(Exception):
            run.end()
    if current is not None and left:
        current._process_runs.clear()  # of those whose end did not come so far as to take them out
        current._thread_runs.clear()
    return [repr(run) for run in left]


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """Nothing is current after a test, also one without the fixture `project`."""
    try:
        return (yield)
    finally:
        left = left_current()
        assert not left, f"{item.nodeid} left runs current: {left}"


@pytest.fixture
def project(project_root: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Project]:
    """An empty project folder, which is also the working directory; everything opened in it is closed at the end.

    A test ends the runs that it begins: what later tests of this process log would go to one that is left current.
    """
    from nbtrack.runs import projects

    project_root.mkdir()
    monkeypatch.chdir(project_root)
    monkeypatch.delenv("NBTRACK_DIR", raising=False)
    monkeypatch.setenv("NBTRACK_PARENT", "")
    yield Project(project_root)
    left = left_current()
    for recorder in projects.open_recorders():
        recorder.close()
    projects.forget_all()
    assert not left, f"{request.node.nodeid} left runs current: {left}"


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
