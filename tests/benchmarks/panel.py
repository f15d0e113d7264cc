"""What measures the panel: a project that is served by a process of its own, and a browser whose pages take the time.

The parts are in panel_size.py, panel_table.py, panel_curves.py, panel_live.py, panel_saved.py and panel_lab.py.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote

from child import environment, folder
from shared import shared
from table import Line, judge, median, milli

HERE = Path(__file__).resolve().parent
TESTS = HERE.parent
STATIC = TESTS.parent / "nbtrack" / "widget" / "static"
SMALL = {"runs": 400, "params": 12, "metrics": 6}  # of the project that the parts of a small run share
SIZE = {"width": 1280, "height": 900}
_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


T = TypeVar("T")


class Task(NamedTuple):
    """One piece of a page's work, in milliseconds."""

    wall: float
    cpu: float


def ui(module: str) -> Any:
    """A module of tests/ui, which is a folder and no package."""
    if str(TESTS) not in sys.path:
        sys.path.append(str(TESTS))
    return import_module(f"ui.{module}")


class Server:
    """A process that answers the panel of one project over HTTP."""

    def __init__(self, address: str, process: int) -> None:
        self.address = address
        self.process = process

    def cpu(self) -> float:
        """CPU seconds it has used so far, to a hundredth."""
        fields = Path(f"/proc/{self.process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS


@contextmanager
def served(project: Path) -> Iterator[Server]:
    """Serve a project meanwhile; nothing of its arrangement is remembered from before."""
    process = subprocess.Popen(
        [sys.executable, str(TESTS / "ui" / "serve.py"), str(project), "--port", "0"],
        env=environment(str(project)),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        if not address:
            raise RuntimeError(f"tests/ui/serve.py ended with status {process.wait()}.")
        yield Server(address, process.pid)
    finally:
        process.terminate()
        process.wait()


class Watched:
    """A page that takes its own time; panel_probe.js has what it can be asked."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.add_init_script(path=HERE / "panel_probe.js")
        page.set_default_timeout(120_000)  # milliseconds: on a machine that others use, too
        self._cdp = page.context.new_cdp_session(page)
        self._cdp.send("Performance.enable", {"timeDomain": "threadTicks"})  # CPU, whoever else is busy

    def show(self, server: Server, **spec: Any) -> None:
        """Open the panel."""
        self.page.goto(f"{server.address}/?spec={quote(json.dumps(spec))}", wait_until="commit")

    def ask(self, expression: str, given: Any = None) -> Any:
        """What an expression of the page comes to."""
        found = self.page.evaluate(expression, given)
        if self.errors:
            raise RuntimeError(f"The panel threw an error: {self.errors[0]}")
        return found

    def cpu(self) -> float:
        """CPU seconds of the page's main thread so far."""
        found = self._cdp.send("Performance.getMetrics")["metrics"]
        return float(next(one["value"] for one in found if one["name"] == "TaskDuration"))

    def heap(self) -> float:
        """Bytes of JavaScript that are still needed."""
        for _ in range(2):  # what is found to be free by the first may free more
            self._cdp.send("HeapProfiler.collectGarbage")
        return float(self._cdp.send("Runtime.getHeapUsage")["usedSize"])

    def after(
        self, server: Server | None, event: str, holds: str, given: Any, action: Callable[[], object]
    ) -> dict[str, float]:
        """Do something as a user: milliseconds from the event it makes until a frame could be seen in which ``holds``.

        holds: a function of the page, of ``given``. asked: the same from the first question for rows since. cpu,
        python: seconds until then, the action included.
        """
        before, spent = self.cpu(), server.cpu() if server else 0.0
        self.ask(f"(given) => {{ window.awaited = probe.until(() => ({holds})(given)); }}", given)
        action()
        found: dict[str, float] = self.ask(
            """async (event) => {
                const end = await window.awaited;
                const from = probe.events[event];
                const pages = probe.answers(from).filter(({ op }) => op === "runs.page");
                const first = Math.min(...pages.map(({ asked }) => asked), end);
                return { whole: end - from, asked: end - first };
            }""",
            event,
        )
        found = {**found, "cpu": self.cpu() - before, "python": server.cpu() - spent if server else 0.0}
        self.ask("() => probe.rest(200)")
        return found

    def tasks(self, action: Callable[[], T]) -> tuple[T, list[Task]]:
        """What an action comes to, and the tasks of the page's main thread meanwhile."""
        events: list[dict[str, Any]] = []
        ended: list[bool] = []
        self._cdp.on("Tracing.dataCollected", lambda some: events.extend(some["value"]))
        self._cdp.on("Tracing.tracingComplete", lambda _: ended.append(True))
        self._cdp.send("Tracing.start", {"categories": "toplevel", "transferMode": "ReportEvents"})
        found = action()
        self._cdp.send("Tracing.end")
        while not ended:
            self.page.wait_for_timeout(50)
        names = {(one["pid"], one["tid"]): one["args"]["name"] for one in events if one["name"] == "thread_name"}
        tasks = [one for one in events if one["ph"] == "X" and one["name"].endswith("::RunTask")]
        mine = [one for one in tasks if names.get((one["pid"], one["tid"])) == "CrRendererMain"]
        return found, [Task(one["dur"] / 1000, one.get("tdur", 0) / 1000) for one in mine]


@contextmanager
def browser() -> Iterator[Callable[[], Watched]]:
    """A browser: what is given makes a page of its own context, of which nothing is known from before."""
    with shared("browser", _launched) as found:
        yield lambda: Watched(found.new_context(viewport=SIZE).new_page())
        for context in found.contexts:
            context.close()


@contextmanager
def _launched() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = ui("browser").launch(playwright)
        try:
            yield found
        finally:
            found.close()


@contextmanager
def prepared(name: str, make: Callable[[Path], None], quick: bool, **sizes: int) -> Iterator[Path]:
    """A project that ``make`` fills: kept for the next time beside this Python, unless it is a small one."""
    if quick:
        with shared(("project", name, *sizes.items()), partial(_small, make)) as place:
            yield place
        return
    sources = (HERE / "seed.py", TESTS.parent / "nbtrack" / "runs" / "migrations.py")
    about = json.dumps(sizes, sort_keys=True) + "".join(path.read_text(encoding="utf-8") for path in sources)
    kept = Path(sys.prefix) / "bench" / f"{name}-{hashlib.sha256(about.encode()).hexdigest()[:12]}"
    if not kept.is_dir():
        half = kept.with_suffix(".part")
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir(parents=True)
        make(half)
        half.rename(kept)
    yield kept


@contextmanager
def _small(make: Callable[[Path], None]) -> Iterator[Path]:
    with folder() as place:
        make(Path(place))
        yield Path(place)


def forget(project: Path) -> None:
    """Let the panel open as if for the first time."""
    for path in (project / ".nbtrack").glob("views*"):
        path.unlink()


def arrange(project: Path, **view: Any) -> None:
    """Let the panel open as somebody left it."""
    forget(project)
    tell(project, "tables.save", state=view)


def tell(project: Path, operation: str, **payload: Any) -> Any:
    """What nbtrack answers to an operation, in this process."""
    from nbtrack.api.dispatch import answer
    from nbtrack.base.config import Project

    found = answer(Project(project), operation, payload)
    if not found["ok"]:
        raise RuntimeError(f"{operation}: {found['error']}")
    return found["result"]


def line(
    part: str,
    what: str,
    shown: str,
    goal: str = "",
    ok: bool | None = None,
    *,
    ok_by_cpu: bool = False,
    note: str = "",
    why: str = "",
    **values: float,
) -> Line:
    """A line of the table; the panel has no rivals in it."""
    verdict = "" if ok is None else judge(ok, ok_by_cpu)
    return Line(part, what, {"nbtrack": shown}, goal, verdict, note, values, why=why)


def spread(values: Sequence[float], unit: str = "ms") -> str:
    """The middle one, and from where to where they go."""
    reach = f" ({min(values):,.0f} … {max(values):,.0f})" if len(values) > 1 else ""
    return f"{median(values):,.0f}{reach} {unit}"


def busy(found: Sequence[Mapping[str, float]]) -> tuple[str, float]:
    """The mean CPU of the page and of Python in words, and in all in milliseconds.

    The mean: a process's own time is told in steps of 10 ms.
    """
    page, python = (mean(one[which] for one in found) for which in ("cpu", "python"))
    return f"CPU {milli(page)} + {milli(python)}", (page + python) * 1000
