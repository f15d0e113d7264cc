"""Ctrl-C in a cell of a real kernel, and the other ways in which a kernel ends in the midst of one."""

from __future__ import annotations

import queue
import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nbtrack.base.config import Project
from nbtrack.runs import contract as c
from nbtrack.runs import projects
from nbtrack.runs.service import RunsService
from tests.faults.kernels import LOGGING, OneKernel
from tests.faults.table import Row
from tests.faults.victims import PATIENCE, workplace
from tests.faults.writers import unsound

HEARD = 0.5  # seconds until a cell has ended after Ctrl-C

# Allocates more and more while it logs: the error comes wherever it comes, also in the midst of what is ours.
MEMORY = LOGGING.replace("number += 1\n", "number += 1\n    kept.append(bytearray(1 << 16))\n").replace(
    'print("going", flush=True)',
    """import resource
size = int(open("/proc/self/statm").read().split()[0]) * 4096
resource.setrlimit(resource.RLIMIT_AS, (size + (300 << 20), -1))
kept = []
print("going", flush=True)""",
)

# Where one more Ctrl-C comes, and what makes it come there at the end of the cell that is armed.
CUTS = {
    "in what is kept": "from nbtrack.capture.cell import CellRun as place; name = 'finish'",
    "before IPython has a result": "place, name = get_ipython(), '_run_cell'",
    "before IPython tells of the end": "place, name = get_ipython().events, 'trigger'",
}
CUT = """
usual, armed = getattr(place, name), False
def cut(*given, **more):
    global armed
    told = None if name == "finish" else usual(*given, **more)
    if armed:
        armed = False
        raise KeyboardInterrupt
    return usual(*given, **more) if name == "finish" else told
setattr(place, name, cut)
"""


@dataclass
class Ended:
    """A cell that was ended: points it had told of and points found; the run's status and its reason.

    seconds: from the fault to the reply, where there is one. error: the name of the exception that the user sees.
    printed: what came to standard error beside it.
    """

    told: int
    kept: int
    status: str
    reason: str = ""
    seconds: float = 0.0
    error: str = ""
    printed: str = ""

    @property
    def lost(self) -> int:
        """Points that were told of and are not there."""
        return max(0, self.told - self.kept)


def interrupted(count: int, again: bool = False, seed: int | None = None) -> list[Ended]:
    """Interrupt a logging cell, one after the other in one kernel, at random moments. again: and again at once."""
    chance, found = random.Random(seed), []
    with workplace() as nursery:
        root = nursery.folder / "project"
        root.mkdir()
        with OneKernel(root) as kernel:
            kernel.run("%load_ext nbtrack")
            for number in range(count):
                sent = kernel.send(LOGGING)
                kernel.wait_for("going")
                time.sleep(chance.choice([0.0, 0.05, 0.5]) * chance.random())
                before, began = kernel.told(), time.monotonic()
                kernel.interrupt()
                if again:
                    time.sleep(0.3 * chance.random())
                    kernel.interrupt()
                error, printed = _answer(kernel, sent)
                seconds = time.monotonic() - began
                told = kernel.told()
                if again:  # where the second took IPython out before it told of the cell's end, the next cell does
                    kernel.run("0")
                ended = _look(root, number + 1, told)
                ended.seconds, ended.error, ended.printed = seconds, error, _ours(printed + kernel.printed())
                ended.told = max(before, told)
                found.append(ended)
        projects.forget_all()
    return found


def _answer(kernel: OneKernel, sent: str) -> tuple[str, str]:
    """The name of the exception that the user sees, once the cell has ended, and what came to standard error.

    Where a second Ctrl-C comes when IPython has shown the first and not replied yet, it never does: then what it showed
    is the answer.
    """
    deadline, error, printed, idle = time.monotonic() + PATIENCE, "", "", False
    while not (error and idle):
        if kernel.replied():
            return str(kernel.wait(sent).get("ename", "")), printed
        try:
            message = kernel.client.get_iopub_msg(timeout=0.02)
        except queue.Empty:
            if time.monotonic() > deadline:
                raise TimeoutError(f"the cell does not end; it showed {error!r}") from None
            continue
        kind, content = message["msg_type"], message["content"]
        if kind == "stream" and content["name"] == "stderr":
            printed += content["text"]
        if message["parent_header"].get("msg_id") == sent:
            error = content["ename"] if kind == "error" else error
            idle = idle or (kind == "status" and content["execution_state"] == "idle")
    return error, printed


def _ours(printed: str) -> str:
    """What was printed, if it is of us: IPython may stumble over a second Ctrl-C while it shows the first."""
    return printed if "nbtrack:" in printed else ""


def _look(root: Path, runs: int, told: int) -> Ended:
    """The latest run, once there are so many and it does not run any more."""
    service, deadline = RunsService(Project(root)), time.monotonic() + PATIENCE
    while True:
        page = service.page(c.PageRequest(limit=1))
        if page.matched == runs and page.rows[0].status != "running":
            break
        if time.monotonic() > deadline:
            return Ended(told, 0, f"running, {page.matched} runs")
        time.sleep(0.02)
    row = page.rows[0]
    values = list(service.history(row.id, "loss").values)
    kept = len(values) if values == [float(number) for number in range(len(values))] else -1
    return Ended(told, kept, row.status, row.end_reason or "")


def cut_short(where: str) -> Ended:
    """Ctrl-C comes once more at a cell's end, see `CUTS`; then another cell is executed."""
    with workplace() as nursery:
        root = nursery.folder / "project"
        root.mkdir()
        with OneKernel(root) as kernel:
            kernel.run("%load_ext nbtrack")
            kernel.run(CUTS[where] + CUT)
            code = "%%track victim\nimport nbtrack\nnbtrack.log({'loss': 0.0})\narmed = True\nraise KeyboardInterrupt"
            _answer(kernel, kernel.send(code))
            kernel.run("0")
            return _look(root, 1, 1)


def _sigterm(kernel: OneKernel) -> None:
    kernel.kill(signal.SIGTERM)


def _restart(kernel: OneKernel) -> None:
    kernel.restart()


def _wait(kernel: OneKernel) -> None:
    """What ends the kernel, or the cell, is in the cell."""
    deadline = time.monotonic() + PATIENCE
    while kernel.manager.provisioner is not None and kernel.alive() and time.monotonic() < deadline:
        if kernel.replied():
            return
        time.sleep(0.02)


EXIT = LOGGING.replace("number += 1\n", "number += 1\n    if number == 5100: os._exit(1)\n").replace(
    "import ", "import os, ", 1
)
# What ends a cell, by name: its code, what is done to the kernel, and the statuses that are true then.
WAYS: dict[str, tuple[str, Callable[[OneKernel], None], tuple[str, ...]]] = {
    "SIGTERM": (LOGGING, _sigterm, ("crashed",)),
    "os._exit in the cell": (EXIT, _wait, ("crashed",)),
    "restart by the front end": (LOGGING, _restart, ("crashed",)),
    "out of memory (RLIMIT_AS)": (MEMORY, _wait, ("failed", "crashed")),
}


def without(count: int = 3) -> float:
    """Seconds until a cell that has nothing to do with nbtrack has ended after Ctrl-C, the longest."""
    found = []
    with workplace() as nursery, OneKernel(nursery.folder) as kernel:
        for _ in range(count):
            sent = kernel.send("import time\nprint('going', flush=True)\nwhile True: time.sleep(0.002)")
            kernel.wait_for("going")
            began = time.monotonic()
            kernel.interrupt()
            kernel.wait(sent)
            found.append(time.monotonic() - began)
            kernel.printed()
    return max(found)


def ended(way: str, canary: str = "") -> tuple[Ended, list[str]]:
    """End a kernel's cell; what the run says then, and what is not sound."""
    code, act, _ = WAYS[way]
    with workplace() as nursery:
        root = nursery.folder / "project"
        root.mkdir()
        with OneKernel(root) as kernel:
            kernel.run("%load_ext nbtrack")
            if canary:
                kernel.run(f"from tests.faults.acts import CANARIES\nCANARIES[{canary!r}]()")
            kernel.send(code)
            kernel.wait_for("going")
            kernel.wait_until_told()
            time.sleep(0.2)
            act(kernel)
            told = kernel.told()
        found = _look(root, 1, told)
        return found, unsound(RunsService(Project(root)))


def rows(long: bool) -> list[Row]:
    """The part of the table."""
    usual = without()
    seen = [
        _interrupt_row("Ctrl-C in a cell", interrupted(30 if long else 3), usual),
        _interrupt_row("Ctrl-C twice", interrupted(10 if long else 2, again=True), usual),
    ]
    lossy = f"a journal kept in memory loses {ended('os._exit in the cell', 'in memory')[0].lost:,}"
    seen += [_ended_row(way, 5 if long else 1, lossy) for way in WAYS]
    return seen


def _ended_row(way: str, count: int, canary: str) -> Row:
    true, seen = WAYS[way][2], [ended(way) for _ in range(count)]
    lost = sum(one.lost for one, _ in seen)
    corrupt = sum(len(wrong) + (one.status not in true) + (one.kept < 0) for one, wrong in seen)
    note = f"{sum(one.told for one, _ in seen):,} acknowledged points, status "
    note += " or ".join(sorted({f"'{one.status}'" for one, _ in seen}))
    note += "".join(f"; {each}" for _, wrong in seen for each in wrong)[:300]
    good = not (lost or corrupt)
    return Row(f"a cell ended by {way}", count, lost, corrupt, 0, canary, "0 lost, the true status", good, note)


def _interrupt_row(fault: str, found: list[Ended], usual: float) -> Row:
    late, lost = max(one.seconds for one in found), sum(one.lost for one in found)
    wrong = [one for one in found if one.status != "interrupted" or one.kept < 0]
    unclear = [one for one in found if one.error != "KeyboardInterrupt" or one.printed]
    note = (
        f"{sum(one.told for one in found):,} acknowledged points; the cell had ended after {late:.2f} s at most, one "
    )
    note += f"without nbtrack after {usual:.2f} s" + "".join(f"; {one}" for one in [*wrong, *unclear])[:300]
    goal = f"0 lost, 'interrupted', the user's own KeyboardInterrupt, ≤ {HEARD} s"
    met = not (lost or wrong or unclear) and late <= HEARD
    values = {"seconds": late, "without": usual}
    return Row(fault, len(found), lost, len(wrong), len(unclear), "see below", goal, met, note, values=values)
