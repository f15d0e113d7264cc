"""Twenty curves that grow ten times a second, logged by another process while the panel is open on them."""

from __future__ import annotations

import math
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from pathlib import Path

from child import command, environment, folder
from panel import Watched, arrange, browser, line, served
from table import Line, milli, times

PART = "panel_live"
RUNS, METRICS = 4, ("loss", "acc", "grad_norm", "lr", "f1")
HISTORIES = (1000, 50_000)
HERTZ = 10
_TRIES = 20  # times that all is measured until something moves: others may keep the machine for seconds
LATE = 50  # milliseconds between two frames: three of them were left out
_WHY_LATE = (
    "the four charts are stroked by the processor, for the browser has no GPU here, on cores that the process which "
    "logs and the one which answers use at the same time. The page's own longest task is told beside it, in CPU; what "
    "is late without the panel, too, is the machine's doing."
)
_WHY_BYTES = (
    "of the curves a tick asks only for what is new; the rest are rows of the table, sent anew with each change. A "
    "curve that has grown far beyond its pixels is asked for whole again, thinned, which falls into one measurement "
    "and not into another."
)
Found = dict[str, float]


def log(place: str, history: int) -> None:
    """Inside a child: log a history as fast as it goes, say so, then tick until the folder says to stop."""
    import nbtrack

    runs = [nbtrack.start_run(name=f"live-{number}", params={"lr": 10**-number}) for number in range(RUNS)]
    for step in range(history):
        for number, run in enumerate(runs):
            run.log(_values(number, step, history), step)
    runs[0].flush()
    (Path(place) / "ready").touch()
    step, due = history, time.monotonic()
    while not (Path(place) / "stop").exists():
        for number, run in enumerate(runs):
            run.log(_values(number, step, history), step)
        step, due = step + 1, due + 1 / HERTZ
        time.sleep(max(0.0, due - time.monotonic()))
    for run in reversed(runs):
        run.end()


def _values(number: int, step: int, history: int) -> dict[str, float]:
    part = step / history
    return {name: math.exp(-part * (1 + at)) + math.sin(step * (number + 2)) * 0.05 for at, name in enumerate(METRICS)}


def lines(quick: bool, rivals: list[str]) -> list[Line]:
    """The lines of this part."""
    seconds, histories = (3.0, (50, 200)) if quick else (20.0, HISTORIES)
    with browser() as new:
        found = {history: _watched(new(), history, seconds) for history in histories}
    short, long = histories
    ratio = found[long]["bytes"] / max(1, found[short]["bytes"])
    what = f"{RUNS * len(METRICS)} curves in {len(METRICS)} charts at {HERTZ} Hz"
    return [
        *(_frames(what, history, one) for history, one in found.items()),
        line(
            PART,
            f"{what}: bytes a tick, with {short:,} points before and with {long:,}",
            f"{found[short]['bytes'] / 1000:,.1f} kB and {found[long]['bytes'] / 1000:,.1f} kB ({times(ratio)}), of "
            f"that curves {found[short]['curves'] / 1000:,.1f} kB and {found[long]['curves'] / 1000:,.1f} kB",
            "≤ 1.5×",
            ratio <= 1.5,
            why=_WHY_BYTES,
            ratio=ratio,
        ),
    ]


@contextmanager
def _logging(place: Path, history: int) -> Iterator[None]:
    with tempfile.NamedTemporaryFile(suffix=".json") as answer:
        process = subprocess.Popen(
            command("panel_live:log", answer.name, {"place": str(place), "history": history}),
            env=environment(str(place)),
            cwd=place,
        )
        try:
            while not (place / "ready").exists():
                if process.poll() is not None:
                    raise RuntimeError(f"what logs ended with status {process.returncode}")
                time.sleep(0.05)
            yield
            if process.poll() is not None:
                raise RuntimeError(f"what logs ended with status {process.returncode}")
        finally:
            (place / "stop").touch()
            process.wait(60)


def _watched(watched: Watched, history: int, seconds: float) -> Found:
    with folder() as at:
        place = Path(at)
        with _logging(place, history), served(place) as server:
            arrange(place, height=860, split=0.28, panes=["table", "curves"])
            watched.show(server)
            for metric in METRICS:
                watched.page.locator(f'figure[aria-label^="{metric}: {RUNS} runs"]').wait_for()
            time.sleep(min(2.0, seconds))
            for _ in range(_TRIES):
                work, spent = watched.cpu(), server.cpu()
                with_panel, tasks = watched.tasks(partial(_recorded, watched, seconds))
                cpu, python = watched.cpu() - work, server.cpu() - spent
                if with_panel["strokes"]:
                    break
            watched.ask("() => { window.panel.end(); window.panel.transport.close(); }")
            without = _recorded(watched, seconds / 2)
        ticks = seconds * HERTZ
        if not with_panel["strokes"]:
            raise RuntimeError(f"the charts do not move: {with_panel}")
        return {
            **with_panel,
            "heaviest": max(task.cpu for task in tasks),
            "heavy": sum(task.cpu > LATE for task in tasks),
            "bytes": with_panel["bytes"] / ticks,
            "curves": with_panel["curves"] / ticks,
            "cpu": cpu / ticks,
            "python": python / ticks,
            **{f"{name} without": value for name, value in without.items()},
        }


def _recorded(watched: Watched, seconds: float) -> Found:
    found = watched.ask(
        """async (wait) => {
            const [began, strokes] = [performance.now(), probe.strokes];
            const stop = probe.frames();
            await new Promise((resolve) => setTimeout(resolve, wait));
            const frames = stop();
            const answers = probe.answers(began);
            const bytes = (some) => some.reduce((sum, one) => sum + one.bytes, 0);
            return {
                frames,
                strokes: probe.strokes - strokes,
                long: probe.long.filter(([at]) => at >= began).length,
                bytes: bytes(answers),
                curves: bytes(answers.filter(({ op }) => op.startsWith("charts.") || op === "runs.series")),
            };
        }""",
        seconds * 1000,
    )
    frames = found.pop("frames")
    gaps = sorted(after - before for before, after in pairwise(frames)) or [seconds * 1000]
    at = {name: gaps[min(len(gaps) - 1, int(len(gaps) * part))] for name, part in (("p50", 0.5), ("p95", 0.95))}
    return {**found, **at, "max": gaps[-1], "late": sum(gap > LATE for gap in gaps)}


def _frames(what: str, history: int, found: Found) -> Line:
    def said(suffix: str) -> str:
        gaps = " / ".join(f"{found[name + suffix]:,.0f}" for name in ("p50", "p95", "max"))
        return f"{gaps} ms, {found['late' + suffix]:.0f} late, {found['long' + suffix]:.0f} long tasks"

    cpu = (
        f"CPU a tick {milli(found['cpu'])} + {milli(found['python'])}, of the longest task {found['heaviest']:,.0f} ms"
    )
    return line(
        PART,
        f"{what}, after {history:,} points each: from frame to frame p50 / p95 / max",
        f"{said('')} (without the panel {said(' without')}); {cpu}",
        "none late",
        found["late"] == 0,
        ok_by_cpu=found["heavy"] == 0,
        note=f"Panel, live: a frame is late more than {LATE} ms after the one before, a task is long from there on. "
        "What is late in half the time without the panel, while the process still logs, is the machine's doing. CPU of "
        "the page's main thread, and of the process that answers; met in CPU: no task of the page takes so long.",
        why=_WHY_LATE,
        **found,
    )
